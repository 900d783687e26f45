"""``certreg serve`` as people run it: a process of its own, with its worker and its web process."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx

PROJECT = Path(__file__).resolve().parents[2]
READY_SECONDS = 300
"""Three interpreters start; on a busy machine that takes its time."""


@contextmanager
def serving(
    environment: Mapping[str, str], log: Path, *options: str, command: tuple[str, ...] = ("serve",)
) -> Iterator[tuple["subprocess.Popen[bytes]", str]]:
    """The processes until the end of the block; yields the parent and the address. What they say goes to ``log``."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    words = [sys.executable, "-m", "registry.cli.main", *command, "--port", str(port), *options]
    told = {**os.environ, **environment, "PYTHONPATH": str(PROJECT)}
    with log.open("wb") as said:
        process = subprocess.Popen(
            words, cwd=log.parent, env=told, stdin=subprocess.DEVNULL, stdout=said, stderr=said
        )
    try:
        _await(f"http://127.0.0.1:{port}/console/sign-in", process, log)
        yield process, f"http://localhost:{port}"
    finally:
        process.terminate()
        process.wait(60)


def _await(address: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            if httpx.get(address).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)  # asked again, not hoped for
    raise RuntimeError(f"the console did not start: {log.read_text()}")
