"""The master key, which wraps all identity keys: from the environment, a token, or a file. Each host needs it.

Master keys are counted. The first is called ``identity``, the next ``identity-2`` and so on. One is looked for in this order:

1. ``CERTREG_IDENTITY_KEY`` (``CERTREG_IDENTITY_KEY_2`` …): 32 bytes in base64. Who could read it: whoever may see the
   process's environment.
2. ``custody.json`` under its name: ``pkcs11:…`` (an AES-256 key that never leaves the token; it wraps with AES-GCM), or
   ``file:/…``.
3. ``keys/identity.key`` (``keys/identity-2.key`` …): 32 bytes, mode 600. Who could read it: whoever has the folder.
"""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from keys.encodings import base64_decode
from keys.errors import EncodingError
from keys.pkcs11 import TokenUri
from registry.errors import OfficeError
from registry.files import make_private_folder
from registry.identity import derive
from registry.keyring import Keyring

SECRET_FILE = "identity.key"
_VARIABLE = "CERTREG_IDENTITY_KEY"
_NONCE_BYTES = 12


class Master(Protocol):
    """What wraps and unwraps 32-byte keys; ``about`` says which one, and binds it."""

    def wrap(self, secret: bytes, about: bytes) -> bytes:
        """Nonce and ciphertext, 60 bytes."""
        ...

    def unwrap(self, wrapped: bytes, about: bytes) -> bytes:
        """The 32 bytes; raises ``OfficeError`` (``identity_master_differs``), ``CustodyError``."""
        ...


@dataclass(frozen=True, slots=True)
class KeyMaster:
    """A master key that this process holds."""

    cipher: AESGCM

    @classmethod
    def of(cls, secret: bytes) -> "KeyMaster":
        """The master key derived from 32 bytes."""
        return cls(AESGCM(derive(secret, b"certreg identity master v1")))

    def wrap(self, secret: bytes, about: bytes) -> bytes:
        """See ``Master``."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self.cipher.encrypt(nonce, secret, about)

    def unwrap(self, wrapped: bytes, about: bytes) -> bytes:
        """See ``Master``."""
        try:
            return self.cipher.decrypt(wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:], about)
        except (InvalidTag, ValueError) as error:
            raise OfficeError("identity_master_differs") from error


class Masters:
    """Where the master keys of one registry are, as seen from this host. They are asked for when needed, and kept."""

    def __init__(self, keyring: Keyring, environment: Mapping[str, str]) -> None:
        self._keyring = keyring
        self._environment = environment
        self._known: dict[int, Master] = {}

    def master(self, count: int, *, make: bool = False) -> Master:
        """Master key number ``count``, made where it is not there and ``make`` is given; raises ``OfficeError``."""
        if count not in self._known:
            self._known[count] = self._found(count, make=make)
        return self._known[count]

    def source(self, count: int) -> str:
        """``environment``, ``token`` or ``file``."""
        if self.variable(count) in self._environment:
            return "environment"
        return "token" if isinstance(self._keyring.place_of(name_of(count)), TokenUri) else "file"

    def first_secret(self) -> bytes:
        """The bytes of the first master key's file, which in a home from before is the base secret."""
        return read_secret(self._keyring.folder / SECRET_FILE)

    @staticmethod
    def variable(count: int) -> str:
        """The environment variable of a master key."""
        return _VARIABLE if count == 1 else f"{_VARIABLE}_{count}"

    def _found(self, count: int, *, make: bool) -> Master:
        given = self._environment.get(self.variable(count))
        if given is not None:
            return KeyMaster.of(_decoded(given, self.variable(count)))
        place = self._keyring.place_of(name_of(count))
        if isinstance(place, TokenUri):
            return TokenMaster(self._keyring.token_of(place).secret(place.object, make=make))
        file = place.with_suffix(".key") if place.parent == self._keyring.folder else place
        if make and not file.exists():
            write_secret(file, secrets.token_bytes(32))
        return KeyMaster.of(read_secret(file, variable=self.variable(count)))


class _TokenSecret(Protocol):
    def encrypt(self, data: bytes, nonce: bytes, about: bytes) -> bytes: ...

    def decrypt(self, data: bytes, nonce: bytes, about: bytes) -> bytes | None: ...


@dataclass(frozen=True, slots=True)
class TokenMaster:
    """A master key in a token."""

    secret: _TokenSecret

    def wrap(self, secret: bytes, about: bytes) -> bytes:
        """See ``Master``."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self.secret.encrypt(secret, nonce, about)

    def unwrap(self, wrapped: bytes, about: bytes) -> bytes:
        """See ``Master``."""
        opened = self.secret.decrypt(wrapped[_NONCE_BYTES:], wrapped[:_NONCE_BYTES], about)
        if opened is None:
            raise OfficeError("identity_master_differs")
        return opened


def name_of(count: int) -> str:
    """The name of a master key: ``identity``, ``identity-2`` …"""
    return "identity" if count == 1 else f"identity-{count}"


def _decoded(text: str, variable: str) -> bytes:
    try:
        secret = base64_decode(text)
    except EncodingError as error:
        raise OfficeError("identity_key_unsafe", file=variable) from error
    if len(secret) != 32:
        raise OfficeError("identity_key_unsafe", file=variable)
    return secret


def write_secret(file: Path, secret: bytes) -> None:
    """Make ``file`` for its owner alone; it must not exist."""
    make_private_folder(file.parent)
    fresh = file.with_name(f".{file.name}.{secrets.token_hex(8)}")
    try:
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
            stream.write(secret)
            stream.flush()
            os.fsync(stream.fileno())
        # Whole or not at all: half a secret would be found by the next start and stop it for good.
        file.hardlink_to(fresh)
    finally:
        fresh.unlink(missing_ok=True)


def read_secret(file: Path, *, variable: str = _VARIABLE) -> bytes:
    """The 32 bytes in ``file``, in place of which ``variable`` could have been set.

    Raises ``OfficeError`` (``identity_key_missing``, ``identity_key_unsafe``).
    """
    try:
        mode, secret = file.stat().st_mode, file.read_bytes()
    except OSError as error:
        raise OfficeError("identity_key_missing", file=file.name, variable=variable) from error
    if mode & 0o077 or len(secret) != 32:
        raise OfficeError("identity_key_unsafe", file=file.name)
    return secret
