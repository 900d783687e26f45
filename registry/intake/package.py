"""Opening an XLSX package that may be hostile, before the spreadsheet reader sees any of it.

An XLSX file is a ZIP of XML. Here the ZIP is bounded (members, size, ratio, no encryption, no two members of one
name), and every XML part is parsed once with expat (no DTD, UTF-8 only, well-formed) and surveyed. The reader is then
given a package rebuilt from exactly the bytes that were inspected, so that no second reading of the ZIP (a false
size, a second directory) can show it anything else. Pictures, macros and custom parts are left out of it.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from posixpath import normpath
from typing import Final
from xml.parsers import expat

from registry.intake.findings import IntakeError, refuse_file
from registry.intake.limits import IntakeLimits
from registry.intake.survey import Survey, Surveyor

_OnStart = Callable[[str, dict[str, str]], None]
_OnText = Callable[[str], None]

_WORKBOOK: Final = "xl/workbook.xml"
_RELATIONS: Final = "xl/_rels/workbook.xml.rels"
_STRINGS: Final = "xl/sharedStrings.xml"
_CHUNK: Final = 1 << 18
_HELD_PLAIN: Final = 48 << 20
"""Bytes of parts that are held without packing; 100,000 rows of 8 columns are 38 MB."""
_ROUGHLY_READ: Final = 4 << 20
"""Bytes; 2,000 rows of 8 columns are 0.8 MB."""
_ENCODING = re.compile(rb"""^<\?xml[^>]*?encoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")
_ZIP_ERRORS = (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, RuntimeError, EOFError, OSError)


@dataclass(frozen=True, slots=True)
class Package:
    """An inspected workbook: `rebuilt` is what the reader may read; `surveys` by sheet name."""

    rebuilt: bytes
    surveys: dict[str, Survey]


