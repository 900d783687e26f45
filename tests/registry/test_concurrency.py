"""Several processes at one registry: numbers, claims and the log's head under contention, on both engines."""

import threading
import time
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import select

from registry.errors import IssuanceError
from registry.issuance import resume
from registry.models import CheckpointRow, Claim, StatusEvent
from registry.trust import current_trust_list
from tests.builders import INDUSTRY, MUNICIPAL, refused
from tests.registry.children import (
    REFUSED,
    at_once,
    change,
    delegate,
    found_at_once,
    issue,
    publish_to,
    resume_all,
    stop,
)
from tests.registry.rig import NOW, Clock, Place, Rig, assert_sound, people

ROWS = 40


def test_two_processes_issue_for_one_authority(rig: Rig) -> None:
    one, two = rig.people(range(ROWS), "one.csv"), rig.people(range(ROWS, 2 * ROWS), "two.csv")
    assert at_once(rig.place, NOW, (issue, one, MUNICIPAL, 7), (issue, two, MUNICIPAL, 7)) == [0, 0]
    assert_sound(rig.app, issued=2 * ROWS)


def test_two_processes_issue_the_same_file(rig: Rig) -> None:
    file = rig.people(range(ROWS))
    works = [(issue, file, MUNICIPAL, 7)] * 2
    assert at_once(rig.place, NOW, *works) == [0, 0]
    assert_sound(rig.app, issued=ROWS)


def test_two_authorities_issue_for_the_same_people(rig: Rig) -> None:
    """In opposite order, so that each finds the other's people on its way."""
    forward, backward = rig.people(range(ROWS), "forward.csv"), rig.folder / "backward.csv"
    people(backward, range(ROWS)[::-1])
    codes = at_once(rig.place, NOW, (issue, forward, MUNICIPAL, 8), (issue, backward, INDUSTRY, 8))
    assert set(codes) <= {0, REFUSED}
    resume(rig.app)
    for file, authority in ((forward, MUNICIPAL), (backward, INDUSTRY)):
        rig.submit(file, authority=authority)  # what was refused for contention
    assert_sound(rig.app, issued=ROWS)


def test_issuing_revoking_resuming_and_publishing_at_once(rig: Rig) -> None:
    numbers = rig.issue(*range(100, 104))
    rig.publish()
    codes = at_once(
        rig.place,
        NOW,
        (issue, rig.people(range(ROWS)), MUNICIPAL, 7),
        (change, numbers[0], "revoke", "fraud"),
        (resume_all,),
        (publish_to, rig.site),
        (publish_to, rig.site),
    )
    assert codes == [0] * 5
    resume(rig.app)
    assert_sound(rig.app, issued=ROWS + 4)
    rig.publish()
    assert [rig.judge(number).reason for number in numbers[:2]] == ["revoked", "valid"]


def test_two_processes_revoke_one_number(rig: Rig) -> None:
    (number,) = rig.issue(1)
    codes = at_once(
        rig.place, NOW, (change, number, "revoke", "fraud"), (change, number, "revoke", "data-error")
    )
    assert sorted(codes) == [0, REFUSED]
    with rig.app.database.read() as session:
        (event,) = session.scalars(select(StatusEvent))
    rig.publish()
    report = rig.judge(number)
    assert report.reason == "revoked"
    assert report.steps[8].details["reason"] == event.reason
    assert_sound(rig.app, issued=1)


def test_two_processes_sign_the_head(rig: Rig) -> None:
    """Compare and swap: one size has one checkpoint, whoever signs."""
    numbers = rig.issue(1)
    with rig.app.database.read() as session:
        before = len(session.scalars(select(CheckpointRow)).all())
    rig.change(numbers[0], "suspend", "complaint")
    assert at_once(rig.place, NOW, (resume_all,), (resume_all,), (resume_all,)) == [0] * 3
    with rig.app.database.read() as session:
        assert len(session.scalars(select(CheckpointRow)).all()) == before + 1
    assert_sound(rig.app, issued=1)


def test_several_changes_of_delegation_follow_each_other(rig: Rig) -> None:
    """Each is made from the list before it, not from the one that it saw when it began."""
    works = [(delegate, "410200"), (delegate, "410300"), (delegate, "410400"), (stop, INDUSTRY)]
    assert at_once(rig.place, NOW, *works) == [0] * 4
    with rig.app.database.read() as session:
        trust_list = current_trust_list(session)
    assert trust_list.version == 3 + len(works)
    assert {"410200", "410300", "410400"} <= set(trust_list.authorities)
    assert trust_list.authorities[INDUSTRY].states[-1].state == "suspended"
    assert_sound(rig.app, issued=0)


def test_one_registry_is_made_in_a_database(engine_url: str, tmp_path: Path) -> None:
    """Whoever comes second is told so, and has made no key."""
    homes = [Place(tmp_path / name, engine_url) for name in ("one", "two", "three")]
    assert sorted(found_at_once(NOW, *homes)) == [0, REFUSED, REFUSED]
    assert sum((place.home / "keys").exists() for place in homes) == 1
    (made,) = [place for place in homes if (place.home / "keys").exists()]
    app = made.open(Clock(NOW))
    assert_sound(app, issued=0)
    app.database.close()


@pytest.fixture
def contended(rig: Rig) -> Rig:
    """The registry on PostgreSQL only: SQLite has one writer at a time, so nobody ever sees half of another's work."""
    if not rig.place.url:
        pytest.skip("one writer at a time")
    return rig


def test_claims_taken_while_we_look_are_seen_the_second_time(contended: Rig) -> None:
    """Other offices take the claims of our chunk, one after the other, each while we wait for it."""
    rig = contended
    rival = rig.submit(rig.people(range(3)), authority=INDUSTRY)
    with rig.app.database.write() as session:
        claims = {claim.key: claim.number for claim in session.scalars(select(Claim))}
        for claim in session.scalars(select(Claim)):
            session.delete(claim)
    assert sorted(claims.values()) == rival.issued
    ordered = sorted(claims.items())
    with ExitStack() as stack:
        rivals = [_holding(stack, rig, key, number) for key, number in ordered]
        helper = threading.Thread(target=_commit_when_waited_for, args=(rig, rivals))
        helper.start()
        with refused(IssuanceError, "claims_contended"):
            rig.submit(rig.people(range(4), "ours.csv"))
        helper.join(30)
    resume(rig.app)
    again = rig.submit(rig.people(range(4), "ours.csv"))
    assert (len(again.issued), again.already_issued) == (1, 3)
    assert_sound(rig.app, issued=4)


def _holding(stack: ExitStack, rig: Rig, key: bytes, number: str) -> psycopg.Connection[tuple[object, ...]]:
    connection = stack.enter_context(psycopg.connect(rig.place.url))
    connection.execute("INSERT INTO claim (key, number) VALUES (%s, %s)", (key, number))
    return connection


def _commit_when_waited_for(rig: Rig, rivals: list[psycopg.Connection[tuple[object, ...]]]) -> None:
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE %s = ANY (pg_blocking_pids(pid))"
    with psycopg.connect(rig.place.url, autocommit=True) as watch:
        for rival in rivals:
            until = time.monotonic() + 20
            while time.monotonic() < until:
                row = watch.execute(waiting, (rival.info.backend_pid,)).fetchone()
                if row is not None and row[0]:
                    break
                time.sleep(0.005)
            rival.commit()
