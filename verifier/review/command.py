"""``certverify report``: whether a review report is the registry's (SPEC 8.6): its PDF, its record, or its QR's text."""

import json
import logging
import os
import time
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from verifier.box import shared_boxes
from verifier.cli import parse_fingerprint, parse_time
from verifier.errors import SourceError
from verifier.gather import load_trust
from verifier.memory import SeenLists, memory_file
from verifier.messages import DEFAULT_LANGUAGE, LANGUAGES, pick, sentence_of, verdict_word
from verifier.program import EXIT_FAILED, EXIT_INDETERMINATE, EXIT_PASSED, EXIT_USAGE, run_program
from verifier.report import Verdict
from verifier.review import words
from verifier.review.document import MAX_REPORT_BYTES, looks_like_report_text
from verifier.review.table import MAX_TABLE_BYTES
from verifier.review.verify import ReviewEvidence, ReviewVerdict, verify_review
from verifier.sentences import SENTENCES, Sentence
from verifier.session import Options, UsageError, open_publication, read_pin
from verifier.sources import RememberingSource
from verifier.unpack import ContainerError, ContainerLimits

_HELP = """核验评审核验报告 · Check a review report: its PDF, its signed record (.jsonld), or its QR code's text.

\b
certverify report 评审.pdf --trust root.json --url https://jxjy.example.cn
certverify report review-report.jsonld --table review-table.jsonl --trust root.json --url site/
"""
_EXITS = {
    Verdict.PASSED: EXIT_PASSED,
    Verdict.FAILED: EXIT_FAILED,
    Verdict.INDETERMINATE: EXIT_INDETERMINATE,
}


def report_command(
    target: Annotated[
        str, typer.Argument(help="PDF、.jsonld 或二维码内容 · PDF, .jsonld, or the code's text")
    ],
    table: Annotated[
        Path | None, typer.Option(metavar="JSONL", help="完整明细表 · full table, if not in the PDF")
    ] = None,
    trust: Annotated[str | None, typer.Option(metavar="ROOT_JSON", help="根文件 · the root to pin")] = None,
    root_fingerprint: Annotated[
        str | None, typer.Option(metavar="SHA256", help="或根的指纹 · or its fingerprint")
    ] = None,
    url: Annotated[
        str | None, typer.Option(metavar="URL_OR_FOLDER", help="网址或文件夹 · publication")
    ] = None,
    bundle: Annotated[str | None, typer.Option(metavar="FILE", help="离线核验包 · offline bundle")] = None,
    at: Annotated[str | None, typer.Option(metavar="TIME", help="核验时间 · judge as of")] = None,
    lang: Annotated[str | None, typer.Option(help="zh-CN | en")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON")] = False,
) -> None:
    """Reads, judges, says."""
    language = lang or os.environ.get("CERTREG_LANG") or DEFAULT_LANGUAGE
    options = Options(
        root=trust,
        fingerprint=parse_fingerprint(root_fingerprint),
        source=bundle or url,
        lang=language if language in LANGUAGES else DEFAULT_LANGUAGE,
        memory=memory_file(os.environ),
    )
    moment = int(time.time()) if at is None else parse_time(at)
    try:
        verdict = _judged(_evidence(target, table, options.lang), options, moment)
    except UsageError as error:
        typer.echo(error.text, err=True)
        raise typer.Exit(EXIT_USAGE) from error
    typer.echo(json.dumps(verdict.to_json(), ensure_ascii=False) if as_json else _said(verdict, options.lang))
    raise typer.Exit(_EXITS[verdict.verdict])


def _judged(evidence: ReviewEvidence, options: Options, moment: int) -> ReviewVerdict:
    with closing(open_publication(options)) as source:
        try:
            seen = SeenLists(options.memory)
            loaded = load_trust(
                RememberingSource(source),
                pin=read_pin(options),
                fingerprint=options.fingerprint,
                seen_version=seen.newest,
            )
        except SourceError as error:
            raise UsageError(sentence_of(error.code, options.lang)) from error
    return verify_review(evidence, loaded.trust, at=moment)


def _evidence(target: str, table: Path | None, lang: str) -> ReviewEvidence:
    if looks_like_report_text(target):
        return ReviewEvidence(qr_text=target)
    data = _read(Path(target), ContainerLimits().max_bytes, lang)
    beside = _read(table, MAX_TABLE_BYTES, lang) if table else None
    if not data.startswith(b"{"):
        try:
            found = shared_boxes().read_report(data)
        except ContainerError as error:
            raise UsageError(sentence_of(error.code, lang)) from error
        return ReviewEvidence(found.record, table=beside or found.table)
    return ReviewEvidence(data[: MAX_REPORT_BYTES + 1], table=beside)


def _read(path: Path, most: int, lang: str) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(most + 1)
    except (OSError, ValueError) as error:
        raise UsageError(sentence_of("target_unknown", lang)) from error


def _said(verdict: ReviewVerdict, lang: str) -> str:
    lines = [verdict_word(verdict.verdict, lang), _sentence(verdict.reason, lang), ""]
    if verdict.review is not None:
        record = verdict.review.record
        lines += [record.sitting, record.mark]
        lines += [f"{pick(words.FIGURES[name], lang)} {value}" for name, value in record.counts.items()]
        lines += ["", pick(words.REPORT["meaning"], lang), ""]
    lines += [f"{pick(words.STEPS[step.name], lang)}: {_sentence(step.code, lang)}" for step in verdict.steps]
    return "\n".join(lines)


def _sentence(code: str, lang: str) -> str:
    return pick(words.CODES.get(code) or SENTENCES.get(code) or Sentence(code, code), lang)


app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
app.command(help=_HELP)(report_command)


def main() -> None:
    """Entry point ``certverify report``."""
    logging.captureWarnings(True)
    run_program(app)
