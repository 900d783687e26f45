"""Who acts in the tests of cases, and how a worker does what they ordered."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import count

from sqlalchemy.orm import Session

from registry.actors import Actor, Role
from registry.cases.certificates import certificate_of, newest_leaf
from registry.cases.models import Case
from registry.cases.service import act_at_once, confirm, propose
from registry.cases.working import KINDS
from registry.jobs.worker import work_once
from tests.builders import INDUSTRY, MUNICIPAL
from tests.registry.rig import Rig

CLERK = Actor(11, "clerk", "王经办", Role.CLERK, MUNICIPAL, "192.0.2.7")
APPROVER = Actor(12, "approver", "李审核", Role.APPROVER, MUNICIPAL, "192.0.2.8")
FOREIGN = Actor(21, "foreign", "赵审核", Role.APPROVER, INDUSTRY, "192.0.2.9")
PROVINCE = Actor(31, "province", "钱省级", Role.PROVINCE_ADMIN, None, "192.0.2.10")
PROGRAM = replace(APPROVER, account=13, token=7)
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer<<>>\n%%EOF\n"
_names = count(1)


def seen(rig: Rig, number: str) -> int:
    """What a page shows as the certificate's newest leaf."""
    with rig.app.database.read() as session:
        return newest_leaf(session, certificate_of(session, number, authority=None))


def proposed(rig: Rig, number: str, action: str = "revoke", *, actor: Actor = CLERK, **more: object) -> Case:
    """A case that waits for an approver."""
    values: dict[str, object] = {"reason": "fraud" if action == "revoke" else "", "remark": "", **more}
    basis = seen(rig, number)
    with rig.app.write() as session:
        return propose(
            session,
            actor,
            rig.app,
            number=number,
            authority=actor.authority,
            action=action,
            seen=basis,
            now=rig.clock.now,
            **values,  # type: ignore[arg-type]
        )


def confirmed(rig: Rig, case: Case, *, actor: Actor = APPROVER) -> Case:
    """The case, confirmed."""
    with rig.app.write() as session:
        return confirm(
            session,
            actor,
            rig.app,
            case_id=case.id,
            authority=actor.authority,
            remark="",
            now=rig.clock.now,
        )


def acting(
    rig: Rig, number: str, action: str, reason: str, *, actor: Actor = CLERK, basis: int | None = None
) -> Callable[[Session], Case]:
    """To suspend or to reinstate, by who saw the certificate as it is now, or as it was at ``basis``."""
    return partial(
        act_at_once,
        actor=actor,
        app=rig.app,
        number=number,
        authority=actor.authority,
        action=action,
        reason=reason,
        remark="来函核实",
        seen=seen(rig, number) if basis is None else basis,
        now=rig.clock.now,
    )


def acted(rig: Rig, number: str, action: str, reason: str, *, actor: Actor = CLERK) -> Case:
    """Suspended or reinstated."""
    act = acting(rig, number, action, reason, actor=actor)
    with rig.app.write() as session:
        return act(session)


def work(rig: Rig) -> int:
    """Do all background work that there is; how many jobs."""
    jobs, holder = 0, f"tests-{next(_names)}"
    while work_once(rig.app, KINDS, holder=holder):
        jobs += 1
    return jobs


def case(rig: Rig, case_id: int) -> Case:
    """The case as it is now."""
    with rig.app.database.read() as session:
        return session.get_one(Case, case_id)
