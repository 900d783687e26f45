"""Workers' hands in tests: how a job is taken on each engine, and how a worker is made to look dead."""

import asyncio
from collections.abc import Collection
from threading import Event

from sqlalchemy import text

from registry.jobs import queue, service
from registry.jobs.models import Job
from registry.jobs.service import LEASE, JobView
from tests.registry.rig import Rig

Taken = tuple[JobView, service.Held] | None


def is_queued(rig: Rig) -> bool:
    """Whether jobs are handed out by the queue."""
    return rig.app.database.engine.dialect.name == "postgresql"


def take(rig: Rig, holder: str, kinds: Collection[str], now: int) -> Taken:
    """The next job in ``holder``'s hands; on PostgreSQL by its message, of a worker that is registered for this one."""
    while True:
        with rig.app.database.write() as session:
            if not is_queued(rig):
                return service.take(session, holder=holder, kinds=kinds, now=now)
            fetch = text(
                "SELECT id, args FROM procrastinate_fetch_job_v2(:kinds, "
                "(SELECT worker_id FROM procrastinate_register_worker_v1()))"
            )
            message, named = session.execute(fetch, {"kinds": list(kinds)}).one()
            if message is None:
                return None
            found = service.begin(session, named["job"], message=message, holder=holder, now=now)
            if found is not None:
                return found


def view(rig: Rig, job: int) -> JobView:
    """How a job stands."""
    with rig.app.database.read() as session:
        return service.view_of(session.get_one(Job, job))


def fall_silent(rig: Rig) -> None:
    """More than a lease passes in which no worker that is there now is heard of; then somebody looks after them."""
    rig.clock.now += LEASE + 1
    if is_queued(rig):
        grow_silent(rig)
        relieve(rig)


def grow_silent(rig: Rig) -> None:
    """More than a lease has passed on the database's clock since any worker was heard of."""
    silence = text(
        "UPDATE procrastinate_workers SET last_heartbeat = last_heartbeat - make_interval(secs => :lease)"
    )
    with rig.app.database.write() as session:
        session.execute(silence, {"lease": LEASE + 1})


def relieve(rig: Rig) -> None:
    """What every worker does three times a lease."""

    async def once() -> None:
        async with queue._opened(rig.app, {}, Event()) as opened:
            await queue.relieve(opened, rig.app)

    asyncio.run(once())
