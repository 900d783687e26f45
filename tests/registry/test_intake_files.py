"""Files that are no office spreadsheet, or a hostile one: each refused whole, with its own reason."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import xlsxwriter

from registry.intake.findings import IntakeError, Severity, describe
from registry.intake.limits import DEFAULT_LIMITS, IntakeLimits
from registry.intake.survey import column_letter, column_number
from tests.registry.sheets import (
    ANNUAL,
    ExcelError,
    annual,
    open_file,
    patch_zip,
    read,
    sheet_xml,
    write_csv,
    write_xlsx,
)

SHEET = "xl/worksheets/sheet1.xml"
STRINGS = "xl/sharedStrings.xml"


def code_of(path: Path, limits: IntakeLimits = DEFAULT_LIMITS) -> str:
    with pytest.raises(IntakeError) as caught:
        open_file(path, limits=limits)
    finding = caught.value.finding
    assert finding.severity is Severity.FILE
    assert all(describe(finding, "zh-CN") + describe(finding, "en"))
    return caught.value.code


def good(path: Path) -> Path:
    return write_xlsx(path, {"表": [ANNUAL, annual()]})


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)
CONTENTS: list[tuple[bytes, str]] = [
    (b"", "file_empty"),
    (b" \r\n\t", "file_empty"),
    (OLE + "Workbook".encode("utf-16-le"), "workbook_old"),
    (OLE + "EncryptedPackage".encode("utf-16-le"), "workbook_encrypted"),
    (b"%PDF-1.7\n1 0 obj", "not_a_workbook"),
    (b"\x89PNG\r\n\x1a\n", "not_a_workbook"),
    ("姓名,身份证号\0\n".encode(), "not_a_workbook"),
    ("姓名,身份证号\0\n".encode("utf-16"), "not_a_workbook"),
    (b"<html><table><tr><td>x</td></tr></table></html>", "markup_disguised"),
    (b'\xef\xbb\xbf<?xml version="1.0"?><Workbook/>', "markup_disguised"),
    (b"PK\x03\x04" + bytes(40), "workbook_damaged"),
    ("姓名".encode() + b"\xff\xff\xff", "encoding_unknown"),
    (b"\xff\xfe\x00\xd8a\x00", "encoding_unknown"),
    ('姓名,身份证号,单位\n张三,"未完'.encode(), "csv_damaged"),
    ('姓名,身份证号,单位\n张三,"x"y,z'.encode(), "csv_damaged"),
    ("姓名;身份证号\n".encode("gb18030"), "missing_columns"),
]


@pytest.mark.parametrize(("content", "code"), CONTENTS)
@pytest.mark.parametrize("suffix", [".xlsx", ".csv"])
def test_content_decides_what_a_file_is(tmp_path: Path, content: bytes, code: str, suffix: str) -> None:
    path = tmp_path / f"file{suffix}"
    path.write_bytes(content)
    assert code_of(path) == code


def test_a_workbook_under_a_wrong_name_is_read(tmp_path: Path) -> None:
    assert len(read(good(tmp_path / "book.csv"))[0]) == 1
    assert len(read(write_csv(tmp_path / "text.xlsx", [ANNUAL, annual()]))[0]) == 1


def test_another_office_file_is_no_workbook(tmp_path: Path) -> None:
    path = tmp_path / "letter.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("word/document.xml", "<document/>")
    assert code_of(path) == "not_a_workbook"


def test_there_must_be_a_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        open_file(tmp_path / "none.xlsx")


def test_an_unknown_kind_is_the_caller_s_mistake(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="kind"):
        open_file(good(tmp_path / "k.xlsx"), "diploma")


LIMITS: list[tuple[str, int, str]] = [
    ("file_bytes", 1_000, "file_too_large"),
    ("zip_members", 3, "too_many_parts"),
    ("unpacked_bytes", 1_000, "zip_bomb"),
    ("sheets", 0, "too_many_sheets"),
    ("rows", 1, "too_many_rows"),
    ("columns", 6, "too_many_columns"),
    ("cells", 13, "too_many_cells"),
]


@pytest.mark.parametrize(("name", "value", "code"), LIMITS)
def test_every_limit_of_a_workbook(tmp_path: Path, name: str, value: int, code: str) -> None:
    assert code_of(good(tmp_path / "l.xlsx"), replace(DEFAULT_LIMITS, **{name: value})) == code


@pytest.mark.parametrize(("name", "value", "code"), [LIMITS[0], LIMITS[4], LIMITS[5]])
def test_every_limit_of_a_csv(tmp_path: Path, name: str, value: int, code: str) -> None:
    path = write_csv(tmp_path / "l.csv", [ANNUAL, *(annual(serial) for serial in range(20))])
    assert code_of(path, replace(DEFAULT_LIMITS, **{name: value})) == code


def cells_at(*references: str) -> bytes:
    return sheet_xml("".join(f'<row><c r="{reference}"><v>1</v></c></row>' for reference in references))


HOSTILE: list[tuple[bytes, str]] = [
    # The spreadsheet reader ends the process on the first of these (capacity overflow).
    (cells_at("A1", "XFD1048576"), "too_many_rows"),
    (cells_at("A1", "XFD2"), "too_many_columns"),
    (cells_at("A1", "IV200000"), "too_many_cells"),
    (cells_at("ZZZZZZ1"), "workbook_damaged"),
    (cells_at("A99999999999"), "workbook_damaged"),
    (cells_at("a1"), "workbook_damaged"),
    (sheet_xml('<row r="1e9"><c><v>1</v></c></row>'), "workbook_damaged"),
    (sheet_xml("<row>" + "<c><v>1</v></c>" * 300 + "</row>"), "too_many_columns"),
    (sheet_xml("<row/>" * 200_000 + "<row><c><v>1</v></c></row>"), "too_many_rows"),
    (b'<!DOCTYPE x [<!ENTITY a "aaaa">]>' + sheet_xml("<row><c><v>&a;</v></c></row>"), "workbook_damaged"),
    (b'<?xml version="1.0" encoding="gbk"?>' + sheet_xml(""), "workbook_damaged"),
    (sheet_xml("").decode().encode("utf-16"), "workbook_damaged"),
    (sheet_xml("<row><c>"), "workbook_damaged"),
    (sheet_xml('<row><c t="s"><v>99</v></c></row>'), "workbook_damaged"),
    (b"", "workbook_damaged"),
]


@pytest.mark.parametrize(("part", "code"), HOSTILE)
def test_hostile_sheets(tmp_path: Path, part: bytes, code: str) -> None:
    assert code_of(patch_zip(good(tmp_path / "h.xlsx"), {SHEET: part})) == code


def test_a_hostile_sheet_under_another_prefix_is_measured_too(tmp_path: Path) -> None:
    part = (
        cells_at("A1", "XFD1048576")
        .replace(b"<", b"<x:")
        .replace(b"<x:/", b"</x:")
        .replace(b"xmlns=", b"xmlns:x=")
    )
    assert code_of(patch_zip(good(tmp_path / "p.xlsx"), {SHEET: part})) == "too_many_rows"


def test_a_decompression_bomb(tmp_path: Path) -> None:
    path = patch_zip(good(tmp_path / "b.xlsx"), {"xl/media/image1.bin": bytes(60 << 20)})
    assert path.stat().st_size < 1 << 20
    assert code_of(path) == "zip_bomb"


def test_one_long_string_used_a_million_times(tmp_path: Path) -> None:
    text = "甲" * 30_000
    strings = (
        f'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>{text}</t></si></sst>'
    )
    rows = "<row>" + '<c t="s"><v>0</v></c>' * 100 + "</row>"
    path = patch_zip(good(tmp_path / "s.xlsx"), {STRINGS: strings.encode(), SHEET: sheet_xml(rows * 100)})
    assert code_of(path) == "zip_bomb"


@pytest.mark.parametrize(("limit", "code"), [(100_000, None), (20_000, "zip_bomb")])
def test_one_long_string_used_once_among_many_short_ones(
    tmp_path: Path, limit: int, code: str | None
) -> None:
    path = tmp_path / "n.xlsx"
    with xlsxwriter.Workbook(
        str(path)
    ) as book:  # It writes shared strings, as Excel does; openpyxl does not.
        sheet = book.add_worksheet("表")
        sheet.write_string(0, 0, "填表说明" * 2_000)
        for row, cells in enumerate([ANNUAL, *(annual(serial) for serial in range(40))], start=1):
            sheet.write_row(row, 0, cells)
    limits = replace(DEFAULT_LIMITS, text_bytes=limit)
    if code is None:
        assert len(read(path, limits=limits)[0]) == 40
    else:
        assert code_of(path, limits) == code


def test_empty_formatted_cells_far_away_cost_nothing(tmp_path: Path) -> None:
    def dress(book: object) -> None:
        book["表"]["XFD1048576"].number_format = "@"  # type: ignore[index]

    assert len(read(write_xlsx(tmp_path / "f.xlsx", {"表": [ANNUAL, annual()]}, dress))[0]) == 1


def _encrypted(data: bytes) -> bytes:
    at = data.rindex(b"PK\x01\x02") + 8
    return data[:at] + b"\x01" + data[at + 1 :]


def _false_size(data: bytes) -> bytes:
    at = data.index(SHEET.encode(), data.index(b"PK\x01\x02")) - 46 + 24
    return data[:at] + (10).to_bytes(4, "little") + data[at + 4 :]


def _truncated(data: bytes) -> bytes:
    return data[: len(data) // 2]


def _broken_stream(data: bytes) -> bytes:
    at = data.index(SHEET.encode()) + 60
    return data[:at] + bytes(40) + data[at + 40 :]


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (_encrypted, "workbook_encrypted"),
        (_false_size, "workbook_damaged"),
        (_truncated, "workbook_damaged"),
        (_broken_stream, "workbook_damaged"),
    ],
)
def test_spoilt_archives(tmp_path: Path, spoil: Callable[[bytes], bytes], code: str) -> None:
    path = good(tmp_path / "z.xlsx")
    path.write_bytes(spoil(path.read_bytes()))
    assert code_of(path) == code


def test_two_members_of_one_name(tmp_path: Path) -> None:
    path = good(tmp_path / "t.xlsx")
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(SHEET.upper(), sheet_xml(""))
    assert code_of(path) == "workbook_damaged"


def test_what_the_reader_sees_was_inspected(tmp_path: Path) -> None:
    """Pictures, macros and anything else that is not XML never reach it."""
    path = patch_zip(
        good(tmp_path / "v.xlsx"), {"xl/vbaProject.bin": b"\0" * 99, "customXml/item1.xml": b"\xff\xfe<"}
    )
    assert len(read(path)[0]) == 1


def test_errors_are_kept_apart_from_blanks(tmp_path: Path) -> None:
    rows = [ANNUAL, annual(1), [ExcelError("#REF!")] * 7]
    applications, findings = read(write_xlsx(tmp_path / "e.xlsx", {"表": rows}))
    assert len(applications) == 1
    assert [(f.row, f.column, f.code, f.params["error"]) for f in findings] == [
        (3, letter, "formula_error", "#REF!") for letter in "ABCDEFG"
    ]


def test_column_letters_round_trip() -> None:
    letters = [column_letter(number) for number in range(1, 16_385)]
    assert [letters[0], letters[25], letters[26], letters[701], letters[702], letters[-1]] == [
        *("A", "Z", "AA", "ZZ", "AAA", "XFD")
    ]
    assert [column_number(letter) for letter in letters] == list(range(1, 16_385))


def test_a_phonetic_guide_is_not_part_of_a_name(tmp_path: Path) -> None:
    guided = annual()
    texts = "".join(f"<c t='inlineStr'><is><t>{heading}</t></is></c>" for heading in ANNUAL)
    name = "<c t='inlineStr'><is><r><t>张文</t></r><rPh sb='0' eb='1'><t>zhang</t></rPh><r><t>博</t></r></is></c>"
    rest = "".join(f"<c t='{'n' if isinstance(c, int) else 'str'}'><v>{c}</v></c>" for c in guided[1:])
    part = sheet_xml(f"<row>{texts}</row><row>{name}{rest}</row>")
    assert [a.name for a in read(patch_zip(good(tmp_path / "g.xlsx"), {SHEET: part}))[0]] == ["张文博"]


def test_the_bytes_hashed_are_the_bytes_read(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "x.csv", [ANNUAL, annual(1)])
    intake = open_file(path)
    write_csv(path, [ANNUAL, annual(1), annual(2)])
    assert len(list(intake.items())) == 1
    assert hashlib.sha256(path.read_bytes()).hexdigest() != intake.sha256
