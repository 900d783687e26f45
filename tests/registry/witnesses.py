"""Witnesses and a log to submit to them: a tree in memory after RFC 9162, forked at will, and processes that serve."""

import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path

from keys.custody import create_key_file
from keys.encodings import base64_encode
from registry.settings import PASSPHRASE_VARIABLE
from registry.trust import current_trust_list
from registry.witness.service import serve
from registry.witness.state import WitnessState
from registry.witness.witness import (
    KEY_FILE,
    STATE_FILE,
    Observe,
    Witness,
    create_witness,
    open_witness,
    unobserved,
    watch_log,
)
from registry.witnesses import add_witness, change_quorum
from tests.builders import signer, vkey
from tests.forks import CONTEXT, PATIENCE
from tests.registry.rig import NOW, PASSPHRASE, Rig
from verifier.checkpoint import Checkpoint, sign_checkpoint
from verifier.merkle import leaf_hash, tree_hash

ORIGIN = "log.example/one"
ENVIRONMENT = {PASSPHRASE_VARIABLE: PASSPHRASE}
NAMES = ("w1.example", "w2.example")


@dataclass(slots=True)
class Log:
    """A log of any entries; ``fork`` gives another history of the same size."""

    origin: str = ORIGIN
    leaves: list[bytes] = field(default_factory=list)

    def grow(self, count: int, flavour: str = "") -> "Log":
        """``count`` entries more."""
        start = len(self.leaves)
        self.leaves += [leaf_hash(f"{flavour}{start + place}".encode()) for place in range(count)]
        return self

    def fork(self, keep: int, flavour: str) -> "Log":
        """The same first ``keep`` entries, then others, as many as here."""
        return Log(self.origin, self.leaves[:keep]).grow(len(self.leaves) - keep, flavour)

    def note(self, size: int | None = None, *, key: str = "") -> bytes:
        """The signed head of the first ``size`` entries."""
        count = len(self.leaves) if size is None else size
        head = Checkpoint(self.origin, count, tree_hash(self.leaves[:count]))
        return sign_checkpoint(head, signer(key or self.origin))

    def submission(self, old: int, size: int | None = None) -> bytes:
        """What an honest log sends."""
        count = len(self.leaves) if size is None else size
        return body(old, consistency(self.leaves[:count], old), self.note(count))


def body(old: int | str, proof: Sequence[bytes], note: bytes) -> bytes:
    """The request, line by line as C2SP tlog-witness has it."""
    return (
        f"old {old}\n".encode()
        + b"".join(base64_encode(one).encode() + b"\n" for one in proof)
        + b"\n"
        + note
    )


def consistency(leaves: Sequence[bytes], old: int) -> list[bytes]:
    """RFC 9162 section 2.1.4.1, as it is written there."""
    return _subproof(old, leaves, complete=True) if 0 < old < len(leaves) else []


def _subproof(old: int, leaves: Sequence[bytes], *, complete: bool) -> list[bytes]:
    if old == len(leaves):
        return [] if complete else [tree_hash(leaves)]
    split = 1 << (len(leaves) - 1).bit_length() - 1
    if old <= split:
        return [*_subproof(old, leaves[:split], complete=complete), tree_hash(leaves[split:])]
    return [*_subproof(old - split, leaves[split:], complete=False), tree_hash(leaves[:split])]


def make_witness(folder: Path, name: str = "witness.example/w1", *log_vkeys: str) -> str:
    """A witness in ``folder`` that knows ``ORIGIN``, or the logs of these keys; returns its vkey."""
    folder.mkdir(mode=0o700)
    create_key_file(folder / KEY_FILE, PASSPHRASE.encode())
    made = create_witness(folder, name, ENVIRONMENT)
    for one in log_vkeys or (vkey(ORIGIN),):
        watch_log(folder, one)
    return made


def opened(folder: Path, now: int = NOW, observe: Observe = unobserved) -> Witness:
    """The witness in ``folder`` with its clock at ``now``."""
    return open_witness(folder, ENVIRONMENT, lambda: now, observe)


def state_of(folder: Path) -> WitnessState:
    """Its state."""
    return WitnessState(folder / STATE_FILE)


def killed_at(folder: Path, submission: bytes, point: str) -> None:
    """Submit in another process that kills itself at ``point``."""
    process = CONTEXT.Process(target=_submit_and_die, args=(folder, submission, point), daemon=True)
    process.start()
    process.join(PATIENCE)
    assert process.exitcode == -signal.SIGKILL


@contextmanager
def serving(folder: Path, now: int, port: int = 0) -> Iterator[str]:
    """The witness in ``folder`` as a process; its address. Its end is abrupt."""
    ours, theirs = CONTEXT.Pipe(duplex=False)
    process = CONTEXT.Process(target=_serve, args=(folder, now, port, theirs), daemon=True)
    process.start()
    try:
        assert ours.poll(PATIENCE)
        yield ours.recv()
    finally:
        process.kill()
        process.join(PATIENCE)
        ours.close()
        theirs.close()


def log_vkey(rig: Rig) -> str:
    """The registry's own log's key."""
    with rig.app.database.read() as session:
        return current_trust_list(session).log_vkey


@contextmanager
def witnessed(rig: Rig, *, quorum: int = 2) -> Iterator[ExitStack]:
    """Two witnesses serve and are listed; closing the stack stops the second."""
    with ExitStack() as stack:
        second = stack.enter_context(ExitStack())
        for name, holder in zip(NAMES, (stack, second), strict=True):
            key = make_witness(rig.folder / name, name, log_vkey(rig))
            add_witness(rig.app, name, key, holder.enter_context(serving(rig.folder / name, rig.clock.now)))
        change_quorum(rig.app, quorum)
        yield second


def _submit_and_die(folder: Path, submission: bytes, point: str) -> None:
    def observe(reached: str) -> None:
        if reached == point:
            os.kill(os.getpid(), signal.SIGKILL)

    opened(folder, observe=observe).add_checkpoint(submission)


def _serve(folder: Path, now: int, port: int, told: Connection) -> None:
    serve(opened(folder, now), "127.0.0.1", port, told.send)
