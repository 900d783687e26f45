"""``certreg serve``: the console and the public verifier on one port, and a worker beside them.

Three processes. This one has no network: it starts the worker, which has the passphrase, and the web process, which has
not (it is taken out of its environment, and standard input is no terminal to ask at). Either ends with this one, however
that dies.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from threading import Event
from typing import Annotated

import typer

from registry.cli.common import EXIT_ERROR, SHELL, registry_app
from registry.console.settings import ORIGIN, PREFIX, console_settings_from
from registry.jobs.supervision import supervised_worker
from registry.settings import PASSPHRASE_VARIABLE, PIN_VARIABLE

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
    metrics: Metrics = "",
    worker_metrics: Annotated[
        str, typer.Option(metavar="HOST:PORT", help="后台任务进程的监测地址 · the same of the worker")
    ] = "",
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
            more = ("--metrics", worker_metrics) if worker_metrics else ()
            stack.enter_context(supervised_worker(app.database, environment, options=more))
        words = ["--host", host, "--port", str(port), *(("--site", str(site)) if site else ())]
        words += ["--metrics", metrics] if metrics else []
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
    command = [sys.executable, "-m", "registry.cli.web", *words]
    return subprocess.Popen(command, stdin=subprocess.PIPE, env=environment)


def _end(web: "subprocess.Popen[bytes]") -> None:
    assert web.stdin is not None  # noqa: S101 - we asked for a pipe
    web.stdin.close()
    try:
        web.wait(_GOODBYE)
    except subprocess.TimeoutExpired:
        web.kill()
        web.wait()
