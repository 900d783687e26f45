"""What a web server says of a published file: its type, and how long others may keep it (SPEC 8.3).

What never changes may be kept for a year. What changes is kept for a minute, and never longer than its signature says that
it holds: a cache must not show a list in which a certificate is not revoked yet beyond the moment at which every reader
would call that list stale. Both ways of serving say the same: the public server, and a bucket that keeps the headers
beside each object.
"""

import re

from keys.encodings import timestamp_decode
from keys.errors import KeysError
from verifier.webpages import SET

JSON, BYTES, TEXT = "application/json", "application/octet-stream", "text/plain; charset=utf-8"
FOREVER = "public, max-age=31536000, immutable"
PAGE_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": JSON,
    ".svg": "image/svg+xml",
}
_PAGE = re.compile(r"(?:v|verify|panel|r)/index\.html|worker\.js|verifier/.*(\.html|\.css|\.js|\.json|\.svg)")
_IMMUTABLE = re.compile(rf"trust/\d|templates/|schemas/|ns/|log/tile/|{SET.pattern}", re.ASCII)
_SIGNED = re.compile(r"trust\.json|status/")
_UNTIL = re.compile(rb'"validUntil":"([^"]{20})"')


def published_type(path: str) -> str:
    """The type of a publication's document or page."""
    if _PAGE.fullmatch(path):
        return PAGE_TYPES[f".{path.rpartition('.')[2]}"]
    if path.startswith("log/"):
        return JSON if path.endswith(".json") else TEXT if path == "log/checkpoint" else BYTES
    return "application/zip" if path.endswith(".zip") else JSON


def is_immutable(path: str) -> bool:
    """Whether the file at ``path`` is written once and for good."""
    return _IMMUTABLE.match(path) is not None


def cache_control(path: str, data: bytes, *, now: float, keep: int) -> str:
    """How long others may keep ``data``, the publication's document at ``path``; ``keep``: seconds for what changes."""
    if is_immutable(path):
        return FOREVER
    left = _seconds_left(data, now) if _SIGNED.match(path) else keep
    seconds = min(keep, left)
    return f"public, max-age={seconds}, must-revalidate" if seconds > 0 else "no-cache"


def valid_until(data: bytes) -> int | None:
    """The shortest validity that the document names, in Unix seconds, unverified; None where it names none that can be read."""
    try:
        ends = [timestamp_decode(found.decode("ascii")) for found in _UNTIL.findall(data)]
    except (KeysError, UnicodeDecodeError):
        return None
    return min(ends, default=None)


def _seconds_left(data: bytes, now: float) -> int:
    return max(0, int((valid_until(data) or 0) - now))
