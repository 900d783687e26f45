"""Batches: the office's lists, one list with all that there is to say of it, its findings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session
from starlette.responses import JSONResponse, Response
from starlette.routing import NoMatchFound

from keys.trustlist import RuleSet, TrustList
from registry.applications import KIND_NAMES
from registry.console.context import Context, Ctx, asked_number
from registry.console.language import EN
from registry.console.problems import Problem
from registry.console.rendering import address, error_text, render
from registry.console.routing import page_router
from registry.console.sentences import sentence
from registry.errors import RegistryError
from registry.intake.columns import field_of, fields_of
from registry.intake.findings import describe, mask_numbers
from registry.jobs.service import JobView, jobs_about
from registry.models import Batch
from registry.review.decisions import rounds_of
from registry.review.drafts import (
    count_by_state,
    drafts,
    find_draft,
    hand_of,
    list_bytes,
    parts_of,
    refused_at,
    subject_of,
)
from registry.review.findings import (
    PAGE,
    Counts,
    Filter,
    Remark,
    counts,
    held_before,
    remarks,
    remarks_before,
)
from registry.review.issuing import unfinished
from registry.review.models import Draft
from registry.review.rows import Origin, pick_rows
from registry.trust import current_trust_list

router = page_router()
FORM_NAME = "单人办理.csv"
"""The file that a person entered by form is kept as."""
_FORM_NAME_BEFORE = "单人申领.csv"
"""Until 2026-11."""
STATES = ("draft", "returned", "submitted", "released", "discarded")
TITLES: Mapping[str, str] = {"refused": "bad", "notice": "warn", "repaired": "", "space": ""}


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a refused row: field, text (numbers masked), and whether a fault is in it."""

    field: str
    text: str
    is_faulty: bool


@dataclass(frozen=True, slots=True)
class Told:
    """A remark in words. ``row`` are the cells of a refused row."""

    remark: Remark
    value: str
    problem: str
    remedy: str
    row: Sequence[Cell]


@router.get("/batches", name="batches.list")
def show_list(ctx: Ctx) -> Response:
    """Lists, newest first."""
    state = ctx.request.query_params.get("state", "")
    if state not in ("", *STATES):
        raise Problem("not_found")
    with ctx.app.database.read() as session:
        page = drafts(
            session, authority=ctx.authority_filter, state=state, before=asked_number(ctx, "before")
        )
        states = count_by_state(session, authority=ctx.authority_filter)
        names = authority_names(current_trust_list(session), ctx.lang)
        if ctx.is_program:
            lists = [draft_json(session, draft) for draft in page.rows]
            return JSONResponse({"lists": lists, "before": page.rows[-1].id if page.more else None})
        titles = {draft.id: title_of(ctx, session, draft) for draft in page.rows}
        busy = unfinished(session, [draft.batch_id for draft in page.rows if draft.batch_id])
    return render(
        ctx,
        "batches/list.html",
        page=page,
        state=state,
        states=states,
        titles=titles,
        names=names,
        all_states=STATES,
        busy={draft.id for draft in page.rows if draft.batch_id in busy},
    )


@router.get("/batches/{draft_id}", name="batches.show")
def show(ctx: Ctx, draft_id: int) -> Response:
    """One list: where it stands, what was uploaded, what is to be done."""
    with ctx.app.database.read() as session:
        draft = found_draft(ctx, session, draft_id)
        if ctx.is_program:
            return JSONResponse(draft_json(session, draft))
        trust_list, found = current_trust_list(session), counts(session, draft_id)
        values: dict[str, Any] = {
            "draft": draft,
            "title": title_of(ctx, session, draft),
            "kind": KIND_NAMES[draft.kind],
            "authority": authority_names(trust_list, ctx.lang).get(draft.authority, draft.authority),
            "rules": rules_title(trust_list.rule_sets, draft.rule_set, ctx.lang),
            "parts": parts_of(session, draft_id),
            "rounds": rounds_of(session, draft_id),
            "hand": hand_of(session, ctx.actor, draft_id),
            "told": _by_nature(found),
            "held": held_before(found),
            "job": newest_job(session, draft),
            "batch": session.get(Batch, draft.batch_id) if draft.batch_id else None,
        }
    return render(
        ctx,
        "batches/show.html",
        certificates=_certificates(ctx, draft),
        **job_words(ctx, values["job"]),
        **values,
    )


@router.get("/batches/{draft_id}/findings", name="batches.findings")
def findings(ctx: Ctx, draft_id: int) -> Response:
    """What was found in the uploads, filtered and leafed through; identity numbers masked."""
    after = asked_number(ctx, "after") or 0
    with ctx.app.database.read() as session:
        draft = found_draft(ctx, session, draft_id)
        natures = _by_nature(counts(session, draft_id))
        wanted = _filter(ctx, natures)
        page = remarks(session, ctx.app.vault, draft_id, wanted, after=after, most=PAGE + 1)
        shown = page[:PAGE]
        told = _told(ctx, session, draft, shown)
        if ctx.is_program:
            return JSONResponse({"findings": [_told_json(one) for one in told], "after": _next(page)})
        values: dict[str, Any] = {
            "draft": draft,
            "title": title_of(ctx, session, draft),
            "told": told,
            "wanted": wanted,
            "natures": natures,
            "kinds": _kinds(ctx, session, draft_id, wanted),
            "following": _next(page),
            "preceding": remarks_before(session, draft_id, wanted, place=after) if after else None,
            "parts": {part.part: part.file_name for part in parts_of(session, draft_id)},
        }
    return render(ctx, "batches/findings.html", classes=TITLES, **values)


