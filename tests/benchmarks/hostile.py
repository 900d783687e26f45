"""Memory under fifty hostile uploads at once: ``python -m tests.benchmarks.hostile [CALLERS]``.

The real server as a process of its own, real bombs (drawings without end, nested forms, huge pictures, archives that unpack to
gigabytes), fifty callers from fifty addresses, and one who asks about a number meanwhile: in another process than they, or their
work would be counted as his waiting. Sampled is the resident memory of the server and of every box that it started, with shared
pages counted once (PSS).
"""

import random
import sys
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from statistics import median

import httpx

from tests.server.rig import new_site, serving
from tests.server.test_uploads import huge_png, overlapping, sent
from tests.verifier.bombs import endless_drawing, nested_forms

MEBIBYTE = 1024


def tree_of(root: int) -> set[int]:
    """The process and all that it started."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            after = stat.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        children.setdefault(int(after[1]), []).append(int(stat.parent.name))
    found, todo = set(), [root]
    while todo:
        found.add(one := todo.pop())
        todo += children.get(one, [])
    return found


def memory_of(root: int) -> int:
    """KiB in use by the process and all that it started."""
    total = 0
    for process in tree_of(root):
        try:
            text = Path(f"/proc/{process}/smaps_rollup").read_text()
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
        total += next((int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:")), 0)
    return total


class Sampler:
    """Looks at the memory until it is told to stop."""

    def __init__(self, process: int) -> None:
        self._process = process
        self._stop = threading.Event()
        self.most = 0
        self._thread = threading.Thread(target=self._look)
        self._thread.start()

    def _look(self) -> None:
        while not self._stop.wait(0.05):
            self.most = max(self.most, memory_of(self._process))

    def stop(self) -> int:
        """The most that was seen, in KiB."""
        self._stop.set()
        self._thread.join()
        return self.most


def bombs() -> list[tuple[str, bytes]]:
    """One of each sort; the last is merely as large as an upload may be."""
    return [
        ("endless.pdf", endless_drawing()),
        ("nested.pdf", nested_forms()),
        ("huge.png", huge_png()),
        ("overlapping.zip", overlapping(100)),
        ("large.bin", random.Random(7).randbytes(60 * 1024 * 1024)),
    ]


def attack(address: str, callers: int) -> Counter[str]:
    """What the callers were told: verdicts, and codes of problems."""
    kinds = bombs()

    def call(place: int) -> list[str]:
        name, data = kinds[place % len(kinds)]
        headers = {"X-Forwarded-For": f"198.51.100.{place + 1}"}
        with httpx.Client(base_url=address, timeout=300, headers=headers) as client:
            answer = client.post("/api/verify", files=sent((name, data)))
        found = answer.json()
        return [found.get("verdict") or f"{answer.status_code} {found['code']}"]

    with ThreadPoolExecutor(callers) as pool:
        return Counter(one for found in pool.map(call, range(callers)) for one in found)


def main(callers: int) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory(prefix="certreg-bench-") as folder:
        site = new_site(Path(folder) / "site", 1)
        root = str(site.folder / "root.json")
        options = ("--trust", root, "--proxies", "127.0.0.0/8")
        with serving(site.folder, *options) as address:
            server = serving_process(int(address.rpartition(":")[2]))
            quiet = memory_of(server)
            sampler = Sampler(server)
            waits: list[float] = []
            done = threading.Event()

            def ask() -> None:
                with httpx.Client(base_url=address, timeout=60) as client:
                    while not done.is_set():
                        began = time.monotonic()
                        client.post("/api/verify", json={"items": [{"number": "1"}]}).raise_for_status()
                        waits.append(time.monotonic() - began)
                        done.wait(0.1)

            asker = threading.Thread(target=ask)
            asker.start()
            began = time.monotonic()
            with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as apart:
                told = apart.submit(attack, address, callers).result()
            spent = time.monotonic() - began
            done.set()
            asker.join()
            most = sampler.stop()
            after = memory_of(server)
        print(f"{callers} callers in {spent:.0f} s: {dict(told)}")
        print(
            f"memory: {quiet / MEBIBYTE:.0f} MiB before, {most / MEBIBYTE:.0f} at most, {after / MEBIBYTE:.0f} after"
        )
        print(f"meanwhile a number took {median(waits) * 1e3:.0f} ms, at most {max(waits) * 1e3:.0f} ms")


def serving_process(port: int) -> int:
    """The process of ours that listens at ``port``."""
    for command in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = command.read_bytes().split(b"\0")
        except (FileNotFoundError, ProcessLookupError):
            continue
        if b"serve" in words and str(port).encode() in words:
            return int(command.parent.name)
    raise RuntimeError("no server")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 50)
