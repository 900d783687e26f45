"""Public keys: what must never be trusted, and one spelling for the rest."""

from dataclasses import replace

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st
from nacl.bindings import crypto_sign_open
from nacl.exceptions import BadSignatureError

from keys.encodings import multibase_encode
from keys.errors import KeysError, PublicKeyError
from keys.publickey import PublicKey
from tests.builders import refused, signer
from tests.loworder import LowOrderSigner

# The fourteen encodings in circulation of the eight points of low order; the last four, and no others, are also
# encodings of a y that is not below the prime.
LOW_ORDER = (
    "00" * 32,
    "00" * 31 + "80",
    "01" + "00" * 31,
    "01" + "00" * 30 + "80",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "ec" + "ff" * 30 + "7f",
    "ec" + "ff" * 30 + "ff",
)
LOW_ORDER_NOT_CANONICAL = (
    "ed" + "ff" * 30 + "7f",
    "ed" + "ff" * 30 + "ff",
    "ee" + "ff" * 30 + "7f",
    "ee" + "ff" * 30 + "ff",
)


def multikey(raw: bytes) -> str:
    return multibase_encode(b"\xed\x01" + raw)


@pytest.mark.parametrize("encoding", LOW_ORDER)
def test_low_order_keys_are_refused(encoding: str) -> None:
    with refused(PublicKeyError, "key_low_order"):
        PublicKey.from_multikey(multikey(bytes.fromhex(encoding)))


@pytest.mark.parametrize("encoding", LOW_ORDER_NOT_CANONICAL)
def test_low_order_keys_in_disguise_are_refused(encoding: str) -> None:
    with refused(PublicKeyError, "key_not_canonical"):
        PublicKey.from_raw(bytes.fromhex(encoding))


@pytest.mark.parametrize("sign", [0x00, 0x80])
@pytest.mark.parametrize("above", range(19))
def test_no_second_encoding_of_a_y(above: int, sign: int) -> None:
    raw = bytes((0xED + above,)) + b"\xff" * 30 + bytes((0x7F | sign,))
    with refused(PublicKeyError, "key_not_canonical"):
        PublicKey.from_raw(raw)


def test_the_largest_y_below_the_prime_is_judged_by_its_order() -> None:
    # y = p - 1 is the point of order two; y = p - 2 is an ordinary value.
    PublicKey.from_raw(bytes((0xEB,)) + b"\xff" * 30 + b"\x7f")


@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_a_key_has_32_bytes(length: int) -> None:
    with refused(PublicKeyError, "key_length"):
        PublicKey.from_raw(b"\x07" * length)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "multikey_form"),
        ("z", "multikey_type"),
        ("z6Mk0", "multikey_form"),
        ("u7QEH", "multikey_form"),
        (multibase_encode(b"\xec\x01" + b"\x07" * 32), "multikey_type"),  # X25519
        (multibase_encode(b"\x12\x00" + b"\x07" * 32), "multikey_type"),
        (multibase_encode(b"\0\xed\x01" + b"\x07" * 32), "multikey_type"),
        (multikey(b"\x07" * 31), "key_length"),
        (multikey(b"\x07" * 33), "key_length"),
    ],
)
def test_what_is_not_a_multikey(text: str, code: str) -> None:
    with refused(PublicKeyError, code):
        PublicKey.from_multikey(text)


@given(st.binary(min_size=32, max_size=32) | st.binary(max_size=40))
def test_any_bytes_are_a_key_or_refused(raw: bytes) -> None:
    try:
        key = PublicKey.from_raw(raw)
    except PublicKeyError:
        return
    assert PublicKey.from_multikey(key.multikey) == key
    assert key.raw == raw


@given(st.text(max_size=60) | st.binary(max_size=40).map(lambda tail: multibase_encode(b"\xed\x01" + tail)))
def test_any_text_is_a_multikey_or_refused(text: str) -> None:
    try:
        key = PublicKey.from_multikey(text)
    except KeysError:
        return
    assert key.multikey == text


def test_equal_by_their_bytes() -> None:
    once, again = signer("one").public_key, PublicKey.from_multikey(signer("one").public_key.multikey)
    assert once == again
    assert len({once, again, signer("other").public_key}) == 2


@given(st.binary(max_size=100))
def test_any_signature_is_judged_without_raising(signature: bytes) -> None:
    assert not signer("one").public_key.verify(signature, b"message")


def test_no_bit_of_signature_message_or_key_may_change() -> None:
    one, message = signer("one"), b"pay 10"
    signature = one.sign(message)
    assert one.public_key.verify(signature, message)
    assert not signer("other").public_key.verify(signature, message)
    for bit in range(8 * len(signature)):
        assert not one.public_key.verify(flipped(signature, bit), message)
    for bit in range(8 * len(message)):
        assert not one.public_key.verify(signature, flipped(message, bit))


def flipped(data: bytes, bit: int) -> bytes:
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def test_no_signature_with_r_of_low_order_verifies() -> None:
    """Though OpenSSL has nothing against it; libsodium has."""
    one, message = LowOrderSigner("any"), b"message"
    signature, raw = one.sign(message), one.public_key.raw
    with pytest.raises(BadSignatureError):
        crypto_sign_open(signature + message, raw)
    Ed25519PublicKey.from_public_bytes(raw).verify(signature, message)
    assert not one.public_key.verify(signature, message)
    assert one.public_key == signer("any").public_key


@pytest.mark.parametrize("encoding", [*LOW_ORDER, *LOW_ORDER_NOT_CANONICAL])
def test_no_point_of_low_order_is_an_r(encoding: str) -> None:
    """As a library would have it that compares nothing but the equation."""
    key = signer("any").public_key
    willing = replace(key, _handle=_Willing())
    assert not willing.verify(bytes.fromhex(encoding) + bytes(32), b"message")
    assert willing.verify(b"\2" + bytes(63), b"message")


class _Willing:
    def verify(self, _: bytes, __: bytes) -> None:
        """No objection."""


def test_no_byte_of_a_message_counts_as_one_of_the_signature() -> None:
    one, message = signer("any"), b"message"
    signature = one.sign(message)
    for shorter in range(64):
        assert not one.public_key.verify(signature[:shorter], signature[shorter:] + message)
    assert not one.public_key.verify(signature + message[:1], message[1:])
    assert one.public_key.verify(signature, message)


@given(st.binary(max_size=200), st.integers(0, 64 * 8 - 1), st.booleans())
def test_openssl_says_the_same(message: bytes, bit: int, flipped: bool) -> None:
    one = signer("any")
    signature = bytearray(one.sign(message))
    signature[bit // 8] ^= flipped << bit % 8
    try:
        Ed25519PublicKey.from_public_bytes(one.public_key.raw).verify(bytes(signature), message)
        verifies = True
    except InvalidSignature:
        verifies = False
    assert one.public_key.verify(bytes(signature), message) == verifies == (not flipped)
