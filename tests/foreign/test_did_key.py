"""did:key test data (w3c-ccg/did-method-key): a did:key is our Multikey behind a prefix, and the seed gives it."""

import json
from pathlib import Path
from typing import Any

from keys.custody import FileSigner
from keys.encodings import base58_decode, base58_encode, base64url_decode
from keys.publickey import PublicKey


def published_key(pair: dict[str, Any]) -> bytes:
    if "publicKeyBase58" in pair:
        return base58_decode(pair["publicKeyBase58"])
    return base64url_decode(pair["publicKeyJwk"]["x"])


def test_every_identifier_is_the_multikey_of_its_seed(foreign_vectors: Path) -> None:
    cases = json.loads((foreign_vectors / "did-key" / "ed25519-x25519.json").read_bytes())
    assert len(cases) == 5
    for did, case in cases.items():
        key = PublicKey.from_multikey(did.removeprefix("did:key:"))
        assert f"did:key:{key.multikey}" == did
        assert key == FileSigner.from_seed(bytes.fromhex(case["seed"])).public_key
        assert key.raw == published_key(case["verificationKeyPair"])
        if "publicKeyBase58" in case["verificationKeyPair"]:
            assert base58_encode(key.raw) == case["verificationKeyPair"]["publicKeyBase58"]
