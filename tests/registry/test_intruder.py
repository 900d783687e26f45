"""What the database's administrator could do with all its rights, and what an old backup does: refused, and told by ``fsck``."""

from collections.abc import Callable, Mapping
from typing import Any

import orjson
import pytest
from sqlalchemy import Connection, select, text

from registry.correction import correct
from registry.errors import IssuanceError, RegistryError, StatusChangeError
from registry.fsck import fsck
from registry.issuance import resume
from registry.log import append_entries, log_size
from registry.models import Certificate, StatusEvent
from registry.status import block_of, changes_in, state_of
from tests.builders import INDUSTRY, MUNICIPAL, refused
from tests.matrices import cells
from tests.registry.children import Strike, issue, killed
from tests.registry.intruder import Tamper, edit, sql, tamper
from tests.registry.rig import DAY, NOW, Rig, assert_sound
from verifier.logentry import LogEntry, record_digest

NAME = "张文博"
COLUMNS: Mapping[str, object] = {
    "batch_id": 77,
    "authority": INDUSTRY,
    "year": 2025,
    "kind": 2,
    "first_serial": 9,
    "count": 1,
    "key_id": f"did:web:jxjy.henan.example:a:{INDUSTRY}#2026-1",
    "created_at": NOW - DAY,
    "template_version": "v2",
    "corrects": "41010020261000000131",
}
"""Every column that decides what is signed, and another value for it."""


def codes(rig: Rig) -> set[str]:
    return {trouble.code for trouble in fsck(rig.app).troubles}


def reserve_some(rig: Rig, serials: range = range(3)) -> None:
    """An intent that was not finished."""
    file = rig.people(serials, f"crashed-{serials[0]}.csv")
    assert killed(rig.place, NOW, issue, file, strike=Strike("reserve:after"))


def certificates(rig: Rig) -> int:
    with rig.app.database.read() as session:
        return len(session.scalars(select(Certificate.number)).all())


def other_rows(change: Callable[[list[dict[str, Any]]], object]) -> Tamper:
    def edited(data: bytes) -> bytes:
        rows: list[dict[str, Any]] = orjson.loads(data)
        change(rows)
        return orjson.dumps(rows)

    return edit("intent", "rows", "state = 'reserved'", edited)


def another_name(rows: list[dict[str, Any]]) -> None:
    rows[0]["fields"]["name"] = "李雷"


def another_hash(rows: list[dict[str, Any]]) -> None:
    rows[0]["hash"], rows[1]["hash"] = rows[1]["hash"], rows[0]["hash"]


ALTERED: dict[str, Tamper] = {
    "another name": other_rows(another_name),
    "another hash": other_rows(another_hash),
    "a row less": other_rows(list.pop),
    "two rows exchanged": other_rows(list.reverse),
    "spaces": edit("intent", "rows", "state = 'reserved'", lambda data: data.replace(b",", b", ", 1)),
    **{
        f"another {column}": sql(f"UPDATE intent SET {column} = :value WHERE state = 'reserved'", value=value)  # noqa: S608
        for column, value in COLUMNS.items()
    },
}


@pytest.mark.parametrize("what", cells(ALTERED, always=list(ALTERED)[::3]))
def test_an_altered_intent_is_never_signed(lite: Rig, what: str) -> None:
    reserve_some(lite)
    tamper(lite, ALTERED[what])
    assert "intent_altered" in codes(lite)
    with refused(IssuanceError, "intent_altered"):
        resume(lite.app)
    assert certificates(lite) == 0


def test_what_was_altered_does_not_stop_the_others(rig: Rig) -> None:
    reserve_some(rig)
    reserve_some(rig, range(10, 14))
    tamper(
        rig,
        sql("UPDATE intent SET created_at = created_at - 60 WHERE first_serial = 1 AND state = 'reserved'"),
    )
    with refused(IssuanceError, "intent_altered"):
        resume(rig.app)
    assert certificates(rig) == 4
    assert codes(rig) == {"intent_altered"}


