"""``verify``: evidence, trust and policy to a report, by the numbered steps (``verifier.steps``), with one of three verdicts.

A pure function: no I/O, no clock but ``policy.at``. Every step that can still run does, whatever failed before it; a step
raises inside and is reported here.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import islice

from keys.errors import KeysError
from verifier.case import Case
from verifier.errors import VerifierError
from verifier.evidence import Evidence
from verifier.outcome import Passed, Skipped, Undecided
from verifier.policy import VerificationPolicy
from verifier.report import Detail, Outcome, StepResult, VerificationReport
from verifier.steps import STEPS, verified_record
from verifier.trust import Trust

TOGETHER = 32
"""Certificates that go through a step one after the other: enough that its code and tables stay in the processor's caches."""
_NUMBERED = tuple(enumerate(STEPS))


def verify(evidence: Evidence, trust: Trust, policy: VerificationPolicy) -> VerificationReport:
    """Judge one certificate. Never raises for anything in ``evidence``."""
    case = Case(evidence, trust, policy, trust_list=trust.trust_list)
    return _report(case, tuple([_run(number, step, case) for number, step in _NUMBERED]))


def verify_all(
    evidence: Iterable[Evidence], trust: Trust, policy: VerificationPolicy
) -> Iterator[VerificationReport]:
    """The report on each of ``evidence``, in order, as ``verify`` gives it and in less time.

    A certificate's steps depend on no other certificate, so some are taken through each step together: ``TOGETHER`` of
    ``evidence`` are read before their reports are given.
    """
    items = iter(evidence)
    while some := tuple(islice(items, TOGETHER)):
        cases = [Case(one, trust, policy, trust_list=trust.trust_list) for one in some]
        results = [[_run(number, step, case) for case in cases] for number, step in _NUMBERED]
        yield from map(_report, cases, zip(*results, strict=True))


def _report(case: Case, steps: tuple[StepResult, ...]) -> VerificationReport:
    return VerificationReport(
        at=case.policy.at,
        steps=steps,
        record=verified_record(case),
        number=case.number.digits if case.number else "",
        trust=case.trust.summary,
    )


def _run(number: int, step: Callable[[Case], Passed], case: Case) -> StepResult:
    try:
        passed = step(case)
    except Skipped as skipped:
        return _skipped(number, skipped.code)
    except Undecided as undecided:
        return StepResult(number, Outcome.INDETERMINATE, undecided.code, undecided.details, undecided.missing)
    except (VerifierError, KeysError) as error:
        details: Mapping[str, Detail] = getattr(error, "details", {})
        return StepResult(number, Outcome.FAILED, error.code, details)
    case.passed.add(number)
    if passed.details:
        return StepResult(number, Outcome.PASSED, passed.code, passed.details)
    return _passed(number, passed.code)


@lru_cache(maxsize=256)
def _passed(number: int, code: str) -> StepResult:
    """A result without details: one object for all certificates, which also makes reports small between processes."""
    return StepResult(number, Outcome.PASSED, code)


@lru_cache(maxsize=256)
def _skipped(number: int, code: str) -> StepResult:
    """Likewise."""
    return StepResult(number, Outcome.SKIPPED, code)
