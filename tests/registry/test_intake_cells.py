"""Every notation of every cell: what is taken as it is, what is normalised and listed, what is refused and why."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from registry.intake.findings import Severity, describe
from registry.intake.rows import AnnualApplication, CompletionApplication
from tests.registry.sheets import (
    ANNUAL,
    COMPLETION,
    ExcelError,
    Formula,
    annual,
    completion,
    identity,
    read,
    write_xlsx,
)
from verifier.iso7064 import mod11_2_check

ID = identity(1)
WRONG = ID[:-1] + ("1" if ID[-1] != "1" else "2")
ENDS_IN_X = next(number for number in map(identity, range(100)) if number.endswith("X"))
FULL_WIDTH = ID.translate({code: code + 0xFEE0 for code in range(0x30, 0x5B)})

FAULTS: list[tuple[str, Any, str]] = [
    ("身份证号", int(ID[:17] + "0"), "identity_numeric"),
    ("身份证号", 4.10101e17, "identity_numeric"),
    ("身份证号", 410105900101123, "identity_numeric"),
    ("身份证号", "4.10101E+17", "identity_scientific"),
    ("身份证号", "4.1e17", "identity_scientific"),
    ("身份证号", "410105900101123", "identity_old"),
    ("身份证号", ID[:17], "identity_length"),
    ("身份证号", ID + "1", "identity_length"),
    ("身份证号", "E12345678", "identity_other_document"),
    ("身份证号", "EA1234567", "identity_other_document"),
    ("身份证号", "h12345678", "identity_other_document"),
    ("身份证号", "H1234567801", "identity_other_document"),
    ("身份证号", "12345678", "identity_other_document"),
    ("身份证号", "A123456(7)", "identity_other_document"),
    ("身份证号", "同上", "identity_words"),
    ("身份证号", "无", "identity_words"),
    ("身份证号", "〃", "identity_words"),
    ("身份证号", "/", "identity_words"),
    ("身份证号", "123456789", "identity_length"),
    ("身份证号", f"{ID[:6]}********{ID[14:]}", "identity_masked"),
    ("身份证号", ID[:9] + "O" + ID[10:], "identity_digits"),
    *(("身份证号", ID[:17] + like, "identity_last") for like in "ⅩⅹΧχ×Х"),  # Roman, Greek, sign, Cyrillic
    ("身份证号", ID[:17] + "O", "identity_digits"),
    ("身份证号", f"{ID[:6]}-{ID[6:14]}-{ID[14:]}", "identity_signs"),
    ("身份证号", f"身份证{ID}（本人）", "identity_signs"),
    ("身份证号", WRONG, "identity_check"),
    ("身份证号", ID[:6] + "19901350" + ID[14:], "identity_date"),
    ("身份证号", ID[:6] + "20270101" + ID[14:], "identity_date"),
    ("身份证号", "410105199001011000", "identity_digits_lost"),
    ("身份证号", "", "cell_empty"),
    ("身份证号", " \u200b\u3000", "cell_empty"),
    ("身份证号", dt.date(2026, 1, 1), "text_expected"),
    ("身份证号", True, "text_expected"),
    ("身份证号", ExcelError("#N/A"), "formula_error"),
    ("身份证号", "#REF!", "formula_error"),
    ("身份证号", Formula('=B1&""'), "formula_uncalculated"),
    ("姓名", "", "cell_empty"),
    ("姓名", "张", "name_single"),
    ("姓名", "张" * 41, "name_length"),
    ("姓名", "张三\n李四", "name_line_break"),
    ("姓名", "张文\u2028博", "name_line_break"),
    ("姓名", "张三2", "name_digits"),
    ("姓名", "张三２", "name_digits"),
    ("姓名", "买买提•艾力", "name_dot"),
    ("姓名", "买买提‧艾力", "name_dot"),
    ("姓名", "买买提・艾力", "name_dot"),
    ("姓名", "买买提∙艾力", "name_dot"),
    ("姓名", "买买提⋅艾力", "name_dot"),
    ("姓名", "买买提.艾力", "name_dot"),
    ("姓名", "买买提．艾力", "name_dot"),
    ("姓名", "买买提 艾力", "name_space"),
    ("姓名", "买买提\u3000艾力", "name_space"),
    ("姓名", "阿卜杜拉·买买提 吐尔逊", "name_space"),
    ("姓名", "张?", "name_lost_character"),
    ("姓名", "张？", "name_lost_character"),
    ("姓名", "张□", "name_lost_character"),
    ("姓名", "张\ufffd", "name_lost_character"),
    ("姓名", "王\ue863", "private_use"),
    ("姓名", "王\U000f0000", "private_use"),
    ("姓名", "张三😀", "name_characters"),
    ("姓名", "张\u202e三", "name_characters"),
    ("姓名", "张\U0002ffff三", "name_characters"),
    ("姓名", "张\u2066三", "name_characters"),
    ("姓名", "葛\U000e0100飾", "name_characters"),
    ("姓名", "⼀⼁", "name_characters"),  # radicals that look like 一丨
    ("姓名", "张三、李四", "name_characters"),
    ("姓名", "张三（小）", "name_characters"),
    ("姓名", "·买买提", "name_characters"),
    ("姓名", "张-三", "name_characters"),
    *(
        ("姓名", word, "text_placeholder")
        for word in ("同上", "同 上", "上同", "测试", "未知", "姓名", "无", "N/A")
    ),
    *(("姓名", word, "text_placeholder") for word in ("张某", "欧阳某", "某某某", "李某某", "张 某")),
    ("姓名", 1234, "text_expected"),
    ("姓名", ExcelError("#VALUE!"), "formula_error"),
    ("工作单位", "", "cell_empty"),
    ("工作单位", "院", "text_length"),
    ("工作单位", "院" * 61, "text_length"),
    ("工作单位", "河南\u202e医院", "text_characters"),
    ("工作单位", "河南\ue863医院", "private_use"),
    *(
        ("工作单位", word, "text_placeholder")
        for word in ("同上", "同前", "〃", '"', "/", "—", "-", "----", "12345")
    ),
    *(
        ("工作单位", word, "text_placeholder")
        for word in ("n/a", "Ｎ/Ａ", "None", "暂 无", "无", "某单位", "河南某某公司")
    ),
    ("工作单位", 12, "text_expected"),
    ("职称等级", "", "cell_empty"),
    ("职称等级", "主治医师", "grade_unknown"),
    ("职称等级", "中", "grade_unknown"),
    ("职称等级", "无", "grade_unknown"),
    ("职称等级", 2, "text_expected"),
    ("年度", 2025, "year_mismatch"),
    ("年度", "2025年", "year_mismatch"),
    ("年度", "", "cell_empty"),
    ("年度", "26", "year_form"),
    ("年度", "今年", "year_form"),
    ("年度", 2026.5, "year_form"),
    ("年度", 46346, "year_form"),
    ("年度", dt.date(2026, 1, 1), "year_form"),
    ("年度", dt.datetime.fromisoformat("2026-01-01"), "year_form"),
    ("专业科目学时", "", "cell_empty"),
    ("专业科目学时", 60.5, "hours_fraction"),
    ("专业科目学时", "60.5", "hours_fraction"),
    ("专业科目学时", 60.000001, "hours_fraction"),
    ("专业科目学时", 60.00000000000001, "hours_near"),
    ("专业科目学时", 59.9999999999, "hours_near"),
    ("专业科目学时", 1e-12, "hours_near"),
    ("专业科目学时", -1e-12, "hours_negative"),
    ("专业科目学时", -0.5, "hours_negative"),
    ("专业科目学时", "60学时", "hours_unit"),
    ("专业科目学时", "64小时", "hours_unit"),
    ("专业科目学时", "８天", "hours_unit"),
    ("专业科目学时", "六十", "hours_words"),
    ("专业科目学时", "六十学时", "hours_words"),
    ("专业科目学时", -1, "hours_negative"),
    ("专业科目学时", "-1", "hours_negative"),
    ("专业科目学时", "－１", "hours_negative"),
    ("专业科目学时", 2001, "hours_too_many"),
    ("专业科目学时", "20000", "hours_too_many"),
    ("专业科目学时", 1e300, "hours_too_many"),
    ("专业科目学时", "合格", "hours_form"),
    ("专业科目学时", "60+26", "hours_form"),
    ("专业科目学时", "60+", "hours_form"),
    ("专业科目学时", "1,234", "hours_form"),
    ("专业科目学时", "６０，０００", "hours_form"),
    ("专业科目学时", "6_0", "hours_form"),
    ("专业科目学时", "٦٠", "hours_form"),
    ("专业科目学时", True, "hours_form"),
    ("专业科目学时", dt.date(1900, 2, 28), "hours_date_format"),
    ("专业科目学时", dt.timedelta(hours=60), "hours_date_format"),
    ("公需科目学时", ExcelError("#DIV/0!"), "formula_error"),
]

COMPLETION_FAULTS: list[tuple[str, Any, str]] = [
    ("培训项目", "同上", "text_placeholder"),
    ("施教机构", "不详", "text_placeholder"),
    ("结业日期", "3/4/2026", "date_ambiguous"),
    ("结业日期", "03-04-26", "date_ambiguous"),
    ("结业日期", "26.3.4", "date_ambiguous"),
    ("结业日期", 46162, "date_serial"),
    ("结业日期", "46162", "date_serial"),
    ("结业日期", 46162.5, "date_serial"),
    ("结业日期", "2026-02-30", "date_invalid"),
    ("结业日期", "20261301", "date_invalid"),
    ("结业日期", 20261301, "date_invalid"),
    ("结业日期", "2026年5月", "date_incomplete"),
    ("结业日期", "2026-05", "date_incomplete"),
    ("结业日期", "2026", "date_incomplete"),
    ("结业日期", "2026-11-24", "date_future"),
    ("结业日期", dt.date(2027, 1, 1), "date_future"),
    ("结业日期", "五月二十日", "date_form"),
    ("结业日期", "2026-5/20", "date_form"),
    ("结业日期", "2026-05-20T00:00:00Z", "date_zone"),
    ("结业日期", "2026-05-20T10:00:00.5+0800", "date_zone"),
    ("结业日期", "2026-05-20 00:00 +08:00", "date_zone"),
    ("结业日期", "20/05/2026", "date_order"),
    ("结业日期", "5/5/2026", "date_order"),
    ("结业日期", "31/02/2026", "date_invalid"),
    ("结业日期", "2026-05-20 上午", "date_form"),
    ("结业日期", "2026/5/2 8:3", "date_form"),
    ("结业日期", " 00:00:00", "date_form"),
    ("结业日期", "", "cell_empty"),
    ("结业日期", True, "text_expected"),
    ("结业日期", dt.time(8, 0), "text_expected"),
    ("结业日期", "2024-12-31", "completed_other_year"),
    ("结业日期", dt.date(1990, 1, 1), "completed_other_year"),
    ("科目类别", "选修", "category_unknown"),
    ("科目类别", "", "cell_empty"),
    ("学时", "24学时", "hours_unit"),
    ("培训项目", "班", "text_length"),
    ("施教机构", "", "cell_empty"),
]

TAKEN: list[tuple[str, Any, str, str | int, bool]] = [
    # heading, cell, field, value, normalised and listed
    ("身份证号", ENDS_IN_X, "identity", ENDS_IN_X, False),
    ("身份证号", ENDS_IN_X.lower(), "identity", ENDS_IN_X, True),
    ("身份证号", ENDS_IN_X[:-1] + "ｘ", "identity", ENDS_IN_X, True),
    ("身份证号", FULL_WIDTH, "identity", ID, True),
    ("身份证号", f"{ID[:6]} {ID[6:14]}\u00a0{ID[14:]}", "identity", ID, True),
    ("身份证号", f"'{ID}", "identity", ID, True),
    ("身份证号", f'="{ID}"', "identity", ID, True),
    ("身份证号", f"\ufeff{ID}\t\n", "identity", ID, True),
    ("姓名", "欧阳娜娜", "name", "欧阳娜娜", False),
    ("姓名", "𠮷田㐱", "name", "𠮷田㐱", False),
    ("姓名", "阿卜杜拉·买买提", "name", "阿卜杜拉·买买提", False),
    ("姓名", "阿卜杜拉 · 买买提", "name", "阿卜杜拉·买买提", True),
    ("姓名", "张　文\u00a0博 ", "name", "张文博", True),
    ("姓名", "欧阳 建国", "name", "欧阳建国", True),
    ("姓名", "买买提\u200b艾力", "name", "买买提艾力", True),
    ("姓名", "张\u200b文\u200c\u200d\u2060\u00ad博\ufeff", "name", "张文博", True),
    ("姓名", "\n张文博\r\n", "name", "张文博", True),
    ("职称等级", "正高", "grade", "senior", False),
    ("职称等级", "副高", "grade", "senior", False),
    ("职称等级", "助理", "grade", "junior", False),
    ("姓名", "\ufa19田", "name", "神田", True),  # NFC: a compatibility ideograph
    ("姓名", "Ａｎｎａ  Smith", "name", "Anna Smith", True),
    ("姓名", "Jean-Luc O'Neill Jr.", "name", "Jean-Luc O'Neill Jr.", False),
    ("姓名", "Zoe\u0308 Brown", "name", "Zoë Brown", True),
    ("姓名", "张〇", "name", "张〇", False),
    ("工作单位", "河南省 人民医院（本部）", "employer", "河南省人民医院（本部）", True),
    ("工作单位", "河南\n省人民医院", "employer", "河南省人民医院", True),
    ("工作单位", "中铁１５局 ABC  公司", "employer", "中铁15局 ABC 公司", True),
    ("工作单位", "郑州市第一人民医院（南院区）", "employer", "郑州市第一人民医院（南院区）", False),
    ("工作单位", "=SUM(A1)人民医院", "employer", "=SUM(A1)人民医院", False),
    ("职称等级", "正高级", "grade", "senior", False),
    ("职称等级", "副高级", "grade", "senior", False),
    ("职称等级", "高 级", "grade", "senior", True),
    ("职称等级", "助理级", "grade", "junior", False),
    ("职称等级", "员级", "grade", "junior", False),
    ("年度", 2026.0, "year", 2026, False),
    ("年度", "2026", "year", 2026, False),
    ("年度", "2026年", "year", 2026, True),
    ("年度", "２０２６ 年度", "year", 2026, True),
    ("专业科目学时", 0, "professional_hours", 0, False),
    ("专业科目学时", 60.0, "professional_hours", 60, False),
    ("专业科目学时", 2000, "professional_hours", 2000, False),
    ("专业科目学时", "60", "professional_hours", 60, False),
    ("专业科目学时", "６０", "professional_hours", 60, True),
    ("专业科目学时", " 60 ", "professional_hours", 60, True),
    ("专业科目学时", "60.0", "professional_hours", 60, True),
    ("专业科目学时", "060", "professional_hours", 60, True),
    ("专业科目学时", "00", "professional_hours", 0, True),
]

DATES: list[tuple[Any, bool]] = [
    (dt.date(2026, 5, 20), False),
    (dt.datetime.fromisoformat("2026-05-20"), False),
    (dt.datetime.fromisoformat("2026-05-20T17:30"), True),
    ("2026-05-20", False),
    ("2026-5-20", True),
    ("2026/05/20", True),
    ("2026/5/20", True),
    ("2026.5.20", True),
    ("2026年5月20日", True),
    ("２０２６年０５月２０日", True),
    ("２０２６／５／２０", True),
    ("20260520", True),
    (20260520, True),
    (" 2026 年 5 月 20 日 ", True),
    ("2026-05-20 00:00:00", True),
    ("2026-05-20T00:00:00.000", True),
    ("2026/5/20 ０：００", True),
    ("2026-05-20 17:30", True),
]


def test_each_fault_is_found_alone_in_its_cell(tmp_path: Path) -> None:
    rows = [annual(serial, **{heading: cell}) for serial, (heading, cell, _) in enumerate(FAULTS, start=500)]
    path = write_xlsx(tmp_path / "faults.xlsx", {"表": [ANNUAL, *rows]})
    applications, findings = read(path)
    assert applications == []
    found = {(f.row, f.heading): f.code for f in findings if f.severity is Severity.FAULT}
    expected = {(row, heading): code for row, (heading, _, code) in enumerate(FAULTS, start=2)}
    assert found == expected
    assert {f.column for f in findings if f.heading == "专业科目学时"} == {"F"}


def test_each_fault_of_a_completion(tmp_path: Path) -> None:
    rows = [completion(serial, **{h: cell}) for serial, (h, cell, _) in enumerate(COMPLETION_FAULTS, start=1)]
    applications, findings = read(write_xlsx(tmp_path / "c.xlsx", {"表": [COMPLETION, *rows]}), "completion")
    assert applications == []
    expected = {(row, heading): code for row, (heading, _, code) in enumerate(COMPLETION_FAULTS, start=2)}
    assert {(f.row, f.heading): f.code for f in findings if f.severity is Severity.FAULT} == expected


@pytest.mark.parametrize(("heading", "cell", "field", "value", "listed"), TAKEN)
def test_what_is_taken(
    tmp_path: Path, heading: str, cell: Any, field: str, value: str | int, listed: bool
) -> None:
    path = write_xlsx(tmp_path / "one.xlsx", {"表": [ANNUAL, annual(1, **{heading: cell})]})
    applications, findings = read(path)
    assert [getattr(application, field) for application in applications] == [value]
    assert [(f.code, f.heading) for f in findings] == ([("normalised", heading)] if listed else [])
    if listed and heading != "职称等级":
        assert findings[0].params["after"] == str(value)


def test_every_notation_of_a_date(tmp_path: Path) -> None:
    rows = [completion(serial, 结业日期=cell) for serial, (cell, _) in enumerate(DATES, start=1)]
    applications, findings = read(write_xlsx(tmp_path / "d.xlsx", {"表": [COMPLETION, *rows]}), "completion")
    assert [a.completed_on for a in applications if isinstance(a, CompletionApplication)] == [
        "2026-05-20"
    ] * len(DATES)
    assert [f.row for f in findings] == [row for row, (_, listed) in enumerate(DATES, start=2) if listed]


def test_a_training_of_the_year_before_is_remarked_upon_and_goes_ahead(tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "b.xlsx", {"表": [COMPLETION, completion(1, 结业日期="2025-01-01")]})
    applications, findings = read(path, "completion")
    assert [a.completed_on for a in applications if isinstance(a, CompletionApplication)] == ["2025-01-01"]
    assert [(f.code, f.severity) for f in findings] == [("completed_year_before", Severity.NOTE)]


@pytest.mark.parametrize(("born", "taken"), [("20100520", True), ("20100521", False)])
def test_nobody_completes_a_training_before_the_age_of_sixteen(
    tmp_path: Path, born: str, taken: bool
) -> None:
    body = f"410105{born}123"
    row = completion(1, 身份证号=body + mod11_2_check(body))
    applications, findings = read(write_xlsx(tmp_path / "y.xlsx", {"表": [COMPLETION, row]}), "completion")
    assert bool(applications) is taken
    faults = [(f.code, f.heading) for f in findings if f.severity is Severity.FAULT]
    assert faults == ([] if taken else [("completed_too_young", "结业日期")])


def test_a_whole_application_of_each_kind(tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "a.xlsx", {"表": [ANNUAL, annual()]})
    assert read(path)[0] == [
        AnnualApplication("表", 2, "张文博", ID, "郑州市第一人民医院", "intermediate", 2026, 60, 26)
    ]
    path = write_xlsx(tmp_path / "c.xlsx", {"表": [COMPLETION, completion()]})
    programme = ("基层卫生骨干培训", "河南中医药大学", "professional", 24, "2026-05-20")
    assert read(path, "completion")[0] == [
        CompletionApplication("表", 2, "张文博", ID, "郑州市第一人民医院", 2026, *programme)
    ]


@pytest.mark.parametrize("heading", ["姓名", "工作单位"])
def test_a_character_the_font_lacks_is_named(tmp_path: Path, heading: str) -> None:
    path = write_xlsx(
        tmp_path / "g.xlsx", {"表": [ANNUAL, annual(1), annual(2, **{heading: "王喆喆"}), annual(3)]}
    )
    applications, findings = read(path, missing_glyphs=lambda text: [c for c in text if c == "喆"])
    assert len(applications) == 2
    assert [(f.row, f.code, f.params["characters"]) for f in findings] == [
        (3, "glyph_missing", "喆 (U+5586)")
    ]


@pytest.mark.parametrize("heading", ["姓名", "工作单位"])
@pytest.mark.parametrize("character", ["\U00031350", "\U0002ebf0", "\U000323b0"])
def test_a_character_newer_than_our_tables_is_the_fonts_to_refuse(
    tmp_path: Path, heading: str, character: str
) -> None:
    """Chinese characters are added every few years; whoever has one in the name has not written it wrongly."""
    path = write_xlsx(tmp_path / "new.xlsx", {"表": [ANNUAL, annual(1, **{heading: f"王{character}"})]})
    _, findings = read(path, missing_glyphs=lambda text: [c for c in text if c == character])
    assert [one.code for one in findings] == ["glyph_missing"]
    assert f"U+{ord(character):04X}" in describe(findings[0], "zh-CN")[0]


def test_all_faults_of_a_row_come_at_once(tmp_path: Path) -> None:
    row = annual(1, 姓名="张", 身份证号=WRONG, 职称等级="主任", 专业科目学时="六十", 公需科目学时=1.5)
    applications, findings = read(write_xlsx(tmp_path / "m.xlsx", {"表": [ANNUAL, row]}))
    assert applications == []
    codes = ["name_single", "identity_check", "grade_unknown", "hours_words", "hours_fraction"]
    assert [f.code for f in findings] == codes


def test_a_wrong_dot_is_answered_with_the_right_name(tmp_path: Path) -> None:
    _, findings = read(write_xlsx(tmp_path / "m.xlsx", {"表": [ANNUAL, annual(1, 姓名="买买提•艾力")]}))
    problem, remedy = describe(findings[0], "zh-CN")
    assert "U+2022" in problem
    assert "买买提·艾力" in remedy


@pytest.mark.parametrize(
    ("heading", "cell", "said"),
    [
        ("身份证号", ID[:17] + "Χ", "身份证号末位是 Χ (U+03A7)，应为字母 X。"),  # Greek
        ("身份证号", "410105-19870715-0438", "身份证号中夹有其他字符：- (U+002D)。"),
        (
            "身份证号",
            ID[:9] + "O" + ID[10:],
            "身份证号含有不应出现的字符：O (U+004F)（应为 17 位数字，末位数字或 X）。",
        ),
    ],
)
def test_what_is_wrong_with_an_identity_number_is_named(
    tmp_path: Path, heading: str, cell: str, said: str
) -> None:
    _, findings = read(write_xlsx(tmp_path / "m.xlsx", {"表": [ANNUAL, annual(1, **{heading: cell})]}))
    assert [describe(finding, "zh-CN")[0] for finding in findings] == [said]


def test_a_date_in_another_order_is_answered_with_the_right_one(tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "d.xlsx", {"表": [COMPLETION, completion(1, 结业日期="20/05/2026")]})
    _, findings = read(path, "completion")
    assert "2026-05-20" in describe(findings[0], "zh-CN")[1]


def test_a_space_is_answered_with_a_dot(tmp_path: Path) -> None:
    _, findings = read(write_xlsx(tmp_path / "m.xlsx", {"表": [ANNUAL, annual(1, 姓名=" 买买提\t艾力 ")]}))
    assert "「买买提·艾力」" in describe(findings[0], "zh-CN")[1]


def test_an_identity_that_was_a_number_is_shown_as_excel_shows_it(tmp_path: Path) -> None:
    _, findings = read(
        write_xlsx(tmp_path / "m.xlsx", {"表": [ANNUAL, annual(1, 身份证号=410105199001011264)]})
    )
    assert findings[0].value == "4.10105199001011E+17"
    assert "1990" not in findings[0].masked_value
    assert "15" in describe(findings[0], "en")[0]


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        (410102199001012352, "4.10102199001012E+17"),
        (4.1e17, "4.1E+17"),
        (410105900101123, "410105900101123"),
        (13800138000.0, "13800138000"),
    ],
)
def test_of_a_number_no_digit_is_shown_that_nobody_typed(tmp_path: Path, cell: float, value: str) -> None:
    _, findings = read(write_xlsx(tmp_path / "n.xlsx", {"表": [ANNUAL, annual(1, 身份证号=cell)]}))
    assert [(f.code, f.value) for f in findings] == [("identity_numeric", value)]