def inserted(connection: Connection) -> None:
    """A copy of an honest intent with other people's fields and the next numbers."""
    columns = "batch_id, authority, year, kind, key_id, created_at, template_version, rows, seal"
    connection.execute(
        text(
            f"INSERT INTO intent (id, state, first_serial, count, {columns})"  # noqa: S608
            f" SELECT 900, 'reserved', first_serial + count, count, {columns} FROM intent WHERE state = 'reserved'"
        )
    )
    connection.execute(text("UPDATE series SET next_serial = next_serial + 3 WHERE kind = 1"))


def test_an_inserted_intent_is_never_signed(rig: Rig) -> None:
    reserve_some(rig)
    tamper(rig, inserted)
    assert "intent_altered" in codes(rig)
    with refused(IssuanceError, "intent_altered"):
        resume(rig.app)
    assert certificates(rig) == 3


def test_an_intent_altered_after_it_was_logged_is_told(rig: Rig) -> None:
    rig.issue(1)
    tamper(rig, other_rows_of_logged())
    assert codes(rig) == {"intent_altered"}


def other_rows_of_logged() -> Tamper:
    return edit(
        "intent", "rows", "state = 'logged'", lambda data: data.replace(NAME.encode(), "李雷".encode())
    )


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE series SET next_serial = 1",
        "UPDATE series SET next_serial = 2",
        "UPDATE series SET next_serial = 8",
        "DELETE FROM series",
    ],
)
def test_a_series_put_back_or_forward_gives_no_numbers(rig: Rig, statement: str) -> None:
    rig.issue(1, 2, 3)
    tamper(rig, sql(statement))
    assert codes(rig) == {"number_gap"}
    with refused(IssuanceError, "series_altered"):
        rig.issue(4)
    assert certificates(rig) == 3


def test_a_finished_intent_said_to_be_open_is_not_logged_twice(rig: Rig) -> None:
    rig.issue(1)
    tamper(rig, sql("UPDATE intent SET state = 'reserved'"))
    with refused(IssuanceError, "number_taken"):
        resume(rig.app)
    with rig.app.database.read() as session:
        assert log_size(session) == 4


def test_a_claim_taken_from_an_open_intent_is_told(rig: Rig) -> None:
    reserve_some(rig)
    tamper(rig, sql("DELETE FROM claim WHERE number LIKE '410100202610000002%'"))
    assert codes(rig) == {"claim_missing"}


def appended(rig: Rig, number: str, action: str, authority: str = MUNICIPAL, *, after: int = 60) -> None:
    """A leaf and its event, as whoever can write to the database adds them."""
    reason = "review-closed"
    with rig.app.database.write() as session:
        digest = record_digest(session.get_one(Certificate, number).record)
        time = rig.clock.now + after
        leaf = append_entries(session, [LogEntry(action, number, digest, authority, time, reason=reason)])
        session.add(StatusEvent(leaf_index=leaf, number=number, action=action, reason=reason, at=time))


@pytest.mark.parametrize("action", ["reinstate", "suspend", "revoke"])
def test_nothing_follows_a_revocation(rig: Rig, action: str) -> None:
    (number,) = rig.issue(1)
    rig.change(number, "revoke", "fraud")
    appended(rig, number, action)
    assert codes(rig) == {"status_transition"}
    with rig.app.database.read() as session:
        assert state_of(session, number) == "revoked"
        (change,) = changes_in(session, block_of(number)).values()
    assert (change.status, change.reason) == ("revoked", "fraud")
    rig.publish()
    assert rig.judge(number).reason == "revoked"


def test_a_reinstatement_of_what_is_not_suspended_is_told(rig: Rig) -> None:
    (number,) = rig.issue(1)
    appended(rig, number, "reinstate")
    assert codes(rig) == {"status_transition"}


def test_a_suspended_certificate_is_not_corrected(rig: Rig) -> None:
    (number,) = rig.issue(1)
    rig.change(number, "suspend", "complaint")
    with refused(StatusChangeError, "correct_suspended"):
        correct(rig.app, number, {"name": "李雷"})
    rig.change(number, "reinstate", "complaint-dismissed")
    assert len(correct(rig.app, number, {"name": "李雷"}).issued) == 1
    assert_sound(rig.app, issued=2)


