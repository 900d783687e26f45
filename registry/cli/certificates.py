"""``show``, ``render``, ``revoke``, ``suspend``, ``reinstate``, ``release``: one certificate and its life."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from sqlalchemy import select

from keys.encodings import timestamp_encode
from registry.app import App
from registry.cli.common import Yes, confirm, parse, registry_app, wrong_usage
from registry.cli.listing import BatchId, chosen_numbers
from registry.cli.shell import EXIT_ERROR, SHELL
from registry.console.words import certificate_fields
from registry.errors import RegistryError
from registry.faces.pool import DrawingPool
from registry.faces.renderer import FaceRenderer
from registry.handout import FORMATS, Handout, draw_each, write_files
from registry.messages import error_sentence, reason_list, state_word, word_of
from registry.models import Certificate, StatusEvent
from registry.status import (
    REASONS,
    change_status,
    impossible,
    possible_from,
    release,
    require_listed,
    state_after,
    state_of,
)
from verifier.drawing.errors import FaceError
from verifier.messages import pick, reason_word
from verifier.number import parse_typed_number
from verifier.record import parse_record
from verifier.sentences import Sentence
from verifier.textreport import LABELS, time_text

MAX_TOLD = 20
"""Certificates whose files are listed on the terminal, each by its name; of more only the count."""
PROGRESS = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())

Number = Annotated[
    str,
    typer.Argument(
        metavar="NUMBER", help="证书编号，有空格时加引号 · certificate number, in quotes where it has spaces"
    ),
]


def show(number: Number) -> None:
    """显示一份证书：签名内容、状态、日志位置 · A certificate's signed fields, state, history and place in the log."""
    with registry_app(reading=True) as app, app.database.read() as session:
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
            "remark": one.remark,
            "releasedAt": timestamp_encode(one.released_at) if one.released_at is not None else None,
            "releaseRemark": one.release_remark,
        }
        for one in events
    ]
    SHELL.say_json(
        {"state": state, "leafIndex": certificate.leaf_index, "history": history, "record": document}
    )
    if SHELL.as_json:
        return
    table = Table(show_header=False, title=parse_typed_number(digits).printed)
    successor = next((one.successor for one in events if one.successor), "")
    rows = [
        (label, value) for _, label, value in certificate_fields(document["credentialSubject"], SHELL.lang)
    ]
    rows += [
        (pick(LABELS["issuer"], SHELL.lang), document["issuer"]["name"]),
        (pick(LABELS["date"], SHELL.lang), document["validFrom"][:10]),
        (pick(LABELS["status"], SHELL.lang), state_word(state, successor, SHELL.lang)),
        (pick(LABELS["log"], SHELL.lang), str(certificate.leaf_index)),
        *_life(events),
    ]
    for label, value in rows:
        table.add_row(escape(label), escape(value))
    SHELL.out.print(table)


def _life(events: Iterable[StatusEvent]) -> Iterator[tuple[str, str]]:
    """When its state changed, to what, and why; and when its person was released."""
    shape = _either("{}（{}）", "{} ({})")
    state = "issued"
    for event in events:
        state = state_after(state, event.action) or state
        word = state_word(state, event.successor or "", SHELL.lang)
        done = word if event.successor else shape.format(word, reason_word(event.reason, SHELL.lang))
        yield time_text(event.at, SHELL.lang), done + _told_remark(event.remark)
        if event.released_at is not None:
            released = word_of("release", SHELL.lang) + _told_remark(event.release_remark)
            yield time_text(event.released_at, SHELL.lang), released


def _told_remark(remark: str | None) -> str:
    return _either("；备注：{}", "; remark: {}").format(remark) if remark else ""


def _either(chinese: str, english: str) -> str:
    return pick(Sentence(chinese, english), SHELL.lang)


def render(
    numbers: Annotated[
        list[str] | None,
        typer.Argument(metavar="NUMBER...", help="证书编号，或 首号..末号 · numbers, or FIRST..LAST"),
    ] = None,
    batch: BatchId = None,
    series: Annotated[
        str | None, typer.Option(help="号段，如 410100-2026-1 · series: CODE-YEAR-KIND")
    ] = None,
    first: Annotated[
        int | None, typer.Option("--from", metavar="SERIAL", help="起始流水号 · first serial of the series")
    ] = None,
    last: Annotated[
        int | None, typer.Option("--to", metavar="SERIAL", help="截止流水号 · last serial of the series")
    ] = None,
    out: Annotated[Path, typer.Option(help="输出文件夹 · folder for the files")] = Path(),
    formats: Annotated[str, typer.Option("--format", help="json,pdf,png")] = ",".join(FORMATS),
) -> None:
    """出具证书文件（先经公开核验）：一份、多份、整批 · Draw the files of certificates, each verified first.

    不能出具的逐一说明，其余照常出具 · What cannot be handed out is named, and the rest goes on (exit code 1).
    """
    wanted = tuple(formats.split(","))
    if not set(wanted) <= set(FORMATS):
        known = ",".join(FORMATS)
        wrong_usage(f"--format 可写 {known}，用逗号分隔。", f"--format takes {known}, with commas between.")

    def write(renderer: FaceRenderer, handout: Handout) -> list[Path]:
        return write_files(handout, out, renderer, wanted)

    with registry_app() as app:
        with app.database.read() as session:
            chosen = chosen_numbers(session, numbers or [], batch, series, first, last)
        refused = 0
        progress = Progress(*PROGRESS, console=SHELL.err, transient=True, disable=SHELL.as_json)
        with progress, DrawingPool() as pool:
            drawn = draw_each(app, chosen, write, pool=pool, digits_of=parse)
            for typed, made in progress.track(drawn, total=len(chosen), description="出具 Rendering"):
                try:
                    files = made.result()
                except (RegistryError, FaceError) as error:
                    refused += 1
                    tell_refused(error, typed)
                    continue
                for file in files if len(chosen) <= MAX_TOLD else ():
                    SHELL.say(str(file), str(file))
                SHELL.say_json({"number": parse(typed), "files": [str(file) for file in files]})
    if len(chosen) > 1:
        done = len(chosen) - refused
        SHELL.say(
            f"已出具 {done} 份到 {out}；未能出具 {refused} 份。",
            f"{done} certificates drawn in {out}; {refused} could not be.",
        )
    if refused:
        raise typer.Exit(EXIT_ERROR)


