"""Digital Bazaar's W3C libraries as a program that answers (``w3c/judge.mjs``), installed from ``w3c/package-lock.json``.

The lock has exact versions and digests and names no package index: whichever npm is set up to use must give these bytes.
"""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.lineprogram import LineProgram, running

FILES = Path(__file__).parent / "w3c"
SECONDS = 180
INSTALL = (
    "npm",
    "ci",
    "--ignore-scripts",
    "--no-audit",
    "--no-fund",
    "--fetch-retries=1",
    "--fetch-timeout=20000",
)
"""No script of a package is run. Few retries: where there is no network, the tests skip soon."""
NO_NETWORK = (
    "ENOTFOUND",
    "EAI_AGAIN",
    "ECONNREFUSED",
    "ECONNRESET",
    "ETIMEDOUT",
    "ENETUNREACH",
    "ERR_SOCKET_TIMEOUT",
    "FETCH_ERROR",
    "EHOSTUNREACH",
    "ENOTCACHED",
)


class NotInstalledError(Exception):
    """The libraries cannot be had here, and why."""


def install(folder: Path, files: Path = FILES) -> None:
    """Put what ``files`` locks into ``folder``; raises ``NotInstalledError`` where npm or the network is missing, and only then."""
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            raise NotInstalledError(f"{program} is not installed")
    for file in files.iterdir():
        shutil.copy(file, folder)
    try:
        done = subprocess.run(
            INSTALL, cwd=folder, capture_output=True, text=True, timeout=SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise NotInstalledError(f"npm did not end within {SECONDS} s") from error
    if done.returncode:
        reason = next((code for code in NO_NETWORK if code in done.stderr), None)
        assert reason, done.stderr
        raise NotInstalledError(f"npm's index cannot be reached ({reason})")


@contextmanager
def started(folder: Path) -> Iterator[LineProgram]:
    """The libraries installed in ``folder``, answering until the end of the block."""
    with running(["node", "judge.mjs"], folder) as program:
        yield program
        assert program.end() == 0
