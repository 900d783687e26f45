"""Headings anywhere, in any order, in many words; and the file-level faults about them."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from registry.intake import columns
from registry.intake.findings import IntakeError, Severity, describe
from registry.intake.rows import AnnualApplication
from tests.registry.sheets import (
    ANNUAL,
    COMPLETION,
    ExcelError,
    Formula,
    Rows,
    annual,
    completion,
    identity,
    notes,
    read,
    write_csv,
    write_xlsx,
)

SYNONYMS = [
    (["名字", "证件号码", "单位", "级别", "学年", "专业课学时", "公需课学时"]),
    (["学员姓名", "居民身份证号", "所在单位", "职称", "年份", "专业学时", "公需学时"]),
    (["＊姓　名", "身份证\n号码", " 单位名称 ", "职称级别：", "年 度", "专业科目（学时）", "公需科目[学时]"]),
    (
        [
            "*姓名*",
            "身份证号（18位）",
            "工作单位\r\n（全称）",
            "职称等级\u200b",
            "年度",
            "学时（专业科目）",
            "学时(公需科目)",
        ]
    ),
]


def refused(path: Path, kind: str = "annual") -> IntakeError:
    with pytest.raises(IntakeError) as caught:
        read(path, kind)
    return caught.value


@pytest.mark.parametrize("headings", SYNONYMS)
def test_synonyms(tmp_path: Path, headings: list[str]) -> None:
    applications, findings = read(write_xlsx(tmp_path / "s.xlsx", {"表": [headings, annual()]}))
    assert len(applications) == 1
    assert findings == []


@pytest.mark.parametrize("kind", columns.KINDS)
def test_every_synonym_means_one_thing(kind: str) -> None:
    for word, field in columns._SYNONYMS[kind].items():
        assert columns.canonical_heading(word) == word
        assert columns.field_of(word, kind) == field
    assert set(columns._SYNONYMS[kind].values()) - {columns.STATED_TOTAL, columns.ORIGIN} == set(
        columns.fields_of(kind)
    )


@pytest.mark.parametrize("seed", range(8))
def test_any_order_among_other_columns_below_titles(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    order = [*range(len(ANNUAL)), -1, -1, -1]
    chance.shuffle(order)
    above = [["某某系统学时汇总表"], [], ["填报单位：某局"]] * chance.randrange(6)
    headings = ["备注" if i < 0 else ANNUAL[i] for i in order]
    cells = ["无" if i < 0 else annual()[i] for i in order]
    sheet: list[list[Any]] = [*above, headings, cells]
    applications, findings = read(write_xlsx(tmp_path / "o.xlsx", {"表": sheet}))
    assert [(a.row, a.name, a.identity) for a in applications] == [(len(above) + 2, "张文博", identity())]
    assert [(f.code, f.row, f.params["columns"]) for f in findings] == [
        ("columns_unused", None, "备注、备注、备注")
    ]


def test_the_twentieth_row_is_the_last_one_looked_at(tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "20.xlsx", {"表": [["题"]] * 19 + [ANNUAL, annual()]})
    assert len(read(path)[0]) == 1
    path = write_xlsx(tmp_path / "21.xlsx", {"表": [["题"]] * 20 + [ANNUAL, annual()]})
    assert refused(path).code == "header_not_found"


def test_rows_and_columns_are_the_clerk_s_even_if_the_sheet_begins_elsewhere(tmp_path: Path) -> None:
    def shift(book: Any) -> None:
        book["表"].move_range("A1:G4", rows=6, cols=3)

    rows = [ANNUAL, annual(1), [], annual(2, 专业科目学时="六十")]
    applications, findings = read(write_xlsx(tmp_path / "s.xlsx", {"表": rows}, shift))
    assert [a.row for a in applications] == [8]
    assert [(f.row, f.column, f.heading) for f in findings] == [(10, "I", "专业科目学时")]


def test_two_rows_of_headings_with_a_merged_group(tmp_path: Path) -> None:
    def merge(book: Any) -> None:
        for area in ("A1:G1", "A2:A3", "B2:B3", "C2:C3", "D2:D3", "E2:E3", "F2:G2"):
            book["表"].merge_cells(area)

    upper = ["姓名", "身份证号", "单位", "职称等级", "年度", "学时", None]
    lower = [None, None, None, None, None, "公需科目", "专业科目"]
    path = write_xlsx(tmp_path / "2.xlsx", {"表": [["题"], upper, lower, annual()]}, merge)
    applications, findings = read(path)
    assert findings == []
    hours = [
        (a.row, a.public_hours, a.professional_hours)
        for a in applications
        if isinstance(a, AnnualApplication)
    ]
    assert hours == [(4, 60, 26)]


def test_the_year_s_column_may_be_missing(tmp_path: Path) -> None:
    rows = [[cell for i, cell in enumerate(row) if i != 4] for row in (ANNUAL, annual())]
    assert [a.year for a in read(write_xlsx(tmp_path / "y.xlsx", {"表": rows}))[0]] == [2026]


def test_all_missing_columns_are_named_at_once(tmp_path: Path) -> None:
    error = refused(
        write_xlsx(tmp_path / "m.xlsx", {"表": [["姓名", "工作单位", "年度"], ["张三", "某局", 2026]]})
    )
    assert error.code == "missing_columns"
    assert error.finding.params["columns"] == "身份证号、职称等级、专业科目学时、公需科目学时"
    assert error.finding.sheet == "表"


def test_of_missing_columns_the_row_and_what_was_not_understood_are_named(tmp_path: Path) -> None:
    rows = [["名单"], ["姓名", "证件", "工作单位", "职级"], ["张三", identity(1), "某局", "中级"]]
    error = refused(write_xlsx(tmp_path / "m.xlsx", {"表": rows}))
    chinese, english = (describe(error.finding, lang)[0] for lang in ("zh-CN", "en"))
    assert "以第2行为表头" in chinese
    assert chinese.endswith("未能识别的列名：证件、职级。")
    assert english.endswith("not understood: 证件, 职级.")
    assert "专业科目学时, 公需科目学时" in english


def test_the_headings_of_all_sheets_are_named_at_once(tmp_path: Path) -> None:
    sheets: dict[str, Rows] = {
        "一中": [ANNUAL, annual(1)],
        "二中": [ANNUAL[:-1], annual(2)[:-1]],
        "三中": [[*ANNUAL, "所在单位"], [*annual(3), "某局"]],
        "四中": [COMPLETION, completion(4)],
    }
    error = refused(write_xlsx(tmp_path / "all.xlsx", sheets))
    assert [(one.sheet, one.code) for one in error.findings] == [
        ("二中", "missing_columns"),
        ("三中", "duplicate_column"),
        ("四中", "wrong_kind"),
    ]
    assert (error.finding, error.code) == (error.findings[0], "missing_columns")


def test_one_meaning_in_two_columns(tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "d.xlsx", {"表": [[*ANNUAL, "所在单位"], [*annual(), "某局"]]})
    error = refused(path)
    assert error.code == "duplicate_column"
    assert error.finding.params["columns"] == "C「工作单位」、H「所在单位」"


def test_a_column_of_titles_beside_the_grades_is_not_taken_for_grades(tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "t.xlsx", {"表": [["职称", *ANNUAL], ["主治医师", *annual()]]})
    assert [a.grade for a in read(path)[0] if hasattr(a, "grade")] == ["intermediate"]


def test_a_form_of_the_other_kind_is_recognised(tmp_path: Path) -> None:
    other = refused(write_xlsx(tmp_path / "c.xlsx", {"表": [COMPLETION, completion()]})).finding
    assert describe(other, "zh-CN")[0] == "工作表「表」是结业证书的表，而办理的是年度证书。"
    assert "(completion)" in describe(other, "en")[0]
    assert refused(write_xlsx(tmp_path / "c.xlsx", {"表": [COMPLETION, completion()]})).code == "wrong_kind"
    assert (
        refused(write_xlsx(tmp_path / "a.xlsx", {"表": [ANNUAL, annual()]}), "completion").code
        == "wrong_kind"
    )


def test_every_sheet_with_headings_is_read(tmp_path: Path) -> None:
    sheets: dict[str, Rows] = {
        "说明": [["请用文本格式"]],
        "一中": [ANNUAL, annual(1)],
        "空表": [],
        "二中": [["题"], ANNUAL, annual(2), annual(1)],
    }
    applications, findings = read(write_xlsx(tmp_path / "m.xlsx", sheets))
    assert [(a.sheet, a.row) for a in applications] == [("一中", 2), ("二中", 3)]
    assert notes(findings) == [(None, "sheet_ignored"), (None, "sheet_ignored")]
    assert [
        (f.params["first_sheet"], f.params["first_row"]) for f in findings if f.code == "duplicate_in_file"
    ] == [("一中", "2")]


def test_a_sheet_without_headings_is_a_file_fault_only_if_it_is_alone(tmp_path: Path) -> None:
    assert refused(write_xlsx(tmp_path / "n.xlsx", {"表": [["张三", identity()]]})).code == "header_not_found"
    assert refused(write_xlsx(tmp_path / "e.xlsx", {"表": []})).code == "file_empty"
    finding = refused(write_csv(tmp_path / "n.csv", [["张三", identity()]]))
    assert finding.code == "header_not_found"
    said = "".join(describe(finding.finding, "zh-CN"))
    assert all(word in said for word in ("「n」", "UTF-8", *ANNUAL))


def test_hidden_columns_that_are_read_are_named(tmp_path: Path) -> None:
    def hide(book: Any) -> None:
        for letter in "BFHK":
            book["表"].column_dimensions[letter].hidden = True

    rows = [[], ["", *ANNUAL, "备注"], ["", *annual(1), "甲"]]
    applications, findings = read(write_xlsx(tmp_path / "h.xlsx", {"表": rows}, hide))
    assert len(applications) == 1
    told = [(f.code, f.severity, f.params["columns"]) for f in findings if f.code == "hidden_columns"]
    assert told == [("hidden_columns", Severity.NOTE, "B「姓名」、F「年度」、H「公需科目学时」")]


def test_people_in_hidden_rows_and_sheets_are_held_back_and_said(tmp_path: Path) -> None:
    def hide(book: Any) -> None:
        book["表"].row_dimensions[3].hidden = True
        book["旧表"].sheet_state = "hidden"

        book["表"].row_dimensions[5].hidden = True
        book["表"].row_dimensions[6].hidden = True

    rows = [ANNUAL, annual(1), annual(2), annual(4), ["合计"], annual(5, 姓名="")]
    path = write_xlsx(tmp_path / "h.xlsx", {"表": rows, "旧表": [ANNUAL, annual(3)]}, hide)
    applications, findings = read(path)
    assert [(a.sheet, a.row) for a in applications] == [("表", 2), ("表", 4)]
    assert [(f.sheet, f.row, f.code) for f in findings] == [
        ("表", None, "hidden_rows"),
        ("表", 3, "hidden_row"),
        ("表", 5, "total_row"),
        ("表", 6, "hidden_row"),
        ("表", 6, "cell_empty"),
        ("旧表", None, "hidden_sheet"),
        ("旧表", 2, "hidden_sheet_row"),
    ]
    assert findings[0].params == {"count": "3", "rows": "3、5、6"}
    applications, findings = read(path, include_hidden=True)
    assert [(a.sheet, a.row) for a in applications] == [("表", 2), ("表", 3), ("表", 4), ("旧表", 2)]
    assert [f.code for f in findings] == [
        "hidden_rows_included",
        "total_row",
        "cell_empty",
        "hidden_sheet_included",
    ]


def test_unused_columns_are_named_once_a_sheet(tmp_path: Path) -> None:
    headings = ["序号", *ANNUAL, "联系\n电话", "处理结果", "", "备注"]
    rows = [["题"], headings, [1, *annual(1), "138", "已发"], [2, *annual(2)]]
    _, findings = read(write_xlsx(tmp_path / "u.xlsx", {"一": rows, "二": [ANNUAL, annual(3)]}))
    assert [(f.sheet, f.row, f.code, f.params["columns"]) for f in findings] == [
        ("一", None, "columns_unused", "联系 电话、备注")
    ]


@pytest.mark.parametrize(
    ("stated", "found"),
    [
        (86, None),
        ("８６", None),
        ("", None),
        (85, ("total_differs", "85", "fault")),
        (0, ("total_differs", "0", "fault")),
        ("86学时", ("total_unread", "86学时", "note")),
        (ExcelError("#REF!"), ("total_unread", "#REF!", "note")),
        (Formula("=F2+G2"), ("total_uncalculated", "", "note")),
    ],
)
@pytest.mark.parametrize("heading", ["合计", "总学时", "学时合计"])
def test_a_stated_total_is_checked(tmp_path: Path, heading: str, stated: Any, found: Any) -> None:
    rows = [[*ANNUAL, heading], [*annual(1), stated]]
    applications, findings = read(write_xlsx(tmp_path / "t.xlsx", {"表": rows}))
    told = [(f.code, f.value, f.severity.value) for f in findings]
    assert told == ([found] if found else [])
    assert len(applications) == (0 if found and found[2] == "fault" else 1)
    if found:
        assert (findings[0].row, findings[0].column, findings[0].heading) == (2, "H", heading)


def test_a_total_in_two_rows_of_headings_and_a_row_of_totals_right_below_them(tmp_path: Path) -> None:
    above = ["序号", *ANNUAL[:5], "学时", "", ""]
    below = ["", "", "", "", "", "", "专业科目", "公需科目", "合计"]
    paired = [above, below, [1, *annual(1), 86], [2, *annual(2), 87]]
    applications, findings = read(write_xlsx(tmp_path / "p.xlsx", {"表": paired}))
    assert [a.row for a in applications] == [3]
    assert [(f.row, f.code) for f in findings] == [(4, "total_differs")]
    topped = [["序号", *ANNUAL], ["合计", "", "", "", "", "", 60, 26], [1, *annual(1)]]
    applications, findings = read(write_xlsx(tmp_path / "r.xlsx", {"表": topped}))
    assert [a.row for a in applications] == [3]
    assert [(f.row, f.code) for f in findings] == [(2, "total_row")]


def test_english_headings(tmp_path: Path) -> None:
    headings = [
        "Name",
        "ID Number",
        "EMPLOYER",
        "Grade",
        "Year",
        "Professional hours",
        "Public Hours (45 min)",
    ]
    applications, findings = read(write_xlsx(tmp_path / "e.xlsx", {"List": [headings, annual(1)]}))
    assert (len(applications), findings) == (1, [])
