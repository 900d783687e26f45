"""From an opened file to candidates, chunk by chunk, with what was found on the way. Pure: nothing is asked of the database.

So the next chunk can be read while this one waits for the database (``registry.batches``). What is found belongs to a chunk
and is handed over with it: findings stand in the order of the file, whoever read ahead.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from keys.trustlist import RuleSet
from registry.applications import Candidate, candidate_of, short_of_hours
from registry.fitting import fits_qr
from registry.identity import IdentityVault
from registry.intake.findings import Finding, Severity
from registry.intake.rows import Application
from registry.intake.service import Intake
from registry.intents import SeriesKey
from verifier.template import RecordTemplate

Place: TypeAlias = tuple[str, int]
"""Sheet and row, 1-based, as the clerk finds them."""


@dataclass(frozen=True, slots=True)
class Course:
    """What decides of a row: the series that it is for, its template, and the rules of its hours."""

    host: str
    vault: IdentityVault
    series: SeriesKey
    template: RecordTemplate
    rules: RuleSet | None
    rule_set: str


@dataclass(slots=True)
class Chunk:
    """Candidates, and what else the rows up to the last of them came to."""

    candidates: list[Candidate] = field(default_factory=list)
    rows: int = 0
    findings: list[Finding] = field(default_factory=list)
    refused_rows: set[Place] = field(default_factory=set)
    short_of_hours: int = 0


def read_chunks(intake: Intake, course: Course, *, size: int) -> Iterator[Chunk]:
    """The file in chunks of ``size`` candidates; the last may have fewer, or none and findings."""
    chunk = Chunk()
    for item in intake.items():
        if isinstance(item, Finding):
            _enter(chunk, item)
            continue
        chunk.rows += 1
        _add(chunk, item, course, intake)
        if len(chunk.candidates) == size:
            yield chunk
            chunk = Chunk()
    yield chunk


def _enter(chunk: Chunk, finding: Finding) -> None:
    chunk.findings.append(finding)
    if finding.severity is Severity.FAULT and finding.row is not None:
        place = (finding.sheet, finding.row)
        # All findings of a row come before the next row, so none of them is in a chunk before.
        chunk.rows += place not in chunk.refused_rows
        chunk.refused_rows.add(place)


def _add(chunk: Chunk, application: Application, course: Course, intake: Intake) -> None:
    candidate = candidate_of(application, course.vault, rule_set=course.rule_set)
    if not fits_qr(candidate, course.template, course.series, host=course.host):
        place = (application.sheet, application.row)
        chunk.findings.append(intake.fault("qr_too_large", *place, "employer", application.employer))
        chunk.refused_rows.add(place)
        return
    short = short_of_hours(candidate, course.rules, course.rule_set)
    if short is not None:
        chunk.short_of_hours += 1
        chunk.findings.append(short)
    chunk.candidates.append(candidate)
