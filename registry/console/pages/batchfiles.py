"""Files of a list: the upload with remarks, the rows to be mended, the list itself, empty forms, specimens of faces."""

import threading
from datetime import datetime
from io import BytesIO

from starlette.responses import Response

from registry.applications import KIND_NAMES, mask_identity
from registry.console.context import Context, Ctx
from registry.console.files import download
from registry.console.pages.batches import authority_names, found_draft, title_of
from registry.console.problems import Problem
from registry.console.rendering import render
from registry.console.routing import page_router
from registry.console.turns import turns_of
from registry.faces.renderer import FaceRenderer
from registry.faces.specimen import specimen_png
from registry.intake.blank import write_form
from registry.intake.columns import KINDS, fields_of
from registry.offices import CHINA
from registry.review.drafts import find_part, list_bytes, parts_of, subject_of
from registry.review.exports import annotated, list_workbook, specimens_of, to_mend
from registry.review.models import Draft
from registry.review.rows import CATEGORIES, GRADES, ListedRow
from registry.trail.service import record
from registry.trust import current_trust_list

router = page_router()
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_drawers = threading.local()
"""A typst compiler serves one thread."""
_FIELDS = {
    "name": "name",
    "employer": "employer",
    "professional_hours": "professionalHours",
    "public_hours": "publicHours",
    "programme": "programme",
    "institution": "institution",
    "class_hours": "classHours",
    "completed_on": "completedOn",
}
_COUNTS = frozenset({"professional_hours", "public_hours", "class_hours"})


@router.get("/batches/form/{kind}.xlsx", name="batches.form")
def empty_form(ctx: Ctx, kind: str) -> Response:
    """An empty list with its rules."""
    if kind not in KINDS:
        raise Problem("not_found")
    out = BytesIO()
    write_form(out, kind=kind)
    return download(out.getvalue(), f"名单-{kind}.xlsx", XLSX)


@router.get("/batches/{draft_id}/parts/{part}/annotated.xlsx", name="batches.annotated")
def annotated_file(ctx: Ctx, draft_id: int, part: int) -> Response:
    """The upload as it came, with what became of each row."""
    today = datetime.fromtimestamp(ctx.now, CHINA).date()
    with ctx.app.database.read() as session:
        draft = found_draft(ctx, session, draft_id)
        known = next((one for one in parts_of(session, draft_id) if one.part == part), None)
        if known is None:
            raise Problem("not_found")
    with turns_of(max(known.rows, _rows(draft)), known.size).turn(), ctx.app.database.read() as session:
        upload = find_part(session, draft_id, part)
        assert upload is not None  # noqa: S101 - no upload is ever taken away
        data = annotated(
            ctx.app, session, found_draft(ctx, session, draft_id), upload, lang=ctx.lang, today=today
        )
    name = f"{known.file_name.rpartition('.')[0] or known.file_name}-核验意见.xlsx"
    return _handed_out(ctx, draft, data, name, f"annotated/{part}")


@router.get("/batches/{draft_id}/to-mend.xlsx", name="batches.mend")
def rows_to_mend(ctx: Ctx, draft_id: int) -> Response:
    """The refused rows, to be mended and uploaded again."""
    with ctx.app.database.read() as session:
        draft = found_draft(ctx, session, draft_id)
    with turns_of(_rows(draft)).turn(), ctx.app.database.read() as session:
        data = to_mend(ctx.app, session, found_draft(ctx, session, draft_id), lang=ctx.lang)
    return _handed_out(ctx, draft, data, f"待改-{draft_id}.xlsx", "to-mend")


@router.get("/batches/{draft_id}/list.xlsx", name="batches.list_file")
def the_list(ctx: Ctx, draft_id: int) -> Response:
    """The list as it would be, or was, issued."""
    with ctx.app.database.read() as session:
        draft = found_draft(ctx, session, draft_id)
    with turns_of(_rows(draft)).turn(), ctx.app.database.read() as session:
        data = list_workbook(ctx.app, session, found_draft(ctx, session, draft_id))
    return _handed_out(ctx, draft, data, f"名单-{draft_id}.xlsx", "list")


@router.get("/batches/{draft_id}/specimens", name="batches.specimens")
def specimens(ctx: Ctx, draft_id: int) -> Response:
    """How three certificates of the list will look."""
    with ctx.app.database.read() as session:
        draft = found_draft(ctx, session, draft_id)
        rows = specimens_of(list_bytes(session, ctx.app.vault, draft_id), KIND_NAMES[draft.kind])
        title = title_of(ctx, session, draft)
    return render(ctx, "batches/specimens.html", draft=draft, title=title, rows=rows)


@router.get("/batches/{draft_id}/specimens/{place}.png", name="batches.specimen")
def specimen(ctx: Ctx, draft_id: int, place: int) -> Response:
    """One of them."""
    with ctx.app.database.read() as session:
        draft = found_draft(ctx, session, draft_id)
        rows = specimens_of(list_bytes(session, ctx.app.vault, draft_id), KIND_NAMES[draft.kind])
        if not 0 <= place < len(rows):
            raise Problem("not_found")
        issuer = authority_names(current_trust_list(session), "zh-CN").get(draft.authority, draft.authority)
    if not hasattr(_drawers, "renderer"):
        _drawers.renderer = FaceRenderer()
    day = datetime.fromtimestamp(ctx.now, CHINA).date().isoformat()
    picture = specimen_png(
        _drawers.renderer,
        KIND_NAMES[draft.kind],
        "v1",
        _subject(draft, rows[place]),
        issuer=issuer,
        host=ctx.app.host,
        day=day,
    )
    return Response(picture, media_type="image/png", headers={"Cache-Control": "no-store"})


def _rows(draft: Draft) -> int:
    return draft.people + draft.left_out


def _subject(draft: Draft, row: ListedRow) -> dict[str, str | int]:
    cells = dict(zip(fields_of(KIND_NAMES[draft.kind]), row.cells, strict=True))
    subject: dict[str, str | int] = {"identityDocument": mask_identity(cells["identity"]), "year": draft.year}
    for field, name in _FIELDS.items():
        if field in cells:
            subject[name] = int(cells[field]) if field in _COUNTS else cells[field]
    if "grade" in cells:
        subject |= {"grade": _code(GRADES, cells["grade"]), "ruleSet": draft.rule_set}
    if "category" in cells:
        subject["category"] = _code(CATEGORIES, cells["category"])
    return subject


def _code(words: dict[str, str], word: str) -> str:
    return next(code for code, one in words.items() if one == word)


def _handed_out(ctx: Context, draft: Draft, data: bytes, name: str, what: str) -> Response:
    """Whole identity numbers stand in it: who took it, and when, is on the trail."""
    with ctx.app.database.write() as session:
        record(
            session, ctx.actor, "draft.download", subject=subject_of(draft), now=ctx.now, after={"file": what}
        )
    return download(data, name, XLSX)
