"""Every page of the console by axe-core (WCAG 2.2 AA) at 360 px, as the first role sees it that may; and by the Tab key alone.

The pages come from the routes, as in the permission matrix: a colleague's new page is looked at by itself.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from fastapi.routing import APIRoute

from registry.actors import Role
from registry.console.app import routes_of
from registry.console.permissions import PUBLIC, Reach, reach_of
from tests.console.browsing import page_of, served
from tests.console.rig import Caller, Console
from tests.console.test_permissions import addresses
from tests.matrices import cells
from tests.registry.rig import Place, copy_home
from tests.registry.rig import opened as registry_at
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


@dataclass(frozen=True, slots=True)
class Shown:
    """A console with something on every page, and the pages of its people: name, role and address."""

    console: Console
    callers: Mapping[Role, Caller]
    pages: Sequence[tuple[str, Role | None, str]]


@pytest.fixture(scope="module")
def shown(founded_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    """For both languages: to look at a page changes nothing."""
    folder = tmp_path_factory.mktemp("shown")
    with (
        registry_at(Place(copy_home(founded_sqlite, folder / "home")), folder) as rig,
        served(rig) as console,
    ):
        callers = {role: console.signed_in(role) for role in ROLES}
        yield Shown(console, callers, list(pages(console, callers)))


@pytest.mark.parametrize(
    ("language", "step"), cells([("zh-CN", 1), ("zh-CN", 3), ("en-GB", 9)], always=[("zh-CN", 3)])
)
def test_axe_finds_nothing_on_any_page(shown: Shown, browser: "Browser", language: str, step: int) -> None:
    axe, found, seen = axe_or_skip(), Violations(), []
    opened: dict[Role | None, Page] = {}
    for name, role, path in shown.pages[::step]:
        if role not in opened:
            caller = shown.callers[role] if role else None
            opened[role] = page_of(
                browser, shown.console, caller, width=360, language=language, bypass_csp=True
            )
        opened[role].goto(path)
        look(opened[role], axe, f"{name} {role or ''}", found)
        if language == "zh-CN" and name in WALKED:
            walk(opened[role])
        seen.append(name)
    assert len(seen) > 40 / step
    assert step > 1 or set(seen) >= WALKED
    assert found == {}
