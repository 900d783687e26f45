"""Reserving numbers: the intent that is durable before anything is signed (the promise of issuing, step 1).

In one transaction, under the lock of the series: the serials are taken, every person's claim is taken (a second
certificate for the same is refused here, by the database), and the approved rows are stored with the numbers, key and
time that determine every byte that will be signed, under a keyed seal that the database cannot make. If we stop before the commit, nothing was reserved; if we stop after
it, ``registry.issuance.resume`` finds the intent and makes the very same records.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from keys.canonical import canonicalize_restricted
from keys.encodings import base64_decode, base64_encode, timestamp_encode
from keys.trustlist import ListedKey
from registry.applications import Candidate
from registry.database import bulk_inserting, insert_absent, select_among
from registry.errors import IssuanceError
from registry.identity import IdentityVault, key_id_of
from registry.models import Claim, Intent, Series
from registry.offices import CHINA
from verifier.number import MAX_SERIAL, CertificateNumber, consecutive_numbers
from verifier.qrvalues import NUMBER_FIELD
from verifier.template import Fields


@dataclass(frozen=True, slots=True)
class SeriesKey:
    """What numbers are counted by. ``kind`` is the digit."""

    authority: str
    year: int
    kind: int


class IntentRow(NamedTuple):
    """One row of an intent: everything about the certificate but its signature."""

    number: CertificateNumber
    fields: Fields
    identity_hash: bytes
    identity_sealed: bytes


@dataclass(frozen=True, slots=True)
class Reservation:
    """What became of a chunk: the intent (None where nothing was left to issue), its rows, and the claims already taken."""

    intent_id: int | None
    rows: tuple[IntentRow, ...]
    taken: Mapping[bytes, str]

    @property
    def numbers(self) -> tuple[CertificateNumber, ...]:
        """The numbers of its rows."""
        return tuple([row.number for row in self.rows])


def reserve(
    session: Session,
    candidates: Sequence[Candidate],
    *,
    series: SeriesKey,
    key: ListedKey,
    batch_id: int,
    template_version: str,
    vault: IdentityVault,
    now: int,
    corrects: CertificateNumber | None = None,
) -> Reservation:
    """Reserve numbers for those of ``candidates`` whose claim is free. ``now`` becomes the records' ``created``."""
    counter = _locked_series(session, series)
    vault.refresh()
    _require_own_counter(session, series, counter)
    taken = taken_claims(session, candidates)
    # A correction for the same person leaves the claim where it is; it moves when the correction is logged.
    own = {claim for claim, number in taken.items() if corrects and number == corrects.digits}
    free = [candidate for candidate in candidates if candidate.claim not in taken or candidate.claim in own]
    if not free:
        return Reservation(None, (), taken)
    first = counter.next_serial
    if first + len(free) - 1 > MAX_SERIAL:
        raise IssuanceError("series_full", authority=series.authority, year=series.year)
    counter.next_serial = first + len(free)
    numbers = consecutive_numbers(series.authority, series.year, series.kind, first, len(free))
    digits = [number.digits for number in numbers]
    claims = [(one.claim, text) for one, text in zip(free, digits, strict=True) if one.claim not in own]
    # In one order, so that two offices that certify the same people wait for each other and never in a circle.
    with bulk_inserting(session, Claim, ("key", "number"), sorted(claims)):
        rows = _rows(free, numbers, digits, _common_fields(key, now), vault)
        stored = _stored(rows)
    intent = Intent(
        batch_id=batch_id,
        authority=series.authority,
        year=series.year,
        kind=series.kind,
        first_serial=first,
        count=len(free),
        key_id=key.id,
        created_at=now,
        template_version=template_version,
        corrects=corrects.digits if corrects else None,
        rows=stored,
        state="reserved",
    )
    intent.seal = vault.seal_intent(_sealed_bytes(intent))
    session.add(intent)
    session.flush()
    return Reservation(intent.id, rows, taken)


def require_sealed(intent: Intent, vault: IdentityVault) -> None:
    """The intent is what was reserved, in every part that decides what is signed; else ``IssuanceError`` (``intent_altered``)."""
    if not vault.is_seal_of_intent(intent.seal, _sealed_bytes(intent)):
        raise IssuanceError("intent_altered", intent=intent.id)


def rows_of(intent: Intent, vault: IdentityVault) -> list[IntentRow]:
    """The rows of an intent, in the order of their numbers; raises ``IssuanceError`` (``intent_altered``)."""
    require_sealed(intent, vault)
    rows = []
    loaded = orjson.loads(intent.rows)
    numbers = consecutive_numbers(
        intent.authority, intent.year, intent.kind, intent.first_serial, len(loaded)
    )
    for number, row in zip(numbers, loaded, strict=True):
        fields = {**row["fields"], NUMBER_FIELD: number.digits}
        sealed, hashed = base64_decode(row["sealed"]), base64_decode(row["hash"])
        rows.append(IntentRow(number, fields, hashed, sealed))
    return rows


