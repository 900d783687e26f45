"""A small file as a series of QR codes: how proposals, offers and proofs reach a machine that takes no memory stick.

Each code is a text in the alphabet of alphanumeric QR codes: ``CRQ1:DIGEST:PLACE/COUNT:DATA:CHECK``. DIGEST is the beginning of
the file's SHA-256 (16 hexadecimal digits in capitals), so that codes of two files never join; DATA is base32 (RFC 4648,
without padding) of a piece of the file, compressed by zlib as a whole; CHECK is the CRC-32 of all before it, so that what a
hand scanner typed half is told at once. The codes may be read in any order and more than
once. What comes out is a file like any other: whether it is to be believed, its own signatures say.
"""

import re
import zlib
from base64 import b32decode, b32encode
from dataclasses import dataclass, field
from hashlib import sha256

from keys.canonical import TRUST_LIST_LIMITS
from keys.errors import CeremonyError

PIECE_BYTES = 300
"""A code of version 14 at level M then: 73 modules, which any camera and any hand scanner reads off a screen."""
MAX_PARTS = 400
"""What somebody may be asked to hold before a scanner."""
_PART = re.compile(r"CRQ1:([0-9A-F]{16}):([1-9][0-9]{0,2})/([1-9][0-9]{0,2}):([A-Z2-7]{2,480}):([0-9A-F]{8})")


def split_for_qr(data: bytes) -> list[str]:
    """The texts of the codes; raises ``CeremonyError`` (``qr_too_large``)."""
    packed = zlib.compress(data, 9)
    pieces = [packed[start : start + PIECE_BYTES] for start in range(0, len(packed), PIECE_BYTES)]
    if len(pieces) > MAX_PARTS:
        raise CeremonyError("qr_too_large", f"{len(pieces)} > {MAX_PARTS}")
    digest = _digest(data)
    return [
        _checked(f"CRQ1:{digest}:{place}/{len(pieces)}:{b32encode(piece).decode('ascii').rstrip('=')}")
        for place, piece in enumerate(pieces, start=1)
    ]


@dataclass(slots=True)
class QrParts:
    """Codes as they are read, until they make the file. The first one says of which file."""

    digest: str = ""
    count: int = 0
    pieces: dict[int, bytes] = field(default_factory=dict)

    def add(self, text: str) -> None:
        """Take in a code; raises ``CeremonyError``: ``qr_part_form``, ``qr_part_other`` (of another file, or it differs)."""
        found = _PART.fullmatch(text.strip())
        if found is None or _checked(found[0].rpartition(":")[0]) != found[0]:
            raise CeremonyError("qr_part_form")
        digest, place, count = found[1], int(found[2]), int(found[3])
        piece = _unpadded(found[4])
        if not place <= count <= MAX_PARTS:
            raise CeremonyError("qr_part_form", f"{place}/{count}")
        self.digest, self.count = self.digest or digest, self.count or count
        if (self.digest, self.count) != (digest, count) or self.pieces.get(place, piece) != piece:
            raise CeremonyError("qr_part_other", f"{place}/{count}")
        self.pieces[place] = piece

    @property
    def missing(self) -> tuple[int, ...]:
        """The places that were not read yet; nothing is known of any before the first code."""
        return tuple(place for place in range(1, self.count + 1) if place not in self.pieces)

    @property
    def complete(self) -> bool:
        """Whether all were read."""
        return bool(self.pieces) and not self.missing

    def data(self) -> bytes:
        """The file; raises ``CeremonyError``: ``qr_part_missing``, ``qr_part_form`` where the codes make no file."""
        if not self.complete:
            raise CeremonyError("qr_part_missing", " ".join(map(str, self.missing)) or "1")
        packed = b"".join(self.pieces[place] for place in sorted(self.pieces))
        unpack = zlib.decompressobj()
        try:
            data = unpack.decompress(packed, TRUST_LIST_LIMITS.max_bytes + 1)
        except zlib.error as error:
            raise CeremonyError("qr_part_form", "zlib") from error
        if not unpack.eof or unpack.unused_data or _digest(data) != self.digest:
            raise CeremonyError("qr_part_form", self.digest)
        return data


def _checked(text: str) -> str:
    return f"{text}:{zlib.crc32(text.encode('ascii')):08X}"


def _digest(data: bytes) -> str:
    return sha256(data).hexdigest()[:16].upper()


def _unpadded(text: str) -> bytes:
    try:
        piece = b32decode(text + "=" * (-len(text) % 8))
    except ValueError as error:
        raise CeremonyError("qr_part_form", "base32") from error
    if b32encode(piece).decode("ascii").rstrip("=") != text:
        raise CeremonyError("qr_part_form", "base32")
    return piece
