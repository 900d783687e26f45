"""The log: tiles as RFC 9162 has them, heads that only ever extend the last, proofs of every leaf, readable as published."""

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from registry.database import Database
from registry.errors import RegistryError
from registry.log import (
    append_entries,
    latest_checkpoint,
    log_origin,
    log_size,
    log_time,
    prove,
    read_entries,
    require_held,
    sign_head,
    split_bundle,
    tree,
)
from registry.models import Base, CheckpointRow, LogHead, LogTile
from registry.trust import established_trust
from tests.builders import HOST, refused, signer
from tests.matrices import cells
from tests.registry.overheard import overheard
from tests.registry.rig import NOW, Rig
from verifier.checkpoint import parse_checkpoint_text, verify_checkpoint
from verifier.logentry import LogEntry
from verifier.loglookup import PublishedLog
from verifier.merkle import check_consistency, check_inclusion
from verifier.note import ALGORITHM_NOTE, NoteKey, parse_note
from verifier.number import parse_number
from verifier.sources import FolderSource
from verifier.tiles import TILE_WIDTH, edge_tiles
from verifier.tlogproof import parse_tlog_proof

LOG = signer("log")
KEY = NoteKey(log_origin(HOST), ALGORITHM_NOTE, LOG.public_key)


def opened(url: str) -> Database:
    """An empty log."""
    database = Database(url)
    Base.metadata.create_all(database.engine)
    with database.write() as session:
        session.add(LogHead(id=1, size=0))
    return database


def entry(index: int) -> LogEntry:
    return LogEntry("void", f"410100{index:014d}", "", "410100", NOW, reason="test")


def append(database: Database, first: int, count: int) -> None:
    with database.write() as session:
        assert append_entries(session, [entry(first + place) for place in range(count)]) == first


def sign(database: Database) -> CheckpointRow | None:
    with database.write() as session:
        return sign_head(session, LOG, host=HOST, now=NOW)


# RFC 9162 section 2.1.1 as it is written there, sharing no code with ours.


def naive_root(leaves: Sequence[bytes]) -> bytes:
    if not leaves:
        return sha256().digest()
    if len(leaves) == 1:
        return sha256(b"\0" + leaves[0]).digest()
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return sha256(b"\1" + naive_root(leaves[:split]) + naive_root(leaves[split:])).digest()


