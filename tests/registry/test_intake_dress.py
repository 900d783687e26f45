"""A file is annotated in a process apart; a workbook that asks for more memory or time than it may have comes back plain."""

import io
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter
from openpyxl.styles import Font

from registry.intake import annotate
from registry.intake.annotate import write_annotated
from registry.intake.dress import annotated_apart
from registry.intake.survey import Survey, merged_cells
from tests.registry.sheets import ANNUAL, annual, patch_zip, write_xlsx

REMARKS = {("表", 2): ["请改正"]}
FAULTS = {("表", 2, "A")}


def dressed(book: Any) -> None:
    book["表"]["A1"].font = Font(name="宋体", size=20)


def workbook(folder: Path) -> Path:
    return write_xlsx(folder / "w.xlsx", {"表": [ANNUAL, annual()]}, dressed)


def changed(path: Path, old: bytes, new: bytes) -> bytes:
    """The workbook with other text in its sheet's XML."""
    part = "xl/worksheets/sheet1.xml"
    with zipfile.ZipFile(path) as archive:
        xml = archive.read(part)
    assert xml.count(old) == 1
    return patch_zip(path, {part: xml.replace(old, new)}).read_bytes()


def sheet(data: bytes) -> Any:
    return openpyxl.load_workbook(io.BytesIO(data))["表"]


@pytest.mark.parametrize("plain", [False, True])
def test_nothing_of_it_is_done_in_this_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, plain: bool
) -> None:
    data = workbook(tmp_path).read_bytes()
    with monkeypatch.context() as here:
        here.setattr(openpyxl, "load_workbook", None)
        here.setattr(xlsxwriter, "Workbook", None)
        page = annotated_apart(data, "w", REMARKS, FAULTS, {("表", 2): ("未发", "")}, plain=plain)
    back = sheet(page)
    assert [cell.value for cell in back[2]][-3:] == ["未发", None, "请改正"]
    assert back["A2"].fill.fgColor.rgb == "FFFFC7CE"
    assert (back["A1"].font.name == "宋体") is not plain


@pytest.mark.parametrize("bound", [{"memory": 96 << 20}, {"seconds": 1}, {"memory": 1 << 20}])
def test_what_passes_its_bounds_comes_back_plain(tmp_path: Path, bound: dict[str, int]) -> None:
    """A million cells that have nothing but a border: intake does not count them, openpyxl keeps each."""
    blank = "".join(f'<c r="{column}%d" s="0"/>' for column in "ABCDEFGHIJ")
    rows = "".join(f'<row r="{row}">{blank.replace("%d", str(row))}</row>' for row in range(3, 100_003))
    data = changed(workbook(tmp_path), b"</sheetData>", rows.encode() + b"</sheetData>")
    back = sheet(annotated_apart(data, "w", REMARKS, FAULTS, {}, **bound))
    assert [cell.value for cell in back[2]][-1] == "请改正"
    assert back["A1"].font.name != "宋体"


def test_a_range_merged_over_a_whole_sheet_is_never_unfolded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = workbook(tmp_path)
    book = openpyxl.load_workbook(path)
    book["表"].merge_cells("J5:K6")
    book.save(path)
    data = changed(path, b'"J5:K6"', b'"J5:XFD1048576"')
    monkeypatch.setattr(annotate, "_in_own_dress", None)  # openpyxl would make a cell of each
    out = io.BytesIO()
    write_annotated(data, "m", out, REMARKS, FAULTS)
    monkeypatch.undo()
    assert [cell.value for cell in sheet(out.getvalue())[2]][-1] == "请改正"


def test_merged_cells_are_counted() -> None:
    def merged(*references: str) -> float:
        return merged_cells(Survey(merged=list(references)))

    assert merged() == 0
    assert merged("A1", "B2:C4") == 7
    assert merged("A1:XFD1048576") == 1 << 34
    assert merged(*["A1"] * 200_000) == float("inf")


def test_a_csv_is_annotated_apart_too() -> None:
    back = sheet(annotated_apart("姓名\n张文博\n".encode(), "表", REMARKS, FAULTS, {}))
    assert [cell.value for cell in back[2]] == ["张文博", "请改正"]
