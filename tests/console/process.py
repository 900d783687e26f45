"""``certreg serve`` as people run it: a process of its own, with its worker and its web process."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.answering import answers

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
        if not answers(process, port, "/console/sign-in", seconds=READY_SECONDS):
            raise RuntimeError(f"the console did not start: {log.read_text()}")
        yield process, f"http://localhost:{port}"
    finally:
        process.terminate()
        process.wait(60)
