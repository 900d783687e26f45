"""Style and scripts of the console, as they are installed: read once, addressed by their content.

``asset("console.css")`` is an address that changes when the file does, so that browsers may keep it for a year.
"""

from functools import cache
from hashlib import sha256
from importlib.resources import files

_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8"}
PREFIX = "/console/static"


@cache
def assets() -> dict[str, tuple[bytes, str]]:
    """Bytes and media type by name."""
    found: dict[str, tuple[bytes, str]] = {}
    for entry in (files("templates") / "console").iterdir():
        ending = f".{entry.name.rpartition('.')[2]}"
        if ending in _TYPES:
            found[entry.name] = entry.read_bytes(), _TYPES[ending]
    return found


@cache
def asset(name: str) -> str:
    """The address of a file of style or script; raises ``KeyError`` for one that is not there."""
    return f"{PREFIX}/{sha256(assets()[name][0]).hexdigest()[:16]}/{name}"
