"""The permission table, tried: every route × every role × own and foreign, over HTTP. Colleagues' routes come by themselves.

``make test`` tries on each route one role of every reach, ``make exhaustive`` the others.

What the table allows may fail for any other reason (an empty form, no second factor), but is neither forbidden nor
missing; what it refuses is forbidden; what is foreign is answered like what is not there.
"""

import re
from collections.abc import Iterator

import httpx
import pytest
from fastapi.routing import APIRoute

from registry.accounts.tokens import create_token
from registry.actors import PROVINCIAL, Role
from registry.console.app import create_console_app, routes_of
from registry.console.permissions import (
    FOR_PROGRAMS,
    PERMISSIONS,
    PUBLIC,
    Reach,
    reach_of,
    table_faults,
    token_routes,
)
from registry.console.settings import ConsoleSettings
from tests.builders import MUNICIPAL
from tests.console.objects import load_makers
from tests.console.rig import Caller, Console
from tests.matrices import cells

_PARAMETER = re.compile(r"\{(\w+)\}")
_CODE = re.compile(r'data-code="([\w-]+)"')
_GONE = 2**40
"""An id that nothing has."""


def code_of(answer: httpx.Response) -> str:
    """The code of a problem's page, or empty."""
    found = _CODE.search(answer.text)
    return found[1] if found else ""


def send(caller: Caller, route: APIRoute, path: str) -> httpx.Response:
    """Ask ``path`` by the route's own method, with an empty form."""
    method = next(iter(route.methods - {"HEAD"}))
    return caller.get(path) if method == "GET" else caller.post(path)


def addresses(console: Console, caller: Caller, route: APIRoute) -> Iterator[tuple[bool, str]]:
    """Own and foreign paths of a route; a route without parameters has one, and it is own."""
    names = _PARAMETER.findall(route.path)
    makers = load_makers()
    for own in (True, False) if names else (True,):
        path = route.path
        for name in names:
            assert name in makers, f"{route.name}: say in tests/console/objects_….py how a {name} is made"
            path = path.replace(f"{{{name}}}", str(makers[name](console, caller, own)))
        yield own, path


def is_first(route: str, role: Role) -> bool:
    """Whether nobody before ``role`` reaches just as much by ``route``."""
    return role is next(one for one in Role if reach_of(route, one) is reach_of(route, role))


@pytest.mark.parametrize("first", cells((True, False), always=(True,)), ids=("first", "other"))
@pytest.mark.parametrize("role", Role)
def test_the_matrix(console: Console, role: Role, first: bool) -> None:
    wrong: list[str] = []
    caller = console.signed_in(role)
    for route in routes_of(console.app):
        if route.name in PUBLIC or is_first(route.name, role) is not first:
            continue
        reach = reach_of(route.name, role)
        for own, path in addresses(console, caller, route):
            answer = send(caller, route, path)
            if "GET" not in route.methods and reach is not Reach.NONE:
                caller = console.signed_in(role)  # what he did may have ended his session
            code = code_of(answer)
            if reach is Reach.NONE:
                right = (answer.status_code, code) == (403, "forbidden")
            elif not own and (reach is Reach.OWN):
                right = (answer.status_code, code) == (404, "not_found")
            else:
                allowed = answer.status_code < 500 and code not in ("forbidden", "csrf", "not_found")
                right = allowed and answer.headers.get("location") != "/console/sign-in?next=" + path
            if not right:
                wrong.append(f"{route.name} {reach.value} own={own}: {answer.status_code} {code}")
    assert wrong == []


def test_nobody_reaches_anything_without_a_session(console: Console) -> None:
    for route in routes_of(console.app):
        if route.name in PUBLIC:
            continue
        path = _PARAMETER.sub("1", route.path)
        method = next(iter(route.methods - {"HEAD"}))
        answer = console.caller().client.request(method, path)
        assert answer.status_code == 303, route.name
        assert answer.headers["location"].startswith("/console/sign-in"), route.name


def test_a_form_without_its_token_does_nothing(console: Console) -> None:
    """CSRF, on every route that changes anything, by somebody who reaches it."""
    strangers = console.signed_in(Role.VIEWER, another=True).csrf
    callers = {role: console.signed_in(role) for role in Role}
    for route in routes_of(console.app):
        if route.methods <= {"GET", "HEAD"} or route.name in PUBLIC:
            continue
        caller = callers[next(one for one in Role if reach_of(route.name, one) is not Reach.NONE)]
        path = _PARAMETER.sub(str(_GONE), route.path)
        for data in ({}, {"csrf": "0" * 64}, {"csrf": strangers}):
            answer = caller.client.post(path, data=data)
            assert (answer.status_code, code_of(answer)) == (403, "csrf"), route.name
        answer = caller.post(path, headers={"sec-fetch-site": "cross-site"})
        assert code_of(answer) == "csrf", route.name
    for caller in callers.values():  # everybody is signed in still: nothing was done
        assert caller.get("/console/").status_code == 200


