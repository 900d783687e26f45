"""Checkpoints (C2SP tlog-checkpoint): the signed head of the log (SPEC 6.3).

Three lines: origin, size in decimal, root hash in base64. Extension lines are refused: this log writes none, and what a
reader would not understand it should not pass over.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from keys.encodings import base64_decode, base64_encode, decimal_decode
from keys.errors import KeysError
from keys.signer import Signer
from verifier.errors import LogError
from verifier.knowntree import KnownTree
from verifier.merkle import HASH_BYTES
from verifier.note import NoteKey, check_note, cosignature_times, parse_note, sign_note


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A tree head. ``root`` is the 32-byte root hash."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """The text that is signed."""
        return f"{self.origin}\n{self.size}\n{base64_encode(self.root)}\n"


@dataclass(frozen=True, slots=True)
class VerifiedCheckpoint:
    """A head that a key of the log signed; ``witnessed`` are the times (Unix seconds) of known witnesses' cosignatures."""

    checkpoint: Checkpoint
    witnessed: tuple[int, ...]
    tree: KnownTree = field(compare=False, repr=False)


def parse_checkpoint_text(text: str) -> Checkpoint:
    """The head in a note's text; raises ``LogError`` (``checkpoint_form``)."""
    lines = text.split("\n")
    if len(lines) != 4 or lines[3]:
        raise LogError("checkpoint_form")
    try:
        checkpoint = Checkpoint(lines[0], decimal_decode(lines[1]), base64_decode(lines[2]))
    except KeysError as error:
        raise LogError("checkpoint_form", error.code) from error
    if not lines[0] or len(checkpoint.root) != HASH_BYTES:
        raise LogError("checkpoint_form")
    return checkpoint


def verify_checkpoint(
    data: bytes,
    *,
    origin: str,
    log_key: NoteKey,
    former_keys: Sequence[NoteKey] = (),
    witness_keys: Sequence[NoteKey],
) -> VerifiedCheckpoint:
    """The head in ``data``, signed by ``log_key`` or one of ``former_keys`` for ``origin``.

    Raises ``LogError``: ``checkpoint_origin`` where it is another log's, or the note's codes.
    """
    note = parse_note(data)
    checkpoint = parse_checkpoint_text(note.text)
    if checkpoint.origin != origin:
        raise LogError("checkpoint_origin", checkpoint.origin[:80])
    check_note(note, log_key, *former_keys)
    tree = KnownTree(checkpoint.size, checkpoint.root)
    return VerifiedCheckpoint(checkpoint, tuple(cosignature_times(note, witness_keys)), tree)


def sign_checkpoint(checkpoint: Checkpoint, signer: Signer) -> bytes:
    """The checkpoint as a note signed by the log under its origin's name."""
    return sign_note(checkpoint.text, signer, checkpoint.origin)
