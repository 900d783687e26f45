"""An office's desk in tests: its people, and what they do with a list, as the console does it."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from registry.actors import Actor, Role
from registry.cli.working import KINDS
from registry.jobs.service import JobView, jobs_about
from registry.jobs.worker import work_once
from registry.review import decisions, drafts
from registry.review.composition import Composed, Frame, Upload, compose
from registry.review.decisions import Submitted
from registry.review.models import Draft, DraftSubmission
from tests.builders import INDUSTRY, MUNICIPAL
from tests.registry.rig import RULES, Rig
from tests.registry.sheets import ANNUAL, YEAR, annual

CLERK = Actor(11, "wang", "王芳", Role.CLERK, MUNICIPAL, "192.0.2.11")
COLLEAGUE = Actor(12, "zhao", "赵静", Role.CLERK, MUNICIPAL, "192.0.2.12")
APPROVER = Actor(21, "li", "李敏", Role.APPROVER, MUNICIPAL, "192.0.2.21")
SECOND_APPROVER = Actor(22, "sun", "孙伟", Role.APPROVER, MUNICIPAL, "192.0.2.22")
STRANGER = Actor(31, "qian", "钱强", Role.CLERK, INDUSTRY, "192.0.2.31")
FRAME = Frame(MUNICIPAL, YEAR, 1, RULES)
Rows = Sequence[Sequence[Any]]


def csv_bytes(rows: Rows, headings: Sequence[str] = ANNUAL) -> bytes:
    """A list as CSV."""
    lines = [headings, *rows]
    return "\n".join(",".join(str(cell) for cell in line) for line in lines).encode()


def opened(rig: Rig, frame: Frame = FRAME, actor: Actor = CLERK) -> int:
    """A new draft's id."""
    with rig.app.database.write() as session:
        return drafts.open_draft(session, actor, frame, title="名单.csv", now=rig.clock.now).id


def draft_of(rig: Rig, draft: int) -> Draft:
    """Its row."""
    with rig.app.database.read() as session:
        return session.get_one(Draft, draft)


def composed(rig: Rig, draft: int, data: bytes, mode: str = "whole", name: str = "名单.csv") -> Composed:
    """An upload, read and not yet stored."""
    with rig.app.database.read() as session:
        row = session.get_one(Draft, draft)
        before = drafts.content_of(session, rig.app.vault, row)
    return compose(rig.app, drafts.frame_of(row), before, Upload(data, name, mode), part=row.parts + 1)


def upload(
    rig: Rig, draft: int, data: bytes, mode: str = "whole", *, name: str = "名单.csv", actor: Actor = CLERK
) -> Composed:
    """Upload a file."""
    made = composed(rig, draft, data, mode, name)
    with rig.app.database.write() as session:
        drafts.store(session, actor, rig.app.vault, draft, made, now=rig.clock.now)
    return made


def submit(rig: Rig, draft: int, actor: Actor = CLERK, remark: str = "") -> Submitted:
    """Submit it; the round as the approver sees it."""
    sheet = decisions.prepare(rig.app, draft, remark=remark, now=rig.clock.now)
    with rig.app.database.write() as session:
        decisions.submit(session, actor, rig.app.vault, draft, sheet, now=rig.clock.now)
    return seen(rig, draft)


def seen(rig: Rig, draft: int) -> Submitted:
    """The newest round."""
    with rig.app.database.read() as session:
        found = decisions.submitted(session, rig.app.vault, session.get_one(Draft, draft))
    assert found is not None
    return found


def release(rig: Rig, draft: int, actor: Actor = APPROVER, round_: Submitted | None = None) -> int:
    """Release what was shown; the job."""
    shown = (round_ or seen(rig, draft)).submission
    with rig.app.database.write() as session:
        return release_in(session, rig, draft, actor, shown)


def release_in(session: Session, rig: Rig, draft: int, actor: Actor, shown: DraftSubmission) -> int:
    """``release`` in a transaction that is open."""
    return decisions.release(
        session,
        actor,
        rig.app.vault,
        draft,
        round_number=shown.round,
        shown=shown.shown,
        now=rig.clock.now,
    )


def send_back(rig: Rig, draft: int, actor: Actor = APPROVER, remark: str = "请补单位全称") -> None:
    """Return it."""
    shown = seen(rig, draft).submission
    with rig.app.database.write() as session:
        decisions.send_back(
            session,
            actor,
            draft,
            round_number=shown.round,
            shown=shown.shown,
            remark=remark,
            now=rig.clock.now,
        )


def submitted(rig: Rig, serials: Sequence[int] = range(1, 4)) -> int:
    """A draft of people with these serials, submitted."""
    draft = opened(rig)
    upload(rig, draft, csv_bytes([annual(serial) for serial in serials]))
    submit(rig, draft)
    return draft


def work(rig: Rig, holder: str = "worker") -> bool:
    """Do the next job."""
    return work_once(rig.app, KINDS, holder=holder)


def job_of(rig: Rig, draft: int) -> JobView:
    """The newest job of a draft."""
    with rig.app.database.read() as session:
        return jobs_about(session, f"draft:{draft}")[0]
