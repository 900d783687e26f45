"""Workbooks and CSV files made on the fly for the intake tests, filled with invented people."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl

from registry.intake.findings import Finding, Severity
from registry.intake.limits import DEFAULT_LIMITS, IntakeLimits
from registry.intake.rows import AnnualApplication, Application, CompletionApplication
from registry.intake.service import Intake, open_intake
from verifier.iso7064 import mod11_2_check

TODAY = date(2026, 11, 23)
YEAR = 2026
ANNUAL = ("姓名", "身份证号", "工作单位", "职称等级", "年度", "专业科目学时", "公需科目学时")
COMPLETION = ("姓名", "身份证号", "工作单位", "年度", "培训项目", "施教机构", "科目类别", "学时", "结业日期")

Rows = Sequence[Sequence[Any]]


def identity(serial: int = 1) -> str:
    """A valid identity number for each serial from 0 to 999,999."""
    body = f"4101{serial // 1000 % 100:02d}1990{1 + serial // 100_000:02d}01{serial % 1000:03d}"
    return body + mod11_2_check(body)


def annual(serial: int = 1, **changed: Any) -> list[Any]:
    """A good row under ANNUAL, cells replaced by heading."""
    cells = ["张文博", identity(serial), "郑州市第一人民医院", "中级", YEAR, 60, 26]
    return _changed(ANNUAL, cells, changed)


def completion(serial: int = 1, **changed: Any) -> list[Any]:
    """A good row under COMPLETION, cells replaced by heading."""
    cells = ["张文博", identity(serial), "郑州市第一人民医院", YEAR, "基层卫生骨干培训", "河南中医药大学"]
    return _changed(COMPLETION, [*cells, "专业科目", 24, date(2026, 5, 20)], changed)


def write_xlsx(path: Path, sheets: Mapping[str, Rows], dress: Callable[[Any], None] | None = None) -> Path:
    """Write rows from A1 of each sheet; text stays text (never a formula), `Formula` cells excepted."""
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for number, row in enumerate(rows, start=1):
            for column, value in enumerate(row, start=1):
                _write_cell(sheet.cell(number, column), value)
    if dress is not None:
        dress(book)
    book.save(path)
    return path


class Formula(str):
    """A text that is to be written as a formula."""

    __slots__ = ()


class ExcelError(str):
    """A text that is to be written as an Excel error value."""

    __slots__ = ()


def write_csv(
    path: Path, rows: Iterable[Sequence[Any]], *, encoding: str = "utf-8-sig", delimiter: str = ","
) -> Path:
    """Write rows as CSV with CRLF."""
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows(rows)
    path.write_bytes(text.getvalue().encode(encoding))
    return path


def patch_zip(path: Path, members: Mapping[str, bytes | None]) -> Path:
    """Replace, add or (None) drop members of a ZIP in place."""
    with zipfile.ZipFile(path) as archive:
        kept = {name: archive.read(name) for name in archive.namelist()}
    kept |= {name: data for name, data in members.items() if data is not None}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in kept.items():
            if members.get(name, data) is not None:
                archive.writestr(name, data)
    return path


def sheet_xml(rows: str) -> bytes:
    """A worksheet part around the given rows of XML."""
    namespace = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    return f'<worksheet xmlns="{namespace}"><sheetData>{rows}</sheetData></worksheet>'.encode()


def no_glyph_missing(_: str) -> Sequence[str]:
    return ()


def open_file(
    path: Path,
    kind: str = "annual",
    *,
    limits: IntakeLimits = DEFAULT_LIMITS,
    missing_glyphs: Callable[[str], Sequence[str]] = no_glyph_missing,
    include_hidden: bool = False,
) -> Intake:
    return open_intake(
        path,
        kind=kind,
        year=YEAR,
        today=TODAY,
        limits=limits,
        missing_glyphs=missing_glyphs,
        include_hidden=include_hidden,
    )


def read(path: Path, kind: str = "annual", **options: Any) -> tuple[list[Application], list[Finding]]:
    """Everything a file yields, applications and findings apart."""
    items = list(open_file(path, kind, **options).items())
    applications = [item for item in items if isinstance(item, AnnualApplication | CompletionApplication)]
    return applications, [item for item in items if isinstance(item, Finding)]


def faults(findings: Iterable[Finding]) -> list[tuple[int | None, str | None, str]]:
    """(row, column, code) of the faults."""
    return [(f.row, f.column, f.code) for f in findings if f.severity is Severity.FAULT]


def notes(findings: Iterable[Finding]) -> list[tuple[int | None, str]]:
    """(row, code) of the notes."""
    return [(f.row, f.code) for f in findings if f.severity is Severity.NOTE]


def _changed(headings: Sequence[str], cells: list[Any], changed: Mapping[str, Any]) -> list[Any]:
    for heading, value in changed.items():
        cells[headings.index(heading)] = value
    return cells


def _write_cell(cell: Any, value: Any) -> None:
    cell.value = value if not isinstance(value, Formula | ExcelError) else str(value)
    if isinstance(value, str) and not isinstance(value, Formula):
        cell.data_type = "e" if isinstance(value, ExcelError) else "s"
