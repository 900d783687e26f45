"""Doing background work: one process, two lanes, so that a revocation never waits behind a hundred thousand certificates.

A kind of job is a function of a ``Task`` that comes to the same however often it is begun: it may be killed at any line
and begun again by another worker, and for a moment two may be at it. What must happen exactly once (the trail) belongs
into ``Done.conclude``, which runs in the transaction that ends the job. Keys are opened here and not where pages are made.

Who gets which job: on PostgreSQL ``registry.jobs.queue`` says so, on SQLite the lanes below, by the job's lease.
"""

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Thread
from typing import Protocol

from prometheus_client import Histogram
from sqlalchemy.orm import Session

from keys.errors import CustodyError
from registry.app import App
from registry.errors import RegistryError
from registry.intake.findings import IntakeError
from registry.jobs import service
from registry.jobs.service import LEASE, Document, Held, JobView, LeaseLostError
from registry.outages import OUTAGES, is_full, outage_of
from verifier.operation.logs import whereabouts

POLL = 1.0
"""Seconds between looks for work: what a clerk waits at most before it begins (on PostgreSQL a worker is woken)."""
JOB_SECONDS = Histogram(
    "certreg_job_seconds",
    "Beginnings of background work, by kind and what came of it.",
    ["kind", "outcome"],
    buckets=(0.1, 0.5, 1.0, 5.0, 30.0, 120.0, 600.0, 3600.0),
)
PASSING = frozenset({"agent_gone", "clock_went_back", "key_file_locked", "log_recovering"})
"""Codes of what is no fault of the job: the agent, the clock, the passphrase, the rest of the database come, and it goes on."""
logger = logging.getLogger(__name__)


class StoppingError(Exception):
    """The worker is told to stop; raised where a job tells how far it is, which is where it may be left."""


@dataclass(frozen=True, slots=True)
class Done:
    """What a job comes to: ``result`` for pages; ``conclude`` writes what belongs to its end, once, in that transaction."""

    result: Document = field(default_factory=dict)
    conclude: Callable[[Session], None] | None = None


class Signal(Protocol):
    """An event, as far as it is looked at."""

    def is_set(self) -> bool:
        """Whether it happened."""


@dataclass(slots=True)
class Task:
    """A job in a worker's hands."""

    app: App
    job: JobView
    held: Held
    stop: Signal
    lost: Signal

    def advance(self, done: int, total: int | None = None) -> None:
        """Tell how far it is, in a transaction of its own; raises ``LeaseLostError`` and ``StoppingError``: let them pass.

        Never call it inside a writing transaction: on SQLite there is no second one.
        """
        if self.lost.is_set():
            raise LeaseLostError
        with self.app.database.write() as session:
            service.advance(session, self.held, done=done, total=total, now=self.app.clock())
        if self.stop.is_set():
            raise StoppingError


Handler = Callable[[Task], Done]


@dataclass(frozen=True, slots=True)
class JobKind:
    """``long`` work has a lane of its own."""

    handler: Handler
    long: bool = False


Kinds = Mapping[str, JobKind]


Write = Callable[[Callable[[Session], None]], None]
"""A transaction of its own."""


