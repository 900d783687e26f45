"""Synthetic office files for demonstrations and trials: one clean, one as ugly as offices send them, one old CSV.

Every person is invented from a seed: names from common syllables, identity numbers with a right check character
and a serial that the seed gives. The same arguments give the same people. Nobody real is meant.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import xlsxwriter
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.worksheet.worksheet import Worksheet

from verifier.iso7064 import mod11_2_check

HEADINGS = ("姓名", "身份证号", "工作单位", "职称等级", "年度", "专业科目学时", "公需科目学时")
EMPLOYERS = (
    *("郑州市第一人民医院", "郑州市中心医院", "郑州大学第一附属医院", "河南省人民医院", "河南省肿瘤医院"),
    *("河南省疾病预防控制中心", "河南中医药大学第一附属医院", "郑州市第二高级中学", "郑州外国语学校"),
    *("河南省交通规划设计研究院股份有限公司", "中铁隧道局集团有限公司", "宇通客车股份有限公司"),
    *(
        "河南省水利勘测设计研究有限公司",
        "黄河勘测规划设计研究院有限公司",
        "河南省地质局",
        "郑州市农业技术推广中心",
    ),
    *(
        "河南日报报业集团",
        "郑州图书馆",
        "河南博物院",
        "郑州航空港经济综合实验区（郑州新郑综合保税区）社会事业局",
    ),
)
_SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎"
)
_GIVEN = (
    "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰文博宇轩子涵雨欣浩然思远佳怡晨曦嘉豪梦琪志国建军春梅"
)
_PLACES = (
    "410105",
    "410102",
    "410103",
    "410104",
    "410106",
    "410181",
    "410184",
    "410205",
    "410303",
    "411002",
    "810000",
)
_RARE = ("欧阳娜娜", "阿卜杜拉·买买提", "古丽娜尔·阿布力孜", "𠮷田华", "㐱玉明", "王喆", "朱镕堃", "上官婉儿")
_GRADES = ("高级", "副高级", "正高级", "中级", "中级", "中级", "初级", "助理级", "员级")
_FULL_WIDTH = {code: code + 0xFEE0 for code in (*range(0x30, 0x3A), *range(0x41, 0x5B))}


@dataclass(frozen=True, slots=True)
class Person:
    """An invented professional and the year's hours, as the form asks for them."""

    name: str
    identity: str
    employer: str
    grade: str
    professional_hours: int
    public_hours: int


def people(*, rows: int, seed: int) -> list[Person]:
    """`rows` different people; about one in ten has fewer hours than the rule of 2012 asks for."""
    chance = random.Random(seed)  # noqa: S311 - invented people, not keys
    found: dict[str, Person] = {}
    while len(found) < rows:
        person = _person(chance)
        found[person.identity] = person
    return list(found.values())


def write_clean_workbook(path: Path, *, rows: int, seed: int, year: int) -> None:
    """An XLSX as the form prescribes, with `rows` good rows."""
    with xlsxwriter.Workbook(str(path), {"constant_memory": True}) as book:
        sheet = book.add_worksheet(f"{year}年度")
        text = book.add_format({"num_format": "@"})
        bold = book.add_format({"bold": True, "border": 1})
        sheet.set_column(0, 0, 14)
        sheet.set_column(1, 1, 22, text)
        sheet.set_column(2, 2, 36)
        for column, heading in enumerate(HEADINGS):
            sheet.write_string(0, column, heading, bold)
        for row, person in enumerate(people(rows=rows, seed=seed), start=1):
            sheet.write_row(row, 0, _cells(person, year))


def write_ugly_workbook(path: Path, *, seed: int, year: int) -> None:
    """An XLSX with titles, odd headings, every trouble that intake knows of a cell, and some 25 good rows."""
    crowd = people(rows=120, seed=seed)
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.title = "卫健系统汇总"
    _write_titles(sheet, year)
    row = 5
    for person in (*_rare_people(crowd), *crowd[20:31]):
        row = _put(sheet, row, _ugly_row(person, year, row))
    row = _write_footing(sheet, row, "小计")
    row = _write_tidied(sheet, row, crowd[31:40], year)
    row = _write_faults(sheet, row, crowd[40:], year)
    sheet.row_dimensions[14].hidden = True
    sheet.cell(row, 2, "合计")
    sheet.cell(row, 7, f"=SUM(G5:G{row - 1})")
    sheet.cell(row + 1, 1, "制表人：刘芳")
    sheet.cell(row + 1, 5, "审核：")
    sheet.cell(row + 2, 1, "填表说明：身份证号请用文本格式。")
    _write_second_sheet(book, crowd, year)
    book.save(path)


