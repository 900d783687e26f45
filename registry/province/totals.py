"""How many certificates and void numbers each series has, kept by the database itself beside the rows (``SeriesTotal``).

Pages that account for numbers must not lag behind, and must not count an archive either. So triggers count the rows of a range
when it is logged, void numbers, and every deletion, in that transaction, whoever makes it: an older program during an upgrade,
or somebody by hand. They count rows and not the log's entries: a count of its own beside ``counts``. ``fsck`` counts anew.
"""

from collections import Counter
from collections.abc import Iterator

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from registry.log import lock_head
from registry.models import Certificate, VoidNumber
from registry.province.models import SeriesTotal
from registry.troubles import Trouble

Series = tuple[str, int, int]
"""Authority, year, and the kind's digit."""


def issued_by_series(session: Session) -> dict[Series, int]:
    """How many certificates the database has of each series: a row read for each."""
    return {series: issued for series, (issued, _) in _kept(session).items() if issued}


def void_by_series(session: Session) -> dict[Series, int]:
    """How many void numbers it has of each."""
    return {series: void for series, (_, void) in _kept(session).items() if void}


def recount(session: Session) -> None:
    """Make the totals anew from the rows, in this transaction; the log stands still meanwhile, so nothing is added beside it."""
    lock_head(session)
    session.execute(delete(SeriesTotal))
    names = ("authority", "year", "kind", "issued", "void")
    rows = [
        dict(zip(names, (*series, *numbers), strict=True))
        for series, numbers in sorted(_counted(session).items())
    ]
    if rows:
        session.execute(insert(SeriesTotal), rows)


def total_troubles(session: Session) -> Iterator[Trouble]:
    """Whether the totals are what the rows come to."""
    kept, counted = _kept(session), _counted(session)
    for series in sorted(kept.keys() | counted.keys()):
        if kept.get(series, (0, 0)) != counted.get(series, (0, 0)):
            yield Trouble("totals_differ", " ".join(map(str, series)))


def _kept(session: Session) -> dict[Series, tuple[int, int]]:
    rows = session.execute(
        select(
            SeriesTotal.authority, SeriesTotal.year, SeriesTotal.kind, SeriesTotal.issued, SeriesTotal.void
        )
    )
    return {(row[0], row[1], row[2]): (row[3], row[4]) for row in rows}


def _counted(session: Session) -> dict[Series, tuple[int, int]]:
    issued, void = (_rows_of(session, table) for table in (Certificate, VoidNumber))
    return {series: (issued[series], void[series]) for series in issued.keys() | void.keys()}


def _rows_of(session: Session, table: type[Certificate | VoidNumber]) -> Counter[Series]:
    """By the number itself, as the trigger does: a column beside it may have been altered. What is no number is told elsewhere."""
    series = func.substr(table.number, 1, 11)
    found = session.execute(select(series, func.count()).group_by(series))
    return Counter(
        {
            (digits[:6], int(digits[6:10]), int(digits[10])): count
            for digits, count in found
            if len(digits) == 11 and digits.isascii() and digits.isdecimal()
        }
    )
