"""Does the database have what the log says? Counted twice, each time anew: rows by the database, entries from the log's bytes.

The figures of ``counts`` are a third count, and are held against both. A difference is a finding for ``fsck`` and for the
auditor; this page only says that there is one, and where.
"""

from collections import Counter
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from registry.log import log_size
from registry.models import Certificate, Intent, VoidNumber
from registry.province.counts import counts_of, entries_between, progress

Series = tuple[str, int, int]


@dataclass(frozen=True, slots=True)
class Line:
    """One authority, year and kind: certificates and void numbers, by each count. ``figures`` is None while they are behind."""

    series: Series
    rows: int
    entries: int
    figures: int | None
    void_rows: int
    void_entries: int

    @property
    def agrees(self) -> bool:
        """Whether all counts are equal."""
        return (
            self.rows == self.entries
            and self.void_rows == self.void_entries
            and self.figures in (None, self.entries)
        )


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """All series, and how many entries of the log were read for it."""

    lines: tuple[Line, ...]
    read: int

    @property
    def agrees(self) -> bool:
        """Whether every line agrees."""
        return all(line.agrees for line in self.lines)

    def total(self, of: str) -> int:
        """The sum of one column."""
        return sum(getattr(line, of) or 0 for line in self.lines)


def reconcile(session: Session, *, authority: str | None) -> Reconciliation:
    """Count everything of ``authority`` (None: of all) anew. The whole log is read: 100,000 entries take under a second."""
    size = log_size(session)
    issued: Counter[Series] = Counter()
    void: Counter[Series] = Counter()
    for _, entry in entries_between(session, 0, size):
        if entry.action in ("issue", "void") and authority in (None, entry.authority):
            number = entry.number
            series = (number[:6], int(number[6:10]), int(number[10]))
            (issued if entry.action == "issue" else void)[series] += 1
    rows, void_rows = rows_by_series(session), void_by_series(session)
    figures: Counter[Series] | None = None
    if progress(session).behind == 0:
        figures = Counter()
        for cell, tally in counts_of(session, authority=authority).items():
            figures[cell.authority, cell.year, cell.kind] += tally.issued
    every = issued.keys() | void.keys() | rows.keys() | void_rows.keys() | (figures or {}).keys()
    lines = tuple(
        Line(
            series,
            rows.get(series, 0),
            issued[series],
            figures[series] if figures is not None else None,
            void_rows.get(series, 0),
            void[series],
        )
        for series in sorted(every)
        if authority in (None, series[0])
    )
    return Reconciliation(lines, size)


def rows_by_series(session: Session) -> dict[Series, int]:
    """How many certificates the database has of each series, counted now."""
    key = (Certificate.authority, Certificate.year, Certificate.kind)
    found = session.execute(select(*key, func.count()).group_by(*key))
    return {(row[0], row[1], row[2]): row[3] for row in found}


def void_by_series(session: Session) -> dict[Series, int]:
    """How many void numbers it has of each."""
    key = (Intent.authority, Intent.year, Intent.kind)
    joined = select(*key, func.count()).join(VoidNumber, VoidNumber.intent_id == Intent.id)
    return {(row[0], row[1], row[2]): row[3] for row in session.execute(joined.group_by(*key))}
