"""Accounts of others: the province's administrator sees all, an authority's those of his own authority."""

from collections.abc import Sequence
from typing import Any

from starlette.responses import Response

from registry.accounts import service
from registry.accounts.errors import AccountError
from registry.accounts.invites import Invitation, is_invited
from registry.accounts.models import Account
from registry.accounts.passkeys import passkeys_of
from registry.accounts.sessions import live_sessions
from registry.actors import PROVINCIAL, Role
from registry.cases.index import name_key
from registry.console.context import Context, Ctx, text_field
from registry.console.pages.batches import authority_names
from registry.console.permissions import Reach
from registry.console.problems import Problem
from registry.console.rendering import address, render, see_other
from registry.console.routing import page_router
from registry.trust import current_trust_list

router = page_router()


@router.get("/accounts", name="accounts.list")
def list_page(ctx: Ctx) -> Response:
    """Everybody who may be seen."""
    with ctx.app.database.read() as session:
        found = service.list_accounts(session, authority=ctx.authority_filter)
        waiting = {one.id for one in found if is_invited(session, one.id, now=ctx.now)}
        ready = {one.id for one in found if service.is_set_up(session, one)}
        offices = _offices(ctx)
    found = sorted(found, key=lambda one: (one.authority or "", name_key(one.name), one.login))
    return render(ctx, "accounts/list.html", accounts=found, waiting=waiting, ready=ready, offices=offices)


@router.get("/accounts/new", name="accounts.new")
def new(ctx: Ctx) -> Response:
    """The form."""
    return _new_page(ctx)


@router.post("/accounts", name="accounts.create")
def create(ctx: Ctx) -> Response:
    """Make an account; its invitation is on the page that answers, and nowhere else."""
    role = _role(ctx)
    login, name = text_field(ctx.form, "login", most=100), text_field(ctx.form, "name", most=100)
    authority = text_field(ctx.form, "authority", most=6) if ctx.reach is Reach.ALL else ctx.actor.authority
    where = None if role in PROVINCIAL else authority or ""
    try:
        # First what can be mistyped: a confirmation that was given for nothing would cost another half minute.
        with ctx.app.database.read() as session:
            wanted = service.checked_account(
                session, ctx.actor, login=login, name=name, role=role, authority=where
            )
        ctx.require_second_factor("accounts.create", "account:new")
        with ctx.app.database.write() as session:
            made = service.create_account(session, ctx.actor, wanted, now=ctx.now)
    except AccountError as error:
        return _new_page(ctx, error=error)
    return _invitation_page(ctx, made)


@router.get("/accounts/{account}", name="accounts.show")
def show(ctx: Ctx, account: int) -> Response:
    """One account, and what can be done with it."""
    return _show_page(ctx, account)


@router.post("/accounts/{account}/change", name="accounts.change")
def change(ctx: Ctx, account: int) -> Response:
    """Another name or role."""
    _found(ctx, account)
    role, name = _role(ctx), text_field(ctx.form, "name", most=100)
    try:
        ctx.require_second_factor("accounts.change", f"account:{account}")
        with ctx.app.database.write() as session:
            service.change_account(
                session,
                ctx.actor,
                account,
                authority=ctx.authority_filter,
                name=name,
                role=role,
                now=ctx.now,
            )
    except AccountError as error:
        return _show_page(ctx, account, error=error)
    return see_other(ctx, "accounts.show", account=account)


@router.post("/accounts/{account}/disable", name="accounts.disable")
def disable(ctx: Ctx, account: int) -> Response:
    """Out at once: no second factor is asked, since it may be urgent and can be undone."""
    _found(ctx, account)
    with ctx.app.database.write() as session:
        service.disable_account(session, ctx.actor, account, authority=ctx.authority_filter, now=ctx.now)
    return see_other(ctx, "accounts.show", account=account)


@router.post("/accounts/{account}/enable", name="accounts.enable")
def enable(ctx: Ctx, account: int) -> Response:
    """It can be used again."""
    _found(ctx, account)
    ctx.require_second_factor("accounts.enable", f"account:{account}")
    with ctx.app.database.write() as session:
        service.enable_account(session, ctx.actor, account, authority=ctx.authority_filter, now=ctx.now)
    return see_other(ctx, "accounts.show", account=account)


