"""The clerk's file comes back as it was, with one more column, and nothing in it can become a formula."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.styles import Font

from registry.batches import BatchResult
from registry.cli.issuing import summary_rows
from registry.intake.annotate import annotate, collect_remarks, write_annotated
from registry.intake.columns import (
    NUMBER_HEADING,
    OUTCOME_HEADING,
    REMARKS_HEADING,
    SUMMARY_SHEET,
    own_columns,
)
from registry.intake.findings import IntakeError
from tests.registry.sheets import ANNUAL, Formula, annual, identity, patch_zip, read, write_csv, write_xlsx

SUMMARY = [("合格", "1"), ("=2+3", "@SUM(A1)")]


def returned(source: Path, **options: Any) -> Any:
    """The workbook given back for `source`, remarked with its own findings."""
    remarks, faults = collect_remarks(read(source)[1], "zh-CN")
    target = source.with_name("returned.xlsx")
    annotate(source, target, remarks, faults, SUMMARY, **options)
    return openpyxl.load_workbook(target)


def dressed(book: Any) -> None:
    sheet = book["表"]
    sheet["A1"].font = Font(name="宋体", size=20, bold=True)
    sheet.merge_cells("A1:J1")
    sheet.column_dimensions["B"].width = 33
    sheet.freeze_panes = "A3"


def test_a_workbook_keeps_its_dress_and_gains_a_column(tmp_path: Path) -> None:
    rows = [
        ["汇总"],
        ANNUAL,
        annual(1),
        annual(2, 姓名="李 四", 专业科目学时="六十"),
        annual(3),
    ]
    book = returned(write_xlsx(tmp_path / "w.xlsx", {"表": rows, "说明": [["文"]]}, dressed))
    sheet = book["表"]
    assert sheet["A1"].font.name == "宋体"
    assert sheet.column_dimensions["B"].width == 33
    assert sheet.freeze_panes == "A3"
    assert [str(area) for area in sheet.merged_cells.ranges] == ["A1:J1"]
    assert [[cell.value for cell in row[:7]] for row in sheet.iter_rows(min_row=2)] == [
        list(row) for row in rows[1:]
    ]
    assert sheet["K2"].value == REMARKS_HEADING
    assert [sheet.cell(row, 11).value is None for row in (3, 4, 5)] == [True, False, True]
    remarks = sheet["K4"].value.split("\n")
    assert "李四" in remarks[0]
    assert "六十" in remarks[1]
    assert sheet["F4"].fill.fgColor.rgb == "FFFFC7CE"
    assert sheet["A4"].fill.fill_type is None
    assert book["说明"].max_column == 1


def test_the_summary_stands_on_a_sheet_of_its_own(tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "s.xlsx", {"表": [ANNUAL, annual()], SUMMARY_SHEET: [["旧"]]})
    book = returned(path)
    page = book[f"{SUMMARY_SHEET} (2)"]
    assert [[cell.value for cell in row] for row in page.iter_rows()] == [list(pair) for pair in SUMMARY]
    assert {cell.data_type for row in page.iter_rows() for cell in row} == {"s"}
    assert book[SUMMARY_SHEET]["A1"].value == "旧"


INJECTIONS = [
    "=1+1",
    "=cmd|' /C calc'!A0",
    "+1",
    "-1+1",
    "@SUM(A1)",
    '=HYPERLINK("http://x")',
    "\t=1",
    "http://x.y/z",
]


@pytest.mark.parametrize("text", INJECTIONS)
@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_no_cell_and_no_remark_becomes_a_formula(tmp_path: Path, text: str, suffix: str) -> None:
    rows = [ANNUAL, annual(1, 姓名=text, 工作单位=text)]
    path = tmp_path / f"i.{suffix}"
    if suffix == "csv":
        write_csv(path, rows)
    else:
        write_xlsx(path, {"i": rows})
    target = tmp_path / "out.xlsx"
    annotate(path, target, {("i", 2): [text], ("i", 1): [text]}, {("i", 2, "A")}, [(text, text)])
    for sheet in openpyxl.load_workbook(target).worksheets:
        for row in sheet.iter_rows():
            assert all(cell.data_type != "f" and cell.hyperlink is None for cell in row)
    assert openpyxl.load_workbook(target)["i"]["A2"].value == text


def test_the_clerk_s_own_formulas_stay(tmp_path: Path) -> None:
    path = write_xlsx(
        tmp_path / "f.xlsx", {"表": [ANNUAL, annual(1), ["合计", "", "", "", "", Formula("=SUM(F2:F2)")]]}
    )
    assert returned(path)["表"]["F3"].value == "=SUM(F2:F2)"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
def test_a_csv_comes_back_as_text_cells(tmp_path: Path, encoding: str) -> None:
    rows = [["题"], [], ANNUAL, annual(1, 姓名="𠮷田"), annual(2, 身份证号="4.10101E+17")]
    book = returned(write_csv(tmp_path / "c.csv", rows, encoding=encoding))
    sheet = book["c"]
    assert sheet["B4"].value == identity(1)
    assert sheet["B4"].data_type == "s"
    assert (sheet["H3"].value, sheet["H4"].value) == (REMARKS_HEADING, None)
    assert "科学计数" in sheet["H5"].value
    assert sheet["B5"].fill.fgColor.rgb == "FFFFC7CE"


def test_a_csv_under_another_name_still_finds_its_remarks(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "renamed[1].csv", [ANNUAL, annual()])
    annotate(path, tmp_path / "out.xlsx", {("before", 2): ["甲", "乙"]}, {("before", 2, "C")})
    sheet = openpyxl.load_workbook(tmp_path / "out.xlsx").worksheets[0]
    assert sheet.title == "renamed_1_"
    assert sheet["H2"].value == "甲\n乙"


def test_a_workbook_openpyxl_cannot_take_comes_back_as_text(tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "odd.xlsx", {"表": [ANNUAL, annual(1), annual(2, 姓名="李")]})
    namespace = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    styles = f'<styleSheet xmlns="{namespace}"><fonts><font><sz val="large"/></font></fonts></styleSheet>'
    patch_zip(path, {"xl/styles.xml": styles.encode()})
    with pytest.raises((ValueError, TypeError)):
        openpyxl.load_workbook(path)
    sheet = returned(path)["表"]
    assert [sheet["A2"].value, sheet["F2"].value, sheet["H1"].value] == ["张文博", "60", REMARKS_HEADING]
    assert sheet["H3"].value
    assert sheet["A3"].fill.fgColor.rgb == "FFFFC7CE"


def test_an_annotated_file_can_be_submitted_again(tmp_path: Path) -> None:
    path = write_xlsx(
        tmp_path / "a.xlsx", {"表": [["汇总"], ANNUAL, annual(1), annual(2, 姓名="李 四")]}, dressed
    )
    before = read(path)
    returned(path)
    after = read(tmp_path / "returned.xlsx")
    assert after[0] == before[0]
    assert [f.code for f in after[1]] == ["sheet_ignored", "normalised"]


def test_a_hostile_file_is_refused_here_too(tmp_path: Path) -> None:
    path = patch_zip(
        write_xlsx(tmp_path / "h.xlsx", {"表": [ANNUAL]}), {"xl/styles.xml": b"<!DOCTYPE x []><x/>"}
    )
    with pytest.raises(IntakeError) as caught:
        annotate(path, tmp_path / "out.xlsx", {}, set())
    assert caught.value.code == "workbook_damaged"
    assert not (tmp_path / "out.xlsx").exists()


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_what_became_of_each_row_stands_before_the_remarks(tmp_path: Path, suffix: str) -> None:
    rows = [["题"], ANNUAL, annual(1), annual(2)]
    path = tmp_path / f"o.{suffix}"
    if suffix == "csv":
        write_csv(path, rows)
    else:
        write_xlsx(path, {"o": rows})
    outcomes = {("o", 3): ("已发", "41010020261000000190"), ("o", 4): ("未发", "")}
    annotate(path, tmp_path / "out.xlsx", {("o", 4): ["甲", "乙"]}, set(), outcomes=outcomes)
    sheet = openpyxl.load_workbook(tmp_path / "out.xlsx")["o"]
    added = [[cell.value for cell in row[7:]] for row in sheet.iter_rows(min_row=2)]
    assert added == [
        [OUTCOME_HEADING, NUMBER_HEADING, REMARKS_HEADING],
        ["已发", "41010020261000000190", None],
        ["未发", None, "甲\n乙"],
    ]
    assert {cell.data_type for row in sheet["H3:I4"] for cell in row if cell.value} == {"s"}


@pytest.mark.parametrize("plain", [False, True])
def test_what_came_back_and_is_sent_again_has_our_columns_and_summary_once(
    tmp_path: Path, plain: bool
) -> None:
    source = write_xlsx(tmp_path / "a.xlsx", {"表": [[], ["", *ANNUAL], ["", *annual(1)], ["", *annual(2)]]})
    for turn in range(3):
        remarks = {("表", 3): [f"第{turn}次"]} if turn < 2 else {}
        outcomes = {("表", 3): ("未发", ""), ("表", 4): ("已发", f"4101002026100000{turn:04d}")}
        target = tmp_path / f"{turn}.xlsx"
        summary = summary_rows(BatchResult(turn, "a.xlsx", rows=2))
        data = source.read_bytes()
        write_annotated(data, "a", target, remarks, set(), summary, outcomes=outcomes, plain=plain)
        source = target
    applications, findings = read(source)
    assert (len(applications), findings) == (2, [])
    book = openpyxl.load_workbook(source)
    assert book.sheetnames == ["表", SUMMARY_SHEET]
    assert [[cell.value for cell in row[8:]] for row in book["表"].iter_rows(min_row=2)] == [
        [OUTCOME_HEADING, NUMBER_HEADING, REMARKS_HEADING],
        ["未发", None, None],
        ["已发", "41010020261000000002", None],
    ]


def test_a_clerk_s_own_columns_and_sheet_are_left_alone(tmp_path: Path) -> None:
    ours = [OUTCOME_HEADING, NUMBER_HEADING, REMARKS_HEADING]
    first = len(ANNUAL)
    assert own_columns([*ANNUAL, *ours, "", ""]) == range(first, first + 3)
    assert own_columns([*ANNUAL, *ours, *ours]) == range(first, first + 6)
    assert own_columns([*ANNUAL, REMARKS_HEADING]) == range(first, first + 1)
    for headings in ([*ANNUAL, NUMBER_HEADING], [*ANNUAL, *ours, "备注"], ANNUAL, []):
        assert own_columns(headings) is None


@pytest.mark.parametrize("plain", [False, True])
def test_what_a_clerk_wrote_beside_our_columns_is_not_lost(tmp_path: Path, plain: bool) -> None:
    ours = [OUTCOME_HEADING, NUMBER_HEADING, REMARKS_HEADING]
    rows = [["题"], [*ANNUAL, *ours], [*annual(1), "未发", "", "旧", "已电话核实"]]
    source = write_xlsx(tmp_path / "a.xlsx", {"表": rows})
    outcomes = {("表", 3): ("已发", "41010020261000000190")}
    write_annotated(
        source.read_bytes(), "a", tmp_path / "1.xlsx", {}, set(), [], outcomes=outcomes, plain=plain
    )
    row = [cell.value for cell in openpyxl.load_workbook(tmp_path / "1.xlsx")["表"][3]]
    assert row[7:] == ["未发", None, "旧", "已电话核实", "已发", "41010020261000000190", *row[13:]]


def test_a_file_that_came_back_merged_over_our_columns_and_open_at_the_summary(tmp_path: Path) -> None:
    source = write_xlsx(tmp_path / "a.xlsx", {"表": [["题"], ANNUAL, annual(1)]})
    outcomes = {("表", 3): ("未发", "")}
    summary = summary_rows(BatchResult(1, "a.xlsx", rows=1))
    annotate(source, tmp_path / "1.xlsx", {}, set(), summary, outcomes=outcomes)
    book = openpyxl.load_workbook(tmp_path / "1.xlsx")
    book.active = 1
    book["表"].merge_cells("A1:J1")
    book["表"]["A3"].font = Font(name="宋体")
    book.save(tmp_path / "1.xlsx")
    annotate(tmp_path / "1.xlsx", tmp_path / "2.xlsx", {}, set(), outcomes=outcomes)
    again = openpyxl.load_workbook(tmp_path / "2.xlsx")
    assert again.sheetnames == ["表"]
    assert again["表"]["A3"].font.name == "宋体"  # in its own dress, and no plain copy
    assert [again["表"].cell(2, column).value for column in (8, 11)] == [OUTCOME_HEADING] * 2
