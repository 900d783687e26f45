"""Processes of this one's own, which sign or read for it: kept from file to file, with memory that nobody else reads."""

import ctypes
import resource
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock, Timer
from typing import Generic, Protocol, TypeVar

KEPT = 300.0
"""Seconds that a process is kept for the next file of one that issues many: a clerk's next one, not the next day."""
_PR_SET_DUMPABLE = 4
_ENDING = 10.0
"""Seconds that a process whose client is gone may take to end."""


class Child(Protocol):
    """A process that serves this one."""

    def end(self) -> None:
        """Hang up, and see it end."""
        ...


T = TypeVar("T", bound=Child)


class Kept(Generic[T]):
    """For a process that has file after file: the child of one is kept for the next, as long as few minutes lie between.

    One file has it at a time, and another at the same time one of its own; after a file that failed, and where it does not
    serve, it is started anew. Thread-safe.
    """

    def __init__(self, *, idle: float = KEPT) -> None:
        """``idle`` is for how many seconds nobody may need it."""
        self._idle = idle
        self._kept: T | None = None
        self._timer: Timer | None = None
        self._lock = Lock()

    @contextmanager
    def lent(self, start: Callable[[], T], serves: Callable[[T], bool]) -> Iterator[T]:
        """The kept one where it ``serves``, else one that is started, as long as the block lasts."""
        child = self._exchange(None)
        if child is not None and not serves(child):
            child.end()
            child = None
        child = child or start()
        try:
            yield child
        except BaseException:
            child.end()
            raise
        before = self._exchange(child)
        if before is not None:
            before.end()

    def close(self) -> None:
        """End the one that is kept."""
        child = self._exchange(None)
        if child is not None:
            child.end()

    def _exchange(self, child: T | None) -> T | None:
        """Keep ``child``, and let go of what was kept."""
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
            self._timer = Timer(self._idle, self.close) if child is not None else None
            before, self._kept = self._kept, child
            if self._timer is not None:
                self._timer.daemon = True
                self._timer.start()
        return before


def see_end(process: "subprocess.Popen[bytes]") -> None:
    """Wait until a process ends whose client has hung up, and end it where it does not."""
    try:
        process.wait(_ENDING)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def keep_memory_private() -> None:
    """From now on no other process of this user may read this one's memory, and it leaves no core (prctl(2)).

    Raises ``OSError`` where the kernel will not.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")
