"""Figures from counts: by what they are grouped, what they are filtered by, and the certificates behind each of them.

A month's certificates are a range of the log's leaves, since the times of the log never fall: they are found without an
index of their own.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from registry.log import entry_at, log_size
from registry.models import Certificate
from registry.offices import CHINA
from registry.province.counts import Cell, Counts, Tally, grade_of
from registry.status import states_of
from verifier.logentry import parse_log_entry
from verifier.messages import GRADES

PAGE = 50
"""Certificates of one page."""
_READ_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Choice:
    """What is counted; what is None does not restrict. ``grade`` empty is the kind without grades."""

    authority: str | None = None
    year: int | None = None
    kind: int | None = None
    month: int | None = None
    grade: str | None = None

    def fits(self, cell: Cell) -> bool:
        """Whether a cell is among what is counted."""
        return (
            self.authority in (None, cell.authority)
            and self.year in (None, cell.year)
            and self.kind in (None, cell.kind)
            and self.month in (None, cell.month)
            and self.grade in (None, cell.grade)
        )


@dataclass(frozen=True, slots=True)
class Listed:
    """One certificate behind a figure."""

    number: str
    leaf_index: int
    logged_at: int
    grade: str
    state: str


DIMENSIONS: Mapping[str, Callable[[Cell], str | int]] = {
    "authority": lambda cell: cell.authority,
    "year": lambda cell: cell.year,
    "month": lambda cell: cell.month,
    "grade": lambda cell: cell.grade,
    "kind": lambda cell: cell.kind,
}


_GRADES = tuple(GRADES)


def grouped(counts: Counts, choice: Choice, by: str) -> dict[str | int, Tally]:
    """Sums of what fits ``choice``, by one of ``DIMENSIONS``, in the order of its values."""
    found: dict[str | int, Tally] = defaultdict(Tally)
    for cell, tally in counts.items():
        if choice.fits(cell):
            found[DIMENSIONS[by](cell)] += tally
    return dict(sorted(found.items(), key=lambda one: _order(by, one[0])))


def _order(by: str, value: str | int) -> tuple[int, str | int]:
    """Where a value stands: grades from the highest down, as offices write them; everything else by itself."""
    return (_GRADES.index(str(value)) if by == "grade" and value in _GRADES else len(_GRADES), value)


def total(counts: Counts, choice: Choice) -> Tally:
    """The sum of what fits."""
    return sum((tally for cell, tally in counts.items() if choice.fits(cell)), Tally())


def within_reach(choice: Choice, authority: str | None) -> Choice | None:
    """``choice`` as far as ``authority`` (None: all) may look; None where it asks for another's."""
    if authority is None:
        return choice
    return replace(choice, authority=authority) if choice.authority in (None, authority) else None


def listed(session: Session, choice: Choice, *, after: int = -1) -> list[Listed]:
    """Up to ``PAGE`` + 1 certificates that fit ``choice``, in the order of the log, behind the leaf ``after``."""
    low, high = leaves_of(session, choice.month)
    wanted = [Certificate.leaf_index < high]
    for column, value in (
        (Certificate.authority, choice.authority),
        (Certificate.year, choice.year),
        (Certificate.kind, choice.kind),
    ):
        if value is not None:
            wanted.append(column == value)
    found: list[Listed] = []
    low = max(low, after + 1)
    while len(found) <= PAGE:
        rows = session.execute(
            select(Certificate.number, Certificate.leaf_index, Certificate.record)
            .where(*wanted, Certificate.leaf_index >= low)
            .order_by(Certificate.leaf_index)
            .limit(_READ_AT_ONCE if choice.grade is not None else PAGE + 1)
        ).all()
        for number, leaf, record in rows:
            grade = grade_of(record)
            if choice.grade in (None, grade):
                found.append(Listed(number, leaf, _time(session, leaf), grade, "issued"))
                if len(found) > PAGE:
                    break
        if not rows:
            break
        low = rows[-1][1] + 1
    states = states_of(session, [one.number for one in found])
    return [replace(one, state=states.get(one.number, "issued")) for one in found]


def leaves_of(session: Session, month: int | None) -> tuple[int, int]:
    """The leaves of a month in China: from the first to below the last; all of the log without one."""
    size = log_size(session)
    if month is None:
        return 0, size
    year, place = divmod(month, 100)
    following = (year + 1, 1) if place == 12 else (year, place + 1)
    bounds = (datetime(*one, 1, tzinfo=CHINA).timestamp() for one in ((year, place), following))
    low, high = (_first_leaf(session, size, int(time)) for time in bounds)
    return low, high


def _first_leaf(session: Session, size: int, time: int) -> int:
    """The first leaf that is not earlier than ``time``."""
    return bisect_left(range(size), time, key=lambda leaf: _time(session, leaf))


def _time(session: Session, leaf: int) -> int:
    return parse_log_entry(entry_at(session, leaf)).time
