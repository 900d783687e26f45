"""Ordering background work, holding it, telling how far it is (the table is ``registry.jobs.models``).

``Held`` (job and attempt) is the right to change a job, and a right that was lost raises ``LeaseLostError``. On PostgreSQL a queue
hands the jobs out and knows who is dead (``registry.jobs.queue``): ``begin``. On SQLite a worker takes the oldest itself, holds it
for ``LEASE`` seconds and renews that while it lives; of one that died the next worker takes the job over: ``take``, ``renew``. Nothing
here runs a job: what a kind of job does must come to the same however often it is begun (``registry.jobs.worker``).
"""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from typing import Any, TypeAlias

import orjson
from sqlalchemy import BigInteger, ColumnElement, and_, cast, func, or_, select, update
from sqlalchemy.orm import Session

from registry.actors import Actor, Role
from registry.errors import RegistryError
from registry.jobs.models import OPEN, Job

LEASE = 60
"""Seconds: a worker that is silent for so long is taken for dead. A step of any job (a chunk) takes well under one."""
MAX_ATTEMPTS = 5
"""Beginnings of one job: what kills its worker every time must not be begun for ever."""
NO_LEASE = 253_402_300_799
"""The last second of the year 9999, for a job from the queue: its worker is watched there, and no program of before takes it over."""
FIRST_PAUSE = 5
"""Seconds before a job that met a passing trouble is begun again; four times as long each further time."""
WAIT = 60
"""Seconds until a job is begun again for which something is missing that no beginning brings back: room on a disk, a clock that is right."""
_LONGEST_PAUSE = FIRST_PAUSE * 4 ** (MAX_ATTEMPTS - 1)
_DATABASE_NOW = select(cast(func.floor(func.extract("epoch", func.now())), BigInteger))

Document: TypeAlias = Mapping[str, Any]
"""JSON without identity numbers."""


class LeaseLostError(Exception):
    """Somebody else has the job now: stop, and change nothing more."""


@dataclass(frozen=True, slots=True)
class Held:
    """The right to change a job."""

    job: int
    holder: str
    attempt: int
    message: int | None = None
    """The queue's name for this attempt; None where there is no queue."""


@dataclass(frozen=True, slots=True)
class JobView:
    """A job as pages and handlers see it; ``done`` of ``total`` certificates (or what the kind counts)."""

    id: int
    kind: str
    subject: str
    authority: str | None
    actor: Actor
    payload: Document
    state: str
    done: int
    total: int | None
    attempt: int
    created_at: int
    started_at: int | None
    finished_at: int | None
    result: Document
    error: str | None
    error_params: Mapping[str, str | int]

    @property
    def is_open(self) -> bool:
        """Whether it waits or runs."""
        return self.state in ("waiting", "running")


def order(
    session: Session,
    actor: Actor,
    kind: str,
    *,
    subject: str,
    now: int,
    payload: Document | None = None,
    authority: str | None = None,
    total: int | None = None,
) -> int:
    """Order a job in the caller's transaction; its id. While one of this kind is open for ``subject``, that one's id.

    Two orders in the same instant: the database refuses the second (``IntegrityError``) and nothing is lost by asking again.
    """
    same = select(Job.id).filter_by(kind=kind, subject=subject).where(_open())
    found = session.scalars(same).first()
    if found is not None:
        return found
    job = Job(
        kind=kind,
        subject=subject,
        authority=authority,
        actor=orjson.dumps(asdict(actor)),
        payload=orjson.dumps(payload or {}),
        state="waiting",
        done=0,
        total=total,
        attempt=0,
        not_before=now,
        created_at=now,
    )
    session.add(job)
    session.flush()
    return job.id


def is_waiting(session: Session, *, kinds: Collection[str], now: int) -> bool:
    """Whether ``take`` would find something; for reading sessions, so that waiting locks nothing."""
    return session.scalars(select(Job.id).where(_takeable(kinds, now)).limit(1)).first() is not None


