"""Every error of the registry has its sentence in both languages, and every sentence an error that says it."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest

import verifier.messages as verifier_messages
import verifier.sentences as verifier_sentences
from registry.errors import RegistryError
from registry.messages import (
    ERRORS,
    LANGUAGES,
    STATE_REASON_WORDS,
    UNKNOWN,
    error_sentence,
    pick,
)
from registry.offices import STATE_REASONS
from registry.status import REASONS
from registry.troubles import TROUBLES, sentence_of_trouble
from tests.registry.test_fsck import TAMPERS

PROJECT = Path(__file__).resolve().parents[2]
OURS = {"RegistryError", "IssuanceError", "StatusChangeError", "OfficeError"}
OTHERS = {"CustodyError", "FaceError", "CeremonyError"}
GIVEN_TO_OTHERS = {"number", "detail"}
"""What the command line fills the sentences of other packages' errors with."""


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def sources() -> Iterator[Path]:
    yield from (path for path in (PROJECT / "registry").rglob("*.py") if "intake" not in path.parts)
    yield from (
        PROJECT / "keys" / f"{name}.py"
        for name in (
            *("custody", "agent", "agentd", "agentwire", "pkcs11"),
            *("ceremony", "delegation", "trustdiff", "qrparts"),
        )
    )


def raised(families: set[str]) -> Iterator[tuple[str, set[str], str]]:
    """Code, names of the parameters given, and place of every error made in the source with its code written out."""
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in families and node.args:
                first = node.args[0]
                if isinstance(first, ast.Constant) and isinstance(first.value, str):
                    given = {keyword.arg for keyword in node.keywords if keyword.arg}
                    yield first.value, given, f"{path.name}:{node.lineno}"


def test_every_error_of_ours_has_a_sentence_that_its_parameters_fill() -> None:
    found = list(raised(OURS))
    assert len(found) > 30
    for code, given, place in found:
        sentences = ERRORS.get(code) or TROUBLES.get(code)  # some are told as what was found
        assert sentences, place
        assert placeholders(sentences[0]) <= given, place


def test_every_error_of_custody_and_faces_has_a_sentence() -> None:
    found = list(raised(OTHERS))
    assert len(found) > 10
    for code, _, place in found:
        assert code in ERRORS, place
        assert placeholders(ERRORS[code][0]) <= GIVEN_TO_OTHERS, place


