"""Every code that can reach a reader has a sentence in both languages, and no sentence says more than was found."""

import ast
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

from keys.trustlist import STATES
from verifier.messages import (
    FIELDS,
    LANGUAGES,
    MISSING,
    OUTCOMES,
    REASONS,
    STEPS,
    USAGE,
    VERDICTS,
    missing_sentence,
    reason_word,
    sentence_of,
    step_name,
    usage_text,
    verdict_word,
)
from verifier.report import STEP_NAMES, Outcome, Verdict
from verifier.sentences import SENTENCES, UNDECIDED, Sentence

_PROJECT = Path(__file__).resolve().parents[2]
_FILES = sorted([*(_PROJECT / "verifier").glob("*.py"), *(_PROJECT / "keys").glob("*.py")])
_ENDS = {"Undecided", "Skipped", "Passed", "NotInForce", "_not_listed"}
_NOT_SHOWN = {"CeremonyError", "ConnectionError", "CustodyError", "UsageError", "ValueError"}
"""Families that never reach a report: private keys, what travels in ceremonies, and sentences that are written out where they are raised."""

PASSED_ON = {
    "code": "a name whose constants the two rules above find where it gets its value",
    "answer.code": "what verifier/containers.py raised in a box; verifier/boxwire.py lets its CODES through",
    "error.code": "another error of ours passed on",
    "found.code": "another error of ours passed on",
    "known.code": "another error of ours passed on",
    "objection": "what verifier/authority.py returns: see RETURNED",
    "word": "verifier/statuscheck.py, _WORDS: see RETURNED",
}
"""Codes that are no constant where they are raised, and where their values are found instead."""

RETURNED = {
    ("authority.py", "authority_objection"),
    ("authority.py", "_key_objection"),
    ("canonical.py", "restriction"),
    ("canonical.py", "_container_restriction"),
}
"""Functions that return codes."""


@cache
def _parsed(path: Path) -> tuple[ast.AST, ...]:
    """Everything in a file."""
    return tuple(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))


def _leaves(node: ast.expr) -> Iterator[ast.expr]:
    """What an expression can be: both branches of a choice."""
    if isinstance(node, ast.IfExp):
        yield from _leaves(node.body)
        yield from _leaves(node.orelse)
    else:
        yield node


def _constants(node: ast.expr) -> Iterator[str]:
    """The codes among what an expression can be."""
    for leaf in _leaves(node):
        match leaf:
            case ast.Constant(value=str(text)):
                yield text
            case ast.JoinedStr(values=[ast.Constant(value="authority_"), _]):
                yield from (f"authority_{state}" for state in STATES if state != "granted")


def _untold(node: ast.expr) -> list[str]:
    """Expressions among them whose codes this test could not find."""
    others = [leaf for leaf in _leaves(node) if not isinstance(leaf, ast.Constant | ast.Dict)]
    return [text for leaf in others if (text := ast.unparse(leaf)) not in PASSED_ON]


def _raised(path: Path) -> Iterator[tuple[str, str]]:
    """(code, where) for every code that a file gives to an error or an end of a step."""
    for node in _parsed(path):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        name = ast.unparse(node.func).rpartition(".")[2]
        if name in _NOT_SHOWN or not (name in _ENDS or name.endswith("Error")):
            continue
        argument = node.args[1] if name == "_not_listed" else node.args[0]
        where = f"{path.parent.name}/{path.name}:{node.lineno}"
        yield from ((code, where) for code in _constants(argument))
        for text in _untold(argument):
            pytest.fail(
                f"{where}: the code {text} is no constant, so this test cannot look for its sentence. Give a "
                "constant, or say in PASSED_ON where its values are found."
            )


def _returned(path: Path) -> Iterator[tuple[str, str]]:
    for function in _parsed(path):
        if isinstance(function, ast.FunctionDef) and (path.name, function.name) in RETURNED:
            for node in ast.walk(function):
                if isinstance(node, ast.Return) and node.value is not None:
                    where = f"{path.parent.name}/{path.name}:{node.lineno}"
                    yield from ((code, where) for code in _constants(node.value))


def _assigned(path: Path) -> Iterator[tuple[str, str]]:
    """Codes that reach an error by way of a variable ``code`` or an argument ``code``."""
    for node in _parsed(path):
        where = f"{path.parent.name}/{path.name}"
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "code":
            yield from ((code, where) for code in _constants(node.value))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "_required":
            yield from ((code, where) for code in _constants(node.args[2]))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "Trouble":
            yield from ((code, where) for code in _constants(node.args[1]))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "Presented":
            texts = [one.value for one in node.keywords if one.arg == "trouble"]
            yield from ((code, where) for text in texts for code in _constants(text))


@cache
def _codes() -> Mapping[str, str]:
    """Every code with a place where it comes from."""
    found = {
        "revoked": "verifier/statuscheck.py",
        "suspended": "verifier/statuscheck.py",
        "valid": "verifier/report.py",
    }
    found |= dict.fromkeys(
        ("null", "float", "key_not_ascii"), "keys/canonical.py"
    )  # by variables of ``restriction``
    found["hours_short"] = "verifier/hours.py"
    for path in _FILES:
        for code, where in (*_raised(path), *_returned(path), *_assigned(path)):
            found[code] = where
    return found


