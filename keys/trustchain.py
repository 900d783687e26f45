"""Who signed a trust list, and whether it may follow the one before (SPEC 4.2).

A verifier pins a root once and walks forward: every list must be signed by a threshold of distinct keys of the root it
trusted until then **and** of the root that the list names, and its version must rise. Versions in between may be left
out where the root did not change. Nothing here looks at a clock: validity at a moment is step 3 of verification.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256

from keys.canonical import JsonLimits, canonicalize_restricted, parse_restricted
from keys.did import KeyId, check_host
from keys.errors import KeysError, TrustListError
from keys.proofs import Proof, parse_proof_set, verify_proof
from keys.publickey import PublicKey
from keys.trustlist import Root, TrustList, parse_root, parse_trust_list

MAX_CHAIN = 1000
"""A monthly list for 80 years; whoever serves the history could send more."""

_PIN_LIMITS = JsonLimits(max_bytes=64 * 1024)


@dataclass(frozen=True, slots=True)
class RootPin:
    """The root that a verifier decided to trust: the registry's host and its root keys at that time."""

    registry: str
    root: Root

    def to_bytes(self) -> bytes:
        """The pin as a canonical JSON file (``root.json``)."""
        keys = [{"id": key.id, "publicKeyMultibase": key.public_key.multikey} for key in self.root.keys]
        document = {"registry": self.registry, "threshold": self.root.threshold, "keys": keys}
        return canonicalize_restricted(document)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the file in hex: what one reads out over the telephone."""
        return sha256(self.to_bytes()).hexdigest()


def parse_pin(data: bytes) -> RootPin:
    """A ``root.json``; raises ``TrustListError``."""
    try:
        value = parse_restricted(data, _PIN_LIMITS)
        host = check_host(value["registry"])
        return RootPin(host, parse_root(value, host))
    except (KeysError, KeyError, TypeError) as error:
        raise TrustListError("pin_form") from error


def pin_of(trust: TrustList) -> RootPin:
    """The pin that a list's own root amounts to."""
    return RootPin(trust.registry, trust.root)


def verify_chain(documents: Sequence[bytes], pin: RootPin, *, seen_version: int = 0) -> TrustList:
    """The last of ``documents`` (ascending versions), walked to from ``pin``.

    Raises ``TrustListError``: ``trust_list_registry``, ``trust_list_unsigned``, ``trust_list_threshold``,
    ``trust_list_version`` (does not rise) or ``trust_list_rollback`` (older than ``seen_version``).
    """
    if not 1 <= len(documents) <= MAX_CHAIN:
        raise TrustListError("trust_list_count", str(len(documents)))
    root, version, trust = pin.root, 0, None
    for data in documents:
        trust = parse_trust_list(data)
        if trust.registry != pin.registry:
            raise TrustListError("trust_list_registry", trust.registry)
        if trust.version <= version:
            raise TrustListError("trust_list_version", str(trust.version))
        _check_signed(trust, (root, trust.root))
        root, version = trust.root, trust.version
    assert trust is not None  # noqa: S101 - the loop ran at least once
    if version < seen_version:
        raise TrustListError("trust_list_rollback", f"{version} < {seen_version}")
    return trust


def _check_signed(trust: TrustList, roots: Iterable[Root]) -> None:
    try:
        proofs = parse_proof_set(trust.document)
    except KeysError as error:
        raise TrustListError("trust_list_unsigned", error.code) from error
    for root in roots:
        signed = _signers(trust, root, proofs)
        if not signed:
            raise TrustListError("trust_list_unsigned")
        if len(signed) < root.threshold:
            raise TrustListError("trust_list_threshold", f"{len(signed)} of {root.threshold}")


def _signers(trust: TrustList, root: Root, proofs: Sequence[Proof]) -> set[PublicKey]:
    """The distinct keys of ``root`` that signed: a key that signs twice counts once."""
    keys = {key.id: key.public_key for key in root.keys}
    candidates = ((keys.get(KeyId(proof.verification_method)), proof) for proof in proofs)
    return {key for key, proof in candidates if key and verify_proof(trust.document, proof, key)}
