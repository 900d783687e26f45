"""Status lists (SPEC clause 5): Bitstring Status List 1.0, and the signed details beside it.

A list tells one bit a number; why, since when and which number follows stand in the *details* of the block, a document of
our own signed by the same key. Lists come from whoever serves the publication, so: bounded expansion (exactly 16384
bytes), one compression member, one index space, and a list that cannot be used says nothing about a certificate.
"""

import gzip
import re
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from keys.canonical import JsonLimits, JsonObject, canonicalize_restricted, parse_canonical
from keys.encodings import (
    base64url_decode,
    base64url_encode,
    decimal_decode,
    timestamp_decode,
    timestamp_encode,
)
from keys.errors import KeysError
from keys.proofs import add_proof, parse_proof, verify_proof
from keys.signer import Signer
from keys.trustlist import ListedKey, TrustList
from verifier.errors import FormError, StatusError
from verifier.limits import (
    MAX_STATUS_DETAILS_BYTES,
    MAX_STATUS_LIST_BYTES,
    MAX_STATUS_VALIDITY,
    STATUS_LIST_BITS,
)
from verifier.number import CertificateNumber, parse_number
from verifier.record import CREDENTIALS_CONTEXT

Compress = Callable[[bytes], bytes]
PURPOSES = ("revocation", "suspension")
DETAILS = "details"
_LIST_BYTES = STATUS_LIST_BITS // 8
_LIST_LIMITS = JsonLimits(MAX_STATUS_LIST_BYTES)
_DETAILS_LIMITS = JsonLimits(MAX_STATUS_DETAILS_BYTES)
_STATUSES = ("revoked", "suspended")
_REASON = re.compile(r"[a-z][a-z-]{0,31}", re.ASCII)


def gzip_bits(bits: bytes) -> bytes:
    """One gzip member with no time in it."""
    return gzip.compress(bits, 9, mtime=0)


