"""The browser's verifier in a Node process that answers questions, a line for a line."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from tests.lineprogram import LineProgram, running

PROJECT = Path(__file__).resolve().parent.parent.parent
COMMAND = ("node", str(PROJECT / "tests" / "web" / "node.mjs"))
LEAST = 20


@cache
def missing() -> str:
    """Why there is no Node to ask; empty where there is one."""
    node = shutil.which("node")
    if node is None:
        return "Node is not installed"
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    major = re.match(r"v(\d+)\.", version)
    return "" if major and int(major[1]) >= LEAST else f"Node {LEAST} is needed, this is {version.strip()}"


@contextmanager
def started() -> Iterator[LineProgram]:
    """Node, answering until the end of the block. It ends early where the modules raise anything unforeseen."""
    with running(COMMAND) as program:
        yield program
        assert program.end() == 0
