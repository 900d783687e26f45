"""Normalising a cell's text: only what changes nothing in meaning, and always so that it can be listed.

Done: width of ASCII letters and digits, NFC, invisible characters, every kind of space and line break, Excel's
own text markers (a leading apostrophe, `="…"`). A space between two Chinese characters is dropped, elsewhere runs
of space become one. Nothing else is repaired: no look-alike, no unit, no spelling.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

NAMED = 10
"""A remark names so many characters at most; a cell may hold 32,767."""
_PLAIN = re.compile(r"[0-9A-Za-z\u3400-\u4dbf\u4e00-\u9fff（）]*")
_INVISIBLE = "\u00ad\u180e\u200b\u200c\u200d\u2060\ufeff"
_HAN_CLASS = r"\u2e80-\u2fdf\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_HAN = re.compile(f"[{_HAN_CLASS}]")
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f]")
_SPACES = re.compile(r"[\s\u0085\u2028\u2029]+")
_SPACE_IN_HAN = re.compile(f"(?<=[{_HAN_CLASS}·]) (?=[{_HAN_CLASS}·])")
_GAP_IN_HAN = re.compile(f"(?<=[{_HAN_CLASS}]) (?=[{_HAN_CLASS}])")
_TEXT_FORMULA = re.compile(r'="([^"]*)"')

_WIDTH = {
    code: code - 0xFEE0 for code in (*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B))
}
_FOLDING = {**_WIDTH, **dict.fromkeys(map(ord, _INVISIBLE))}
_NOTATION = {ord("．"): ".", ord("／"): "/", ord("－"): "-", ord("，"): ",", ord("＋"): "+"}


def clean(raw: str) -> str:
    """`raw` normalised; the same object when there was nothing to do."""
    if _PLAIN.fullmatch(raw) is not None:
        return raw
    return _SPACE_IN_HAN.sub("", _with_single_spaces(raw))


def dotted(raw: str) -> str:
    """`raw` normalised, but with `·` for every space between two Chinese characters that `clean` would drop."""
    return clean(_GAP_IN_HAN.sub("·", _with_single_spaces(raw)))


def clean_notation(raw: str) -> str:
    """As `clean`, for numbers and dates: full-width signs too, and no space at all."""
    return clean(raw).translate(_NOTATION).replace(" ", "")


def is_han_text(text: str) -> bool:
    """Whether `text` has Chinese characters and no Latin letter."""
    return _HAN.search(text) is not None and _LATIN.search(text) is None


def visible(raw: str) -> str:
    """`raw` with what the eye cannot see written out as ⟨U+200B⟩; at most 200 characters."""
    shown = "".join(_visible_character(character) for character in raw[:200])
    return shown if len(raw) <= 200 else shown + "…"


def code_point(character: str) -> str:
    """`𠮷` → `U+20BB7`."""
    return f"U+{ord(character):04X}"


def named(characters: Iterable[str]) -> str:
    """The first `NAMED` different `characters` with their code points: `× (U+00D7)`; of a sequence its first counts."""
    different = list(dict.fromkeys(characters))[:NAMED]
    return "、".join(f"{visible(character)} ({code_point(character[0])})" for character in different)


def _with_single_spaces(raw: str) -> str:
    text = unicodedata.normalize("NFC", raw.translate(_FOLDING))
    return _without_text_marker(_SPACES.sub(" ", text).strip(" "))


def _without_text_marker(text: str) -> str:
    marked = _TEXT_FORMULA.fullmatch(text)
    if marked is not None:
        return marked.group(1).strip(" ")
    return text[1:].lstrip(" ") if text.startswith("'") else text


def _visible_character(character: str) -> str:
    if character == " " or character.isprintable():
        return character
    return f"⟨{code_point(character)}⟩"
