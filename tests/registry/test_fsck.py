"""``fsck`` finds every kind of tampering, each by its code; and finds nothing where nothing was tampered with.

The intruder is the one of ``tests.registry.intruder``.
"""
# ruff: noqa: S608 - the statements are ours

from collections.abc import Callable
from pathlib import Path

import pytest

from registry.cases import index
from registry.correction import correct
from registry.fsck import fsck
from registry.issuance import resume
from registry.offices import renew_trust_list
from registry.province import counts
from tests.builders import signer
from tests.matrices import EXHAUSTIVE
from tests.registry.children import Strike, issue, killed
from tests.registry.engines import Cluster
from tests.registry.intruder import Tamper, edit, sql, tamper
from tests.registry.restoring import Databases
from tests.registry.rig import NOW, Place, Rig, copy_home, opened, revoke_key
from verifier.checkpoint import Checkpoint, parse_checkpoint_text, sign_checkpoint
from verifier.note import parse_note
from verifier.number import number_of
from verifier.tiles import TILE_WIDTH

FIRST = "410100202610000001"
"""The first number but for its check digits."""


def flip(offset: int) -> Callable[[bytes], bytes]:
    """One bit of one byte."""
    return lambda data: data[:offset] + bytes((data[offset] ^ 1,)) + data[offset + 1 :]


def other_name(data: bytes) -> bytes:
    return data.replace("张文博".encode(), "张文慱".encode())


def swapped_hashes(data: bytes) -> bytes:
    return data[32:64] + data[:32] + data[64:]


def swapped_entries(data: bytes) -> bytes:
    first = 2 + int.from_bytes(data[:2], "big")
    second = first + 2 + int.from_bytes(data[first : first + 2], "big")
    return data[first:second] + data[:first] + data[second:]


def without_last_entry(data: bytes) -> bytes:
    offset = last = 0
    while offset < len(data):
        last, offset = offset, offset + 2 + int.from_bytes(data[offset : offset + 2], "big")
    return data[:last]


def forged_checkpoint(data: bytes) -> bytes:
    """Another root under the log's name, signed by somebody else."""
    old = parse_checkpoint_text(parse_note(data).text)
    return sign_checkpoint(Checkpoint(old.origin, old.size, bytes(32)), signer("intruder"))


