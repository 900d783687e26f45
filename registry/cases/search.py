"""Finding certificates: by name, number, identity number, employer, batch, state, year and kind, page by page.

A page is found by where the last one ended, so that it costs the same however far one goes, and stays what it was while
certificates are added. What is shown of a certificate is read from its record, and its state from the log's events; the
index only says which ones. Whose certificates are looked at is an argument of every function here.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import Select, false, func, select, tuple_
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import ColumnElement

from registry.cases.index import name_key
from registry.cases.models import Employer, IndexedCertificate
from registry.database import select_among
from registry.identity import IdentityVault
from registry.intake.identifiers import IdentifierError, ResidentIdentity
from registry.models import Certificate, StatusEvent
from registry.status import states_of
from verifier.record import parse_record

PAGE = 50
COUNTED = 10_000
"""Above this many the page says "more than": counting them all costs more than finding fifty."""
MAX_TEXT = 60
"""Of a name or an employer that is searched for; the longest on a certificate."""
STATES = ("issued", "suspended", "revoked", "superseded")
"""To search for; the index knows the first three, and ``revoked`` has what a correction ``superseded`` among it."""
ORDERS = ("number", "name")
_CODE, _NUMBER = re.compile(r"[0-9]{6}", re.ASCII), re.compile(r"[0-9]{20}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Query:
    """What is searched for; what is empty does not matter. ``name`` is how the name begins, ``employer`` any part of it.

    ``identity`` is the keyed hash of an identity number (``identity_key``), never the number. ``kind`` is the digit.
    """

    number: str = ""
    name: str = ""
    employer: str = ""
    identity: bytes = b""
    batch: int | None = None
    authority: str = ""
    state: str = ""
    year: int | None = None
    kind: int | None = None
    order: str = "number"


@dataclass(frozen=True, slots=True)
class Found:
    """One certificate in a list: what its record says, and its state."""

    number: str
    name: str
    identity: str
    """Masked, as it is printed."""
    employer: str
    year: int
    kind: int
    batch_id: int
    state: str


@dataclass(frozen=True, slots=True)
class Page:
    """``next`` is where the next page begins, empty at the end. ``total`` counts up to ``COUNTED`` + 1."""

    found: tuple[Found, ...]
    next: str
    total: int

    @property
    def is_more_than_counted(self) -> bool:
        """Whether ``total`` is only what was counted."""
        return self.total > COUNTED


def identity_key(vault: IdentityVault, typed: str, *, today: date) -> bytes | None:
    """The keyed hash of an identity number as somebody typed it (full-width, spaced, small x), None where it is none."""
    plain = "".join(unicodedata.normalize("NFKC", typed[:MAX_TEXT]).split()).upper()
    try:
        return vault.hash("identity", ResidentIdentity.parse(plain, today=today).number)
    except IdentifierError:
        return None


def search(
    session: Session, query: Query, *, authority: str | None, after: str = "", size: int = PAGE
) -> Page:
    """One page of ``query`` among the certificates of ``authority`` (None: of all), after ``after`` (a number)."""
    conditions = _conditions(query, authority)
    ordered = _ordered(query)
    rows = select(IndexedCertificate.number, IndexedCertificate.batch_id).where(*conditions)
    if after:
        rows = rows.where(_beyond(session, query, after))
    chosen = [(row[0], row[1]) for row in session.execute(rows.order_by(*ordered).limit(size + 1))]
    found = tuple(_shown(session, chosen[:size]))
    return Page(found, chosen[size - 1][0] if len(chosen) > size else "", _count(session, conditions))


def every(session: Session, query: Query, *, authority: str | None, at_most: int) -> Iterator[Found]:
    """All of ``query``, for an export, in its order; no more than ``at_most``."""
    rows = select(IndexedCertificate.number, IndexedCertificate.batch_id)
    rows = rows.where(*_conditions(query, authority)).order_by(*_ordered(query)).limit(at_most)
    for part in session.execute(rows).partitions(500):
        yield from _shown(session, [(row[0], row[1]) for row in part])


def numbers_found(session: Session, query: Query, *, authority: str | None, at_most: int) -> list[str]:
    """The numbers of ``query`` in the order of numbers; no more than ``at_most``."""
    by_number = replace(query, order="number")
    rows = select(IndexedCertificate.number).where(*_conditions(by_number, authority))
    return list(session.scalars(rows.order_by(IndexedCertificate.number).limit(at_most)))


def shown(session: Session, numbers: Sequence[str]) -> dict[str, Found]:
    """What a list says of each of ``numbers`` that exists; the caller has asked whose they are."""
    indexed = select_among(session, IndexedCertificate, "number", numbers, ("number", "batch_id"))
    return {one.number: one for one in _shown(session, [(row[0], row[1]) for row in indexed])}


def _conditions(query: Query, authority: str | None) -> list[ColumnElement[bool]]:
    indexed = IndexedCertificate
    conditions = [*_in_series(query, authority)]
    if query.number:
        conditions.append(indexed.number == query.number)
        if _NUMBER.fullmatch(query.number):
            # Where the index is divided by year, its part.
            conditions.append(indexed.year == int(query.number[6:10]))
    if query.name:
        conditions += _beginning(indexed.name_key, name_key(query.name))
    if query.employer:
        like = func.lower(Employer.name).like(f"%{_escaped(query.employer.lower())}%", escape="\\")
        conditions.append(indexed.employer_id.in_(select(Employer.id).where(like)))
    if query.identity:
        whose = select(Certificate.number).where(Certificate.identity_hash == query.identity)
        conditions.append(indexed.number.in_(whose))
    for column, value in (
        (indexed.batch_id, query.batch),
        (indexed.year, query.year),
        (indexed.kind, query.kind),
        (indexed.state, "revoked" if query.state == "superseded" else query.state or None),
    ):
        if value is not None:
            conditions.append(column == value)
    if query.state == "superseded":
        # Asked of each in turn, of which a page needs few: as a set it would be all corrections that there ever were.
        successor = select(StatusEvent.successor).where(
            StatusEvent.number == indexed.number, StatusEvent.successor.is_not(None)
        )
        conditions.append(successor.limit(1).scalar_subquery().is_not(None))
    return conditions


def _in_series(query: Query, authority: str | None) -> Iterator[ColumnElement[bool]]:
    """By the number itself, whose beginning is the authority, then the year, then the kind: a range of the primary key."""
    whose = {one for one in (authority, query.authority or None) if one is not None}
    for code in sorted(whose):
        if _CODE.fullmatch(code) is None:
            yield false()  # who has no authority has no certificates: an empty beginning would be everybody's
            continue
        prefix = code
        if query.year is not None:
            prefix += f"{query.year:04d}" + (str(query.kind) if query.kind is not None else "")
        yield IndexedCertificate.number.between(prefix.ljust(20, "0"), prefix.ljust(20, "9"))


def _beginning(column: Any, start: bytes) -> list[ColumnElement[bool]]:
    """``column`` begins with ``start``: no byte of GB 18030 is FF."""
    return [column >= start, column < start + b"\xff"]


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _ordered(query: Query) -> tuple[Any, ...]:
    by_name = (IndexedCertificate.name_key, IndexedCertificate.number)
    return by_name if query.order == "name" else (IndexedCertificate.number,)


def _beyond(session: Session, query: Query, after: str) -> ColumnElement[bool]:
    if query.order != "name":
        return IndexedCertificate.number > after
    where = select(IndexedCertificate.name_key).where(IndexedCertificate.number == after)
    key = session.scalars(where).one_or_none() or b""
    return tuple_(IndexedCertificate.name_key, IndexedCertificate.number) > tuple_(key, after)


def _count(session: Session, conditions: Sequence[ColumnElement[bool]]) -> int:
    some: Select[Any] = select(IndexedCertificate.number).where(*conditions).limit(COUNTED + 1)
    return session.scalars(select(func.count()).select_from(some.subquery())).one()


def _shown(session: Session, chosen: Sequence[tuple[str, int]]) -> Iterator[Found]:
    numbers = [number for number, _ in chosen]
    records = {
        number: bytes(record)
        for number, record in select_among(session, Certificate, "number", numbers, ("number", "record"))
    }
    states = states_of(session, numbers)
    for number, batch_id in chosen:
        subject = parse_record(records[number]).peek_document["credentialSubject"]
        yield Found(
            number,
            str(subject["name"]),
            str(subject["identityDocument"]),
            str(subject["employer"]),
            int(number[6:10]),
            int(number[10]),
            batch_id,
            states.get(number, "issued"),
        )
