"""Acts on certificates as forms, the list of what waits, one case's page, and the second person's decision."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session
from starlette.datastructures import UploadFile
from starlette.responses import Response

from registry.cases.bulk import faults_of, items_of, tally
from registry.cases.certificates import certificate_of, newest_leaf
from registry.cases.documents import MAX_BYTES, Upload, attach, documents_of, open_document
from registry.cases.errors import CaseError
from registry.cases.history import Life, life_of
from registry.cases.models import Case
from registry.cases.requests import request_of, wish_of
from registry.cases.sealing import digest_of, open_changes
from registry.cases.search import shown
from registry.cases.service import (
    AT_ONCE,
    PROPOSED,
    act_at_once,
    case_of,
    confirm,
    decline,
    list_cases,
    propose,
    withdraw,
)
from registry.console.context import Context, Ctx, may, text_field
from registry.console.files import download
from registry.console.pages.certificates import digits_of
from registry.console.problems import Problem
from registry.console.rendering import error_text, render, see_other
from registry.console.routing import page_router
from registry.console.words import certificate_fields
from registry.correction import examine
from registry.errors import RegistryError
from registry.intake.findings import IntakeError, describe
from registry.jobs.service import jobs_about, retry
from registry.status import REASONS

router = page_router()
CONFIRM = "cases.confirm"
NOT_CORRECTED = ("certificateNumber", "identityDocument", "year")
"""Of a certificate's values: the number changes by itself, the mask with the identity number, the year never."""
MEDIA = {"pdf": "application/pdf", "png": "image/png", "jpeg": "image/jpeg"}
ENDED = ("done", "failed", "declined", "withdrawn")


@router.get("/certificates/{number}/acts/{action}", name="acts.new")
def new(ctx: Ctx, number: str, action: str) -> Response:
    """The form of an act."""
    given = ctx.request.query_params.get("request", "")
    return _form(ctx, digits_of(number), action, request_id=int(given) if given.isdecimal() else None)


@router.post("/certificates/{number}/acts/{action}", name="acts.create")
def create(ctx: Ctx, number: str, action: str) -> Response:
    """Do it, or propose it; what was wrong is said, and nothing that was typed is lost but the file."""
    digits = digits_of(number)
    _require_action(action)
    request_id = _whole(ctx, "request")
    try:
        with ctx.app.write() as session:
            case = _act(session, ctx, digits, action, request_id)
    except (RegistryError, IntakeError) as error:
        if isinstance(error, CaseError) and error.code == "not_found":
            raise
        return _form(ctx, digits, action, request_id=request_id, error=error)
    return see_other(ctx, "cases.show", case_id=case.id)


@router.get("/cases", name="cases.list")
def show_list(ctx: Ctx) -> Response:
    """What waits for a second person, what is being carried out, and what ended."""
    with ctx.app.database.read() as session:
        whose = ctx.authority_filter
        waiting = list_cases(session, authority=whose, states=("proposed",), limit=200)
        running = list_cases(session, authority=whose, states=("confirmed",), limit=200)
        ended = list_cases(session, authority=whose, states=ENDED, before=_page_before(ctx), limit=51)
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
        case_of(session, case_id, authority=ctx.authority_filter)
        for job in jobs_about(session, f"case:{case_id}")[:1]:
            retry(session, job.id, now=ctx.now)
    return see_other(ctx, "cases.show", case_id=case_id)


@router.post("/cases/{case_id}/documents", name="documents.add")
def add_document(ctx: Ctx, case_id: int) -> Response:
    """One more document of a case that waits."""
    try:
        with ctx.app.database.write() as session:
            case = case_of(session, case_id, authority=ctx.authority_filter)
            if case.state != "proposed" or case.proposed_by != ctx.actor.account:
                raise CaseError("case_not_own")
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


def uploads_of(ctx: Context, field: str = "document") -> list[Upload]:
    """The file of a form, if one was chosen; bounded before it is read whole."""
    sent = ctx.form.get(field)
    if not isinstance(sent, UploadFile) or not (sent.filename or sent.size):
        return []
    data = sent.file.read(MAX_BYTES + 1)
    return [Upload(sent.filename or "", data)] if data else []


