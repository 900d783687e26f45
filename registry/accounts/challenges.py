"""What was asked of somebody and waits for its answer: kept on the server, bound to its purpose, answered once.

The one who is asked holds a secret (in a form or a cookie) that names the row. ``bound`` says what the answer is for, to
the letter: an answer to one question is none to another.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from keys.canonical import canonicalize
from registry.accounts.models import Challenge
from registry.accounts.secrets import new_secret, secret_hash

LIFETIME = 5 * 60
"""Seconds to answer."""


@dataclass(frozen=True, slots=True)
class Asked:
    """An open question: ``ticket`` names it (shown once), ``challenge`` are the 32 bytes that a passkey signs."""

    ticket: str
    challenge: bytes


def ask(
    session: Session,
    purpose: str,
    *,
    now: int,
    account_id: int | None = None,
    bound: Mapping[str, str] | None = None,
    lifetime: int = LIFETIME,
) -> Asked:
    """Open a question; what nobody answered in time goes away. The challenge is a hash over what it is bound to."""
    session.execute(delete(Challenge).where(Challenge.expires_at <= now))
    ticket = new_secret()
    data = bound_bytes(bound)
    challenge = sha256(
        b"certreg challenge v1\0" + purpose.encode() + b"\0" + secrets.token_bytes(32) + data
    ).digest()
    session.add(
        Challenge(
            hash=secret_hash("challenge", ticket),
            purpose=purpose,
            account_id=account_id,
            bound=data,
            challenge=challenge,
            created_at=now,
            expires_at=now + lifetime,
        )
    )
    session.flush()
    return Asked(ticket, challenge)


def peek(session: Session, purpose: str, ticket: str, *, now: int) -> Challenge | None:
    """The open question of ``ticket``; None where there is none (any more)."""
    return session.scalars(
        select(Challenge).where(
            Challenge.hash == secret_hash("challenge", ticket),
            Challenge.purpose == purpose,
            Challenge.used_at.is_(None),
            Challenge.expires_at > now,
        )
    ).one_or_none()


def take(session: Session, purpose: str, ticket: str, *, now: int) -> Challenge | None:
    """The same, answered herewith: of two that come with one ticket one gets it, and the other None."""
    found = peek(session, purpose, ticket, now=now)
    if found is None:
        return None
    taken = session.execute(
        update(Challenge)
        .where(Challenge.hash == found.hash, Challenge.used_at.is_(None))
        .values(used_at=now)
        .returning(Challenge.hash)
        .execution_options(synchronize_session=False)
    )
    return found if taken.one_or_none() is not None else None


def bound_bytes(bound: Mapping[str, str] | None) -> bytes:
    """What a question is bound to, as bytes that have one form."""
    return canonicalize(dict(bound or {}))
