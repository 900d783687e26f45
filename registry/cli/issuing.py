"""``issue`` and ``resume``: from a spreadsheet to numbered, signed, logged certificates."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from registry.app import App
from registry.batches import DRY_RUN, BatchResult, issue_file, preview_file
from registry.cli.common import errors_told, kind_of, registry_app, tell_open_batches
from registry.cli.remarks import finding_json, print_findings
from registry.cli.shell import EXIT_REFUSED_ROWS, SHELL
from registry.errors import RegistryError
from registry.files import PRIVATE, PUBLIC, fresh_file
from registry.holdings import open_batches
from registry.intake.annotate import annotate, collect_remarks
from registry.intake.blank import write_form
from registry.intake.findings import explain
from registry.intake.service import Intake, open_intake
from registry.issuance import Finished, resume
from registry.messages import error_sentence
from registry.offices import CHINA
from registry.outcomes import issued_rows, outcomes_of
from verifier.drawing.fonts import missing_glyphs
from verifier.program import EXIT_ABORTED


def issue(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="XLSX 或 CSV 名单 · the office's list")],
    authority: Annotated[str, typer.Option(help="发证机关代码 · authority code")],
    year: Annotated[int, typer.Option(help="年度 · year")],
    kind: Annotated[str, typer.Option(help="annual 年度证书 | completion 结业证书")] = "annual",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只检查，不发证 · check only")] = False,
    rule_set: Annotated[str, typer.Option(help="学时规则 · rule set")] = "henan-2012",
    include_hidden: Annotated[
        bool,
        typer.Option("--include-hidden", help="隐藏的行和工作表一并办理 · issue hidden rows and sheets too"),
    ] = False,
    annotated: Annotated[
        Path | None,
        typer.Option(
            help="核验意见文件，缺省在名单旁：名单-核验意见.xlsx，只检查时 名单-检查.xlsx · annotated copy, beside FILE by default"
        ),
    ] = None,
) -> None:
    """按名单发证：合格的编号、签名、入日志；不合格的逐项说明 · Issue what is fit, explain what is not.

    退出码 · exit code: 0 全部发出 all issued, 2 有行未发 some rows refused, 1 出错 error, 64 用法 usage.
    """
    kind = kind_of(kind, "--kind")
    with registry_app() as app:
        intake = open_file(app, file, kind=kind, year=year, include_hidden=include_hidden)
        wanted = annotated or file.with_name(f"{file.stem}-{'检查' if dry_run else '核验意见'}.xlsx")
        require_writable_beside(wanted, file)
        with interruption_told(dry_run=dry_run), progress_bar(intake.total_rows) as observe:
            work = preview_file if dry_run else issue_file
            arguments = {} if dry_run else {"observe": observe}
            with app.database.read() as session:
                unfinished = [
                    one for one in open_batches(session) if one.authority == authority and one.waiting
                ]
            result = work(app, intake, authority=authority, rule_set=rule_set, **arguments)
        target = write_annotated(file, wanted, result)
        tell_open_batches(unfinished)  # who waits there is counted as issued before
        report_batch(result, target, dry_run=dry_run)
    if result.refused_rows or result.void:
        raise typer.Exit(EXIT_REFUSED_ROWS)


def template(
    kind: Annotated[str, typer.Argument(metavar="KIND", help="annual 年度证书 | completion 结业证书")],
    out: Annotated[Path, typer.Argument(metavar="OUT.xlsx", help="写到哪里 · where to write it")],
) -> None:
    """写一份空白名单：列名、格式、填写说明和示例 · Write an empty list with the right headings, its rules and an example."""
    kind = kind_of(kind, "KIND")
    with errors_told():
        if out.exists():
            raise RegistryError("file_exists", file=str(out))
        with fresh_file(out, mode=PUBLIC) as fresh:
            write_form(fresh, kind=kind)
            fresh.replace(out)
        SHELL.say(f"空白名单已写入：{out}", f"An empty list is written to: {out}")
        SHELL.say_json({"template": str(out), "kind": kind})


def resume_command() -> None:
    """断电或崩溃后继续：完成已编号未签发的，签署日志 · After a crash: finish what was numbered, sign the log."""
    with registry_app() as app:
        finished = resume(app)
    issued = [number for one in finished for number in one.issued]
    void = [pair for one in finished for pair in one.void]
    SHELL.say(
        f"已完成 {len(finished)} 个编号区间：发出 {len(issued)} 份，作废编号 {len(void)} 个。",
        f"{len(finished)} number ranges finished: {len(issued)} issued, {len(void)} numbers void.",
    )
    SHELL.say_json({"ranges": len(finished), "issued": issued, "void": void})


def open_file(app: App, file: Path, *, kind: str, year: int, include_hidden: bool = False) -> Intake:
    """The file as intake sees it; raises our errors only."""
    today = datetime.fromtimestamp(app.clock(), CHINA).date()
    try:
        return open_intake(
            file,
            kind=kind,
            year=year,
            today=today,
            missing_glyphs=missing_glyphs,
            include_hidden=include_hidden,
        )
    except FileNotFoundError as error:
        raise RegistryError("file_missing", file=str(file)) from error


@contextmanager
def progress_bar(total: int | None) -> Iterator[Callable[[str, int], None]]:
    """An observer that draws how many certificates are logged, where a person looks on."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=SHELL.err, transient=True, disable=SHELL.as_json) as progress:
        task = progress.add_task("签发 Issuing", total=total)

        def observe(point: str, count: int) -> None:
            if point == "log:after":
                progress.advance(task, count)

        yield observe


