"""Edge: one audit as a function that both command lines call, and ``certverify audit`` (SPEC 6.7 and 7.8).

Reads the root and the state file, audits, writes the report, and remembers the head where it proved true. Exit codes as of
verification: 0 PASSED, 1 FAILED, 2 INDETERMINATE, 64 the command cannot be carried out.
"""

import json
import os
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Annotated, TextIO

import typer

from verifier.audit.memory import Memory, read_memory, write_memory
from verifier.audit.replay import audit
from verifier.audit.report import AuditReport, Finding
from verifier.audit.sentences import VERDICTS, WORDS, finding_sentence
from verifier.cli import LANGUAGE_VARIABLE, parse_fingerprint, parse_time, use_colour
from verifier.errors import LogError, SourceError
from verifier.messages import DEFAULT_LANGUAGE, LANGUAGES, pick, sentence_of, usage_text
from verifier.program import EXIT_FAILED, EXIT_INDETERMINATE, EXIT_PASSED, EXIT_USAGE, run_program
from verifier.report import Verdict
from verifier.session import Options, UsageError, open_publication, read_pin
from verifier.textreport import paint

MAX_WRITTEN = 50
"""Findings in a text report; JSON has up to ``MAX_LISTED``."""
_EXIT = {
    Verdict.PASSED: EXIT_PASSED,
    Verdict.FAILED: EXIT_FAILED,
    Verdict.INDETERMINATE: EXIT_INDETERMINATE,
}
_PROGRESS_STEP = 65_536
_LONG = ("seenNote", "foundNote")


def run_audit(
    options: Options, *, state: Path | None, out: TextIO | None = None, err: TextIO | None = None
) -> int:
    """Audit ``options.source``, write the report, remember in ``state``; the exit code."""
    out, err = out or sys.stdout, err or sys.stderr
    try:
        report = _audited(options, state, err)
    except UsageError as error:
        err.write(error.text + "\n")
        return EXIT_USAGE
    if options.as_json:
        document = {**report.to_json(), "source": options.source}
        out.write(json.dumps(document, ensure_ascii=False, sort_keys=True) + "\n")
    else:
        out.write(_text(report, options))
    return _EXIT[report.verdict]


def _audited(options: Options, state: Path | None, err: TextIO) -> AuditReport:
    if options.source is None:
        raise UsageError(pick(WORDS["source"], options.lang))
    now = int(time.time()) if options.at is None else options.at
    try:
        memory = read_memory(state) if state else Memory()
        with closing(open_publication(options)) as source:
            audited = audit(
                source,
                pin=read_pin(options),
                fingerprint=options.fingerprint,
                now=now,
                memory=memory,
                observe=_progress(options, err),
            )
        if state is not None and audited.memory is not None:
            write_memory(state, audited.memory)
    except SourceError as error:
        raise UsageError(sentence_of(error.code, options.lang)) from error
    except (LogError, OSError) as error:
        raise UsageError(f"{state}: {pick(WORDS['audit_state'], options.lang)}") from error
    return audited.report


def _progress(options: Options, err: TextIO) -> Callable[[int, int], None]:
    """A line that counts up, where a person looks on."""
    shown = not options.as_json and err.isatty()

    def observe(done: int, total: int) -> None:
        if shown and (done % _PROGRESS_STEP == 0 or done == total):
            err.write(f"\r{done:,} / {total:,}" + ("\r\033[K" if done == total else ""))
            err.flush()

    return observe


def _text(report: AuditReport, options: Options) -> str:
    lang = options.lang
    verdict = paint(pick(VERDICTS[report.verdict], lang), report.verdict.value, colour=options.colour)
    entries = (
        f"{report.origin}: {report.replayed:,} of {report.size:,} entries, "
        f"{len(report.witnessed)} cosignatures ({report.quorum} needed), "
        f"{report.known_before} earlier checkpoints compared"
        if lang == "en"
        else f"{report.origin}：重放 {report.replayed:,} / {report.size:,} 条，"
        f"联署 {len(report.witnessed)}（需要 {report.quorum}），对照以往检查点 {report.known_before} 个"
    )
    lines = [verdict, entries, *(_line(one, lang) for one in report.findings.listed[:MAX_WRITTEN])]
    rest = report.findings.counts - Counter(one.code for one in report.findings.listed[:MAX_WRITTEN])
    if rest:
        codes = ", ".join(f"{code} ×{count}" for code, count in sorted(rest.items()))
        lines.append(pick(WORDS["more"], lang).format(count=rest.total(), codes=codes))
    if not report.pinned and report.size:
        fingerprint = report.trust["rootFingerprint"]
        lines.append(usage_text("unpinned", lang).format(fingerprint=fingerprint))
    return "\n".join(lines) + "\n"


def _line(finding: Finding, lang: str) -> str:
    place = [f"#{finding.leaf}"] if finding.leaf is not None else []
    place += [finding.number] if finding.number else []
    facts = [f"{name}={value}" for name, value in finding.details.items() if name not in _LONG]
    text = f"- {finding.code} [{finding.severity.value}] {' '.join([*place, *facts])}"
    # What a log says is a stranger's text: nothing in it may move the cursor or paint a verdict.
    shown = "".join(one if one.isprintable() else "\ufffd" for one in text)
    return f"{shown}\n    {finding_sentence(finding.code, lang)}"


def audit_command(
    source: Annotated[
        str, typer.Argument(metavar="URL_OR_FOLDER", help="登记系统网址或文件夹 · publication")
    ],
    trust: Annotated[
        str | None, typer.Option(metavar="ROOT_JSON", help="根文件，只相信它 · the root to pin")
    ] = None,
    root_fingerprint: Annotated[
        str | None, typer.Option(metavar="SHA256", help="或：根文件的指纹 · or the root file's fingerprint")
    ] = None,
    state: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="审计状态：记住见过的检查点 · remembers checkpoints seen"),
    ] = None,
    at: Annotated[str | None, typer.Option(metavar="TIME", help="审计时间 · audit as of this time")] = None,
    lang: Annotated[str | None, typer.Option(help=f"zh-CN | en（{LANGUAGE_VARIABLE}）")] = None,
    json: Annotated[bool, typer.Option("--json", help="一行 JSON · one line of JSON")] = False,
) -> None:
    """重放整个日志，逐条核对规则，与公布的状态和以往见过的检查点比对 · Replay a whole log and check every entry.

    退出码 · exit codes: 0 通过 PASSED, 1 未通过 FAILED, 2 无法判定 INDETERMINATE, 64 用法 usage.
    """
    language = lang or os.environ.get(LANGUAGE_VARIABLE) or DEFAULT_LANGUAGE
    if language not in LANGUAGES:
        typer.echo(f"--lang: {' | '.join(LANGUAGES)}", err=True)
        raise typer.Exit(EXIT_USAGE)
    options = Options(
        root=trust,
        fingerprint=parse_fingerprint(root_fingerprint),
        source=source,
        at=None if at is None else parse_time(at),
        lang=language,
        as_json=json,
        colour=use_colour(),
    )
    raise typer.Exit(run_audit(options, state=state))


app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
app.command("audit")(audit_command)


def main() -> None:
    """``certverify audit …``: everything behind the word."""
    run_program(app)
