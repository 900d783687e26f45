"""Cases: two people, one certificate as it is, and an end that happens once, whatever comes between."""

from dataclasses import replace

import pytest
from sqlalchemy import select, update

from registry.cases.certificates import reveal_identity
from registry.cases.errors import CaseError
from registry.cases.execution import carry_out
from registry.cases.models import Case
from registry.cases.service import cases_of, decline, try_again, withdraw
from registry.errors import RegistryError, StatusChangeError
from registry.issuance import Observe
from registry.jobs.service import jobs_about
from registry.log import latest_checkpoint
from registry.models import StatusEvent
from registry.trail.service import Filter, find
from tests.builders import MUNICIPAL, refused
from tests.cases.people import (
    APPROVER,
    CLERK,
    FOREIGN,
    PROGRAM,
    PROVINCE,
    acted,
    acting,
    case,
    confirmed,
    proposed,
    seen,
    work,
)
from tests.registry.children import REFUSED, Strike, at_once, killed
from tests.registry.rig import NOW, Rig, assert_sound
from tests.registry.sheets import identity
from verifier.report import Verdict


def acts(rig: Rig, number: str) -> list[str]:
    """What the trail says was done to a certificate, oldest first."""
    with rig.app.database.read() as session:
        found = find(session, Filter(subject=f"certificate:{number}"))
    return [one.entry.act for one in reversed(found)]


def test_a_revocation_needs_another_person(rig: Rig) -> None:
    (number,) = rig.issue(1)
    waiting = proposed(rig, number)
    for actor, code in ((CLERK, "case_own"), (PROGRAM, "case_by_token"), (FOREIGN, "not_found")):
        with refused(CaseError, code):
            confirmed(rig, waiting, actor=actor)
    assert case(rig, waiting.id).state == "proposed"
    done = confirmed(rig, waiting)
    assert (done.state, done.decided_by) == ("done", APPROVER.account)
    work(rig)
    rig.publish()
    report = rig.judge(number)
    assert (report.verdict, report.reason) == (Verdict.FAILED, "revoked")
    assert acts(rig, number) == ["case.propose", "case.confirm"]
    with rig.app.database.read() as session:
        head = latest_checkpoint(session)
        assert head is not None
        assert head.size > (done.leaf_index or 0)  # the worker signed it
    assert_sound(rig.app, issued=1)


def test_own_case_through_another_session_or_token(rig: Rig) -> None:
    """It is the account that counts, not how it came in."""
    (number,) = rig.issue(1)
    waiting = proposed(rig, number, actor=APPROVER)
    for same in (replace(APPROVER, origin="198.51.100.1"), replace(APPROVER, token=3)):
        with pytest.raises(CaseError) as caught:
            confirmed(rig, waiting, actor=same)
        assert caught.value.code in ("case_own", "case_by_token")
    confirmed(rig, waiting, actor=PROVINCE)
    assert_sound(rig.app, issued=1)


def test_a_correction_leads_on(rig: Rig) -> None:
    (old,) = rig.issue(1)
    waiting = proposed(rig, old, "correct", changes={"name": "李雷"}, identity=identity(2))
    assert b"\xe6\x9d\x8e" not in (waiting.payload or b"")  # sealed
    assert confirmed(rig, waiting).state == "confirmed"
    work(rig)
    done = case(rig, waiting.id)
    assert (done.state, done.failure) == ("done", "")
    assert done.successor is not None
    rig.publish()
    assert rig.judge(old).steps[8].details["successor"] == done.successor
    assert rig.judge(done.successor).reason == "valid"
    assert acts(rig, old) == ["case.propose", "case.confirm", "case.done"]
    carry_out(rig.app, waiting.id)  # once more comes to the same
    assert_sound(rig.app, issued=2)


def test_suspended_and_reinstated_by_one_person(rig: Rig) -> None:
    (number,) = rig.issue(1)
    first = acted(rig, number, "suspend", "complaint")
    assert first.state == "done"
    second = acted(rig, number, "reinstate", "complaint-dismissed")
    with rig.app.database.read() as session:
        assert [one.id for one in cases_of(session, number)] == [second.id, first.id]
    with refused(StatusChangeError, "status_transition"):
        acted(rig, number, "reinstate", "complaint-dismissed")
    with refused(StatusChangeError, "reason_unlisted"):
        acted(rig, number, "suspend", "because")
    assert acts(rig, number) == ["certificate.suspend", "certificate.reinstate"]
    assert_sound(rig.app, issued=1)


def test_another_authoritys_certificate_is_none(rig: Rig) -> None:
    (number,) = rig.issue(1)
    with refused(CaseError, "not_found"):
        acted(rig, number, "suspend", "complaint", actor=FOREIGN)
    with refused(CaseError, "not_found"):
        proposed(rig, number, actor=FOREIGN)
    with rig.app.write() as session, refused(CaseError, "not_found"):
        reveal_identity(
            session,
            FOREIGN,
            rig.app.vault,
            number=number,
            authority=FOREIGN.authority,
            reason="核对身份",
            now=NOW,
        )


