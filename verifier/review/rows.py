"""One row for each applicant and year (SPEC 8.5): verdict, hours against the rule, and where claim and signature differ.

A function of the sitting, of what was judged and of the trust list's rule sets: the browser's ``panel/rows.js`` makes
the same rows while the panel works, and the server makes them anew before it signs.
"""

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from keys.trustlist import HourRule, RuleSet
from verifier.review.sitting import Applicant, Claimed, JudgedCertificate, Sitting

Row = dict[str, Any]
_DOTS = dict.fromkeys(map(ord, "•・‧∙⋅"), "·")
_FROM_LIST = {"employer": "employer", "grade": "grade"}
_HOURS = ("professional", "public", "total")
_GRADES = {"senior": "高级", "intermediate": "中级", "junior": "初级"}


class _Person:
    """Somebody with claims, certificates, or both."""

    def __init__(self, name: str, identity: str, applicant: Applicant | None = None) -> None:
        self.name, self.identity, self.applicant = name, identity, applicant
        self.certificates: list[JudgedCertificate] = []

    @property
    def claims(self) -> Mapping[int, Claimed]:
        return self.applicant.claims if self.applicant else {}


def rows_of(
    sitting: Sitting, judged: Sequence[JudgedCertificate], rule_sets: Mapping[str, RuleSet]
) -> list[Row]:
    """The rows, applicants in their order and then everybody else in the order of what was presented."""
    rows = []
    for person in _people(sitting, judged):
        years = {year for year in person.claims if year} | {_year(one) for one in person.certificates}
        if person.name:
            years |= set(sitting.policy.years)
        rows += [_row(sitting, person, year, rule_sets) for year in sorted(years)]
    return rows


def fold(text: str) -> str:
    """``text`` as it is compared: width, white space, letters' case and kinds of middle dots apart."""
    return "".join(unicodedata.normalize("NFKC", text).translate(_DOTS).split()).lower()


def key_of(name: str, identity: str, year: int) -> str:
    """What a panel's note is kept under."""
    return f"{name}|{identity}|{year}"


# ---- whose is it


class _People:
    """Who is known so far, found by number and by name."""

    def __init__(self, applicants: Sequence[Applicant]) -> None:
        self.all: list[_Person] = []
        self._by_number: dict[str, _Person] = {}
        self._by_name: dict[str, list[_Person]] = {}
        for one in applicants:
            self.add(_Person(one.name, one.identity, one))

    def add(self, person: _Person) -> None:
        """One more."""
        self.all.append(person)
        for claim in person.claims.values():
            for number in _numbers(claim):
                self._by_number.setdefault(number, person)
        if person.name:
            self._by_name.setdefault(fold(person.name), []).append(person)

    def owner(self, one: JudgedCertificate) -> _Person | None:
        """Who claims the number; else the one person of that name whose identity does not speak against it."""
        claiming = self._by_number.get(one.number) if one.number else None
        if claiming is not None or one.subject is None:
            return claiming
        named = self._by_name.get(fold(str(one.subject["name"])), [])
        same = [person for person in named if person.identity == one.subject["identityDocument"]]
        unknown = [person for person in named if not person.identity]
        return same[0] if same else unknown[0] if len(unknown) == 1 else None


def _people(sitting: Sitting, judged: Sequence[JudgedCertificate]) -> list[_Person]:
    people = _People(sitting.applicants)
    seen: set[tuple[str, str]] = set()
    for one in judged:
        key = (one.number, one.verdict) if one.number else ("", one.label)
        if key in seen:  # the same certificate from two files
            continue
        seen.add(key)
        owner = people.owner(one)
        if owner is None:
            subject = one.subject or {}
            owner = _Person(str(subject.get("name", "")), str(subject.get("identityDocument", "")))
            people.add(owner)
        owner.certificates.append(one)
    return people.all


def _year(one: JudgedCertificate) -> int:
    return int(one.subject["year"]) if one.subject else int(one.number[6:10] or 0)


def _numbers(claim: Claimed) -> list[str]:
    numbers = claim.get("numbers", [])
    return numbers if isinstance(numbers, list) else []


# ---- a row


def _row(sitting: Sitting, person: _Person, year: int, rule_sets: Mapping[str, RuleSet]) -> Row:
    presented = [one for one in person.certificates if _year(one) == year]
    counted = _counted(presented)
    claim = _claim(person, year)
    hours = _hours(counted)
    rule, short = _rule(sitting, presented, counted, claim, hours, rule_sets)
    row: Row = {
        "name": person.name,
        "identity": person.identity,
        "year": year,
        "verdict": _verdict(presented),
        "certificates": [
            {"label": one.label, "number": one.number, "verdict": one.verdict, "reason": one.reason}
            for one in presented
        ],
        "professional": hours[0],
        "public": hours[1],
        "rule": rule,
        "short": short,
        "differences": list(_differences(person, claim, presented, hours if counted else None)),
        "note": sitting.notes.get(key_of(person.name, person.identity, year), ""),
    }
    unclaimed = bool(sitting.applicants) and person.applicant is None
    return {**row, "attention": _attention(row, several=_annuals(counted) > 1, unclaimed=unclaimed)}


