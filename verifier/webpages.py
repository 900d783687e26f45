"""The pages as they are installed with the program, by the paths under which a web server gives them out.

``/v`` is the page behind the QR, ``/verify`` the desk, ``/panel`` a panel's workspace, ``/r`` checks its reports. Everything
that they load lies in ``/verifier/DIGEST/``, whose name is made of all that is in it: a page never meets files of another
edition, and who has a file need never ask again (web/README.md, decision 23). Beside it lie the root that they trust, and
``verifier/files.json``, a digest of each file: what the service worker keeps is what the list says, whole, or nothing. The
worker itself must lie above the pages that it serves.
"""

import json
import re
from base64 import urlsafe_b64encode
from collections.abc import Iterator, Mapping
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable

PIN_PATH = "verifier/root.json"
"""The root that the pages trust: chosen by whoever installs them (web/README.md)."""
LIST_PATH = "verifier/files.json"
SET = re.compile(r"verifier/[\w-]{22}/", re.ASCII)
"""Where a set of files lies: written once."""
WORKER = {"worker.js": "verifier/worker.js"}
PAGES = {
    "v": "verifier/index.html",
    "verify": "verifier/desk/index.html",
    "panel": "verifier/panel/index.html",
    "r": "verifier/panel/report.html",
}
_FOLDER = "verifier/"
_SUFFIXES = (".html", ".css", ".js", ".json", ".svg")
_EDITORS = ("package.json", "jsconfig.json")
"""For who edits the modules, or runs them elsewhere; no browser asks for them."""


def installed_pages() -> dict[str, bytes]:
    """Every file of the pages as it is written, in ``verifier/``; the pages themselves as ``v/index.html`` and the like."""
    found = dict(_walk(files("verifier") / "web", _FOLDER))
    moved = {**{f"{address}/index.html": path for address, path in PAGES.items()}, **WORKER}
    return {address: found.pop(path) for address, path in moved.items()} | found


def pages_with(pin: bytes | None) -> dict[str, bytes]:
    """The pages with what they load in the folder of its digest, the root that they trust, and last the list of them all."""
    found = dict(sorted(_in_their_set(installed_pages()).items()))
    if pin is not None:
        found[PIN_PATH] = pin
    return {**found, LIST_PATH: page_list(found)}


def page_list(pages: Mapping[str, bytes]) -> bytes:
    """Digests (12 characters of SHA-256 in base64url: 72 bits) by the address under which a browser asks for a file.

    They tell a file that is cut off or of another edition; who serves a false one also serves this list. A telephone pays for
    each character, which no compression makes smaller.
    """
    digests = {
        f"/{path.removesuffix('index.html')}": _digest(data)[:12]
        for path, data in sorted(pages.items())
        if path not in WORKER
    }
    return json.dumps({"files": digests}, separators=(",", ":")).encode()


def _in_their_set(pages: Mapping[str, bytes]) -> dict[str, bytes]:
    """``pages`` with what they load moved to the folder of its digest, and the pages leading there."""
    loaded = {path: data for path, data in pages.items() if path.startswith(_FOLDER)}
    folder = f"{_FOLDER}{_digest(page_list(loaded))}/"
    leading = {path: data for path, data in pages.items() if path not in loaded}
    old, new = f'"/{_FOLDER}'.encode(), f'"/{folder}'.encode()
    return {path: data.replace(old, new) for path, data in leading.items()} | {
        folder + path.removeprefix(_FOLDER): data for path, data in loaded.items()
    }


def _digest(data: bytes) -> str:
    return urlsafe_b64encode(sha256(data).digest())[:22].decode()


def _walk(folder: Traversable, before: str) -> Iterator[tuple[str, bytes]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _walk(entry, f"{before}{entry.name}/")
        elif entry.name.endswith(_SUFFIXES) and entry.name not in _EDITORS:
            yield f"{before}{entry.name}", entry.read_bytes()
