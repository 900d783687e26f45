"""The audit trail: who did what to what, when, from where; append-only, chained by hash (issue 5, item 6).

``record`` is called in the transaction of the act that it records: both are there or neither is. **Call it last**: the
trail's head is the last lock of the order (certificate, series, log head, trail head), and it is held until the commit.
A transaction that takes the log's head after the trail's is refused in ``registry.log``, since two of them could wait
for each other for ever.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, insert, select, text
from sqlalchemy.orm import Session

from registry.actors import Actor
from registry.log import TRAIL_HELD
from registry.trail.entry import Entry, JsonValue, digest_of, entry_bytes, parse_entry
from registry.trail.models import TrailEntry, TrailHead


@dataclass(frozen=True, slots=True)
class Head:
    """Where the trail stands: how many entries, and the digest of the last."""

    count: int
    digest: bytes


@dataclass(frozen=True, slots=True)
class Filter:
    """Which entries; what is empty or None does not restrict. ``until`` is not included; ``act`` may end with ``.``.

    ``authority`` restricts to acts by that authority's people: whose trail an authority may see.
    """

    login: str = ""
    act: str = ""
    subject: str = ""
    since: int | None = None
    until: int | None = None
    authority: str | None = None


@dataclass(frozen=True, slots=True)
class Recorded:
    """An entry with its digest, as a page shows it."""

    entry: Entry
    digest: bytes


def record(
    session: Session,
    actor: Actor,
    act: str,
    *,
    subject: str,
    now: int,
    before: Mapping[str, JsonValue] | None = None,
    after: Mapping[str, JsonValue] | None = None,
    remark: str = "",
) -> None:
    """Append one act. ``act`` is ``capability.act`` (``batch.submit``), ``subject`` a stable key (``certificate:4101…``).

    ``before`` and ``after`` hold what changed, and no identity number: one that stands there is masked. Times never fall:
    a clock that was put back gets the last entry's time. Raises ``RegistryError`` (``trail_entry_form``).
    """
    head = locked_head(session)
    place = head.count + 1
    at = max(now, _last_time(session, head.count))
    data = entry_bytes(
        actor,
        act,
        place=place,
        previous=bytes(head.digest),
        subject=subject,
        at=at,
        before=before,
        after=after,
        remark=remark,
    )
    # The columns are taken from the bytes: what stands there masked stands here masked too.
    entry = parse_entry(data)
    row = {
        "place": place,
        "at": at,
        "login": entry.login,
        "authority": entry.authority,
        "act": act,
        "subject": entry.subject,
        "data": data,
        "digest": digest_of(data),
    }
    session.execute(insert(TrailEntry).values(**row))
    head.count, head.digest = place, digest_of(data)
    session.flush()


def locked_head(session: Session) -> TrailHead:
    """The head, standing still until the caller's transaction ends."""
    session.info[TRAIL_HELD] = True
    return session.scalars(
        select(TrailHead).with_for_update().execution_options(populate_existing=True)
    ).one()


def head_of(session: Session) -> Head:
    """Where the trail stands."""
    count, digest = session.execute(select(TrailHead.count, TrailHead.digest)).one()
    return Head(count, bytes(digest))


def find(session: Session, wanted: Filter, *, before: int | None = None, limit: int = 50) -> list[Recorded]:
    """The newest entries that fit, newest first; those before place ``before`` where that is given."""
    chosen = _restricted(select(TrailEntry), wanted)
    if before is not None:
        chosen = chosen.where(TrailEntry.place < before)
    rows = session.scalars(chosen.order_by(TrailEntry.place.desc()).limit(limit))
    return [Recorded(parse_entry(row.data), bytes(row.digest)) for row in rows]


COUNTED = 10_000
"""Entries that are counted: on from there the page says "more than", for counting them all would read the whole trail."""


def count_of(session: Session, wanted: Filter) -> int:
    """How many entries fit; where something is asked of them up to ``COUNTED`` + 1."""
    if wanted == Filter():
        return head_of(session).count
    some = _restricted(select(TrailEntry.place), wanted).limit(COUNTED + 1)
    return session.scalars(select(func.count()).select_from(some.subquery())).one()


_ACTS = text(
    "WITH RECURSIVE acts(act) AS (SELECT min(act) FROM trail_entry UNION ALL "
    "SELECT (SELECT min(act) FROM trail_entry WHERE act > acts.act) FROM acts WHERE acts.act IS NOT NULL) "
    "SELECT act FROM acts WHERE act IS NOT NULL ORDER BY act"
)


def acts_in_use(session: Session) -> list[str]:
    """Every act that the trail has, in order: from one to the next in the index, whose other entries are not read."""
    return list(session.scalars(_ACTS))


def entry_at_place(session: Session, place: int, *, authority: str | None) -> Recorded | None:
    """One entry, or None where there is none, or it is another authority's."""
    chosen = _restricted(select(TrailEntry), Filter(authority=authority)).where(TrailEntry.place == place)
    row = session.scalars(chosen).one_or_none()
    return Recorded(parse_entry(row.data), bytes(row.digest)) if row else None


def stored_entries(session: Session) -> Iterator[tuple[int, bytes, bytes]]:
    """Place, bytes and digest of every entry, in order."""
    columns = select(TrailEntry.place, TrailEntry.data, TrailEntry.digest).order_by(TrailEntry.place)
    for place, data, digest in session.execute(columns.execution_options(yield_per=1000)):
        yield place, bytes(data), bytes(digest)


def _last_time(session: Session, place: int) -> int:
    return session.scalars(select(TrailEntry.at).where(TrailEntry.place == place)).one_or_none() or 0


def _restricted(chosen: Select[Any], wanted: Filter) -> Select[Any]:
    if wanted.authority is not None:
        chosen = chosen.where(TrailEntry.authority == wanted.authority)
    if wanted.login:
        chosen = chosen.where(TrailEntry.login == wanted.login)
    if wanted.act.endswith("."):
        chosen = chosen.where(TrailEntry.act.startswith(wanted.act, autoescape=True))
    elif wanted.act:
        chosen = chosen.where(TrailEntry.act == wanted.act)
    if wanted.subject:
        chosen = chosen.where(TrailEntry.subject == wanted.subject)
    if wanted.since is not None:
        chosen = chosen.where(TrailEntry.at >= wanted.since)
    if wanted.until is not None:
        chosen = chosen.where(TrailEntry.at < wanted.until)
    return chosen
