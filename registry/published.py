"""What is published, path by path, each part in the order in which it may be seen (SPEC 8.3): documents, pages, log.

Immutable files come before what points to them. No certificate and no name is among them.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, groupby
from operator import eq

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from keys.canonical import canonicalize_restricted
from keys.did import registry_did
from keys.trustlist import ListedKey, TrustList
from registry.log import ENTRIES, split_bundle
from registry.models import CheckpointRow, Intent, LogTile, TrustListVersion
from registry.settled import Look, Span
from registry.sites import File
from registry.trust import registry_of
from verifier.loading import installed_files
from verifier.merkle import HASH_BYTES
from verifier.tiles import TILE_WIDTH, tile_path, tile_width
from verifier.webpages import LIST_PATH, pages_with

CHECKPOINT, TRUST_LIST, PIN = "log/checkpoint", "trust.json", "root.json"


def immutable(host: str, session: Session) -> Iterator[File]:
    """What is written once: templates, schemas, contexts, the root, and every version of the trust list."""
    yield from sorted(installed_files(host).items())
    yield PIN, registry_of(session).root
    versions = select(TrustListVersion.version, TrustListVersion.data).order_by(TrustListVersion.version)
    for version, data in session.execute(versions):
        yield f"trust/{version}.json", data


def did_documents(trust_list: TrustList) -> Iterator[File]:
    """The registry's and every authority's, for other W3C verifiers."""
    yield ".well-known/did.json", _registry_did_document(trust_list)
    for authority in trust_list.authorities.values():
        yield f"a/{authority.code}/did.json", _did_document(authority.id, authority.keys)


def page_files(session: Session) -> tuple[list[File], list[File]]:
    """The files of the verifier's pages with the root that they trust, and what leads to them: their list, then the pages.

    What they load lies in a folder of its digest, so the sets of earlier versions of the program stay beside it for pages that
    are still open, or in a cache.
    """
    installed = pages_with(registry_of(session).root)
    entrances = [path for path in installed if path.endswith("/index.html")]
    leading = [LIST_PATH, *sorted(entrances)]
    rest = [(path, data) for path, data in installed.items() if path not in leading]
    return rest, [(path, installed[path]) for path in leading]


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


def tiles(
    session: Session, size: int, look: Look, length: Callable[[str], int | None], *, check: bool
) -> Iterator[File]:
    """Tiles and bundles of entries of the tree of ``size`` leaves, those that ``look`` names.

    One that is there, as ``length`` says, and as long as it must be, is left out, unless ``check``.
    """
    wanted: list[tuple[int, int, int]] = []
    for level, index, stored in _stored(session, look.spans):
        for width in _widths(session, max(level, 0), index, size, since=look.since):
            # A tile's name says its content: one that is there, and as long as it must be, is read again only to be
            # checked. How long a bundle that is not full must be, only its entries tell.
            known = width * HASH_BYTES if level != ENTRIES else stored if width == TILE_WIDTH else -1
            if check or known != length(_path(level, index, width)):
                wanted.append((level, index, width))
        if len(wanted) >= _TOGETHER:
            yield from _read(session, wanted)
            wanted = []
    yield from _read(session, wanted)


_TOGETHER = 64
"""Tiles that are asked for at once; a bundle of entries has some 50 KB."""
_LENGTHS_TOGETHER = 8192
"""Tiles whose length is asked for at once: a hundred million entries have some 800,000."""


def _stored(session: Session, spans: Iterable[Span]) -> Iterator[tuple[int, int, int]]:
    """Level, index and bytes of each tile of these spans; each question is a range of the primary key."""
    lengths = select(LogTile.level, LogTile.index, func.length(LogTile.data)).order_by(LogTile.index)
    for level, first, end in spans:
        for start in range(first, end, _LENGTHS_TOGETHER):
            stop = min(start + _LENGTHS_TOGETHER, end)
            some = lengths.where(LogTile.level == level, LogTile.index >= start, LogTile.index < stop)
            for row in session.execute(some):
                yield row[0], row[1], row[2]


def _path(level: int, index: int, width: int) -> str:
    return "log/" + tile_path("entries" if level == ENTRIES else level, index, width)


def _read(session: Session, wanted: Sequence[tuple[int, int, int]]) -> Iterator[File]:
    """The tiles of these levels, indexes and widths, in this order; raises ``KeyError`` for one that is gone."""
    found: dict[tuple[int, int], bytes] = {}
    for level in {one[0] for one in wanted}:
        # A level by itself: of pairs SQLite looks through the whole table.
        indexes = {one[1] for one in wanted if one[0] == level}
        tiles = select(LogTile.index, LogTile.data).where(LogTile.level == level, LogTile.index.in_(indexes))
        found |= {(level, row[0]): row[1] for row in session.execute(tiles)}
    for level, index, width in wanted:
        yield _path(level, index, width), _cut(level, found[level, index], width)


def _widths(session: Session, level: int, index: int, size: int, *, since: int) -> list[int]:
    """The widths in which a tile is published: once full as a whole, before that as of every head that was signed after ``since``."""
    width = tile_width(level, index, size)
    if width == TILE_WIDTH:
        return [width]
    # Floor division by the leaves below one hash: heads between two of them need the same tile.
    hashes = select(CheckpointRow.size // TILE_WIDTH**level).where(CheckpointRow.size <= size).distinct()
    least = max((index * TILE_WIDTH + 1) * TILE_WIDTH**level, since + 1)
    counts = session.scalars(hashes.where(CheckpointRow.size >= least))
    return sorted({count - index * TILE_WIDTH for count in counts})


def _cut(level: int, data: bytes, width: int) -> bytes:
    """The first ``width`` hashes or entries of a tile's data."""
    if level != ENTRIES:
        return data[: width * HASH_BYTES]
    entries = split_bundle(data)
    if len(entries) == width:
        return data
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries[:width])


def hints(session: Session, size: int, *, since: int = 0) -> Iterator[File]:
    """For every series, where the entries of its numbers lie: ``[first serial, count, first leaf]`` in runs.

    With ``since``, for those alone that have entries after so many.
    """
    columns = (Intent.authority, Intent.year, Intent.kind)
    logged = (
        select(*columns, Intent.first_serial, Intent.count, Intent.first_leaf)
        .where(Intent.state == "logged", Intent.first_leaf + Intent.count <= size)
        .order_by(*columns, Intent.first_serial)
    )
    asked = [logged]
    if since:
        # One by one, each a range of an index: joined, the planner may read all ranges that there ever were.
        changed = session.execute(select(*columns).where(Intent.first_leaf >= since))
        asked = [logged.where(*map(eq, columns, series)) for series in sorted({row[:3] for row in changed})]
    found = chain.from_iterable(map(session.execute, asked))
    for series, rows in groupby(found, key=lambda row: (row[0], row[1], row[2])):
        runs: list[list[int]] = []
        for *_, serial, count, leaf in rows:
            if runs and (runs[-1][0] + runs[-1][1], runs[-1][2] + runs[-1][1]) == (serial, leaf):
                runs[-1][1] += count
            else:
                runs.append([serial, count, leaf or 0])
        yield f"log/runs/{'/'.join(map(str, series))}.json", canonicalize_restricted({"runs": runs})
