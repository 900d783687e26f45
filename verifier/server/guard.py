"""The outermost layer: headers on every answer, one line of log without anybody in it, and no fault that tells anything.

The line has the method, what sort of address it was, the status and the milliseconds: no path, no query, no client. A fault
is logged by the kind of its exception and the line of our code, never by its message, which may hold what was sent.
"""

import logging
import time
import traceback

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from verifier.operation.metrics import count_request, known_method
from verifier.server.problems import Problem, language_of, problem_response

CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; "
    "trusted-types certreg"
)
SECURITY_HEADERS = {
    "Content-Security-Policy": CONTENT_POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), geolocation=(), microphone=(), payment=(), usb=()",
    "Strict-Transport-Security": "max-age=31536000",
    "X-Frame-Options": "DENY",
}
ADDED = tuple((name.lower().encode(), value.encode()) for name, value in SECURITY_HEADERS.items())
"""The same as they are sent."""
_ADDED_NAMES = frozenset(name for name, _ in ADDED)
LOG = logging.getLogger("certverify.server")
_SORTS = frozenset(
    (
        "api",
        "api/certificates",
        "api/panel",
        "api/verify",
        "health",
        "log",
        "panel",
        "r",
        "status",
        "trust",
        "v",
        "verifier",
        "verify",
        "worker.js",
    )
)


class Guard:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

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
            tell_fault(error)
            if status:
                raise ConnectionAbortedError(
                    "fault while answering"
                ) from None  # the answer must not look whole
            response = problem_response(
                Problem("fault"), language_of(Headers(scope=scope).get("accept-language", ""))
            )
            await response(scope, receive, guarded)
        finally:
            method, sort = known_method(scope["method"]), sort_of(scope["path"])
            note_request(method, sort, status, time.perf_counter() - began)


def tell_fault(error: BaseException) -> None:
    """One line of log on what nobody foresaw."""
    LOG.error("fault %s at %s", type(error).__name__, _place(error))


def sort_of(path: str) -> str:
    """What sort of address it is, in a word of ours."""
    first, _, rest = path.strip("/").partition("/")
    both = f"{first}/{rest.partition('/')[0]}"
    return f"/{both}" if both in _SORTS else f"/{first}" if first in _SORTS else "/…"


def note_request(method: str, sort: str, status: int, seconds: float) -> None:
    """One line of log, one request more in the metrics; all of it in words of ours."""
    count_request("public", sort, method, status, seconds)
    if LOG.isEnabledFor(logging.INFO):
        spent = round(seconds * 1000, 1)
        fields = {"method": method, "route": sort, "status": status, "milliseconds": spent}
        LOG.info("%s %s %d %.1f ms", method, sort, status, spent, extra=fields)


def _add_headers(message: Message) -> None:
    given = dict(message["headers"]).keys() & _ADDED_NAMES
    added = [one for one in ADDED if one[0] not in given] if given else ADDED
    message["headers"] = [*message["headers"], *added]


def _place(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    return f"{frames[-1].filename.rpartition('/')[2]}:{frames[-1].lineno}" if frames else "?"
