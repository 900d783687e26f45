"""The errors of this package: one family, told apart by a code.

They are raised inside and turned into the outcome of a numbered step (SPEC clause 7) by ``verifier.verify``; a caller
of ``verify`` never sees one. ``code`` is the identity of the condition; ``detail`` carries no personal data.
"""


class VerifierError(Exception):
    """Base of everything that this package raises for bad input. ``code`` is the condition."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.detail = detail


class FormError(VerifierError):
    """Evidence is not in the form that SPEC demands: it can be no certificate of ours as it stands."""


class LogError(VerifierError):
    """A log proof, checkpoint or note is malformed or does not verify."""


class StatusError(VerifierError):
    """A status list cannot be used: nothing follows from it about any certificate."""


class SourceError(VerifierError):
    """A publication cannot be read: missing, out of reach or over a bound (verifier.gather)."""
