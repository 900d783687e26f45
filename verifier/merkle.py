"""Merkle trees of RFC 9162 section 2.1 over SHA-256 (SPEC 6.1): leaf hashes, inclusion and consistency.

Proofs are lists of 32-byte hashes from the leaf's sibling upwards. Verification follows sections 2.1.3.2 and 2.1.4.2.
Our policy where the RFC leaves a choice: an empty tree proves nothing, so size 0 is refused on either side.
"""

from collections.abc import Sequence
from hashlib import sha256

from verifier.errors import LogError

HASH_BYTES = 32
MAX_PROOF_HASHES = 63


def leaf_hash(entry: bytes) -> bytes:
    """``SHA-256(0x00 || entry)``."""
    return sha256(b"\0" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """``SHA-256(0x01 || left || right)``."""
    return sha256(b"\1" + left + right).digest()


def tree_hash(leaves: Sequence[bytes]) -> bytes:
    """The root over leaf **hashes**; of no leaves, ``SHA-256("")``."""
    if not leaves:
        return sha256(b"").digest()
    level = list(leaves)
    while len(level) > 1:
        paired = [node_hash(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
        level = paired + level[len(paired) * 2 :]
    return level[0]


def check_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Raise ``LogError`` unless ``proof`` shows leaf hash ``leaf`` at ``index`` of the tree ``(size, root)``."""
    check_place(index, size)
    _check_hashes(proof, leaf, root)
    climb(leaf, index, size - 1, proof, root)


def climb(result: bytes, node: int, last: int, proof: Sequence[bytes], root: bytes) -> None:
    """From the ``node``-th node of a level, of which ``last`` is the last, to the root; raises ``LogError``."""
    for sibling in proof:
        if last == 0:
            raise LogError("log_inclusion")
        # As node_hash; the call would cost as much as the hash.
        if node & 1 or node == last:
            result = sha256(b"\1" + sibling + result).digest()
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            result = sha256(b"\1" + result + sibling).digest()
        node, last = node >> 1, last >> 1
    if last != 0 or result != root:
        raise LogError("log_inclusion")


def check_consistency(
    old_size: int, old_root: bytes, new_size: int, new_root: bytes, proof: Sequence[bytes]
) -> None:
    """Raise ``LogError`` unless ``proof`` shows that the old tree is a prefix of the new."""
    if not 1 <= old_size <= new_size:
        raise LogError("log_consistency", f"{old_size} to {new_size}")
    _check_hashes(proof)
    if old_size == new_size:
        if proof or old_root != new_root:
            raise LogError("log_consistency")
        return
    path = [old_root, *proof] if old_size & (old_size - 1) == 0 else list(proof)
    if not path:
        raise LogError("log_consistency")
    _walk_consistency(old_size, old_root, new_size, new_root, path)


def _walk_consistency(
    old_size: int, old_root: bytes, new_size: int, new_root: bytes, path: Sequence[bytes]
) -> None:
    node, last = old_size - 1, new_size - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    old = new = path[0]
    for sibling in path[1:]:
        if last == 0:
            raise LogError("log_consistency")
        if node & 1 or node == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            new = node_hash(new, sibling)
        node, last = node >> 1, last >> 1
    if last != 0 or old != old_root or new != new_root:
        raise LogError("log_consistency")


def check_place(index: int, size: int) -> None:
    """Raise ``LogError`` unless a tree of ``size`` leaves has one at ``index``."""
    if not 0 <= index < size:
        raise LogError("log_index_beyond_tree", f"{index} of {size}")


def _check_hashes(proof: Sequence[bytes], *ends: bytes) -> None:
    if len(proof) > MAX_PROOF_HASHES or set(map(len, (*ends, *proof))) - {HASH_BYTES}:
        raise LogError("log_proof_form")
