"""The tree, rebuilt from the entries as they stream by (SPEC 6.1 and 6.6).

At most 256 hashes a level are kept. Every tile that fills, and every last one, is compared with the published tile; on the
way the root of every earlier size that somebody remembers falls out, so that no proof need be asked for.
"""

from collections.abc import Callable, Mapping, Sequence

from verifier.audit.report import Findings
from verifier.errors import LogError
from verifier.merkle import HASH_BYTES, tree_hash
from verifier.tiles import TILE_WIDTH, tile_path

ReadTile = Callable[[int, int, int], bytes]


class TreeReplay:
    """``read_tile(level, index, width)`` gives the published hashes; raises ``LogError``, ``SourceError``."""

    def __init__(self, read_tile: ReadTile, findings: Findings) -> None:
        self._read = read_tile
        self._findings = findings
        self._levels: list[list[bytes]] = [[]]
        self._filled: list[int] = [0]
        self.size = 0

    def add_bundle(self, leaves: Sequence[bytes], remembered: Sequence[int] = ()) -> Mapping[int, bytes]:
        """Take the leaf hashes of the next bundle; gives the roots at those ``remembered`` sizes that lie within it.

        Only the last bundle of a tree may have fewer than 256.
        """
        start = self.size
        roots = {
            size: self._root(leaves[: size - start])
            for size in remembered
            if start < size <= start + len(leaves)
        }
        self.size += len(leaves)
        self._levels[0] = list(leaves)
        self._climb()
        return roots

    def root(self) -> bytes:
        """The root of everything added."""
        return self._root(self._levels[0])

    def check_last_tiles(self) -> None:
        """Compare the tiles that are not full."""
        for level, hashes in enumerate(self._levels):
            if hashes:
                self._compare(level, hashes)

    def _climb(self) -> None:
        level = 0
        while len(self._levels[level]) == TILE_WIDTH:
            self._compare(level, self._levels[level])
            hashed = tree_hash(self._levels[level])
            self._levels[level] = []
            self._filled[level] += 1
            level += 1
            if level == len(self._levels):
                self._levels.append([])
                self._filled.append(0)
            self._levels[level].append(hashed)

    def _compare(self, level: int, hashes: Sequence[bytes]) -> None:
        index, width = self._filled[level], len(hashes)
        try:
            published = self._read(level, index, width)[: width * HASH_BYTES]
        except LogError as error:
            self._findings.open(error.code, path=f"log/{tile_path(level, index, width)}")
            return
        if published != b"".join(hashes):
            self._findings.fault("tile_differs", path=f"log/{tile_path(level, index, width)}")

    def _root(self, lowest: Sequence[bytes]) -> bytes:
        """From the incomplete levels: below, whatever is left of a level is one more subtree at its end."""
        rest: list[bytes] = []
        for hashes in (lowest, *self._levels[1:]):
            together = [*hashes, *rest]
            rest = [tree_hash(together)] if together else []
        return rest[0] if rest else tree_hash([])
