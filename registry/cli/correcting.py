"""``correct``: another certificate in place of one with mistakes, once a person has seen what would change."""

import sys
from collections.abc import Iterable
from getpass import getpass
from typing import Annotated

import typer

from registry.cli.certificates import Number
from registry.cli.common import Yes, confirm, parse, registry_app, wrong_usage
from registry.cli.issuing import finished_json
from registry.cli.remarks import finding_json
from registry.cli.shell import EXIT_ERROR, SHELL
from registry.console.words import certificate_fields
from registry.correction import Examined, correct, examine
from registry.intake.findings import explain
from verifier.messages import FIELDS
from verifier.number import parse_typed_number

_BY_LABEL = {label.casefold(): name for name, words in FIELDS.items() for label in (words.zh, words.en)}


def correct_command(
    number: Number,
    reason: Annotated[
        str, typer.Option(help="更正缘由，只在屏幕上显示；公开事由为 superseded · why, shown here only")
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
    yes: Yes = False,
) -> None:
    """更正证书：发新编号，旧证注明被取代 · Correct: a new number, the old one superseded.

    不可恢复，先列出改动再确认 · It cannot be undone; the changes are shown and confirmed first.
    项目 · fields: 姓名 name, 工作单位 employer, 职称等级 grade, 专业科目学时 professionalHours, 公需科目学时 publicHours …
    """
    changes = _changes(set_ or ())
    if not changes and not identity_stdin:
        wrong_usage(
            "没有写要更正什么：请加 --set 项目=内容，或 --identity-stdin。",
            "Nothing to correct was given: add --set FIELD=VALUE, or --identity-stdin.",
        )
    with registry_app() as app:
        digits = parse(number)
        identity = _identity_asked() if identity_stdin else None
        with app.database.read() as session:
            examined = examine(session, app, digits, changes, identity=identity)
        _tell_changes(examined, identity_too=identity is not None)
        if not yes:
            printed = parse_typed_number(digits).printed
            confirm(
                "correct",
                f"以新编号取代 {printed}，不可恢复。",
                f"Supersede {printed} by a new number, for good?",
            )
        finished = correct(app, digits, changes, identity=identity)
    short = [] if examined.short is None else [finding_json(examined.short)]
    SHELL.say_json({**finished_json(finished), "corrects": digits, "reason": reason, "findings": short})
    if finished.void:
        SHELL.complain(f"{finished.void}", "not_verified")
        raise typer.Exit(EXIT_ERROR)
    SHELL.say(
        f"{digits} 已由 {finished.issued[0]} 取代（{reason}）。请运行 certreg publish 公布状态。",
        f"{digits} is superseded by {finished.issued[0]} ({reason}). Publish the status with certreg publish.",
    )


def _tell_changes(examined: Examined, *, identity_too: bool) -> None:
    """Each field that changes, before and after; and that the hours would be short."""
    before = certificate_fields(examined.before, SHELL.lang)
    for (name, label, old), (_, _, new) in zip(
        before, certificate_fields(examined.after, SHELL.lang), strict=True
    ):
        if new != old or (name == "identityDocument" and identity_too):
            SHELL.say(f"{label}：{old} → {new}", f"{label}: {old} → {new}")
    if examined.short is not None:
        said = explain(examined.short, SHELL.lang)
        SHELL.say(said, said)


def _identity_asked() -> str:
    """A whole identity number is no argument: those stand in the shell's history and in every list of processes."""
    if sys.stdin.isatty():
        return getpass("更正后的证件号码（不显示）· The right identity number (not shown): ").strip()
    return sys.stdin.readline().strip()


def _changes(texts: Iterable[str]) -> dict[str, str | int]:
    """What ``--set`` says by field; a field may be named as the certificate does, in either language."""
    changes: dict[str, str | int] = {}
    for text in texts:
        typed, separator, value = text.partition("=")
        if not separator:
            wrong_usage(
                f"--set 后面要写 项目=内容，例如 姓名=李雷：「{text[:40]}」。",
                f"--set takes FIELD=VALUE, such as name=李雷: “{text[:40]}”.",
            )
        name = _BY_LABEL.get(typed.strip().casefold(), typed.strip())
        if name in changes:
            wrong_usage(f"--set {typed}：同一项目写了两次。", f"--set {typed}: this field is given twice.")
        whole = value.isascii() and value.isdecimal() and name.endswith("Hours")
        changes[name] = int(value) if whole else value
    return changes
