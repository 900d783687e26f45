"""What a signing agent and its clients say to each other: frames over a local stream socket.

    frame    length (4 bytes, big-endian, at most MAX_FRAME_BYTES) | body
    request  0x01                                                          the keys that are served
             0x02 | name length (1) | name | count (2) | lengths (4 each) | messages     sign them all by one key
    answer   SHA-256 of the request's body (32) | 0x00 | keys or signatures
             SHA-256 of the request's body (32) | 0x01 | code of the refusal (ASCII)
    keys     for each: name length (1) | name | public key (32)
    signatures   64 bytes each, in the order of the messages

An answer names its request, so that two users of one connection who fell out of step never take each other's signatures.
Everything is bounded before it is kept; whatever does not have this form is refused with ``agent_protocol``.
"""

import re
import socket
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from keys.errors import CustodyError, PublicKeyError
from keys.publickey import PublicKey

MAX_MESSAGES = 4096
"""In one request: two chunks of an issue, a fifth of a second of work."""
MAX_FRAME_BYTES = 512 * 1024
"""4,096 hashes of 64 bytes are 278 KiB."""
SIGNATURE_BYTES = 64
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,63}", re.ASCII)
_CODE = re.compile(rb"[a-z][a-z0-9_]{0,63}")
_LIST, _SIGN = b"\x01", b"\x02"
_DONE, _REFUSED = b"\x00", b"\x01"
_DIGEST_BYTES = 32


@dataclass(frozen=True, slots=True)
class KeysAsked:
    """A request for the names and public keys that are served."""


@dataclass(frozen=True, slots=True)
class SignaturesAsked:
    """A request to sign every message by the key of that name."""

    name: str
    messages: tuple[bytes, ...]


def is_key_name(name: str) -> bool:
    """Whether a key can have this name: letters, digits and hyphens, so that it is a file's name anywhere."""
    return _NAME.fullmatch(name) is not None


def pack_keys_asked() -> bytes:
    """The body of a request for the keys."""
    return _LIST


def pack_signatures_asked(name: str, messages: Sequence[bytes]) -> bytes:
    """The body of a request to sign; the caller keeps to the bounds."""
    head = _short(name.encode("ascii")) + struct.pack(
        f">H{len(messages)}I", len(messages), *map(len, messages)
    )
    return b"".join((_SIGN, head, *messages))


def parse_request(body: bytes) -> KeysAsked | SignaturesAsked:
    """The request in ``body``; raises ``CustodyError`` (``agent_protocol``)."""
    if body == _LIST:
        return KeysAsked()
    try:
        if body[:1] != _SIGN:
            raise CustodyError("agent_protocol", "no such request")
        end = 2 + body[1]
        name = body[2:end].decode("ascii")
        (count,) = struct.unpack_from(">H", body, end)
        lengths = struct.unpack_from(f">{count}I", body, end + 2)
    except (struct.error, IndexError, UnicodeDecodeError) as error:
        raise CustodyError("agent_protocol", "cut off") from error
    start = end + 2 + 4 * count
    if not 1 <= count <= MAX_MESSAGES or not is_key_name(name) or start + sum(lengths) != len(body):
        raise CustodyError("agent_protocol", "name, count or lengths")
    messages = []
    for length in lengths:
        messages.append(body[start : start + length])
        start += length
    return SignaturesAsked(name, tuple(messages))


def pack_keys(keys: Mapping[str, PublicKey]) -> bytes:
    """The keys as the content of an answer."""
    return b"".join(_short(name.encode("ascii")) + key.raw for name, key in keys.items())


def parse_keys(content: bytes) -> dict[str, PublicKey]:
    """The keys in an answer; raises ``CustodyError`` (``agent_protocol``)."""
    found: dict[str, PublicKey] = {}
    start = 0
    try:
        while start < len(content):
            end = start + 1 + content[start]
            name = content[start + 1 : end].decode("ascii")
            start = end + 32
            found[name] = PublicKey.from_raw(content[end:start])
    except (PublicKeyError, UnicodeDecodeError) as error:
        raise CustodyError("agent_protocol", "keys") from error
    return found


def pack_answer(request: bytes, content: bytes) -> bytes:
    """The body of the answer to ``request`` (a body)."""
    return sha256(request).digest() + _DONE + content


def pack_refusal(request: bytes, code: str) -> bytes:
    """The body of the answer that refuses ``request``."""
    return sha256(request).digest() + _REFUSED + code.encode("ascii")


def parse_answer(request: bytes, answer: bytes) -> bytes:
    """The content of the answer to ``request``; raises ``CustodyError`` with the agent's code, or ``agent_protocol``."""
    digest, kind = answer[:_DIGEST_BYTES], answer[_DIGEST_BYTES : _DIGEST_BYTES + 1]
    content = answer[_DIGEST_BYTES + 1 :]
    if digest != sha256(request).digest():
        raise CustodyError("agent_protocol", "an answer to something else")
    if kind == _REFUSED and _CODE.fullmatch(content):
        raise CustodyError(content.decode("ascii"), "said by the agent")
    if kind != _DONE:
        raise CustodyError("agent_protocol", "answer")
    return content


def send_frame(connection: socket.socket, body: bytes) -> None:
    """Send one frame; raises ``OSError``."""
    connection.sendall(len(body).to_bytes(4, "big") + body)


def receive_frame(connection: socket.socket, *, patience: float, idle: float | None) -> bytes | None:
    """One frame's body, or None where the other side ended between two frames.

    ``idle`` is how many seconds it may take to begin, without end if None; ``patience`` is for each piece of the rest.
    Raises ``OSError`` (cut off, or too slow) and ``CustodyError`` (``agent_protocol``: over the bound).
    """
    connection.settimeout(idle)
    first = connection.recv(1)
    connection.settimeout(patience)
    if not first:
        return None
    length = int.from_bytes(first + _receive(connection, 3), "big")
    if length > MAX_FRAME_BYTES:
        raise CustodyError("agent_protocol", "frame too long")
    return _receive(connection, length)


def _receive(connection: socket.socket, length: int) -> bytes:
    data = bytearray(length)
    view = memoryview(data)
    done = 0
    while done < length:
        got = connection.recv_into(view[done:])
        if not got:
            raise ConnectionError("cut off within a frame")
        done += got
    return bytes(data)


def _short(text: bytes) -> bytes:
    return bytes((len(text),)) + text
