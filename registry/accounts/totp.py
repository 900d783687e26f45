"""One-time codes of an app (RFC 6238: SHA-1, 6 digits, 30 seconds, as every app has them).

The secret is sealed with AES-256-GCM for its account, under a key derived from the vault's secret. A code is good once:
the step of the newest used one is kept, and nothing at or before it is taken again (RFC 6238, 5.2).
"""

import secrets

import pyotp
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import or_, update
from sqlalchemy.orm import Session

from registry.accounts.models import Account
from registry.identity import IdentityVault

PERIOD = 30
_NONCE_BYTES = 12
_DRIFT = 1
"""Steps to either side: a phone's clock may be half a minute off (RFC 6238, 5.2)."""


def new_totp_secret() -> str:
    """160 bits in base32 (RFC 4226, 4, R6)."""
    return pyotp.random_base32(32)


def provisioning_uri(secret: str, *, login: str, issuer: str) -> str:
    """What an app reads from a QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=issuer)


def matching_step(secret: str, code: str, *, now: int) -> int | None:
    """The step whose code this is, among those near ``now``; None where there is none."""
    digits = code.replace(" ", "")
    if not (len(digits) == 6 and digits.isascii() and digits.isdigit()):
        return None
    generator = pyotp.TOTP(secret)
    present = now // PERIOD
    matching = [
        step
        for step in range(present - _DRIFT, present + _DRIFT + 1)
        if secrets.compare_digest(generator.at(step * PERIOD), digits)
    ]
    return matching[-1] if matching else None


def use_code(session: Session, vault: IdentityVault, account: Account, code: str, *, now: int) -> bool:
    """Whether ``code`` is right and was not used; then it is used now. Two at once: the row decides."""
    secret = open_secret(vault, account)
    step = matching_step(secret, code, now=now) if secret else None
    if step is None:
        return False
    used = session.execute(
        update(Account)
        .where(
            Account.id == account.id,
            Account.totp == account.totp,  # what was taken away since we read it is good for nothing
            or_(Account.totp_step.is_(None), Account.totp_step < step),
        )
        .values(totp_step=step)
        .returning(Account.id)
        .execution_options(synchronize_session=False)
    )
    return used.one_or_none() is not None


def seal_secret(vault: IdentityVault, secret: str, account_id: int) -> bytes:
    """``secret`` for the row of this account and no other (nonce, then ciphertext)."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return nonce + _cipher(vault).encrypt(nonce, secret.encode("ascii"), _bound(account_id))


def open_secret(vault: IdentityVault, account: Account) -> str | None:
    """The account's secret; None where it has none, or what lies there was not sealed for it."""
    return open_sealed(vault, account.totp, account.id) if account.totp is not None else None


def open_sealed(vault: IdentityVault, sealed: bytes, account_id: int) -> str | None:
    """What was sealed for the account; None where it was not."""
    nonce, data = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
    try:
        return _cipher(vault).decrypt(nonce, data, _bound(account_id)).decode("ascii")
    except (InvalidTag, ValueError):
        return None


def _bound(account_id: int) -> bytes:
    return f"account:{account_id}".encode("ascii")


def _cipher(vault: IdentityVault) -> AESGCM:
    # A keyed hash of a name that no identity number can have is a key of its own (HMAC as a derivation function).
    return AESGCM(vault.hash("certreg accounts totp v1"))
