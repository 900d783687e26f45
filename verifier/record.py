"""The signed record (SPEC clause 2): strict form first, trust only through ``verify``.

``UnverifiedRecord`` is what a file claims; its members are read through ``peek_*`` names, so that nobody uses one without
noticing. ``VerifiedRecord`` is made by ``verifier.verify`` alone, once the steps that establish authenticity passed; faces
and pages take nothing else. The bytes are the document: they are stored, logged and served as they are.
"""

import re
import unicodedata
from dataclasses import dataclass
from typing import NamedTuple

import orjson

from keys.canonical import RECORD_LIMITS, JsonObject, parse_canonical
from keys.encodings import multibase_encode
from keys.proofs import parse_proof
from verifier.catalogue import CertificateTemplate
from verifier.errors import FormError
from verifier.number import CertificateNumber
from verifier.qr import encode_digits, encode_payload, qr_prefix
from verifier.writer import WrittenRecord

CREDENTIALS_CONTEXT = "https://www.w3.org/ns/credentials/v2"
_CONTEXT = re.compile(r"https://[^/]+/ns/certificate/v[1-9][0-9]?", re.ASCII)
_SCHEMA = re.compile(r"https://[^/]+/schemas/([a-z]{1,32})/(v[1-9][0-9]{0,2})\.json", re.ASCII)
# The characters of a record's text (SPEC 2.5), spelt out: two readers show them alike, and their normal form is the same in
# every version of Unicode since 9.0. Beyond the basic plane apart: most texts have nothing there, and one class of both is
# twenty times as slow.
_REPERTOIRE = (
    " -~\xa1-\xac\xae-\u034e\u0350-\u0377\u0391-\u03a1\u03a3-\u052f\u0620-\u06dc\u0f00-\u0f47\u0f49-\u0f6c"
    "\u0f71-\u0f97\u0f99-\u0fbc\u1820-\u1877\u1e00-\u1eff\u2010-\u2027\u2030-\u205e\u2100-\u2188\u2190-\u23fe"
    "\u2460-\u27ff\u3000-\u303f\u3041-\u3096\u3099-\u30ff\u3220-\u9fff\ua000-\ua48c\uac00-\ud7a3\ufa0e-\ufa29"
    "\uff01-\uff9f\uffe0-\uffe6"
)
_OUTSIDE = re.compile(f"[^{_REPERTOIRE}]")
_OUTSIDE_OF_ALL = re.compile(f"[^{_REPERTOIRE}\U00020000-\U0002f7ff\U00030000-\U0003fffd]")


@dataclass(slots=True, eq=False)
class UnverifiedRecord:
    """A record in strict form whose proof has not been checked. Nobody changes one.

    Read by its template, it is the few values that the steps look at; bytes and document are made when somebody asks.
    (Not frozen: one is made of every record, and freezing nine members costs as much as a hash of the record.)
    """

    peek_issuer: str
    """``issuer.id``."""
    peek_issuer_name: str
    peek_number: str
    """``certificateNumber`` as it stands."""
    peek_method: str
    """``verificationMethod`` of the proof."""
    peek_created: int
    """Unix seconds."""
    peek_signature: bytes
    _written: WrittenRecord | None = None
    _data: bytes = b""
    _document: JsonObject | None = None

    def __eq__(self, other: object) -> bool:
        """The bytes are the record."""
        return isinstance(other, UnverifiedRecord) and self.data == other.data

    def __hash__(self) -> int:
        return hash(self.data)

    @property
    def data(self) -> bytes:
        """The record's bytes."""
        if not self._data:
            assert self._written is not None  # noqa: S101 - made of one or the other
            self._data = self._written.record(multibase_encode(self.peek_signature))
        return self._data

    @property
    def peek_document(self) -> JsonObject:
        """The record as a JSON value."""
        if self._document is None:
            self._document = orjson.loads(self.data)
        return self._document

    @property
    def peek_template(self) -> tuple[str, str]:
        """Kind and version that ``credentialSchema`` names; ``("", "")`` where it names none."""
        match = _SCHEMA.fullmatch(self.peek_document["credentialSchema"]["id"])
        return (match[1], match[2]) if match else ("", "")


