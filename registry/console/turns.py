"""Turns at what takes much memory or time in the web process: reading a list, making a table of it.

A few have one at once and a few wait; whoever comes beyond is told so at once. A request that waits holds one of the server's
forty threads, and those are needed by everybody else. Small lists, of seconds, do not stand behind large ones, of minutes.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

from registry.console.problems import Problem

PATIENCE = 120.0
"""Seconds that one waits."""
SMALL_ROWS, SMALL_BYTES = 2_000, 256 << 10
"""What counts as small: rows of a list, bytes of a file (100,000 rows are 4 to 12 MB)."""
_RETRY_SECONDS = 30


class Turns:
    """At most ``at_once`` at work and ``waiting`` behind them. Thread-safe."""

    def __init__(self, at_once: int, waiting: int, patience: float = PATIENCE) -> None:
        self._places = BoundedSemaphore(at_once + waiting)
        self._turns = BoundedSemaphore(at_once)
        self._patience = patience

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for a turn, which the block has; raises ``Problem`` (``busy``)."""
        if not self._places.acquire(blocking=False):
            raise _busy()
        try:
            if not self._turns.acquire(timeout=self._patience):
                raise _busy()
            try:
                yield
            finally:
                self._turns.release()
        finally:
            self._places.release()


def _busy() -> Problem:
    problem = Problem("busy")
    problem.headers["Retry-After"] = str(_RETRY_SECONDS)
    return problem


LARGE = Turns(at_once=2, waiting=8)
"""Each may take 400 MB and a minute. Who could abuse it: clerks in great number, an office's own program."""
SMALL = Turns(at_once=3, waiting=13)
"""Of a hostile file each may take what its process is allowed (``registry.intake.dress``)."""


def turns_of(rows: int = 0, size: int = 0) -> Turns:
    """The turns of a list of so many rows, or of a file of so many bytes."""
    return SMALL if rows <= SMALL_ROWS and size <= SMALL_BYTES else LARGE
