"""Giving a file back to its clerk: their own workbook, what became of each row, remarks, the faulty cells coloured.

An XLSX goes through openpyxl, which keeps formats, widths, merged cells, filters and pictures; charts, macros and
the cached results of formulas are not kept. A CSV, or a workbook openpyxl cannot take, comes back as a new XLSX in
which every cell is text. What we added when the file went back before (columns at the right, the summary) gives way to what
is added now. Nothing we write can become a formula, whatever a cell or a remark begins with. The file
shows identity numbers in full: it is the clerk's own and goes back to nobody else.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, BinaryIO

import openpyxl
import xlsxwriter
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.worksheet.worksheet import Worksheet

from registry.intake.columns import (
    NUMBER_HEADING,
    OUTCOME_HEADING,
    REMARKS_HEADING,
    SUMMARY_SHEET,
    own_columns,
)
from registry.intake.findings import Finding, Severity, explain
from registry.intake.limits import DEFAULT_LIMITS, IntakeLimits
from registry.intake.service import find_table_header, is_our_summary
from registry.intake.sources import Sheet, is_workbook, open_sheets, read_bounded
from registry.intake.survey import column_letter, column_number, unfolded_cells
from registry.intake.values import shown

Remarks = Mapping[tuple[str, int], Sequence[str]]
"""(sheet, 1-based row) → sentences."""
Outcomes = Mapping[tuple[str, int], tuple[str, str]]
"""(sheet, 1-based row) → what became of the row, and its certificate's number or nothing."""
FaultyCells = set[tuple[str, int, str]]
"""(sheet, 1-based row, column letter)."""

_UNWRITABLE = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff\ud800-\udfff]")
_CELL_CHARACTERS = 32_767
_SHEET_CHARACTERS = re.compile(r"[\[\]:*?/\\']")
_WIDTHS = {OUTCOME_HEADING: 14, NUMBER_HEADING: 24, REMARKS_HEADING: 60}


def collect_remarks(
    findings: Iterable[Finding], lang: str
) -> tuple[dict[tuple[str, int], list[str]], FaultyCells]:
    """(remarks, faulty cells) for `annotate` from the findings that have a row, in the words of `lang`."""
    remarks: dict[tuple[str, int], list[str]] = {}
    faults: FaultyCells = set()
    for finding in findings:
        if finding.row is None:
            continue
        remarks.setdefault((finding.sheet, finding.row), []).append(explain(finding, lang))
        if finding.severity is Severity.FAULT and finding.column is not None:
            faults.add((finding.sheet, finding.row, finding.column))
    return remarks, faults


@dataclass(frozen=True, slots=True)
class _Marks:
    """What is to be written, the 1-based heading row of each sheet, the 1-based column where what we added before begins, and
    the last row and column of each sheet that hold anything: openpyxl counts what has only a border too."""

    remarks: Remarks
    faults: FaultyCells
    summary: Sequence[tuple[str, str]]
    outcomes: Outcomes
    headings: Mapping[str, int]
    added: Mapping[str, int]
    ends: Mapping[str, tuple[int, int]]

    @property
    def columns(self) -> tuple[str, ...]:
        """The headings of what is added at the right."""
        return (OUTCOME_HEADING, NUMBER_HEADING, REMARKS_HEADING) if self.outcomes else (REMARKS_HEADING,)

    def texts(self, place: tuple[str, int]) -> tuple[str, ...]:
        """What is added to a row, a text for each of ``columns``."""
        remarks = "\n".join(self.remarks.get(place, ()))
        return (*self.outcomes.get(place, ("", "")), remarks) if self.outcomes else (remarks,)


def _in_own_dress(data: bytes, marks: _Marks, former: Sequence[str]) -> bytes | None:
    """The marked workbook without its sheets of these names; None where openpyxl could not take it and write it again.

    openpyxl raises anything from TypeError to its own errors on workbooks that Excel opens without a word. The
    package has been inspected, so whatever goes wrong in loading or saving is no attack but an unusual file.
    """
    out = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            workbook = openpyxl.load_workbook(io.BytesIO(data), rich_text=True)
        except Exception:
            return None
        for title in former:
            workbook.remove(workbook[title])
        _mark_workbook(workbook, marks)
        try:
            workbook.save(out)
        except OSError:
            raise
        except Exception:
            return None
    return out.getvalue()


