"""How a step ends when it does not fail: passed, undecided for want of something, or skipped."""

from collections.abc import Mapping
from typing import NamedTuple

from verifier.errors import VerifierError
from verifier.report import NO_DETAILS, Detail


class Passed(NamedTuple):
    """The step passed; ``code`` says on what grounds."""

    code: str
    details: Mapping[str, Detail] = NO_DETAILS


class Skipped(VerifierError):  # noqa: N818 - the end of a step, not a fault
    """The step is not required, or has nothing to run on."""


class Undecided(VerifierError):  # noqa: N818 - the end of a step, not a fault
    """More evidence could decide; ``missing`` says which (``record``, ``trust-list``, ``status`` …)."""

    def __init__(self, code: str, *, missing: str, details: Mapping[str, Detail] | None = None) -> None:
        super().__init__(code)
        self.missing = missing
        self.details = details or {}


class NotInForce(VerifierError):  # noqa: N818 - a finding about the certificate, not a fault of ours
    """The certificate is genuine and no longer, or not now, in force."""

    def __init__(self, code: str, details: Mapping[str, Detail]) -> None:
        super().__init__(code)
        self.details = details
