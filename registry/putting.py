"""Writing to a place what is not there as it must be, and telling what became of each file."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice

from registry.cosigning import Cosigning
from registry.published import PIN
from registry.sites import File, Site
from verifier.webheaders import is_immutable

_FILES_AT_ONCE = 256
"""Held in memory, and written side by side."""


@dataclass(slots=True)
class Published:
    """What one publication did: files by fate, and the log's size under the checkpoint.

    ``unchanged`` are those that were compared with what they must be, or known by their stamps; tiles are known by their length,
    and not among them.
    ``damaged`` are those of ``paths`` that were there and were not what they must always have been.
    """

    written: int = 0
    unchanged: int = 0
    log_size: int = 0
    cosigning: Cosigning | None = None
    """How the newest head stands with the witnesses."""
    status_until: int = 0
    """Until when the status lists hold, Unix seconds; 0 without any."""
    paths: list[str] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)

    def note_end(self, end: int) -> None:
        """Status lists of this publication end at ``end``; 0 tells nothing."""
        self.status_until = min(filter(None, (self.status_until, end)), default=0)


def put(site: Site, files: Iterable[File], result: Published) -> None:
    """Write those of ``files`` that are not there as they must be, side by side; what became of each is in ``result``."""
    missing = (file for file in files if _is_to_write(site, *file, result))
    while some := list(islice(missing, _FILES_AT_ONCE)):
        site.replace(some)


def _is_to_write(site: Site, path: str, data: bytes, result: Published) -> bool:
    if site.holds(path, data):
        result.unchanged += 1
        return False
    # The root changes once, if it was lost: then it is right to say that it was another.
    if (is_immutable(path) or path == PIN) and site.length(path) is not None:
        result.damaged.append(path)
    result.written += 1
    result.paths.append(path)
    return True
