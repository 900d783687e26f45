"""The signed record of a review (SPEC 8.5): what it says, its one form as JSON, and its form in a QR.

As with a certificate, one signature covers both: the QR carries the values, and the document that they make is what was
signed. Nothing of an applicant is in it: the table's root, figures, and what the review was made with.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from keys.canonical import JsonLimits, JsonObject, canonicalize_restricted, parse_canonical
from keys.did import key_id, registry_did
from keys.encodings import multibase_encode, timestamp_decode, timestamp_encode
from keys.errors import KeysError
from keys.proofs import Proof, create_proof, parse_proof, proof_options
from keys.publickey import SIGNATURE_BYTES
from keys.signer import Signer
from verifier.cbor import CborItem, decode_array, encode_array
from verifier.errors import FormError
from verifier.evidence import WHITE_SPACE
from verifier.limits import MAX_QR_TEXT
from verifier.qr import decode_digits, encode_digits

CREDENTIALS_CONTEXT = "https://www.w3.org/ns/credentials/v2"
REPORT_TYPE = "CertificateReviewReport"
KEY_PREFIX = "report-"
PAYLOAD_FORMAT = 2
MAX_REPORT_BYTES = 64 * 1024
MAX_NAME = 60
MAX_YEARS = 20
GRADES = ("", "senior", "intermediate", "junior")
COUNTS = (
    *("people", "rows", "certificates", "passed", "failed", "undecided"),
    *("missing", "met", "short", "differing", "attention"),
)
_LIMITS = JsonLimits(max_bytes=MAX_REPORT_BYTES)
_TEXT = re.compile(r"(?i:https)://([^/?#\s]{1,253})/r#([0-9]+)", re.ASCII)
_HEX = re.compile(r"(?:[0-9a-f]{64})?", re.ASCII)
_FRAGMENT = re.compile(r"report-([1-9][0-9]{0,3})", re.ASCII)
_RULE_SET = re.compile(r"[a-z0-9-]{0,40}", re.ASCII)
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\uf8ff\ufeff]")
_BASE_YEAR = 2000


@dataclass(frozen=True, slots=True)
class ReviewRecord:
    """What a report says. ``created`` is Unix seconds; ``log_root`` and ``table_root`` hex, the first empty without a log."""

    created: int
    sitting: str
    years: tuple[int, ...]
    grade: str
    rule_set: str
    status_max_age: int
    trust_list_version: int
    log_size: int
    log_root: str
    counts: Mapping[str, int]
    table_root: str

    @property
    def mark(self) -> str:
        """What people call it: the first 16 digits of the table's root, in groups."""
        return " ".join(self.table_root[start : start + 4] for start in range(0, 16, 4)).upper()


@dataclass(frozen=True, slots=True)
class SignedReview:
    """A report in its one form; nothing of it is verified. ``host`` is whatever the QR or the document says."""

    record: ReviewRecord
    document: JsonObject
    proof: Proof
    host: str

    @property
    def data(self) -> bytes:
        """The document's bytes."""
        return canonicalize_restricted(self.document)

    @property
    def qr_digits(self) -> str:
        """What stands behind the QR's address."""
        sequence = _sequence(self.proof.verification_method)
        packed = encode_array(_pack(self.record, sequence))
        return encode_digits(bytes((PAYLOAD_FORMAT,)) + packed + self.proof.signature)


def check_record(record: ReviewRecord) -> None:
    """Raise ``FormError`` (``report_form``) unless every value is one that a report may have."""
    name, years = record.sitting, record.years
    sizes = (record.status_max_age, record.trust_list_version, record.log_size, record.created)
    good = (
        0 < len(name) <= MAX_NAME
        and name == name.strip(WHITE_SPACE)
        and _UNPRINTABLE.search(name) is None
        and len(years) <= MAX_YEARS
        and list(years) == sorted(set(years))
        and all(type(year) is int and _BASE_YEAR <= year < _BASE_YEAR + 256 for year in years)
        and record.grade in GRADES
        and _RULE_SET.fullmatch(record.rule_set) is not None
        and _HEX.fullmatch(record.log_root) is not None
        and len(record.table_root) == 64
        and _HEX.fullmatch(record.table_root) is not None
        and bool(record.log_root) == (record.log_size > 0)
        and tuple(record.counts) == COUNTS
        and all(type(value) is int and 0 <= value < 2**53 for value in (*sizes, *record.counts.values()))
    )
    if not good:
        raise FormError("report_form")


def sign_review(record: ReviewRecord, signer: Signer, *, host: str, key: str) -> SignedReview:
    """``record`` signed by the registry's key of that id; raises ``FormError`` for values that no report may have."""
    check_record(record)
    document = _document(record, host)
    proof = create_proof(document, signer, verification_method=key, created=record.created)
    return parse_review(canonicalize_restricted({**document, "proof": proof}))


