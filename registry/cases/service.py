"""Cases: an act on a certificate is proposed by one person and confirmed by another; suspending needs one alone.

``suspend`` and ``reinstate`` take effect at once, since they can be undone. Revoking, correcting and releasing are
proposed, and whoever confirms is another account (not: another session, another token), sees the certificate as it is,
and has shown the second factor at the edge. A revocation is logged in the transaction of its confirmation; a correction
is signed by the worker (``registry.cases.execution``).
"""

from collections.abc import Mapping, Sequence

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from registry.actors import Actor
from registry.app import App
from registry.cases.certificates import certificate_of, require_seen
from registry.cases.documents import Upload, attach, check_uploads
from registry.cases.errors import CaseError
from registry.cases.models import Case, CaseItem, HolderRequest
from registry.cases.sealing import open_changes, seal_changes, seal_decision
from registry.cases.working import order_case, order_head
from registry.correction import examine
from registry.errors import StatusChangeError
from registry.jobs.service import retry_newest
from registry.status import REASONS, barred, change_status, impossible, release, state_of
from registry.trail.service import record

OPEN = ("proposed", "confirmed")
MAX_REMARK = 500
AT_ONCE = ("suspend", "reinstate")
PROPOSED = ("revoke", "release", "correct")


def act_at_once(
    session: Session,
    actor: Actor,
    app: App,
    *,
    number: str,
    authority: str | None,
    action: str,
    reason: str,
    remark: str,
    seen: int,
    now: int,
    uploads: Sequence[Upload] = (),
) -> Case:
    """Suspend or reinstate. ``seen`` is the newest leaf of the certificate as the page showed it."""
    check_uploads(uploads)
    certificate = certificate_of(session, number, authority=authority, lock=True)
    require_seen(session, certificate, seen)
    _require_not_open(session, number)
    event = change_status(session, number, action=action, reason=reason, now=now, remark=_remark(remark))
    case = _new_case(actor, number, action, reason=reason, remark=remark, basis=seen, now=now)
    case.state, case.finished_at, case.leaf_index = "done", now, event.leaf_index
    session.add(case)
    session.flush()
    attach(session, app.vault, actor, uploads, authority=case.authority, case_id=case.id, now=now)
    order_head(session, actor, event.leaf_index, now=now)
    _record(session, actor, f"certificate.{action}", case, now=now, remark=remark)
    return case


def propose(
    session: Session,
    actor: Actor,
    app: App,
    *,
    number: str,
    authority: str | None,
    action: str,
    reason: str = "",
    remark: str = "",
    seen: int,
    now: int,
    changes: Mapping[str, str | int] | None = None,
    identity: str | None = None,
    request_id: int | None = None,
    uploads: Sequence[Upload] = (),
) -> Case:
    """Propose to revoke, release or correct; raises ``CaseError``, and whatever the act itself would raise now."""
    check_uploads(uploads)
    certificate = certificate_of(session, number, authority=authority, lock=True)
    require_seen(session, certificate, seen)
    request = _request_of(session, request_id, number)
    _require_possible(session, app, number, action, reason, remark, changes or {}, identity)
    public = "superseded" if action == "correct" else reason if action == "revoke" else ""
    case = _new_case(actor, number, action, reason=public, remark=remark, basis=seen, now=now)
    case.request_id = request.id if request else None
    session.add(case)
    try:
        session.flush()
    except IntegrityError as error:
        # The database keeps a second case from being opened, whoever looked first.
        raise CaseError("case_open", number=number) from error
    if action == "correct":
        case.payload = seal_changes(app.vault, case, changes or {}, identity)
    attach(session, app.vault, actor, uploads, authority=case.authority, case_id=case.id, now=now)
    _record(session, actor, "case.propose", case, now=now, remark=remark)
    return case


