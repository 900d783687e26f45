"""What a log submits to ``add-checkpoint`` (C2SP tlog-witness): an old size, a consistency proof and a checkpoint.

Lines end in a newline; the old size is a decimal; hashes are base64; an empty line parts them from the checkpoint.
Extension lines of a checkpoint are cosigned as they stand and not understood, as tlog-cosignature has it.
"""

from dataclasses import dataclass

from keys.encodings import base64_decode, decimal_decode
from keys.errors import KeysError
from registry.witness.errors import RefusalError
from verifier.checkpoint import Checkpoint, parse_checkpoint_text
from verifier.errors import LogError
from verifier.limits import MAX_CHECKPOINT_BYTES
from verifier.merkle import HASH_BYTES, MAX_PROOF_HASHES
from verifier.note import Note, parse_note

MAX_SUBMISSION_BYTES = MAX_CHECKPOINT_BYTES + 64 * 48
"""A checkpoint, 63 hashes of 45 characters and a line for the old size. Sender: anyone who reaches the port."""
MAX_TREE_SIZE = 2**63 - 1
"""What the state's database can hold; no log grows there."""


@dataclass(frozen=True, slots=True)
class Submission:
    """A well-formed request; nothing in it is verified yet. ``data`` is the checkpoint as it came."""

    old_size: int
    proof: tuple[bytes, ...]
    note: Note
    head: Checkpoint
    data: bytes


def parse_submission(body: bytes) -> Submission:
    """The request in ``body``; raises ``RefusalError`` (400)."""
    lines, separator, data = body.partition(b"\n\n")
    if len(body) > MAX_SUBMISSION_BYTES or not separator:
        raise RefusalError(400, "no empty line after the proof\n")
    try:
        first, *hashes = lines.decode("ascii").split("\n")
        if not first.startswith("old ") or len(hashes) > MAX_PROOF_HASHES:
            raise RefusalError(400, "old size or proof\n")
        old_size = decimal_decode(first.removeprefix("old "))
        proof = tuple(map(base64_decode, hashes))
        note = parse_note(data)
        head = head_of(note)
    except (UnicodeDecodeError, KeysError, LogError) as error:
        raise RefusalError(400, "malformed\n") from error
    if any(len(item) != HASH_BYTES for item in proof) or max(old_size, head.size) > MAX_TREE_SIZE:
        raise RefusalError(400, "a hash or a size is out of range\n")
    return Submission(old_size, proof, note, head, data)


def head_of(note: Note) -> Checkpoint:
    """The three lines that a cosignature speaks of; raises ``LogError``."""
    *lines, end = note.text.split("\n")
    if end or not all(lines):
        raise LogError("checkpoint_form")
    return parse_checkpoint_text("\n".join([*lines[:3], ""]))
