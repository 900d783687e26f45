"""Recovery codes: ten, good once each, in place of the second factor; made anew all together."""

import secrets

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from registry.accounts.models import RecoveryCode
from registry.accounts.secrets import secret_hash

COUNT = 10
_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
"""Nothing that is read for something else."""
_CHARACTERS = 16
"""79 bits: a hash without cost is enough."""


def make_codes(session: Session, account_id: int) -> list[str]:
    """New codes in place of all former ones, shown this once."""
    session.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account_id))
    codes = ["".join(secrets.choice(_ALPHABET) for _ in range(_CHARACTERS)) for _ in range(COUNT)]
    session.add_all(RecoveryCode(hash=_hash(account_id, code), account_id=account_id) for code in codes)
    session.flush()
    return ["-".join(code[place : place + 4] for place in range(0, _CHARACTERS, 4)) for code in codes]


def use_recovery_code(session: Session, account_id: int, code: str, *, now: int) -> bool:
    """Whether ``code`` is one of the account's and was not used; then it is used now."""
    plain = "".join(character for character in code.lower() if character.isalnum())
    used = session.execute(
        update(RecoveryCode)
        .where(
            RecoveryCode.hash == _hash(account_id, plain),
            RecoveryCode.account_id == account_id,
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=now)
        .returning(RecoveryCode.hash)
    )
    return used.one_or_none() is not None


def codes_left(session: Session, account_id: int) -> int:
    """How many are unused."""
    return session.scalars(
        select(func.count())
        .select_from(RecoveryCode)
        .where(RecoveryCode.account_id == account_id, RecoveryCode.used_at.is_(None))
    ).one()


def _hash(account_id: int, code: str) -> bytes:
    return secret_hash(f"recovery {account_id}", code)