LOG = 'level = -1 AND "index" = 0'
TILE = 'level = 0 AND "index" = 0'
ONE = f"number LIKE '{FIRST}%'"
CHECKPOINT = "size = (SELECT max(size) FROM checkpoint)"
Tampers = dict[str, tuple[Tamper, set[str]]]
OF_THE_LOG: Tampers = {
    "the last leaf deleted": (
        edit("log_tile", "data", LOG, without_last_entry),
        {"log_tile_differs", "record_without_leaf", "counts_differ"},
    ),
    "the log made shorter": (
        sql("UPDATE log_head SET size = size - 1"),
        {"log_tile_differs", "record_without_leaf", "log_rolled_back", "index_differs", "counts_differ"},
    ),
    "the log made longer": (
        sql("UPDATE log_head SET size = size + 1"),
        {"log_tile_differs", "log_not_consistent"},
    ),
    "an entry's byte": (edit("log_tile", "data", LOG, flip(40)), {"log_tile_differs", "leaf_without_record"}),
    "two entries swapped": (
        edit("log_tile", "data", LOG, swapped_entries),
        {"log_tile_differs", "leaf_without_record"},
    ),
    "two leaves' hashes swapped": (
        edit("log_tile", "data", TILE, swapped_hashes),
        {"log_tile_differs", "checkpoint_differs"},
    ),
    "a tile deleted": (
        sql(f"DELETE FROM log_tile WHERE {TILE}"),
        {"log_tile_differs", "log_tile"},
    ),
    "an upper tile": (
        edit("log_tile", "data", "level = 1", flip(0)),
        {"log_tile_differs", "checkpoint_differs", "log_not_consistent"},
    ),
    "a bundle deleted": (
        sql(f"DELETE FROM log_tile WHERE {LOG}"),
        {"log_tile_differs", "record_without_leaf", "status_transition", "counts_differ"},
    ),
    "a checkpoint forged": (
        edit("checkpoint", "note", CHECKPOINT, forged_checkpoint),
        {"note_unsigned"},
    ),
    "a checkpoint for another size": (
        sql(f"UPDATE checkpoint SET size = size + 1 WHERE {CHECKPOINT}"),
        {"log_tile"},
    ),
}
"""In a log of more than a tile."""
OF_THE_TABLES: Tampers = {
    "a byte of a record": (
        edit("certificate", "record", ONE, other_name),
        {"proof_invalid", "leaf_without_record", "index_differs"},
    ),
    "a record that is none": (
        edit("certificate", "record", ONE, lambda data: data[:-1]),
        {"not_json", "no_record", "leaf_without_record", "index_differs", "counts_differ"},
    ),
    "a certificate deleted": (
        sql(f"DELETE FROM certificate WHERE {ONE}"),
        {
            *("leaf_without_record", "number_unaccounted", "claim_of_nothing"),
            *("totals_differ", "index_differs", "counts_differ"),
        },
    ),
    "a total altered": (sql("UPDATE series_total SET issued = issued - 1"), {"totals_differ"}),
    "the totals deleted": (sql("DELETE FROM series_total"), {"totals_differ"}),
    "hours in a record": (
        edit(
            "certificate", "record", ONE, lambda data: data.replace(b'"publicHours":26', b'"publicHours":86')
        ),
        {"proof_invalid", "leaf_without_record"},
    ),
    "renumbered": (
        sql(
            f"UPDATE certificate SET number = :new WHERE {ONE}", new=number_of("410100", 2026, 1, 9999).digits
        ),
        {
            "number_differs",
            "columns_differ",
            "number_unexpected",
            "number_unaccounted",
            "leaf_without_record",
            "identity_unreadable",
            "claim_of_nothing",
            "index_differs",
        },
    ),
    "another serial": (sql(f"UPDATE certificate SET serial = 7777 WHERE {ONE}"), {"columns_differ"}),
    "another authority": (
        sql(f"UPDATE certificate SET authority = '418001' WHERE {ONE}"),
        {"columns_differ"},
    ),
    "another year": (
        sql(f"UPDATE certificate SET year = 2025 WHERE {ONE}"),
        {"columns_differ", "claim_differs"},
    ),
    "another leaf": (
        sql(f"UPDATE certificate SET leaf_index = 4000 WHERE {ONE}"),
        {"leaf_without_record", "record_without_leaf", "intent_differs", "index_differs", "counts_differ"},
    ),
    "another leaf of a revoked one": (
        sql(
            "UPDATE certificate SET leaf_index = -1"
            " WHERE number IN (SELECT number FROM status_event WHERE reason = 'fraud')"
        ),
        {"leaf_without_record", "intent_differs", "index_differs", "counts_differ"},
    ),
    "another intent": (
        sql(f"UPDATE certificate SET intent_id = (SELECT max(id) FROM intent) WHERE {ONE}"),
        {"number_unaccounted", "number_unexpected", "index_differs"},
    ),
    "another person's hash": (
        sql(f"UPDATE certificate SET identity_hash = :other WHERE {ONE}", other=bytes(32)),
        {"identity_differs"},
    ),
    "a sealed identity number": (
        edit("certificate", "identity_sealed", ONE, flip(20)),
        {"identity_unreadable"},
    ),
    "two certificates' identity numbers exchanged": (
        sql(
            "UPDATE certificate SET identity_sealed = (SELECT identity_sealed FROM certificate AS two"
            f" WHERE two.serial = 2) WHERE {ONE}"
        ),
        {"identity_unreadable"},
    ),
    "an intent deleted": (
        sql("DELETE FROM intent WHERE first_serial = 1 AND kind = 1"),
        {"number_gap", "index_differs"},
    ),
    "an intent moved in the log": (
        sql("UPDATE intent SET first_leaf = first_leaf + 900"),
        {"intent_differs"},
    ),
    "an intent said to be open": (
        sql("UPDATE intent SET state = 'reserved' WHERE first_serial = 1"),
        {"number_unexpected", "claim_missing"},
    ),
    "a series put back": (sql("UPDATE series SET next_serial = 1"), {"number_gap"}),
    "a series put forward": (sql("UPDATE series SET next_serial = next_serial + 5"), {"number_gap"}),
    "a series deleted": (sql("DELETE FROM series"), {"number_gap"}),
    "a void number forgotten": (
        sql("DELETE FROM void_number"),
        {"leaf_without_record", "number_unaccounted", "totals_differ"},
    ),
    "a void number's reason": (sql("UPDATE void_number SET reason = 'lost'"), {"leaf_without_record"}),
    "a claim deleted": (sql(f"DELETE FROM claim WHERE {ONE}"), {"claim_missing"}),
    "a claim for something else": (
        sql(f"UPDATE claim SET key = :key WHERE {ONE}", key=bytes(32)),
        {"claim_differs"},
    ),
    "a claim of one revoked for cause deleted": (
        sql("DELETE FROM claim WHERE number IN (SELECT number FROM status_event WHERE reason = 'fraud')"),
        {"claim_missing"},
    ),
    "a claim of a revoked certificate": (
        sql(
            "INSERT INTO claim SELECT :key, number FROM status_event WHERE reason = 'superseded'",
            key=bytes(32),
        ),
        {"claim_of_revoked"},
    ),
    "a claim of a void number": (
        sql("INSERT INTO claim SELECT :key, min(number) FROM void_number", key=bytes(32)),
        {"claim_of_void"},
    ),
    "a claim of no number": (
        sql("INSERT INTO claim VALUES (:key, '41010020261099999935')", key=bytes(32)),
        {"claim_of_nothing"},
    ),
    "a revocation taken back": (
        sql("DELETE FROM status_event WHERE reason = 'fraud'"),
        {"leaf_without_record", "index_differs"},
    ),
    "a revocation's reason": (
        sql("UPDATE status_event SET reason = 'holder-request' WHERE reason = 'fraud'"),
        {"leaf_without_record"},
    ),
    "a revocation's date": (sql("UPDATE status_event SET at = at - 86400"), {"leaf_without_record"}),
    "another successor": (
        sql("UPDATE status_event SET successor = NULL WHERE successor IS NOT NULL"),
        {"leaf_without_record"},
    ),
    "a status event without a leaf": (
        sql(
            "INSERT INTO status_event (leaf_index, number, action, reason, at)"
            f" SELECT 5000, number, 'suspend', 'complaint', 1 FROM certificate WHERE {ONE}"
        ),
        {"record_without_leaf"},
    ),
    "the newest trust list forgotten": (
        sql("DELETE FROM trust_list WHERE version = (SELECT max(version) FROM trust_list)"),
        {"leaf_without_record", "authority_suspended"},
    ),
    "a trust list in between forgotten": (
        sql("DELETE FROM trust_list WHERE version = 2"),
        {"trust_list_gap", "leaf_without_record"},
    ),
    "a trust list's byte": (
        edit("trust_list", "data", "version = 1", lambda data: data.replace(b"henan-2012", b"henan-2013")),
        {"trust_list_unsigned", "no_trust_list", "no_key", "leaf_without_record"},
    ),
    "another root": (
        edit("registry", "root", "id = 1", lambda data: data.replace(b"root-1", b"root-2")),
        {"trust_list_unsigned", "no_trust_list", "no_key"},
    ),
    "another host": (sql("UPDATE registry SET host = 'jxjy.example.com'"), {"registry_differs"}),
}


