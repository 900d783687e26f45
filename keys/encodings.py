"""Strict text encodings: one accepted form for each value, proved by formatting back.

Python's own decoders forgive much (``int("4_2")``, junk inside base64, ``fromisoformat`` in a dozen shapes); two readers
that forgive differently disagree about what was signed. Everything here is ASCII, exact, and inverts.
Implements the byte and time forms of SPEC clauses 2 and 6.
"""

import base64
import binascii
import re
from datetime import UTC, datetime
from functools import lru_cache

from keys.errors import EncodingError

_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_NOT_BASE58 = 255
_BASE58_VALUES = bytes(
    _BASE58.index(chr(code)) if chr(code) in _BASE58 else _NOT_BASE58 for code in range(256)
)
_BASE58_PAIRS = [first + second for first in _BASE58 for second in _BASE58]
_PAIR, _FIVE_DIGITS, _TEN_DIGITS = 58**2, 58**5, 58**10
_DECIMAL = re.compile(r"0|[1-9][0-9]*", re.ASCII)
_HEX = re.compile(r"(?:[0-9a-f]{2})*", re.ASCII)
_TIMESTAMP = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z", re.ASCII)

# Base58 costs the square of its length; the longest value we accept is a signature (64 bytes, 88 characters).
MAX_BASE58_CHARACTERS = 128
_JOINTS = tuple(
    (
        bits,
        int.from_bytes((b"\0" * (bits // 8) + b"\xff" * (bits // 8)) * (512 // bits), "big"),
        58 ** (bits // 8),
    )
    for bits in (8, 16, 32, 64, 128, 256, 512)
)
"""Places of ``bits`` bits: how far the upper of two neighbours is shifted, where the lower ones stand, and what the upper counts."""


def base58_encode(data: bytes) -> str:
    """Base58 (Bitcoin alphabet) of ``data``; leading zero bytes become leading ``1``."""
    number = int.from_bytes(data, "big")
    groups: list[int] = []
    while number:
        # Long division costs most: take ten digits off the long number at a time, then part them.
        number, group = divmod(number, _TEN_DIGITS)
        groups += (group % _FIVE_DIGITS, group // _FIVE_DIGITS)
    groups.reverse()
    digits = [
        _BASE58[(upper := group // _PAIR) // _PAIR]
        + _BASE58_PAIRS[upper % _PAIR]
        + _BASE58_PAIRS[group % _PAIR]
        for group in groups
    ]
    zeros = len(data) - len(data.lstrip(b"\0"))
    return "1" * zeros + "".join(digits).lstrip("1")


def base58_decode(text: str) -> bytes:
    """Bytes of a base58 text of at most ``MAX_BASE58_CHARACTERS``; raises ``EncodingError``."""
    if len(text) > MAX_BASE58_CHARACTERS:
        raise EncodingError("base58_too_long", str(len(text)))
    values = text.encode("utf-8").translate(_BASE58_VALUES)
    if _NOT_BASE58 in values:
        raise EncodingError("base58_character")
    # A byte is a digit. Neighbours are joined two and two, all along the number at once: pairs, fours, eights …
    number = int.from_bytes(values, "big")
    for bits, lower, base in _JOINTS:
        number = (number & lower) + (number >> bits & lower) * base
    zeros = len(text) - len(text.lstrip("1"))
    return b"\0" * zeros + number.to_bytes((number.bit_length() + 7) // 8, "big")


def multibase_encode(data: bytes) -> str:
    """Multibase base58-btc: ``z`` and base58."""
    return "z" + base58_encode(data)


def multibase_decode(text: str) -> bytes:
    """Bytes of a multibase text; only base58-btc (``z``) is accepted."""
    if not text.startswith("z"):
        raise EncodingError("multibase_prefix")
    return base58_decode(text[1:])


def base64_decode(text: str | bytes) -> bytes:
    """Bytes of standard padded base64 (RFC 4648 section 4), exact: no white space, no stray bits."""
    try:
        raw = text.encode("ascii") if isinstance(text, str) else text
        data = binascii.a2b_base64(raw, strict_mode=True)
    except (binascii.Error, ValueError) as error:
        raise EncodingError("base64_character") from error
    if binascii.b2a_base64(data, newline=False) != raw:
        raise EncodingError("base64_not_canonical")
    return data


def base64_encode(data: bytes) -> str:
    """Standard padded base64 (RFC 4648 section 4)."""
    return base64.b64encode(data).decode("ascii")


def base64url_encode(data: bytes) -> str:
    """base64url without padding (RFC 4648 section 5)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def base64url_decode(text: str) -> bytes:
    """Bytes of base64url without padding, exact."""
    try:
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        data = base64.b64decode(padded, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise EncodingError("base64url_character") from error
    if base64url_encode(data) != text:
        raise EncodingError("base64url_not_canonical")
    return data


def hex_decode(text: str) -> bytes:
    """Bytes of lower-case hexadecimal."""
    if _HEX.fullmatch(text) is None:
        raise EncodingError("hex_character")
    return bytes.fromhex(text)


def decimal_decode(text: str, *, max_digits: int = 19) -> int:
    """A non-negative ASCII decimal without sign, leading zero, space or underscore."""
    if len(text) > max_digits or _DECIMAL.fullmatch(text) is None:
        raise EncodingError("decimal_form")
    return int(text)


@lru_cache(maxsize=256)
def timestamp_decode(text: str) -> int:
    """Unix seconds of ``YYYY-MM-DDTHH:MM:SSZ``, the only time form in our documents."""
    if _TIMESTAMP.fullmatch(text) is None:
        raise EncodingError("timestamp_form")
    try:
        return int(datetime.fromisoformat(text).timestamp())
    except ValueError as error:
        raise EncodingError("timestamp_value") from error


@lru_cache(maxsize=256)
def timestamp_encode(seconds: int) -> str:
    """``YYYY-MM-DDTHH:MM:SSZ`` of Unix seconds in the years 1 to 9999."""
    try:
        return datetime.fromtimestamp(seconds, tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ").rjust(20, "0")
    except (ValueError, OverflowError, OSError) as error:
        raise EncodingError("timestamp_value") from error
