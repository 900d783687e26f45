"""A workbook that asks for more memory or time than it is worth comes back plain, and its process is gone."""

import io
import zipfile
from collections.abc import Sequence
from pathlib import Path

import openpyxl
import pytest

from registry.intake.annotate import Marks, in_own_dress, write_annotated
from registry.intake.dress import annotate_apart
from registry.intake.survey import Survey, merged_cells
from tests.registry.sheets import ANNUAL, annual, patch_zip, sheet_xml, write_xlsx

MARKS = Marks({("表", 2): ["请改正"]}, {("表", 2, "A")}, (), {}, {"表": 1}, {})


def workbook(folder: Path) -> bytes:
    return write_xlsx(folder / "w.xlsx", {"表": [ANNUAL, annual()]}).read_bytes()


def cells(data: bytes) -> list[list[object]]:
    return [
        [cell.value for cell in row] for row in openpyxl.load_workbook(io.BytesIO(data))["表"].iter_rows()
    ]


def test_apart_it_is_as_it_is_here(tmp_path: Path) -> None:
    here, apart = in_own_dress(workbook(tmp_path), MARKS, []), annotate_apart(workbook(tmp_path), MARKS, [])
    assert here is not None
    assert apart is not None
    assert cells(apart) == cells(here)
    assert cells(apart)[1][-1] == "请改正"


@pytest.mark.parametrize("bound", [{"memory": 24 << 20}, {"seconds": 1}])
def test_what_passes_its_bounds_is_given_up(tmp_path: Path, bound: dict[str, int]) -> None:
    """A million cells that have nothing but a border: intake does not count them, openpyxl keeps each."""
    blank = "".join(f'<c r="{column}%d" s="0"/>' for column in "ABCDEFGHIJ")
    rows = "".join(f'<row r="{row}">{blank.replace("%d", str(row))}</row>' for row in range(3, 100_003))
    path = tmp_path / "w.xlsx"
    path.write_bytes(workbook(tmp_path))
    patch_zip(path, {"xl/worksheets/sheet1.xml": sheet_xml(rows)})
    assert annotate_apart(path.read_bytes(), MARKS, [], **bound) is None


def test_a_range_merged_over_a_whole_sheet_is_never_unfolded(tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "m.xlsx", {"表": [ANNUAL, annual()]})
    book = openpyxl.load_workbook(path)
    book["表"].merge_cells("J5:K6")
    book.save(path)
    with zipfile.ZipFile(path) as archive:
        xml = archive.read("xl/worksheets/sheet1.xml")
    assert b'"J5:K6"' in xml
    patch_zip(path, {"xl/worksheets/sheet1.xml": xml.replace(b'"J5:K6"', b'"J5:XFD1048576"')})

    def unfolded(*_: object) -> bytes | None:
        raise AssertionError("openpyxl would make a cell of each")

    out = io.BytesIO()
    write_annotated(path.read_bytes(), "m", out, {("表", 2): ["请改正"]}, set(), dress=unfolded)
    assert cells(out.getvalue())[1][-1] == "请改正"


def test_merged_cells_are_counted() -> None:
    def merged(*references: str) -> float:
        return merged_cells(Survey(merged=list(references)))

    assert merged() == 0
    assert merged("A1", "B2:C4") == 7
    assert merged("A1:XFD1048576") == 1 << 34
    assert merged(*["A1"] * 200_000) == float("inf")


def test_a_csv_needs_no_dress() -> None:
    def worn(data: bytes, marks: Marks, former: Sequence[str]) -> bytes | None:
        raise AssertionError("it is no workbook")

    out = io.BytesIO()
    write_annotated("姓名\n张文博\n".encode(), "表", out, {("表", 2): ["请改正"]}, set(), dress=worn)
    assert cells(out.getvalue())[1][-1] == "请改正"
