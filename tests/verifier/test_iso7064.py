"""ISO 7064 against another implementation (python-stdnum) and against what each system promises to catch."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.iso7064 import mod_11_2, mod_37_36, mod_97_10

from verifier.iso7064 import mod11_2_check, mod37_36_check, mod97_10_check

DIGITS = st.text("0123456789", min_size=1, max_size=30)


def ends_in_its_check(digits: str) -> bool:
    return mod97_10_check(digits[:-2]) == digits[-2:]


@given(DIGITS)
def test_mod97_10_agrees_with_stdnum_and_its_definition(digits: str) -> None:
    check = mod97_10_check(digits)
    assert check == mod_97_10.calc_check_digits(digits)
    assert int(digits + check) % 97 == 1


@given(st.text("0123456789", min_size=17, max_size=17))
def test_mod11_2_agrees_with_stdnum(digits: str) -> None:
    assert mod11_2_check(digits) == mod_11_2.calc_check_digit(digits)


@given(st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=1, max_size=60))
def test_mod37_36_agrees_with_stdnum(text: str) -> None:
    assert mod37_36_check(text) == mod_37_36.calc_check_digit(text)


def test_mod97_10_catches_every_single_digit_and_every_adjacent_swap() -> None:
    body = "410100202610000123"
    good = body + mod97_10_check(body)
    for index, digit in enumerate(good):
        for other in "0123456789":
            if other != digit:
                assert not ends_in_its_check(good[:index] + other + good[index + 1 :])
        swapped = good[:index] + good[index + 1 : index + 2] + digit + good[index + 2 :]
        assert swapped == good or not ends_in_its_check(swapped)


def test_the_specification_s_own_number() -> None:
    assert mod97_10_check("410100202610000123") == "15"


@pytest.mark.parametrize("check", ["00", "01", "97", "98", "99"])
def test_mod97_10_knows_one_spelling_of_each_check(check: str) -> None:
    spelt = [text for text in (f"{number:04d}" for number in range(3_000)) if ends_in_its_check(text + check)]
    assert bool(spelt) == (check in ("97", "98"))


@pytest.mark.parametrize("text", ["", "１２", "1 2", "+12", "-12", "1_2", "12X", "12\n", "٤٢"])
def test_mod97_10_refuses_what_is_not_digits(text: str) -> None:
    with pytest.raises(ValueError, match="ASCII digits"):
        mod97_10_check(text)


@pytest.mark.parametrize(
    "text", ["", "1" * 16, "1" * 18, "1" * 16 + "x", "１" * 17, "1" * 16 + " ", "1" * 16 + "\n"]
)
def test_mod11_2_refuses_what_is_not_17_digits(text: str) -> None:
    with pytest.raises(ValueError, match="17"):
        mod11_2_check(text)


@pytest.mark.parametrize("text", ["", "a", "A-B", "Ａ", "1 2", "12\n"])
def test_mod37_36_refuses_other_characters(text: str) -> None:
    with pytest.raises(ValueError, match="MOD 37,36"):
        mod37_36_check(text)
