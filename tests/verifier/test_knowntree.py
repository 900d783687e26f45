"""A tree that remembers, held to the check that does not (``verifier.merkle``)."""

from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keys.encodings import base64_encode
from tests.verifier.test_merkle import path_of, root_of, spoiled
from verifier.errors import LogError
from verifier.knowntree import KnownTree
from verifier.merkle import check_inclusion, leaf_hash
from verifier.tlogproof import HASH_LINE_BYTES, hashes_in

MANY = [leaf_hash(str(number).encode()) for number in range(1300)]


def lines_of(proof: Sequence[bytes]) -> bytes:
    """``proof`` as it stands in a ``.tlog-proof`` file."""
    return b"".join(b"\n" + base64_encode(one).encode() for one in proof)


def answer(check: Callable[[], None]) -> str:
    """The code of what is wrong, or empty."""
    try:
        check()
    except LogError as error:
        return error.code
    return ""


@given(
    size=st.integers(1, len(MANY)), places=st.lists(st.integers(0, len(MANY)), max_size=12), data=st.data()
)
def test_a_tree_that_remembers_says_what_one_without_memory_says(
    size: int, places: list[int], data: st.DataObject
) -> None:
    leaves = MANY[:size]
    root = root_of(leaves)
    tree = KnownTree(size, root)
    for place in places:
        index = place % size
        good = path_of(index, leaves)
        proof = data.draw(st.sampled_from([good, good, *spoiled(good)]))
        asked = data.draw(st.sampled_from([index, index, index ^ 1, index ^ 16, size, -1]))
        leaf = data.draw(
            st.sampled_from([leaves[index], leaves[index], leaves[index ^ 1 if size > index ^ 1 else 0]])
        )
        expected = answer(lambda: check_inclusion(leaf, asked, size, proof, root))  # noqa: B023 - called at once
        assert answer(lambda: tree.check_inclusion(leaf, asked, lines_of(proof))) == expected  # noqa: B023


def test_a_tree_remembers_what_held_and_not_more_than_it_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("verifier.knowntree.MAX_KNOWN_NODES", 3)
    tree = KnownTree(len(MANY), root_of(MANY))
    for index in (0, 1, 15, 16, 700, 1299):
        tree.check_inclusion(MANY[index], index, lines_of(path_of(index, MANY)))
        assert len(tree._above) <= 3 + 3
    bad = lines_of([*path_of(3, MANY)[:-1], MANY[0]])
    assert answer(lambda: tree.check_inclusion(MANY[3], 3, bad)) == "log_inclusion"
    assert bad[3 * HASH_LINE_BYTES :] not in [rest for _, rest in tree._above.values()]


def test_its_lines() -> None:
    proof = tuple(path_of(7, MANY))
    assert hashes_in(lines_of(proof)) == proof
    assert len(lines_of(proof)) == len(proof) * HASH_LINE_BYTES
