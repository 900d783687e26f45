"""The console: ``create_console_app(app, settings)``. All its addresses lie below ``/console``.

It refuses to start where a route is missing from the permission table, or asks nobody who he is.
"""

from collections.abc import Iterator

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from registry.accounts.errors import SlowDownError
from registry.accounts.passwords import Passwords
from registry.app import App
from registry.console import answers
from registry.console.context import context, visit
from registry.console.guard import LOG, Guard
from registry.console.language import LANGUAGES
from registry.console.pages import (
    acts,
    approvals,
    authorities,
    batches,
    batchfiles,
    bulk,
    cases,
    certificates,
    door,
    home,
    me,
    numbers,
    people,
    preferences,
    prints,
    progress,
    province,
    requests,
    tokens,
    trail,
    uploads,
    welcome,
)
from registry.console.permissions import PUBLIC, table_faults
from registry.console.problems import Problem, SignInNeededError
from registry.console.rendering import environment
from registry.console.settings import ConsoleSettings
from registry.errors import RegistryError
from registry.outages import OUTAGES, outage_of

RETRY_SECONDS = 5
"""After an outage: a database that starts anew is back in a few."""

PAGES = (
    preferences.router,
    door.router,
    welcome.router,
    home.router,
    uploads.router,
    batchfiles.router,
    batches.router,
    approvals.router,
    progress.router,
    me.router,
    tokens.router,
    people.router,
    certificates.router,
    acts.router,
    cases.router,
    bulk.router,
    requests.router,
    prints.router,
    authorities.router,
    province.router,
    numbers.router,
    trail.router,
)
"""One router a capability; each is listed here once."""


def create_console_app(app: App, settings: ConsoleSettings) -> FastAPI:
    """The application over an open registry; closing that is the caller's business."""
    console = FastAPI(
        title="certreg", openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False
    )
    console.state.registry = app
    console.state.settings = settings
    console.state.passwords = Passwords(settings.password_cost, settings.breached)
    for router in PAGES:
        # Not include_router: what that makes hides its routes from whoever compares them with the table.
        console.router.routes.extend(router.routes)
    console.state.routes = {route.name: route for route in routes_of(console)}
    _require_rules(console)
    for lang in LANGUAGES:  # a catalogue that cannot be read is told at the start, not at somebody's click
        environment(lang)
    _add_answers(console)
    console.add_middleware(Guard, fault=answers.fault)
    return console


def routes_of(console: FastAPI) -> list[APIRoute]:
    """Every route of the console."""
    return [route for route in console.routes if isinstance(route, APIRoute)]


def _require_rules(console: FastAPI) -> None:
    """Raise ``RuntimeError`` where the table and the routes differ, or a route has not the guard that belongs to it."""
    faults = table_faults(route.name for route in routes_of(console))
    for route in routes_of(console):
        calls = set(_calls(route.dependant))
        wanted = visit if route.name in PUBLIC else context
        if wanted not in calls or {visit, context} <= calls:
            faults.append(f"{route.name} does not depend on {wanted.__name__}")
    if faults:
        raise RuntimeError("; ".join(faults))


def _calls(dependant: Dependant) -> Iterator[object]:
    for one in dependant.dependencies:
        yield one.call
        yield from _calls(one)


def _add_answers(console: FastAPI) -> None:
    async def problem(request: Request, error: Exception) -> Response:
        assert isinstance(error, Problem)  # noqa: S101 - registered for these
        return answers.problem(request, error)

    async def refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, RegistryError)  # noqa: S101 - registered for these
        answer = Problem(error.code, error.params)
        if isinstance(error, SlowDownError):
            answer.headers["Retry-After"] = str(error.seconds)
        return answers.problem(request, answer)

    async def outage(request: Request, error: Exception) -> Response:
        assert isinstance(error, OUTAGES)  # noqa: S101 - registered for these
        code = outage_of(error)
        LOG.warning("outage: %s", code)
        answer = Problem(code)
        answer.headers["Retry-After"] = str(RETRY_SECONDS)
        return answers.problem(request, answer)

    async def nobody(request: Request, _: Exception) -> Response:
        return answers.sign_in_needed(request)

    async def frameworks(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101 - registered for these
        codes = {404: "not_found", 405: "method_not_allowed"}
        return answers.problem(request, Problem(codes.get(error.status_code, "bad_request")))

    async def invalid(request: Request, _: Exception) -> Response:
        # A path that fits no number is a path that leads nowhere.
        return answers.problem(request, Problem("not_found"))

    console.add_exception_handler(Problem, problem)
    console.add_exception_handler(RegistryError, refused)
    console.add_exception_handler(SignInNeededError, nobody)
    for kind in OUTAGES:
        console.add_exception_handler(kind, outage)
    console.add_exception_handler(HTTPException, frameworks)
    console.add_exception_handler(RequestValidationError, invalid)
