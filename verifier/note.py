"""Signed notes (C2SP signed-note) with Ed25519 keys, and cosignatures of checkpoints (C2SP tlog-cosignature v1).

A note is a text ending in a newline, an empty line, and one or more signature lines. Unknown keys are ignored, as the
specification demands; a signature by a known key that does not verify spoils the note. Refused: control characters,
a name with spaces or ``+``, a signature line in a second spelling, more than 64 signatures.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256

from keys.encodings import base64_decode, base64_encode, hex_decode
from keys.errors import KeysError
from keys.publickey import PublicKey
from keys.signer import Signer
from verifier.errors import LogError
from verifier.limits import MAX_CHECKPOINT_BYTES, MAX_NOTE_SIGNATURES

ALGORITHM_NOTE = 0x01
ALGORITHM_COSIGNATURE = 0x04
_DASH = "\u2014 "
_NAME = re.compile("[^+\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]+")
"""White space written out: what a language takes for it differs (SPEC 6.3)."""


@dataclass(frozen=True, slots=True)
class NoteKey:
    """A verifier key (vkey): name, algorithm byte and Ed25519 key."""

    name: str
    algorithm: int
    public_key: PublicKey

    @property
    def key_id(self) -> bytes:
        """The 4 bytes that stand before the signature."""
        material = bytes((self.algorithm,)) + self.public_key.raw
        return sha256(self.name.encode("utf-8") + b"\n" + material).digest()[:4]

    @property
    def vkey(self) -> str:
        """``name+hex+base64``."""
        material = bytes((self.algorithm,)) + self.public_key.raw
        return f"{self.name}+{self.key_id.hex()}+{base64_encode(material)}"


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """One signature line; ``value`` is what follows the key id."""

    name: str
    key_id: bytes
    value: bytes


@dataclass(frozen=True, slots=True)
class Note:
    """A parsed note; nothing in it is verified yet. ``text`` ends in a newline."""

    text: str
    signatures: tuple[NoteSignature, ...]


def parse_vkey(text: str) -> NoteKey:
    """The key of a vkey; raises ``LogError`` (``note_key``)."""
    parts = text.split("+", 2)
    if len(parts) != 3 or not _name_ok(parts[0]):
        raise LogError("note_key")
    try:
        material = base64_decode(parts[2])
        if len(material) != 33 or material[0] not in (ALGORITHM_NOTE, ALGORITHM_COSIGNATURE):
            raise LogError("note_key")
        key = NoteKey(parts[0], material[0], PublicKey.from_raw(material[1:]))
        if hex_decode(parts[1]) != key.key_id:
            raise LogError("note_key")
    except KeysError as error:
        raise LogError("note_key", error.code) from error
    return key


def parse_note(data: bytes) -> Note:
    """The note in ``data``; raises ``LogError`` (``note_form``)."""
    try:
        whole = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise LogError("note_form") from error
    text, separator, tail = whole.rpartition("\n\n")
    if len(data) > MAX_CHECKPOINT_BYTES or not separator or not tail.endswith("\n"):
        raise LogError("note_form")
    if any(character < " " and character != "\n" for character in whole):
        raise LogError("note_form")
    lines = tail[:-1].split("\n")
    if len(lines) > MAX_NOTE_SIGNATURES:
        raise LogError("note_form")
    return Note(text + "\n", tuple(map(_signature, lines)))


def check_note(note: Note, *keys: NoteKey) -> None:
    """Raise ``LogError`` unless one of ``keys`` signed the note (``note_unsigned``, ``note_signature``)."""
    lines = [(key, line) for key in keys for line in signature_lines(note, key)]
    if not lines:
        raise LogError("note_unsigned", keys[0].name)
    for key, line in lines:
        if not key.public_key.verify(line.value, note.text.encode("utf-8")):
            raise LogError("note_signature", key.name)


def cosignature_times(note: Note, keys: Iterable[NoteKey]) -> list[int]:
    """Unix seconds at which each of ``keys`` cosigned: one a key whatever its names, its earliest; others are passed over."""
    times: dict[PublicKey, list[int]] = {}
    for key in keys:
        times.setdefault(key.public_key, []).extend(_cosigned(note, key))
    return [min(found) for found in times.values() if found]


def sign_note(text: str, signer: Signer, name: str) -> bytes:
    """``text`` (ending in a newline) signed as ``name``."""
    key = NoteKey(name, ALGORITHM_NOTE, signer.public_key)
    return append_signature(text.encode("utf-8") + b"\n", key, signer.sign(text.encode("utf-8")))


def signature_lines(note: Note, key: NoteKey) -> Sequence[NoteSignature]:
    """The lines that bear the key's name and id; whether they verify is not looked at."""
    return [line for line in note.signatures if line.name == key.name and line.key_id == key.key_id]


def append_signature(note: bytes, key: NoteKey, signature: bytes) -> bytes:
    """``note`` (complete, or a text and its empty line) with one more signature line."""
    return note + f"{_DASH}{key.name} {base64_encode(key.key_id + signature)}\n".encode()


def cosignature_message(text: str, time: int) -> bytes:
    """What a witness signs about a checkpoint's text at Unix second ``time``."""
    return f"cosignature/v1\ntime {time}\n{text}".encode()


def _cosigned(note: Note, key: NoteKey) -> list[int]:
    times = []
    for line in signature_lines(note, key):
        time = int.from_bytes(line.value[:8], "big")
        if key.public_key.verify(line.value[8:], cosignature_message(note.text, time)):
            times.append(time)
    return times


def _signature(line: str) -> NoteSignature:
    name, separator, text = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not separator or not _name_ok(name):
        raise LogError("note_form")
    try:
        data = base64_decode(text)
    except KeysError as error:
        raise LogError("note_form", error.code) from error
    if len(data) < 5:
        raise LogError("note_form")
    return NoteSignature(name, data[:4], data[4:])


def _name_ok(name: str) -> bool:
    return _NAME.fullmatch(name) is not None
