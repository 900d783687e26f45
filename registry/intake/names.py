"""Reading names and other free text that will stand on a certificate.

A name is 2 to 40 characters of letters; the middle dot of minority names is U+00B7 and nothing that looks like it.
Employer, programme and institution are 2 to 60 characters without control, direction or private-use characters.
Whatever the certificate's font cannot draw is refused here, so that no empty box is ever printed; and so are ditto marks
and placeholders, which are nobody's name and no employer.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence

from registry.intake.text import clean, code_point, dotted, is_han_text, named, visible
from registry.intake.values import Cell, CellFault, Changes, Reader, require_text

MissingGlyphs = Callable[[str], Sequence[str]]

NAME_LENGTH = (2, 40)
TEXT_LENGTH = (2, 60)
CACHED_TEXTS = 4_096
"""Employers and trainings repeat from row to row; a file of nothing but different ones must not fill memory."""
CACHED_LENGTH = 200
"""A text of 60 characters may come with a whole page of blanks around it; such a cell is not worth remembering."""

COMMON_NAME = re.compile(r"[\u3400-\u4dbf\u4e00-\u67cf\u67d1-\u9fff]{2,40}")
"""A name that needs no second look but the font's, and whether it is one of ``NO_NAMES``; 某 (U+67D0) calls for one."""
_DITTO = ("同上", "同前", "同左", "上同", "如上", "同上行", "ditto")
_UNKNOWN = (
    "无",
    "暂无",
    "未知",
    "不详",
    "待定",
    "待补",
    "未填",
    "空",
    "n/a",
    "na",
    "none",
    "null",
    "nil",
    "test",
    "测试",
)
NO_NAMES = frozenset((*_DITTO, *_UNKNOWN, "姓名", "名字", "无名", "测试员", "测试人员"))
"""What stands in the place of a name and is none; case-folded."""
_NO_TEXTS = frozenset((*_DITTO, *_UNKNOWN, "某单位", "测试单位", "测试项目"))
"""The same of an employer, a programme or an institution. 退休, 待业, 个体 and 自由职业 say something, and are taken."""
_ANONYMOUS_LENGTH = 4
"""张某, 李某某 and the like have no more characters."""
_TRANSCRIBED_LENGTH = 5
"""From so many Chinese characters on, a space is likelier to stand for the dot of a minority's name than for width."""
_DOT_LIKE = re.compile("[•‧・･∙⋅．.●▪◦᛫⸱ꞏ˙]")
_LINE_BREAK = re.compile("[\n\r\v\f\x85\u2028\u2029]")
_LOST = re.compile("[?？\ufffd□■〓▯]")
_LATIN_SIGNS = frozenset(" -'’.")
_VARIATION_SELECTORS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")
_HAN_PLANES = re.compile("[\U00020000-\U0002fffd\U00030000-\U0003fffd]")
"""Set aside for Chinese characters: what Python's tables do not know yet is one all the same, and the font's to refuse."""
_NO_TEXT = frozenset(("Cc", "Cf", "Cs", "Cn", "Zl", "Zp"))


class GlyphCheck:
    """Remembers which characters the font is known to have, so that the font is asked once for each."""

    def __init__(self, missing_glyphs: MissingGlyphs) -> None:
        self._missing_glyphs = missing_glyphs
        self.known: set[str] = set()

    def require(self, text: str) -> None:
        """Raises CellFault glyph_missing, naming the characters."""
        if self.known.issuperset(text):
            return
        missing = list(dict.fromkeys(self._missing_glyphs(text)))
        if missing:
            raise CellFault("glyph_missing", characters=named(missing))
        self.known.update(text)


def name_reader(glyphs: GlyphCheck) -> Reader:
    """Reads a person's name."""

    def read(raw: Cell, changes: Changes) -> str:
        before = require_text(raw)
        if COMMON_NAME.fullmatch(before) is None or before in NO_NAMES:
            text = _checked_name(before)
            if text != before:
                changes.append((visible(before), text))
        else:
            text = before
        glyphs.require(text)
        return text

    return read


