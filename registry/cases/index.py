"""The search index: who is named on a certificate, by which employer, in which batch and state (style: habit 7).

Derived, and never believed: pages show what the record says. It follows the log's order behind a mark, in transactions of
its own, so that issuing pays nothing for it; whoever searches brings it up to date first where little is missing. It can
be thrown away and made anew (``rebuild``), and ``fsck`` recomputes it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import orjson
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from registry.app import App
from registry.cases.models import Employer, IndexedCertificate, IndexMark
from registry.database import bulk_insert, insert_absent, select_among
from registry.log import log_size
from registry.models import Certificate, Intent, StatusEvent
from registry.status import states_of
from registry.troubles import Trouble
from verifier.number import parse_number

STEP = 2_000
"""Leaves that one transaction follows: a quarter of a second, for which SQLite's other writers wait."""
SOON = 2_000
"""Leaves that whoever searches waits for; of more he is told that the index is behind."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the index has come: ``leaf`` of ``size`` entries of the log."""

    leaf: int
    size: int

    @property
    def behind(self) -> int:
        """Entries that are not in it yet."""
        return self.size - self.leaf


def name_key(name: str) -> bytes:
    """``name`` as it is sorted and searched: pinyin order for the 3,755 common characters, as GB 2312 has them."""
    return name.encode("gb18030", "replace")


def progress(session: Session) -> Progress:
    """How far the index is."""
    return Progress(session.scalars(select(IndexMark.leaf)).one(), log_size(session))


def bring_up_to_date(app: App, *, at_most: int = SOON) -> Progress:
    """Follow the log where no more than ``at_most`` entries are missing; how it stands then."""
    with app.database.read() as session:
        now = progress(session)
    if 0 < now.behind <= at_most:
        with app.database.write() as session:
            return follow(session, at_most)
    return now


def follow_to_the_end(app: App) -> int:
    """Follow the log until nothing is missing, in transactions of ``STEP`` entries; how many there were."""
    entries = 0
    while True:
        with app.database.write() as session:
            before = session.scalars(select(IndexMark.leaf)).one()
            now = follow(session, STEP)
        entries += now.leaf - before
        if now.behind == 0:
            return entries


def rebuild(session: Session) -> None:
    """Forget the index; it is made anew by whoever follows the log next."""
    session.scalars(select(IndexMark).with_for_update()).one().leaf = 0
    session.flush()
    session.execute(delete(IndexedCertificate))
    session.execute(delete(Employer))


def follow(session: Session, at_most: int) -> Progress:
    """Take up to ``at_most`` entries of the log into the index, in this transaction."""
    mark = session.scalars(select(IndexMark).with_for_update()).one()
    size = log_size(session)
    upto = min(size, mark.leaf + at_most)
    if upto > mark.leaf:
        _take_certificates(session, mark.leaf, upto)
        _take_events(session, mark.leaf, upto)
        mark.leaf = upto
        session.flush()
    return Progress(mark.leaf, size)


def index_troubles(session: Session) -> Iterator[Trouble]:
    """What in the index is not as the records and the log say."""
    mark = session.scalars(select(IndexMark.leaf)).one_or_none()
    if mark is None or not 0 <= mark <= log_size(session):
        yield Trouble("index_differs", "mark")
        return
    employers = {one.id: one.name for one in session.scalars(select(Employer))}
    states = states_of(session, None, below=mark)
    indexed = select(IndexedCertificate).order_by(IndexedCertificate.number)
    found = {
        one.number: (
            one.year,
            one.kind,
            one.batch_id,
            one.name_key,
            employers.get(one.employer_id),
            one.state,
        )
        for one in session.scalars(indexed.execution_options(yield_per=500))
    }
    for number, batch_id, record in _certificates(session, 0, mark):
        parsed = parse_number(number)
        name, employer = named_in(record)
        state = states.get(number, "issued")
        wanted = (parsed.year, parsed.kind, batch_id, name_key(name), employer, state)
        if found.pop(number, None) != wanted:
            yield Trouble("index_differs", number)
    for number in found:
        yield Trouble("index_differs", number)


def named_in(record: bytes) -> tuple[str, str]:
    """Name and employer of a stored record. Read loosely, since it was judged before it was stored; blank where it is none."""
    try:
        subject = orjson.loads(record)["credentialSubject"]
        return str(subject["name"]), str(subject["employer"])
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return "", ""


def _certificates(session: Session, low: int, high: int) -> Iterator[tuple[str, int, bytes]]:
    """Number, batch and record of what was issued at the leaves from ``low`` to below ``high``."""
    rows = (
        select(Certificate.number, Intent.batch_id, Certificate.record)
        .join(Intent, Intent.id == Certificate.intent_id)
        .where(Certificate.leaf_index >= low, Certificate.leaf_index < high)
        .execution_options(yield_per=500)
    )
    for row in session.execute(rows):
        yield row[0], row[1], row[2]


def _take_certificates(session: Session, low: int, high: int) -> None:
    found = [
        (number, batch_id, *named_in(record))
        for number, batch_id, record in _certificates(session, low, high)
    ]
    employers = _employer_ids(session, {employer for *_, employer in found})
    rows = []
    for number, batch_id, name, employer in found:
        rows.append(
            {
                "number": number,
                "year": int(number[6:10]),
                "kind": int(number[10]),
                "batch_id": batch_id,
                "name_key": name_key(name),
                "employer_id": employers[employer],
                "state": "issued",
            }
        )
    bulk_insert(session, IndexedCertificate, rows)


def _employer_ids(session: Session, names: Iterable[str]) -> dict[str, int]:
    """The ids of employers by name; the new ones are added. The mark is locked, so nobody adds beside us."""
    wanted = sorted(names)
    if not wanted:
        return {}
    insert_absent(session, Employer, [{"name": name} for name in wanted])
    return {name: id_ for id_, name in select_among(session, Employer, "name", wanted, ("id", "name"))}


def _take_events(session: Session, low: int, high: int) -> None:
    within = (StatusEvent.leaf_index >= low, StatusEvent.leaf_index < high)
    numbers = sorted(set(session.scalars(select(StatusEvent.number).where(*within))))
    for number, state in states_of(session, numbers, below=high).items():
        session.execute(
            update(IndexedCertificate).where(IndexedCertificate.number == number).values(state=state)
        )
