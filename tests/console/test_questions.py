"""What stands behind the question mark of an address is anybody's: no page breaks of it, or shows it as markup."""

import re
from collections.abc import Mapping
from urllib.parse import quote

import pytest

from registry.actors import Role
from registry.console.app import routes_of
from registry.console.permissions import PUBLIC, Reach, reach_of
from tests.console.rig import Console
from tests.console.test_permissions import addresses, code_of, send
from tests.matrices import EXHAUSTIVE

_FIGURES = ("year", "authority", "kind", "month", "grade", "after")
ASKED: Mapping[str, tuple[str, ...]] = {
    "acts.new": ("request",),
    "authorities.new": ("code",),
    "batches.findings": ("nature", "code", "row", "after"),
    "batches.list": ("state", "before"),
    "cases.list": ("before",),
    "cases.show": ("after",),
    "certificates.list": ("batch", "authority", "state", "year", "kind"),
    "counts.certificates": _FIGURES,
    "counts.export": (*_FIGURES, "form"),
    "counts.show": _FIGURES,
    "numbers.show": ("below", "after"),
    "trail.list": ("who", "act", "subject", "since", "until", "before"),
}
"""Route, and what its page looks for in the address."""
VALUES = ("abc", "-1", "9" * 30, "٣", "9999-12-31", "\x00<x-y>")
READERS = (Role.PROVINCE_ADMIN, Role.CLERK)


@pytest.mark.repeated
def test_no_question_breaks_a_page(console: Console) -> None:
    broken: list[str] = []
    routes = {route.name: route for route in routes_of(console.app)}
    for name, asked in ASKED.items():
        reader = next(role for role in READERS if reach_of(name, role) is not Reach.NONE)
        caller = console.signed_in(reader)
        _, path = next(addresses(console, caller, routes[name]))
        for word in asked:
            for value in VALUES if EXHAUSTIVE else VALUES[::5]:
                answer = caller.get(f"{path}?{word}={quote(value)}")
                if answer.status_code >= 500 or "<x-y>" in answer.text:
                    broken.append(f"{name}?{word}={value!r}: {answer.status_code}")
    assert broken == []


def test_an_address_with_a_number_that_no_row_has_leads_nowhere(console: Console) -> None:
    wrong: list[str] = []
    for route in routes_of(console.app):
        if "_id}" not in route.path or route.name in PUBLIC:
            continue
        caller = console.signed_in(next(one for one in Role if reach_of(route.name, one) is not Reach.NONE))
        for number in ("9" * 18, "9" * 30, "٣"):
            answer = send(caller, route, re.sub(r"\{\w+\}", number, route.path))
            if (answer.status_code, code_of(answer)) != (404, "not_found"):
                wrong.append(f"{route.name} {number}: {answer.status_code}")
    assert wrong == []
