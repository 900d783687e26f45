"""Bundles: a publication without its log, in one ZIP file, for a verifier without a network (SPEC 8.4).

A stranger's ZIP may claim anything, so members, sizes and ratios are bounded before one is unpacked, and a member is never
unpacked further than its reader allows. Refused: encryption, methods other than stored and deflated, a path twice or
outside the publication. The time of making is nobody's signature: it is only ever taken for older, never for newer.
"""

import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from struct import unpack_from
from typing import TypeVar

from keys.canonical import JsonLimits, parse_restricted
from keys.encodings import timestamp_decode
from keys.errors import KeysError
from verifier.bounded import bounded, check_path
from verifier.errors import SourceError

BUNDLE_VERSION = 1
BUNDLE_HEADER = "bundle.json"
_HEADER_LIMITS = JsonLimits(max_bytes=4096)

MAX_BUNDLE_BYTES = 256 * 1024 * 1024
"""A province's lists of 20 years are under 40 MB; it is held in memory. Sender: whoever made the bundle."""
MAX_BUNDLE_MEMBERS = 50_000
"""40 authorities x 20 years x 2 kinds x 3 documents are 4,800."""
MAX_BUNDLE_UNPACKED = 1024 * 1024 * 1024
"""Total size that the members claim."""
MAX_BUNDLE_DIRECTORY = 16 * 1024 * 1024
"""Bytes of the list of members; 50,000 paths of 100 characters are 8 MB."""
MAX_BUNDLE_RATIO = 200
"""Of a member's size to its packed size, above ``_RATIO_FREE`` bytes; our documents are mostly hashes and signatures."""
_RATIO_FREE = 64 * 1024
_END, _END_BYTES, _MAX_COMMENT = b"PK\5\6", 22, 0xFFFF
_ENTRY, _ZIP64_LOCATOR, _ZIP64_LOCATOR_BYTES = b"PK\1\2", b"PK\6\7", 20

_T = TypeVar("_T")


class BundleSource:
    """A publication without its log, in one ZIP file, for a verifier without a network (SPEC 8.4)."""

    carries_log = False

    def __init__(self, file: Path) -> None:
        self._file = file
        self._archive = _open_archive(file)
        self._members = _members(self._archive)
        self.registry, self.created_at = _header(self._read(BUNDLE_HEADER, _HEADER_LIMITS.max_bytes))

    @property
    def paths(self) -> list[str]:
        """The paths of its documents."""
        return sorted(self._members)

    def read(self, path: str, max_bytes: int) -> bytes | None:
        """See ``Source``."""
        return self._read(check_path(path), max_bytes)

    def describe(self) -> str:
        """The file."""
        return str(self._file)

    def close(self) -> None:
        """The file was read when it was opened."""

    def _read(self, path: str, max_bytes: int) -> bytes | None:
        member = self._members.get(path)
        if member is None:
            return None
        data = _guarded(lambda: self._unpacked(member, max_bytes + 1), path)
        return bounded(data, max_bytes, path)

    def _unpacked(self, member: zipfile.ZipInfo, most: int) -> bytes:
        with self._archive.open(member) as stream:
            return stream.read(most)


def _open_archive(file: Path) -> zipfile.ZipFile:
    try:
        if file.stat().st_size > MAX_BUNDLE_BYTES:
            raise SourceError("source_bundle_too_large", "file")
        data = file.read_bytes()
    except OSError as error:
        raise SourceError("source_unreachable", "bundle") from error
    check_directory(data)
    return _guarded(lambda: zipfile.ZipFile(BytesIO(data)), "zip")


def _guarded(work: Callable[[], _T], detail: str) -> _T:
    """Runs the ZIP reader on strangers' bytes. What it may raise is documented nowhere, so all of it is caught."""
    try:
        return work()
    except Exception as error:
        raise SourceError("source_bundle_form", detail) from error


def check_directory(data: bytes) -> None:
    """Bound the list of members before the ZIP reader makes an object of each: it goes by the size, not by the count.

    The list lies right before the record of its end, or before ZIP64's, which no bundle within our bounds needs.
    """
    start = max(0, len(data) - _END_BYTES - _MAX_COMMENT)
    if data.count(_END, start) != 1:  # none, or two readers could take two different ones
        raise SourceError("source_bundle_form", "end of directory")
    end = data.index(_END, start)
    if len(data) - end < _END_BYTES:
        raise SourceError("source_bundle_form", "end of directory")
    if data[max(0, end - _ZIP64_LOCATOR_BYTES) : end].startswith(_ZIP64_LOCATOR):
        raise SourceError("source_bundle_too_large", "ZIP64")
    (size,) = unpack_from("<L", data, end + 12)
    entries = data.count(_ENTRY, max(0, end - size), end)
    if size > MAX_BUNDLE_DIRECTORY or entries > MAX_BUNDLE_MEMBERS:
        raise SourceError("source_bundle_too_large", "directory")


def _members(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """Members by path; folders are passed over, anything unusual is refused."""
    infos = [info for info in archive.infolist() if not info.is_dir()]
    if len(infos) > MAX_BUNDLE_MEMBERS or sum(info.file_size for info in infos) > MAX_BUNDLE_UNPACKED:
        raise SourceError("source_bundle_too_large", "members")
    for info in infos:
        _check_member(info)
    members = {info.filename: info for info in infos}
    if len(members) != len(infos):
        raise SourceError("source_bundle_form", "a path twice")
    return members


def _check_member(info: zipfile.ZipInfo) -> None:
    check_path(info.filename)
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) or info.flag_bits & 0x1:
        raise SourceError("source_bundle_form", "method")
    if info.file_size > _RATIO_FREE and info.file_size > MAX_BUNDLE_RATIO * max(1, info.compress_size):
        raise SourceError("source_bundle_too_large", "ratio")


def _header(data: bytes | None) -> tuple[str, int]:
    """Host and time of ``bundle.json``."""
    try:
        document = parse_restricted(data or b"", _HEADER_LIMITS)
        if document["bundleVersion"] != BUNDLE_VERSION or type(document["registry"]) is not str:
            raise SourceError("source_bundle_form", BUNDLE_HEADER)
        return document["registry"], timestamp_decode(document["createdAt"])
    except (KeysError, KeyError, TypeError) as error:
        raise SourceError("source_bundle_form", BUNDLE_HEADER) from error
