"""Invitations: a link by which somebody sets up his own account, good once and for three days.

Nobody ever gives anybody a password: the administrator hands over the link, by a way that reaches the right person.
"""

from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from registry.accounts.models import Account, Invite
from registry.accounts.secrets import new_secret, secret_hash
from registry.actors import Actor

LIFETIME = 72 * 3600
"""Seconds: over a weekend."""


@dataclass(frozen=True, slots=True)
class Invitation:
    """``secret`` belongs in the link, and is told this once."""

    account: Account
    secret: str
    expires_at: int


def invite(session: Session, actor: Actor, account: Account, *, now: int) -> Invitation:
    """A new invitation; former ones that were not used are void."""
    void_invites(session, account.id, now=now)
    secret = new_secret()
    session.add(
        Invite(
            hash=secret_hash("invite", secret),
            account_id=account.id,
            created_at=now,
            created_by=actor.account,
            expires_at=now + LIFETIME,
        )
    )
    session.flush()
    return Invitation(account, secret, now + LIFETIME)


def void_invites(session: Session, account_id: int, *, now: int) -> None:
    """No open invitation of the account is good any more."""
    session.execute(
        update(Invite).where(Invite.account_id == account_id, Invite.used_at.is_(None)).values(used_at=now)
    )


def find_invited(session: Session, secret: str, *, now: int) -> Account | None:
    """Who is invited by ``secret``; None where it is unknown, used or too old, or the account is disabled."""
    return session.scalars(
        select(Account)
        .join(Invite, Invite.account_id == Account.id)
        .where(
            Invite.hash == secret_hash("invite", secret),
            Invite.used_at.is_(None),
            Invite.expires_at > now,
            Account.disabled_at.is_(None),
        )
    ).one_or_none()


def use_invite(session: Session, secret: str, *, now: int) -> bool:
    """Whether it was good; of two who come at once one is taken."""
    used = session.execute(
        update(Invite)
        .where(
            Invite.hash == secret_hash("invite", secret), Invite.used_at.is_(None), Invite.expires_at > now
        )
        .values(used_at=now)
        .returning(Invite.hash)
    )
    return used.one_or_none() is not None


def is_invited(session: Session, account_id: int, *, now: int) -> bool:
    """Whether an invitation is open."""
    found = session.scalars(
        select(Invite.hash).where(
            Invite.account_id == account_id, Invite.used_at.is_(None), Invite.expires_at > now
        )
    )
    return found.first() is not None