@dataclass(frozen=True, slots=True)
class StatusList:
    """A list that a status key signed. ``bits`` are 16384 bytes; times are Unix seconds.

    ``trust_list_version`` is the newest trust list there was at ``valid_from``.
    """

    url: str
    purpose: str
    bits: bytes
    valid_from: int
    valid_until: int
    trust_list_version: int

    def is_set(self, index: int) -> bool:
        """The bit of ``index``; index 0 is the most significant bit of the first byte."""
        return bool(self.bits[index // 8] >> (7 - index % 8) & 1)


@dataclass(frozen=True, slots=True)
class StatusChange:
    """What the details say of one number. ``since`` is Unix seconds; ``successor`` a number or empty."""

    status: str
    since: int
    reason: str
    successor: str = ""


@dataclass(frozen=True, slots=True)
class StatusDetails:
    """The signed details of a block, by index."""

    url: str
    changes: Mapping[int, StatusChange]


def status_url(host: str, number: CertificateNumber, purpose: str) -> str:
    """Address of the list, or details, that covers ``number``."""
    return f"https://{host}/{status_path(number, purpose)}"


def status_path(number: CertificateNumber, purpose: str) -> str:
    """The same below the registry's root."""
    return f"status/{number.authority}/{number.year}/{number.kind}/{purpose}/{number.status_block}"


def new_bits(indexes: set[int]) -> bytes:
    """16384 bytes with the bits of ``indexes`` set."""
    bits = bytearray(_LIST_BYTES)
    for index in indexes:
        bits[index // 8] |= 0x80 >> index % 8
    return bytes(bits)


def sign_status_list(
    status: StatusList,
    *,
    issuer: str,
    key_id: str,
    signer: Signer,
    context: str,
    compress: Compress = gzip_bits,
) -> bytes:
    """``status`` as a ``BitstringStatusListCredential`` signed at its ``valid_from``; ``compress`` makes the gzip member."""
    document = _credential(
        status.url, "BitstringStatusListCredential", issuer, status.valid_from, status.valid_until, context
    )
    document["trustListVersion"] = status.trust_list_version
    document["credentialSubject"] = {
        "id": f"{status.url}#list",
        "type": "BitstringStatusList",
        "statusPurpose": status.purpose,
        "encodedList": encode_list(status.bits, compress),
    }
    return canonicalize_restricted(
        add_proof(document, signer, verification_method=key_id, created=status.valid_from)
    )


def sign_status_details(
    details: StatusDetails,
    *,
    issuer: str,
    key_id: str,
    signer: Signer,
    created: int,
    valid_until: int,
    context: str,
) -> bytes:
    """``details`` as a signed document."""
    document = _credential(details.url, "StatusDetails", issuer, created, valid_until, context)
    document["credentialSubject"] = {
        "id": f"{details.url}#details",
        "entries": {
            str(index): _change_document(change) for index, change in sorted(details.changes.items())
        },
    }
    return canonicalize_restricted(add_proof(document, signer, verification_method=key_id, created=created))


def encode_list(bits: bytes, compress: Compress = gzip_bits) -> str:
    """``u`` and base64url of the gzip of ``bits``. Lists are compared by their bits: other zlibs, other texts."""
    return "u" + base64url_encode(compress(bits))


def decode_list(text: str) -> bytes:
    """The 16384 bytes of an ``encodedList``; raises ``StatusError`` (``status_list_form``, ``status_list_too_large``)."""
    if not text.startswith("u"):
        raise StatusError("status_list_form")
    expander = zlib.decompressobj(wbits=31)
    try:
        bits = expander.decompress(base64url_decode(text[1:]), _LIST_BYTES + 1)
    except (KeysError, zlib.error) as error:
        raise StatusError("status_list_form") from error
    if len(bits) > _LIST_BYTES:
        raise StatusError("status_list_too_large")
    if len(bits) != _LIST_BYTES or not expander.eof or expander.unused_data:
        raise StatusError("status_list_form")
    return bits


def verify_status_list(data: bytes, url: str, trust: TrustList) -> StatusList:
    """The list in ``data``, signed by a status key of ``trust`` for ``url``; raises ``StatusError``."""
    document = _verified(data, url, trust, _LIST_LIMITS, "BitstringStatusListCredential")
    try:
        subject = document["credentialSubject"]
        status = StatusList(
            url=url,
            purpose=subject["statusPurpose"],
            bits=decode_list(subject["encodedList"]),
            valid_from=timestamp_decode(document["validFrom"]),
            valid_until=timestamp_decode(document["validUntil"]),
            trust_list_version=document["trustListVersion"],
        )
    except (KeysError, KeyError, TypeError, AttributeError) as error:
        raise StatusError("status_list_form") from error
    if status.purpose != url.rsplit("/", 2)[-2] or subject.get("type") != "BitstringStatusList":
        raise StatusError("status_list_form")
    if type(status.trust_list_version) is not int or status.trust_list_version < 1:
        raise StatusError("status_list_form")
    return status


def verify_status_details(data: bytes, url: str, trust: TrustList) -> StatusDetails:
    """The details in ``data``, signed by a status key of ``trust`` for ``url``; raises ``StatusError``."""
    document = _verified(data, url, trust, _DETAILS_LIMITS, "StatusDetails")
    try:
        entries = document["credentialSubject"]["entries"]
        changes = {_index(text): _change(value) for text, value in entries.items()}
    except (KeysError, FormError, KeyError, TypeError, AttributeError) as error:
        raise StatusError("status_details_form") from error
    return StatusDetails(url, changes)


def _credential(
    url: str, kind: str, issuer: str, valid_from: int, valid_until: int, context: str
) -> JsonObject:
    return {
        "@context": [CREDENTIALS_CONTEXT, context],
        "id": url,
        "type": ["VerifiableCredential", kind],
        "issuer": issuer,
        "validFrom": timestamp_encode(valid_from),
        "validUntil": timestamp_encode(valid_until),
    }


def _verified(data: bytes, url: str, trust: TrustList, limits: JsonLimits, kind: str) -> JsonObject:
    try:
        document = parse_canonical(data, limits)
        proof = parse_proof(document, document.get("proof"))
        valid_from = timestamp_decode(document["validFrom"])
        valid_until = timestamp_decode(document["validUntil"])
    except KeysError as error:
        code = "status_list_too_large" if error.code == "too_large" else "status_list_form"
        raise StatusError(code, error.code) from error
    except (KeyError, TypeError) as error:
        raise StatusError("status_list_form") from error
    if document.get("id") != url or document.get("type") != ["VerifiableCredential", kind]:
        raise StatusError("status_list_other", url)
    if proof.created != valid_from or valid_until - valid_from > MAX_STATUS_VALIDITY:
        raise StatusError("status_list_validity")
    key = trust.status_key(proof.verification_method)
    if key is None or not _may_sign(key, valid_from):
        raise StatusError("status_list_key")
    if not verify_proof(document, proof, key.public_key):
        raise StatusError("status_list_signature")
    return document


def _may_sign(key: ListedKey, moment: int) -> bool:
    """A compromised key has no past here: whoever holds it writes any date, and a list is only ever needed fresh."""
    if key.revoked is not None and (key.revoked.compromised_from is not None or moment >= key.revoked.at):
        return False
    return key.not_before <= moment <= key.not_after


def _change_document(change: StatusChange) -> JsonObject:
    document = {"status": change.status, "since": timestamp_encode(change.since), "reason": change.reason}
    return {**document, "successor": change.successor} if change.successor else document


def _index(text: str) -> int:
    index = decimal_decode(text, max_digits=6)
    if index >= STATUS_LIST_BITS:
        raise StatusError("status_details_form", "index")
    return index


def _change(value: dict[str, Any]) -> StatusChange:
    change = StatusChange(
        value["status"], timestamp_decode(value["since"]), value["reason"], value.get("successor", "")
    )
    if change.status not in _STATUSES or _REASON.fullmatch(change.reason) is None:
        raise StatusError("status_details_form", "status or reason")
    if "successor" in value:
        parse_number(change.successor)
    return change