def annotate(
    source: Path,
    target: Path,
    remarks: Remarks,
    faults: FaultyCells,
    summary: Sequence[tuple[str, str]] = (),
    *,
    outcomes: Outcomes = MappingProxyType({}),
    limits: IntakeLimits = DEFAULT_LIMITS,
) -> None:
    """Write `target`, an XLSX: `source` with a column of remarks, coloured cells, and a sheet of `summary` pairs.

    Where `outcomes` are given, what became of each row and its number stand in two columns before the remarks.
    Raises IntakeError if `source` is not a file that intake reads, OSError if a file cannot be read or written.
    """
    write_annotated(
        read_bounded(source, limits),
        source.stem,
        target,
        remarks,
        faults,
        summary,
        outcomes=outcomes,
        limits=limits,
    )


def write_annotated(
    data: bytes,
    name: str,
    target: Path | BinaryIO,
    remarks: Remarks,
    faults: FaultyCells,
    summary: Sequence[tuple[str, str]] = (),
    *,
    outcomes: Outcomes = MappingProxyType({}),
    limits: IntakeLimits = DEFAULT_LIMITS,
    plain: bool = False,
) -> None:
    """As `annotate`, of a file's bytes; `name` names the only sheet of a CSV. ``plain`` asks for the text copy, which
    takes a third of the time and little memory, of any workbook."""
    every = open_sheets(data, name, limits)
    sheets = [sheet for sheet in every if not is_our_summary(sheet)]
    headings = {sheet.name: _heading_row(sheet, limits) for sheet in sheets}
    added = {sheet.name: column for sheet in sheets if (column := _added(sheet, headings[sheet.name]))}
    ends = {sheet.name: (sheet.survey.last_row, sheet.survey.last_column) for sheet in sheets}
    marks = _Marks(remarks, faults, summary, dict(outcomes), headings, added, ends)
    if is_workbook(data):
        former = [sheet.name for sheet in every if is_our_summary(sheet)]
        # openpyxl makes a cell of each that a merged range or a link covers: one element may cover a whole sheet.
        plain = plain or sum(unfolded_cells(sheet.survey) for sheet in every) > limits.cells
        dressed = None if plain else _in_own_dress(data, marks, former)
        if dressed is None:
            _write_copy(sheets, target, marks)
        elif isinstance(target, Path):
            target.write_bytes(dressed)
        else:
            target.write(dressed)
        return
    # A CSV has one sheet, named after the file; a copy under another name must find its remarks all the same.
    name = sheets[0].name
    by_row = {(name, row): texts for (_, row), texts in remarks.items()}
    of_row = {(name, row): outcome for (_, row), outcome in outcomes.items()}
    cells = {(name, row, column) for _, row, column in faults}
    _write_copy(sheets, target, replace(marks, remarks=by_row, outcomes=of_row, faults=cells))


def _mark_workbook(workbook: openpyxl.Workbook, marks: _Marks) -> None:
    places = marks.remarks.keys() | marks.outcomes.keys()
    marked = {name for name, _ in places}
    # Where somebody merged cells over what we added before, nothing can be written there, and it stays.
    added = {title: column for title, column in marks.added.items() if _last_merged(workbook[title]) < column}
    for title, column in added.items():
        last_row, last_column = marks.ends[title]
        for cells in workbook[title].iter_rows(min_col=column, max_col=last_column, max_row=last_row):
            for cell in cells:
                cell.value = None
    columns = {
        sheet.title: added.get(sheet.title) or _free_column(sheet)
        for sheet in workbook.worksheets
        if sheet.title in marked
    }
    bold = Font(bold=True)
    for title, free in columns.items():
        page = workbook[title]
        for column, heading in enumerate(marks.columns, start=free):
            page.column_dimensions[column_letter(column)].width = _WIDTHS[heading]
            _write_text(page, marks.headings.get(title, 1), column, heading, bold)
    _write_marks(workbook, columns, marks, places)
    fill = PatternFill("solid", fgColor="FFFFC7CE")
    for title, row, letter in marks.faults:
        if title in workbook.sheetnames:
            workbook[title][f"{letter}{row}"].fill = fill
    _add_summary(workbook, marks.summary)


def _write_marks(
    workbook: openpyxl.Workbook, columns: Mapping[str, int], marks: _Marks, places: Iterable[tuple[str, int]]
) -> None:
    plain, red = Font(), Font(color="FFC00000")
    wrapped = Alignment(wrap_text=True, vertical="top")
    pages = {title: workbook[title] for title in columns}
    for place in places:
        title, row = place
        if title not in pages:
            continue
        for column, (heading, text) in enumerate(
            zip(marks.columns, marks.texts(place), strict=True), start=columns[title]
        ):
            if text:
                remark = heading == REMARKS_HEADING
                cell = _write_text(pages[title], row, column, text, red if remark else plain)
                if remark:
                    cell.alignment = wrapped