def confirm(
    session: Session, actor: Actor, app: App, *, case_id: int, authority: str | None, remark: str, now: int
) -> Case:
    """Confirm a proposed case: a second person, who has shown the second factor. What needs no key is done at once."""
    case = _proposed(session, case_id, authority)
    require_another(actor, case)
    case.decided_by, case.decider, case.decided_at = actor.account, actor.name, now
    case.decision = _remark(remark)
    if case.action == "bulk-revoke":
        _set_items(session, case, "waiting")
    else:
        certificate = certificate_of(session, case.number or "", authority=authority, lock=True)
        require_seen(session, certificate, case.basis)
        _do_now(session, app, case, now)
    if case.state == "proposed":
        case.state = "confirmed"
        session.flush()
        case.seal = seal_decision(session, app.vault, case)
        order_case(session, actor, case.id, authority=case.authority, now=now)
    elif case.leaf_index is not None:
        order_head(session, actor, case.leaf_index, now=now)
    session.flush()
    _record(session, actor, "case.confirm", case, now=now, remark=remark)
    return case


def try_again(session: Session, actor: Actor, *, case_id: int, authority: str | None, now: int) -> None:
    """Carry a confirmed case out once more, after what stopped it was mended; raises ``RegistryError`` (``job_not_failed``)."""
    case = case_of(session, case_id, authority=authority)
    retry_newest(session, f"case:{case.id}", now=now)
    _record(session, actor, "case.retry", case, now=now, remark="")


def decline(
    session: Session, actor: Actor, *, case_id: int, authority: str | None, remark: str, now: int
) -> Case:
    """Send a proposed case back; the remark says why."""
    case = _proposed(session, case_id, authority)
    require_another(actor, case)
    if not remark.strip():
        raise CaseError("case_remark_needed")
    return _end(session, actor, case, "declined", remark, now)


def withdraw(session: Session, actor: Actor, *, case_id: int, authority: str | None, now: int) -> Case:
    """Take back what one proposed oneself."""
    case = own_proposal(session, actor, case_id=case_id, authority=authority)
    return _end(session, actor, case, "withdrawn", "", now)


def own_proposal(session: Session, actor: Actor, *, case_id: int, authority: str | None) -> Case:
    """A case that waits and that one proposed oneself, locked; raises ``CaseError``."""
    case = _proposed(session, case_id, authority)
    if actor.account != case.proposed_by:
        raise CaseError("case_not_own")
    return case


def case_of(session: Session, case_id: int, *, authority: str | None) -> Case:
    """A case within reach; raises ``CaseError`` (``not_found``)."""
    case = session.get(Case, case_id)
    if case is None or authority not in (None, case.authority):
        raise CaseError("not_found")
    return case


def cases_of(session: Session, number: str) -> list[Case]:
    """Every case of a certificate, and of every file that names it, the newest first."""
    own, of_files = (
        select(Case.id).filter_by(number=number),
        select(CaseItem.case_id).filter_by(number=number),
    )
    # Not one OR of both: that is looked for in all cases.
    chosen = select(Case).where(Case.id.in_(own.union(of_files))).where(Case.state != "draft")
    return list(session.scalars(chosen.order_by(Case.id.desc())))


def list_cases(
    session: Session,
    *,
    authority: str | None,
    states: Sequence[str],
    before: int | None = None,
    limit: int = 50,
) -> list[Case]:
    """Cases in one of ``states``: those that wait the oldest first, those that ended the newest first."""
    chosen = select(Case).where(Case.state.in_(states))
    if authority is not None:
        chosen = chosen.where(Case.authority == authority)
    if before is not None:
        chosen = chosen.where(Case.id < before)
    order = Case.id if set(states) <= set(OPEN) else Case.id.desc()
    return list(session.scalars(chosen.order_by(order).limit(limit)))


def require_another(actor: Actor, case: Case) -> None:
    """Raise ``CaseError`` where the one who decides is the one who proposed, or no person at all."""
    if actor.token is not None:
        raise CaseError("case_by_token")
    if actor.account == case.proposed_by:
        raise CaseError("case_own")


def _do_now(session: Session, app: App, case: Case, now: int) -> None:
    """What needs no key is done; of a correction it is looked whether it can still be made."""
    number = case.number or ""
    if case.action == "revoke":
        event = change_status(
            session, number, action="revoke", reason=case.reason, now=now, remark=case.remark
        )
        case.leaf_index = event.leaf_index
    elif case.action == "release":
        release(session, number, remark=case.remark, now=now)
    else:
        changes, identity = open_changes(app.vault, case)
        examine(session, app, number, changes, identity=identity)
        return
    case.state, case.finished_at = "done", now


