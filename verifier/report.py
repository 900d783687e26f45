"""The report: the outcome of every numbered step, and one of three verdicts (SPEC 7.4).

The JSON form is versioned and only ever gains members. Reasons are codes; sentences are translations
(``verifier.messages``).
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, NamedTuple

from keys.encodings import timestamp_encode
from verifier.record import VerifiedRecord

REPORT_VERSION = 1
Detail = str | int | bool
NO_DETAILS: Mapping[str, Detail] = {}


class Verdict(StrEnum):
    """ETSI EN 319 102-1's three conclusions."""

    PASSED = "PASSED"
    FAILED = "FAILED"
    INDETERMINATE = "INDETERMINATE"


class Outcome(StrEnum):
    """Of one step. ``SKIPPED``: not required, or nothing was there to run it on."""

    PASSED = "PASSED"
    FAILED = "FAILED"
    INDETERMINATE = "INDETERMINATE"
    SKIPPED = "SKIPPED"


STEP_NAMES = (
    "bounds",
    "decode",
    "strict-form",
    "trust-list",
    "authority-and-key",
    "proof",
    "schema-and-number",
    "log",
    "status",
    "host",
    "rule",
)
RULE_STEP = 10
"""Reported beside the verdict, never part of it."""


class StepResult(NamedTuple):
    """``code`` says why; ``missing`` names what an undecided step would need."""

    number: int
    outcome: Outcome
    code: str
    details: Mapping[str, Detail] = NO_DETAILS
    missing: str = ""

    @property
    def name(self) -> str:
        """The step's name in SPEC clause 7."""
        return STEP_NAMES[self.number]


_VALID = Verdict.PASSED, "valid"
_DECIDING = ((Outcome.FAILED, Verdict.FAILED), (Outcome.INDETERMINATE, Verdict.INDETERMINATE))
"""What decides, the stronger first."""


class VerificationReport(NamedTuple):
    """What ``verify`` answers. ``record`` is set where the certificate is authentic, in force or not."""

    at: int
    steps: tuple[StepResult, ...]
    record: VerifiedRecord | None
    number: str
    trust: Mapping[str, Detail]

    @property
    def verdict(self) -> Verdict:
        """FAILED if a step failed, else INDETERMINATE if one could not be decided, else PASSED; step 10 apart."""
        return self.conclusion[0]

    @property
    def reason(self) -> str:
        """The code of the step that decided the verdict; ``valid`` where all passed."""
        return self.conclusion[1]

    @property
    def conclusion(self) -> tuple[Verdict, str]:
        """Verdict and reason."""
        outcomes = [step.outcome for step in self.steps[:RULE_STEP]]
        for outcome, verdict in _DECIDING:
            if outcome in outcomes:
                return verdict, self.steps[outcomes.index(outcome)].code
        return _VALID

    @property
    def missing(self) -> tuple[str, ...]:
        """What was missing, each once, in the order of the steps."""
        return tuple(dict.fromkeys([step.missing for step in self.steps if step.missing]))

    def to_json(self) -> dict[str, Any]:
        """The report as a JSON value (SPEC 7.5)."""
        verdict, reason = self.conclusion
        return {
            "reportVersion": REPORT_VERSION,
            "verdict": verdict.value,
            "reason": reason,
            "missing": list(self.missing),
            "at": timestamp_encode(self.at),
            "number": self.number,
            "steps": [_step(step) for step in self.steps],
            "trust": dict(self.trust),
            "record": self.record.document if self.record else None,
        }


def _step(step: StepResult) -> dict[str, Any]:
    return {
        "step": step.number,
        "name": step.name,
        "outcome": step.outcome._value_,  # as ``value``, which is a call of Python
        "code": step.code,
        "details": dict(step.details),
    }
