"""Edge: what a holder or a panel presents, as the verifier takes it: a file, a QR's text, or a number (SPEC 8.1).

Nothing is judged here. A file in which no certificate can be found says why in ``trouble`` and presents nothing, so that
its verdict is INDETERMINATE: a blurred photograph is no forgery.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from verifier.box import Boxes, shared_boxes
from verifier.contents import PROOF_SUFFIX, Contents
from verifier.errors import SourceError
from verifier.limits import MAX_LOG_PROOF_BYTES, MAX_NUMBER_TEXT
from verifier.qr import looks_like_qr_text
from verifier.unpack import ContainerError, ContainerLimits

SUFFIXES = frozenset({".json", ".pdf", ".png", ".jpg", ".jpeg", ".webp", ".gif", ".txt"})
"""Files of a folder that may hold a certificate."""
MAX_FILES = 100_000
"""Files of one folder; more is a mistake in the command."""
_LABEL_LENGTH = 60
_NUMBER_TEXT = re.compile(r"(?:[0-9０-９][\s\u3000\u00a0-]*){12,}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Presented:
    """One thing to judge. ``label`` is what the reader calls it; ``trouble`` why nothing could be taken from it."""

    label: str
    record: bytes | None = None
    qr_text: str | None = None
    number: str | None = None
    name: str | None = None
    log_proof: bytes | None = None
    trouble: str = ""


def present_text(label: str, text: str) -> Presented | None:
    """A QR's text or a number; None where ``text`` has the shape of neither."""
    text = text.strip()
    if looks_like_qr_text(text):
        return Presented(label, qr_text=text)
    if len(text) <= MAX_NUMBER_TEXT and _NUMBER_TEXT.fullmatch(text):
        return Presented(label, number=text)
    return None


def present_bytes(label: str, data: bytes, *, boxes: Boxes | None = None) -> tuple[Presented, ...]:
    """What a file's bytes present: its record; else every certificate whose QR or number is in it; at least one item.

    Decoders run in ``boxes``, or in those that the program shares; any number of threads may call this at once.
    """
    try:
        contents = (boxes or shared_boxes()).read(data)
    except ContainerError as error:
        return (Presented(label, trouble=error.code),)
    return present_contents(label, contents)


def present_contents(label: str, contents: Contents) -> tuple[Presented, ...]:
    """What was found in a file, as ``present_bytes`` gives it."""
    if contents.record is not None:
        return (Presented(label, record=contents.record, log_proof=contents.log_proof),)
    found = [item for text in contents.qr_texts if (item := present_text(label, text))]
    if any(item.qr_text for item in found):
        found = [item for item in found if item.qr_text]
    if not found:
        return (Presented(label, trouble="container_no_certificate"),)
    return tuple(_numbered(found))


def present_file(path: Path) -> tuple[Presented, ...]:
    """As ``present_bytes``, with the ``.tlog-proof`` that lies beside the file; raises ``SourceError``."""
    items = present_bytes(str(path), _read(path, ContainerLimits().max_bytes + 1))
    beside = path.with_suffix(PROOF_SUFFIX)
    if len(items) > 1 or items[0].log_proof or items[0].trouble or not beside.is_file():
        return items
    return (replace(items[0], log_proof=_read(beside, MAX_LOG_PROOF_BYTES + 1)),)


def plan(target: str) -> list[Path | Presented]:
    """A command line's target as files to read, or as what it says itself.

    Raises ``SourceError``: ``target_unknown``, ``folder_empty``, ``folder_too_large`` or ``file_unreadable``.
    """
    path = Path(target)
    if _exists(path):
        return list(_files_to_judge(path) if path.is_dir() else [path])
    if target.startswith(("http://", "https://")):
        return [Presented(target[:_LABEL_LENGTH], qr_text=target)]
    text = present_text(target[:_LABEL_LENGTH], target)
    if text is None:
        raise SourceError("target_unknown")
    return [text]


def is_folder(target: str) -> bool:
    """Whether ``target`` names a folder."""
    path = Path(target)
    return _exists(path) and path.is_dir()


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # a QR's text is too long for a file's name
        return False


def _files_to_judge(folder: Path) -> list[Path]:
    files = files_of(folder)
    if not files:
        raise SourceError("folder_empty")
    return files


def present_planned(item: Path | Presented) -> tuple[Presented, ...]:
    """What one planned item presents; a file that cannot be opened presents nothing and says so."""
    if isinstance(item, Presented):
        return (item,)
    try:
        return present_file(item)
    except SourceError as error:
        return (Presented(str(item), trouble=error.code),)


def files_of(folder: Path) -> list[Path]:
    """The files in ``folder`` and its direct subfolders that may hold a certificate, sorted; hidden ones are left out."""
    try:
        found = sorted(path for path in _candidates(folder) if path.suffix.lower() in SUFFIXES)
    except OSError as error:
        raise SourceError("file_unreadable", folder.name) from error
    if len(found) > MAX_FILES:
        raise SourceError("folder_too_large", str(len(found)))
    return found


def _candidates(folder: Path) -> Iterator[Path]:
    for entry in folder.iterdir():
        if entry.name.startswith("."):
            continue
        if entry.is_dir():
            yield from (path for path in entry.iterdir() if path.is_file() and path.name[0] != ".")
        else:
            yield entry


def _numbered(items: list[Presented]) -> Iterator[Presented]:
    """Several certificates in one picture are told apart by their place."""
    for place, item in enumerate(items, start=1):
        yield item if place == 1 else replace(item, label=f"{item.label}#{place}")


def _read(path: Path, most: int) -> bytes:
    if not path.is_file():  # a pipe would be waited for
        raise SourceError("file_unreadable", path.name)
    try:
        with path.open("rb") as file:
            return file.read(most)
    except OSError as error:
        raise SourceError("file_unreadable", path.name) from error
