"""Publication: everything a verifier needs, as static files that any web server can serve (SPEC clauses 4 to 6).

Written in an order in which no reader ever sees a pointer before its target: immutable files, then the trust list, then
status lists, then log tiles, and the checkpoint last. Each file is replaced in one step. What is there and right is not
written again: a second publication costs what changed since the first. No certificate and no name is published.

A folder whose log is ahead of ours, or another history, is left as it is: the database is an old backup, or the folder
another registry's. A head that our key did not sign is damage, and is replaced like any other damaged file.

The log is published up to the newest head that has the quorum of witnesses; while they are missing it waits, and says for
whom. Trust list and status lists do not wait, but say nothing of what no signed head covers.
"""

import fcntl
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from itertools import groupby
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from keys.canonical import canonicalize_restricted
from keys.did import registry_did
from keys.encodings import timestamp_encode
from keys.errors import KeysError
from keys.trustchain import parse_pin, verify_chain
from keys.trustlist import ListedKey, TrustList
from registry.app import App
from registry.cosigning import Cosigning, witnessed_checkpoint
from registry.errors import RegistryError
from registry.files import is_left_over, replace_file, replace_files
from registry.log import (
    ENTRIES,
    latest_checkpoint,
    log_origin,
    log_size,
    require_extends,
    split_bundle,
)
from registry.models import CheckpointRow, Intent, LogTile, TrustListVersion
from registry.ownkeys import log_keys, status_key
from registry.status import Block, StatusSigner, blocks_in_use, changes_in, sign_block
from registry.trust import current_trust_list, pinned_chain, registry_of, trust_list_documents
from verifier.checkpoint import verify_checkpoint
from verifier.errors import LogError, StatusError
from verifier.limits import STATUS_LIST_BITS
from verifier.loading import installed_files
from verifier.merkle import HASH_BYTES
from verifier.note import parse_vkey
from verifier.number import CertificateNumber
from verifier.status import (
    DETAILS,
    PURPOSES,
    StatusChange,
    StatusList,
    new_bits,
    status_path,
    verify_status_details,
    verify_status_list,
)
from verifier.tiles import TILE_WIDTH, tile_path, tile_width
from verifier.webpages import PIN_PATH, installed_pages

STATUS_VALIDITY = 24 * 3600
"""Seconds. How long a stale list could hide a revocation from a reader who cannot reach us."""
BUNDLE_VERSION = 1
_TILES_AT_ONCE = 256
_CHECKPOINT, _TRUST_LIST = "log/checkpoint", "trust.json"
_IMMUTABLE = ("log/tile/", "trust/", "templates/", "schemas/", "ns/", "root.json")
"""What is written once: a file that is there and says something else is damaged."""


@dataclass(slots=True)
class Published:
    """What one publication did: files by fate, and the log's size under the checkpoint.

    ``damaged`` are those of ``paths`` that were there and were not what they must always have been.
    """

    written: int = 0
    unchanged: int = 0
    log_size: int = 0
    cosigning: Cosigning | None = None
    """How the newest head stands with the witnesses."""
    paths: list[str] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)


def publish(app: App, target: Path, *, check: bool = False) -> Published:
    """Bring ``target`` up to date. Interrupted, it leaves a publication that is valid and older.

    Tiles, which are most of it and never change, are compared by their size, and with ``check`` byte by byte. Raises
    ``RegistryError`` (``publication_ahead``, ``log_not_consistent``, ``trust_list_lost``, ``revocation_lost``) where
    ``target`` has what the database has not.
    """
    result = Published()
    with _alone(target):
        _require_extends_published(app, target, result)
        _require_newest_trust_list(app, target)
        app.sign_log()
        result.cosigning = app.cosign_log()
        with app.database.read() as session:
            for path, data in (*_pages(session), *_documents(app, session)):
                _put(target, path, data, result)
            for path, data in _status(app, session, target, result):
                _put(target, path, data, result)
            _put_log(target, _log(app, session, target, result, check=check), result)
        for left_over in filter(is_left_over, target.rglob(".*")):
            left_over.unlink()  # whoever wrote it was killed: we are alone here
    return result


