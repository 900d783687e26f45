"""Issuing without accidents: what is issued, what is told of the rest, and what becomes void."""

from dataclasses import replace

import orjson
import pytest
from sqlalchemy import select

from registry.app import App
from registry.batches import BatchResult, issue_file, preview_file
from registry.errors import IssuanceError, OfficeError, RegistryError
from registry.intake.findings import Finding, Severity, explain
from registry.issuance import POINTS, finish_intent, resume
from registry.models import Batch, Certificate, Intent, LogHead, VoidNumber
from registry.offices import root_signers
from registry.outcomes import issued_rows, outcomes_of
from registry.status import state_of
from registry.trust import current_trust_list, publish_version
from tests.builders import INDUSTRY, MUNICIPAL, refused
from tests.registry.children import Strike, issue, killed
from tests.registry.rig import DAY, NOW, RULES, Rig, assert_sound, intake, revoke_key
from tests.registry.sheets import ANNUAL, COMPLETION, annual, completion, identity, write_csv
from verifier.report import Outcome, Verdict

ROWS = 5


def interrupted(rig: Rig, point: str = "reserve:after") -> int:
    """An issue that died before anything was logged; returns its intent."""
    file = rig.people(range(ROWS))
    assert killed(rig.place, NOW, issue, file, strike=Strike(point))
    with rig.app.database.read() as session:
        return session.scalars(select(Intent.id)).one()


def voids(rig: Rig) -> set[str]:
    """The reasons of void numbers."""
    with rig.app.database.read() as session:
        return set(session.scalars(select(VoidNumber.reason)))


def test_every_certificate_passes_the_public_verifier(rig: Rig) -> None:
    numbers = rig.issue(*range(ROWS)) + rig.issue(*range(ROWS), kind="completion")
    numbers += rig.issue(10, 11, authority=INDUSTRY)
    rig.publish()
    for number in numbers:
        report = rig.judge(number)
        assert (report.verdict, report.reason) == (Verdict.PASSED, "valid")
        outcomes = {step.outcome for step in report.steps[:9]}
        assert outcomes == {Outcome.PASSED}
    assert_sound(rig.app, issued=12, annual_only=False)


def test_the_points_are_passed_in_order(rig: Rig) -> None:
    seen: list[str] = []
    rig.submit(rig.people(range(ROWS)), observe=lambda point, _: seen.append(point))
    assert tuple(seen) == POINTS


def test_the_same_file_again_issues_nothing_and_says_so(rig: Rig) -> None:
    file = rig.people(range(ROWS))
    first = rig.submit(file)
    assert (len(first.issued), first.earlier) == (ROWS, None)
    rig.clock.now += 60
    again = rig.submit(file)
    assert (again.issued, again.already_issued) == ([], ROWS)
    assert again.earlier == (first.batch_id, NOW)
    told = {finding.params["number"] for finding in again.findings}
    assert {finding.code for finding in again.findings} == {"already_issued"}
    assert told == set(first.issued)
    assert_sound(rig.app, issued=ROWS)


def test_a_longer_file_issues_the_rest(rig: Rig) -> None:
    rig.submit(rig.people(range(3)))
    result = rig.submit(rig.people(range(7), "longer.csv"), chunk=2)
    assert (len(result.issued), result.already_issued, result.earlier) == (4, 3, None)
    assert_sound(rig.app, issued=7)


def test_another_office_is_told_the_number(rig: Rig) -> None:
    (number,) = rig.issue(1)
    result = rig.submit(rig.people([1, 2]), authority=INDUSTRY)
    assert len(result.issued) == 1
    (finding,) = result.findings
    assert (finding.code, finding.params) == ("already_issued", {"number": number})


def test_a_number_that_somebody_else_has_is_a_fault_and_tells_nobodys_name(rig: Rig) -> None:
    """A slip in the identity number finds another person's certificate: no success, and not that person's name."""
    (number,) = rig.issue(1)
    file = write_csv(rig.folder / "slip.csv", [ANNUAL, annual(1, 姓名="李静"), annual(2)])
    before = preview_file(rig.app, intake(file), authority=INDUSTRY, rule_set=RULES)
    assert (before.fit, before.refused_rows, before.already_issued) == ([("slip", 3)], {("slip", 2)}, 0)
    result = rig.submit(file, authority=INDUSTRY)
    assert (len(result.issued), result.refused_rows, result.already_issued) == (1, {("slip", 2)}, 0)
    (finding,) = result.findings
    assert (finding.code, finding.severity) == ("issued_to_another_name", Severity.FAULT)
    assert finding.params == {"number": number}
    assert (finding.column, finding.heading, finding.value) == ("A", "姓名", "李静")
    assert "张文博" not in explain(finding, "zh-CN")
    assert outcomes_of(result, "zh-CN")["slip", 2] == ("未发", "")
    assert_sound(rig.app, issued=2)