@router.post("/accounts/{account}/sign-out", name="accounts.sign_out")
def sign_out(ctx: Ctx, account: int) -> Response:
    """End all its sessions."""
    _found(ctx, account)
    with ctx.app.database.write() as session:
        service.sign_out_everywhere(session, ctx.actor, account, authority=ctx.authority_filter, now=ctx.now)
    return see_other(ctx, "accounts.show", account=account)


@router.get("/accounts/{account}/reset", name="accounts.reset_ask")
def reset_ask(ctx: Ctx, account: int) -> Response:
    """Whether to take away all that it signs in with, and invite anew."""
    found = _found(ctx, account)
    confirmation = ctx.ask_second_factor("accounts.reset", f"account:{account}")
    return render(ctx, "accounts/reset.html", account=found, confirmation=confirmation)


@router.post("/accounts/{account}/reset", name="accounts.reset")
def reset(ctx: Ctx, account: int) -> Response:
    """For a lost phone, a suspicion, or an invitation that ran out."""
    _found(ctx, account)
    ctx.require_second_factor("accounts.reset", f"account:{account}")
    with ctx.app.database.write() as session:
        made = service.reset_account(session, ctx.actor, account, authority=ctx.authority_filter, now=ctx.now)
    return _invitation_page(ctx, made)


def _found(ctx: Context, account_id: int) -> Account:
    with ctx.app.database.read() as session:
        found = service.find_account(session, account_id, authority=ctx.authority_filter)
    if found is None:
        raise Problem("not_found")
    return found


def _role(ctx: Context) -> Role:
    try:
        return Role(text_field(ctx.form, "role", most=20))
    except ValueError as error:
        raise Problem("form", field="role") from error


def _roles(ctx: Context) -> Sequence[Role]:
    """What the actor may give."""
    return [role for role in Role if ctx.reach is Reach.ALL or role not in PROVINCIAL]


def _offices(ctx: Context) -> dict[str, str]:
    """Codes and names of authorities that the actor may put people into."""
    with ctx.app.database.read() as session:
        names = authority_names(current_trust_list(session), ctx.lang)
    return {code: name for code, name in names.items() if ctx.authority_filter in (None, code)}


def _new_page(ctx: Context, *, error: AccountError | None = None) -> Response:
    confirmation = ctx.ask_second_factor("accounts.create", "account:new")
    typed = {name: text_field(ctx.form, name, most=100) for name in ("login", "name", "role", "authority")}
    return render(
        ctx,
        "accounts/new.html",
        status=200 if error is None else 422,
        error=error,
        typed=typed,
        roles=_roles(ctx),
        offices=_offices(ctx),
        confirmation=confirmation,
    )


def _show_page(ctx: Context, account_id: int, *, error: AccountError | None = None) -> Response:
    found = _found(ctx, account_id)
    with ctx.app.database.read() as session:
        values: dict[str, Any] = {
            "sessions": live_sessions(session, found.id, now=ctx.now),
            "passkeys": passkeys_of(session, found.id),
            "invited": is_invited(session, found.id, now=ctx.now),
            "ready": service.is_set_up(session, found),
        }
    changeable = (
        ctx.actor.role in (Role.PROVINCE_ADMIN, Role.AUTHORITY_ADMIN) and found.id != ctx.actor.account
    )
    act = "accounts.enable" if found.disabled_at is not None else "accounts.change"
    confirmation = ctx.ask_second_factor(act, f"account:{found.id}") if changeable else None
    return render(
        ctx,
        "accounts/show.html",
        status=200 if error is None else 422,
        account=found,
        error=error,
        roles=[role for role in _roles(ctx) if (role in PROVINCIAL) == (found.authority is None)],
        offices=_offices(ctx),
        confirmation=confirmation,
        **values,
    )


def _invitation_page(ctx: Context, made: Invitation) -> Response:
    link = ctx.visit.settings.origin + address(ctx.request, "invite.show", secret=made.secret)
    return render(
        ctx, "accounts/invitation.html", account=made.account, link=link, expires_at=made.expires_at
    )
