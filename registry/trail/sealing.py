"""Sealing: the head of the audit trail as an entry of the transparency log (SPEC 6.2, ``audit-trail``).

An entry names how many acts there are and the digest of the last, and no person. Whoever alters, deletes or reorders what
was recorded before a seal contradicts a log that verifiers and witnesses hold. What was recorded since the last seal is
chained, and not yet sealed: a day at most, since every publication seals what is due.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from registry.log import append_entries, lock_head, log_size, log_time, read_entries
from registry.trail.models import TrailSeal
from registry.trail.service import head_of, locked_head
from verifier.errors import VerifierError
from verifier.logentry import LogEntry, parse_log_entry
from verifier.tiles import TILE_WIDTH

SEAL_ACTION = "audit-trail"
SEAL_SECONDS = 86400
"""How old the last seal may be where something was recorded since: what could be altered unnoticed, at most."""


@dataclass(frozen=True, slots=True)
class Seal:
    """A head of the trail in the log, at its leaf; ``at`` is the log's time, Unix seconds."""

    leaf_index: int
    count: int
    digest: bytes
    at: int


def seal_trail(session: Session, *, now: int) -> Seal | None:
    """Append the head to the log; None where it is sealed already or nothing was ever recorded.

    It is under a signed head after the next ``App.sign_log``.
    """
    at = log_time(session, now)  # locks the log's head, which comes before the trail's
    head = locked_head(session)
    last = last_seal(session)
    if head.count == 0 or (last is not None and last.count == head.count):
        return None
    entry = LogEntry(SEAL_ACTION, str(head.count), bytes(head.digest).hex(), "", at)
    index = append_entries(session, [entry])
    session.add(TrailSeal(leaf_index=index, count=head.count, digest=bytes(head.digest), at=at))
    session.flush()
    return Seal(index, head.count, bytes(head.digest), at)


def seal_when_due(session: Session, *, now: int) -> Seal | None:
    """``seal_trail``, unless the last seal is younger than a day."""
    last = last_seal(session)
    if last is not None and now - last.at < SEAL_SECONDS:
        return None
    if head_of(session).count == (last.count if last else 0):
        return None  # and nobody waits for the log's head
    lock_head(session)
    return seal_trail(session, now=now)


def last_seal(session: Session) -> Seal | None:
    """The newest seal."""
    row = session.scalars(select(TrailSeal).order_by(TrailSeal.leaf_index.desc()).limit(1)).first()
    return Seal(row.leaf_index, row.count, bytes(row.digest), row.at) if row else None


def seals(session: Session, *, limit: int) -> list[Seal]:
    """The newest seals, newest first."""
    rows = session.scalars(select(TrailSeal).order_by(TrailSeal.leaf_index.desc()).limit(limit))
    return [Seal(row.leaf_index, row.count, bytes(row.digest), row.at) for row in rows]


def seals_in_log(session: Session) -> Iterator[Seal]:
    """Every seal that the log itself has, in order; the table beside it could be altered."""
    for bundle in range(-(-log_size(session) // TILE_WIDTH)):
        for place, data in enumerate(read_entries(session, bundle)):
            seal = seal_of(data, bundle * TILE_WIDTH + place)
            if seal is not None:
                yield seal


def seal_of(data: bytes, leaf_index: int) -> Seal | None:
    """The seal in an entry of the log, or None where it is another entry, or none in form (``fsck`` and auditors tell)."""
    if not data.startswith(b'{"action":"audit-trail"'):
        return None  # by far the most: nothing is parsed
    try:
        entry = parse_log_entry(data)
    except VerifierError:
        return None
    digits = entry.number.isascii() and entry.number.isdecimal() and len(entry.number) <= 15
    if entry.action != SEAL_ACTION or not digits or not entry.digest:
        return None
    return Seal(leaf_index, int(entry.number), bytes.fromhex(entry.digest), entry.time)