def test_what_differs_from_the_certificate_is_named(rig: Rig) -> None:
    (number,) = rig.issue(1)
    (training,) = rig.issue(1, kind="completion")
    row = annual(1, 工作单位="河南省人民医院", 职称等级="高级", 公需科目学时=30)
    (finding,) = rig.submit(write_csv(rig.folder / "differs.csv", [ANNUAL, row])).findings
    assert finding.params == {"number": number, "fields": "工作单位、职称等级、公需科目学时"}
    file = write_csv(rig.folder / "training.csv", [COMPLETION, completion(1, 施教机构="河南大学", 学时=30)])
    result = rig.submit(file, kind="completion")
    (finding,) = result.findings
    assert (finding.code, finding.severity) == ("already_issued_differs", Severity.NOTE)
    assert finding.params == {"number": training, "fields": "施教机构、学时"}
    assert result.held_before == {("training", 2): training}


def test_annual_and_completion_do_not_stand_in_each_others_way(rig: Rig) -> None:
    rig.issue(1)
    rig.issue(1, kind="completion")
    assert_sound(rig.app, issued=2, annual_only=False)


def test_faulty_rows_are_left_out_and_told(rig: Rig) -> None:
    rows = [
        annual(1),
        annual(2, 职称等级="特级"),
        annual(3, 身份证号="4.10101E+17", 职称等级="特级"),
        annual(1),
        annual(4, 公需科目学时=3),
    ]
    file = write_csv(rig.folder / "ugly.csv", [ANNUAL, *rows])
    result = rig.submit(file)
    assert (result.rows, len(result.issued), len(result.refused_rows), result.short_of_hours) == (5, 2, 3, 1)
    faults = {(one.row, one.code) for one in result.findings if one.severity is Severity.FAULT}
    of_one = {(4, "identity_scientific"), (4, "grade_unknown")}
    assert faults == {(3, "grade_unknown"), *of_one, (5, "duplicate_in_file")}
    assert_sound(rig.app, issued=2)


def test_what_no_qr_could_hold_is_refused_before_it_has_a_number(lite: Rig) -> None:
    long = annual(1, 姓名="阿卜杜热合曼·" * 5 + "吐尔洪", 工作单位="郑" * 60)
    result = lite.submit(write_csv(lite.folder / "long.csv", [ANNUAL, long, annual(2)]))
    assert len(result.issued) == 1
    (finding,) = result.findings
    assert (finding.code, finding.row, finding.column, finding.value) == ("qr_too_large", 2, "C", "郑" * 60)
    assert_sound(lite.app, issued=1)


def test_a_dry_run_reserves_nothing(rig: Rig) -> None:
    rig.issue(1)
    before = _rows(rig.app)
    file = rig.people([1, 2, 3], "new.csv")
    result = preview_file(rig.app, intake(file), authority=MUNICIPAL, rule_set=RULES)
    assert (result.rows, result.already_issued, result.issued, result.batch_id) == (3, 1, [], 0)
    assert result.fit == [("new", 3), ("new", 4)]
    assert _rows(rig.app) == before


def test_every_row_is_told_what_became_of_it(rig: Rig) -> None:
    (old,) = rig.issue(2)
    rows = [annual(1), annual(2), annual(3, 职称等级="主治医师"), ["合计", "", "", "", "", 1, 1], annual(4)]
    result = rig.submit(write_csv(rig.folder / "fate.csv", [ANNUAL, *rows]), chunk=1)
    first, second = result.issued
    assert outcomes_of(result, "zh-CN") == {
        ("fate", 2): ("已发", first),
        ("fate", 3): ("此前已发", old),
        ("fate", 4): ("未发", ""),
        ("fate", 5): ("未处理", ""),
        ("fate", 6): ("已发", second),
    }
    for (_, row), number in issued_rows(result):
        document = orjson.loads(rig.record(number))["credentialSubject"]["identityDocument"]
        assert document[-4:] == rows[row - 2][1][-4:]


def test_a_remark_about_no_row_makes_none() -> None:
    remark = Finding("sheet_hidden", Severity.NOTE, sheet="fate")
    assert outcomes_of(BatchResult(1, "fate.csv", findings=[remark]), "en") == {}
    about = replace(remark, row=7)
    assert outcomes_of(BatchResult(1, "fate.csv", findings=[about]), "en") == {
        ("fate", 7): ("Passed over", "")
    }


