"""The console at a real port, for a real browser: cookies of a secure origin, since browsers take localhost for one."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import uvicorn

from registry.console.context import SESSION_COOKIE
from tests.console.rig import Caller, Console

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext

PATIENCE = 60


@contextmanager
def served(console: Console) -> Iterator[str]:
    """The address of ``console``, until the block ends."""
    settings = uvicorn.Config(console.app, host="127.0.0.1", port=0, log_level="error", lifespan="off")
    server = uvicorn.Server(settings)
    started = threading.Event()
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    startup = server.startup

    async def told(*arguments: object, **options: object) -> None:
        await startup(*arguments, **options)  # type: ignore[arg-type]
        started.set()

    server.startup = told  # type: ignore[method-assign]
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    assert started.wait(PATIENCE)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://localhost:{port}"
    finally:
        server.should_exit = True
        thread.join(PATIENCE)


def browser_of(
    browser: "Browser", address: str, caller: Caller, *, width: int = 1280, lang: str = "zh-CN"
) -> "BrowserContext":
    """A browser in which ``caller`` is signed in."""
    context = browser.new_context(
        locale=lang, viewport={"width": width, "height": 900}, accept_downloads=True
    )
    context.add_cookies(
        [
            {
                "name": SESSION_COOKIE,
                "value": caller.secret,
                "url": address.replace("http:", "https:"),
                "secure": True,
                "httpOnly": True,
                "sameSite": "Strict",
            }
        ]
    )
    return context
