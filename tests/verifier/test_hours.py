"""Hours against the rule set of their year: reported beside the verdict."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keys.trustlist import HourRule
from tests.builders import henan_2012
from verifier.hours import HoursShortError, hours_shortfall, judge_hours
from verifier.outcome import Skipped

RULES = henan_2012()
RULE_SETS = {RULES.id: RULES}
SUBJECT = {"ruleSet": RULES.id, "grade": "senior", "professionalHours": 60, "publicHours": 26}
hours = st.integers(0, 2000)


def test_the_rule_is_cited_where_it_is_met() -> None:
    passed = judge_hours(SUBJECT, RULE_SETS)
    assert passed.code == "hours_met"
    assert passed.details == {"ruleSet": "henan-2012", "source": "豫人社〔2012〕", "article": "三"}


@pytest.mark.parametrize(
    ("professional", "public", "missing"),
    [(59, 27, (0, 1, 0)), (61, 25, (0, 0, 1)), (60, 25, (1, 0, 1)), (0, 0, (86, 60, 26))],
)
def test_what_is_short_is_told_with_the_rule(
    professional: int, public: int, missing: tuple[int, ...]
) -> None:
    subject = {**SUBJECT, "professionalHours": professional, "publicHours": public}
    with pytest.raises(HoursShortError) as caught:
        judge_hours(subject, RULE_SETS)
    assert caught.value.code == "hours_short"
    assert caught.value.details["article"] == "三"
    names = ("missingTotal", "missingProfessional", "missingPublic")
    assert tuple(caught.value.details[name] for name in names) == missing


@pytest.mark.parametrize(
    ("subject", "code"),
    [
        ({"category": "public", "classHours": 40}, "no_rule"),
        ({**SUBJECT, "ruleSet": "henan-2030"}, "rule_unknown"),
        ({**SUBJECT, "grade": "chief"}, "rule_unknown"),
    ],
)
def test_without_a_rule_there_is_no_judgement(subject: dict[str, object], code: str) -> None:
    with pytest.raises(Skipped) as caught:
        judge_hours(subject, RULE_SETS)
    assert caught.value.code == code


def test_a_rule_set_is_read_by_grade() -> None:
    junior = replace(RULES, grades={"junior": HourRule(10, 5, 0)})
    subject = {**SUBJECT, "grade": "junior", "professionalHours": 10, "publicHours": 0}
    assert judge_hours(subject, {junior.id: junior}).code == "hours_met"


@given(hours, hours, hours, hours, hours)
def test_making_up_the_shortfall_meets_the_rule(
    total: int, professional: int, public: int, had_professional: int, had_public: int
) -> None:
    rule = HourRule(total, professional, public)
    short = hours_shortfall(rule, had_professional, had_public)
    more = had_professional + max(short["missingProfessional"], short["missingTotal"])
    assert not any(hours_shortfall(rule, more, had_public + short["missingPublic"]).values())
    met = had_professional >= professional and had_public >= public and had_professional + had_public >= total
    assert met is not any(short.values())
