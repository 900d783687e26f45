"""One's own account: sessions, password, one-time codes, recovery codes, passkeys.

What one signs in with is changed only with a second factor given again, and ends every session but this one, which gets
a new secret. New recovery codes end none: they only take the place of the old.
"""

from collections.abc import Callable

from sqlalchemy.orm import Session
from starlette.responses import Response

from registry.accounts.enrolment import (
    CONFIRMED,
    accept_passkey,
    accept_totp,
    offer_passkey,
    offer_totp,
    require_first_code,
)
from registry.accounts.errors import AccountError
from registry.accounts.models import Account
from registry.accounts.passkeys import passkeys_of, remove_passkey
from registry.accounts.recovery import codes_left, make_codes
from registry.accounts.service import set_password
from registry.accounts.sessions import end_session, end_sessions, live_sessions
from registry.accounts.tokens import live_tokens, routes_of
from registry.console.context import Context, Ctx, text_field
from registry.console.drawing import qr_squares
from registry.console.entering import Entered, enter
from registry.console.pages.batches import authority_names
from registry.console.pages.welcome import require_chosen
from registry.console.problems import Problem
from registry.console.rendering import render, see_other
from registry.console.routing import page_router
from registry.trail.entry import JsonValue
from registry.trail.service import record
from registry.trust import current_trust_list

router = page_router()


@router.get("/me", name="me.show")
def show(ctx: Ctx) -> Response:
    """Everything at a glance."""
    with ctx.app.database.read() as session:
        account = session.get_one(Account, ctx.actor.account)
        return render(
            ctx,
            "me/show.html",
            account=account,
            sessions=live_sessions(session, account.id, now=ctx.now),
            passkeys=passkeys_of(session, account.id),
            codes_left=codes_left(session, account.id),
            tokens=live_tokens(session, account.id, now=ctx.now),
            routes_of=routes_of,
            authority=authority_names(current_trust_list(session), ctx.lang).get(account.authority or "", ""),
        )


@router.post("/me/sessions/{session_id}/end", name="me.session_end")
def session_end(ctx: Ctx, session_id: int) -> Response:
    """End one of one's own sessions."""
    with ctx.app.database.write() as session:
        if not end_session(session, session_id, ctx.actor.account, now=ctx.now):
            raise Problem("not_found")
        _record(ctx, session, "session.end", before={"session": session_id})
    return see_other(ctx, "me.show")


@router.post("/me/sessions/end-others", name="me.others_end")
def others_end(ctx: Ctx) -> Response:
    """End all but this one."""
    with ctx.app.database.write() as session:
        ended = end_sessions(session, ctx.actor.account, keep=ctx.session_id, now=ctx.now)
        _record(ctx, session, "session.end", before={"sessions": ended})
    return see_other(ctx, "me.show")


@router.get("/me/password", name="me.password")
def password(ctx: Ctx) -> Response:
    """The form."""
    return _password_page(ctx)


@router.post("/me/password", name="me.password_set")
def password_set(ctx: Ctx) -> Response:
    """A new password, where there was one; whoever only has a passkey needs an app first."""
    chosen = text_field(ctx.form, "password", most=1000)
    with ctx.app.database.read() as session:
        account = session.get_one(Account, ctx.actor.account)
    if account.totp is None:
        return _password_page(ctx, error=AccountError("password_without_totp"))
    try:
        require_chosen(ctx.visit, account, chosen, text_field(ctx.form, "again", most=1000))
    except AccountError as error:
        return _password_page(ctx, error=error)
    _confirmed(ctx, "me.password")
    hashed = ctx.visit.passwords.hash(chosen)

    def change(session: Session, account: Account) -> None:
        set_password(session, account.id, hashed)
        _record(ctx, session, "account.password")

    return _changed(ctx, change)


@router.get("/me/totp", name="me.totp")
def totp(ctx: Ctx) -> Response:
    """A secret for another app."""
    return _totp_page(ctx)


@router.post("/me/totp", name="me.totp_set")
def totp_set(ctx: Ctx) -> Response:
    """Another app, proven by its first code; recovery codes are made anew with it."""
    ticket = text_field(ctx.form, "ticket", most=100)
    first = text_field(ctx.form, "first", most=20)
    codes: list[str] = []

    def change(session: Session, account: Account) -> None:
        accept_totp(session, ctx.app.vault, account, ticket=ticket, code=first, now=ctx.now)
        codes.extend(make_codes(session, account.id))
        _record(ctx, session, "account.totp")

    try:
        # First what can be mistyped: a confirmation that was given for nothing would cost another half minute.
        with ctx.app.database.read() as session:
            account = session.get_one(Account, ctx.actor.account)
            require_first_code(session, ctx.app.vault, account, ticket=ticket, code=first, now=ctx.now)
        _confirmed(ctx, "me.totp")
        entered = _change(ctx, change)
    except AccountError as error:
        return _totp_page(ctx, error=error, ticket=ticket)
    return entered.give(render(ctx, "door/recovery.html", codes=codes))


@router.get("/me/recovery", name="me.recovery")
def recovery(ctx: Ctx) -> Response:
    """Whether to make them anew."""
    confirmation = ctx.ask_second_factor("me.recovery", _subject(ctx))
    return render(ctx, "me/recovery.html", confirmation=confirmation)


@router.post("/me/recovery", name="me.recovery_make")
def recovery_make(ctx: Ctx) -> Response:
    """New recovery codes in place of the old."""
    _confirmed(ctx, "me.recovery")
    with ctx.app.database.write() as session:
        codes = make_codes(session, ctx.actor.account)
        _record(ctx, session, "account.recovery")
    return render(ctx, "door/recovery.html", codes=codes)


