"""The door: signing in by password and code, or by passkey; and out.

An unknown login, a wrong password, a disabled account and one that was never set up are answered alike and as slowly.
"""

from dataclasses import replace
from typing import Any

from sqlalchemy.orm import Session
from starlette.responses import RedirectResponse, Response

from registry.accounts.challenges import ask, peek, take
from registry.accounts.errors import SlowDownError
from registry.accounts.models import Account
from registry.accounts.passkeys import request_options, use_passkey
from registry.accounts.recovery import use_recovery_code
from registry.accounts.secrets import new_secret
from registry.accounts.service import account_of_login, hash_anew, normal_login
from registry.accounts.sessions import end_session
from registry.accounts.slowdown import (
    begin,
    client_attempts,
    is_known,
    sign_in_attempts,
    step_attempts,
    succeed,
)
from registry.accounts.totp import use_code
from registry.console.context import (
    DOOR_COOKIE,
    SESSION_COOKIE,
    Ctx,
    Visit,
    Visitor,
    csrf_token,
    text_field,
)
from registry.console.cookies import drop_cookie, set_cookie
from registry.console.entering import enter
from registry.console.origin import client_of
from registry.console.pages.preferences import local_path
from registry.console.problems import Problem
from registry.console.rendering import address, render, see_other
from registry.console.routing import page_router
from registry.trail.service import record

router = page_router()
STEP_COOKIE = "__Host-certreg-step"
_STEP, _PASSKEY = "sign-in", "passkey"


def door_page(visitor: Visit, template: str, *, status: int = 200, **values: Any) -> Response:
    """A page whose form proves that it was shown to this browser."""
    secret = visitor.request.cookies.get(DOOR_COOKIE) or new_secret()
    answer = render(replace(visitor, csrf=csrf_token(secret)), template, status=status, **values)
    set_cookie(answer, DOOR_COOKIE, secret)
    return answer


@router.get("/sign-in", name="session.new")
def new(visitor: Visitor) -> Response:
    """The form."""
    return _sign_in_page(visitor)


@router.post("/sign-in", name="session.create")
def create(visitor: Visitor) -> Response:
    """Login and password; then the second step."""
    login = normal_login(text_field(visitor.form, "login", most=100))
    password = text_field(visitor.form, "password", most=1000)
    try:
        account = _by_password(visitor, login, password)
    except SlowDownError as error:
        return _sign_in_page(visitor, error=error, login=login)
    if account is None:
        return _sign_in_page(visitor, error=Problem("sign_in_refused"), login=login)
    with visitor.app.database.write() as session:
        asked = ask(session, _STEP, account_id=account.id, now=visitor.now)
    back = local_path(text_field(visitor.form, "next"))
    where = address(visitor.request, "session.code") + (f"?next={back}" if back else "")
    answer = RedirectResponse(where, status_code=303)
    set_cookie(answer, STEP_COOKIE, asked.ticket)
    return answer


def _by_password(visitor: Visit, login: str, password: str) -> Account | None:
    """Whose password it is; an attempt counts before it is judged, and no lock is held while it is hashed."""
    database = visitor.app.database
    with database.write() as session:
        account = account_of_login(session, login)
        device = is_known(session, visitor.device, account.id if account else None, now=visitor.now)
        attempts = sign_in_attempts(login, client_of(visitor.origin), known_device=device)
        begin(session, attempts, now=visitor.now)
    usable = account is not None and account.disabled_at is None and account.totp is not None
    kept = account.password if account is not None and usable else None
    if not visitor.passwords.verify(kept, password) or account is None:
        return None
    anew = visitor.passwords.hash(password) if kept and visitor.passwords.is_outdated(kept) else None
    with database.write() as session:
        succeed(session, attempts, now=visitor.now)
        if kept is not None and anew is not None:
            hash_anew(session, account.id, kept, anew)
    return account


@router.get("/sign-in/code", name="session.code")
def code(visitor: Visitor) -> Response:
    """The second step's form."""
    return _code_page(visitor)


