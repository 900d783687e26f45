"""A certificate's values in the reader's words, as the public verifier says them."""

from collections.abc import Mapping
from typing import Any

from verifier.messages import CATEGORIES, FIELDS, GRADES, pick

_CODED: Mapping[str, Mapping[str, Any]] = {"grade": GRADES, "category": CATEGORIES}


def certificate_fields(subject: Mapping[str, Any], lang: str) -> list[tuple[str, str, str]]:
    """Field, label and value of what a certificate says, in the order in which it says it; without its number."""
    rows = []
    for name, value in subject.items():
        if name != "certificateNumber":
            label = pick(FIELDS[name], lang) if name in FIELDS else name
            rows.append((name, label, value_word(name, value, lang)))
    return rows


def value_word(name: str, value: object, lang: str) -> str:
    """A value in words: codes of grades and categories are translated, everything else stands for itself."""
    coded = _CODED.get(name, {})
    return pick(coded[str(value)], lang) if str(value) in coded else str(value)
