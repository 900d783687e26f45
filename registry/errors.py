"""The errors of this package, told apart by a code; sentences stand in ``registry.messages``.

Intake has its own (``registry.intake.findings``), because a clerk's fault has a place in a file; so have faces.
"""

from keys.trustlist import TrustList


class RegistryError(Exception):
    """Base. ``code`` is the condition, ``params`` fill its sentence; neither carries personal data."""

    def __init__(self, code: str, /, **params: str | int) -> None:
        super().__init__(code)
        self.code = code
        self.params = params


class IssuanceError(RegistryError):
    """Nothing can be issued as asked; nothing was reserved."""


class StatusChangeError(RegistryError):
    """The certificate cannot go from its state to the one asked for."""


class OfficeError(RegistryError):
    """An authority or the registry itself is not in a state for what was asked."""


class RootAbsentError(OfficeError):
    """The change is right and the root is not here to sign it: ``draft`` is the next trust list, for a root ceremony."""

    def __init__(self, draft: TrustList, *, here: int) -> None:
        super().__init__("root_threshold", here=here, threshold=draft.root.threshold)
        self.draft = draft
