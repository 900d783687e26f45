"""Tiles of the log: hashes and proofs from them equal those of RFC 9162 over all leaves, for every ragged size."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import refused
from tests.matrices import cells
from verifier.errors import LogError
from verifier.merkle import HASH_BYTES, check_consistency, check_inclusion, leaf_hash, tree_hash
from verifier.tiles import TILE_WIDTH, TileTree, edge_tiles, tile_index_path, tile_path, tile_width

LEAVES = [leaf_hash(index.to_bytes(4, "big")) for index in range(66_000)]
EDGES = (1, 2, 3, 255, 256, 257, 511, 513, 65_535, 65_536, 65_537, 66_000)


def tiles_of(size: int) -> dict[tuple[int, int], bytes]:
    """Every tile of the first ``size`` leaves, as tlog-tiles defines them."""
    tiles, level, hashes = {}, 0, LEAVES[:size]
    while hashes:
        for start in range(0, len(hashes), TILE_WIDTH):
            tiles[level, start // TILE_WIDTH] = b"".join(hashes[start : start + TILE_WIDTH])
        full = len(hashes) // TILE_WIDTH
        hashes = [tree_hash(hashes[i * TILE_WIDTH : (i + 1) * TILE_WIDTH]) for i in range(full)]
        level += 1
    return tiles


def tree_of(size: int) -> TileTree:
    tiles = tiles_of(size)

    def read(level: int, index: int, width: int) -> bytes:
        tile = tiles[level, index]
        assert len(tile) == width * HASH_BYTES == tile_width(level, index, size) * HASH_BYTES
        return tile

    return TileTree(size, read)


@pytest.mark.parametrize("size", cells(EDGES, always=(*EDGES[:8], 65_537)))
def test_the_root_and_proofs_of_tiles_are_those_of_the_whole_tree(size: int) -> None:
    tree = tree_of(size)
    root = tree_hash(LEAVES[:size])
    assert tree.root() == root
    for index in {0, 1 % size, size // 2, size - 1}:
        check_inclusion(LEAVES[index], index, size, tree.inclusion_proof(index), root)
    for old in {1, max(1, size // 2), max(1, size - 1), size}:
        check_consistency(old, tree_hash(LEAVES[:old]), size, root, tree.consistency_proof(old))


@given(st.integers(1, 1500), st.data())
def test_any_size_and_place(size: int, data: st.DataObject) -> None:
    tree, root = tree_of(size), tree_hash(LEAVES[:size])
    index, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))
    check_inclusion(LEAVES[index], index, size, tree.inclusion_proof(index), root)
    check_consistency(old, tree_hash(LEAVES[:old]), size, root, tree.consistency_proof(old))


@pytest.mark.parametrize("size", cells(EDGES, always=(*EDGES[:8], 65_537)))
def test_a_root_needs_its_edge_and_nothing_else(size: int) -> None:
    read = set()

    def read_tile(level: int, index: int, _: int) -> bytes:
        read.add((level, index))
        return tiles[level, index]

    tiles = tiles_of(size)
    assert TileTree(size, read_tile).root() == tree_hash(LEAVES[:size])
    assert read == set(edge_tiles(size))


def test_an_empty_tree_has_a_root_and_no_proofs() -> None:
    tree = TileTree(0, lambda level, index, width: b"")
    assert tree.root() == tree_hash([])
    with refused(LogError, "log_index_beyond_tree"):
        tree.inclusion_proof(0)
    with refused(LogError, "log_consistency"):
        tree.consistency_proof(1)


def test_a_short_tile_is_no_proof() -> None:
    tree = TileTree(300, lambda level, index, width: bytes(HASH_BYTES * 3))
    with refused(LogError, "log_tile"):
        tree.inclusion_proof(5)


def test_paths_are_those_of_tlog_tiles() -> None:
    assert tile_index_path(1_234_067) == "x001/x234/067"
    assert tile_index_path(0) == "000"
    assert tile_path(0, 273, 112) == "tile/0/273.p/112"
    assert tile_path("entries", 5) == "tile/entries/005"
    # The example of the specification: a tree of 70,000.
    assert (tile_width(0, 272, 70_000), tile_width(0, 273, 70_000)) == (256, 112)
    assert (tile_width(1, 0, 70_000), tile_width(1, 1, 70_000), tile_width(2, 0, 70_000)) == (256, 17, 1)
    assert tile_width(2, 1, 70_000) == 0