def test_every_objection_to_an_authority_that_can_be_met_has_a_sentence() -> None:
    """``objection_at`` is passed on as it is; revoked keys and keys of other years are never chosen."""
    tree = ast.parse((PROJECT / "verifier" / "authority.py").read_text(encoding="utf-8"))
    returned = {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    codes = {text for text in returned if re.fullmatch(r"(?:authority|key)_[a-z_]+[a-z]", text)}
    never = {"key_of_another_year", "key_compromised", "key_superseded"}
    assert codes - never <= set(ERRORS)
    assert {"authority_suspended", "authority_withdrawn"} <= set(ERRORS)


@pytest.mark.parametrize("code", sorted(ERRORS))
def test_both_languages_say_the_same(code: str) -> None:
    chinese, english = ERRORS[code]
    assert placeholders(chinese) == placeholders(english)
    assert re.search(r"[\u4e00-\u9fff]", chinese)
    assert english[-1] in ".)}"
    assert english.isascii() or set(english) & set("“”")


def test_no_sentence_is_there_for_nothing() -> None:
    said = "\n".join(
        path.read_text(encoding="utf-8")
        for folder in ("registry", "keys", "verifier")
        for path in (PROJECT / folder).rglob("*.py")
        if path.name not in ("messages.py", "troubles.py")
    )
    by_state = {"authority_suspended", "authority_withdrawn"}
    assert {code for code in ERRORS if f'"{code}"' not in said} <= by_state


PASSED_ON = {
    "log_rolled_back",
    "log_recovering",
    "log_not_consistent",
    "head_unreadable",
    "head_unusable",
    "intent_altered",
} | {
    "trail_export_form",
    "trail_entry_form",
}
"""Errors of ours that ``fsck``, or the check of an export, tells as what it found."""
CHECKS = (
    *("fsck", "chronicle", "people", "trail/checking", "trail/verifying"),
    *("identitykeys/sealed", "cases/index", "province/counts", "province/totals"),
)


def codes_of_troubles() -> set[str]:
    """Every code written out where a trouble is made, or returned to where one is."""
    found = set(PASSED_ON)
    for name in CHECKS:
        tree = ast.parse((PROJECT / "registry" / f"{name}.py").read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Trouble":
                found |= texts_in(node.args[0])
            if isinstance(node, ast.Return) and node.value is not None:
                found |= {
                    text for text in texts_in(node.value) if re.fullmatch(r"(claim|identity)_\w+", text)
                }
    return found


def texts_in(expression: ast.expr) -> set[str]:
    values = {node.value for node in ast.walk(expression) if isinstance(node, ast.Constant)}
    return {value for value in values if isinstance(value, str)}


def test_every_trouble_has_a_sentence_and_every_sentence_a_trouble() -> None:
    assert codes_of_troubles() == set(TROUBLES)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_whatever_fsck_was_seen_to_find_is_said_in_words(lang: str) -> None:
    """The verifier's codes too, which are passed on: its own tests give each a sentence."""
    seen = {code for _, codes in TAMPERS.values() for code in codes} | set(verifier_sentences.SENTENCES)
    for code in seen | set(TROUBLES):
        said = sentence_of_trouble(code, lang)
        assert said != pick(UNKNOWN, lang).format(code=code)
        assert bool(re.search(r"[\u4e00-\u9fff]", said)) is (lang == "zh-CN"), code
    assert "never_heard_of" in sentence_of_trouble("never_heard_of", lang)


@pytest.mark.parametrize("code", sorted(TROUBLES))
def test_a_trouble_says_what_to_do(code: str) -> None:
    chinese, english = TROUBLES[code]
    assert placeholders(chinese + english) == set()
    assert chinese.count("。") >= 2 or "请" in chinese
    assert english.count(". ") + english.count("; ") >= 1
    assert english.isascii()


def test_every_reason_of_an_authority_has_words() -> None:
    assert set(STATE_REASON_WORDS) == {one for reasons in STATE_REASONS.values() for one in reasons}
    for chinese, english in STATE_REASON_WORDS.values():
        assert (bool(re.search(r"[\u4e00-\u9fff]", chinese)), english.isascii()) == (True, True)


def test_states_and_commands_are_said_in_the_readers_words() -> None:
    params = {"number": "1", "state": "suspended", "action": "correct", "possible": "reinstate revoke"}
    chinese = error_sentence("status_transition", params, "zh-CN")
    assert all(word in chinese for word in ("已暂停", "恢复（reinstate）、撤销（revoke）"))
    assert "is suspended" in error_sentence("status_transition", params, "en")
    ended = {"number": "1", "state": "revoked", "action": "correct", "possible": "–", "successor": ""}
    assert "「已撤销」，不能更正（correct）。不能再办理任何操作。" in error_sentence(
        "status_transition", ended, "zh-CN"
    )
    replaced = error_sentence("status_transition", {**ended, "successor": "2"}, "zh-CN")
    assert "「已更正换发，新编号 2」" in replaced
    unlisted = {"reason": "x", "action": "suspend", "codes": "complaint under-review"}
    assert "complaint（接到投诉）、under-review（正在复核）" in error_sentence(
        "reason_unlisted", unlisted, "zh-CN"
    )


def test_values_are_inserted_as_text() -> None:
    error = RegistryError("number_unknown", number="{code.__class__} %s")
    assert "{code.__class__} %s" in error_sentence(error.code, error.params, "en")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_code_without_a_sentence_is_shown_as_it_is(lang: str) -> None:
    assert "never_heard_of" in error_sentence("never_heard_of", {}, lang)


@pytest.mark.parametrize(
    "reason", sorted({one for reasons in REASONS.values() for one in reasons} | {"superseded"})
)
def test_every_public_reason_has_words(reason: str) -> None:
    chinese, english = (verifier_messages.reason_word(reason, lang) for lang in LANGUAGES)
    assert re.search(r"[\u4e00-\u9fff]", chinese)
    assert english.isascii()
    assert "-" not in english
