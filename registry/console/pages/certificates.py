"""Certificates: search, one certificate's page, its files, and its person's number, which is revealed for a reason.

Whatever says something of a person is sent as a form and never stands in an address: names, employers, identity numbers.
"""

import threading
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from cryptography.exceptions import InvalidTag
from sqlalchemy.orm import Session
from starlette.responses import JSONResponse, Response

from registry.applications import KIND_NAMES
from registry.cases.certificates import certificate_of, reveal_identity
from registry.cases.errors import CaseError
from registry.cases.export import EXPORTED, csv_table, xlsx_table
from registry.cases.history import life_of
from registry.cases.index import SOON, bring_up_to_date
from registry.cases.printing import MOST
from registry.cases.search import (
    MAX_TEXT,
    ORDERS,
    STATES,
    Found,
    Query,
    every,
    identity_key,
    numbers_found,
    search,
)
from registry.cases.working import order_index
from registry.console.context import WHOLE_DIGITS, Context, Ctx, text_field
from registry.console.files import download
from registry.console.forprograms import life_json, page_json
from registry.console.language import translations
from registry.console.problems import Problem
from registry.console.rendering import error_text, render
from registry.console.routing import page_router
from registry.console.turns import turns_of
from registry.console.words import certificate_fields
from registry.faces.face import face_source
from registry.faces.renderer import FaceRenderer
from registry.handout import find_record, prepare
from registry.offices import CHINA
from registry.status import successors
from registry.trail.service import record
from registry.trust import current_trust_list
from verifier.drawing.errors import FaceError
from verifier.errors import FormError
from verifier.number import parse_number, parse_typed_number

router = page_router()
PREVIEW_DPI = 75
_drawers = threading.local()
"""A typst compiler serves one thread, and its first page takes some tenths of a second."""


@router.get("/certificates", name="certificates.list")
def show_list(ctx: Ctx) -> Response:
    """The search form, and what lies under criteria that say nothing of a person (links from elsewhere give these)."""
    given = ctx.request.query_params
    fields = {name: given.get(name, "")[:40] for name in ("batch", "authority", "state", "year", "kind")}
    return _results(ctx, query_of(ctx, fields), fields, after="")


@router.post("/certificates/find", name="certificates.find")
def find(ctx: Ctx) -> Response:
    """What was searched for, or its next page."""
    fields = sent_query(ctx)
    try:
        query = searched(ctx, fields)
    except CaseError as error:
        if ctx.is_program:
            raise
        return _results(ctx, None, fields, after="", error=error)
    return _results(ctx, query, fields, after=text_field(ctx.form, "after", most=20))


@router.post("/certificates/export", name="certificates.export")
def export(ctx: Ctx) -> Response:
    """What was searched for, as a table for the office's own program."""
    query = searched(ctx, sent_query(ctx))
    form = text_field(ctx.form, "form", most=4)
    require_whole_index(ctx)
    with ctx.app.database.look() as session:
        count = len(numbers_found(session, query, authority=ctx.authority_filter, at_most=EXPORTED + 1))
    if count > EXPORTED:
        raise CaseError("export_many", most=EXPORTED)
    with turns_of(count).turn():
        with ctx.app.database.look() as session:
            found = list(every(session, query, authority=ctx.authority_filter, at_most=EXPORTED))
            superseded = _superseded(session, found)
        with ctx.app.database.write() as session:
            after: dict[str, str | int] = {"certificates": len(found), "form": form}
            record(session, ctx.actor, "certificate.export", subject="certificates", now=ctx.now, after=after)
        say = translations()[ctx.lang].gettext
        headings = [say(f"column.{name}") for name in _COLUMNS]
        rows = (_row(ctx, one, superseded) for one in found)
        title = say("证书")
        day = datetime.fromtimestamp(ctx.now, CHINA).strftime("%Y%m%d")
        if form == "csv":
            return download(csv_table(headings, rows), f"{title}-{day}.csv", "text/csv; charset=utf-8")
        return download(
            xlsx_table(title, headings, rows),
            f"{title}-{day}.xlsx",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        )


def require_whole_index(ctx: Context) -> None:
    """For what is made of everything that a search finds; raises ``CaseError`` (``index_behind``) where something would be missing."""
    behind = bring_up_to_date(ctx.app).behind
    if behind:
        with ctx.app.database.write() as session:
            order_index(session, now=ctx.now)
        raise CaseError("index_behind", behind=behind)


