"""A passkey confirms its owner's acts and nobody else's, whoever holds it; what it signs is made here byte by byte."""

import json
from hashlib import sha256

import cbor2
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from webauthn.helpers import bytes_to_base64url

from registry.accounts.challenges import peek
from registry.accounts.confirmation import PURPOSE, Act, Factor, Site, ask_confirmation, confirm
from registry.accounts.models import Account, Passkey
from tests.accounts.test_once import new_account
from tests.registry.rig import Rig

SITE = Site("console.example.cn", "https://console.example.cn")
RELEASE = Act("draft.release", "draft:1", "0" * 64)
VERIFIED = 0b101
"""Flags of an answer: somebody was there, and is who he should be."""


def passkey(rig: Rig, owner: Account, key: Ed25519PrivateKey) -> bytes:
    """Keep ``key`` as a passkey of ``owner``; its credential id."""
    credential = sha256(owner.login.encode()).digest()
    public = {1: 1, 3: -8, -1: 6, -2: key.public_key().public_bytes_raw()}
    with rig.app.database.write() as session:
        row = Passkey(
            account_id=owner.id, credential=credential, public_key=cbor2.dumps(public), sign_count=0
        )
        row.label, row.created_at = "钥匙", rig.clock.now
        session.add(row)
    return credential


def answer(key: Ed25519PrivateKey, credential: bytes, challenge: bytes) -> str:
    """What a browser sends of ``key`` having signed ``challenge``."""
    client = {
        "type": "webauthn.get",
        "challenge": bytes_to_base64url(challenge),
        "origin": SITE.origin,
    }
    said = json.dumps(client).encode()
    data = sha256(SITE.host.encode()).digest() + bytes((VERIFIED,)) + (1).to_bytes(4, "big")
    response = {
        "authenticatorData": data,
        "clientDataJSON": said,
        "signature": key.sign(data + sha256(said).digest()),
    }
    return json.dumps(
        {
            "id": bytes_to_base64url(credential),
            "rawId": bytes_to_base64url(credential),
            "type": "public-key",
            "response": {name: bytes_to_base64url(value) for name, value in response.items()},
        }
    )


def test_a_passkey_confirms_for_its_owner_alone(lite: Rig) -> None:
    now = lite.clock.now
    owner, thief = new_account(lite), new_account(lite, "thief")
    keys = {one.id: Ed25519PrivateKey.generate() for one in (owner, thief)}
    credentials = {one.id: passkey(lite, one, keys[one.id]) for one in (owner, thief)}

    def confirmed_by(holder: Account) -> Factor | None:
        """The owner's act in the owner's session, with a passkey of ``holder``."""
        with lite.app.database.write() as session:
            asked = ask_confirmation(session, owner, 1, RELEASE, site=SITE, now=now)
            question = peek(session, PURPOSE, asked.ticket, now=now)
            assert question is not None
            signed = answer(keys[holder.id], credentials[holder.id], question.challenge)
            return confirm(
                session,
                lite.app.vault,
                owner,
                1,
                RELEASE,
                ticket=asked.ticket,
                credential=signed,
                code="",
                site=SITE,
                now=now,
            )

    assert confirmed_by(thief) is None
    assert confirmed_by(owner) is Factor.PASSKEY
