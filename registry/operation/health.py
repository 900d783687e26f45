"""Can this registry be used now? The codes of what is missing, for load balancers and for people who are woken.

Asked at most once a second, whoever asks how often. Everything recovers by itself: what is missing is looked at anew.
"""

import shutil
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from threading import Lock

from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from registry.app import App
from registry.database import known_schemas, newest_schema
from registry.errors import RegistryError
from registry.log import seconds_behind
from registry.outages import OUTAGES, outage_of
from registry.replica import commits_waiting, only_reads
from verifier.operation.listener import JSON, LIVE, ready_document

PREFIX = "/health/"
MIN_FREE_BYTES = 64 * 1024 * 1024
"""Of the registry's folder: a list of 100,000 rows takes as much. Below that one writes to the end of a disk."""
REMEMBERED_SECONDS = 1.0


@dataclass(slots=True)
class Readiness:
    """Call it for the codes; empty where the registry can be used."""

    app: App
    also: Collection[str] = ()
    """What this process finds missing at its work, besides."""
    steady: Callable[[], float] = time.monotonic
    _lock: Lock = field(default_factory=Lock)
    _at: float = float("-inf")
    _known: tuple[str, ...] = ()

    def __call__(self) -> tuple[str, ...]:
        """Codes, as in ``registry.messages``; ``disk_low``, ``home_unreadable`` and ``standby_missing`` besides."""
        with self._lock:
            if self.steady() - self._at >= REMEMBERED_SECONDS:
                found = (*_of_database(self.app), *_of_disk(self.app), *_of_agent(self.app), *self.also)
                self._known = tuple(dict.fromkeys(found))
                self._at = self.steady()
            return self._known


def _of_database(app: App) -> tuple[str, ...]:
    try:
        here = app.database.schema()
        if here is None or (here != newest_schema() and here in known_schemas()):
            return ("schema_differs",)
        with app.database.read() as session:
            return _of_session(app, session)
    except OUTAGES as error:
        return (outage_of(error),)
    except RegistryError as error:
        return (error.code,)


def _of_session(app: App, session: Session) -> tuple[str, ...]:
    if only_reads(session):
        return ("database_read_only",)
    app.require_head(session)
    if seconds_behind(session, app.clock()):
        return ("clock_went_back",)
    return ("standby_missing",) if commits_waiting(session) else ()


def _of_disk(app: App) -> tuple[str, ...]:
    try:
        free = shutil.disk_usage(app.settings.home).free
    except OSError:
        return ("home_unreadable",)
    return ("disk_low",) if free < MIN_FREE_BYTES else ()


def _of_agent(app: App) -> tuple[str, ...]:
    return ("agent_gone",) if app.keyring.agent_is_away() else ()


@dataclass(frozen=True, slots=True)
class HealthPages:
    """ASGI: ``/health/live`` and ``/health/ready``; codes only, and nothing of what the registry holds."""

    ready: Readiness

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        status, body = 404, b"{}\n"
        if scope["path"] == f"{PREFIX}live":
            status, body = 200, LIVE
        elif scope["path"] == f"{PREFIX}ready":
            status, body = ready_document(await run_in_threadpool(self.ready))
        headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
        await Response(body, status_code=status, media_type=JSON, headers=headers)(scope, receive, send)
