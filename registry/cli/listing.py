"""``list`` and ``batches``: what an office has issued; and the words by which numbers are chosen, for ``render`` too."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import typer
from rich.table import Table
from sqlalchemy.orm import Session

from keys.encodings import timestamp_encode
from registry.applications import KIND_DIGITS, KIND_NAMES
from registry.cli.common import is_number, kind_of, parse, registry_app, wrong_usage
from registry.cli.shell import SHELL
from registry.holdings import BatchState, Selection, batches, held, numbers_of, selection_between
from registry.messages import pick, state_word
from registry.offices import CHINA
from registry.trustwords import kind_words
from verifier.number import parse_number

_SERIES = re.compile(r"([1-9][0-9]{5})-([0-9]{4})-([1-9])", re.ASCII)

GROUPS = 5
"""Of a printed number."""

BatchId = Annotated[
    int | None, typer.Option(help="批次号，见 certreg batches · batch, as certreg batches has it")
]


def list_command(
    batch: BatchId = None,
    authority: Annotated[str | None, typer.Option(help="发证机关代码 · authority code")] = None,
    year: Annotated[int | None, typer.Option(help="年度 · year")] = None,
    kind: Annotated[str | None, typer.Option(help="annual 年度证书 | completion 结业证书")] = None,
) -> None:
    """列出证书：编号、姓名、状态 · List certificates: number, name, state."""
    digit = None if kind is None else KIND_DIGITS[kind_of(kind, "--kind")]
    selection = Selection(batch, authority, year, digit)
    count = 0
    with registry_app(reading=True) as app, app.database.read() as session:
        for one in held(session, selection):
            count += 1
            successor = parse_number(one.successor).printed if one.successor else ""
            state = state_word(one.state, successor, SHELL.lang)
            line = f"{parse_number(one.number).printed}  {state}  {one.name}"
            SHELL.say(line, line)
            SHELL.say_json({"number": one.number, "name": one.name, "state": one.state})
    SHELL.say(f"共 {count} 份。", f"{count} certificates.")


def batches_command() -> None:
    """列出批次：名单、时间、发出多少、是否完成 · List batches: file, time, how many, whether finished."""
    with registry_app(reading=True) as app, app.database.read() as session:
        found = batches(session)
    table = Table(
        "批次 Batch", "机关 Authority", "年度 Year", "种类 Kind", "名单 File", "提交 Submitted", "发出 Issued"
    )
    table.add_column("作废 Void")
    table.add_column("完成 Finished")
    for one in found:
        SHELL.say_json(_batch_json(one))
        ended = one.finished_at is not None and not one.waiting
        table.add_row(
            str(one.id),
            one.authority,
            str(one.year),
            pick(kind_words(one.kind), SHELL.lang),
            "（更正 correction）" if one.is_correction else one.file_name.replace("[", "\\["),
            local_time(one.submitted_at),
            str(one.issued),
            str(one.void),
            "✓" if ended else "未完成 open",
        )
    if not SHELL.as_json:
        SHELL.out.print(table)


def chosen_numbers(
    session: Session,
    numbers: list[str],
    batch: int | None,
    series: str | None,
    first: int | None,
    last: int | None,
) -> list[str]:
    """The numbers that the words of a command choose, each once, in the order given; exits with 64 where they choose none.

    A number may be a range, ``FIRST..LAST``. What is no number raises ``RegistryError`` when its turn comes, not here.
    """
    if series is None and (first, last) != (None, None):
        wrong_usage(
            "--from 和 --to 是号段中的流水号，须与 --series 一起用，如 --series 410100-2026-1。",
            "--from and --to are serials of a series: they go with --series, such as --series 410100-2026-1.",
        )
    found: list[str] = []
    for typed in rejoined(numbers):
        one, dots, other = typed.partition("..")
        if dots:
            ends = parse_number(parse(one)), parse_number(parse(other))
            found += numbers_of(session, selection_between(*ends))
        else:
            found.append(typed)
    if batch is not None:
        found += numbers_of(session, Selection(batch=batch))
    if series is not None:
        match = _SERIES.fullmatch(series)
        if match is None:
            wrong_usage(
                "--series 应为 机关代码-年度-种类，如 410100-2026-1（1 年度，2 结业）。",
                "--series is CODE-YEAR-KIND, such as 410100-2026-1 (1 annual, 2 completion).",
            )
        part = Selection(None, match[1], int(match[2]), int(match[3]), first, last)
        found += numbers_of(session, part)
    if not found:
        wrong_usage(
            "请说明出具哪些证书：证书编号、首号..末号、--batch 批次号，或 --series 号段。",
            "Say which certificates: numbers, FIRST..LAST, --batch, or --series.",
        )
    return list(dict.fromkeys(found))


def rejoined(words: Sequence[str]) -> list[str]:
    """``words`` with numbers whole again that were pasted in groups and without quotes: five words that are one number."""
    found: list[str] = []
    place = 0
    while place < len(words):
        group = " ".join(words[place : place + GROUPS])
        width = GROUPS if not is_number(words[place]) and is_number(group) else 1
        found.append(" ".join(words[place : place + width]))
        place += width
    return found


def local_time(moment: int) -> str:
    """A time as offices read it, China time."""
    return datetime.fromtimestamp(moment, CHINA).strftime("%Y-%m-%d %H:%M")


def _batch_json(one: BatchState) -> dict[str, object]:
    return {
        "batch": one.id,
        "authority": one.authority,
        "year": one.year,
        "kind": KIND_NAMES.get(one.kind, str(one.kind)),
        "file": one.file_name,
        "correction": one.is_correction,
        "submittedAt": timestamp_encode(one.submitted_at),
        "finishedAt": timestamp_encode(one.finished_at) if one.finished_at is not None else None,
        "issued": one.issued,
        "void": one.void,
        "waiting": one.waiting,
    }
