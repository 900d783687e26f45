"""``certreg serve``: the console and the public verifier on one port, and a worker beside them.

Three processes. This one has no network: it starts the worker, which has the passphrase, and the web process, which has
not (it is taken out of its environment, and standard input is no terminal to ask at). Either ends with this one, however
that dies.
"""

import logging
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import ExitStack, closing
from pathlib import Path
from threading import Event
from typing import Annotated, Any

import typer
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from keys.trustchain import parse_pin
from registry.app import App, open_app
from registry.cli.common import EXIT_ERROR, SHELL, errors_told, registry_app
from registry.cli.working import stop_with_input
from registry.console.app import create_console_app
from registry.console.routing import PREFIX
from registry.console.settings import ORIGIN, console_settings_from
from registry.jobs.supervision import supervised_worker
from registry.settings import PASSPHRASE_VARIABLE, PIN_VARIABLE
from verifier.server.app import create_public_app
from verifier.server.settings import PublicSettings

_SECRETS = tuple(f"{name}{end}" for name in (PASSPHRASE_VARIABLE, PIN_VARIABLE) for end in ("", "_FILE"))
"""What the web process is not told."""
_GOODBYE = 15

Address = Annotated[str, typer.Option(help="监听地址 · address to listen at")]
Port = Annotated[int, typer.Option(min=1, max=65535, help="端口 · port")]
Site = Annotated[
    Path | None, typer.Option(help="公布内容的文件夹，缺省为登记系统的 site · the publication's folder")
]


def serve(
    host: Address = "127.0.0.1",
    port: Port = 8700,
    site: Site = None,
    worker: Annotated[bool, typer.Option(help="同时运行后台任务进程 · run a worker, too")] = True,
) -> None:
    """启动工作台与公开核验，直至 Ctrl-C · The console and the public verifier until Ctrl-C.

    对外服务须由反向代理提供 HTTPS：CERTREG_CONSOLE_ORIGIN=https://…，CERTREG_CONSOLE_PROXIES=代理网段 ·
    For others than this machine a reverse proxy gives TLS.
    """
    stop = Event()
    for sign in (signal.SIGINT, signal.SIGTERM):
        signal.signal(sign, lambda _, __: stop.set())
    with registry_app() as app, ExitStack() as stack:
        # Without an address of its own the console is for this machine; children do not see --home.
        environment = {
            ORIGIN: f"http://localhost:{port}",
            **os.environ,
            "CERTREG_HOME": str(app.settings.home),
        }
        settings = console_settings_from(environment)
        if worker:
            stack.enter_context(supervised_worker(app.database, environment))
        words = ["serve-web", "--host", host, "--port", str(port), *(("--site", str(site)) if site else ())]
        web = stack.enter_context(_web_process(words, without_secrets(environment)))
        SHELL.say(
            f"工作台：{settings.origin}{PREFIX}/  按 Ctrl-C 停止。",
            f"The console: {settings.origin}{PREFIX}/  Ctrl-C ends it.",
        )
        while not stop.wait(0.2) and web.poll() is None:
            pass
        _end(web)
    if web.returncode and not stop.is_set():
        raise typer.Exit(EXIT_ERROR)


def without_secrets(environment: Mapping[str, str]) -> dict[str, str]:
    """``environment`` for a process that faces the world."""
    return {name: value for name, value in environment.items() if name not in _SECRETS}


def _web_process(words: list[str], environment: dict[str, str]) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "registry.cli.main", *words]
    return subprocess.Popen(command, stdin=subprocess.PIPE, env=environment)


def _end(web: "subprocess.Popen[bytes]") -> None:
    assert web.stdin is not None  # noqa: S101 - we asked for a pipe
    web.stdin.close()
    try:
        web.wait(_GOODBYE)
    except subprocess.TimeoutExpired:
        web.kill()
        web.wait()


def serve_web(host: Address = "127.0.0.1", port: Port = 8700, site: Site = None) -> None:
    """The web process of ``serve``; its standard input's end is its own."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("alembic").setLevel(logging.WARNING)
    logging.captureWarnings(True)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides; a terminal sends it to both
    with errors_told():
        app = open_app(os.environ, home=SHELL.home, reading=True)
    with closing(app.database):
        server = uvicorn.Server(
            uvicorn.Config(
                both_apps(app, os.environ, site or app.settings.site),
                host=host,
                port=port,
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
    """The console below its prefix; the public verifier for all else, once there is a publication."""
    settings = console_settings_from(environment)
    console = create_console_app(app, settings)
    pin, public = site / "root.json", None
    if pin.is_file():
        root = parse_pin(pin.read_bytes())
        public = create_public_app(PublicSettings(site, pin=root, proxies=settings.proxies))

    async def both(scope: Scope, receive: Receive, send: Send) -> None:
        inside = scope["type"] == "http" and (scope["path"] + "/").startswith(PREFIX + "/")
        chosen: Any = console if inside or public is None else public
        await chosen(scope, receive, send)

    return both
