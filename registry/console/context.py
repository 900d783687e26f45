"""Who asks, and whether he may: ``context`` for those who are signed in, ``visit`` for everybody else.

Every route of the console depends on exactly one of the two. ``context`` asks, in this order: is there a live session or
token; does the table let this role reach this route; is the body small enough; does a form come from a page of this
session. Only then is anything of the request looked at. What fails is a ``Problem``, or ``SignInNeededError``.
"""

import hmac
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request

from registry.accounts.models import Account, ApiToken
from registry.accounts.sessions import SignedIn, find_session, needs_note, note_use
from registry.accounts.tokens import find_token, note_token_use, routes_of
from registry.actors import Actor, Role
from registry.app import App
from registry.console.language import LANGUAGE_COOKIE, chosen_language
from registry.console.origin import address_of
from registry.console.permissions import FORM_BYTES, UPLOAD_BYTES, Reach, reach_of
from registry.console.problems import Problem, SignInNeededError
from registry.console.request import (
    CSRF_FIELD,
    DEVICE_COOKIE,
    DOOR_COOKIE,
    SESSION_COOKIE,
    WHOLE_DIGITS,
    Context,
    Visit,
    asked_number,
    csrf_token,
    may,
    text_field,
)
from registry.console.settings import ConsoleSettings
from verifier.operation.forms import is_in_utf8

_SAFE = frozenset({"GET", "HEAD"})
_TOKEN_NOTED_EVERY = 60
_FIELDS = 2000
"""Fields of one form; a form of corrections has a few for each row of a page."""


async def visit(request: Request) -> Visit:
    """The request of somebody who need not be signed in."""
    secret = request.cookies.get(DOOR_COOKIE, "")
    form = await _form(request, _route(request))
    await _require_csrf(request, form, secret)
    return _visit(request, form, secret)


def asker_of(request: Request) -> Context | Visit:
    """Whoever it is, to be told what was wrong; the form is not read."""
    known: Context | None = getattr(request.state, "context", None)
    return known or _visit(request, FormData(), "")


async def context(request: Request) -> Context:
    """The request of somebody who is signed in and may ask this; raises ``Problem`` or ``SignInNeededError``."""
    route = _route(request)
    token = bearer(request)
    secret = "" if token is not None else request.cookies.get(SESSION_COOKIE, "")
    found = await run_in_threadpool(_token if token is not None else _signed_in, request, token or secret)
    actor = _actor(found, origin_of(request))
    reach = reach_of(route, actor.role)
    # Whoever is refused something is still signed in: the page that says so has its navigation.
    request.state.context = Context(_visit(request, FormData(), secret), actor, reach, found.session_id)
    if reach is Reach.NONE or not found.may(route):
        raise Problem("forbidden")
    if any(_is_beyond(name, value) for name, value in request.path_params.items()):
        raise Problem("not_found")
    form = await _form(request, route)
    if token is None:
        await _require_csrf(request, form, secret)
    return Context(_visit(request, form, secret), actor, reach, found.session_id)


def _is_beyond(name: str, value: object) -> bool:
    """Whether a part of the address is a number that no row can have: databases refuse to compare with it."""
    return name != "number" and len(str(value)) > WHOLE_DIGITS and str(value).isdecimal()


@dataclass(frozen=True, slots=True)
class _Found:
    """Who asks, by a session or by a token."""

    account: Account
    session_id: int | None = None
    token: ApiToken | None = None

    def may(self, route: str) -> bool:
        return self.token is None or route in routes_of(self.token)


def bearer(request: Request) -> str | None:
    """The token that was shown; None without one. Whoever shows one is judged by it alone."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def _route(request: Request) -> str:
    return str(request.scope["route"].name)


def _signed_in(request: Request, secret: str) -> _Found:
    app: App = request.app.state.registry
    now = app.clock()
    found: SignedIn | None = None
    if secret:
        with app.database.read() as session:
            found = find_session(session, secret, now=now)
    if found is None:
        raise SignInNeededError
    if needs_note(found.session, now=now):
        with app.database.write() as session:
            note_use(session, found.session.id, now=now)
    return _Found(found.account, session_id=found.session.id)


def _token(request: Request, secret: str) -> _Found:
    app: App = request.app.state.registry
    now = app.clock()
    with app.database.read() as session:
        found = find_token(session, secret, now=now)
    if found is None:
        raise SignInNeededError
    token, account = found
    if token.used_at is None or now - token.used_at >= _TOKEN_NOTED_EVERY:
        with app.database.write() as session:
            note_token_use(session, token.id, now=now)
    return _Found(account, token=token)


def _actor(found: _Found, origin: str) -> Actor:
    account = found.account
    token = found.token.id if found.token is not None else None
    return Actor(
        account.id, account.login, account.name, Role(account.role), account.authority, origin, token
    )


def _visit(request: Request, form: FormData, secret: str) -> Visit:
    app: App = request.app.state.registry
    lang = chosen_language(request.cookies.get(LANGUAGE_COOKIE), request.headers.get("accept-language", ""))
    settings: ConsoleSettings = request.app.state.settings
    return Visit(
        request,
        app,
        settings,
        lang,
        app.clock(),
        origin_of(request),
        form,
        csrf_token(secret) if secret else "",
    )


def origin_of(request: Request) -> str:
    """The address that the request came from, past trusted proxies."""
    settings: ConsoleSettings = request.app.state.settings
    peer = request.client.host if request.client else ""
    return address_of(peer, request.headers.getlist("x-forwarded-for"), settings.proxies)


async def _form(request: Request, route: str) -> FormData:
    """The body as a form, after its announced length was found small enough."""
    if request.method in _SAFE:
        return FormData()
    length = request.headers.get("content-length", "")
    if not (length.isascii() and length.isdigit()):
        raise Problem("length_required")
    most = UPLOAD_BYTES.get(route, FORM_BYTES)
    if int(length) > most:
        raise Problem("too_large", limit=f"{most >> 20} MB" if most >> 20 else f"{most >> 10} kB")
    if not is_in_utf8(request.headers.get("content-type", "")):
        raise Problem("bad_request")
    return await request.form(max_files=1, max_fields=_FIELDS, max_part_size=FORM_BYTES)


async def _require_csrf(request: Request, form: FormData, secret: str) -> None:
    """An unsafe request comes from a page that this session (or visitor) was shown, and from no other site's."""
    if request.method in _SAFE:
        return
    try:
        _check_csrf(request, form, secret)
    except Problem:
        await form.close()  # a file that nobody will read
        raise


def _check_csrf(request: Request, form: FormData, secret: str) -> None:
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise Problem("csrf")
    sent = form.get(CSRF_FIELD, "")
    if not secret or not isinstance(sent, str):
        raise Problem("csrf")
    if not hmac.compare_digest(sent.encode(), csrf_token(secret).encode()):
        raise Problem("csrf")


Ctx = Annotated[Context, Depends(context)]
Visitor = Annotated[Visit, Depends(visit)]

__all__ = [
    "CSRF_FIELD",
    "DEVICE_COOKIE",
    "DOOR_COOKIE",
    "SESSION_COOKIE",
    "WHOLE_DIGITS",
    "Context",
    "Ctx",
    "Visit",
    "Visitor",
    "asked_number",
    "asker_of",
    "bearer",
    "context",
    "csrf_token",
    "may",
    "origin_of",
    "text_field",
    "visit",
]
