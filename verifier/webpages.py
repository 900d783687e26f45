"""The pages as they are installed with the program, by the paths under which a web server gives them out.

``/v`` is the page behind the QR, ``/verify`` the desk, ``/panel`` a panel's workspace, ``/r`` checks its reports; everything that they load lies below ``/verifier/``, but for the
service worker, which must lie above the pages that it serves. ``verifier/files.json`` has a digest of each file: what the
worker keeps is what the list says, whole, or nothing (web/README.md, decision 12).
"""

import json
from base64 import urlsafe_b64encode
from collections.abc import Iterator, Mapping
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable

PIN_PATH = "verifier/root.json"
"""The root that the pages trust: chosen by whoever installs them (web/README.md)."""
LIST_PATH = "verifier/files.json"
WORKER = {"worker.js": "verifier/worker.js"}
PAGES = {
    "v": "verifier/index.html",
    "verify": "verifier/desk/index.html",
    "panel": "verifier/panel/index.html",
    "r": "verifier/panel/report.html",
}
_SUFFIXES = (".html", ".css", ".js", ".json", ".svg")


def installed_pages() -> dict[str, bytes]:
    """Every file of the pages; the two pages themselves as ``v/index.html`` and ``verify/index.html``."""
    found = dict(_walk(files("verifier") / "web", "verifier/"))
    moved = {**{f"{address}/index.html": path for address, path in PAGES.items()}, **WORKER}
    return {address: found.pop(path) for address, path in moved.items()} | found


def pages_with(pin: bytes | None) -> dict[str, bytes]:
    """``installed_pages``, the root that they trust, and last the list of them all."""
    found = dict(sorted(installed_pages().items()))
    if pin is not None:
        found[PIN_PATH] = pin
    return {**found, LIST_PATH: page_list(found)}


def page_list(pages: Mapping[str, bytes]) -> bytes:
    """Digests (22 characters of SHA-256 in base64url: 132 bits) by the address under which a browser asks for a file."""
    digests = {
        f"/{path.removesuffix('index.html')}": urlsafe_b64encode(sha256(data).digest())[:22].decode()
        for path, data in sorted(pages.items())
        if path not in WORKER
    }
    return json.dumps({"files": digests}, separators=(",", ":")).encode()


def _walk(folder: Traversable, before: str) -> Iterator[tuple[str, bytes]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _walk(entry, f"{before}{entry.name}/")
        elif entry.name.endswith(_SUFFIXES) and entry.name != "package.json":
            yield f"{before}{entry.name}", entry.read_bytes()
