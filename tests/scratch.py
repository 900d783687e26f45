"""Run a command whose temporary files are in memory where there is plenty of it, and gone when it ends.

``python -m tests.scratch COMMAND…``. Tests wait for the disk thousands of times, and each wait costs processor time as well; no test
can tell whether a flush reached a disk, and a killed process leaves the same files on either. Memory is used where the system has a
file system in it (``/dev/shm``) and there is room; whoever sets ``TMPDIR`` has chosen already. ``make exhaustive`` runs on the disk.
"""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from tempfile import mkdtemp

MEMORY = Path("/dev/shm")  # noqa: S108 - each run has a folder of its own in it
ROOM = 4 << 30
"""Bytes that must be free there: the tests leave less than a third of them."""
BESIDE = 4 << 30
"""Bytes of memory that must be left to the programs beside these."""


def is_roomy(memory: Path = MEMORY, told: Path = Path("/proc/meminfo")) -> bool:
    """Whether ``memory`` is there to be written to, with ``ROOM``, and the machine has as much memory and ``BESIDE`` available."""
    if not os.access(memory, os.W_OK | os.X_OK) or shutil.disk_usage(memory).free < ROOM:
        return False
    available = next(
        (line.split()[1] for line in told.read_text().splitlines() if line.startswith("MemAvailable:")), "0"
    )
    return int(available) * 1024 >= ROOM + BESIDE


def main(command: list[str]) -> int:
    """Run it and return its exit code, a signal's as a shell tells it. Whoever ends this process ends the command with it."""
    told: list[int] = []
    children: list[subprocess.Popen[bytes]] = []

    def pass_on(sign: int, _: object) -> None:
        told.append(sign)
        for child in children:
            child.send_signal(sign)

    signal.signal(signal.SIGINT, lambda *_: None)  # the command has it as well, and ends
    for sign in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(sign, pass_on)
    folder = Path(
        mkdtemp(prefix="certreg-", dir=None if os.environ.get("TMPDIR") or not is_roomy() else MEMORY)
    )
    try:
        folder.chmod(0o711)  # databases' servers run as another user, in folders of their own below
        child = subprocess.Popen(command, env=os.environ | {"TMPDIR": str(folder)})
        children.append(child)
        for early in told:
            child.send_signal(early)
        done = child.wait()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return done if done >= 0 else 128 - done


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
