"""Revoking many certificates by a file: read, shown with every fault, proposed by one person, confirmed by another.

What is right goes ahead and what is wrong is told, twice: when the file is read, and again number by number when it is
carried out (``registry.cases.execution``), since things happen in between.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from registry.actors import Actor
from registry.cases.documents import Upload, clean_name
from registry.cases.errors import CaseError
from registry.cases.listing import Fault, Row, read_list
from registry.cases.models import Case, CaseItem
from registry.database import bulk_insert, select_among
from registry.models import Certificate, StatusEvent, VoidNumber
from registry.status import states_of
from registry.trail.service import record

ACTION = "bulk-revoke"
MAX_FAULTS_KEPT = 1_000


@dataclass(frozen=True, slots=True)
class Tally:
    """How the numbers of a file stand."""

    ready: int
    done: int
    refused: int


def read_file(
    session: Session, actor: Actor, upload: Upload, *, authority: str | None, remark: str, now: int
) -> Case:
    """A draft of what the file asks for; nothing is proposed yet. Raises ``CaseError`` for a file that cannot be read."""
    rows, faults = read_list(upload.data, upload.name)
    bases = _bases(session, [row.number for row in rows])
    states = states_of(session, [row.number for row in rows])
    codes = {row.number[:6] for row in rows if row.number in bases} if authority is None else {authority}
    ready: list[Row] = []
    for row in rows:
        code = _objection(session, row, bases, states, authority)
        if code:
            faults.append(Fault(code, "", row.row, "", row.number))
        else:
            ready.append(row)
    if len({row.number[:6] for row in ready}) > 1:
        raise CaseError("list_authorities", codes=" ".join(sorted(codes)))
    case = Case(
        authority=ready[0].number[:6] if ready else (authority or actor.authority or "000000"),
        action=ACTION,
        number=None,
        reason="",
        remark=remark.strip(),
        state="draft",
        basis=0,
        findings=_stored(faults),
        file_name=_label(upload.name),
        proposed_by=actor.account,
        proposer=actor.name,
        proposed_at=now,
        decider="",
        decision="",
        failure="",
    )
    session.add(case)
    session.flush()
    bulk_insert(session, CaseItem, [_item(case.id, place, row, bases) for place, row in enumerate(ready)])
    return case


def propose_file(session: Session, actor: Actor, *, case_id: int, authority: str | None, now: int) -> Case:
    """Propose a draft of one's own."""
    case = draft_of(session, actor, case_id, authority=authority)
    if tally(session, case).ready == 0:
        raise CaseError("list_nothing_ready")
    case.state, case.proposed_at = "proposed", now
    session.flush()
    after: dict[str, str | int] = {
        "case": case.id,
        "action": case.action,
        "numbers": tally(session, case).ready,
    }
    record(
        session, actor, "case.propose", subject=f"case:{case.id}", now=now, after=after, remark=case.remark
    )
    return case


def drop_draft(session: Session, actor: Actor, *, case_id: int, authority: str | None) -> None:
    """Throw a draft of one's own away."""
    case = draft_of(session, actor, case_id, authority=authority)
    session.execute(delete(CaseItem).filter_by(case_id=case.id))
    session.delete(case)
    session.flush()


def draft_of(session: Session, actor: Actor, case_id: int, *, authority: str | None) -> Case:
    """A draft of the actor's own, locked; raises ``CaseError`` (``not_found``)."""
    case = session.scalars(select(Case).filter_by(id=case_id).with_for_update()).first()
    if case is None or authority not in (None, case.authority) or case.proposed_by != actor.account:
        raise CaseError("not_found")
    if case.state != "draft":
        raise CaseError("case_decided")
    return case


def tally(session: Session, case: Case) -> Tally:
    """How many numbers are ready or waiting, done, refused."""
    counts = select(CaseItem.state, func.count()).filter_by(case_id=case.id).group_by(CaseItem.state)
    found = {row[0]: row[1] for row in session.execute(counts)}
    return Tally(
        found.get("draft", 0) + found.get("waiting", 0), found.get("done", 0), found.get("refused", 0)
    )


def items_of(session: Session, case: Case, *, after: int = -1, limit: int = 100) -> list[CaseItem]:
    """The numbers of a file in its order, after the place ``after``."""
    chosen = select(CaseItem).filter_by(case_id=case.id).where(CaseItem.place > after)
    return list(session.scalars(chosen.order_by(CaseItem.place).limit(limit)))


def faults_of(case: Case) -> list[Fault]:
    """What was wrong in the file."""
    return [Fault(**one) for one in json.loads(case.findings)]


def _objection(
    session: Session, row: Row, bases: dict[str, int], states: dict[str, str], authority: str | None
) -> str:
    """Why the certificate cannot be revoked by this file; another authority's is to the asker as one that is not there."""
    if row.number not in bases or authority not in (None, row.number[:6]):
        if authority in (None, row.number[:6]) and session.get(VoidNumber, row.number) is not None:
            return "list_void"
        return "list_unknown"
    if states.get(row.number) == "revoked":
        return "list_revoked"
    open_case = select(Case.id).filter_by(number=row.number).where(Case.state.in_(("proposed", "confirmed")))
    waiting = select(CaseItem.case_id).filter_by(number=row.number, state="waiting")
    if session.scalars(open_case).first() or session.scalars(waiting).first():
        return "list_open"
    return ""


def _bases(session: Session, numbers: Sequence[str]) -> dict[str, int]:
    """The newest leaf of each certificate that exists."""
    bases: dict[str, int] = dict(_pairs(session, Certificate, numbers))
    for number, leaf in sorted(_pairs(session, StatusEvent, numbers), key=lambda pair: pair[1]):
        bases[number] = leaf
    return bases


def _pairs(
    session: Session, table: type[Certificate | StatusEvent], numbers: Sequence[str]
) -> Iterator[tuple[str, int]]:
    for number, leaf in select_among(session, table, "number", numbers, ("number", "leaf_index")):
        yield str(number), int(leaf)


def _item(case_id: int, place: int, row: Row, bases: dict[str, int]) -> dict[str, object]:
    return {
        "case_id": case_id,
        "place": place,
        "number": row.number,
        "reason": row.reason,
        "remark": row.remark,
        "row": row.row,
        "basis": bases[row.number],
        "state": "draft",
        "failure": "",
        "leaf_index": None,
    }


def _stored(faults: Sequence[Fault]) -> str:
    ordered = sorted(faults, key=lambda fault: fault.row)[:MAX_FAULTS_KEPT]
    return json.dumps([asdict(fault) for fault in ordered], ensure_ascii=False)


def _label(name: str) -> str:
    """The file's name as a label: the same care as for a document's."""
    stem = clean_name(name.rpartition(".")[0] or name, "pdf").removesuffix(".pdf")
    ending = name.rpartition(".")[2].lower()
    return f"{stem}.{ending}" if ending in ("xlsx", "csv") else stem
