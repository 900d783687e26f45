"""A whole registry in memory: it issues, logs, revokes, rotates, forks its log, serves stale lists and tampers.

Built from the verifier's and keys' own types with fixed seeds, so that every byte is the same from run to run. It is no
mock of the registry: it is the adversary's and the clock's playground for the verifier, and the source of the vectors.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from keys.canonical import canonicalize_restricted
from keys.custody import FileSigner
from keys.did import authority_did, registry_did
from keys.encodings import timestamp_encode
from keys.proofs import create_proof, hash_data
from keys.signer import Signer
from keys.trustchain import RootPin
from keys.trustlist import TrustList
from tests.builders import HOST, ISSUED_AT, ROOT_NAMES, at, root, root_key_id, signed, signer, trust_draft
from tests.certificates import assemble_record
from tests.deflate import gzip_by_hand
from verifier.catalogue import Catalogue, CertificateTemplate
from verifier.checkpoint import Checkpoint, sign_checkpoint
from verifier.evidence import Evidence
from verifier.loading import installed_catalogue
from verifier.logentry import LogEntry, record_digest
from verifier.merkle import leaf_hash, tree_hash
from verifier.note import ALGORITHM_COSIGNATURE, NoteKey, append_signature, cosignature_message
from verifier.number import CertificateNumber, number_of
from verifier.policy import VerificationPolicy
from verifier.qr import encode_digits, encode_payload, qr_prefix
from verifier.status import (
    DETAILS,
    PURPOSES,
    StatusChange,
    StatusDetails,
    StatusList,
    new_bits,
    sign_status_details,
    sign_status_list,
    status_url,
)
from verifier.tlogproof import TlogProof
from verifier.trust import Trust

SIGNED_AT = at("2026-03-02T08:00:00Z")
LOGGED_AT = at("2026-03-02T08:00:05Z")
NOW = at("2026-03-10T09:00:00Z")
ANNUAL: dict[str, str | int] = {
    "validFrom": "2026-03-02",
    "created": timestamp_encode(SIGNED_AT),
    "keySequence": 1,
    "name": "张文博",
    "identityDocument": "410105********1234",
    "employer": "郑州市第一人民医院",
    "grade": "intermediate",
    "ruleSet": "henan-2012",
    "professionalHours": 60,
    "publicHours": 26,
}
COMPLETION: dict[str, str | int] = {
    "validFrom": "2026-03-02",
    "created": timestamp_encode(SIGNED_AT),
    "keySequence": 1,
    "name": "阿依古丽·买买提",
    "identityDocument": "650102********002X",
    "employer": "河南省人民医院",
    "programme": "重症医学新进展高级研修班",
    "institution": "郑州大学继续教育学院",
    "category": "professional",
    "classHours": 40,
    "completedOn": "2026-02-14",
}


@dataclass(frozen=True, slots=True)
class Certificate:
    """An issued certificate. ``unsigned`` is the record without its proof value."""

    number: CertificateNumber
    record: bytes
    document: Mapping[str, Any]
    unsigned: Mapping[str, Any]
    fields: Mapping[str, str | int]
    template: CertificateTemplate
    signature: bytes

    @property
    def qr_text(self) -> str:
        """What its QR says."""
        return self.qr_text_of(self.fields)

    def qr_text_of(self, fields: Mapping[str, str | int], *, host: str = HOST) -> str:
        """A QR with other values or another host around the same signature."""
        template = self.template.record
        return qr_prefix(host) + encode_digits(
            encode_payload(template.code, template.pack(fields), self.signature)
        )


def standard_draft() -> TrustList:
    """The builders' list with the digests of the installed templates."""
    return replace(trust_draft(), templates=catalogue().digests)


@cache
def standard_trust_list() -> TrustList:
    """That list signed by the whole root."""
    return signed(standard_draft())


@cache
def catalogue() -> Catalogue:
    """The installed templates, for ``HOST``."""
    return installed_catalogue(HOST)


def standard_pin() -> RootPin:
    """The root that verifiers pin: two of three."""
    return RootPin(HOST, root())