def _act(session: Session, ctx: Context, digits: str, action: str, request_id: int | None) -> Case:
    common: dict[str, Any] = {
        "number": digits,
        "authority": ctx.authority_filter,
        "action": action,
        "reason": text_field(ctx.form, "reason", most=32),
        "remark": text_field(ctx.form, "remark", most=2000),
        "seen": _whole(ctx, "seen") or -1,
        "now": ctx.now,
        "uploads": uploads_of(ctx),
    }
    if action in AT_ONCE:
        return act_at_once(session, ctx.actor, ctx.app, **common)
    changes, identity = _changes(session, ctx, digits) if action == "correct" else ({}, None)
    return propose(
        session, ctx.actor, ctx.app, **common, changes=changes, identity=identity, request_id=request_id
    )


def _changes(session: Session, ctx: Context, digits: str) -> tuple[dict[str, str | int], str | None]:
    """What differs from the certificate, by field."""
    life = life_of(session, digits, authority=ctx.authority_filter, now=ctx.now)
    changes: dict[str, str | int] = {}
    for name, value in life.subject.items():
        if name in NOT_CORRECTED:
            continue
        typed = text_field(ctx.form, f"field.{name}", most=400)
        if typed and typed != str(value):
            changes[name] = int(typed) if isinstance(value, int) and typed.isdecimal() else typed
    return changes, text_field(ctx.form, "identity", most=60) or None


def _form(
    ctx: Context,
    digits: str,
    action: str,
    *,
    request_id: int | None = None,
    error: RegistryError | IntakeError | None = None,
) -> Response:
    _require_action(action)
    wish = None
    with ctx.app.database.read() as session:
        life = life_of(session, digits, authority=ctx.authority_filter, now=ctx.now)
        if request_id is not None:
            request = request_of(session, request_id, authority=ctx.authority_filter)
            wish = wish_of(ctx.app.vault, request) if request.number == digits else None
    if action not in life.possible and error is None:
        raise Problem("act_impossible", number=digits)
    return render(
        ctx,
        "cases/new.html",
        status=200 if error is None else 422,
        life=life,
        action=action,
        reasons=REASONS.get(action, ()),
        rows=certificate_fields(life.subject, ctx.lang),
        correctable=[
            (name, label, life.subject[name])
            for name, label, _ in certificate_fields(life.subject, ctx.lang)
            if name not in NOT_CORRECTED
        ],
        sent=lambda name, default="": _typed(ctx, name, default),
        request_id=request_id,
        wish=wish,
        error=_said(error, ctx.lang),
        field=_field_of(error),
    )


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
        error=_said(error, ctx.lang),
        **values,
    )


def _shown_case(session: Session, ctx: Context, case: Case) -> dict[str, Any]:
    life = None
    if case.number is not None:
        life = life_of(session, case.number, authority=ctx.authority_filter, now=ctx.now)
    after = int(ctx.request.query_params.get("after", "-1") or -1) if case.number is None else -1
    items = items_of(session, case, after=after) if case.number is None else []
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
    old = {name: (label, value) for name, label, value in certificate_fields(before, ctx.lang)}
    rows = []
    for name, label, value in certificate_fields({**before, **after}, ctx.lang):
        if name in old and (value != old[name][1] or (name == "identityDocument" and identity)):
            rows.append((label, old[name][1], value))
    return rows


def _digest(session: Session, case: Case) -> str:
    newest = 0
    if case.number is not None:
        newest = newest_leaf(session, certificate_of(session, case.number, authority=None))
    return digest_of(session, case, newest)


def _said(error: RegistryError | IntakeError | Problem | None, lang: str) -> str:
    if error is None:
        return ""
    if isinstance(error, IntakeError):
        return "".join(describe(error.finding, lang))
    if isinstance(error, Problem):
        return error_text(RegistryError(f"problem.{error.code}", **error.params), lang)
    return error_text(error, lang)


def _field_of(error: object) -> str:
    return (error.finding.heading or "") if isinstance(error, IntakeError) else ""


def _typed(ctx: Context, name: str, default: object) -> str:
    value = ctx.form.get(name)
    return value if isinstance(value, str) else str(default)


def _require_action(action: str) -> None:
    if action not in (*AT_ONCE, *PROPOSED):
        raise Problem("not_found")


def _whole(ctx: Context, name: str) -> int | None:
    text = text_field(ctx.form, name, most=19)
    return int(text) if text.isascii() and text.isdigit() else None


def _page_before(ctx: Context) -> int | None:
    text = ctx.request.query_params.get("before", "")[:18]
    return int(text) if text.isascii() and text.isdigit() else None
