"""On PostgreSQL: jobs handed out by procrastinate, to as many workers on as many hosts as there are.

Every job that comes to wait sends a message, in that transaction (a trigger, ``registry.migrations``). Procrastinate keeps
the messages, one queue a kind; wakes a worker (LISTEN/NOTIFY), gives each message to one, in order, not before its time,
and knows by heartbeats and the database's clock which workers live. What a message leads to is settled by the job's own row: ``begin``
takes it if it still waits, and only who holds that attempt changes it. So a message too many does nothing; and what
stands open while its message is in nobody's hands is sent anew (``relieve``), whatever became of the message.

Imported where work is done and nowhere else: the library takes a fifth of a second to load.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from threading import Event
from typing import Any, TypeVar

from procrastinate import App as Queue
from procrastinate import JobContext, PsycopgConnector
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Status
from psycopg_pool import AsyncConnectionPool
from sqlalchemy import text
from sqlalchemy.orm import Session

from registry.app import App
from registry.database import Database
from registry.jobs import service
from registry.jobs.service import LEASE
from registry.jobs.worker import Kinds, lanes_of, perform, split
from registry.outages import OUTAGES
from registry.postgresql import CONNECT_SECONDS, connection_words
from verifier.operation.logs import whereabouts

CONNECTIONS = 4
"""At most, of a worker, for messages; each lane has one more, to be woken by."""
_PATIENCE = 1.0
"""Seconds between two tries to write down what became of a job, while the database is away."""
_GLANCE = 0.1
"""Seconds between looks whether to stop."""
_LEFT = text(
    "UPDATE job SET state = 'waiting', holder = NULL, lease_until = NULL, message = NULL "
    "WHERE state = 'running' AND CASE WHEN message IS NULL THEN lease_until < :now ELSE NOT EXISTS "
    "(SELECT FROM procrastinate_jobs sent WHERE sent.id = job.message AND sent.status = 'doing') END"
)
"""What runs by a message that nobody holds; and what a program of before held, until its lease ended."""
_UNSENT = text(
    "SELECT job_send(job, NULL) FROM job WHERE state = 'waiting' AND NOT EXISTS (SELECT FROM procrastinate_jobs sent "
    "WHERE sent.args ->> 'job' = job.id::text AND sent.status IN ('todo', 'doing')) ORDER BY id"
)
logger = logging.getLogger(__name__)
T = TypeVar("T")


def work(app: App, kinds: Kinds, *, name: str, stop: Event, poll: float) -> None:
    """Work until ``stop``; ``poll`` is how often to look for what nobody wakes a worker for: pauses that ended."""
    asyncio.run(_work(app, kinds, name, stop, poll))


def work_once(
    app: App, kinds: Kinds, *, holder: str, stop: Event | None = None, lane: Iterable[str] | None = None
) -> bool:
    """Relieve the dead and do the next job there is; whether there was one."""
    with ThreadPoolExecutor(1) as apart:  # the caller's thread may have a loop of its own
        return apart.submit(asyncio.run, _work_once(app, kinds, holder, stop or Event(), lane)).result()


async def relieve(queue: Queue, app: App) -> None:
    """Put down what dead workers held, and send what waits without a message. Any number may do this at once."""
    for message in await queue.job_manager.get_stalled_jobs(seconds_since_heartbeat=LEASE):
        assert message.id is not None  # noqa: S101 - it comes from the database
        try:
            await queue.job_manager.finish_job_by_id_async(message.id, Status.FAILED, delete_job=True)
        except (
            ConnectorException
        ):  # another worker was first; or the database is away, as the next line tells
            logger.debug("message %d is gone", message.id)

    def mend() -> None:
        with app.database.write() as session:
            session.execute(_LEFT, {"now": app.clock()})
            session.execute(_UNSENT)

    await asyncio.to_thread(mend)


@dataclass(frozen=True, slots=True)
class _Hands:
    """What a worker does with a message."""

    app: App
    kinds: Kinds
    stop: Event

    def attempt(self, context: JobContext, job: int) -> bool:
        """Begin the job and do it; False where the message is out of date."""
        message, holder = context.job.id, context.worker_name
        assert message is not None and holder is not None  # noqa: S101, PT018 - procrastinate gave both

        def begin(session: Session) -> Any:
            return service.begin(session, job, message=message, holder=holder, now=self.app.clock())

        taken = self._patiently(begin)
        if taken is None:
            return False
        view, held = taken
        perform(self.app, self.kinds, view, held, stop=_Leaving(self.stop, context), write=self._patiently)
        return True

    def _patiently(self, how: Callable[[Session], T]) -> T:
        """In a transaction of its own, however long the database is away: a worker that lives is never relieved."""
        while True:
            try:
                with self.app.database.write() as session:
                    return how(session)
            except OUTAGES as error:
                logger.warning("no job can be taken: the database is away: %s", whereabouts(error))
                if self.stop.wait(_PATIENCE):
                    raise


@dataclass(frozen=True, slots=True)
class _Leaving:
    """Whether a job is to be left: the process is told to stop, or its worker lost the queue."""

    stop: Event
    context: JobContext

    def is_set(self) -> bool:
        """As an event tells it."""
        return self.stop.is_set() or self.context.should_abort()


async def _work(app: App, kinds: Kinds, name: str, stop: Event, poll: float) -> None:
    async with _opened(app, kinds, stop) as queue:
        lanes = [
            _for_ever(partial(_lane, queue, lane, holder, poll), stop, poll)
            for holder, lane in zip(lanes_of(name), split(kinds), strict=True)
            if lane
        ]
        relief = _for_ever(partial(relieve, queue, app), stop, LEASE / 3)
        tasks = [asyncio.create_task(one) for one in (*lanes, relief)]
        while not stop.is_set():
            await asyncio.sleep(_GLANCE)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _work_once(app: App, kinds: Kinds, holder: str, stop: Event, lane: Iterable[str] | None) -> bool:
    done: list[bool] = []

    async def one(call_next: Callable[[], Awaitable[bool]], _: JobContext, worker: Any) -> bool:
        if begun := await call_next():
            done.append(begun)
            worker.stop()
        return begun

    async with _opened(app, kinds, stop) as queue:
        await relieve(queue, app)
        await queue.run_worker_async(
            **_options(kinds if lane is None else lane, holder),
            wait=False,
            listen_notify=False,
            worker_middleware=[one],
        )
    return bool(done)


async def _for_ever(what: Callable[[], Awaitable[None]], stop: Event, pause: float) -> None:
    """Do it again and again until ``stop``; a database that is away is waited for."""
    while not stop.is_set():
        try:
            await what()
        except Exception as error:
            # The database is away: nothing can be done now, and nothing is lost.
            logger.warning("no job can be taken: %s", whereabouts(error))
        await asyncio.sleep(pause)


async def _lane(queue: Queue, lane: Iterable[str], holder: str, poll: float) -> None:
    await queue.run_worker_async(**_options(lane, holder), fetch_job_polling_interval=poll)
    # Nobody told it to: it could not beat, or not listen.
    logger.warning("no job can be taken: %s lost the queue, and begins anew", holder)


def _options(lane: Iterable[str], holder: str) -> Mapping[str, Any]:
    """One job at a time; told to stop, it is left where it tells how far it is; a message that was dealt with is deleted."""
    return {
        "queues": sorted(lane),
        "name": holder,
        "concurrency": 1,
        "shutdown_graceful_timeout": 0,
        "delete_jobs": "always",
        "install_signal_handlers": False,
        "update_heartbeat_interval": LEASE / 6,
        "stalled_worker_timeout": LEASE,
        "abort_job_polling_interval": LEASE,  # nobody aborts
    }


@asynccontextmanager
async def _opened(app: App, kinds: Kinds, stop: Event) -> AsyncIterator[Queue]:
    """The queue, with connections of its own to the registry's database."""
    _be_silent()
    asyncio.get_running_loop().set_exception_handler(_tell)
    hands = _Hands(app, kinds, stop)
    queue = Queue(connector=PsycopgConnector())
    for kind in kinds:
        queue.task(name=kind, queue=kind, pass_context=True)(hands.attempt)
    async with _pool(app.database) as pool, queue.open_async(pool):
        yield queue


@asynccontextmanager
async def _pool(database: Database) -> AsyncIterator["AsyncConnectionPool[Any]"]:
    engine = database.engine
    words = dict(engine.dialect.create_connect_args(engine.url)[1])
    words.pop("context", None)  # SQLAlchemy's ways with types are not procrastinate's
    pool: AsyncConnectionPool[Any] = AsyncConnectionPool(
        kwargs={**connection_words(engine.url), **words},
        min_size=1,
        max_size=CONNECTIONS,
        timeout=CONNECT_SECONDS,
        reconnect_timeout=CONNECT_SECONDS,
        check=AsyncConnectionPool.check_connection,
        open=False,
    )
    await pool.open(wait=False)
    try:
        yield pool
    finally:
        await pool.close()


def _be_silent() -> None:
    """Both tell texts of errors, and addresses; what matters is told here, and by ``perform``."""
    for name in ("procrastinate", "psycopg.pool"):
        logging.getLogger(name).setLevel(logging.CRITICAL)


def _tell(_: object, told: Mapping[str, Any]) -> None:
    """A message whose end could not be told: it was relieved meanwhile, or the database is away."""
    error = told.get("exception")
    logger.warning("the queue met trouble: %s", whereabouts(error) if error is not None else "?")
