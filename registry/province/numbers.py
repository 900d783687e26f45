"""Number blocks and their gaps: every number that was ever reserved is issued, void with its reason, or on its way.

What is none of these is a gap that nobody explained; ``fsck`` calls it ``number_gap`` or ``number_unaccounted``.
"""

from collections import Counter
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session, defer
from sqlalchemy.sql.base import ExecutableOption

from registry.models import Batch, Certificate, Intent, Series, VoidNumber
from registry.province.totals import issued_by_series, void_by_series
from verifier.number import CertificateNumber

MAX_GAPS = 100
"""Unexplained numbers that are named; the rest are counted."""
BLOCKS = 50
"""Blocks of one page."""


@dataclass(frozen=True, slots=True)
class SeriesAccount:
    """One series: numbers reserved so far, and what became of them."""

    authority: str
    year: int
    kind: int
    reserved: int
    issued: int
    void: int
    waiting: int

    @property
    def unexplained(self) -> int:
        """Reserved, and nothing that is known became of them. Never anything but 0 where all is well."""
        return self.reserved - self.issued - self.void - self.waiting


@dataclass(frozen=True, slots=True)
class Block:
    """Numbers that were reserved at once. ``first`` and ``last`` are serials; ``first_leaf`` is None while it is on its way."""

    intent: int
    first: int
    last: int
    batch: int
    file: str
    reserved_at: int
    first_leaf: int | None
    issued: int
    void: int

    @property
    def is_waiting(self) -> bool:
        """Whether its numbers are reserved and not logged yet."""
        return self.first_leaf is None

    @property
    def unexplained(self) -> int:
        """As of the series."""
        return 0 if self.is_waiting else self.last - self.first + 1 - self.issued - self.void


@dataclass(frozen=True, slots=True)
class Void:
    """A number that will never be issued, its reason's code, and where the log says so."""

    number: str
    reason: str
    leaf_index: int


def accounts_of(session: Session, *, authority: str | None) -> list[SeriesAccount]:
    """Every series of ``authority`` (None: of all)."""
    chosen = select(Series).order_by(Series.year.desc(), Series.authority, Series.kind)
    if authority is not None:
        chosen = chosen.where(Series.authority == authority)
    issued, void = issued_by_series(session), void_by_series(session)
    key = (Intent.authority, Intent.year, Intent.kind)
    open_ones = select(*key, func.sum(Intent.count)).where(Intent.state == "reserved").group_by(*key)
    waiting = {(row[0], row[1], row[2]): int(row[3]) for row in session.execute(open_ones)}
    found = []
    for row in session.scalars(chosen):
        series = (row.authority, row.year, row.kind)
        counts = (issued.get(series, 0), void.get(series, 0), waiting.get(series, 0))
        found.append(SeriesAccount(*series, row.next_serial - 1, *counts))
    return found


def account_of(
    session: Session, authority: str, year: int, kind: int, *, within: str | None
) -> SeriesAccount | None:
    """One series; None where there is none, or it is another's than ``within`` (None: anybody's)."""
    if within not in (None, authority):
        return None
    found = accounts_of(session, authority=authority)
    return next((one for one in found if (one.year, one.kind) == (year, kind)), None)


def blocks_of(session: Session, one: SeriesAccount, *, below: int | None = None) -> list[Block]:
    """The newest blocks of a series, newest first; those that begin below the serial ``below``."""
    chosen = (
        select(Intent, Batch.file_name)
        .join(Batch, Batch.id == Intent.batch_id)
        .where(Intent.authority == one.authority, Intent.year == one.year, Intent.kind == one.kind)
        .options(*_without_rows())
    )
    if below is not None:
        chosen = chosen.where(Intent.first_serial < below)
    rows = session.execute(chosen.order_by(Intent.first_serial.desc()).limit(BLOCKS)).all()
    ids = [intent.id for intent, _ in rows]
    issued, void = (_by_intent(session, table, ids) for table in (Certificate, VoidNumber))
    return [
        Block(
            intent.id,
            intent.first_serial,
            intent.first_serial + intent.count - 1,
            intent.batch_id,
            name,
            intent.created_at,
            intent.first_leaf,
            issued[intent.id],
            void[intent.id],
        )
        for intent, name in rows
    ]


def voids_of(session: Session, one: SeriesAccount, *, limit: int = BLOCKS, after: str = "") -> list[Void]:
    """Void numbers of a series, in order, behind the number ``after``."""
    chosen = (
        select(VoidNumber)
        .join(Intent, Intent.id == VoidNumber.intent_id)
        .where(Intent.authority == one.authority, Intent.year == one.year, Intent.kind == one.kind)
        .where(VoidNumber.number > after)
        .order_by(VoidNumber.number)
        .limit(limit)
    )
    return [Void(row.number, row.reason, row.leaf_index) for row in session.scalars(chosen)]


def gaps_of(session: Session, one: SeriesAccount) -> list[str]:
    """The first numbers of a series that nobody explained; looked for where there are any."""
    if one.unexplained <= 0:
        return []
    prefix = f"{one.authority}{one.year}{one.kind}"
    within = (f"{prefix}000000000", f"{prefix}999999999")
    known = {
        int(number[11:18])
        for table in (Certificate, VoidNumber)
        for number in session.scalars(select(table.number).where(table.number.between(*within)))
    }
    same = (Intent.authority == one.authority, Intent.year == one.year, Intent.kind == one.kind)
    open_ones = select(Intent.first_serial, Intent.count).where(*same, Intent.state == "reserved")
    for first, count in session.execute(open_ones):
        known.update(range(first, first + count))
    missing = (serial for serial in range(1, one.reserved + 1) if serial not in known)
    return [
        CertificateNumber(one.authority, one.year, one.kind, serial).digits
        for serial, _ in zip(missing, range(MAX_GAPS), strict=False)
    ]


def _by_intent(session: Session, table: type[Certificate | VoidNumber], ids: list[int]) -> Counter[int]:
    found = select(table.intent_id, func.count()).where(table.intent_id.in_(ids)).group_by(table.intent_id)
    return Counter({row[0]: row[1] for row in session.execute(found)})


def _without_rows() -> tuple[ExecutableOption, ...]:
    """A block's rows weigh a hundred kilobytes, and nobody looks at them here."""
    return (defer(Intent.rows, raiseload=True), defer(Intent.seal, raiseload=True))
