"""Reports as an answer: one as JSON, several as a line each (NDJSON) while they are being made.

A stream that cannot be finished ends with a line that is a problem (``time_over``, ``fault``), so that half an answer never
looks whole: a reader that gets fewer reports than certificates knows why.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import NamedTuple

from starlette.responses import Response, StreamingResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from verifier.reportbytes import document_bytes
from verifier.server.guard import LOG
from verifier.server.problems import Problem, problem_document, problem_response

NDJSON = "application/x-ndjson"
_HEADERS = {"Cache-Control": "no-store"}
_ONE = ((b"cache-control", b"no-store"), (b"content-type", b"application/json"))
_LINES = ((b"cache-control", b"no-store"), (b"content-type", NDJSON.encode()))
Reports = Iterator[list[bytes]]
"""Documents of JSON as they are made, some at a time."""


class Reply(NamedTuple):
    """An answer that is there and small. ``headers``: all but the length and what every answer has."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes


def whole(documents: Sequence[bytes], *, stream: bool) -> Reply:
    """A few documents as one answer."""
    if stream or len(documents) != 1:
        return Reply(200, _LINES, b"".join(one + b"\n" for one in documents))
    return Reply(200, _ONE, documents[0])


def problem_reply(problem: Problem, lang: str) -> Reply:
    """A problem as ``problem_response`` tells it."""
    response = problem_response(problem, lang)
    headers = tuple(one for one in response.raw_headers if one[0] != b"content-length")
    return Reply(response.status_code, headers, bytes(response.body))


@dataclass(frozen=True, slots=True)
class Whole:
    """A reply as an ASGI application: a third of the time that a ``Response`` takes."""

    reply: Reply

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        status, headers, body = self.reply
        length = (b"content-length", b"%d" % len(body))
        await send({"type": "http.response.start", "status": status, "headers": [*headers, length]})
        await send({"type": "http.response.body", "body": body})


class Answer(Response):
    """Another answer that gives back a place when it has been sent, or could not be within ``seconds``."""

    def __init__(self, inner: ASGIApp, give_back: Callable[[], None], *, seconds: float) -> None:
        super().__init__()
        self.inner = inner
        self._give_back = give_back
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        try:
            async with asyncio.timeout(self._seconds):
                await self.inner(scope, receive, send)
        finally:
            self._give_back()


async def answer(reports: Reports, pool: Executor, *, stream: bool, seconds: float, lang: str) -> Response:
    """The answer; JSON if there is one report and nobody asked for lines. ``seconds``: all that making it may take."""
    until = time.monotonic() + seconds
    nothing: list[bytes] = []
    first = await asyncio.get_running_loop().run_in_executor(pool, next, reports, nothing)
    if not stream and len(first) == 1:  # several things are judged at a time, so there was only one
        return Response(first[0], 200, _HEADERS, "application/json")
    lines = _lines(first, reports, pool, until, lang)
    return StreamingResponse(lines, 200, _HEADERS, NDJSON)


async def _lines(
    first: list[bytes], reports: Reports, pool: Executor, until: float, lang: str
) -> AsyncIterator[bytes]:
    chunk: list[bytes] | None = first
    loop = asyncio.get_running_loop()
    while chunk is not None:
        yield b"".join(report + b"\n" for report in chunk)
        if time.monotonic() > until:
            yield _last("time_over", lang)
            return
        try:
            chunk = await loop.run_in_executor(pool, next, reports, None)
        except Problem as problem:
            yield document_bytes(problem_document(problem, lang)) + b"\n"
            return
        except Exception as error:  # too late for another status
            LOG.error("fault %s in a stream", type(error).__name__)
            yield _last("fault", lang)
            return


def _last(code: str, lang: str) -> bytes:
    return document_bytes(problem_document(Problem(code), lang)) + b"\n"
