"""Files on disk: whole or not at all, for the right eyes, lasting.

What is written goes to a fresh name beside the file, is flushed to the disk and renamed: a reader sees the old file or the
new one, two writers never meet, and a loss of power leaves no half. What failed is taken away again; a process that was
killed leaves one ``.NAME.….new`` behind, which nobody reads (publication sweeps its own).
"""

import os
import secrets
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from registry.errors import OfficeError

PRIVATE, PUBLIC = 0o600, 0o644
FRESH = ".new"
FLUSHED_AT_ONCE = 16


def replace_file(file: Path, data: bytes, *, mode: int = PUBLIC) -> Path:
    """Write ``data`` in place of ``file``; its folder is made. ``mode`` is lessened by the umask."""
    _replace(file, data, mode)
    flush_folder(file.parent)
    return file


def replace_files(files: Sequence[tuple[Path, bytes]]) -> None:
    """``replace_file`` for each of ``files``, in no order: all last when this returns.

    Waiting for the disk is nearly all that a file costs, and it flushes a dozen in the time of one.
    """
    with ThreadPoolExecutor(max_workers=FLUSHED_AT_ONCE) as pool:
        for done in [pool.submit(_replace, file, data, PUBLIC) for file, data in files]:
            done.result()
        for flushed in [pool.submit(flush_folder, folder) for folder in {file.parent for file, _ in files}]:
            flushed.result()


def _replace(file: Path, data: bytes, mode: int) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with fresh_file(file, mode=mode) as fresh:
        with fresh.open("wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        fresh.replace(file)


@contextmanager
def fresh_file(file: Path, *, mode: int) -> Iterator[Path]:
    """An empty file beside ``file`` with ``mode``, for others to write; rename it, or it is gone after the block."""
    fresh = file.with_name(f".{file.name}.{secrets.token_hex(8)}{FRESH}")
    os.close(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode))
    try:
        yield fresh
    finally:
        fresh.unlink(missing_ok=True)


def is_left_over(path: Path) -> bool:
    """Whether ``path`` is what a killed writer left behind."""
    return path.name.startswith(".") and path.name.endswith(FRESH)


def make_private_folder(folder: Path) -> None:
    """Make ``folder`` for its owner alone; one that is there must be so already (``home_unsafe``)."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    require_private(folder, "700")


def make_private_file(file: Path) -> None:
    """Make an empty ``file`` for its owner alone; one that is there must be so already (``home_unsafe``)."""
    try:
        os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE))
    except FileExistsError:
        require_private(file, "600")


def require_private(path: Path, wanted: str) -> None:
    """Raise ``OfficeError`` (``home_unsafe``) where group or others may do anything with ``path``."""
    mode = path.stat().st_mode & 0o777
    if mode & 0o077:
        raise OfficeError("home_unsafe", file=str(path), mode=f"{mode:o}", wanted=wanted)


def flush_folder(folder: Path) -> None:
    """Make a rename last: on the disk it is a change of the folder."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
