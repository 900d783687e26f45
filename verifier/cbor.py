"""The part of CBOR (RFC 8949) that a QR payload uses, and nothing more: one array of integers, texts and byte strings.

Deterministic encoding (section 4.2.1): shortest heads, definite lengths. A general decoder would also build dates,
fractions and patterns out of a stranger's tags; this one refuses everything that the payload does not need, and what it
accepts has one spelling: a property test encodes it back.
"""

from collections.abc import Sequence

from verifier.errors import FormError

CborItem = int | str | bytes
_UNSIGNED, _BYTES, _TEXT, _ARRAY = 0, 2, 3, 4
MAX_ITEMS = 32
"""Values of one certificate; the largest template has 13."""


def encode_array(items: Sequence[CborItem]) -> bytes:
    """The array of ``items``: non-negative integers below 2^64, texts, byte strings."""
    return _head(_ARRAY, len(items)) + b"".join(map(_encode, items))


def decode_array(data: bytes) -> list[CborItem]:
    """The items of an array that fills ``data`` exactly; raises ``FormError`` (``cbor_form``)."""
    kind, count, offset = _read_head(data, 0)
    if kind != _ARRAY or count > MAX_ITEMS:
        raise FormError("cbor_form")
    items: list[CborItem] = []
    for _ in range(count):
        item, offset = _decode(data, offset)
        items.append(item)
    if offset != len(data):
        raise FormError("cbor_form")
    return items


def _encode(item: CborItem) -> bytes:
    if isinstance(item, int):
        return _head(_UNSIGNED, item)
    if isinstance(item, str):
        data = item.encode("utf-8")
        return _head(_TEXT, len(data)) + data
    return _head(_BYTES, len(item)) + item


def _decode(data: bytes, offset: int) -> tuple[CborItem, int]:
    # Most heads are one byte: those are read here, without a call.
    first = data[offset] if offset < len(data) else 0xFF
    if first & 0x1F < 24:
        kind, value, start = first >> 5, first & 0x1F, offset + 1
    else:
        kind, value, start = _read_head(data, offset)
    if kind == _UNSIGNED:
        return value, start
    end = start + value
    if kind not in (_BYTES, _TEXT) or end > len(data):
        raise FormError("cbor_form")
    if kind == _BYTES:
        return data[start:end], end
    try:
        return data[start:end].decode("utf-8"), end
    except UnicodeDecodeError as error:
        raise FormError("cbor_form") from error


def _head(kind: int, value: int) -> bytes:
    if value < 24:
        return bytes((kind << 5 | value,))
    for code, width in ((24, 1), (25, 2), (26, 4)):
        if value < 256**width:
            return bytes((kind << 5 | code,)) + value.to_bytes(width, "big")
    return bytes((kind << 5 | 27,)) + value.to_bytes(8, "big")


def _read_head(data: bytes, offset: int) -> tuple[int, int, int]:
    """Major type, argument and offset after the head."""
    if offset >= len(data):
        raise FormError("cbor_form")
    kind, short = data[offset] >> 5, data[offset] & 0x1F
    if short < 24:
        return kind, short, offset + 1
    width, least = _LONG_HEADS.get(short, (0, 0))
    end = offset + 1 + width
    value = int.from_bytes(data[offset + 1 : end], "big")
    # A head that is longer than its value needs is a second spelling (RFC 8949 section 4.2.1).
    if width == 0 or end > len(data) or value < least:
        raise FormError("cbor_form")
    return kind, value, end


_LONG_HEADS = {24: (1, 24), 25: (2, 256), 26: (4, 65_536), 27: (8, 4_294_967_296)}
"""Bytes of the argument by the head's short part, and the least value that needs them."""
