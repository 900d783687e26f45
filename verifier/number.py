"""Certificate numbers (SPEC clause 1): 20 ASCII digits, ``410100 2026 1 0000123 15`` in print.

Authority (6), year (4), kind (1), serial (7, from 1), check (2, ISO 7064 MOD 97-10). Refused: anything else, even where
Python would call it a digit. What is derived from a number alone stands here too: the place of its status bits.
"""

import re
from dataclasses import dataclass, field

from verifier.errors import FormError
from verifier.evidence import WHITE_SPACE
from verifier.iso7064 import mod97_10_check, mod97_10_completed
from verifier.limits import MAX_NUMBER_TEXT, STATUS_LIST_BITS

_FORM = re.compile(r"[1-9][0-9]{5}[12][0-9]{3}[1-9][0-9]{9}", re.ASCII)
_CODE = re.compile(r"[1-9][0-9]{5}", re.ASCII)
MAX_SERIAL = 9_999_999
_TYPED: dict[int, str] = {0xFF10 + digit: str(digit) for digit in range(10)}
_TYPED |= dict.fromkeys(map(ord, f"{WHITE_SPACE}-"), "")


@dataclass(frozen=True, slots=True, order=True)
class CertificateNumber:
    """A number that exists: its parts are in range. ``authority`` is the 6-digit code."""

    authority: str
    year: int
    kind: int
    serial: int
    _digits: str = field(default="", init=False, compare=False, repr=False)

    @property
    def body(self) -> str:
        """The 18 digits before the check."""
        return f"{self.authority}{self.year:04d}{self.kind}{self.serial:07d}"

    @property
    def digits(self) -> str:
        """All 20 digits, as they stand in the record."""
        if not self._digits:
            body = self.body
            object.__setattr__(self, "_digits", body + mod97_10_check(body))
        return self._digits

    @property
    def printed(self) -> str:
        """In groups, as people read it."""
        digits = self.digits
        return " ".join((digits[:6], digits[6:10], digits[10], digits[11:18], digits[18:]))

    @property
    def status_index(self) -> int:
        """Index of its bit in its status lists (SPEC 5.1)."""
        return self.serial % STATUS_LIST_BITS

    @property
    def status_block(self) -> int:
        """Which list of its series holds the bit."""
        return self.serial // STATUS_LIST_BITS


def consecutive_numbers(
    authority: str, year: int, kind: int, first: int, count: int
) -> list[CertificateNumber]:
    """The numbers of ``count`` serials from ``first`` on, all in range; made together their digits cost less than half."""
    numbers = [CertificateNumber(authority, year, kind, serial) for serial in range(first, first + count)]
    body = int(CertificateNumber(authority, year, kind, first).body)
    for place, number in enumerate(numbers, body):
        object.__setattr__(number, "_digits", str(mod97_10_completed(place)))
    return numbers


def number_of(authority: str, year: int, kind: int, serial: int) -> CertificateNumber:
    """The number of these parts; raises ``FormError`` (``number_form``) where there is none."""
    if (
        not 1 <= serial <= MAX_SERIAL
        or not 1 <= kind <= 9
        or not 1000 <= year <= 2999
        or _CODE.fullmatch(authority) is None
    ):
        raise FormError("number_form")
    return CertificateNumber(authority, year, kind, serial)


def parse_number(text: str) -> CertificateNumber:
    """The number whose 20 digits are ``text``, exactly; raises ``FormError`` (``number_form``, ``number_check``)."""
    if _FORM.fullmatch(text) is None:
        raise FormError("number_form")
    whole = int(text)
    serial = whole // 100 % 10**7
    if serial == 0:
        raise FormError("number_form")
    # Of the pairs that are congruent modulo 97 (00 and 97, 01 and 98) only the one that MOD 97-10 writes is right.
    if whole % 97 != 1 or not 2 <= whole % 100 <= 98:
        raise FormError("number_check")
    number = CertificateNumber(text[:6], whole // 10**10 % 10**4, whole // 10**9 % 10, serial)
    object.__setattr__(number, "_digits", text)
    return number


def parse_typed_number(text: str) -> CertificateNumber:
    """As ``parse_number``, from what a person typed: full-width digits, spaces and hyphens between groups are allowed."""
    if len(text) > MAX_NUMBER_TEXT:
        raise FormError("number_form")
    return parse_number(text.translate(_TYPED))
