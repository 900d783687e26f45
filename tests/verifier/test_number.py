"""Certificate numbers: one spelling, and no slip of the pen that goes unnoticed."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.iso7064 import mod_97_10

from tests.builders import refused
from verifier.errors import FormError
from verifier.number import (
    MAX_SERIAL,
    CertificateNumber,
    consecutive_numbers,
    number_of,
    parse_number,
    parse_typed_number,
)

NUMBER = CertificateNumber("410100", 2026, 1, 123)
numbers = st.builds(
    CertificateNumber,
    authority=st.integers(100000, 999999).map(str),
    year=st.integers(1000, 2999),
    kind=st.integers(1, 9),
    serial=st.integers(1, MAX_SERIAL),
)


@given(numbers)
def test_numbers_come_back(number: CertificateNumber) -> None:
    assert parse_number(number.digits) == number
    assert parse_typed_number(number.printed) == number
    assert number_of(number.authority, number.year, number.kind, number.serial) == number


@given(numbers)
def test_the_check_is_the_standards(number: CertificateNumber) -> None:
    assert mod_97_10.is_valid(number.digits)
    assert number.digits[18:] == mod_97_10.calc_check_digits(number.body)


@given(numbers, st.integers(0, 300))
def test_consecutive_numbers_are_each_as_made_alone(number: CertificateNumber, count: int) -> None:
    parts = number.authority, number.year, number.kind
    last = min(number.serial + count, MAX_SERIAL + 1)
    made = consecutive_numbers(*parts, number.serial, last - number.serial)
    alone = [CertificateNumber(*parts, serial) for serial in range(number.serial, last)]
    assert made == alone
    assert [one.digits for one in made] == [one.digits for one in alone]


@given(st.text(max_size=24) | st.text("0123456789", min_size=18, max_size=22))
def test_any_text_is_a_number_or_refused(text: str) -> None:
    try:
        number = parse_number(text)
    except FormError:
        return
    assert number.digits == text


@given(st.text(max_size=80))
def test_any_typed_text_is_a_number_or_refused(text: str) -> None:
    try:
        number = parse_typed_number(text)
    except FormError:
        return
    assert parse_number(number.digits) == number


@given(numbers, st.integers(0, 19), st.integers(1, 9))
def test_no_wrong_digit_goes_unnoticed(number: CertificateNumber, place: int, step: int) -> None:
    digits = number.digits
    wrong = str((int(digits[place]) + step) % 10)
    with pytest.raises(FormError):
        parse_number(digits[:place] + wrong + digits[place + 1 :])


@given(numbers, st.integers(0, 18))
def test_no_swap_of_neighbours_goes_unnoticed(number: CertificateNumber, place: int) -> None:
    digits = number.digits
    swapped = digits[:place] + digits[place + 1] + digits[place] + digits[place + 2 :]
    if swapped != digits:
        with pytest.raises(FormError):
            parse_number(swapped)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "number_form"),
        (NUMBER.printed, "number_form"),
        (NUMBER.digits + "\n", "number_form"),
        (NUMBER.digits + "0", "number_form"),
        (NUMBER.digits[:-1], "number_form"),
        ("４" + NUMBER.digits[1:], "number_form"),
        ("٤" + NUMBER.digits[1:], "number_form"),
        ("0" + NUMBER.digits[1:], "number_form"),
        (NUMBER.digits[:6] + "3" + NUMBER.digits[7:], "number_form"),
        (NUMBER.digits[:10] + "0" + NUMBER.digits[11:], "number_form"),
        (replace(NUMBER, serial=0).digits, "number_form"),
        (NUMBER.body + "00", "number_check"),
        (NUMBER.body + f"{int(NUMBER.digits[18:]) - 1:02d}", "number_check"),
    ],
)
def test_what_is_not_a_number(text: str, code: str) -> None:
    with refused(FormError, code):
        parse_number(text)


def test_the_second_check_pair_congruent_to_the_canonical_one_is_refused() -> None:
    # 01 and 98, 00 and 97 are equal modulo 97: only the larger of each is what the standard writes.
    serials = (replace(NUMBER, serial=serial) for serial in range(1, 1000))
    number = next(one for one in serials if one.digits.endswith("98"))
    with refused(FormError, "number_check"):
        parse_number(number.body + "01")


@pytest.mark.parametrize("serial", [0, -1, MAX_SERIAL + 1])
def test_no_number_is_made_outside_its_range(serial: int) -> None:
    with pytest.raises(FormError):
        number_of("410100", 2026, 1, serial)


@pytest.mark.parametrize(
    "text",
    [
        " 410100 2026 1 0000123 15 ",
        "410100-2026-1-0000123-15",
        "４１０１００ ２０２６ １ ００００１２３ １５",
        "410100\u30002026\u00a01\t0000123\r\n15",
    ],
)
def test_what_a_person_may_type(text: str) -> None:
    assert parse_typed_number(text) == NUMBER


@pytest.mark.parametrize(
    "text", ["410100.2026.1.0000123.15", "No. " + NUMBER.digits, " " * 45 + NUMBER.digits]
)
def test_what_a_person_may_not_type(text: str) -> None:
    with refused(FormError, "number_form"):
        parse_typed_number(text)


def test_shape_and_status_place() -> None:
    assert NUMBER.digits == "41010020261000012315"
    assert NUMBER.printed == "410100 2026 1 0000123 15"
    assert (NUMBER.status_block, NUMBER.status_index) == (0, 123)
    assert (replace(NUMBER, serial=131071).status_block, replace(NUMBER, serial=131071).status_index) == (
        0,
        131071,
    )
    assert (replace(NUMBER, serial=131072).status_block, replace(NUMBER, serial=131072).status_index) == (
        1,
        0,
    )
