"""When this host published last, and until when its status lists hold: a note in the registry's folder, for those who watch.

Nothing is decided by it; a note that is lost or false makes a metric false, and no verdict.
"""

from dataclasses import asdict, dataclass
from pathlib import Path

from keys.canonical import JsonLimits, canonicalize_restricted, parse_restricted
from keys.errors import JsonError
from registry.files import PRIVATE, replace_file

_LIMITS = JsonLimits(max_bytes=4096, max_depth=2)


@dataclass(frozen=True, slots=True)
class LastPublication:
    """Unix seconds; ``status_until`` is the end of the list that ends first, 0 where there is none yet."""

    at: int
    log_size: int
    status_until: int


def note_publication(file: Path, note: LastPublication) -> None:
    """Write the note, unless it stands there already."""
    if last_publication(file) != note:
        replace_file(file, canonicalize_restricted(asdict(note)), mode=PRIVATE)


def last_publication(file: Path) -> LastPublication | None:
    """The note, or None where there is none that can be read."""
    try:
        document = parse_restricted(file.read_bytes(), _LIMITS)
        found = [document[name] for name in ("at", "log_size", "status_until")]
    except (OSError, JsonError, KeyError, TypeError):
        return None
    return LastPublication(*found) if all(type(one) is int for one in found) else None
