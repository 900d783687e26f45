"""What travels between the machines of a root ceremony: a key that is offered, a proposal, a proof (SPEC 4.2).

All are small JSON files of the restricted profile. A key offer is signed by the key that it offers, so that nobody can
offer a key which he does not hold. A proposal is the next trust list, unsigned, and the version it was made from; it
describes nothing, since a signer's own machine tells him what changes (``keys.trustdiff``). A proof is one signature over
the proposed document; combined, a threshold of the root trusted until now **and** of the root proposed make the list.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from keys.canonical import (
    TRUST_LIST_LIMITS,
    JsonLimits,
    JsonObject,
    canonicalize_restricted,
    parse_restricted,
)
from keys.did import check_host, key_id, registry_did, split_key_id
from keys.encodings import timestamp_decode, timestamp_encode
from keys.errors import CeremonyError, KeysError
from keys.proofs import Proof, create_proof, parse_proof, verify_proof
from keys.publickey import PublicKey
from keys.signer import Signer
from keys.trustbuild import seal_trust_list
from keys.trustlist import Root, RootKey, TrustList, parse_trust_list

OFFER_FORMAT = "certreg-root-key/1"
PROPOSAL_FORMAT = "certreg-trust-proposal/1"
PROOF_FORMAT = "certreg-root-proof/1"
SMALL_LIMITS = JsonLimits(max_bytes=64 * 1024)
"""A key or a proof has half a kilobyte; whoever carries it between machines could send more."""
CODE_LENGTH = 8
"""Characters of a document's digest that a signer types: to know what he signs, not to keep a forger out."""


@dataclass(frozen=True, slots=True)
class KeyOffer:
    """A root key that its holder offers, possession proven; ``created`` is Unix seconds."""

    registry: str
    key: RootKey
    created: int


@dataclass(frozen=True, slots=True)
class Proposal:
    """The next trust list, unsigned: ``draft`` as read, ``document`` as signed. ``base_digest`` is empty for the first."""

    base_version: int
    base_digest: str
    draft: TrustList
    document: JsonObject

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of the canonical document: what a proof is of."""
        return digest_of(self.document)

    @property
    def code(self) -> str:
        """What a signer types; the same on every machine, so that signers can compare it over the telephone."""
        return self.digest[:CODE_LENGTH]


@dataclass(frozen=True, slots=True)
class RootProof:
    """One root key's signature over the document of that digest; not verified yet."""

    digest: str
    proof: JsonObject


@dataclass(frozen=True, slots=True)
class Tally:
    """How far a root has signed: ids of its keys that did, and how many must."""

    signed: tuple[str, ...]
    threshold: int

    @property
    def reached(self) -> bool:
        """Whether they are enough."""
        return len(self.signed) >= self.threshold


def digest_of(document: JsonObject) -> str:
    """SHA-256 (hex) of the canonical form of ``document`` without its proofs."""
    unsigned = {name: value for name, value in document.items() if name != "proof"}
    return sha256(canonicalize_restricted(unsigned)).hexdigest()


def fingerprint_of(key: PublicKey) -> str:
    """64 bits of the SHA-256 of a public key's Multikey, in groups: what holders read to each other."""
    digest = sha256(key.multikey.encode("ascii")).hexdigest()
    return " ".join(digest[start : start + 4] for start in range(0, 16, 4))


def default_fragment(key: PublicKey) -> str:
    """A name for a root key that no other has, with nobody to ask: ``root-`` and 8 characters of its digest."""
    return "root-" + sha256(key.multikey.encode("ascii")).hexdigest()[:8]


def make_offer(signer: Signer, *, registry: str, fragment: str, created: int) -> bytes:
    """The public file of a new root key; ``fragment`` follows the registry's identifier."""
    identifier = key_id(registry_did(registry), fragment)
    document: JsonObject = {
        "format": OFFER_FORMAT,
        "registry": registry,
        "key": {"id": identifier, "publicKeyMultibase": signer.public_key.multikey},
        "created": timestamp_encode(created),
    }
    proof = create_proof(document, signer, verification_method=identifier, created=created)
    return canonicalize_restricted({**document, "proof": proof})


def parse_offer(data: bytes) -> KeyOffer:
    """The key in ``data``; raises ``CeremonyError``: ``root_key_form``, ``root_key_possession``."""
    try:
        document = members(
            parse_restricted(data, SMALL_LIMITS), OFFER_FORMAT, "registry", "key", "created", "proof"
        )
        registry = check_host(document["registry"])
        listed = members(document["key"], None, "id", "publicKeyMultibase")
        owner, fragment = split_key_id(listed["id"])
        if owner != registry_did(registry):
            raise CeremonyError("root_key_form", "of another registry")
        key = RootKey(key_id(owner, fragment), PublicKey.from_multikey(listed["publicKeyMultibase"]))
        created = timestamp_decode(document["created"])
        proof = parse_proof(document, document["proof"])
    except (KeysError, TypeError, AttributeError) as error:
        raise CeremonyError("root_key_form", str(error)) from error
    if proof.verification_method != key.id or not verify_proof(document, proof, key.public_key):
        raise CeremonyError("root_key_possession", key.id)
    return KeyOffer(registry, key, created)


