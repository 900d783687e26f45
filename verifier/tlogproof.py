"""Offline proofs that an entry is in the log (C2SP tlog-proof v1, SPEC 6.4).

The ``extra`` line carries the log entry itself: its time is not in the certificate, so a reader could not rebuild the
leaf without it. It is not trusted for being there; it is what the inclusion proof is checked against.
"""

from dataclasses import dataclass

from keys.encodings import base64_decode, base64_decode_all, base64_encode, decimal_decode
from keys.errors import KeysError
from verifier.errors import LogError
from verifier.limits import MAX_LOG_PROOF_BYTES
from verifier.merkle import HASH_BYTES, MAX_PROOF_HASHES

_HEADER = b"c2sp.org/tlog-proof@v1"


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
    head, separator, checkpoint = data.partition(b"\n\n")
    if len(data) > MAX_LOG_PROOF_BYTES or not separator:
        raise LogError("log_proof_form")
    try:
        lines = head.split(b"\n")
        if len(lines) < 3 or len(lines) > 3 + MAX_PROOF_HASHES or lines[0] != _HEADER:
            raise LogError("log_proof_form")
        entry = base64_decode(_after(lines[1], b"extra "))
        index = decimal_decode(_after(lines[2], b"index ").decode("ascii"))
        hashes = tuple(base64_decode_all(lines[3:]))
    except (UnicodeDecodeError, KeysError) as error:
        raise LogError("log_proof_form") from error
    if set(map(len, hashes)) - {HASH_BYTES}:
        raise LogError("log_proof_form")
    return TlogProof(entry, index, hashes, checkpoint)


def _after(line: bytes, prefix: bytes) -> bytes:
    if not line.startswith(prefix):
        raise LogError("log_proof_form")
    return line[len(prefix) :]
