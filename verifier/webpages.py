"""The pages as they are installed with the program, by the paths under which a web server gives them out.

``/v`` is the page behind the QR, ``/verify`` the desk, ``/panel`` a panel's workspace, ``/r`` checks its reports; everything that they load lies below ``/verifier/``.
"""

from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable

PIN_PATH = "verifier/root.json"
"""The root that the pages trust: chosen by whoever installs them (web/README.md)."""
PAGES = {
    "v": "verifier/index.html",
    "verify": "verifier/desk/index.html",
    "panel": "verifier/panel/index.html",
    "r": "verifier/panel/report.html",
}
_SUFFIXES = (".html", ".css", ".js", ".json")


def installed_pages() -> dict[str, bytes]:
    """Every file of the pages; the two pages themselves as ``v/index.html`` and ``verify/index.html``."""
    found = dict(_walk(files("verifier") / "web", "verifier/"))
    pages = {f"{address}/index.html": found.pop(path) for address, path in PAGES.items()}
    return {**found, **pages}


def _walk(folder: Traversable, before: str) -> Iterator[tuple[str, bytes]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _walk(entry, f"{before}{entry.name}/")
        elif entry.name.endswith(_SUFFIXES) and entry.name != "package.json":
            yield f"{before}{entry.name}", entry.read_bytes()
