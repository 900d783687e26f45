"""Signatures that solve the equation with a point of low order as R: whoever has the key can make them, and libraries differ on them."""

from collections.abc import Sequence
from hashlib import sha256, sha512

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from keys.publickey import PublicKey

ORDER = 2**252 + 27742317777372353535851937790883648493
"""Of the base point (RFC 8032, 5.1)."""
_NEUTRAL = b"\1" + b"\0" * 31


class LowOrderSigner:
    """Signs as ``tests.builders.signer`` of the same name would, with R the neutral point: S is then the challenge times the key."""

    def __init__(self, name: str) -> None:
        self._seed = sha256(name.encode()).digest()
        private = Ed25519PrivateKey.from_private_bytes(self._seed)
        self._key = PublicKey.from_raw(private.public_key().public_bytes_raw())

    @property
    def public_key(self) -> PublicKey:
        """The key under which they solve the equation."""
        return self._key

    def sign(self, message: bytes) -> bytes:
        """The 64 bytes."""
        digest = bytearray(sha512(self._seed).digest()[:32])
        digest[0] &= 248
        digest[31] = digest[31] & 127 | 64
        challenge = sha512(_NEUTRAL + self._key.raw + message).digest()
        scalar = int.from_bytes(challenge, "little") * int.from_bytes(digest, "little") % ORDER
        return _NEUTRAL + scalar.to_bytes(32, "little")

    def sign_all(self, messages: Sequence[bytes]) -> list[bytes]:
        """``sign`` of each."""
        return [self.sign(message) for message in messages]
