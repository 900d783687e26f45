"""A certificate's life after issue: suspend, reinstate, revoke; and the status lists that say so (SPEC clause 5).

Every change is one transaction under the certificate's row lock: the log entry and the event that it records. Lists are
made from the events whenever they are published; nothing about status is stored twice.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from keys.did import registry_did
from keys.signer import Signer
from registry.database import select_among
from registry.errors import StatusChangeError
from registry.log import append_entries, log_time, require_logged
from registry.models import Certificate, Claim, Intent, StatusEvent, StatusMark
from verifier.catalogue import CONTEXT_PATH
from verifier.limits import STATUS_LIST_BITS
from verifier.logentry import LogEntry, record_digest
from verifier.number import MAX_SERIAL, CertificateNumber, parse_number
from verifier.status import (
    DETAILS,
    PURPOSES,
    StatusChange,
    StatusDetails,
    StatusList,
    new_bits,
    sign_status_details,
    sign_status_list,
    status_path,
    status_url,
)

REASONS = {
    "revoke": ("data-error", "fraud", "issued-in-error", "holder-request", "hours-withdrawn"),
    "suspend": ("under-review", "complaint", "training-under-review"),
    "reinstate": ("review-closed", "complaint-dismissed"),
}
"""The public reason codes of each action, and no others: whoever reads a verdict sees them, in the words of
``verifier.messages``. What else there is to say of a case is a remark, and is not published."""
FREEING = ("data-error", "issued-in-error")
"""Revocations after which the same person may be certified anew without further ado. After any other the claim stays with
the revoked number, and bars whoever hands in the same list again, until ``release``."""
_FROM = {"suspend": ("issued",), "reinstate": ("suspended",), "revoke": ("issued", "suspended")}
_TO = {"suspend": "suspended", "reinstate": "issued", "revoke": "revoked"}


@dataclass(frozen=True, slots=True)
class Block:
    """The numbers that share their status lists."""

    authority: str
    year: int
    kind: int
    block: int

    @property
    def first_number(self) -> CertificateNumber:
        """A number of the block, for its addresses."""
        return CertificateNumber(self.authority, self.year, self.kind, max(1, self.block * STATUS_LIST_BITS))


@dataclass(frozen=True, slots=True)
class StatusSigner:
    """The status key with its id, the registry's host, and the version of the trust list that the lists are to name."""

    host: str
    signer: Signer
    trust_list_version: int
    key_id: str

    @property
    def issuer(self) -> str:
        """The registry's did:web id."""
        return registry_did(self.host)


def change_status(
    session: Session, number: str, *, action: str, reason: str, now: int, remark: str = ""
) -> StatusEvent:
    """Suspend, reinstate or revoke; raises ``StatusChangeError`` and changes nothing where that cannot be.

    ``reason`` is public, one of ``REASONS``; ``remark`` stays in this database.
    """
    certificate = session.scalars(select(Certificate).filter_by(number=number).with_for_update()).first()
    if certificate is None:
        raise StatusChangeError("number_unknown", number=number)
    require_listed(reason, action)
    before = state_of(session, number)
    if before not in _FROM[action]:
        raise impossible(session, number, before, action)
    require_logged(session, certificate)
    digest = record_digest(certificate.record)
    entry = LogEntry(action, number, digest, number[:6], log_time(session, now), reason=reason)
    event = StatusEvent(
        leaf_index=append_entries(session, [entry]),
        number=number,
        action=action,
        reason=reason,
        successor=None,
        at=entry.time,
        remark=remark or None,
    )
    session.add(event)
    if action == "revoke" and reason in FREEING:
        # Revocation is final; nothing is held against the person, who may be certified anew.
        session.execute(delete(Claim).where(Claim.number == number))
    session.flush()
    return event


def require_listed(reason: str, action: str) -> None:
    """``reason`` is one of the public reasons of ``action``; else ``StatusChangeError`` (``reason_unlisted``)."""
    if reason not in REASONS[action]:
        raise StatusChangeError(
            "reason_unlisted", reason=reason, action=action, codes=" ".join(REASONS[action])
        )


def release(session: Session, number: str, *, remark: str, now: int) -> None:
    """Let the person of a revoked certificate be certified anew; raises ``StatusChangeError`` where nothing bars that."""
    certificate = session.scalars(select(Certificate).filter_by(number=number).with_for_update()).first()
    if certificate is None:
        raise StatusChangeError("number_unknown", number=number)
    if number not in barred(session, [number]):
        successor = successors(session, [number]).get(number, "")
        raise StatusChangeError(
            "not_barred", number=number, state=state_of(session, number), successor=successor
        )
    event = session.scalars(select(StatusEvent).filter_by(number=number, action="revoke")).one()
    event.released_at, event.release_remark = now, remark
    session.execute(delete(Claim).where(Claim.number == number))
    session.flush()


def barred(session: Session, numbers: Sequence[str]) -> dict[str, str]:
    """Of ``numbers`` those whose revocation bars their person from another certificate, with the public reason."""
    wanted = ("number", "action", "reason", "released_at")
    return {
        number: reason
        for number, action, reason, released_at in select_among(
            session, StatusEvent, "number", numbers, wanted
        )
        if action == "revoke" and reason not in (*FREEING, "superseded") and released_at is None
    }


def successors(session: Session, numbers: Sequence[str]) -> dict[str, str]:
    """Of ``numbers`` those that a correction superseded, with the number that came in their place."""
    events = select_among(session, StatusEvent, "number", numbers, ("number", "successor"))
    return {number: successor for number, successor in events if successor}


def impossible(session: Session, number: str, state: str, action: str) -> StatusChangeError:
    """The certificate's ``state`` is not open to ``action``: what it is open to, and what superseded it."""
    return StatusChangeError(
        "status_transition",
        number=number,
        state=state,
        action=action,
        possible="release" if number in barred(session, [number]) else possible_from(state),
        successor=successors(session, [number]).get(number, ""),
    )


