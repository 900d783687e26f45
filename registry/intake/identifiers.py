"""Chinese identifiers: GB 11643 (person), GB 32100 with GB 11714 inside (organisation), GB/T 36904 (e-licence).

Each is parsed once, strictly, into a value that formats back to the very same text. For persons only length,
date and check character are tested, never a table of places: 81, 82 and 83 (residence permits of people from
Hong Kong, Macao and Taiwan), 9 (foreign permanent residents) and abolished counties are all genuine.
Refused: lower-case `x`, full-width digits, spaces, the old 15-digit form. Normalising is the caller's business.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from verifier.iso7064 import mod11_2_check, mod37_36_check

EARLIEST_BIRTH = date(1900, 1, 1)
ELICENCE_ROOT = "1.2.156.3005.2"

_RESIDENT = re.compile(r"[1-9][0-9]{16}[0-9X]", re.ASCII)
_USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_USCC_VALUES = {character: value for value, character in enumerate(_USCC_ALPHABET)}
_USCC_WEIGHTS = tuple(pow(3, index, 31) for index in range(17))
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_ORGANISATION_VALUES = {c: v for v, c in enumerate("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")}
_ELICENCE_PART = re.compile(r"[0-9A-Z]{1,64}", re.ASCII)


class IdentifierError(Exception):
    """An identifier is malformed. `code` is the identity of the error; the offending text is not kept."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class ResidentIdentity:
    """A resident identity number of 18 characters (GB 11643)."""

    number: str
    birth_date: date

    @classmethod
    def parse(cls, text: str, *, today: date) -> ResidentIdentity:
        """Raises IdentifierError: identity_length, identity_digits, identity_date, identity_check."""
        if len(text) != 18:
            raise IdentifierError("identity_length")
        if _RESIDENT.fullmatch(text) is None:
            raise IdentifierError("identity_digits")
        birth_date = _birth_date(text, today)
        if mod11_2_check(text[:17]) != text[17]:
            raise IdentifierError("identity_check")
        return cls(text, birth_date)

    @property
    def masked(self) -> str:
        """First six, eight stars, last four: the only form that leaves the registry (spec §2)."""
        return f"{self.number[:6]}********{self.number[14:]}"

    def __str__(self) -> str:
        return self.masked

    def __repr__(self) -> str:
        return f"ResidentIdentity({self.masked})"


@dataclass(frozen=True, slots=True)
class SocialCreditCode:
    """A unified social credit code of 18 characters (GB 32100)."""

    text: str

    @classmethod
    def parse(cls, text: str) -> SocialCreditCode:
        """Raises IdentifierError: uscc_length, uscc_characters, uscc_check, uscc_organisation."""
        if len(text) != 18:
            raise IdentifierError("uscc_length")
        if any(character not in _USCC_VALUES for character in text):
            raise IdentifierError("uscc_characters")
        if _uscc_check(text[:17]) != text[17]:
            raise IdentifierError("uscc_check")
        if _organisation_check(text[8:16]) != text[16]:
            raise IdentifierError("uscc_organisation")
        return cls(text)

    @property
    def organisation_code(self) -> str:
        """The nine characters of the organisation code (GB 11714), its check character last."""
        return self.text[8:17]

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class ELicenceIdentifier:
    """An electronic-licence identifier (GB/T 36904) without its check character, which follows from the parts."""

    licence_type: str
    issuer: str
    serial: str
    version: str

    @classmethod
    def parse(cls, text: str) -> ELicenceIdentifier:
        """Raises IdentifierError: elicence_form, elicence_check."""
        if not text.startswith(ELICENCE_ROOT + "."):
            raise IdentifierError("elicence_form")
        parts = text[len(ELICENCE_ROOT) + 1 :].split(".")
        if len(parts) != 5 or any(_ELICENCE_PART.fullmatch(part) is None for part in parts):
            raise IdentifierError("elicence_form")
        identifier = cls(*parts[:4])
        if identifier.check != parts[4]:
            raise IdentifierError("elicence_check")
        return identifier

    @property
    def check(self) -> str:
        """MOD 37,36 over the four parts without dots and without the root."""
        return mod37_36_check(self.licence_type + self.issuer + self.serial + self.version)

    def __str__(self) -> str:
        parts = (ELICENCE_ROOT, self.licence_type, self.issuer, self.serial, self.version, self.check)
        return ".".join(parts)


def _birth_date(text: str, today: date) -> date:
    try:
        birth_date = date(int(text[6:10]), int(text[10:12]), int(text[12:14]))
    except ValueError:
        raise IdentifierError("identity_date") from None
    if not EARLIEST_BIRTH <= birth_date <= today:
        raise IdentifierError("identity_date")
    return birth_date


def _uscc_check(body: str) -> str:
    weighted = sum(_USCC_VALUES[c] * w for c, w in zip(body, _USCC_WEIGHTS, strict=True))
    return _USCC_ALPHABET[-weighted % 31]


def _organisation_check(body: str) -> str:
    weighted = sum(_ORGANISATION_VALUES[c] * w for c, w in zip(body, _ORGANISATION_WEIGHTS, strict=True))
    return "0123456789X"[-weighted % 11]
