"""The errors of this package; sentences stand in the catalogues (``accounts.po``), by code."""

from registry.errors import RegistryError


class AccountError(RegistryError):
    """What was asked of an account cannot be done; ``code`` says why."""


class SlowDownError(AccountError):
    """Too many attempts; ``seconds`` (in ``params``) until the next is looked at."""

    def __init__(self, seconds: int) -> None:
        super().__init__("too_many_attempts", seconds=seconds)
        self.seconds = seconds
