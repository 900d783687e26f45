"""``verify`` as its callers meet it: bounds, what stands in the report, and that steps run whatever failed before.

Every outcome of every step is in ``tests/vectors``; here is what a vector cannot show.
"""

import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest

from tests.builders import HOST, at
from tests.simulator import (
    ANNUAL,
    COMPLETION,
    LOGGED_AT,
    NOW,
    Simulator,
    policy,
    with_authority_changes,
    with_key_changes,
)
from verifier.evidence import Evidence
from verifier.limits import MAX_LOG_PROOF_BYTES, MAX_NAME_TEXT, MAX_NUMBER_TEXT, MAX_QR_TEXT, MAX_RECORD_BYTES
from verifier.report import Outcome, Verdict, VerificationReport
from verifier.verify import verify


def codes(report: VerificationReport) -> list[str]:
    return [step.code for step in report.steps]


@pytest.mark.parametrize(
    ("part", "bound"),
    [
        ("record", MAX_RECORD_BYTES),
        ("qr_text", MAX_QR_TEXT),
        ("number", MAX_NUMBER_TEXT),
        ("name", MAX_NAME_TEXT),
        ("log_proof", MAX_LOG_PROOF_BYTES),
    ],
)
def test_each_part_has_its_bound(part: str, bound: int) -> None:
    trust = Simulator().trust()
    one: Any = b"1" if part in ("record", "log_proof") else "1"
    parts: list[Any] = [{part: one * bound}, {part: one * (bound + 1)}]
    within, beyond = (verify(Evidence(**members), trust, policy()) for members in parts)
    assert within.steps[0].outcome is Outcome.PASSED
    assert (beyond.verdict, beyond.reason) == (Verdict.FAILED, "evidence_too_large")
    assert beyond.steps[3].outcome is Outcome.PASSED


def test_the_edges_of_a_trust_lists_time() -> None:
    registry = Simulator()
    first, last = registry.trust_list.valid_from - 300, registry.trust_list.valid_until
    for moment, fits in ((first - 1, False), (first, True), (last, True), (last + 1, False)):
        report = verify(Evidence(name="x"), registry.trust(), policy(moment=moment))
        assert ("trust_list_in_force" in codes(report)) is fits, moment


@pytest.mark.parametrize(("ahead", "reason"), [(300, "valid"), (301, "created_after_time")])
def test_a_signature_may_be_a_little_ahead_of_its_entry(ahead: int, reason: str) -> None:
    registry = Simulator()
    certificate = registry.issue(logged_at=at("2026-03-02T08:00:00Z") - ahead)
    assert verify(registry.evidence(certificate), registry.trust(), policy()).reason == reason


def test_an_authentic_record_is_shown_in_force_or_not() -> None:
    registry = Simulator()
    certificate = registry.issue(COMPLETION)
    registry.revoke(certificate.number)
    report = verify(registry.evidence(certificate), registry.trust(), policy())
    record = report.record
    assert (report.verdict, report.reason) == (Verdict.FAILED, "revoked")
    assert record is not None
    assert (record.data, record.document) == (certificate.record, certificate.document)
    assert (record.kind, record.version, record.host) == ("completion", "v1", HOST)
    assert (record.number, record.issuer_code) == (certificate.number, "410100")
    assert record.issuer_name == "郑州市人力资源和社会保障局"
    assert (record.valid_from, record.created) == ("2026-03-02T00:00:00Z", "2026-03-02T08:00:00Z")
    assert record.subject["name"] == "阿依古丽·买买提"
    assert record.qr_text == record.qr_prefix + record.qr_digits == certificate.qr_text


def test_a_record_that_is_not_authentic_is_not_shown_but_its_number_is() -> None:
    registry = Simulator()
    certificate = registry.issue()
    forged = replace(
        registry.evidence(certificate), record=certificate.record.replace(b'Hours":26', b'Hours":96')
    )
    report = verify(forged, registry.trust(), policy())
    assert report.record is None
    assert report.number == certificate.number.digits


@pytest.mark.parametrize(("created_before", "accepted"), [(7 * 86_400, True), (7 * 86_400 + 1, False)])
def test_the_delay_from_signing_to_logging_is_the_policys(created_before: int, accepted: bool) -> None:
    registry = Simulator()
    logged_at = LOGGED_AT - 5 + created_before
    certificate = registry.issue(logged_at=logged_at)
    moment = logged_at + 60
    report = verify(registry.evidence(certificate, moment=moment), registry.trust(), policy(moment=moment))
    assert report.steps[4].code == ("authorised" if accepted else "created_long_before_logged")
    longer = policy(moment=moment, max_log_delay=8 * 86_400)
    assert verify(registry.evidence(certificate, moment=moment), registry.trust(), longer).reason == "valid"


