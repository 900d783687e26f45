"""What every source keeps to: paths that stay inside a publication, and sizes under a bound (SPEC 8.3)."""

import re

from verifier.errors import SourceError

_PATH = re.compile(r"[A-Za-z0-9._-]+(?:/[A-Za-z0-9._-]+)*", re.ASCII)


def check_path(path: str) -> str:
    """``path`` if it may stand in a publication: relative, plain ASCII, no part of dots alone; ``source_path``."""
    if (
        len(path) > 512
        or _PATH.fullmatch(path) is None
        or any(not part.strip(".") for part in path.split("/"))
    ):
        raise SourceError("source_path", path[:200])
    return path


def bounded(data: bytes, max_bytes: int, path: str) -> bytes:
    """``data`` if it has at most ``max_bytes`` bytes; ``source_too_large``."""
    check_size(len(data), max_bytes, path)
    return data


def check_size(size: int, max_bytes: int, path: str) -> None:
    """Raise ``SourceError`` (``source_too_large``) where ``size`` is over ``max_bytes``."""
    if size > max_bytes:
        raise SourceError("source_too_large", path)
