"""A file is annotated in a process apart; a workbook that asks for more memory or time than it may have comes back plain."""

import io
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter
from openpyxl.styles import Border, Font, Side
from openpyxl.worksheet.worksheet import Worksheet

from registry.intake import annotate
from registry.intake.annotate import write_annotated
from registry.intake.dress import annotated_apart
from registry.intake.survey import Survey, unfolded_cells
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


@pytest.mark.parametrize(
    "element",
    [
        '<mergeCells count="1"><mergeCell ref="%s"/></mergeCells>',
        '<hyperlinks><hyperlink ref="%s" location="A1"/></hyperlinks>',
    ],
)
@pytest.mark.parametrize("reference", ["J5:XFD1048576", "a1:b2", "A01:B2", "AAAA1:AAAB2", "A1:A99999999"])
def test_a_range_that_is_not_to_be_unfolded_or_read_brings_a_plain_copy_and_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, element: str, reference: str
) -> None:
    """On a sheet that intake passes over: on the command line the certificates are issued when the file is given back."""
    path = write_xlsx(tmp_path / "w.xlsx", {"说明": [["文"]], "表": [ANNUAL, annual()]})
    tail = b"</sheetData>" + (element % reference).encode()
    data = changed(path, b"</sheetData>", tail)
    monkeypatch.setattr(annotate, "_in_own_dress", None)
    out = io.BytesIO()
    write_annotated(data, "m", out, REMARKS, FAULTS)
    monkeypatch.undo()
    assert [cell.value for cell in sheet(out.getvalue())[2]][-1] == "请改正"


def test_what_was_added_before_gives_way_beside_a_border_at_the_sheets_far_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """openpyxl makes every cell that it is asked to go through: it is asked for those that hold something."""
    first = io.BytesIO()
    write_annotated(workbook(tmp_path).read_bytes(), "w", first, REMARKS, FAULTS)
    book = openpyxl.load_workbook(io.BytesIO(first.getvalue()))
    book["表"]["XFD1048576"].border = Border(top=Side("thin"))
    book.save(tmp_path / "again.xlsx")
    asked = Worksheet.iter_rows

    def bounded(page: Any, *bounds: Any, **more: Any) -> Any:
        for cells in asked(page, *bounds, **more):
            assert cells[0].row <= 2
            assert len(cells) == 1
            yield cells

    monkeypatch.setattr(Worksheet, "iter_rows", bounded)
    out = io.BytesIO()
    write_annotated((tmp_path / "again.xlsx").read_bytes(), "w", out, {("表", 2): ["又"]}, set())
    monkeypatch.undo()
    assert sheet(out.getvalue())["H2"].value == "又"


def test_cells_of_ranges_are_counted() -> None:
    def cells(*merged: str, linked: tuple[str, ...] = ()) -> float:
        return unfolded_cells(Survey(merged=list(merged), linked=list(linked)))

    assert cells() == 0
    assert cells("A1", "B2:C4") == 7
    assert cells("A1:XFD1048576") == 1 << 34
    assert cells("A1", linked=("B2:C4",)) == 61
    assert cells("B4:A1") == 0
    for many in (["A1"] * 200_000, ["A1", "a1:b2"], [""], [":"]):
        assert cells(*many) == cells(linked=tuple(many)) == float("inf")


def test_what_could_not_be_done_apart_is_told_in_the_log_without_what_it_holds(
    caplog: pytest.LogCaptureFixture,
) -> None:
    data = "姓名\n张文博\n".encode()
    back = sheet(annotated_apart(data, "表", REMARKS, FAULTS, {}, memory=1 << 20))
    assert [cell.value for cell in back[2]] == ["张文博", "请改正"]
    assert caplog.messages == [f"a list of {len(data)} bytes could not be annotated apart, and is here"]


def test_a_csv_is_annotated_apart_too() -> None:
    back = sheet(annotated_apart("姓名\n张文博\n".encode(), "表", REMARKS, FAULTS, {}))
    assert [cell.value for cell in back[2]] == ["张文博", "请改正"]
