"""A signing agent: the process that holds private keys, so that the one which faces the world holds none.

It listens on a local socket (mode 600 in a folder of mode 700), serves its own user, or users named by their number
(SO_PEERCRED, which the kernel fills in), and does two things: it names its keys, and it signs (keys.agentwire). What a key
may sign is the key's rule: an authority's key signs hashes of records and nothing else, the log's key checkpoints of its own
log. So whoever takes over a client can have wrong certificates signed while he is there, and takes no key along; he
cannot have a log entry signed by an authority or a record by the log. Every request is in the agent's own journal before
its answer leaves: time, process and user, key, count, SHA-256 of the request, outcome; never a message.
"""

import os
import re
import socket
import stat
import struct
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from select import select
from threading import Lock
from typing import Protocol

from keys.agentwire import (
    KeysAsked,
    SignaturesAsked,
    pack_answer,
    pack_keys,
    pack_refusal,
    parse_request,
    receive_frame,
    send_frame,
)
from keys.canonical import canonicalize_restricted
from keys.encodings import timestamp_encode
from keys.errors import CustodyError
from keys.signer import Signer

MAX_CONNECTIONS = 32
"""At once; a web process needs one. Who comes when there are as many is turned away."""
PATIENCE = 10.0
"""Seconds for the rest of a request that has begun, and for taking an answer."""
HASH_BYTES = 64
"""Hash data of eddsa-jcs-2022: SHA-256 of the proof's options, then of the document."""
_CREDENTIALS = struct.Struct("3i")


class Rule(Protocol):
    """What a key may sign."""

    def allows(self, message: bytes) -> bool:
        """Whether it may sign ``message``."""


@dataclass(frozen=True, slots=True)
class HashRule:
    """Only hash data of Data Integrity proofs, 64 bytes: records, status lists, trust lists."""

    def allows(self, message: bytes) -> bool:
        """Whether it is of that length; a hash says no more of itself."""
        return len(message) == HASH_BYTES


@dataclass(frozen=True, slots=True)
class CheckpointRule:
    """Only checkpoints of one log (C2SP tlog-checkpoint): origin, size, root, and nothing after them."""

    origin: str

    def allows(self, message: bytes) -> bool:
        """Whether it is such a text, whole."""
        form = re.escape(self.origin.encode()) + rb"\n(?:0|[1-9][0-9]{0,18})\n[A-Za-z0-9+/]{43}=\n"
        return re.fullmatch(form, message) is not None


@dataclass(frozen=True, slots=True)
class ServedKey:
    """A signer, and what it may be used for."""

    signer: Signer
    rule: Rule


@dataclass(frozen=True, slots=True)
class Peer:
    """The process at the other end, as the kernel knows it (``unix(7)``, SO_PEERCRED)."""

    pid: int
    uid: int

    @classmethod
    def of(cls, connection: socket.socket) -> "Peer":
        """The peer of a connection; raises ``OSError``."""
        data = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        pid, uid, _ = _CREDENTIALS.unpack(data)
        return cls(pid, uid)


