"""Files that go back to an office: its own upload with remarks, the rows to be mended, the list that is put forward.

They show identity numbers in full, as the office's own files do; every handing out is an act on the trail (where the page is).
No cell of them can become a formula: everything that a clerk wrote is written as text.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from io import BytesIO

import xlsxwriter
from sqlalchemy.orm import Session

from registry.app import App
from registry.intake.annotate import collect_remarks
from registry.intake.columns import ORIGIN, REMARKS_HEADING, fields_of, primary_heading
from registry.intake.dress import annotated_apart
from registry.intake.findings import explain
from registry.messages import pick
from registry.outcomes import Outcome
from registry.review.drafts import content_of, frame_of, list_bytes, part_bytes, refused_rows
from registry.review.findings import Filter, findings_of_part, remarks
from registry.review.issuing import is_finished, numbers_by_origin
from registry.review.models import Draft, DraftPart
from registry.review.rows import ListedRow, Origin, read_list, showing_rows

ROWS_KEPT_IN_DRESS = 20_000
"""Rows of a workbook that is given back in its own dress (openpyxl: 0.3 ms and 6 kB a row); larger ones come back as plain text."""
_AT_ONCE = 1000
Places = Mapping[tuple[str, int], tuple[str, str]]


def annotated(app: App, session: Session, draft: Draft, part: DraftPart, *, lang: str, today: date) -> bytes:
    """An upload as XLSX: what became of each row (its number, once issued), remarks, the faulty cells coloured."""
    found, faults = collect_remarks(findings_of_part(session, app.vault, draft.id, part.part), lang)
    outcomes = _outcomes(app, session, draft, part.part, lang=lang, today=today)
    name = part.file_name.rpartition(".")[0] or part.file_name
    plain = part.rows > ROWS_KEPT_IN_DRESS
    return annotated_apart(part_bytes(app.vault, part), name, found, faults, outcomes, plain=plain)


def _outcomes(app: App, session: Session, draft: Draft, part: int, *, lang: str, today: date) -> Places:
    content = content_of(session, app.vault, draft)
    words = {outcome: pick(outcome.value, lang) for outcome in Outcome}
    issued = draft.batch_id is not None and is_finished(session, draft.batch_id)
    on_list = words[Outcome.REFUSED if issued else Outcome.FIT]
    found = {_place(row.origin): (on_list, "") for row in content.listed if row.origin.part == part}
    for row in content.refused:
        if row.origin.part == part:
            found[_place(row.origin)] = (words[Outcome.REFUSED], "")
    if content.listed:
        for origin, number, own in numbers_by_origin(app, session, draft, today=today):
            if origin.part == part:
                found[_place(origin)] = (words[Outcome.ISSUED if own else Outcome.BEFORE], number)
    return found


def _place(origin: Origin) -> tuple[str, int]:
    return origin.sheet, origin.row


def to_mend(app: App, session: Session, draft: Draft, *, lang: str) -> bytes:
    """The refused rows as an XLSX to be mended and uploaded again: as they were written, each with where it stood and why."""
    refused, kind = refused_rows(session, app.vault, draft), frame_of(draft).kind_name
    reasons = _reasons(app, session, draft, lang)
    fields = fields_of(kind)
    headings = [*map(primary_heading, fields), primary_heading(ORIGIN), REMARKS_HEADING]
    rows = (
        [
            *(row.cells.get(name, "") for name in fields),
            row.origin.text,
            "\n".join(reasons.get(row.origin, ())),
        ]
        for row in refused
    )
    return _workbook("待改名单", headings, rows)


def _reasons(app: App, session: Session, draft: Draft, lang: str) -> dict[Origin, list[str]]:
    found: dict[Origin, list[str]] = {}
    after = 0
    while page := remarks(session, app.vault, draft.id, Filter(nature="refused"), after=after, most=_AT_ONCE):
        for one in page:
            if one.finding.row is not None:
                origin = Origin(one.part, one.finding.sheet, one.finding.row)
                found.setdefault(origin, []).append(explain(one.finding, lang))
        after = page[-1].place
    return found


def list_workbook(app: App, session: Session, draft: Draft) -> bytes:
    """The list as it would be issued, for reading."""
    kind = frame_of(draft).kind_name
    listed = read_list(list_bytes(session, app.vault, draft.id))
    headings = ["序号", *map(primary_heading, fields_of(kind)), primary_heading(ORIGIN)]
    rows = ([str(place), *row.cells, row.origin.text] for place, row in enumerate(listed, start=1))
    return _workbook("待签发名单", headings, rows)


def specimens_of(data: bytes, kind: str) -> list[ListedRow]:
    """Up to three rows of the list ``data`` whose faces are worth a look: the first, the longest name, the longest employer."""
    fields = fields_of(kind)
    return showing_rows(data, [fields.index("name"), fields.index("employer")])


def _workbook(title: str, headings: Sequence[str], rows: Iterator[Sequence[str]]) -> bytes:
    out = BytesIO()
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(out, options) as book:
        text = book.add_format({"num_format": "@", "valign": "top", "text_wrap": True})
        bold = book.add_format({"bold": True, "border": 1, "bg_color": "#DDEBF7", "num_format": "@"})
        sheet = book.add_worksheet(title)
        sheet.freeze_panes(1, 0)
        for column, heading in enumerate(headings):
            sheet.set_column(column, column, 60 if heading == REMARKS_HEADING else 22)
            sheet.write_string(0, column, heading, bold)
        for place, row in enumerate(rows, start=1):
            for column, cell in enumerate(row):
                sheet.write_string(place, column, cell, text)
    return out.getvalue()
