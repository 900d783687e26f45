"""A connection as uvicorn keeps it, but for small requests of ``POST /api/verify``: these are answered where they are read.

Of such a request the whole is there when its last byte has been parsed, within one reading of the socket. Then uvicorn's
task, its events and its dictionaries would cost more than the signature. Whatever is otherwise (a body that comes later or
in chunks, a client who wants to be asked for it, an answer before it that is under way or is not taken, another address)
goes uvicorn's way: it is told what it would have been told, a moment later. So this keeps no clock and no queue, and reads
nothing of HTTP itself: the bytes are httptools' to parse.
"""

import asyncio
import time
from collections.abc import Sized
from functools import lru_cache
from http import HTTPStatus
from typing import Any

from starlette.types import ASGIApp
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from verifier.server.answers import Reply
from verifier.server.app import PublicApp
from verifier.server.guard import ADDED, note_request
from verifier.server.heads import head_of
from verifier.server.verifying import PATH

_URL = PATH.encode()
_CHUNKED = b"transfer-encoding"


class _UnderWay(RequestResponseCycle):
    """Stands where uvicorn looks whether an answer is under way. One for a connection: there is never a second at a time."""

    def __init__(self) -> None:
        self.message_event = asyncio.Event()  # set where the client goes; nobody waits for it
        self.response_complete = True
        self.began = 0.0
        """When the request was there, by ``time.perf_counter``."""


class _Flow(FlowControl):
    """Reads nothing more while requests wait that were read already.

    By uvicorn's own each answer, as soon as its application asks for the request, lets another 256 kB of such requests in: hundreds of
    megabytes of one client who sends fast and takes nothing. The one that is being answered may always read: nothing waits behind it.
    """

    def __init__(self, transport: asyncio.Transport, waiting: Sized) -> None:
        super().__init__(transport)
        self._waiting = waiting

    def resume_reading(self) -> None:
        """Of the connection and of the request that is being answered."""
        if not self._waiting:
            super().resume_reading()


class Connection(HttpToolsProtocol):
    """For ``uvicorn.Config(http=…)``."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._at_once = self.app.at_once if isinstance(self.app, PublicApp) else None
        self._under_way = _UnderWay()
        self._held: bytes | None = None
        """The body, as far as it is there, of a request that uvicorn has not been told of."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Of the transport."""
        super().connection_made(transport)
        self.flow = _Flow(transport, self.pipeline)

    def data_received(self, data: bytes) -> None:
        """Of the transport."""
        super().data_received(data)
        if self._held is not None and not self.transport.is_closing():
            self._tell_uvicorn(self.app)  # the rest is to come, and uvicorn waits for that

    def on_headers_complete(self) -> None:
        """Of the parser."""
        if self.url == _URL and self._at_once is not None and self._is_plain():
            self._held = b""
        else:
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Of the parser."""
        if self._held is None:
            super().on_body(body)
        else:
            self._held += body  # once: only what comes in chunks comes in pieces, and that is not held

    def on_message_complete(self) -> None:
        """Of the parser."""
        if self._held is not None:
            instead = self._begin(self._held)
            if instead is None:
                self._held = None
                return
            self._tell_uvicorn(instead)
        super().on_message_complete()

    def _is_plain(self) -> bool:
        """Whether nothing is out of the ordinary, and no answer before this one is under way or not taken."""
        return (
            (self.cycle is None or self.cycle.response_complete)
            and self.parser.get_method() == b"POST"
            and not (self.expect_100_continue or self.flow.write_paused or self.parser.should_upgrade())
            and self.limit_concurrency is None
            and _CHUNKED not in dict(self.headers)
        )

    def _begin(self, body: bytes) -> ASGIApp | None:
        """Answer, or give what is to answer instead."""
        assert self._at_once is not None  # noqa: S101 - else nothing is held
        before, under_way = self.cycle, self._under_way
        under_way.began = time.perf_counter()
        under_way.keep_alive = self.parser.get_http_version() != "1.0" and self.parser.should_keep_alive()
        under_way.response_complete = False
        self.cycle = under_way
        instead = self._at_once.begin(head_of(self.scope), body, self._reply)
        if instead is not None:
            under_way.response_complete = True
            self.cycle = before
        return instead

    def _reply(self, reply: Reply) -> None:
        status, headers, body = reply
        under_way = self._under_way
        under_way.response_complete = True
        if not self.transport.is_closing():
            start = _start(status, headers, under_way.keep_alive, tuple(self.server_state.default_headers))
            self.transport.write(
                b"%s%d\r\n\r\n%s" % (start, len(body), body)
            )  # in one piece: each is a call of the kernel
            if not under_way.keep_alive:
                self.transport.close()
        self.on_response_complete()
        note_request("POST", PATH, status, time.perf_counter() - under_way.began)

    def _tell_uvicorn(self, app: Any) -> None:
        """What it was not told; ``app`` is to answer."""
        body, self._held = self._held, None
        usual, self.app = self.app, app
        try:
            super().on_headers_complete()
        finally:
            self.app = usual
        if body:
            super().on_body(body)


@lru_cache(maxsize=64)
def _start(
    status: int,
    headers: tuple[tuple[bytes, bytes], ...],
    keep_alive: bool,
    first: tuple[tuple[bytes, bytes], ...],
) -> bytes:
    """The head of an answer up to its length: the same for a second, which is how long a date lasts."""
    lines = [b"HTTP/1.1 %d %s" % (status, HTTPStatus(status).phrase.encode())]
    lines += [b"%s: %s" % one for one in (*first, *headers, *ADDED)]
    lines += [] if keep_alive else [b"connection: close"]
    return b"\r\n".join((*lines, b"content-length: "))
