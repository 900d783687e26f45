"""Offline proofs that an entry is in the log (C2SP tlog-proof v1, SPEC 6.4).

The ``extra`` line carries the log entry itself: its time is not in the certificate, so a reader could not rebuild the
leaf without it. It is not trusted for being there; it is what the inclusion proof is checked against.
"""

import re
from binascii import a2b_base64
from dataclasses import dataclass
from typing import NamedTuple

from keys.encodings import base64_decode, base64_encode
from keys.errors import KeysError
from verifier.errors import LogError
from verifier.limits import MAX_LOG_PROOF_BYTES
from verifier.merkle import MAX_PROOF_HASHES

_HEADER = b"c2sp.org/tlog-proof@v1"
_FORM = re.compile(
    re.escape(_HEADER)
    + rb"\nextra ([A-Za-z0-9+/]*={0,2})\nindex (0|[1-9][0-9]{0,18})(?=\n)((?:\n[^\n]+)*)\n\n"
)
"""Header, entry, index and lines of hashes, whose form is looked at by itself."""
HASH_LINE_BYTES = 45
_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_LAST = _BASE64[::4]
"""The last character of 32 bytes: no bits beyond them."""


class TlogLines(NamedTuple):
    """A proof as it is read: its hashes are still lines, in their form, each after its line feed."""

    entry: bytes
    place: int
    lines: bytes
    checkpoint: bytes


@dataclass(frozen=True, slots=True)
class TlogProof:
    """A parsed proof; nothing in it is verified yet. ``checkpoint`` is the signed note."""

    entry: bytes
    index: int
    hashes: tuple[bytes, ...]
    checkpoint: bytes

    def to_bytes(self) -> bytes:
        """The ``.tlog-proof`` file."""
        lines = [_HEADER.decode("ascii"), f"extra {base64_encode(self.entry)}", f"index {self.index}"]
        lines += map(base64_encode, self.hashes)
        return ("\n".join(lines) + "\n\n").encode("ascii") + self.checkpoint


def parse_tlog_proof(data: bytes) -> TlogProof:
    """The proof in ``data``; raises ``LogError`` (``log_proof_form``). The extra line is required here."""
    entry, index, lines, checkpoint = read_tlog_proof(data)
    return TlogProof(entry, index, hashes_in(lines), checkpoint)


def read_tlog_proof(data: bytes) -> TlogLines:
    """As ``parse_tlog_proof``, without decoding the hashes."""
    match = _FORM.match(data) if len(data) <= MAX_LOG_PROOF_BYTES else None
    if match is None or not _are_hashes(match[3]):
        raise LogError("log_proof_form")
    extra, index, lines = match.groups()
    try:
        return TlogLines(base64_decode(extra), int(index), lines, data[match.end() :])
    except KeysError as error:
        raise LogError("log_proof_form") from error


def _are_hashes(lines: bytes) -> bool:
    """Whether ``lines`` are hashes of 32 bytes in their one spelling, looked at by columns: a pattern takes thrice as long."""
    count, rest = divmod(len(lines), HASH_LINE_BYTES)
    return (
        rest == 0
        and count <= MAX_PROOF_HASHES
        and lines[::HASH_LINE_BYTES] == b"\n" * count
        and lines[HASH_LINE_BYTES - 1 :: HASH_LINE_BYTES] == b"=" * count
        and not lines[HASH_LINE_BYTES - 2 :: HASH_LINE_BYTES].strip(_LAST)
        and lines.translate(None, _BASE64) == b"\n=" * count
    )


def hashes_in(lines: bytes) -> tuple[bytes, ...]:
    """The hashes in ``lines``, which are in their form."""
    return tuple(map(a2b_base64, lines.split()))
