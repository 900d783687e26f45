"""Asking witnesses to cosign the head of the log (C2SP tlog-witness), and which head has cosignatures enough.

The trust list says whose cosignatures count and how many are needed; where a witness is reached stands in a file of the
registry's home (``witnesses.json``: name to address), because an address may change without the root. Cosignatures are
appended to the stored checkpoint, so that whatever carries it (publication, proofs, PDF) carries them. No transaction is
open while a witness is waited for, and no failure of one is an error here: it is told, and asked again with the next head.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from keys.encodings import base64_encode, decimal_decode
from keys.errors import KeysError
from keys.trustlist import TrustList
from registry.database import Database
from registry.errors import RegistryError
from registry.files import PRIVATE, replace_file
from registry.log import latest_checkpoint, tree
from registry.models import CheckpointRow
from verifier.errors import LogError
from verifier.limits import MAX_CHECKPOINT_BYTES
from verifier.note import (
    NoteKey,
    append_signature,
    cosignature_times,
    parse_note,
    parse_vkey,
    signature_lines,
)

ADDRESSES = "witnesses.json"
CLOCK_SKEW = 300
"""Seconds that a witness's clock may be ahead of ours, as for every verifier (SPEC 7.2)."""
MAX_LOOKED_AT = 1000
"""Heads looked at for one with enough cosignatures, newest first."""
_ATTEMPTS = 3
"""With one witness: to learn its size, to answer it, and once more if another process was quicker."""


@dataclass(frozen=True, slots=True)
class Cosigning:
    """How a head stands: ``missing`` has a code for every listed witness that has not cosigned it."""

    size: int
    have: int
    quorum: int
    missing: Mapping[str, str]

    @property
    def enough(self) -> bool:
        """Whether every verifier will count enough."""
        return self.have >= self.quorum

    @property
    def names(self) -> str:
        """The missing witnesses with why, for people."""
        return ", ".join(f"{name} ({code})" for name, code in self.missing.items())


def read_addresses(home: Path) -> dict[str, str]:
    """Where witnesses are reached, by name; raises ``RegistryError`` (``witness_addresses``)."""
    try:
        found = json.loads((home / ADDRESSES).read_bytes())
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise RegistryError("witness_addresses", file=ADDRESSES) from error
    from registry.posting import is_address  # noqa: PLC0415  (with an HTTP library, which most registries never need)

    if type(found) is not dict or not all(type(url) is str and is_address(url) for url in found.values()):
        raise RegistryError("witness_addresses", file=ADDRESSES)
    return found


def write_address(home: Path, name: str, url: str | None) -> None:
    """Note where ``name`` is reached, or forget it (None)."""
    addresses = {one: where for one, where in read_addresses(home).items() if one != name}
    if url is not None:
        from registry.posting import is_address  # noqa: PLC0415

        if not is_address(url):
            raise RegistryError("witness_address", url=url[:200])
        addresses[name] = url
    text = json.dumps(addresses, ensure_ascii=False, indent=1, sort_keys=True)
    replace_file(home / ADDRESSES, text.encode("utf-8"), mode=PRIVATE)


def cosign_head(database: Database, home: Path, trust_list: TrustList, *, now: int) -> Cosigning:
    """Ask every listed witness that has not cosigned the newest head, at once; store what they give."""
    keys = witness_keys(trust_list)
    with database.read() as session:
        row = latest_checkpoint(session)
    if row is None or not keys:
        return Cosigning(row.size if row else 0, 0, trust_list.witness_quorum, {})
    absent = [key for key in keys if not _counts(row.note, key, now)]
    addresses = read_addresses(home) if absent else {}
    lines: list[bytes] = []
    missing: dict[str, str] = {}
    if absent:
        with ThreadPoolExecutor(max_workers=min(8, len(absent))) as pool:
            asked = pool.map(lambda key: _ask(database, addresses.get(key.name), key, row, now), absent)
            for key, (line, code) in zip(absent, asked, strict=True):
                if line:
                    lines.append(line)
                else:
                    missing[key.name] = code
    if lines:
        _store(database, row.size, lines)
    return Cosigning(row.size, len(keys) - len(missing), trust_list.witness_quorum, missing)