def test_time_comes_from_the_log_where_there_is_one() -> None:
    registry = Simulator()
    certificate = registry.issue()
    evidence = registry.evidence(certificate)
    logged = verify(evidence, registry.trust(), policy())
    assert logged.steps[4].details == {"time": LOGGED_AT, "timeSource": "log"}
    unlogged = verify(replace(evidence, log_proof=None), registry.trust(), policy(require_log=False))
    assert unlogged.steps[4].details == {"time": NOW, "timeSource": "policy"}


def test_a_log_proof_is_checked_though_the_authority_is_unknown() -> None:
    registry = Simulator()
    certificate = registry.issue()
    registry.trust_list = with_authority_changes(registry.trust_list, "410100", keys=())
    report = verify(registry.evidence(certificate), registry.trust(), policy())
    assert report.steps[7].code == "logged"
    assert codes(report)[4:6] == ["key_not_listed", "no_key"]


def test_a_bad_number_beside_a_good_record() -> None:
    registry = Simulator()
    certificate = registry.issue()
    evidence = replace(registry.evidence(certificate), number="４１０１００ 2026")
    assert verify(evidence, registry.trust(), policy()).reason == "number_form"


def test_one_trust_judges_many_certificates() -> None:
    registry = Simulator()
    certificates = [registry.issue(serial=serial) for serial in range(1, 6)]
    trust, status = registry.trust(), registry.status(certificates[0].number)
    checkpoint = registry.checkpoint()
    for index, certificate in enumerate(certificates):
        proof = registry.log_proof(index, checkpoint=checkpoint).to_bytes()
        evidence = Evidence(record=certificate.record, log_proof=proof, status=status)
        for _ in range(2):
            report = verify(evidence, trust, policy())
            assert (report.verdict, report.number) == (Verdict.PASSED, certificate.number.digits)


def test_the_same_inputs_give_the_same_report() -> None:
    registry = Simulator()
    certificate = registry.issue()
    reports = [verify(registry.evidence(certificate), registry.trust(), policy()).to_json() for _ in range(2)]
    assert reports[0] == reports[1]


def test_the_core_reaches_no_network_no_file_and_no_signer() -> None:
    """Import contracts do not see re-exports; a fresh interpreter does."""
    program = (
        "import sys, verifier.verify; "
        "print(*(name for name in sys.modules if name.split('.')[0] in {'keys', 'registry', 'verifier', 'httpx'}))"
    )
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    loaded = set(done.stdout.split())
    assert "verifier.statuscheck" in loaded
    assert not loaded & {
        "keys.custody",
        "verifier.loading",
        "verifier.gather",
        "verifier.cli",
        "httpx",
        "registry",
    }


@pytest.mark.parametrize("qr", [False, True])
def test_a_value_that_spells_a_context_is_found_in_either_form(*, qr: bool) -> None:
    registry = Simulator()
    certificate = registry.issue({**ANNUAL, "employer": "@context"})
    report = verify(registry.evidence(certificate, qr=qr), registry.trust(), policy())
    assert report.steps[2].code == "context_nested"


@pytest.mark.parametrize("qr", [False, True])
def test_an_issuers_name_that_the_schema_refuses_is_refused_though_the_trust_list_has_it(*, qr: bool) -> None:
    registry = Simulator(with_key_changes(Simulator().trust_list, "410100", "2026-1", issuer_name="局"))
    report = verify(registry.evidence(registry.issue(), qr=qr), registry.trust(), policy())
    assert [report.steps[step].code for step in (4, 5, 6)] == ["authorised", "proof_valid", "schema"]


def test_a_typed_name_may_have_white_space_around_it_and_nothing_else() -> None:
    registry = Simulator()
    evidence = registry.evidence(registry.issue())
    for name, code in (
        (" 张文博\u3000", "well_formed"),
        ("张文博\x1f", "name_differs"),
        ("\ufeff张文博", "name_differs"),
    ):
        report = verify(replace(evidence, name=name), registry.trust(), policy())
        assert report.steps[6].code == code
