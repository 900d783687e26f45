"""The status lists of a publication: which are due, which are right as they are, and which nobody need look at.

Lists are made from the events of their block, and what is published is compared with that: a revocation that was deleted from
the database is noticed (``revocation_lost``) and never signed away. That costs what the block ever had. So a block is left alone
while its receipt holds (``registry.receipts``): nothing was written about its numbers, the trust list is the same, its lists are
more than half fresh and not of the future, and its files are the same files. Of those as many as the number of blocks has binary
digits are looked at all the same, in turn; and all of them where one asks (``check``), when they are signed anew, and by ``fsck``
and an audit.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import islice

from sqlalchemy.orm import Session

from keys.trustlist import TrustList
from registry.app import App
from registry.errors import RegistryError
from registry.log import MAX_CLOCK_STEP, latest_checkpoint
from registry.ownkeys import status_key
from registry.putting import Published, put
from registry.receipts import Receipt, Receipts, read_receipts, receipts_file, write_receipts
from registry.sites import Site
from registry.status import (
    Block,
    StatusSigner,
    blocks_changed_since,
    blocks_in_use,
    changes_in,
    sign_block,
    versions_of,
)
from registry.trust import current_trust_list
from verifier.errors import StatusError
from verifier.limits import STATUS_LIST_BITS
from verifier.number import CertificateNumber
from verifier.operation.logs import whereabouts
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
from verifier.webheaders import valid_until

logger = logging.getLogger(__name__)
STATUS_VALIDITY = 24 * 3600
"""Seconds. How long a stale list could hide a revocation from a reader who cannot reach us."""
_BLOCKS_AT_ONCE, _BLOCKS_READ_AT_ONCE = 32, 8
"""Held in memory, and written or read side by side."""


def status_files(app: App, session: Session) -> Iterator[Mapping[str, bytes]]:
    """Lists and details of every block, signed now."""
    signer, now = _signer(app, current_trust_list(session)), app.clock()
    for block in blocks_in_use(session):
        changes = changes_in(session, block)
        yield sign_block(signer, block, changes, now=now, valid_until=now + STATUS_VALIDITY)


def put_status(app: App, session: Session, site: Site, result: Published, *, check: bool = False) -> Receipts:
    """Bring the lists in ``site`` up to date, with ``check`` looking at every one; receipts to keep once all is published.

    The log's is the one that was there.
    """
    before = read_receipts(receipts_file(app.settings.home, site.address))
    blocks, versions = blocks_in_use(session), versions_of(session)
    trust_list, now = current_trust_list(session).version, app.clock()
    holding = {
        block: receipt
        for block in blocks
        if (receipt := before.of.get(block)) is not None
        and (receipt.version, receipt.trust_list) == (versions.get(block, 0), trust_list)
        and now + STATUS_VALIDITY // 2 <= receipt.until <= now + STATUS_VALIDITY + MAX_CLOCK_STEP
        and receipt.stamps == _stamps(site, block)
    }
    turns = sorted(holding, key=lambda block: holding[block].looked)
    in_turn = len(blocks).bit_length()
    for block in turns if check else turns[:in_turn]:
        del holding[block]
    turn = before.turn + (len(blocks) > in_turn)  # where all are looked at each time there are no turns
    for receipt in holding.values():
        result.unchanged += len(receipt.stamps)
        result.note_end(receipt.until)
    written = _put_blocks(app, session, site, [one for one in blocks if one not in holding], result)
    after = {
        block: replace(receipt, version=versions.get(block, 0), looked=before.turn)
        for block, receipt in written.items()
    }
    return Receipts(turn, {**holding, **after}, before.log)


def keep_receipts(app: App, site: Site, receipts: Receipts) -> None:
    """For the next publication there. Where they cannot be written all is looked at next time, and nothing is amiss."""
    file = receipts_file(app.settings.home, site.address)
    try:
        if receipts != read_receipts(file):
            write_receipts(file, receipts)
    except OSError as error:
        logger.warning("receipts of a publication were not kept: %s", whereabouts(error))


def _put_blocks(
    app: App, session: Session, site: Site, blocks: Sequence[Block], result: Published
) -> dict[Block, Receipt]:
    """Details before the lists whose bits they explain, some blocks at a time; receipts of all that has settled."""
    # A change that was committed since the head was signed waits for the next: no bit without an entry under a head.
    head = latest_checkpoint(session)
    below = head.size if head else None
    unsettled = blocks_changed_since(session, below) if below is not None else frozenset()
    trust_list = current_trust_list(session)
    signer = _signer(app, trust_list)
    receipts = {}
    remaining = iter(blocks)
    while some := list(islice(remaining, _BLOCKS_AT_ONCE)):
        made = _made(app, session, site, some, result, signer=signer, trust_list=trust_list, below=below)
        files = [file for block in made.values() for file in block.items()]
        put(site, [file for file in files if f"/{DETAILS}/" in file[0]], result)
        put(site, [file for file in files if f"/{DETAILS}/" not in file[0]], result)
        for block, documents in made.items():
            end = min(filter(None, map(valid_until, documents.values())), default=0)
            result.note_end(end)
            if block not in unsettled:
                receipts[block] = Receipt(0, trust_list.version, end, 0, _stamps(site, block))
    return receipts


def _made(
    app: App,
    session: Session,
    site: Site,
    blocks: Sequence[Block],
    result: Published,
    *,
    signer: StatusSigner,
    trust_list: TrustList,
    below: int | None,
) -> dict[Block, Mapping[str, bytes]]:
    """Each block's documents: those in ``site`` while they are right and more than half fresh, else new ones."""
    now = app.clock()
    made: dict[Block, Mapping[str, bytes]] = {}
    remaining = iter(blocks)
    while some := list(islice(remaining, _BLOCKS_READ_AT_ONCE)):
        there = site.read_all([path for block in some for path in _paths(block)])
        for block in some:
            changes = changes_in(session, block, below=below)
            kept = _kept(trust_list, block, there, changes, result, now=now)
            made[block] = kept or sign_block(
                signer, block, changes, now=now, valid_until=_end(trust_list, block, there, now=now)
            )
    return made


def _signer(app: App, trust_list: TrustList) -> StatusSigner:
    key, signing = status_key(app.keyring, trust_list, app.clock())
    return StatusSigner(app.host, signing, trust_list.version, key.id)


def _paths(block: Block) -> list[str]:
    return [status_path(block.first_number, purpose) for purpose in (*PURPOSES, DETAILS)]


def _stamps(site: Site, block: Block) -> tuple[str, ...]:
    """The files' stamps; of one that is not there an empty one, which no receipt has."""
    return tuple(site.stamp(path) or "" for path in _paths(block))


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
            # One of the future was signed by another clock, and to the readers of this one it is not fresh yet.
            if status.valid_until < now + STATUS_VALIDITY // 2 or status.valid_from > now + MAX_CLOCK_STEP:
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


def _end(trust_list: TrustList, block: Block, there: Mapping[str, bytes | None], *, now: int) -> int:
    """Until when the block's lists hold that are signed now: a day; two at most where lists of ours are there that are of the future.

    Either the clock was false when those were signed, or it is now. Where it is now, readers have to find them fresh by the true one.
    """
    for path in (status_path(block.first_number, purpose) for purpose in PURPOSES):
        data = there[path] or b""
        if not now + STATUS_VALIDITY < (valid_until(data) or 0) <= now + 2 * STATUS_VALIDITY:
            continue
        with suppress(StatusError):
            return verify_status_list(data, f"https://{trust_list.registry}/{path}", trust_list).valid_until
    return now + STATUS_VALIDITY


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
