"""The client of a signing agent: signers whose private key is in another process (keys.agentd, keys.agentwire).

A connection is made when it is first needed, and made anew where the agent was started anew in between: signing is
deterministic, so asking twice gives the same. The agent has made sure of every signature; the first of every request is
verified here all the same, so that whatever answers at the address is the one that holds the key.
"""

import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from threading import Lock

from keys.agentwire import (
    MAX_FRAME_BYTES,
    MAX_MESSAGES,
    SIGNATURE_BYTES,
    pack_keys_asked,
    pack_signatures_asked,
    parse_answer,
    parse_keys,
    receive_frame,
    send_frame,
)
from keys.errors import CustodyError
from keys.publickey import PublicKey

PATIENCE = 30.0
"""Seconds until an agent that says nothing counts as gone; opening a token or a file takes a second, a request a fifth."""
_ROOM = MAX_FRAME_BYTES - 1024
"""Bytes of messages and their lengths in one request, beside what else it says."""

Dial = Callable[[], socket.socket]


class AgentClient:
    """A connection to an agent. Thread-safe; not for two processes (each makes its own)."""

    def __init__(self, dial: Dial, *, patience: float = PATIENCE) -> None:
        """``dial`` connects, as often as it is needed; an ``OSError`` of its means that there is no agent."""
        self._dial = dial
        self._patience = patience
        self._connection: socket.socket | None = None
        self._keys: dict[str, PublicKey] | None = None
        self._lock = Lock()

    @classmethod
    def at(cls, path: Path) -> "AgentClient":
        """Of the agent that listens at ``path``."""

        def dial() -> socket.socket:
            connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                connection.connect(str(path))
            except OSError:
                connection.close()
                raise
            return connection

        return cls(dial)

    @classmethod
    def over(cls, connection: socket.socket) -> "AgentClient":
        """Of the one agent at the other end of ``connection``; when that is gone, it is gone."""
        ends = iter((connection,))

        def dial() -> socket.socket:
            for end in ends:
                return end
            raise ConnectionError("the agent of this run has ended")

        return cls(dial)

    def is_there(self) -> bool:
        """Whether something takes connections at the address; nothing is asked, and the agent's journal has no line of it."""
        try:
            self._dial().close()
        except OSError:
            return False
        return True

    def keys(self) -> dict[str, PublicKey]:
        """Names and public keys that the agent serves, asked once; raises ``CustodyError``."""
        if self._keys is None:
            self._keys = parse_keys(self._ask(pack_keys_asked()))
        return self._keys

    def serves(self, name: str) -> bool:
        """Whether the agent has a key of that name; asked anew where it had not, for one started since may have it."""
        if name not in self.keys():
            self._keys = None
        return name in self.keys()

    def signer(self, name: str) -> "AgentSigner":
        """The signer of that name; raises ``CustodyError`` (``agent_key_unknown``, ``agent_gone`` …)."""
        if not self.serves(name):
            raise CustodyError("agent_key_unknown", name)
        return AgentSigner(self, name, self.keys()[name])

    def signatures(self, name: str, messages: Sequence[bytes]) -> list[bytes]:
        """What the agent signs by the key of that name; the messages must be within the bounds of one request."""
        content = self._ask(pack_signatures_asked(name, messages))
        if len(content) != SIGNATURE_BYTES * len(messages):
            raise CustodyError("agent_protocol", "number of signatures")
        return [content[start : start + SIGNATURE_BYTES] for start in range(0, len(content), SIGNATURE_BYTES)]

    def close(self) -> None:
        """End the connection; the next request makes another."""
        with self._lock:
            self._hang_up()

    def _ask(self, request: bytes) -> bytes:
        with self._lock:
            kept = self._connection is not None
            try:
                answer = self._exchange(request)
            except CustodyError as error:
                if error.code != "agent_gone" or not kept:
                    raise
                answer = self._exchange(request)  # it may have been started anew since the last request
            try:
                return parse_answer(request, answer)
            except CustodyError as error:
                if error.code == "agent_protocol":
                    self._hang_up()
                raise

    def _exchange(self, request: bytes) -> bytes:
        """One request and its answer; after any fault the connection is given up, for it may be out of step."""
        try:
            if self._connection is None:
                self._connection = self._dial()
            self._connection.settimeout(self._patience)
            send_frame(self._connection, request)
            answer = receive_frame(self._connection, patience=self._patience, idle=self._patience)
        except OSError as error:
            self._hang_up()
            raise CustodyError("agent_gone", str(error)) from error
        except CustodyError:
            self._hang_up()
            raise
        if answer is None:
            self._hang_up()
            raise CustodyError("agent_gone", "it hung up")
        return answer

    def _hang_up(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


@dataclass(frozen=True, slots=True)
class AgentSigner:
    """A private key in an agent (keys.signer.Signer)."""

    _client: AgentClient
    name: str
    public_key: PublicKey

    def sign(self, message: bytes) -> bytes:
        """One round trip; see ``sign_all``."""
        return self.sign_all([message])[0]

    def sign_all(self, messages: Sequence[bytes]) -> list[bytes]:
        """As few round trips as the bounds of a request allow."""
        signatures: list[bytes] = []
        while batch := _batch(messages, len(signatures)):
            found = self._client.signatures(self.name, batch)
            if not self.public_key.verify(found[0], batch[0]):
                raise CustodyError("signature_fault", "the agent signs by another key than it names")
            signatures += found
        return signatures


def _batch(messages: Sequence[bytes], start: int) -> list[bytes]:
    """The messages from ``start`` on that go into one request; one that no request can hold is ``agent_too_much``."""
    batch: list[bytes] = []
    room = _ROOM
    for message in islice(messages, start, start + MAX_MESSAGES):
        room -= len(message) + 4
        if room < 0:
            break
        batch.append(message)
    if not batch and start < len(messages):
        raise CustodyError("agent_too_much", str(len(messages[start])))
    return batch
