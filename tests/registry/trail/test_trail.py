"""The audit trail: recorded with the act or not at all, in one order, never changed through the program."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from registry.actors import SYSTEM, Actor, Role
from registry.app import App
from registry.errors import RegistryError
from registry.fsck import fsck
from registry.log import lock_head
from registry.trail.checking import check_trail
from registry.trail.entry import entry_bytes, masked, parse_entry
from registry.trail.models import TrailEntry
from registry.trail.sealing import SEAL_SECONDS, last_seal, seal_trail, seal_when_due, seals_in_log
from registry.trail.service import Filter, acts_in_use, count_of, entry_at_place, find, head_of, record
from tests.builders import INDUSTRY, MUNICIPAL, refused
from tests.registry.rig import NOW, Rig
from tests.registry.sheets import identity
from verifier.number import number_of

CLERK = Actor(7, "li.na", "李娜", Role.CLERK, MUNICIPAL, "203.0.113.7")
OTHER = Actor(8, "wang", "王强", Role.APPROVER, INDUSTRY, "2001:db8::8", token=3)


def write(app: App, actor: Actor = CLERK, act: str = "batch.submit", **members: object) -> None:
    values = {"subject": "batch:12", "now": app.clock(), **members}
    with app.database.write() as session:
        record(session, actor, act, **values)  # type: ignore[arg-type]


def fill(app: App, count: int) -> None:
    for place in range(count):
        write(app, (CLERK, OTHER)[place % 2], f"batch.step-{place % 3}", subject=f"batch:{place}")


def test_an_act_is_told_whole(rig: Rig) -> None:
    write(
        rig.app,
        OTHER,
        "account.change",
        before={"role": "clerk", "token": None},
        after={"role": "approver"},
        remark="轮岗",
    )
    with rig.app.database.read() as session:
        (found,) = find(session, Filter())
    assert found.entry.document == {
        "place": 1,
        "previous": found.entry.previous.hex(),
        "time": "2026-11-23T01:00:00Z",
        "actor": {
            "account": 8,
            "login": "wang",
            "name": "王强",
            "role": "approver",
            "authority": INDUSTRY,
            "origin": "2001:db8::8",
            "token": 3,
        },
        "act": "account.change",
        "subject": "batch:12",
        "before": {"role": "clerk"},
        "after": {"role": "approver"},
        "remark": "轮岗",
    }
    assert fsck(rig.app).troubles == ()


def test_an_act_that_is_rolled_back_leaves_no_entry(rig: Rig) -> None:
    with suppress(ZeroDivisionError), rig.app.database.write() as session:
        record(session, CLERK, "batch.submit", subject="batch:1", now=NOW)
        _ = 1 // 0
    write(rig.app)
    with rig.app.database.read() as session:
        assert [one.entry.place for one in find(session, Filter())] == [1]
        assert check_trail(session) == []


def test_those_who_record_at_once_stand_in_one_row(rig: Rig) -> None:
    with ThreadPoolExecutor(max_workers=6) as pool:
        for done in [pool.submit(fill, rig.app, 5) for _ in range(6)]:
            done.result()
    with rig.app.database.read() as session:
        assert head_of(session).count == 30
        assert check_trail(session) == []


def test_the_clock_goes_back_and_the_trail_does_not(rig: Rig) -> None:
    write(rig.app)
    write(rig.app, now=NOW - 4000)
    with rig.app.database.read() as session:
        assert [one.entry.at for one in find(session, Filter())] == [NOW, NOW]


def test_found_by_who_what_whom_and_when(rig: Rig) -> None:
    for place in range(6):
        rig.clock.now = NOW + place
        write(
            rig.app,
            (CLERK, OTHER)[place % 2],
            ("batch.submit", "certificate.revoke")[place // 3],
            subject=f"batch:{place // 2}",
        )
    wanted = {
        (): [6, 5, 4, 3, 2, 1],
        (("login", "wang"),): [6, 4, 2],
        (("act", "batch.submit"),): [3, 2, 1],
        (("act", "certificate."),): [6, 5, 4],
        (("act", "certificate"),): [],
        (("subject", "batch:1"),): [4, 3],
        (("since", NOW + 2), ("until", NOW + 4)): [4, 3],
        (("authority", INDUSTRY),): [6, 4, 2],
        (("authority", INDUSTRY), ("login", "li.na")): [],
    }
    with rig.app.database.read() as session:
        for filters, places in wanted.items():
            chosen = Filter(**dict(filters))  # type: ignore[arg-type]
            assert [one.entry.place for one in find(session, chosen)] == places
            assert count_of(session, chosen) == len(places)
        assert [one.entry.place for one in find(session, Filter(), before=4, limit=2)] == [3, 2]
        assert acts_in_use(session) == ["batch.submit", "certificate.revoke"]
        assert entry_at_place(session, 2, authority=None) is not None
        assert entry_at_place(session, 2, authority=MUNICIPAL) is None
        assert entry_at_place(session, 7, authority=None) is None


def test_counting_ends(lite: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is asked for is not counted to its end: the whole trail would be read for a number that nobody needs."""
    monkeypatch.setattr("registry.trail.service.COUNTED", 2)
    with lite.app.database.write() as session:
        for count in range(5):
            record(session, CLERK, "batch.submit", subject=f"batch:{count}", now=NOW)
    with lite.app.database.read() as session:
        assert count_of(session, Filter(authority=MUNICIPAL)) == 3
        assert count_of(session, Filter(authority=INDUSTRY)) == 0
        assert count_of(session, Filter()) == head_of(session).count >= 5


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE trail_entry SET act = 'batch.other' WHERE place = 1",
        "DELETE FROM trail_entry WHERE place = 2",
        "UPDATE trail_head SET count = 1",
        "UPDATE trail_head SET count = count + 2",
        "DELETE FROM trail_head",
        "UPDATE trail_seal SET count = 1",
        "DELETE FROM trail_seal",
    ],
)
def test_the_database_refuses(rig: Rig, statement: str) -> None:
    fill(rig.app, 2)
    with rig.app.write() as session:
        seal_trail(session, now=NOW)
    with pytest.raises(DBAPIError, match="append-only"), rig.app.database.write() as session:
        session.execute(text(statement))
    with rig.app.database.read() as session:
        assert (head_of(session).count, check_trail(session)) == (2, [])