@router.get("/me/passkeys/new", name="me.passkey")
def passkey(ctx: Ctx) -> Response:
    """The form of a new passkey."""
    return _passkey_page(ctx)


@router.post("/me/passkeys/confirm", name="me.passkey_confirm")
def passkey_confirm(ctx: Ctx) -> Response:
    """The first of two steps: who is it that adds one. Two ceremonies do not fit into one form."""
    _confirmed(ctx, "me.passkey")
    with ctx.app.database.write() as session:
        account = session.get_one(Account, ctx.actor.account)
        key = offer_passkey(session, account, after=CONFIRMED, site=ctx.visit.site, now=ctx.now)
    return render(ctx, "me/passkey-add.html", key=key, error=None)


@router.post("/me/passkeys", name="me.passkey_add")
def passkey_add(ctx: Ctx) -> Response:
    """Keep it. The offer that it answers was made after a confirmation, and for this account."""
    fields = {
        "ticket": text_field(ctx.form, "ticket", most=100),
        "credential": text_field(ctx.form, "credential", most=16 * 1024),
        "label": text_field(ctx.form, "label", most=100),
    }

    def change(session: Session, account: Account) -> None:
        row = accept_passkey(session, account, **fields, after=CONFIRMED, site=ctx.visit.site, now=ctx.now)
        _record(ctx, session, "passkey.add", after={"passkey": row.id, "label": row.label})

    try:
        return _change(ctx, change).give(see_other(ctx, "me.show"))
    except AccountError as error:
        return _passkey_page(ctx, error=error)


@router.get("/me/passkeys/{passkey_id}", name="me.passkey_ask")
def passkey_ask(ctx: Ctx, passkey_id: int) -> Response:
    """Whether to remove it."""
    with ctx.app.database.read() as session:
        found = {one.id: one for one in passkeys_of(session, ctx.actor.account)}.get(passkey_id)
    if found is None:
        raise Problem("not_found")
    confirmation = ctx.ask_second_factor("me.passkey_remove", f"passkey:{passkey_id}")
    return render(ctx, "me/passkey-remove.html", passkey=found, confirmation=confirmation)


@router.post("/me/passkeys/{passkey_id}/remove", name="me.passkey_remove")
def passkey_remove(ctx: Ctx, passkey_id: int) -> Response:
    """Remove a passkey, unless nothing else is left to sign in with."""
    with ctx.app.database.read() as session:
        held = {one.id for one in passkeys_of(session, ctx.actor.account)}
        account = session.get_one(Account, ctx.actor.account)
    if passkey_id not in held:
        raise Problem("not_found")
    if len(held) == 1 and account.totp is None:
        raise Problem("passkey_last")
    ctx.require_second_factor("me.passkey_remove", f"passkey:{passkey_id}")

    def change(session: Session, account: Account) -> None:
        if not remove_passkey(session, passkey_id, account.id):
            raise Problem("not_found")
        if not passkeys_of(session, account.id) and account.totp is None:
            raise Problem("passkey_last")
        _record(ctx, session, "passkey.remove", before={"passkey": passkey_id})

    return _changed(ctx, change)


def _confirmed(ctx: Context, act: str) -> None:
    ctx.require_second_factor(act, _subject(ctx))


def _changed(ctx: Context, change: Callable[[Session, Account], None]) -> Response:
    return _change(ctx, change).give(see_other(ctx, "me.show"))


def _change(ctx: Context, change: Callable[[Session, Account], None]) -> Entered:
    """``change`` what one signs in with: all other sessions end, and this one goes on under a new secret."""
    with ctx.app.database.write() as session:
        account = session.get_one(Account, ctx.actor.account)
        change(session, account)
        end_sessions(session, account.id, now=ctx.now)
        return enter(session, ctx.visit, account, by="renewed")


def _password_page(ctx: Context, *, error: AccountError | None = None) -> Response:
    confirmation = ctx.ask_second_factor("me.password", _subject(ctx))
    status = 200 if error is None else 422
    return render(ctx, "me/password.html", status=status, error=error, confirmation=confirmation)


def _totp_page(ctx: Context, *, error: AccountError | None = None, ticket: str = "") -> Response:
    confirmation = ctx.ask_second_factor("me.totp", _subject(ctx))
    with ctx.app.database.write() as session:
        account = session.get_one(Account, ctx.actor.account)
        offer = offer_totp(session, ctx.app.vault, account, issuer=ctx.app.host, ticket=ticket, now=ctx.now)
    return render(
        ctx,
        "me/totp.html",
        status=200 if error is None else 422,
        error=error,
        totp=offer,
        picture=qr_squares(offer.uri),
        confirmation=confirmation,
    )


def _passkey_page(ctx: Context, *, error: AccountError | None = None) -> Response:
    confirmation = ctx.ask_second_factor("me.passkey", _subject(ctx))
    status = 200 if error is None else 422
    return render(ctx, "me/passkey.html", status=status, error=error, confirmation=confirmation)


def _subject(ctx: Context) -> str:
    return f"account:{ctx.actor.account}"


def _record(
    ctx: Context,
    session: Session,
    act: str,
    *,
    before: dict[str, JsonValue] | None = None,
    after: dict[str, JsonValue] | None = None,
) -> None:
    record(session, ctx.actor, act, subject=_subject(ctx), now=ctx.now, before=before, after=after)
