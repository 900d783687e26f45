"""Judging the rows of one sheet: a row becomes an application, or all its faults, or is passed over.

Passed over are blank rows (silently), and, with a note, totals, signatures and repeated headings; but only where
the identity cell is empty or the row begins like a footing (填表人：…) and has no number there, so that no person is
taken for a footer. A row with any fault yields every finding of
the row and no application. A second row for the same certificate is refused, naming the first, even if the first
was itself refused: which of the two is right is for the office to say.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from registry.intake.columns import STATED_TOTAL, Header, Heading, field_of, fields_of
from registry.intake.findings import Finding, Severity
from registry.intake.names import GlyphCheck, MissingGlyphs, name_reader, text_reader
from registry.intake.rows import AnnualApplication, Application, CompletionApplication
from registry.intake.sources import Sheet
from registry.intake.survey import Position, column_letter, merged_followers
from registry.intake.text import clean
from registry.intake.usual import Usual, UsualIdentities, UsualRows
from registry.intake.values import (
    Cell,
    CellFault,
    Changes,
    Reader,
    date_reader,
    identity_reader,
    read_category,
    read_grade,
    read_hours,
    shown,
    year_reader,
)

Values = list[str | int | None]
Seen = dict[object, tuple[str, int, str | int | None]]
"""Key of a certificate (person; for a training also programme and day) → sheet, row and name where it first stood."""

LEAST_AGE, MOST_AGE = 16, 80
"""Years at the end of the certificate's year, outside of which a wrong digit is likelier than a person at work."""

_IDENTITY_LENGTH = 18
_NOTES = frozenset(
    ("normalised", "age_implausible", "total_unread", "total_uncalculated", "completed_year_before")
)
_HOURS: Mapping[str, slice] = {"annual": slice(5, 7), "completion": slice(7, 8)}
"""Where class hours stand among the values of a row."""
_COMPLETED = 8
"""Where the day of completion stands among the values of a training."""
_TOTAL = re.compile(r"(?:[合小总共累]\s*计|总人数|总数)|共\s*[0-9]+\s*[人名条行]")
_FOOTER = re.compile(
    r"(?:(?:制表|填表|填报|审核|复核|审批|经办|联系|负责)人?|(?:单位|部门)?(?:主要)?(?:负责人|领导|盖章|公章)|单位(?=[(（])"
    r"|(?:联系)?(?:电话|方式)|(?:填表|填报|制表|审核)?(?:日期|时间)|备注|说?注|说明|填[表报写]说明|注意事项)"
    r"(?:签[字名章])?\s*(?:[:：(（]|$)"
)


@dataclass(frozen=True, slots=True)
class _Column:
    """A column to read. `index` is within the rows given, None for the year when no column has it."""

    field: str
    index: int | None
    letter: str
    heading: str
    read: Reader


class Readers:
    """The readers of one file, shared by its sheets so that their memories are too."""

    def __init__(self, *, year: int, today: dt.date, missing_glyphs: MissingGlyphs) -> None:
        glyphs = GlyphCheck(missing_glyphs)
        texts: dict[str, str] = {}
        text = text_reader(glyphs, texts)
        births = range(year - MOST_AGE, year - LEAST_AGE + 1)
        self.year = year
        self.usual = Usual(glyphs.known, texts, UsualIdentities(today, births))
        self.by_field: Mapping[str, Reader] = MappingProxyType(
            {
                "name": name_reader(glyphs),
                "identity": identity_reader(today),
                "employer": text,
                "grade": read_grade,
                "year": year_reader(year),
                "professional_hours": read_hours,
                "public_hours": read_hours,
                STATED_TOTAL: read_hours,
                "programme": text,
                "institution": text,
                "category": read_category,
                "class_hours": read_hours,
                "completed_on": date_reader(today, year),
            }
        )


