"""Identity numbers at rest (SPEC 2.6): sealed with AES-256-GCM, found by a keyed hash, shown masked.

The keys are derived (HKDF-SHA256) from one 32-byte secret in ``keys/identity.key`` (mode 600). Without it the database
tells nobody's number: an unkeyed hash of 18 digits could be tried out in hours. Neither the number nor the hash is ever
logged. A third key seals intents: whoever can write to the database, and has no secret, cannot have anything signed.
"""

import hmac
import os
import secrets
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from registry.errors import OfficeError
from registry.files import make_private_folder

_NONCE_BYTES = 12
SECRET_FILE = "identity.key"


class IdentityVault:
    """Seals identity numbers and makes the hashes by which they are found."""

    def __init__(self, secret: bytes) -> None:
        self._cipher = AESGCM(_derive(secret, b"certreg identity seal v1"))
        self._hash_key = _derive(secret, b"certreg identity hash v1")
        self._intent_key = _derive(secret, b"certreg intent seal v1")
        self._secret = secret

    def seal(self, identity: str, number: str) -> bytes:
        """``identity`` encrypted for the row of certificate ``number`` and no other (nonce, then ciphertext)."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, identity.encode("ascii"), number.encode("ascii"))

    def open(self, sealed: bytes, number: str) -> str:
        """The identity number sealed for ``number``."""
        nonce, data = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        return self._cipher.decrypt(nonce, data, number.encode("ascii")).decode("ascii")

    def hash(self, *parts: str) -> bytes:
        """32-byte keyed hash of ``parts``; an identity number alone, or a claim (who, for what)."""
        return hmac.digest(self._hash_key, "\x1f".join(parts).encode("utf-8"), sha256)

    def seal_intent(self, data: bytes) -> bytes:
        """32-byte HMAC over everything that an intent decides (``registry.intents``)."""
        return hmac.digest(self._intent_key, data, sha256)

    def is_seal_of_intent(self, seal: bytes, data: bytes) -> bool:
        """Whether ``seal`` is the one of ``data``; takes the same time for every wrong one."""
        return hmac.compare_digest(seal, self.seal_intent(data))

    def safe(self, purpose: str) -> "Safe":
        """A safe of its own keys for ``purpose``: nothing that was put into one opens in another."""
        return Safe(
            _derive(self._secret, f"certreg {purpose} seal v1".encode()),
            _derive(self._secret, f"certreg {purpose} mark v1".encode()),
        )


class Safe:
    """Seals bytes of one purpose (AES-256-GCM), each for its place and no other, and marks what must not be altered."""

    def __init__(self, seal_key: bytes, mark_key: bytes) -> None:
        self._cipher = AESGCM(seal_key)
        self._mark_key = mark_key

    def seal(self, data: bytes, place: str) -> bytes:
        """``data`` encrypted for ``place`` (nonce, then ciphertext)."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, data, place.encode("utf-8"))

    def open(self, sealed: bytes, place: str) -> bytes:
        """What was sealed for ``place``; raises ``InvalidTag`` for anything else."""
        nonce, data = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        return self._cipher.decrypt(nonce, data, place.encode("utf-8"))

    def mark(self, data: bytes) -> bytes:
        """32-byte HMAC over ``data``."""
        return hmac.digest(self._mark_key, data, sha256)

    def is_mark(self, mark: bytes, data: bytes) -> bool:
        """Whether ``mark`` is the one of ``data``; takes the same time for every wrong one."""
        return hmac.compare_digest(mark, self.mark(data))


def create_vault(folder: Path) -> IdentityVault:
    """Make the secret in ``folder``; it must not exist."""
    path = folder / SECRET_FILE
    make_private_folder(folder)
    secret = secrets.token_bytes(32)
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(secret)
            file.flush()
            os.fsync(file.fileno())
        # Whole or not at all: half a secret would be found by the next start and stop it for good.
        path.hardlink_to(fresh)
    finally:
        fresh.unlink(missing_ok=True)
    return IdentityVault(secret)


def open_vault(folder: Path) -> IdentityVault:
    """The vault whose secret is in ``folder``; raises ``OfficeError``."""
    path = folder / SECRET_FILE
    try:
        mode, secret = path.stat().st_mode, path.read_bytes()
    except OSError as error:
        raise OfficeError("identity_key_missing", file=SECRET_FILE) from error
    if mode & 0o077 or len(secret) != 32:
        raise OfficeError("identity_key_unsafe", file=SECRET_FILE)
    return IdentityVault(secret)


def _derive(secret: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose).derive(secret)
