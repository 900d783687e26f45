"""The runner of the conformance kit: programs that agree, that differ, and that break off, each started as a stranger's would be."""

import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.vectors.comparing import ASPECTS
from tests.vectors.files import case_names, question_of_case, read_case
from tests.vectors.run import AGREES, BROKE_OFF, DIFFERS, USAGE, main

READER = (sys.executable, "-m", "tests.vectors.reader")
ONE = ("--only", "revoked")
TERSE = """
import json, sys
from tests.vectors.protocol import judge
for line in sys.stdin:
    report = judge(json.loads(line)).to_json()
    steps = [{name: step[name] for name in ("step", "name", "outcome", "code")} for step in report["steps"]]
    print(json.dumps({"answer": {"verdict": report["verdict"], "reason": report["reason"], "missing": report["missing"], "steps": steps}}), flush=True)
"""
TRUSTING = """
import json, sys
for line in sys.stdin:
    print(json.dumps({"answer": {"verdict": "PASSED", "reason": "valid", "missing": [], "steps": []}}), flush=True)
"""
UNABLE = 'import sys\nfor line in sys.stdin: print(\'{"error": "not yet"}\', flush=True)'
BROKEN = {
    "it dies": "import sys; sys.stdin.readline(); sys.exit(3)",
    "it says no JSON": "import sys; sys.stdin.readline(); print('PASSED', flush=True); sys.stdin.read()",
    "it says no object": "import sys; sys.stdin.readline(); print('[]', flush=True); sys.stdin.read()",
    "it says no UTF-8": "import sys; sys.stdin.readline(); sys.stdout.buffer.write(b'\\xff\\n'); sys.stdout.flush(); sys.stdin.read()",
    "it never answers": "import sys; sys.stdin.read()",
    "it ends badly": f"{TERSE}\nsys.exit(1)",
}


def python(program: str) -> tuple[str, ...]:
    """``program`` as a command."""
    return (sys.executable, "-c", program)


def test_the_python_verifier_agrees_on_everything(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--", *READER]) == AGREES
    cases = len(case_names())
    assert capsys.readouterr().out.splitlines() == [f"{cases:4} of {cases}  {aspect}" for aspect in ASPECTS]


def test_details_and_trust_may_be_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*ONE, "--", *python(TERSE)]) == AGREES
    told = capsys.readouterr().out
    assert "details" not in told
    assert "trust\n" not in told
    assert told.count("1 of 1") == len(ASPECTS) - 2


def test_a_program_that_believes_everything_is_told_step_by_step(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*ONE, "--", *python(TRUSTING)]) == DIFFERS
    told = capsys.readouterr().out
    assert "revoked: verdict: expected FAILED, got PASSED" in told
    assert "   0 of 1  step 8 status" in told
    assert "   1 of 1  missing" in told


def test_an_error_is_no_answer(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*ONE, "--", *python(UNABLE)]) == DIFFERS
    assert "   1 of 1  no answer" in capsys.readouterr().out


@pytest.mark.parametrize("program", BROKEN.values(), ids=list(BROKEN))
def test_a_program_that_breaks_off_has_its_own_exit_code(
    program: str, capfd: pytest.CaptureFixture[str]
) -> None:
    patience = "1" if program == BROKEN["it never answers"] else "60"
    assert main([*ONE, "--patience", patience, "--", *python(program)]) == BROKE_OFF
    assert "broke off in" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ([], USAGE),
        (["--"], USAGE),
        (["--only", "no-such-case", "--", *READER], USAGE),
        (["--patience", "long", "--", *READER], USAGE),
        (["--", "/no/such/program"], USAGE),
        (["--help"], AGREES),
    ],
)
def test_its_own_command_line(
    arguments: Sequence[str], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == code
    told = capsys.readouterr()
    assert "usage: python -m tests.vectors.run" in told.out + told.err


def test_what_a_program_is_asked_does_not_say_what_is_expected() -> None:
    for name in case_names():
        document = read_case(name)
        question = question_of_case(document)
        assert set(question) == {"task", "case", "evidence", "trust", "policy"}
        assert question == question_of_case({**document, "expected": None})


def test_the_readme_names_every_member_of_a_question() -> None:
    text = (Path(__file__).parents[1] / "vectors" / "README.md").read_text("utf-8")
    protocol = text[text.index("## The protocol") :]
    for name in case_names()[:20]:
        question = question_of_case(read_case(name))
        for members in (question, question["trust"]):
            assert all(f"`{member}`" in protocol for member in members)
