"""Where everybody arrives: what waits for whom, and for nobody else."""

from registry.actors import Role
from registry.cli.working import KINDS
from registry.jobs.worker import work_once
from tests.console.rig import OTHER, Console
from tests.console.test_batches import shown, submitted
from tests.console.test_province import suspend

LISTS, RETURNED = "1 份名单等待审核", "1 份名单被退回"


def home(console: Console, role: Role, authority: str | None = None) -> str:
    caller = console.signed_in(role, authority) if authority else console.signed_in(role)
    return caller.get("/console/").text


def test_a_list_waits_for_the_approver_and_then_for_the_clerk(fresh: Console) -> None:
    draft, _ = submitted(fresh, 701, 702)
    page = home(fresh, Role.APPROVER)
    assert LISTS in page
    assert 'href="/console/batches?state=submitted"' in page
    for role in (Role.CLERK, Role.VIEWER, Role.AUTHORITY_ADMIN, Role.PROVINCE_ADMIN):
        assert LISTS not in home(fresh, role), role
    assert LISTS not in home(fresh, Role.APPROVER, OTHER)
    approver = fresh.signed_in(Role.APPROVER)
    form = {**shown(approver, draft), "remark": "单位名称请写全称"}
    assert approver.post(f"/console/batches/{draft}/return", form).status_code == 303
    assert LISTS not in home(fresh, Role.APPROVER)
    assert RETURNED in home(fresh, Role.CLERK)
    assert RETURNED not in home(fresh, Role.APPROVER)


def test_a_case_waits_for_another_and_not_for_whoever_proposed_it(fresh: Console) -> None:
    (number,) = fresh.rig.issue(1)
    proposer = fresh.signed_in(Role.APPROVER)
    page = proposer.get(f"/console/certificates/{number}/acts/revoke").text
    seen = page.split('name="seen" value="')[1].split('"')[0]
    form = {"reason": "data-error", "remark": "", "seen": seen}
    assert proposer.post(f"/console/certificates/{number}/acts/revoke", form).status_code == 303
    waits = "1 件事项等待另一人核准"
    assert waits not in proposer.get("/console/").text
    assert waits in fresh.signed_in(Role.APPROVER, another=True).get("/console/").text
    assert waits in home(fresh, Role.PROVINCE_ADMIN)
    assert waits not in home(fresh, Role.CLERK)
    assert waits not in home(fresh, Role.APPROVER, OTHER)


def test_a_proposal_waits_for_the_province(fresh: Console) -> None:
    (fresh.rig.app.settings.keys / "root-1.pem").unlink()
    admin = fresh.signed_in(Role.PROVINCE_ADMIN)
    suspend(admin, **admin.confirmed("/console/authorities/410100/change/suspend"))
    assert work_once(fresh.rig.app, KINDS, holder="tests")
    assert "待根签名" in admin.get("/console/").text
    assert "待根签名" not in home(fresh, Role.PROVINCE_AUDITOR)
