"""A draft's list: the people who would be issued, in standard form, each with where he stood in what was uploaded.

The list is a CSV file in UTF-8 under the headings that intake recommends, and is read by intake like any other: what the
approver is shown, what is issued and what an auditor opens are one file with one digest. It is written from accepted rows only.
"""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from registry.intake.columns import fields_of, primary_heading
from registry.intake.rows import Application
from registry.intake.service import Intake, intake_of
from verifier.drawing.fonts import missing_glyphs

LIST_NAME = "list.csv"
FIRST_ROW = 2
"""The list's own row of its first person; the headings stand above."""
_ORIGIN_HEADINGS = ("来源件次", "来源工作表", "来源行")
GRADES = {"senior": "高级", "intermediate": "中级", "junior": "初级"}
CATEGORIES = {"professional": "专业科目", "public": "公需科目"}
_WORDS: Mapping[str, Mapping[str, str]] = {"grade": GRADES, "category": CATEGORIES}


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a row was uploaded: which upload, sheet, and row, as the clerk finds them."""

    part: int
    sheet: str
    row: int

    @property
    def text(self) -> str:
        """As in the column 原位置 of the rows that are handed out to be mended."""
        return f"{self.part}/{self.row}/{self.sheet}"


@dataclass(frozen=True, slots=True)
class ListedRow:
    """An accepted row; ``cells`` are its values in standard form, in the order of the form."""

    origin: Origin
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row that was refused and not mended yet; ``cells`` (field → text) are as its clerk wrote them."""

    origin: Origin
    cells: Mapping[str, str]


def parse_origin(text: str) -> Origin | None:
    """The place that ``text`` names, or None."""
    part, _, rest = text.strip().partition("/")
    row, _, sheet = rest.partition("/")
    if not all(one.isascii() and one.isdigit() and len(one) <= 9 for one in (part, row)):
        return None
    return Origin(int(part), sheet, int(row))


def listed_row(application: Application, part: int, kind: str) -> ListedRow:
    """The row of the list for an accepted application."""
    origin = Origin(part, application.sheet, application.row)
    return ListedRow(origin, tuple([_cell(application, field) for field in fields_of(kind)]))


def _cell(application: Application, field: str) -> str:
    value = str(getattr(application, field))
    return _WORDS[field][value] if field in _WORDS else value


def person_key(cells: Sequence[str], kind: str) -> tuple[str, ...]:
    """Who wants what: whoever has the same cannot have two certificates. Cells in standard form."""
    fields = fields_of(kind)
    names = ("identity",) if kind == "annual" else ("identity", "programme", "completed_on")
    return tuple(cells[fields.index(name)] for name in names)


def write_list(rows: Sequence[ListedRow], kind: str) -> bytes:
    """The list's bytes."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*map(primary_heading, fields_of(kind)), *_ORIGIN_HEADINGS])
    writer.writerows((*row.cells, row.origin.part, row.origin.sheet, row.origin.row) for row in rows)
    return text.getvalue().encode()


def read_list(data: bytes) -> list[ListedRow]:
    """The rows of a list that ``write_list`` wrote."""
    return [_row(record) for record in _records(data)]


def pick_rows(data: bytes, wanted: Sequence[int]) -> list[ListedRow]:
    """The rows at these places of the list (0 is the first person), in that order; places beyond it are left out."""
    asked = set(wanted)
    found = {place: record for place, record in enumerate(_records(data)) if place in asked}
    return [_row(found[place]) for place in wanted if place in found]


def showing_rows(data: bytes, cells: Sequence[int]) -> list[ListedRow]:
    """The first row, and for each of these ``cells`` the first one in which it is longest; each once. Of a list of a hundred
    thousand it takes a tenth of what ``read_list`` does."""
    found: list[list[str]] = []
    for record in _records(data):
        found = found or [record] * (1 + len(cells))
        for place, cell in enumerate(cells, start=1):
            if len(record[cell]) > len(found[place][cell]):
                found[place] = record
    return list(dict.fromkeys(map(_row, found)))


def open_list(data: bytes, *, kind: str, year: int, today: date) -> Intake:
    """The list as intake sees it."""
    return intake_of(data, name=LIST_NAME, kind=kind, year=year, today=today, missing_glyphs=missing_glyphs)


def _records(data: bytes) -> Iterator[list[str]]:
    reader = csv.reader(io.StringIO(data.decode(), newline=""), strict=True)
    next(reader)
    return reader


def _row(record: list[str]) -> ListedRow:
    *cells, part, sheet, row = record
    return ListedRow(Origin(int(part), sheet, int(row)), tuple(cells))


def refused_json(rows: Sequence[RefusedRow]) -> list[list[object]]:
    """As ``refused_of`` reads them back."""
    return [[row.origin.part, row.origin.sheet, row.origin.row, dict(row.cells)] for row in rows]


def refused_of(value: Sequence[Sequence[object]]) -> list[RefusedRow]:
    """The refused rows of a draft."""
    rows = []
    for part, sheet, row, cells in value:
        assert isinstance(part, int) and isinstance(row, int) and isinstance(cells, dict)  # noqa: S101, PT018
        rows.append(RefusedRow(Origin(part, str(sheet), row), cells))
    return rows
