"""Counts by authority, year, kind, month and grade: followed from the log entry by entry, behind a mark.

Whoever looks brings them up to date first where little is missing; issuing pays nothing for them. They can be thrown away
and made anew, and ``fsck`` recomputes them. What is counted are the log's entries; only the grade is read from the record
that lies at the leaf.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

import orjson
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from registry.app import App
from registry.database import bulk_insert, select_among
from registry.errors import RegistryError
from registry.log import entry_at, log_size, read_entries
from registry.models import Certificate
from registry.offices import CHINA
from registry.province.models import CertificateCount, CountMark
from registry.status import state_after, states_of
from registry.troubles import Trouble
from verifier.errors import VerifierError
from verifier.logentry import OWN_ACTIONS, LogEntry, parse_log_entry, read_entry
from verifier.tiles import TILE_WIDTH

STEP = 4_000
"""Leaves that one transaction follows: some tenths of a second, for which SQLite's other writers wait."""
SOON = 8_000
"""Leaves that whoever looks waits for; of more he is told that the counts are behind."""
_NUMBER = re.compile("[0-9]{20}")


@dataclass(frozen=True, slots=True, order=True)
class Cell:
    """What is counted together. ``kind`` is the digit, ``month`` is 202611, ``grade`` empty where the kind has none."""

    authority: str
    year: int
    kind: int
    month: int
    grade: str


