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

from registry.accounts.secrets import secret_hash
from registry.accounts.sessions import SignedIn, find_session, needs_note, note_use
from registry.actors import Actor, Role
from registry.app import App
from registry.console.language import LANGUAGE_COOKIE, chosen_language
from registry.console.permissions import FORM_BYTES, UPLOAD_BYTES, Reach, reach_of
from registry.console.problems import Problem, SignInNeededError
from registry.console.settings import ConsoleSettings

SESSION_COOKIE = "__Host-certreg"
DOOR_COOKIE = "__Host-certreg-door"
CSRF_FIELD = "csrf"
_SAFE = frozenset({"GET", "HEAD"})
_FIELDS = 2000
"""Fields of one form; a form of corrections has a few for each row of a page."""


@dataclass(frozen=True, slots=True)
class Visit:
    """A request by somebody who need not be signed in. ``form`` is empty for GET."""

    request: Request
    app: App
    settings: ConsoleSettings
    lang: str
    now: int
    origin: str
    form: FormData
    csrf: str


@dataclass(frozen=True, slots=True)
class Context:
    """A request that may be answered: by whom (``actor``), how far he reaches, in which language, at what time."""

    visit: Visit
    actor: Actor
    reach: Reach
    session_id: int | None
    """Of the browser's session; None for a token."""

    @property
    def app(self) -> App:
        """The registry."""
        return self.visit.app

    @property
    def request(self) -> Request:
        """The request."""
        return self.visit.request

    @property
    def form(self) -> FormData:
        """The form that was sent, read already."""
        return self.visit.form

    @property
    def lang(self) -> str:
        """``zh-CN`` or ``en``."""
        return self.visit.lang

    @property
    def now(self) -> int:
        """Unix seconds."""
        return self.visit.now

    @property
    def authority_filter(self) -> str | None:
        """What services take as ``authority``: None is the whole province, else the one whose rows may be seen."""
        if self.reach is Reach.ALL:
            return None
        # Somebody provincial with own reach only has no authority's rows: no authority has an empty code.
        return self.actor.authority or ""


def may(ctx: Context, route: str) -> bool:
    """Whether the actor's role reaches ``route`` at all: for links and buttons."""
    return reach_of(route, ctx.actor.role) is not Reach.NONE


def text_field(form: FormData, name: str, *, most: int = 1000) -> str:
    """The text of a field, without space around it; empty where it is absent. Raises ``Problem`` (``form``)."""
    value = form.get(name, "")
    if not isinstance(value, str) or len(value) > most or "\x00" in value:
        raise Problem("form", field=name)
    return value.strip()


def csrf_token(secret: str) -> str:
    """What a form of this session, or of this visitor, must carry."""
    return secret_hash("csrf", secret).hex()


async def visit(request: Request) -> Visit:
    """The request of somebody who need not be signed in."""
    secret = request.cookies.get(DOOR_COOKIE, "")
    form = await _form(request, _route(request))
    _require_csrf(request, form, secret)
    return _visit(request, form, secret)


def visitor_of(request: Request) -> Visit:
    """Whoever it is, to be told what was wrong; the form is not read."""
    return _visit(request, FormData(), "")


async def context(request: Request) -> Context:
    """The request of somebody who is signed in and may ask this; raises ``Problem`` or ``SignInNeededError``."""
    route = _route(request)
    secret = request.cookies.get(SESSION_COOKIE, "")
    found = await run_in_threadpool(_signed_in, request, secret)
    actor = _actor(found, _origin(request))
    reach = reach_of(route, actor.role)
    if reach is Reach.NONE:
        raise Problem("forbidden")
    form = await _form(request, route)
    _require_csrf(request, form, secret)
    return Context(_visit(request, form, secret), actor, reach, found.session.id)


def _route(request: Request) -> str:
    return str(request.scope["route"].name)


def _signed_in(request: Request, secret: str) -> SignedIn:
    app: App = request.app.state.registry
    now = app.clock()
    if not secret:
        raise SignInNeededError
    with app.database.read() as session:
        found = find_session(session, secret, now=now)
    if found is None:
        raise SignInNeededError
    if needs_note(found.session, now=now):
        with app.database.write() as session:
            note_use(session, found.session.id, now=now)
    return found


def _actor(found: SignedIn, origin: str) -> Actor:
    account = found.account
    return Actor(account.id, account.login, account.name, Role(account.role), account.authority, origin)


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
        _origin(request),
        form,
        csrf_token(secret) if secret else "",
    )


def _origin(request: Request) -> str:
    return request.client.host if request.client else ""


async def _form(request: Request, route: str) -> FormData:
    """The body as a form, after its announced length was found small enough."""
    if request.method in _SAFE:
        return FormData()
    length = request.headers.get("content-length", "")
    if not (length.isascii() and length.isdigit()):
        raise Problem("length_required")
    if int(length) > UPLOAD_BYTES.get(route, FORM_BYTES):
        raise Problem("too_large", bytes=UPLOAD_BYTES.get(route, FORM_BYTES))
    return await request.form(max_files=1, max_fields=_FIELDS, max_part_size=FORM_BYTES)


def _require_csrf(request: Request, form: FormData, secret: str) -> None:
    """An unsafe request comes from a page that this session (or visitor) was shown, and from no other site's."""
    if request.method in _SAFE:
        return
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise Problem("csrf")
    sent = form.get(CSRF_FIELD, "")
    if not secret or not isinstance(sent, str):
        raise Problem("csrf")
    if not hmac.compare_digest(sent.encode(), csrf_token(secret).encode()):
        raise Problem("csrf")


Ctx = Annotated[Context, Depends(context)]
Visitor = Annotated[Visit, Depends(visit)]