def test_every_code_has_a_sentence_in_both_languages() -> None:
    missing = {code: where for code, where in _codes().items() if code not in SENTENCES}
    assert not missing, (
        f"These codes can reach a reader, who would see the bare code: {missing}. "
        "Add a sentence in zh-CN and en to verifier/sentences.py: what was found, and what to do."
    )


def test_the_search_for_codes_finds_what_it_should() -> None:
    codes = _codes()
    expected = {
        "proof_invalid",
        "authority_withdrawn",
        "key_superseded",
        "too_deep",
        "trust_list_unsigned",
        "superseded",
    }
    expected |= {
        "history_missing",
        "source_unreachable",
        "log_tile",
        "hours_short",
        "container_unreadable",
        "not_object",
    }
    assert expected <= set(codes)
    assert len(codes) > 120


def test_no_sentence_is_for_nobody() -> None:
    unused = set(SENTENCES) - set(_codes())
    assert not unused, (
        f"No code of verifier/ or keys/ leads to these sentences; delete them: {sorted(unused)}"
    )


def test_every_missing_has_a_sentence() -> None:
    found = {
        keyword.value.value
        for path in _FILES
        for node in _parsed(path)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "Undecided"
        for keyword in node.keywords
        if keyword.arg == "missing" and isinstance(keyword.value, ast.Constant)
    }
    assert found == set(MISSING), "verifier/messages.py, MISSING, must name exactly what verify can miss"


def _sentences() -> Iterator[tuple[str, Sentence]]:
    for catalogue in (SENTENCES, UNDECIDED, MISSING, STEPS, VERDICTS, OUTCOMES, FIELDS, REASONS, USAGE):
        yield from catalogue.items()


def test_every_sentence_is_in_its_language() -> None:
    for code, sentence in _sentences():
        assert any("\u4e00" <= character <= "\u9fff" for character in sentence.zh), code
        assert sentence.en, code
        assert not any("\u3000" <= character <= "\u9fff" for character in sentence.en), code


def test_every_sentence_of_a_code_is_whole() -> None:
    for code, sentence in (*SENTENCES.items(), *UNDECIDED.items()):
        assert sentence.zh.endswith("。"), code
        assert sentence.en.endswith("."), code
        assert ".." not in sentence.en, code
        assert "。。" not in sentence.zh, code


_ACCUSING_ZH, _ACCUSING_EN = (
    ("伪造", "假证", "无效证书", "请勿采信"),
    ("invalid", "forged", "fake", "false", "not accept"),
)


@pytest.mark.parametrize("code", ["revoked", "suspended", "superseded"])
def test_not_in_force_never_reads_as_false(code: str) -> None:
    sentence = SENTENCES[code]
    assert not any(word in sentence.zh for word in _ACCUSING_ZH)
    assert not any(word in sentence.en.lower() for word in _ACCUSING_EN)


def test_what_could_not_be_checked_never_reads_as_false() -> None:
    undecided = {code for code in SENTENCES if code.startswith(("status_", "source_", "container_"))}
    undecided |= {
        "record_missing",
        "evidence_missing",
        "template_unknown",
        "trust_list_stale",
        "trust_list_count",
    }
    undecided |= {"trust_list_rollback", "log_proof_missing", "witnesses_missing", "log_absent", "log_behind"}
    for sentence in (*(SENTENCES[code] for code in undecided), *UNDECIDED.values()):
        assert not any(word in sentence.zh for word in _ACCUSING_ZH), sentence.zh
        assert not any(word in sentence.en.lower() for word in _ACCUSING_EN), sentence.en


def test_an_undecided_step_has_its_own_words() -> None:
    failed = sentence_of("key_compromised", "en", Outcome.FAILED)
    undecided = sentence_of("key_compromised", "en", Outcome.INDETERMINATE)
    assert "Do not accept" in failed
    assert "could not be decided" in undecided
    assert sentence_of("status_stale", "en", Outcome.INDETERMINATE) == SENTENCES["status_stale"].en


def test_words_are_found_in_both_languages() -> None:
    assert LANGUAGES == ("zh-CN", "en")
    assert [verdict_word(verdict, "zh-CN") for verdict in Verdict] == ["核验通过", "核验未通过", "无法判定"]
    assert [verdict_word(verdict, "en") for verdict in Verdict] == ["PASSED", "FAILED", "INDETERMINATE"]
    assert [step_name(number, "en") for number in range(11)] == [STEPS[name].en for name in STEP_NAMES]
    assert missing_sentence("record", "en").startswith("The certificate")
    assert usage_text("targets", "zh-CN").startswith("请")


def test_what_is_not_known_stands_for_itself() -> None:
    assert reason_word("data-error", "zh-CN") == "数据有误"
    assert reason_word("of-another-year", "zh-CN") == "of-another-year"
    assert sentence_of("unheard_of", "zh-CN") == "unheard_of"
