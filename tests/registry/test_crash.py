"""The promise of issuing: a process is killed at every point of its path, and nothing is lost, doubled or left open.

Each point is struck before its effect is persisted and after, at the beginning of a file and in its middle, on both
engines. The process really dies (SIGKILL). Then ``resume``, ``fsck`` and a count of our own; then the same file again.
"""

from itertools import cycle
from pathlib import Path

import pytest
from sqlalchemy import select

from registry.app import create_app
from registry.errors import OfficeError
from registry.fsck import fsck
from registry.issuance import POINTS, resume
from registry.log import latest_checkpoint, log_size
from registry.models import Certificate
from tests.builders import HOST, refused
from tests.matrices import cells
from tests.registry.children import (
    Strike,
    at_once,
    change,
    correct_one,
    finish,
    issue,
    killed,
    killed_while_founding,
    publish_to,
    resume_all,
    start,
)
from tests.registry.rig import NOW, Clock, Place, Rig, assert_sound
from verifier.report import Verdict

ROWS, CHUNK = 12, 3
EVERY_POINT = [
    Strike(point, nth)
    for point in POINTS
    for nth in (1, 3)
    if nth == 1 or not point.startswith(("checkpoint", "head"))
]
FIRST_TIME = [strike for strike in EVERY_POINT if strike.nth == 1]


@pytest.mark.both_engines
@pytest.mark.parametrize("strike", cells(EVERY_POINT, always=FIRST_TIME), ids=str)
def test_killed_while_issuing(rig: Rig, strike: Strike) -> None:
    file = rig.people(range(ROWS))
    assert killed(rig.place, NOW, issue, file, "410100", CHUNK, strike=strike)
    interrupted = fsck(rig.app)
    assert interrupted.troubles == ()  # whatever is behind, and the head outside the database may be
    resume(rig.app)
    assert is_kept(rig)
    left = assert_sound(rig.app, issued=len(_issued(rig)))
    assert is_all_signed(rig)
    again = rig.submit(file)
    assert (len(again.issued), again.already_issued) == (ROWS - len(left.issued), len(left.issued))
    assert again.earlier is not None
    assert_sound(rig.app, issued=ROWS)


@pytest.mark.parametrize("point", [point for point in POINTS if not point.startswith("reserve")])
def test_killed_again_while_resuming(rig: Rig, point: str) -> None:
    file = rig.people(range(ROWS))
    assert killed(rig.place, NOW, issue, file, "410100", ROWS, strike=Strike("reserve:after"))
    assert killed(rig.place, NOW, resume_all, strike=Strike(point))
    assert fsck(rig.app).troubles == ()
    resume(rig.app)
    assert_sound(rig.app, issued=ROWS)
    assert is_all_signed(rig)
    assert is_kept(rig)


def test_resumed_records_are_the_very_same_bytes(rig: Rig) -> None:
    """What was signed before the crash and never stored is signed again, days later, byte for byte."""
    file = rig.people(range(3))
    assert killed(rig.place, NOW, issue, file, strike=Strike("log:before"))
    rig.clock.now = NOW + 3 * 86400
    (finished,) = resume(rig.app)
    records = [rig.record(number) for number in finished.issued]
    assert all(b'"created":"2026-11-23T01:00:00Z"' in record for record in records)
    rig.publish()
    assert [rig.judge(number).reason for number in finished.issued] == ["valid"] * 3


def test_resuming_twice_at_once(rig: Rig) -> None:
    file = rig.people(range(ROWS))
    assert killed(rig.place, NOW, issue, file, "410100", ROWS, strike=Strike("reserve:after"))
    assert at_once(rig.place, NOW, (resume_all,), (resume_all,)) == [0, 0]
    assert_sound(rig.app, issued=ROWS)


def test_nothing_is_there_to_resume(rig: Rig) -> None:
    assert resume(rig.app) == []
    assert_sound(rig.app, issued=0)


