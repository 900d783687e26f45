"""Corrections: the old number leads to the new one, the claim goes along, and no accident makes two of one."""

import pytest
from sqlalchemy import select

from registry.correction import correct, examine
from registry.errors import IssuanceError, StatusChangeError
from registry.intake.findings import IntakeError
from registry.issuance import resume
from registry.models import Claim, Intent, Series
from tests.builders import MUNICIPAL, refused
from tests.registry.children import REFUSED, Strike, at_once, correct_one, killed
from tests.registry.rig import NOW, Rig, assert_sound
from tests.registry.sheets import identity
from verifier.report import Verdict


def claims(rig: Rig) -> list[str]:
    """The numbers that claims point to."""
    with rig.app.database.read() as session:
        return sorted(session.scalars(select(Claim.number)))


def test_the_old_number_leads_to_the_new(rig: Rig) -> None:
    (old,) = rig.issue(1)
    before = rig.record(old)
    rig.clock.now += 60
    finished = correct(rig.app, old, {"name": "李雷", "publicHours": 30})
    (new,) = finished.issued
    assert rig.record(old) == before
    assert claims(rig) == [new]
    rig.publish()
    report = rig.judge(old)
    assert (report.verdict, report.reason) == (Verdict.FAILED, "superseded")
    assert report.steps[8].details == {"since": rig.clock.now, "reason": "superseded", "successor": new}
    successor = rig.judge(new)
    assert successor.reason == "valid"
    assert successor.record is not None
    assert (successor.record.subject["name"], successor.record.subject["publicHours"]) == ("李雷", 30)
    assert_sound(rig.app, issued=2)
    # The old list has the name as it was.
    again = rig.submit(rig.people([1]))
    assert [one.code for one in again.findings] == ["issued_to_another_name"]
    assert (len(again.refused_rows), again.already_issued) == (1, 0)


def test_the_identity_number_is_corrected_and_the_claim_with_it(rig: Rig) -> None:
    (old,) = rig.issue(1)
    (new,) = correct(rig.app, old, {}, identity=identity(2)).issued
    assert claims(rig) == [new]
    again = rig.submit(rig.people([1, 2]))
    assert (len(again.issued), again.already_issued) == (1, 1)
    assert_sound(rig.app, issued=3)


def test_a_correction_cannot_make_a_second_certificate_of_one_person(rig: Rig) -> None:
    first, second = rig.issue(1, 2)
    with refused(StatusChangeError, "claim_taken"):
        correct(rig.app, first, {}, identity=identity(2))
    assert claims(rig) == [first, second]
    assert_sound(rig.app, issued=2)


def test_a_correction_is_corrected_again(rig: Rig) -> None:
    (one,) = rig.issue(1)
    (two,) = correct(rig.app, one, {"name": "李雷"}).issued
    (three,) = correct(rig.app, two, {"name": "李磊"}).issued
    rig.publish()
    assert [rig.judge(number).reason for number in (one, two, three)] == ["superseded", "superseded", "valid"]
    with refused(StatusChangeError, "status_transition"):
        correct(rig.app, one, {"name": "韩梅梅"})
    assert_sound(rig.app, issued=3)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, "correction_changes_nothing"),
        ({"name": "张文博"}, "correction_changes_nothing"),
        ({"certificateNumber": "41010020261000000231"}, "correction_field"),
        ({"identityDocument": "410105********1234"}, "correction_field"),
        ({"nickname": "小张"}, "correction_field"),
        ({"ruleSet": "henan-1912"}, "rule_set_unknown"),
    ],
)
def test_what_cannot_be_corrected(lite: Rig, changes: dict[str, str | int], code: str) -> None:
    (number,) = lite.issue(1)
    with refused(StatusChangeError, code):
        correct(lite.app, number, changes)
    assert_sound(lite.app, issued=1)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"name": "张"}, "name_single"),
        ({"name": "张\U00030010博"}, "glyph_missing"),
        ({"publicHours": "多"}, "hours_form"),
        ({"professionalHours": -3}, "hours_negative"),
        ({"grade": "特级"}, "grade_unknown"),
        ({"employer": ""}, "cell_empty"),
    ],
)
def test_a_correction_is_judged_as_a_clerks_row_is(
    lite: Rig, changes: dict[str, str | int], code: str
) -> None:
    (number,) = lite.issue(1)
    with refused(IntakeError, code):
        correct(lite.app, number, changes)
    with refused(IntakeError, "identity_check"):
        correct(lite.app, number, {}, identity=identity(2)[:17] + ("1" if identity(2)[17] != "1" else "2"))
    assert_sound(lite.app, issued=1)


def test_a_correction_that_no_qr_could_hold(lite: Rig) -> None:
    (number,) = lite.issue(1)
    with refused(IntakeError, "qr_too_large"):
        correct(lite.app, number, {"employer": "郑" * 60, "name": "阿卜杜热合曼·" * 5 + "吐尔洪"})
    assert_sound(lite.app, issued=1)


