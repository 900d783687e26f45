"""Private keys at rest: an encrypted PKCS#8 file (RFC 5958, PBES2 with scrypt of RFC 7914 and AES-256-CBC).

``openssl pkey -in FILE`` opens it, so an office is never locked into this program. The passphrase comes from an
environment variable, a file or a prompt, never from an argument (arguments are seen by every process). A key file that
others may read is refused.

scrypt N=2^14, r=8, p=5 (16 MiB, about a quarter of a second): an equal of N=2^17, p=1 in OWASP's table that stays under
the 32 MiB which OpenSSL grants scrypt. Who steals the file must guess the passphrase at that price.
"""

import getpass
import os
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InternalError, UnsupportedAlgorithm
from cryptography.hazmat.primitives import padding, serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from nacl.bindings import crypto_sign

from keys.encodings import base64_encode
from keys.errors import CustodyError
from keys.publickey import SIGNATURE_BYTES, PublicKey

MIN_PASSPHRASE_BYTES = 12


@dataclass(frozen=True, slots=True)
class ScryptCost:
    """scrypt's parameters; memory is ``128 * n * r`` bytes."""

    n: int = 2**14
    r: int = 8
    p: int = 5


STANDARD_COST = ScryptCost()
"""What a new key file is written with."""


@dataclass(frozen=True, slots=True)
class FileSigner:
    """A private key in this process's memory (keys.signer.Signer)."""

    _private: Ed25519PrivateKey
    _secret: bytes = field(repr=False)
    """The same for libsodium: the private key of RFC 8032, then the public key."""
    public_key: PublicKey

    @classmethod
    def from_private(cls, private: Ed25519PrivateKey) -> "FileSigner":
        """Around a loaded key."""
        public = private.public_key().public_bytes_raw()
        return cls(private, private.private_bytes_raw() + public, PublicKey.from_raw(public))

    @classmethod
    def from_seed(cls, seed: bytes) -> "FileSigner":
        """From the 32-byte private key of RFC 8032; for tests and vectors with fixed seeds."""
        return cls.from_private(Ed25519PrivateKey.from_private_bytes(seed))

    def sign(self, message: bytes) -> bytes:
        """The 64-byte signature over ``message``, made twice: a fault in one of them would give the key away.

        By OpenSSL and by libsodium, so that no table spoilt in memory, and no error of one library, is in both. Ed25519 has
        no randomness, so the two must be equal.
        """
        signature = self._private.sign(message)
        if crypto_sign(message, self._secret)[:SIGNATURE_BYTES] != signature:
            raise CustodyError("signature_fault")
        return signature

    def sign_all(self, messages: Sequence[bytes]) -> list[bytes]:
        """One after the other; nothing is gained by asking for many."""
        return [self.sign(message) for message in messages]


def create_key_file(path: Path, passphrase: bytes, *, cost: ScryptCost | None = None) -> FileSigner:
    """Make a new key and write it, encrypted, to ``path`` (mode 600), which must not exist."""
    if len(passphrase) < MIN_PASSPHRASE_BYTES:
        raise CustodyError("passphrase_short", f"at least {MIN_PASSPHRASE_BYTES} bytes")
    private = Ed25519PrivateKey.generate()
    data = encrypt_key(private, passphrase, cost or STANDARD_COST)
    try:
        _write_whole(path, data)
    except FileExistsError as error:
        raise CustodyError("key_file_exists", path.name) from error
    except OSError as error:
        raise CustodyError("key_file_unwritable", path.name) from error
    return FileSigner.from_private(private)