def tell_refused(error: RegistryError | FaceError, typed: str) -> None:
    """Why one of many was not drawn."""
    params = error.params if isinstance(error, RegistryError) else {}
    sentence = error_sentence(error.code, {"number": typed, **params}, SHELL.lang)
    named = sentence if isinstance(error, RegistryError) else f"{typed}: {sentence}"
    SHELL.complain(named, error.code, number=typed)


Remark = Annotated[str, typer.Option(help="内部备注，不公开 · a remark for the office, not published")]


def reason_help(action: str) -> str:
    """The closed list of public reasons, for ``--help``."""
    return f"公开事由代码 · public reason: {' | '.join(REASONS[action])}"


def suspend(
    number: Number,
    reason: Annotated[str, typer.Option(help=reason_help("suspend"))],
    remark: Remark = "",
) -> None:
    """暂停证书效力 · Suspend for a while."""
    _change(number, "suspend", reason, remark)


def reinstate(
    number: Number,
    reason: Annotated[str, typer.Option(help=reason_help("reinstate"))],
    remark: Remark = "",
) -> None:
    """恢复证书效力 · End a suspension."""
    _change(number, "reinstate", reason, remark)


def revoke(
    number: Number,
    reason: Annotated[str, typer.Option(help=reason_help("revoke"))],
    remark: Remark = "",
    yes: Yes = False,
) -> None:
    """撤销证书，不可恢复 · Revoke for good: it cannot be undone.

    更正内容请用 certreg correct；待查请用 certreg suspend · To correct use correct, while in doubt suspend.
    """
    _change(number, "revoke", reason, remark, yes=yes)


def _change(number: str, action: str, reason: str, remark: str, *, yes: bool = True) -> None:
    with registry_app() as app:
        digits = parse(number)
        if not yes:
            _ask_to_revoke(app, digits, reason)
        app.open_log_key()
        with app.write() as session:
            event = change_status(
                session, digits, action=action, reason=reason, remark=remark, now=app.clock()
            )
        app.sign_log()
    SHELL.say(
        f"{digits}：已{word_of(action, SHELL.lang)}，事由 {reason_list([reason], SHELL.lang)}。请运行 certreg publish 公布状态。",
        f"{digits}: {action} ({reason}). Publish the status with certreg publish.",
    )
    SHELL.say_json({"number": digits, "action": action, "reason": reason, "leafIndex": event.leaf_index})


def _ask_to_revoke(app: App, digits: str, reason: str) -> None:
    """Ask, once it is sure that it could be done: nobody is sent for a confirmation that then is worth nothing."""
    with app.database.read() as session:
        certificate = session.get(Certificate, digits)
        if certificate is None:
            raise RegistryError("number_unknown", number=digits)
        require_listed(reason, "revoke")
        state = state_of(session, digits)
        if "revoke" not in possible_from(state).split():
            raise impossible(session, digits, state, "revoke")
    name = parse_record(certificate.record).peek_document["credentialSubject"]["name"]
    printed = parse_typed_number(digits).printed
    confirm("revoke", f"撤销 {printed} {name}，不可恢复。", f"Revoke {printed} {name} for good?")


def release_command(
    number: Number,
    reason: Annotated[str, typer.Option(help="理由，不公开，存入登记系统 · why; kept here, not published")],
) -> None:
    """因故撤销后，准许此人再次发证 · After a revocation for cause, let the person be certified again.

    因弄虚作假等撤销的，同一人同一事项不再发证，直到在此解除；原证书仍为已撤销。
    Whoever lost one for fraud and the like gets no other for the same until released here; the certificate stays revoked.
    """
    with registry_app() as app:
        digits = parse(number)
        app.open_log_key()
        with app.write() as session:
            release(session, digits, remark=reason, now=app.clock())
    SHELL.say(
        f"{digits} 仍为已撤销；其持证人可以再次发证。",
        f"{digits} stays revoked; its holder may be certified again.",
    )
    SHELL.say_json({"number": digits, "released": True})