def proposal_bytes(document: JsonObject, current: TrustList | None) -> bytes:
    """The file that goes to the signers: the list ``document`` is to follow ``current`` (None for the first list)."""
    base = {
        "version": current.version if current else 0,
        "digest": digest_of(current.document) if current else "",
    }
    return canonicalize_restricted({"format": PROPOSAL_FORMAT, "base": base, "document": document})


def parse_proposal(data: bytes) -> Proposal:
    """A proposal; raises ``CeremonyError`` (``proposal_form``)."""
    try:
        value = members(parse_restricted(data, TRUST_LIST_LIMITS), PROPOSAL_FORMAT, "base", "document")
        base = members(value["base"], None, "version", "digest")
        document = value["document"]
        if type(base["version"]) is not int or type(base["digest"]) is not str or "proof" in document:
            raise CeremonyError("proposal_form")
        draft = parse_trust_list(canonicalize_restricted(document))
    except (KeysError, TypeError) as error:
        raise CeremonyError("proposal_form", str(error)) from error
    return Proposal(base["version"], base["digest"], draft, draft.document)


def require_follows(proposal: Proposal, trusted: TrustList | None) -> None:
    """The proposal may follow the list that a signer trusts (None: none yet, for a first list).

    Raises ``CeremonyError``: ``trusted_list_missing``, ``proposal_registry``, ``proposal_not_newer``, ``proposal_other_base``.
    """
    if trusted is None:
        if proposal.base_version != 0:
            raise CeremonyError("trusted_list_missing")
        return
    if proposal.draft.registry != trusted.registry:
        raise CeremonyError("proposal_registry", proposal.draft.registry)
    if proposal.draft.version <= trusted.version:
        raise CeremonyError("proposal_not_newer", f"{proposal.draft.version} <= {trusted.version}")
    if proposal.base_version == trusted.version and proposal.base_digest != digest_of(trusted.document):
        raise CeremonyError("proposal_other_base", str(trusted.version))


def sign_proposal(proposal: Proposal, signer: Signer, *, trusted: TrustList | None, created: int) -> bytes:
    """The proof file of ``signer``, whose key must be of the root trusted or of the one proposed (``root_key_not_listed``)."""
    roots = [proposal.draft.root, *([trusted.root] if trusted else [])]
    own = [key.id for root in roots for key in root.keys if key.public_key == signer.public_key]
    if not own:
        raise CeremonyError("root_key_not_listed")
    proof = create_proof(proposal.document, signer, verification_method=own[0], created=created)
    return canonicalize_restricted({"format": PROOF_FORMAT, "digest": proposal.digest, "proof": proof})


def parse_root_proof(data: bytes) -> RootProof:
    """A proof file; raises ``CeremonyError`` (``root_proof_form``)."""
    try:
        value = members(parse_restricted(data, SMALL_LIMITS), PROOF_FORMAT, "digest", "proof")
        if type(value["digest"]) is not str or type(value["proof"]) is not dict:
            raise CeremonyError("root_proof_form")
    except KeysError as error:
        raise CeremonyError("root_proof_form", str(error)) from error
    return RootProof(value["digest"], value["proof"])


def tallies(proposal: Proposal, proofs: Iterable[RootProof], trusted: TrustList | None) -> tuple[Tally, ...]:
    """How far the root trusted until now (not for a first list) and the root proposed have signed, in this order.

    Raises ``CeremonyError``: ``root_proof_other`` for a proof of another document, ``root_proof_invalid`` for one that is
    no signature of a key of these roots. Nothing that was handed in is passed over in silence.
    """
    roots = (*([trusted.root] if trusted else []), proposal.draft.root)
    signed = {_signer_of(proposal, proof, roots) for proof in proofs}
    return tuple(
        Tally(tuple(key.id for key in root.keys if key.public_key in signed), root.threshold)
        for root in roots
    )


def combine(proposal: Proposal, proofs: Sequence[RootProof], trusted: TrustList | None) -> TrustList:
    """The signed list; raises ``CeremonyError`` as ``tallies``, and ``root_proofs_too_few``."""
    for tally in tallies(proposal, proofs, trusted):
        if not tally.reached:
            raise CeremonyError("root_proofs_too_few", f"{len(tally.signed)} / {tally.threshold}")
    return seal_trust_list(proposal.document, [one.proof for one in proofs])


def _signer_of(proposal: Proposal, handed: RootProof, roots: Iterable[Root]) -> PublicKey:
    if handed.digest != proposal.digest:
        raise CeremonyError("root_proof_other", handed.digest[:CODE_LENGTH])
    try:
        proof: Proof = parse_proof(proposal.document, handed.proof)
    except KeysError as error:
        raise CeremonyError("root_proof_invalid", error.code) from error
    for root in roots:
        for key in root.keys:
            if key.id == proof.verification_method and verify_proof(proposal.document, proof, key.public_key):
                return key.public_key
    raise CeremonyError("root_proof_invalid", proof.verification_method)


def members(value: Any, form: str | None, *names: str) -> JsonObject:
    """``value`` if it is an object with exactly ``names``, and ``format`` where ``form`` is given (``ceremony_form``)."""
    wanted = {*names, "format"} if form else {*names}
    if type(value) is not dict or set(value) != wanted or (form and value["format"] != form):
        raise CeremonyError("ceremony_form", form or "")
    return value
