"""Guessing is slowed down, nobody is locked out.

Attempts are counted for what is being tried *and* who tries: a stranger's failures delay the stranger, never the owner of
the account at another address, nor in a browser in which he has signed in before. A delay grows and has an end; while it
lasts nothing is looked at, so that it tells nothing. An attempt counts before it is judged: a hundred at once are a
hundred.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from registry.accounts.errors import SlowDownError
from registry.accounts.models import KnownDevice, SignInTrouble
from registry.accounts.secrets import secret_hash
from registry.database import insert_absent

FORGOTTEN_AFTER = 24 * 3600
"""Seconds after the last attempt."""
DEVICE_SECONDS = 180 * 86400
"""How long a browser is known after it was used."""


@dataclass(frozen=True, slots=True)
class Pace:
    """``free`` failures cost nothing; then 2, 4, 8 … seconds, at most ``longest``."""

    free: int
    longest: int

    def delay(self, failures: int) -> int:
        """Seconds until the next attempt is looked at."""
        over = failures - self.free
        return 0 if over <= 0 else min(self.longest, 2 ** min(over, 20))


PAIR = Pace(5, 900)
"""One login from one client: 5 at once, then about 100 a day."""
CLIENT = Pace(30, 60)
"""One client at any login: an office may share an address, so that its delay is short."""
STEP = Pace(5, 900)
"""The second step of one account, which only they reach who know the password, or sit in its session."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """What an attempt is counted for."""

    key: bytes
    pace: Pace


def sign_in_attempts(login: str, client: str, *, known_device: bytes | None) -> list[Attempt]:
    """What a password counts for; in a known browser for that browser alone."""
    if known_device is not None:
        return [Attempt(secret_hash("trouble device", f"{known_device.hex()} {login}"), PAIR)]
    return [
        Attempt(secret_hash("trouble pair", f"{client} {login}"), PAIR),
        Attempt(secret_hash("trouble client", client), CLIENT),
    ]


def client_attempts(client: str) -> list[Attempt]:
    """What an attempt without a login counts for (passkey, invitation)."""
    return [Attempt(secret_hash("trouble client", client), CLIENT)]


def step_attempts(account_id: int, *, known_device: bytes | None) -> list[Attempt]:
    """What a code counts for."""
    where = known_device.hex() if known_device else ""
    return [Attempt(secret_hash("trouble step", f"{account_id} {where}"), STEP)]


def begin(session: Session, attempts: Sequence[Attempt], *, now: int) -> None:
    """Count an attempt; raises ``SlowDownError`` where it comes too soon, and then does not count it.

    Commit this before judging: otherwise those that come at once are not seen.
    """
    for attempt in attempts:
        _have_row(session, attempt.key, now)
    rows = [
        session.scalars(
            select(SignInTrouble)
            .where(SignInTrouble.key == attempt.key)
            .with_for_update()
            .execution_options(populate_existing=True)
        ).one()
        for attempt in attempts
    ]
    wait = max((row.not_before - now for row in rows), default=0)
    if wait > 0:
        raise SlowDownError(wait)
    for row, attempt in zip(rows, attempts, strict=True):
        row.failures = row.failures + 1 if now - row.last_at < FORGOTTEN_AFTER else 1
        row.last_at, row.not_before = now, now + attempt.pace.delay(row.failures)


def succeed(session: Session, attempts: Sequence[Attempt], *, now: int) -> None:
    """It was right: what it was counted for is forgotten, but a client's other failures are not."""
    session.execute(delete(SignInTrouble).where(SignInTrouble.last_at <= now - FORGOTTEN_AFTER))
    for attempt in attempts:
        if attempt.pace is not CLIENT:
            session.execute(delete(SignInTrouble).where(SignInTrouble.key == attempt.key))
            continue
        row = session.get(SignInTrouble, attempt.key, with_for_update=True)
        if row is not None:
            row.failures, row.not_before = max(0, row.failures - 1), now


def is_known(session: Session, device: str, account_id: int | None, *, now: int) -> bytes | None:
    """The hash of ``device`` where this account has signed in there lately."""
    if not device or account_id is None:
        return None
    found = session.get(KnownDevice, (secret_hash("device", device), account_id))
    return found.hash if found is not None and now - found.used_at < DEVICE_SECONDS else None


def remember(session: Session, device: str, account_id: int, *, now: int) -> None:
    """The account signed in completely in this browser."""
    session.execute(delete(KnownDevice).where(KnownDevice.used_at <= now - DEVICE_SECONDS))
    session.merge(KnownDevice(hash=secret_hash("device", device), account_id=account_id, used_at=now))


def _have_row(session: Session, key: bytes, now: int) -> None:
    row = {"key": key, "failures": 0, "last_at": now, "not_before": now}
    insert_absent(session, SignInTrouble, [row])
