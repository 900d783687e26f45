"""Many at once: the same reports in the same order, nothing read far ahead, nothing left running."""

import threading
from collections.abc import Iterator
from itertools import islice

import pytest

from tests.simulator import Simulator, policy
from verifier.evidence import Evidence
from verifier.many import verify_many
from verifier.verify import verify

REGISTRY = Simulator()


def pieces(count: int) -> list[Evidence]:
    """Good ones, altered ones, and numbers alone, by turns."""
    found = []
    for serial in range(1, count + 1):
        certificate = REGISTRY.issue(serial=serial, log=False)
        good = Evidence(record=certificate.record, status=STATUS)
        bad = Evidence(
            record=certificate.record.replace(b'"publicHours":26', b'"publicHours":27'), status=STATUS
        )
        found.append((good, bad, Evidence(number=certificate.number.digits))[serial % 3])
    return found


STATUS = REGISTRY.status(REGISTRY.issue(serial=1, log=False).number)


@pytest.mark.parametrize("count", [0, 1, 63, 64, 65, 300])
@pytest.mark.parametrize("threads", [1, 2, 3])
def test_the_same_reports_in_the_same_order(count: int, threads: int) -> None:
    evidence, trust, demands = pieces(count), REGISTRY.trust(), policy(require_log=False)
    alone = [verify(one, trust, demands).to_json() for one in evidence]
    assert [report.to_json() for report in verify_many(evidence, trust, demands, threads=threads)] == alone


def test_no_more_is_read_ahead_than_is_worked_on() -> None:
    read = 0

    def endless() -> Iterator[Evidence]:
        nonlocal read
        while True:
            read += 1
            yield Evidence(number="41010020261000012315")

    reports = verify_many(endless(), REGISTRY.trust(), policy())
    assert len(list(islice(reports, 10))) == 10
    assert read <= 5 * 64
    before = threading.active_count()
    reports.close()  # type: ignore[attr-defined]
    assert threading.active_count() < before


def test_an_error_of_the_reader_reaches_the_caller() -> None:
    def broken() -> Iterator[Evidence]:
        yield Evidence(number="41010020261000012315")
        raise RuntimeError("the disk is gone")

    with pytest.raises(RuntimeError, match="the disk is gone"):
        list(verify_many(broken(), REGISTRY.trust(), policy()))
