"""The queue on PostgreSQL: messages that go with the act, workers that are woken, the dead, those who come back, and what is lost."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Any

import procrastinate
import pytest
from procrastinate.schema import SchemaManager
from sqlalchemy import text

from registry.actors import SYSTEM
from registry.app import App
from registry.errors import RegistryError
from registry.jobs import service
from registry.jobs.service import FIRST_PAUSE, JobView
from registry.jobs.worker import Done, JobKind, Kinds, Task, work, work_once
from tests.forks import CONTEXT
from tests.jobs.hands import fall_silent, relieve
from tests.jobs.test_worker import counting, order, until, view
from tests.registry.rig import DAY, Clock, Place, Rig, copy_home, opened

SCHEMA = "03.04.00_50_post_add_retry_failed_job_procedure.sql"
"""The library's newest change of its schema, as migration 0011 makes it: a newer one needs a migration of its own."""
NEVER = 3600.0
"""Seconds between looks for work, for a worker that has to be woken."""


@pytest.fixture
def pg(cluster: Any, founded_postgresql: tuple[Path, str], tmp_path: Path) -> Iterator[Rig]:
    """A founded registry on PostgreSQL."""
    home, template = founded_postgresql
    name = cluster.create(template)
    with opened(Place(copy_home(home, tmp_path / "home"), cluster.url(name)), tmp_path) as one:
        yield one
    cluster.drop(name)


def ask(rig: Rig, sql: str, **values: object) -> list[tuple[Any, ...]]:
    with rig.app.database.write() as session:
        return [tuple(row) for row in session.execute(text(sql), values)]


def messages(rig: Rig) -> list[tuple[Any, ...]]:
    return ask(rig, "SELECT queue_name, task_name, args, status::text FROM procrastinate_jobs ORDER BY id")


@contextmanager
def working(app: App, kinds: Kinds, name: str, poll: float = 0.05) -> Iterator[Event]:
    stop = Event()
    worker = Thread(target=work, args=(app, kinds), kwargs={"name": name, "stop": stop, "poll": poll})
    worker.start()
    try:
        yield stop
    finally:
        stop.set()
        worker.join()


def test_the_librarys_schema_is_the_one_that_we_made() -> None:
    files = sorted(file.name for file in Path(SchemaManager.get_migrations_path()).glob("*.sql"))
    assert files[-1] == SCHEMA, (
        f"procrastinate {procrastinate.__version__} has another schema: add a migration"
    )


def test_the_message_goes_with_the_act_or_not_at_all(pg: Rig) -> None:
    with pg.app.database.write() as session:
        service.order(session, SYSTEM, "count", subject="test:1", now=pg.clock.now)
        session.rollback()
    assert messages(pg) == []
    job = order(pg)
    assert order(pg) == job
    assert messages(pg) == [("count", "count", {"job": job}, "todo")]  # and nothing of what a clerk wrote
    assert work_once(pg.app, {"count": JobKind(counting)}, holder="one")
    assert messages(pg) == []


def test_a_worker_is_woken(pg: Rig) -> None:
    kinds = {"count": JobKind(counting), "long": JobKind(counting, long=True)}
    with working(pg.app, kinds, "w", NEVER):
        until(lambda: ask(pg, "SELECT count(*) FROM procrastinate_workers") == [(2,)])
        listening = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'"
        until(lambda: ask(pg, listening) == [(2,)])
        jobs = [order(pg), order(pg, "long", "test:2")]
        until(lambda: all(view(pg, job).state == "done" for job in jobs))
    assert ask(pg, "SELECT count(*) FROM procrastinate_workers") == [(0,)]


def test_a_message_too_many_does_nothing(pg: Rig) -> None:
    begun = []

    def once(task: Task) -> Done:
        begun.append(task.job.id)
        ask(pg, "SELECT job_send(job, NULL) FROM job")
        return Done()

    job = order(pg)
    ask(pg, "SELECT job_send(job, NULL) FROM job")
    while work_once(pg.app, {"count": JobKind(once)}, holder="one"):
        pass
    assert begun == [job]
    assert (view(pg, job).attempt, messages(pg)) == (1, [])


@pytest.mark.parametrize("ordered", [-DAY, 0, DAY])
@pytest.mark.parametrize("worked", [-3600, 3600])
@pytest.mark.parametrize(
    ("error", "pause"), [(OSError(), FIRST_PAUSE), (OSError(errno.ENOSPC, "full"), service.WAIT)]
)
def test_a_pause_is_the_databases_to_keep(
    pg: Rig, error: OSError, pause: int, worked: int, ordered: int
) -> None:
    """Wherever the clocks of hosts stand: it is no day, and not none, at which it would be begun again and again."""

    def stumble(_: Task) -> Done:
        raise error

    def now() -> int:
        return int(ask(pg, "SELECT floor(extract(epoch FROM clock_timestamp()))::bigint")[0][0])

    before = now()
    pg.clock.now = before + ordered
    job = order(pg)
    pg.clock.now = before + worked
    work_once(pg.app, {"count": JobKind(stumble)}, holder="one")
    ((due,),) = ask(pg, "SELECT extract(epoch FROM scheduled_at)::bigint FROM procrastinate_jobs")
    assert before + pause <= due <= now() + pause
    assert view(pg, job).state == "waiting"


def test_what_is_asked_for_again_is_due_at_once_though_a_hosts_clock_stands_ahead(pg: Rig) -> None:
    def refuse(_: Task) -> Done:
        raise RegistryError("authority_suspended", authority="410100")

    job = order(pg)
    work_once(pg.app, {"count": JobKind(refuse)}, holder="one")
    pg.clock.now += 365 * DAY
    with pg.app.database.write() as session:
        service.retry(session, job, now=pg.clock.now)
    assert work_once(pg.app, {"count": JobKind(counting)}, holder="one")
    assert view(pg, job).state == "done"


