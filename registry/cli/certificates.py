"""``show``, ``render``, ``revoke``, ``suspend``, ``reinstate``, ``correct``: one certificate and its life."""

import sys
from collections.abc import Callable
from getpass import getpass
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from sqlalchemy import select

from keys.encodings import timestamp_encode
from registry.cli.common import EXIT_ERROR, EXIT_USAGE, SHELL, registry_app
from registry.cli.issuing import finished_json
from registry.correction import correct
from registry.errors import RegistryError
from registry.faces.renderer import FaceRenderer
from registry.handout import FORMATS, prepare, write_files
from registry.models import Certificate, StatusEvent
from registry.status import REASONS, change_status, state_of
from verifier.errors import FormError
from verifier.number import parse_typed_number
from verifier.record import parse_record

Number = Annotated[
    str, typer.Argument(metavar="NUMBER", help="证书编号，可含空格 · certificate number, spaces allowed")
]


def show(number: Number) -> None:
    """显示一份证书：签名内容、状态、日志位置 · A certificate's signed fields, state, history and place in the log."""
    with registry_app() as app, app.database.read() as session:
        digits = parse(number)
        certificate = session.get(Certificate, digits)
        if certificate is None:
            raise RegistryError("number_unknown", number=digits)
        events = list(
            session.scalars(select(StatusEvent).filter_by(number=digits).order_by(StatusEvent.leaf_index))
        )
        state = state_of(session, digits)
    document = parse_record(certificate.record).peek_document
    history = [
        {
            "action": one.action,
            "reason": one.reason,
            "at": timestamp_encode(one.at),
            "successor": one.successor,
        }
        for one in events
    ]
    SHELL.say_json(
        {"state": state, "leafIndex": certificate.leaf_index, "history": history, "record": document}
    )
    if SHELL.as_json:
        return
    table = Table(show_header=False, title=parse_typed_number(digits).printed)
    for name, value in document["credentialSubject"].items():
        table.add_row(name, str(value))
    table.add_row("issuer", document["issuer"]["name"])
    table.add_row("validFrom", document["validFrom"])
    table.add_row("状态 state", state)
    table.add_row("日志 log index", str(certificate.leaf_index))
    for event in history:
        successor = f" → {event['successor']}" if event["successor"] else ""
        table.add_row(str(event["at"]), f"{event['action']} ({event['reason']}){successor}")
    SHELL.out.print(table)


def render(
    numbers: Annotated[list[str], typer.Argument(metavar="NUMBER...", help="证书编号 · numbers")],
    out: Annotated[Path, typer.Option(help="输出文件夹 · folder for the files")] = Path(),
    formats: Annotated[str, typer.Option("--format", help="json,pdf,png")] = ",".join(FORMATS),
) -> None:
    """出具证书文件（先经公开核验）· Draw the files of certificates, each verified first."""
    wanted = tuple(formats.split(","))
    if not set(wanted) <= set(FORMATS):
        SHELL.complain(f"--format: {','.join(FORMATS)}", "usage")
        raise typer.Exit(EXIT_USAGE)
    renderer = FaceRenderer()
    with registry_app() as app:
        for number in numbers:
            files = write_files(prepare(app, parse(number)), out, renderer, wanted)
            for file in files:
                SHELL.say(str(file), str(file))
            SHELL.say_json({"number": parse(number), "files": [str(file) for file in files]})


def _status_command(action: str, chinese: str, english: str) -> Callable[..., None]:
    codes = " | ".join(REASONS[action])

    def command(
        number: Number, reason: Annotated[str, typer.Option(help=f"公开事由代码 · public code: {codes}")]
    ) -> None:
        with registry_app() as app:
            digits = parse(number)
            with app.write() as session:
                event = change_status(session, digits, action=action, reason=reason, now=app.clock())
            app.sign_log()
        SHELL.say(
            f"{digits}：{chinese}（{reason}）。请运行 certreg publish 公布状态。",
            f"{digits}: {action} ({reason}). Publish the status with certreg publish.",
        )
        SHELL.say_json({"number": digits, "action": action, "reason": reason, "leafIndex": event.leaf_index})

    command.__doc__ = f"{chinese} · {english}"
    return command


revoke = _status_command("revoke", "撤销证书（不可恢复）", "Revoke for good.")
suspend = _status_command("suspend", "暂停证书效力", "Suspend for a while.")
reinstate = _status_command("reinstate", "恢复证书效力", "End a suspension.")


def correct_command(
    number: Number,
    reason: Annotated[
        str, typer.Option(help="更正缘由，记入屏幕与回执 · why; the public reason is 'superseded'")
    ],
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="FIELD=VALUE", help="要改的项目，可多次 · what changes, repeatable"),
    ] = None,
    identity_stdin: Annotated[
        bool,
        typer.Option(
            "--identity-stdin",
            help="更正证件号码：从标准输入读入，终端上则提示输入 · the right identity number, from standard input",
        ),
    ] = False,
) -> None:
    """更正证书：发新编号，旧证注明被取代 · Correct: a new number, the old one superseded.

    项目 · fields: name employer grade professionalHours publicHours … （certreg show 可见）
    """
    with registry_app() as app:
        digits = parse(number)
        identity = _identity_asked() if identity_stdin else None
        finished = correct(app, digits, dict(map(_assignment, set_ or ())), identity=identity)
    SHELL.say_json({**finished_json(finished), "corrects": digits, "reason": reason})
    if finished.void:
        SHELL.complain(f"{finished.void}", "not_verified")
        raise typer.Exit(EXIT_ERROR)
    SHELL.say(
        f"{digits} 已由 {finished.issued[0]} 取代（{reason}）。请运行 certreg publish 公布状态。",
        f"{digits} is superseded by {finished.issued[0]} ({reason}). Publish the status with certreg publish.",
    )


def parse(number: str) -> str:
    """20 digits of what was typed; raises ``RegistryError``."""
    try:
        return parse_typed_number(number).digits
    except FormError as error:
        raise RegistryError(error.code, number=number[:40]) from error


def _identity_asked() -> str:
    """A whole identity number is no argument: those stand in the shell's history and in every list of processes."""
    if sys.stdin.isatty():
        return getpass("更正后的证件号码（不显示）· The right identity number (not shown): ").strip()
    return sys.stdin.readline().strip()


def _assignment(text: str) -> tuple[str, str | int]:
    name, separator, value = text.partition("=")
    if not separator:
        raise RegistryError("correction_field", field=text[:40])
    return name, int(value) if value.isascii() and value.isdecimal() and name.endswith("Hours") else value
