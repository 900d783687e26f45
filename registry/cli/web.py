"""The web process of ``certreg serve``: a program of its own, so that no other command loads what it needs.

``python -m registry.cli.web --host 127.0.0.1 --port 8700``. It ends with its standard input, which its parent holds.
"""

import logging
import logging.config
import os
import signal
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from threading import Event
from typing import Any

import typer
import uvicorn
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from keys.trustchain import parse_pin
from registry.app import App, open_app
from registry.cli.common import errors_told
from registry.cli.heldrecords import HeldRecords
from registry.cli.serving import Address, Metrics, Port, Site
from registry.cli.shell import EXIT_ERROR, SHELL
from registry.cli.watching import LOG_VARIABLE, watched
from registry.cli.working import stop_with_input
from registry.console.app import create_console_app
from registry.console.settings import PREFIX, console_settings_from
from registry.operation.health import PREFIX as HEALTH
from registry.operation.health import HealthPages, Readiness
from verifier.cli import LANGUAGE_VARIABLE
from verifier.operation.logs import log_form, logging_settings
from verifier.server.app import create_public_app
from verifier.server.connection import Connection
from verifier.server.settings import PublicSettings


def serve_web(
    host: Address = "127.0.0.1", port: Port = 8700, site: Site = None, metrics: Metrics = ""
) -> None:
    """The web process of ``serve``; its standard input's end is its own."""
    logging.config.dictConfig(logging_settings(log_form(os.environ, LOG_VARIABLE)))
    logging.captureWarnings(True)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides
    SHELL.lang = os.environ.get(LANGUAGE_VARIABLE) or SHELL.lang
    with errors_told():
        app = open_app(os.environ, home=SHELL.home, reading=True)
    with closing(app.database), watched(app, metrics):
        server = uvicorn.Server(
            uvicorn.Config(
                both_apps(app, os.environ, site or app.settings.site),
                host=host,
                port=port,
                http=Connection,
                access_log=False,  # it would write addresses; both applications write a line of their own
                proxy_headers=False,
                server_header=False,
                timeout_keep_alive=15,
                timeout_graceful_shutdown=10,
                log_config=None,
            )
        )
        gone = _ServerStop(server)
        stop_with_input(gone)
        server.run()
    raise typer.Exit(0 if gone.is_set() else EXIT_ERROR)


class _ServerStop(Event):
    """Setting it ends the server, after the answers that are under way."""

    def __init__(self, server: uvicorn.Server) -> None:
        super().__init__()
        self._server = server

    def set(self) -> None:
        """End."""
        super().set()
        self._server.should_exit = True


def both_apps(app: App, environment: Mapping[str, str], site: Path) -> ASGIApp:
    """The console below its prefix, to which the bare address leads; the public verifier for all else, once there is a publication."""
    settings = console_settings_from(environment)
    console = create_console_app(app, settings)
    pin, public = site / "root.json", None
    if pin.is_file():
        root = parse_pin(pin.read_bytes())
        records = HeldRecords(app)
        public = create_public_app(PublicSettings(site, pin=root, records=records, proxies=settings.proxies))

    health = HealthPages(Readiness(app))
    entrance = RedirectResponse(f"{PREFIX}/", status_code=303)

    async def both(scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"] if scope["type"] == "http" else ""
        inside = (path + "/").startswith(PREFIX + "/")
        chosen: Any = console if inside or public is None else public
        if path == "/" and scope["method"] in ("GET", "HEAD"):
            chosen = entrance
        await (health if path.startswith(HEALTH) else chosen)(scope, receive, send)

    return both


if __name__ == "__main__":
    typer.run(serve_web)
