"""Many at once: the same reports in the same order from other processes, nothing read far ahead, nobody left behind."""

import gc
import json
import pickle
import signal
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from itertools import islice

import pytest

from tests.builders import HOST, signer
from tests.simulator import Simulator, catalogue, policy
from verifier.evidence import Evidence
from verifier.garbage import RARE, rarely_collected
from verifier.many import VerifierPool, _begin, _begin_process, _judged, _pieces, _trusts
from verifier.verify import TOGETHER, verify, verify_all

REGISTRY = Simulator()
STATUS = REGISTRY.status(REGISTRY.issue(serial=1, log=False).number)
DEMANDS = policy(require_log=False)


def pieces(count: int) -> list[Evidence]:
    """Good ones, altered ones, and numbers alone, by turns."""
    found = []
    for serial in range(1, count + 1):
        certificate = REGISTRY.issue(serial=serial, log=False)
        good = Evidence(record=certificate.record, status=STATUS)
        altered = certificate.record.replace(b'"publicHours":26', b'"publicHours":27')
        found.append(
            (good, replace(good, record=altered), Evidence(number=certificate.number.digits))[serial % 3]
        )
    return found


@pytest.fixture(scope="module")
def pool() -> Iterator[VerifierPool]:
    with VerifierPool(REGISTRY.trust(), processes=2) as made:
        yield made


@pytest.mark.parametrize("count", [0, 1, 63, 64, 65, 300])
def test_the_same_reports_in_the_same_order(pool: VerifierPool, count: int) -> None:
    evidence, trust = pieces(count), REGISTRY.trust()
    alone = [verify(one, trust, DEMANDS) for one in evidence]
    found = list(pool.verify(evidence, DEMANDS))
    assert [json.loads(one.data) for one in found] == [one.to_json() for one in alone]
    assert [one[:3] for one in found] == [(one.verdict, one.reason, one.number) for one in alone]


def test_all_that_evidence_may_hold_gets_there(pool: VerifierPool) -> None:
    certificate = REGISTRY.issue(serial=7)
    good = Evidence(record=certificate.record, log_proof=REGISTRY.log_proof().to_bytes(), status=STATUS)
    evidence = [
        replace(good, name="别人"),
        replace(good, number=REGISTRY.issue(serial=8, log=False).number.digits),
        replace(good, log_proof=b"x"),
        Evidence(qr_text=certificate.qr_text, status=STATUS),
    ]
    reasons = [one.reason for one in pool.verify(evidence, policy(require_log=True))]
    alone = [verify(one, REGISTRY.trust(), policy(require_log=True)).reason for one in evidence]
    assert reasons == alone
    assert len(set(reasons)) == len(evidence)


@pytest.mark.parametrize("count", [0, 1, TOGETHER, TOGETHER + 1, 100])
def test_together_as_each_alone(count: int) -> None:
    evidence, trust = pieces(count), REGISTRY.trust()
    assert list(verify_all(iter(evidence), trust, DEMANDS)) == [
        verify(one, trust, DEMANDS) for one in evidence
    ]


def test_no_more_is_read_ahead_than_is_worked_on(pool: VerifierPool) -> None:
    read = 0

    def endless() -> Iterator[Evidence]:
        nonlocal read
        while True:
            read += 1
            yield Evidence(number="41010020261000012315")

    assert len(list(islice(pool.verify(endless(), DEMANDS), 10))) == 10
    assert read <= 5 * 64


def test_an_error_of_the_reader_reaches_the_caller(pool: VerifierPool) -> None:
    def broken() -> Iterator[Evidence]:
        yield Evidence(number="41010020261000012315")
        raise RuntimeError("the disk is gone")

    with pytest.raises(RuntimeError, match="the disk is gone"):
        list(pool.verify(broken(), DEMANDS))


def test_a_pool_has_as_many_processes_as_there_are_processors() -> None:
    with VerifierPool(REGISTRY.trust()) as made:
        assert [one.reason for one in made.verify(pieces(2), DEMANDS)] == ["proof_invalid", "record_missing"]


def test_what_is_judged_in_a_process_of_the_pool() -> None:
    """The same functions, here, where their lines are seen."""
    thresholds, interrupted = gc.get_threshold(), signal.getsignal(signal.SIGINT)
    _begin_process(_begin, (REGISTRY.trust(),))
    try:
        found = _judged(DEMANDS, list(map(_pieces, pieces(3))))
        assert [reason for _, reason, _, _ in found] == ["proof_invalid", "record_missing", "valid"]
    finally:
        _trusts.clear()
        gc.unfreeze()
        gc.set_threshold(*thresholds)
        signal.signal(signal.SIGINT, interrupted)


def test_who_looks_rarely_for_garbage_looks_as_before_afterwards() -> None:
    before = gc.get_threshold()
    with suppress(RuntimeError), rarely_collected():
        assert gc.get_threshold() == (RARE, *before[1:])
        raise RuntimeError("amidst")
    assert gc.get_threshold() == before


def test_trust_goes_to_another_process_whole() -> None:
    trust = REGISTRY.trust()
    verify(pieces(3)[2], trust, DEMANDS)
    there = pickle.loads(pickle.dumps(trust))  # noqa: S301 - our own
    assert (there.trust_list, there.log_keys, there.pin) == (trust.trust_list, trust.log_keys, trust.pin)
    assert there.catalogue.digests == catalogue().digests
    assert verify(pieces(3)[2], there, DEMANDS).reason == "valid"
    key = signer("any").public_key
    assert pickle.loads(pickle.dumps(key)) == key  # noqa: S301


def test_a_template_is_compiled_once_in_a_process() -> None:
    one = catalogue().templates["annual", "v1"]
    copies = [pickle.loads(pickle.dumps(one)) for _ in range(2)]  # noqa: S301
    assert copies[0] is copies[1]
    assert (copies[0].digest, copies[0].kind, HOST) == (one.digest, "annual", HOST)