def test_the_state_changed_underneath(rig: Rig) -> None:
    """Whoever confirms has seen the certificate as it is; so has whoever proposes."""
    (number,) = rig.issue(1)
    old = seen(rig, number)
    waiting = proposed(rig, number)
    acted(rig, number, "suspend", "complaint", actor=APPROVER)
    with refused(CaseError, "case_overtaken"):
        confirmed(rig, waiting)
    with rig.app.write() as session:
        withdraw(session, CLERK, case_id=waiting.id, authority=MUNICIPAL, now=NOW)
    with rig.app.write() as session, refused(CaseError, "case_overtaken"):
        acting(rig, number, "reinstate", "review-closed", basis=old)(session)
    assert confirmed(rig, proposed(rig, number)).state == "done"
    assert_sound(rig.app, issued=1)


def test_one_open_case_a_certificate(rig: Rig) -> None:
    (number,) = rig.issue(1)
    first = proposed(rig, number)
    with refused(CaseError, "case_open"):
        proposed(rig, number, actor=APPROVER)
    with rig.app.write() as session:
        decline(session, APPROVER, case_id=first.id, authority=MUNICIPAL, remark="材料不全", now=NOW)
    with refused(CaseError, "case_decided"):
        confirmed(rig, first)
    proposed(rig, number)


def test_declining_and_withdrawing(lite: Rig) -> None:
    (number,) = lite.issue(1)
    waiting = proposed(lite, number)
    with lite.app.write() as session:
        with refused(CaseError, "case_remark_needed"):
            decline(session, APPROVER, case_id=waiting.id, authority=MUNICIPAL, remark=" ", now=NOW)
        with refused(CaseError, "case_own"):
            decline(session, CLERK, case_id=waiting.id, authority=MUNICIPAL, remark="不", now=NOW)
        with refused(CaseError, "case_not_own"):
            withdraw(session, APPROVER, case_id=waiting.id, authority=MUNICIPAL, now=NOW)
        withdraw(session, CLERK, case_id=waiting.id, authority=MUNICIPAL, now=NOW)
    assert acts(lite, number) == ["case.propose", "case.withdraw"]


def test_released_by_two(lite: Rig) -> None:
    (number,) = lite.issue(1)
    with refused(StatusChangeError, "not_barred"):
        proposed(lite, number, "release", remark="查明与本人无关")
    confirmed(lite, proposed(lite, number))
    with refused(CaseError, "case_remark_needed"):
        proposed(lite, number, "release")
    assert confirmed(lite, proposed(lite, number, "release", remark="查明与本人无关")).state == "done"
    assert len(lite.submit(lite.people([1])).issued) == 1


def test_what_cannot_be_is_no_case(lite: Rig) -> None:
    (number,) = lite.issue(1)
    with refused(StatusChangeError, "correction_changes_nothing"):
        proposed(lite, number, "correct", changes={})
    with refused(CaseError, "case_reason"):
        proposed(lite, number, reason="superseded")
    with refused(CaseError, "case_action"):
        proposed(lite, number, "suspend")
    with refused(CaseError, "case_remark_long"):
        proposed(lite, number, remark="长" * 501)


def confirm_case(app: object, _: Observe, case_id: int, account: int) -> None:
    """In a process of its own."""
    from registry.app import App
    from registry.cases.service import confirm

    assert isinstance(app, App)
    actor = replace(APPROVER, account=account)
    with app.write() as session:
        confirm(session, actor, app, case_id=case_id, authority=MUNICIPAL, remark="", now=app.clock())


@pytest.mark.both_engines
@pytest.mark.parametrize("action", ["revoke", "correct"])
def test_two_approvers_at_once(rig: Rig, action: str) -> None:
    """One confirms, the other is told that it is decided; one event, one job."""
    (number,) = rig.issue(1)
    changes = {"changes": {"name": "李雷"}} if action == "correct" else {}
    waiting = proposed(rig, number, action, **changes)
    codes = at_once(rig.place, NOW, (confirm_case, waiting.id, 12), (confirm_case, waiting.id, 14))
    assert sorted(codes) == [0, REFUSED]
    work(rig)
    assert case(rig, waiting.id).state == "done"
    with rig.app.database.read() as session:
        assert len(session.scalars(select(StatusEvent).filter_by(number=number)).all()) == 1
    assert acts(rig, number).count("case.confirm") == 1
    assert_sound(rig.app, issued=2 if action == "correct" else 1)


def carry(app: object, observe: Observe, case_id: int) -> None:
    """In a process of its own."""
    from registry.app import App

    assert isinstance(app, App)
    carry_out(app, case_id, observe)


