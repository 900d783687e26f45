"""Handing lists in: a file, the rows of it that were mended, or one person by form; taking back, giving up."""

import csv
import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any, BinaryIO

from starlette.datastructures import UploadFile
from starlette.responses import JSONResponse, Response

from registry.applications import KIND_DIGITS, KIND_NAMES
from registry.console.context import Context, Ctx, text_field
from registry.console.pages.batches import FORM_NAME, authority_names, draft_json, found_draft
from registry.console.problems import Problem
from registry.console.rendering import error_text, render, see_other
from registry.console.routing import page_router
from registry.console.turns import SMALL_BYTES, Turns, turns_of
from registry.errors import RegistryError
from registry.intake.columns import KINDS, fields_of, primary_heading
from registry.intake.findings import IntakeError, explain
from registry.intake.sources import rough_rows
from registry.offices import CHINA, YEARS
from registry.review import decisions
from registry.review.composition import Composed, Content, Frame, Upload, compose
from registry.review.drafts import OPEN, content_of, discard, frame_of, open_draft, require_state, store
from registry.review.models import Draft
from registry.review.rows import CATEGORIES, GRADES
from registry.trust import current_trust_list

router = page_router()
_CHOICES = {"grade": tuple(GRADES.items()), "category": tuple(CATEGORIES.items())}
"""Code, and the word that the list has for it."""


@router.get("/batches/new", name="batches.new")
def new(ctx: Ctx) -> Response:
    """The form for a file."""
    return _new_page(ctx)


@router.post("/batches/new", name="batches.create")
def create(ctx: Ctx) -> Response:
    """A new list from a file. One that cannot be read changes nothing, and is explained."""
    try:
        frame = _frame(ctx)
        with _sent_file(ctx, "whole") as upload:
            made = compose(ctx.app, frame, Content(), upload, part=1)
            draft_id = _open(ctx, frame, upload.name, made)
    except (IntakeError, RegistryError) as error:
        return _refused(ctx, error) or _new_page(ctx, error=_words(ctx, error))
    return _done(ctx, draft_id)


@router.post("/batches/{draft_id}/upload", name="batches.upload")
def upload_again(ctx: Ctx, draft_id: int) -> Response:
    """The list anew, or the rows of it that were mended."""
    with ctx.app.database.read() as session:
        draft = found_draft(ctx, session, draft_id)
        require_state(draft, OPEN)
    mode = text_field(ctx.form, "mode", most=10)
    if mode not in ("whole", "mended"):
        raise Problem("form", field="mode")
    try:
        _join(ctx, draft, mode)
    except IntakeError as error:
        return _refused(ctx, error) or render(
            ctx, "batches/unread.html", status=422, draft=draft, error=_words(ctx, error)
        )
    return _done(ctx, draft_id)


def _join(ctx: Context, found: Draft, mode: str) -> None:
    """Make of the draft what the file makes of it; raises ``RegistryError`` (``draft_changed``) where it is not as it was ``found``."""
    with _sent_file(ctx, mode, found.people + found.left_out) as upload:
        with ctx.app.database.read() as session:
            draft = found_draft(ctx, session, found.id)
            require_state(draft, OPEN)
            before = content_of(session, ctx.app.vault, draft)
        made = compose(ctx.app, frame_of(found), before, upload, part=found.parts + 1)
        with ctx.app.database.write() as session:
            store(session, ctx.actor, ctx.app.vault, found.id, made, now=ctx.now)


@router.get("/batches/single/{kind}", name="batches.single")
def single(ctx: Ctx, kind: str) -> Response:
    """The form for one person."""
    return _single_page(ctx, kind, {})


@router.post("/batches/single/{kind}", name="batches.single_create")
def single_create(ctx: Ctx, kind: str) -> Response:
    """One person: a list of one row, by the same path as a file."""
    if kind not in KINDS:
        raise Problem("not_found")
    cells = {name: text_field(ctx.form, name, most=200) for name in fields_of(kind)}
    try:
        frame = _frame(ctx, kind=kind)
        upload = Upload(_one_row({**cells, "year": str(frame.year)}, kind), FORM_NAME, "form")
        made = compose(ctx.app, frame, Content(), upload, part=1)
        if not made.content.listed:
            return _single_page(ctx, kind, cells, made=made)
        draft_id = _open(ctx, frame, FORM_NAME, made)
    except (IntakeError, RegistryError) as error:
        return _refused(ctx, error) or _single_page(ctx, kind, cells, error=_words(ctx, error))
    return _done(ctx, draft_id)


@router.post("/batches/{draft_id}/submit", name="batches.submit")
def submit(ctx: Ctx, draft_id: int) -> Response:
    """Put the list before an approver."""
    with ctx.app.database.read() as session:
        people = found_draft(ctx, session, draft_id).people
    remark = text_field(ctx.form, "remark", most=decisions.REMARK_MOST)
    with turns_of(people).turn():
        sheet = decisions.prepare(ctx.app, draft_id, remark=remark, now=ctx.now)
    with ctx.app.database.write() as session:
        decisions.submit(session, ctx.actor, ctx.app.vault, draft_id, sheet, now=ctx.now)
    return _done(ctx, draft_id)


@router.post("/batches/{draft_id}/withdraw", name="batches.withdraw")
def withdraw(ctx: Ctx, draft_id: int) -> Response:
    """Take it back before anybody has decided."""
    with ctx.app.database.write() as session:
        found_draft(ctx, session, draft_id)
        decisions.withdraw(session, ctx.actor, draft_id, now=ctx.now)
    return _done(ctx, draft_id)


