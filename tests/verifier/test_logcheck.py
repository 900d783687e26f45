"""One record's issue in the log: the entry must be of this very record, under a checkpoint that counts."""

from dataclasses import replace
from typing import Any

import pytest

from tests.builders import refused
from tests.simulator import LOGGED_AT, NOW, Certificate, Simulator, policy
from verifier.errors import LogError
from verifier.logcheck import LoggedIssue, check_logged
from verifier.number import number_of
from verifier.outcome import Undecided


def logged(size: int = 5) -> tuple[Simulator, Certificate]:
    registry = Simulator()
    registry.fill(size - 1)
    return registry, registry.issue()


def check(registry: Simulator, certificate: Certificate, **changes: Any) -> LoggedIssue:
    arguments: dict[str, Any] = {
        "record": certificate.record,
        "number": certificate.number,
        "trust": registry.trust(),
        "trust_list": registry.trust_list,
        "policy": policy(),
        **changes,
    }
    proof = arguments.pop("proof", None) or registry.log_proof().to_bytes()
    return check_logged(proof, **arguments)


def unproven(registry: Simulator, certificate: Certificate, **changes: Any) -> tuple[str, str]:
    with pytest.raises(Undecided) as caught:
        check(registry, certificate, **changes)
    return caught.value.code, caught.value.missing


@pytest.mark.parametrize("size", [1, 2, 3, 8, 9])
def test_the_issue_as_the_log_has_it(size: int) -> None:
    assert check(*logged(size)) == LoggedIssue(time=LOGGED_AT, place=size - 1, size=size, witnesses=2)


def test_an_entry_of_another_record_number_or_authority() -> None:
    registry, certificate = logged()
    with refused(LogError, "log_entry_differs"):
        check(registry, certificate, record=certificate.record + b" ")
    for other in ({"number": number_of("410100", 2026, 1, 124)}, {"proof": registry.log_proof(0).to_bytes()}):
        assert unproven(registry, certificate, **other) == ("log_entry_other", "log-proof")


@pytest.mark.parametrize(("ahead", "accepted"), [(300, True), (301, False)])
def test_the_log_may_be_ahead_by_the_skew(ahead: int, accepted: bool) -> None:
    registry, certificate = logged()
    registry.last_logged = 0
    demands = policy(moment=LOGGED_AT - ahead)
    if accepted:
        assert check(registry, certificate, policy=demands).time == LOGGED_AT
    else:
        assert unproven(registry, certificate, policy=demands) == ("log_time_in_future", "clock")


@pytest.mark.parametrize(("ahead", "seen"), [(300, 2), (301, 0)])
def test_witnesses_count_from_when_they_cosigned(ahead: int, seen: int) -> None:
    registry, certificate = logged()
    trust_list = replace(registry.trust_list, witness_quorum=0)
    proof = registry.log_proof(checkpoint=registry.checkpoint(cosigned_at=NOW + ahead)).to_bytes()
    assert check(registry, certificate, trust_list=trust_list, proof=proof).witnesses == seen


def test_too_few_witnesses_leave_it_undecided() -> None:
    registry, certificate = logged()
    trust_list = replace(registry.trust_list, witness_quorum=3)
    with pytest.raises(Undecided) as caught:
        check(registry, certificate, trust_list=trust_list)
    assert (caught.value.code, caught.value.missing) == ("witnesses_missing", "witnesses")
    assert caught.value.details == {"witnesses": 2, "quorum": 3}


def test_the_checkpoint_is_the_trust_lists_log() -> None:
    registry, certificate = logged()
    trust_list = replace(registry.trust_list, log_origin="other.example/log")
    assert unproven(registry, certificate, trust_list=trust_list) == ("checkpoint_origin", "log-proof")


def test_a_proof_that_is_none_proves_nothing() -> None:
    registry, certificate = logged()
    for proof in (b"x", registry.log_proof().to_bytes()[:-40]):
        assert unproven(registry, certificate, proof=proof)[1] == "log-proof"
