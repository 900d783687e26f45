"""A synthetic archive: a real registry whose tables are filled by bulk means with rows of the right shape, as many as asked for.

True as in a registry that grew: numbers with their checks, records in canonical form with their digests in the log, tiles and
their hashes, claims, ranges and lists (500 rows each), the search index, figures and totals, one certificate in a hundred
revoked with its entry and event. Untrue, and said wherever figures are given: signatures, seals and sealed identity numbers
are random bytes (of the right length), the offices are in no trust list, and all entries have the day's time. So plans, sizes
and speeds are those of an archive, while ``fsck`` finds no valid signature. Nothing draws random numbers but by a seed.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import orjson
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from keys.encodings import base64_encode, multibase_encode, timestamp_encode
from registry.app import App
from registry.cases import index
from registry.cases.index import name_key
from registry.cases.models import Employer, IndexedCertificate, IndexMark
from registry.database import bulk_insert
from registry.log import append_entries, log_size, log_time
from registry.models import Batch, Certificate, Claim, Intent, Series, StatusEvent
from registry.province import counts
from registry.province.counts import month_of
from registry.province.models import CertificateCount, CountMark, SeriesTotal
from verifier.logentry import LogEntry

YEARS = range(2017, 2027)
OFFICES = tuple(f"41{place}" for place in range(1201, 1241))
"""Forty offices and ten years: 400 series, as a province would have after a decade."""
RANGE = 500
"""Rows of a list, of a range of numbers and of a batch."""
REVOKED = 100
"""One of so many is revoked."""
EMPLOYERS = 50_000
_SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
_GIVEN = "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超霞平刚桂兰红鹏宇浩凯欣"
_GRADES = ("junior", "intermediate", "senior")
_FIRST_ID = 1_000_000_000
"""Ids of lists and ranges go down from here: what the registry gives out itself goes up."""


@dataclass(frozen=True, slots=True)
class Person:
    """One made-up holder: what a measure looks for."""

    number: str
    name: str
    employer: str
    identity_hash: bytes
    batch: int


class Archive:
    """Fills the registry of ``app``; ``rows`` says how many certificates it has made."""

    def __init__(self, app: App, seed: int = 1) -> None:
        self._app, self._random, self.rows = app, random.Random(seed), 0
        self.sample: list[Person] = []
        """One certificate of each list."""
        self._signatures = [multibase_encode(self._random.randbytes(64)).encode() for _ in range(997)]
        self._employers: list[str] = []

    def fill(self, rows: int, *, at_once: int = 10_000) -> None:
        """Make it ``rows`` certificates (a multiple of 500), in transactions of ``at_once``."""
        index.follow_to_the_end(
            self._app
        )  # what was issued beside the archive; its own rows are followed as they are made
        counts.follow_to_the_end(self._app)
        if not self._employers:
            with self._app.database.write() as session:
                self._add_employers(session)
        while self.rows < rows:
            with self._app.database.write() as session:
                self._add(session, min(at_once, rows - self.rows) // RANGE)

    def _add_employers(self, session: Session) -> None:
        # The number first: whoever searches for a part of a name meets one employer, or all that have the part in common.
        self._employers = [f"第{place}人民医院（合成数据）" for place in range(EMPLOYERS)]
        bulk_insert(
            session,
            Employer,
            [{"id": _FIRST_ID + place, "name": name} for place, name in enumerate(self._employers)],
        )

    def _add(self, session: Session, lists: int) -> None:
        now = log_time(session, self._app.clock())
        first, size = self.rows // RANGE, log_size(session)
        ranges = [_Range(first + place, size + place * RANGE, now) for place in range(lists)]
        people = [one for part in ranges for one in self._people(part)]
        entries = [
            LogEntry("issue", one["number"], sha256(one["record"]).hexdigest(), one["authority"], now)
            for one in people
        ]
        # A certificate's last four digits are its check and its serial's: any one in a hundred does.
        gone = [
            (one, entry) for one, entry in zip(people, entries, strict=True) if one["serial"] % REVOKED == 1
        ]
        ends = [
            LogEntry("revoke", entry.number, entry.digest, entry.authority, now, reason="data-error")
            for _, entry in gone
        ]
        append_entries(session, [*entries, *ends])
        _store_ranges(session, ranges, people)
        _store_people(session, people, {entry.number for entry in ends})
        events = [
            {
                "leaf_index": leaf,
                "number": entry.number,
                "action": "revoke",
                "reason": entry.reason,
                "at": now,
            }
            for leaf, entry in enumerate(ends, size + len(entries))
        ]
        bulk_insert(session, StatusEvent, events)
        _follow(session, people, gone, now)
        self.rows += lists * RANGE

    def _people(self, part: "_Range") -> Iterator[dict[str, Any]]:
        """The rows of a range, with what goes to other tables under names that ``certificate`` has not."""
        draw, shape = self._random, _record_shape(part)
        for place in range(RANGE):
            body = int(f"{part.authority}{part.year}1{part.first_serial + place:07d}")
            number = f"{body}{98 - body * 100 % 97:02d}"
            name = draw.choice(_SURNAMES) + draw.choice(_GIVEN) + draw.choice(_GIVEN)
            where = draw.randrange(EMPLOYERS)
            grade = _GRADES[place % 3]
            record = shape % {
                b"number": number.encode(),
                b"index": b"%d" % (part.first_serial + place),
                b"name": name.encode(),
                b"employer": self._employers[where].encode(),
                b"grade": grade.encode(),
                b"signature": self._signatures[draw.randrange(997)],
            }
            hashed = sha256(number.encode()).digest()
            if place == 0:
                self.sample.append(Person(number, name, self._employers[where], hashed, part.id))
            yield {
                "number": number,
                "authority": part.authority,
                "year": part.year,
                "kind": 1,
                "serial": part.first_serial + place,
                "intent_id": part.id,
                "record": record,
                "leaf_index": part.first_leaf + place,
                "identity_hash": hashed,
                "identity_sealed": draw.randbytes(47),
                "_name": name,
                "_employer": _FIRST_ID + where,
                "_grade": grade,
            }


class _Range:
    """One list and its range of numbers: the offices take turns, year after year, as a province's do."""

    def __init__(self, place: int, first_leaf: int, now: int) -> None:
        series, turn = place % (len(OFFICES) * len(YEARS)), place // (len(OFFICES) * len(YEARS))
        self.authority, self.year = OFFICES[series % len(OFFICES)], YEARS[series // len(OFFICES)]
        self.first_serial = turn * RANGE + 1
        self.id, self.first_leaf, self.now = _FIRST_ID - place, first_leaf, now


def _record_shape(part: _Range) -> bytes:
    """A record of the annual kind in canonical form, with places for what differs from one to the next."""
    host, office = "https://jxjy.henan.example", f"did:web:jxjy.henan.example:a:{part.authority}"
    block = f"{host}/status/{part.authority}/{part.year}/1"
    contexts = ["https://www.w3.org/ns/credentials/v2", f"{host}/ns/certificate/v1"]
    created = timestamp_encode(part.now)
    document = {
        "@context": contexts,
        "credentialSchema": {"id": f"{host}/schemas/annual/v1.json", "type": "JsonSchema"},
        "credentialStatus": [
            {
                "statusListCredential": f"{block}/{purpose}/0",
                "statusListIndex": "%(index)b",
                "statusPurpose": purpose,
                "type": "BitstringStatusListEntry",
            }
            for purpose in ("revocation", "suspension")
        ],
        "credentialSubject": {
            "certificateNumber": "%(number)b",
            "employer": "%(employer)b",
            "grade": "%(grade)b",
            "identityDocument": "411002********8672",
            "name": "%(name)b",
            "professionalHours": 67,
            "publicHours": 28,
            "ruleSet": "henan-2012",
            "year": part.year,
        },
        "id": f"{host}/c/%(number)b",
        "issuer": {"id": office, "name": "合成数据人力资源和社会保障局"},
        "proof": {
            "@context": contexts,
            "created": created,
            "cryptosuite": "eddsa-jcs-2022",
            "proofPurpose": "assertionMethod",
            "proofValue": "%(signature)b",
            "type": "DataIntegrityProof",
            "verificationMethod": f"{office}#{part.year}-1",
        },
        "type": ["VerifiableCredential", "ContinuingEducationCertificate"],
        "validFrom": created[:11] + "00:00:00Z",
    }
    return orjson.dumps(document)


def _store_ranges(session: Session, ranges: Sequence[_Range], people: Sequence[dict[str, Any]]) -> None:
    common = [{"authority": one.authority, "year": one.year, "kind": 1} for one in ranges]
    bulk_insert(
        session,
        Batch,
        [
            {"id": one.id, **key, "file_sha256": f"{one.id:064x}", "file_name": "合成.xlsx"}
            | {"submitted_at": one.now, "finished_at": one.now}
            for one, key in zip(ranges, common, strict=True)
        ],
    )
    parts = [people[place * RANGE : (place + 1) * RANGE] for place in range(len(ranges))]
    bulk_insert(
        session,
        Intent,
        [
            {"id": one.id, "batch_id": one.id, **key, "first_serial": one.first_serial, "count": RANGE}
            | {"key_id": f"did:web:jxjy.henan.example:a:{one.authority}#{one.year}-1", "created_at": one.now}
            | {"template_version": "v1", "rows": orjson.dumps(list(map(_row, part)))}
            | {"seal": sha256(part[0]["record"]).digest(), "first_leaf": one.first_leaf, "state": "logged"}
            for one, key, part in zip(ranges, common, parts, strict=True)
        ],
    )
    for one, key in zip(ranges, common, strict=True):
        session.merge(Series(**key, next_serial=one.first_serial + RANGE))


def _row(one: dict[str, Any]) -> dict[str, Any]:
    """A row as an intent keeps it."""
    fields = {"name": one["_name"], "employer": "第00000人民医院（合成数据）", "grade": one["_grade"]}
    fields |= {"identityDocument": "411002********8672", "professionalHours": 67, "publicHours": 28}
    fields |= {"ruleSet": "henan-2012", "validFrom": "2026-11-20", "created": "2026-11-20T00:00:09Z"}
    sealed, hashed = base64_encode(one["identity_sealed"]), base64_encode(one["identity_hash"])
    return {"fields": fields | {"keySequence": 1}, "sealed": sealed, "hash": hashed}


def _store_people(session: Session, people: Sequence[dict[str, Any]], gone: set[str]) -> None:
    rows = [{name: value for name, value in one.items() if name[0] != "_"} for one in people]
    bulk_insert(session, Certificate, rows)
    claims = [
        {"key": sha256(b"claim" + one["identity_hash"]).digest(), "number": one["number"]}
        for one in people
        if one["number"] not in gone
    ]
    bulk_insert(session, Claim, claims)
    indexed = [
        {"number": one["number"], "year": one["year"], "kind": 1, "batch_id": one["intent_id"]}
        | {"name_key": name_key(one["_name"]), "employer_id": one["_employer"]}
        | {"state": "revoked" if one["number"] in gone else "issued"}
        for one in people
    ]
    bulk_insert(session, IndexedCertificate, indexed)


def _follow(
    session: Session,
    people: Sequence[dict[str, Any]],
    gone: Sequence[tuple[dict[str, Any], LogEntry]],
    now: int,
) -> None:
    """Figures, totals and marks as they would be when everything was followed."""
    cells: dict[tuple[str, int, str], list[int]] = {}
    for one in people:
        cells.setdefault((one["authority"], one["year"], one["_grade"]), [0, 0])[0] += 1
    for one, _ in gone:
        cells[one["authority"], one["year"], one["_grade"]][1] += 1
    for (authority, year, grade), (issued, revoked) in cells.items():
        key = {"authority": authority, "year": year, "kind": 1}
        cell = CertificateCount(**key, month=month_of(now), grade=grade, issued=0, suspended=0, revoked=0)
        there = session.get(CertificateCount, (authority, year, 1, month_of(now), grade)) or cell
        session.add(there)
        there.issued, there.revoked = there.issued + issued, there.revoked + revoked
        total = session.get(SeriesTotal, (authority, year, 1)) or SeriesTotal(**key, issued=0, void=0)
        session.add(total)
        total.issued += issued
        session.flush()
    for mark in (IndexMark, CountMark):
        session.execute(update(mark).values(leaf=log_size(session)))
    assert session.scalars(select(CountMark.leaf)).one() == log_size(session)
