"""A worker that is killed while it issues a released list: another goes on, and nobody is doubled, lost or forgotten."""

import os
from collections.abc import Callable

import pytest
from sqlalchemy import select

from registry import batches
from registry.app import App
from registry.cli.working import KINDS
from registry.issuance import Observe
from registry.jobs import service
from registry.jobs.models import Job
from registry.jobs.worker import work_once
from registry.models import Batch
from registry.trail.service import Filter, find
from tests.forks import CONTEXT
from tests.jobs.hands import fall_silent, take
from tests.registry.children import Strike, finish, killed, start
from tests.registry.rig import Rig, assert_sound
from tests.review.desk import draft_of, job_of, release, submitted, work

ROWS, CHUNK = 8, 3
POINTS = (
    Strike("take:after"),
    Strike("reserve:after"),
    Strike("reserve:after", 2),
    Strike("sign:after", 2),
    Strike("log:before", 2),
    Strike("log:after"),
    Strike("checkpoint:before"),
    Strike("head:after"),
    Strike("finish:before"),
)


def work_struck(app: App, observe: Observe) -> None:
    """Work once; the points of issuing, and those of the job itself, are where this process is struck."""
    batches_issue, settle = batches.issue_file, service.finish

    def struck_issue(*arguments: object, **options: object) -> object:
        theirs = options["observe"]

        def both(point: str, count: int) -> None:
            observe(point, count)
            theirs(point, count)  # type: ignore[operator]

        return batches_issue(*arguments, **{**options, "observe": both, "chunk": CHUNK})  # type: ignore[arg-type]

    def struck(take: Callable[..., object]) -> Callable[..., object]:
        def taken(*arguments: object, **options: object) -> object:
            found = take(*arguments, **options)
            arguments[0].commit()  # type: ignore[attr-defined]
            observe("take:after", 1)
            return found

        return taken

    def struck_finish(*arguments: object, **options: object) -> None:
        settle(*arguments, **options)  # type: ignore[arg-type]
        observe("finish:before", 1)

    from registry.review import issuing

    issuing.issue_file = struck_issue  # type: ignore[assignment] # this process is ours alone
    service.take, service.begin = struck(service.take), struck(service.begin)  # type: ignore[assignment]
    service.finish = struck_finish  # type: ignore[assignment]
    work_once(app, KINDS, holder="the one that dies")


@pytest.mark.parametrize("strike", POINTS, ids=lambda one: f"{one.point}-{one.nth}")
def test_killed_anywhere(rig: Rig, strike: Strike) -> None:
    draft = submitted(rig, range(1, ROWS + 1))
    release(rig, draft)
    assert killed(rig.place, rig.clock.now, work_struck, strike=strike)
    assert not work(rig, "too early")  # its lease has not ended
    fall_silent(rig)
    assert work(rig, "the next")
    job = job_of(rig, draft)
    assert (job.state, job.attempt, job.result["issued"]) == ("done", 2, ROWS)
    assert (job.result["heldBefore"], job.result["refused"]) == (0, 0)
    assert_sound(rig.app, issued=ROWS)
    with rig.app.database.read() as session:
        (batch,) = session.scalars(select(Batch))  # one list, one batch, whoever finished it
        acts = [one.entry.act for one in find(session, Filter(act="batch.issued"))]
    assert (batch.id, batch.finished_at is not None) == (draft_of(rig, draft).batch_id, True)
    assert acts == ["batch.issued"]


def test_a_worker_believed_dead_that_goes_on_doubles_nobody(rig: Rig) -> None:
    """Two at the same list at once: each row is issued once, and one of the two ends the job."""
    draft = submitted(rig, range(1, ROWS + 1))
    release(rig, draft)
    assert take(rig, "slow", KINDS, rig.clock.now)
    fall_silent(rig)
    later = rig.clock.now
    gate = CONTEXT.Barrier(2)
    children = [start(rig.place, later, work_both, gate=gate) for _ in range(2)]
    assert [finish(child) for child in children] == [0, 0]
    assert job_of(rig, draft).state == "done"
    assert_sound(rig.app, issued=ROWS)


def work_both(app: App, _: Observe) -> None:
    """Issue the released list, whoever holds its job."""
    from registry.review.issuing import issue_released

    work_once(app, KINDS, holder=f"worker {os.getpid()}")
    with app.database.read() as session:
        job = service.view_of(session.get_one(Job, 1))
    issue_released(_Deaf(app, job))  # type: ignore[arg-type]


class _Deaf:
    """A task that does not hear that it was taken over."""

    def __init__(self, app: App, job: service.JobView) -> None:
        self.app, self.job = app, job

    def advance(self, done: int, total: int | None = None) -> None:
        """Nobody listens."""
