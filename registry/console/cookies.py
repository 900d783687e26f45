"""Cookies: ``__Host-`` (this host alone, whole path, Secure), not for scripts, never sent along from another site."""

from starlette.responses import Response


def set_cookie(answer: Response, name: str, value: str, *, seconds: int | None = None) -> None:
    """Until the browser is closed, or for ``seconds``."""
    answer.set_cookie(name, value, max_age=seconds, path="/", secure=True, httponly=True, samesite="strict")


def drop_cookie(answer: Response, name: str) -> None:
    """Take it back."""
    answer.delete_cookie(name, path="/", secure=True, httponly=True, samesite="strict")
