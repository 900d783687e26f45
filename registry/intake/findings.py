"""What intake has to say about a file: findings with a code, a place, a value, and a sentence to go with it.

A finding is identified by its `code`; sentences are translations kept in `messages`. The clerk's own outputs (the
terminal, the annotated workbook) show values in full, because it is the clerk's own file. Anything else (logs,
JSON for other programs) takes `masked()`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum

from registry.intake.messages import CATALOGUE, COMMANDS, LISTS, WORDS

_SPELT_OUT = re.compile(r"⟨U\+[0-9A-F]{4,6}⟩")
# A letter before a digit belongs to it: a number with O for 0 is somebody's all the same.
_NUMBER_RUN = re.compile(
    r"[0-9０-９](?:⟨U\+[0-9A-F]{4,6}⟩|[^\w/.:⟨⟩]|[0-9０-９xXｘＸ]|[A-Za-z](?=[0-9０-９]))*[0-9０-９xXｘＸ]"
)
_ANY_DIGIT = re.compile(r"[0-9０-９]")
_PERSONAL_DIGITS = 11
_IDENTITY_DIGITS = 15


class Severity(Enum):
    """FAULT: the row is refused. NOTE: normalised or skipped, for information. FILE: the whole file is refused."""

    FAULT = "fault"
    NOTE = "note"
    FILE = "file"


@dataclass(frozen=True, slots=True)
class Finding:
    """One remark. `row` is 1-based and `column` a letter, both as the clerk sees them; None where not about one."""

    code: str
    severity: Severity
    sheet: str = ""
    row: int | None = None
    column: str | None = None
    heading: str | None = None
    value: str = ""
    params: Mapping[str, str] = field(default_factory=dict)

    @property
    def masked_value(self) -> str:
        """The value with anything long enough to be an identity or telephone number starred out."""
        return mask_numbers(self.value)

    def masked(self) -> Finding:
        """The same finding, fit for a log or another program: value and parameters masked."""
        params = {name: mask_numbers(text) for name, text in self.params.items()}
        return replace(self, value=self.masked_value, params=params)


class IntakeError(Exception):
    """The whole file is refused; `findings` (severity FILE) say why; `finding` and `code` are the first's."""

    def __init__(self, finding: Finding, *further: Finding) -> None:
        super().__init__(finding.code)
        self.finding = finding
        self.findings = (finding, *further)
        self.code = finding.code


def refuse_file(code: str, **params: str) -> IntakeError:
    """An IntakeError with a FILE finding, to be raised by the caller."""
    return IntakeError(Finding(code, Severity.FILE, params=params))


def describe(finding: Finding, lang: str) -> tuple[str, str]:
    """(problem, remedy) of a finding in `lang`, `zh-CN` or `en`. Values are inserted as text, never as a format."""
    facts = _facts(finding, lang)
    problem, remedy = CATALOGUE[finding.code][lang]
    return problem.format_map(facts), remedy.format_map(facts)


def describe_at_terminal(finding: Finding, lang: str) -> tuple[str, str]:
    """The same, with the command that helps, for whoever has a command line."""
    problem, remedy = describe(finding, lang)
    if finding.code not in COMMANDS:
        return problem, remedy
    space = "" if lang == "zh-CN" else " "
    return problem, f"{remedy}{space}{COMMANDS[finding.code][lang].format_map(_facts(finding, lang))}"


def _facts(finding: Finding, lang: str) -> Mapping[str, str]:
    return {
        "value": finding.value,
        "heading": finding.heading or "",
        "column": finding.column or "",
        "sheet": finding.sheet,
        "row": "" if finding.row is None else str(finding.row),
        **{name: _said(finding.code, name, text, lang) for name, text in finding.params.items()},
    }


def _said(code: str, name: str, text: str, lang: str) -> str:
    """A parameter in the reader's language: what is a word of ours or of a library, and how a list is written."""
    words = WORDS.get((code, name))
    if words is not None:
        return words.get(text, words.get("", {})).get(lang, text)
    if lang == "zh-CN" or name not in LISTS:
        return text
    if name == "characters":  # one of them may be the comma itself
        return text.replace(")、", "), ")
    return text.replace("、", ", ").replace("「", "“").replace("」", "”")


def explain(finding: Finding, lang: str, *, terminal: bool = False) -> str:
    """Problem and remedy as one text, each a sentence, whatever the value ends with."""
    problem, remedy = (describe_at_terminal if terminal else describe)(finding, lang)
    stop, space = ("。", "") if lang == "zh-CN" else (".", " ")
    return f"{problem}{'' if problem.endswith(stop) else stop}{space}{remedy}"


def mask_numbers(text: str) -> str:
    """Star out the middle of every run with 11 or more digits, however spaced; dates and hours stay readable."""
    return _NUMBER_RUN.sub(lambda match: _mask_run(match.group()), text)


def _mask_run(run: str) -> str:
    text = _SPELT_OUT.sub("", run)
    digits = len(_ANY_DIGIT.findall(text))
    if digits < _PERSONAL_DIGITS:
        return run
    return f"{text[:6]}********{text[-4:]}" if digits >= _IDENTITY_DIGITS else f"{text[:3]}********"
