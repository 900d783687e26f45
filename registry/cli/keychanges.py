"""``key …``: the end of an authority's key, of the status key, of the log's key; and what a compromise leaves behind."""

from typing import Annotated

import typer
from rich.table import Table

from keys.encodings import timestamp_encode
from registry.cli.common import registry_app
from registry.cli.issuing import progress_bar
from registry.cli.offices import tell_version
from registry.cli.shell import EXIT_REFUSED_ROWS, SHELL
from registry.keychanges import add_report_key, end_key
from registry.reattestation import affected, reattest
from verifier.cli import parse_time

keys = typer.Typer(
    no_args_is_help=True, help="密钥更换、泄露与补救 · Keys: superseded, compromised, and what follows."
)

KeyName = Annotated[
    str,
    typer.Argument(
        metavar="KEY_ID", help="410100#2026-1 | status-1 | report-1 | log，或完整标识 · or a whole key id"
    ),
]
Reason = Annotated[str, typer.Option("--reason", help="事由（公开）· public reason")]


@keys.command("supersede")
def supersede(key: KeyName, reason: Reason) -> None:
    """正常更换：旧密钥此后不再签发，已发证书有效 · Replace in good order; what it signed stands."""
    _end(key, reason, None)


@keys.command("revoke")
def revoke(
    key: KeyName,
    reason: Reason,
    compromised_from: Annotated[
        str, typer.Option(metavar="TIME", help="自何时起视为泄露 · compromised from this time on")
    ],
) -> None:
    """密钥泄露：此前入日志的有效，此后的无效 · Compromised: what was logged before stands, what came after fails."""
    _end(key, reason, parse_time(compromised_from))


@keys.command("report")
def report_command() -> None:
    """为早先建立的登记系统增设评审报告密钥 · List a key for review reports, in a registry made before there were any."""
    with registry_app() as app:
        with app.write() as session:
            trust_list = add_report_key(session, app.keyring, now=app.clock())
        app.sign_log()
    tell_version(trust_list, trust_list.report_keys[-1].id)


@keys.command("affected")
def affected_command(
    key: KeyName,
    compromised_from: Annotated[
        str | None, typer.Option(metavar="TIME", help="事先查询 · ask before revoking")
    ] = None,
) -> None:
    """列出受泄露影响的证书 · List the certificates that a compromise leaves without ground."""
    moment = parse_time(compromised_from) if compromised_from else None
    with registry_app() as app, app.database.read() as session:
        found = affected(session, key, compromised_from=moment)
    table = Table("编号 Number", "入日志时间 Logged", "状态 State")
    for one in found:
        logged = timestamp_encode(one.issue.time)
        table.add_row(one.issue.number, logged, one.state)
        SHELL.say_json({"number": one.issue.number, "logged": logged, "state": one.state})
    if not SHELL.as_json:
        SHELL.out.print(table)
    SHELL.say_json({"affected": len(found), "inForce": sum(one.state == "issued" for one in found)})


@keys.command("reattest")
def reattest_command(key: KeyName) -> None:
    """为受影响的证书换发新编号，旧编号指向新证书；中断后重新运行即可 · New numbers for the affected; run it again after a crash."""
    with registry_app() as app:
        with app.database.read() as session:
            waiting = sum(one.state == "issued" for one in affected(session, key))
        with progress_bar(waiting) as observe:
            done = reattest(app, key, observe)
    for old, new in done.successors:
        SHELL.say_json({"number": old, "successor": new})
    for number, reason in done.left:
        SHELL.say(f"未换发 {number}：{reason}", f"left as it is, {number}: {reason}")
    SHELL.say(
        f"已换发 {len(done.successors)} 份，未换发 {len(done.left)} 份。请运行 certreg publish，并通知持证人领取新证书。",
        f"{len(done.successors)} attested anew, {len(done.left)} left. Publish, and tell the holders to fetch their new certificates.",
    )
    SHELL.say_json({"reattested": len(done.successors), "left": [list(one) for one in done.left]})
    if done.left:
        raise typer.Exit(EXIT_REFUSED_ROWS)


def _end(key: str, reason: str, compromised_from: int | None) -> None:
    with registry_app() as app:
        with app.write() as session:
            trust_list = end_key(
                session,
                app.keyring,
                key,
                reason=reason,
                compromised_from=compromised_from,
                now=app.clock(),
            )
        app.sign_log()
    tell_version(trust_list, key)