class Slow:
    """A kind of job whose first beginnings wait for the test's word; what each beginning came to is what it says."""

    def __init__(self, waiting: int) -> None:
        self.begun = [Event() for _ in range(waiting)]
        self.released = [Event() for _ in range(waiting)]

    def __call__(self, task: Task) -> Done:
        place = task.job.attempt - 1
        if place < len(self.begun):
            self.begun[place].set()
            assert self.released[place].wait(60)
        return Done({"attempt": task.job.attempt})


def test_who_comes_back_from_the_dead_takes_nothing_from_who_relieved_him(pg: Rig) -> None:
    """Twice: his end comes while another is at the job, and the other is still known to be at it."""
    slow = Slow(2)
    kinds = {"count": JobKind(slow)}
    job = order(pg)
    with working(pg.app, kinds, "first"):
        assert slow.begun[0].wait(60)
        fall_silent(pg)  # he is only slow
        assert (view(pg, job).state, len(messages(pg))) == ("waiting", 1)
        with working(pg.app, kinds, "second"):
            assert slow.begun[1].wait(60)
            slow.released[0].set()
            until(lambda: ask(pg, "SELECT count(*) FROM procrastinate_jobs WHERE status = 'doing'") == [(1,)])
            relieve(pg)
            assert (view(pg, job).state, view(pg, job).attempt) == ("running", 2)
            slow.released[1].set()
            until(lambda: view(pg, job).state == "done")
    assert view(pg, job).result == {"attempt": 2}
    assert messages(pg) == []


@pytest.mark.parametrize("state", ["waiting", "running"])
def test_what_lost_its_message_is_sent_anew(pg: Rig, state: str) -> None:
    """By whatever hand, or hole: the library does not fence the end of a message."""
    slow = Slow(1)
    kinds = {"count": JobKind(slow)}
    job = order(pg)
    if state == "waiting":
        ask(pg, "DELETE FROM procrastinate_jobs RETURNING id")
        assert work_once(pg.app, {"count": JobKind(counting)}, holder="one")
        assert view(pg, job).state == "done"
        return
    with working(pg.app, kinds, "first"):
        assert slow.begun[0].wait(60)
        ask(pg, "DELETE FROM procrastinate_jobs RETURNING id")
        assert view(pg, job).state == "running"
        relieve(pg)
        assert (view(pg, job).state, messages(pg)) == ("waiting", [("count", "count", {"job": job}, "todo")])
        slow.released[0].set()
        until(lambda: view(pg, job).state == "done")
    assert view(pg, job).result == {"attempt": 2}


def one_worker(place: Place, now: int, name: str) -> None:
    """A worker with one kind of work, as another host has it."""
    work(place.open(Clock(now)), {"count": JobKind(_named)}, name=name, stop=Event(), poll=NEVER)


def _named(task: Task) -> Done:
    return Done({"holder": task.held.holder}, lambda session: _add(session, task.job))


def _add(session: Any, job: JobView) -> None:
    session.execute(text("INSERT INTO tried VALUES (:job)"), {"job": job.id})


def test_several_workers_share_the_work_and_each_job_is_done_once(pg: Rig) -> None:
    with pg.app.database.write() as session:
        session.execute(text("CREATE TABLE tried (job bigint PRIMARY KEY)"))
    names = [f"host-{place}" for place in range(3)]
    children = [
        CONTEXT.Process(target=one_worker, args=(pg.place, pg.clock.now, name), daemon=True) for name in names
    ]
    for child in children:
        child.start()
    try:
        until(lambda: ask(pg, "SELECT count(*) FROM procrastinate_workers") == [(3,)])
        jobs = [order(pg, subject=f"test:{place}") for place in range(30)]
        until(lambda: all(view(pg, job).state == "done" for job in jobs))
    finally:
        for child in children:
            child.kill()
            child.join()
    assert ask(pg, "SELECT count(*) FROM tried") == [(30,)]
    holders = {view(pg, job).result["holder"].partition("/")[0] for job in jobs}
    assert len(holders) > 1


def test_what_a_program_of_before_holds_is_its_own_until_its_lease_ends(pg: Rig) -> None:
    """It knows no messages: it takes by the row, and holds by the row's lease. What it orders is sent all the same."""
    kinds = {"count": JobKind(counting)}
    job = order(pg)
    taken = (
        "UPDATE job SET state = 'running', holder = 'old/0', attempt = attempt + 1, lease_until = :until "
        "WHERE id = :job RETURNING id"
    )
    ask(pg, taken, until=pg.clock.now + service.LEASE, job=job)
    assert not work_once(pg.app, kinds, holder="new/0")
    assert view(pg, job).state == "running"
    pg.clock.now += service.LEASE + 1
    assert work_once(pg.app, kinds, holder="new/0")
    assert (view(pg, job).state, view(pg, job).attempt) == ("done", 2)


def test_a_program_of_before_takes_nothing_over(pg: Rig) -> None:
    """What runs by the queue has no lease that ends: only heartbeats tell."""
    slow = Slow(1)
    job = order(pg)
    with working(pg.app, {"count": JobKind(slow)}, "new"):
        assert slow.begun[0].wait(60)
        assert ask(
            pg, "SELECT lease_until > extract(epoch FROM now()) + 1e9 FROM job WHERE id = :job", job=job
        ) == [(True,)]
        with pg.app.database.write() as session:
            assert service.take(session, holder="old/0", kinds=["count"], now=pg.clock.now + 10**9) is None
        slow.released[0].set()
        until(lambda: view(pg, job).state == "done")
