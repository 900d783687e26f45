"""Certificates, cases, documents, requests and print orders for the permission matrix: of each office one, made once."""

from dataclasses import dataclass
from weakref import WeakKeyDictionary

from registry.actors import Actor, Role
from registry.cases.bulk import read_file
from registry.cases.certificates import certificate_of, newest_leaf
from registry.cases.documents import Upload, documents_of
from registry.cases.index import follow_to_the_end
from registry.cases.printing import order_print
from registry.cases.requests import receive
from registry.cases.service import propose
from tests.cases.people import PDF
from tests.console.objects import authority_for, makes
from tests.console.rig import Caller, Console


@dataclass(frozen=True, slots=True)
class Held:
    """What an office has: certificates, of which the last has an open case of a clerk's with a document."""

    numbers: list[str]
    case: int
    document: int
    request: int
    order: int


_held: WeakKeyDictionary[object, dict[str, Held]] = WeakKeyDictionary()


def held_by(console: Console, authority: str) -> Held:
    """The objects of an office."""
    of_console = _held.setdefault(console.app, {})
    if authority not in of_console:
        of_console[authority] = _make(console, authority)
    return of_console[authority]


def _make(console: Console, authority: str) -> Held:
    rig, app, now = console.rig, console.rig.app, console.rig.clock.now
    first = 900_001 if authority == "410100" else 900_101
    numbers = rig.issue(*range(first, first + 3), authority=authority)
    follow_to_the_end(app)
    app.sign_log()
    one = console.new_account(Role.CLERK, authority)
    clerk = Actor(one.id, one.login, one.name, Role.CLERK, authority, "192.0.2.7")
    with app.write() as session:
        seen = newest_leaf(session, certificate_of(session, numbers[-1], authority=authority))
        case = propose(
            session,
            clerk,
            app,
            number=numbers[-1],
            authority=authority,
            action="revoke",
            reason="fraud",
            seen=seen,
            now=now,
            uploads=[Upload("决定.pdf", PDF)],
        )
        document = documents_of(session, case_id=case.id)[0].id
    with app.write() as session:
        request = receive(
            session,
            clerk,
            app,
            number=numbers[0],
            authority=authority,
            channel="counter",
            wish="姓名有误",
            contact="",
            now=now,
        )
    with app.write() as session:
        order = order_print(
            session, clerk, numbers=numbers, authority=authority, form="zip", title="证书", now=now
        )
    return Held(numbers, case.id, document, request.id, order.id)


@makes("number")
def _number(console: Console, caller: Caller, own: bool) -> str:
    return held_by(console, authority_for(caller, own)).numbers[0]


@makes("action")
def _action(_: Console, __: Caller, ___: bool) -> str:
    return "correct"


@makes("case_id")
def _case(console: Console, caller: Caller, own: bool) -> int:
    return held_by(console, authority_for(caller, own)).case


@makes("document_id")
def _document(console: Console, caller: Caller, own: bool) -> int:
    return held_by(console, authority_for(caller, own)).document


@makes("request_id")
def _request(console: Console, caller: Caller, own: bool) -> int:
    return held_by(console, authority_for(caller, own)).request


@makes("order_id")
def _order(console: Console, caller: Caller, own: bool) -> int:
    return held_by(console, authority_for(caller, own)).order


@makes("revocation_id")
def _revocation(console: Console, caller: Caller, own: bool) -> int:
    """A list of the caller's own, or of somebody at another office."""
    authority = authority_for(caller, own)
    number = held_by(console, authority).numbers[1]
    # A draft is its author's alone; whoever reaches all offices has his own at each.
    mine = own or (caller.account is not None and caller.account.authority is None)
    account = caller.account if mine else console.new_account(Role.CLERK, authority)
    assert account is not None
    actor = Actor(account.id, account.login, account.name, Role(account.role), account.authority, "")
    with console.rig.app.write() as session:
        upload = Upload("名单.csv", f"编号,事由\n{number},弄虚作假\n".encode())
        return read_file(session, actor, upload, authority=authority, remark="", now=console.rig.clock.now).id
