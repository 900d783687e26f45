"""ISO 7064 check characters, as pure functions of ASCII text.

Three systems are used here: MOD 97-10 in the certificate number (spec §1), MOD 11-2 in the resident identity
number (GB 11643), and MOD 37,36 in the electronic-licence identifier (GB/T 36904). Input is strict: ASCII
digits (and ASCII capitals for MOD 37,36) only. Anything else raises `ValueError`; nothing is stripped, folded
or repaired. The module imports nothing of the project.
"""

from __future__ import annotations

import re
from operator import mul

_DIGITS = re.compile(r"[0-9]+", re.ASCII)
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_VALUES = {character: value for value, character in enumerate(_ALPHABET)}
MOD11_2_WEIGHTS = tuple(pow(2, 17 - index, 11) for index in range(17))
_MOD11_2_ZERO = ord("0") * sum(MOD11_2_WEIGHTS)
MOD11_2_CHECKS = "10X98765432"
"""By what the weighted digits come to, modulo 11."""


def mod97_10_check(digits: str) -> str:
    """Two check digits such that `int(digits + check) % 97 == 1` (ISO 7064 MOD 97-10)."""
    if not (digits.isascii() and digits.isdigit()):
        raise ValueError("MOD 97-10 takes ASCII digits")
    return f"{mod97_10_completed(int(digits)) % 100:02d}"


def mod97_10_completed(body: int) -> int:
    """`body` with its two check digits after it."""
    shifted = body * 100
    return shifted + 98 - shifted % 97


def mod11_2_check(digits17: str) -> str:
    """The check character, `0`…`9` or `X`, of 17 ASCII digits (ISO 7064 MOD 11-2, as GB 11643 uses it)."""
    if len(digits17) != 17 or _DIGITS.fullmatch(digits17) is None:
        raise ValueError("MOD 11-2 takes 17 ASCII digits")
    weighted = sum(map(mul, digits17.encode("ascii"), MOD11_2_WEIGHTS)) - _MOD11_2_ZERO
    return MOD11_2_CHECKS[weighted % 11]


def mod37_36_check(text: str) -> str:
    """The check character, `0`…`9` or `A`…`Z`, of ASCII digits and capitals (ISO 7064 MOD 37,36)."""
    if not text:
        raise ValueError("MOD 37,36 takes at least one character")
    product = 36
    for character in text:
        value = _VALUES.get(character)
        if value is None:
            raise ValueError("MOD 37,36 takes ASCII digits and capitals")
        product = (((product + value) % 36 or 36) * 2) % 37
    return _ALPHABET[(1 - product) % 36]