@router.post("/batches/{draft_id}/discard", name="batches.discard")
def give_up(ctx: Ctx, draft_id: int) -> Response:
    """Give it up; it stays to be seen."""
    with ctx.app.database.write() as session:
        found_draft(ctx, session, draft_id)
        discard(session, ctx.actor, draft_id, now=ctx.now)
    return _done(ctx, draft_id)


def _open(ctx: Context, frame: Frame, title: str, made: Composed) -> int:
    with ctx.app.database.write() as session:
        draft_id = open_draft(session, ctx.actor, frame, title=title, now=ctx.now).id
        store(session, ctx.actor, ctx.app.vault, draft_id, made, now=ctx.now)
    return draft_id


def _done(ctx: Context, draft_id: int) -> Response:
    if not ctx.is_program:
        return see_other(ctx, "batches.show", draft_id=draft_id)
    with ctx.app.database.read() as session:
        return JSONResponse(draft_json(session, found_draft(ctx, session, draft_id)))


def _refused(ctx: Context, error: IntakeError | RegistryError) -> Response | None:
    """A program is told by a problem document; a person stays at his form."""
    if not ctx.is_program:
        return None
    if isinstance(error, RegistryError):
        raise error
    raise Problem("unread", reason=_words(ctx, error))


def _words(ctx: Context, error: IntakeError | RegistryError) -> str:
    if isinstance(error, IntakeError):
        return " ".join(explain(finding.masked(), ctx.lang) for finding in error.findings)
    return error_text(error, ctx.lang)


def _frame(ctx: Context, *, kind: str = "") -> Frame:
    """What the form says of the list; the authority is the actor's own."""
    year, wanted = text_field(ctx.form, "for_year", most=4), kind or text_field(ctx.form, "kind", most=12)
    if not (year.isascii() and year.isdigit()) or int(year) not in YEARS:
        raise Problem("form", field="year")
    if wanted not in KIND_DIGITS or ctx.actor.authority is None:
        raise Problem("form", field="kind")
    rule_set = text_field(ctx.form, "rule_set", most=64) if wanted == "annual" else ""
    return Frame(ctx.actor.authority, int(year), KIND_DIGITS[wanted], rule_set)


@contextmanager
def _sent_file(ctx: Context, mode: str, rows: int = 0) -> Iterator[Upload]:
    """The file that was sent, in memory while the block has its turn; ``rows`` are those of the list that it joins."""
    file = ctx.form.get("file")
    if not isinstance(file, UploadFile):
        raise Problem("form", field="file")
    with file.file as sent, _turns_for(sent, file.size or 0, rows).turn():
        yield Upload(sent.read(), (file.filename or "")[-400:], mode)


def _turns_for(sent: BinaryIO, size: int, rows: float) -> Turns:
    """A file of few bytes may be one of many rows: two bytes make one, and a workbook packs them."""
    if size <= SMALL_BYTES:
        rows += rough_rows(sent.read())
        sent.seek(0)
    return turns_of(rows, size)


def _one_row(cells: Mapping[str, str], kind: str) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    fields = fields_of(kind)
    writer.writerows([[primary_heading(name) for name in fields], [cells[name] for name in fields]])
    return text.getvalue().encode("utf-8", "replace")


def _new_page(ctx: Context, *, error: str = "") -> Response:
    return render(ctx, "batches/new.html", status=422 if error else 200, error=error, **_choices(ctx))


def _single_page(
    ctx: Context, kind: str, cells: Mapping[str, str], *, made: Composed | None = None, error: str = ""
) -> Response:
    if kind not in KINDS:
        raise Problem("not_found")
    wrong: dict[str, str] = {}
    for told in made.told if made else ():
        if told.finding.severity.value == "fault":
            wrong.setdefault(told.finding.heading or "", explain(told.finding.masked(), ctx.lang))
    fields = [(name, primary_heading(name)) for name in fields_of(kind) if name != "year"]
    named = {heading for _, heading in fields}
    rest = [sentence for heading, sentence in wrong.items() if heading not in named]
    return render(
        ctx,
        "batches/single.html",
        status=422 if wrong or error else 200,
        kind=kind,
        fields=fields,
        cells=cells,
        wrong=wrong,
        error=error or "".join(rest),
        words=_CHOICES,
        **_choices(ctx),
    )


def _choices(ctx: Context) -> dict[str, Any]:
    """What can be chosen: this year and the authority's years, kinds, rule sets."""
    with ctx.app.database.read() as session:
        trust_list = current_trust_list(session)
    authority = trust_list.authorities.get(ctx.actor.authority or "")
    this_year = datetime.fromtimestamp(ctx.now, CHINA).year
    years = sorted(authority.scope.years if authority else (), reverse=True)
    chosen = text_field(ctx.form, "for_year", most=4) or str(
        this_year if this_year in years else (years or [this_year])[0]
    )
    return {
        "authority": authority_names(trust_list, ctx.lang).get(ctx.actor.authority or "", ""),
        "years": years,
        "year": chosen,
        "kinds": [KIND_NAMES[kind] for kind in sorted(authority.scope.kinds if authority else ())],
        "kind_chosen": text_field(ctx.form, "kind", most=12) or "annual",
        "rule_sets": [(name, one.title[ctx.lang[:2]]) for name, one in sorted(trust_list.rule_sets.items())],
        "rule_chosen": text_field(ctx.form, "rule_set", most=64),
    }
