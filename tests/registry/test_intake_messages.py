"""Every code has its sentences, in both languages, with the same placeholders; no code is made up elsewhere."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from string import Formatter

import pytest

import registry.intake.messages as catalogue
from registry.intake.findings import (
    Finding,
    Severity,
    describe,
    describe_at_terminal,
    explain,
    mask_numbers,
)
from registry.intake.messages import CATALOGUE, COMMANDS, LANGUAGES

RAISING = {
    "_of_sheet",
    "CellFault",
    "refuse_file",
    "IdentifierError",
    "Finding",
    "_row_note",
    "_finding",
    "_choose",
}
ELSEWHERE = re.compile(r"(?:uscc|elicence)_")


def placeholders(sentences: tuple[str, str]) -> set[str]:
    return {name for text in sentences for _, name, _, _ in Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("code", sorted(CATALOGUE))
def test_each_code_has_both_languages_with_the_same_placeholders(code: str) -> None:
    assert set(CATALOGUE[code]) == set(LANGUAGES)
    chinese, english = CATALOGUE[code]["zh-CN"], CATALOGUE[code]["en"]
    assert placeholders(chinese) == placeholders(english)
    assert all(chinese + english)
    assert all(re.search(r"[\u4e00-\u9fff]", text) for text in chinese)


def codes_in_the_source() -> set[str]:
    """Every string that looks like a code among the arguments of what makes findings, and returned as one."""
    found: set[str] = set()
    for path in Path(catalogue.__file__).parent.glob("*.py"):
        if path.name in ("messages.py", "samples.py"):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and _name(node.func) in RAISING:
                found |= {text for argument in node.args for text in _strings(argument)}
            if isinstance(node, ast.Return) and path.name in ("values.py", "judge.py"):
                found |= set(_strings(node.value))
    return {text for text in found if re.fullmatch(r"[a-z]+(?:_[a-z]+)+|normalised", text)}


def _name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _strings(node: ast.expr | None) -> list[str]:
    if node is None:
        return []
    return [n.value for n in ast.walk(node) if isinstance(n, ast.Constant) and isinstance(n.value, str)]


def test_every_code_in_the_source_is_in_the_catalogue_and_the_other_way_round() -> None:
    codes = {code for code in codes_in_the_source() if not ELSEWHERE.match(code)}
    assert codes - set(CATALOGUE) == set()
    # Found by issuance, in files that intake accepted.
    found_later = {
        *("already_issued", "already_issued_differs", "issued_to_another_name"),
        *("hours_short", "lost_for_cause", "number_void", "qr_too_large"),
    }
    assert set(CATALOGUE) - codes == found_later


def test_values_are_inserted_as_text_never_as_a_format() -> None:
    finding = Finding(
        "grade_unknown", Severity.FAULT, value="{accepted!r} {0.__class__}", params={"accepted": "{value}"}
    )
    problem, remedy = describe(finding, "en")
    assert "{accepted!r} {0.__class__}" in problem
    assert "{value}" in remedy


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("410105199001011234", "410105********1234"),
        ("41010519900101123X。", "410105********123X。"),
        ("410105 19900101 1234", "410105********1234"),
        ("４１０１０５１９９００１０１１２３４", "４１０１０５********１２３４"),
        ("410105⟨U+200B⟩199001011234", "410105********1234"),
        ("410102196O08262028", "410102********2028"),
        ("4l0102l96008262028", "4l0102********2028"),
        ("A12班2026年3月", "A12班2026年3月"),
        ("张三13800138000", "张三138********"),
        ("2026-11-20 08:30:00", "2026-11-20 08:30:00"),
        ("郑州市第15中学", "郑州市第15中学"),
        ("26000", "26000"),
    ],
)
def test_masking(text: str, masked: str) -> None:
    assert mask_numbers(text) == masked


def test_problem_and_remedy_are_sentences_side_by_side() -> None:
    skipped = Finding("total_row", Severity.NOTE, "表", 7, value="小计")
    assert explain(skipped, "zh-CN") == "合计行，已跳过：小计。无需处理。"
    assert explain(skipped, "en").endswith(": 小计. Nothing to do.")
    ended = Finding("sheet_ignored", Severity.NOTE, "表")
    assert explain(ended, "zh-CN") == "".join(describe(ended, "zh-CN"))
    assert explain(ended, "en") == " ".join(describe(ended, "en"))


@pytest.mark.parametrize(
    ("code", "detail", "said"),
    [
        ("csv_damaged", "unexpected end of data", "引号没有成对"),
        ("csv_damaged", "something new", "格式有误"),
        ("workbook_damaged", "BadZipFile", "压缩包不完整"),
        ("workbook_damaged", "PanicException", "内部结构有误"),
    ],
)
def test_what_a_library_says_is_said_in_chinese(code: str, detail: str, said: str) -> None:
    finding = Finding(code, Severity.FILE, params={"detail": detail, "line": "3"})
    assert said in describe(finding, "zh-CN")[0]
    assert detail not in describe(finding, "zh-CN")[0]
    assert detail in describe(finding, "en")[0]


def test_english_lists_are_written_as_english_has_them() -> None:
    columns = Finding("duplicate_column", Severity.FILE, "表", params={"columns": "C「单位」、H「所在单位」"})
    assert describe(columns, "en")[0].endswith("C“单位”, H“所在单位”.")
    strange = Finding("name_characters", Severity.FAULT, params={"characters": "、 (U+3001)、（ (U+FF08)"})
    assert describe(strange, "en")[0].endswith(": 、 (U+3001), （ (U+FF08)")
    repaired = Finding("normalised", Severity.NOTE, params={"before": "甲、 乙", "after": "甲、乙"})
    assert "“甲、 乙” → “甲、乙”" in describe(repaired, "en")[0]


def test_a_command_is_named_to_whoever_has_a_command_line_and_to_nobody_else() -> None:
    """Clerks in the console, and offices with an annotated workbook, have none."""
    for code, sentences in CATALOGUE.items():
        assert "certreg" not in str(sentences), code
        assert "--" not in str(sentences), code
    lost = Finding("lost_for_cause", Severity.FAULT, params={"number": "41010020261000000190", "reason": "x"})
    for lang in LANGUAGES:
        assert "certreg release 41010020261000000190" in describe_at_terminal(lost, lang)[1]
        assert describe_at_terminal(lost, lang)[1].startswith(describe(lost, lang)[1])
        assert explain(lost, lang, terminal=True) != explain(lost, lang)
    other = Finding("file_empty", Severity.FILE)
    assert describe_at_terminal(other, "zh-CN") == describe(other, "zh-CN")
    for code, hints in COMMANDS.items():
        assert hints.keys() == CATALOGUE[code].keys()
