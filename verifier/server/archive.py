"""A ZIP of many files, as a panel packs a folder: members one at a time, within bounds, by their names as they were meant.

The list of members is bounded before the ZIP reader makes an object of each (``verifier.bundle``), what they claim to
unpack to is bounded in all, and none is unpacked further than it claims. Names are labels only; nothing is written.
"""

import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import PurePosixPath

from verifier.bundle import check_directory
from verifier.errors import SourceError
from verifier.server.problems import Problem
from verifier.server.settings import MAX_ITEMS
from verifier.unpack import ContainerLimits

MAGIC = b"PK\3\4"
EMPTY = b"PK\5\6"
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED, _IS_UTF8 = 0x1, 0x800


def is_archive(data: bytes) -> bool:
    """Whether ``data`` begins as a ZIP does."""
    return data.startswith((MAGIC, EMPTY))


def members(data: bytes, most_bytes: int) -> list[tuple[str, Callable[[], bytes]]]:
    """Name and reader of every file in the ZIP, hidden ones left out; raises ``Problem``.

    A reader gives at most a byte more than a file may have, and nothing for a member that cannot be unpacked.
    """
    try:
        check_directory(data)
        archive = zipfile.ZipFile(BytesIO(data))
        infos = [info for info in archive.infolist() if not info.is_dir() and not _is_hidden(info)]
    except SourceError as error:
        large = error.code == "source_bundle_too_large"
        raise Problem("archive_too_large" if large else "archive_form") from error
    except Exception as error:  # what the ZIP reader may raise is documented nowhere
        raise Problem("archive_form") from error
    if len(infos) > MAX_ITEMS:
        raise Problem("too_many_items")
    if sum(info.file_size for info in infos) > most_bytes:
        raise Problem("archive_too_large")
    if any(info.compress_type not in _METHODS or info.flag_bits & _ENCRYPTED for info in infos):
        raise Problem("archive_form")
    return [(_name(info), _reader(archive, info)) for info in infos]


def _reader(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Callable[[], bytes]:
    def read() -> bytes:
        try:
            with archive.open(info) as stream:
                return stream.read(ContainerLimits().max_bytes + 1)
        except Exception:  # a damaged member; documented nowhere
            return b""

    return read


def _is_hidden(info: zipfile.ZipInfo) -> bool:
    parts = PurePosixPath(info.filename).parts
    return any(part.startswith((".", "__MACOSX")) for part in parts)


def _name(info: zipfile.ZipInfo) -> str:
    """The name as whoever packed it saw it: Chinese Windows writes GB 18030 and does not say so."""
    if info.flag_bits & _IS_UTF8:
        return info.filename
    raw = info.filename.encode("cp437", "replace")
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return info.filename