def state_of(session: Session, number: str) -> str:
    """``issued``, ``suspended`` or ``revoked``."""
    state = "issued"
    events = select(StatusEvent.action).filter_by(number=number).order_by(StatusEvent.leaf_index)
    for action in session.scalars(events):
        state = state_after(state, action) or state
    return state


def states_of(session: Session, numbers: Sequence[str] | None, *, below: int | None = None) -> dict[str, str]:
    """The states of those of ``numbers`` (None: of all) that anything happened to: now, or as of the leaf ``below``."""
    columns = ("leaf_index", "number", "action")
    if numbers is None:
        every = select(StatusEvent.leaf_index, StatusEvent.number, StatusEvent.action)
        events: list[tuple[Any, ...]] = [tuple(row) for row in session.execute(every)]
    else:
        events = list(select_among(session, StatusEvent, "number", numbers, columns))
    states: dict[str, str] = {}
    for leaf, number, action in sorted(events):
        if below is None or leaf < below:
            before = states.get(number, "issued")
            states[number] = state_after(before, action) or before
    return states


def possible_from(state: str) -> str:
    """The commands that a certificate in ``state`` is open to, with spaces between; a dash where there is none."""
    actions = [action for action, states in _FROM.items() if state in states]
    return " ".join([*actions, *(["correct"] if state == "issued" else [])]) or "–"


def state_after(state: str, action: str) -> str | None:
    """The state that ``action`` leads to from ``state``, or None where it leads nowhere: revocation is final."""
    return _TO[action] if state in _FROM.get(action, ()) else None


def blocks_in_use(session: Session) -> list[Block]:
    """Every block that has a certificate: of each series that a range was reserved in, the last serial (the end of an index).

    Ranges and not ``series``: certificates refer to them, so none can be deleted to keep a series' lists from being signed.
    """
    used = select(Intent.authority, Intent.year, Intent.kind).distinct().subquery()
    same = (getattr(Certificate, name) == column for name, column in used.c.items())
    last = select(func.max(Certificate.serial)).where(*same).scalar_subquery()
    return [
        Block(authority, year, kind, number)
        for authority, year, kind, serial in session.execute(select(used, last).order_by(*used.c))
        if serial is not None  # reserved, and nothing issued yet
        for number in range(serial // STATUS_LIST_BITS + 1)
    ]


def versions_of(session: Session) -> dict[Block, int]:
    """How often anything was written about the status of each block's numbers, for those of which anything was."""
    columns = (
        StatusMark.authority,
        StatusMark.year,
        StatusMark.kind,
        StatusMark.block,
        StatusMark.version,
    )
    return {Block(*row[:4]): row[4] for row in session.execute(select(*columns))}


def blocks_changed_since(session: Session, leaf: int) -> frozenset[Block]:
    """The blocks that have events from ``leaf`` on."""
    numbers = session.scalars(select(StatusEvent.number).where(StatusEvent.leaf_index >= leaf))
    return frozenset(map(block_of, numbers))


def changes_in(session: Session, block: Block, *, below: int | None = None) -> dict[int, StatusChange]:
    """What stands against the numbers of a block, by index: now, or as of the leaf ``below``.

    An event that may not follow the last changes nothing.
    """
    low = block.block * STATUS_LIST_BITS
    high = min(low + STATUS_LIST_BITS - 1, MAX_SERIAL)
    series = f"{block.authority}{block.year}{block.kind}"
    # By the number itself: a column beside it that somebody altered must not move a revocation to another's place.
    within = StatusEvent.number.between(f"{series}{low:07d}00", f"{series}{high:07d}99")
    # Columns and not objects: of a hundred million certificates a million are revoked, and each publication asks for all.
    columns = (
        StatusEvent.number,
        StatusEvent.action,
        StatusEvent.at,
        StatusEvent.reason,
        StatusEvent.successor,
    )
    events = select(*columns).where(within).order_by(StatusEvent.leaf_index)
    if below is not None:
        events = events.where(StatusEvent.leaf_index < below)
    changes: dict[int, StatusChange] = {}
    for number, action, at, reason, successor in session.execute(events):
        index = parse_number(number).status_index
        before = changes.get(index)
        state = state_after(before.status if before else "issued", action)
        if state == "issued":
            del changes[index]
        elif state is not None:
            changes[index] = StatusChange(state, at, reason, successor or "")
    return changes


def sign_block(
    signer: StatusSigner, block: Block, changes: dict[int, StatusChange], *, now: int, valid_until: int
) -> dict[str, bytes]:
    """The signed lists and details of a block by their paths below the registry's root."""
    number = block.first_number
    common: dict[str, Any] = {
        "issuer": signer.issuer,
        "key_id": signer.key_id,
        "signer": signer.signer,
        "context": f"https://{signer.host}/{CONTEXT_PATH}",
    }
    documents = {}
    for purpose, word in zip(PURPOSES, ("revoked", "suspended"), strict=True):
        bits = new_bits({index for index, change in changes.items() if change.status == word})
        url = status_url(signer.host, number, purpose)
        status = StatusList(url, purpose, bits, now, valid_until, signer.trust_list_version)
        documents[status_path(number, purpose)] = sign_status_list(status, **common)
    details = StatusDetails(status_url(signer.host, number, DETAILS), changes)
    documents[status_path(number, DETAILS)] = sign_status_details(
        details, created=now, valid_until=valid_until, **common
    )
    return documents


def block_of(number: str) -> Block:
    """The block of a number."""
    parsed = parse_number(number)
    return Block(parsed.authority, parsed.year, parsed.kind, parsed.status_block)