def reseal_rows(intent: Intent, vault: IdentityVault) -> bool:
    """Put the identity numbers of a logged intent under the vault's newest data key; whether anything was changed.

    Raises ``IssuanceError`` (``intent_altered``) and ``InvalidTag`` where a number does not open.
    """
    require_sealed(intent, vault)
    rows = orjson.loads(intent.rows)
    changed = False
    for place, row in enumerate(rows):
        sealed = base64_decode(row["sealed"])
        if key_id_of(sealed) == vault.current:
            continue
        number = CertificateNumber(intent.authority, intent.year, intent.kind, intent.first_serial + place)
        row["sealed"] = base64_encode(vault.seal(vault.open(sealed, number.digits), number.digits))
        changed = True
    if changed:
        intent.rows = orjson.dumps(rows)
        intent.seal = vault.seal_intent(_sealed_bytes(intent))
    return changed


def keys_of_rows(intent: Intent) -> set[int]:
    """Under which data keys an intent's identity numbers are sealed."""
    return {key_id_of(base64_decode(row["sealed"])) for row in orjson.loads(intent.rows)}


def _sealed_bytes(intent: Intent) -> bytes:
    """All that decides what is signed, in one spelling: the head's length, the head (canonical JSON), the rows as stored.

    ``state`` and ``first_leaf`` are left out: they change once, and tell where the work stands and not what it is.
    """
    head = canonicalize_restricted(
        {
            "batch": intent.batch_id,
            "authority": intent.authority,
            "year": intent.year,
            "kind": intent.kind,
            "firstSerial": intent.first_serial,
            "count": intent.count,
            "keyId": intent.key_id,
            "createdAt": intent.created_at,
            "templateVersion": intent.template_version,
            "corrects": intent.corrects or "",
        }
    )
    return len(head).to_bytes(8, "big") + head + intent.rows


def _require_own_counter(session: Session, series: SeriesKey, counter: Series) -> None:
    """The counter stands where the last intent left it; else ``IssuanceError`` (``series_altered``), and no number is given."""
    same = {"authority": series.authority, "year": series.year, "kind": series.kind}
    newest = select(Intent.first_serial, Intent.count).filter_by(**same).order_by(Intent.first_serial.desc())
    last = session.execute(newest.limit(1)).first()
    if counter.next_serial != (last.first_serial + last.count if last else 1):
        raise IssuanceError("series_altered", authority=series.authority, year=series.year)


def _locked_series(session: Session, series: SeriesKey) -> Series:
    key = {"authority": series.authority, "year": series.year, "kind": series.kind}
    locked = select(Series).filter_by(**key).with_for_update()
    if (begun := session.scalars(locked).one_or_none()) is not None:
        return begun
    insert_absent(session, Series, [{**key, "next_serial": 1}])
    return session.scalars(locked).one()


def taken_claims(session: Session, candidates: Sequence[Candidate]) -> dict[bytes, str]:
    """Of the candidates' claims, those that somebody has, with the number."""
    keys = [candidate.claim for candidate in candidates]
    found = select_among(session, Claim, "key", keys, ("key", "number"))
    return {bytes(key): number for key, number in found}


COMMON_FIELDS = ("validFrom", "created", "keySequence")
"""What all rows of an intent have alike."""


def _common_fields(key: ListedKey, now: int) -> Fields:
    return {
        "validFrom": datetime.fromtimestamp(now, CHINA).date().isoformat(),
        "created": timestamp_encode(now),
        "keySequence": int(key.id.rpartition("-")[2]),
    }


def _rows(
    candidates: Sequence[Candidate],
    numbers: Sequence[CertificateNumber],
    digits: Sequence[str],
    common: Fields,
    vault: IdentityVault,
) -> tuple[IntentRow, ...]:
    sealed = vault.seal_all([one.identity for one in candidates], digits)
    return tuple(
        [
            IntentRow(
                number,
                {**one.fields, **common, NUMBER_FIELD: text},
                vault.hash("identity", one.identity),
                seal,
            )
            for one, number, text, seal in zip(candidates, numbers, digits, sealed, strict=True)
        ]
    )


def _stored(rows: Sequence[IntentRow]) -> bytes:
    """``rows`` as ``rows_of`` reads them back: their numbers follow from their places."""
    stored = []
    for row in rows:
        fields = row.fields.copy()
        del fields[NUMBER_FIELD]
        sealed, hashed = base64_encode(row.identity_sealed), base64_encode(row.identity_hash)
        stored.append({"fields": fields, "sealed": sealed, "hash": hashed})
    return orjson.dumps(stored)
