"""A report written at once is the report written from its members, byte for byte."""

import json
from typing import Any

import pytest

from tests.simulator import NOW
from tests.vectors.files import FOLDER, case_names, run_case
from verifier.judged import Judged, to_json
from verifier.report import VerificationReport
from verifier.reportbytes import core_bytes, document_bytes, report_bytes
from verifier.trouble import Trouble


def by_members(document: dict[str, Any]) -> bytes:
    """Another writer of JSON."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


@pytest.mark.parametrize("name", case_names())
def test_every_case_is_written_as_its_members_are(name: str) -> None:
    _, report = run_case(FOLDER, name)
    judged = Judged(f'“{name}”\n"\\\x01', report, (Trouble("trust.json", "trust_list_missing"),))
    document = to_json(judged, source="https://jxjy.henan.example/", pinned=True)
    written = report_bytes(judged, source="https://jxjy.henan.example/", pinned=True)
    assert written == by_members(document)
    assert b"\n" not in written
    assert core_bytes(report) == by_members(report.to_json())


def test_half_a_surrogate_pair_is_told_in_words() -> None:
    judged = Judged("a\ud83d", VerificationReport(NOW, (), None, "", {}), ())
    written = report_bytes(judged, source="x", pinned=False)
    assert json.loads(written)["target"] == "a\ud83d"
    assert b'"target":"a\\ud83d"' in written
    assert document_bytes({"file": "\ud83d"}) == b'{"file":"\\ud83d"}'
