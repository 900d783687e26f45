"""Data Integrity proofs with ``eddsa-jcs-2022`` (W3C VC Data Integrity EdDSA Cryptosuites 1.0, section 3.3).

The signed bytes are ``SHA-256(JCS(proof without proofValue)) || SHA-256(JCS(document without proof))``, proof hash first
(SPEC 2.3). One type, one suite, one purpose; ``@context`` of the proof, where it has one, equal to the document's (a
record must have one: SPEC 2.2); ``proofValue`` exactly 64 bytes in its one spelling. A set of proofs (``proof`` an array) signs the document without any proof, each on its own.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from keys.canonical import canonicalize
from keys.encodings import multibase_decode, multibase_encode, timestamp_decode, timestamp_encode
from keys.errors import EncodingError, ProofError
from keys.publickey import SIGNATURE_BYTES, PublicKey
from keys.signer import Signer

Canonical = Callable[[object], bytes]
PROOF_TYPE = "DataIntegrityProof"
CRYPTOSUITE = "eddsa-jcs-2022"
PROOF_PURPOSE = "assertionMethod"
_REQUIRED = frozenset({"type", "cryptosuite", "created", "verificationMethod", "proofPurpose"})
_MEMBERS = _REQUIRED | {"@context", "proofValue"}
_CONSTANTS = (PROOF_TYPE, CRYPTOSUITE, PROOF_PURPOSE)
MAX_PROOFS = 32
"""A set of root proofs: more than any threshold in use; whoever serves a trust list could send thousands."""


@dataclass(frozen=True, slots=True)
class Proof:
    """One parsed proof; nothing in it is verified yet. ``created`` is Unix seconds."""

    verification_method: str
    created: int
    signature: bytes
    options: Mapping[str, Any]


def proof_options(document: Mapping[str, Any], *, verification_method: str, created: int) -> dict[str, Any]:
    """The proof without its value, as it is hashed. ``created`` is Unix seconds."""
    options = {
        "type": PROOF_TYPE,
        "cryptosuite": CRYPTOSUITE,
        "created": timestamp_encode(created),
        "verificationMethod": verification_method,
        "proofPurpose": PROOF_PURPOSE,
    }
    if "@context" in document:
        options["@context"] = document["@context"]
    return options


def hash_data(
    document: Mapping[str, Any], options: Mapping[str, Any], *, canonical: Canonical = canonicalize
) -> bytes:
    """The 64 bytes that are signed: of ``document`` without ``proof`` and ``options`` without ``proofValue``.

    ``canonical`` may be ``dump_checked`` for a document that came out of a strict parser.
    """
    unsecured = {key: value for key, value in document.items() if key != "proof"}
    configuration = {key: value for key, value in options.items() if key != "proofValue"}
    return sha256(canonical(configuration)).digest() + sha256(canonical(unsecured)).digest()


def create_proof(
    document: Mapping[str, Any], signer: Signer, *, verification_method: str, created: int
) -> dict[str, Any]:
    """A proof over ``document`` (any ``proof`` member of it is left out); deterministic."""
    options = proof_options(document, verification_method=verification_method, created=created)
    signature = signer.sign(hash_data(document, options))
    return {**options, "proofValue": multibase_encode(signature)}


def add_proof(
    document: Mapping[str, Any], signer: Signer, *, verification_method: str, created: int
) -> dict[str, Any]:
    """``document`` with one proof, in place of any it had."""
    proof = create_proof(document, signer, verification_method=verification_method, created=created)
    return {**document, "proof": proof}


def parse_proof(document: Mapping[str, Any], value: object) -> Proof:
    """``value`` as a proof of ``document``, in strict form; raises ``ProofError``."""
    if not isinstance(value, dict) or not _REQUIRED | {"proofValue"} <= value.keys() <= _MEMBERS:
        raise ProofError("proof_members")
    check_options(document, value)
    return Proof(
        verification_method=value["verificationMethod"],
        created=_created(value["created"]),
        signature=signature_of(value["proofValue"]),
        options=value,
    )


def check_options(document: Mapping[str, Any], options: Mapping[str, Any]) -> None:
    """Raise ``ProofError`` unless ``options`` may stand in a proof of ``document``; time and value are not looked at."""
    if not _REQUIRED <= options.keys() <= _MEMBERS:
        raise ProofError("proof_members")
    if (options["type"], options["cryptosuite"], options["proofPurpose"]) != _CONSTANTS:
        raise ProofError("proof_suite")
    if "@context" in options and not (
        "@context" in document and _is_same(options["@context"], document["@context"])
    ):
        raise ProofError("proof_context")
    if not isinstance(options["verificationMethod"], str):
        raise ProofError("proof_method")


def _is_same(one: object, other: object) -> bool:
    """Whether two JSON values are equal; to Python ``1`` is ``True``, but a text is nothing else."""
    if one != other:
        return False
    of_texts = type(one) is list and {str}.issuperset(map(type, one))
    return of_texts or canonicalize(one) == canonicalize(other)


def parse_proof_set(document: Mapping[str, Any]) -> tuple[Proof, ...]:
    """The proofs of ``document``, whose ``proof`` is one object or an array of 1 to ``MAX_PROOFS``."""
    value = document.get("proof")
    values: Sequence[object] = value if isinstance(value, list) else [value]
    if not 1 <= len(values) <= MAX_PROOFS:
        raise ProofError("proof_count", str(len(values)))
    return tuple(parse_proof(document, item) for item in values)


def verify_proof(document: Mapping[str, Any], proof: Proof, key: PublicKey) -> bool:
    """Whether ``proof`` is ``key``'s over ``document``. Whether that key may sign is for the caller."""
    return key.verify(proof.signature, hash_data(document, proof.options))


def _created(value: object) -> int:
    if not isinstance(value, str):
        raise ProofError("proof_created")
    try:
        return timestamp_decode(value)
    except EncodingError as error:
        raise ProofError("proof_created") from error


def signature_of(value: object) -> bytes:
    """The 64 bytes of a ``proofValue``; raises ``ProofError`` (``proof_value``)."""
    if not isinstance(value, str):
        raise ProofError("proof_value")
    try:
        signature = multibase_decode(value)
    except EncodingError as error:
        raise ProofError("proof_value") from error
    # Base58 has one spelling for every byte string (a property test says so), so there is nothing to compare back.
    if len(signature) != SIGNATURE_BYTES:
        raise ProofError("proof_value")
    return signature