def found_draft(ctx: Context, session: Session, draft_id: int) -> Draft:
    """A draft that the reader may see; a foreign one is answered like one that is not there."""
    draft = find_draft(session, draft_id, authority=ctx.authority_filter)
    if draft is None:
        raise Problem("not_found")
    return draft


def title_of(ctx: Context, session: Session, draft: Draft) -> str:
    """What a list is called: after its file; what came by form, after the person, whom its sealed list names and no file's name."""
    if draft.title not in (FORM_NAME, _FORM_NAME_BEFORE):
        return draft.title
    try:
        rows = pick_rows(list_bytes(session, ctx.app.vault, draft.id), (0, 1))
    except RegistryError:
        rows = []
    if len(rows) != 1:
        return sentence("draft.single.several", {}, ctx.lang)
    name = rows[0].cells[fields_of(KIND_NAMES[draft.kind]).index("name")]
    return sentence("draft.single", {"name": name}, ctx.lang)


def newest_job(session: Session, draft: Draft) -> JobView | None:
    """The background work of a list."""
    return next(iter(jobs_about(session, subject_of(draft))), None)


def job_words(ctx: Context, job: JobView | None) -> dict[str, Any]:
    """Why a job failed, in words."""
    failed = job is not None and job.error is not None
    return {
        "failure": error_text(RegistryError(job.error or "", **job.error_params), ctx.lang)
        if job and failed
        else ""
    }


def authority_names(trust_list: TrustList, lang: str) -> dict[str, str]:
    """Code → name in the reader's language, Chinese where there is no other."""
    return {
        code: (one.names.get("en") if lang == EN else "") or one.names["zh"]
        for code, one in trust_list.authorities.items()
    }


def rules_title(rule_sets: Mapping[str, RuleSet], rule_set: str, lang: str) -> str:
    """What a set of rules is called, as its document has it; its code where the list has it no longer."""
    known = rule_sets.get(rule_set)
    return known.title[lang[:2]] if known else rule_set


def draft_json(session: Session, draft: Draft) -> dict[str, Any]:
    """A list for a program."""
    job, found = newest_job(session, draft), counts(session, draft.id)
    return {
        "id": draft.id,
        "authority": draft.authority,
        "year": draft.year,
        "kind": KIND_NAMES[draft.kind],
        "ruleSet": draft.rule_set,
        "state": draft.state,
        "people": draft.people,
        "leftOut": draft.left_out,
        "batch": draft.batch_id,
        "job": None if job is None else {"state": job.state, "done": job.done, "total": job.total},
        "heldBefore": held_before(found),
        "findings": _by_nature(found),
    }


def _filter(ctx: Context, natures: Mapping[str, int]) -> Filter:
    """What is asked for; without a question what was refused, and for a person everything where nothing was."""
    given = ctx.request.query_params
    usual = "refused" if not given and (natures["refused"] or ctx.is_program) else ""
    nature = given.get("nature", usual)
    if nature not in ("", *TITLES):
        raise Problem("not_found")
    return Filter(nature, given.get("code", "")[:40], asked_number(ctx, "row"))


def _next(page: Sequence[Remark]) -> int | None:
    return page[PAGE - 1].place if len(page) > PAGE else None


def _by_nature(found: Counts) -> dict[str, int]:
    """Nature → how many remarks."""
    told = dict.fromkeys(TITLES, 0)
    for (nature, _), count in found.items():
        told[nature] += count
    return told


def _kinds(ctx: Context, session: Session, draft_id: int, wanted: Filter) -> list[tuple[str, int, str]]:
    """Code, how often, and the first case in words, the commonest first: what a clerk mends by the dozen."""
    common = sorted(counts(session, draft_id).items(), key=lambda one: -one[1])
    kinds = []
    for (nature, code), count in common:
        if wanted.nature not in ("", nature):
            continue
        (first,) = remarks(session, ctx.app.vault, draft_id, Filter(nature, code), most=1)
        kinds.append((code, count, describe(first.finding.masked(), ctx.lang)[0]))
    return kinds


def _told(ctx: Context, session: Session, draft: Draft, shown: Sequence[Remark]) -> list[Told]:
    wanted = {_origin(one) for one in shown if one.nature == "refused"}
    rows = refused_at(session, ctx.app.vault, draft, wanted) if wanted else {}
    kind = KIND_NAMES[draft.kind]
    faulty = {(_origin(one), field_of(one.finding.heading or "", kind)) for one in shown}
    told = []
    for one in shown:
        masked, origin = one.finding.masked(), _origin(one)
        row = rows.get(origin)
        cells = [
            Cell(field, mask_numbers(row.get(field, "")), (origin, field) in faulty)
            for field in (fields_of(kind) if row is not None else ())
            if row is not None
        ]
        told.append(Told(one, masked.value, *describe(masked, ctx.lang), cells))
    return told


def _origin(one: Remark) -> Origin:
    return Origin(one.part, one.finding.sheet, one.finding.row or 0)


def _told_json(one: Told) -> dict[str, Any]:
    finding = one.remark.finding
    return {
        "code": finding.code,
        "nature": one.remark.nature,
        "part": one.remark.part,
        "sheet": finding.sheet,
        "row": finding.row,
        "column": finding.column,
        "value": one.value,
        "problem": one.problem,
        "remedy": one.remedy,
    }


def _certificates(ctx: Context, draft: Draft) -> str:
    """Where the batch's certificates are listed, if there is such a page."""
    try:
        return f"{address(ctx.request, 'certificates.list')}?batch={draft.batch_id}" if draft.batch_id else ""
    except NoMatchFound:
        return ""
