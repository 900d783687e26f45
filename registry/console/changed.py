"""What an entry of the trail says of before and after, in the reader's words.

A name is ``trail.field.NAME`` of the catalogues, a coded value the sentence under one of ``_CODED``. What is not known
stands as it was recorded: the trail keeps what no page has words for any more.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from registry.console.language import ZH
from registry.console.rendering import day
from registry.console.sentences import sentence
from verifier.errors import FormError
from verifier.number import parse_number

_CODED: Mapping[str, tuple[str, ...]] = {
    "act": ("trail.", "authority.act."),
    "action": ("act.",),
    "by": ("trail.by.",),
    "code": (),
    "failure": ("failure.", "problem."),
    "file": ("trail.file.",),
    "form": ("trail.form.",),
    "kind": ("kind.",),
    "mode": ("draft.mode.",),
    "outcome": ("trail.outcome.",),
    "reason": ("reason.", "authority.reason."),
    "role": ("role.",),
    "state": ("case-state.", "request-state."),
}
"""By name, under which sentences its values stand."""
_CAPITAL = re.compile("[A-Z]")


def changes(document: Mapping[str, Any], lang: str) -> list[tuple[str, str, str]]:
    """Name, before and after of each value of an entry, in words; empty where there was none."""
    before, after = (document.get(name, {}) for name in ("before", "after"))
    return [
        (field_word(name, lang), _said(name, before.get(name), lang), _said(name, after.get(name), lang))
        for name in sorted(before | after)
    ]


def field_word(name: str, lang: str) -> str:
    """The name of a value."""
    return _known(f"trail.field.{_CAPITAL.sub(lambda one: f'-{one[0].lower()}', name)}", lang) or name


def _said(name: str, value: Any, lang: str) -> str:
    if value is None:
        return ""
    if isinstance(value, Sequence) and not isinstance(value, str):
        return _listed((_said(name, one, lang) for one in value), lang)
    if name in _FORMS:
        return _FORMS[name](value, lang)
    words = (_known(f"{before}{value}", lang) for before in _CODED.get(name, ()))
    return next((word for word in words if word), str(value))


def _routes(value: Any, lang: str) -> str:
    return _listed((_known(f"token.route.{one}", lang) or one for one in str(value).split()), lang)


def _listed(words: Iterable[str], lang: str) -> str:
    return ("、" if lang == ZH else ", ").join(words)


def _number(value: Any, lang: str) -> str:
    try:
        return parse_number(str(value)).printed
    except FormError:
        return str(value)


def _known(code: str, lang: str) -> str:
    found = sentence(code, {}, lang)
    return "" if found == code else found


_FORMS: Mapping[str, Callable[[Any, str], str]] = {
    "draft": lambda value, lang: str(value).rpartition(":")[2],
    "expires": lambda value, lang: day(int(value), lang),
    "first": _number,
    "last": _number,
    "routes": _routes,
    "successor": _number,
}
"""By name, how its values are written that are no codes."""
