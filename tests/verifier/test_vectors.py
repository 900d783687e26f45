"""The conformance vectors: every case from its files alone, and the files as they would be generated today."""

from hashlib import sha256
from pathlib import Path

import pytest

from tests.matrices import cells
from tests.simulator import Simulator, policy
from tests.vectors.comparing import differences
from tests.vectors.files import (
    CASE,
    FOLDER,
    POOL,
    case_names,
    is_visible,
    question_of_case,
    read_case,
    run_case,
)
from tests.vectors.generate import main, write
from tests.vectors.protocol import evidence_in
from verifier.report import STEP_NAMES
from verifier.verify import verify, verify_all

NAMES = case_names()


@pytest.mark.parametrize("name", NAMES)
def test_the_verifier_agrees_on_every_step(name: str) -> None:
    document, report = run_case(FOLDER, name)
    assert differences(document, report.to_json()) == []
    assert document["name"] == name
    assert len(document["expected"]["steps"]) == len(STEP_NAMES)


@pytest.mark.parametrize("require_log", cells([False, True], always=[True]))
def test_all_evidence_together_is_judged_as_each_alone(*, require_log: bool) -> None:
    """Of every case under one trust: whatever fails, or ends a step early, changes nothing for its neighbours."""
    evidence = [evidence_in(question_of_case(read_case(name))) for name in NAMES]
    trust, demands = Simulator().trust(), policy(require_log=require_log)
    alone = [verify(one, Simulator().trust(), demands) for one in evidence]
    for _ in range(2):  # what was remembered the first time gives the same
        assert list(verify_all(evidence, trust, demands)) == alone


def test_the_committed_files_are_what_is_generated(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--check"]) == 0, capsys.readouterr().err
    assert capsys.readouterr().out.startswith(f"{len(NAMES)} cases")


def test_generation_explains_its_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--force"]) == 64
    assert "usage" in capsys.readouterr().err


def test_writing_removes_what_is_no_case_any_more(tmp_path: Path) -> None:
    write({f"old/{CASE}": b"{}", f"{POOL}/trust-1.json": b"{}"}, tmp_path)
    write({f"new/{CASE}": b"{}"}, tmp_path)
    assert [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.json")] == [f"new/{CASE}"]
    assert [path.name for path in tmp_path.iterdir()] == ["new"]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("verdict", "FAILED"),
        ("reason", "revoked"),
        ("missing", ["status"]),
        ("steps", {"code": "logged_twice"}),
        ("steps", {"outcome": "SKIPPED"}),
        ("steps", {"details": {"index": 5}}),
        ("trust", {"version": 2}),
    ],
)
def test_a_wrong_expectation_is_found(path: str, value: object) -> None:
    document, report = run_case(FOLDER, "log-middle-of-the-tree")
    expected = document["expected"]
    if path == "steps":
        assert isinstance(value, dict)
        expected["steps"][7] |= value
    else:
        expected[path] = value
    assert len(differences(document, report.to_json())) == 1


def test_every_shared_document_is_named_by_its_digest_and_used() -> None:
    text = "".join((FOLDER / name / CASE).read_text("utf-8") for name in NAMES)
    for path in (FOLDER / POOL).iterdir():
        assert path.stem.rpartition("-")[2] == sha256(path.read_bytes()).hexdigest()[:12]
        assert path.name in text


def test_nothing_in_a_case_is_invisible() -> None:
    for name in NAMES:
        assert is_visible((FOLDER / name / CASE).read_text("utf-8")), name


def test_every_outcome_of_every_step_is_shown_by_a_case() -> None:
    seen = {
        (step["step"], step["outcome"]) for name in NAMES for step in read_case(name)["expected"]["steps"]
    }
    always_run = {(0, "SKIPPED"), (3, "SKIPPED"), (3, "FAILED")}
    undecidable = {(step, "INDETERMINATE") for step in (0, 5, 9, 10)}
    every = {
        (step, outcome)
        for step in range(len(STEP_NAMES))
        for outcome in ("PASSED", "FAILED", "INDETERMINATE", "SKIPPED")
    }
    assert every - seen == always_run | undecidable