def open_key_file(path: Path, passphrase: bytes) -> FileSigner:
    """The signer in ``path``; raises ``CustodyError`` (missing, readable by others, wrong passphrase, not Ed25519)."""
    try:
        mode = path.stat().st_mode
        data = path.read_bytes()
    except OSError as error:
        raise CustodyError("key_file_missing", path.name) from error
    if mode & 0o077:
        raise CustodyError("key_file_mode", path.name)
    try:
        private = serialization.load_pem_private_key(data, passphrase)
    except (ValueError, TypeError, UnsupportedAlgorithm, InternalError) as error:
        # InternalError: scrypt parameters in the file that OpenSSL will not work with.
        raise CustodyError("key_file_locked", path.name) from error
    if not isinstance(private, Ed25519PrivateKey):
        raise CustodyError("key_file_type", path.name)
    return FileSigner.from_private(private)


def read_passphrase(
    environment: Mapping[str, str], *, variable: str, file: Path | None, prompt: str = ""
) -> bytes:
    """The passphrase from ``file``, else from the environment ``variable``, else by ``prompt`` (if not empty)."""
    if file is not None:
        try:
            return file.read_bytes().rstrip(b"\r\n")
        except OSError as error:
            raise CustodyError("passphrase_file", str(file)) from error
    if variable in environment:
        # os.environ stands in for bytes that are not UTF-8 with lone surrogates; this brings them back.
        return environment[variable].encode("utf-8", "surrogateescape")
    if prompt:
        return getpass.getpass(prompt).encode("utf-8")
    raise CustodyError("passphrase_missing", variable)


def encrypt_key(private: Ed25519PrivateKey, passphrase: bytes, cost: ScryptCost) -> bytes:
    """``private`` as a PEM ``ENCRYPTED PRIVATE KEY``."""
    salt, iv = secrets.token_bytes(16), secrets.token_bytes(16)
    key = Scrypt(salt=salt, length=32, n=cost.n, r=cost.r, p=cost.p).derive(passphrase)
    plain = private.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    padder = padding.PKCS7(128).padder()
    encryptor = Cipher(algorithms.AES256(key), modes.CBC(iv)).encryptor()
    sealed = encryptor.update(padder.update(plain) + padder.finalize()) + encryptor.finalize()
    text = base64_encode(_encrypted_private_key_info(salt, iv, cost, sealed))
    lines = [text[start : start + 64] for start in range(0, len(text), 64)]
    header, footer = "-----BEGIN ENCRYPTED PRIVATE KEY-----", "-----END ENCRYPTED PRIVATE KEY-----"
    return "\n".join([header, *lines, footer, ""]).encode("ascii")


def _write_whole(path: Path, data: bytes) -> None:
    """``path`` appears complete or not at all, and never in place of another file."""
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        path.hardlink_to(fresh)
    finally:
        fresh.unlink(missing_ok=True)


# DER of PBES2 with scrypt: cryptography reads this form but has no way to ask for it when writing.
_OID_PBES2 = bytes.fromhex("2a864886f70d01050d")
_OID_SCRYPT = bytes.fromhex("2b06010401da47040b")
_OID_AES256_CBC = bytes.fromhex("60864801650304012a")


def _encrypted_private_key_info(salt: bytes, iv: bytes, cost: ScryptCost, sealed: bytes) -> bytes:
    parameters = _sequence(_octets(salt), _integer(cost.n), _integer(cost.r), _integer(cost.p), _integer(32))
    derivation = _sequence(_oid(_OID_SCRYPT), parameters)
    encryption = _sequence(_oid(_OID_AES256_CBC), _octets(iv))
    algorithm = _sequence(_oid(_OID_PBES2), _sequence(derivation, encryption))
    return _sequence(algorithm, _octets(sealed))


def _tagged(tag: int, content: bytes) -> bytes:
    length = len(content)
    long_form = b"" if length < 128 else bytes((0x81,))  # nothing here reaches 256 bytes
    return bytes((tag,)) + long_form + bytes((length,)) + content


def _sequence(*parts: bytes) -> bytes:
    return _tagged(0x30, b"".join(parts))


def _octets(data: bytes) -> bytes:
    return _tagged(0x04, data)


def _oid(data: bytes) -> bytes:
    return _tagged(0x06, data)


def _integer(value: int) -> bytes:
    return _tagged(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))
