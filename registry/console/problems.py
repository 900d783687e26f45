"""What the console answers where it cannot do what was asked: a code, a status, and the values of its sentence."""

from collections.abc import Mapping

STATUS: Mapping[str, int] = {
    "bad_request": 400,
    "form": 400,
    "csrf": 403,
    "forbidden": 403,
    "not_found": 404,
    "method_not_allowed": 405,
    "conflict": 409,
    "too_large": 413,
    "length_required": 411,
    "second_factor": 403,
    "second_factor_token": 403,
    "token": 401,
    "account_unknown": 404,
    "role_forbidden": 403,
    "busy": 503,
    "too_many_attempts": 429,
    "unread": 422,
    "fault": 500,
    **dict.fromkeys(
        (
            *("database_unreachable", "database_unusable", "database_missing", "database_refused"),
            *("database_busy", "database_read_only", "disk_full"),
        ),
        503,
    ),
}
"""By code; a registry's own error (``RegistryError``) is a conflict with its state."""


class Problem(Exception):  # noqa: N818 - the word of RFC 9457
    """``code`` names the sentence (catalogue ``problem.CODE``); ``params`` fill it and carry no personal data."""

    def __init__(
        self, code: str, params: Mapping[str, str | int] | None = None, /, **more: str | int
    ) -> None:
        super().__init__(code)
        self.code = code
        self.params: dict[str, str | int] = {**(params or {}), **more}
        self.headers: dict[str, str] = {}

    @property
    def status(self) -> int:
        """HTTP status."""
        return STATUS.get(self.code, 409)


class SignInNeededError(Exception):
    """Nobody is signed in: a person is led to the door, a program is told 401."""