@dataclass(frozen=True, slots=True)
class Journal:
    """The agent's own file, one line of JSON for each request, appended whole. The system flushes it to the disk."""

    file: Path
    clock: Callable[[], float] = time.time

    def write(self, peer: Peer, request: bytes, *, key: str, count: int, outcome: str) -> None:
        """Append a line; raises ``CustodyError`` (``agent_journal``), whereupon nothing may be signed."""
        line = canonicalize_restricted(
            {
                "time": timestamp_encode(int(self.clock())),
                "pid": peer.pid,
                "uid": peer.uid,
                "key": key,
                "count": count,
                "sha256": sha256(request).hexdigest(),
                "outcome": outcome,
            }
        )
        try:
            handle = os.open(self.file, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                os.write(handle, line + b"\n")
            finally:
                os.close(handle)
        except OSError as error:
            raise CustodyError("agent_journal", str(self.file)) from error


@dataclass(frozen=True, slots=True)
class Agent:
    """Keys by name, a journal, and the users that are served."""

    keys: Mapping[str, ServedKey]
    journal: Journal
    uids: frozenset[int] = field(default_factory=lambda: frozenset((os.geteuid(),)))

    def converse(self, connection: socket.socket) -> None:
        """Answer one client until it ends, or until something is wrong with what it says."""
        try:
            peer = Peer.of(connection)
            while (request := receive_frame(connection, patience=PATIENCE, idle=None)) is not None:
                answer, goes_on = self._answer(request, peer)
                send_frame(connection, answer)
                if not goes_on:
                    return
        except (OSError, CustodyError):
            return  # gone, too slow, or a frame that is none: nothing was signed that did not get its line

    def _answer(self, request: bytes, peer: Peer) -> tuple[bytes, bool]:
        """The answer's body, and whether to go on with this client."""
        key, count = "", 0
        try:
            self._admit(peer)
            asked = parse_request(request)
            if isinstance(asked, KeysAsked):
                content = pack_keys({name: one.signer.public_key for name, one in self.keys.items()})
            else:
                key, count = asked.name, len(asked.messages)
                content = self._signed(asked)
            self.journal.write(peer, request, key=key, count=count, outcome="done")
        except CustodyError as error:
            return self._refusal(request, peer, error.code, key=key, count=count)
        return pack_answer(request, content), True

    def _admit(self, peer: Peer) -> None:
        if peer.uid not in self.uids:
            raise CustodyError("agent_user", str(peer.uid))

    def _signed(self, asked: SignaturesAsked) -> bytes:
        served = self.keys.get(asked.name)
        if served is None:
            raise CustodyError("agent_key_unknown", asked.name)
        if not all(map(served.rule.allows, asked.messages)):
            raise CustodyError("agent_purpose", asked.name)
        return b"".join(served.signer.sign_all(asked.messages))

    def _refusal(self, request: bytes, peer: Peer, code: str, *, key: str, count: int) -> tuple[bytes, bool]:
        try:
            self.journal.write(peer, request, key=key, count=count, outcome=code)
        except CustodyError as error:
            return pack_refusal(request, error.code), False
        return pack_refusal(request, code), code not in ("agent_user", "agent_protocol")


def refuse(connection: socket.socket, code: str) -> None:
    """Answer the first request with ``code``: an agent that cannot serve says why, instead of being gone."""
    try:
        request = receive_frame(connection, patience=PATIENCE, idle=None)
        if request is not None:
            send_frame(connection, pack_refusal(request, code))
    except (OSError, CustodyError):
        return


@contextmanager
def listening(path: Path, *, shared: bool = False) -> Iterator[socket.socket]:
    """A socket that listens at ``path`` for the length of the block; what an agent that died left there is taken away.

    Its folder is made, or must be, of mode 700; where it is ``shared`` with other users they may enter the folder and
    connect, nothing else (711 or 755, and 666), and the agent tells by SO_PEERCRED whom it serves. Raises
    ``CustodyError`` (``agent_folder``, ``agent_running``) and ``OSError``.
    """
    forbidden = 0o022 if shared else 0o077
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o711 if shared else 0o700)
    found = path.parent.stat()
    if stat.S_IMODE(found.st_mode) & forbidden or found.st_uid != os.geteuid():
        raise CustodyError("agent_folder", str(path.parent))
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        _clear(path)
        listener.bind(str(path))
        try:
            path.chmod(0o666 if shared else 0o600)
            listener.listen(MAX_CONNECTIONS)
            yield listener
        finally:
            path.unlink(missing_ok=True)


def _clear(path: Path) -> None:
    """Take away the socket of an agent that is no more; raises ``CustodyError`` (``agent_running``) where one answers."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as trial:
        try:
            trial.connect(str(path))
        except FileNotFoundError:
            return
        except ConnectionRefusedError:
            path.unlink()
            return
    raise CustodyError("agent_running", str(path))


def serve(agent: Agent, listener: socket.socket, stop: socket.socket) -> None:
    """Serve everybody who connects until something can be read from ``stop``; answers under way are still given."""
    open_now: set[socket.socket] = set()
    lock = Lock()

    def talk(connection: socket.socket) -> None:
        try:
            with connection:
                agent.converse(connection)
        finally:
            with lock:
                open_now.discard(connection)

    with ThreadPoolExecutor(max_workers=MAX_CONNECTIONS) as pool:
        for connection in _arriving(listener, stop):
            with lock:
                full = len(open_now) >= MAX_CONNECTIONS
                open_now.update(() if full else (connection,))
            if full:
                connection.close()
            else:
                pool.submit(talk, connection)
        with lock:
            _stop_reading(open_now)


def _arriving(listener: socket.socket, stop: socket.socket) -> Iterator[socket.socket]:
    while stop not in select([listener, stop], [], [])[0]:
        yield listener.accept()[0]


def _stop_reading(connections: Iterable[socket.socket]) -> None:
    """Whoever waits for the next request finds that there is none."""
    for connection in connections:
        try:
            connection.shutdown(socket.SHUT_RD)
        except OSError:
            continue  # its client was quicker