@router.post("/sign-in/code", name="session.code_check")
def code_check(visitor: Visitor) -> Response:
    """The app's code, or a recovery code; then in."""
    typed = text_field(visitor.form, "code", most=40)
    ticket = visitor.request.cookies.get(STEP_COOKIE, "")
    database, now = visitor.app.database, visitor.now
    with database.write() as session:
        question = peek(session, _STEP, ticket, now=now)
        if question is None or question.account_id is None:
            return _sign_in_page(visitor, error=Problem("sign_in_expired"))
        device = is_known(session, visitor.device, question.account_id, now=now)
        attempts = step_attempts(question.account_id, known_device=device)
        try:
            begin(session, attempts, now=now)
        except SlowDownError as error:
            return _code_page(visitor, error=error)
    with database.write() as session:
        account = session.get_one(Account, question.account_id)
        by = _second_step(visitor, session, account, typed)
        if by is None or take(session, _STEP, ticket, now=now) is None:
            return _code_page(visitor, error=Problem("code_refused"))
        succeed(session, attempts, now=now)
        entered = enter(session, visitor, account, by=by)
    back = local_path(text_field(visitor.form, "next"))
    after_code = address(visitor.request, "me.show") if by == "recovery" else back
    answer = RedirectResponse(after_code or address(visitor.request, "home"), status_code=303)
    drop_cookie(answer, STEP_COOKIE)
    return entered.give(answer)


def _second_step(visitor: Visit, session: Session, account: Account, typed: str) -> str | None:
    if account.disabled_at is not None or account.totp is None:
        return None
    if use_code(session, visitor.app.vault, account, typed, now=visitor.now):
        return "totp"
    return "recovery" if use_recovery_code(session, account.id, typed, now=visitor.now) else None


@router.post("/sign-in/passkey/options", name="session.passkey_options")
def passkey_options(visitor: Visitor) -> Response:
    """What a passkey is asked to sign; the browser offers those that it has for this host."""
    with visitor.app.database.write() as session:
        begin(session, client_attempts(client_of(visitor.origin)), now=visitor.now)
        asked = ask(session, _PASSKEY, now=visitor.now)
    options = request_options([], asked.challenge, host=visitor.settings.host)
    body = f'{{"ticket": "{asked.ticket}", "options": {options}}}'
    return Response(body, media_type="application/json", headers={"Cache-Control": "no-store"})


@router.post("/sign-in/passkey", name="session.passkey")
def passkey(visitor: Visitor) -> Response:
    """What the passkey signed; then in."""
    ticket = text_field(visitor.form, "ticket", most=100)
    credential = text_field(visitor.form, "credential", most=16 * 1024)
    site = visitor.site
    with visitor.app.database.write() as session:
        question = take(session, _PASSKEY, ticket, now=visitor.now)
        key = (
            use_passkey(
                session,
                credential,
                question.challenge,
                host=site.host,
                origin=site.origin,
                now=visitor.now,
            )
            if question is not None
            else None
        )
        account = session.get_one(Account, key.account_id) if key is not None else None
        if account is None or account.disabled_at is not None:
            return _sign_in_page(visitor, error=Problem("passkey_unknown"))
        succeed(session, client_attempts(client_of(visitor.origin)), now=visitor.now)
        entered = enter(session, visitor, account, by="passkey")
    back = local_path(text_field(visitor.form, "next"))
    return entered.give(RedirectResponse(back or address(visitor.request, "home"), status_code=303))


@router.post("/sign-out", name="session.end")
def end(ctx: Ctx) -> Response:
    """Sign out: the session ends on the server, and the browser forgets it."""
    if ctx.session_id is not None:
        with ctx.app.database.write() as session:
            end_session(session, ctx.session_id, ctx.actor.account, now=ctx.now)
            record(
                session,
                ctx.actor,
                "session.close",
                subject=f"account:{ctx.actor.account}",
                now=ctx.now,
                before={"session": ctx.session_id},
            )
    answer = see_other(ctx, "session.new")
    drop_cookie(answer, SESSION_COOKIE)
    return answer


def _sign_in_page(
    visitor: Visit, *, error: Problem | SlowDownError | None = None, login: str = ""
) -> Response:
    back = visitor.request.query_params.get("next", "") or text_field(visitor.form, "next")
    return _refusable(visitor, "door/sign-in.html", error, login=login, next=local_path(back))


def _code_page(visitor: Visit, *, error: Problem | SlowDownError | None = None) -> Response:
    back = visitor.request.query_params.get("next", "") or text_field(visitor.form, "next")
    return _refusable(visitor, "door/code.html", error, next=local_path(back))


def _refusable(
    visitor: Visit, template: str, error: Problem | SlowDownError | None, **values: Any
) -> Response:
    status = 200 if error is None else 429 if isinstance(error, SlowDownError) else 403
    answer = door_page(visitor, template, status=status, error=error, **values)
    if isinstance(error, SlowDownError):
        answer.headers["Retry-After"] = str(error.seconds)
    return answer