def write_ugly_csv(path: Path, *, seed: int, year: int) -> None:
    """A CSV in GB18030 with titles, tabs and quotes, totals, some good rows and some faults."""
    crowd = people(rows=24, seed=seed)
    rows: list[Sequence[object]] = [[f"{year}年度继续教育学时登记表"], []]
    rows.append(["序号", "所在单位", "姓 名", "证件号码", "级别", "公需课学时", "专业课学时"])
    for number, person in enumerate((*_rare_people(crowd)[:4], *crowd[:10]), start=1):
        rows.append(_csv_row(number, person, f"{person.identity}\t"))
    rows.append(_csv_row(15, crowd[10], f'="{crowd[10].identity}"'))
    rows.append(_csv_row(16, crowd[11], f"{crowd[11].identity[0]}.{crowd[11].identity[1:6]}E+17"))
    rows.append(_csv_row(17, crowd[12], f"'{crowd[12].identity.lower()}"))
    rows.append(_csv_row(18, crowd[0], crowd[0].identity))
    rows.append(["合计", "", "", "", "", sum(person.public_hours for person in crowd), ""])
    rows.append(["填表人：王芳", "", "", "", "", "", f"日期：{year}年11月20日"])
    with path.open("w", encoding="gb18030", newline="") as target:
        csv.writer(target).writerows(rows)


def _person(chance: random.Random) -> Person:
    born = date(1962, 1, 1) + timedelta(days=chance.randrange(14_000))
    body = f"{chance.choice(_PLACES)}{born:%Y%m%d}{chance.randrange(1_000):03d}"
    name = chance.choice(_SURNAMES) + "".join(chance.choices(_GIVEN, k=chance.choice((1, 2, 2, 2))))
    grade = chance.choice(_GRADES)
    junior = grade in ("初级", "助理级", "员级")
    short = chance.randrange(10) == 0
    professional = (52 if junior else 60) + (-chance.randrange(4, 20) if short else chance.randrange(0, 24))
    public = (22 if junior else 26) + chance.randrange(0, 10)
    return Person(name, body + mod11_2_check(body), chance.choice(EMPLOYERS), grade, professional, public)


def _rare_people(crowd: Sequence[Person]) -> list[Person]:
    return [
        Person(name, p.identity, p.employer, p.grade, p.professional_hours, p.public_hours)
        for name, p in zip(_RARE, crowd[-len(_RARE) :], strict=True)
    ]


def _cells(person: Person, year: int) -> list[Any]:
    hours = (person.professional_hours, person.public_hours)
    return [person.name, person.identity, person.employer, person.grade, year, *hours]


def _write_titles(sheet: Worksheet, year: int) -> None:
    sheet.merge_cells("A1:I1")
    sheet["A1"] = f"{year}年度全省卫生健康系统专业技术人员继续教育学时汇总表"
    sheet["A1"].font = Font(size=16, bold=True)
    sheet["A1"].alignment = Alignment(horizontal="center")
    sheet["A2"] = "填报单位（盖章）：河南省卫生健康委员会"
    for column, heading in enumerate(
        ("序号", "*姓 名", "所在单位\n（全称）", "身份证号码", "职称", "职称级别"), start=1
    ):
        sheet.cell(3, column, heading)
        sheet.merge_cells(start_row=3, end_row=4, start_column=column, end_column=column)
    sheet["G3"] = "学时（学时）"
    sheet.merge_cells("G3:H3")
    sheet["G4"], sheet["H4"] = "公需科目", "专业科目"
    sheet["I3"] = "学 年"
    sheet.merge_cells("I3:I4")
    for cell in sheet[3]:
        cell.fill = PatternFill("solid", fgColor="FFDDEBF7")


def _ugly_row(person: Person, year: int, row: int) -> list[Any]:
    hours = (person.public_hours, person.professional_hours)
    return [row - 4, person.name, person.employer, person.identity, "主治医师", person.grade, *hours, year]


def _put(sheet: Worksheet, row: int, cells: Sequence[Any]) -> int:
    for column, value in enumerate(cells, start=1):
        cell = sheet.cell(row, column)
        cell.value = value
        if isinstance(value, str) and not value.startswith(("=", "#")):
            cell.data_type = "s"
    return row + 1


def _write_footing(sheet: Worksheet, row: int, label: str) -> int:
    """A subtotal, a blank row, and the headings again, as when a printed page is pasted below another."""
    _put(sheet, row, [label, "", "", "", "", "", f"=SUM(G5:G{row - 1})"])
    headings = ("序号", "姓名", "所在单位", "身份证号码", "职称", "职称级别", "公需科目", "专业科目", "学年")
    return _put(sheet, row + 2, headings)