def text_reader(glyphs: GlyphCheck, cache: dict[str, str]) -> Reader:
    """Reads an employer, a programme or an institution; good ones are remembered in ``cache``, because they repeat."""

    def read(raw: Cell, changes: Changes) -> str:
        before = require_text(raw)
        text = cache.get(before)
        if text is None:
            text = _checked_text(before)
            glyphs.require(text)
            if len(cache) < CACHED_TEXTS and len(before) <= CACHED_LENGTH:
                cache[before] = text
        if text != before:
            changes.append((visible(before), text))
        return text

    return read


def _checked_name(before: str) -> str:
    text = clean(before)
    if text == "":
        raise CellFault("cell_empty")
    if _LINE_BREAK.search(before.strip()) is not None:
        raise CellFault("name_line_break")
    if _is_no_name(text):
        raise CellFault("text_placeholder")
    _refuse_private_use(text)
    if _LOST.search(text):
        raise CellFault("name_lost_character")
    han = is_han_text(text)
    if han:
        _refuse_dot_like(text)
    if any(unicodedata.category(character) == "Nd" for character in text):
        raise CellFault("name_digits")
    strange = [c for c in dict.fromkeys(text) if not _belongs_in_name(c, han=han)]
    if strange or text[0] == "·" or text[-1] == "·":
        raise CellFault("name_characters", characters=named(strange or ["·"]))
    if len(text) == 1:
        raise CellFault("name_single")
    if len(text) >= _TRANSCRIBED_LENGTH and (right := dotted(before)) != text:
        raise CellFault("name_space", right=right)
    if bounds := _out_of_bounds(text, NAME_LENGTH):
        raise CellFault("name_length", **bounds)
    return text


def _is_no_name(text: str) -> bool:
    anonymous = "某某" in text or (text.endswith("某") and len(text) <= _ANONYMOUS_LENGTH)
    return anonymous or text.casefold() in NO_NAMES


def _is_no_text(text: str) -> bool:
    return "某某" in text or text.casefold() in _NO_TEXTS or not any(map(str.isalpha, text))


def _belongs_in_name(character: str, *, han: bool) -> bool:
    if character in ("·", "〇") or _HAN_PLANES.match(character):
        return True
    if _VARIATION_SELECTORS.match(character):
        return False
    category = unicodedata.category(character)
    return category[0] == "L" or (not han and (character in _LATIN_SIGNS or category in ("Mn", "Mc")))


def _refuse_dot_like(text: str) -> None:
    match = _DOT_LIKE.search(text)
    if match is not None:
        right = _DOT_LIKE.sub("·", text)
        raise CellFault("name_dot", found=f"{match.group()} ({code_point(match.group())})", right=right)


def _checked_text(before: str) -> str:
    text = clean(before)
    if text == "":
        raise CellFault("cell_empty")
    _refuse_private_use(text)
    strange = [c for c in dict.fromkeys(text) if _is_no_letter(c)]
    if strange:
        raise CellFault("text_characters", characters=named(strange))
    if _is_no_text(text):
        raise CellFault("text_placeholder")
    if bounds := _out_of_bounds(text, TEXT_LENGTH):
        raise CellFault("text_length", **bounds)
    return text


def _is_no_letter(character: str) -> bool:
    if character == "\ufffd":
        return True
    return unicodedata.category(character) in _NO_TEXT and not _HAN_PLANES.match(character)


def _refuse_private_use(text: str) -> None:
    private = [c for c in dict.fromkeys(text) if unicodedata.category(c) == "Co"]
    if private:
        raise CellFault("private_use", characters=", ".join(map(code_point, private)))


def _out_of_bounds(text: str, bounds: tuple[int, int]) -> dict[str, str]:
    """What a sentence says of a text that is too short or too long; else nothing."""
    least, most = bounds
    if least <= len(text) <= most:
        return {}
    return {"length": str(len(text)), "least": str(least), "most": str(most)}
