"""The transparency log in the database (SPEC clause 6): append, sign the head, prove.

Entries are appended in the transaction of what they record, under the lock of ``log_head``: record and leaf become
visible together or not at all. Hashes and entries are kept as the tiles that are published. The head is signed apart,
after it has been proven to extend the last one; the size is the row's key, so one size has one checkpoint, ever.
Entries' times never fall, and each names the authority that its number begins with.
"""

from collections.abc import Iterable, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from keys.signer import Signer
from registry.database import bulk_insert
from registry.errors import RegistryError
from registry.models import Certificate, CheckpointRow, LogHead, LogTile
from verifier.checkpoint import Checkpoint, parse_checkpoint_text, sign_checkpoint
from verifier.errors import VerifierError
from verifier.logentry import OWN_ACTIONS, LogEntry, parse_log_entry, record_digest
from verifier.merkle import HASH_BYTES, check_consistency, leaf_hash, tree_hash
from verifier.note import parse_note
from verifier.tiles import TILE_WIDTH, TileTree
from verifier.tlogproof import TlogProof

ENTRIES = -1
"""The level under which ``log_tile`` keeps entry bundles."""
MAX_CLOCK_STEP = 300
"""Seconds that the clock may stand before the last entry's time: what a verifier allows two clocks to differ (SPEC 7.2)."""


TRAIL_HELD, LOG_HELD = "trail held", "log held"
"""What a session remembers of its locks (``Session.info``): the log's head comes before the audit trail's, always."""


def log_origin(host: str) -> str:
    """The log's origin line: its address without scheme (C2SP tlog-tiles)."""
    return f"{host}/log"


def lock_head(session: Session) -> LogHead:
    """Make the log stand still until the caller's transaction ends: nobody else appends or signs.

    Raises ``RuntimeError`` in a transaction that recorded in the audit trail before: two such could wait for each other.
    """
    if session.info.get(TRAIL_HELD) and not session.info.get(LOG_HELD):
        raise RuntimeError("the audit trail is recorded last: the log's head is locked before it")
    session.info[LOG_HELD] = True
    return session.scalars(select(LogHead).with_for_update()).one()


def log_time(session: Session, now: int) -> int:
    """The time that an entry appended now has: ``now``, or the last entry's where the clock stands a little before it.

    Locks the head. Verifiers judge by these times, so they never fall. A clock that a time server corrects may step back
    by a little; within a verifier's own tolerance the last time is carried on. Beyond that one of the two times is false,
    and whatever was logged would be dated falsely: refused (``clock_went_back``).
    """
    last = _last_time(session, lock_head(session).size)
    if now < last - MAX_CLOCK_STEP:
        raise RegistryError("clock_went_back", seconds=last - now)
    return max(now, last)


def seconds_behind(session: Session, now: int) -> int:
    """How far ``now`` stands before the last entry, where that is too far to log anything; else 0. Locks nothing."""
    last = _last_time(session, log_size(session))
    return last - now if now < last - MAX_CLOCK_STEP else 0


def append_entries(session: Session, entries: Sequence[LogEntry]) -> int:
    """Append ``entries`` in order; returns the index of the first. Part of the caller's transaction.

    Raises ``RegistryError``: ``log_time_falls`` for an entry that is earlier than the one before (see ``log_time``),
    ``log_authority_differs`` for one of another authority than its number's.
    """
    head = lock_head(session)
    first = head.size
    time = _last_time(session, first)
    for entry in entries:
        if entry.time < time:
            raise RegistryError("log_time_falls")
        if not names_its_authority(entry):
            raise RegistryError("log_authority_differs")
        time = entry.time
    data = [entry.to_bytes() for entry in entries]
    _grow(session, ENTRIES, first, [len(item).to_bytes(2, "big") + item for item in data])
    hashes, level, start = [leaf_hash(item) for item in data], 0, first
    while hashes:
        hashes = _grow(session, level, start, hashes)
        level, start = level + 1, start // TILE_WIDTH
    head.size = first + len(entries)
    session.flush()
    return first