def _claim(person: _Person, year: int) -> dict[str, Any]:
    return {**person.claims.get(0, {}), **person.claims.get(year, {})}


def _verdict(presented: Sequence[JudgedCertificate]) -> str:
    verdicts = {one.verdict for one in presented}
    return next((one for one in ("FAILED", "INDETERMINATE", "PASSED") if one in verdicts), "MISSING")


def _attention(row: Row, *, several: bool, unclaimed: bool) -> list[str]:
    found = {
        "failed": row["verdict"] == "FAILED",
        "undecided": row["verdict"] == "INDETERMINATE",
        "missing": row["verdict"] == "MISSING",
        "short": row["rule"] == "short",
        "differs": bool(row["differences"]),
        "several": several,
        "unclaimed": unclaimed,
        "no_rule": row["rule"] == "unknown" and row["verdict"] != "MISSING",
    }
    return [code for code, holds in found.items() if holds]


# ---- hours


def _counted(presented: Sequence[JudgedCertificate]) -> list[JudgedCertificate]:
    return [one for one in presented if one.verdict == "PASSED" and one.subject is not None]


def _annual_hours(subject: Mapping[str, Any]) -> tuple[int, int]:
    return int(subject.get("professionalHours", 0)), int(subject.get("publicHours", 0))


def _annuals(counted: Sequence[JudgedCertificate]) -> int:
    return sum("professionalHours" in (one.subject or {}) for one in counted)


def _hours(counted: Sequence[JudgedCertificate]) -> tuple[int, int]:
    """Professional and public hours in force: the annual certificate's, the larger of two; else trainings added up."""
    subjects = [one.subject or {} for one in counted]
    annual = [_annual_hours(subject) for subject in subjects if "professionalHours" in subject]
    if annual:
        return max(annual, key=sum)
    by_category = {
        category: sum(
            int(subject["classHours"]) for subject in subjects if subject.get("category") == category
        )
        for category in ("professional", "public")
    }
    return by_category["professional"], by_category["public"]


def _rule(
    sitting: Sitting,
    presented: Sequence[JudgedCertificate],
    counted: Sequence[JudgedCertificate],
    claim: Claimed,
    hours: tuple[int, int],
    rule_sets: Mapping[str, RuleSet],
) -> tuple[str, dict[str, int]]:
    """``met``, ``short`` with by how much, ``undecided`` where nothing is in force yet, ``unknown`` where no rule is found, ``none``."""
    if presented and not counted:
        return "undecided", {}
    annual = next((one.subject for one in counted if one.subject and "ruleSet" in one.subject), {})
    rule_set = sitting.policy.rule_set or annual.get("ruleSet", "")
    grade = str(sitting.policy.grade or annual.get("grade", "") or claim.get("grade", ""))
    if not rule_set:
        return "none", {}
    rules = rule_sets.get(rule_set)
    rule: HourRule | None = rules.grades.get(grade) if rules else None
    if rule is None:
        return "unknown", {}
    professional, public = hours
    short = {
        "total": rule.total - professional - public,
        "professional": rule.professional - professional,
        "public": rule.public - public,
    }
    lacking = {name: value for name, value in short.items() if value > 0}
    return ("short", lacking) if lacking else ("met", {})


# ---- what is claimed and what is signed


def _differences(
    person: _Person,
    claim: Claimed,
    presented: Sequence[JudgedCertificate],
    hours: tuple[int, int] | None,
) -> Iterator[dict[str, str]]:
    for number in _numbers(claim):
        if number not in {one.number for one in presented}:
            yield _difference("number", number, "", "list")
    for one in presented:
        if one.subject is not None:
            yield from _of_record(person, claim, one.subject)
            yield from _of_page(one.page, one.subject, one.number)
    if hours is not None:
        signed = dict(zip(_HOURS, (*hours, sum(hours)), strict=True))
        for name in _HOURS:
            if name in claim and claim[name] != signed[name]:
                yield _difference(name, str(claim[name]), str(signed[name]), "list")


def _of_record(person: _Person, claim: Claimed, subject: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    if person.applicant is None:
        return
    claimed = {"name": person.name, "identityDocument": person.identity}
    claimed |= {name: str(claim[field]) for field, name in _FROM_LIST.items() if claim.get(field)}
    for name, text in claimed.items():
        if text and name in subject and fold(text) != fold(str(subject[name])):
            yield _difference(name, text, str(subject[name]), "list")


def _of_page(page: Mapping[str, str], subject: Mapping[str, Any], number: str) -> Iterator[dict[str, str]]:
    """What a PDF's page says beside what its attached record signs."""
    signed = {**subject, "certificateNumber": number}
    for name in sorted(page.keys() & signed.keys()):
        shown = _GRADES.get(str(signed[name]), str(signed[name])) if name == "grade" else str(signed[name])
        if fold(page[name]) != fold(shown):
            yield _difference(name, page[name], str(signed[name]), "page")


def _difference(field: str, claimed: str, signed: str, source: str) -> dict[str, str]:
    return {"field": field, "claimed": claimed, "signed": signed, "source": source}