@dataclass(slots=True)
class Simulator:
    """The registry. Change any part between steps; nothing is checked on the way in."""

    trust_list: TrustList = field(default_factory=standard_trust_list)
    entries: list[bytes] = field(default_factory=list)
    changes: dict[CertificateNumber, StatusChange] = field(default_factory=dict)
    witness_names: tuple[str, ...] = ("witness-1.example", "witness-2.example")
    log_name: str = f"{HOST}/log"
    last_logged: int = LOGGED_AT

    def issue(
        self,
        fields: Mapping[str, str | int] = ANNUAL,
        *,
        authority: str = "410100",
        year: int = 2026,
        serial: int = 123,
        key: Signer | None = None,
        edit: Callable[[dict[str, Any]], dict[str, Any]] = lambda document: document,
        log: bool = True,
        logged_at: int = LOGGED_AT,
    ) -> Certificate:
        """Sign a record of ``fields``; ``edit`` alters it before it is signed; it is logged unless ``log`` is off."""
        template = catalogue().templates["annual" if "grade" in fields else "completion", "v1"]
        number = number_of(authority, year, template.record.kind_digit, serial)
        values = {**fields, "certificateNumber": number.digits}
        issuer_name = self.trust_list.authorities[authority].keys[-1].issuer_name
        unsigned = edit(template.record.expand(values, host=HOST, issuer_name=issuer_name))
        method = f"{authority_did(HOST, authority)}#{year}-{fields['keySequence']}"
        signature = (key or signer(method)).sign(hash_data(unsigned, unsigned["proof"]))
        document, record = assemble_record(unsigned, signature)
        if log:
            self.log(LogEntry("issue", number.digits, record_digest(record), authority, logged_at))
        return Certificate(number, record, document, unsigned, values, template, signature)

    def log(self, entry: LogEntry) -> int:
        """Append an entry; returns its index."""
        self.entries.append(entry.to_bytes())
        self.last_logged = entry.time
        return len(self.entries) - 1

    def fill(self, count: int) -> None:
        """Append ``count`` entries of other certificates."""
        for serial in range(1, count + 1):
            number = number_of("418001", 2026, 1, serial)
            self.log(
                LogEntry("issue", number.digits, record_digest(number.digits.encode()), "418001", LOGGED_AT)
            )

    def checkpoint(
        self, *, cosigned_at: int | None = None, root_hash: bytes | None = None, key: str = ""
    ) -> bytes:
        """The current head, signed by the log (or ``key`` in its name) and cosigned a minute after the last entry."""
        tree_root = root_hash or tree_hash([leaf_hash(entry) for entry in self.entries])
        checkpoint = Checkpoint(self.log_name, len(self.entries), tree_root)
        note = sign_checkpoint(checkpoint, signer(key or self.log_name))
        moment = self.last_logged + 60 if cosigned_at is None else cosigned_at
        for name in self.witness_names:
            note = cosigned(note, checkpoint, name, moment)
        return note

    def log_proof(self, index: int | None = None, *, checkpoint: bytes | None = None) -> TlogProof:
        """The proof of the entry at ``index``, the last one by default."""
        place = len(self.entries) - 1 if index is None else index
        hashes = inclusion_path([leaf_hash(entry) for entry in self.entries], place)
        return TlogProof(self.entries[place], place, tuple(hashes), checkpoint or self.checkpoint())

    def revoke(
        self,
        number: CertificateNumber,
        *,
        since: int = NOW - 3600,
        reason: str = "data-error",
        successor: str = "",
    ) -> None:
        """Set the revocation bit, with its details."""
        self.changes[number] = StatusChange("revoked", since, reason, successor)

    def suspend(self, number: CertificateNumber, *, since: int = NOW - 3600) -> None:
        """Set the suspension bit, with its details."""
        self.changes[number] = StatusChange("suspended", since, "under-review")

    def status(
        self,
        number: CertificateNumber,
        *,
        signed_at: int = NOW - 600,
        hours: int = 24,
        key: str = "status",
        key_name: str = "2026-1",
        version: int = 0,
    ) -> dict[str, bytes]:
        """The lists and the details that cover ``number``, by address, signed by ``key`` under ``key_name``.

        They name this registry's trust list unless ``version`` says another."""
        did = registry_did(HOST)
        common: dict[str, Any] = {
            "issuer": did,
            "key_id": f"{did}#{key_name}",
            "signer": signer(key),
            "context": f"https://{HOST}/ns/certificate/v1",
        }
        until = signed_at + hours * 3600
        found = {}
        for purpose, word in zip(PURPOSES, ("revoked", "suspended"), strict=True):
            url = status_url(HOST, number, purpose)
            bits = new_bits({n.status_index for n, change in self.changes.items() if change.status == word})
            found[url] = sign_status_list(
                StatusList(url, purpose, bits, signed_at, until, version or self.trust_list.version),
                compress=gzip_by_hand,
                **common,
            )
        url = status_url(HOST, number, DETAILS)
        details = StatusDetails(url, {n.status_index: change for n, change in self.changes.items()})
        found[url] = sign_status_details(details, created=signed_at, valid_until=until, **common)
        return found

    def trust(
        self,
        *,
        documents: Sequence[bytes] | None = None,
        pin: RootPin | None = None,
        seen_version: int = 0,
        pinned: bool = True,
    ) -> Trust:
        """Trust established from this registry's list."""
        chain = [self.trust_list.data] if documents is None else documents
        return Trust.establish(
            chain, pin or standard_pin(), catalogue(), seen_version=seen_version, pinned=pinned
        )

    def evidence(self, certificate: Certificate, *, qr: bool = False, moment: int = NOW) -> Evidence:
        """Everything a careful holder presents at ``moment``: the record or its QR, the log proof, and fresh lists."""
        return Evidence(
            record=None if qr else certificate.record,
            qr_text=certificate.qr_text if qr else None,
            log_proof=self.log_proof().to_bytes(),
            status=self.status(certificate.number, signed_at=moment - 600),
        )


