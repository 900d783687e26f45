"""Intake: an office's spreadsheet in, applications and findings out (issue: offices' real files).

`open_intake` finds everything that is wrong with the file as a file and raises it as one `IntakeError`; after that
`items()` cannot fail. It streams in file order and may be called again, each time from the first row. Nothing is
issued, stored or logged here, and whether hours meet a rule set is not intake's to judge.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice
from pathlib import Path, PurePath

from registry.intake.blank import RULES_HEADINGS, RULES_SHEET
from registry.intake.columns import (
    KINDS,
    ORIGIN,
    SUMMARY_LABEL,
    SUMMARY_SHEET,
    Header,
    fields_of,
    find_header,
    primary_heading,
)
from registry.intake.findings import Finding, IntakeError, Severity, refuse_file
from registry.intake.judge import Readers, RowJudge, Seen, judge_rows
from registry.intake.limits import DEFAULT_LIMITS, IntakeLimits
from registry.intake.names import MissingGlyphs
from registry.intake.rows import Application
from registry.intake.sources import Rows, Sheet, open_sheets, read_bounded, require_bounded
from registry.intake.survey import Survey, column_letter
from registry.intake.values import Cell, shown

_NAMED = 10
"""Rows or columns named in a notice about a sheet."""


@dataclass(frozen=True, slots=True)
class _Table:
    """A sheet with its headings: `last_heading` is the 1-based row of the lower one."""

    sheet: Sheet
    header: Header
    last_heading: int

    def rows(self) -> Rows:
        """The rows below the headings."""
        return (pair for pair in self.sheet.rows() if pair[0] > self.last_heading)


@dataclass(frozen=True, slots=True)
class Intake:
    """An opened file. `total_rows` counts rows below the headings, blank ones too, for progress."""

    name: str
    sha256: str
    kind: str
    year: int
    total_rows: int | None
    _today: date
    _missing_glyphs: MissingGlyphs
    _include_hidden: bool
    _tables: tuple[_Table, ...]
    _notes: tuple[Finding, ...]

    def items(self) -> Iterator[Application | Finding]:
        """Notes on sheets, then rows in file order: an application after its notes, or a refused row's findings."""
        yield from self._notes
        readers = Readers(year=self.year, today=self._today, missing_glyphs=self._missing_glyphs)
        seen: Seen = {}
        for table in self._tables:
            yield from _sheet_notes(table, include_hidden=self._include_hidden)
            judge = RowJudge(
                table.sheet, table.header, self.kind, readers, seen, include_hidden=self._include_hidden
            )
            yield from judge_rows(judge, table.rows())

    def fault(self, code: str, sheet: str, row: int, field: str, value: str, **params: str) -> Finding:
        """What is found to be wrong with a row that was fit by itself: at the cell where ``field`` has this ``value``."""
        table = next(one for one in self._tables if one.sheet.name == sheet)
        heading = table.header.columns[field][0]
        letter = column_letter(table.sheet.first_column + heading.index)
        return Finding(code, Severity.FAULT, sheet, row, letter, heading.text, value, params)

    def written(self) -> Iterator[tuple[str, int, dict[str, str]]]:
        """Every row below the headings as its clerk wrote it: sheet, row, and field → text, empty cells left out."""
        for table in self._tables:
            places = {name: headings[0].index for name, headings in table.header.columns.items()}
            for row, cells in table.rows():
                texts = {name: cells[index] for name, index in places.items() if cells[index] != ""}
                yield table.sheet.name, row, {name: _as_written(raw) for name, raw in texts.items()}


def open_intake(
    path: Path,
    *,
    kind: str,
    year: int,
    today: date,
    limits: IntakeLimits = DEFAULT_LIMITS,
    missing_glyphs: MissingGlyphs,
    include_hidden: bool = False,
) -> Intake:
    """Open an XLSX or CSV file of `kind` (annual, completion) for `year`.

    Rows and sheets that are hidden are refused, unless `include_hidden`. `missing_glyphs(text)` gives the characters of `text` that the certificate's font cannot draw.
    Raises IntakeError for any bytes that cannot be read as such a file, OSError if there is no file.
    """
    return intake_of(
        read_bounded(path, limits),
        name=path.name,
        kind=kind,
        year=year,
        today=today,
        limits=limits,
        missing_glyphs=missing_glyphs,
        include_hidden=include_hidden,
    )


def intake_of(
    data: bytes,
    *,
    name: str,
    kind: str,
    year: int,
    today: date,
    limits: IntakeLimits = DEFAULT_LIMITS,
    missing_glyphs: MissingGlyphs,
    include_hidden: bool = False,
) -> Intake:
    """As `open_intake`, of a file's bytes; `name` is what its clerk calls it, and is never a path here."""
    if kind not in KINDS:
        raise ValueError(f"unknown kind of certificate: {kind}")
    sheets = open_sheets(require_bounded(data, limits), PurePath(name).stem, limits)
    tables, notes = _tables(sheets, kind, limits)
    return Intake(
        name=name,
        sha256=hashlib.sha256(data).hexdigest(),
        kind=kind,
        year=year,
        total_rows=sum(table.sheet.last_row - table.last_heading for table in tables),
        _today=today,
        _missing_glyphs=missing_glyphs,
        _include_hidden=include_hidden,
        _tables=tuple(tables),
        _notes=tuple(notes),
    )