def _write_tidied(sheet: Worksheet, row: int, crowd: Sequence[Person], year: int) -> int:
    """Rows that are good once width, space and notation are normalised."""
    for index, person in enumerate(crowd):
        cells = _ugly_row(person, year, row)
        column, value = _tidied_cell(index, person, year)
        cells[column] = value
        row = _put(sheet, row, cells)
    return row


def _tidied_cell(index: int, person: Person, year: int) -> tuple[int, Any]:
    identity = person.identity
    choices: tuple[tuple[int, Any], ...] = (
        (1, f"{person.name[0]}\u3000{person.name[1:]}"),
        (1, f"\u200b{person.name}\ufeff"),
        (2, f" {person.employer[:4]}\n{person.employer[4:]}\u00a0"),
        (3, identity.translate(_FULL_WIDTH)),
        (3, f"{identity[:6]} {identity[6:14]} {identity[14:].lower()}"),
        (3, f"'{identity}"),
        (7, str(person.professional_hours).translate(_FULL_WIDTH)),
        (8, f"{year}年"),
        (5, f"{person.grade}\u00a0"),
    )
    return choices[index]


def _write_faults(sheet: Worksheet, row: int, crowd: Sequence[Person], year: int) -> int:
    """One row for every kind of trouble, and a second row for somebody above."""
    for person, (column, value) in zip(crowd, _faulty_cells(crowd[0].identity, year), strict=False):
        cells = _ugly_row(person, year, row)
        cells[column] = value
        row = _put(sheet, row, cells)
    sheet.merge_cells(start_row=row, end_row=row + 1, start_column=3, end_column=3)
    for person in crowd[-10:-8]:
        row = _put_unmerged(sheet, row, _ugly_row(person, year, row))
    repeated = [cell.value for cell in sheet[5][:9]]
    return _put(sheet, row, repeated)


def _put_unmerged(sheet: Worksheet, row: int, cells: Sequence[Any]) -> int:
    for column, value in enumerate(cells, start=1):
        cell: Any = sheet.cell(row, column)
        if not isinstance(cell, openpyxl.cell.cell.MergedCell):
            cell.value = value
    return row + 1


def _faulty_cells(identity: str, year: int) -> tuple[tuple[int, Any], ...]:
    wrong = identity[:-1] + ("1" if identity[-1] != "1" else "2")
    name, employer, number, grade, public, professional, when = 1, 2, 3, 5, 6, 7, 8
    return (
        *(
            (number, int(identity[:17] + "0")),
            (number, "4.10105E+17"),
            (number, wrong),
            (number, identity[:15]),
        ),
        *((number, identity[:17]), (number, identity[:9] + "O" + identity[10:]), (number, "")),
        *(
            (number, f"{identity[:6]}********{identity[14:]}"),
            (number, f"{identity[:6]}19901350{identity[14:]}"),
        ),
        *((number, f"{identity[:15]}000"), (number, "#N/A"), (number, '=A1&""')),
        *(
            (name, "阿依古丽•买买提"),
            (name, "买买提.艾力"),
            (name, "张?"),
            (name, "李伟2"),
            (name, "王\ue863芳"),
        ),
        *((name, "赵😀"), (name, "孙"), (name, "周"), (name, "张三、李四"), (name, ""), (name, 1234)),
        *((employer, "院"), (employer, "河南\u202e医院"), (employer, ""), (employer, "甲" * 61)),
        *((grade, "主治医师"), (grade, "")),
        *(
            (public, 26.5),
            (public, "26学时"),
            (public, "二十六"),
            (public, -26),
            (public, ""),
            (public, 26_000),
        ),
        *((professional, "#REF!"), (professional, date(1900, 2, 28)), (professional, "合格")),
        *((when, year - 1), (when, "去年"), (when, "")),
    )


def _write_second_sheet(book: openpyxl.Workbook, crowd: Sequence[Person], year: int) -> None:
    """A further sheet that begins at C4, one person on it also on the first; and a sheet of notes."""
    sheet = book.create_sheet("直属单位")
    for column, heading in enumerate(HEADINGS, start=3):
        sheet.cell(4, column, heading)
    for row, person in enumerate((*crowd[1:4], crowd[20]), start=5):
        for column, value in enumerate(_cells(person, year), start=3):
            sheet.cell(row, column, value)
    book.create_sheet("说明")["A1"] = "本表由各单位人事部门填写。"


def _csv_row(number: int, person: Person, identity: str) -> list[object]:
    hours = (person.public_hours, person.professional_hours)
    return [number, person.employer, person.name, identity, person.grade, *hours]
