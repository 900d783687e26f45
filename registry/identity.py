"""Identity numbers at rest (SPEC 2.6): sealed with AES-256-GCM, found by a keyed hash, shown masked.

A number is sealed under the newest *data key*, whose id stands before the nonce, so that a rotation can go row by row
(``registry.identitykeys``). Hashes and the seals of intents have keys derived (HKDF-SHA256) from the *base secret*, which
stays. All of them lie in the database wrapped under a master key that the database has not. Without it the database tells
nobody's number: an unkeyed hash of 18 digits could be tried out in hours. Neither the number nor the hash is ever logged.

Homes from before data keys sealed under a key derived from the base secret, without an id before the nonce: key 0 here.
"""

import hmac
import os
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_NONCE_BYTES = 12
_BLOCK_BYTES = 64
"""SHA-256's; our keys are 32 bytes, so none has to be hashed down first."""
_SHORT_BYTES = 1024
"""Up to here a copy of the text is cheaper than a second call."""
_ID_BYTES = 2
MAX_KEY_ID = 2 ** (8 * _ID_BYTES) - 1
_UNNAMED_BYTES = _NONCE_BYTES + 18 + 16
"""Length of a number sealed under key 0, whose id is not written: 18 characters and a tag (GB 11643 has no other length)."""


class KeySource(Protocol):
    """Where data keys come from: another process may have made one since they were read."""

    def newest(self) -> int:
        """The id of the newest."""
        ...

    def keys(self) -> Mapping[int, bytes]:
        """All that there are now, 32 bytes by id."""
        ...


@dataclass(frozen=True, slots=True)
class _Ring:
    """Data keys as they were last read, with ciphers for identity numbers; replaced as a whole."""

    keys: Mapping[int, bytes]
    ciphers: Mapping[int, AESGCM]
    current: int
    prefix: bytes
    cipher: AESGCM


class KeyedHash:
    """HMAC-SHA256 (RFC 2104) under one key. A short text's blocks are hashed at once: a copied state costs more than hashing."""

    def __init__(self, key: bytes) -> None:
        block = key.ljust(_BLOCK_BYTES, b"\0")
        self._inner = bytes(byte ^ 0x36 for byte in block)
        self._outer = bytes(byte ^ 0x5C for byte in block)

    def digest(self, data: bytes) -> bytes:
        """The 32 bytes for ``data``."""
        if len(data) <= _SHORT_BYTES:
            return sha256(self._outer + sha256(self._inner + data).digest()).digest()
        inner = sha256(self._inner)
        inner.update(data)
        return sha256(self._outer + inner.digest()).digest()


