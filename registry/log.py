"""The transparency log in the database (SPEC clause 6): append, sign the head, prove.

Entries are appended in the transaction of what they record, under the lock of ``log_head``: record and leaf become
visible together or not at all. Hashes and entries are kept as the tiles that are published. The head is signed apart,
after it has been proven to extend the last one; the size is the row's key, so one size has one checkpoint, ever.
"""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from keys.signer import Signer
from registry.database import bulk_insert
from registry.errors import RegistryError
from registry.models import CheckpointRow, LogHead, LogTile
from verifier.checkpoint import Checkpoint, parse_checkpoint_text, sign_checkpoint
from verifier.errors import VerifierError
from verifier.logentry import LogEntry
from verifier.merkle import HASH_BYTES, check_consistency, leaf_hash, tree_hash
from verifier.note import parse_note
from verifier.tiles import TILE_WIDTH, TileTree
from verifier.tlogproof import TlogProof

ENTRIES = -1
"""The level under which ``log_tile`` keeps entry bundles."""


def log_origin(host: str) -> str:
    """The log's origin line: its address without scheme (C2SP tlog-tiles)."""
    return f"{host}/log"


def lock_head(session: Session) -> LogHead:
    """Make the log stand still until the caller's transaction ends: nobody else appends or signs."""
    return session.scalars(select(LogHead).with_for_update()).one()


def append_entries(session: Session, entries: Sequence[LogEntry]) -> int:
    """Append ``entries`` in order; returns the index of the first. Part of the caller's transaction."""
    head = lock_head(session)
    first = head.size
    data = [entry.to_bytes() for entry in entries]
    _grow(session, ENTRIES, first, [len(item).to_bytes(2, "big") + item for item in data])
    hashes, level, start = [leaf_hash(item) for item in data], 0, first
    while hashes:
        hashes = _grow(session, level, start, hashes)
        level, start = level + 1, start // TILE_WIDTH
    head.size = first + len(entries)
    session.flush()
    return first


def _grow(session: Session, level: int, start: int, items: Sequence[bytes]) -> list[bytes]:
    """Add ``items`` from position ``start`` of ``level``; returns the hashes of the tiles that became full."""
    full: list[bytes] = []
    fresh: list[dict[str, object]] = []
    offset = 0
    while offset < len(items):
        index, inside = divmod(start + offset, TILE_WIDTH)
        part = items[offset : offset + TILE_WIDTH - inside]
        data = b"".join(part)
        if inside:
            tile = session.get_one(LogTile, (level, index))
            data = tile.data = tile.data + data
        else:
            fresh.append({"level": level, "index": index, "data": data})
        if inside + len(part) == TILE_WIDTH and level != ENTRIES:
            full.append(tree_hash([data[i : i + HASH_BYTES] for i in range(0, len(data), HASH_BYTES)]))
        offset += len(part)
    bulk_insert(session, LogTile, fresh)
    return full


def log_size(session: Session) -> int:
    """Entries in the log, under a checkpoint or not yet."""
    return session.scalars(select(LogHead.size)).one()


def tree(session: Session, size: int) -> TileTree:
    """The tree of the first ``size`` entries."""

    def read_tile(level: int, index: int, _: int) -> bytes:
        tile = session.get(LogTile, (level, index))
        return tile.data if tile else b""

    return TileTree(size, read_tile)


def read_entries(session: Session, index: int) -> list[bytes]:
    """The entries of bundle ``index`` (up to 256)."""
    bundle = session.get(LogTile, (ENTRIES, index))
    return split_bundle(bundle.data) if bundle else []


def split_bundle(data: bytes) -> list[bytes]:
    """The entries of an entry bundle (big-endian 16-bit lengths)."""
    entries, offset = [], 0
    while offset < len(data):
        end = offset + 2 + int.from_bytes(data[offset : offset + 2], "big")
        entries.append(data[offset + 2 : end])
        offset = end
    return entries


def latest_checkpoint(session: Session) -> CheckpointRow | None:
    """The checkpoint of the largest size."""
    return session.scalars(select(CheckpointRow).order_by(CheckpointRow.size.desc()).limit(1)).first()


def sign_head(session: Session, signer: Signer, *, host: str, now: int) -> CheckpointRow | None:
    """Sign the current head unless it is signed; the signed row, or None for an empty log.

    Raises ``RegistryError`` (``log_not_consistent``) rather than sign a tree that does not extend the last one.
    """
    size = lock_head(session).size
    last = latest_checkpoint(session)
    if size == 0 or (last is not None and last.size == size):
        return last
    root = _extended_root(last, tree(session, size))
    note = sign_checkpoint(Checkpoint(log_origin(host), size, root), signer)
    row = CheckpointRow(size=size, note=note, signed_at=now)
    session.add(row)
    session.flush()
    return row


def _extended_root(last: CheckpointRow | None, current: TileTree) -> bytes:
    """The root of ``current``, once it is proven to extend the ``last`` tree that was signed."""
    try:
        root = current.root()
        if last is not None:
            old = parse_checkpoint_text(parse_note(last.note).text)
            check_consistency(old.size, old.root, current.size, root, current.consistency_proof(old.size))
    except VerifierError as error:
        raise RegistryError("log_not_consistent", size=last.size if last else 0) from error
    return root


def prove(session: Session, index: int, checkpoint: CheckpointRow) -> TlogProof:
    """The proof that entry ``index`` is under ``checkpoint``."""
    entry = read_entries(session, index // TILE_WIDTH)[index % TILE_WIDTH]
    hashes = tree(session, checkpoint.size).inclusion_proof(index)
    return TlogProof(entry, index, tuple(hashes), checkpoint.note)
