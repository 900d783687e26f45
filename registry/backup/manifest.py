"""What a backup says of itself: ``manifest.json``, written last, with the digest of every other file.

Digests find what was damaged or mixed up, and no forger: who may write there can write a manifest, too. What he put into
the database is found by ``fsck``, with which every restoration ends.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from keys.canonical import JsonLimits, canonicalize_restricted, parse_restricted
from keys.errors import JsonError
from registry.errors import RegistryError
from registry.files import PRIVATE, replace_file

MANIFEST = "manifest.json"
HOME = "home"
"""The folder in a backup of what lies outside the database."""
BACKUP_VERSION = 1
_LIMITS = JsonLimits(max_bytes=4 * 1024 * 1024, max_depth=4)
"""A file takes about 150 bytes; a home has some dozens."""
_PIECE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Stored:
    """A file of the backup: its path with ``/``, bytes, SHA-256 in hexadecimal."""

    path: str
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """``engine`` is ``sqlite`` or ``postgresql``; ``log_size`` and ``log_root`` tell where the log stood in this state."""

    registry: str
    engine: str
    schema: str
    created_at: int
    log_size: int
    log_root: str
    with_keys: bool
    files: tuple[Stored, ...]

    @property
    def database(self) -> str:
        """The path of the database's file."""
        return next(one.path for one in self.files if not one.path.startswith(f"{HOME}/"))


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write it into ``folder``."""
    document = {"backup_version": BACKUP_VERSION, **asdict(manifest)}
    document["files"] = [asdict(one) for one in manifest.files]
    replace_file(folder / MANIFEST, canonicalize_restricted(document), mode=PRIVATE)


def read_manifest(folder: Path) -> Manifest:
    """The manifest in ``folder``; raises ``RegistryError`` (``backup_absent``, ``backup_manifest``)."""
    try:
        data = (folder / MANIFEST).read_bytes()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise RegistryError("backup_absent", folder=str(folder)) from error
    try:
        document = parse_restricted(data, _LIMITS)
        if not isinstance(document, dict) or document.pop("backup_version", None) != BACKUP_VERSION:
            raise RegistryError("backup_manifest", folder=str(folder))
        return _manifest(document)
    except (JsonError, TypeError, KeyError, StopIteration) as error:
        raise RegistryError("backup_manifest", folder=str(folder)) from error


def _manifest(document: Mapping[str, object]) -> Manifest:
    listed = document["files"]
    if not isinstance(listed, list):
        raise TypeError
    files = tuple(Stored(**one) for one in listed)
    members: dict[str, Any] = {**document, "files": files}
    manifest = Manifest(**members)  # of the types below, or it is none
    for of, wanted in ((manifest, _TYPES), *((one, _STORED_TYPES) for one in files)):
        if any(type(getattr(of, name)) is not kind for name, kind in wanted.items()):
            raise TypeError
    if not manifest.database or any(
        ".." in Path(one.path).parts or one.path[:1] in ("", "/") for one in files
    ):
        raise TypeError
    return manifest


_TYPES: Mapping[str, type] = {
    **dict.fromkeys(("registry", "engine", "schema", "log_root"), str),
    **dict.fromkeys(("created_at", "log_size"), int),
    "with_keys": bool,
}
_STORED_TYPES: Mapping[str, type] = {"path": str, "bytes": int, "sha256": str}


def describe(folder: Path) -> Iterator[Stored]:
    """Every file below ``folder``, sorted by path."""
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        yield Stored(file.relative_to(folder).as_posix(), file.stat().st_size, _digest(file))


def check_files(folder: Path, manifest: Manifest) -> None:
    """Every file is what the manifest says; else ``RegistryError`` (``backup_damaged``) naming the first that is not."""
    for one in manifest.files:
        file = folder / one.path
        if not file.is_file() or file.stat().st_size != one.bytes or _digest(file) != one.sha256:
            raise RegistryError("backup_damaged", file=str(file))


def _digest(file: Path) -> str:
    found = sha256()
    with file.open("rb") as stream:
        while piece := stream.read(_PIECE):
            found.update(piece)
    return found.hexdigest()
