"""``log audit``: the public audit, with this registry's own publication and root where none are named."""

from pathlib import Path
from typing import Annotated

import typer

from registry.cli.publishing import app_or_none, own_pin, own_site
from registry.cli.shell import SHELL
from verifier.audit.command import run_audit
from verifier.cli import parse_fingerprint, parse_time, use_colour
from verifier.session import Options

log = typer.Typer(no_args_is_help=True, help="透明日志 · The transparency log.")


@log.callback()
def options() -> None:
    """Keeps ``audit`` a word of its own while it is the only one."""


@log.command("audit")
def audit_command(
    source: Annotated[
        str | None,
        typer.Argument(metavar="[URL_OR_FOLDER]", help="公布网址或文件夹，缺省为本系统的 site · publication"),
    ] = None,
    trust: Annotated[str | None, typer.Option(metavar="ROOT_JSON", help="根文件 · the root to pin")] = None,
    root_fingerprint: Annotated[
        str | None, typer.Option(metavar="SHA256", help="或：根文件的指纹 · or the root file's fingerprint")
    ] = None,
    state: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="审计状态：记住见过的检查点 · remembers checkpoints seen"),
    ] = None,
    at: Annotated[str | None, typer.Option(metavar="TIME", help="审计时间 · audit as of this time")] = None,
) -> None:
    """审计整个日志：与 certverify audit 相同 · Replay the whole log and check every entry, as certverify audit.

    退出码 · exit codes: 0 通过 PASSED, 1 未通过 FAILED, 2 无法判定 INDETERMINATE, 64 用法 usage.
    """
    app = app_or_none()
    chosen = Options(
        root=trust,
        fingerprint=parse_fingerprint(root_fingerprint),
        source=source or own_site(app),
        pin=own_pin(app),
        at=parse_time(at) if at else None,
        lang=SHELL.lang,
        as_json=SHELL.as_json,
        colour=use_colour(),
    )
    if app is not None:
        app.database.close()
    raise typer.Exit(run_audit(chosen, state=state))
