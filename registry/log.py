"""The transparency log in the database (SPEC clause 6): append, sign the head, prove.

Entries are appended in the transaction of what they record, under the lock of ``log_head``: record and leaf become
visible together or not at all. Hashes and entries are kept as the tiles that are published. The head is signed apart,
after it has been proven to extend the last one; the size is the row's key, so one size has one checkpoint, ever.
Entries' times never fall, and each names the authority that its number begins with.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import TypeAlias

from sqlalchemy import and_, or_, select, update
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
from verifier.tiles import TILE_WIDTH, TileTree, edge_tiles, tile_width
from verifier.tlogproof import TlogProof

ENTRIES = -1
"""The level under which ``log_tile`` keeps entry bundles."""
MAX_CLOCK_STEP = 300
"""Seconds that the clock may stand before the last entry's time: what a verifier allows two clocks to differ (SPEC 7.2)."""


Place: TypeAlias = tuple[int, int]
"""Level and index of a tile."""
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
    held: LogHead | None = session.info.get(LOG_HELD)
    if held is None:
        locked = select(LogHead).with_for_update().execution_options(populate_existing=True)
        held = session.info[LOG_HELD] = session.scalars(locked).one()
    return held  # nobody else can have changed it since


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
    held = _tiles(session, [(ENTRIES, first // TILE_WIDTH), *edge_tiles(first)])
    begun = held.get((ENTRIES, first // TILE_WIDTH))
    time = _last_time(session, first) if begun is None else _time_of(split_bundle(begun)[-1:], first)
    for entry in entries:
        if entry.time < time:
            raise RegistryError("log_time_falls")
        if not names_its_authority(entry):
            raise RegistryError("log_authority_differs")
        time = entry.time
    data = [entry.to_bytes() for entry in entries]
    tiles, _ = _grown(held, ENTRIES, first, [len(item).to_bytes(2, "big") + item for item in data])
    hashes, level, start = [leaf_hash(item) for item in data], 0, first
    while hashes:
        more, hashes = _grown(held, level, start, hashes)
        tiles += more
        level, start = level + 1, start // TILE_WIDTH
    _keep_tiles(session, held, tiles)
    head.size = first + len(entries)
    session.flush()
    return first


def names_its_authority(entry: LogEntry) -> bool:
    """Whether the entry's authority is the one its number begins with; the registry's own entries have none."""
    return entry.authority == ("" if entry.action in OWN_ACTIONS else entry.number[:6])


def _last_time(session: Session, size: int) -> int:
    """The time of the last of ``size`` entries; 0 in an empty log."""
    return _time_of([entry_at(session, size - 1)], size) if size else 0


def _time_of(last: Sequence[bytes], size: int) -> int:
    """The time of the entry in ``last``; raises ``RegistryError`` (``log_not_consistent``) where it is none."""
    try:
        return parse_log_entry(b"".join(last)).time
    except VerifierError as error:
        raise RegistryError("log_not_consistent", size=size) from error


def _grown(
    held: Mapping[Place, bytes], level: int, start: int, items: Sequence[bytes]
) -> tuple[list[tuple[Place, bytes]], list[bytes]]:
    """The tiles of ``level`` once ``items`` are added from position ``start`` on, and the hashes of those that became full.

    ``held`` has what there is of the first. Raises ``RegistryError`` (``log_not_consistent``) where that does not end at ``start``.
    """
    tiles: list[tuple[Place, bytes]] = []
    full: list[bytes] = []
    offset = 0
    while offset < len(items):
        index, inside = divmod(start + offset, TILE_WIDTH)
        part = items[offset : offset + TILE_WIDTH - inside]
        data = b"".join(part)
        if inside:
            before = held.get((level, index), b"")
            if not _has(level, before, inside):
                raise RegistryError("log_not_consistent", size=start)
            data = before + data
        tiles.append(((level, index), data))
        if inside + len(part) == TILE_WIDTH and level != ENTRIES:
            full.append(tree_hash([data[i : i + HASH_BYTES] for i in range(0, len(data), HASH_BYTES)]))
        offset += len(part)
    return tiles, full


def _has(level: int, data: bytes, count: int) -> bool:
    """Whether a bundle holds ``count`` entries, or a tile as many hashes: no more, no less, and nothing besides."""
    return len(split_bundle(data)) == count if level == ENTRIES else len(data) == count * HASH_BYTES


def _keep_tiles(session: Session, held: Mapping[Place, bytes], tiles: Sequence[tuple[Place, bytes]]) -> None:
    """Store ``tiles``, each in the place of its beginning where ``held`` has one."""
    rows = [{"level": level, "index": index, "data": data} for (level, index), data in tiles]
    begun = [(row["level"], row["index"]) in held for row in rows]
    bulk_insert(session, LogTile, [row for row, old in zip(rows, begun, strict=True) if not old])
    if grown := [row for row, old in zip(rows, begun, strict=True) if old]:
        session.execute(update(LogTile), grown)


def log_size(session: Session) -> int:
    """Entries in the log, under a checkpoint or not yet."""
    return session.scalars(select(LogHead.size)).one()


def tree(session: Session, size: int) -> TileTree:
    """The tree of the first ``size`` entries."""
    edge: dict[Place, bytes] = {}

    def read_tile(level: int, index: int, _: int) -> bytes:
        # What every proof needs is read at once.
        edge.update({} if edge else _tiles(session, edge_tiles(size)))
        return edge[level, index] if (level, index) in edge else _tile_data(session, level, index)

    return TileTree(size, read_tile)


def require_held(session: Session, size: int, head: Checkpoint) -> None:
    """The tiles end with ``size`` entries, and the first are those under ``head``; else ``RegistryError`` (``log_not_consistent``).

    Asked in each transaction: one statement, and the hashes of ``head`` are made once. That all entries are under one root is
    proven when that root is signed (``require_extends``).
    """
    places = edge_tiles(head.size)
    held = _tiles(session, [*places, *edge_tiles(size)])
    ends = all(len(held.get(place, b"")) >= _tile_bytes(place, size) for place in edge_tiles(size))
    tiles = tuple(held.get(place, b"")[: _tile_bytes(place, head.size)] for place in places)
    try:
        same = ends and _root(head.size, tiles) == head.root
    except VerifierError as error:
        raise RegistryError("log_not_consistent", size=head.size) from error
    if not same:
        raise RegistryError("log_not_consistent", size=head.size)


def _tile_bytes(place: Place, size: int) -> int:
    return tile_width(*place, size) * HASH_BYTES


@lru_cache(maxsize=4)
def _root(size: int, tiles: tuple[bytes, ...]) -> bytes:
    """The root of a tree whose edge is ``tiles``: asked again for the same head until the next is signed."""
    edge = dict(zip(edge_tiles(size), tiles, strict=True))
    return TileTree(size, lambda level, index, _: edge[level, index]).root()


def read_entries(session: Session, index: int) -> list[bytes]:
    """The entries of bundle ``index`` (up to 256)."""
    return split_bundle(_tile_data(session, ENTRIES, index))


def _tiles(session: Session, places: Sequence[Place]) -> dict[Place, bytes]:
    """Those of ``places`` that there are, in one statement; columns and not objects, as in ``_tile_data``."""
    if not places:
        return {}
    # Alternatives, and not pairs among pairs: for those SQLite reads all tiles.
    wanted = or_(*(and_(LogTile.level == level, LogTile.index == index) for level, index in set(places)))
    found = session.execute(select(LogTile.level, LogTile.index, LogTile.data).where(wanted))
    return {(level, index): data for level, index, data in found}


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
    """The same of several entries, by index: what they share of the log is read once.

    Raises ``RegistryError`` (``log_not_consistent``) where the log does not hold what is under ``checkpoint``.
    """
    whole = tree(session, checkpoint.size)
    bundles: dict[int, list[bytes]] = {}
    proofs = {}
    for index in indexes:
        bundle, place = divmod(index, TILE_WIDTH)
        if bundle not in bundles:
            bundles[bundle] = read_entries(session, bundle)
        try:
            hashes = tuple(whole.inclusion_proof(index))
            proofs[index] = TlogProof(bundles[bundle][place], index, hashes, checkpoint.note)
        except (VerifierError, IndexError) as error:
            raise RegistryError("log_not_consistent", size=checkpoint.size) from error
    return proofs
