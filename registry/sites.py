"""Where a publication lies: what ``publish`` needs of a folder or a bucket, and the folder.

Each file is replaced in one step, and has lasted when ``replace`` returns: a reader sees the old one or the new one. The
order among files is the caller's, by calling ``replace`` again.
"""

import fcntl
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from registry.files import is_left_over, replace_file, replace_files

File = tuple[str, bytes]
"""A path of the publication (SPEC 8.3) and its content."""


class Site(Protocol):
    """A place that readers read from. Paths are relative, with ``/``."""

    @property
    def address(self) -> str:
        """Where it is: what tells it from every other place."""

    def alone(self) -> AbstractContextManager[None]:
        """One publication at a time: of two, the one with the older state could finish last and turn the log back."""

    def length(self, path: str) -> int | None:
        """Bytes of a file, or None where there is none."""

    def stamp(self, path: str) -> str | None:
        """What is another whenever the file was written, or None where there is none; its content is not asked for."""

    def read(self, path: str) -> bytes | None:
        """A file, or None where there is none."""

    def read_all(self, paths: Sequence[str]) -> Mapping[str, bytes | None]:
        """``read`` for each of ``paths``."""

    def holds(self, path: str, data: bytes) -> bool:
        """Whether the file is there and is ``data``."""

    def replace(self, files: Sequence[File]) -> None:
        """Write these, in no order; all last when this returns."""

    def tidy(self, paths: Collection[str] | None = None) -> None:
        """Take away what killed publications left behind: wherever it is, or beside these files."""


@dataclass(frozen=True, slots=True)
class FolderSite:
    """A folder for any web server."""

    folder: Path

    @property
    def address(self) -> str:
        """See ``Site``."""
        return str(self.folder.resolve())

    @contextmanager
    def alone(self) -> Iterator[None]:
        """See ``Site``; the folder is made."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / ".lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)  # let go by the system, however this process ends
            yield

    def length(self, path: str) -> int | None:
        """See ``Site``."""
        try:
            return (self.folder / path).stat().st_size
        except OSError:
            return None

    def stamp(self, path: str) -> str | None:
        """See ``Site``: the system tells of each file when it, its name or its rights were changed, and nobody sets that time."""
        try:
            found = (self.folder / path).stat()
        except OSError:
            return None
        return f"{found.st_ino}.{found.st_size}.{found.st_mtime_ns}.{found.st_ctime_ns}"

    def read(self, path: str) -> bytes | None:
        """See ``Site``."""
        try:
            return (self.folder / path).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None

    def read_all(self, paths: Sequence[str]) -> Mapping[str, bytes | None]:
        """See ``Site``."""
        return {path: self.read(path) for path in paths}

    def holds(self, path: str, data: bytes) -> bool:
        """See ``Site``."""
        return self.length(path) == len(data) and self.read(path) == data

    def replace(self, files: Sequence[File]) -> None:
        """See ``Site``."""
        if len(files) == 1:
            replace_file(self.folder / files[0][0], files[0][1])
        else:
            replace_files([(self.folder / path, data) for path, data in files])

    def tidy(self, paths: Collection[str] | None = None) -> None:
        """See ``Site``."""
        if paths is None:
            hidden = list(self.folder.rglob(".*"))
        else:
            hidden = [
                found
                for folder in {(self.folder / path).parent for path in paths}
                for found in folder.glob(".*")
            ]
        for left_over in filter(is_left_over, hidden):
            left_over.unlink()  # whoever wrote it was killed: we are alone here
