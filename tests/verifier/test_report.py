"""Three verdicts from eleven outcomes, and the report's JSON form."""

from itertools import product

import pytest

from tests.simulator import NOW, Simulator, policy
from verifier.report import REPORT_VERSION, STEP_NAMES, Outcome, StepResult, VerificationReport
from verifier.verify import verify


def report(**outcomes: Outcome) -> VerificationReport:
    """Every step passed, but for ``step_N``."""
    steps = tuple(
        StepResult(number, outcomes.get(f"step_{number}", Outcome.PASSED), f"code_{number}")
        for number in range(len(STEP_NAMES))
    )
    return VerificationReport(NOW, steps, None, "", {})


@pytest.mark.parametrize(("first", "second"), list(product(Outcome, Outcome)))
def test_failed_before_undecided_before_passed(first: Outcome, second: Outcome) -> None:
    found = report(step_3=first, step_8=second)
    pair = (first, second)
    if Outcome.FAILED in pair:
        expected = "FAILED", f"code_{(3, 8)[pair.index(Outcome.FAILED)]}"
    elif Outcome.INDETERMINATE in pair:
        expected = "INDETERMINATE", f"code_{(3, 8)[pair.index(Outcome.INDETERMINATE)]}"
    else:
        expected = "PASSED", "valid"
    assert (found.verdict, found.reason) == expected


@pytest.mark.parametrize("outcome", Outcome)
def test_the_rule_is_no_part_of_the_verdict(outcome: Outcome) -> None:
    assert (report(step_10=outcome).verdict, report(step_10=outcome).reason) == ("PASSED", "valid")


def test_what_is_missing_is_named_once_in_order() -> None:
    steps = tuple(
        StepResult(number, Outcome.INDETERMINATE, "code", missing=missing)
        for number, missing in enumerate(("trust-list", "", "status", "trust-list", "log-proof"))
    )
    assert VerificationReport(NOW, steps, None, "", {}).missing == ("trust-list", "status", "log-proof")


def test_every_step_has_the_name_of_its_number() -> None:
    assert [step.name for step in report().steps] == list(STEP_NAMES)


def test_the_json_form() -> None:
    registry = Simulator()
    certificate = registry.issue()
    found = verify(registry.evidence(certificate), registry.trust(), policy()).to_json()
    assert list(found) == [
        "reportVersion",
        "verdict",
        "reason",
        "missing",
        "at",
        "number",
        "steps",
        "trust",
        "record",
    ]
    assert (found["reportVersion"], found["verdict"], found["reason"]) == (REPORT_VERSION, "PASSED", "valid")
    assert (found["at"], found["number"]) == ("2026-03-10T09:00:00Z", certificate.number.digits)
    assert found["record"] == certificate.document
    assert found["trust"]["version"] == 1
    assert found["steps"][7] == {
        "step": 7,
        "name": "log",
        "outcome": "PASSED",
        "code": "logged",
        "details": {"index": 0, "size": 1, "time": 1772438405, "witnesses": 2},
    }


def test_no_record_is_shown_that_is_not_authentic() -> None:
    assert report().to_json()["record"] is None
