"""The console in this process over a real registry: people in each role, and callers who are signed in.

A caller is a real client over ASGI; his session was opened by the same service as at the door. ``Caller.post`` takes the
form's token from the session, as a page would give it to him.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from itertools import count
from typing import Any

import httpx
import pyotp
from anyio.from_thread import BlockingPortal, start_blocking_portal
from fastapi import FastAPI

from registry.accounts.models import Account
from registry.accounts.passwords import PasswordCost, Passwords
from registry.accounts.service import checked_account, create_account
from registry.accounts.sessions import open_session
from registry.accounts.totp import new_totp_secret, seal_secret
from registry.actors import PROVINCIAL, SYSTEM, Actor, Role
from registry.console.app import create_console_app
from registry.console.context import SESSION_COOKIE, csrf_token
from registry.console.settings import ConsoleSettings
from tests.builders import INDUSTRY, MUNICIPAL
from tests.registry.rig import Rig

ORIGIN = "https://console.example.cn"
CHEAP = PasswordCost(time=1, memory_kib=8, lanes=1)
PASSWORD = "郑州的春天来得很早，花也开了"
_serials = count(1)


class Transport(httpx.BaseTransport):
    """Requests to the application in this process, from ``peer``; a plain test need not be a coroutine."""

    def __init__(self, app: FastAPI, portal: BlockingPortal, peer: str = "192.0.2.7") -> None:
        # What nobody foresaw is answered by the console itself; a test looks at that answer.
        self._inner = httpx.ASGITransport(app=app, client=(peer, 1), raise_app_exceptions=False)
        self._portal = portal

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send ``request`` and read its whole answer."""
        # Its headers as they are: a body that does not say how long it is is one thing that is tested.
        body = httpx.ByteStream(request.read())
        sent = httpx.Request(request.method, request.url, headers=request.headers, stream=body)
        return self._portal.call(self._answer, sent)

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        answer = await self._inner.handle_async_request(request)
        body = await answer.aread()
        return httpx.Response(answer.status_code, headers=answer.headers, content=body)


@dataclass(slots=True)
class Caller:
    """A browser in somebody's hands, without scripts. Redirects are not followed."""

    console: "Console"
    client: httpx.Client
    account: Account | None = None
    secret: str = ""

    @property
    def csrf(self) -> str:
        """What the forms shown to him carry."""
        return csrf_token(self.secret)

    def get(self, path: str, **options: Any) -> httpx.Response:
        """Ask for a page."""
        return self.client.get(path, **options)

    def post(self, path: str, data: Mapping[str, Any] | None = None, **options: Any) -> httpx.Response:
        """Send a form of a page that he was shown."""
        return self.client.post(path, data={"csrf": self.csrf, **(data or {})}, **options)

    def confirmed(self, page: str) -> dict[str, str]:
        """What a form needs that is confirmed by a one-time code: ``page`` is where it is asked for.

        Half a minute passes, so that the code is a new one.
        """
        assert self.account is not None
        shown = self.get(page)
        ticket = re.search(r'name="confirmation" value="([^"]+)"', shown.text)
        assert ticket is not None, f"{page}: {shown.status_code}, asks for no confirmation"
        return {"confirmation": ticket[1], "code": self.console.code(self.account)}


@dataclass(slots=True)
class Console:
    """A console over the registry of ``rig``."""

    rig: Rig
    origin: str
    app: FastAPI
    portal: BlockingPortal
    secrets: dict[int, str] = field(default_factory=dict)
    """Of their one-time-code apps, by account."""
    accounts: dict[tuple[Role, str | None], Account] = field(default_factory=dict)

    def account(self, role: Role, authority: str | None = MUNICIPAL, *, another: bool = False) -> Account:
        """The account of a role, the same each time unless ``another`` is wanted; provincial roles have no authority."""
        where = None if role in PROVINCIAL else authority
        held = self.accounts.get((role, where))
        if held is not None and not another:
            return held
        made = self.new_account(role, where)
        return self.accounts.setdefault((role, where), made) if not another else made

    def new_account(self, role: Role, authority: str | None) -> Account:
        """Another person, with a password (``PASSWORD``) and a one-time-code app."""
        serial = next(_serials)
        made = Account(
            login=f"{role.value}-{serial}",
            name=f"王{'一二三四五六七八九'[serial % 9]}",
            role=role.value,
            authority=authority,
            password=_hashed(),
            created_at=self.rig.clock.now,
            created_by=0,
        )
        secret = new_totp_secret()
        with self.rig.app.database.write() as session:
            session.add(made)
            session.flush()
            made.totp = seal_secret(self.rig.app.vault, secret, made.id)
        self.secrets[made.id] = secret
        return made

    def code(self, account: Account) -> str:
        """What the person's app shows, half a minute later than before."""
        self.rig.clock.now += 30
        return pyotp.TOTP(self.secrets[account.id]).at(self.rig.clock.now)

    def invitation(self, role: Role, authority: str | None, login: str, name: str = "李晓") -> str:
        """Somebody who has not set up anything yet: the path of his invitation."""
        with self.rig.app.database.write() as session:
            wanted = checked_account(session, SYSTEM, login=login, name=name, role=role, authority=authority)
            made = create_account(session, SYSTEM, wanted, now=self.rig.clock.now)
        return f"/console/invite/{made.secret}"

    def caller(self, account: Account | None = None) -> Caller:
        """A browser of its own; signed in where ``account`` is given."""
        client = httpx.Client(transport=Transport(self.app, self.portal), base_url=self.origin)
        if account is None:
            return Caller(self, client)
        with self.rig.app.database.write() as session:
            secret, _ = open_session(
                session, account, origin="192.0.2.7", browser="tests", now=self.rig.clock.now
            )
        client.cookies.set(SESSION_COOKIE, secret)
        return Caller(self, client, account, secret)

    def signed_in(self, role: Role, authority: str | None = MUNICIPAL, *, another: bool = False) -> Caller:
        """Somebody of that role, signed in."""
        return self.caller(self.account(role, authority, another=another))

    def actor(self, role: Role, authority: str | None = MUNICIPAL) -> Actor:
        """The same person as services see him."""
        one = self.account(role, authority)
        return Actor(one.id, one.login, one.name, role, one.authority, "192.0.2.7")


@cache
def _hashed() -> str:
    return Passwords(CHEAP).hash(PASSWORD)


@contextmanager
def console_over(rig: Rig, settings: ConsoleSettings | None = None) -> Iterator[Console]:
    """The console over ``rig``'s registry."""
    settings = settings or ConsoleSettings(origin=ORIGIN, password_cost=CHEAP)
    app = create_console_app(rig.app, settings)
    with start_blocking_portal() as portal:
        yield Console(rig, settings.origin, app, portal)


OTHER = INDUSTRY
"""The authority that is foreign to everybody of ``MUNICIPAL``."""
