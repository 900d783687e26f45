"""Acts on certificates as forms, the list of what waits, one case's page, and the second person's decision."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session
from starlette.responses import Response

from registry.cases.bulk import faults_of, items_of, tally
from registry.cases.certificates import certificate_of, newest_leaf
from registry.cases.documents import attach, documents_of, open_document
from registry.cases.errors import CaseError
from registry.cases.history import Life, life_of
from registry.cases.models import Case
from registry.cases.sealing import digest_of, open_changes
from registry.cases.search import shown
from registry.cases.service import (
    case_of,
    confirm,
    decline,
    list_cases,
    own_proposal,
    try_again,
    withdraw,
)
from registry.console.context import Context, Ctx, asked_number, may, text_field
from registry.console.files import download
from registry.console.pages.acts import said, uploads_of
from registry.console.problems import Problem
from registry.console.rendering import render, see_other
from registry.console.routing import page_router
from registry.console.words import certificate_fields
from registry.correction import examine
from registry.errors import RegistryError
from registry.intake.findings import IntakeError
from registry.jobs.service import jobs_about
from registry.trust import current_trust_list

router = page_router()
CONFIRM = "cases.confirm"
MEDIA = {"pdf": "application/pdf", "png": "image/png", "jpeg": "image/jpeg"}
ENDED = ("done", "failed", "declined", "withdrawn")


@router.get("/cases", name="cases.list")
def show_list(ctx: Ctx) -> Response:
    """What waits for a second person, what is being carried out, and what ended."""
    with ctx.app.database.read() as session:
        whose = ctx.authority_filter
        waiting = list_cases(session, authority=whose, states=("proposed",), limit=200)
        running = list_cases(session, authority=whose, states=("confirmed",), limit=200)
        ended = list_cases(
            session, authority=whose, states=ENDED, before=asked_number(ctx, "before"), limit=51
        )
        drafts = [
            one
            for one in list_cases(session, authority=whose, states=("draft",))
            if one.proposed_by == ctx.actor.account
        ]
        numbers = [one.number for one in (*waiting, *running, *ended) if one.number]
        names = {number: one.name for number, one in shown(session, numbers).items()}
    return render(
        ctx,
        "cases/list.html",
        waiting=waiting,
        running=running,
        ended=ended[:50],
        drafts=drafts,
        older=ended[49].id if len(ended) > 50 else None,
        names=names,
    )


@router.get("/cases/{case_id}", name="cases.show")
def show(ctx: Ctx, case_id: int) -> Response:
    """One case."""
    return _page(ctx, case_id)


@router.post("/cases/{case_id}/confirm", name=CONFIRM)
def confirm_case(ctx: Ctx, case_id: int) -> Response:
    """The second pair of eyes, with the second factor; used up for what was seen, and for nothing else."""
    with ctx.app.database.read() as session:
        case = case_of(session, case_id, authority=ctx.authority_filter)
        digest = _digest(session, case)
    try:
        ctx.require_second_factor(CONFIRM, f"case:{case_id}", digest)
        with ctx.app.write() as session:
            confirm(
                session,
                ctx.actor,
                ctx.app,
                case_id=case_id,
                authority=ctx.authority_filter,
                remark=text_field(ctx.form, "remark", most=2000),
                now=ctx.now,
            )
    except (CaseError, Problem) as error:
        if error.code in ("not_found", "second_factor_token", "too_many_attempts"):
            raise
        return _page(ctx, case_id, error=error)
    return see_other(ctx, "cases.show", case_id=case_id)


@router.post("/cases/{case_id}/decline", name="cases.decline")
def decline_case(ctx: Ctx, case_id: int) -> Response:
    """Sent back, with why."""
    try:
        with ctx.app.database.write() as session:
            decline(
                session,
                ctx.actor,
                case_id=case_id,
                authority=ctx.authority_filter,
                remark=text_field(ctx.form, "remark", most=2000),
                now=ctx.now,
            )
    except CaseError as error:
        if error.code == "not_found":
            raise
        return _page(ctx, case_id, error=error)
    return see_other(ctx, "cases.show", case_id=case_id)


@router.post("/cases/{case_id}/withdraw", name="cases.withdraw")
def withdraw_case(ctx: Ctx, case_id: int) -> Response:
    """Taken back by whoever proposed it."""
    with ctx.app.database.write() as session:
        withdraw(session, ctx.actor, case_id=case_id, authority=ctx.authority_filter, now=ctx.now)
    return see_other(ctx, "cases.show", case_id=case_id)


@router.post("/cases/{case_id}/retry", name="cases.retry")
def retry_case(ctx: Ctx, case_id: int) -> Response:
    """Carry a confirmed case out once more, after what stopped it was mended."""
    with ctx.app.database.write() as session:
        try_again(session, ctx.actor, case_id=case_id, authority=ctx.authority_filter, now=ctx.now)
    return see_other(ctx, "cases.show", case_id=case_id)


@router.post("/cases/{case_id}/documents", name="documents.add")
def add_document(ctx: Ctx, case_id: int) -> Response:
    """One more document of a case that waits."""
    try:
        with ctx.app.database.write() as session:
            case = own_proposal(session, ctx.actor, case_id=case_id, authority=ctx.authority_filter)
            attach(
                session,
                ctx.app.vault,
                ctx.actor,
                uploads_of(ctx),
                authority=case.authority,
                case_id=case.id,
                now=ctx.now,
            )
    except CaseError as error:
        if error.code == "not_found":
            raise
        return _page(ctx, case_id, error=error)
    return see_other(ctx, "cases.show", case_id=case_id)


@router.get("/documents/{document_id}", name="documents.show")
def document(ctx: Ctx, document_id: int) -> Response:
    """A document, as a download."""
    with ctx.app.database.read() as session:
        found = open_document(session, ctx.app.vault, document_id, authority=ctx.authority_filter)
    return download(found.data, found.name, MEDIA[found.kind])


def _page(ctx: Context, case_id: int, *, error: RegistryError | Problem | None = None) -> Response:
    """The case; whoever may decide on it is asked for the second factor, for what he sees now."""
    with ctx.app.database.read() as session:
        case = case_of(session, case_id, authority=ctx.authority_filter)
        if case.state == "draft":
            raise Problem("not_found")
        values = _shown_case(session, ctx, case)
        digest = _digest(session, case)
    decides = (
        case.state == "proposed"
        and case.proposed_by != ctx.actor.account
        and may(ctx, CONFIRM)
        and ctx.session_id is not None
    )
    confirmation = ctx.ask_second_factor(CONFIRM, f"case:{case_id}", digest) if decides else None
    return render(
        ctx,
        "cases/show.html",
        status=200 if error is None else 422,
        case=case,
        confirmation=confirmation,
        own=case.proposed_by == ctx.actor.account,
        error=said(error, ctx.lang),
        **values,
    )


def _shown_case(session: Session, ctx: Context, case: Case) -> dict[str, Any]:
    life = None
    if case.number is not None:
        life = life_of(session, case.number, authority=ctx.authority_filter, now=ctx.now)
    after = asked_number(ctx, "after")
    items = items_of(session, case, after=-1 if after is None else after) if case.number is None else []
    jobs = jobs_about(session, f"case:{case.id}")
    return {
        "life": life,
        "overtaken": life is not None and case.state == "proposed" and life.newest != case.basis,
        "differences": _differences(session, ctx, case, life),
        "documents": documents_of(session, case_id=case.id),
        "items": items,
        "names": {number: one.name for number, one in shown(session, [one.number for one in items]).items()},
        "tally": tally(session, case) if case.number is None else None,
        "faults": faults_of(case),
        "job": jobs[0] if jobs else None,
    }


def _differences(
    session: Session, ctx: Context, case: Case, life: Life | None
) -> Sequence[tuple[str, str, str]]:
    """Label, old and new value of everything that a correction changes; identity numbers masked."""
    if case.action != "correct" or life is None or case.payload is None:
        return ()
    changes, identity = open_changes(ctx.app.vault, case)
    before: Mapping[str, Any] = life.subject
    after = {**before, **changes}
    try:
        if case.state == "proposed":
            after = dict(examine(session, ctx.app, life.number, changes, identity=identity).after)
    except (RegistryError, IntakeError):
        pass  # it cannot be made any more; whoever confirms is told why
    rules = current_trust_list(session).rule_sets
    old = {name: (label, value) for name, label, value in certificate_fields(before, ctx.lang, rules)}
    rows = []
    for name, label, value in certificate_fields({**before, **after}, ctx.lang, rules):
        if name in old and (value != old[name][1] or (name == "identityDocument" and identity)):
            rows.append((label, old[name][1], value))
    return rows


def _digest(session: Session, case: Case) -> str:
    newest = 0
    if case.number is not None:
        newest = newest_leaf(session, certificate_of(session, case.number, authority=None))
    return digest_of(session, case, newest)