def test_what_is_foreign_is_answered_like_what_is_missing(console: Console) -> None:
    """Byte by byte, so that nobody learns what another has."""
    for route in routes_of(console.app):
        if "{account}" not in route.path or route.name in PUBLIC:
            continue
        caller = console.signed_in(Role.AUTHORITY_ADMIN)
        foreign = next(path for own, path in addresses(console, caller, route) if not own)
        missing = _PARAMETER.sub(str(_GONE), route.path)
        answers = [send(caller, route, path) for path in (foreign, missing)]
        texts = [re.sub(r"/accounts/\d+", "", answer.text) for answer in answers]
        assert texts[0] == texts[1], route.name


def test_everybody_in_the_table_has_a_place(console: Console) -> None:
    assert all(set(line) == set(Role) for line in PERMISSIONS.values())
    assert {role for role in Role if console.account(role).authority is None} == PROVINCIAL
    assert console.account(Role.CLERK).authority == MUNICIPAL


def test_the_console_does_not_start_without_a_line_for_every_route(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    shortened = {name: line for name, line in PERMISSIONS.items() if name != "accounts.show"}
    monkeypatch.setattr("registry.console.permissions.PERMISSIONS", shortened)
    with pytest.raises(RuntimeError, match=r"accounts\.show is not in the permission table"):
        create_console_app(console.rig.app, ConsoleSettings())
    assert reach_of("accounts.show", Role.PROVINCE_ADMIN) is Reach.NONE


def test_faults_of_a_table() -> None:
    names = [*PERMISSIONS, *PUBLIC]
    assert table_faults(names) == []
    assert table_faults([*names, "home"]) == ["two routes are named home"]
    assert table_faults(names[1:]) == [f"{names[0]} is in the permission table and nowhere else"]


@pytest.mark.parametrize("role", cells(Role, always=(Role.CLERK, Role.PROVINCE_ADMIN)))
def test_the_matrix_for_programs(console: Console, role: Role) -> None:
    """Every route × a token for all that a role may give it × own and foreign; the rest is forbidden to it."""
    caller, routes = console.signed_in(role), token_routes(role)
    if not routes:
        return
    assert caller.account is not None
    who = console.actor(role) if caller.account.authority is None else console.actor(role, MUNICIPAL)
    with console.rig.app.database.write() as session:
        secret, _ = create_token(session, who, label="系统", routes=routes, days=9, now=console.rig.clock.now)
    program = console.caller().client
    program.headers["authorization"] = f"Bearer {secret}"
    wrong: list[str] = []
    for route in routes_of(console.app):
        if route.name in PUBLIC or (route.name not in routes and "{" in route.path):
            continue
        for own, path in addresses(console, caller, route):
            answer = program.request(next(iter(route.methods - {"HEAD"})), path)
            code = _problem(answer)
            if route.name not in routes:
                right = (answer.status_code, code) == (403, "forbidden")
            elif not own and reach_of(route.name, role) is Reach.OWN:
                right = (answer.status_code, code) == (404, "not_found")
            else:
                right = answer.status_code < 500 and code not in ("forbidden", "not_found", "csrf")
                right = right and not answer.headers.get("content-type", "").startswith("text/html")
            if not right:
                wrong.append(f"{route.name} own={own}: {answer.status_code} {code}")
    assert wrong == []


def _problem(answer: httpx.Response) -> str:
    """The code of what a program is told, or empty."""
    if answer.headers.get("content-type") != "application/problem+json":
        return ""
    return str(answer.json()["code"])


def test_no_token_reaches_people_or_sessions() -> None:
    """Nor anything that asks for a second factor or acts on a certificate: that is for a person."""
    offered = {route for role in Role for route in token_routes(role)}
    assert offered == set(FOR_PROGRAMS) <= PERMISSIONS.keys()
    for refused in ("me.", "token.", "accounts.", "home", "acts.", "cases.", "authorities.", "bulk."):
        assert not [route for route in offered if route.startswith(refused)]
    assert not offered & {"batches.release", "batches.return", "certificates.reveal", "trail.seal"}


LOOKING = {"certificates.find", "certificates.export", "certificates.reveal", "trail.export"}
"""Forms that only look: what is sent says something of a person, and belongs into no address. They write the trail alone."""


def test_the_auditor_changes_nothing(console: Console) -> None:
    """Whatever an auditor reaches beyond himself is only looked at."""
    changing = {
        route.name
        for route in routes_of(console.app)
        if not route.methods <= {"GET", "HEAD"} and reach_of(route.name, Role.PROVINCE_AUDITOR) is Reach.ALL
    }
    assert changing - LOOKING == set()
