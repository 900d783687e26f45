"""What an approver is shown of a list: counts, what differs from last year, whom to look at twice, and a sample.

Everything is computed from the list's own bytes, read as they will be read when they are issued. The sheet is canonical
JSON: its digest is what the approval is about. The sample cannot be chosen by whoever prepared the list: its seed is drawn
when the list is submitted, and recorded; ``sample_of`` gives anybody the same rows again.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from math import isqrt
from typing import Any

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from registry.app import App
from registry.batches import BatchResult, preview_file
from registry.intake.findings import Finding
from registry.intake.rows import AnnualApplication, Application
from registry.models import Certificate, StatusEvent
from registry.review.composition import Content, Frame
from registry.review.rows import FIRST_ROW, open_list

SAMPLE_LEAST, SAMPLE_MOST = 5, 50
"""Rows of a sample: the square root of all, within these; all of a list that is shorter."""
LISTED = 20
"""Employers, and groups of people of one name, that are named; the rest is counted."""


@dataclass(frozen=True, slots=True)
class Year:
    """A year's people: keyed hash of each → employer and hours."""

    people: Mapping[bytes, tuple[str, int]]

    @property
    def hours(self) -> int:
        """Mean hours a person in tenths; 0 where there is nobody."""
        return (
            round(10 * sum(hours for _, hours in self.people.values()) / len(self.people))
            if self.people
            else 0
        )


def sample_size(people: int) -> int:
    """How many rows are to be checked."""
    return min(people, SAMPLE_MOST, max(SAMPLE_LEAST, isqrt(people)))


def sample_of(seed: str, list_sha256: str, people: int) -> list[int]:
    """Places in the list (0 is the first person), in its order: those whose SHA-256 of ``seed/digest/place`` is least."""

    def weight(place: int) -> bytes:
        return sha256(f"{seed}/{list_sha256}/{place}".encode("ascii")).digest()

    return sorted(sorted(range(people), key=weight)[: sample_size(people)])


def sheet_of(
    app: App, session: Session, frame: Frame, content: Content, data: bytes, *, seed: str, today: date
) -> dict[str, Any]:
    """The sheet for the list ``data``: strings, integers, arrays and objects only."""
    intake = open_list(data, kind=frame.kind_name, year=frame.year, today=today)
    applications = [item for item in intake.items() if not isinstance(item, Finding)]
    result = preview_file(app, intake, authority=frame.authority, rule_set=frame.rule_set)
    digest = sha256(data).hexdigest()
    return {
        "list": digest,
        "people": len(applications),
        "fit": len(result.fit),
        "heldBefore": result.already_issued,
        "leftOut": len(content.refused),
        "groups": _counted(_group(one) for one in applications),
        "employers": _named(one.employer for one in applications),
        "short": _places(result, "hours_short"),
        "before": _places(result, "already_issued", "already_issued_differs"),
        "refusedNow": len(result.refused_rows),
        "namesakes": _namesakes(applications),
        "lastYear": _compared(app, session, frame, applications),
        "sample": {"seed": seed, "places": sample_of(seed, digest, len(applications))},
    }


def sheet_bytes(sheet: Mapping[str, Any]) -> bytes:
    """In one spelling (keys sorted, no space): what the digest is of."""
    return orjson.dumps(sheet, option=orjson.OPT_SORT_KEYS)


def _group(application: Application) -> str:
    """By grade, or by category of a training."""
    return application.grade if isinstance(application, AnnualApplication) else application.category


def _hours(application: Application) -> int:
    if isinstance(application, AnnualApplication):
        return application.professional_hours + application.public_hours
    return application.class_hours


def _counted(words: Iterable[str]) -> list[list[Any]]:
    return [
        [word, count] for word, count in sorted(Counter(words).items(), key=lambda pair: (-pair[1], pair[0]))
    ]


def _named(words: Iterable[str]) -> dict[str, Any]:
    """The commonest, how many others there are, and how many people these have."""
    all_of_them = _counted(words)
    rest = all_of_them[LISTED:]
    return {
        "named": all_of_them[:LISTED],
        "others": len(rest),
        "othersPeople": sum(count for _, count in rest),
    }


def _places(result: BatchResult, *codes: str) -> dict[str, Any]:
    """How many rows have one of these remarks, and the places of the first."""
    rows = [finding.row - FIRST_ROW for finding in result.findings if finding.code in codes and finding.row]
    return {"count": len(rows), "places": rows[:LISTED]}


def _namesakes(applications: Sequence[Application]) -> dict[str, Any]:
    """People of one name at one employer: perhaps one person with two numbers."""
    places = defaultdict(list)
    for place, one in enumerate(applications):
        places[one.name, one.employer].append(place)
    groups = [found for found in places.values() if len(found) > 1 and _different(applications, found)]
    return {"count": len(groups), "groups": groups[:LISTED]}


def _different(applications: Sequence[Application], places: Sequence[int]) -> bool:
    return len({applications[place].identity for place in places}) > 1


def _compared(
    app: App, session: Session, frame: Frame, applications: Sequence[Application]
) -> dict[str, Any]:
    """This list beside last year's certificates of the same authority and kind, those in force."""
    this = Year(
        {app.vault.hash("identity", one.identity): (one.employer, _hours(one)) for one in applications}
    )
    last = _last_year(session, frame)
    staying = this.people.keys() & last.people.keys()
    moved = sum(this.people[one][0] != last.people[one][0] for one in staying)
    employers, former = ({employer for employer, _ in year.people.values()} for year in (this, last))
    return {
        "year": frame.year - 1,
        "people": len(last.people),
        "new": len(this.people) - len(staying),
        "gone": len(last.people) - len(staying),
        "moved": moved,
        "hours": this.hours,
        "hoursBefore": last.hours,
        "employers": len(employers),
        "employersBefore": len(former),
        "employersNew": sorted(employers - former)[:LISTED],
        "employersGone": sorted(former - employers)[:LISTED],
    }


def _last_year(session: Session, frame: Frame) -> Year:
    series = {"authority": frame.authority, "year": frame.year - 1, "kind": frame.kind}
    revoked = select(StatusEvent.number).where(StatusEvent.action == "revoke")
    rows = select(Certificate.identity_hash, Certificate.record).filter_by(**series)
    found = session.execute(rows.where(Certificate.number.not_in(revoked)).execution_options(yield_per=2000))
    return Year({bytes(person): _of_record(record) for person, record in found})


def _of_record(record: bytes) -> tuple[str, int]:
    """Employer and hours of a stored record: for counting, so that its signature is not asked."""
    subject = orjson.loads(record)["credentialSubject"]
    hours = ("professionalHours", "publicHours", "classHours")
    return str(subject.get("employer", "")), sum(int(subject.get(name, 0)) for name in hours)
