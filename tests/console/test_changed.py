"""The trail's before and after in words: every name that the registry records has one, in both languages."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import registry
from registry.console.changed import changes, field_word
from registry.console.language import EN, LANGUAGES, ZH
from registry.console.pages.trail import _subject

PACKAGE = Path(registry.__file__).parent


def recorded() -> Iterator[tuple[str, str]]:
    """Module, and a name that it records as before or after of an act."""
    for module in sorted(PACKAGE.rglob("*.py")):
        source = module.read_text("utf-8")
        if "record(" not in source:
            continue
        for one in ast.walk(ast.parse(source)):
            if isinstance(one, ast.FunctionDef):
                yield from ((module.name, name) for name in _names(one))


def _names(function: ast.FunctionDef) -> set[str]:
    """Of what ``function`` gives to ``record``: written there, or in a variable of its own."""
    calls = [one for one in ast.walk(function) if isinstance(one, ast.Call)]
    given = [
        keyword.value
        for call in calls
        if isinstance(call.func, ast.Name) and call.func.id in ("record", "_record")
        for keyword in call.keywords
        if keyword.arg in ("before", "after")
    ]
    variables = {one.id for one in given if isinstance(one, ast.Name)}
    nodes: list[ast.AST] = [*given]
    for one in ast.walk(function):
        targets = [one.target] if isinstance(one, ast.AnnAssign | ast.AugAssign) else []
        targets += one.targets if isinstance(one, ast.Assign) else []
        for target in targets:
            kept = target.value if isinstance(target, ast.Subscript) else target
            if isinstance(kept, ast.Name) and kept.id in variables:
                nodes += [target, one]
    inside = [one for node in nodes for one in ast.walk(node)]
    keys = [key for one in inside if isinstance(one, ast.Dict) for key in one.keys]
    keys += [one.slice for one in inside if isinstance(one, ast.Subscript)]
    return {str(key.value) for key in keys if isinstance(key, ast.Constant) and isinstance(key.value, str)}


def test_every_recorded_name_has_a_word() -> None:
    found = list(recorded())
    assert len(found) > 50  # it looks where things are recorded
    assert {name for _, name in found} >= {"role", "people", "successor", "session", "routes", "version"}
    for module, name in found:
        for lang in LANGUAGES:
            assert field_word(name, lang) != name, f"{module} records {name}: say trail.field.{name}"


@pytest.mark.parametrize(
    ("lang", "told"),
    [
        (
            ZH,
            [
                ("新证书", "", "410100 2026 1 0000001 90"),
                ("有效期至", "", "2026年11月28日"),
                ("岗位", "经办", "审核"),
                ("可做的事", "", "上传名单、查询证书"),
                ("unheard", "", "of"),
            ],
        ),
        (
            EN,
            [
                ("Successor", "", "410100 2026 1 0000001 90"),
                ("Good until", "", "28 Nov 2026"),
                ("Role", "Clerk", "Approver"),
                ("May do", "", "Upload a list, Search certificates"),
                ("unheard", "", "of"),
            ],
        ),
    ],
)
def test_values_are_said_as_pages_say_them(lang: str, told: list[tuple[str, str, str]]) -> None:
    document = {
        "before": {"role": "clerk"},
        "after": {
            "role": "approver",
            "successor": "41010020261000000190",
            "expires": 1_795_798_800,
            "routes": "batches.create certificates.find",
            "unheard": "of",
        },
    }
    assert sorted(changes(document, lang)) == sorted(told)


@pytest.mark.parametrize(
    ("typed", "asked"),
    [
        ("410100 2026 1 0000001 90", "certificate:41010020261000000190"),
        ("事项 4", "case:4"),
        ("名单#2", "draft:2"),
        ("account 12", "account:12"),
        ("Case: 4", "case:4"),
        ("机关 410100", "authority:410100"),
        ("case:4", "case:4"),
        ("trail", "trail"),
        ("事项 四", "事项 四"),
    ],
)
def test_what_the_trail_is_asked_about_is_typed_as_pages_name_it(typed: str, asked: str) -> None:
    assert _subject(typed) == asked
