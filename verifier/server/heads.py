"""What the headers of a request say that anything here depends on, read once: who asks, what comes, and what is wanted back."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from verifier.server.problems import language_of


class Head(NamedTuple):
    """Of a header that comes twice the first counts, but for ``forwarded``, which is all of them."""

    peer: str
    """Address of whoever holds the connection."""
    forwarded: str
    """X-Forwarded-For."""
    media_type: str
    """The body's, in small letters and without parameters."""
    coding: str
    """Content-Encoding."""
    length: str
    """Content-Length as it stands."""
    accept: str
    language: str
    """The language to answer in."""


def head_of(scope: Mapping[str, Any]) -> Head:
    """The head of a request (ASGI: names in small letters)."""
    headers: list[tuple[bytes, bytes]] = scope["headers"]
    first = dict(reversed(headers))
    client = scope.get("client")
    return Head(
        peer=client[0] if client else "",
        forwarded=_all(headers, b"x-forwarded-for") if b"x-forwarded-for" in first else "",
        media_type=_media_type(first.get(b"content-type", b"")[:200]),
        coding=first.get(b"content-encoding", b"identity").decode("latin-1"),
        length=first.get(b"content-length", b"").decode("latin-1"),
        accept=first.get(b"accept", b"").decode("latin-1"),
        language=language_of(first.get(b"accept-language", b"").decode("latin-1")),
    )


def _all(headers: list[tuple[bytes, bytes]], name: bytes) -> str:
    return b",".join(value for one, value in headers if one == name).decode("latin-1")


@lru_cache(maxsize=256)
def _media_type(value: bytes) -> str:
    return value.decode("latin-1").partition(";")[0].strip().lower()
