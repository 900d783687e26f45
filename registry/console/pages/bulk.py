"""Revoking by a file: upload, see every fault with its place and remedy, propose what is right."""

from typing import Any

from starlette.responses import Response

from registry.cases.bulk import draft_of, drop_draft, faults_of, items_of, propose_file, read_file, tally
from registry.cases.documents import Upload
from registry.cases.errors import CaseError
from registry.cases.export import xlsx_table
from registry.cases.search import shown
from registry.console.context import Context, Ctx, text_field
from registry.console.files import download
from registry.console.language import translations
from registry.console.pages.acts import said, uploads_of
from registry.console.rendering import render, see_other
from registry.console.routing import page_router
from registry.intake.findings import IntakeError
from registry.status import REASONS
from verifier.messages import reason_word

router = page_router()
SHOWN = 200


@router.get("/revocations/new", name="bulk.new")
def new(ctx: Ctx) -> Response:
    """The form."""
    return _form(ctx)


@router.get("/revocations/template", name="bulk.template")
def template(ctx: Ctx) -> Response:
    """An empty list to fill in."""
    say = translations()[ctx.lang].gettext
    headings = [say("column.certificate-number"), say("column.reason"), say("column.remark")]
    name = say("撤销名单")
    media = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return download(xlsx_table(name, headings, []), f"{name}.xlsx", media)


@router.post("/revocations", name="bulk.read")
def read(ctx: Ctx) -> Response:
    """Read a list; nothing is proposed yet."""
    try:
        upload = (uploads_of(ctx, "list") or [Upload("", b"")])[0]
        with ctx.app.database.write() as session:
            case = read_file(
                session,
                ctx.actor,
                upload,
                authority=ctx.authority_filter,
                remark=text_field(ctx.form, "remark", most=500),
                now=ctx.now,
            )
    except (CaseError, IntakeError) as error:
        return _form(ctx, error=error)
    return see_other(ctx, "bulk.show", revocation_id=case.id)


@router.get("/revocations/{revocation_id}", name="bulk.show")
def show(ctx: Ctx, revocation_id: int) -> Response:
    """What the file says, before it is proposed."""
    with ctx.app.database.write() as session:
        case = draft_of(session, ctx.actor, revocation_id, authority=ctx.authority_filter)
        items = items_of(session, case, limit=SHOWN)
        values: dict[str, Any] = {
            "case": case,
            "items": items,
            "names": {
                number: one.name for number, one in shown(session, [one.number for one in items]).items()
            },
            "tally": tally(session, case),
            "faults": faults_of(case),
        }
    return render(ctx, "cases/draft.html", **values)


@router.post("/revocations/{revocation_id}/propose", name="bulk.propose")
def propose(ctx: Ctx, revocation_id: int) -> Response:
    """Propose what is right in it."""
    with ctx.app.write() as session:
        propose_file(session, ctx.actor, case_id=revocation_id, authority=ctx.authority_filter, now=ctx.now)
    return see_other(ctx, "cases.show", case_id=revocation_id)


@router.post("/revocations/{revocation_id}/drop", name="bulk.drop")
def drop(ctx: Ctx, revocation_id: int) -> Response:
    """Throw it away."""
    with ctx.app.database.write() as session:
        drop_draft(session, ctx.actor, case_id=revocation_id, authority=ctx.authority_filter)
    return see_other(ctx, "cases.list")


def _form(ctx: Context, *, error: CaseError | IntakeError | None = None) -> Response:
    reasons = [(code, reason_word(code, ctx.lang)) for code in REASONS["revoke"]]
    return render(
        ctx,
        "cases/bulk.html",
        status=200 if error is None else 422,
        reasons=reasons,
        error=said(error, ctx.lang),
    )
