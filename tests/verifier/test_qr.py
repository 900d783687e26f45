"""The QR's text and the CBOR inside: exact in both directions, against an independent CBOR library."""

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import HOST, refused
from verifier.cbor import MAX_ITEMS, CborItem, decode_array, encode_array
from verifier.errors import FormError
from verifier.limits import MAX_QR_DIGITS, MAX_QR_TEXT
from verifier.qr import (
    QrText,
    decode_digits,
    encode_digits,
    encode_payload,
    looks_like_qr_text,
    parse_qr_text,
    qr_prefix,
)

SIGNATURE = bytes(range(64))
items = st.lists(
    st.integers(0, 2**64 - 1) | st.text(max_size=30) | st.binary(max_size=30), max_size=MAX_ITEMS
)


def qr_text(values: list[CborItem], *, host: str = HOST, code: int = 1) -> str:
    return qr_prefix(host) + encode_digits(encode_payload(code, values, SIGNATURE))


# CBOR


@given(items)
def test_our_cbor_is_everyones_cbor(values: list[CborItem]) -> None:
    data = encode_array(values)
    assert data == cbor2.dumps(values, canonical=True)
    assert decode_array(data) == cbor2.loads(data) == values


@pytest.mark.parametrize("length", [0, 23, 24, 255, 256, 65535, 65536])
def test_heads_of_every_width(length: int) -> None:
    values: list[CborItem] = [length, "a" * length, b"\0" * length, 2**32 - 1, 2**32, 2**64 - 1]
    assert decode_array(encode_array(values)) == values == cbor2.loads(encode_array(values))


@given(
    st.integers(0, 2**64 - 1),
    st.sampled_from([(24, 1), (25, 2), (26, 4), (27, 8)]),
    st.sampled_from([0, 2, 3, 4]),
)
def test_a_head_longer_than_its_value_needs_is_refused(value: int, head: tuple[int, int], kind: int) -> None:
    code, width = head
    value %= 256**width
    data = bytes((kind << 5 | code,)) + value.to_bytes(width, "big") + b"a" * (value if value < 300 else 0)
    array = data if kind == 4 else b"\x81" + data
    try:
        values = decode_array(array)
    except FormError:
        return
    assert encode_array(values) == array


@given(st.binary(max_size=40))
def test_any_bytes_are_that_one_array_or_refused(data: bytes) -> None:
    try:
        values = decode_array(data)
    except FormError:
        return
    assert encode_array(values) == data


@pytest.mark.parametrize(
    "data",
    [
        "",
        "01",  # an integer alone
        "a0",  # a map
        "9f01ff",  # indefinite length
        "8118",  # a head cut short
        "811817",  # 23 in two bytes
        "81190017",  # 23 in three
        "811b0000000000000017",
        "8120",  # a negative integer
        "8180",  # an array inside
        "81f5",  # true
        "81f6",  # null
        "81f93c00",  # a float
        "81c074323031332d30332d32315432303a30343a30305a",  # a date
        "811c",
        "811f",
        "8161",  # a text cut short
        "8161ff",  # not UTF-8
        "8163eda080",  # a surrogate
        "8141",
        "82 01".replace(" ", ""),
        "8101 00".replace(" ", ""),
        "9b7fffffffffffffff",
        "815b7fffffffffffffff00",
        "9821" + "00" * 33,
    ],
)
def test_what_is_not_an_array_of_ours(data: str) -> None:
    with refused(FormError, "cbor_form"):
        decode_array(bytes.fromhex(data))


# Digits


@given(st.binary(min_size=1, max_size=539))
def test_payloads_come_back(payload: bytes) -> None:
    digits = encode_digits(payload)
    assert len(digits) <= MAX_QR_DIGITS
    assert decode_digits(digits) == payload


def test_every_size_has_its_count_of_digits() -> None:
    for size in range(1, 540):
        for payload in (b"\0" * size, b"\xff" * size):
            assert decode_digits(encode_digits(payload)) == payload, size


@given(st.text("0123456789", max_size=60) | st.text(max_size=8))
def test_any_text_is_those_digits_or_refused(text: str) -> None:
    try:
        payload = decode_digits(text)
    except FormError:
        return
    assert encode_digits(payload) == text


@pytest.mark.parametrize(
    "digits", ["", "0", "00", "256", "999", "1_0", "٤٢٤", "+12", " 12", "12a", "0" * 1301]
)
def test_what_are_not_digits_of_a_payload(digits: str) -> None:
    with refused(FormError, "qr_digits"):
        decode_digits(digits)


# The text


@given(items.map(lambda values: values[: MAX_ITEMS - 1]), st.integers(0, 2**32))
def test_texts_come_back(values: list[CborItem], code: int) -> None:
    text = qr_text(values, code=code)
    if len(text) - len(qr_prefix(HOST)) > MAX_QR_DIGITS:
        with refused(FormError, "qr_digits" if len(text) <= MAX_QR_TEXT else "qr_text"):
            parse_qr_text(text)
    else:
        assert parse_qr_text(text) == QrText(HOST, code, tuple(values), SIGNATURE)
        assert looks_like_qr_text(text)


def test_scanners_add_space_and_change_case() -> None:
    assert parse_qr_text(f" {qr_text([1])}\n").host == HOST
    assert parse_qr_text(qr_text([1]).replace(f"https://{HOST}", f"HTTPS://{HOST.upper()}")).host == HOST


def test_the_host_is_read_whatever_it_is() -> None:
    assert parse_qr_text(qr_text([1], host="evil.example:8443")).host == "evil.example:8443"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "123",
        "https://",
        f"https://{HOST}/v#",
        f"https://{HOST}/c/41010020261000012315",
        f"ftp://{HOST}/v#123",
        f"https://{HOST}/v?#123",
        f"https://{HOST}/x/v#123",
        f"https://{HOST}/v#12 3",
        f"https://{HOST}/v#１２３",
        f"https://{'a' * 254}/v#123",
        f"https://例.example/v#123 {'x' * 10}",
        f"https://{HOST}/v#" + "1" * MAX_QR_TEXT,
    ],
)
def test_what_is_not_a_certificates_text(text: str) -> None:
    assert not looks_like_qr_text(text)
    with refused(FormError, "qr_text"):
        parse_qr_text(text)


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        (b"\1", "qr_format"),
        (b"\1" + SIGNATURE, "qr_format"),
        (b"\2" + encode_array([1]) + SIGNATURE, "qr_format"),
        (b"\0" + encode_array([1]) + SIGNATURE, "qr_format"),
        (b"\1" + encode_array([]) + SIGNATURE, "qr_format"),
        (b"\1" + encode_array(["1"]) + SIGNATURE, "qr_format"),
        (b"\1" + encode_array([1]) + b"\0" + SIGNATURE, "cbor_form"),
        (b"\1" + encode_array([1, 2])[:-1] + SIGNATURE, "cbor_form"),
    ],
)
def test_what_is_not_a_payload(payload: bytes, code: str) -> None:
    with refused(FormError, code):
        parse_qr_text(qr_prefix(HOST) + encode_digits(payload))


@given(st.binary(min_size=1, max_size=120))
def test_any_payload_is_that_one_or_refused(payload: bytes) -> None:
    text = qr_prefix(HOST) + encode_digits(payload)
    try:
        qr = parse_qr_text(text)
    except FormError:
        return
    assert encode_payload(qr.template_code, qr.values, qr.signature) == payload


@given(st.text(max_size=60))
def test_any_text_is_refused(text: str) -> None:
    with pytest.raises(FormError):
        parse_qr_text(text)
