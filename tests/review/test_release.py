"""From upload to certificates by two people, and all the ways in which one alone, or an old approval, gets nowhere."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from hashlib import sha256

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError

from registry.actors import SYSTEM, Actor
from registry.errors import RegistryError
from registry.models import Batch
from registry.offices import CHINA
from registry.review import decisions, drafts
from registry.review.findings import findings_of_part
from registry.review.issuing import numbers_by_origin
from registry.review.models import Draft, DraftHand, DraftList, DraftSubmission
from registry.review.rows import Origin
from registry.review.sheet import sample_of, sample_size
from registry.trail.service import Filter, find
from tests.builders import refused
from tests.registry.rig import Rig, assert_sound
from tests.registry.sheets import ANNUAL, annual, write_csv
from tests.review.desk import (
    APPROVER,
    CLERK,
    COLLEAGUE,
    SECOND_APPROVER,
    composed,
    csv_bytes,
    draft_of,
    job_of,
    opened,
    release,
    release_in,
    seen,
    send_back,
    submit,
    submitted,
    upload,
    work,
)


def test_a_list_from_upload_to_certificates(rig: Rig) -> None:
    draft = opened(rig)
    upload(rig, draft, csv_bytes([annual(1), annual(2, 姓名="李1雷"), annual(3)]))
    assert (draft_of(rig, draft).people, draft_of(rig, draft).left_out) == (2, 1)
    round_ = submit(rig, draft)
    assert round_.sheet["people"] == round_.sheet["fit"] == 2
    assert round_.sheet["leftOut"] == 1
    release(rig, draft)
    assert work(rig)
    assert not work(rig)
    job = job_of(rig, draft)
    assert (job.state, job.result["issued"], job.done, job.total) == ("done", 2, 2, 2)
    counted = assert_sound(rig.app, issued=2)
    with rig.app.database.read() as session:
        row = session.get_one(Draft, draft)
        batch = session.get_one(Batch, row.batch_id)
        found = list(numbers_by_origin(rig.app, session, row, today=_today(rig)))
        acts = [one.entry.act for one in find(session, Filter())]
    assert batch.finished_at is not None
    assert batch.file_sha256 == round_.submission.list_sha256
    assert sorted(found, key=lambda one: one[1]) == [
        (Origin(1, "名单", 2), counted.issued[0], True),
        (Origin(1, "名单", 4), counted.issued[1], True),
    ]
    wanted = ["draft.open", "draft.upload", "draft.submit", "draft.release", "batch.issued"]
    assert sorted(acts) == sorted(wanted)


@pytest.mark.parametrize(
    "actor", [CLERK, SYSTEM, replace(CLERK, role=APPROVER.role), replace(CLERK, token=5)]
)
def test_nobody_releases_or_returns_what_he_prepared(lite: Rig, actor: Actor) -> None:
    draft = submitted(lite)
    for act in (release, send_back):
        with pytest.raises(RegistryError, match="own_draft"):
            act(lite, draft, actor)
    assert draft_of(lite, draft).state == "submitted"


def test_who_uploaded_does_not_release_even_if_another_submitted(rig: Rig) -> None:
    """Whoever lent a hand to any of the uploads, in any round."""
    draft = opened(rig)
    upload(rig, draft, csv_bytes([annual(1)]), actor=SECOND_APPROVER)
    upload(rig, draft, csv_bytes([annual(1), annual(2)]), actor=COLLEAGUE)
    submit(rig, draft, COLLEAGUE)
    for actor in (CLERK, COLLEAGUE, SECOND_APPROVER):
        with pytest.raises(RegistryError, match="own_draft"):
            release(rig, draft, actor)
    release(rig, draft, APPROVER)


def test_who_returned_a_list_does_not_change_it(lite: Rig) -> None:
    draft = submitted(lite)
    send_back(lite, draft)
    for act in (
        lambda: upload(lite, draft, csv_bytes([annual(9)]), actor=APPROVER),
        lambda: submit(lite, draft, APPROVER),
    ):
        with pytest.raises(RegistryError, match="decided_before"):
            act()
    submit(lite, draft, COLLEAGUE)
    release(lite, draft, APPROVER)


@pytest.mark.both_engines
def test_the_database_holds_two_people_apart(rig: Rig) -> None:
    draft = submitted(rig)
    statements = (
        update(DraftSubmission).values(decision="returned", decided_by=CLERK.account),
        update(DraftSubmission).values(decision="released", decided_by=APPROVER.account),  # without a seal
        update(Draft).values(state="released"),  # without a batch
    )
    for statement in statements:
        with pytest.raises(IntegrityError), rig.app.database.write() as session:
            session.execute(statement)
    with pytest.raises(IntegrityError), rig.app.database.write() as session:
        session.add(DraftHand(draft_id=draft, account=CLERK.account, part="decided"))


@pytest.mark.both_engines
def test_two_approvers_at_once_release_once(rig: Rig) -> None:
    draft = submitted(rig)
    shown = seen(rig, draft)
    release(rig, draft, APPROVER, shown)
    with pytest.raises(RegistryError, match="draft_not_submitted"):
        release(rig, draft, SECOND_APPROVER, shown)
    assert work(rig)
    assert not work(rig)
    assert_sound(rig.app, issued=3)


def test_an_old_approval_is_worth_nothing(rig: Rig) -> None:
    """Returned and submitted again unchanged, withdrawn and changed: the approval was of another round."""
    draft = submitted(rig)
    first = seen(rig, draft)
    send_back(rig, draft)
    with pytest.raises(RegistryError, match="draft_not_submitted"):
        release(rig, draft, APPROVER, first)
    submit(rig, draft)
    with pytest.raises(RegistryError, match="draft_changed"):
        release(rig, draft, APPROVER, first)
    second = seen(rig, draft)
    assert second.submission.list_sha256 == first.submission.list_sha256
    with rig.app.database.write() as session:
        decisions.withdraw(session, CLERK, draft, now=rig.clock.now)
    upload(rig, draft, csv_bytes([annual(1), annual(2), annual(4)]))
    submit(rig, draft)
    with pytest.raises(RegistryError, match="draft_changed"):
        release(rig, draft, APPROVER, second)
    third = seen(rig, draft)
    forged = replace(third, submission=_with_digest(third.submission, "0" * 64))
    with pytest.raises(RegistryError, match="draft_changed"):
        release(rig, draft, APPROVER, forged)
    release(rig, draft, APPROVER, third)


def _with_digest(submission: DraftSubmission, shown: str) -> DraftSubmission:
    return DraftSubmission(round=submission.round, shown=shown)


def test_a_submitted_list_is_not_changed_behind_the_approvers_back(lite: Rig) -> None:
    draft = submitted(lite)
    with pytest.raises(RegistryError, match="draft_not_open"):
        upload(lite, draft, csv_bytes([annual(7)]))
    with pytest.raises(RegistryError, match="draft_not_open"), lite.app.database.write() as session:
        drafts.discard(session, CLERK, draft, now=lite.clock.now)


def test_an_upload_read_before_another_is_refused(rig: Rig) -> None:
    draft = opened(rig)
    slow = composed(rig, draft, csv_bytes([annual(1)]))
    upload(rig, draft, csv_bytes([annual(2)]), actor=COLLEAGUE)
    with pytest.raises(RegistryError, match="draft_changed"), rig.app.database.write() as session:
        drafts.store(session, CLERK, rig.app.vault, draft, slow, now=rig.clock.now)


def _a_list_of_another(session: object, draft: int) -> None:
    own, other = (session.get_one(DraftList, one) for one in (draft, draft + 1))  # type: ignore[attr-defined]
    own.listed, own.sha256 = other.listed, other.sha256


def _another_digest(session: object, draft: int) -> None:
    session.get_one(DraftList, draft).sha256 = "0" * 64  # type: ignore[attr-defined]


def _another_approver(session: object, draft: int) -> None:
    session.get_one(DraftSubmission, (draft, 1)).decided_by = 99  # type: ignore[attr-defined]


def _another_authority(session: object, draft: int) -> None:
    session.get_one(Draft, draft).authority = "418001"  # type: ignore[attr-defined]


def _a_released_one_by_hand(session: object, draft: int) -> None:
    """What a database administrator can write by himself."""
    submission = session.get_one(DraftSubmission, (draft, 1))  # type: ignore[attr-defined]
    submission.seal = bytes(32)


def not_carried_out(rig: Rig, draft: int) -> str:
    """Why the worker issues nothing of a release: its code."""
    assert work(rig)
    job = job_of(rig, draft)
    assert job.state == "failed"
    assert_sound(rig.app, issued=0)
    return job.error


@pytest.mark.parametrize(
    "tamper",
    [_a_list_of_another, _another_digest, _another_approver, _another_authority, _a_released_one_by_hand],
)
def test_what_was_altered_in_the_database_is_not_issued(
    lite: Rig, tamper: Callable[[object, int], None]
) -> None:
    draft = submitted(lite)
    submitted(lite, range(50, 53))
    release(lite, draft)
    with lite.app.database.write() as session:
        tamper(session, draft)
    assert not_carried_out(lite, draft) in {"release_altered", "draft_altered"}


def test_whoever_takes_his_hand_off_the_list_releases_it_for_nothing(lite: Rig) -> None:
    """With all that the database says of two people out of the way his release is sealed, and not carried out."""
    draft = submitted(lite)
    shown = seen(lite, draft).submission
    with lite.app.database.write() as session:
        session.execute(delete(DraftHand).filter_by(draft_id=draft))
        session.connection().exec_driver_sql("PRAGMA ignore_check_constraints = ON")
        release_in(session, lite, draft, CLERK, shown)
    assert not_carried_out(lite, draft) == "release_altered"


def test_a_sheet_of_before_another_upload_is_not_submitted(lite: Rig) -> None:
    draft = opened(lite)
    upload(lite, draft, csv_bytes([annual(1)]))
    sheet = decisions.prepare(lite.app, draft, remark="", now=lite.clock.now)
    upload(lite, draft, csv_bytes([annual(1), annual(2)]))
    with lite.app.database.write() as session, refused(RegistryError, "draft_changed"):
        decisions.submit(session, CLERK, lite.app.vault, draft, sheet, now=lite.clock.now)


def test_an_earlier_list_of_the_same_draft_is_not_what_was_released(lite: Rig) -> None:
    """Put back with its own digest it opens, for it was sealed for this draft; the release says which list it was."""
    draft = opened(lite)
    upload(lite, draft, csv_bytes([annual(1), annual(2)]))
    with lite.app.database.read() as session:
        kept = session.get_one(DraftList, draft)
        earlier = {"listed": kept.listed, "sha256": kept.sha256}
    upload(lite, draft, csv_bytes([annual(1)]))
    submit(lite, draft)
    release(lite, draft)
    with lite.app.database.write() as session:
        session.execute(update(DraftList).filter_by(draft_id=draft).values(earlier))
    assert not_carried_out(lite, draft) == "release_altered"


def test_nothing_to_submit(lite: Rig) -> None:
    draft = opened(lite)
    with pytest.raises(RegistryError, match="draft_empty"):
        submit(lite, draft)
    upload(lite, draft, csv_bytes([annual(1, 姓名="李1雷")]))
    with pytest.raises(RegistryError, match="draft_empty"):
        submit(lite, draft)


def test_what_others_issued_meanwhile(rig: Rig) -> None:
    """Who got a certificate between submission and release gets no second one, and the job says so."""
    draft = submitted(rig, range(1, 4))
    rig.issue(2)
    release(rig, draft)
    work(rig)
    result = job_of(rig, draft).result
    assert (result["issued"], result["heldBefore"]) == (2, 1)
    assert_sound(rig.app, issued=3)
    with pytest.raises(RegistryError, match="draft_nothing_new"):
        submitted(rig, range(1, 4))


def test_an_authority_that_was_suspended_after_the_release(lite: Rig) -> None:
    draft = submitted(lite)
    release(lite, draft)
    lite.set_authority("suspended")
    work(lite)
    job = job_of(lite, draft)
    assert (job.state, job.error) == ("failed", "authority_suspended")
    lite.set_authority("granted")
    with lite.app.database.write() as session:
        decisions.try_again(session, APPROVER, draft, now=lite.clock.now)
    work(lite)
    assert job_of(lite, draft).state == "done"
    assert_sound(lite.app, issued=3)


def test_the_sheet(lite: Rig) -> None:
    """What the approver sees: groups, employers, hours, namesakes, and last year beside it."""
    draft = opened(lite)
    rows = [
        annual(1),
        annual(2, 职称等级="高级", 专业科目学时=40),
        annual(3, 工作单位="河南省肿瘤医院"),
        annual(4),
    ]
    upload(lite, draft, csv_bytes(rows))
    lite.issue(4)
    sheet = submit(lite, draft, remark="按文件办理").sheet
    assert sheet["groups"] == [["intermediate", 3], ["senior", 1]]
    assert sheet["employers"]["named"] == [["郑州市第一人民医院", 3], ["河南省肿瘤医院", 1]]
    assert sheet["short"] == {"count": 1, "places": [1]}
    assert sheet["before"] == {"count": 1, "places": [3]}
    assert (sheet["fit"], sheet["heldBefore"], sheet["remark"]) == (3, 1, "按文件办理")
    assert sheet["namesakes"] == {"count": 1, "groups": [[0, 1, 3]]}
    assert (sheet["lastYear"]["people"], sheet["lastYear"]["new"]) == (0, 4)
    assert sheet["sample"]["places"] == [0, 1, 2, 3]


def test_whoever_is_found_under_another_name_is_left_out_and_gets_no_number(lite: Rig) -> None:
    draft = opened(lite)
    upload(lite, draft, csv_bytes([annual(1), annual(2)]))
    lite.submit(write_csv(lite.folder / "other.csv", [ANNUAL, annual(1, 姓名="李静")]))
    with lite.app.database.read() as session:
        row = session.get_one(Draft, draft)
        assert list(numbers_by_origin(lite.app, session, row, today=_today(lite))) == []
    with refused(RegistryError, "draft_outdated"):
        submit(lite, draft)
    upload(lite, draft, csv_bytes([annual(1), annual(2)]))
    with lite.app.database.read() as session:
        told = {one.code for one in findings_of_part(session, lite.app.vault, draft, 2)}
    assert "issued_to_another_name" in told
    assert (draft_of(lite, draft).people, draft_of(lite, draft).left_out) == (1, 1)


def test_the_sample_can_be_drawn_again_and_not_be_chosen() -> None:
    digest = sha256(b"list").hexdigest()
    first = sample_of("ab" * 16, digest, 10_000)
    assert first == sample_of("ab" * 16, digest, 10_000)
    assert first != sample_of("ac" * 16, digest, 10_000)
    assert first != sample_of("ab" * 16, sha256(b"another").hexdigest(), 10_000)
    assert len(first) == len(set(first)) == 50
    assert [sample_size(people) for people in (0, 3, 20, 400, 10**6)] == [0, 3, 5, 20, 50]


def test_what_is_kept_is_sealed(lite: Rig) -> None:
    """Neither name nor number nor what a clerk wrote is to be found in the database's own bytes."""
    draft = opened(lite)
    number = annual(1)[1]
    upload(lite, draft, csv_bytes([annual(1), annual(2, 身份证号=number[:-1] + "?")]))
    submit(lite, draft)
    for table in (DraftList, DraftSubmission):
        with lite.app.database.read() as session:
            for row in session.scalars(select(table)):
                values = [getattr(row, column.name) for column in table.__table__.columns]
                text = b"".join(value for value in values if isinstance(value, bytes))
                assert number.encode() not in text
                assert "张文博".encode() not in text


def _today(rig: Rig) -> date:
    return datetime.fromtimestamp(rig.clock.now, CHINA).date()
