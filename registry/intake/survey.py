"""Surveying a sheet's XML: how far it reaches, and what the spreadsheet reader would not tell of it.

One pass with expat over each part, which also proves it well-formed and free of a DTD. The reader allocates rows ×
columns of the used range, so the range is bounded here first; it shows Excel errors, uncalculated formulas and the
empty cells of merged ranges alike as empty text, so those places are noted for the remarks; and it is silent about
hidden rows and columns. Cells without a reference are counted as the reader counts them.

Most rows hold nothing but values. Runs of such rows are recognised by one pattern, which is all that expat would find.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from math import inf
from typing import Final
from xml.parsers import expat

from registry.intake.findings import refuse_file
from registry.intake.limits import IntakeLimits

Position = tuple[int, int]
"""(row, column), both 1-based."""

_REFERENCE = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})", re.ASCII)
_TEXT = rb'[^<"&\x00-\x1f\x7f]*'
_CELL = rb'<c r="[A-Z]{1,3}\1"(?: s="[0-9]{1,9}")?'
_EMPTY = _CELL + rb"/>"
_VALUE = (
    _CELL + rb'(?: t="(?:s|n|str|b|inlineStr)")?>(?:<v>' + _TEXT + rb"</v>"
    rb'|<is><t(?: xml:space="preserve")?>' + _TEXT + rb"</t></is>)</c>"
)
_PLAIN_ROWS = re.compile(
    rb'(?:<row r="([1-9][0-9]{0,6})"(?: spans="[0-9: ]+")?(?: s="[0-9]+")?(?: customFormat="[a-z01]+")?(?: ht="[0-9.]+")?'
    rb'(?: hidden="(?:false|0)")?(?: customHeight="[a-z01]+")?(?: outlineLevel="0")?(?: collapsed="(?:false|0)")?'
    rb'(?: x14ac:dyDescent="[0-9.]+")?>'
    rb"(?:" + _EMPTY + rb")*" + _VALUE + rb"(?:" + _VALUE + rb"|" + _EMPTY + rb")*</row>[ \r\n\t]*)+"
)
"""Rows with a value and without anything that a survey remarks upon, as spreadsheet programs write them: well-formed XML."""
_NO_CHARACTERS = (b"\xef\xbf\xbe", b"\xef\xbf\xbf")
"""U+FFFE and U+FFFF, which XML forbids."""
_COLUMN_NUMBER = re.compile(r"[1-9][0-9]{0,4}", re.ASCII)
_ROW_NUMBER = re.compile(rb'<row r="([0-9]+)"')
_VALUE_COLUMN = re.compile(rb'<c r="([A-Z]+)[0-9]+"[^>/]*>')
_SHARED = b' t="s">'
_ROW = b"<row "
_HELD = 1 << 18
"""Bytes of an unfinished row that are held back; a longer one is parsed as it comes."""
_REMEMBERED: Final = 200_000
"""Hidden rows and columns, errors, merged ranges and links are remembered up to so many, for remarks only."""
_LINKED_WEIGHS: Final = 10
"""Of openpyxl's memory (1.6 kB): each cell of the range has its own link."""


@dataclass(slots=True)
class Survey:
    """What one sheet's XML says that the reader would not tell."""

    last_row: int = 0
    last_column: int = 0
    shared_cells: int = 0
    hidden_rows: list[int] = field(default_factory=list)
    hidden_columns: list[range] = field(default_factory=list)
    formula_rows: set[int] = field(default_factory=set)
    errors: dict[Position, str] = field(default_factory=dict)
    uncalculated: set[Position] = field(default_factory=set)
    merged: list[str] = field(default_factory=list)
    linked: list[str] = field(default_factory=list)
    """Ranges that are one link; a link of a single cell is not among them."""


