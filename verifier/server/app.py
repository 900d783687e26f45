"""The public server: ``create_public_app(settings)``. Deployed alone, on a folder that is a publication; it writes nothing.

`/v` and `/verify` are the pages (``verifier/web``), `/verifier/` their files, `/api/` judges what is sent, everything else
is the publication. No cookie, no session, no database, no query that says anything.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import FastAPI, Path
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from verifier.errors import FormError
from verifier.number import CertificateNumber, parse_typed_number
from verifier.operation.listener import JSON, LIVE, ready_document
from verifier.server import documentation
from verifier.server.answers import NDJSON, Answer, answer
from verifier.server.guard import Guard
from verifier.server.health import missing
from verifier.server.judging import Judge
from verifier.server.panel import Panel, add_panel
from verifier.server.places import Places, retry_after
from verifier.server.problems import (
    BY_STATUS,
    PROBLEMS,
    Problem,
    language_of,
    problem_document,
    problem_response,
)
from verifier.server.rates import TokenBuckets, client_of
from verifier.server.records import RecordSource, look_up
from verifier.server.requests import (
    NAME_HEADER,
    Asked,
    LookupRequest,
    Options,
    asked_in_form,
    asked_in_json,
    media_type,
    name_in_header,
    parse_json,
    read_body,
)
from verifier.server.settings import PublicSettings
from verifier.server.statics import page_files, page_response, published_file

_VERIFY = "/api/verify"
_MAX_LOOKUP_BYTES = 4096
_SMALL = 16 * 1024
"""Bytes of JSON that are read in less time than it takes to hand them to a thread."""


_FEW = 2
"""Certificates that are judged where the request was read: each takes half a millisecond."""


_NOT_KEPT = {"Cache-Control": "no-store"}

NameOf = Callable[[Request], Awaitable[str]]


class Service:
    """What the routes of one process share."""

    def __init__(self, settings: PublicSettings) -> None:
        limits = settings.limits
        self.settings, self.limits = settings, limits
        self.judge = Judge(settings)
        self.judging = ThreadPoolExecutor(limits.judging, "judge")
        self.reading = ThreadPoolExecutor(limits.boxes, "read")
        self.places = Places(limits.judging + limits.waiting)
        self.upload_places = Places(limits.boxes + limits.uploads_waiting, limits.uploads_of_one)
        self.buckets = TokenBuckets(burst=limits.burst, per_second=limits.per_second, clients=limits.clients)
        self.pages = page_files(settings.pin.to_bytes() if settings.pin is not None else None)

    def close(self) -> None:
        """End threads and boxes."""
        self.judging.shutdown(cancel_futures=True)
        self.reading.shutdown(cancel_futures=True)
        self.judge.close()

    def client(self, request: Request) -> str:
        """Who asks."""
        peer = request.client.host if request.client else ""
        return client_of(peer, request.headers.getlist("x-forwarded-for"), self.settings.proxies)

    def charge(self, client: str, tokens: float) -> None:
        """Take ``tokens`` of the client's; raises ``Problem`` where he has not so many."""
        wait = self.buckets.take(client, tokens, time.monotonic())
        if wait:
            raise Problem("too_many_requests", headers=retry_after(wait))

    # ---- POST /api/verify

    async def verify(self, request: Request) -> Response:
        """Judge what was sent."""
        client = self.client(request)
        self.charge(client, 1)
        kind = media_type(request)
        if kind not in ("application/json", "multipart/form-data"):
            raise Problem("media_type")
        upload = kind == "multipart/form-data"
        places = self.upload_places if upload else self.places
        places.take(client)
        try:
            asked = await self._asked(request, upload=upload)
            if len(asked.items) > 1:
                self.charge(client, len(asked.items) - 1)
            response = await self._judged(
                asked,
                self.reading if upload else self.judging,
                stream=NDJSON in request.headers.get("accept", ""),
                lang=language(request),
            )
        except BaseException:
            places.give_back(client)
            raise
        # Whoever reads slowly holds a place, but not for ever.
        most = self.limits.answer_seconds + self.limits.body_seconds
        return Answer(response, lambda: places.give_back(client), seconds=most)

    async def _asked(self, request: Request, *, upload: bool) -> Asked:
        limits = self.limits
        most = limits.upload_bytes if upload else limits.json_bytes
        body = await read_body(request, most, limits.body_seconds)
        if upload:
            return await asked_in_form(request, body, limits)
        if len(body) < _SMALL:
            return asked_in_json(body, limits)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.judging, asked_in_json, body, limits)

    async def _judged(self, asked: Asked, pool: ThreadPoolExecutor, *, stream: bool, lang: str) -> Response:
        asked.policy(0)  # a time that no calendar has is told before anything is sent
        return await answer(
            self.judge.reports(asked),
            pool,
            stream=stream,
            seconds=self.limits.answer_seconds,
            lang=lang,
            small=len(asked.items) <= _FEW and pool is self.judging and self.judge.is_ready,
        )

    # ---- /api/certificates/NUMBER

    async def certificate(self, request: Request, number: str, name_of: NameOf) -> Response:
        """Judge the certificate of a number, for who knows its holder's name; ``name_of`` reads what he says it is."""
        came = time.monotonic()
        client = self.client(request)
        self.charge(client, self.limits.lookup_tokens)
        records = self.settings.records
        if records is None:
            raise Problem("number_lookup_unavailable")
        typed = _number(number)
        name = await name_of(request)
        self.places.take(client)
        try:
            return await self._looked_up(records, typed, name, came, lang=language(request))
        finally:
            self.places.give_back(client)

    async def name_in_body(self, request: Request) -> str:
        """The name in a body of JSON."""
        if media_type(request) != "application/json":
            raise Problem("media_type")
        body = await read_body(request, _MAX_LOOKUP_BYTES, self.limits.body_seconds)
        asked: LookupRequest = parse_json(body, LookupRequest, _MAX_LOOKUP_BYTES)
        return asked.name

    @staticmethod
    async def name_in_head(request: Request) -> str:
        """The name in a header: never in the address, which others keep."""
        return name_in_header(request.headers.get(NAME_HEADER))

    async def _looked_up(
        self, records: RecordSource, number: CertificateNumber, name: str, came: float, *, lang: str
    ) -> Response:
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(self.judging, look_up, records, number, name)
        if found is None:
            await asyncio.sleep(max(0.0, came + self.limits.lookup_seconds - time.monotonic()))
            raise Problem("certificate_not_found")
        return await self._judged(Asked([found], Options()), self.judging, stream=False, lang=lang)


