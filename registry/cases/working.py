"""The background work of this capability, as ``registry.jobs`` begins it: each may be begun any number of times."""

from sqlalchemy.orm import Session

from registry.actors import SYSTEM, Actor
from registry.cases.execution import carry_out
from registry.cases.index import follow_to_the_end
from registry.cases.printing import conclude, draw
from registry.jobs.service import order
from registry.jobs.worker import Done, JobKind, Task

CASE, HEAD, INDEX = "case", "sign-head", "search-index"


def order_case(session: Session, actor: Actor, case_id: int, *, authority: str, now: int) -> int:
    """Have a confirmed case carried out."""
    return order(session, actor, CASE, subject=f"case:{case_id}", authority=authority, now=now)


def order_head(session: Session, actor: Actor, leaf: int, *, now: int) -> int:
    """Have the head signed that has ``leaf``: of the leaf, since a job that runs may have looked before it was there."""
    return order(session, actor, HEAD, subject=f"leaf:{leaf}", now=now)


def order_index(session: Session, *, now: int) -> int:
    """Have the search index follow the log to its end."""
    return order(session, SYSTEM, INDEX, subject="search-index", now=now)


def do_case(task: Task) -> Done:
    """Carry a confirmed case out, and bring it under a signed head."""
    done = 0

    def observe(point: str, count: int) -> None:
        nonlocal done
        if point == "case:step":
            done += count
            task.advance(done)

    carry_out(task.app, int(task.job.subject.partition(":")[2]), observe)
    task.app.sign_log()
    return Done()


def do_head(task: Task) -> Done:
    """Sign the newest head."""
    task.app.sign_log()
    return Done()


def do_index(task: Task) -> Done:
    """Follow the log."""
    return Done({"entries": follow_to_the_end(task.app)})


def do_print(task: Task) -> Done:
    """Draw what was ordered."""
    order_id = int(task.job.subject.partition(":")[2])
    result = draw(task.app, order_id, task.advance)
    if result is None:
        return Done()
    now = task.app.clock()
    return Done(
        {"refused": len(result.refused)}, lambda session: conclude(session, order_id, result, now=now)
    )


KINDS = {
    CASE: JobKind(do_case),
    HEAD: JobKind(do_head),
    INDEX: JobKind(do_index),
    "print": JobKind(do_print, long=True),
}
