"""``trail``: seal, check and export the audit trail; ``verify`` an export anywhere, with no registry at hand."""

import os
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from keys.encodings import timestamp_encode
from registry.actors import SYSTEM
from registry.cli.common import errors_told, registry_app
from registry.cli.publishing import app_or_none, own_pin, own_site
from registry.cli.shell import EXIT_ERROR, SHELL
from registry.files import PRIVATE, fresh_file
from registry.trail.checking import check_trail
from registry.trail.export import MAX_LINE, export_trail
from registry.trail.sealing import seal_trail
from registry.trail.service import head_of, record
from registry.trail.verifying import TrailReport, verify_trail
from registry.troubles import sentence_of_trouble
from verifier.cli import parse_fingerprint, parse_time
from verifier.errors import SourceError
from verifier.messages import sentence_of
from verifier.program import EXIT_USAGE
from verifier.report import Verdict
from verifier.session import Options, UsageError, open_publication, read_pin

trail = typer.Typer(no_args_is_help=True, help="审计记录 · The audit trail.")
_EXIT = {Verdict.PASSED: 0, Verdict.FAILED: 1, Verdict.INDETERMINATE: 2}
_VERDICTS = {
    Verdict.PASSED: ("审计记录核验通过", "The audit trail passed"),
    Verdict.FAILED: ("审计记录核验未通过", "The audit trail FAILED"),
    Verdict.INDETERMINATE: ("审计记录无法核验", "The audit trail is INDETERMINATE"),
}
MAX_TOLD = 50
"""Findings that are told one by one."""


@trail.command("seal")
def seal_command() -> None:
    """立即封存到透明日志（公布时每日自动封存）· Seal the trail's head in the log now; publishing does so daily."""
    with registry_app() as app:
        with app.write() as session:
            seal = seal_trail(session, now=app.clock())
        app.sign_log()
    if seal is None:
        SHELL.say("没有新的审计记录需要封存。", "Nothing was recorded since the last seal.")
    else:
        SHELL.say(
            f"已封存 {seal.count} 条审计记录（日志第 {seal.leaf_index} 条）。",
            f"{seal.count} acts are sealed (entry {seal.leaf_index} of the log).",
        )
    SHELL.say_json({"sealed": seal.count if seal else None, "leafIndex": seal.leaf_index if seal else None})


@trail.command("check")
def check_command() -> None:
    """重算全部审计记录，并与透明日志中的封存比对 · Recompute the trail and compare it with the log's seals."""
    with registry_app(reading=True) as app, app.database.read() as session:
        troubles, count = check_trail(session), head_of(session).count
    for trouble in troubles[:MAX_TOLD]:
        sentence = sentence_of_trouble(trouble.code, SHELL.lang)
        SHELL.complain(f"{trouble.code} {trouble.subject}: {sentence}", trouble.code)
    SHELL.say(
        f"核对审计记录 {count} 条：问题 {len(troubles)} 处。", f"{count} acts: {len(troubles)} troubles."
    )
    SHELL.say_json({"count": count, "troubles": [[one.code, one.subject] for one in troubles]})
    if troubles:
        raise typer.Exit(EXIT_ERROR)


@trail.command("export")
def export_command(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="导出文件（JSON 行）· the file to write")],
) -> None:
    """导出全部审计记录交审计人员核验；导出本身也记入 · Export the whole trail for an auditor; that is recorded too."""
    with registry_app() as app:
        with app.database.write() as session:
            record(session, SYSTEM, "trail.export", subject="trail", now=app.clock())
        with (
            app.database.read() as session,
            fresh_file(file, mode=PRIVATE) as fresh,
            fresh.open("wb") as stream,
        ):
            stream.writelines(export_trail(session, host=app.host, now=app.clock()))
            stream.flush()
            os.fsync(stream.fileno())
            fresh.replace(file)
            count = head_of(session).count
    SHELL.say(f"{file}：{count} 条", f"{file}: {count} acts")
    SHELL.say_json({"file": str(file), "count": count})


@trail.command("verify")
def verify_command(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="certreg trail export 的文件 · the export")],
    source: Annotated[
        str | None,
        typer.Argument(metavar="[URL_OR_FOLDER]", help="公布网址或文件夹，缺省为本系统的 site · publication"),
    ] = None,
    trust: Annotated[str | None, typer.Option(metavar="ROOT_JSON", help="根文件 · the root to pin")] = None,
    root_fingerprint: Annotated[
        str | None, typer.Option(metavar="SHA256", help="或：根文件的指纹 · or the root file's fingerprint")
    ] = None,
    at: Annotated[str | None, typer.Option(metavar="TIME", help="核验时间 · as of this time")] = None,
) -> None:
    """离线核验导出的审计记录与透明日志的封存是否一致 · Verify an export against the heads sealed in the log.

    退出码 · exit codes: 0 通过 PASSED, 1 未通过 FAILED, 2 无法判定 INDETERMINATE, 64 用法 usage.
    """
    app = app_or_none()
    options = Options(
        root=trust,
        fingerprint=parse_fingerprint(root_fingerprint),
        source=source or own_site(app),
        pin=own_pin(app),
        lang=SHELL.lang,
    )
    if app is not None:
        app.database.close()
    now = parse_time(at) if at else int(time.time())
    with errors_told():
        report = _verified(file, options, now)
    _tell(report)
    raise typer.Exit(_EXIT[report.verdict])


def _verified(file: Path, options: Options, now: int) -> TrailReport:
    try:
        with closing(open_publication(options)) as publication, file.open("rb") as stream:
            lines = iter(lambda: stream.readline(MAX_LINE + 1), b"")
            return verify_trail(
                lines, publication, pin=read_pin(options), fingerprint=options.fingerprint, now=now
            )
    except UsageError as error:
        sys.stderr.write(error.text + "\n")
    except SourceError as error:
        sys.stderr.write(sentence_of(error.code, SHELL.lang) + "\n")
    raise typer.Exit(EXIT_USAGE)


def _tell(report: TrailReport) -> None:
    zh, en = _VERDICTS[report.verdict]
    SHELL.say(zh, en)
    rest = report.count - report.sealed
    exported = timestamp_encode(report.exported_at) if report.exported_at else "–"
    SHELL.say(
        f"{report.registry or '–'}，导出于 {exported}：{report.count} 条，其中 {report.sealed} 条已封存（{report.seals} 次），"
        f"{rest} 条尚待封存；导出之后另有封存 {report.later_seals} 次。",
        f"{report.registry or '–'}, exported at {exported}: {report.count} acts, {report.sealed} sealed ({report.seals} seals), "
        f"{rest} not sealed yet; {report.later_seals} seals since the export.",
    )
    for trouble in report.troubles[:MAX_TOLD]:
        sentence = sentence_of_trouble(trouble.code, SHELL.lang)
        SHELL.say(
            f"- {trouble.code} {trouble.subject}：{sentence}",
            f"- {trouble.code} {trouble.subject}: {sentence}",
        )
    SHELL.say_json(
        {
            "verdict": report.verdict.value,
            "registry": report.registry,
            "exportedAt": exported,
            "count": report.count,
            "sealed": report.sealed,
            "seals": report.seals,
            "laterSeals": report.later_seals,
            "troubles": [[one.code, one.subject] for one in report.troubles],
        }
    )