def language(request: Request) -> str:
    """The language to answer in."""
    return language_of(request.headers.get("accept-language", ""))


def _number(text: str) -> CertificateNumber:
    try:
        return parse_typed_number(text)
    except FormError as error:
        raise Problem("number_check" if error.code == "number_check" else "number_form") from error


class PublicApp(FastAPI):
    """The application. What nearly everybody asks for goes past the framework's layers, which cost more than the verification."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        if scope["type"] == "http" and scope["method"] == "POST" and scope["path"] == _VERIFY:
            await self.state.verify(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


def _verify_app(service: Service) -> ASGIApp:
    """POST /api/verify by itself, with the same outermost layer."""

    async def verify(scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive, send)
        try:
            response = await service.verify(request)
        except Problem as problem:
            response = problem_response(problem, language(request))
        await response(scope, receive, send)

    return Guard(verify)


def create_public_app(settings: PublicSettings) -> FastAPI:
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
    app.state.verify = _verify_app(service)
    app.state.panel = Panel(service)
    app.add_middleware(Guard)
    _add_problems(app)
    _add_api(app, service)
    add_panel(app, app.state.panel)
    _add_health(app, service)
    _add_statics(app, service)
    return app


Handler = Callable[[Request, Exception], Awaitable[Response]]


def _add_problems(app: FastAPI) -> None:
    async def ours(request: Request, error: Exception) -> Response:
        assert isinstance(error, Problem)  # noqa: S101 - registered for these
        return problem_response(error, language(request))

    async def frameworks(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101 - registered for these
        code = BY_STATUS.get(error.status_code, "bad_request")
        return problem_response(Problem(code, headers=error.headers), language(request))

    async def invalid(request: Request, _: Exception) -> Response:
        return problem_response(Problem("body_form"), language(request))

    handlers: dict[type[Exception], Handler] = {
        Problem: ours,
        HTTPException: frameworks,
        RequestValidationError: invalid,
    }
    for kind, handler in handlers.items():
        app.add_exception_handler(kind, handler)


def _add_api(app: FastAPI, service: Service) -> None:
    @app.post(_VERIFY, **documentation.VERIFY)
    async def verify(request: Request) -> Response:
        return await service.verify(request)  # for the description; ``PublicApp`` is quicker

    typed = Annotated[str, Path(description="As typed: 20 digits, in groups or not.")]

    @app.get("/api/certificates/{number}", **documentation.CERTIFICATE_BY_HEADER)
    async def certificate_by_header(request: Request, number: typed) -> Response:
        return await service.certificate(request, number, service.name_in_head)

    @app.post("/api/certificates/{number}", **documentation.CERTIFICATE)
    async def certificate(request: Request, number: typed) -> Response:
        return await service.certificate(request, number, service.name_in_body)

    @app.get("/api/problems/{code}", **documentation.PROBLEM)
    async def problem(request: Request, code: str) -> dict[str, Any]:
        if code not in PROBLEMS:
            raise Problem("not_found")
        return problem_document(Problem(code), language(request))

    async def post_only() -> Response:
        raise Problem("method_not_allowed", headers={"Allow": "POST"})

    async def get_or_post() -> Response:
        raise Problem("method_not_allowed", headers={"Allow": "GET, POST"})

    # Otherwise the publication's route below would say that there is nothing.
    app.add_api_route(_VERIFY, post_only, methods=["GET", "HEAD"], include_in_schema=False)
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