@pytest.mark.parametrize(
    "point", ["reserve:after", "sign:after", "log:before", "log:after", "checkpoint:before"]
)
def test_killed_while_correcting(rig: Rig, point: str) -> None:
    (old,) = rig.issue(1)
    assert killed(rig.place, NOW, correct_one, old, "李雷", strike=Strike(point))
    assert fsck(rig.app).troubles == ()
    resume(rig.app)
    counted = assert_sound(rig.app, issued=2)
    rig.publish()
    report = rig.judge(old)
    assert report.reason == "superseded"
    assert report.steps[8].details["successor"] == counted.issued[1]
    assert rig.judge(counted.issued[1]).reason == "valid"


def test_killed_while_revoking(rig: Rig) -> None:
    """One transaction: it did not happen, and can be done again."""
    (number,) = rig.issue(1)
    assert killed(rig.place, NOW, change, number, "revoke", "fraud", strike=Strike("change:before"))
    assert_sound(rig.app, issued=1)
    assert finish(start(rig.place, NOW, change, number, "revoke", "fraud")) == 0
    assert_sound(rig.app, issued=1)
    rig.publish()
    assert rig.judge(number).reason == "revoked"


def test_killed_while_publishing(lite: Rig) -> None:
    """Whatever file it died at, readers see a publication that is valid: the old one, or more of the new."""
    old = lite.issue(*range(300))
    lite.publish()
    lite.clock.now += 13 * 3600  # the lists are signed anew
    new = lite.issue(*range(300, 310))
    record = lite.record(new[0])
    strikes = cycle((Strike("replace:before"), Strike("replace:after")))  # the second leaves one file more
    kills = 0
    while killed(lite.place, lite.clock.now, publish_to, lite.site, strike=next(strikes)):
        kills += 1
        assert lite.judge(old[0]).reason == "valid"
        assert lite.judge(old[-1]).reason == "valid"
        assert lite.judge(new[0], record=record).verdict is not Verdict.FAILED
    assert kills >= 10
    assert lite.judge(new[0]).reason == "valid"
    assert not list(lite.site.rglob(".*.new"))


def test_killed_while_founding(tmp_path: Path) -> None:
    """``init`` again goes on with the keys that are there, whatever file it died at."""
    place = Place(tmp_path / "home")
    for strike in (
        Strike("link:before"),
        Strike("link:after"),  # the root's key is there
        Strike("link:after", 2),  # and the others
        Strike("write:before"),  # dies at the secret for identity numbers
    ):
        assert killed_while_founding(place, NOW, strike)
        with refused(OfficeError, "not_initialised"):
            place.open(Clock())
    create_app(place.environment, home=None, host=HOST, clock=Clock()).database.close()
    app = place.open(Clock())
    assert sorted(path.name for path in app.settings.keys.glob("*.pem")) == [
        "log.pem",
        "report-1.pem",
        "root-1.pem",
        "status-1.pem",
    ]
    assert_sound(app, issued=0)
    with refused(OfficeError, "already_initialised"):
        create_app(place.environment, home=None, host=HOST, clock=Clock())
    app.database.close()


def _issued(rig: Rig) -> list[str]:
    with rig.app.database.read() as session:
        return list(session.scalars(select(Certificate.number)))


def is_kept(rig: Rig) -> bool:
    """Whether the head outside the database is the one that was signed last."""
    with rig.app.database.read() as session:
        head = latest_checkpoint(session)
        return head is not None and rig.app.settings.head.read_bytes() == head.note


def test_killed_before_and_after_the_head_is_kept(rig: Rig) -> None:
    """Before: the file is behind, as it may be, and any later start brings it up to date. After: there is nothing to do."""
    file = rig.people(range(ROWS))
    assert killed(rig.place, NOW, issue, file, strike=Strike("checkpoint:after"))
    assert (fsck(rig.app).troubles, is_all_signed(rig), is_kept(rig)) == ((), True, False)
    rig.publish()  # not only ``resume``
    assert is_kept(rig)
    assert killed(rig.place, NOW, issue, rig.people([99], "more.csv"), strike=Strike("head:after"))
    assert (fsck(rig.app).troubles, is_all_signed(rig), is_kept(rig)) == ((), True, True)


def is_all_signed(rig: Rig) -> bool:
    """Whether the whole log is under a signed checkpoint."""
    with rig.app.database.read() as session:
        head = latest_checkpoint(session)
        return head is not None and head.size == log_size(session)
