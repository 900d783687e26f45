"""The second pair of eyes: what is put before an approver, released with his second factor, or returned with a remark."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session
from starlette.responses import Response

from registry.applications import KIND_NAMES
from registry.console.context import Context, Ctx, text_field
from registry.console.pages.batches import authority_names, found_draft, rules_title, title_of
from registry.console.problems import Problem
from registry.console.rendering import render, see_other, written_day
from registry.console.request import may
from registry.console.routing import page_router
from registry.console.sentences import sentence
from registry.intake.columns import fields_of
from registry.intake.findings import mask_numbers
from registry.review import decisions
from registry.review.decisions import Submitted, submitted
from registry.review.drafts import hand_of, list_bytes, subject_of
from registry.review.models import Draft
from registry.review.rows import CATEGORIES, GRADES, ListedRow, pick_rows
from registry.trust import current_trust_list

router = page_router()
ACT = "draft.release"


@dataclass(frozen=True, slots=True)
class Shown:
    """A row of the list: its place (from 1), and its cells in the reader's words, numbers masked."""

    place: int
    cells: Sequence[str]


@router.get("/batches/{draft_id}/review", name="batches.review")
def review(ctx: Ctx, draft_id: int) -> Response:
    """The sheet: counts, differences, whom to look at twice, the sample."""
    return _page(ctx, draft_id)


@router.post("/batches/{draft_id}/release", name="batches.release")
def release(ctx: Ctx, draft_id: int) -> Response:
    """Release what was shown: the confirmation is for this very sheet, and is used up whatever comes of it."""
    with ctx.app.database.read() as session:
        draft, found = _found(ctx, session, draft_id)
        shown, number = _named_round(ctx)
        if not text_field(ctx.form, "checked", most=4):
            raise Problem("form", field="checked")
        if draft.state != "submitted" or found.submission.shown != shown or found.submission.round != number:
            raise Problem("draft_changed")
        subject = subject_of(draft)
    try:
        ctx.require_second_factor(ACT, subject, shown)
    except Problem as error:
        if error.code != "second_factor":
            raise
        return _page(ctx, draft_id, unconfirmed=True)
    with ctx.app.database.write() as session:
        decisions.release(
            session, ctx.actor, ctx.app.vault, draft_id, round_number=number, shown=shown, now=ctx.now
        )
    return see_other(ctx, "batches.show", draft_id=draft_id)


@router.post("/batches/{draft_id}/return", name="batches.return")
def send_back(ctx: Ctx, draft_id: int) -> Response:
    """Return it to those who prepared it, with what is to be mended."""
    with ctx.app.database.read() as session:
        _found(ctx, session, draft_id)
    shown, number = _named_round(ctx)
    remark = text_field(ctx.form, "remark", most=decisions.REMARK_MOST)
    if len(remark) < decisions.REMARK_LEAST:
        return _page(ctx, draft_id, wrong=True)
    with ctx.app.database.write() as session:
        found_draft(ctx, session, draft_id)
        decisions.send_back(
            session, ctx.actor, draft_id, round_number=number, shown=shown, remark=remark, now=ctx.now
        )
    return see_other(ctx, "batches.show", draft_id=draft_id)


@router.post("/batches/{draft_id}/retry", name="batches.retry")
def retry(ctx: Ctx, draft_id: int) -> Response:
    """Issue a released list after what stood in the way was put right."""
    with ctx.app.database.write() as session:
        found_draft(ctx, session, draft_id)
        decisions.try_again(session, ctx.actor, draft_id, now=ctx.now)
    return see_other(ctx, "batches.show", draft_id=draft_id)


def _named_round(ctx: Context) -> tuple[str, int]:
    shown, number = text_field(ctx.form, "shown", most=64), text_field(ctx.form, "round", most=6)
    if not (number.isascii() and number.isdigit()):
        raise Problem("form", field="round")
    return shown, int(number)


def _found(ctx: Context, session: Session, draft_id: int) -> tuple[Draft, Submitted]:
    draft = found_draft(ctx, session, draft_id)
    found = submitted(session, ctx.app.vault, draft)
    if found is None or draft.state not in ("submitted", "released"):
        raise Problem("draft_not_submitted")
    return draft, found


def _page(ctx: Context, draft_id: int, *, wrong: bool = False, unconfirmed: bool = False) -> Response:
    with ctx.app.database.read() as session:
        draft, found = _found(ctx, session, draft_id)
        trust_list = current_trust_list(session)
        title = title_of(ctx, session, draft)
        hand = hand_of(session, ctx.actor, draft_id)
        data = list_bytes(session, ctx.app.vault, draft_id)
    kind, sheet = KIND_NAMES[draft.kind], found.sheet
    decides = draft.state == "submitted" and hand != "prepared" and may(ctx, "batches.release")
    confirmation = None
    if decides and ctx.session_id is not None:
        confirmation = ctx.ask_second_factor(ACT, subject_of(draft), found.submission.shown)
    return render(
        ctx,
        "batches/review.html",
        status=403 if unconfirmed else 422 if wrong else 200,
        draft=draft,
        title=title,
        kind=kind,
        authority=authority_names(trust_list, ctx.lang).get(draft.authority, draft.authority),
        rules=rules_title(trust_list.rule_sets, draft.rule_set, ctx.lang),
        submission=found.submission,
        sheet=sheet,
        fields=fields_of(kind),
        hand=hand,
        decides=decides,
        confirmation=confirmation,
        wrong=wrong,
        unconfirmed=unconfirmed,
        least=decisions.REMARK_LEAST,
        **_rows(data, sheet, fields_of(kind), ctx.lang),
    )


def _rows(data: bytes, sheet: Mapping[str, Any], fields: Sequence[str], lang: str) -> dict[str, Any]:
    """The rows that the sheet names, as the list has them."""
    namesakes = [place for group in sheet["namesakes"]["groups"] for place in group]
    places = {
        "sample": sheet["sample"]["places"],
        "short": sheet["short"]["places"],
        "before": sheet["before"]["places"],
        "namesakes": namesakes[:40],
    }
    wanted = sorted({place for some in places.values() for place in some})
    # Once: of a hundred thousand each reading takes a second, in which everybody's pages wait.
    rows = dict(zip(wanted, pick_rows(data, wanted), strict=True))
    return {
        name: [_shown(place, rows[place], fields, lang) for place in some] for name, some in places.items()
    }


def _shown(place: int, row: ListedRow, fields: Sequence[str], lang: str) -> Shown:
    return Shown(place + 1, [_said(name, cell, lang) for name, cell in zip(fields, row.cells, strict=True)])


def _said(name: str, cell: str, lang: str) -> str:
    """A cell of the list, whose words and dates are written one way for every reader."""
    codes = {word: code for code, word in {"grade": GRADES, "category": CATEGORIES}.get(name, {}).items()}
    if cell in codes:
        return sentence(f"draft.group.{codes[cell]}", {}, lang)
    return written_day(cell, lang) if name == "completed_on" else mask_numbers(cell)
