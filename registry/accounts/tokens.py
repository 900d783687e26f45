"""API tokens: what an office's own system shows instead of a session.

A token acts for the account that made it, reaches no further than the account does at that moment, and only at the routes
that were chosen for it. It ends by itself, when it is revoked, and with its account. It confirms nothing: whatever needs
a second factor needs a person.
"""

from collections.abc import Sequence

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from registry.accounts.errors import AccountError
from registry.accounts.models import Account, ApiToken
from registry.accounts.secrets import new_secret, secret_hash
from registry.accounts.sessions import require_enabled
from registry.actors import Actor
from registry.trail.entry import JsonValue
from registry.trail.service import record

PREFIX = "certreg_"
"""So that scanners for leaked secrets know one."""
MAX_DAYS = 366
MAX_TOKENS = 20
"""Live ones of one account."""


def create_token(
    session: Session, actor: Actor, *, label: str, routes: Sequence[str], days: int, now: int
) -> tuple[str, ApiToken]:
    """A token for ``routes``; its secret is told this once. Raises ``AccountError`` (``token_form``, ``token_many``, ``account_disabled``)."""
    if not label or len(label) > 64 or not routes or not 1 <= days <= MAX_DAYS:
        raise AccountError("token_form", most=MAX_DAYS)
    require_enabled(session, actor.account)
    if len(live_tokens(session, actor.account, now=now)) >= MAX_TOKENS:
        raise AccountError("token_many", most=MAX_TOKENS)
    secret = PREFIX + new_secret()
    row = ApiToken(
        hash=secret_hash("token", secret),
        account_id=actor.account,
        label=label,
        routes="\n".join(sorted(set(routes))),
        created_at=now,
        expires_at=now + days * 86400,
    )
    session.add(row)
    session.flush()
    after: dict[str, JsonValue] = {
        "token": row.id,
        "routes": " ".join(routes_of(row)),
        "expires": row.expires_at,
    }
    record(session, actor, "token.create", subject=f"account:{actor.account}", now=now, after=after)
    return secret, row


def find_token(session: Session, secret: str, *, now: int) -> tuple[ApiToken, Account] | None:
    """The live token of ``secret`` and its account; None where there is none."""
    found = session.execute(
        select(ApiToken, Account)
        .join(Account, Account.id == ApiToken.account_id)
        .where(
            ApiToken.hash == secret_hash("token", secret),
            ApiToken.revoked_at.is_(None),
            ApiToken.expires_at > now,
            Account.disabled_at.is_(None),
        )
    ).one_or_none()
    return (found[0], found[1]) if found is not None else None


def live_tokens(session: Session, account_id: int, *, now: int) -> Sequence[ApiToken]:
    """An account's tokens that can be used, the newest first."""
    return session.scalars(
        select(ApiToken)
        .where(ApiToken.account_id == account_id, ApiToken.revoked_at.is_(None), ApiToken.expires_at > now)
        .order_by(ApiToken.id.desc())
    ).all()


def routes_of(token: ApiToken) -> list[str]:
    """Names of routes that it may ask."""
    return token.routes.split("\n")


def note_token_use(session: Session, token_id: int, *, now: int) -> None:
    """It was used now."""
    session.execute(update(ApiToken).where(ApiToken.id == token_id).values(used_at=now))


def revoke_token(session: Session, actor: Actor, token_id: int, *, now: int) -> bool:
    """Whether it was the actor's own and is revoked herewith."""
    revoked = session.execute(
        update(ApiToken)
        .where(ApiToken.id == token_id, ApiToken.account_id == actor.account, ApiToken.revoked_at.is_(None))
        .values(revoked_at=now)
        .returning(ApiToken.id)
    )
    if revoked.one_or_none() is None:
        return False
    record(
        session,
        actor,
        "token.revoke",
        subject=f"account:{actor.account}",
        now=now,
        before={"token": token_id},
    )
    return True


def revoke_tokens(session: Session, account_id: int, *, now: int) -> None:
    """All of an account's."""
    session.execute(
        update(ApiToken)
        .where(ApiToken.account_id == account_id, ApiToken.revoked_at.is_(None))
        .values(revoked_at=now)
    )
