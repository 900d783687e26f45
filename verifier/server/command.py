"""``certverify serve``: the public server on a publication's folder, by uvicorn, in one process or several."""

import gc
import logging
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from multiprocessing import parent_process
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Annotated, Any, NoReturn

import typer
import uvicorn
from fastapi import FastAPI
from prometheus_client import REGISTRY, CollectorRegistry
from prometheus_client.multiprocess import MultiProcessCollector

from keys.errors import KeysError
from verifier.operation.listener import listening, parse_address
from verifier.operation.logs import log_form, logging_settings
from verifier.operation.metrics import PublicationCollector
from verifier.program import EXIT_USAGE, run_program
from verifier.server.app import create_public_app
from verifier.server.connection import Connection
from verifier.server.health import missing
from verifier.server.judging import Judge
from verifier.server.settings import settings_from, to_environment

_HELP = """公开核验服务：网页与接口，只读取公布内容的文件夹 · The public verifier's pages and API, on a publication's folder.

\b
certverify serve site/ --trust root.json --host 127.0.0.1 --port 8000 --workers 2
certverify serve site/ --trust root.json --report-key report-1.pem    # CERTVERIFY_PASSPHRASE
"""
LOG_VARIABLE = "CERTVERIFY_LOG"
"""``json`` for programs; else lines for people."""
_COUNTERS = "PROMETHEUS_MULTIPROC_DIR"
"""Where several processes keep their counters, so that one can add them up."""
_TURN = 0.001
"""Seconds that a thread computes while another waits to."""
_SILENCE = 30
"""Seconds after which a process that says nothing is ended and begun anew. One that starts says nothing for 1.3 s of processor time:
uvicorn's own 5 s ended each of them, over and over, for as long as other programs had the processors."""


def serve_command(
    site: Annotated[Path, typer.Argument(help="公布内容的文件夹 · the publication's folder")],
    trust: Annotated[
        Path | None, typer.Option(metavar="ROOT_JSON", help="根文件，只相信它 · the root to pin")
    ] = None,
    report_key: Annotated[
        str,
        typer.Option(metavar="FILE|agent:SOCKET#NAME", help="评审报告密钥 · key that signs review reports"),
    ] = "",
    host: Annotated[str, typer.Option(help="监听地址 · address")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="端口 · port")] = 8000,
    workers: Annotated[int, typer.Option(min=1, max=64, help="进程数 · processes")] = 1,
    records: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="证书文件夹，供按编号与姓名查找 · files of `certreg render`, to look up by number and name",
        ),
    ] = None,
    proxies: Annotated[
        str, typer.Option(metavar="NETWORKS", help="可信反向代理 · trusted proxies, e.g. 10.0.0.0/8,::1/128")
    ] = "",
    metrics: Annotated[
        str,
        typer.Option(
            metavar="HOST:PORT", help="监测用的另一地址：/metrics、/health · metrics and health, apart"
        ),
    ] = "",
) -> None:
    """Serve until it is interrupted."""
    if not site.is_dir():
        _refuse(f"{site}: 不是文件夹 · no folder")
    if records is not None and not records.is_dir():
        _refuse(f"{records}: 不是文件夹 · no folder")
    to_environment(site, trust, proxies, records, report_key)
    try:
        settings_from(os.environ)
    except (OSError, ValueError, KeysError) as error:
        code = getattr(error, "code", type(error).__name__)
        _refuse(f"--trust | --proxies | --report-key: {code}")
    if trust is None:
        typer.echo(
            "未指定根文件，所有结论均为无法判定 · no --trust: every verdict is INDETERMINATE", err=True
        )
    with _watched(metrics, site, workers):
        uvicorn.run(
            "verifier.server.command:application",
            factory=True,
            host=host,
            port=port,
            workers=workers,
            http=Connection,
            access_log=False,  # it would write addresses; the server writes a line of its own
            proxy_headers=False,
            server_header=False,
            date_header=True,
            timeout_keep_alive=15,
            timeout_worker_healthcheck=_SILENCE,
            log_config=logging_settings(log_form(os.environ, LOG_VARIABLE)),
        )


@contextmanager
def _watched(address: str, site: Path, workers: int) -> Iterator[None]:
    """Metrics and health at ``address``, where one is given, while the block runs."""
    if not address:
        yield
        return
    try:
        parse_address(address)
    except ValueError:
        _refuse("--metrics: HOST:PORT")
    with ExitStack() as stack:
        base: Any = REGISTRY
        if workers > 1:
            folder = stack.enter_context(TemporaryDirectory(prefix="certverify-metrics-"))
            os.environ[_COUNTERS] = folder  # the workers are new processes, and find it there
            base = MultiProcessCollector(CollectorRegistry(), path=folder)  # type: ignore[no-untyped-call]
        judge = Judge(settings_from(os.environ))
        stack.callback(judge.close)
        state = PublicationCollector(site, time.time)
        try:
            stack.enter_context(listening(address, lambda: missing(judge), collectors=[state], base=base))
        except OSError as error:
            _refuse(f"--metrics {address}: {error.strerror}")
        yield


def application() -> FastAPI:
    """The application of one worker process."""
    made = create_public_app(settings_from(os.environ))
    settle()
    _end_with_parent()
    return made


def _end_with_parent() -> None:
    """One process of several ends with that which began them, however it was ended: it would keep the port, and nobody would end it."""
    parent = parent_process()
    if parent is None:
        return

    def wait() -> None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)

    Thread(target=wait, name="parent", daemon=True).start()


def settle() -> None:
    """What a process holds by now stays until it ends: collections pass it by, and come less often. Requests leave few circles.

    And threads take turns of a millisecond: a judgement lets others go while libsodium computes, and whoever takes a form apart
    would keep it waiting for five each time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 100)
    sys.setswitchinterval(_TURN)


def _refuse(text: str) -> NoReturn:
    typer.echo(text, err=True)
    raise typer.Exit(EXIT_USAGE)


app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
app.command(help=_HELP)(serve_command)


def main() -> None:
    """Entry point ``certverify serve``."""
    logging.captureWarnings(True)
    run_program(app)
