"""gzip written by hand, so that vectors have the same bytes whatever zlib a machine has.

Deflate's fixed codes (RFC 1951 section 3.2.6) with one idea: a byte repeated 259 times or more becomes matches of length
258 at distance 1. Enough for bit lists that are nearly all zero, and for bombs.
"""

import zlib
from itertools import groupby

_HEADER = bytes.fromhex("1f8b08000000000000ff")
_MATCH = 258
_MATCH_258_AT_1 = f"{0b11000101:08b}" + "00000"
_END = "0000000"


def gzip_by_hand(data: bytes) -> bytes:
    """``data`` as one gzip member (RFC 1952)."""
    trailer = zlib.crc32(data).to_bytes(4, "little") + (len(data) % 2**32).to_bytes(4, "little")
    return _HEADER + _deflate(data) + trailer


def _deflate(data: bytes) -> bytes:
    # One final block (1), fixed codes (01, least significant bit first).
    bits = ["1", "10"]
    for value, run in groupby(data):
        matches, rest = divmod(len(list(run)) - 1, _MATCH)
        bits += [_literal(value), _MATCH_258_AT_1 * matches, _literal(value) * rest]
    text = "".join([*bits, _END])
    text += "0" * (-len(text) % 8)
    return bytes(int(text[place : place + 8][::-1], 2) for place in range(0, len(text), 8))


def _literal(value: int) -> str:
    return f"{0x30 + value:08b}" if value < 144 else f"{0x190 + value - 144:09b}"