def column_letter(index: int) -> str:
    """1 → A, 27 → AA."""
    letters = ""
    while index > 0:
        index, rest = divmod(index - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def column_number(letters: str) -> int:
    """A → 1, AA → 27."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


def merged_followers(survey: Survey, first_row: int) -> set[Position]:
    """Cells of merged ranges from `first_row` on that show another cell's value and hold none of their own."""
    followers: set[Position] = set()
    for reference in survey.merged:
        start, _, end = reference.partition(":")
        (top, left), (bottom, right) = _position(start), _position(end or start)
        if bottom < first_row or len(followers) + (bottom - top + 1) * (right - left + 1) > _REMEMBERED:
            continue
        followers.update((r, c) for r in range(top, bottom + 1) for c in range(left, right + 1))
        followers.discard((top, left))
    return followers


def unfolded_cells(survey: Survey) -> float:
    """How many cells openpyxl makes of the merged ranges and of those that are a link, which weigh ten times as much; those
    twice that are in two. Without end where there are more ranges than are remembered, or one cannot be read."""
    if len(survey.merged) >= _REMEMBERED or len(survey.linked) >= _REMEMBERED:
        return inf
    return sum(map(_area, survey.merged)) + _LINKED_WEIGHS * sum(map(_area, survey.linked))


def _area(reference: str) -> float:
    start, _, end = reference.partition(":")
    if not (_REFERENCE.fullmatch(start) and _REFERENCE.fullmatch(end or start)):
        return inf  # readers differ over what it is; on a sheet without a list nobody has asked before
    (top, left), (bottom, right) = _position(start), _position(end or start)
    return max(bottom - top + 1, 0) * max(right - left + 1, 0)


class Surveyor:
    """An expat parser with just the handlers a survey needs.

    Two elements a cell pass through `_on_start`, so the path of an ordinary cell is written out in it.
    """

    def __init__(self, limits: IntakeLimits) -> None:
        self.survey = Survey()
        self._limits = limits
        self._row = 0
        self._row_text = "0"
        self._column = 0
        self._in_error = False
        self._in_formula = False
        self._numbers: dict[str, int] = {}
        self._held = b""
        self._plain = True
        self._handlers = {
            "c": self._on_cell,
            "v": self._on_value,
            "row": self._on_row,
            "col": self._on_columns,
            "is": self._on_value,
            "f": self._on_formula,
            "mergeCell": self._on_merge,
            "hyperlink": self._on_link,
        }
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler = self._on_start
        self._parser.StartDoctypeDeclHandler = self._on_doctype

    def feed(self, chunk: bytes) -> None:
        """The next bytes of the part; what may be the beginning of a plain row waits for its end."""
        data, place = self._held + chunk, 0
        if b"<!" in data:
            self._plain = False  # what looks like a row may be a comment
        while self._plain:
            run = _PLAIN_ROWS.match(data, place)
            if run is not None:
                self._on_plain_rows(data[place : run.end()])
                place = run.end()
                continue
            following = data.find(_ROW, place + 1)
            if following < 0:
                break
            self._parser.Parse(data[place:following], False)
            place = following
        end = self._held_from(data, place)
        self._parser.Parse(data[place:end], False)
        self._held = data[end:]

    def close(self) -> None:
        """The part has ended."""
        self._parser.Parse(self._held, True)
        self._settle()

    def _held_from(self, data: bytes, place: int) -> int:
        """Where what is held back begins: an unfinished row, else an unfinished tag."""
        if not self._plain:
            return len(data)
        end, tag = len(data), data.rfind(b"<", place)
        if data.startswith(_ROW, place) and data.find(b"</row>", place) < 0:
            start = place
        else:
            start = tag if tag > data.rfind(b">", place) else end
        return start if end - start <= _HELD else end

    def _on_plain_rows(self, rows: bytes) -> None:
        """Rows that ``_PLAIN_ROWS`` matched: counted as the handlers would."""
        row = max(map(int, _ROW_NUMBER.findall(rows)))
        column = max(map(self._column_number, set(_VALUE_COLUMN.findall(rows))))
        survey, limits = self.survey, self._limits
        if row > limits.rows or column > limits.columns or not _is_xml_text(rows):
            self._parser.Parse(
                rows, False
            )  # the handlers tell where the bound was passed, expat what is no character
            return
        self._settle()
        survey.last_row, survey.last_column = max(survey.last_row, row), max(survey.last_column, column)
        survey.shared_cells += rows.count(_SHARED)
        self._row = int(rows[rows.rindex(_ROW) + 8 :].partition(b'"')[0])
        # One element in their place: expat still says whether rows may stand here.
        self._parser.StartElementHandler = None
        self._parser.Parse(b"<row/>", False)
        self._parser.StartElementHandler = self._on_start

    @staticmethod
    def _column_number(letters: bytes) -> int:
        return column_number(letters.decode("ascii"))

    def _on_start(self, name: str, attributes: dict[str, str]) -> None:
        if (
            name == "v"
            and not (self._in_error or self._in_formula)
            and self._column <= self.survey.last_column
        ):
            if self._row > self.survey.last_row:
                self._reach()
            return
        handler = self._handlers.get(name)
        if handler is None and ":" in name:
            handler = self._handlers.get(name.rpartition(":")[2])
        if handler is not None:
            handler(attributes)

    def _on_doctype(self, *_: object) -> None:
        raise refuse_file("workbook_damaged", detail="Doctype")

    def _on_row(self, attributes: dict[str, str]) -> None:
        self._settle()
        self._column = 0
        explicit = attributes.get("r")
        self._row = self._row + 1 if explicit is None else _row_number(explicit)
        self._row_text = str(self._row)
        if attributes.get("hidden") in ("1", "true") and len(self.survey.hidden_rows) < _REMEMBERED:
            self.survey.hidden_rows.append(self._row)

    def _on_columns(self, attributes: dict[str, str]) -> None:
        bounds = attributes.get("min", ""), attributes.get("max", "")
        hidden = attributes.get("hidden") in ("1", "true") and len(self.survey.hidden_columns) < _REMEMBERED
        if hidden and all(_COLUMN_NUMBER.fullmatch(bound) for bound in bounds):
            self.survey.hidden_columns.append(range(int(bounds[0]), int(bounds[1]) + 1))

    def _on_cell(self, attributes: dict[str, str]) -> None:
        if self._in_error or self._in_formula:
            self._settle()
        explicit = attributes.get("r")
        if explicit is None:
            self._column += 1
        else:
            self._move_to(explicit)
        kind = attributes.get("t")
        if kind == "s":
            self.survey.shared_cells += 1
        elif kind == "e":
            self._in_error = True

    def _move_to(self, reference: str) -> None:
        letters = reference.removesuffix(self._row_text)
        number = self._numbers.get(letters)
        if number is None or len(letters) == len(reference):
            self._row, number = _position(reference)
            self._row_text = str(self._row)
            self._numbers[reference.removesuffix(self._row_text)] = number
        self._column = number

    def _on_value(self, _: dict[str, str]) -> None:
        self._reach()
        if self._in_formula:
            self._parser.CharacterDataHandler = self._on_formula_text
        if self._in_error and len(self.survey.errors) < _REMEMBERED:
            self.survey.errors[self._row, self._column] = ""
            self._parser.CharacterDataHandler = self._on_error_text

    def _on_formula(self, _: dict[str, str]) -> None:
        self._in_formula = True
        self._reach()
        self.survey.formula_rows.add(self._row)

    def _on_merge(self, attributes: dict[str, str]) -> None:
        if len(self.survey.merged) < _REMEMBERED:
            self.survey.merged.append(attributes.get("ref", ""))

    def _on_link(self, attributes: dict[str, str]) -> None:
        reference = attributes.get("ref", "")
        if ":" in reference and len(self.survey.linked) < _REMEMBERED:
            self.survey.linked.append(reference)

    def _on_formula_text(self, text: str) -> None:
        """A value that is not empty: the formula was calculated."""
        self._in_formula = False

    def _on_error_text(self, text: str) -> None:
        self._in_formula = False
        position = (self._row, self._column)
        self.survey.errors[position] = (self.survey.errors[position] + text.strip())[:16]

    def _settle(self) -> None:
        """At the next cell: a formula followed by no value, or an empty one, was never calculated."""
        if self._in_formula and len(self.survey.uncalculated) < _REMEMBERED:
            self.survey.uncalculated.add((self._row, self._column))
        self._in_formula = False
        self._in_error = False
        self._parser.CharacterDataHandler = None

    def _reach(self) -> None:
        survey = self.survey
        if self._row > survey.last_row:
            survey.last_row = self._row
            if self._row > self._limits.rows:
                raise refuse_file("too_many_rows", last=str(self._row), limit=str(self._limits.rows))
        if self._column > survey.last_column:
            survey.last_column = self._column
            if self._column > self._limits.columns:
                last = column_letter(self._column)
                raise refuse_file("too_many_columns", last=last, limit=str(self._limits.columns))


def _is_xml_text(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return not any(one in data for one in _NO_CHARACTERS)


def _position(reference: str) -> Position:
    match = _REFERENCE.fullmatch(reference)
    if match is None:
        raise refuse_file("workbook_damaged", detail="CellReference")
    return int(match.group(2)), column_number(match.group(1))


def _row_number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= len(text) <= 7):
        raise refuse_file("workbook_damaged", detail="RowNumber")
    return int(text)