def test_the_database_refuses_to_be_emptied_or_overwritten(rig: Rig) -> None:
    fill(rig.app, 2)
    postgresql = rig.app.database.engine.dialect.name == "postgresql"
    statement = (
        "TRUNCATE trail_entry"
        if postgresql
        else (
            "INSERT OR REPLACE INTO trail_entry SELECT place, at, login, authority, 'x', subject, data, digest FROM trail_entry"
        )
    )
    with pytest.raises(DBAPIError, match="append-only"), rig.app.database.write() as session:
        session.execute(text(statement))


def test_identity_numbers_are_masked_wherever_they_stand(lite: Rig) -> None:
    number = identity(4)
    write(
        lite.app,
        subject=f"person:{number}",
        before={"list": [{"a": f"x{number}"}]},
        after={"identity": number.lower()},
        remark=f"证件{number}，编号41010020261000000131",
    )
    with lite.app.database.read() as session:
        row = session.get_one(TrailEntry, 1)
    assert number.encode() not in row.data
    assert number not in row.subject
    assert row.data.count(b"********") == 4
    assert b"41010020261000000131" in row.data
    assert masked("411111111111111112") == "411111111111111112"  # no identity number: its check is wrong


def test_a_number_in_groups_or_full_width_is_masked_and_a_certificates_is_not() -> None:
    number, hidden = identity(4), masked(identity(4))
    grouped = f"{number[:6]} {number[6:14]} {number[14:]}"
    wide = number.translate({ord(one): ord(one) + 0xFEE0 for one in "0123456789X"})
    for written in (grouped, grouped.replace(" ", "-"), wide, wide.lower()):
        assert masked(f"证件{written}，复核") == f"证件{hidden}，复核"
    assert masked(f"2026 {number} 3") == f"2026 {hidden} 3"
    for serial in range(1, 100):  # one in eleven begins like somebody's identity number
        printed = number_of("410100", 2026, 1, serial).printed
        assert masked(f"{printed} {printed}") == f"{printed} {printed}"