def parse_review(data: bytes) -> SignedReview:
    """The report in ``data``, in its one form and unverified; raises ``FormError`` (``report_form``)."""
    try:
        document = parse_canonical(data, _LIMITS)
        proof = parse_proof(document, document.get("proof"))
        subject = document["credentialSubject"]
        host = document["issuer"].removeprefix("did:web:").replace("%3A", ":")
        record = ReviewRecord(
            created=timestamp_decode(document["validFrom"]),
            sitting=subject["sitting"],
            years=tuple(subject["years"]),
            grade=subject["grade"],
            rule_set=subject["ruleSet"],
            status_max_age=subject["statusMaxAge"],
            trust_list_version=subject["trustListVersion"],
            log_size=subject["logSize"],
            log_root=subject["logRoot"],
            counts={name: subject[name] for name in COUNTS},
            table_root=subject["tableRoot"],
        )
        check_record(record)
        same = canonicalize_restricted({**_document(record, host), "proof": document["proof"]}) == data
    except (KeysError, KeyError, TypeError, AttributeError) as error:
        raise FormError("report_form") from error
    if not same or "@context" not in document["proof"] or proof.created != record.created:
        raise FormError("report_form")
    _sequence(proof.verification_method)
    return SignedReview(record, document, proof, host)


def looks_like_report_text(text: str) -> bool:
    """Whether ``text`` has the shape of a report's QR, whatever its host."""
    return len(text) <= MAX_QR_TEXT and _TEXT.fullmatch(text.strip(WHITE_SPACE)) is not None


def parse_report_text(text: str, *, registry: str) -> SignedReview:
    """The report of ``registry`` that a QR's text carries; its ``host`` is the QR's. Raises ``FormError``.

    Codes: ``qr_text`` ``qr_digits`` ``qr_format`` ``cbor_form`` ``qr_values``.
    """
    match = _TEXT.fullmatch(text.strip(WHITE_SPACE)) if len(text) <= MAX_QR_TEXT else None
    if match is None:
        raise FormError("qr_text")
    payload = decode_digits(match[2])
    body, signature = payload[1:-SIGNATURE_BYTES], payload[-SIGNATURE_BYTES:]
    if payload[0] != PAYLOAD_FORMAT or not body:
        raise FormError("qr_format")
    items = decode_array(body)
    try:
        record, sequence = _unpack(items)
        check_record(record)
        document = _document(record, registry)
        method = key_id(registry_did(registry), f"{KEY_PREFIX}{sequence}")
        options = proof_options(document, verification_method=method, created=record.created)
        signed = {**document, "proof": {**options, "proofValue": multibase_encode(signature)}}
        parsed = parse_review(canonicalize_restricted(signed))
        same = _pack(record, sequence) == items
    except (FormError, KeysError, ValueError, TypeError, IndexError, AttributeError) as error:
        raise FormError("qr_values") from error
    if not same:
        raise FormError("qr_values")
    return SignedReview(parsed.record, parsed.document, parsed.proof, match[1].lower())


def _document(record: ReviewRecord, host: str) -> JsonObject:
    return {
        "@context": [CREDENTIALS_CONTEXT, f"https://{host}/ns/report/v1"],
        "type": ["VerifiableCredential", REPORT_TYPE],
        "issuer": registry_did(host),
        "validFrom": timestamp_encode(record.created),
        "credentialSubject": {
            "sitting": record.sitting,
            "years": list(record.years),
            "grade": record.grade,
            "ruleSet": record.rule_set,
            "statusMaxAge": record.status_max_age,
            "trustListVersion": record.trust_list_version,
            "logSize": record.log_size,
            "logRoot": record.log_root,
            **record.counts,
            "tableRoot": record.table_root,
        },
    }


def _sequence(method: str) -> int:
    match = _FRAGMENT.fullmatch(method.partition("#")[2])
    if match is None:
        raise FormError("report_form", "key")
    return int(match[1])


def _pack(record: ReviewRecord, sequence: int) -> list[CborItem]:
    """The items of the QR's array, in the order of SPEC 8.5."""
    wide = record.sitting.encode("utf-16-be")
    name: CborItem = wide if len(wide) < len(record.sitting.encode()) else record.sitting
    return [
        record.created,
        sequence,
        name,
        bytes(year - _BASE_YEAR for year in record.years),
        GRADES.index(record.grade),
        record.rule_set,
        record.status_max_age,
        record.trust_list_version,
        record.log_size,
        bytes.fromhex(record.log_root),
        *record.counts.values(),
        bytes.fromhex(record.table_root),
    ]


def _unpack(items: Sequence[CborItem]) -> tuple[ReviewRecord, int]:
    """The values of ``items``; a wrong type raises whatever Python raises."""
    head: Any = items[:10]
    created, sequence, name, years, grade, rule_set, age, version, size, log_root = head
    counts: Any = dict(zip(COUNTS, items[10:-1], strict=True))
    root: Any = items[-1]
    record = ReviewRecord(
        created=created,
        sitting=name if isinstance(name, str) else name.decode("utf-16-be"),
        years=tuple(_BASE_YEAR + byte for byte in years),
        grade=GRADES[grade],
        rule_set=rule_set,
        status_max_age=age,
        trust_list_version=version,
        log_size=size,
        log_root=log_root.hex(),
        counts=counts,
        table_root=root.hex(),
    )
    return record, sequence