class IdentityVault:
    """Seals identity numbers and makes the hashes by which they are found."""

    def __init__(
        self, secret: bytes, keys: Mapping[int, bytes] | None = None, source: KeySource | None = None
    ) -> None:
        """``secret`` is the base secret (32 bytes), ``keys`` the data keys; ``source`` is asked for newer ones."""
        self._secret = secret
        self._hash = KeyedHash(derive(secret, b"certreg identity hash v1"))
        self._intents = KeyedHash(derive(secret, b"certreg intent seal v1"))
        self._unnamed = AESGCM(derive(secret, b"certreg identity seal v1"))
        self._source = source
        self._ring = self._ring_of(keys or {})

    @property
    def current(self) -> int:
        """The id of the data key that numbers are sealed under."""
        return self._ring.current

    def refresh(self) -> None:
        """Seal under the newest data key from now on: asked before numbers are sealed, once for many."""
        if self._source is not None and self._source.newest() != self._ring.current:
            self._reload()

    def seal(self, identity: str, number: str) -> bytes:
        """``identity`` encrypted for the row of certificate ``number`` and no other (key id, nonce, ciphertext)."""
        nonce, ring = os.urandom(_NONCE_BYTES), self._ring
        return (
            ring.prefix + nonce + ring.cipher.encrypt(nonce, identity.encode("ascii"), number.encode("ascii"))
        )

    def seal_all(self, identities: Sequence[str], numbers: Sequence[str]) -> list[bytes]:
        """``seal`` of each of ``identities`` for the number beside it."""
        count, ring = len(identities), self._ring
        prefix, encrypt, random = ring.prefix, ring.cipher.encrypt, os.urandom(_NONCE_BYTES * count)
        nonces = [random[start : start + _NONCE_BYTES] for start in range(0, len(random), _NONCE_BYTES)]
        return [
            prefix + nonce + encrypt(nonce, identity.encode("ascii"), number.encode("ascii"))
            for nonce, identity, number in zip(nonces, identities, numbers, strict=True)
        ]

    def open(self, sealed: bytes, number: str) -> str:
        """The identity number sealed for ``number``; raises ``InvalidTag``, also where its key is not there."""
        key, data = key_id_of(sealed), sealed if len(sealed) == _UNNAMED_BYTES else sealed[_ID_BYTES:]
        cipher = self._ring.ciphers.get(key)
        if cipher is None:
            self._reload()
            cipher = self._ring.ciphers.get(key)
        if cipher is None:
            raise InvalidTag
        return cipher.decrypt(data[:_NONCE_BYTES], data[_NONCE_BYTES:], number.encode("ascii")).decode(
            "ascii"
        )

    def hash(self, *parts: str) -> bytes:
        """32-byte keyed hash of ``parts``; an identity number alone, or a claim (who, for what)."""
        return self._hash.digest("\x1f".join(parts).encode("utf-8"))

    def seal_intent(self, data: bytes) -> bytes:
        """32-byte HMAC over everything that an intent decides (``registry.intents``)."""
        return self._intents.digest(data)

    def is_seal_of_intent(self, seal: bytes, data: bytes) -> bool:
        """Whether ``seal`` is the one of ``data``; takes the same time for every wrong one."""
        return hmac.compare_digest(seal, self.seal_intent(data))

    def safe(self, purpose: str) -> "Safe":
        """A safe of its own keys for ``purpose``: nothing that was put into one opens in another."""
        self.refresh()
        return Safe(
            purpose,
            current=self._ring.current,
            key_of=self._key,
            mark_key=derive(self._secret, f"certreg {purpose} mark v1".encode()),
        )

    def _key(self, key_id: int) -> bytes:
        """A data key, or the base secret as key 0; raises ``InvalidTag`` where it is not there."""
        if key_id == 0:
            return self._secret
        if key_id not in self._ring.keys:
            self._reload()
        if key_id not in self._ring.keys:
            raise InvalidTag
        return self._ring.keys[key_id]

    def _reload(self) -> None:
        if self._source is not None:
            self._ring = self._ring_of(self._source.keys())

    def _ring_of(self, keys: Mapping[int, bytes]) -> _Ring:
        ciphers = {0: self._unnamed} | {one: AESGCM(key) for one, key in keys.items()}
        current = max(ciphers)
        prefix = current.to_bytes(_ID_BYTES, "big") if current else b""
        return _Ring(dict(keys), ciphers, current, prefix, ciphers[current])


@dataclass(slots=True)
class Safe:
    """Seals bytes of one purpose (AES-256-GCM), each for its place and no other, and marks what must not be altered.

    Sealed: key id, nonce, ciphertext; each data key gives this purpose a key of its own. Marks are of the base secret.
    """

    _purpose: str
    current: int
    key_of: Callable[[int], bytes]
    mark_key: bytes
    _ciphers: dict[int, AESGCM] = field(default_factory=dict)

    def seal(self, data: bytes, place: str) -> bytes:
        """``data`` encrypted for ``place`` (key id, nonce, then ciphertext)."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = self._cipher(self.current).encrypt(nonce, data, place.encode("utf-8"))
        return self.current.to_bytes(_ID_BYTES, "big") + nonce + sealed

    def open(self, sealed: bytes, place: str) -> bytes:
        """What was sealed for ``place``; raises ``InvalidTag`` for anything else."""
        key, rest = int.from_bytes(sealed[:_ID_BYTES], "big"), sealed[_ID_BYTES:]
        return self._cipher(key).decrypt(rest[:_NONCE_BYTES], rest[_NONCE_BYTES:], place.encode("utf-8"))

    def mark(self, data: bytes) -> bytes:
        """32-byte HMAC over ``data``."""
        return hmac.digest(self.mark_key, data, sha256)

    def is_mark(self, mark: bytes, data: bytes) -> bool:
        """Whether ``mark`` is the one of ``data``; takes the same time for every wrong one."""
        return hmac.compare_digest(mark, self.mark(data))

    def _cipher(self, key: int) -> AESGCM:
        if key not in self._ciphers:
            purpose = f"certreg {self._purpose} seal v1".encode()
            self._ciphers[key] = AESGCM(derive(self.key_of(key), purpose))
        return self._ciphers[key]


def key_id_of(sealed: bytes) -> int:
    """Under which data key an identity number is sealed."""
    return 0 if len(sealed) == _UNNAMED_BYTES else int.from_bytes(sealed[:_ID_BYTES], "big")


def safe_key_id_of(sealed: bytes) -> int:
    """Under which data key something in a ``Safe`` is sealed."""
    return int.from_bytes(sealed[:_ID_BYTES], "big")


def derive(secret: bytes, purpose: bytes) -> bytes:
    """A key of 32 bytes for one purpose (HKDF-SHA256)."""
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose).derive(secret)
