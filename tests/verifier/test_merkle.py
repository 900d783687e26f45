"""Merkle proofs against the definitions of RFC 9162, written down here as they stand there."""

from collections.abc import Sequence
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import refused
from verifier.errors import LogError
from verifier.merkle import check_consistency, check_inclusion, leaf_hash, node_hash, tree_hash

MOST = 33
LEAVES = [leaf_hash(str(number).encode()) for number in range(MOST)]


def split(size: int) -> int:
    """The largest power of two below ``size``."""
    return 1 << (size - 1).bit_length() - 1


def root_of(leaves: Sequence[bytes]) -> bytes:
    """MTH of section 2.1.1, over leaf hashes."""
    if len(leaves) == 1:
        return leaves[0]
    k = split(len(leaves))
    return node_hash(root_of(leaves[:k]), root_of(leaves[k:]))


def path_of(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    """PATH of section 2.1.3.1."""
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if index < k:
        return [*path_of(index, leaves[:k]), root_of(leaves[k:])]
    return [*path_of(index - k, leaves[k:]), root_of(leaves[:k])]


def proof_of(old: int, leaves: Sequence[bytes], *, complete: bool = True) -> list[bytes]:
    """PROOF and SUBPROOF of section 2.1.4.1."""
    if old == len(leaves):
        return [] if complete else [root_of(leaves)]
    k = split(len(leaves))
    if old <= k:
        return [*proof_of(old, leaves[:k], complete=complete), root_of(leaves[k:])]
    return [*proof_of(old - k, leaves[k:], complete=False), root_of(leaves[:k])]


def included(index: int, size: int, proof: Sequence[bytes], root: bytes, leaf: bytes) -> bool:
    try:
        check_inclusion(leaf, index, size, proof, root)
    except LogError:
        return False
    return True


def consistent(old: int, new: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes) -> bool:
    try:
        check_consistency(old, old_root, new, new_root, proof)
    except LogError:
        return False
    return True


def spoiled(proof: Sequence[bytes]) -> list[list[bytes]]:
    """The proof with a hash changed, left out, doubled, put before or after."""
    other = b"\7" * 32
    changed = [[*proof[:i], other, *proof[i + 1 :]] for i in range(len(proof))]
    shorter = [[*proof[:i], *proof[i + 1 :]] for i in range(len(proof))]
    doubled = [[*proof[: i + 1], *proof[i:]] for i in range(len(proof))]
    return [*changed, *shorter, *doubled, [other, *proof], [*proof, other]]


def test_hashes_are_told_apart_by_their_prefix() -> None:
    assert leaf_hash(b"x") == sha256(b"\0x").digest()
    assert node_hash(b"x" * 32, b"y" * 32) == sha256(b"\1" + b"x" * 32 + b"y" * 32).digest()
    assert tree_hash([]) == sha256(b"").digest()


@pytest.mark.parametrize("size", range(1, MOST + 1))
def test_every_leaf_of_every_tree(size: int) -> None:
    leaves = LEAVES[:size]
    root = root_of(leaves)
    assert tree_hash(leaves) == root
    for index, leaf in enumerate(leaves):
        proof = path_of(index, leaves)
        check_inclusion(leaf, index, size, proof, root)
        assert not included(index, size, proof, root, LEAVES[index - 1] if size > 1 else b"\7" * 32)
        assert not included(index, size, proof, b"\7" * 32, leaf)
        assert not any(included(other, size, proof, root, leaf) for other in range(size) if other != index)
        assert not any(included(index, size, bad, root, leaf) for bad in spoiled(proof))


@pytest.mark.parametrize("new", range(1, MOST + 1))
def test_every_earlier_tree_is_a_prefix(new: int) -> None:
    new_root = root_of(LEAVES[:new])
    for old in range(1, new + 1):
        old_root, proof = root_of(LEAVES[:old]), proof_of(old, LEAVES[:new])
        check_consistency(old, old_root, new, new_root, proof)
        assert not consistent(old, new, proof, b"\7" * 32, new_root)
        assert not consistent(old, new, proof, old_root, b"\7" * 32)
        assert not any(consistent(old, new, bad, old_root, new_root) for bad in spoiled(proof))


def test_a_forked_log_is_not_consistent() -> None:
    forked = [*LEAVES[:4], b"\7" * 32, *LEAVES[5:9]]
    for old in range(5, 9):
        assert not consistent(old, 9, proof_of(old, forked), root_of(LEAVES[:old]), root_of(forked))
        assert not consistent(old, 9, proof_of(old, LEAVES[:9]), root_of(LEAVES[:old]), root_of(forked))


@pytest.mark.parametrize(("index", "size"), [(0, 0), (1, 1), (-1, 1), (2**64, 2**63), (0, -1)])
def test_an_index_beyond_the_tree(index: int, size: int) -> None:
    with refused(LogError, "log_index_beyond_tree"):
        check_inclusion(LEAVES[0], index, size, [], LEAVES[0])


@pytest.mark.parametrize(("old", "new"), [(0, 0), (0, 1), (2, 1), (-1, 1)])
def test_sizes_that_prove_nothing(old: int, new: int) -> None:
    with refused(LogError, "log_consistency"):
        check_consistency(old, LEAVES[0], new, LEAVES[0], [])


@pytest.mark.parametrize("proof", [[b""], [b"x" * 31], [b"x" * 33], [b"x" * 32] * 64])
def test_what_is_not_a_proof(proof: list[bytes]) -> None:
    with refused(LogError, "log_proof_form"):
        check_inclusion(LEAVES[0], 0, 2**62, proof, LEAVES[0])
    with refused(LogError, "log_proof_form"):
        check_consistency(1, LEAVES[0], 2**62, LEAVES[0], proof)


hashes = st.lists(st.binary(min_size=32, max_size=32) | st.binary(max_size=3), max_size=5)


@given(size=st.integers(-2, 2**65), index=st.integers(-2, 2**65), proof=hashes)
def test_any_proof_is_judged_without_raising_anything_else(size: int, index: int, proof: list[bytes]) -> None:
    assert not included(index, size, proof, b"\7" * 32, LEAVES[0])
    assert not consistent(index, size, proof, b"\7" * 32, b"\6" * 32)
