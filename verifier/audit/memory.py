"""What an auditor remembers from one audit to the next, in a file of its own: the checkpoints it found true (SPEC 6.7).

A fork shows only to somebody who saw the other branch. The signed notes are kept whole, because two of them that cannot
both be true are the proof. The file is replaced in one step and synchronised to the disk.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from keys.encodings import base64_decode, base64_encode
from keys.errors import KeysError
from verifier.errors import LogError
from verifier.merkle import HASH_BYTES

STATE_VERSION = 1
MAX_STATE_BYTES = 64 * 1024 * 1024
MAX_CHECKPOINTS = 4096
"""The newest that are kept: a year of eleven audits a day. Each later one stands for all before it."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A checkpoint that was found true. ``cosigned`` (Unix seconds) is its newest counted cosignature, 0 without."""

    size: int
    root: bytes
    cosigned: int
    note: bytes


@dataclass(frozen=True, slots=True)
class Memory:
    """Everything remembered; empty at first. ``pending`` see ``verifier.audit.statuses``."""

    origin: str = ""
    trust_version: int = 0
    checkpoints: tuple[Seen, ...] = ()
    pending: Mapping[str, int] = field(default_factory=dict)

    def with_checkpoint(self, seen: Seen) -> "Memory":
        """With one more; a later note of the same tree takes the place of the earlier."""
        others = [one for one in self.checkpoints if one.size != seen.size]
        kept = sorted([*others, seen], key=lambda one: one.size)[-MAX_CHECKPOINTS:]
        return replace(self, checkpoints=tuple(kept))


def read_memory(file: Path) -> Memory:
    """What ``file`` holds, nothing where there is no file; raises ``LogError`` (``audit_state``), ``OSError``."""
    try:
        with file.open("rb") as stream:
            data = stream.read(MAX_STATE_BYTES + 1)
    except FileNotFoundError:
        return Memory()
    try:
        document: dict[str, Any] = json.loads(data)
        if document["auditStateVersion"] != STATE_VERSION:
            raise LogError("audit_state")
        checkpoints = tuple(map(_seen, document["checkpoints"]))
        pending = {str(name): int(since) for name, since in document["pending"].items()}
        return Memory(str(document["origin"]), int(document["trustVersion"]), checkpoints, pending)
    except (ValueError, KeyError, TypeError, AttributeError, KeysError) as error:
        raise LogError("audit_state") from error


def write_memory(file: Path, memory: Memory) -> None:
    """Replace ``file``; when this returns, it is on the disk."""
    document = {
        "auditStateVersion": STATE_VERSION,
        "origin": memory.origin,
        "trustVersion": memory.trust_version,
        "checkpoints": [
            {
                "size": one.size,
                "root": base64_encode(one.root),
                "cosigned": one.cosigned,
                "note": one.note.decode("utf-8"),
            }
            for one in memory.checkpoints
        ],
        "pending": dict(sorted(memory.pending.items())),
    }
    fresh = file.with_name(f".{file.name}.new")
    with fresh.open("w", encoding="utf-8") as stream:
        json.dump(document, stream, ensure_ascii=False, indent=1)
        stream.flush()
        os.fsync(stream.fileno())
    fresh.replace(file)
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _seen(value: dict[str, Any]) -> Seen:
    root = base64_decode(value["root"])
    if len(root) != HASH_BYTES or type(value["size"]) is not int or value["size"] < 1:
        raise LogError("audit_state")
    return Seen(value["size"], root, int(value["cosigned"]), str(value["note"]).encode("utf-8"))
