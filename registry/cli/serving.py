"""``certreg serve``: the console and the public verifier on one port, and a worker beside them.

Three processes. This one has no network: it starts the worker, which has the passphrase, and the web process, which has
not (it is taken out of its environment, and standard input is no terminal to ask at). Either ends with this one, however
that dies.
"""

import errno
import logging.config
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from threading import Event
from typing import Annotated

import typer

from registry.app import App
from registry.cli.common import registry_app
from registry.cli.shell import EXIT_ERROR, SHELL
from registry.cli.watching import LOG_VARIABLE
from registry.console.settings import ORIGIN, PREFIX, console_settings_from
from registry.errors import RegistryError
from registry.jobs.supervision import supervised_worker
from registry.publication import publish
from registry.published import PIN
from registry.settings import PASSPHRASE_VARIABLE, PIN_VARIABLE
from verifier.cli import LANGUAGE_VARIABLE
from verifier.operation.logs import log_form, logging_settings

_SECRETS = tuple(f"{name}{end}" for name in (PASSPHRASE_VARIABLE, PIN_VARIABLE) for end in ("", "_FILE"))
"""What the web process is not told."""
_GOODBYE = 15

Address = Annotated[str, typer.Option(help="监听地址 · address to listen at")]
Port = Annotated[int, typer.Option(min=1, max=65535, help="端口 · port")]
Metrics = Annotated[
    str,
    typer.Option(metavar="HOST:PORT", help="监测用的另一地址：/metrics、/health · metrics and health, apart"),
]
Site = Annotated[
    Path | None, typer.Option(help="公布内容的文件夹，缺省为登记系统的 site · the publication's folder")
]


def serve(
    host: Address = "127.0.0.1",
    port: Port = 8700,
    site: Site = None,
    worker: Annotated[bool, typer.Option(help="同时运行后台任务进程 · run a worker, too")] = True,
    published: Annotated[
        bool,
        typer.Option(
            "--publish/--no-publish",
            help="由后台任务进程随时更新公布内容 · the worker keeps the publication up to date",
        ),
    ] = True,
    metrics: Metrics = "",
    worker_metrics: Annotated[
        str, typer.Option(metavar="HOST:PORT", help="后台任务进程的监测地址 · the same of the worker")
    ] = "",
) -> None:
    """启动工作台与公开核验，直至 Ctrl-C · The console and the public verifier until Ctrl-C.

    对外服务须由反向代理提供 HTTPS：CERTREG_CONSOLE_ORIGIN=https://…，CERTREG_CONSOLE_PROXIES=代理网段 ·
    For others than this machine a reverse proxy gives TLS.
    """
    logging.config.dictConfig(logging_settings(log_form(os.environ, LOG_VARIABLE)))
    with registry_app() as app:
        serve_registry(
            app,
            {ORIGIN: f"http://localhost:{port}", **os.environ},
            host,
            port,
            site,
            worker=worker,
            published=published,
            metrics=(metrics, worker_metrics),
        )


def for_children(app: App, environment: Mapping[str, str]) -> dict[str, str]:
    """What the children are told: they do not see ``--home`` and ``--lang``."""
    return {**environment, "CERTREG_HOME": str(app.settings.home), LANGUAGE_VARIABLE: SHELL.lang}


def serve_registry(
    app: App,
    environment: Mapping[str, str],
    host: str,
    port: int,
    site: Path | None,
    *,
    worker: bool = True,
    published: bool = True,
    metrics: tuple[str, str] = ("", ""),
    ready: Callable[[str, Event], None] | None = None,
) -> None:
    """Serve ``app``'s registry until a signal; raises ``typer.Exit`` where the web process failed.

    ``metrics``: addresses of the web process's and of the worker's. ``ready`` is told the console's address and the event
    that ends it, once it answers.
    """
    stop, target, environment = Event(), site or app.settings.site, for_children(app, environment)
    for sign in (signal.SIGINT, signal.SIGTERM):
        signal.signal(sign, lambda _, __: stop.set())
    settings = console_settings_from(environment)
    require_free(host, port)
    if worker and published and not (target / PIN).is_file():
        publish(app, target)  # the first time before anybody asks: the verifier needs its root at the start
    with ExitStack() as stack:
        if worker:
            options: tuple[str, ...] = ("--publish", str(target.resolve())) if published else ()
            options += ("--metrics", metrics[1]) if metrics[1] else ()
            stack.enter_context(supervised_worker(app.database, environment, options=options))
        words = ["--host", host, "--port", str(port), "--site", str(target.resolve())]
        words += ["--metrics", metrics[0]] if metrics[0] else []
        web = stack.enter_context(_web_process(words, without_secrets(environment)))
        if _listens(host, port, web, stop):
            SHELL.say(
                f"工作台：{settings.origin}{PREFIX}/  公开核验：{settings.origin}/v  按 Ctrl-C 停止。",
                f"The console: {settings.origin}{PREFIX}/  The public verifier: {settings.origin}/v  Ctrl-C ends both.",
            )
            if ready is not None:
                ready(settings.origin, stop)
        elif not stop.is_set():
            raise typer.Exit(EXIT_ERROR)
        while not stop.wait(0.2) and web.poll() is None:
            pass
        _end(web)
    if web.returncode and not stop.is_set():
        raise typer.Exit(EXIT_ERROR)


def require_free(host: str, port: int) -> None:
    """Nobody listens at the port yet; raises ``RegistryError`` (``port_taken``). The web process would only fail later."""
    try:
        with socket.create_server((host, port), reuse_port=False):
            pass
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        raise RegistryError("port_taken", port=port) from error


def without_secrets(environment: Mapping[str, str]) -> dict[str, str]:
    """``environment`` for a process that faces the world."""
    return {name: value for name, value in environment.items() if name not in _SECRETS}


def _web_process(words: list[str], environment: dict[str, str]) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "registry.cli.web", *words]
    # An interrupt from the terminal is for the parent, also while this one still loads its modules.
    return subprocess.Popen(command, stdin=subprocess.PIPE, env=environment, start_new_session=True)


def _listens(host: str, port: int, web: "subprocess.Popen[bytes]", stop: Event) -> bool:
    """Wait until somebody can open the address: nobody is sent to a page that is not there yet. False: it never will be, or ``stop``."""
    while not stop.wait(0.1) and web.poll() is None:
        with suppress(OSError), socket.create_connection((host, port), timeout=5):
            return True
    return False


def _end(web: "subprocess.Popen[bytes]") -> None:
    assert web.stdin is not None  # noqa: S101 - we asked for a pipe
    web.stdin.close()
    try:
        web.wait(_GOODBYE)
    except subprocess.TimeoutExpired:
        web.kill()
        web.wait()