def _require_extends_published(app: App, target: Path, result: Published) -> None:
    """Our log extends the one that is published in ``target``; asked before our own next head is signed."""
    try:
        note = (target / _CHECKPOINT).read_bytes()
    except FileNotFoundError:
        return
    origin = log_origin(app.host)
    # Our own keys, those that the log had before too, and not the ones that the database names.
    own = list(map(parse_vkey, log_keys(app.keyring, app.host)))
    try:
        published = verify_checkpoint(
            note, origin=origin, log_key=own[-1], former_keys=own[:-1], witness_keys=()
        ).checkpoint
    except LogError:
        result.damaged.append(_CHECKPOINT)
        return
    with app.database.read() as session:
        app.require_head(session)
        size = log_size(session)
        if size < published.size:
            raise RegistryError("publication_ahead", size=published.size, here=size)
        require_extends(session, size, published)


def _require_newest_trust_list(app: App, target: Path) -> None:
    """The list that is published in ``target`` does not follow ours; else ``RegistryError`` (``trust_list_lost``).

    Whoever deletes the newest version in the database must not have us publish that an authority was never suspended.
    """
    try:
        published = (target / _TRUST_LIST).read_bytes()
    except FileNotFoundError:
        return
    with app.database.read() as session:
        documents, pin = trust_list_documents(session), parse_pin(registry_of(session).root)
    if published == documents[-1]:
        return
    try:
        version = verify_chain([*pinned_chain(documents, pin), published], pin).version
    except KeysError:
        return  # it is older, as before any change, or none that our root signed
    raise RegistryError("trust_list_lost", version=version, here=len(documents))