def test_short_hours_are_told_beforehand(lite: Rig) -> None:
    (number,) = lite.issue(1)
    with lite.app.database.read() as session:
        low = examine(session, lite.app, number, {"professionalHours": 60, "publicHours": 1}).short
        assert examine(session, lite.app, number, {"name": "李雷"}).short is None
    assert low is not None
    assert (low.code, low.params["professional"], low.params["public"]) == ("hours_short", "0", "25")


def test_values_are_normalised_as_at_intake(lite: Rig) -> None:
    (number,) = lite.issue(1)
    (new,) = correct(lite.app, number, {"grade": "高级", "professionalHours": "７２"}).issued
    lite.publish()
    record = lite.judge(new).record
    assert record is not None
    assert (record.subject["grade"], record.subject["professionalHours"]) == ("senior", 72)


def test_a_training_is_corrected(lite: Rig) -> None:
    (number,) = lite.issue(1, kind="completion")
    (new,) = correct(lite.app, number, {"completedOn": "2026-06-01", "category": "public"}).issued
    lite.publish()
    record = lite.judge(new).record
    assert record is not None
    assert (record.subject["completedOn"], record.subject["category"]) == ("2026-06-01", "public")
    assert claims(lite) == [new]


def test_unknown_and_revoked_numbers(lite: Rig) -> None:
    (number,) = lite.issue(1)
    with refused(StatusChangeError, "number_unknown"):
        correct(lite.app, number[:-2] + "00", {"name": "李雷"})
    lite.change(number, "revoke", "fraud")
    with refused(StatusChangeError, "status_transition"):
        correct(lite.app, number, {"name": "李雷"})


def test_a_suspended_authority_corrects_nothing(rig: Rig) -> None:
    (number,) = rig.issue(1)
    rig.set_authority("suspended")
    with refused(IssuanceError, "authority_suspended"):
        correct(rig.app, number, {"name": "李雷"})
    with rig.app.database.read() as session:
        assert session.get_one(Series, (MUNICIPAL, 2026, 1)).next_serial == 2
    assert_sound(rig.app, issued=1)


def test_revoked_between_reservation_and_logging(rig: Rig) -> None:
    """A correction must not turn a revocation for fraud into a mere replacement."""
    (old,) = rig.issue(1)
    assert killed(rig.place, NOW, correct_one, old, "李雷", strike=Strike("reserve:after"))
    rig.change(old, "revoke", "fraud")
    (finished,) = resume(rig.app)
    assert finished.issued == ()
    assert [reason for _, reason in finished.void] == ["superseded_meanwhile"]
    rig.publish()
    report = rig.judge(old)
    assert (report.reason, report.steps[8].details["reason"]) == ("revoked", "fraud")
    assert claims(rig) == [old]  # which bars the person
    assert_sound(rig.app, issued=1, void=1)


def test_a_void_correction_leaves_the_old_certificate_its_claim(rig: Rig) -> None:
    (old,) = rig.issue(1)
    assert killed(rig.place, NOW, correct_one, old, "李雷", strike=Strike("reserve:after"))
    rig.set_authority("suspended")
    (finished,) = resume(rig.app)
    assert [reason for _, reason in finished.void] == ["authority_suspended"]
    assert claims(rig) == [old]
    rig.publish()
    assert rig.judge(old).reason == "valid"
    assert_sound(rig.app, issued=1, void=1)
    rig.set_authority("granted")
    assert rig.submit(rig.people([1])).issued == []


def test_two_corrections_of_one_certificate_at_once(rig: Rig) -> None:
    (old,) = rig.issue(1)
    codes = at_once(rig.place, NOW, (correct_one, old, "李雷"), (correct_one, old, "韩梅梅"))
    # Who comes second finds the certificate revoked already, or does so when its own number is to be logged.
    assert_sound(rig.app, issued=2, void=0 if REFUSED in codes else 1)
    rig.publish()
    assert rig.judge(old).reason == "superseded"


def test_corrected_again_while_a_correction_is_unfinished(rig: Rig) -> None:
    """The quicker one wins; the number of the other is accounted for, and its person keeps one certificate."""
    (old,) = rig.issue(1)
    assert killed(rig.place, NOW, correct_one, old, "李雷", strike=Strike("sign:after"))
    (new,) = correct(rig.app, old, {"name": "韩梅梅"}).issued
    (finished,) = resume(rig.app)
    assert [reason for _, reason in finished.void] == ["superseded_meanwhile"]
    assert claims(rig) == [new]
    assert_sound(rig.app, issued=2, void=1)


def test_a_correction_keeps_its_template_version(lite: Rig) -> None:
    (old,) = lite.issue(1)
    (new,) = correct(lite.app, old, {"name": "李雷"}).issued
    with lite.app.database.read() as session:
        intent = session.scalars(select(Intent).filter_by(corrects=old)).one()
    assert (intent.template_version, intent.count, intent.corrects) == ("v1", 1, old)
    assert new[:11] == old[:11]
