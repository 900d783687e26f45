"""The outermost layer: headers on every answer, a line of log without anybody in it, and no fault that tells anything.

The line has the method, the route's name, the status and the milliseconds: no path, no query, no client. A fault is logged
by the kind of its exception and the line of our code, never by its message, which may hold what was sent.
"""

import logging
import time
import traceback
from collections.abc import Callable
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from verifier.operation.metrics import count_request, known_method

CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'"
)
SECURITY_HEADERS = {
    "Content-Security-Policy": CONTENT_POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=(), publickey-credentials-get=(self)",
    "Strict-Transport-Security": "max-age=31536000",
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex",
}
LOG = logging.getLogger("certreg.console")


class Guard:
    """ASGI middleware; ``fault`` draws the page for what nobody foresaw."""

    def __init__(self, app: ASGIApp, fault: Callable[[Request], Response]) -> None:
        self._app, self._fault = app, fault

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        status = 0

        async def guarded(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                _add_headers(message)
            await send(message)

        try:
            await self._app(scope, receive, guarded)
        except Exception as error:
            LOG.error("fault %s at %s", type(error).__name__, _place(error))  # noqa: TRY400 - see the module
            if status:
                raise ConnectionAbortedError("fault while answering") from None
            await self._fault(Request(scope))(scope, receive, guarded)
        finally:
            _note(scope, status, time.perf_counter() - began)


def _note(scope: Scope, status: int, seconds: float) -> None:
    """One line of log, one request more in the metrics."""
    route: Any = scope.get("route")
    name, template = str(getattr(route, "name", "-")), str(getattr(route, "path", "-"))
    method, spent = known_method(scope["method"]), round(seconds * 1000, 1)
    count_request("console", template, method, status, seconds)
    fields = {"method": method, "route": template, "status": status, "milliseconds": spent}
    LOG.info("%s %s %d %.1f ms", method, name, status, spent, extra=fields)


def _add_headers(message: Message) -> None:
    headers = MutableHeaders(raw=message["headers"])
    for name, value in SECURITY_HEADERS.items():
        headers.setdefault(name, value)
    message["headers"] = headers.raw


def _place(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    return f"{frames[-1].filename.rpartition('/')[2]}:{frames[-1].lineno}" if frames else "?"