@router.get("/certificates/{number}", name="certificates.show")
def show(ctx: Ctx, number: str) -> Response:
    """One certificate's page."""
    if ctx.is_program:
        with ctx.app.database.look() as session:
            life = life_of(session, digits_of(number), authority=ctx.authority_filter, now=ctx.now)
        return JSONResponse(life_json(life))
    return _page(ctx, digits_of(number))


@router.post("/certificates/{number}/identity", name="certificates.reveal")
def reveal(ctx: Ctx, number: str) -> Response:
    """The whole identity number, once, on the page that answers."""
    digits = digits_of(number)
    reason = text_field(ctx.form, "reason", most=400)
    try:
        with ctx.app.database.write() as session:
            identity = reveal_identity(
                session,
                ctx.actor,
                ctx.app.vault,
                number=digits,
                authority=ctx.authority_filter,
                reason=reason,
                now=ctx.now,
            )
    except CaseError as error:
        if error.code == "not_found":
            raise
        return _page(ctx, digits, error=error)
    return _page(ctx, digits, identity=identity)


@router.get("/certificates/{number}/face.png", name="certificates.face")
def face(ctx: Ctx, number: str) -> Response:
    """The face as it is handed out, small."""
    source = _source(ctx, digits_of(number))
    return Response(_drawer().png(source, dpi=PREVIEW_DPI), media_type="image/png")


@router.get("/certificates/{number}/certificate.pdf", name="certificates.pdf")
def pdf(ctx: Ctx, number: str) -> Response:
    """One certificate to print, drawn now; who printed it is on the trail, as it is of a batch."""
    digits = digits_of(number)
    drawn = _drawer().pdf(_source(ctx, digits))
    with ctx.app.database.write() as session:
        subject = f"certificate:{digits}"
        record(session, ctx.actor, "certificate.print", subject=subject, now=ctx.now, after={"form": "pdf"})
    return download(drawn, f"{digits}.pdf", "application/pdf")


@router.get("/certificates/{number}/record.json", name="certificates.record")
def signed_record(ctx: Ctx, number: str) -> Response:
    """The signed bytes."""
    digits = digits_of(number)
    found = _stored(ctx, digits)
    return download(found[0], f"{digits}.json", "application/json")


@router.get("/certificates/{number}/proof", name="certificates.proof")
def proof(ctx: Ctx, number: str) -> Response:
    """The log proof."""
    digits = digits_of(number)
    found = _stored(ctx, digits)[1]
    if found is None:
        raise Problem("not_under_checkpoint", number=digits)
    return download(found, f"{digits}.tlog-proof", "text/plain; charset=utf-8")


_COLUMNS = ("number", "name", "identity", "employer", "year", "kind", "batch", "state")


def _superseded(session: Session, found: Sequence[Found]) -> Mapping[str, str]:
    """What a correction replaced, and by which number: people are told so, and not that it was revoked."""
    return successors(session, [one.number for one in found if one.state == "revoked"])


def _row(ctx: Context, one: Found, superseded: Collection[str]) -> Sequence[str]:
    say = translations()[ctx.lang].gettext
    number = parse_number(one.number).printed
    kind = say(f"kind.{one.kind}")
    state = say(f"state.{'superseded' if one.number in superseded else one.state}")
    return (number, one.name, one.identity, one.employer, str(one.year), kind, str(one.batch_id), state)


def digits_of(number: str) -> str:
    """The number of an address; one that is none is not there."""
    try:
        return parse_number(number).digits
    except FormError as error:
        raise Problem("not_found") from error


def sent_query(ctx: Context) -> dict[str, str]:
    names = (
        "number",
        "name",
        "employer",
        "identity",
        "sought",
        "batch",
        "authority",
        "state",
        "year",
        "kind",
    )
    return {name: text_field(ctx.form, name, most=200) for name in (*names, "order")}


def searched(ctx: Context, fields: dict[str, str]) -> Query:
    """The query of a form; that somebody was looked for by his identity number is on the trail, whatever is done with it."""
    query = query_of(ctx, fields)
    if fields["identity"]:
        with ctx.app.database.write() as session:
            record(session, ctx.actor, "certificate.search-identity", subject="certificates", now=ctx.now)
    return query