def take(session: Session, *, holder: str, kinds: Collection[str], now: int) -> tuple[JobView, Held] | None:
    """The oldest job that nobody holds, now held by ``holder``; None where there is none. For SQLite, where one writes at a time."""
    oldest = select(Job).where(_takeable(kinds, now)).order_by(Job.id).limit(1)
    while (job := session.scalars(oldest).first()) is not None:
        held = Held(job.id, holder, job.attempt + 1)
        if _begin(session, job, held, now):
            return view_of(job), held
    return None


def begin(
    session: Session, job_id: int, *, message: int, holder: str, now: int
) -> tuple[JobView, Held] | None:
    """The job of this message, now held by ``holder``; None where the message is out of date, or the job was given up."""
    job = session.scalars(select(Job).filter_by(id=job_id).with_for_update()).first()
    if job is None or job.state != "waiting":
        return None
    held = Held(job.id, holder, job.attempt + 1, message)
    return (view_of(job), held) if _begin(session, job, held, now) else None


def renew(session: Session, held: Held, *, now: int) -> None:
    """Hold it for another ``LEASE``; raises ``LeaseLostError``."""
    _change(session, held, lease_until=now + LEASE)


def advance(session: Session, held: Held, *, done: int, total: int | None, now: int) -> None:
    """Tell how far it is, and hold it on; raises ``LeaseLostError``."""
    _change(session, held, done=done, total=total, lease_until=_lease(held, now))


def finish(session: Session, held: Held, *, result: Document, now: int) -> None:
    """It is done; raises ``LeaseLostError``, with the whole transaction to be given up."""
    _change(session, held, result=orjson.dumps(result), **_ended("done", now))


def fail(session: Session, held: Held, *, code: str, params: Mapping[str, str | int], now: int) -> None:
    """It cannot be done until somebody acts; ``retry`` begins it anew."""
    _change(session, held, error=code[:64], error_params=orjson.dumps(dict(params)), **_ended("failed", now))


def postpone(session: Session, held: Held, *, now: int) -> None:
    """A trouble that may pass: to be begun again after a pause, which grows."""
    pause = FIRST_PAUSE * 4 ** (held.attempt - 1)
    _put_off(session, held, held.attempt, now, pause)


def hold_off(session: Session, held: Held, *, now: int) -> None:
    """Something is missing that people, or a machine, bring back: to be begun again until it is there; no beginning counts."""
    _put_off(session, held, held.attempt - 1, now, WAIT)


def give_back(session: Session, held: Held) -> None:
    """The worker is told to stop: another may go on at once, and this beginning does not count."""
    _change(session, held, **_put_down(), attempt=held.attempt - 1)


def abandon(session: Session, *, holder: str) -> int:
    """``holder`` is known to be dead: its jobs need not wait for their leases to end. How many."""
    theirs = update(Job).where(Job.state == "running", Job.holder == holder)
    return session.connection().execute(theirs.values(**_put_down())).rowcount


def retry(session: Session, job_id: int, *, now: int) -> None:
    """Begin a failed job anew; raises ``RegistryError`` (``job_not_failed``)."""
    job = session.scalars(select(Job).filter_by(id=job_id).with_for_update()).first()
    if job is None or job.state != "failed":
        raise RegistryError("job_not_failed")
    job.not_before = now
    session.flush()  # before it waits: to the trigger a later time would be a pause
    job.state, job.attempt = "waiting", 0
    job.error = job.error_params = job.finished_at = None
    session.flush()


def retry_newest(session: Session, subject: str, *, now: int) -> int:
    """As ``retry``, of the newest job about ``subject``; returns which that is."""
    newest = next(iter(jobs_about(session, subject)), None)
    if newest is None:
        raise RegistryError("job_not_failed")
    retry(session, newest.id, now=now)
    return newest.id