@contextmanager
def interruption_told(*, dry_run: bool) -> Iterator[None]:
    """Whoever presses Ctrl-C while certificates are made is told what stands, and how to go on."""
    try:
        yield
    except KeyboardInterrupt:
        if not dry_run:
            SHELL.complain(error_sentence("issue_interrupted", {}, SHELL.lang), "issue_interrupted")
        raise typer.Exit(EXIT_ABORTED) from None


def require_writable_beside(target: Path, source: Path) -> None:
    """``target`` is not ``source``, by any name, and its folder takes files; known before anything is issued."""
    if target.exists() and target.samefile(source):
        raise RegistryError("annotated_is_input", file=str(target))
    with fresh_file(target, mode=PRIVATE):
        pass


def write_annotated(source: Path, wanted: Path, result: BatchResult) -> Path:
    """The clerk's own file with what became of each row; returns where: ``wanted``, or ``wanted-2`` where that exists."""
    remarks, faults = collect_remarks(result.findings, SHELL.lang)
    outcomes = outcomes_of(result, SHELL.lang)
    # Whole identity numbers stand in it, as in the clerk's own file: nobody else's to read, not even while it is written.
    with fresh_file(wanted, mode=PRIVATE) as fresh:
        summary = [*summary_rows(result), *notices_of(result)]
        annotate(source, fresh, remarks, faults, summary, outcomes=outcomes)
        target = _claim_name(wanted)
        fresh.replace(target)
    return target


def _claim_name(wanted: Path) -> Path:
    """A name that was free, now an empty file of ours: nothing that was there is overwritten."""
    for number in count(1):
        target = wanted if number == 1 else wanted.with_name(f"{wanted.stem}-{number}{wanted.suffix}")
        try:
            target.touch(PRIVATE, exist_ok=False)
        except FileExistsError:
            continue
        return target
    raise AssertionError("there is no last number")


def summary_rows(result: BatchResult) -> list[tuple[str, str]]:
    """The batch in figures, for people. A dry run has no batch number, and says what would be issued."""
    dry_run = result.batch_id == DRY_RUN
    rows = [
        ("名单行数 Rows", str(result.rows)),
        ("可发 Fit to be issued", str(len(result.fit)))
        if dry_run
        else ("已发证书 Issued", str(len(result.issued))),
        ("未通过行 Refused", str(len(result.refused_rows))),
        ("此前已发 Issued before", str(result.already_issued)),
        ("学时不足（不影响发证）Hours below the rule", str(result.short_of_hours)),
    ]
    if not dry_run:
        rows.append(("批次 Batch", str(result.batch_id)))
    if result.issued:
        rows.append(("编号 Numbers", f"{result.issued[0]} … {result.issued[-1]}"))
    if result.void:
        rows.append(("作废编号 Void", ", ".join(f"{number} ({reason})" for number, reason in result.void)))
    return rows


def notices_of(result: BatchResult) -> list[tuple[str, str]]:
    """What is to be said of sheets, not of rows: hidden ones, columns that are not used."""
    about = (finding for finding in result.findings if finding.row is None)
    return [("提示 Notice", explain(finding, SHELL.lang, terminal=True)) for finding in about]


def report_batch(result: BatchResult, annotated: Path, *, dry_run: bool) -> None:
    """Say what became of the file."""
    SHELL.say_json(batch_json(result, annotated))
    if SHELL.as_json:
        return
    if result.earlier is not None:
        when = datetime.fromtimestamp(result.earlier[1], CHINA).strftime("%Y-%m-%d %H:%M")
        SHELL.say(
            f"同一文件曾于 {when} 提交（批次 {result.earlier[0]}）；不会重复发证。",
            f"The same file was submitted on {when} China time (batch {result.earlier[0]}); nothing is issued twice.",
        )
    print_findings(result.findings)
    table = Table(show_header=False, title="检查结果（未发证）Dry run" if dry_run else "发证结果 Result")
    for label, value in summary_rows(result):
        table.add_row(label, value)
    SHELL.out.print(table)
    if not result.rows:
        SHELL.say(
            "名单中没有人员，没有发证。请检查名单是否填写、保存。",
            "There is nobody on the list, and nothing was issued. See whether it was filled in and saved.",
        )
    SHELL.say(
        f"每人的处理结果、证书编号和核验意见已写入：{annotated}",
        f"What became of each row, its number and remarks are written to: {annotated}",
    )


def batch_json(result: BatchResult, annotated: Path) -> dict[str, object]:
    """The batch for a program; long numbers of people are masked."""
    return {
        "batch": result.batch_id,
        "rows": result.rows,
        "fit": len(result.fit),
        "issued": result.issued,
        "issuedRows": [
            {"sheet": sheet, "row": row, "number": number} for (sheet, row), number in issued_rows(result)
        ],
        "void": [list(pair) for pair in result.void],
        "refusedRows": len(result.refused_rows),
        "alreadyIssued": result.already_issued,
        "shortOfHours": result.short_of_hours,
        "findings": [finding_json(one) for one in result.findings],
        "annotated": str(annotated),
    }


def finished_json(finished: Finished) -> dict[str, object]:
    """What became of one intent, for a program."""
    return {"issued": list(finished.issued), "void": [list(pair) for pair in finished.void]}
