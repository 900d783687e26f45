"""What the registry holds, for the offices that issued it: batches, and certificates by number, name and state.

Reads only. The name stands on every certificate that the office has handed out; identity numbers are not read here.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased
from sqlalchemy.sql.elements import ColumnElement

from registry.errors import RegistryError
from registry.models import Batch, Certificate, Intent, StatusEvent, VoidNumber
from registry.status import state_after
from verifier.number import CertificateNumber
from verifier.record import parse_record


@dataclass(frozen=True, slots=True)
class Selection:
    """Which certificates: of a batch, of a series or part of one, or all. ``kind`` is the digit; serials are inclusive."""

    batch: int | None = None
    authority: str | None = None
    year: int | None = None
    kind: int | None = None
    first: int | None = None
    last: int | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """One certificate as an office's list has it. ``state``: ``issued``, ``suspended`` or ``revoked``.

    ``successor``: the number that came in its place where it was corrected.
    """

    number: str
    name: str
    state: str
    successor: str


@dataclass(frozen=True, slots=True)
class BatchState:
    """A batch and what became of it. ``waiting`` numbers are reserved and not yet logged. Times are Unix seconds."""

    id: int
    authority: str
    year: int
    kind: int
    file_name: str
    submitted_at: int
    finished_at: int | None
    issued: int
    void: int
    waiting: int

    @property
    def is_correction(self) -> bool:
        """Whether it was made by a correction: such a batch has no file."""
        return not self.file_name


def held(session: Session, selection: Selection) -> Iterator[Held]:
    """The certificates of ``selection`` in the order of their numbers; raises ``RegistryError`` (``batch_unknown``)."""
    _require_batch(session, selection)
    chosen = _chosen(Certificate, selection)
    states: dict[str, str] = {}
    successors: dict[str, str] = {}
    events = select(StatusEvent.number, StatusEvent.action, StatusEvent.successor).join(
        Certificate, Certificate.number == StatusEvent.number
    )
    for number, action, successor in session.execute(events.where(*chosen).order_by(StatusEvent.leaf_index)):
        before = states.get(number, "issued")
        states[number] = state_after(before, action) or before
        if successor:
            successors[number] = successor
    records = select(Certificate.number, Certificate.record).where(*chosen).order_by(Certificate.number)
    for number, record in session.execute(records.execution_options(yield_per=500)):
        subject = parse_record(record).peek_document["credentialSubject"]
        state = states.get(number, "issued")
        yield Held(number, str(subject["name"]), state, successors.get(number, ""))


def numbers_of(session: Session, selection: Selection) -> list[str]:
    """All numbers of ``selection`` that were given, void ones too, in order.

    Raises ``RegistryError`` (``batch_unknown``, ``selection_empty``).
    """
    _require_batch(session, selection)
    numbers = list(session.scalars(select(Certificate.number).where(*_chosen(Certificate, selection))))
    numbers += session.scalars(
        select(VoidNumber.number)
        .join(Intent, Intent.id == VoidNumber.intent_id)
        .where(*_chosen(VoidNumber, selection))
    )
    if not numbers:
        raise RegistryError("selection_empty")
    return sorted(numbers)


def batches(session: Session) -> list[BatchState]:
    """Every batch, oldest first."""
    issued = _counted(session, Certificate)
    void = _counted(session, VoidNumber)
    open_intents = select(Intent.batch_id, func.sum(Intent.count)).where(Intent.state == "reserved")
    waiting = {row[0]: int(row[1]) for row in session.execute(open_intents.group_by(Intent.batch_id))}
    return [
        BatchState(
            one.id,
            one.authority,
            one.year,
            one.kind,
            one.file_name,
            one.submitted_at,
            one.finished_at,
            issued.get(one.id, 0),
            void.get(one.id, 0),
            waiting.get(one.id, 0),
        )
        for one in session.scalars(select(Batch).order_by(Batch.id))
    ]


def open_batches(session: Session) -> list[BatchState]:
    """Batches that did not come to their end, unless the same file did since: the rest of them was never numbered."""
    later = aliased(Batch)
    done_since = select(later.id).where(
        later.id > Batch.id,
        later.finished_at.is_not(None),
        later.file_sha256 == Batch.file_sha256,
        later.authority == Batch.authority,
        later.year == Batch.year,
        later.kind == Batch.kind,
    )
    unfinished = select(Batch.id).where(Batch.finished_at.is_(None), ~done_since.exists())
    ids = set(session.scalars(unfinished))
    return [one for one in batches(session) if one.id in ids] if ids else []


def _counted(session: Session, table: type[Certificate | VoidNumber]) -> dict[int, int]:
    counts = select(Intent.batch_id, func.count()).join(table, table.intent_id == Intent.id)
    return {row[0]: row[1] for row in session.execute(counts.group_by(Intent.batch_id))}


def _require_batch(session: Session, selection: Selection) -> None:
    if selection.batch is not None and session.get(Batch, selection.batch) is None:
        raise RegistryError("batch_unknown", batch=selection.batch)


def _chosen(table: type[Certificate | VoidNumber], selection: Selection) -> list[ColumnElement[bool]]:
    """By the number itself, whose columns could have been altered, except for the batch."""
    conditions: list[ColumnElement[bool]] = []
    if selection.batch is not None:
        of_batch = select(Intent.id).where(Intent.batch_id == selection.batch)
        conditions.append(table.intent_id.in_(of_batch))
    parts = ((selection.authority, 1, 6), (selection.year, 7, 4), (selection.kind, 11, 1))
    conditions += [
        func.substr(table.number, start, length) == str(part)
        for part, start, length in parts
        if part is not None
    ]
    serial = func.substr(table.number, 12, 7)
    if selection.first is not None:
        conditions.append(serial >= f"{selection.first:07d}")
    if selection.last is not None:
        conditions.append(serial <= f"{selection.last:07d}")
    return conditions


def selection_between(first: CertificateNumber, last: CertificateNumber) -> Selection:
    """From one number to another of the same series; raises ``RegistryError`` (``range_series``)."""
    if (first.authority, first.year, first.kind) != (last.authority, last.year, last.kind):
        raise RegistryError("range_series", first=first.digits, last=last.digits)
    return Selection(None, first.authority, first.year, first.kind, first.serial, last.serial)
