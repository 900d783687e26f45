"""Do the signed hours meet the rule set of their year? (SPEC 7.6, step 10). Rule sets are data of the trust list."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from keys.trustlist import HourRule, RuleSet
from verifier.errors import VerifierError
from verifier.outcome import Passed, Skipped
from verifier.report import Detail


class HoursShortError(VerifierError):
    """The hours are below the rule; ``details`` say by how much and whose rule it is."""

    def __init__(self, details: Mapping[str, Detail]) -> None:
        super().__init__("hours_short")
        self.details = details


def judge_hours(subject: Mapping[str, Any], rule_sets: Mapping[str, RuleSet]) -> Passed:
    """Passes where the hours meet the rule; raises ``HoursShortError``, or ``Skipped`` where no rule applies."""
    if "ruleSet" not in subject:
        raise Skipped("no_rule")
    rules = rule_sets.get(subject["ruleSet"])
    rule = rules.grades.get(subject["grade"]) if rules else None
    if rules is None or rule is None:
        raise Skipped("rule_unknown")
    met = _met(rules.id, rules.source, rules.article)
    shortfall = hours_shortfall(rule, subject["professionalHours"], subject["publicHours"])
    if any(shortfall.values()):
        raise HoursShortError({**met.details, **shortfall})
    return met


@lru_cache(maxsize=64)
def _met(rule_set: str, source: str, article: str) -> Passed:
    """The answer for all who meet the rule."""
    return Passed("hours_met", {"ruleSet": rule_set, "source": source, "article": article})


def hours_shortfall(rule: HourRule, professional: int, public: int) -> dict[str, int]:
    """Class hours that are missing, by kind; all zero where the rule is met."""
    return {
        "missingTotal": max(0, rule.total - professional - public),
        "missingProfessional": max(0, rule.professional - professional),
        "missingPublic": max(0, rule.public - public),
    }