def names_its_authority(entry: LogEntry) -> bool:
    """Whether the entry's authority is the one its number begins with; the registry's own entries have none."""
    return entry.authority == ("" if entry.action in OWN_ACTIONS else entry.number[:6])


def _last_time(session: Session, size: int) -> int:
    """The time of the last of ``size`` entries; 0 in an empty log."""
    try:
        return parse_log_entry(entry_at(session, size - 1)).time if size else 0
    except VerifierError as error:
        raise RegistryError("log_not_consistent", size=size) from error


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
        return _tile_data(session, level, index)

    return TileTree(size, read_tile)


def read_entries(session: Session, index: int) -> list[bytes]:
    """The entries of bundle ``index`` (up to 256)."""
    return split_bundle(_tile_data(session, ENTRIES, index))


def _tile_data(session: Session, level: int, index: int) -> bytes:
    # The column and not the object: one that the session remembers from before it held the lock would be out of date.
    data = select(LogTile.data).where(LogTile.level == level, LogTile.index == index)
    return session.scalars(data).one_or_none() or b""


def entry_at(session: Session, index: int) -> bytes:
    """The entry at ``index``; raises ``RegistryError`` (``log_not_consistent``) where the log does not hold it."""
    entries = read_entries(session, index // TILE_WIDTH)
    if index % TILE_WIDTH >= len(entries):
        raise RegistryError("log_not_consistent", size=index)
    return entries[index % TILE_WIDTH]


def require_logged(session: Session, certificate: Certificate) -> None:
    """The certificate's bytes are those that were logged; else ``RegistryError`` (``record_altered``)."""
    try:
        entry = parse_log_entry(entry_at(session, certificate.leaf_index))
    except (VerifierError, RegistryError) as error:
        raise RegistryError("record_altered", number=certificate.number) from error
    issue = ("issue", certificate.number, record_digest(certificate.record))
    if (entry.action, entry.number, entry.digest) != issue:
        raise RegistryError("record_altered", number=certificate.number)


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

    Raises ``RegistryError`` (``log_not_consistent``) rather than sign a tree that does not extend the last one; a head is
    never dated before what is under it (``clock_went_back``).
    """
    size = lock_head(session).size
    last = latest_checkpoint(session)
    if size == 0 or (last is not None and last.size == size):
        return last
    known = parse_checkpoint_text(parse_note(last.note).text) if last else None
    root = require_extends(session, size, known)
    note = sign_checkpoint(Checkpoint(log_origin(host), size, root), signer)
    row = CheckpointRow(size=size, note=note, signed_at=log_time(session, now))
    session.add(row)
    session.flush()
    return row


def require_extends(session: Session, size: int, old: Checkpoint | None) -> bytes:
    """The root of the first ``size`` entries, once it is proven to extend ``old``; else ``log_not_consistent``."""
    current = tree(session, size)
    try:
        root = current.root()
        if old is not None:
            check_consistency(old.size, old.root, size, root, current.consistency_proof(old.size))
    except VerifierError as error:
        raise RegistryError("log_not_consistent", size=old.size if old else 0) from error
    return root


def prove(session: Session, index: int, checkpoint: CheckpointRow) -> TlogProof:
    """The proof that entry ``index`` is under ``checkpoint``."""
    return prove_all(session, [index], checkpoint)[index]


def prove_all(session: Session, indexes: Iterable[int], checkpoint: CheckpointRow) -> dict[int, TlogProof]:
    """The same of several entries, by index: what they share of the log is read once."""
    whole = tree(session, checkpoint.size)
    bundles: dict[int, list[bytes]] = {}
    proofs = {}
    for index in indexes:
        bundle, place = divmod(index, TILE_WIDTH)
        if bundle not in bundles:
            bundles[bundle] = read_entries(session, bundle)
        hashes = tuple(whole.inclusion_proof(index))
        proofs[index] = TlogProof(bundles[bundle][place], index, hashes, checkpoint.note)
    return proofs
