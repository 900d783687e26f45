"""Turns at what takes much memory or time in the web process: reading a list, making a table of it.

A few have one at once and a few wait; whoever comes beyond is told so at once. A request that waits holds one of the server's
forty threads, and those are needed by everybody else. Small lists, of seconds, do not stand behind large ones, of minutes.
"""

import ctypes
import gc
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import BoundedSemaphore, Timer

from registry.console.problems import Problem

PATIENCE = 120.0
"""Seconds that one waits."""
SMALL_ROWS, SMALL_BYTES = 2_000, 256 << 10
"""What counts as small: rows of a list, bytes of a file (100,000 rows are 4 to 12 MB)."""
_RETRY_SECONDS = 30
_SWEPT_AFTER = 3.0


class Turns:
    """At most ``at_once`` at work and ``waiting`` behind them. Thread-safe."""

    def __init__(
        self, at_once: int, waiting: int, patience: float = PATIENCE, *, sweeping: bool = False
    ) -> None:
        """``sweeping``: soon after each turn the system is given back what nobody holds any more."""
        self._places = BoundedSemaphore(at_once + waiting)
        self._turns = BoundedSemaphore(at_once)
        self._patience, self._sweeping = patience, sweeping

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
                if self._sweeping:
                    sweep = Timer(_SWEPT_AFTER, give_back)  # its answer is made yet, and has all of it still
                    sweep.daemon = True
                    with suppress(RuntimeError):  # no thread is to be had; what was done in the turn is done
                        sweep.start()
        finally:
            self._places.release()


def give_back() -> None:
    """Rows lie in cycles until the collector comes by, and in the C library's own store: after some large lists 900 MB that nobody held."""
    gc.collect()
    with suppress(OSError, AttributeError):  # a C library that has no such call keeps what it has
        ctypes.CDLL(None).malloc_trim(0)


def _busy() -> Problem:
    problem = Problem("busy")
    problem.headers["Retry-After"] = str(_RETRY_SECONDS)
    return problem


LARGE = Turns(at_once=2, waiting=8, sweeping=True)
"""Each may take 400 MB and a minute. Who could abuse it: clerks in great number, an office's own program."""
SMALL = Turns(at_once=3, waiting=13)
"""Of a hostile file each may take what its process is allowed (``registry.intake.dress``); an upload's rows are counted before."""


def turns_of(rows: float = 0, size: int = 0) -> Turns:
    """The turns of a list of so many rows, or of a file of so many bytes."""
    return SMALL if rows <= SMALL_ROWS and size <= SMALL_BYTES else LARGE
