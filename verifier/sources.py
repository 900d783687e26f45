"""Where a publication is read from: a folder, a bundle (ZIP) or a web server, all with the same paths (SPEC 8.3).

A source hands out bytes and judges none. It tells three things apart: the bytes; ``None``, which means that the
publication certainly has nothing there; and ``SourceError``, which means that it could not be told. Nothing is read
beyond a bound, no path leaves the publication, no redirect leaves the host. Whoever serves a publication may lie: what
is read here is evidence, and only signatures make more of it.

Codes: ``source_not_found`` ``source_path`` ``source_unreachable`` ``source_refused`` ``source_too_large``
``source_redirect`` ``source_encoding`` ``source_bundle_form`` ``source_bundle_too_large``.
"""

from pathlib import Path
from typing import Protocol

from verifier.bounded import bounded, check_path
from verifier.bundle import BundleSource
from verifier.errors import SourceError

MAX_REMEMBERED_BYTES = 64 * 1024 * 1024
"""Documents kept for one run, so that 1,000 certificates cost the reads of a few lists and tiles."""
MAX_FAILURES = 3
"""Failures of a connection in a row, after which it is not asked again in this run: 1,000 time-outs are hours."""


class Source(Protocol):
    """A publication that can be read."""

    @property
    def carries_log(self) -> bool:
        """Whether publications of this sort carry the transparency log; a bundle does not."""
        ...

    def read(self, path: str, max_bytes: int) -> bytes | None:
        """The document at ``path``; None where there is certainly none; raises ``SourceError`` otherwise."""
        ...

    def describe(self) -> str:
        """Folder, file or address, for people."""
        ...

    def close(self) -> None:
        """Give up connections."""
        ...


def open_source(text: str) -> Source:
    """The publication that ``text`` names: a web address, a folder, or a bundle's file."""
    if text.startswith(("http://", "https://")):
        from verifier.webserver import HttpSource  # noqa: PLC0415  (with an HTTP library: a folder or a bundle does without)

        return HttpSource(text)
    path = Path(text)
    if path.is_dir():
        return FolderSource(path)
    if path.is_file():
        return BundleSource(path)
    raise SourceError("source_not_found", text[:200])


class FolderSource:
    """A publication that lies in a folder. Symbolic links that lead out of it are refused."""

    carries_log = True

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()

    def read(self, path: str, max_bytes: int) -> bytes | None:
        """See ``Source``."""
        try:
            target = (self._folder / check_path(path)).resolve()
            if not target.is_relative_to(self._folder):
                raise SourceError("source_path", path)
            with target.open("rb") as file:
                return bounded(file.read(max_bytes + 1), max_bytes, path)
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None
        except (OSError, RuntimeError) as error:  # RuntimeError: links in a circle
            raise SourceError("source_unreachable", path) from error

    def describe(self) -> str:
        """The folder."""
        return str(self._folder)

    def close(self) -> None:
        """Nothing is held open."""


class RememberingSource:
    """A source that is asked once for each document of a run. It answers as the other would have."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._known: dict[str, bytes | SourceError | None] = {}
        self._size = 0
        self._failures = 0
        self.reads = 0

    @property
    def carries_log(self) -> bool:
        """See ``Source``."""
        return self._source.carries_log

    def read(self, path: str, max_bytes: int) -> bytes | None:
        """See ``Source``. A failure is remembered too, and after ``MAX_FAILURES`` in a row nothing more is asked."""
        if path not in self._known:
            self._remember(path, self._ask(path, max_bytes))
        found = self._known[path]
        if isinstance(found, SourceError):
            raise SourceError(found.code, found.detail)
        return found if found is None else bounded(found, max_bytes, path)

    def describe(self) -> str:
        """See ``Source``."""
        return self._source.describe()

    def close(self) -> None:
        """See ``Source``."""
        self._source.close()

    def _ask(self, path: str, max_bytes: int) -> bytes | SourceError | None:
        if self._failures >= MAX_FAILURES:
            return SourceError("source_unreachable", "given up")
        self.reads += 1
        try:
            found = self._source.read(path, max_bytes)
        except SourceError as error:
            self._failures += error.code == "source_unreachable"
            return error
        self._failures = 0
        return found

    def _remember(self, path: str, found: bytes | SourceError | None) -> None:
        self._size += len(found) if isinstance(found, bytes) else 0
        if self._size > MAX_REMEMBERED_BYTES:
            self._known.clear()
            self._size = len(found) if isinstance(found, bytes) else 0
        self._known[path] = found
