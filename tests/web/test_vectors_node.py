"""The conformance vectors in Node: verdict, reason, what is missing, and outcome, code and details of every step."""

import pytest

from tests.lineprogram import LineProgram
from tests.vectors.comparing import differences
from tests.vectors.files import FOLDER, case_names, question_of_case, run_case
from tests.vectors.run import AGREES, main
from tests.web.nodejs import COMMAND


@pytest.mark.parametrize("name", case_names())
def test_the_browsers_verifier_agrees_on_every_step_and_its_report_is_pythons(
    node: LineProgram, name: str
) -> None:
    document, report = run_case(FOLDER, name)
    answer = node.ask(question_of_case(document))["answer"]
    assert differences(document, answer) == []
    assert answer == report.to_json()


@pytest.mark.usefixtures("node")
def test_it_conforms_as_any_other_program_is_asked(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--", *COMMAND]) == AGREES, capsys.readouterr()
