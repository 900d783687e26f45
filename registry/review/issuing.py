"""The job that issues a released list (kind ``release``), and what became of each row.

Killed anywhere and begun again it comes to the same: claims keep everybody from a second number, the batch's own open
intents are finished first, and what it issued before counts as issued. What became of a row is asked of the database, not
remembered: claim → number → batch.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from registry.app import App
from registry.applications import candidate_of
from registry.batches import issue_file
from registry.claimants import held_fields, is_anothers
from registry.database import select_among
from registry.errors import IssuanceError
from registry.intake.findings import Finding
from registry.issuance import checkpoint, finish_intent
from registry.jobs.worker import Done, JobKind, Task
from registry.models import Batch, Certificate, Claim, Intent, VoidNumber
from registry.offices import CHINA
from registry.review.composition import Frame
from registry.review.decisions import RELEASE, release_bytes
from registry.review.drafts import frame_of, list_bytes, subject_of
from registry.review.keeping import review_safe
from registry.review.models import Draft, DraftSubmission
from registry.review.rows import Origin, open_list, read_list
from registry.trail.entry import JsonValue
from registry.trail.service import record
from verifier.loading import installed_catalogue

_AT_ONCE = 2000


@dataclass(frozen=True, slots=True)
class Counts:
    """Of a batch, counted in the database."""

    issued: int
    void: int
    first: str
    last: str


@dataclass(frozen=True, slots=True)
class _Order:
    """What was released."""

    batch: int
    subject: str
    frame: Frame
    data: bytes
    today: date


def issue_released(task: Task) -> Done:
    """Issue what was released, byte for byte; raises ``IssuanceError`` where it is not what was released."""
    app = task.app
    ordered = _released(app, int(task.job.payload["draft"]))
    _finish_open(app, ordered.batch)
    done, people = _count(app, ordered.batch).issued, len(read_list(ordered.data))
    task.advance(done, people)

    def observe(point: str, count: int) -> None:
        nonlocal done
        if point == "log:after":
            done += count
            task.advance(done, people)

    frame = ordered.frame
    intake = open_list(ordered.data, kind=frame.kind_name, year=frame.year, today=ordered.today)
    result = issue_file(
        app,
        intake,
        authority=frame.authority,
        rule_set=frame.rule_set,
        observe=observe,
        batch_id=ordered.batch,
    )
    counts = _count(app, ordered.batch)
    outcome: dict[str, JsonValue] = {
        "issued": counts.issued,
        "void": counts.void,
        "heldBefore": result.already_issued,
        "refused": len(result.refused_rows),
        "first": counts.first,
        "last": counts.last,
    }

    def conclude(session: Session) -> None:
        subject = f"batch:{ordered.batch}"
        after: dict[str, JsonValue] = {**outcome, "draft": ordered.subject}
        record(session, task.job.actor, "batch.issued", subject=subject, now=app.clock(), after=after)

    return Done(outcome, conclude)


KINDS = {RELEASE: JobKind(issue_released, long=True)}
"""This capability's background work."""


def _released(app: App, draft_id: int) -> _Order:
    """The list of a draft, if it was released by somebody: every link is tried again before anybody gets a number."""
    with app.database.read() as session:
        draft = session.get(Draft, draft_id)
        submission = session.get(DraftSubmission, (draft_id, draft.rounds)) if draft else None
        if draft is None or submission is None or submission.seal is None or draft.batch_id is None:
            raise IssuanceError("release_unsealed", draft=draft_id)
        if not review_safe(app.vault).is_mark(submission.seal, release_bytes(draft, submission)):
            raise IssuanceError("release_altered", draft=draft_id)
        if submission.decided_by in (None, submission.submitted_by):
            raise IssuanceError("release_altered", draft=draft_id)
        data = list_bytes(session, app.vault, draft_id)
        if sha256(data).hexdigest() != submission.list_sha256:
            raise IssuanceError("release_altered", draft=draft_id)
        # Judged as of the day of the release, whenever that comes to be done: what was shown is what is read.
        today = datetime.fromtimestamp(submission.submitted_at, CHINA).date()
        return _Order(draft.batch_id, subject_of(draft), frame_of(draft), data, today)


def _finish_open(app: App, batch_id: int) -> None:
    """Finish what an earlier beginning reserved; nothing where there was none."""
    with app.database.read() as session:
        waiting = select(Intent.id).where(Intent.batch_id == batch_id, Intent.state == "reserved")
        left = list(session.scalars(waiting.order_by(Intent.id)))
    for intent in left:
        finish_intent(app, intent)
    if left:
        checkpoint(app)


def _count(app: App, batch_id: int) -> Counts:
    with app.database.read() as session:
        return count_batch(session, batch_id)


def count_batch(session: Session, batch_id: int) -> Counts:
    """What a batch has."""
    ours = select(Intent.id).where(Intent.batch_id == batch_id)
    numbers = select(func.count(), func.min(Certificate.number), func.max(Certificate.number))
    issued, first, last = session.execute(numbers.where(Certificate.intent_id.in_(ours))).one()
    void = session.scalars(
        select(func.count()).select_from(VoidNumber).where(VoidNumber.intent_id.in_(ours))
    ).one()
    return Counts(issued, void, first or "", last or "")


def is_finished(session: Session, batch_id: int) -> bool:
    """Whether all of a batch is done."""
    return session.get_one(Batch, batch_id).finished_at is not None


def unfinished(session: Session, batches: Sequence[int]) -> set[int]:
    """Of ``batches``, those that are still being issued."""
    waiting = select(Batch.id).where(Batch.id.in_(batches), Batch.finished_at.is_(None))
    return set(session.scalars(waiting))


def numbers_by_origin(
    app: App, session: Session, draft: Draft, *, today: date
) -> Iterator[tuple[Origin, str, bool]]:
    """Of every row of a released list who has a certificate: place, number, and whether it is of this batch.

    One in another name is not the row's person's, and its number is not given.
    """
    data, frame = list_bytes(session, app.vault, draft.id), frame_of(draft)
    origins = [row.origin for row in read_list(data)]
    intake = open_list(data, kind=frame.kind_name, year=frame.year, today=today)
    applications = [item for item in intake.items() if not isinstance(item, Finding)]
    own = select(Certificate.number).join(Intent, Certificate.intent_id == Intent.id)
    of_batch = (
        set(session.scalars(own.where(Intent.batch_id == draft.batch_id)))
        if draft.batch_id
        is not None  # of a list that was not released there is nothing, and everything would be searched for it
        else set()
    )
    for start in range(0, len(applications), _AT_ONCE):
        some = zip(origins[start : start + _AT_ONCE], applications[start : start + _AT_ONCE], strict=True)
        candidates = [(candidate_of(one, app.vault, rule_set=frame.rule_set), origin) for origin, one in some]
        claims = {candidate.claim: (candidate, origin) for candidate, origin in candidates}
        found = list(select_among(session, Claim, "key", list(claims), ("key", "number")))
        others = [number for _, number in found if number not in of_batch]
        held = held_fields(session, installed_catalogue(app.host), others)
        for claim, number in found:
            candidate, origin = claims[bytes(claim)]
            if not is_anothers(candidate, held.get(number, {})):
                yield origin, number, number in of_batch
