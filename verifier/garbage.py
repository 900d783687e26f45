"""Python's search for garbage in circles, for work that leaves none: rows, records, reports."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

RARE = 100_000
"""Objects more than before, at which a process that judges or issues many looks for garbage."""


@contextmanager
def rarely_collected() -> Iterator[None]:
    """Look a hundred times less often. Looking through a thousand reports takes a fortieth, through rows a tenth of it all."""
    before = gc.get_threshold()
    gc.set_threshold(RARE, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


def keep_all() -> None:
    """In a process made for such work: what is here stays until its end, and is never looked through."""
    gc.freeze()
    gc.set_threshold(RARE)
