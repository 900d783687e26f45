"""Jobs: ordered once, held by one, taken over from the dead, and changed by nobody who lost them."""

from collections.abc import Callable
from threading import Barrier, Thread

import pytest
from sqlalchemy.exc import IntegrityError

from registry.actors import Actor, Role
from registry.errors import RegistryError
from registry.jobs import service
from registry.jobs.models import Job
from registry.jobs.service import FIRST_PAUSE, LEASE, MAX_ATTEMPTS, JobView, LeaseLostError
from tests.builders import refused
from tests.jobs import hands
from tests.jobs.hands import fall_silent, view
from tests.registry.rig import DAY, NOW, Rig

CLERK = Actor(7, "wang", "王芳", Role.CLERK, "410100", "192.0.2.7")
KINDS = ("release", "print")


def order(rig: Rig, subject: str = "draft:1", kind: str = "release") -> int:
    with rig.app.database.write() as session:
        return service.order(
            session, CLERK, kind, subject=subject, now=NOW, payload={"draft": 1}, authority="410100", total=9
        )


def take(rig: Rig, holder: str = "one", now: int = NOW) -> tuple[JobView, service.Held] | None:
    return hands.take(rig, holder, KINDS, now)


def taken(rig: Rig, holder: str = "one", now: int = NOW) -> service.Held:
    found = take(rig, holder, now)
    assert found is not None
    return found[1]


def test_a_job_from_order_to_end(rig: Rig) -> None:
    job = order(rig)
    assert order(rig) == job  # the same work is ordered once while it is open
    found = take(rig)
    assert found is not None
    seen, held = found
    assert (seen.actor, seen.payload, seen.total, seen.attempt) == (CLERK, {"draft": 1}, 9, 1)
    assert take(rig, "two") is None
    with rig.app.database.write() as session:
        service.advance(session, held, done=4, total=8, now=NOW + 1)
    assert (view(rig, job).done, view(rig, job).total, view(rig, job).state) == (4, 8, "running")
    with rig.app.database.write() as session:
        service.finish(session, held, result={"issued": 8}, now=NOW + 2)
    ended = view(rig, job)
    assert (ended.state, ended.result, ended.finished_at, ended.is_open) == (
        "done",
        {"issued": 8},
        NOW + 2,
        False,
    )
    assert order(rig) != job  # and may be ordered again afterwards


def test_jobs_about_something_are_told_the_newest_first(lite: Rig) -> None:
    first = order(lite)
    held = taken(lite)
    with lite.app.database.write() as session:
        service.finish(session, held, result={}, now=NOW)
    order(lite, "draft:2")
    second = order(lite)
    with lite.app.database.read() as session:
        assert [one.id for one in service.jobs_about(session, "draft:1")] == [second, first]


def test_the_dead_are_relieved_and_cannot_come_back(rig: Rig) -> None:
    job = order(rig)
    first = taken(rig)
    assert take(rig, "two", NOW + LEASE) is None
    fall_silent(rig)
    second = taken(rig, "two", rig.clock.now)
    assert second.attempt == 2
    for change in (
        lambda session: service.renew(session, first, now=NOW),
        lambda session: service.advance(session, first, done=1, total=1, now=NOW),
        lambda session: service.finish(session, first, result={}, now=NOW),
        lambda session: service.fail(session, first, code="x", params={}, now=NOW),
        lambda session: service.give_back(session, first),
    ):
        with pytest.raises(LeaseLostError), rig.app.database.write() as session:
            change(session)
    assert (view(rig, job).state, view(rig, job).done) == ("running", 0)
    assert view(rig, job).started_at == NOW  # when it was begun first


def test_a_right_is_one_holders_and_one_attempts(lite: Rig) -> None:
    order(lite)

    def lost(held: service.Held) -> bool:
        try:
            with lite.app.database.write() as session:
                service.renew(session, held, now=lite.clock.now)
        except LeaseLostError:
            return True
        return False

    first = taken(lite)
    with lite.app.database.write() as session:
        service.give_back(session, first)
    second = taken(lite, "two")
    assert second.attempt == first.attempt
    assert (lost(first), lost(second)) == (True, False)
    fall_silent(lite)
    third = taken(lite, "two", lite.clock.now)
    assert (lost(second), lost(third)) == (True, False)


def test_the_oldest_is_taken_first(lite: Rig) -> None:
    jobs = [order(lite, f"draft:{number}") for number in range(3)]
    assert [taken(lite).job for _ in jobs] == jobs


def test_a_heartbeat_keeps_the_lease(lite: Rig) -> None:
    order(lite)
    held = taken(lite)
    with lite.app.database.write() as session:
        service.renew(session, held, now=NOW + LEASE)
    assert take(lite, "two", NOW + LEASE + 1) is None
    with lite.app.database.write() as session:
        service.advance(
            session, held, done=1, total=9, now=NOW + 2 * LEASE
        )  # and so does telling how far it is
    assert take(lite, "two", NOW + 2 * LEASE + 1) is None


