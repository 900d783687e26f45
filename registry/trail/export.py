"""The audit trail as a file for an auditor: JSON lines with digests, which can be checked without this registry.

The first line is ``{format, registry, exportedAt, count}``; every other ``{digest, entry}``, in canonical JSON: the entry's
bytes stand in the line as they were hashed. ``registry.trail.verifying`` reads it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sqlalchemy.orm import Session

from keys.canonical import JsonLimits, canonicalize_restricted, parse_canonical
from keys.encodings import timestamp_decode, timestamp_encode
from keys.errors import KeysError
from registry.errors import RegistryError
from registry.trail.entry import MAX_ENTRY_BYTES
from registry.trail.service import head_of, stored_entries

FORMAT = "certreg-audit-trail/1"
MAX_LINE = MAX_ENTRY_BYTES + 256
"""Bytes of a line: an entry, its digest, and what holds them together."""
_LIMITS = JsonLimits(MAX_LINE, 10)


@dataclass(frozen=True, slots=True)
class ExportHead:
    """The first line: whose trail, as of when (Unix seconds), and how many entries it had then. Nobody signed it."""

    registry: str
    exported_at: int
    count: int


@dataclass(frozen=True, slots=True)
class ExportedEntry:
    """One line: the entry's canonical bytes, and the digest that stands beside it."""

    data: bytes
    digest: bytes


def export_trail(session: Session, *, host: str, now: int) -> Iterator[bytes]:
    """The file's lines, from one state of the database."""
    head = {
        "format": FORMAT,
        "registry": host,
        "exportedAt": timestamp_encode(now),
        "count": head_of(session).count,
    }
    yield canonicalize_restricted(head) + b"\n"
    for _, data, digest in stored_entries(session):
        # Canonical: members in order, and the entry's bytes as they are.
        yield b'{"digest":"' + digest.hex().encode("ascii") + b'","entry":' + data + b"}\n"


def read_export(lines: Iterable[bytes]) -> tuple[ExportHead, Iterator[ExportedEntry]]:
    """The head and the entries; raises ``RegistryError`` (``trail_export_form``), the iterator too, with the line's number."""
    rest = iter(lines)
    head = _read_head(next(rest, b""))
    return head, (_read_line(line, place) for place, line in enumerate(rest, 2))


def _read_head(line: bytes) -> ExportHead:
    try:
        document = parse_canonical(line.rstrip(b"\n"), _LIMITS)
        at = timestamp_decode(str(document.get("exportedAt")))
    except KeysError as error:
        raise RegistryError("trail_export_form", line=1) from error
    count, registry = document.get("count"), document.get("registry")
    right = set(document) == {"format", "registry", "exportedAt", "count"} and document["format"] == FORMAT
    if not right or type(count) is not int or count < 0 or not isinstance(registry, str):
        raise RegistryError("trail_export_form", line=1)
    return ExportHead(registry, at, count)


def _read_line(line: bytes, place: int) -> ExportedEntry:
    try:
        document = parse_canonical(line.removesuffix(b"\n"), _LIMITS)
        if set(document) != {"digest", "entry"}:
            raise RegistryError("trail_export_form", line=place)
        return ExportedEntry(
            canonicalize_restricted(document["entry"]), bytes.fromhex(str(document["digest"]))
        )
    except (KeysError, ValueError) as error:
        raise RegistryError("trail_export_form", line=place) from error
