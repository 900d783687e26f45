"""Findings of a draft, kept so that a hundred thousand can be filtered and leafed through.

Place, code and nature are columns; what a clerk wrote is sealed and opened for the page that is shown.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from sqlalchemy import ColumnElement, delete, func, select, tuple_
from sqlalchemy.orm import Session

from registry.database import bulk_insert
from registry.identity import IdentityVault, Safe
from registry.intake.findings import Finding, Severity
from registry.intake.natures import is_mere_space, nature_of
from registry.review.composition import Composed, Told
from registry.review.keeping import review_safe, seal_json, unseal_json
from registry.review.models import DraftFinding
from registry.review.rows import Origin

PAGE = 50
Counts: TypeAlias = Mapping[tuple[str, str], int]
"""(nature, code) → how many."""
_HELD = ("already_issued", "already_issued_differs")
_AT_ONCE = 300


@dataclass(frozen=True, slots=True)
class Remark:
    """A finding with the upload that it is about, and its place in the order in which all were found."""

    place: int
    part: int
    nature: str
    finding: Finding


@dataclass(frozen=True, slots=True)
class Filter:
    """Which remarks; what is empty or None does not restrict."""

    nature: str = ""
    code: str = ""
    row: int | None = None


def store_findings(session: Session, vault: IdentityVault, draft_id: int, composed: Composed) -> None:
    """Take away what no longer stands, and add what was found."""
    ours = DraftFinding.draft_id == draft_id
    if composed.upload.mode == "whole":
        session.execute(delete(DraftFinding).where(ours))
    else:
        session.execute(delete(DraftFinding).where(ours, DraftFinding.judged))
        _settle(session, ours, sorted(composed.settled, key=lambda one: (one.part, one.sheet, one.row)))
    last = session.scalars(select(func.max(DraftFinding.place)).where(ours)).one() or 0
    safe = review_safe(vault)
    rows = [_columns(safe, draft_id, place, told) for place, told in enumerate(composed.told, start=last + 1)]
    bulk_insert(session, DraftFinding, rows)


def _settle(session: Session, ours: ColumnElement[bool], places: Sequence[Origin]) -> None:
    where = tuple_(DraftFinding.part, DraftFinding.sheet, DraftFinding.row)
    for start in range(0, len(places), _AT_ONCE):
        some = [(one.part, _sheet(one.sheet), one.row) for one in places[start : start + _AT_ONCE]]
        session.execute(delete(DraftFinding).where(ours, where.in_(some)))


def _columns(safe: Safe, draft_id: int, place: int, told: Told) -> dict[str, object]:
    finding = told.finding
    nature = "space" if is_mere_space(finding) else nature_of(finding).name.lower()
    detail = [finding.heading, finding.value, dict(finding.params), finding.sheet]
    return {
        "draft_id": draft_id,
        "place": place,
        "part": told.part,
        "judged": told.judged,
        "nature": nature,
        "code": finding.code,
        "severity": finding.severity.value,
        "sheet": _sheet(finding.sheet),
        "row": finding.row,
        "column": finding.column,
        "detail": seal_json(safe, detail, f"finding:{draft_id}/{place}"),
    }


def _sheet(name: str) -> str:
    return name[:120]


def remarks(
    session: Session, vault: IdentityVault, draft_id: int, wanted: Filter, *, after: int = 0, most: int = PAGE
) -> list[Remark]:
    """Remarks in the order in which they were found, behind the place ``after``."""
    chosen = select(DraftFinding).where(*_chosen(draft_id, wanted), DraftFinding.place > after)
    rows = session.scalars(chosen.order_by(DraftFinding.place).limit(most))
    safe = review_safe(vault)
    return [_remark(safe, row) for row in rows]


def remarks_before(session: Session, draft_id: int, wanted: Filter, *, place: int) -> int | None:
    """Behind which place the page begins that ends before ``place``; None where there is none."""
    chosen = select(DraftFinding.place).where(*_chosen(draft_id, wanted), DraftFinding.place <= place)
    places = list(session.scalars(chosen.order_by(DraftFinding.place.desc()).limit(PAGE + 1)))
    if not places:
        return None
    return places[PAGE] if len(places) > PAGE else 0


def findings_of_part(session: Session, vault: IdentityVault, draft_id: int, part: int) -> Iterator[Finding]:
    """All findings about one upload that still stand, in full: for its clerk's own file."""
    chosen = select(DraftFinding).filter_by(draft_id=draft_id, part=part).order_by(DraftFinding.place)
    safe = review_safe(vault)
    for row in session.scalars(chosen.execution_options(yield_per=1000)):
        yield _remark(safe, row).finding


def counts(session: Session, draft_id: int) -> Counts:
    """How many remarks of each nature and code."""
    grouped = select(DraftFinding.nature, DraftFinding.code, func.count()).filter_by(draft_id=draft_id)
    rows = session.execute(grouped.group_by(DraftFinding.nature, DraftFinding.code))
    return {(nature, code): count for nature, code, count in rows}


def held_before(found: Counts) -> int:
    """How many of the list had such a certificate when it was last uploaded."""
    return sum(count for (_, code), count in found.items() if code in _HELD)


def _chosen(draft_id: int, wanted: Filter) -> list[ColumnElement[bool]]:
    conditions = [DraftFinding.draft_id == draft_id]
    if wanted.nature:
        conditions.append(DraftFinding.nature == wanted.nature)
    if wanted.code:
        conditions.append(DraftFinding.code == wanted.code)
    if wanted.row is not None:
        conditions.append(DraftFinding.row == wanted.row)
    return conditions


def _remark(safe: Safe, row: DraftFinding) -> Remark:
    heading, value, params, sheet = unseal_json(safe, row.detail, f"finding:{row.draft_id}/{row.place}")
    finding = Finding(row.code, Severity(row.severity), sheet, row.row, row.column, heading, value, params)
    return Remark(row.place, row.part, row.nature, finding)