def rough_rows(data: bytes) -> float:
    """About how many rows a workbook has, before it is inspected: without end where it is no package or unpacks to much."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            read = [member for member in archive.infolist() if _is_read(member.filename)]
            if sum(member.file_size for member in read) > _ROUGHLY_READ:
                return inf
            # An element that holds a cell has a beginning and an end, whatever stands between name and bracket.
            return sum(archive.read(member).count(b"row") for member in read) / 2
    except (*_ZIP_ERRORS, zlib.error, ValueError):
        return inf


def inspect(data: bytes, limits: IntakeLimits) -> Package:
    """Check a whole XLSX file. Raises IntakeError: workbook_damaged, workbook_encrypted, not_a_workbook, too_large …"""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _inspect_archive(archive, limits)
    except IntakeError:
        raise
    except (*_ZIP_ERRORS, zlib.error, ValueError, KeyError, expat.ExpatError) as error:
        raise refuse_file("workbook_damaged", detail=type(error).__name__) from error


def _inspect_archive(archive: zipfile.ZipFile, limits: IntakeLimits) -> Package:
    members = archive.infolist()
    _bound_archive(members, limits)
    if _WORKBOOK not in archive.NameToInfo or _RELATIONS not in archive.NameToInfo:
        raise refuse_file("not_a_workbook")
    rebuilt = io.BytesIO()
    surveys: dict[str, Survey] = {}
    with zipfile.ZipFile(rebuilt, "w", _method(members), compresslevel=1) as copy:
        for member in members:
            if _is_read(member.filename):
                surveys[member.filename] = _inspect_part(archive, member, copy, limits)
    _bound_text(archive, surveys, limits)
    return Package(rebuilt.getvalue(), _by_sheet_name(archive, surveys))


def _method(members: list[zipfile.ZipInfo]) -> int:
    """Packed only where the parts as they are would take much memory: packing takes longer than reading."""
    plain = sum(member.file_size for member in members if _is_read(member.filename))
    return zipfile.ZIP_STORED if plain <= _HELD_PLAIN else zipfile.ZIP_DEFLATED


def _is_read(name: str) -> bool:
    """Whether a spreadsheet reader, ours or openpyxl, parses the member; pictures and macros never are."""
    return name.endswith((".xml", ".rels")) and not name.startswith("customXml/")


def _bound_archive(members: list[zipfile.ZipInfo], limits: IntakeLimits) -> None:
    if len(members) > limits.zip_members:
        raise refuse_file("too_many_parts", limit=str(limits.zip_members))
    if any(member.flag_bits & 0x1 for member in members):
        raise refuse_file("workbook_encrypted")
    if len({member.filename.casefold() for member in members}) != len(members):
        raise refuse_file("workbook_damaged", detail="DuplicateMember")
    unpacked = sum(member.file_size for member in members)
    packed = sum(member.compress_size for member in members)
    if unpacked > limits.unpacked_bytes or (
        unpacked > limits.ratio_free_bytes and unpacked > packed * limits.zip_ratio
    ):
        raise refuse_file("zip_bomb", size=_megabytes(unpacked), limit=_megabytes(limits.unpacked_bytes))


def _inspect_part(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, copy: zipfile.ZipFile, limits: IntakeLimits
) -> Survey:
    """Parse one XML part and copy it. Every part is surveyed as if it were a sheet, since any might be named as one."""
    surveyor = Surveyor(limits)
    with archive.open(member) as source, copy.open(member.filename, "w") as target:
        first = True
        while chunk := source.read(_CHUNK):
            if first:
                _require_utf8(chunk)
                first = False
            surveyor.feed(chunk)
            target.write(chunk)
        surveyor.close()
    return surveyor.survey


def _require_utf8(head: bytes) -> None:
    declared = _ENCODING.match(head.removeprefix(b"\xef\xbb\xbf")[:200])
    if head[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in head[:4]:
        raise refuse_file("workbook_damaged", detail="Encoding")
    if declared is not None and declared.group(1).lower() not in (b"utf-8", b"us-ascii", b"ascii"):
        raise refuse_file("workbook_damaged", detail="Encoding")


def _bound_text(archive: zipfile.ZipFile, surveys: dict[str, Survey], limits: IntakeLimits) -> None:
    """The reader copies a shared string into every cell that uses it: bound the product, exactly only if need be."""
    if sum(survey.last_row * survey.last_column for survey in surveys.values()) > limits.cells:
        raise refuse_file("too_many_cells", limit=str(limits.cells))
    if _STRINGS not in archive.NameToInfo:
        return
    lengths = _string_lengths(archive)
    used = sum(survey.shared_cells for survey in surveys.values())
    if used * max(lengths, default=0) <= limits.text_bytes:
        return
    total = sum(
        _shared_text(archive, name, lengths) for name, survey in surveys.items() if survey.shared_cells
    )
    if total > limits.text_bytes:
        raise refuse_file("zip_bomb", size=_megabytes(total), limit=_megabytes(limits.text_bytes))


def _string_lengths(archive: zipfile.ZipFile) -> list[int]:
    """UTF-8 length, at most, of each shared string."""
    lengths: list[int] = []

    def start(name: str, _: dict[str, str]) -> None:
        if name.rpartition(":")[2] == "si":
            lengths.append(0)

    def text(characters: str) -> None:
        if lengths:
            lengths[-1] += 4 * len(characters)

    _parse(archive, _STRINGS, start, text)
    return lengths


def _shared_text(archive: zipfile.ZipFile, name: str, lengths: list[int]) -> int:
    total = 0
    shared = False
    index = ""

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal total, shared, index
        if tag.rpartition(":")[2] == "c":
            total += _length_at(index, lengths)
            shared = attributes.get("t") == "s"
            index = ""

    def text(characters: str) -> None:
        nonlocal index
        if shared:
            index += characters

    _parse(archive, name, start, text)
    return total + _length_at(index, lengths)


def _length_at(index: str, lengths: list[int]) -> int:
    text = index.strip()
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        return 0
    return lengths[int(text)] if int(text) < len(lengths) else 0


def _parse(archive: zipfile.ZipFile, name: str, start: _OnStart, text: _OnText | None = None) -> None:
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.CharacterDataHandler = text
    with archive.open(name) as source:
        while chunk := source.read(_CHUNK):
            parser.Parse(chunk, False)
    parser.Parse(b"", True)


def _by_sheet_name(archive: zipfile.ZipFile, surveys: dict[str, Survey]) -> dict[str, Survey]:
    targets: dict[str, str] = {}
    names: dict[str, str] = {}

    def relation(tag: str, attributes: dict[str, str]) -> None:
        if tag.rpartition(":")[2] == "Relationship":
            targets[attributes.get("Id", "")] = _target(attributes.get("Target", ""))

    def sheet(tag: str, attributes: dict[str, str]) -> None:
        if tag.rpartition(":")[2] == "sheet":
            identifiers = [value for key, value in attributes.items() if key.endswith(":id")]
            names[attributes.get("name", "")] = identifiers[0] if identifiers else ""

    _parse(archive, _RELATIONS, relation)
    _parse(archive, _WORKBOOK, sheet)
    return {name: surveys.get(targets.get(identifier, ""), Survey()) for name, identifier in names.items()}


def _target(target: str) -> str:
    return normpath(target.lstrip("/") if target.startswith("/") else f"xl/{target}")


def _megabytes(count: int) -> str:
    return f"{count / (1 << 20):.0f} MB"
