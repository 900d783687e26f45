"""Many certificates drawn at once: threads, each with a renderer of its own.

typst sets a page outside the interpreter's lock, so two threads use two processors. The font is read once for all of
them (``verifier.drawing.fonts``); what each keeps is its compiler.
"""

import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from registry.faces.renderer import FaceRenderer

_T = TypeVar("_T")
_R = TypeVar("_R")
_AHEAD = 2
"""Items that each thread may have before it: what is drawn ahead of the one who takes it stays bounded."""


class DrawingPool:
    """Close it, or use it as a context: what nobody has begun to draw by then is not drawn."""

    def __init__(self, threads: int | None = None) -> None:
        """``threads``: as many as there are processors if None."""
        self._threads = threads or len(os.sched_getaffinity(0))
        self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="drawing")
        self._own = threading.local()

    def draw_each(
        self, items: Iterable[_T], draw: Callable[[FaceRenderer, _T], _R]
    ) -> Iterator[tuple[_T, Future[_R]]]:
        """Each of ``items``, in order, with what ``draw`` makes of it; ``items`` are taken in the caller's thread."""
        waiting: deque[tuple[_T, Future[_R]]] = deque()
        for item in items:
            waiting.append((item, self._pool.submit(self._draw, draw, item)))
            if len(waiting) > self._threads * _AHEAD:
                yield waiting.popleft()
        yield from waiting

    def _draw(self, draw: Callable[[FaceRenderer, _T], _R], item: _T) -> _R:
        if not hasattr(self._own, "renderer"):
            self._own.renderer = FaceRenderer()
        return draw(self._own.renderer, item)

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown(cancel_futures=True)

    def __enter__(self) -> "DrawingPool":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
