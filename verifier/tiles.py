"""Merkle hashes and proofs from tiles (C2SP tlog-tiles, SPEC 6.6).

A tile of level L holds up to 256 consecutive hashes of subtrees of ``256**L`` leaves. ``read_tile(level, index, width)``
must give at least ``width`` hashes of 32 bytes (a full tile will do for a partial one); a short answer raises
``LogError`` (``log_tile``). Whether the hashes are true is for the proof's verification.
"""

from collections.abc import Callable
from functools import lru_cache

from verifier.errors import LogError
from verifier.merkle import HASH_BYTES, node_hash, tree_hash

TILE_WIDTH = 256
TILE_HEIGHT = 8
ReadTile = Callable[[int, int, int], bytes]


def tile_index_path(index: int) -> str:
    """``1234067`` as ``x001/x234/067``."""
    groups = [f"{index % 1000:03d}"]
    while index := index // 1000:
        groups.insert(0, f"x{index % 1000:03d}")
    return "/".join(groups)


def tile_path(level: int | str, index: int, width: int = TILE_WIDTH) -> str:
    """Path of a tile (``level`` a number) or entry bundle (``"entries"``) below the log's prefix."""
    partial = f".p/{width}" if width < TILE_WIDTH else ""
    return f"tile/{level}/{tile_index_path(index)}{partial}"


def tile_width(level: int, index: int, size: int) -> int:
    """How many hashes the tile holds in a tree of ``size`` leaves; 0 where there is no such tile."""
    return min(TILE_WIDTH, max(0, (size >> TILE_HEIGHT * level) - index * TILE_WIDTH))


def edge_tiles(size: int) -> list[tuple[int, int]]:
    """Level and index of the tiles that the root of ``size`` leaves is made of: the last, not full one of each level."""
    counts = enumerate(size >> level for level in range(0, size.bit_length(), TILE_HEIGHT))
    return [(level, count // TILE_WIDTH) for level, count in counts if count % TILE_WIDTH]


class TileTree:
    """The tree of ``size`` leaves behind ``read_tile``; tiles read are kept while the object lives."""

    def __init__(self, size: int, read_tile: ReadTile) -> None:
        self.size = size
        self._read = lru_cache(maxsize=64)(read_tile)

    def root(self) -> bytes:
        """The root hash; of an empty tree, ``SHA-256("")``."""
        return self._range(0, self.size) if self.size else tree_hash([])

    def inclusion_proof(self, index: int) -> list[bytes]:
        """RFC 9162 section 2.1.3.1; raises ``LogError`` beyond the tree."""
        if not 0 <= index < self.size:
            raise LogError("log_index_beyond_tree", f"{index} of {self.size}")
        return self._path(index, 0, self.size)

    def consistency_proof(self, old_size: int) -> list[bytes]:
        """RFC 9162 section 2.1.4.1, from ``old_size`` to this tree."""
        if not 1 <= old_size <= self.size:
            raise LogError("log_consistency", f"{old_size} to {self.size}")
        return self._subproof(old_size, 0, self.size, complete=True)

    def _path(self, index: int, low: int, high: int) -> list[bytes]:
        if high - low == 1:
            return []
        middle = low + _split(high - low)
        if index < middle:
            return [*self._path(index, low, middle), self._range(middle, high)]
        return [*self._path(index, middle, high), self._range(low, middle)]

    def _subproof(self, old: int, low: int, high: int, *, complete: bool) -> list[bytes]:
        if old == high:
            return [] if complete else [self._range(low, high)]
        middle = low + _split(high - low)
        if old <= middle:
            return [*self._subproof(old, low, middle, complete=complete), self._range(middle, high)]
        return [*self._subproof(old, middle, high, complete=False), self._range(low, middle)]

    def _range(self, low: int, high: int) -> bytes:
        """Hash of the leaves from ``low`` to ``high``; ``low`` is aligned, as RFC 9162's recursion leaves it."""
        count = high - low
        if count & (count - 1) == 0:
            return self._node(count.bit_length() - 1, low)
        middle = low + _split(count)
        return node_hash(self._range(low, middle), self._range(middle, high))

    def _node(self, height: int, low: int) -> bytes:
        """Hash of the complete subtree of ``2**height`` leaves from ``low``."""
        level, inside = divmod(height, TILE_HEIGHT)
        first = low >> TILE_HEIGHT * level
        index, offset = divmod(first, TILE_WIDTH)
        count = 1 << inside
        tile = self._read(level, index, tile_width(level, index, self.size))
        hashes = [tile[i * HASH_BYTES : (i + 1) * HASH_BYTES] for i in range(offset, offset + count)]
        if len(hashes[-1]) != HASH_BYTES:
            raise LogError("log_tile", tile_path(level, index))
        return tree_hash(hashes)


def _split(count: int) -> int:
    """The largest power of two below ``count``."""
    return 1 << (count - 1).bit_length() - 1
