"""Entries of the audit trail, series and authorities for the permission matrix."""

from registry.actors import Actor, Role
from registry.jobs.service import order
from registry.trail.service import head_of, record
from tests.console.objects import authority_for, makes
from tests.console.objects_certs import held_by
from tests.console.rig import Caller, Console


@makes("entry")
def _entry(console: Console, caller: Caller, own: bool) -> int:
    authority = authority_for(caller, own)
    actor = Actor(900_002, "somebody", "某人", Role.CLERK, authority, "192.0.2.7")
    with console.rig.app.database.write() as session:
        record(session, actor, "draft.open", subject="draft:1", now=console.rig.clock.now)
        return head_of(session).count


@makes("series")
def _series(console: Console, caller: Caller, own: bool) -> str:
    authority = authority_for(caller, own)
    held_by(console, authority)
    return f"{authority}-2026-1"


@makes("code")
def _code(console: Console, caller: Caller, own: bool) -> str:
    authority = authority_for(caller, own)
    actor = Actor(900_003, "province", "省级", Role.PROVINCE_ADMIN, None, "")
    with console.rig.app.database.write() as session:
        subject, payload = f"authority:{authority}", {"act": "suspend", "code": authority}
        order(session, actor, "authority", subject=subject, payload=payload, now=console.rig.clock.now)
    return authority


@makes("act")
def _act(_: Console, __: Caller, ___: bool) -> str:
    return "suspend"