@pytest.mark.parametrize(
    ("hours", "missing"),
    [
        ((52, 36), ("8", "0", "0")),
        ((60, 20), ("0", "6", "6")),
        ((50, 20), ("10", "6", "16")),
        ((60, 26), None),
    ],
)
def test_a_row_short_of_hours_is_named_with_what_is_missing(
    lite: Rig, hours: tuple[int, int], missing: tuple[str, str, str] | None
) -> None:
    row = annual(1, 专业科目学时=hours[0], 公需科目学时=hours[1])
    result = lite.submit(write_csv(lite.folder / "short.csv", [ANNUAL, row]))
    assert len(result.issued) == 1
    notes = [one for one in result.findings if one.code == "hours_short"]
    told = [(one.row, *(one.params[name] for name in ("professional", "public", "total"))) for one in notes]
    assert told == ([(2, *missing)] if missing else [])
    assert result.short_of_hours == len(notes)


def test_a_void_number_is_told_to_its_row(rig: Rig) -> None:
    def suspend(point: str, _: int) -> None:
        if point == "reserve:after":
            rig.set_authority("suspended")

    result = rig.submit(rig.people([1], "void.csv"), observe=suspend)
    assert [(one.code, one.row) for one in result.findings] == [("number_void", 2)]
    assert outcomes_of(result, "en") == {("void", 2): ("Not issued", "")}


def _rows(app: App) -> list[int]:
    with app.database.read() as session:
        tables = (Batch.id, Intent.id, Certificate.number)
        counts = [len(session.scalars(select(column)).all()) for column in tables]
        return [*counts, session.scalars(select(LogHead.size)).one()]


@pytest.mark.parametrize(
    ("authority", "rules", "code", "family"),
    [
        ("999999", RULES, "authority_unknown", OfficeError),
        (MUNICIPAL, "henan-1912", "rule_set_unknown", IssuanceError),
    ],
)
def test_refused_before_anything_is_reserved(
    lite: Rig, authority: str, rules: str, code: str, family: type[RegistryError]
) -> None:
    before = _rows(lite.app)
    file = lite.people([1])
    for work in (issue_file, preview_file):
        with refused(family, code):
            work(lite.app, intake(file), authority=authority, rule_set=rules)
    assert _rows(lite.app) == before


def test_a_rule_set_is_not_applied_to_a_year_before_it(lite: Rig) -> None:
    with lite.app.database.read() as session:
        rules = current_trust_list(session).rule_sets[RULES]
    this_year = intake(lite.people([1]))
    with lite.app.database.write() as session:
        current = current_trust_list(session)
        newer = replace(rules, in_force_from=f"{this_year.year + 1}-01-01")
        draft = replace(current, rule_sets={**current.rule_sets, RULES: newer})
        publish_version(session, draft, root_signers(current.root, lite.app.keyring), now=lite.clock.now)
    with refused(IssuanceError, "rule_set_too_new"):
        issue_file(lite.app, this_year, authority=MUNICIPAL, rule_set=RULES)


@pytest.mark.parametrize("state", ["suspended", "withdrawn"])
def test_an_authority_that_is_stopped_issues_nothing(rig: Rig, state: str) -> None:
    numbers = rig.issue(1)
    rig.set_authority(state)
    with refused(IssuanceError, f"authority_{state}"):
        rig.issue(2)
    rig.publish()
    assert rig.judge(numbers[0]).reason == "valid"
    assert_sound(rig.app, issued=1)


def test_a_reinstated_authority_issues_again(rig: Rig) -> None:
    rig.set_authority("suspended")
    rig.set_authority("granted")
    (number,) = rig.issue(1)
    rig.publish()
    assert rig.judge(number).reason == "valid"


def test_a_key_past_its_window(lite: Rig) -> None:
    lite.clock.now += 3 * 365 * DAY
    with refused(OfficeError, "no_key"):
        lite.issue(1)


def test_a_revoked_key_signs_nothing_new(lite: Rig) -> None:
    (number,) = lite.issue(1)
    lite.clock.now += 1
    revoke_key(lite)
    with refused(OfficeError, "no_key"):
        lite.issue(2)
    lite.publish()
    assert lite.judge(number).reason == "valid"


@pytest.mark.parametrize("state", ["suspended", "withdrawn"])
def test_stopped_between_reservation_and_signing(rig: Rig, state: str) -> None:
    interrupted(rig)
    rig.set_authority(state)
    (finished,) = resume(rig.app)
    assert (finished.issued, len(finished.void)) == ((), ROWS)
    assert voids(rig) == {f"authority_{state}"}
    assert_sound(rig.app, issued=0, void=ROWS)
    # The people are free: another office may certify them.
    assert len(rig.submit(rig.people(range(ROWS)), authority=INDUSTRY).issued) == ROWS
    assert_sound(rig.app, issued=ROWS, void=ROWS)


