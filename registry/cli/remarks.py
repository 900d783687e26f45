"""What intake and issuing found, on the terminal: a table each for what was refused, for notices and for repairs."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from rich.table import Table

from registry.batches import BatchResult
from registry.cli.shell import SHELL
from registry.intake.findings import Finding, Severity, describe, describe_at_terminal
from registry.intake.natures import Nature, is_mere_space, nature_of
from registry.messages import LANGUAGES, pick
from verifier.errors import FormError
from verifier.number import parse_number

MAX_LISTED = 200
"""Findings listed on the terminal; the annotated file has them all."""

_STYLES = {Nature.REFUSED: "red", Nature.NOTICE: "yellow", Nature.REPAIRED: "dim"}


def print_findings(findings: Sequence[Finding]) -> None:
    """Refused, notices, repairs: each by sheet and row, with place, value, problem and remedy. Mere space is counted."""
    listed = [finding for finding in findings if not is_mere_space(finding)]
    sheets = {sheet: place for place, sheet in enumerate(dict.fromkeys(one.sheet for one in findings))}
    left = MAX_LISTED
    for nature in Nature:
        ours = [finding for finding in listed if nature_of(finding) is nature]
        ours.sort(key=lambda one: (sheets[one.sheet], one.row or 0))
        if ours[:left]:
            SHELL.out.print(_table(nature, ours[:left]))
        left -= len(ours[:left])
    if len(findings) > len(listed):
        spaces = len(findings) - len(listed)
        SHELL.say(
            f"另有 {spaces} 处仅删去首尾空白，见核验意见文件。",
            f"In {spaces} cells only space at an end was removed; see the annotated file.",
        )
    if len(listed) > MAX_LISTED:
        more = len(listed) - MAX_LISTED
        SHELL.say(f"其余 {more} 条见核验意见文件。", f"{more} more in the annotated file.")


def place_of(finding: Finding) -> str:
    """Sheet, row and column, as the clerk finds them."""
    chinese = SHELL.lang == LANGUAGES[0]
    row = f"第 {finding.row} 行" if chinese else f"row {finding.row}"
    column = f"{finding.column} 列" if chinese else f"column {finding.column}"
    parts = (finding.sheet, row if finding.row else "", column if finding.column else "")
    return " ".join(filter(None, parts))


def finding_json(finding: Finding) -> dict[str, object]:
    """A finding for a program, with its sentences in the reader's language; long numbers of people are masked."""
    told = _masked(finding)
    message, remedy = describe_at_terminal(told, SHELL.lang)
    return {
        "code": told.code,
        "severity": told.severity.value,
        "sheet": told.sheet,
        "row": told.row,
        "column": told.column,
        "value": told.value,
        "params": dict(told.params),
        "message": message,
        "remedy": remedy,
    }


def _masked(finding: Finding) -> Finding:
    """The finding masked, except for a certificate's number: that is no number of a person's."""
    told, number = finding.masked(), finding.params.get("number", "")
    try:
        parse_number(number)
    except FormError:
        return told
    return replace(told, params={**told.params, "number": number})


def reasons_of(result: BatchResult) -> list[tuple[str, str]]:
    """Why rows were refused: how often, and the first case in words."""
    faults = [finding for finding in result.findings if finding.severity is Severity.FAULT]
    counts = Counter(finding.code for finding in faults)
    first = {finding.code: finding for finding in reversed(faults)}
    others = pick((" 等", " and others"), SHELL.lang)
    return [
        (
            f"×{count}",
            f"{place_of(first[code])}{others if count > 1 else ''}：{describe(first[code], SHELL.lang)[0]}",
        )
        for code, count in counts.most_common()
    ]


def _table(nature: Nature, findings: Sequence[Finding]) -> Table:
    table = Table(show_lines=True, title=pick(nature.value, SHELL.lang), title_justify="left")
    for heading, ratio in (("位置 Place", 3), ("内容 Value", 3), ("问题 Problem", 5), ("办法 Remedy", 5)):
        table.add_column(heading, overflow="fold", ratio=ratio)
    for finding in findings:
        cells = (place_of(finding), finding.value, *describe_at_terminal(finding, SHELL.lang))
        table.add_row(*map(_plain, cells), style=_STYLES[nature])
    return table


def _plain(text: str) -> str:
    """A cell's text with nothing in it that the terminal would take for markup."""
    return text.replace("[", "\\[")