class VerifiedRecord(NamedTuple):
    """An authentic record: signed, within the signer's powers, well formed. Whether it is in force is the report's."""

    unverified: UnverifiedRecord
    """What it was before."""
    number: CertificateNumber
    template: CertificateTemplate
    host: str

    @property
    def data(self) -> bytes:
        """The record's bytes."""
        return self.unverified.data

    @property
    def document(self) -> JsonObject:
        """The record as a JSON value."""
        return self.unverified.peek_document

    @property
    def subject(self) -> JsonObject:
        """``credentialSubject``."""
        subject: JsonObject = self.document["credentialSubject"]
        return subject

    @property
    def kind(self) -> str:
        """``annual`` or ``completion``."""
        return self.template.kind

    @property
    def version(self) -> str:
        """Version of its template and face."""
        return self.template.version

    @property
    def issuer_name(self) -> str:
        """The authority's name, as the root bound it to the key."""
        return str(self.document["issuer"]["name"])

    @property
    def issuer_code(self) -> str:
        """The authority's 6-digit code."""
        return self.number.authority

    @property
    def valid_from(self) -> str:
        """``2026-11-20T00:00:00Z``."""
        return str(self.document["validFrom"])

    @property
    def created(self) -> str:
        """When it was signed, by its own account."""
        return str(self.document["proof"]["created"])

    @property
    def qr_prefix(self) -> str:
        """``https://HOST/v#``."""
        return qr_prefix(self.host)

    @property
    def qr_digits(self) -> str:
        """The digits of its QR."""
        record = self.template.record
        values = record.pack(record.fields_of(self.document))
        return encode_digits(encode_payload(record.code, values, self.unverified.peek_signature))

    @property
    def qr_text(self) -> str:
        """What the QR says."""
        return self.qr_prefix + self.qr_digits


def parse_record(data: bytes) -> UnverifiedRecord:
    """The record in ``data``, in strict form; raises ``FormError`` or ``KeysError`` with the defect's code."""
    return read_record(parse_canonical(data, RECORD_LIMITS), data)


def read_record(document: JsonObject, data: bytes) -> UnverifiedRecord:
    """As ``parse_record``, of a document whose canonical bytes are ``data``."""
    _check_members(document)
    _check_context(document, data)
    proof = parse_proof(document, document["proof"])
    if "@context" not in proof.options:
        raise FormError("context_not_exact", "proof")
    if document["issuer"]["id"] != proof.verification_method.partition("#")[0]:
        raise FormError("issuer_not_key_owner")
    _check_text(data)
    return UnverifiedRecord(
        peek_issuer=document["issuer"]["id"],
        peek_issuer_name=document["issuer"]["name"],
        peek_number=document["credentialSubject"]["certificateNumber"],
        peek_method=proof.verification_method,
        peek_created=proof.created,
        peek_signature=proof.signature,
        _data=data,
        _document=document,
    )


def _check_members(document: JsonObject) -> None:
    """The members that are read before the schema is applied have the types for it."""
    try:
        texts = (
            document["issuer"]["id"],
            document["issuer"]["name"],
            document["credentialSchema"]["id"],
            document["credentialSubject"]["certificateNumber"],
        )
    except (KeyError, TypeError) as error:
        raise FormError("record_form") from error
    if any(type(text) is not str for text in texts) or type(document.get("proof")) is not dict:
        raise FormError("record_form")


def _check_context(document: JsonObject, data: bytes) -> None:
    context = document.get("@context")
    if (
        type(context) is not list
        or len(context) != 2
        or context[0] != CREDENTIALS_CONTEXT
        or type(context[1]) is not str
        or _CONTEXT.fullmatch(context[1]) is None
    ):
        raise FormError("context_not_exact")
    if data.count(b'"@context"') > 2:
        raise FormError("context_nested")


def is_outside_repertoire(text: str) -> bool:
    """Whether ``text`` has a character that may not stand in a record (SPEC 2.5)."""
    return _OUTSIDE.search(text) is not None and _OUTSIDE_OF_ALL.search(text) is not None


def check_text(text: str) -> None:
    """Raise ``FormError`` for a text that may not stand in a record: with other characters than those of 2.5, or not NFC."""
    if is_outside_repertoire(text):
        raise FormError("text_control_character")
    if not unicodedata.is_normalized("NFC", text):
        raise FormError("text_not_nfc")


def _check_text(data: bytes) -> None:
    text = data.decode("utf-8")
    check_text(text)
    # Canonical JSON escapes control characters; the only other escapes are of the quote and the backslash.
    if "\\" in text and _ESCAPED_CONTROL.search(text):
        raise FormError("text_control_character")


_ESCAPED_CONTROL = re.compile(r'(?<!\\)(?:\\\\)*\\[^"\\]')
