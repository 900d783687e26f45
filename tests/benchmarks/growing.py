"""What is measured as an archive grows: each thing that is looked for, and each that is added."""

from collections.abc import Callable
from hashlib import sha256
from itertools import count
from pathlib import Path

from registry.cases.search import Query, search
from registry.database import bulk_insert
from registry.handout import find_record
from registry.intake.samples import write_clean_workbook
from registry.models import Certificate, Claim, Intent
from registry.publication import publish
from registry.putting import Published
from registry.sites import FolderSite
from registry.status import change_status, states_of
from registry.statuslists import keep_receipts, put_status
from tests.benchmarks.archive import Person
from tests.benchmarks.office import YEAR, Office
from verifier.number import parse_number

ISSUED, INSERTED = 500, 500
Work = Callable[[Person], object]
Before = Callable[[], None]


def reads_of(office: Office) -> dict[str, Work]:
    """Each look-up by its name; of a person who is in the archive."""
    app = office.app

    def row(one: Person) -> None:
        with app.database.read() as session:
            assert session.get(Certificate, one.number) is not None
            states_of(session, [one.number])

    def searching(query: Callable[[Person], Query], *, after: bool = False) -> Work:
        def work(one: Person) -> None:
            with app.database.read() as session:
                assert search(session, query(one), authority=None, after=one.number if after else "").found

        return work

    def proven(one: Person) -> None:
        found = find_record(app, parse_number(one.number))
        assert found is not None

    found: dict[str, Work] = {
        "row by number": row,
        "record and log proof by number": proven,
        "row by identity hash": _by_identity(office),
    }
    searches = {
        "number": lambda one: Query(number=one.number),
        "identity": lambda one: Query(identity=one.identity_hash),
        "name": lambda one: Query(name=one.name),
        "name, in order of names": lambda one: Query(name=one.name[:1], order="name"),
        "employer": lambda one: Query(employer=one.employer),
        "batch": lambda one: Query(batch=one.batch),
        "authority and year": lambda one: Query(authority=one.number[:6], year=int(one.number[6:10])),
        "state": lambda _: Query(state="revoked"),
        "year": lambda one: Query(year=int(one.number[6:10])),
        "everything": lambda _: Query(),
    }
    found |= {f"search: {name}": searching(query) for name, query in searches.items()}
    found["search: everything, a later page"] = searching(lambda _: Query(), after=True)
    return found


def _by_identity(office: Office) -> Work:
    def work(one: Person) -> None:
        with office.app.database.read() as session:
            found = session.query(Certificate.number).filter_by(identity_hash=one.identity_hash).all()
            assert [row[0] for row in found] == [one.number]

    return work


def writes_of(office: Office, folder: Path) -> dict[str, tuple[Before, Callable[[], object]]]:
    """Each change by its name: what is done before, untimed; and what is measured, divided by how many things it says it did.

    They are done for good, but for the insertion.
    """
    turns, issued, file = count(), list[str](), folder / "list.xlsx"

    def sheet() -> None:
        write_clean_workbook(file, rows=ISSUED, seed=1000 + next(turns), year=YEAR)

    def issue() -> int:
        result = office.issue_unpublished(file)
        issued.extend(result.issued)
        return len(result.issued)

    def revoke() -> None:
        now = office.app.clock()
        with office.app.database.write() as session:
            change_status(session, issued.pop(), action="revoke", reason="data-error", now=now)

    return {
        "issue, a certificate": (sheet, issue),
        "bulk insertion, a row": (_nothing, lambda: _inserted(office)),
        "revoke one": (_nothing, revoke),
        "checkpoint after one change": (revoke, office.app.sign_log),
        "status lists after one change": (revoke, lambda: _status_lists(office)),
        "publication after one change": (revoke, lambda: publish(office.app, office.site)),
    }


def _nothing() -> None:
    """There is nothing to do before."""


def _status_lists(office: Office) -> None:
    """The part of a publication that is about status."""
    office.app.sign_log()
    site = FolderSite(office.site)
    with office.app.database.read() as session:
        receipts = put_status(office.app, session, site, Published())
    keep_receipts(office.app, site, receipts)


def _inserted(office: Office) -> int:
    """A list's claims and certificates, taken back again."""
    with office.app.database.write() as session:
        one = session.query(Certificate).filter(Certificate.year < YEAR).first()
        assert one is not None
        intent = session.query(Intent.id).first()
        assert intent is not None
        rows = [
            {
                "number": f"99999920261{place:07d}00",
                "authority": "999999",
                "year": YEAR,
                "kind": 1,
                "serial": place,
            }
            | {"intent_id": intent[0], "record": one.record, "leaf_index": 10**12 + place}
            | {"identity_hash": sha256(b"%d" % place).digest(), "identity_sealed": one.identity_sealed}
            for place in range(1, INSERTED + 1)
        ]
        bulk_insert(session, Claim, [{"key": row["identity_hash"], "number": row["number"]} for row in rows])
        bulk_insert(session, Certificate, rows)
        session.flush()
        session.rollback()
    return INSERTED
