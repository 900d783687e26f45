"""The public server: ``create_public_app(settings)``. Deployed alone, on a folder that is a publication; it writes nothing.

`/v` and `/verify` are the pages (``verifier/web``), `/verifier/` their files, `/api/` judges what is sent, everything else
is the publication; what is in none of them a browser is told in a page (``absent``). No cookie, no session, no database, no query that says anything.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import FastAPI, Path
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from verifier.operation.listener import JSON, LIVE, ready_document
from verifier.server import documentation, verifying
from verifier.server.absent import for_eyes
from verifier.server.atonce import AtOnce
from verifier.server.guard import Guard
from verifier.server.heads import head_of
from verifier.server.health import missing
from verifier.server.lookups import Lookups
from verifier.server.panel import Panel, add_panel
from verifier.server.problems import BY_STATUS, PROBLEMS, Problem, problem_document, problem_response
from verifier.server.service import Service
from verifier.server.settings import PublicSettings
from verifier.server.statics import page_response, published_file

_NOT_KEPT = {"Cache-Control": "no-store"}


class PublicApp(FastAPI):
    """The application. What nearly everybody asks for goes past the framework's layers, which cost more than the verification."""

    verify: ASGIApp
    at_once: AtOnce
    """For connections that go past even ``verify``."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        if scope["type"] == "http" and scope["method"] == "POST" and scope["path"] == verifying.PATH:
            await self.verify(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


def create_public_app(settings: PublicSettings) -> PublicApp:
    """The application; its life ends its threads and boxes."""
    service = Service(settings)

    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        yield
        app.state.panel.close()
        service.close()

    app = PublicApp(
        title="certverify",
        summary=documentation.SUMMARY,
        description=documentation.DESCRIPTION,
        version="1",
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=life,
    )
    app.state.service = service
    verify = verifying.Verifying(service)
    app.verify, app.at_once = Guard(verify), AtOnce(service, verify)
    app.state.panel = Panel(service)
    app.add_middleware(Guard)
    _add_problems(app, service)
    _add_api(app, service)
    add_panel(app, app.state.panel)
    _add_health(app, service)
    _add_statics(app, service)
    return app


Handler = Callable[[Request, Exception], Awaitable[Response]]


def _add_problems(app: FastAPI, service: Service) -> None:
    async def ours(request: Request, error: Exception) -> Response:
        assert isinstance(error, Problem)  # noqa: S101 - registered for these
        page = for_eyes(error, request, service.pages)
        return page or problem_response(error, head_of(request.scope).language)

    async def frameworks(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101 - registered for these
        code = BY_STATUS.get(error.status_code, "bad_request")
        return problem_response(Problem(code, headers=error.headers), head_of(request.scope).language)

    async def invalid(request: Request, _: Exception) -> Response:
        return problem_response(Problem("body_form"), head_of(request.scope).language)

    handlers: dict[type[Exception], Handler] = {
        Problem: ours,
        HTTPException: frameworks,
        RequestValidationError: invalid,
    }
    for kind, handler in handlers.items():
        app.add_exception_handler(kind, handler)


def _add_api(app: FastAPI, service: Service) -> None:
    lookups = Lookups(service)

    @app.post(verifying.PATH, **documentation.VERIFY)
    async def verify() -> Response:
        # For the description: what is sent to that very address ``PublicApp`` answers.
        raise Problem("not_found")

    typed = Annotated[str, Path(description="As typed: 20 digits, in groups or not.")]

    @app.get("/api/certificates/{number}", **documentation.CERTIFICATE_BY_HEADER)
    async def certificate_by_header(request: Request, number: typed) -> Response:
        return await lookups.certificate(request, number, lookups.name_in_head)

    @app.post("/api/certificates/{number}", **documentation.CERTIFICATE)
    async def certificate(request: Request, number: typed) -> Response:
        return await lookups.certificate(request, number, lookups.name_in_body)

    @app.get("/api/problems/{code}", **documentation.PROBLEM)
    async def problem(request: Request, code: str) -> dict[str, Any]:
        if code not in PROBLEMS:
            raise Problem("not_found")
        return problem_document(Problem(code), head_of(request.scope).language)

    async def post_only() -> Response:
        raise Problem("method_not_allowed", headers={"Allow": "POST"})

    async def get_or_post() -> Response:
        raise Problem("method_not_allowed", headers={"Allow": "GET, POST"})

    # Otherwise the publication's route below would say that there is nothing.
    app.add_api_route(verifying.PATH, post_only, methods=["GET", "HEAD"], include_in_schema=False)
    app.add_api_route(
        "/api/certificates/{number}",
        get_or_post,
        methods=["HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"],
        include_in_schema=False,
    )


def _add_health(app: FastAPI, service: Service) -> None:
    def live() -> Response:
        return Response(LIVE, media_type=JSON, headers=_NOT_KEPT)

    def ready() -> Response:
        status, body = ready_document(missing(service.judge))
        return Response(body, status_code=status, media_type=JSON, headers=_NOT_KEPT)

    app.add_api_route("/health/live", live, methods=["GET", "HEAD"], include_in_schema=False)
    app.add_api_route("/health/ready", ready, methods=["GET", "HEAD"], include_in_schema=False)


def _add_statics(app: FastAPI, service: Service) -> None:
    settings = service.settings

    def static(request: Request, path: str) -> Response:
        page = service.pages.get(path.removesuffix("/"))
        keep = service.limits.cache_seconds
        if page is not None:
            return page_response(page, path, request, keep=keep)
        return published_file(settings.site, path, request, now=settings.clock(), keep=keep)

    app.add_api_route("/{path:path}", static, methods=["GET", "HEAD"], include_in_schema=False)
