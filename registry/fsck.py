"""``fsck``: is everything that the registry holds what it should be? Read only, and it trusts no column.

Recomputed from the signed bytes and the log: every record verifies, has its leaf and its digest there; every leaf has
what it records; every number of every series is issued, void or about to be (an open intent), once; tiles hash up to
every checkpoint; the trust list chain walks from the pinned root; the log's story is possible (``chronicle``), and goes
on from the last head kept outside the database (``lasthead``); the audit trail is what the log has sealed (``trail``). Each finding is a code and what it concerns; sentences
stand in ``troubles``.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from keys.errors import KeysError
from keys.trustlist import TrustList, parse_trust_list
from registry.app import App
from registry.cases.index import index_troubles
from registry.chronicle import chronicle_troubles
from registry.errors import IssuanceError, RegistryError
from registry.intents import require_sealed
from registry.log import log_size, read_entries, tree
from registry.models import (
    Certificate,
    CheckpointRow,
    Intent,
    LogTile,
    Series,
    StatusEvent,
    TrustListVersion,
    VoidNumber,
)
from registry.people import people_troubles
from registry.province.counts import count_troubles
from registry.province.totals import total_troubles
from registry.trail.checking import check_trail
from registry.trail.models import TrailSeal
from registry.troubles import Trouble
from registry.trust import registry_of, trust_list_documents, walked_trust
from verifier.authority import objection_at
from verifier.checkpoint import parse_checkpoint_text, verify_checkpoint
from verifier.errors import VerifierError
from verifier.evidence import Evidence
from verifier.logentry import parse_log_entry, record_digest
from verifier.merkle import HASH_BYTES, leaf_hash, tree_hash
from verifier.note import NoteKey, parse_note, parse_vkey
from verifier.number import CertificateNumber, parse_number
from verifier.policy import VerificationPolicy
from verifier.record import parse_record
from verifier.tiles import TILE_WIDTH
from verifier.trust import Trust
from verifier.verify import verify

_AUTHENTIC = frozenset({1, 2, 5, 6})
"""Steps that must pass for every record for ever; powers at the time of issue are judged with the log's time."""


@dataclass(frozen=True, slots=True)
class FsckReport:
    """What was looked at and what was found. ``waiting`` counts intents that ``resume`` would finish: no trouble."""

    certificates: int
    entries: int
    waiting: int
    troubles: tuple[Trouble, ...]


def fsck(app: App) -> FsckReport:
    """Check everything; one consistent state of the database is looked at."""
    now = app.clock()
    with app.database.read() as session:
        head = list(_head_troubles(app, session))  # first: the file is read before the state that is seen
        trust = walked_trust(session)
        troubles = [
            *head,
            *_trust_troubles(session, trust),
            *_log_troubles(session, trust),
            *_head_signature_troubles(app, session, trust),
            *_entry_troubles(session),
            *chronicle_troubles(session, now),
            *_record_troubles(session, trust, now),
            *_power_troubles(session, trust),
            *_series_troubles(app, session),
            *people_troubles(app, session),
            *index_troubles(session),
            *count_troubles(session),
            *total_troubles(session),
            *check_trail(session),
        ]
        certificates = sum(1 for _ in session.scalars(select(Certificate.number)))
        waiting = len(list(session.scalars(select(Intent.id).where(Intent.state == "reserved"))))
        return FsckReport(certificates, log_size(session), waiting, tuple(troubles))


def _trust_troubles(session: Session, trust: Trust) -> Iterator[Trouble]:
    if trust.error is not None:
        yield Trouble(trust.error.code, "trust list")
    if registry_of(session).host != trust.pin.registry:
        yield Trouble("registry_differs", trust.pin.registry)
    versions = list(session.scalars(select(TrustListVersion.version).order_by(TrustListVersion.version)))
    if versions != list(range(1, len(versions) + 1)):
        yield Trouble("trust_list_gap", str(versions[-1] if versions else 0))


def _head_troubles(app: App, session: Session) -> Iterator[Trouble]:
    """Is the database older than what was signed here, or another history?"""
    try:
        app.require_head(session)
    except RegistryError as error:
        yield Trouble(error.code, "head")


def _log_keys(session: Session) -> list[NoteKey]:
    """Every key that the log ever had, the newest first: one that was compromised signed our heads all the same."""
    lists = [parse_trust_list(data) for data in reversed(trust_list_documents(session))]
    return [parse_vkey(vkey) for vkey in dict.fromkeys(one.log_vkey for one in lists)]


def _head_signature_troubles(app: App, session: Session, trust: Trust) -> Iterator[Trouble]:
    """The head that is kept outside the database is one that the log's key signed."""
    if trust.trust_list is None:
        return
    try:
        note = app.settings.head.read_bytes()
        parse_checkpoint_text(parse_note(note).text)
    except (OSError, VerifierError):
        return  # there is none yet; or it cannot be read, or is no head at all, which is said already
    key, *former = _log_keys(session)
    origin = trust.trust_list.log_origin
    try:
        verify_checkpoint(note, origin=origin, log_key=key, former_keys=former, witness_keys=())
    except VerifierError as error:
        yield Trouble(error.code, "head")


