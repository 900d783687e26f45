"""Invitations: whoever has the link chooses what to sign in with. Looking at it uses nothing up; mail programs look, too."""

from sqlalchemy.orm import Session
from starlette.responses import Response

from registry.accounts.enrolment import (
    INVITED,
    accept_passkey,
    accept_totp,
    offer_passkey,
    offer_totp,
    require_first_code,
)
from registry.accounts.errors import AccountError
from registry.accounts.invites import find_invited, use_invite
from registry.accounts.models import Account
from registry.accounts.recovery import make_codes
from registry.accounts.service import clear_credentials, set_password
from registry.accounts.slowdown import begin, client_attempts
from registry.console.context import Visit, Visitor, text_field
from registry.console.drawing import qr_squares
from registry.console.entering import actor_of, enter
from registry.console.origin import client_of
from registry.console.pages.door import door_page
from registry.console.problems import Problem
from registry.console.rendering import render, see_other
from registry.console.routing import page_router
from registry.trail.service import record

router = page_router()


@router.get("/invite/{secret}", name="invite.show")
def show(visitor: Visitor, secret: str) -> Response:
    """What the account is, and the two ways to set it up."""
    return _page(visitor, secret, _invited(visitor, secret))


@router.post("/invite/{secret}/password", name="invite.password")
def password(visitor: Visitor, secret: str) -> Response:
    """A password and the app's first code."""
    account = _invited(visitor, secret)
    ticket = text_field(visitor.form, "ticket", most=100)
    code = text_field(visitor.form, "code", most=20)
    chosen = text_field(visitor.form, "password", most=1000)
    vault, now = visitor.app.vault, visitor.now
    try:
        require_chosen(visitor, account, chosen, text_field(visitor.form, "again", most=1000))
        with visitor.app.database.read() as session:
            require_first_code(session, vault, account, ticket=ticket, code=code, now=now)
        hashed = visitor.passwords.hash(chosen)
        with visitor.app.database.write() as session:
            account = _use(session, visitor, account, secret)
            set_password(session, account.id, hashed)
            accept_totp(session, vault, account, ticket=ticket, code=code, now=now)
            codes = make_codes(session, account.id)
            _record(session, visitor, account, "totp")
            entered = enter(session, visitor, account, by="invite")
    except AccountError as error:
        return _page(visitor, secret, account, error=error, ticket=ticket)
    return entered.give(render(visitor, "door/recovery.html", codes=codes))


@router.post("/invite/{secret}/passkey", name="invite.passkey")
def passkey(visitor: Visitor, secret: str) -> Response:
    """A passkey, which is both factors."""
    account = _invited(visitor, secret)
    fields = {
        "ticket": text_field(visitor.form, "ticket", most=100),
        "credential": text_field(visitor.form, "credential", most=16 * 1024),
        "label": text_field(visitor.form, "label", most=100),
    }
    try:
        with visitor.app.database.write() as session:
            account = _use(session, visitor, account, secret)
            accept_passkey(session, account, **fields, after=INVITED, site=visitor.site, now=visitor.now)
            _record(session, visitor, account, "passkey")
            entered = enter(session, visitor, account, by="invite")
    except AccountError as error:
        return _page(visitor, secret, account, error=error)
    return entered.give(see_other(visitor, "home"))


def require_chosen(visitor: Visit, account: Account, chosen: str, again: str) -> None:
    """Raise ``AccountError`` unless the password was typed alike twice and is good."""
    if chosen != again:
        raise AccountError("password_again")
    visitor.passwords.require_good(chosen, login=account.login)


def _invited(visitor: Visit, secret: str) -> Account:
    """Raises ``Problem`` (``invite``) for what is no open invitation; who tries many is slowed down."""
    with visitor.app.database.read() as session:
        account = find_invited(session, secret, now=visitor.now)
    if account is None:
        with visitor.app.database.write() as session:
            begin(session, client_attempts(client_of(visitor.origin)), now=visitor.now)
        raise Problem("invite")
    return account


def _use(session: Session, visitor: Visit, account: Account, secret: str) -> Account:
    """The invitation is used up; what the account had before is gone."""
    if not use_invite(session, secret, now=visitor.now):
        raise Problem("invite")
    account = session.get_one(Account, account.id)
    clear_credentials(session, account, now=visitor.now)
    return account


def _record(session: Session, visitor: Visit, account: Account, by: str) -> None:
    actor = actor_of(account, visitor.origin)
    record(
        session, actor, "account.set-up", subject=f"account:{account.id}", now=visitor.now, after={"by": by}
    )


def _page(
    visitor: Visit, secret: str, account: Account, *, error: AccountError | None = None, ticket: str = ""
) -> Response:
    with visitor.app.database.write() as session:
        totp = offer_totp(
            session, visitor.app.vault, account, issuer=visitor.app.host, ticket=ticket, now=visitor.now
        )
        key = offer_passkey(session, account, after=INVITED, site=visitor.site, now=visitor.now)
    return door_page(
        visitor,
        "door/welcome.html",
        status=200 if error is None else 422,
        account=account,
        secret=secret,
        totp=totp,
        picture=qr_squares(totp.uri),
        key=key,
        error=error,
    )
