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
from dataclasses import replace
from io import BytesIO
from pathlib import Path

from sqlalchemy.orm import Session

from keys.canonical import canonicalize_restricted
from keys.encodings import timestamp_encode
from keys.errors import KeysError
from keys.trustchain import parse_pin, verify_chain
from registry.app import App
from registry.cases.partitions import prepare_years, years_ahead
from registry.cases.sweeping import sweep
from registry.cosigning import witnessed_checkpoint
from registry.errors import RegistryError
from registry.files import replace_file
from registry.lasthead import keep_head
from registry.lastpublication import LastPublication, note_publication
from registry.log import log_origin, log_size, require_extends
from registry.ownkeys import log_keys
from registry.published import (
    CHECKPOINT,
    TRUST_LIST,
    did_documents,
    hints,
    immutable,
    page_files,
    tiles,
)
from registry.putting import Published, put
from registry.receipts import LogReceipt
from registry.settled import Look, look_at
from registry.sites import FolderSite, Site
from registry.statuslists import keep_receipts, put_status, status_files
from registry.trail.sealing import seal_when_due
from registry.trust import current_trust_list, pinned_chain, registry_of, trust_list_documents
from verifier.checkpoint import verify_checkpoint
from verifier.errors import LogError
from verifier.note import parse_vkey

BUNDLE_VERSION = 1


def publish(app: App, target: Path | Site, *, check: bool = False) -> Published:
    """Bring ``target`` up to date. Interrupted, it leaves a publication that is valid and older.

    Tiles, which are most of it and never change, are compared by their size: those that are new, and of the others some in turn
    (``registry.settled``). Status lists of which nothing changed are known by their files' stamps; with ``check`` all is compared
    byte by byte. Raises
    ``RegistryError`` (``publication_ahead``, ``log_not_consistent``, ``trust_list_lost``, ``revocation_lost``) where
    ``target`` has what the database has not.
    """
    site = FolderSite(target) if isinstance(target, Path) else target
    result = Published()
    with site.alone():
        published = _require_extends_published(app, site, result)
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
            put(site, [*immutable(app.host, session), *files], result)
            put(site, did_documents(trust_list), result)
            put(site, [(TRUST_LIST, trust_list.data)], result)
            receipts = put_status(app, session, site, result, check=check)
            look = _put_log(app, session, site, result, receipts.log, published=published, check=check)
            put(site, entrances, result)
        # A killed publication left behind what the next one writes, or what is found when all is looked at.
        site.tidy(None if look.whole else result.paths)
        last = LastPublication(app.clock(), result.log_size, result.status_until)
        note_publication(app.settings.published, last)
        keep_receipts(app, site, replace(receipts, log=look.receipt))
    sweep(app)  # it comes by several times a day; nothing of it is published
    return result


def _require_extends_published(app: App, site: Site, result: Published) -> int:
    """Our log extends the one that is published in ``site``; asked before our own next head is signed.

    Returns its size, 0 where no head of ours is there.
    """
    note = site.read(CHECKPOINT)
    if note is None:
        return 0
    origin = log_origin(app.host)
    # Our own keys, those that the log had before too, and not the ones that the database names.
    own = list(map(parse_vkey, log_keys(app.keyring, app.host)))
    try:
        published = verify_checkpoint(
            note, origin=origin, log_key=own[-1], former_keys=own[:-1], witness_keys=()
        ).checkpoint
    except LogError:
        result.damaged.append(CHECKPOINT)
        return 0
    with app.database.read() as session:
        app.require_head(session)
        size = log_size(session)
        if size < published.size:
            # Our own key signed it, so these numbers are in the world: from now on this host gives and signs none either.
            keep_head(app.settings.head, note)
            raise RegistryError("publication_ahead", size=published.size, here=size)
        require_extends(session, size, published)
    return published.size


def _require_newest_trust_list(app: App, site: Site) -> None:
    """The list that is published in ``site`` does not follow ours; else ``RegistryError`` (``trust_list_lost``).

    Whoever deletes the newest version in the database must not have us publish that an authority was never suspended.
    """
    published = site.read(TRUST_LIST)
    if published is None:
        return
    with app.database.read() as session:
        if published == current_trust_list(session).data:
            return
        documents, pin = trust_list_documents(session), parse_pin(registry_of(session).root)
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
            *(file for block in status_files(app, session) for file in block.items()),
        ]
        for path, data in members:
            # A fixed date: the same content gives the same bytes.
            archive.writestr(zipfile.ZipInfo(path, (1980, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)
    replace_file(target, buffer.getvalue())
    return buffer.tell()


def _put_log(
    app: App,
    session: Session,
    site: Site,
    result: Published,
    before: LogReceipt | None,
    *,
    published: int,
    check: bool,
) -> Look:
    """Tiles and bundles of the checkpoint's tree, the hints to find an entry, and the checkpoint itself last."""
    checkpoint = witnessed_checkpoint(session, current_trust_list(session), now=app.clock())
    size = checkpoint.size if checkpoint else 0
    look = look_at(before, published=published, size=size, now=app.clock(), check=check)
    if checkpoint:
        result.log_size = size
        put(site, tiles(session, size, look, site.length, check=check), result)
        put(site, hints(session, size, since=look.since), result)
        put(site, [(CHECKPOINT, checkpoint.note)], result)
    return look