def _as_written(raw: Cell) -> str:
    """A cell as text: text as it is, numbers and dates as Excel shows them."""
    return raw if isinstance(raw, str) else shown(raw)


def find_table_header(sheet: Sheet, kind: str, limits: IntakeLimits) -> tuple[Header, int] | None:
    """The headings of a sheet and the 1-based row of the lower one, or None."""
    head = list(islice(sheet.rows(), limits.header_rows))
    header = find_header([cells for _, cells in head], kind)
    return None if header is None else (header, head[header.bottom][0])


def _tables(sheets: list[Sheet], kind: str, limits: IntakeLimits) -> tuple[list[_Table], list[Finding]]:
    tables: list[_Table] = []
    notes: list[Finding] = []
    faults: list[Finding] = []
    for sheet in sheets:
        found = find_table_header(sheet, kind, limits)
        if found is None:
            if not (_is_our_rules(sheet) or is_our_summary(sheet)):
                notes.append(Finding("sheet_ignored", Severity.NOTE, sheet.name))
            continue
        faults += _column_faults(sheet, *found, kind, limits)
        tables.append(_Table(sheet, *found))
    if faults:
        raise IntakeError(*faults)
    if not tables:
        if all(sheet.last_row == 0 for sheet in sheets):
            raise refuse_file("file_empty")
        named = _some([f"「{sheet.name}」" for sheet in sheets])
        columns = "、".join(map(primary_heading, fields_of(kind)))
        raise refuse_file("header_not_found", rows=str(limits.header_rows), sheets=named, columns=columns)
    return tables, notes


def _is_our_rules(sheet: Sheet) -> bool:
    """Whether it is the sheet of rules of our own form (``certreg template``): nobody stands in it, and nothing is to be said."""
    _, cells = next(iter(sheet.rows()), (0, ()))
    return sheet.name == RULES_SHEET and tuple(cells) == RULES_HEADINGS


def is_our_summary(sheet: Sheet) -> bool:
    """Whether it is the summary that we added when the file went back to its clerk (``annotate``)."""
    _, cells = next(iter(sheet.rows()), (0, ()))
    first = cells[0] if cells else ""
    return sheet.name.startswith(SUMMARY_SHEET) and isinstance(first, str) and first.startswith(SUMMARY_LABEL)


def _column_faults(
    sheet: Sheet, header: Header, heading_row: int, kind: str, limits: IntakeLimits
) -> list[Finding]:
    """What is wrong with a sheet's headings: columns that are missing, and those of which there are two."""
    missing = header.missing(kind)
    faults = [_missing_columns(sheet, header, heading_row, kind, limits)] if missing else []
    for headings in header.duplicated.values():
        letters = (column_letter(sheet.first_column + heading.index) for heading in headings)
        named = (f"{letter}「{h.text}」" for letter, h in zip(letters, headings, strict=True))
        faults.append(_of_sheet("duplicate_column", sheet, columns="、".join(named)))
    return faults


def _missing_columns(
    sheet: Sheet, header: Header, heading_row: int, kind: str, limits: IntakeLimits
) -> Finding:
    other = "completion" if kind == "annual" else "annual"
    found = find_table_header(sheet, other, limits)
    if found is not None and not found[0].missing(other):
        return _of_sheet("wrong_kind", sheet, expected=kind, found=other)
    columns = "、".join(map(primary_heading, header.missing(kind)))
    return _of_sheet(
        "missing_columns",
        sheet,
        columns=columns,
        headings_row=str(heading_row),
        unread=_some(header.unused) or "—",
    )


def _some(words: Sequence[object]) -> str:
    """The first ``_NAMED``, and whether there are more."""
    return "、".join(map(str, words[:_NAMED])) + ("…" if len(words) > _NAMED else "")


def _of_sheet(code: str, sheet: Sheet, **params: str) -> Finding:
    return Finding(code, Severity.FILE, sheet.name, params=params)


def _sheet_notes(table: _Table, *, include_hidden: bool) -> Iterator[Finding]:
    if table.header.unused:
        params = {"columns": _some(table.header.unused)}
        yield Finding("columns_unused", Severity.NOTE, table.sheet.name, params=params)
    if table.sheet.hidden:
        yield Finding(
            "hidden_sheet_included" if include_hidden else "hidden_sheet", Severity.NOTE, table.sheet.name
        )
    concealed = _hidden_columns(table)
    if concealed:
        params = {"columns": _some(concealed)}
        yield Finding("hidden_columns", Severity.NOTE, table.sheet.name, params=params)
    hidden = _hidden_rows(table.sheet.survey, table)
    if hidden:
        params = {"count": str(len(hidden)), "rows": _some(hidden)}
        yield Finding(
            "hidden_rows_included" if include_hidden else "hidden_rows",
            Severity.NOTE,
            table.sheet.name,
            params=params,
        )


def _hidden_columns(table: _Table) -> list[str]:
    """The columns that are read and that nobody sees, by letter and heading, from the left."""
    used = sorted(
        (table.sheet.first_column + heading.index, heading.text)
        for name, headings in table.header.columns.items()
        if name != ORIGIN
        for heading in headings
    )
    hidden = table.sheet.survey.hidden_columns
    return [
        f"{column_letter(column)}「{text}」" for column, text in used if any(column in one for one in hidden)
    ]


def _hidden_rows(survey: Survey, table: _Table) -> list[int]:
    return [row for row in survey.hidden_rows if table.last_heading < row <= table.sheet.last_row]