@pytest.mark.parametrize("point", ["sign:before", "sign:after", "judge:after"])
def test_stopped_while_being_signed(rig: Rig, point: str) -> None:
    """The log's time is what counts: what was judged before the suspension must not be logged after it."""
    intent = interrupted(rig)

    def suspend(reached: str, _: int) -> None:
        if reached == point:
            rig.set_authority("suspended")

    finished = finish_intent(rig.app, intent, suspend)
    rig.app.sign_log()
    assert (finished.issued, voids(rig)) == ((), {"authority_suspended"})
    assert_sound(rig.app, issued=0, void=ROWS)


def test_key_revoked_between_reservation_and_signing(rig: Rig) -> None:
    interrupted(rig)
    rig.clock.now += 1
    revoke_key(rig)
    resume(rig.app)
    assert voids(rig) == {"key_superseded"}
    assert_sound(rig.app, issued=0, void=ROWS)


def test_key_compromised_between_judgement_and_log(rig: Rig) -> None:
    intent = interrupted(rig)
    rig.clock.now += 10

    def compromise(reached: str, _: int) -> None:
        if reached == "judge:after":
            revoke_key(rig, compromised_from=NOW)

    finish_intent(rig.app, intent, compromise)
    rig.app.sign_log()
    assert voids(rig) == {"key_compromised"}
    assert_sound(rig.app, issued=0, void=ROWS)


@pytest.mark.parametrize(("days", "issued", "void"), [(6, ROWS, 0), (8, 0, ROWS)])
def test_an_intent_that_waited_too_long(rig: Rig, days: int, issued: int, void: int) -> None:
    """Logging much later than the signature says would be back-dating; a week's holiday is not."""
    interrupted(rig)
    rig.clock.now += days * DAY
    resume(rig.app)
    assert voids(rig) == ({"created_long_before_logged"} if void else set())
    assert_sound(rig.app, issued=issued, void=void)
    again = rig.submit(rig.people(range(ROWS)))
    assert len(again.issued) == ROWS - issued
    assert_sound(rig.app, issued=ROWS, void=void)


def test_void_numbers_are_explained_in_the_log_and_used_no_more(rig: Rig) -> None:
    interrupted(rig)
    rig.set_authority("suspended")
    resume(rig.app)
    rig.set_authority("granted")
    numbers = rig.issue(1)
    assert numbers[0][11:18] == f"{ROWS + 1:07d}"
    rig.publish()
    assert rig.judge(numbers[0]).reason == "valid"
    assert_sound(rig.app, issued=1, void=ROWS)


def test_a_damaged_key_file_signs_nothing(lite: Rig) -> None:
    """Another key under the right name: found before a record is made, and the intent waits for the right one."""
    interrupted(lite)
    keys = lite.place.home / "keys"
    right = (keys / f"{MUNICIPAL}-2026-1.pem").read_bytes()
    (keys / f"{MUNICIPAL}-2026-1.pem").write_bytes((keys / f"{INDUSTRY}-2026-1.pem").read_bytes())
    damaged = lite.place.open(lite.clock)
    with refused(OfficeError, "key_differs"):
        resume(damaged)
    damaged.database.close()
    (keys / f"{MUNICIPAL}-2026-1.pem").write_bytes(right)
    resume(lite.app)
    assert_sound(lite.app, issued=ROWS)


def test_a_finished_intent_is_told_not_repeated(rig: Rig) -> None:
    numbers = rig.issue(1, 2)
    with rig.app.database.read() as session:
        intent = session.scalars(select(Intent.id)).one()
        assert state_of(session, numbers[0]) == "issued"
    assert finish_intent(rig.app, intent).issued == tuple(numbers)
    assert_sound(rig.app, issued=2)


def test_the_full_identity_number_is_in_no_record_and_no_entry(rig: Rig) -> None:
    (number,) = rig.issue(1)
    assert identity(1).encode() not in rig.record(number)
    assert f'"identityDocument":"{identity(1)[:6]}********{identity(1)[-4:]}"'.encode() in rig.record(number)
    with rig.app.database.read() as session:
        certificate = session.get_one(Certificate, number)
        assert rig.app.vault.open(certificate.identity_sealed, number) == identity(1)
        intent = session.scalars(select(Intent)).one()
        assert identity(1).encode() not in intent.rows