def naive_tiles(leaves: Sequence[bytes]) -> dict[tuple[int, int], bytes]:
    """Every tile of hashes: level L holds the roots of complete runs of 256**L leaves."""
    tiles: dict[tuple[int, int], bytes] = {}
    level = 0
    while (run := 256**level) <= len(leaves):
        hashes = [naive_root(leaves[start : start + run]) for start in range(0, len(leaves) - run + 1, run)]
        for index in range(0, len(hashes), 256):
            tiles[level, index // 256] = b"".join(hashes[index : index + 256])
        level += 1
    return tiles


def stored_tiles(session: Session) -> dict[tuple[int, int], bytes]:
    return {(one.level, one.index): one.data for one in session.scalars(select(LogTile)) if one.level >= 0}


def stored_entries(session: Session) -> list[bytes]:
    bundles = select(LogTile.data).where(LogTile.level == -1).order_by(LogTile.index)
    return [item for data in session.scalars(bundles) for item in split_bundle(data)]


def assert_is_the_tree_of(database: Database, size: int) -> None:
    leaves = [entry(index).to_bytes() for index in range(size)]
    with database.read() as session:
        assert log_size(session) == size
        assert stored_entries(session) == leaves
        assert stored_tiles(session) == naive_tiles(leaves)
        assert tree(session, size).root() == naive_root(leaves)


@pytest.mark.parametrize(
    "chunks", [(255,), (1, 254, 1), (256,), (200, 57), (255, 2), (512, 1), (100, 300, 200)]
)
def test_tiles_are_those_of_the_standard(engine_url: str, chunks: tuple[int, ...]) -> None:
    database = opened(engine_url)
    size = 0
    for count in chunks:
        append(database, size, count)
        size += count
    assert_is_the_tree_of(database, size)
    database.close()


@pytest.mark.exhaustive
def test_the_third_level_of_tiles(tmp_path: Path) -> None:
    """65,536 leaves and their neighbours, in ragged pieces."""
    database = opened(f"sqlite:///{tmp_path}/log.db")
    size = 0
    for count in (500, 65_034, 1):
        append(database, size, count)
        size += count
    assert sign(database) is not None  # 65,535
    for count in (1, 1, 300):
        append(database, size, count)
        size += count
        assert sign(database) is not None
    assert_is_the_tree_of(database, size)
    with database.read() as session:
        assert {level for level, _ in stored_tiles(session)} == {0, 1, 2}
        current = tree(session, size)
        for index in (0, 255, 256, 65_535, 65_536, size - 1):
            proof = current.inclusion_proof(index)
            check_inclusion(
                sha256(b"\0" + entry(index).to_bytes()).digest(), index, size, proof, current.root()
            )
    database.close()


@settings(max_examples=25)
@given(st.lists(st.integers(1, 300), min_size=1, max_size=6))
def test_however_it_is_cut(chunks: list[int]) -> None:
    database = opened("sqlite://")
    size = 0
    for count in chunks:
        append(database, size, count)
        size += count
    assert_is_the_tree_of(database, size)
    database.close()


def test_every_leaf_is_proven_under_every_later_head(engine_url: str) -> None:
    database = opened(engine_url)
    for first, count in ((0, 100), (100, 170), (270, 1)):
        append(database, first, count)
        sign(database)
    with database.read() as session:
        checkpoint = latest_checkpoint(session)
        assert checkpoint is not None
        for index in range(271):
            proof = parse_tlog_proof(prove(session, index, checkpoint).to_bytes())
            head = verify_checkpoint(proof.checkpoint, origin=log_origin(HOST), log_key=KEY, witness_keys=())
            root = head.checkpoint.root
            leaf = sha256(b"\0" + entry(index).to_bytes()).digest()
            check_inclusion(leaf, index, 271, proof.hashes, root)
    database.close()


def test_heads_are_consistent_with_each_other(engine_url: str) -> None:
    database = opened(engine_url)
    sizes = (1, 255, 256, 257, 600)
    for first, last in zip((0, *sizes), sizes, strict=False):
        append(database, first, last - first)
        assert sign(database) is not None
    with database.read() as session:
        rows = list(session.scalars(select(CheckpointRow).order_by(CheckpointRow.size)))
        heads = [
            verify_checkpoint(row.note, origin=log_origin(HOST), log_key=KEY, witness_keys=()).checkpoint
            for row in rows
        ]
        assert [head.size for head in heads] == list(sizes)
        for place, old in enumerate(heads):
            for new in heads[place + 1 :]:
                proof = tree(session, new.size).consistency_proof(old.size)
                check_consistency(old.size, old.root, new.size, new.root, proof)
    database.close()


def test_a_head_is_signed_once(engine_url: str) -> None:
    database = opened(engine_url)
    assert sign(database) is None
    append(database, 0, 3)
    first, again = sign(database), sign(database)
    assert first is not None
    assert again is not None
    assert (first.size, first.note) == (again.size, again.note)
    database.close()


def _tile(session: Session, level: int, index: int) -> LogTile:
    return session.get_one(LogTile, (level, index))


@pytest.mark.parametrize("fault", ["altered", "shortened", "deleted", "rewound", "upper"])
def test_nothing_is_signed_that_does_not_extend_the_last(engine_url: str, fault: str) -> None:
    database = opened(engine_url)
    append(database, 0, 260)
    sign(database)
    append(database, 260, 10)
    with database.write() as session:
        if fault == "altered":
            _tile(session, 0, 1).data = bytes(32) + _tile(session, 0, 1).data[32:]
        elif fault == "shortened":
            _tile(session, 0, 1).data = _tile(session, 0, 1).data[:-32]
        elif fault == "deleted":
            session.delete(_tile(session, 0, 1))
        elif fault == "rewound":
            session.get_one(LogHead, 1).size = 250
        else:
            _tile(session, 1, 0).data = bytes(32)
    with refused(RegistryError, "log_not_consistent"):
        sign(database)
    with database.read() as session:
        assert [row.size for row in session.scalars(select(CheckpointRow))] == [260]
    database.close()


@pytest.mark.parametrize("fault", ["altered", "shortened", "deleted", "lengthened", "emptied", "bitten"])
@pytest.mark.parametrize("size", cells([1, 255, 256, 257, 300, 512], always=[1, 256, 300]))
def test_a_log_that_lost_its_end_is_neither_held_nor_appended_to(
    engine_url: str, size: int, fault: str
) -> None:
    database = opened(engine_url)
    append(database, 0, size)
    signed = sign(database)
    assert signed is not None
    head = parse_checkpoint_text(parse_note(signed.note).text)
    append(database, size, 20)
    with database.read() as session:
        require_held(session, size + 20, head)
    level, index = edge_tiles(size)[0]
    with database.write() as session:
        if fault == "altered":
            _tile(session, level, index).data = bytes(32) + _tile(session, level, index).data[32:]
        elif fault == "lengthened":
            session.get_one(LogHead, 1).size += 3
        else:
            lost = session.scalars(select(LogTile).where(LogTile.level == 0)).all()[-1]
            if fault == "deleted":
                session.delete(lost)
            else:
                left = {"shortened": len(lost.data) - 32, "bitten": len(lost.data) - 1, "emptied": 0}
                lost.data = lost.data[: left[fault]]
    with database.read() as session, refused(RegistryError, "log_not_consistent"):
        require_held(session, log_size(session), head)
    if fault != "altered":  # which is found under a head, and not by who appends
        with database.write() as session, refused(RegistryError, "log_not_consistent"):
            append_entries(session, [entry(size + 20)])
    database.close()


def test_a_head_is_asked_for_in_one_statement_and_a_log_grows_by_few(engine_url: str) -> None:
    """However many levels it has: a database's server may be elsewhere."""
    database = opened(engine_url)
    for size in (1, 300, 600):
        with database.read() as session:
            append(database, log_size(session), size)
        signed = sign(database)
        assert signed is not None
        head = parse_checkpoint_text(parse_note(signed.note).text)
        with database.read() as session:
            assert log_size(session) == signed.size
            with overheard(database) as heard:
                require_held(session, signed.size, head)
        assert len(heard) == 1
        with database.write() as session:
            log_time(session, NOW)
            with overheard(database) as heard:
                append_entries(session, [entry(signed.size + place) for place in range(600)])
            # What there is, perhaps the last entry of a full bundle; tiles begun before; the head. New tiles go in bulk.
            assert sum(not statement.startswith("INSERT") for statement, _ in heard) <= 4
    database.close()


def test_what_lies_below_a_full_tile_is_never_hashed_again(engine_url: str) -> None:
    """A leaf altered there cannot get under a head; ``fsck`` finds it."""
    database = opened(engine_url)
    append(database, 0, 260)
    with database.write() as session:
        _tile(session, 0, 0).data = bytes(32) + _tile(session, 0, 0).data[32:]
    append(database, 260, 10)
    assert sign(database) is not None
    with database.read() as session:
        assert tree(session, 270).root() == naive_root([entry(index).to_bytes() for index in range(270)])
    database.close()


def test_bundles_are_read_back(engine_url: str) -> None:
    database = opened(engine_url)
    append(database, 0, TILE_WIDTH + 3)
    with database.read() as session:
        assert [len(read_entries(session, bundle)) for bundle in range(3)] == [TILE_WIDTH, 3, 0]
        assert read_entries(session, 1)[2] == entry(TILE_WIDTH + 2).to_bytes()
    database.close()


def test_the_published_log_proves_every_issue(lite: Rig) -> None:
    numbers = lite.issue(*range(260)) + lite.issue(300, authority="418001") + lite.issue(1, kind="completion")
    lite.publish()
    with lite.app.database.read() as session:
        trust = established_trust(session)
    assert trust.trust_list is not None
    published = PublishedLog(FolderSource(lite.site), trust, trust.trust_list)
    for number in numbers:
        proof = parse_tlog_proof(published.prove_issue(parse_number(number)))
        assert f'"number":"{number}"'.encode() in proof.entry
