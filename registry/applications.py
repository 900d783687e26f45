"""From an accepted row to the values of a certificate, and to the claim that the person makes on it.

Values are named as in the record template (SPEC clause 3); number, key and times are added when numbers are reserved.
"""

from collections.abc import Mapping
from typing import NamedTuple

from keys.trustlist import RuleSet
from registry.identity import IdentityVault
from registry.intake.findings import Finding, Severity
from registry.intake.rows import AnnualApplication, Application
from verifier.hours import hours_shortfall
from verifier.template import Fields

KIND_DIGITS = {"annual": 1, "completion": 2}
KIND_NAMES = {digit: name for name, digit in KIND_DIGITS.items()}


class Candidate(NamedTuple):
    """A row ready for a number. ``claim`` is who wants what, as a keyed hash; ``sheet`` and ``row`` tell where it stood."""

    fields: Fields
    identity: str
    claim: bytes
    sheet: str = ""
    row: int = 0


def candidate_of(application: Application, vault: IdentityVault, *, rule_set: str) -> Candidate:
    """The candidate of an accepted row."""
    masked = mask_identity(application.identity)
    fields: Fields = {"name": application.name, "identityDocument": masked, "employer": application.employer}
    if isinstance(application, AnnualApplication):
        fields |= {
            "grade": application.grade,
            "ruleSet": rule_set,
            "professionalHours": application.professional_hours,
            "publicHours": application.public_hours,
        }
    else:
        fields |= {
            "programme": application.programme,
            "institution": application.institution,
            "category": application.category,
            "classHours": application.class_hours,
            "completedOn": application.completed_on,
        }
    claim = claim_of(fields, vault, identity=application.identity, year=application.year)
    return Candidate(fields, application.identity, claim, application.sheet, application.row)


def claim_of(fields: Mapping[str, object], vault: IdentityVault, *, identity: str, year: int) -> bytes:
    """The claim of these values: one annual certificate a person and year, one completion a person and programme."""
    if "grade" in fields:
        return vault.hash("annual", str(year), identity)
    return vault.hash("completion", identity, str(fields["programme"]), str(fields["completedOn"]))


def mask_identity(identity: str) -> str:
    """``410105********1234``."""
    return f"{identity[:6]}{'*' * 8}{identity[-4:]}"


def missing_hours(fields: Mapping[str, object], rules: RuleSet | None) -> dict[str, int]:
    """By how much an annual certificate's hours are below its rule set (``hours_shortfall``); nothing where they are not."""
    rule = rules.grades.get(str(fields.get("grade"))) if rules else None
    if rule is None:
        return {}
    professional, public = fields["professionalHours"], fields["publicHours"]
    assert isinstance(professional, int) and isinstance(public, int)  # noqa: S101, PT018 - intake made them
    if professional >= rule.professional and public >= rule.public and professional + public >= rule.total:
        return {}
    return hours_shortfall(rule, professional, public)


def short_of_hours(candidate: Candidate, rules: RuleSet | None, rule: str) -> Finding | None:
    """A remark by how much an annual certificate's hours are below ``rules``, the rule set ``rule``; None where they are not."""
    missing = missing_hours(candidate.fields, rules)
    if not missing:
        return None
    names = (("professional", "missingProfessional"), ("public", "missingPublic"), ("total", "missingTotal"))
    params = {"rule": rule, **{name: str(missing[key]) for name, key in names}}
    return Finding("hours_short", Severity.NOTE, candidate.sheet, candidate.row or None, params=params)
