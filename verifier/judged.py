"""Edge: what is presented, gathered for and judged, one by one or some together, and the report with what only a gatherer knows."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, repeat
from typing import Any, NamedTuple

from verifier.gather import Gathered, Gatherer, LoadedTrust
from verifier.policy import VerificationPolicy
from verifier.presented import Presented
from verifier.report import VerificationReport
from verifier.trouble import Trouble, distinct
from verifier.verify import TOGETHER, verify, verify_all


class Judged(NamedTuple):
    """One target with its report and what could not be fetched for it."""

    target: str
    report: VerificationReport
    troubles: Sequence[Trouble]


def judge(
    presented: Iterable[Presented], gatherer: Gatherer, loaded: LoadedTrust, policy: VerificationPolicy
) -> Iterator[Judged]:
    """A report for each thing presented, one at a time."""
    for item in presented:
        gathered: Gathered = gatherer.gather(item)
        report = verify(gathered.evidence, loaded.trust, policy)
        yield _judged(item, gathered, report, loaded)


def judge_together(
    presented: Iterable[Presented], gatherer: Gatherer, loaded: LoadedTrust, policy: VerificationPolicy
) -> Iterator[Judged]:
    """As ``judge``, in less time, and some at a time: for a program that has all of them at hand."""
    items = iter(presented)
    while some := list(islice(items, TOGETHER)):
        gathered = [gatherer.gather(item) for item in some]
        reports = verify_all((one.evidence for one in gathered), loaded.trust, policy)
        yield from map(_judged, some, gathered, reports, repeat(loaded))


def _judged(item: Presented, gathered: Gathered, report: VerificationReport, loaded: LoadedTrust) -> Judged:
    return Judged(item.label, report, distinct((*loaded.troubles, *gathered.troubles)))


def to_json(judged: Judged, *, source: str, pinned: bool) -> dict[str, Any]:
    """The report's JSON with the members that a gathering program adds (SPEC 7.5)."""
    troubles = [{"path": trouble.path, "code": trouble.code} for trouble in judged.troubles]
    added = {"target": judged.target, "source": source, "pinned": pinned, "troubles": troubles}
    return {**judged.report.to_json(), **added}
