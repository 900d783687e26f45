"""An empty form for offices: the headings that intake reads, cells of the right format, and a sheet that says the rules.

The example stands on the second sheet, downwards, so that nobody can submit it: no row there is a row of headings.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import BinaryIO

import xlsxwriter

from registry.intake.columns import KINDS, OPTIONAL, fields_of, primary_heading

FORM_SHEET, RULES_SHEET = "名单", "填写说明"
RULES_HEADINGS = ("列", "填写要求", "示例", "必填")
_WIDTHS = (16, 60, 28, 12)
_OPTIONAL = "可整列删去"
"""A column that may be missing; where it stands, every row needs it."""

_RULES: Mapping[str, tuple[str, str]] = {
    # field: (rule, example); the example's number has a right check character and belongs to nobody
    "name": ("与身份证一致，一行一人；间隔号用“·”", "张文博"),
    "identity": ("18 位居民身份证号，本列已设为文本格式，请勿改动", "41010019900101001X"),
    "employer": ("单位规范全称，2 至 60 个字", "郑州市第一人民医院"),
    "grade": ("正高级、副高级、高级、中级、初级、助理级、员级之一，勿填职称名称", "中级"),
    "year": ("四位年份，与办理的年度相同；此列可整列删去，保留则每行必填", "2026"),
    "professional_hours": ("整数，一学时 45 分钟", "60"),
    "public_hours": ("整数，一学时 45 分钟", "26"),
    "programme": ("培训项目全称，2 至 60 个字", "基层卫生骨干培训"),
    "institution": ("施教机构全称，2 至 60 个字", "河南中医药大学"),
    "category": ("专业科目或公需科目", "专业科目"),
    "class_hours": ("大于 0 的整数，一学时 45 分钟", "24"),
    "completed_on": (
        "写成 2026-05-20 的形式，不晚于今天；应在办理的年度内，上一年的会提示核对",
        "2026-05-20",
    ),
}
_GENERAL = (
    "列的顺序可以调整，列名请勿改动；其他列可以保留，不会使用。",
    "有合计列的，合计必须等于两项学时之和。隐藏的行和工作表暂不发证。",
    "同一人同一年度（同一培训项目）只填一行；请勿合并单元格。",
)


def write_form(path: Path | BinaryIO, *, kind: str) -> None:
    """Write an XLSX: headings and empty rows for `kind` (annual, completion), and a sheet of rules with an example.

    Raises OSError if it cannot be written.
    """
    if kind not in KINDS:
        raise ValueError(f"unknown kind of certificate: {kind}")
    fields = fields_of(kind)
    with (
        path.open("wb") if isinstance(path, Path) else nullcontext(path) as target,
        xlsxwriter.Workbook(target, {"in_memory": True}) as book,
    ):
        text = book.add_format({"num_format": "@"})
        bold = book.add_format({"bold": True, "border": 1, "bg_color": "#DDEBF7", "num_format": "@"})
        wrapped = book.add_format({"text_wrap": True, "valign": "top", "num_format": "@"})
        form = book.add_worksheet(FORM_SHEET)
        form.freeze_panes(1, 0)
        for column, field in enumerate(fields):
            form.set_column(column, column, 24, None if field.endswith("hours") else text)
            form.write_string(0, column, primary_heading(field), bold)
            form.write_comment(0, column, _RULES[field][0])
        rules = book.add_worksheet(RULES_SHEET)
        for column, (title, width) in enumerate(zip(RULES_HEADINGS, _WIDTHS, strict=True)):
            rules.set_column(column, column, width)
            rules.write_string(0, column, title, bold)
        for row, field in enumerate(fields, start=1):
            rule, example = _RULES[field]
            needed = _OPTIONAL if field in OPTIONAL else "是"
            for column, content in enumerate((primary_heading(field), rule, example, needed)):
                rules.write_string(row, column, content, wrapped)
        for row, sentence in enumerate(_GENERAL, start=len(fields) + 2):
            rules.write_string(row, 1, sentence, wrapped)
