"""Encodings: each value has one spelling, and nothing but EncodingError comes out of a decoder."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keys import encodings
from keys.errors import EncodingError
from tests.builders import refused

any_text = st.text(max_size=140)
ascii_text = st.text(st.characters(max_codepoint=127), max_size=140)
base58_text = st.text("123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz", max_size=128)
base64_text = st.text("ABCwxyz0189+/=", max_size=24)
base64url_text = st.text("ABCwxyz0189-_=", max_size=24)
hex_text = st.text("0123456789abcdefAF", max_size=40)
timestamp_text = st.from_regex(
    r"[0-9]{4}-[0-3][0-9]-[0-3][0-9]T[0-2][0-9]:[0-6][0-9]:[0-6][0-9]Z", fullmatch=True
)

PAIRS: dict[str, tuple[Callable[[str], Any], Callable[[Any], str], st.SearchStrategy[str]]] = {
    "base58": (encodings.base58_decode, encodings.base58_encode, base58_text),
    "multibase": (encodings.multibase_decode, encodings.multibase_encode, base58_text.map("z".__add__)),
    "base64": (encodings.base64_decode, encodings.base64_encode, base64_text),
    "base64url": (encodings.base64url_decode, encodings.base64url_encode, base64url_text),
    "hex": (encodings.hex_decode, bytes.hex, hex_text),
    "decimal": (encodings.decimal_decode, str, st.text("0123456789", max_size=21)),
    "timestamp": (encodings.timestamp_decode, encodings.timestamp_encode, timestamp_text),
}


@pytest.mark.parametrize("name", PAIRS)
@given(data=st.data())
def test_what_is_decoded_has_that_one_spelling(name: str, data: st.DataObject) -> None:
    decode, encode, likely = PAIRS[name]
    text = data.draw(likely | ascii_text | any_text)
    try:
        value = decode(text)
    except EncodingError:
        return
    assert encode(value) == text


@pytest.mark.parametrize("name", ["base58", "multibase", "base64", "base64url", "hex"])
@given(data=st.binary(max_size=80))
def test_bytes_come_back(name: str, data: bytes) -> None:
    decode, encode, _ = PAIRS[name]
    assert decode(encode(data)) == data


def test_base58_of_every_length_is_the_number_of_its_digits() -> None:
    lengths = range(129)
    for text in (
        one for length in lengths for one in ("z" * length, "2" + "z" * (length - 1), ("7Zz2" * 32)[:length])
    ):
        digits = ["123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz".index(one) for one in text]
        number = sum(digit * 58**place for place, digit in enumerate(reversed(digits)))
        assert int.from_bytes(encodings.base58_decode(text), "big") == number


@given(st.integers(min_value=-62135596800, max_value=253402300799))
def test_every_second_of_the_calendar_comes_back(seconds: int) -> None:
    assert encodings.timestamp_decode(encodings.timestamp_encode(seconds)) == seconds


@given(st.integers(min_value=0, max_value=10**19 - 1))
def test_decimals_come_back(value: int) -> None:
    assert encodings.decimal_decode(str(value)) == value


@pytest.mark.parametrize(
    ("decode", "text", "code"),
    [
        (encodings.base58_decode, "0", "base58_character"),
        (encodings.base58_decode, "１", "base58_character"),
        (encodings.base58_decode, "2" * 129, "base58_too_long"),
        (encodings.multibase_decode, "", "multibase_prefix"),
        (encodings.multibase_decode, "Z1", "multibase_prefix"),
        (encodings.multibase_decode, "uAQ", "multibase_prefix"),
        (encodings.base64_decode, "QQ=", "base64_character"),
        (encodings.base64_decode, "Q Q==", "base64_character"),
        (encodings.base64_decode, "QQ==\n", "base64_character"),
        (encodings.base64_decode, "QQ-_", "base64_character"),
        (encodings.base64_decode, "ＱＱ==", "base64_character"),
        (encodings.base64_decode, "\ud800", "base64_character"),
        (encodings.base64_decode, "QR==", "base64_not_canonical"),
        (encodings.base64url_decode, "Q", "base64url_character"),
        (encodings.base64url_decode, "QQ\n", "base64url_character"),
        (encodings.base64url_decode, "é", "base64url_character"),
        (encodings.base64url_decode, "QQ==", "base64url_not_canonical"),
        (encodings.base64url_decode, "QR", "base64url_not_canonical"),
        (encodings.base64url_decode, "++//", "base64url_not_canonical"),
        (encodings.hex_decode, "a", "hex_character"),
        (encodings.hex_decode, "AB", "hex_character"),
        (encodings.hex_decode, "ab cd", "hex_character"),
        (encodings.hex_decode, "ab\n", "hex_character"),
        (encodings.decimal_decode, "", "decimal_form"),
        (encodings.decimal_decode, "00", "decimal_form"),
        (encodings.decimal_decode, "-1", "decimal_form"),
        (encodings.decimal_decode, "+1", "decimal_form"),
        (encodings.decimal_decode, "4_2", "decimal_form"),
        (encodings.decimal_decode, " 42", "decimal_form"),
        (encodings.decimal_decode, "42\n", "decimal_form"),
        (encodings.decimal_decode, "٤٢", "decimal_form"),
        (encodings.decimal_decode, "1" * 20, "decimal_form"),
        (encodings.timestamp_decode, "2026-01-01", "timestamp_form"),
        (encodings.timestamp_decode, "2026-01-01T00:00:00+00:00", "timestamp_form"),
        (encodings.timestamp_decode, "2026-01-01T00:00:00.000Z", "timestamp_form"),
        (encodings.timestamp_decode, "2026-01-01t00:00:00z", "timestamp_form"),
        (encodings.timestamp_decode, "2026-01-01T00:00:00Z\n", "timestamp_form"),
        (encodings.timestamp_decode, "２026-01-01T00:00:00Z", "timestamp_form"),
        (encodings.timestamp_decode, "2026-01-01T24:00:00Z", "timestamp_form"),
        (encodings.timestamp_decode, "2026-01-01T23:59:60Z", "timestamp_form"),
        (encodings.timestamp_decode, "2026-02-29T00:00:00Z", "timestamp_value"),
        (encodings.timestamp_decode, "2026-13-01T00:00:00Z", "timestamp_value"),
        (encodings.timestamp_decode, "0000-01-01T00:00:00Z", "timestamp_value"),
    ],
)
def test_a_second_spelling_is_refused(decode: Callable[[str], object], text: str, code: str) -> None:
    with refused(EncodingError, code):
        decode(text)


@pytest.mark.parametrize("seconds", [-62135596801, 253402300800, 2**63, -(2**80)])
def test_moments_outside_the_calendar_have_no_spelling(seconds: int) -> None:
    with refused(EncodingError, "timestamp_value"):
        encodings.timestamp_encode(seconds)


def test_known_moments() -> None:
    assert encodings.timestamp_decode("1970-01-01T00:00:00Z") == 0
    assert encodings.timestamp_decode("2026-11-20T08:00:00Z") == 1795161600
    assert encodings.timestamp_encode(-62135596800) == "0001-01-01T00:00:00Z"


def test_known_base58() -> None:
    # The three examples of the base58 Internet-Draft (draft-msporny-base58).
    assert encodings.base58_encode(b"Hello World!") == "2NEpo7TZRRrLZSi2U"
    assert encodings.base58_encode(bytes.fromhex("0000287fb4cd")) == "11233QC4"
    assert (
        encodings.base58_encode(b"The quick brown fox jumps over the lazy dog.")
        == "USm3fpXnKG5EUBx2ndxBDMPVciP5hGey2Jh4NDv6gmeo1LkMeiKrLJUUBk6Z"
    )


def test_decimal_bound_is_the_callers() -> None:
    assert encodings.decimal_decode("123456", max_digits=6) == 123456
    with refused(EncodingError, "decimal_form"):
        encodings.decimal_decode("1234567", max_digits=6)
