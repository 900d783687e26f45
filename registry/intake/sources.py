"""Opening an office's file, XLSX or CSV, as sheets of rows numbered as the clerk sees them.

The file is read once, whole, within bounds: what is hashed is what is parsed. Its content decides what it is, never
its name. Everything that can be wrong with a file as a file is found here, before the first row is judged, and
raised as `IntakeError`. Old binary workbooks and encrypted ones are told apart and refused with their own reasons.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import python_calamine

from registry.intake import package
from registry.intake.columns import find_header
from registry.intake.findings import IntakeError, refuse_file
from registry.intake.limits import IntakeLimits
from registry.intake.survey import Survey, column_letter
from registry.intake.values import Cell

Rows = Iterator[tuple[int, Sequence[Cell]]]

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED_STREAM = "EncryptedPackage".encode("utf-16-le")
_FOREIGN = (b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"Rar!", b"7z\xbc\xaf", b"{\\rtf", b"\x1f\x8b")
_MARKUP = (b"<html", b"<!doctype", b"<table", b"<?xml", b"<meta")
_DELIMITERS = ",;\t"
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet: `rows()` gives (1-based row, cells), cells beginning at column `first_column` (1-based)."""

    name: str
    hidden: bool
    first_column: int
    last_row: int
    rows: Callable[[], Rows]
    separated: bool = False
    """A CSV: a row wider than its headings is a row whose columns have shifted."""
    survey: Survey = field(default_factory=Survey)


def read_bounded(path: Path, limits: IntakeLimits) -> bytes:
    """The whole file, refused if it is empty or larger than the limit."""
    with path.open("rb") as source:
        data = source.read(limits.file_bytes + 1)
    return require_bounded(data, limits)


def require_bounded(data: bytes, limits: IntakeLimits) -> bytes:
    """`data`, refused if it is empty or larger than the limit."""
    if len(data) > limits.file_bytes:
        raise refuse_file("file_too_large", limit=f"{limits.file_bytes >> 20} MB")
    if not data.strip():
        raise refuse_file("file_empty")
    return data


def is_workbook(data: bytes) -> bool:
    """Whether the bytes are a ZIP, and so an XLSX workbook or nothing we read."""
    return data.startswith((b"PK\x03\x04", b"PK\x05\x06"))


def rough_rows(data: bytes) -> float:
    """About how many rows a file has, before anything is known of it; rather too many than too few."""
    return package.rough_rows(data) if is_workbook(data) else max(data.count(b"\n"), data.count(b"\r"))


