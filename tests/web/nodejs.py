"""The browser's verifier in a Node process that answers questions, a line for a line."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import IO, Any

from tests.web.questions import Question

PROJECT = Path(__file__).resolve().parent.parent.parent
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


class Node:
    """A running process. It ends, with what it wrote on standard error, where the modules raise anything unforeseen."""

    def __init__(self, process: subprocess.Popen[str], stdin: IO[str], stdout: IO[str]) -> None:
        self._process, self._stdin, self._stdout = process, stdin, stdout

    def ask(self, question: Question) -> dict[str, Any]:
        """``{"answer": …}``, or ``{"code": …}`` of a finding."""
        self._stdin.write(json.dumps(question) + "\n")
        self._stdin.flush()
        line = self._stdout.readline()
        assert line, f"Node ended with {self._process.wait()}; its standard error says why"
        told: dict[str, Any] = json.loads(line)
        return told


@contextmanager
def started() -> Iterator[Node]:
    """Node, answering until the end of the block."""
    command = ["node", "tests/web/node.mjs", str(PROJECT)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=PROJECT, stdin=pipe, stdout=pipe, encoding="utf-8") as process:
        assert process.stdin
        assert process.stdout
        yield Node(process, process.stdin, process.stdout)
        process.stdin.close()
    assert process.returncode == 0
