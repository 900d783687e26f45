"""Acts on a certificate as forms: suspend, reinstate; propose to revoke, to release, to correct."""

from dataclasses import replace
from typing import Any

from sqlalchemy.orm import Session
from starlette.datastructures import UploadFile
from starlette.responses import Response

from registry.cases.documents import MAX_BYTES, Upload
from registry.cases.errors import CaseError
from registry.cases.history import life_of
from registry.cases.models import Case
from registry.cases.requests import request_of, wish_of
from registry.cases.service import AT_ONCE, PROPOSED, act_at_once, propose
from registry.console.context import WHOLE_DIGITS, Context, Ctx, asked_number, text_field
from registry.console.pages.batches import rules_title
from registry.console.pages.certificates import digits_of
from registry.console.problems import Problem
from registry.console.rendering import error_text, render, see_other
from registry.console.routing import page_router
from registry.console.sentences import sentence
from registry.console.words import certificate_fields
from registry.errors import RegistryError
from registry.intake.findings import Finding, IntakeError, explain
from registry.status import REASONS
from registry.trust import current_trust_list
from verifier.messages import FIELDS, pick

router = page_router()
NOT_CORRECTED = ("certificateNumber", "identityDocument", "year")
"""Of a certificate's values: the number changes by itself, the mask with the identity number, the year never."""


@router.get("/certificates/{number}/acts/{action}", name="acts.new")
def new(ctx: Ctx, number: str, action: str) -> Response:
    """The form of an act."""
    return _form(ctx, digits_of(number), action, request_id=asked_number(ctx, "request"))


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


def uploads_of(ctx: Context, field: str = "document") -> list[Upload]:
    """The file of a form, if one was chosen; bounded before it is read whole."""
    sent = ctx.form.get(field)
    if not isinstance(sent, UploadFile) or not (sent.filename or sent.size):
        return []
    with sent.file as file:
        data = file.read(MAX_BYTES + 1)
    return [Upload(sent.filename or "", data)] if data else []


def said(error: RegistryError | IntakeError | Problem | None, lang: str) -> str:
    if error is None:
        return ""
    if isinstance(error, IntakeError):
        return explain(_labelled(error.finding, lang), lang)
    if isinstance(error, Problem) and error.code == "second_factor":
        return sentence("second-factor.again", {}, lang)  # the form is right there
    if isinstance(error, Problem):
        return error_text(RegistryError(error.code, **error.params), lang)
    return error_text(error, lang)


def _labelled(finding: Finding, lang: str) -> Finding:
    """A finding about a field, by the field's label on the page."""
    name = "identityDocument" if finding.heading == "identity" else finding.heading or ""
    return replace(finding, heading=pick(FIELDS[name], lang)) if name in FIELDS else finding


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
        rule_sets=_rule_sets(ctx),
        sent=lambda name, default="": _typed(ctx, name, default),
        request_id=request_id,
        wish=wish,
        error=said(error, ctx.lang),
        field=_field_of(error),
    )


def _typed(ctx: Context, name: str, default: object) -> str:
    value = ctx.form.get(name)
    return value if isinstance(value, str) else str(default)


def _field_of(error: object) -> str:
    return (error.finding.heading or "") if isinstance(error, IntakeError) else ""


def _require_action(action: str) -> None:
    if action not in (*AT_ONCE, *PROPOSED):
        raise Problem("not_found")


def _whole(ctx: Context, name: str) -> int | None:
    text = text_field(ctx.form, name, most=WHOLE_DIGITS)
    return int(text) if text.isascii() and text.isdigit() else None


def _rule_sets(ctx: Context) -> list[tuple[str, str]]:
    """Code and title of every set of rules on hours that is in force."""
    with ctx.app.database.read() as session:
        known = current_trust_list(session).rule_sets
    return [(code, rules_title(known, code, ctx.lang)) for code in sorted(known)]