def open_sheets(data: bytes, name: str, limits: IntakeLimits) -> list[Sheet]:
    """The sheets of a file in their order; `name` names the only sheet of a CSV file."""
    if is_workbook(data):
        return _open_workbook(data, limits)
    if data.startswith(_OLE):
        raise refuse_file("workbook_encrypted" if _ENCRYPTED_STREAM in data else "workbook_old")
    if data.startswith(_FOREIGN):
        raise refuse_file("not_a_workbook")
    if data[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(_MARKUP):
        raise refuse_file("markup_disguised")
    return [_open_csv(data, name, limits)]


def _open_workbook(data: bytes, limits: IntakeLimits) -> list[Sheet]:
    inspected = package.inspect(data, limits)
    if len(inspected.surveys) > limits.sheets:
        raise refuse_file("too_many_sheets", limit=str(limits.sheets))
    try:
        workbook = python_calamine.load_workbook(io.BytesIO(inspected.rebuilt))
        return [_sheet(workbook, entry, inspected) for entry in workbook.sheets_metadata if _is_table(entry)]
    except (python_calamine.CalamineError, OSError, ValueError, OverflowError) as error:
        raise refuse_file("workbook_damaged", detail=type(error).__name__) from error
    except BaseException as error:
        # A panic of the Rust reader derives from BaseException. The inspection should leave no cause for one.
        if type(error).__name__ != "PanicException":
            raise
        raise refuse_file("workbook_damaged", detail="PanicException") from error


def _is_table(entry: python_calamine.SheetMetadata) -> bool:
    return entry.typ is python_calamine.SheetTypeEnum.WorkSheet


def _sheet(
    workbook: python_calamine.CalamineWorkbook,
    entry: python_calamine.SheetMetadata,
    inspected: package.Package,
) -> Sheet:
    sheet = workbook.get_sheet_by_name(entry.name)
    survey = inspected.surveys.get(entry.name, Survey())
    hidden = entry.visible is not python_calamine.SheetVisibleEnum.Visible
    if sheet.start is None or sheet.end is None:
        return Sheet(entry.name, hidden, 1, 0, lambda: iter(()), survey=survey)
    end = sheet.end[0]
    last_row = max(end + 1, survey.last_row)
    blank = [""] * sheet.width

    def rows() -> Rows:
        # The reader gives rows from the top but columns from the first one used, and it ends before rows that hold
        # nothing but formulas never calculated; those are given as blank, so that they are judged and not lost.
        yield from enumerate(sheet.iter_rows(), start=1)
        yield from ((row, blank) for row in range(end + 2, last_row + 1))

    return Sheet(
        entry.name,
        hidden,
        first_column=sheet.start[1] + 1,
        last_row=last_row,
        rows=rows,
        survey=survey,
    )


def _open_csv(data: bytes, name: str, limits: IntakeLimits) -> Sheet:
    encoding = _csv_encoding(data)
    delimiter = _csv_delimiter(data, encoding, limits)
    last_row, width = _measure_csv(data, encoding, delimiter, limits)

    def rows() -> Rows:
        for number, row in enumerate(_csv_rows(data, encoding, delimiter), start=1):
            yield number, row if len(row) >= width else row + [""] * (width - len(row))

    return Sheet(name, hidden=False, first_column=1, last_row=last_row, rows=rows, separated=True)


def _csv_encoding(data: bytes) -> str:
    for mark, encoding in _BYTE_ORDER_MARKS:
        if data.startswith(mark):
            return _require_encoding(data, encoding)
    if b"\0" in data:
        raise refuse_file("not_a_workbook")
    try:
        return _require_encoding(data, "utf-8")
    except IntakeError:
        return _require_encoding(data, "gb18030")


def _require_encoding(data: bytes, encoding: str) -> str:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        for start in range(0, len(data), 1 << 16):
            if "\0" in decoder.decode(data[start : start + (1 << 16)]):
                raise refuse_file("not_a_workbook")
        decoder.decode(b"", True)
    except UnicodeError as error:
        raise refuse_file("encoding_unknown", tried="UTF-8、GB18030、UTF-16") from error
    return encoding


def _csv_rows(data: bytes, encoding: str, delimiter: str) -> Iterator[list[str]]:
    text = io.TextIOWrapper(io.BytesIO(data), encoding=encoding, newline="")
    return csv.reader(text, delimiter=delimiter, strict=True)


def _csv_delimiter(data: bytes, encoding: str, limits: IntakeLimits) -> str:
    """The delimiter under which most headings are understood; never guessed from anything but the heading row."""
    return max(_DELIMITERS, key=lambda delimiter: _headings_found(data, encoding, delimiter, limits))


def _headings_found(data: bytes, encoding: str, delimiter: str, limits: IntakeLimits) -> int:
    head: list[list[str]] = []
    try:
        for row in _csv_rows(data, encoding, delimiter):
            head.append(row[: limits.columns])
            if len(head) == limits.header_rows:
                break
    except csv.Error:
        pass  # Under the right delimiter the same trouble is met again, and reported, when the file is measured.
    headers = (find_header(head, kind) for kind in ("annual", "completion"))
    return max(len(header.columns) if header else 0 for header in headers)


def _measure_csv(data: bytes, encoding: str, delimiter: str, limits: IntakeLimits) -> tuple[int, int]:
    """(last row, widest row), having read the whole file once so that no trouble is left for later."""
    last_row = width = 0
    try:
        for last_row, row in enumerate(_csv_rows(data, encoding, delimiter), start=1):
            width = max(width, len(row))
            if last_row > limits.rows:
                raise refuse_file("too_many_rows", last=str(last_row), limit=str(limits.rows))
    except csv.Error as error:
        raise refuse_file("csv_damaged", line=str(last_row + 1), detail=str(error)) from error
    if width > limits.columns:
        raise refuse_file("too_many_columns", last=column_letter(width), limit=str(limits.columns))
    return last_row, width