def work(app: App, kinds: Kinds, *, name: str, stop: Event, poll: float = POLL) -> None:
    """Work until ``stop``: two lanes, each one job at a time. ``name`` tells this worker from every other."""
    if _has_queue(app):
        from registry.jobs import queue  # noqa: PLC0415  (slow to import, and of use on PostgreSQL only)

        queue.work(app, kinds, name=name, stop=stop, poll=poll)
        return
    threads = [
        Thread(target=_lane, args=(app, kinds, lane, holder, stop, poll), name=f"lane-{holder[-1]}")
        for holder, lane in zip(lanes_of(name), split(kinds), strict=True)
        if lane
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def lanes_of(name: str) -> tuple[str, ...]:
    """The holders' names of a worker: what ``service.abandon`` takes when it has died."""
    return tuple(f"{name}/{place}" for place in range(2))


def split(kinds: Kinds) -> tuple[frozenset[str], ...]:
    """The kinds of each lane: long work, and all other."""
    return tuple(frozenset(kind for kind, one in kinds.items() if one.long is long) for long in (True, False))


def work_once(
    app: App, kinds: Kinds, *, holder: str, stop: Event | None = None, lane: Iterable[str] | None = None
) -> bool:
    """Do the oldest job there is; whether there was one."""
    if _has_queue(app):
        from registry.jobs import queue  # noqa: PLC0415  (slow to import, and of use on PostgreSQL only)

        return queue.work_once(app, kinds, holder=holder, stop=stop, lane=lane)
    wanted = frozenset(kinds if lane is None else lane)
    with app.database.read() as session:
        if not service.is_waiting(session, kinds=wanted, now=app.clock()):
            return False
    with app.database.write() as session:
        taken = service.take(session, holder=holder, kinds=wanted, now=app.clock())
    if taken is None:
        return False
    job, held = taken

    def write(how: Callable[[Session], None]) -> None:
        with app.database.write() as session:
            how(session)

    with _beating(app, held) as lost:
        perform(app, kinds, job, held, stop=stop or Event(), lost=lost, write=write)
    return True


def perform(
    app: App,
    kinds: Kinds,
    job: JobView,
    held: Held,
    *,
    stop: Signal,
    write: Write,
    lost: Signal | None = None,
) -> None:
    """Do a job that is held, and write down what came of it, by ``write``; raises what ``write`` raises."""
    began, outcome = time.perf_counter(), "trouble"
    try:
        outcome = _do(kinds[job.kind].handler, Task(app, job, held, stop, lost or Event()), write)
    finally:
        spent = time.perf_counter() - began
        JOB_SECONDS.labels(job.kind, outcome).observe(spent)
        fields = {"job": job.id, "kind": job.kind, "outcome": outcome, "milliseconds": round(spent * 1000)}
        logger.info("job %d (%s): %s", job.id, job.kind, outcome, extra=fields)


def _has_queue(app: App) -> bool:
    return app.database.engine.dialect.name == "postgresql"


def _lane(app: App, kinds: Kinds, lane: frozenset[str], holder: str, stop: Event, poll: float) -> None:
    while not stop.is_set():
        try:
            busy = work_once(app, kinds, holder=holder, stop=stop, lane=lane)
        except Exception as error:
            # The database is away: nothing can be done now, and nothing is lost.
            logger.warning("no job can be taken: %s", whereabouts(error))
            busy = False
        if not busy:
            stop.wait(poll)


def _do(handler: Handler, task: Task, write: Write) -> str:
    """Do it and write down what came of it; that in a word, for the metrics."""
    app, held = task.app, task.held
    try:
        done = handler(task)
        with app.database.write() as session:
            service.finish(session, held, result=done.result, now=app.clock())
            if done.conclude is not None:
                done.conclude(session)
    except LeaseLostError:
        logger.warning("job %d was taken over", held.job)
        return "lost"
    except StoppingError:
        _settle(held, write, lambda session: service.give_back(session, held))
        return "left"
    except Exception as error:
        return _failed(task, error, write)
    return "done"


def _failed(task: Task, error: Exception, write: Write) -> str:
    """Write down that it was not done; as ``_do``."""
    app, held = task.app, task.held
    if missing := _passing(error):
        logger.warning("job %d (%s) waits: %s", held.job, task.job.kind, missing)
        _settle(held, write, lambda session: service.hold_off(session, held, now=app.clock()))
        return "trouble"
    if isinstance(error, RegistryError | IntakeError):
        code, params = error.code, getattr(error, "params", {})
        _settle(
            held,
            write,
            lambda session: service.fail(session, held, code=code, params=params, now=app.clock()),
        )
        return "failed"
    # A database that was away, a fault of ours: it may pass; if not, it is given up and told.
    logger.warning("job %d (%s) met trouble: %s", held.job, task.job.kind, whereabouts(error))
    _settle(held, write, lambda session: service.postpone(session, held, now=app.clock()))
    return "trouble"


def _passing(error: Exception) -> str:
    """The code of what the job cannot do without and what comes back, so that nobody need ask again; empty for any other trouble."""
    if isinstance(error, OUTAGES):
        code = outage_of(error)
        return code if code == "disk_full" else ""
    if isinstance(error, OSError):
        return "disk_full" if is_full(error) else ""
    return error.code if isinstance(error, RegistryError | CustodyError) and error.code in PASSING else ""


def _settle(held: Held, write: Write, how: Callable[[Session], None]) -> None:
    try:
        write(how)
    except LeaseLostError:
        logger.warning("job %d was taken over", held.job)


@contextmanager
def _beating(app: App, held: Held) -> Iterator[Event]:
    """Renew the lease while the block runs; the event tells that it was lost."""
    ended, lost = Event(), Event()

    def beat() -> None:
        while not ended.wait(LEASE / 3):
            try:
                with app.database.write() as session:
                    service.renew(session, held, now=app.clock())
            except LeaseLostError:
                lost.set()
                return
            except Exception as error:
                logger.warning("the lease of job %d was not renewed: %s", held.job, whereabouts(error))

    thread = Thread(target=beat, name="heartbeat", daemon=True)
    thread.start()
    try:
        yield lost
    finally:
        ended.set()
        thread.join()
