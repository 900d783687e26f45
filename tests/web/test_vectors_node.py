"""The conformance vectors in Node: verdict, reason, what is missing, and outcome, code and details of every step."""

import json

import pytest

from tests.vectors.files import CASE, FOLDER, differences, run_case
from tests.web.nodejs import Node
from tests.web.questions import question_of_case

NAMES = sorted(path.parent.name for path in FOLDER.glob(f"*/{CASE}"))


@pytest.mark.parametrize("name", NAMES)
def test_the_browsers_verifier_agrees_on_every_step(node: Node, name: str) -> None:
    document = json.loads((FOLDER / name / CASE).read_bytes())
    assert differences(document, node.ask(question_of_case(document))["answer"]) == []


@pytest.mark.parametrize("name", NAMES)
def test_the_whole_report_is_pythons(node: Node, name: str) -> None:
    document, report = run_case(FOLDER, name)
    assert node.ask(question_of_case(document))["answer"] == report.to_json()