def test_a_digest_that_happens_to_have_an_identity_number_in_it_stays_whole() -> None:
    """It happens about once in ten thousand entries, and the entry after that one names it."""
    number = next(found for found in map(identity, range(99)) if found.isdigit())
    digest = f"9a8a61f94c62{number}".ljust(64, "e")
    data = entry_bytes(
        SYSTEM,
        "batch.open",
        place=2,
        previous=bytes.fromhex(digest),
        subject="batch:1",
        at=NOW,
        before=None,
        after={"fileSha256": digest},
        remark=f"{number}，摘要{digest}",
    )
    read = parse_entry(data)
    assert read.previous.hex() == digest
    assert read.document["after"] == {"fileSha256": digest}
    assert read.document["remark"] == f"{masked(number)}，摘要{digest}"
    assert masked(number) != number


@pytest.mark.parametrize(
    "members",
    [
        {"act": "Batch"},
        {"act": "batch submit"},
        {"act": "a" * 65},
        {"subject": ""},
        {"subject": "x" * 256},
        {"remark": "长" * 30_000},
        {"remark": "\ud800"},
        {"after": {"hours": 1.5}},
    ],
)
def test_what_is_no_entry_is_refused(lite: Rig, members: dict[str, object]) -> None:
    with refused(RegistryError, "trail_entry_form"):
        write(lite.app, **members)  # type: ignore[arg-type]


def test_the_logs_head_is_never_locked_after_the_trails(lite: Rig) -> None:
    with lite.app.database.write() as session:
        record(session, SYSTEM, "batch.submit", subject="batch:1", now=NOW)
        with pytest.raises(RuntimeError, match="recorded last"):
            lock_head(session)
    with lite.app.database.write() as session:
        lock_head(session)
        record(session, SYSTEM, "batch.submit", subject="batch:1", now=NOW)
        lock_head(session)


def seals(session: Session) -> list[int]:
    return [seal.count for seal in seals_in_log(session)]


def test_sealed_when_due_and_not_twice(rig: Rig) -> None:
    with rig.app.write() as session:
        assert seal_trail(session, now=NOW) is None
        assert seal_when_due(session, now=NOW) is None
    fill(rig.app, 3)
    with rig.app.write() as session:
        made = seal_when_due(session, now=NOW)
        assert made is not None
        assert made == last_seal(session)
        assert seal_trail(session, now=NOW) is None
    fill(rig.app, 1)
    with rig.app.write() as session:
        assert seal_when_due(session, now=NOW + SEAL_SECONDS - 1) is None
        assert seal_when_due(session, now=NOW + SEAL_SECONDS) is not None
    rig.clock.now += SEAL_SECONDS
    rig.app.sign_log()
    with rig.app.database.read() as session:
        assert seals(session) == [3, 4]
    assert fsck(rig.app).troubles == ()


def test_publishing_seals_what_is_due_and_auditors_pass_it(rig: Rig) -> None:
    fill(rig.app, 2)
    rig.issue(1, 2)
    rig.publish()
    rig.clock.now += 600
    fill(rig.app, 1)
    rig.publish()
    with rig.app.database.read() as session:
        assert seals(session) == [2]
    rig.clock.now += SEAL_SECONDS
    rig.publish()
    with rig.app.database.read() as session:
        assert seals(session) == [2, 3]
    assert fsck(rig.app).troubles == ()
