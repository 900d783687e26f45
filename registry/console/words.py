"""A certificate's values in the reader's words, as the public verifier says them."""

from collections.abc import Mapping
from typing import Any

from verifier.messages import CATEGORIES, FIELDS, GRADES, pick

_CODED: Mapping[str, Mapping[str, Any]] = {"grade": GRADES, "category": CATEGORIES}


def certificate_fields(subject: Mapping[str, Any], lang: str) -> list[tuple[str, str, str]]:
    """Field, label and value of what a certificate says, in the order in which people read it; without its number."""
    order = list(FIELDS)
    named = sorted(subject, key=lambda name: order.index(name) if name in FIELDS else len(order))
    return [
        (name, pick(FIELDS[name], lang) if name in FIELDS else name, value_word(name, subject[name], lang))
        for name in named
        if name != "certificateNumber"
    ]


def value_word(name: str, value: object, lang: str) -> str:
    """A value in words: codes of grades and categories are translated, everything else stands for itself."""
    coded = _CODED.get(name, {})
    return pick(coded[str(value)], lang) if str(value) in coded else str(value)
