"""Publication: everything a verifier needs, as static files that any web server can serve (SPEC clauses 4 to 6).

Written in an order in which no reader ever sees a pointer before its target: immutable files, then the trust list, then
status lists, then log tiles, and the checkpoint last. Each file is replaced in one step. What is there and right is not
written again: a second publication costs what changed since the first. No certificate and no name is published.
"""

import fcntl
import os
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from itertools import groupby
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from keys.canonical import canonicalize_restricted
from keys.did import registry_did
from keys.encodings import timestamp_encode
from keys.trustlist import ListedKey, TrustList
from registry.app import App
from registry.log import ENTRIES, latest_checkpoint, split_bundle
from registry.models import Intent, LogTile, TrustListVersion
from registry.offices import STATUS_KEY
from registry.status import Block, StatusSigner, blocks_in_use, changes_in, sign_block
from registry.trust import current_trust_list, registry_of
from verifier.errors import StatusError
from verifier.loading import installed_files
from verifier.merkle import HASH_BYTES
from verifier.status import (
    DETAILS,
    PURPOSES,
    StatusChange,
    new_bits,
    status_path,
    verify_status_details,
    verify_status_list,
)
from verifier.tiles import tile_path, tile_width

STATUS_VALIDITY = 24 * 3600
"""Seconds. How long a stale list could hide a revocation from a reader who cannot reach us."""
BUNDLE_VERSION = 1
_BATCH = 512


@dataclass(slots=True)
class Published:
    """What one publication did: files by fate, and the log's size under the checkpoint."""

    written: int = 0
    unchanged: int = 0
    log_size: int = 0
    paths: list[str] = field(default_factory=list)


def publish(app: App, target: Path) -> Published:
    """Bring ``target`` up to date. Interrupted, it leaves a publication that is valid and older."""
    result = Published()
    with _alone(target):
        app.sign_log()
        with app.database.read() as session:
            for path, data in _documents(app, session):
                _put(target, path, data, result)
            for path, data in _status(app, session, target):
                _put(target, path, data, result)
            for path, data in _log(session, target, result):
                _put(target, path, data, result)
    return result


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
        members = [
            ("bundle.json", canonicalize_restricted(manifest)),
            *_documents(app, session),
            *_status(app, session, None),
        ]
        for path, data in members:
            # A fixed date: the same content gives the same bytes.
            archive.writestr(zipfile.ZipInfo(path, (1980, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)
    _replace(target, buffer.getvalue())
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
    yield "trust.json", trust_list.data


def _registry_did_document(trust_list: TrustList) -> bytes:
    return _did_document(registry_did(trust_list.registry), trust_list.status_keys)


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


def _status(app: App, session: Session, target: Path | None) -> Iterator[tuple[str, bytes]]:
    """Lists and details of every block; those in ``target`` stay while they are right and more than half fresh."""
    trust_list = current_trust_list(session)
    signer = StatusSigner(app.host, app.keyring.signer(STATUS_KEY), trust_list.version)
    now = app.clock()
    for block in blocks_in_use(session):
        changes = changes_in(session, block)
        kept = _kept(trust_list, block, target, changes, now=now) if target else None
        yield from (
            kept or sign_block(signer, block, changes, now=now, valid_until=now + STATUS_VALIDITY)
        ).items()


def _kept(
    trust_list: TrustList, block: Block, target: Path, changes: dict[int, StatusChange], *, now: int
) -> dict[str, bytes] | None:
    """The block's published documents, or None where they must be signed anew."""
    number = block.first_number
    found = {}
    try:
        for purpose, word in zip(PURPOSES, ("revoked", "suspended"), strict=True):
            path = status_path(number, purpose)
            data = (target / path).read_bytes()
            status = verify_status_list(data, f"https://{trust_list.registry}/{path}", trust_list)
            wanted = new_bits({index for index, change in changes.items() if change.status == word})
            if status.bits != wanted or status.trust_list_version != trust_list.version:
                return None
            if status.valid_until < now + STATUS_VALIDITY // 2:
                return None
            found[path] = data
        path = status_path(number, DETAILS)
        found[path] = (target / path).read_bytes()
        details = verify_status_details(found[path], f"https://{trust_list.registry}/{path}", trust_list)
    except (OSError, StatusError):
        return None
    return found if details.changes == changes else None


def _log(session: Session, target: Path, result: Published) -> Iterator[tuple[str, bytes]]:
    """Tiles and bundles of the checkpoint's tree, the hints to find an entry, and the checkpoint itself last."""
    checkpoint = latest_checkpoint(session)
    if checkpoint is None:
        return
    result.log_size = checkpoint.size
    for level, index in session.execute(
        select(LogTile.level, LogTile.index).order_by(LogTile.level, LogTile.index)
    ):
        width = tile_width(max(level, 0), index, checkpoint.size)
        path = "log/" + tile_path("entries" if level == ENTRIES else level, index, width)
        # A tile's name says its content, so one that is there is not read again.
        if width and not (target / path).exists():
            yield path, _tile(session.get_one(LogTile, (level, index)), width)
    yield from _runs(session, checkpoint.size)
    yield "log/checkpoint", checkpoint.note


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
    file = target / path
    try:
        same = file.stat().st_size == len(data) and file.read_bytes() == data
    except OSError:
        same = False
    if same:
        result.unchanged += 1
        return
    _replace(file, data)
    result.written += 1
    result.paths.append(path)


def _replace(file: Path, data: bytes) -> None:
    """Write beside and rename: a reader sees the old file or the new one."""
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_name(f".{file.name}.new")
    with fresh.open("wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())
    fresh.replace(file)
