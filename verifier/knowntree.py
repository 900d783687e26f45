"""A tree that is asked about many leaves: above, their inclusion proofs are the same lines, and are hashed once.

The proofs are taken as the lines of a ``.tlog-proof`` file, so that what is known need not even be decoded.
"""

from hashlib import sha256

from verifier.merkle import check_place, climb
from verifier.tlogproof import HASH_LINE_BYTES, hashes_in

MAX_KNOWN_NODES = 4096
"""Nodes of a tree that are remembered, each with at most 60 lines above it."""
_STRIDE = 3
"""Levels between two of them."""
_STRIDE_BYTES = _STRIDE * HASH_LINE_BYTES


class KnownTree:
    """The tree ``(size, root)`` and what was shown to be in it."""

    def __init__(self, size: int, root: bytes) -> None:
        self.size, self.root = size, root
        self._above: dict[tuple[int, int], tuple[bytes, bytes]] = {}

    def check_inclusion(self, leaf: bytes, index: int, lines: bytes) -> None:
        """As ``merkle.check_inclusion`` in this tree, of the hashes in ``lines``, which are in their form.

        Every few levels a node is looked up with the rest of its proof: where the two held before, they hold again.
        """
        check_place(index, self.size)
        height, node, rest, passed = 0, leaf, lines, []
        # Below the top of a whole subtree every node has its sibling, and which side that is on are the bits of the index.
        while (
            len(rest) > _STRIDE_BYTES and ((index >> height + _STRIDE) + 1) << height + _STRIDE <= self.size
        ):
            for sibling in hashes_in(rest[:_STRIDE_BYTES]):
                pair = sibling + node if index >> height & 1 else node + sibling
                node = sha256(b"\1" + pair).digest()
                height += 1
            rest = rest[_STRIDE_BYTES:]
            if self._above.get((height, index >> height)) == (node, rest):
                break
            passed.append(((height, index >> height), (node, rest)))
        else:
            climb(node, index >> height, self.size - 1 >> height, hashes_in(rest), self.root)
        if len(self._above) >= MAX_KNOWN_NODES:
            self._above.clear()
        self._above.update(passed)
