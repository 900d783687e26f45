"""The QR's text (SPEC clause 3): ``https://HOST/v#`` and decimal digits.

The digits are one big-endian integer of the payload bytes, in a fixed number of digits for the number of bytes, so that
both directions are exact. The payload is ``0x01``, a CBOR array (template code, then the certificate's values), and the
64-byte signature. Refused: any other length, leading value or spelling. The host is read but never trusted.
"""

import re
from collections.abc import Sequence
from math import ceil, log10
from typing import NamedTuple

from keys.publickey import SIGNATURE_BYTES
from verifier.cbor import CborItem, decode_array, encode_array
from verifier.errors import FormError
from verifier.evidence import WHITE_SPACE
from verifier.limits import MAX_QR_DIGITS, MAX_QR_TEXT

PAYLOAD_FORMAT = 1
# Scheme and host mean the same in either case (RFC 3986 section 6.2.2.1); a path does not.
_TEXT = re.compile(rf"(?i:https)://([^/?#{WHITE_SPACE}]{{1,253}})/v#([0-9]+)", re.ASCII)


def _digit_count(size: int) -> int:
    """Decimal digits that hold any value of ``size`` bytes."""
    return ceil(size * 8 * log10(2))


_SIZE_OF_COUNT = {_digit_count(size): size for size in range(1, 540)}


class QrText(NamedTuple):
    """A QR's text taken apart; nothing in it is verified. ``host`` is whatever the code says."""

    host: str
    template_code: int
    values: tuple[CborItem, ...]
    signature: bytes


def qr_prefix(host: str) -> str:
    """What stands before the digits."""
    return f"https://{host}/v#"


def encode_digits(payload: bytes) -> str:
    """``payload`` as decimal digits."""
    return str(int.from_bytes(payload, "big")).zfill(_digit_count(len(payload)))


def decode_digits(digits: str) -> bytes:
    """The payload of ``digits``; raises ``FormError`` (``qr_digits``)."""
    size = _SIZE_OF_COUNT.get(len(digits))
    if size is None or len(digits) > MAX_QR_DIGITS or not (digits.isascii() and digits.isdecimal()):
        raise FormError("qr_digits")
    try:
        return int(digits).to_bytes(size, "big")
    except OverflowError as error:
        raise FormError("qr_digits") from error


def encode_payload(template_code: int, values: Sequence[CborItem], signature: bytes) -> bytes:
    """The bytes behind the digits."""
    return bytes((PAYLOAD_FORMAT,)) + encode_array([template_code, *values]) + signature


def looks_like_qr_text(text: str) -> bool:
    """Whether ``text`` has the shape of a certificate's QR, whatever its host."""
    return len(text) <= MAX_QR_TEXT and _TEXT.fullmatch(text.strip(WHITE_SPACE)) is not None


def parse_qr_text(text: str) -> QrText:
    """``text`` taken apart; raises ``FormError`` (``qr_text``, ``qr_digits``, ``qr_format``, ``cbor_form``)."""
    match = _TEXT.fullmatch(text.strip(WHITE_SPACE)) if len(text) <= MAX_QR_TEXT else None
    if match is None:
        raise FormError("qr_text")
    payload = decode_digits(match[2])
    body, signature = payload[1:-SIGNATURE_BYTES], payload[-SIGNATURE_BYTES:]
    if payload[0] != PAYLOAD_FORMAT or not body:
        raise FormError("qr_format")
    code, *values = decode_array(body) or [""]
    if not isinstance(code, int):
        raise FormError("qr_format")
    return QrText(match[1].lower(), code, tuple(values), signature)