class RowJudge:
    """Judges the rows of one sheet. `seen` is shared by the sheets of a file, for duplicates across them."""

    def __init__(
        self,
        sheet: Sheet,
        header: Header,
        kind: str,
        readers: Readers,
        seen: Seen,
        *,
        include_hidden: bool = False,
    ) -> None:
        self._include_hidden = include_hidden
        self._hidden: frozenset[int] = frozenset(() if include_hidden else sheet.survey.hidden_rows)
        self._sheet = sheet
        self._kind = kind
        self._readers = readers
        self._seen = seen
        self._columns = [self._column(header, field) for field in fields_of(kind)]
        self._totals = [
            self._read_as(heading, STATED_TOTAL) for heading in header.columns.get(STATED_TOTAL, ())
        ]
        self._name, self._identity = self._columns[0], self._columns[1]
        self._hours = _HOURS[kind]
        self._no_hours: Values = [0] * (self._hours.stop - self._hours.start)
        self._used = [column.index for column in self._columns if column.index is not None]
        self._heading_width = header.width if sheet.separated else None
        self._merged = merged_followers(sheet.survey, header.bottom + 2)
        self._usual = self._usual_rows()

    def judge(self, row: int, cells: Sequence[Cell]) -> Application | list[Finding | Application]:
        """An application, or a list (perhaps empty) of findings, notes being followed by their application.

        Whoever stands in a hidden row or sheet is held back, unless hidden ones are to be included.
        """
        if self._usual is not None and (usual := self._usual.read(row, cells)) is not None:
            return usual
        outcome = self._judge(row, cells)
        if not self._is_hidden(row):
            return outcome
        findings: list[Finding | Application] = outcome if isinstance(outcome, list) else [outcome]
        if not any(not isinstance(item, Finding) or item.severity is Severity.FAULT for item in findings):
            return findings
        held = Finding(
            "hidden_sheet_row" if self._sheet.hidden else "hidden_row", Severity.FAULT, self._sheet.name, row
        )
        return [held, *(item for item in findings if isinstance(item, Finding))]

    def _usual_rows(self) -> UsualRows | None:
        """What reads most rows at once; for annual hours, which most certificates are about."""
        if self._kind != "annual" or (self._sheet.hidden and not self._include_hidden):
            return None
        places = [column.index for column in self._columns if column.field != "year"]
        return UsualRows(
            self._sheet.name,
            self._readers.year,
            tuple(place for place in places if place is not None),
            next(column.index for column in self._columns if column.field == "year"),
            tuple(column.index for column in self._totals if column.index is not None),
            self._heading_width,
            self._hidden,
            self._readers.usual,
            self._seen,
        )

    def _is_hidden(self, row: int) -> bool:
        return row in self._hidden or (self._sheet.hidden and not self._include_hidden)

    def _judge(self, row: int, cells: Sequence[Cell]) -> Application | list[Finding | Application]:
        if self._is_blank(cells, self._identity) or self._is_footing(cells):
            passed = self._pass_over(row, cells)
            if passed is not None:
                return passed
        if self._heading_width is not None and any(cells[self._heading_width :]):
            return [Finding("row_too_wide", Severity.FAULT, self._sheet.name, row)]
        findings: list[Finding | Application] = []
        values = self._read(row, cells, findings)
        refused = None in values
        if refused and self._is_repeated_heading(cells):
            return [self._row_note("repeated_header", row)]
        if values[self._hours] == self._no_hours:
            findings.append(self._finding("hours_none", row, self._columns[self._hours.start], "0", {}))
            refused = True
        elif (
            self._totals
            and None not in values[self._hours]
            and self._differs_from_total(row, cells, values, findings)
        ):
            refused = True
        if self._kind == "completion" and self._was_too_young(row, values, findings):
            refused = True
        identity = values[1]
        if identity is not None:
            self._remark_on_age(row, str(identity), findings)
        duplicate = self._duplicate(row, values)
        if duplicate is not None:
            findings.append(duplicate)
        elif not refused:
            application = self._application(row, values)
            if not findings:
                return application
            findings.append(application)
        return findings

    def _read(self, row: int, cells: Sequence[Cell], findings: list[Finding | Application]) -> Values:
        """The values of a row in the order of its type, None where a cell is refused; remarks go to `findings`."""
        values: Values = []
        changes: Changes = []
        for column in self._columns:
            raw = self._readers.year if column.index is None else cells[column.index]
            try:
                values.append(column.read(raw, changes))
            except CellFault as fault:
                values.append(None)
                findings.append(self._fault(row, column, raw, fault))
            if changes:
                findings.extend(self._note(row, column, before, after) for before, after in changes)
                changes.clear()
        return values

    def _differs_from_total(
        self, row: int, cells: Sequence[Cell], values: Values, findings: list[Finding | Application]
    ) -> bool:
        """Whether a stated total is not the sum of the hours; one that cannot be read is remarked upon."""
        total = sum(hours for hours in values[self._hours] if isinstance(hours, int))
        differs = False
        for column in self._totals:
            raw = cells[column.index or 0]
            try:
                stated = column.read(raw, [])
            except CellFault as fault:
                finding = self._fault(row, column, raw, fault)
                if finding.code == "formula_uncalculated":
                    findings.append(self._finding("total_uncalculated", row, column, "", {}))
                elif finding.code not in ("cell_empty", "cell_merged"):
                    findings.append(self._finding("total_unread", row, column, finding.value, {}))
                continue
            if stated != total:
                params = {"stated": str(stated), "sum": str(total)}
                findings.append(self._finding("total_differs", row, column, str(stated), params))
                differs = True
        return differs

    def _was_too_young(self, row: int, values: Values, findings: list[Finding | Application]) -> bool:
        """Whether a training was completed before its person was ``LEAST_AGE``; one of the year before is remarked upon."""
        identity, day, column = values[1], values[_COMPLETED], self._columns[_COMPLETED]
        if day is None:
            return False
        date = str(day)
        if date[:4] != str(self._readers.year):
            params = {"date": date, "year": str(self._readers.year)}
            findings.append(self._finding("completed_year_before", row, column, date, params))
        if identity is None:
            return False
        born = str(identity)[6:14]
        if date.replace("-", "") >= f"{int(born[:4]) + LEAST_AGE}{born[4:]}":
            return False
        params = {"date": date, "age": str(LEAST_AGE)}
        findings.append(self._finding("completed_too_young", row, column, date, params))
        return True

    def _remark_on_age(self, row: int, identity: str, findings: list[Finding | Application]) -> None:
        age = self._readers.year - int(identity[6:10])
        if not LEAST_AGE <= age <= MOST_AGE:
            params = {"age": str(age), "year": str(self._readers.year)}
            findings.append(self._finding("age_implausible", row, self._identity, identity, params))

    def _column(self, header: Header, field: str) -> _Column:
        headings = header.columns.get(field)
        if headings is None:
            return _Column(field, None, "", "", self._readers.by_field[field])
        return self._read_as(headings[0], field)

    def _read_as(self, heading: Heading, field: str) -> _Column:
        letter = column_letter(self._sheet.first_column + heading.index)
        return _Column(field, heading.index, letter, heading.text, self._readers.by_field[field])

    def _application(self, row: int, values: Values) -> Application:
        made = AnnualApplication if self._kind == "annual" else CompletionApplication
        return made(self._sheet.name, row, *values)  # type: ignore[arg-type]

    def _duplicate(self, row: int, values: Values) -> Finding | None:
        key: object = values[1] if self._kind == "annual" else (values[1], values[4], values[8])
        if key is None or (isinstance(key, tuple) and None in key):
            return None
        name = values[0]
        sheet, first_row, first_name = self._seen.setdefault(key, (self._sheet.name, row, name))
        if (sheet, first_row) == (self._sheet.name, row):
            return None
        params = {"first_sheet": sheet, "first_row": str(first_row)}
        if name is None or first_name is None or name == first_name:
            return self._finding("duplicate_in_file", row, self._identity, str(values[1]), params)
        params |= {"name": str(name), "first_name": str(first_name)}
        return self._finding("duplicate_other_name", row, self._identity, str(values[1]), params)

    def _is_blank(self, cells: Sequence[Cell], column: _Column) -> bool:
        raw = cells[column.index] if column.index is not None else ""
        return raw == "" or (isinstance(raw, str) and not raw.isalnum() and clean(raw) == "")

    def _is_footing(self, cells: Sequence[Cell]) -> bool:
        """Whether the identity cell holds words of a footing (审核人：…), or such words stand before a text without digit."""
        raw = cells[self._identity.index] if self._identity.index is not None else ""
        if not isinstance(raw, str) or len(raw) == _IDENTITY_LENGTH:
            return False
        text = clean(raw)
        first = next((cell for cell in cells if cell != ""), "")
        return (
            isinstance(first, str)
            and _FOOTER.match(clean(first)) is not None
            and (_FOOTER.match(text) is not None or not any(map(str.isdigit, text)))
        )

    def _pass_over(self, row: int, cells: Sequence[Cell]) -> list[Finding | Application] | None:
        """What to say of a row without an identity number, or None if it must be judged as a person's."""
        texts = [clean(cell) if isinstance(cell, str) else shown(cell) for cell in cells]
        filled = [text for text in texts if text]
        name = texts[self._name.index or 0]
        for text in (filled[0] if filled else "", name):
            if _TOTAL.match(text):
                return [self._row_note("total_row", row, text)]
            if _FOOTER.match(text):
                return [self._row_note("footer_row", row, text)]
        if self._has_hints(row):
            return None
        if not any(texts[index] for index in self._used):
            return []
        if not name and row in self._sheet.survey.formula_rows:
            return [self._row_note("total_row", row, filled[0] if filled else "")]
        return None

    def _has_hints(self, row: int) -> bool:
        """Whether cells that the reader shows as empty hold an Excel error, or a person's formula not calculated."""
        survey, first = self._sheet.survey, self._sheet.first_column
        if any((row, first + index) in survey.errors for index in self._used):
            return True
        person = (column.index for column in (self._name, self._identity) if column.index is not None)
        return any((row, first + index) in survey.uncalculated for index in person)

    def _is_repeated_heading(self, cells: Sequence[Cell]) -> bool:
        columns = (column for column in (self._name, self._identity) if column.index is not None)
        return all(field_of(cells[column.index or 0], self._kind) == column.field for column in columns)

    def _fault(self, row: int, column: _Column, raw: Cell, fault: CellFault) -> Finding:
        code, value = fault.code, shown(raw)
        params: Mapping[str, str] = fault.params
        if code == "cell_empty" and column.index is not None:
            position = (row, self._sheet.first_column + column.index)
            code, params, value = self._why_empty(position, params)
        return self._finding(code, row, column, value, params)

    def _why_empty(self, position: Position, params: Mapping[str, str]) -> tuple[str, Mapping[str, str], str]:
        """An empty cell may hide an Excel error, a formula never calculated, or a merged range."""
        survey = self._sheet.survey
        if position in survey.errors:
            error = survey.errors[position]
            return "formula_error", {"error": error}, error
        if position in survey.uncalculated:
            return "formula_uncalculated", params, ""
        return ("cell_merged" if position in self._merged else "cell_empty"), params, ""

    def _note(self, row: int, column: _Column, before: str, after: str) -> Finding:
        return self._finding("normalised", row, column, before, {"before": before, "after": after})

    def _row_note(self, code: str, row: int, value: str = "") -> Finding:
        return Finding(code, Severity.NOTE, self._sheet.name, row, value=value[:60])

    def _finding(
        self, code: str, row: int, column: _Column, value: str, params: Mapping[str, str]
    ) -> Finding:
        severity = Severity.NOTE if code in _NOTES else Severity.FAULT
        letter = column.letter or None
        return Finding(code, severity, self._sheet.name, row, letter, column.heading or None, value, params)


def judge_rows(
    judge: RowJudge, rows: Iterable[tuple[int, Sequence[Cell]]]
) -> Iterable[Application | Finding]:
    """All rows in order; nothing is kept but what `seen` needs."""
    for number, cells in rows:
        outcome = judge.judge(number, cells)
        if isinstance(outcome, list):
            yield from outcome
        else:
            yield outcome
