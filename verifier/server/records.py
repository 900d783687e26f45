"""Records by number, where a deployment has them: read only, and only for who knows the holder's name.

The publication names nobody, so this server has no records of its own. "No such number" and "another name" are one answer:
both read a record (of the number, or a decoy), both compare, and both are given at the same time after the request.
"""

import unicodedata
from hashlib import sha256
from hmac import compare_digest
from typing import Protocol

from keys.canonical import canonicalize_restricted
from keys.encodings import multibase_encode
from keys.errors import KeysError
from verifier.errors import VerifierError
from verifier.evidence import WHITE_SPACE
from verifier.number import CertificateNumber
from verifier.presented import Presented
from verifier.record import parse_record

_CONTEXTS = ["https://www.w3.org/ns/credentials/v2", "https://registry.example/ns/certificate/v1"]
_DECOY = canonicalize_restricted(
    {
        "@context": _CONTEXTS,
        "id": "https://registry.example/c/41010020261000012315",
        "type": ["VerifiableCredential", "ContinuingEducationCertificate"],
        "issuer": {"id": "did:web:registry.example:a:410100", "name": "郑州市人力资源和社会保障局"},
        "validFrom": "2026-11-20T00:00:00Z",
        "credentialSchema": {
            "id": "https://registry.example/schemas/annual/v1.json",
            "type": "JsonSchema",
        },
        "credentialSubject": {
            "certificateNumber": "41010020261000012315",
            "name": "无此证书",
            "identityDocument": "410105********1234",
            "employer": "郑州市第一人民医院",
            "grade": "intermediate",
            "year": 2026,
            "ruleSet": "henan-2012",
            "professionalHours": 60,
            "publicHours": 26,
        },
        "proof": {
            "@context": _CONTEXTS,
            "type": "DataIntegrityProof",
            "cryptosuite": "eddsa-jcs-2022",
            "created": "2026-11-20T08:00:00Z",
            "verificationMethod": "did:web:registry.example:a:410100#2026-1",
            "proofPurpose": "assertionMethod",
            "proofValue": multibase_encode(bytes(range(64))),
        },
    }
)
"""As large as a genuine record and read by the same steps; nobody's."""


class RecordSource(Protocol):
    """Where issued records are looked up. Called from several threads; takes as long for no record as for one."""

    def find(self, number: CertificateNumber) -> tuple[bytes, bytes | None] | None:
        """The record of ``number`` and its log proof, as they are handed out; None where there is none."""
        ...


def look_up(source: RecordSource, number: CertificateNumber, name: str) -> Presented | None:
    """What is held under ``number`` if it is ``name``'s; None for no such record and for another name alike."""
    found = source.find(number)
    record, log_proof = found or (_DECOY, None)
    same = compare_digest(_digest(name_in(record)), _digest(_plain(name)))
    if found is None or not same:
        return None
    return Presented(number.digits, record=record, log_proof=log_proof, name=name)


def name_in(record: bytes) -> str:
    """The name that the record claims; it is compared only, and judged by the verifier."""
    try:
        return str(parse_record(record).peek_document["credentialSubject"]["name"])
    except (VerifierError, KeysError, KeyError, TypeError):
        return "\0"  # what nobody types


def _plain(name: str) -> str:
    """As step 6 compares it: without white space around it, in NFC."""
    return unicodedata.normalize("NFC", name.strip(WHITE_SPACE))


def _digest(text: str) -> bytes:
    return sha256(text.encode()).digest()
