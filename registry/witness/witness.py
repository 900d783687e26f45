"""A witness: cosigns a log's checkpoint if it extends the one cosigned last (C2SP tlog-witness, tlog-cosignature v1).

It knows nothing of certificates. What it says is that, at the time in its cosignature, the largest tree that it had seen
of this log had this root; so that nobody can be shown another history without two witnesses' keys lying. Checks are made
in the specification's order, and the state moves before the cosignature leaves.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from keys.custody import create_key_file, open_key_file, read_passphrase
from keys.signer import Signer
from registry.witness.errors import RefusalError, WitnessError
from registry.witness.state import Head, WitnessState
from registry.witness.submission import Submission, parse_submission
from verifier.errors import LogError
from verifier.merkle import check_consistency, tree_hash
from verifier.note import (
    ALGORITHM_COSIGNATURE,
    NoteKey,
    append_signature,
    check_note,
    cosignature_message,
    parse_vkey,
    signature_lines,
)

KEY_FILE, STATE_FILE = "witness.pem", "state.db"
PASSPHRASE_VARIABLE = "CERTREG_PASSPHRASE"
SIZE_TYPE = "text/x.tlog.size"
Observe = Callable[[str], None]
"""Called before and after the state is durable: where the crash tests strike."""


def unobserved(_: str) -> None:
    """An observer that does not look."""


@dataclass(frozen=True, slots=True)
class Witness:
    """A witness at work. Thread-safe. ``clock`` gives Unix seconds."""

    state: WitnessState
    key: NoteKey
    signer: Signer
    clock: Callable[[], int]
    observe: Observe = unobserved

    def add_checkpoint(self, body: bytes) -> bytes:
        """The cosignature line for the checkpoint in ``body``; raises ``RefusalError`` with the answer to give."""
        submitted = parse_submission(body)
        origin = submitted.head.origin
        self._check_signed(submitted)
        if submitted.old_size > submitted.head.size:
            raise RefusalError(400, "the old size is larger than the checkpoint's\n")
        old = self.state.head(origin)
        if submitted.old_size != old.size:
            raise _conflict(old)
        try:
            _check_follows(old, submitted)
        except LogError as error:
            self.state.keep_evidence(origin, submitted.data, error.code)
            raise RefusalError(422, f"{error.code}\n") from error
        return self._cosigned(old, submitted)

    def checkpoint(self, origin_hash: str) -> bytes:
        """What monitors are served: the newest cosigned checkpoint of the log whose origin hashes to this; or a 404."""
        for origin in self.state.origins():
            note = self.state.head(origin).note
            if sha256(origin.encode("utf-8")).hexdigest() == origin_hash and note is not None:
                return note
        raise RefusalError(404)

    def _check_signed(self, submitted: Submission) -> None:
        """By a known key of this origin, and by no known key wrongly."""
        keys = self.state.keys_of(submitted.head.origin)
        if not keys:
            raise RefusalError(404, "unknown log\n")
        try:
            check_note(submitted.note, *keys)
        except LogError as error:
            raise RefusalError(403, f"{error.code}\n") from error

    def _cosigned(self, old: Head, submitted: Submission) -> bytes:
        origin, head = submitted.head.origin, submitted.head
        line = b""

        def cosign() -> bytes:
            nonlocal line
            time = self.clock()
            signature = self.signer.sign(cosignature_message(submitted.note.text, time))
            line = append_signature(b"", self.key, time.to_bytes(8, "big") + signature)
            self.observe("state:before")
            return self._verified_part(submitted) + line

        # If we stop before the commit, nothing was cosigned; if after, the log is told the new size and asks again.
        if self.state.advance(origin, old, head.size, head.root, cosign) is None:
            raise _conflict(self.state.head(origin))
        self.observe("state:after")
        return line

    def _verified_part(self, submitted: Submission) -> bytes:
        """The checkpoint with the signatures that were verified here, and no stranger's."""
        note = submitted.note.text.encode("utf-8") + b"\n"
        for key in self.state.keys_of(submitted.head.origin):
            for line in signature_lines(submitted.note, key):
                note = append_signature(note, key, line.value)
        return note


def _check_follows(old: Head, submitted: Submission) -> None:
    head = submitted.head
    if head.size == 0 and head.root != tree_hash([]):
        raise LogError("checkpoint_form", "the empty tree has another root")
    if old.size == 0 and head.size > 0:
        # The empty tree is a prefix of every tree.
        if submitted.proof:
            raise LogError("log_consistency", "a proof from the empty tree")
        return
    if old.size == head.size:
        if submitted.proof or old.root != head.root:
            raise LogError("log_consistency", "another root for the same size")
        return
    check_consistency(old.size, old.root, head.size, head.root, submitted.proof)


def _conflict(head: Head) -> RefusalError:
    return RefusalError(409, f"{head.size}\n", media_type=SIZE_TYPE)


def create_witness(folder: Path, name: str, environment: Mapping[str, str]) -> str:
    """Make a witness ``name`` in ``folder``: key file and state; returns its vkey. An interrupted start can be repeated."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    passphrase = _passphrase(environment)
    file = folder / KEY_FILE
    signer = open_key_file(file, passphrase) if file.exists() else create_key_file(file, passphrase)
    vkey = NoteKey(name, ALGORITHM_COSIGNATURE, signer.public_key).vkey
    try:
        parse_vkey(vkey)
    except LogError as error:
        raise WitnessError("witness_name", name=name) from error
    WitnessState(folder / STATE_FILE).create(vkey)
    return vkey


def watch_log(folder: Path, vkey: str, origin: str = "") -> None:
    """Let the witness in ``folder`` cosign for the log whose key is ``vkey``; its origin is the key's name unless given."""
    state = WitnessState(folder / STATE_FILE)
    state.vkey()
    key = parse_vkey(vkey)
    if key.algorithm == ALGORITHM_COSIGNATURE:
        raise WitnessError("witness_log_key")
    state.watch(origin or key.name, key)


def forget_key(folder: Path, vkey: str) -> list[str]:
    """Let the witness in ``folder`` cosign no more for a key that a log lost to others; the origins it was known for.

    Until then whoever has the key can lead the witness ahead of the true log, for which it would never cosign again.
    Raises ``WitnessError`` (``witness_key_unknown``).
    """
    state = WitnessState(folder / STATE_FILE)
    state.vkey()
    origins = state.forget(parse_vkey(vkey))
    if not origins:
        raise WitnessError("witness_key_unknown", key=vkey)
    return origins


def open_witness(
    folder: Path, environment: Mapping[str, str], clock: Callable[[], int], observe: Observe = unobserved
) -> Witness:
    """The witness in ``folder``; raises ``WitnessError``, ``CustodyError``."""
    state = WitnessState(folder / STATE_FILE)
    key = parse_vkey(state.vkey())
    signer = open_key_file(folder / KEY_FILE, _passphrase(environment))
    if signer.public_key != key.public_key:
        # A damaged key file can open as some other key: its encryption does not protect its integrity.
        raise WitnessError("witness_differs")
    return Witness(state, key, signer, clock, observe)


def _passphrase(environment: Mapping[str, str]) -> bytes:
    file = environment.get(f"{PASSPHRASE_VARIABLE}_FILE")
    return read_passphrase(environment, variable=PASSPHRASE_VARIABLE, file=Path(file) if file else None)
