"""``certreg worker``: does the background work that the console orders; the process that opens keys, so that the console need not."""

import logging.config
import os
import signal
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from threading import Event, Thread
from typing import Annotated

import typer

from registry.apart import KeptAgent
from registry.cases import working as cases
from registry.cli.common import registry_app
from registry.cli.shell import SHELL
from registry.cli.watching import LOG_VARIABLE, watched
from registry.jobs.supervision import worker_name
from registry.jobs.worker import JobKind, work
from registry.province import changes as province
from registry.review import issuing as review
from registry.uptodate import keep_published
from verifier.operation.logs import log_form, logging_settings

KINDS: dict[str, JobKind] = {**review.KINDS, **cases.KINDS, **province.KINDS}
"""Every kind of background work by its name; a capability adds its own here."""


def worker(
    name: Annotated[
        str, typer.Option(help="名称，缺省自动生成 · a name of its own, made up by default")
    ] = "",
    publish: Annotated[
        Path | None,
        typer.Option(
            help="同时随时更新此文件夹中的公布内容 · keep the publication in this folder up to date, too"
        ),
    ] = None,
    metrics: Annotated[
        str,
        typer.Option(
            metavar="HOST:PORT", help="监测用的地址：/metrics、/health · address of metrics and health"
        ),
    ] = "",
    child: Annotated[bool, typer.Option("--child", hidden=True)] = False,
) -> None:
    """办理后台任务：签发、批量打印等，直至 Ctrl-C · Do the console's background work until Ctrl-C."""
    logging.config.dictConfig(logging_settings(log_form(os.environ, LOG_VARIABLE)))
    stop = Event()
    for sign in (signal.SIGINT, signal.SIGTERM):
        signal.signal(sign, lambda _, __: stop.set())
    if child:
        stop_with_input(stop)
    missing: list[str] = []
    with registry_app() as one, closing(KeptAgent()) as agent, watched(one, metrics, missing):
        app = replace(one, agent=agent)
        SHELL.say("后台任务已开始，按 Ctrl-C 停止。", "Background work has begun; Ctrl-C ends it.")
        publishing = Thread(
            target=keep_published,
            args=(app, publish),
            kwargs={"stop": stop, "missing": missing},
            name="publishing",
        )
        if publish is not None:
            publishing.start()
        try:
            work(app, KINDS, name=name or worker_name(), stop=stop)
        finally:
            # Where that raised nobody told the other thread, and a process that does no work would go on.
            stop.set()
            if publish is not None:
                publishing.join()


def stop_with_input(stop: Event) -> None:
    """Set ``stop`` when standard input ends, which is when the parent does, however it died."""

    def wait() -> None:
        while os.read(sys.stdin.fileno(), 1024):
            pass
        stop.set()

    Thread(target=wait, name="parent", daemon=True).start()
