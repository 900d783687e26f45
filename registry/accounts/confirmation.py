"""A second factor asked again for one act: bound to who, in which session, does what to which state of what.

``ask_confirmation`` when the page is drawn, ``confirm`` when it is sent. What was confirmed for one act, subject or digest
is none for another, and none a second time: the question is answered once, a one-time code is good once, and what a
passkey signs is a hash over all of it.
"""

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy.orm import Session

from registry.accounts.challenges import ask, bound_bytes, peek, take
from registry.accounts.models import Account
from registry.accounts.passkeys import passkeys_of, request_options, use_passkey
from registry.accounts.totp import use_code
from registry.identity import IdentityVault

PURPOSE = "act"
LIFETIME = 15 * 60
"""Seconds that a page may stand open before it is confirmed: an approver reads first."""


class Factor(StrEnum):
    """By what it was confirmed."""

    PASSKEY = "passkey"
    TOTP = "totp"


@dataclass(frozen=True, slots=True)
class Act:
    """What is to be confirmed. ``digest`` names the state that was shown, where it can change meanwhile."""

    act: str
    subject: str
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What a page needs to ask: the question's name, the passkey's options (JSON, empty without one), whether a code fits."""

    ticket: str
    options: str
    has_totp: bool


@dataclass(frozen=True, slots=True)
class Site:
    """To whom passkeys belong: host and origin of the console."""

    host: str
    origin: str


def ask_confirmation(
    session: Session, account: Account, session_id: int, act: Act, *, site: Site, now: int
) -> Confirmation:
    """Open the question."""
    asked = ask(
        session, PURPOSE, account_id=account.id, bound=_bound(session_id, act), now=now, lifetime=LIFETIME
    )
    held = passkeys_of(session, account.id)
    options = request_options(held, asked.challenge, host=site.host) if held else ""
    return Confirmation(asked.ticket, options, account.totp is not None)


def confirm(
    session: Session,
    vault: IdentityVault,
    account: Account,
    session_id: int,
    act: Act,
    *,
    ticket: str,
    credential: str,
    code: str,
    site: Site,
    now: int,
) -> Factor | None:
    """By which factor ``act`` is confirmed herewith, once; None where it is not, and the question stays open."""
    question = peek(session, PURPOSE, ticket, now=now)
    if (
        question is None
        or question.account_id != account.id
        or question.bound != bound_bytes(_bound(session_id, act))
    ):
        return None
    if credential:
        key = use_passkey(
            session, credential, question.challenge, host=site.host, origin=site.origin, now=now
        )
        factor = Factor.PASSKEY if key is not None and key.account_id == account.id else None
    else:
        factor = Factor.TOTP if use_code(session, vault, account, code, now=now) else None
    if factor is None or take(session, PURPOSE, ticket, now=now) is None:
        return None
    return factor


def _bound(session_id: int, act: Act) -> dict[str, str]:
    return {"session": str(session_id), "act": act.act, "subject": act.subject, "digest": act.digest}
