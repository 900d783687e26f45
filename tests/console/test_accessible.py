"""Every page of the console by axe-core (WCAG 2.2 AA) at 360 px, as the first role sees it that may; and by the Tab key alone.

The pages come from the routes, as in the permission matrix: a colleague's new page is looked at by itself.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from fastapi.routing import APIRoute

from registry.actors import Role
from registry.console.app import routes_of
from registry.console.permissions import PUBLIC, Reach, reach_of
from tests.console.browsing import page_of, served
from tests.console.rig import Caller, Console
from tests.console.test_permissions import addresses
from tests.registry.rig import Rig
from tests.web.accessibility import Violations, axe_or_skip, look, walk

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ROLES = (Role.CLERK, Role.APPROVER, Role.AUTHORITY_ADMIN, Role.PROVINCE_ADMIN, Role.PROVINCE_AUDITOR)
WALKED = {
    "home",
    "batches.show",
    "batches.findings",
    "certificates.list",
    "certificates.show",
    "counts.show",
    "trail.list",
}


def first_role(route: APIRoute) -> Role | None:
    """Who is shown the page: the first of ``ROLES`` that may see one of his own."""
    return next((role for role in ROLES if reach_of(route.name, role) is not Reach.NONE), None)


def pages(console: Console, callers: dict[Role, Caller]) -> Iterator[tuple[str, Role | None, str]]:
    """Name, role and address of every page: of what is shown as HTML, neither a file nor a stream."""
    for route in routes_of(console.app):
        role = None if route.name in PUBLIC else first_role(route)
        if "GET" not in route.methods or (role is None and (route.name not in PUBLIC or "{" in route.path)):
            continue
        path = (
            route.path
            if role is None
            else next(path for own, path in addresses(console, callers[role], route) if own)
        )
        asker = callers[role] if role else console.caller()
        with asker.client.stream("GET", path) as answer:
            if answer.status_code == 200 and answer.headers["content-type"].startswith("text/html"):
                yield route.name, role, path


@pytest.mark.parametrize(("language", "step"), [("zh-CN", 1), ("en-GB", 9)])
def test_axe_finds_nothing_on_any_page(lite: Rig, browser: "Browser", language: str, step: int) -> None:
    axe, found, seen = axe_or_skip(), Violations(), []
    with served(lite) as console:
        callers = {role: console.signed_in(role) for role in ROLES}
        opened: dict[Role | None, Page] = {}
        for name, role, path in list(pages(console, callers))[::step]:
            if role not in opened:
                caller = callers[role] if role else None
                opened[role] = page_of(
                    browser, console, caller, width=360, language=language, bypass_csp=True
                )
            opened[role].goto(path)
            look(opened[role], axe, f"{name} {role or ''}", found)
            if step == 1 and name in WALKED:
                walk(opened[role])
            seen.append(name)
    assert len(seen) > 40 / step
    assert step > 1 or set(seen) >= WALKED
    assert found == {}
