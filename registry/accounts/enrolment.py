"""Taking up a one-time-code app or a passkey: offered on a page, proven by its first answer, kept only then.

A secret that waits for its first code lies sealed in the question that was asked (``registry.accounts.challenges``).
"""

import json
from dataclasses import dataclass

from sqlalchemy.orm import Session

from registry.accounts.challenges import ask, bound_bytes, peek, take
from registry.accounts.confirmation import Site
from registry.accounts.errors import AccountError
from registry.accounts.models import Account, Challenge, Passkey
from registry.accounts.passkeys import add_passkey, creation_options, passkeys_of
from registry.accounts.totp import (
    matching_step,
    new_totp_secret,
    open_sealed,
    provisioning_uri,
    seal_secret,
)
from registry.identity import IdentityVault

_TOTP, _PASSKEY = "totp-new", "passkey-new"
INVITED, CONFIRMED = "invitation", "second factor"
"""What lets somebody add a passkey: an offer that an invitation's page made is none once the account is in use."""
LIFETIME = 30 * 60
"""Seconds to install an app and scan its code."""


@dataclass(frozen=True, slots=True)
class TotpOffer:
    """``secret`` to type, ``uri`` to scan."""

    ticket: str
    secret: str
    uri: str


@dataclass(frozen=True, slots=True)
class PasskeyOffer:
    """``options`` (JSON) for the browser."""

    ticket: str
    options: str


def offer_totp(
    session: Session, vault: IdentityVault, account: Account, *, issuer: str, ticket: str, now: int
) -> TotpOffer:
    """The offer of ``ticket`` again, as long as it stands, so that nobody has to scan twice; else a new one."""
    question = _totp_question(session, account, ticket, now=now)
    if question is not None:
        secret = _offered(vault, account, question)
    else:
        secret = new_totp_secret()
        sealed = seal_secret(vault, secret, account.id).hex()
        ticket = ask(
            session, _TOTP, account_id=account.id, bound={"totp": sealed}, now=now, lifetime=LIFETIME
        ).ticket
    return TotpOffer(ticket, secret, provisioning_uri(secret, login=account.login, issuer=issuer))


def require_first_code(
    session: Session, vault: IdentityVault, account: Account, *, ticket: str, code: str, now: int
) -> None:
    """Raise ``AccountError`` (``offer_expired``, ``code_first``) unless ``code`` is one of the offered secret."""
    question = _totp_question(session, account, ticket, now=now)
    if question is None:
        raise AccountError("offer_expired")
    if matching_step(_offered(vault, account, question), code, now=now) is None:
        raise AccountError("code_first")


def accept_totp(
    session: Session, vault: IdentityVault, account: Account, *, ticket: str, code: str, now: int
) -> None:
    """Keep the offered secret, proven by its first code, which is used up herewith; raises as above."""
    require_first_code(session, vault, account, ticket=ticket, code=code, now=now)
    question = take(session, _TOTP, ticket, now=now)
    if question is None:
        raise AccountError("offer_expired")
    secret = _offered(vault, account, question)
    account.totp = seal_secret(vault, secret, account.id)
    account.totp_step = matching_step(secret, code, now=now)


def offer_passkey(session: Session, account: Account, *, after: str, site: Site, now: int) -> PasskeyOffer:
    """What a new passkey is made from, after ``INVITED`` or ``CONFIRMED``."""
    asked = ask(session, _PASSKEY, account_id=account.id, bound={"after": after}, now=now, lifetime=LIFETIME)
    held = passkeys_of(session, account.id)
    return PasskeyOffer(asked.ticket, creation_options(account, held, asked.challenge, host=site.host))


def accept_passkey(
    session: Session,
    account: Account,
    *,
    after: str,
    ticket: str,
    credential: str,
    label: str,
    site: Site,
    now: int,
) -> Passkey:
    """Keep it; raises ``AccountError``. ``label`` is by what its owner knows it, ``after`` what the offer was made after."""
    label = " ".join(label.split())
    if not 0 < len(label) <= 40 or not label.isprintable():
        raise AccountError("label_form", most=40)
    question = take(session, _PASSKEY, ticket, now=now)
    asked_for = (account.id, bound_bytes({"after": after}))
    if question is None or (question.account_id, question.bound) != asked_for:
        raise AccountError("offer_expired")
    return add_passkey(
        session,
        account,
        credential,
        question.challenge,
        host=site.host,
        origin=site.origin,
        label=label,
        now=now,
    )


def _totp_question(session: Session, account: Account, ticket: str, *, now: int) -> Challenge | None:
    question = peek(session, _TOTP, ticket, now=now) if ticket else None
    return question if question is not None and question.account_id == account.id else None


def _offered(vault: IdentityVault, account: Account, question: Challenge) -> str:
    try:
        sealed = bytes.fromhex(json.loads(question.bound)["totp"])
    except (KeyError, TypeError, ValueError) as error:
        raise AccountError("offer_expired") from error
    secret = open_sealed(vault, sealed, account.id)
    if secret is None:
        raise AccountError("offer_expired")
    return secret