def _require_possible(
    session: Session,
    app: App,
    number: str,
    action: str,
    reason: str,
    remark: str,
    changes: Mapping[str, str | int],
    identity: str | None,
) -> None:
    """The act could be done now: a case that cannot be is no case for an approver."""
    if action == "correct":
        examine(session, app, number, changes, identity=identity)
    elif action == "release":
        if not remark.strip():
            raise CaseError("case_remark_needed")
        if number not in barred(session, [number]):
            raise StatusChangeError("not_barred", number=number, state=state_of(session, number))
    elif action == "revoke":
        if reason not in REASONS["revoke"]:
            raise CaseError("case_reason")
        state = state_of(session, number)
        if state == "revoked":
            raise impossible(session, number, state, action)
    else:
        raise CaseError("case_action")


def _proposed(session: Session, case_id: int, authority: str | None) -> Case:
    """The case, locked: of two who decide at once the second finds it decided."""
    case = session.scalars(select(Case).filter_by(id=case_id).with_for_update()).first()
    if case is None or authority not in (None, case.authority) or case.state == "draft":
        raise CaseError("not_found")
    if case.state != "proposed":
        raise CaseError("case_decided")
    return case


def _end(session: Session, actor: Actor, case: Case, state: str, remark: str, now: int) -> Case:
    case.state, case.decided_by, case.decider, case.decided_at = state, actor.account, actor.name, now
    case.decision, case.finished_at = _remark(remark), now
    if case.action == "bulk-revoke":
        _set_items(session, case, "draft")
    session.flush()
    word = {"declined": "decline", "withdrawn": "withdraw"}[state]
    _record(session, actor, f"case.{word}", case, now=now, remark=remark)
    return case


def _set_items(session: Session, case: Case, state: str) -> None:
    """In the order of numbers: of two files with the same ones in other orders, one waits for the other, not each for each."""
    of_case = select(CaseItem.case_id, CaseItem.place).filter_by(case_id=case.id).order_by(CaseItem.number)
    changed = [
        {"case_id": row.case_id, "place": row.place, "state": state} for row in session.execute(of_case)
    ]
    try:
        session.execute(update(CaseItem), changed)
    except IntegrityError as error:
        raise CaseError("case_items_open") from error


def _require_not_open(session: Session, number: str) -> None:
    """What waits for an approver is not overtaken by one person alone, unless to stop a certificate while it waits."""
    waiting = select(Case.id).filter_by(number=number).where(Case.state == "confirmed")
    if session.scalars(waiting).first() is not None:
        raise CaseError("case_open", number=number)


def _request_of(session: Session, request_id: int | None, number: str) -> HolderRequest | None:
    if request_id is None:
        return None
    request = session.get(HolderRequest, request_id)
    if request is None or request.number != number:
        raise CaseError("not_found")
    if request.state != "accepted":
        raise CaseError("request_not_accepted")
    return request


def _new_case(
    actor: Actor, number: str, action: str, *, reason: str, remark: str, basis: int, now: int
) -> Case:
    return Case(
        authority=number[:6],
        action=action,
        number=number,
        reason=reason,
        remark=_remark(remark),
        state="proposed",
        basis=basis,
        findings="[]",
        file_name="",
        proposed_by=actor.account,
        proposer=actor.name,
        proposed_at=now,
        decider="",
        decision="",
        failure="",
    )


def _remark(text: str) -> str:
    if len(text) > MAX_REMARK:
        raise CaseError("case_remark_long", most=MAX_REMARK)
    return text.strip()


def _record(session: Session, actor: Actor, act: str, case: Case, *, now: int, remark: str) -> None:
    """Last of all: the trail's head is the last lock."""
    after: dict[str, str | int] = {"case": case.id, "action": case.action, "state": case.state}
    if case.reason:
        after["reason"] = case.reason
    if case.leaf_index is not None:
        after["leaf"] = case.leaf_index
    subject = f"certificate:{case.number}" if case.number else f"case:{case.id}"
    record(session, actor, act, subject=subject, now=now, after=after, remark=remark.strip())
