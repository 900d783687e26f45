"""Carrying out what was confirmed: the worker's part, which signs. Resumable at every line.

    correction   transaction: the successor's number is reserved and written into the case, together
                 the record is signed, judged and logged (``registry.issuance``)       -> resumable by the intent
                 transaction: the case is done, with its successor
    file         transactions of ``STEP`` numbers: the revocations are logged and their items done, together

If we stop before a commit, that step did not happen; if we stop after, the next call goes on. Only what the registry
itself refuses ends a case (``failed``, with the code): a clock that went back or an agent that is away leaves it waiting.
"""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from registry.actors import SYSTEM
from registry.app import App
from registry.cases.certificates import newest_leaf
from registry.cases.models import Case, CaseItem, HolderRequest
from registry.cases.sealing import open_changes, require_decision
from registry.correction import reserve_successor
from registry.errors import IssuanceError, RegistryError, StatusChangeError
from registry.intake.findings import IntakeError
from registry.issuance import Finished, Observe, finish_intent, unobserved
from registry.models import Certificate, StatusEvent
from registry.status import change_status
from registry.trail.service import record

STEP = 100
"""Numbers of a file that one transaction revokes: each locks the log's head for all of them, some 0.3 s."""


def carry_out(app: App, case_id: int, observe: Observe = unobserved) -> None:
    """Carry out a confirmed case; one that is not confirmed (any more) is left alone. The caller signs the head after."""
    with app.database.read() as session:
        case = session.get(Case, case_id)
        action = case.action if case is not None and case.state == "confirmed" else ""
    if action == "correct":
        _correct(app, case_id, observe)
    elif action == "bulk-revoke":
        while _revoke_some(app, case_id):
            observe("case:step", STEP)


def _correct(app: App, case_id: int, observe: Observe) -> None:
    try:
        intent_id = _reserve(app, case_id)
    except (StatusChangeError, IssuanceError, IntakeError) as error:
        # Nothing was reserved. If we stop here it is asked again, and answered the same.
        _fail(app, case_id, error.code)
        return
    # If we stop here the intent stands in the case: nothing is reserved twice.
    observe("case:reserved", 1)
    if intent_id is None:
        return
    finished = finish_intent(app, intent_id, observe)
    observe("case:logged", 1)
    _close_correction(app, case_id, finished)


def _reserve(app: App, case_id: int) -> int | None:
    with app.write() as session:
        case = _confirmed(session, case_id)
        if case is None or case.intent_id is not None:
            return case.intent_id if case is not None else None
        require_decision(session, app.vault, case)
        changes, identity = open_changes(app.vault, case)
        case.intent_id = reserve_successor(
            session, app, case.number or "", changes, identity=identity, now=app.clock()
        )
        return case.intent_id


def _close_correction(app: App, case_id: int, finished: Finished) -> None:
    now = app.clock()
    with app.write() as session:
        case = _confirmed(session, case_id)
        if case is None:
            return
        if not finished.issued:
            _end(session, case, failure=finished.void[0][1], now=now)
            return
        case.successor = finished.issued[0]
        superseded = select(StatusEvent.leaf_index).filter_by(number=case.number, successor=case.successor)
        case.leaf_index = session.scalars(superseded).one()
        _end(session, case, failure="", now=now)


def _revoke_some(app: App, case_id: int) -> bool:
    """Revoke the next numbers of a file; whether there are more."""
    now = app.clock()
    with app.write() as session:
        case = _confirmed(session, case_id)
        if case is None:
            return False
        require_decision(session, app.vault, case)
        waiting = select(CaseItem).filter_by(case_id=case_id, state="waiting").order_by(CaseItem.place)
        items = list(session.scalars(waiting.limit(STEP)))
        # All at once and in one order, before the log's head: see the order of locks in ``registry.trail``.
        numbers = sorted(item.number for item in items)
        locked = select(Certificate).where(Certificate.number.in_(numbers)).order_by(Certificate.number)
        certificates = {one.number: one for one in session.scalars(locked.with_for_update())}
        for item in items:
            item.failure = _revoke(session, case, item, certificates.get(item.number), now)
            item.state = "refused" if item.failure else "done"
        session.flush()
        if len(items) == STEP:
            return True
        _end(session, case, failure="", now=now)
        return False


def _revoke(session: Session, case: Case, item: CaseItem, certificate: Certificate | None, now: int) -> str:
    """Revoke one number of a file; empty, or the code of why not."""
    if certificate is None or item.number[:6] != case.authority:
        return "number_unknown"
    if newest_leaf(session, certificate) != item.basis:
        return "case_overtaken"
    remark = "；".join(part for part in (item.remark, case.remark) if part)
    try:
        event = change_status(
            session, item.number, action="revoke", reason=item.reason, now=now, remark=remark
        )
    except StatusChangeError as error:
        return error.code
    except RegistryError as error:
        if error.code != "record_altered":
            raise  # the registry's own trouble, and not this certificate's
        return error.code
    item.leaf_index = event.leaf_index
    return ""


def _confirmed(session: Session, case_id: int) -> Case | None:
    return session.scalars(select(Case).filter_by(id=case_id, state="confirmed").with_for_update()).first()


def _fail(app: App, case_id: int, code: str) -> None:
    with app.write() as session:
        case = _confirmed(session, case_id)
        if case is not None:
            _end(session, case, failure=code, now=app.clock())


def _end(session: Session, case: Case, *, failure: str, now: int) -> None:
    """The case comes to its end, and with it the request that it answers; the trail last."""
    case.state, case.failure, case.finished_at = ("failed" if failure else "done"), failure, now
    if not failure and case.request_id is not None:
        request = session.get_one(HolderRequest, case.request_id)
        request.state, request.finished_at = "done", now
    session.flush()
    after: dict[str, str | int] = {"case": case.id, "action": case.action, "state": case.state}
    if case.successor:
        after["successor"] = case.successor
    if failure:
        after["failure"] = failure
    if case.action == "bulk-revoke":
        after |= _counted(session.scalars(select(CaseItem.state).filter_by(case_id=case.id)).all())
    subject = f"certificate:{case.number}" if case.number else f"case:{case.id}"
    record(session, SYSTEM, "case.done", subject=subject, now=now, after=after)


def _counted(states: Sequence[str]) -> dict[str, int]:
    return {"done": states.count("done"), "refused": states.count("refused")}
