"""Publication: everything a verifier needs, as static files that any web server can serve (SPEC clauses 4 to 6).

Written in an order in which no reader ever sees a pointer before its target: immutable files, then the trust list, then
status lists (each after its details), then log tiles and hints, the checkpoint, and the pages last. Each file is replaced
in one step. What is there and right is not written again: a second publication costs what changed since the first. No
certificate and no name is published.

A place whose log is ahead of ours, or another history, is left as it is: the database is an old backup, or the place
another registry's. A head that our key did not sign is damage, and is replaced like any other damaged file.

The log is published up to the newest head that has the quorum of witnesses; while they are missing it waits, and says for
whom. Trust list and status lists do not wait, but say nothing of what no signed head covers.
"""

import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from itertools import islice
from pathlib import Path

from sqlalchemy.orm import Session

from keys.canonical import canonicalize_restricted
from keys.encodings import timestamp_encode
from keys.errors import KeysError
from keys.trustchain import parse_pin, verify_chain
from keys.trustlist import TrustList
from registry.app import App
from registry.cases.partitions import prepare_years, years_ahead
from registry.cosigning import Cosigning, witnessed_checkpoint
from registry.errors import RegistryError
from registry.files import replace_file
from registry.lastpublication import LastPublication, note_publication
from registry.log import latest_checkpoint, log_origin, log_size, require_extends
from registry.ownkeys import log_keys, status_key
from registry.published import (
    CHECKPOINT,
    PIN,
    TRUST_LIST,
    did_documents,
    hints,
    immutable,
    page_files,
    tiles,
)
from registry.sites import File, FolderSite, Site
from registry.status import Block, StatusSigner, blocks_in_use, changes_in, sign_block
from registry.trail.sealing import seal_when_due
from registry.trust import current_trust_list, pinned_chain, registry_of, trust_list_documents
from verifier.checkpoint import verify_checkpoint
from verifier.errors import LogError, StatusError
from verifier.limits import STATUS_LIST_BITS
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
from verifier.webheaders import is_immutable, valid_until

STATUS_VALIDITY = 24 * 3600
"""Seconds. How long a stale list could hide a revocation from a reader who cannot reach us."""
BUNDLE_VERSION = 1
_FILES_AT_ONCE, _BLOCKS_AT_ONCE, _BLOCKS_READ_AT_ONCE = 256, 32, 8
"""Held in memory, and written or read side by side."""


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
    status_until: int = 0
    """Until when the status lists hold, Unix seconds; 0 without any."""
    paths: list[str] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)


def publish(app: App, target: Path | Site, *, check: bool = False) -> Published:
    """Bring ``target`` up to date. Interrupted, it leaves a publication that is valid and older.

    Tiles, which are most of it and never change, are compared by their size, and with ``check`` byte by byte. Raises
    ``RegistryError`` (``publication_ahead``, ``log_not_consistent``, ``trust_list_lost``, ``revocation_lost``) where
    ``target`` has what the database has not.
    """
    site = FolderSite(target) if isinstance(target, Path) else target
    result = Published()
    with site.alone():
        _require_extends_published(app, site, result)
        _require_newest_trust_list(app, site)
        with app.database.write() as session:
            prepare_years(session, years_ahead(app.clock()))
        with app.write() as session:
            seal_when_due(session, now=app.clock())
        # If we stop here the next head covers the seal.
        app.sign_log()
        result.cosigning = app.cosign_log()
        with app.database.read() as session:
            trust_list = current_trust_list(session)
            files, entrances = page_files(session)
            _put(site, [*immutable(app.host, session), *files], result)
            _put(site, did_documents(trust_list), result)
            _put(site, [(TRUST_LIST, trust_list.data)], result)
            put_status(app, session, site, result)
            _put_log(app, session, site, result, check=check)
            _put(site, entrances, result)
        site.tidy()
    note_publication(
        app.settings.published, LastPublication(app.clock(), result.log_size, result.status_until)
    )
    return result


def _require_extends_published(app: App, site: Site, result: Published) -> None:
    """Our log extends the one that is published in ``site``; asked before our own next head is signed."""
    note = site.read(CHECKPOINT)
    if note is None:
        return
    origin = log_origin(app.host)
    # Our own keys, those that the log had before too, and not the ones that the database names.
    own = list(map(parse_vkey, log_keys(app.keyring, app.host)))
    try:
        published = verify_checkpoint(
            note, origin=origin, log_key=own[-1], former_keys=own[:-1], witness_keys=()
        ).checkpoint
    except LogError:
        result.damaged.append(CHECKPOINT)
        return
    with app.database.read() as session:
        app.require_head(session)
        size = log_size(session)
        if size < published.size:
            raise RegistryError("publication_ahead", size=published.size, here=size)
        require_extends(session, size, published)


