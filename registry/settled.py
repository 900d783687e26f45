"""Which tiles and entry bundles of the log a publication looks at: all that is new, and of the others some in turn.

Tiles never change, so a place that had them once need not be asked for each of them after every change. What it had is in its
receipts (``registry.receipts``): all that the heads up to ``settled`` entries need was there, as long as it must be. A receipt
only delays that a file is missed which somebody took away: nothing is signed by it, and nothing is published that is not right.
All is looked at where one asks (``check``), where there is no receipt, half a day after it was last done, and where the place
holds no head of ours that covers what was settled: then it is another place, or an older one. Decided by arithmetic, and by
nothing that grows.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from registry.log import ENTRIES
from registry.receipts import LogReceipt
from verifier.tiles import TILE_HEIGHT, TILE_WIDTH

IN_TURN = 2048
"""Settled tiles and bundles that are looked at all the same: some 40 ms. A place that has no more is wholly looked at each time."""
WHOLE_EVERY = 12 * 3600
"""Seconds. As often as status lists are looked at; a busy place is seen many times in turn meanwhile."""

Span = tuple[int, int, int]
"""A level, its first tile, and the one after the last."""


@dataclass(frozen=True, slots=True)
class Look:
    """What is looked at: ``spans`` of tiles. Heads up to ``since`` entries have all that they need; 0 where all is looked at."""

    spans: tuple[Span, ...]
    since: int
    receipt: LogReceipt
    """To be kept once all is published."""

    @property
    def whole(self) -> bool:
        """Whether all is looked at."""
        return self.since == 0


def look_at(before: LogReceipt | None, *, published: int, size: int, now: int, check: bool = False) -> Look:
    """The look at a place before ``size`` entries are published there; ``published`` are under its head, 0 without one of ours."""
    if (
        check
        or before is None
        or before.settled > min(published, size)
        or not 0 <= now - before.whole_at < WHOLE_EVERY
        or sum(_full(level, before.settled) for level in _levels(before.settled)) <= IN_TURN
    ):
        return Look(tuple(_beyond(0, size)), 0, LogReceipt(size, now, ENTRIES, 0))
    turn, level, index = _in_turn(before)
    spans = (*turn, *_beyond(before.settled, size))
    return Look(spans, before.settled, LogReceipt(size, before.whole_at, level, index))


def _levels(size: int) -> range:
    """The levels that have tiles in a tree of ``size`` leaves; the bundles' is the first."""
    return range(ENTRIES, -(-size.bit_length() // TILE_HEIGHT))


def _full(level: int, size: int) -> int:
    """How many full tiles the level has."""
    return size >> TILE_HEIGHT * (max(level, 0) + 1)


def _beyond(since: int, size: int) -> Iterator[Span]:
    """The tiles of a tree of ``size`` leaves that were not full at ``since``."""
    for level in _levels(size):
        end = -(-(size >> TILE_HEIGHT * max(level, 0)) // TILE_WIDTH)
        if _full(level, since) < end:
            yield level, _full(level, since), end


def _in_turn(receipt: LogReceipt) -> tuple[list[Span], int, int]:
    """The settled tiles whose turn it is, level by level, and whose turn is next; after the last comes the first."""
    spans, left, level, index = [], IN_TURN, receipt.level, receipt.index
    while True:
        end = min(_full(level, receipt.settled), index + left)
        if index < end:
            spans.append((level, index, end))
            left, index = left - (end - index), end
        if not left:
            return spans, level, index
        level, index = (level + 1 if _full(level + 1, receipt.settled) else ENTRIES), 0