def _heading_row(sheet: Sheet, limits: IntakeLimits) -> int:
    """The row to name our column in: the heading row of either kind, else the first."""
    for kind in ("annual", "completion"):
        found = find_table_header(sheet, kind, limits)
        if found is not None:
            return found[1]
    return 1


def _added(sheet: Sheet, heading_row: int) -> int | None:
    """The 1-based column where what we added before begins; None also where its clerk has written to the right of it since."""
    headings = next((cells for row, cells in sheet.rows() if row == heading_row), ())
    found = own_columns(headings)
    if found is None or any(cell != "" for _, cells in sheet.rows() for cell in cells[found.stop :]):
        return None
    return sheet.first_column + found.start


def _free_column(sheet: Worksheet) -> int:
    return max(sheet.max_column, _last_merged(sheet)) + 1


def _last_merged(sheet: Worksheet) -> int:
    return max((area.max_col for area in sheet.merged_cells.ranges), default=0)


def _write_text(sheet: Worksheet, row: int, column: int, text: str, font: Font) -> Any:
    cell = sheet.cell(row, column)
    cell.value = _writable(text)
    cell.data_type = "s"
    cell.font = font
    return cell


def _writable(text: str) -> str:
    return _UNWRITABLE.sub("", text)[:_CELL_CHARACTERS]


def _add_summary(workbook: openpyxl.Workbook, summary: Sequence[tuple[str, str]]) -> None:
    if not summary:
        return
    sheet = workbook.create_sheet(_free_title(SUMMARY_SHEET, workbook.sheetnames))
    for row, (label, text) in enumerate(summary, start=1):
        _write_text(sheet, row, 1, label, Font(bold=True))
        _write_text(sheet, row, 2, text, Font())


def _free_title(title: str, taken: Iterable[str]) -> str:
    used = {name.casefold() for name in taken}
    choices = (title, *(f"{title[:26]} ({number})" for number in range(2, 1_000)))
    return next(choice for choice in choices if choice.casefold() not in used)


def _write_copy(sheets: Sequence[Sheet], target: Path | BinaryIO, marks: _Marks) -> None:
    """A new workbook with every cell as text, written row by row."""
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(str(target) if isinstance(target, Path) else target, options) as book:
        formats = _Formats(
            plain=book.add_format({"num_format": "@"}),
            faulty=book.add_format({"bg_color": "#FFC7CE", "num_format": "@"}),
            remark=book.add_format({"font_color": "#C00000", "text_wrap": True}),
        )
        titles: list[str] = []
        for sheet in sheets:
            title = _free_title(_SHEET_CHARACTERS.sub("_", _writable(sheet.name))[:31] or "Sheet", titles)
            titles.append(title)
            _copy_sheet(book.add_worksheet(title), sheet, marks, formats)
        if marks.summary:
            page = book.add_worksheet(_free_title(SUMMARY_SHEET, titles))
            for row, pair in enumerate(marks.summary):
                for column, text in enumerate(pair):
                    page.write_string(row, column, _writable(text))


@dataclass(frozen=True, slots=True)
class _Formats:
    plain: Any
    faulty: Any
    remark: Any


def _copy_sheet(page: Any, sheet: Sheet, marks: _Marks, formats: _Formats) -> None:
    offset = sheet.first_column - 1
    faulty = {(row, column_number(letter)) for name, row, letter in marks.faults if name == sheet.name}
    width = max((len(cells) for _, cells in sheet.rows()), default=0) + offset
    if sheet.name in marks.added:
        width = marks.added[sheet.name] - 1
    for column, heading in enumerate(marks.columns, start=width):
        page.set_column(column, column, _WIDTHS[heading])
    for row, cells in sheet.rows():
        for index, cell in enumerate(cells[: width - offset], start=offset):
            form = formats.faulty if (row, index + 1) in faulty else formats.plain
            if cell != "":
                page.write_string(
                    row - 1, index, _writable(cell if isinstance(cell, str) else shown(cell)), form
                )
            elif form is formats.faulty:
                page.write_blank(row - 1, index, None, form)
        texts = marks.texts((sheet.name, row))
        if row == marks.headings[sheet.name]:
            texts = tuple("\n".join(filter(None, pair)) for pair in zip(marks.columns, texts, strict=True))
        for column, text in enumerate(texts, start=width):
            if text:
                form = formats.remark if column == width + len(texts) - 1 else formats.plain
                page.write_string(row - 1, column, _writable(text), form)