@dataclass(frozen=True, slots=True)
class Tally:
    """Certificates ever issued, and of these suspended and revoked now."""

    issued: int = 0
    suspended: int = 0
    revoked: int = 0

    @property
    def in_force(self) -> int:
        """Neither suspended nor revoked."""
        return self.issued - self.suspended - self.revoked

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            self.issued + other.issued, self.suspended + other.suspended, self.revoked + other.revoked
        )


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the counts have come: ``leaf`` of ``size`` entries of the log."""

    leaf: int
    size: int

    @property
    def behind(self) -> int:
        """Entries that are not counted yet."""
        return self.size - self.leaf


Counts = Mapping[Cell, Tally]


def counts_of(session: Session, *, authority: str | None) -> dict[Cell, Tally]:
    """All cells of ``authority`` (None: of all): some thousands for a province of many years."""
    chosen = select(CertificateCount)
    if authority is not None:
        chosen = chosen.where(CertificateCount.authority == authority)
    return {
        Cell(row.authority, row.year, row.kind, row.month, row.grade): Tally(
            row.issued, row.suspended, row.revoked
        )
        for row in session.scalars(chosen)
    }


def progress(session: Session) -> Progress:
    """How far the counts are."""
    return Progress(session.scalars(select(CountMark.leaf)).one(), log_size(session))


def bring_up_to_date(app: App, *, at_most: int = SOON) -> Progress:
    """Follow the log where no more than ``at_most`` entries are missing; how it stands then."""
    with app.database.read() as session:
        now = progress(session)
    while 0 < now.behind <= at_most:
        with app.database.write() as session:
            now = follow(session, STEP)
    return now


def follow_to_the_end(app: App) -> int:
    """Follow the log until nothing is missing, in transactions of ``STEP`` entries; how many there were."""
    entries = 0
    while True:
        with app.database.write() as session:
            before = session.scalars(select(CountMark.leaf)).one()
            now = follow(session, STEP)
        entries += now.leaf - before
        if now.behind == 0:
            return entries


def rebuild(session: Session) -> None:
    """Forget the counts; they are made anew by whoever follows the log next."""
    session.scalars(select(CountMark).with_for_update()).one().leaf = 0
    session.execute(delete(CertificateCount))
    session.flush()


def follow(session: Session, at_most: int) -> Progress:
    """Count up to ``at_most`` entries more, in this transaction."""
    mark = session.scalars(select(CountMark).with_for_update()).one()
    size = log_size(session)
    upto = min(size, mark.leaf + at_most)
    if upto > mark.leaf:
        _add(session, _counted(session, mark.leaf, upto))
        mark.leaf = upto
        session.flush()
    return Progress(mark.leaf, size)


def count_troubles(session: Session) -> Iterator[Trouble]:
    """Whether the counts are what the log up to their mark comes to."""
    mark = session.scalars(select(CountMark.leaf)).one_or_none()
    if mark is None or not 0 <= mark <= log_size(session):
        yield Trouble("counts_differ", "mark")
        return
    wanted: dict[Cell, Tally] = defaultdict(Tally)
    for low in range(0, mark, STEP):
        for cell, tally in _counted(session, low, min(mark, low + STEP)).items():
            wanted[cell] += tally
    found = counts_of(session, authority=None)
    for cell in sorted(wanted.keys() | found.keys()):
        if wanted.get(cell, Tally()) != found.get(cell, Tally()):
            yield Trouble(
                "counts_differ",
                f"{cell.authority} {cell.year} {cell.kind} {cell.month} {cell.grade}".rstrip(),
            )


def entries_between(session: Session, low: int, high: int) -> Iterator[tuple[int, LogEntry]]:
    """Index and entry of the leaves from ``low`` to below ``high``; what is no entry, or of no number, is left out (``fsck`` tells)."""
    for bundle in range(low // TILE_WIDTH, -(-high // TILE_WIDTH)):
        for place, data in enumerate(read_entries(session, bundle), bundle * TILE_WIDTH):
            if low <= place < high:
                try:
                    entry = read_entry(data)
                except VerifierError:
                    continue
                if entry.action in OWN_ACTIONS or _NUMBER.fullmatch(entry.number):
                    yield place, entry


def month_of(time: int) -> int:
    """202611 of a time of November 2026 in China."""
    at = datetime.fromtimestamp(time, CHINA)
    return at.year * 100 + at.month


def grade_of(record: bytes) -> str:
    """The grade in a stored record. Read loosely, since it was judged before it was stored; empty where there is none."""
    try:
        return str(orjson.loads(record)["credentialSubject"].get("grade", ""))[:16]
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
        return ""


def _counted(session: Session, low: int, high: int) -> dict[Cell, Tally]:
    """What the leaves from ``low`` to below ``high`` add to each cell."""
    columns = select(Certificate.leaf_index, Certificate.record)
    within = columns.where(Certificate.leaf_index >= low, Certificate.leaf_index < high)
    records: dict[int, bytes] = {row[0]: row[1] for row in session.execute(within)}
    found: dict[Cell, Tally] = defaultdict(Tally)
    changes = []
    for leaf, entry in entries_between(session, low, high):
        if entry.action == "issue":
            found[_cell(entry, records.get(leaf, b""))] += Tally(issued=1)
        elif entry.action in ("suspend", "reinstate", "revoke"):
            changes.append(entry)
    _add_changes(session, changes, low, found)
    return found


def _add_changes(session: Session, changes: list[LogEntry], low: int, found: dict[Cell, Tally]) -> None:
    numbers = sorted({entry.number for entry in changes})
    states = states_of(session, numbers, below=low)
    cells = {
        number: _cell(issue, record)
        for number, leaf, record in select_among(
            session, Certificate, "number", numbers, ("number", "leaf_index", "record")
        )
        if (issue := _issue_at(session, leaf, number)) is not None
    }
    moved = {"suspended": Tally(suspended=1), "revoked": Tally(revoked=1), "issued": Tally()}
    gone = {"suspended": Tally(suspended=-1), "revoked": Tally(revoked=-1), "issued": Tally()}
    for entry in changes:
        before = states.get(entry.number, "issued")
        after = state_after(before, entry.action)
        if after is not None and entry.number in cells:
            found[cells[entry.number]] += gone[before] + moved[after]
            states[entry.number] = after


def _issue_at(session: Session, leaf: int, number: str) -> LogEntry | None:
    """The entry of a certificate's issue, or None where it does not lie at ``leaf`` (``fsck`` tells)."""
    try:
        entry = parse_log_entry(entry_at(session, leaf))
    except (VerifierError, RegistryError):
        return None
    return entry if (entry.action, entry.number) == ("issue", number) else None


def _cell(issue: LogEntry, record: bytes) -> Cell:
    number = issue.number
    return Cell(number[:6], int(number[6:10]), int(number[10]), month_of(issue.time), grade_of(record))


def _add(session: Session, found: Mapping[Cell, Tally]) -> None:
    fresh = []
    for cell, tally in sorted(found.items()):
        key = (cell.authority, cell.year, cell.kind, cell.month, cell.grade)
        row = session.get(CertificateCount, key)
        if row is None:
            names = ("authority", "year", "kind", "month", "grade")
            fresh.append(
                dict(zip(names, key, strict=True))
                | {"issued": tally.issued, "suspended": tally.suspended, "revoked": tally.revoked}
            )
            continue
        row.issued += tally.issued
        row.suspended += tally.suspended
        row.revoked += tally.revoked
    bulk_insert(session, CertificateCount, fresh)
