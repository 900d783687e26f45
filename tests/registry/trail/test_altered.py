"""A database's administrator, with every right, alters the audit trail in each way; and is found out."""

import pytest
from sqlalchemy import Connection, text

from keys.canonical import canonicalize_restricted, parse_canonical
from registry.fsck import fsck
from registry.trail.checking import check_trail
from registry.trail.entry import LIMITS, digest_of
from registry.trail.sealing import seal_trail
from tests.registry.intruder import Tamper, edit, sql, tamper
from tests.registry.rig import NOW, Rig
from tests.registry.trail.test_trail import fill


def rewrite(start: int, **changed: object) -> Tamper:
    """Change members of the entry at ``start`` and recompute all that follows, head and columns too: the best forger."""

    def run(connection: Connection) -> None:
        rows = connection.execute(text("SELECT place, data FROM trail_entry ORDER BY place")).all()
        digest = b""
        for place, data in rows:
            document = parse_canonical(bytes(data), LIMITS)
            document |= changed if place == start else {}
            document |= {"previous": digest.hex()} if place > start else {}
            forged = canonicalize_restricted(document)
            digest = digest_of(forged)
            connection.execute(
                text(
                    "UPDATE trail_entry SET data = :data, digest = :digest, act = :act WHERE place = :place"
                ),
                {"data": forged, "digest": digest, "act": document["act"], "place": place},
            )
        connection.execute(text("UPDATE trail_head SET digest = :digest"), {"digest": digest})

    return run


def moved(connection: Connection) -> None:
    """The third and the fourth change places."""
    for statement in (
        "UPDATE trail_entry SET place = place + 10 WHERE place IN (3, 4)",
        "UPDATE trail_entry SET place = 17 - place WHERE place > 10",
    ):
        connection.execute(text(statement))


def cut(connection: Connection) -> None:
    """The last two leave, and the head is made to fit."""
    connection.execute(text("DELETE FROM trail_entry WHERE place > 4"))
    digest = connection.execute(text("SELECT digest FROM trail_entry WHERE place = 4")).scalar_one()
    connection.execute(text("UPDATE trail_head SET count = 4, digest = :digest"), {"digest": digest})


def emptied(connection: Connection) -> None:
    """Nothing ever happened."""
    connection.execute(text("DELETE FROM trail_entry"))
    connection.execute(text("UPDATE trail_head SET count = 0"))


ALTERED: dict[str, tuple[Tamper, set[str]]] = {
    "the bytes": (
        edit("trail_entry", "data", "place = 3", lambda data: data.replace(b"batch:2", b"batch:9")),
        {"trail_altered", "trail_chain", "trail_columns_differ"},
    ),
    "bytes that are no entry": (
        edit("trail_entry", "data", "place = 3", lambda _: b"{}"),
        {"trail_altered", "trail_chain", "trail_entry_form"},
    ),
    "a column": (sql("UPDATE trail_entry SET login = 'nobody' WHERE place = 3"), {"trail_columns_differ"}),
    "a digest": (
        sql("UPDATE trail_entry SET digest = :digest WHERE place = 3", digest=bytes(32)),
        {"trail_altered"},
    ),
    "one leaves": (sql("DELETE FROM trail_entry WHERE place = 3"), {"trail_gap", "trail_chain"}),
    "one leaves and the rest move up": (
        sql(
            "DELETE FROM trail_entry WHERE place = 3",
            "UPDATE trail_entry SET place = -place WHERE place > 3",
            "UPDATE trail_entry SET place = -place - 1 WHERE place < 0",
        ),
        {"trail_chain", "trail_moved", "trail_cut_off", "trail_head_differs", "trail_columns_differ"}
        - {"trail_columns_differ"},
    ),
    "two change places": (moved, {"trail_chain", "trail_moved"}),
    "rewritten throughout": (rewrite(3, act="batch.nothing"), {"trail_seal_differs"}),
    "the first rewritten with another start": (rewrite(1, previous="00" * 32), {"trail_seal_differs"}),
    "cut off": (cut, {"trail_cut_off"}),
    "emptied": (emptied, {"trail_cut_off"}),
    "the head turned back": (sql("UPDATE trail_head SET count = 5"), {"trail_head_differs"}),
    "the head deleted": (sql("DELETE FROM trail_head"), {"trail_head_differs"}),
    "the first deleted": (sql("DELETE FROM trail_entry WHERE place = 1"), {"trail_gap"}),
}


@pytest.mark.parametrize("name", ALTERED)
def test_each_way_is_found(rig: Rig, name: str) -> None:
    work, codes = ALTERED[name]
    fill(rig.app, 6)
    with rig.app.write() as session:
        seal_trail(session, now=NOW)
    rig.app.sign_log()
    tamper(rig, work)
    with rig.app.database.read() as session:
        assert {trouble.code for trouble in check_trail(session)} == codes


def test_seals_stand_in_the_log_and_not_beside_it(rig: Rig) -> None:
    """Whoever deletes the row of a seal has not unsealed anything."""
    fill(rig.app, 6)
    with rig.app.write() as session:
        seal_trail(session, now=NOW)
    rig.app.sign_log()
    tamper(rig, sql("DELETE FROM trail_seal"))
    tamper(rig, rewrite(2, act="batch.nothing"))
    assert {trouble.code for trouble in fsck(rig.app).troubles} == {
        "leaf_without_record",
        "trail_seal_differs",
    }


def test_what_is_not_sealed_yet_can_be_rewritten_by_whoever_has_the_database(rig: Rig) -> None:
    """The bound of what the chain alone can do, told in the README: a day at most."""
    fill(rig.app, 2)
    with rig.app.write() as session:
        seal_trail(session, now=NOW)
    fill(rig.app, 2)
    tamper(rig, rewrite(3, act="batch.nothing"))
    with rig.app.database.read() as session:
        assert check_trail(session) == []
