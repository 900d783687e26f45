"""The search index by year, on PostgreSQL: a part for each year, made before its first certificate (migration 0010).

Of all tables the search index has the most indexes, in no order of time; divided, a year's certificates go into small ones that
stay in memory, and a search within a year looks at nothing else. What belongs to no part is kept in a last one
(``certificate_index_rest``), so that nothing fails where a year was not foreseen; its part takes it over when it is made.
SQLite has one table.
"""

import re
from collections.abc import Iterable

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from registry.cases.models import IndexedCertificate, IndexMark
from registry.offices import china_year

WHOLE = IndexedCertificate.__tablename__
REST = f"{WHOLE}_rest"
"""The part of years that have none; emptied by ``prepare_years``."""
_BOUNDS = re.compile(r"FOR VALUES FROM \((?:MINVALUE|'?(\d+)'?)\) TO \('?(\d+)'?\)", re.ASCII)


def prepare_years(session: Session, years: Iterable[int]) -> tuple[int, ...]:
    """See to it that each of ``years``, and of those in the last part, has its own; those that got one. Nothing is locked where all have one.

    Readers go on meanwhile; who follows the log waits for the end of the transaction.
    """
    if session.connection().dialect.name != "postgresql":
        return ()
    # Whoever waits below holds nothing of what it looked at here: the one that it waits for needs the last part for itself.
    look = session.begin_nested()
    years = {*years, *session.scalars(text(f"SELECT DISTINCT year FROM {REST}"))}  # noqa: S608 - a name of our own
    missing = _without_part(session, years)
    look.rollback()
    if not missing:
        return ()
    # Nobody follows the log, or makes parts, beside us.
    session.scalars(select(IndexMark).with_for_update()).one()
    missing = _without_part(session, years)
    for year in missing:
        _make_part(session, year)
    return missing


def years_ahead(now: int) -> range:
    """The years that are to have their part before anything is in it: this one and the next."""
    year = china_year(now)
    return range(year, year + 2)


def _without_part(session: Session, years: Iterable[int]) -> tuple[int, ...]:
    parts = session.scalars(
        text(
            "SELECT pg_get_expr(part.relpartbound, part.oid) FROM pg_inherits "
            "JOIN pg_class AS part ON part.oid = inhrelid WHERE inhparent = CAST(:whole AS regclass)"
        ),
        {"whole": WHOLE},
    )
    taken = [(int(bounds[1] or 0), int(bounds[2])) for part in parts if (bounds := _BOUNDS.fullmatch(part))]
    return tuple(year for year in sorted(set(years)) if not any(low <= year < high for low, high in taken))


def _make_part(session: Session, year: int) -> None:
    """A table beside the others, with what came before it; then joined to them, which keeps no reader waiting."""
    part = f"{WHOLE}_{year:04d}"
    for statement in (
        f"CREATE TABLE {part} (LIKE {WHOLE} INCLUDING ALL)",
        f"WITH moved AS (DELETE FROM {REST} WHERE year = {year:d} RETURNING *) INSERT INTO {part} SELECT * FROM moved",  # noqa: S608
        f"ALTER TABLE {WHOLE} ATTACH PARTITION {part} FOR VALUES FROM ({year:d}) TO ({year + 1:d})",
    ):
        session.execute(text(statement))