def test_what_kills_every_worker_is_given_up(rig: Rig) -> None:
    job = order(rig)
    for _ in range(MAX_ATTEMPTS):
        taken(rig, now=rig.clock.now)
        fall_silent(rig)
    assert take(rig, now=rig.clock.now) is None
    assert (view(rig, job).state, view(rig, job).error) == ("failed", "job_gave_up")
    assert view(rig, job).error_params == {"attempts": MAX_ATTEMPTS}
    with rig.app.database.write() as session:
        service.retry(session, job, now=rig.clock.now)
    assert taken(rig, now=rig.clock.now).attempt == 1


def test_a_passing_trouble_waits_longer_each_time(lite: Rig) -> None:
    order(lite)
    for pause in (FIRST_PAUSE, 4 * FIRST_PAUSE):
        held = taken(lite, now=lite.clock.now)
        with lite.app.database.write() as session:
            service.postpone(session, held, now=lite.clock.now)
        assert take(lite, now=lite.clock.now + pause - 1) is None
        lite.clock.now += pause
    taken(lite, now=lite.clock.now)


def test_what_was_ordered_or_begun_while_the_clock_stood_ahead_does_not_wait_for_that_time(lite: Rig) -> None:
    today = NOW - DAY
    job = order(lite)
    assert taken(lite, "one", today).job == job
    assert take(lite, "two", today) is None  # it is held
    assert taken(lite, "dead", NOW).attempt == 2  # whose lease ends tomorrow
    assert taken(lite, "two", today).attempt == 3
    assert take(lite, "three", today - LEASE) is None  # a little step ends nobody's lease


@pytest.mark.parametrize(
    ("put_off", "pause"), [(service.postpone, FIRST_PAUSE), (service.hold_off, service.WAIT)]
)
def test_what_was_put_off_waits_for_its_pause_wherever_the_clock_stood(
    lite: Rig, put_off: Callable[..., None], pause: int
) -> None:
    def hindered(now: int) -> None:
        held = taken(lite, "one", now)
        with lite.app.database.write() as session:
            put_off(session, held, now=now)

    today = NOW - DAY
    order(lite)  # tomorrow, by a clock that was put right since
    hindered(today)
    assert take(lite, "one", today + pause - 1) is None
    hindered(NOW)  # it stands ahead again
    assert taken(lite, "one", today + pause).job == 1


def test_told_to_stop_costs_no_attempt(rig: Rig) -> None:
    order(rig)
    for _ in range(MAX_ATTEMPTS + 1):
        held = taken(rig)
        with rig.app.database.write() as session:
            service.give_back(session, held)


def test_a_known_death_needs_no_lease(rig: Rig) -> None:
    job = order(rig)
    taken(rig, "dead/0")
    with rig.app.database.write() as session:
        assert service.abandon(session, holder="another/0") == 0
        assert service.abandon(session, holder="dead/0") == 1
    assert taken(rig, "two").attempt == 2
    assert view(rig, job).state == "running"


def test_only_what_failed_is_tried_again(lite: Rig) -> None:
    job = order(lite)

    def again(now: int = NOW) -> None:
        with lite.app.database.write() as session:
            service.retry(session, job, now=now)

    with refused(RegistryError, "job_not_failed"):
        again()  # it waits
    held = taken(lite)
    with refused(RegistryError, "job_not_failed"):
        again()  # it runs
    with lite.app.database.write() as session:
        service.fail(session, held, code="no_key", params={"year": 2026}, now=NOW + 1)
    again(NOW + 2)
    seen = view(lite, job)
    assert (seen.state, seen.attempt, seen.finished_at) == ("waiting", 0, None)
    assert (seen.error, seen.error_params) == (None, {})
    assert take(lite, now=NOW + 1) is None
    held = taken(lite, now=NOW + 2)
    with lite.app.database.write() as session:
        service.finish(session, held, result={}, now=NOW + 3)
    with refused(RegistryError, "job_not_failed"):
        again()  # it is done


def test_the_database_refuses_the_same_open_work_twice(rig: Rig) -> None:
    order(rig)
    with rig.app.database.read() as session:
        row = session.get_one(Job, 1)
    values = {
        column.name: getattr(row, column.name) for column in Job.__table__.columns if column.name != "id"
    }
    with pytest.raises(IntegrityError), rig.app.database.write() as session:
        session.add(Job(**values))


def test_many_workers_take_each_job_once(rig: Rig) -> None:
    jobs = {order(rig, f"draft:{number}") for number in range(12)}
    gate, got = Barrier(4), []

    def greedy(name: str) -> None:
        gate.wait(30)
        while (found := take(rig, name)) is not None:
            got.append(found[0].id)

    threads = [Thread(target=greedy, args=(f"worker-{place}",)) for place in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(got) == sorted(jobs)
