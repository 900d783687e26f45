"""``verify``: evidence, trust and policy to a report, by the numbered steps (``verifier.steps``), with one of three verdicts.

A pure function: no I/O, no clock but ``policy.at``. Every step that can still run does, whatever failed before it; a step
raises inside and is reported here.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
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
    return _report(case, tuple([_run(number, step, (case,))[0] for number, step in _NUMBERED]))


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
        results = [_run(number, step, cases) for number, step in _NUMBERED]
        yield from map(_report, cases, zip(*results, strict=True))


def _report(case: Case, steps: tuple[StepResult, ...]) -> VerificationReport:
    return VerificationReport(
        at=case.policy.at,
        steps=steps,
        record=verified_record(case),
        number=case.number.digits if case.number else "",
        trust=case.trust.summary,
    )


def _run(number: int, step: Callable[[Case], Passed], cases: Sequence[Case]) -> list[StepResult]:
    results = []
    for case in cases:
        try:
            passed = step(case)
        except Skipped as skipped:
            results.append(_skipped(number, skipped.code))
        except (VerifierError, KeysError) as error:
            results.append(_stopped(number, error))
        else:
            case.passed.add(number)
            results.append(
                StepResult(number, Outcome.PASSED, passed.code, passed.details)
                if passed.details
                else _passed(number, passed.code)
            )
    return results


def _stopped(number: int, error: VerifierError | KeysError) -> StepResult:
    details: Mapping[str, Detail] = getattr(error, "details", {})
    if isinstance(error, Undecided):
        return StepResult(number, Outcome.INDETERMINATE, error.code, details, error.missing)
    return StepResult(number, Outcome.FAILED, error.code, details)


@lru_cache(maxsize=256)
def _passed(number: int, code: str) -> StepResult:
    """A result without details: one object for all certificates, which also makes reports small between processes."""
    return StepResult(number, Outcome.PASSED, code)


@lru_cache(maxsize=256)
def _skipped(number: int, code: str) -> StepResult:
    """Likewise."""
    return StepResult(number, Outcome.SKIPPED, code)
