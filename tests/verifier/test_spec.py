"""SPEC.md and the code speak of the same things: every clause cited exists, every finding is specified."""

import re
from pathlib import Path

from verifier.messages import MISSING
from verifier.report import STEP_NAMES
from verifier.sentences import SENTENCES, UNDECIDED

_PROJECT = Path(__file__).resolve().parents[2]
_SPEC = (_PROJECT / "verifier" / "SPEC.md").read_text(encoding="utf-8")
_CLAUSES = set(re.findall(r"^#{2,3} ([0-9](?:\.[0-9])?) ", _SPEC, re.MULTILINE))
_CITED = re.compile(r"SPEC (?:clauses? )?((?:[0-9](?:\.[0-9])?(?:, | and | to )?)+)")
_ENCODINGS = {
    code
    for code in SENTENCES
    if re.match(r"base(58|64)|multibase|decimal|hex|timestamp|host_form|key_id", code)
}
_WITHIN_OTHERS = _ENCODINGS | {"authority_code_form", "key_fragment_form", "number_form", "valid"}
"""Codes that the reader of a document replaces by its own before they reach a report."""


def _files() -> list[Path]:
    return [
        path for room in ("keys", "verifier", "registry") for path in sorted((_PROJECT / room).rglob("*.py"))
    ]


def test_every_clause_cited_exists() -> None:
    cited = {
        (str(path.relative_to(_PROJECT)), clause)
        for path in _files()
        for match in _CITED.finditer(path.read_text(encoding="utf-8"))
        for clause in re.findall(r"[0-9](?:\.[0-9])?", match[1])
    }
    assert len(cited) > 40
    unknown = sorted((path, clause) for path, clause in cited if clause not in _CLAUSES)
    assert not unknown, f"clauses that verifier/SPEC.md does not have are cited: {unknown}"


def test_every_finding_is_specified() -> None:
    unspecified = [
        code for code in (*SENTENCES, *UNDECIDED) if f"`{code}`" not in _SPEC and code not in _WITHIN_OTHERS
    ]
    assert not unspecified, f"verifier/SPEC.md does not say when these codes are given: {unspecified}"


def test_every_step_and_what_it_can_miss_is_specified() -> None:
    for number, name in enumerate(STEP_NAMES):
        assert f"**{number} {name}.**" in _SPEC
    for name in MISSING:
        assert f"*{name}*" in _SPEC
