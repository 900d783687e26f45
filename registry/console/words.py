"""A certificate's values in the reader's words, as the public verifier says them."""

from collections.abc import Mapping
from typing import Any

from keys.trustlist import RuleSet
from verifier.messages import CATEGORIES, FIELDS, GRADES, pick

_CODED: Mapping[str, Mapping[str, Any]] = {"grade": GRADES, "category": CATEGORIES}


def certificate_fields(
    subject: Mapping[str, Any], lang: str, rule_sets: Mapping[str, RuleSet] | None = None
) -> list[tuple[str, str, str]]:
    """Field, label and value of what a certificate says, in the order in which people read it; without its number.

    A rule set is said by the title that ``rule_sets`` has for it, and its code besides.
    """
    order = list(FIELDS)
    named = sorted(subject, key=lambda name: order.index(name) if name in FIELDS else len(order))
    return [
        (
            name,
            pick(FIELDS[name], lang) if name in FIELDS else name,
            _said(name, subject[name], lang, rule_sets or {}),
        )
        for name in named
        if name != "certificateNumber"
    ]


def _said(name: str, value: object, lang: str, rule_sets: Mapping[str, RuleSet]) -> str:
    known = rule_sets.get(str(value)) if name == "ruleSet" else None
    return f"{known.title[lang[:2]]} ({value})" if known else value_word(name, value, lang)


def value_word(name: str, value: object, lang: str) -> str:
    """A value in words: codes of grades and categories are translated, everything else stands for itself."""
    coded = _CODED.get(name, {})
    return pick(coded[str(value)], lang) if str(value) in coded else str(value)
