"""Reports as an answer: one as JSON, several as a line each (NDJSON) while they are being made.

A stream that cannot be finished ends with a line that is a problem (``time_over``, ``fault``), so that half an answer never
looks whole: a reader that gets fewer reports than certificates knows why.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import Executor
from typing import Any

import orjson
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from verifier.server.guard import LOG
from verifier.server.problems import Problem, problem_document

NDJSON = "application/x-ndjson"
_HEADERS = {"Cache-Control": "no-store"}
Reports = Iterator[list[dict[str, Any]]]


class Answer(Response):
    """Another response that gives back a place when it has been sent, or could not be within ``seconds``."""

    def __init__(self, inner: Response, give_back: Callable[[], None], *, seconds: float) -> None:
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


async def answer(
    reports: Reports, pool: Executor, *, stream: bool, seconds: float, lang: str, small: bool = False
) -> Response:
    """The answer; JSON if there is one report and nobody asked for lines. ``seconds``: all that making it may take.

    ``small``: the first reports take less time than handing them to a thread would.
    """
    until = time.monotonic() + seconds
    nothing: list[dict[str, Any]] = []
    if small:
        first = next(reports, nothing)
    else:
        first = await asyncio.get_running_loop().run_in_executor(pool, next, reports, nothing)
    if not stream and len(first) == 1:  # several things are judged at a time, so there was only one
        return Response(_json(first[0]), 200, _HEADERS, "application/json")
    lines = _lines(first, reports, pool, until, lang)
    return StreamingResponse(lines, 200, _HEADERS, NDJSON)


async def _lines(
    first: list[dict[str, Any]], reports: Reports, pool: Executor, until: float, lang: str
) -> AsyncIterator[bytes]:
    chunk: list[dict[str, Any]] | None = first
    loop = asyncio.get_running_loop()
    while chunk is not None:
        yield b"".join(_json(report) + b"\n" for report in chunk)
        if time.monotonic() > until:
            yield _json(problem_document(Problem("time_over"), lang)) + b"\n"
            return
        try:
            chunk = await loop.run_in_executor(pool, next, reports, None)
        except Problem as problem:
            yield _json(problem_document(problem, lang)) + b"\n"
            return
        except Exception as error:  # too late for another status
            LOG.error("fault %s in a stream", type(error).__name__)
            yield _json(problem_document(Problem("fault"), lang)) + b"\n"
            return


def _json(document: dict[str, Any]) -> bytes:
    try:
        return orjson.dumps(document)
    except orjson.JSONEncodeError:  # half a surrogate pair, in what a caller called a thing
        pass
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "backslashreplace")