def jobs_about(session: Session, subject: str) -> list[JobView]:
    """All jobs about ``subject``, newest first. Whether it may be seen is asked where the subject is known."""
    return [
        view_of(job)
        for job in session.scalars(select(Job).filter_by(subject=subject).order_by(Job.id.desc()))
    ]


def view_of(job: Job) -> JobView:
    """The job's row as a value."""
    actor = orjson.loads(job.actor)
    return JobView(
        id=job.id,
        kind=job.kind,
        subject=job.subject,
        authority=job.authority,
        actor=Actor(**{**actor, "role": Role(actor["role"])}),
        payload=orjson.loads(job.payload),
        state=job.state,
        done=job.done,
        total=job.total,
        attempt=job.attempt,
        created_at=job.created_at,
        started_at=job.started_at,
        finished_at=job.finished_at,
        result=orjson.loads(job.result or b"{}"),
        error=job.error,
        error_params=orjson.loads(job.error_params or b"{}"),
    )


def _open() -> ColumnElement[bool]:
    return Job.state.in_(("waiting", "running"))


def _takeable(kinds: Collection[str], now: int) -> ColumnElement[bool]:
    # Where the clock stood ahead for a while: what was ordered then is due, and no pause, and no lease that ends, is so long.
    due = or_(Job.not_before <= now, Job.not_before == Job.created_at, Job.not_before > now + _LONGEST_PAUSE)
    waiting = and_(Job.state == "waiting", due)
    ahead = and_(Job.lease_until > now + 2 * LEASE, Job.lease_until < NO_LEASE)
    left = and_(Job.state == "running", or_(Job.lease_until < now, ahead))
    # The index's own condition, word for word: SQLite does not see that the rest implies it, and would read all that was done.
    return and_(OPEN, Job.kind.in_(sorted(kinds)), or_(waiting, left))


def _change(session: Session, held: Held, **values: Any) -> None:
    """Change the job if it is still held so; one statement, so that no other can come between."""
    mine = update(Job).where(
        Job.id == held.job, Job.state == "running", Job.holder == held.holder, Job.attempt == held.attempt
    )
    if session.connection().execute(mine.values(**values)).rowcount != 1:
        raise LeaseLostError


def _begin(session: Session, job: Job, held: Held, now: int) -> bool:
    """Put the job into these hands; False where it was begun too often, and is given up."""
    if job.attempt >= MAX_ATTEMPTS:
        _end(job, "failed", now, error="job_gave_up", error_params=orjson.dumps({"attempts": job.attempt}))
        session.flush()
        return False
    job.state, job.holder, job.message, job.lease_until = (
        "running",
        held.holder,
        held.message,
        _lease(held, now),
    )
    job.attempt = held.attempt
    job.started_at = job.started_at or now
    session.flush()
    return True


def _put_off(session: Session, held: Held, attempt: int, now: int, pause: int) -> None:
    """To be begun again after ``pause``, by the clock of who keeps it: on PostgreSQL the database's, whatever hosts' clocks say."""
    due = now if held.message is None else session.scalars(_DATABASE_NOW).one()
    # The trigger knows a pause by a later time; ordered while a clock stood ahead, the job has one that is later still.
    _change(session, held, not_before=due)
    _change(session, held, **_put_down(), attempt=attempt, not_before=due + pause)


def _lease(held: Held, now: int) -> int:
    return now + LEASE if held.message is None else NO_LEASE


_HELD_BY_NOBODY = {"holder": None, "lease_until": None, "message": None}


def _put_down() -> dict[str, Any]:
    return {"state": "waiting", **_HELD_BY_NOBODY}


def _ended(state: str, now: int) -> dict[str, Any]:
    return {"state": state, **_HELD_BY_NOBODY, "finished_at": now}


def _end(job: Job, state: str, now: int, **values: Any) -> None:
    for name, value in {**_ended(state, now), **values}.items():
        setattr(job, name, value)