@contextmanager
def _alone(target: Path) -> Iterator[None]:
    """One publication at a time: of two, the one with the older state could finish last and turn the log back."""
    target.mkdir(parents=True, exist_ok=True)
    with (target / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # let go by the system, however this process ends
        yield


def write_bundle(app: App, target: Path) -> int:
    """Write the file that an offline verifier needs (trust, templates, status; no log); returns its size in bytes."""
    now = app.clock()
    manifest = {"bundleVersion": BUNDLE_VERSION, "registry": app.host, "createdAt": timestamp_encode(now)}
    buffer = BytesIO()
    with app.database.read() as session, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        app.require_head(session)  # an old backup knows nothing of the newest revocations
        members = [
            ("bundle.json", canonicalize_restricted(manifest)),
            *_documents(app, session),
            *_status(app, session, None, None),
        ]
        for path, data in members:
            # A fixed date: the same content gives the same bytes.
            archive.writestr(zipfile.ZipInfo(path, (1980, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)
    replace_file(target, buffer.getvalue())
    return buffer.tell()


def _documents(app: App, session: Session) -> Iterator[tuple[str, bytes]]:
    """Immutable files first, then what points to them."""
    yield from sorted(installed_files(app.host).items())
    yield "root.json", registry_of(session).root
    versions = select(TrustListVersion.version, TrustListVersion.data).order_by(TrustListVersion.version)
    for version, data in session.execute(versions):
        yield f"trust/{version}.json", data
    trust_list = current_trust_list(session)
    yield ".well-known/did.json", _registry_did_document(trust_list)
    for authority in trust_list.authorities.values():
        yield f"a/{authority.code}/did.json", _did_document(authority.id, authority.keys)
    yield _TRUST_LIST, trust_list.data


def _pages(session: Session) -> Iterator[tuple[str, bytes]]:
    """The verifier's pages and the root that they trust, so that any static web server is a public verifier."""
    yield PIN_PATH, registry_of(session).root
    yield from sorted(installed_pages().items())


def _registry_did_document(trust_list: TrustList) -> bytes:
    return _did_document(
        registry_did(trust_list.registry), (*trust_list.status_keys, *trust_list.report_keys)
    )


def _did_document(did: str, keys: Iterable[ListedKey]) -> bytes:
    """The DID document that other W3C verifiers resolve; it says no more than the trust list."""
    methods = [
        {"id": key.id, "type": "Multikey", "controller": did, "publicKeyMultibase": key.public_key.multikey}
        for key in keys
        if key.revoked is None or key.revoked.compromised_from is None
    ]
    return canonicalize_restricted(
        {
            "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1"],
            "id": did,
            "verificationMethod": methods,
            "assertionMethod": [method["id"] for method in methods],
        }
    )


def _status(
    app: App, session: Session, target: Path | None, result: Published | None
) -> Iterator[tuple[str, bytes]]:
    """Lists and details of every block; those in ``target`` stay while they are right and more than half fresh."""
    trust_list = current_trust_list(session)
    now = app.clock()
    key, signing = status_key(app.keyring, trust_list, now)
    signer = StatusSigner(app.host, signing, trust_list.version, key.id)
    # A change that was committed since the head was signed waits for the next: no bit without an entry under a head.
    head = latest_checkpoint(session) if target else None
    for block in blocks_in_use(session):
        changes = changes_in(session, block, below=head.size if head else None)
        kept = _kept(trust_list, block, target, changes, result, now=now) if target and result else None
        yield from (
            kept or sign_block(signer, block, changes, now=now, valid_until=now + STATUS_VALIDITY)
        ).items()


def _kept(
    trust_list: TrustList,
    block: Block,
    target: Path,
    changes: dict[int, StatusChange],
    result: Published,
    *,
    now: int,
) -> dict[str, bytes] | None:
    """The block's published documents, or None where they must be signed anew; those that are none are noted."""
    number = block.first_number
    found = {}
    path = ""
    try:
        for purpose, word in zip(PURPOSES, ("revoked", "suspended"), strict=True):
            path = status_path(number, purpose)
            data = (target / path).read_bytes()
            status = verify_status_list(data, f"https://{trust_list.registry}/{path}", trust_list)
            wanted = new_bits({index for index, change in changes.items() if change.status == word})
            if word == "revoked":
                _require_final(block, status, wanted)
            if status.bits != wanted or status.trust_list_version != trust_list.version:
                return None
            if status.valid_until < now + STATUS_VALIDITY // 2:
                return None
            found[path] = data
        path = status_path(number, DETAILS)
        found[path] = (target / path).read_bytes()
        details = verify_status_details(found[path], f"https://{trust_list.registry}/{path}", trust_list)
    except StatusError as error:
        if error.code != "status_list_key":  # its key has ended since: it was right in its time
            result.damaged.append(path)
        return None
    except OSError:
        return None
    return found if details.changes == changes else None


def _require_final(block: Block, published: StatusList, wanted: bytes) -> None:
    """Every revocation that we signed and published stays; else ``RegistryError`` (``revocation_lost``).

    Lists are made from the events in the database. Whoever deletes one there must not have us sign the opposite.
    """
    lost = int.from_bytes(published.bits) & ~int.from_bytes(wanted)
    if lost:
        index = STATUS_LIST_BITS - lost.bit_length()
        serial = block.block * STATUS_LIST_BITS + index
        number = CertificateNumber(block.authority, block.year, block.kind, serial)
        raise RegistryError("revocation_lost", number=number.digits)


def _log(
    app: App, session: Session, target: Path, result: Published, *, check: bool
) -> Iterator[tuple[str, bytes]]:
    """Tiles and bundles of the checkpoint's tree, the hints to find an entry, and the checkpoint itself last."""
    checkpoint = witnessed_checkpoint(session, current_trust_list(session), now=app.clock())
    if checkpoint is None:
        return
    result.log_size = checkpoint.size
    stored = select(LogTile.level, LogTile.index, func.length(LogTile.data))
    for level, index, length in session.execute(stored.order_by(LogTile.level, LogTile.index)):
        for width in _widths(session, max(level, 0), index, checkpoint.size):
            path = "log/" + tile_path("entries" if level == ENTRIES else level, index, width)
            # A tile's name says its content: one that is there, and as long as it must be, is read again only to be
            # checked. How long a bundle that is not full must be, only its entries tell.
            known = width * HASH_BYTES if level != ENTRIES else length if width == TILE_WIDTH else -1
            if check or known != _length(target / path):
                yield path, _tile(session.get_one(LogTile, (level, index)), width)
    yield from _runs(session, checkpoint.size)
    yield _CHECKPOINT, checkpoint.note


def _length(file: Path) -> int | None:
    try:
        return file.stat().st_size
    except OSError:
        return None


def _widths(session: Session, level: int, index: int, size: int) -> list[int]:
    """The widths in which a tile is published: once full as a whole, before that as of every head that was signed."""
    width = tile_width(level, index, size)
    if width == TILE_WIDTH:
        return [width]
    # Floor division by the leaves below one hash: heads between two of them need the same tile.
    hashes = select(CheckpointRow.size // TILE_WIDTH**level).where(CheckpointRow.size <= size).distinct()
    counts = session.scalars(hashes.where(CheckpointRow.size >= (index * TILE_WIDTH + 1) * TILE_WIDTH**level))
    return sorted({count - index * TILE_WIDTH for count in counts})


def _tile(tile: LogTile, width: int) -> bytes:
    """The first ``width`` hashes or entries of a tile."""
    if tile.level != ENTRIES:
        return tile.data[: width * HASH_BYTES]
    entries = split_bundle(tile.data)[:width]
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


def _runs(session: Session, size: int) -> Iterator[tuple[str, bytes]]:
    """For every series, where the entries of its numbers lie: ``[first serial, count, first leaf]`` in runs."""
    logged = (
        select(
            Intent.authority, Intent.year, Intent.kind, Intent.first_serial, Intent.count, Intent.first_leaf
        )
        .where(Intent.state == "logged", Intent.first_leaf + Intent.count <= size)
        .order_by(Intent.authority, Intent.year, Intent.kind, Intent.first_serial)
    )
    for series, rows in groupby(session.execute(logged), key=lambda row: (row[0], row[1], row[2])):
        runs: list[list[int]] = []
        for *_, serial, count, leaf in rows:
            if runs and (runs[-1][0] + runs[-1][1], runs[-1][2] + runs[-1][1]) == (serial, leaf):
                runs[-1][1] += count
            else:
                runs.append([serial, count, leaf or 0])
        yield f"log/runs/{'/'.join(map(str, series))}.json", canonicalize_restricted({"runs": runs})


def _put(target: Path, path: str, data: bytes, result: Published) -> None:
    if _is_to_write(target, path, data, result):
        replace_file(target / path, data)


def _put_log(target: Path, files: Iterable[tuple[str, bytes]], result: Published) -> None:
    """Tiles side by side, some hundreds at a time; what points to them after all of them, one by one."""
    tiles: list[tuple[Path, bytes]] = []
    for path, data in files:
        is_tile = path.startswith("log/tile/")
        if len(tiles) == _TILES_AT_ONCE or (tiles and not is_tile):
            replace_files(tiles)
            tiles.clear()
        if not is_tile:
            _put(target, path, data, result)
        elif _is_to_write(target, path, data, result):
            tiles.append((target / path, data))


def _is_to_write(target: Path, path: str, data: bytes, result: Published) -> bool:
    """Whether the file is not there as it must be; what becomes of it is entered in ``result``."""
    file = target / path
    length = _length(file)
    if length == len(data) and file.read_bytes() == data:
        result.unchanged += 1
        return False
    if length is not None and path.startswith(_IMMUTABLE):
        result.damaged.append(path)
    result.written += 1
    result.paths.append(path)
    return True
