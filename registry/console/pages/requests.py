"""Holders' requests: taken down at the counter, accepted or declined, answered by a correction."""

from typing import Any

from starlette.responses import Response

from registry.cases.documents import documents_of
from registry.cases.errors import CaseError
from registry.cases.history import life_of
from registry.cases.requests import CHANNELS, cases_for, decide, list_requests, receive, request_of, wish_of
from registry.cases.search import shown
from registry.console.context import Context, Ctx, text_field
from registry.console.pages.acts import uploads_of
from registry.console.pages.certificates import digits_of
from registry.console.rendering import error_text, render, see_other
from registry.console.routing import page_router
from registry.console.words import certificate_fields
from registry.trust import current_trust_list

router = page_router()


@router.get("/requests", name="requests.list")
def show_list(ctx: Ctx) -> Response:
    """What waits, and what ended."""
    with ctx.app.database.read() as session:
        whose = ctx.authority_filter
        waiting = list_requests(session, authority=whose, states=("received", "accepted"))
        ended = list_requests(session, authority=whose, states=("declined", "done"))
        names = {
            number: one.name
            for number, one in shown(session, [one.number for one in (*waiting, *ended)]).items()
        }
    return render(ctx, "requests/list.html", waiting=waiting, ended=ended, names=names)


@router.get("/certificates/{number}/request", name="requests.new")
def new(ctx: Ctx, number: str) -> Response:
    """The form."""
    return _form(ctx, digits_of(number))


@router.post("/certificates/{number}/request", name="requests.create")
def create(ctx: Ctx, number: str) -> Response:
    """Take a request down."""
    digits = digits_of(number)
    try:
        with ctx.app.database.write() as session:
            request = receive(
                session,
                ctx.actor,
                ctx.app,
                number=digits,
                authority=ctx.authority_filter,
                channel=text_field(ctx.form, "channel", most=12),
                wish=text_field(ctx.form, "wish", most=4000),
                contact=text_field(ctx.form, "contact", most=400),
                now=ctx.now,
                uploads=uploads_of(ctx),
            )
    except CaseError as error:
        if error.code == "not_found":
            raise
        return _form(ctx, digits, error=error)
    return see_other(ctx, "requests.show", request_id=request.id)


@router.get("/requests/{request_id}", name="requests.show")
def show(ctx: Ctx, request_id: int) -> Response:
    """One request."""
    return _page(ctx, request_id)


@router.post("/requests/{request_id}/decision", name="requests.decide")
def decide_request(ctx: Ctx, request_id: int) -> Response:
    """Accept or decline; what is accepted goes on to the correction."""
    accepted = text_field(ctx.form, "decision", most=10) == "accept"
    try:
        with ctx.app.database.write() as session:
            request = decide(
                session,
                ctx.actor,
                request_id=request_id,
                authority=ctx.authority_filter,
                accepted=accepted,
                answer=text_field(ctx.form, "answer", most=2000),
                now=ctx.now,
            )
    except CaseError as error:
        if error.code == "not_found":
            raise
        return _page(ctx, request_id, error=error)
    return see_other(ctx, "requests.show", request_id=request.id)


def _form(ctx: Context, digits: str, *, error: CaseError | None = None) -> Response:
    with ctx.app.database.read() as session:
        life = life_of(session, digits, authority=ctx.authority_filter, now=ctx.now)
        rule_sets = current_trust_list(session).rule_sets
    return render(
        ctx,
        "requests/new.html",
        status=200 if error is None else 422,
        life=life,
        rows=certificate_fields(life.subject, ctx.lang, rule_sets),
        channels=CHANNELS,
        sent=lambda name: str(ctx.form.get(name, "")),
        error=error_text(error, ctx.lang) if error else "",
    )


def _page(ctx: Context, request_id: int, *, error: CaseError | None = None) -> Response:
    with ctx.app.database.read() as session:
        request = request_of(session, request_id, authority=ctx.authority_filter)
        values: dict[str, Any] = {
            "request": request,
            "wish": wish_of(ctx.app.vault, request),
            "documents": documents_of(session, request_id=request.id),
            "cases": cases_for(session, request),
            "life": life_of(session, request.number, authority=ctx.authority_filter, now=ctx.now),
        }
    return render(
        ctx,
        "requests/show.html",
        status=200 if error is None else 422,
        error=error_text(error, ctx.lang) if error else "",
        **values,
    )