@pytest.mark.parametrize("point", ["case:reserved", "sign:after", "log:before", "log:after", "case:logged"])
def test_killed_while_correcting(lite: Rig, point: str) -> None:
    """Wherever the worker dies: one successor, one end, nothing reserved twice."""
    (number,) = lite.issue(1)
    waiting = proposed(lite, number, "correct", changes={"name": "李雷"})
    confirmed(lite, waiting)
    assert killed(lite.place, NOW, carry, waiting.id, strike=Strike(point))
    work(lite)
    done = case(lite, waiting.id)
    assert (done.state, done.failure) == ("done", "")
    assert acts(lite, number).count("case.done") == 1
    assert_sound(lite.app, issued=2)


@pytest.mark.both_engines
def test_two_workers_at_one_correction(rig: Rig) -> None:
    (number,) = rig.issue(1)
    waiting = proposed(rig, number, "correct", changes={"name": "李雷"})
    confirmed(rig, waiting)
    assert at_once(rig.place, NOW, (carry, waiting.id), (carry, waiting.id)) == [0, 0]
    assert case(rig, waiting.id).state == "done"
    assert acts(rig, number).count("case.done") == 1
    rig.app.sign_log()
    assert_sound(rig.app, issued=2)


def test_a_correction_that_became_impossible(rig: Rig) -> None:
    """It ends with the reason; the certificate stays as it was, and a new case may be proposed."""
    (number,) = rig.issue(1)
    waiting = proposed(rig, number, "correct", changes={"name": "李雷"})
    confirmed(rig, waiting)
    rig.set_authority("suspended")
    work(rig)
    done = case(rig, waiting.id)
    assert (done.state, done.failure) == ("failed", "authority_suspended")
    rig.set_authority("granted")
    proposed(rig, number, "correct", changes={"name": "李雷"})
    assert_sound(rig.app, issued=1)


@pytest.mark.parametrize(
    "altered",
    [{"number": None}, {"payload": b"x" * 60}, {"proposed_by": 99}, {"decided_by": 99}, {"seal": None}],
)
def test_a_case_written_into_the_database_is_not_carried_out(lite: Rig, altered: dict[str, object]) -> None:
    """Whoever can write to the tables, and has no secret, has nothing signed."""
    mine, other = lite.issue(1, 2)
    waiting = proposed(lite, mine, "correct", changes={"name": "李雷"})
    confirmed(lite, waiting)
    values = {"number": other} if altered == {"number": None} else altered
    with lite.app.database.write() as session:
        session.execute(update(Case).where(Case.id == waiting.id).values(**values))
    work(lite)
    with lite.app.database.read() as session:
        (job,) = jobs_about(session, f"case:{waiting.id}")
    assert (job.state, job.error) == ("failed", "case_altered")
    assert_sound(lite.app, issued=2)


def test_what_failed_is_carried_out_once_more_and_the_trail_says_by_whom(rig: Rig) -> None:
    (number,) = rig.issue(1)
    waiting = proposed(rig, number, "correct", changes={"name": "李雷"})

    def again(authority: str | None = MUNICIPAL) -> None:
        with rig.app.database.write() as session:
            try_again(session, APPROVER, case_id=waiting.id, authority=authority, now=NOW)

    with refused(RegistryError, "job_not_failed"):
        again()  # nothing was confirmed
    confirmed(rig, waiting)
    seal = case(rig, waiting.id).seal
    _set_seal(rig, waiting.id, None)
    with refused(RegistryError, "job_not_failed"):
        again()  # nothing was tried
    work(rig)
    with refused(CaseError, "not_found"):
        again("418001")
    _set_seal(rig, waiting.id, seal)
    again()
    work(rig)
    assert case(rig, waiting.id).state == "done"
    assert [act for act in acts(rig, number) if act.startswith("case.")][:3] == [
        "case.propose",
        "case.confirm",
        "case.retry",
    ]
    with rig.app.database.read() as session:
        (entry,) = find(session, Filter(act="case.retry"))
    assert entry.entry.login == APPROVER.login
    with refused(RegistryError, "job_not_failed"):
        again()
    assert_sound(rig.app, issued=2)


def _set_seal(rig: Rig, case_id: int, seal: bytes | None) -> None:
    with rig.app.database.write() as session:
        session.execute(update(Case).where(Case.id == case_id).values(seal=seal))


def test_revealing_an_identity_number_is_an_act(rig: Rig) -> None:
    (number,) = rig.issue(1)
    with rig.app.write() as session:
        with refused(CaseError, "reveal_reason"):
            reveal_identity(
                session, CLERK, rig.app.vault, number=number, authority=MUNICIPAL, reason=" ", now=NOW
            )
        shown = reveal_identity(
            session,
            CLERK,
            rig.app.vault,
            number=number,
            authority=MUNICIPAL,
            reason=f"与本人 {identity(1)} 核对",
            now=NOW,
        )
    assert shown == identity(1)
    with rig.app.database.read() as session:
        (entry,) = find(session, Filter(act="certificate.reveal"))
    assert entry.entry.subject == f"certificate:{number}"
    assert identity(1) not in str(entry.entry.document)
