"""Tables for offices' own programs: XLSX and CSV in which nothing becomes a formula, whatever a name begins with."""

import csv
from collections.abc import Iterable, Sequence
from io import BytesIO, StringIO

import xlsxwriter

EXPORTED = 100_000
"""Rows of one export; beyond that it is a task for the command line."""
_FORMULA = frozenset("=+-@\t\r\n＝＋－＠")
"""What a spreadsheet program takes for the beginning of a formula or a command, full-width forms too."""


def plain(text: str) -> str:
    """``text`` as CSV cell: with an apostrophe before what would be calculated."""
    return f"'{text}" if text[:1] in _FORMULA else text


def csv_table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """UTF-8 with byte order mark, as Excel expects it."""
    text = StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    writer.writerow([plain(one) for one in headings])
    writer.writerows([plain(one) for one in row] for row in rows)
    return text.getvalue().encode("utf-8-sig")


def xlsx_table(title: str, headings: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """One sheet; every cell is text."""
    data = BytesIO()
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    book = xlsxwriter.Workbook(data, options)
    page = book.add_worksheet(title[:31])
    bold = book.add_format({"bold": True})
    for column, heading in enumerate(headings):
        page.write_string(0, column, heading, bold)
        page.set_column(column, column, 24)
    page.freeze_panes(1, 0)
    for place, row in enumerate(rows, start=1):
        for column, cell in enumerate(row):
            page.write_string(place, column, cell)
    book.close()
    return data.getvalue()
