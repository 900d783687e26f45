"""Spreadsheets as a panel's secretary has them, and as nobody should."""

import struct
import zipfile
import zlib
from collections.abc import Sequence
from io import BytesIO

from openpyxl import Workbook

from tests.review.rig import Panel


def workbook(rows: Sequence[Sequence[object]], more: Sequence[Sequence[object]] = ()) -> bytes:
    """An XLSX of these rows, and of ``more`` on a second sheet."""
    book, out = Workbook(), BytesIO()
    for row in rows:
        book.active.append(list(row))
    if more:
        second = book.create_sheet("二")
        for row in more:
            second.append(list(row))
    book.save(out)
    return out.getvalue()


def applicants(panel: Panel) -> bytes:
    """Titles above the headings, columns out of order, whole identity numbers, a number in groups, words in cells."""
    head = [
        "序号",
        "申报人姓名",
        "身份证号码",
        "所在单位（全称）",
        "证书编号",
        "年 度",
        "专业课学时",
        "公需课\n学时",
        "备注",
    ]
    numbers = {name: one.number for name, one in panel.certificates.items()}
    return workbook(
        [
            ["2026 年申报人员名册"],
            head,
            [
                1,
                "张文博",
                "410105199001011234",
                "郑州市第二人民医院",
                numbers["good"].digits,
                2026,
                60,
                30,
                "",
            ],
            [
                2,
                "王　芳",
                "410102199001012222",
                "郑州市第一人民医院",
                numbers["short"].printed,
                "2026年度",
                "60学时",
                20,
                "",
            ],
            [3, "赵敏", "410102199001015555", "郑州大学", "", 2026, "六十", "", ""],
            [],
        ],
        [["姓名", "2025年证书编号", "2026年学时"], ["刘强", "41010020251000000190", 86]],
    )


def with_part(name: str, text: bytes) -> bytes:
    """A small workbook with one part replaced."""
    out = BytesIO()
    with (
        zipfile.ZipFile(BytesIO(workbook([["姓名"], ["张文博"]]))) as source,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for one in source.namelist():
            target.writestr(one, text if one == name else source.read(one))
    return out.getvalue()


def bomb() -> bytes:
    """A sheet of 40 KB that unpacks to 40 MB, more than is ever unpacked."""
    return with_part("xl/worksheets/sheet1.xml", b"<worksheet><sheetData>" + b" " * 40_000_000)


def lying_bomb() -> bytes:
    """As ``bomb``, and its directory claims that it is small."""
    data = bytearray(bomb())
    at = data.rfind(b"xl/worksheets/sheet1.xml")
    struct.pack_into("<I", data, at - 46 + 24, 100)
    return bytes(data)


SHEET = "xl/worksheets/sheet1.xml"
HOSTILE = {
    "bomb.xlsx": bomb,
    "lying.xlsx": lying_bomb,
    "laughs.xlsx": lambda: with_part(
        SHEET, b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><worksheet>&b;</worksheet>'
    ),
    "far.xlsx": lambda: with_part(
        SHEET,
        b'<worksheet><sheetData><row r="1048576"><c r="A1048576"><v>1</v></c></row></sheetData></worksheet>',
    ),
    "cut.xlsx": lambda: workbook([["姓名"]])[:-200],
    "flipped.xlsx": lambda: workbook([["姓名"]]).replace(zlib.compress(b"")[:2], b"\0\0"),
    "old.xls": lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(4000),
    "none.xlsx": lambda: workbook([["部门", "电话"], ["a", "b"]]),
    "nul.csv": lambda: b"\xd0\xd5\0\xc3\xfb",
    "open.csv": '姓名,年度\n"张文博,2026\n'.encode,
    "wide.csv": lambda: ("姓名" + ",x" * 500 + "\n").encode() * 3,
    "long.csv": ("姓名\n" + "a\n" * 30_000).encode,
}
