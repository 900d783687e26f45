"""Sessions on the server: opened at sign-in, found by their secret, short, listed and ended.

A session is over when it was not used for ``IDLE`` or is ``ABSOLUTE`` old, when it was ended, or when its account was
disabled: each request asks the database, so that an end is an end at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from registry.accounts.errors import AccountError
from registry.accounts.models import Account, ConsoleSession
from registry.accounts.secrets import new_secret, secret_hash

IDLE = 30 * 60
"""Seconds: a clerk who walks away. Source: NIST SP 800-63B, AAL2, 30 minutes of inactivity."""
ABSOLUTE = 10 * 3600
"""Seconds: a working day. Source: the same clause allows 12 hours."""
SEEN_EVERY = 60
"""Seconds between two notes that a session is in use: reading a page should not write each time."""
_BROWSER_CHARACTERS = 80


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A live session and its account."""

    session: ConsoleSession
    account: Account


def open_session(
    session: Session, account: Account, *, origin: str, browser: str, now: int
) -> tuple[str, ConsoleSession]:
    """A new session of ``account``; its secret, for the cookie, is told this once. Raises ``AccountError`` (``account_disabled``)."""
    require_enabled(session, account.id)
    secret = new_secret()
    row = ConsoleSession(
        hash=secret_hash("session", secret),
        account_id=account.id,
        created_at=now,
        seen_at=now,
        origin=origin[:64],
        browser=browser[:_BROWSER_CHARACTERS],
    )
    session.add(row)
    session.flush()
    return secret, row


def require_enabled(session: Session, account_id: int) -> None:
    """Raise ``AccountError`` if it is disabled; until this transaction ends, it stays enabled.

    What lets somebody in, and was made while the account was being disabled, would live again once it is enabled.
    """
    chosen = select(Account.disabled_at).where(Account.id == account_id).with_for_update()
    if session.scalar(chosen) is not None:
        raise AccountError("account_disabled")


def find_session(session: Session, secret: str, *, now: int) -> SignedIn | None:
    """The live session of ``secret``, with its account; None where there is none (any more)."""
    found = session.execute(
        select(ConsoleSession, Account)
        .join(Account, Account.id == ConsoleSession.account_id)
        .where(ConsoleSession.hash == secret_hash("session", secret))
    ).one_or_none()
    if found is None:
        return None
    row, account = found
    if account.disabled_at is not None or not is_live(row, now=now):
        return None
    return SignedIn(row, account)


def is_live(row: ConsoleSession, *, now: int) -> bool:
    """Whether the session can be used."""
    return row.ended_at is None and now < min(row.seen_at + IDLE, row.created_at + ABSOLUTE)


def needs_note(row: ConsoleSession, *, now: int) -> bool:
    """Whether its use has to be noted, so that it does not end in the middle of work."""
    return now - row.seen_at >= SEEN_EVERY


def note_use(session: Session, session_id: int, *, now: int) -> None:
    """The session was used now."""
    session.execute(
        update(ConsoleSession)
        .where(ConsoleSession.id == session_id, ConsoleSession.seen_at < now)
        .values(seen_at=now)
    )


def live_sessions(session: Session, account_id: int, *, now: int) -> Sequence[ConsoleSession]:
    """The live sessions of an account, the newest first."""
    rows = session.scalars(
        select(ConsoleSession)
        .where(ConsoleSession.account_id == account_id, ConsoleSession.ended_at.is_(None))
        .order_by(ConsoleSession.seen_at.desc())
    )
    return [row for row in rows if is_live(row, now=now)]


def end_session(session: Session, session_id: int, account_id: int, *, now: int) -> bool:
    """End one session of ``account_id``; whether it was there and had not ended."""
    ended = session.execute(
        update(ConsoleSession)
        .where(
            ConsoleSession.id == session_id,
            ConsoleSession.account_id == account_id,
            ConsoleSession.ended_at.is_(None),
        )
        .values(ended_at=now)
        .returning(ConsoleSession.id)
    )
    return ended.one_or_none() is not None


def end_sessions(session: Session, account_id: int, *, now: int, keep: int | None = None) -> int:
    """End all sessions of an account but ``keep``; how many."""
    ended = session.execute(
        update(ConsoleSession)
        .where(
            ConsoleSession.account_id == account_id,
            ConsoleSession.ended_at.is_(None),
            ConsoleSession.id != (keep or 0),
        )
        .values(ended_at=now)
        .returning(ConsoleSession.id)
    )
    return len(ended.all())
