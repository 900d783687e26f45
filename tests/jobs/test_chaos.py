"""Chaos: three workers under load, one or another killed again and again at moments of a seeded die. Nothing is lost or doubled.

On PostgreSQL every second death is one that nobody saw: with it all workers are believed dead, so that the living are relieved in the
middle of their work, and come back.

Who dies is at work. Bounded: ``LEAST`` deaths, and up to ``KILLS`` within ``SECONDS``; then the workers are left alone until all is done.
"""

import random
import time
from collections.abc import Callable
from multiprocessing.context import ForkServerProcess
from threading import Event

from sqlalchemy import func, select

from registry.cli.working import KINDS
from registry.jobs import service
from registry.jobs.models import Job
from registry.jobs.worker import lanes_of, work
from registry.models import Batch, Certificate
from registry.trail.service import Filter, find
from tests.forks import CONTEXT
from tests.jobs.hands import grow_silent, is_queued
from tests.registry.rig import Clock, Place, Rig, assert_sound
from tests.review.desk import release, submitted

SEED, WORKERS, LISTS, PEOPLE, LEAST, KILLS, SECONDS = 20261128, 3, 6, 25, 3, 10, 10.0
PATIENCE = 120


def worker(place: Place, now: int, name: str) -> None:
    """A worker until it is killed."""
    work(place.open(Clock(now)), KINDS, name=name, stop=Event(), poll=0.02)


class Crew:
    """Workers, each with a name of its own; who dies is replaced, and its jobs are put down by the supervisor or by those who live."""

    def __init__(self, rig: Rig) -> None:
        self._rig = rig
        self._count = 0
        self.members: list[tuple[str, ForkServerProcess]] = []

    def hire(self) -> None:
        """One more."""
        self._count += 1
        name = f"chaos-{self._count}"
        child = CONTEXT.Process(target=worker, args=(self._rig.place, self._rig.clock.now, name), daemon=True)
        child.start()
        self.members.append((name, child))

    def at_work(self) -> list[int]:
        """The places of those who have a job in hand."""
        with self._rig.app.database.read() as session:
            holders = session.scalars(select(Job.holder).where(Job.state == "running")).all()
        names = {(holder or "").partition("/")[0] for holder in holders}
        return [place for place, (name, _) in enumerate(self.members) if name in names]

    def kill(self, place: int) -> None:
        """SIGKILL, wherever it is."""
        name, child = self.members.pop(place)
        child.kill()
        child.join()
        if is_queued(self._rig) and self._count % 2:
            grow_silent(self._rig)
            return
        with self._rig.app.database.write() as session:
            for lane in lanes_of(name):
                service.abandon(session, holder=lane)

    def dismiss(self) -> None:
        """The end of all of them."""
        while self.members:
            self.kill(0)


def states(rig: Rig) -> dict[str, int]:
    """How many jobs there are in each state."""
    with rig.app.database.read() as session:
        found = session.execute(select(Job.state, func.count()).group_by(Job.state))
        return {row[0]: row[1] for row in found}


def is_at_rest(rig: Rig) -> bool:
    """Whether nothing waits or runs; what was killed too often stands as failed."""
    return not {"waiting", "running"} & states(rig).keys()


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def begun_anew(rig: Rig) -> None:
    """What was killed five times was given up, and told; somebody asks again."""
    with rig.app.database.write() as session:
        for job in session.scalars(select(Job).where(Job.state == "failed")).all():
            assert job.error == "job_gave_up"
            service.retry(session, job.id, now=rig.clock.now)


def test_workers_that_die_at_random_under_load_lose_and_double_nothing(rig: Rig) -> None:
    die = random.Random(SEED)
    for place in range(LISTS):
        release(rig, submitted(rig, range(1 + place * PEOPLE, 1 + (place + 1) * PEOPLE)))
    crew = Crew(rig)
    try:
        for _ in range(WORKERS):
            crew.hire()
        until(lambda: "running" in states(rig))
        end = time.monotonic() + SECONDS
        kills = 0
        while kills < LEAST or (kills < KILLS and time.monotonic() < end):
            until(lambda: bool(crew.at_work()) or is_at_rest(rig))
            if is_at_rest(rig):
                break
            time.sleep(die.uniform(0.01, 0.25))  # the moment is the die's; nothing is hoped for
            crew.kill(die.choice(crew.at_work() or range(WORKERS)))
            crew.hire()
            kills += 1
        assert kills >= LEAST
        until(lambda: is_at_rest(rig))
        begun_anew(rig)
        until(lambda: set(states(rig)) == {"done"})
    finally:
        crew.dismiss()
    assert states(rig) == {"done": LISTS}
    assert_sound(rig.app, issued=LISTS * PEOPLE)
    with rig.app.database.read() as session:
        assert session.scalars(select(func.count(Batch.id))).one() == LISTS
        assert (
            session.scalars(select(func.count(func.distinct(Certificate.identity_hash)))).one()
            == LISTS * PEOPLE
        )
        told = [one.entry.subject for one in find(session, Filter(act="batch.issued"))]
    assert len(told) == len(set(told)) == LISTS
