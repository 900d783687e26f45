"""What holders ask to have corrected: received → accepted or declined → done with the case that corrects it.

A request comes over the counter, by letter, by telephone or through the employer; the clerk writes down what is asked and
by whom, and the holder is given a receipt number. The words are sealed: they say things of a person.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

import orjson
from cryptography.exceptions import InvalidTag
from sqlalchemy import select
from sqlalchemy.orm import Session

from registry.actors import Actor
from registry.app import App
from registry.cases.certificates import certificate_of
from registry.cases.documents import Upload, attach, check_uploads
from registry.cases.errors import CaseError
from registry.cases.models import Case, HolderRequest
from registry.identity import IdentityVault
from registry.trail.service import record

CHANNELS = ("counter", "letter", "phone", "employer", "email")
MAX_WISH, MAX_CONTACT, MAX_ANSWER = 1000, 100, 500
_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
_RECEIPT = 10
_PURPOSE = "holder request"


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked, and how the holder is reached."""

    wish: str
    contact: str


def receive(
    session: Session,
    actor: Actor,
    app: App,
    *,
    number: str,
    authority: str | None,
    channel: str,
    wish: str,
    contact: str,
    now: int,
    uploads: Sequence[Upload] = (),
) -> HolderRequest:
    """Write a request down; raises ``CaseError``."""
    check_uploads(uploads)
    if channel not in CHANNELS or not 2 <= len(wish.strip()) <= MAX_WISH or len(contact) > MAX_CONTACT:
        raise CaseError("request_form")
    certificate = certificate_of(session, number, authority=authority)
    receipt = "".join(secrets.choice(_ALPHABET) for _ in range(_RECEIPT))
    words = orjson.dumps({"wish": wish.strip(), "contact": contact.strip()})
    request = HolderRequest(
        receipt=receipt,
        authority=certificate.number[:6],
        number=certificate.number,
        channel=channel,
        sealed=app.vault.safe(_PURPOSE).seal(words, receipt),
        state="received",
        received_by=actor.account,
        receiver=actor.name,
        received_at=now,
        decider="",
        answer="",
    )
    session.add(request)
    session.flush()
    attach(session, app.vault, actor, uploads, authority=request.authority, request_id=request.id, now=now)
    _record(session, actor, "request.receive", request, now)
    return request


def decide(
    session: Session,
    actor: Actor,
    *,
    request_id: int,
    authority: str | None,
    accepted: bool,
    answer: str,
    now: int,
) -> HolderRequest:
    """Accept or decline; whoever declines says why, in words for the holder."""
    request = session.scalars(select(HolderRequest).filter_by(id=request_id).with_for_update()).first()
    if request is None or authority not in (None, request.authority):
        raise CaseError("not_found")
    if request.state != "received":
        raise CaseError("request_decided")
    if len(answer) > MAX_ANSWER or not (accepted or answer.strip()):
        raise CaseError("request_answer", most=MAX_ANSWER)
    request.state = "accepted" if accepted else "declined"
    request.decided_by, request.decider, request.decided_at = actor.account, actor.name, now
    request.answer = answer.strip()
    request.finished_at = None if accepted else now
    session.flush()
    _record(session, actor, "request.accept" if accepted else "request.decline", request, now)
    return request


def request_of(session: Session, request_id: int, *, authority: str | None) -> HolderRequest:
    """A request within reach; raises ``CaseError`` (``not_found``)."""
    request = session.get(HolderRequest, request_id)
    if request is None or authority not in (None, request.authority):
        raise CaseError("not_found")
    return request


def wish_of(vault: IdentityVault, request: HolderRequest) -> Wish:
    """What was asked; raises ``CaseError`` (``request_unreadable``)."""
    try:
        words = orjson.loads(vault.safe(_PURPOSE).open(request.sealed, request.receipt))
    except (InvalidTag, ValueError) as error:
        raise CaseError("request_unreadable") from error
    return Wish(words["wish"], words["contact"])


def list_requests(
    session: Session, *, authority: str | None, states: Sequence[str], limit: int = 100
) -> list[HolderRequest]:
    """Requests in one of ``states``: those that wait the oldest first, the others the newest first."""
    chosen = select(HolderRequest).where(HolderRequest.state.in_(states))
    if authority is not None:
        chosen = chosen.where(HolderRequest.authority == authority)
    waiting = set(states) <= {"received", "accepted"}
    order = HolderRequest.id if waiting else HolderRequest.id.desc()
    return list(session.scalars(chosen.order_by(order).limit(limit)))


def requests_about(session: Session, number: str) -> list[HolderRequest]:
    """Every request about a certificate, the newest first."""
    chosen = select(HolderRequest).filter_by(number=number).order_by(HolderRequest.id.desc())
    return list(session.scalars(chosen))


def cases_for(session: Session, request: HolderRequest) -> list[Case]:
    """The cases that were proposed to answer it, the newest first."""
    return list(session.scalars(select(Case).filter_by(request_id=request.id).order_by(Case.id.desc())))


def _record(session: Session, actor: Actor, act: str, request: HolderRequest, now: int) -> None:
    after: dict[str, str | int] = {"request": request.id, "receipt": request.receipt, "state": request.state}
    record(session, actor, act, subject=f"certificate:{request.number}", now=now, after=after)