def test_a_certificate_suspended_while_its_correction_waits_is_not_replaced(rig: Rig) -> None:
    (number,) = rig.issue(1)

    def suspended(point: str, _: int) -> None:
        if point == "reserve:after":
            rig.change(number, "suspend", "complaint")

    finished = correct(rig.app, number, {"name": "李雷"}, observe=suspended)
    assert [reason for _, reason in finished.void] == ["suspended_meanwhile"]
    with rig.app.database.read() as session:
        assert state_of(session, number) == "suspended"
    assert_sound(rig.app, issued=1, void=1)


def test_an_altered_record_is_not_corrected_into_a_signed_one(rig: Rig) -> None:
    (number,) = rig.issue(1)
    altered = edit(
        "certificate", "record", "serial = 1", lambda data: data.replace(NAME.encode(), "李雷".encode())
    )
    tamper(rig, altered)
    with refused(RegistryError, "record_altered"):
        correct(rig.app, number, {"publicHours": 30})
    with refused(RegistryError, "record_altered"):
        rig.change(number, "suspend", "complaint")
    assert certificates(rig) == 1


@pytest.mark.parametrize("place", [0, 1, -1])
def test_a_deleted_revocation_is_not_published_as_its_opposite(rig: Rig, place: int) -> None:
    numbers = rig.issue(*range(9))
    number = numbers[place]
    for other in {numbers[0], numbers[4], number}:
        rig.change(other, "revoke", "fraud")
    rig.publish()
    tamper(rig, sql("DELETE FROM status_event WHERE number = :number", number=number))
    with pytest.raises(RegistryError) as caught:
        rig.publish()
    assert (caught.value.code, caught.value.params) == ("revocation_lost", {"number": number})
    assert rig.judge(number).reason == "revoked"


def test_a_deleted_trust_list_is_not_published_as_if_it_had_never_been(rig: Rig) -> None:
    """The newest version is the one that suspends an authority."""
    rig.issue(1)
    rig.publish()
    rig.set_authority("suspended")
    published = (rig.publish() / "trust.json").read_bytes()
    tamper(rig, sql("DELETE FROM trust_list WHERE version = 4"))
    with refused(RegistryError, "trust_list_lost"):
        rig.publish()
    assert (rig.site / "trust.json").read_bytes() == published


@pytest.mark.parametrize(
    "columns", ["serial = serial + 5000000", "authority = '418001'", "year = 2025", "kind = 2"]
)
def test_columns_beside_a_number_decide_nothing(rig: Rig, columns: str) -> None:
    """Neither whose bit is set in a status list, nor in whose name a correction is signed."""
    revoked, wrong = rig.issue(1, 2)
    rig.change(revoked, "revoke", "fraud")
    tamper(rig, sql(f"UPDATE certificate SET {columns}"))  # noqa: S608
    with rig.app.database.read() as session:
        assert set(changes_in(session, block_of(revoked))) == {1}
    (new,) = correct(rig.app, wrong, {"name": "李雷"}).issued
    assert new[:11] == wrong[:11]


def test_a_claim_of_what_is_no_number_is_told_beside_an_open_intent(rig: Rig) -> None:
    reserve_some(rig)
    tamper(rig, sql("INSERT INTO claim (key, number) VALUES (:key, 'nobody')", key=bytes(32)))
    assert codes(rig) == {"claim_of_nothing"}


@pytest.mark.parametrize("leaf", [4000, 0])
def test_a_record_whose_leaf_is_another_is_relied_on_for_nothing(rig: Rig, leaf: int) -> None:
    (number,) = rig.issue(1)
    tamper(rig, sql(f"UPDATE certificate SET leaf_index = {leaf}"))  # noqa: S608
    for refusal in (
        lambda: rig.change(number, "revoke", "fraud"),
        lambda: correct(rig.app, number, {"publicHours": 30}),
    ):
        with refused(RegistryError, "record_altered"):
            refusal()
