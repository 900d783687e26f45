"""Which rows are people: blanks, totals, signatures and repeated headings pass; nobody is lost among them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from registry.intake.findings import Finding, describe
from tests.registry.sheets import (
    ANNUAL,
    COMPLETION,
    Formula,
    annual,
    completion,
    faults,
    identity,
    notes,
    open_file,
    patch_zip,
    read,
    sheet_xml,
    write_csv,
    write_xlsx,
)
from verifier.iso7064 import mod11_2_check

EMPTY = [""] * len(ANNUAL)


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (["合计", "", "", "", "", 120, 52], "total_row"),
        (["", "", "合 计", "", "", 120, 52], "total_row"),
        (["小计：2人", "", "", "", "", 120, 52], "total_row"),
        (["总计", "", "", "", "", 120, 52], "total_row"),
        (["共 2 人", "", "", "", "", "", ""], "total_row"),
        (["制表人：刘芳", "", "", "审核：", "", "", "日期："], "footer_row"),
        (["审核人签字：", "", "", "", "", "", ""], "footer_row"),
        (["", "", "填表日期：2026年11月20日", "", "", "", ""], "footer_row"),
        (["单位（盖章）", "", "", "", "", "", ""], "footer_row"),
        (["填表说明", "", "", "", "", "", ""], "footer_row"),
        (["填表人：刘芳", "审核人：王强", "", "", "", "", "2026年11月20日"], "footer_row"),
        (["填表人：", "刘芳", "审核人：", "王强", "", "", ""], "footer_row"),
        (["填表人：刘芳", "日期：2026年11月20日", "", "", "", "", ""], "footer_row"),
        (["填表人：刘芳 审核人：王强", "", "", "", "", "", ""], "footer_row"),
        (["注：本表一式两份", "", "", "", "", "", ""], "footer_row"),
        (list(ANNUAL), "repeated_header"),
    ],
)
def test_rows_that_are_nobody(tmp_path: Path, row: list[Any], code: str) -> None:
    path = write_xlsx(tmp_path / "n.xlsx", {"表": [ANNUAL, annual(1), row, annual(2)]})
    applications, findings = read(path)
    assert [a.row for a in applications] == [2, 4]
    assert [(f.row, f.code) for f in findings] == [(3, code)]


def test_a_total_without_a_label_is_known_by_its_formula(tmp_path: Path) -> None:
    texts = "".join(f'<c t="inlineStr"><is><t>{text}</t></is></c>' for text in ANNUAL)
    cells = "".join(f'<c t="{"n" if isinstance(c, int) else "str"}"><v>{c}</v></c>' for c in annual())
    total = '<c r="F3"><f>SUM(F2:F2)</f><v>60</v></c>'
    part = sheet_xml(f"<row>{texts}</row><row>{cells}</row><row>{total}</row>")
    path = patch_zip(write_xlsx(tmp_path / "t.xlsx", {"表": []}), {"xl/worksheets/sheet1.xml": part})
    applications, findings = read(path)
    assert [a.row for a in applications] == [2]
    assert [(f.row, f.code) for f in findings] == [(3, "total_row")]
    patch_zip(path, {"xl/worksheets/sheet1.xml": part.replace(b"<f>SUM(F2:F2)</f>", b"")})
    assert {(row, code) for row, _, code in faults(read(path)[1])} == {(3, "cell_empty")}


@pytest.mark.parametrize(
    "row", [[], EMPTY, [" ", "\u3000", "\u200b", "", "", "", ""], [*EMPTY, 17], [*EMPTY, "备查"]]
)
def test_blank_rows_are_passed_over_in_silence(tmp_path: Path, row: list[Any]) -> None:
    path = write_xlsx(tmp_path / "b.xlsx", {"表": [ANNUAL, row, annual(1), row, row, annual(2), row]})
    applications, findings = read(path)
    assert [a.row for a in applications] == [3, 6]
    assert findings == []


@pytest.mark.parametrize(
    ("row", "found"),
    [
        (annual(1, 姓名="合计"), []),  # a whole row with a number is a person, whatever the name
        (annual(1, 姓名="备注"), []),
        (
            annual(1, 姓名="填表人：", 身份证号=identity(1)[:17]),
            [(2, "A", "name_characters"), (2, "B", "identity_length")],
        ),
        (annual(1, 身份证号="审核人：王强"), [(2, "B", "identity_words")]),
        (annual(1, 身份证号=""), [(2, "B", "cell_empty")]),
        (annual(1, 姓名="", 身份证号=""), [(2, "A", "cell_empty"), (2, "B", "cell_empty")]),
    ],
)
def test_nobody_is_taken_for_a_footer(tmp_path: Path, row: list[Any], found: list[Any]) -> None:
    applications, findings = read(write_xlsx(tmp_path / "p.xlsx", {"表": [ANNUAL, row]}))
    assert faults(findings) == found
    assert len(applications) == (0 if found else 1)


def test_a_person_whose_every_cell_is_an_uncalculated_formula_is_not_lost(tmp_path: Path) -> None:
    row = [Formula(f"=Sheet9!{letter}2") for letter in "ABCDEFG"]
    applications, findings = read(write_xlsx(tmp_path / "f.xlsx", {"表": [ANNUAL, row]}))
    assert applications == []
    assert [code for _, _, code in faults(findings)] == ["formula_uncalculated"] * 7


def test_a_merged_employer_is_not_carried_down(tmp_path: Path) -> None:
    rows = [ANNUAL, annual(1), annual(2, 工作单位=None), annual(3, 工作单位=None)]
    path = write_xlsx(tmp_path / "m.xlsx", {"表": rows}, lambda book: book["表"].merge_cells("C2:C3"))
    applications, findings = read(path)
    assert len(applications) == 1
    assert faults(findings) == [(3, "C", "cell_merged"), (4, "C", "cell_empty")]


def test_the_second_of_two_is_refused_and_names_the_first(tmp_path: Path) -> None:
    rows = [ANNUAL, annual(1, 专业科目学时="六十"), annual(2), annual(1), annual(1), annual(2, 姓名="李")]
    applications, findings = read(write_xlsx(tmp_path / "d.xlsx", {"表": rows}))
    assert [a.row for a in applications] == [3]
    assert faults(findings) == [
        (2, "F", "hours_words"),
        (4, "B", "duplicate_in_file"),
        (5, "B", "duplicate_in_file"),
        (6, "A", "name_single"),
        (6, "B", "duplicate_in_file"),
    ]
    assert [f.params["first_row"] for f in findings if f.code == "duplicate_in_file"] == ["2", "2", "3"]


def test_one_person_may_complete_several_trainings(tmp_path: Path) -> None:
    rows = [
        COMPLETION,
        completion(1),
        completion(1, 培训项目="公需科目培训"),
        completion(1, 结业日期="2026-06-01"),
        completion(1, 身份证号=f" {identity(1)}", 结业日期="2026年5月20日", 学时=30),
    ]
    applications, findings = read(write_xlsx(tmp_path / "c.xlsx", {"表": rows}), "completion")
    assert [a.row for a in applications] == [2, 3, 4]
    assert faults(findings) == [(5, "B", "duplicate_in_file")]


def test_items_are_in_file_order_and_can_be_read_again(tmp_path: Path) -> None:
    rows = [ANNUAL, annual(1), annual(2, 姓名="李 四"), annual(3, 姓名=""), ["合计"], annual(4)]
    intake = open_file(write_xlsx(tmp_path / "o.xlsx", {"表": rows}))
    first, second = list(intake.items()), list(intake.items())
    assert first == second
    assert [(type(item).__name__, item.row) for item in first] == [
        ("AnnualApplication", 2),
        ("Finding", 3),
        ("AnnualApplication", 3),
        ("Finding", 4),
        ("Finding", 5),
        ("AnnualApplication", 6),
    ]
    assert intake.total_rows == 5
    assert len(intake.sha256) == 64
    assert intake.name == "o.xlsx"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv_of_each_encoding_and_delimiter(tmp_path: Path, encoding: str, delimiter: str) -> None:
    rows = [
        ["某系统汇总, 2026；"],
        [],
        ANNUAL,
        annual(1, 姓名="𠮷田㐱"),
        [],
        annual(2, 工作单位="某局, 二处;科\n室"),
    ]
    path = write_csv(tmp_path / "c.csv", rows, encoding=encoding, delimiter=delimiter)
    applications, findings = read(path)
    assert [(a.sheet, a.row, a.name) for a in applications] == [("c", 4, "𠮷田㐱"), ("c", 6, "张文博")]
    assert notes(findings) == [(6, "normalised")]
    assert applications[1].employer == "某局, 二处;科室"


def test_ragged_csv_rows(tmp_path: Path) -> None:
    header = [*ANNUAL[:2], *ANNUAL[3:], ANNUAL[2]]
    good = [*annual(1)[:2], *annual(1)[3:], "某公司"]
    rows = [
        header,
        good,
        [*good[:1], identity(2), *good[2:], "郑州分公司"],
        good[:3],
        [*good[:1], identity(3), *good[2:], ""],
    ]
    applications, findings = read(write_csv(tmp_path / "r.csv", rows))
    assert [a.row for a in applications] == [2, 5]
    assert (3, None, "row_too_wide") in faults(findings)
    assert {row for row, _, _ in faults(findings)} == {3, 4}


def test_csv_texts_that_excel_spoiled(tmp_path: Path) -> None:
    rows = [
        ANNUAL,
        annual(1, 身份证号="4.10101E+17"),
        annual(2, 身份证号=f"'{identity(2)}"),
        annual(3, 姓名="#NAME?"),
    ]
    applications, findings = read(write_csv(tmp_path / "x.csv", rows))
    assert [a.identity for a in applications] == [identity(2)]
    assert faults(findings) == [(2, "B", "identity_scientific"), (4, "A", "formula_error")]


def test_findings_can_be_masked(tmp_path: Path) -> None:
    number = identity(7)
    spaced = f"{number[:6]} {number[6:14]}\u200b{number[14:]}"
    _, findings = read(
        write_csv(tmp_path / "k.csv", [ANNUAL, annual(7, 身份证号=spaced), annual(8, 姓名=number)])
    )
    assert [f.code for f in findings] == ["normalised", "name_digits"]
    for finding in findings:
        masked = finding.masked()
        shown = masked.value + "".join(masked.params.values())
        assert number[8:12] not in shown
        assert number[:6] in shown
    dates = Finding("x", findings[0].severity, value="2026-11-20 08:30", params={"hours": "2000"}).masked()
    assert (dates.value, dates.params["hours"]) == ("2026-11-20 08:30", "2000")


@pytest.mark.parametrize(("professional", "public"), [(0, 0), ("０", 0.0)])
def test_nothing_is_certified_about_no_hours(tmp_path: Path, professional: Any, public: Any) -> None:
    rows = [
        ANNUAL,
        annual(1, 专业科目学时=professional, 公需科目学时=public),
        annual(2, 专业科目学时=0),
        annual(3, 公需科目学时=0),
    ]
    applications, findings = read(write_xlsx(tmp_path / "z.xlsx", {"表": rows}))
    assert [a.row for a in applications] == [3, 4]
    assert faults(findings) == [(2, "F", "hours_none")]
    rows = [COMPLETION, completion(1, 学时=0)]
    applications, findings = read(write_xlsx(tmp_path / "y.xlsx", {"表": rows}), "completion")
    assert (applications, faults(findings)) == ([], [(2, "H", "hours_none")])


@pytest.mark.parametrize(
    ("born", "age"), [(2011, "15"), (2010, None), (1946, None), (1945, "81"), (1900, "126")]
)
def test_an_implausible_age_is_remarked_upon_and_issued(tmp_path: Path, born: int, age: str | None) -> None:
    body = f"410102{born}0101001"
    row = annual(1, 身份证号=body + mod11_2_check(body))
    applications, findings = read(write_xlsx(tmp_path / "a.xlsx", {"表": [ANNUAL, row]}))
    assert len(applications) == 1
    assert [(f.row, f.code, f.params["age"]) for f in findings] == (
        [(2, "age_implausible", age)] if age else []
    )


def test_one_number_under_two_names_is_told_with_both(tmp_path: Path) -> None:
    rows = [ANNUAL, annual(1), annual(1, 姓名="李雷"), annual(2, 姓名=""), annual(2)]
    _, findings = read(write_xlsx(tmp_path / "d.xlsx", {"表": rows}))
    assert faults(findings)[::2] == [(3, "B", "duplicate_other_name"), (5, "B", "duplicate_in_file")]
    problem, _ = describe(findings[0], "zh-CN")
    assert "「张文博」" in problem
    assert "「李雷」" in problem
