"""A program that answers: a line of JSON to its standard input, a line of JSON from its standard output, until the input ends."""

import json
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Timer
from typing import IO, Any

Question = dict[str, Any]

PATIENCE = 120.0
"""Seconds for one answer. The first waits for the program to start."""


class BrokeOffError(Exception):
    """The program ended, took too long, or said what is no JSON object."""


class LineProgram:
    """A running program. What it writes on standard error goes where ours goes."""

    def __init__(
        self, process: subprocess.Popen[str], stdin: IO[str], stdout: IO[str], patience: float
    ) -> None:
        self._process, self._stdin, self._stdout, self._patience = process, stdin, stdout, patience

    def ask(self, question: Question) -> dict[str, Any]:
        """Its answer to one question; raises ``BrokeOffError``, after which there is nobody to ask."""
        hurry = Timer(self._patience, self._process.kill)
        hurry.start()
        try:
            self._stdin.write(json.dumps(question) + "\n")
            self._stdin.flush()
            line = self._stdout.readline()
        except (OSError, UnicodeDecodeError) as error:
            raise BrokeOffError(f"{type(error).__name__}: {error}") from error
        finally:
            hurry.cancel()
        if not line:
            raise BrokeOffError(f"it ended with {self._process.wait()} or took too long")
        return _object(line)

    def end(self) -> int:
        """Let it end; its exit code."""
        hurry = Timer(self._patience, self._process.kill)
        hurry.start()
        try:
            self._stdin.close()
            return self._process.wait()
        except BrokenPipeError:
            return self._process.wait()
        finally:
            hurry.cancel()


def _object(line: str) -> dict[str, Any]:
    try:
        told = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise BrokeOffError(f"no JSON: {line[:200]!r}") from error
    if not isinstance(told, dict):
        raise BrokeOffError(f"no JSON object: {line[:200]!r}")
    return told


@contextmanager
def running(
    command: Sequence[str], folder: Path | None = None, *, patience: float = PATIENCE
) -> Iterator[LineProgram]:
    """``command``, run in ``folder`` until the end of the block, however that ends. Raises ``OSError`` where it cannot start."""
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=folder, stdin=pipe, stdout=pipe, encoding="utf-8") as process:
        assert process.stdin
        assert process.stdout
        try:
            yield LineProgram(process, process.stdin, process.stdout, patience)
        except BaseException:
            process.kill()
            raise
