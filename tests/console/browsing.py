"""The console as a server on this machine, in a thread of the test's process, and Chromium with a passkey in it."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
import uvicorn

from registry.console.context import SESSION_COOKIE
from registry.console.settings import ConsoleSettings
from tests.console.rig import CHEAP, Caller, Console, console_over
from tests.registry.rig import Rig

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

READY_SECONDS = 60


@contextmanager
def served(rig: Rig) -> Iterator[Console]:
    """A console at ``http://localhost:PORT``, which browsers trust without TLS."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        settings = ConsoleSettings(origin=f"http://localhost:{port}", password_cost=CHEAP)
        with console_over(rig, settings) as console:
            config = uvicorn.Config(console.app, log_config=None, access_log=False, lifespan="off")
            server = uvicorn.Server(config)
            thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
            thread.start()
            try:
                _await(server)
                yield console
            finally:
                server.should_exit = True
                thread.join()


def page_of(
    browser: "Browser",
    console: Console,
    caller: Caller | None,
    *,
    width: int,
    language: str = "zh-CN",
    **options: Any,
) -> "Page":
    """A page in which the caller, if any, is signed in; a script that fails, fails the test. ``options`` are of the context."""
    origin = console.app.state.settings.origin
    context = browser.new_context(
        base_url=origin, locale=language, viewport={"width": width, "height": 800}, **options
    )
    if caller is not None:
        address = origin.replace("http:", "https:")
        context.add_cookies(
            [{"name": SESSION_COOKIE, "value": caller.secret, "url": address, "secure": True}]
        )
    page = context.new_page()
    page.on("pageerror", lambda error: pytest.fail(str(error)))
    return page


def add_authenticator(page: "Page") -> str:
    """A virtual authenticator with a verified user (WebAuthn's own test interface); returns its id."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    made = session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return str(made["authenticatorId"])


def _await(server: uvicorn.Server) -> None:
    until = time.monotonic() + READY_SECONDS
    while not server.started:
        if time.monotonic() > until:
            raise RuntimeError("the server did not start")
        time.sleep(0.02)  # asked again, not hoped for