def _require_newest_trust_list(app: App, site: Site) -> None:
    """The list that is published in ``site`` does not follow ours; else ``RegistryError`` (``trust_list_lost``).

    Whoever deletes the newest version in the database must not have us publish that an authority was never suspended.
    """
    published = site.read(TRUST_LIST)
    if published is None:
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


def write_bundle(app: App, target: Path) -> int:
    """Write the file that an offline verifier needs (trust, templates, status; no log); returns its size in bytes."""
    now = app.clock()
    manifest = {"bundleVersion": BUNDLE_VERSION, "registry": app.host, "createdAt": timestamp_encode(now)}
    buffer = BytesIO()
    with app.database.read() as session, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        app.require_head(session)  # an old backup knows nothing of the newest revocations
        members = [
            ("bundle.json", canonicalize_restricted(manifest)),
            *immutable(app.host, session),
            *did_documents(current_trust_list(session)),
            (TRUST_LIST, current_trust_list(session).data),
            *(file for block in _status(app, session, None, None) for file in block.items()),
        ]
        for path, data in members:
            # A fixed date: the same content gives the same bytes.
            archive.writestr(zipfile.ZipInfo(path, (1980, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)
    replace_file(target, buffer.getvalue())
    return buffer.tell()


def put_status(app: App, session: Session, site: Site, result: Published) -> None:
    """Details before the lists whose bits they explain, some blocks at a time."""
    blocks = _status(app, session, site, result)
    while some := list(islice(blocks, _BLOCKS_AT_ONCE)):
        files = [file for block in some for file in block.items()]
        _put(site, [file for file in files if f"/{DETAILS}/" in file[0]], result)
        _put(site, [file for file in files if f"/{DETAILS}/" not in file[0]], result)


def _status(
    app: App, session: Session, site: Site | None, result: Published | None
) -> Iterator[Mapping[str, bytes]]:
    """Lists and details of every block; those in ``site`` stay while they are right and more than half fresh."""
    trust_list = current_trust_list(session)
    now = app.clock()
    key, signing = status_key(app.keyring, trust_list, now)
    signer = StatusSigner(app.host, signing, trust_list.version, key.id)
    # A change that was committed since the head was signed waits for the next: no bit without an entry under a head.
    head = latest_checkpoint(session) if site else None
    blocks = iter(blocks_in_use(session))
    while some := list(islice(blocks, _BLOCKS_READ_AT_ONCE)):
        there = site.read_all([path for block in some for path in _paths(block)]) if site else {}
        for block in some:
            changes = changes_in(session, block, below=head.size if head else None)
            kept = _kept(trust_list, block, there, changes, result, now=now) if result else None
            files = kept or sign_block(signer, block, changes, now=now, valid_until=now + STATUS_VALIDITY)
            if result is not None:
                ends = [result.status_until, *map(valid_until, files.values())]
                result.status_until = min(filter(None, ends), default=0)
            yield files


def _paths(block: Block) -> list[str]:
    return [status_path(block.first_number, purpose) for purpose in (*PURPOSES, DETAILS)]


def _kept(
    trust_list: TrustList,
    block: Block,
    there: Mapping[str, bytes | None],
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
            data = there[path]
            if data is None:
                return None
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
        data = there[path]
        if data is None:
            return None
        details = verify_status_details(data, f"https://{trust_list.registry}/{path}", trust_list)
    except StatusError as error:
        if error.code != "status_list_key":  # its key has ended since: it was right in its time
            result.damaged.append(path)
        return None
    return {path: data, **found} if details.changes == changes else None


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


def _put_log(app: App, session: Session, site: Site, result: Published, *, check: bool) -> None:
    """Tiles and bundles of the checkpoint's tree, the hints to find an entry, and the checkpoint itself last."""
    checkpoint = witnessed_checkpoint(session, current_trust_list(session), now=app.clock())
    if checkpoint is None:
        return
    result.log_size = checkpoint.size
    _put(site, tiles(session, checkpoint, site.length, check=check), result)
    _put(site, hints(session, checkpoint.size), result)
    _put(site, [(CHECKPOINT, checkpoint.note)], result)


def _put(site: Site, files: Iterable[File], result: Published) -> None:
    """Write those of ``files`` that are not there as they must be, side by side; what became of each is in ``result``."""
    missing = (file for file in files if _is_to_write(site, *file, result))
    while some := list(islice(missing, _FILES_AT_ONCE)):
        site.replace(some)


def _is_to_write(site: Site, path: str, data: bytes, result: Published) -> bool:
    if site.holds(path, data):
        result.unchanged += 1
        return False
    # The root changes once, if it was lost: then it is right to say that it was another.
    if (is_immutable(path) or path == PIN) and site.length(path) is not None:
        result.damaged.append(path)
    result.written += 1
    result.paths.append(path)
    return True