def _log_troubles(session: Session, trust: Trust) -> Iterator[Trouble]:
    """Hashes against entries, tiles against tiles, roots against checkpoints."""
    size = log_size(session)
    for index in range(-(-size // TILE_WIDTH)):
        wanted = b"".join(map(leaf_hash, read_entries(session, index)))
        tile = session.get(LogTile, (0, index))
        if (
            tile is None
            or tile.data != wanted
            or len(wanted) // HASH_BYTES != min(TILE_WIDTH, size - index * TILE_WIDTH)
        ):
            yield Trouble("log_tile_differs", f"0/{index}")
    yield from _upper_tile_troubles(session, size)
    if trust.trust_list is None:
        return
    key, *former = _log_keys(session)
    for row in session.scalars(select(CheckpointRow).order_by(CheckpointRow.size)):
        try:
            head = verify_checkpoint(
                row.note,
                origin=trust.trust_list.log_origin,
                log_key=key,
                former_keys=former,
                witness_keys=(),
            )
            if (head.checkpoint.size, head.checkpoint.root) != (row.size, tree(session, row.size).root()):
                yield Trouble("checkpoint_differs", str(row.size))
        except (VerifierError, KeysError) as error:
            yield Trouble(error.code, f"checkpoint {row.size}")


def _upper_tile_troubles(session: Session, size: int) -> Iterator[Trouble]:
    level, count = 1, size // TILE_WIDTH
    while count:
        for index in range(-(-count // TILE_WIDTH)):
            below = range(index * TILE_WIDTH, min(count, (index + 1) * TILE_WIDTH))
            wanted = b"".join(_tile_hash(session, level - 1, child) for child in below)
            tile = session.get(LogTile, (level, index))
            if tile is None or tile.data != wanted:
                yield Trouble("log_tile_differs", f"{level}/{index}")
        level, count = level + 1, count // TILE_WIDTH


def _tile_hash(session: Session, level: int, index: int) -> bytes:
    tile = session.get(LogTile, (level, index))
    data = tile.data if tile else b""
    return tree_hash([data[i : i + HASH_BYTES] for i in range(0, len(data), HASH_BYTES)])


def _entry_troubles(session: Session) -> Iterator[Trouble]:
    """Every entry has what it records, at its place, and nothing recorded lacks its entry."""
    size = log_size(session)
    for bundle in range(-(-size // TILE_WIDTH)):
        expected = _recorded(session, bundle * TILE_WIDTH, (bundle + 1) * TILE_WIDTH)
        for place, data in enumerate(read_entries(session, bundle)):
            index = bundle * TILE_WIDTH + place
            if expected.pop(index, None) != _essence(data):
                yield Trouble("leaf_without_record", str(index))
        for index in expected:
            yield Trouble("record_without_leaf", str(index))
    for index in _recorded(session, size, 2**62):
        yield Trouble("record_without_leaf", str(index))


Essence = tuple[str, str, str, str, str, int]
_DATED = ("suspend", "reinstate", "revoke", "audit-trail")
"""Entries whose time is a column too."""


def _essence(data: bytes) -> Essence | None:
    try:
        entry = parse_log_entry(data)
    except VerifierError:
        return None
    time = entry.time if entry.action in _DATED else 0
    return entry.action, entry.number, entry.digest, entry.reason, entry.successor, time


def _recorded(session: Session, low: int, high: int) -> dict[int, Essence]:
    """What the tables say must stand at the indexes from ``low`` to below ``high``."""
    found: dict[int, Essence] = {}
    for index, number, record in session.execute(
        select(Certificate.leaf_index, Certificate.number, Certificate.record).where(
            Certificate.leaf_index >= low, Certificate.leaf_index < high
        )
    ):
        found[index] = ("issue", number, record_digest(record), "", "", 0)
    for void in session.scalars(
        select(VoidNumber).where(VoidNumber.leaf_index >= low, VoidNumber.leaf_index < high)
    ):
        found[void.leaf_index] = ("void", void.number, "", void.reason, "", 0)
    for event, record in session.execute(
        select(StatusEvent, Certificate.record)
        .join(Certificate, Certificate.number == StatusEvent.number)
        .where(StatusEvent.leaf_index >= low, StatusEvent.leaf_index < high)
    ):
        digest, successor = record_digest(record), event.successor or ""
        found[event.leaf_index] = (event.action, event.number, digest, event.reason, successor, event.at)
    for version in session.scalars(
        select(TrustListVersion).where(TrustListVersion.leaf_index >= low, TrustListVersion.leaf_index < high)
    ):
        digest = record_digest(version.data)
        found[version.leaf_index] = ("trust-list", str(version.version), digest, "", "", 0)
    for seal in session.scalars(
        select(TrailSeal).where(TrailSeal.leaf_index >= low, TrailSeal.leaf_index < high)
    ):
        found[seal.leaf_index] = ("audit-trail", str(seal.count), seal.digest.hex(), "", "", seal.at)
    return found


def _record_troubles(session: Session, trust: Trust, now: int) -> Iterator[Trouble]:
    """Every record by the public verifier, and its columns against its bytes."""
    policy = VerificationPolicy(at=now, require_status=False)
    for certificate in session.scalars(select(Certificate).execution_options(yield_per=500)):
        report = verify(Evidence(record=certificate.record, number=certificate.number), trust, policy)
        for step in report.steps:
            if step.number in _AUTHENTIC and step.outcome.value != "PASSED":
                yield Trouble(step.code, certificate.number)
        columns = CertificateNumber(
            certificate.authority, certificate.year, certificate.kind, certificate.serial
        )
        if columns.digits != certificate.number:
            yield Trouble("columns_differ", certificate.number)


def _power_troubles(session: Session, trust: Trust) -> Iterator[Trouble]:
    """Nobody issued beyond their powers at the time that the log gives. A key found compromised later is no trouble."""
    if trust.trust_list is None:
        return
    for bundle in range(-(-log_size(session) // TILE_WIDTH)):
        entries = read_entries(session, bundle)
        here = select(Certificate.leaf_index, Certificate.number, Certificate.record).where(
            Certificate.leaf_index.between(bundle * TILE_WIDTH, (bundle + 1) * TILE_WIDTH - 1)
        )
        for index, number, record in session.execute(here):
            try:
                time = parse_log_entry(entries[index % TILE_WIDTH]).time
                objection = _objection(trust.trust_list, number, record, time)
            except (VerifierError, KeysError, IndexError):
                continue  # said already: the record, or its leaf, is not what it was
            if objection not in (None, "key_compromised"):
                yield Trouble(objection, number)


def _objection(trust_list: TrustList, digits: str, record: bytes, time: int) -> str | None:
    number = parse_number(digits)
    authority = trust_list.authorities.get(number.authority)
    if authority is None:
        return "authority_not_listed"
    key = authority.key(parse_record(record).peek_method)
    return objection_at(authority, key, number, time) if key else "key_not_listed"


def _series_troubles(app: App, session: Session) -> Iterator[Trouble]:
    """Each serial below the next is in exactly one intent, as it was sealed; each number of a logged one issued or void, once."""
    in_use = select(Intent.authority, Intent.year, Intent.kind).distinct()
    counters = {
        (one.authority, one.year, one.kind): one.next_serial for one in session.scalars(select(Series))
    }
    used = {(row[0], row[1], row[2]) for row in session.execute(in_use)}
    for series in sorted(counters.keys() | used):
        authority, year, kind = series
        expected = 1
        same = {"authority": authority, "year": year, "kind": kind}
        for intent in session.scalars(select(Intent).filter_by(**same).order_by(Intent.first_serial)):
            if intent.first_serial != expected:
                yield Trouble("number_gap", f"{authority} {year} {kind} {expected}")
            expected = intent.first_serial + intent.count
            try:
                require_sealed(intent, app.vault)
            except IssuanceError as error:
                yield Trouble(error.code, str(intent.id))
            yield from _intent_troubles(session, intent)
        if expected != counters.get(series):
            yield Trouble("number_gap", f"{authority} {year} {kind} {expected}")


def _intent_troubles(session: Session, intent: Intent) -> Iterator[Trouble]:
    numbers = {
        CertificateNumber(intent.authority, intent.year, intent.kind, intent.first_serial + place).digits
        for place in range(intent.count)
    }
    leaves = _leaves(session, Certificate, intent)
    voids = _leaves(session, VoidNumber, intent)
    issued, void = set(leaves), set(voids)
    present = issued | void
    wanted = numbers if intent.state == "logged" else set()
    for number in sorted(present ^ wanted):
        yield Trouble("number_unaccounted" if number in wanted else "number_unexpected", number)
    for number in sorted(issued & void):
        yield Trouble("number_twice", number)
    # The publication tells by these two columns where a number's entry lies.
    places = {number: leaf - (intent.first_leaf or 0) for number, leaf in (leaves | voids).items()}
    if present == wanted and [places[number] for number in sorted(places)] != list(range(len(places))):
        yield Trouble("intent_differs", str(intent.id))


def _leaves(session: Session, table: type[Certificate | VoidNumber], intent: Intent) -> dict[str, int]:
    found = session.execute(select(table.number, table.leaf_index).where(table.intent_id == intent.id))
    return {row[0]: row[1] for row in found}