def query_of(ctx: Context, fields: dict[str, str]) -> Query:
    """The query; raises ``CaseError`` for what is no number, no identity number, no year."""
    number = fields.get("number", "")
    if number:
        try:
            number = parse_typed_number(number).digits
        except FormError as error:
            raise CaseError(f"search_{error.code}") from error
    return Query(
        number=number,
        name=fields.get("name", "")[:MAX_TEXT],
        employer=fields.get("employer", "")[:MAX_TEXT],
        identity=_identity(ctx, fields),
        batch=_whole(fields.get("batch", ""), most=10**WHOLE_DIGITS),
        authority=fields.get("authority", "")[:6],
        state=fields["state"] if fields.get("state") in STATES else "",
        year=_whole(fields.get("year", ""), most=9999),
        kind=_whole(fields.get("kind", ""), most=9),
        order=fields["order"] if fields.get("order") in ORDERS else "number",
    )


def _identity(ctx: Context, fields: dict[str, str]) -> bytes:
    """The keyed hash that is searched for: typed, or carried from page to page sealed for this person."""
    typed, sought = fields.get("identity", ""), fields.get("sought", "")
    if typed:
        key = identity_key(ctx.app.vault, typed, today=datetime.fromtimestamp(ctx.now, CHINA).date())
        if key is None:
            raise CaseError("search_identity")
        return key
    if not sought:
        return b""
    try:
        return ctx.app.vault.safe("search").open(urlsafe_b64decode(sought), str(ctx.actor.account))
    except (InvalidTag, ValueError) as error:
        raise Problem("form", field="sought") from error


def _whole(text: str, *, most: int) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= WHOLE_DIGITS and int(text) <= most):
        raise CaseError("search_whole")
    return int(text)


def _results(
    ctx: Context, query: Query | None, fields: dict[str, str], *, after: str, error: CaseError | None = None
) -> Response:
    progress = bring_up_to_date(ctx.app)
    if progress.behind > SOON:
        with ctx.app.database.write() as session:
            order_index(session, now=ctx.now)
    with ctx.app.database.look() as session:
        page = search(session, query, authority=ctx.authority_filter, after=after) if query else None
        superseded = _superseded(session, page.found) if page else {}
        authorities = {code: one.names["zh"] for code, one in current_trust_list(session).authorities.items()}
    if ctx.is_program and page is not None:
        return JSONResponse(page_json(page))
    sought = ""
    if query is not None and query.identity:
        sealed = ctx.app.vault.safe("search").seal(query.identity, str(ctx.actor.account))
        sought = urlsafe_b64encode(sealed).decode()
    return render(
        ctx,
        "certificates/list.html",
        status=200 if error is None else 422,
        page=page,
        superseded=superseded,
        fields={**dict.fromkeys(("number", "name", "employer", "order"), ""), **fields, "identity": ""},
        sought=sought,
        progress=progress,
        behind=progress.behind > 0,
        authorities=authorities,
        everywhere=ctx.authority_filter is None,
        kinds=KIND_NAMES,
        most=MOST,
        error=error_text(error, ctx.lang) if error else "",
    )


def _page(ctx: Context, digits: str, *, identity: str = "", error: CaseError | None = None) -> Response:
    with ctx.app.database.look() as session:
        life = life_of(session, digits, authority=ctx.authority_filter, now=ctx.now)
        trust_list = current_trust_list(session)
    return render(
        ctx,
        "certificates/show.html",
        status=200 if error is None else 422,
        life=life,
        rows=certificate_fields(life.subject, ctx.lang, trust_list.rule_sets),
        witness_quorum=trust_list.witness_quorum,
        identity=identity,
        error=error_text(error, ctx.lang) if error else "",
    )


def _stored(ctx: Context, digits: str) -> tuple[bytes, bytes | None]:
    _require_reach(ctx, digits)
    found = find_record(ctx.app, parse_number(digits))
    if found is None:
        raise Problem("not_found")
    return found


def _require_reach(ctx: Context, digits: str) -> None:
    with ctx.app.database.look() as session:
        certificate_of(session, digits, authority=ctx.authority_filter)


def _source(ctx: Context, digits: str) -> Any:
    _require_reach(ctx, digits)
    try:
        handout = prepare(ctx.app, digits)
        return face_source(handout.record, log_proof=handout.log_proof)
    except FaceError as error:
        raise Problem(error.code) from error


def _drawer() -> FaceRenderer:
    if not hasattr(_drawers, "drawer"):
        _drawers.drawer = FaceRenderer()
    drawer: FaceRenderer = _drawers.drawer
    return drawer