def witnessed_checkpoint(session: Session, trust_list: TrustList, *, now: int) -> CheckpointRow | None:
    """The newest head that has the quorum of ``trust_list``; without a quorum, the newest head."""
    if not trust_list.witness_quorum:
        return latest_checkpoint(session)
    keys = witness_keys(trust_list)
    rows = select(CheckpointRow).order_by(CheckpointRow.size.desc()).limit(MAX_LOOKED_AT)
    for row in session.scalars(rows):
        if sum(_counts(row.note, key, now) for key in keys) >= trust_list.witness_quorum:
            return row
    return None


def witness_keys(trust_list: TrustList) -> list[NoteKey]:
    """The keys whose cosignatures count."""
    return [parse_vkey(vkey) for vkey in trust_list.witness_vkeys]


def _counts(note: bytes, key: NoteKey, now: int) -> bool:
    return any(0 < time <= now + CLOCK_SKEW for time in cosignature_times(parse_note(note), [key]))


def _ask(
    database: Database, url: str | None, key: NoteKey, row: CheckpointRow, now: int
) -> tuple[bytes, str]:
    """A cosignature line of ``key`` for ``row``, or why there is none."""
    if url is None:
        return b"", "witness_address_missing"
    from registry.posting import UnreachableError, posting  # noqa: PLC0415

    try:
        with posting(f"{url.rstrip('/')}/add-checkpoint") as post:
            return _converse(post, database, key, row, now)
    except UnreachableError:
        return b"", "witness_unreachable"


def _converse(
    post: Callable[[bytes], tuple[int, bytes]], database: Database, key: NoteKey, row: CheckpointRow, now: int
) -> tuple[bytes, str]:
    with database.read() as session:
        old = _last_cosigned(session, key, row.size)
    for _ in range(_ATTEMPTS):
        with database.read() as session:
            submission = _submission(session, row, old)
        status, answer = post(submission)
        if status == HTTPStatus.OK:
            line = _line_of(row.note, answer, key, now)
            return (line, "") if line else (b"", "witness_answer")
        if status != HTTPStatus.CONFLICT:
            return (
                b"",
                "witness_inconsistent" if status == HTTPStatus.UNPROCESSABLE_ENTITY else "witness_refused",
            )
        try:
            old = decimal_decode(answer.decode("ascii").removesuffix("\n"))
        except (UnicodeDecodeError, KeysError):
            return b"", "witness_answer"
        if old > row.size:
            # Another process had a larger head cosigned meanwhile, or this database is an old copy of itself.
            return b"", "witness_ahead"
    return b"", "witness_refused"


def _last_cosigned(session: Session, key: NoteKey, size: int) -> int:
    """The size that the witness cosigned last as far as we know: it says so itself if it is another."""
    before = select(CheckpointRow).where(CheckpointRow.size < size).order_by(CheckpointRow.size.desc())
    last = session.scalars(before.limit(1)).first()
    return last.size if last is not None and signature_lines(parse_note(last.note), key) else 0


def _submission(session: Session, row: CheckpointRow, old: int) -> bytes:
    proof: Sequence[bytes] = tree(session, row.size).consistency_proof(old) if old else ()
    lines = [f"old {old}", *map(base64_encode, proof)]
    return ("\n".join(lines) + "\n\n").encode("ascii") + row.note


def _line_of(note: bytes, answer: bytes, key: NoteKey, now: int) -> bytes:
    """The line of ``answer`` in which ``key`` cosigned ``note``, or nothing; all else in the answer is ignored."""
    try:
        text = parse_note(note).text.encode("utf-8") + b"\n"
        lines = signature_lines(parse_note(text + answer), key)
    except LogError:
        return b""
    for line in lines:
        alone = append_signature(b"", key, line.value)
        if _counts(text + alone, key, now):
            return alone
    return b""


def _store(database: Database, size: int, lines: Sequence[bytes]) -> None:
    """Append what another process has not appended already; a head stays what its log signed."""
    with database.write() as session:
        row = session.scalars(select(CheckpointRow).filter_by(size=size).with_for_update()).one()
        for line in lines:
            if line not in row.note and len(row.note) + len(line) <= MAX_CHECKPOINT_BYTES:
                row.note = row.note + line
