"""Ed25519 public keys (RFC 8032) as Multikey (Controlled Identifiers 1.0, section 2.2.2).

Refused: any encoding that is not the canonical one of a point (y not below the field's prime), and every low-order
point: for those a signature can be made to fit any message, and common libraries load them without complaint. A y that
belongs to no point at all is loaded; no signature verifies under it.

A signature verifies as RFC 8032 has it (without the cofactor, R compared as bytes), unless its R is of low order: on those
libraries differ, and only a key's holder can make one (SPEC 2.3). libsodium is asked first because it takes half of OpenSSL's
time; what it refuses OpenSSL is asked too.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from nacl.bindings import crypto_sign_open
from nacl.exceptions import BadSignatureError

from keys.encodings import multibase_decode, multibase_encode
from keys.errors import EncodingError, PublicKeyError

SIGNATURE_BYTES = 64
_MULTICODEC_ED25519 = bytes.fromhex("ed01")
_PRIME = 2**255 - 19

# The y coordinates of the eight points whose order divides 8. The sign bit is masked before the look-up and values of
# y from the prime upwards are reduced, so these five stand for all fourteen encodings in circulation.
_LOW_ORDER_Y = frozenset(
    int.from_bytes(bytes.fromhex(text), "little")
    for text in (
        "00" * 32,
        "01" + "00" * 31,
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "ec" + "ff" * 30 + "7f",
    )
)


@dataclass(frozen=True, slots=True)
class PublicKey:
    """An Ed25519 public key that may be trusted. Equal when the 32 bytes are equal."""

    raw: bytes
    _handle: Ed25519PublicKey = field(compare=False, repr=False)

    @classmethod
    def from_raw(cls, raw: bytes) -> "PublicKey":
        """From 32 bytes; raises ``PublicKeyError``."""
        if len(raw) != 32:
            raise PublicKeyError("key_length", str(len(raw)))
        if _y(raw) >= _PRIME:
            raise PublicKeyError("key_not_canonical")
        if _is_low_order(raw):
            raise PublicKeyError("key_low_order")
        return cls(raw, Ed25519PublicKey.from_public_bytes(raw))

    @classmethod
    def from_multikey(cls, text: str) -> "PublicKey":
        """From ``z6Mk…``; raises ``PublicKeyError``."""
        try:
            data = multibase_decode(text)
        except EncodingError as error:
            raise PublicKeyError("multikey_form") from error
        if not data.startswith(_MULTICODEC_ED25519):
            raise PublicKeyError("multikey_type")
        return cls.from_raw(data[len(_MULTICODEC_ED25519) :])

    def __reduce__(self) -> tuple[Callable[[bytes], "PublicKey"], tuple[bytes]]:
        """Goes to another process as its 32 bytes."""
        return PublicKey.from_raw, (self.raw,)

    @property
    def multikey(self) -> str:
        """The key as ``publicKeyMultibase``."""
        return multibase_encode(_MULTICODEC_ED25519 + self.raw)

    def verify(self, signature: bytes, message: bytes) -> bool:
        """Whether ``signature`` (64 bytes, R then S) is this key's over ``message``."""
        # The two are put together below: no byte of the message may count as one of the signature's.
        if len(signature) != SIGNATURE_BYTES:
            return False
        try:
            crypto_sign_open(signature + message, self.raw)
        except BadSignatureError:
            # What it accepts has no such R; of what it refuses that alone may be why.
            return not _is_low_order(signature[:32]) and self._verifies_by_openssl(signature, message)
        return True

    def _verifies_by_openssl(self, signature: bytes, message: bytes) -> bool:
        try:
            self._handle.verify(signature, message)
        except InvalidSignature:
            return False
        return True


def _y(point: bytes) -> int:
    """A point's y, without the bit above it that tells the sign of x."""
    return int.from_bytes(point, "little") & (2**255 - 1)


def _is_low_order(point: bytes) -> bool:
    return _y(point) % _PRIME in _LOW_ORDER_Y
