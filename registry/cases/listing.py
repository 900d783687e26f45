"""An office's file of certificates to be revoked, XLSX or CSV: number, reason, and a remark if it likes.

The same doors as intake's: bounded, inspected before anything parses it, rows numbered as the clerk sees them. Every
fault has its place and a code; what is right goes ahead. Whether a certificate can be revoked is asked in
``registry.cases.bulk``; here it is only read.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from registry.cases.errors import CaseError
from registry.intake.columns import canonical_heading
from registry.intake.findings import IntakeError, mask_numbers
from registry.intake.limits import IntakeLimits
from registry.intake.sources import Sheet, open_sheets
from registry.intake.survey import column_letter
from registry.intake.values import Cell, shown
from registry.status import REASONS
from verifier.errors import FormError
from verifier.messages import reason_word
from verifier.number import parse_typed_number

LIMITS = IntakeLimits(
    file_bytes=4 << 20, rows=5_001, sheets=8, columns=64, cells=200_000, text_bytes=16 << 20
)
"""5,000 numbers are 0.3 MB. Whoever revokes more at once has other troubles, and a second file does no harm."""
MAX_REMARK = 200
_HEADINGS: Mapping[str, tuple[str, ...]] = {
    "number": ("证书编号", "编号", "证书号", "证书号码", "certificatenumber", "number", "certificate"),
    "reason": ("事由", "撤销事由", "事由代码", "原因", "撤销原因", "reason"),
    "remark": ("备注", "说明", "remark", "remarks"),
}
_HEADING_ROWS = 20


@dataclass(frozen=True, slots=True)
class Row:
    """A row that can be read: number as digits, reason as its code."""

    row: int
    number: str
    reason: str
    remark: str


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong in the file. ``row`` and ``column`` are where the clerk finds it; long numbers are masked in ``value``,
    unless it is a certificate's."""

    code: str
    sheet: str
    row: int
    column: str
    value: str


@dataclass(frozen=True, slots=True)
class _Columns:
    first: int
    """Of the sheet, 1-based."""
    heading_row: int
    number: int
    reason: int
    remark: int | None

    def letter(self, index: int) -> str:
        """The column's letter as the clerk sees it."""
        return column_letter(self.first + index)


def read_list(data: bytes, name: str) -> tuple[list[Row], list[Fault]]:
    """The rows of a file and what is wrong in it.

    Raises ``IntakeError`` for bytes that are no such file, ``CaseError`` (``list_headings``) where no sheet has the headings.
    """
    if len(data) > LIMITS.file_bytes:
        raise CaseError("list_too_large", limit=LIMITS.file_bytes >> 20)
    if not data.strip():
        raise CaseError("list_empty")
    rows: list[Row] = []
    faults: list[Fault] = []
    seen: set[str] = set()
    found = False
    for sheet in _sheets(data, name):
        columns = _columns(sheet)
        if columns is None:
            continue
        found = True
        for item in _items(sheet, columns, seen):
            if isinstance(item, Row):
                rows.append(item)
            else:
                faults.append(item)
    if not found:
        raise CaseError("list_headings")
    if not rows and not faults:
        raise CaseError("list_empty")
    return rows, faults


def _sheets(data: bytes, name: str) -> Sequence[Sheet]:
    try:
        return open_sheets(data, name.rpartition(".")[0] or name, LIMITS)
    except IntakeError as error:
        if error.code == "too_many_rows":
            raise CaseError("list_too_long", limit=LIMITS.rows - 1) from error
        raise


def _columns(sheet: Sheet) -> _Columns | None:
    for number, cells in islice(sheet.rows(), _HEADING_ROWS):
        named: dict[str, int] = {}
        for index, cell in enumerate(cells):
            heading = canonical_heading(cell) if isinstance(cell, str) else ""
            for field, words in _HEADINGS.items():
                if heading in words:
                    named.setdefault(field, index)
        if "number" in named and "reason" in named:
            return _Columns(sheet.first_column, number, named["number"], named["reason"], named.get("remark"))
    return None


def _items(sheet: Sheet, columns: _Columns, seen: set[str]) -> Iterator[Row | Fault]:
    for row, cells in sheet.rows():
        if row <= columns.heading_row or not any(str(cell).strip() for cell in cells):
            continue
        raw_number, raw_reason = _cell(cells, columns.number), _cell(cells, columns.reason)
        number, fault = _number(raw_number)
        if fault is None and number in seen:
            fault = "list_twice"
        if fault is not None:
            value = number or _value_shown(raw_number)
            yield Fault(fault, sheet.name, row, columns.letter(columns.number), value[:60])
            continue
        reason = _reason(raw_reason)
        if reason is None:
            code = "list_reason" if str(raw_reason).strip() else "list_reason_missing"
            value = mask_numbers(shown(raw_reason))[:60]
            yield Fault(code, sheet.name, row, columns.letter(columns.reason), value)
            continue
        remark = shown(_cell(cells, columns.remark)).strip() if columns.remark is not None else ""
        if len(remark) > MAX_REMARK:
            yield Fault("list_remark", sheet.name, row, columns.letter(columns.remark or 0), "")
            continue
        seen.add(number)
        yield Row(row, number, reason, remark)


def _value_shown(raw: Cell) -> str:
    """What stands there: 20 digits are a certificate's number, miscopied; anything else as long may be a person's."""
    text = shown(raw).strip()
    return text if re.fullmatch(r"[0-9]{20}", text, re.ASCII) else mask_numbers(text)


def _cell(cells: Sequence[Cell], index: int) -> Cell:
    return cells[index] if index < len(cells) else ""


def _number(raw: Cell) -> tuple[str, str | None]:
    """The digits and no fault, or what is wrong."""
    if isinstance(raw, int | float) and not isinstance(raw, bool):
        return "", "list_number_figure"  # Excel keeps 15 of its 20 digits
    text = str(raw).strip()
    if not text:
        return "", "list_number_missing"
    try:
        return parse_typed_number(text.lstrip("'")).digits, None
    except FormError as error:
        return "", f"list_{error.code}"


def _reason(raw: Cell) -> str | None:
    """The code of a reason that is written as its code or as its word in either language."""
    text = str(raw).strip().casefold()
    for code in REASONS["revoke"]:
        if text in (code, reason_word(code, "zh-CN"), reason_word(code, "en").casefold()):
            return code
    return None
