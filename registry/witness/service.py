"""The witness on HTTP: ``POST /add-checkpoint`` for logs, ``GET /ORIGIN-HASH/checkpoint`` for monitors (C2SP tlog-witness).

Meant to stand behind a proxy that speaks TLS. Bounded: the size of a request, the time it may take to arrive, and how many
are served at once. Whoever has no known log's signature costs one signature check and no write.
"""

import asyncio
import socket
import sqlite3
from collections.abc import Callable

import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool

from registry.witness.errors import RefusalError
from registry.witness.submission import MAX_SUBMISSION_BYTES
from registry.witness.witness import Witness

BODY_SECONDS = 10
"""For a request to arrive, so that a sender that drips bytes cannot hold a place for ever."""
MAX_AT_ONCE = 128
KEEP_ALIVE_SECONDS = 15
_TEXT = "text/plain; charset=utf-8"


def create_service(witness: Witness) -> FastAPI:
    """The ASGI application of ``witness``."""
    service = FastAPI(openapi_url=None)

    @service.post("/add-checkpoint")
    async def add_checkpoint(request: Request) -> Response:
        try:
            body = await _bounded_body(request)
            return _answer(200, await run_in_threadpool(witness.add_checkpoint, body))
        except RefusalError as refusal:
            return _answer(refusal.status, refusal.body.encode("utf-8"), refusal.media_type)
        except sqlite3.OperationalError:
            return _answer(503, b"the state cannot be written\n")

    @service.get("/{origin_hash}/checkpoint")
    def checkpoint(origin_hash: str) -> Response:
        try:
            return _answer(200, witness.checkpoint(origin_hash))
        except RefusalError as refusal:
            return _answer(refusal.status, b"")

    return service


def serve(witness: Witness, host: str, port: int, announce: Callable[[str], None]) -> None:
    """Serve until the process is told to stop; ``announce`` gets the address that is listened on (port 0: any)."""
    with socket.create_server(
        (host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET
    ) as listening:
        shown = f"[{host}]" if ":" in host else host
        announce(f"http://{shown}:{listening.getsockname()[1]}")
        configuration = uvicorn.Config(
            create_service(witness),
            log_level="warning",
            access_log=False,
            server_header=False,
            lifespan="off",
            limit_concurrency=MAX_AT_ONCE,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
        )
        uvicorn.Server(configuration).run(sockets=[listening])


async def _bounded_body(request: Request) -> bytes:
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.stream():
                body += chunk
                if len(body) > MAX_SUBMISSION_BYTES:
                    raise RefusalError(413, "too large\n")
    except TimeoutError as error:
        raise RefusalError(408, "too slow\n") from error
    return bytes(body)


def _answer(status: int, body: bytes, media_type: str = _TEXT) -> Response:
    # Given as a header, because the library would add a character set to every other text type.
    return Response(body, status, headers={"Content-Type": media_type})