def cosigned(note: bytes, checkpoint: Checkpoint, witness: str, moment: int) -> bytes:
    """``note`` with the cosignature that ``witness`` made at ``moment``."""
    key = NoteKey(witness, ALGORITHM_COSIGNATURE, signer(witness).public_key)
    signature = signer(witness).sign(cosignature_message(checkpoint.text, moment))
    return append_signature(note, key, moment.to_bytes(8, "big") + signature)


def with_authority_changes(trust_list: TrustList, code: str, **changes: Any) -> TrustList:
    """``trust_list`` signed anew with one authority changed."""
    authority = replace(trust_list.authorities[code], **changes)
    return signed(replace(trust_list, authorities={**trust_list.authorities, code: authority}))


def with_key_changes(trust_list: TrustList, code: str, fragment: str, **changes: Any) -> TrustList:
    """``trust_list`` signed anew with the key ``#fragment`` of one authority changed."""
    keys = trust_list.authorities[code].keys
    changed = [replace(key, **changes) if key.id.endswith(f"#{fragment}") else key for key in keys]
    return with_authority_changes(trust_list, code, keys=tuple(changed))


def sealed(document: Mapping[str, Any], names: Sequence[str] = ROOT_NAMES) -> bytes:
    """A trust list's document signed as it is by ``names``, whether or not the parser would take it."""
    unsigned = {name: value for name, value in document.items() if name != "proof"}
    proofs = [
        create_proof(unsigned, signer(name), verification_method=root_key_id(name), created=at(ISSUED_AT) + n)
        for n, name in enumerate(names)
    ]
    return canonicalize_restricted({**unsigned, "proof": proofs})


def policy(*, moment: int = NOW, **changes: Any) -> VerificationPolicy:
    """A strict policy at ``moment``: log and status are required."""
    return replace(VerificationPolicy(at=moment, require_log=True), **changes)


def resign(document: Mapping[str, Any], key: FileSigner) -> bytes:
    """``document`` signed anew by ``key`` under the method it names."""
    proof = document["proof"]
    created = at(proof["created"])
    fresh = create_proof(document, key, verification_method=proof["verificationMethod"], created=created)
    return canonicalize_restricted({**document, "proof": fresh})


def inclusion_path(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """RFC 9162 section 2.1.3.1, as it is written there."""
    if len(leaves) == 1:
        return []
    split = 1 << (len(leaves) - 1).bit_length() - 1
    if index < split:
        return [*inclusion_path(leaves[:split], index), tree_hash(leaves[split:])]
    return [*inclusion_path(leaves[split:], index - split), tree_hash(leaves[:split])]
