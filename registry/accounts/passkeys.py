"""Passkeys (WebAuthn Level 3): making one, and what it signs. The user is verified each time, so that it is two factors.

Attestation is not asked for: which maker's key an office buys is its own business.
"""

import json

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import base64url_to_bytes
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from registry.accounts.errors import AccountError
from registry.accounts.models import Account, Passkey
from registry.accounts.secrets import secret_hash

MAX_PASSKEYS = 20
"""Of one account."""
_REQUIRED = UserVerificationRequirement.REQUIRED
_MAX_JSON = 16 * 1024
"""Characters of what a browser answers; a few hundred are usual."""


def creation_options(account: Account, held: list[Passkey], challenge: bytes, *, host: str) -> str:
    """What ``navigator.credentials.create`` is given, as JSON."""
    options = generate_registration_options(
        rp_id=host,
        rp_name="certreg",
        user_id=secret_hash("user handle", str(account.id)),
        user_name=account.login,
        user_display_name=account.name,
        challenge=challenge,
        exclude_credentials=[PublicKeyCredentialDescriptor(id=one.credential) for one in held],
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=_REQUIRED
        ),
    )
    return options_to_json(options)


def request_options(held: list[Passkey], challenge: bytes, *, host: str) -> str:
    """What ``navigator.credentials.get`` is given; without ``held`` the browser offers what it has for this host."""
    allowed = [PublicKeyCredentialDescriptor(id=one.credential) for one in held]
    options = generate_authentication_options(
        rp_id=host, challenge=challenge, allow_credentials=allowed, user_verification=_REQUIRED
    )
    return options_to_json(options)


def add_passkey(
    session: Session,
    account: Account,
    answer: str,
    challenge: bytes,
    *,
    host: str,
    origin: str,
    label: str,
    now: int,
) -> Passkey:
    """Keep the new passkey that ``answer`` (JSON) proves; raises ``AccountError`` (``passkey_refused``, ``passkey_many``)."""
    if len(passkeys_of(session, account.id)) >= MAX_PASSKEYS:
        raise AccountError("passkey_many", most=MAX_PASSKEYS)
    try:
        made = verify_registration_response(
            credential=_document(answer),
            expected_challenge=challenge,
            expected_rp_id=host,
            expected_origin=origin,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError) as error:
        raise AccountError("passkey_refused") from error
    taken = session.scalars(select(Passkey.id).where(Passkey.credential == made.credential_id)).one_or_none()
    if taken is not None:
        raise AccountError("passkey_refused")
    row = Passkey(
        account_id=account.id,
        credential=made.credential_id,
        public_key=made.credential_public_key,
        sign_count=made.sign_count,
        label=label,
        created_at=now,
    )
    session.add(row)
    session.flush()
    return row


def use_passkey(
    session: Session, answer: str, challenge: bytes, *, host: str, origin: str, now: int
) -> Passkey | None:
    """The passkey that signed ``challenge``; None where none of ours did, or its counter went back (a copy). Two at once: the row decides."""
    try:
        document = _document(answer)
        credential = base64url_to_bytes(str(document["rawId"]))
        row = session.scalars(select(Passkey).where(Passkey.credential == credential)).one_or_none()
        if row is None:
            return None
        proven = verify_authentication_response(
            credential=document,
            expected_challenge=challenge,
            expected_rp_id=host,
            expected_origin=origin,
            credential_public_key=row.public_key,
            credential_current_sign_count=row.sign_count,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError):
        return None
    used = session.execute(
        update(Passkey)
        .where(Passkey.id == row.id, Passkey.sign_count == row.sign_count)
        .values(sign_count=proven.new_sign_count, used_at=now)
        .returning(Passkey.id)
        .execution_options(synchronize_session=False)
    )
    return row if used.one_or_none() is not None else None


def passkeys_of(session: Session, account_id: int) -> list[Passkey]:
    """An account's passkeys, the oldest first."""
    return list(session.scalars(select(Passkey).where(Passkey.account_id == account_id).order_by(Passkey.id)))


def remove_passkey(session: Session, passkey_id: int, account_id: int) -> bool:
    """Whether it was the account's and is gone."""
    gone = session.execute(
        delete(Passkey)
        .where(Passkey.id == passkey_id, Passkey.account_id == account_id)
        .returning(Passkey.id)
    )
    return gone.one_or_none() is not None


def _document(answer: str) -> dict[str, object]:
    if len(answer) > _MAX_JSON:
        raise ValueError("too long")
    try:
        document = json.loads(answer)
    except RecursionError as error:
        raise ValueError("too deep") from error
    if not isinstance(document, dict):
        raise TypeError("no object")
    return document