TAMPERS = OF_THE_TABLES | OF_THE_LOG
PORTABLE = (
    "a byte of a record",
    "renumbered",
    "a claim deleted",
    "the last leaf deleted",
    "a series put back",
)
"""Those that are tried on PostgreSQL too."""


def make_eventful(rig: Rig, certificates: int) -> None:
    """Something of everything: void numbers, a correction, changes of status."""
    numbers = rig.issue(*range(certificates))
    rig.issue(1000, kind="completion")
    file = rig.people(range(2000, 2003))
    assert killed(rig.place, NOW, issue, file, strike=Strike("reserve:after"))
    rig.set_authority("suspended")
    resume(rig.app)
    rig.set_authority("granted")
    correct(rig.app, numbers[5], {"name": "李雷"})
    rig.change(numbers[6], "revoke", "fraud")
    rig.change(numbers[7], "suspend", "complaint")
    rig.app.sign_log()
    counts.follow_to_the_end(rig.app)
    index.follow_to_the_end(rig.app)


@pytest.fixture(scope="module")
def eventful(founded_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of such a registry; not to be used, but copied."""
    return eventful_home(founded_sqlite, tmp_path_factory.mktemp("eventful"), 12)


@pytest.fixture(scope="module")
def eventful_of_a_tile(founded_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with more than a tile of log."""
    return eventful_home(founded_sqlite, tmp_path_factory.mktemp("tile"), TILE_WIDTH)


def eventful_home(founded: Path, folder: Path, certificates: int) -> Path:
    with opened(Place(copy_home(founded, folder / "home")), folder) as rig:
        make_eventful(rig, certificates)
    return folder / "home"


@pytest.fixture(scope="module")
def eventful_postgresql(
    founded_postgresql: tuple[Path, str], cluster: Cluster, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, str]:
    """The home and the database of such a registry, with more than a tile of log; not to be used, but copied."""
    folder = tmp_path_factory.mktemp("eventful")
    home, template = founded_postgresql
    name = cluster.create(template)
    with opened(Place(copy_home(home, folder / "home"), cluster.url(name)), folder) as rig:
        make_eventful(rig, TILE_WIDTH)
    return folder / "home", name


def codes(rig: Rig) -> set[str]:
    return {trouble.code for trouble in fsck(rig.app).troubles}


def test_nothing_is_found_where_nothing_was_done(eventful_of_a_tile: Path, tmp_path: Path) -> None:
    with opened(Place(copy_home(eventful_of_a_tile, tmp_path / "home")), tmp_path) as rig:
        report = fsck(rig.app)
        assert report.troubles == ()
        assert (report.certificates, report.waiting) == (TILE_WIDTH + 2, 0)


@pytest.mark.parametrize("name", OF_THE_TABLES)
def test_every_tampering_is_found_by_its_codes(eventful: Path, tmp_path: Path, name: str) -> None:
    work, expected = OF_THE_TABLES[name]
    assert codes_after(work, eventful, tmp_path) == expected


@pytest.mark.parametrize("name", OF_THE_LOG)
def test_every_tampering_with_the_log_is_found_by_its_codes(
    eventful_of_a_tile: Path, tmp_path: Path, name: str
) -> None:
    work, expected = OF_THE_LOG[name]
    assert codes_after(work, eventful_of_a_tile, tmp_path) == expected


def codes_after(work: Tamper, home: Path, folder: Path) -> set[str]:
    with opened(Place(copy_home(home, folder / "home")), folder) as rig:
        tamper(rig, work)
        return codes(rig)


@pytest.mark.repeated
def test_on_postgresql_too(
    eventful_postgresql: tuple[Path, str], cluster: Cluster, databases: Databases, tmp_path: Path
) -> None:
    home, template = eventful_postgresql
    for name in PORTABLE if EXHAUSTIVE else PORTABLE[::3]:
        work, expected = TAMPERS[name]
        database = databases.borrow(template)
        with opened(Place(home, cluster.url(database)), tmp_path) as rig:
            assert codes(rig) == set()
            tamper(rig, work)
            assert codes(rig) == expected
        databases.give_back(template, database)


def test_a_key_found_compromised_later_is_no_trouble(lite: Rig) -> None:
    """What it signed is void for every verifier; the registry's books are in order all the same."""
    lite.issue(1)
    lite.clock.now += 10
    revoke_key(lite, compromised_from=NOW)
    lite.app.sign_log()
    assert fsck(lite.app).troubles == ()


def test_open_intents_are_no_trouble_but_told(rig: Rig) -> None:
    file = rig.people(range(5))
    assert killed(rig.place, NOW, issue, file, strike=Strike("sign:after"))
    report = fsck(rig.app)
    assert (report.troubles, report.waiting) == ((), 1)


def test_a_renewed_trust_list_changes_nothing(lite: Rig) -> None:
    lite.issue(1)
    with lite.app.database.write() as session:
        renew_trust_list(session, lite.app.keyring, now=lite.clock.now)
    lite.app.sign_log()
    assert fsck(lite.app).troubles == ()


def test_it_changes_nothing_itself(lite: Rig) -> None:
    lite.issue(1)
    lite.app.database.close()
    before = (lite.place.home / "registry.db").read_bytes()
    fsck(lite.app)
    lite.app.database.close()
    assert (lite.place.home / "registry.db").read_bytes() == before
