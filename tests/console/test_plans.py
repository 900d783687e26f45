"""No query that a page makes looks through a table that grows: each is explained over tens of thousands of rows, on both engines."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from registry.actors import Role
from registry.cases.partitions import prepare_years, years_ahead
from registry.cli.working import KINDS
from registry.console.app import routes_of
from registry.console.permissions import PUBLIC, Reach, reach_of
from registry.jobs import service
from registry.models import Certificate
from tests.cases.people import seen
from tests.console.plenty import BIG, multiply
from tests.console.rig import Console, console_over
from tests.console.test_batches import upload
from tests.console.test_logs import SEARCH, the_whole_path
from tests.console.test_permissions import addresses
from tests.registry.overheard import overheard, reads
from tests.registry.rig import Rig
from tests.registry.sheets import annual, identity
from tests.review.desk import csv_bytes

_LEFT_OUT = frozenset(
    {"batches.events", "prints.progress", "counts.reconcile", "trail.check", "trail.export"}
)
"""Asked until something ends, and what they ask stands on other pages; or made to compare all that there is, and asked for as that."""
ALLOWED = frozenset({"employer", "draft"})
"""As many as there are employers, and lists (one for some hundreds of certificates)."""
_PART = re.compile(r"(?<=^certificate_index)_(rest|until_\d+|\d+)$", re.ASCII)
"""What a part of a table that is divided by year has behind the name of the whole (PostgreSQL)."""
_EMPTY = ("certificate_index_rest", "certificate_index_2027")
"""Parts without a row here: the planner may look through nothing."""
FEW = 10_000
"""Rows that a page may count at most (``search.COUNTED``): a table may be read from its beginning until so many are found."""


@pytest.fixture
def full(rig: Rig) -> Iterator[Console]:
    """A console over a registry with a row in every table, many times."""
    with console_over(rig) as console:
        numbers = the_whole_path(console)
        clerk = console.signed_in(Role.CLERK)
        for route in routes_of(console.app):
            if route.name not in PUBLIC and reach_of(route.name, Role.CLERK) is not Reach.NONE:
                list(addresses(console, clerk, route))
        upload(clerk, csv_bytes([annual(801, 姓名="李1雷")]))  # a list with a finding
        clerk.post(
            f"/console/certificates/{numbers[1]}/acts/suspend",
            {"seen": str(seen(rig, numbers[1])), "reason": "complaint"},
        )
        with rig.app.database.write() as session:
            _rows_without_pages(session)
            prepare_years(session, years_ahead(rig.clock.now))
            multiply(session)
        if rig.place.url:
            with rig.app.database.engine.connect() as connection:
                connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql("ANALYZE")
        yield console


def _rows_without_pages(session: Session) -> None:
    certificate = session.query(Certificate).first()
    assert certificate is not None
    session.execute(
        text(
            "INSERT INTO void_number (number, reason, leaf_index, intent_id) VALUES (:number, 'x', 29999999, :intent)"
        ),
        {"number": "41010020263100000000", "intent": certificate.intent_id},
    )


def look_at_every_page(console: Console) -> None:
    """Every page that can be asked for, by those who see most; every search; what a worker asks each second."""
    for role in (Role.PROVINCE_ADMIN, Role.AUTHORITY_ADMIN):
        caller = console.signed_in(role)
        for route in routes_of(console.app):
            skipped = route.name in PUBLIC or route.name in _LEFT_OUT or "GET" not in route.methods
            if skipped or reach_of(route.name, role) is Reach.NONE:
                continue
            for own, path in addresses(console, caller, route):
                if own:
                    assert caller.get(path).status_code < 500, path
        for fields in searches():
            answer = caller.post("/console/certificates/find", {**SEARCH, **fields})
            assert answer.status_code < 500
    with console.rig.app.database.read() as session:
        service.is_waiting(session, kinds=KINDS, now=console.rig.clock.now)
    with console.rig.app.database.write() as session:
        service.take(session, holder="tests", kinds=KINDS, now=console.rig.clock.now)


def searches() -> Iterator[dict[str, str]]:
    """Each field by itself, each order, and a later page."""
    for field, value in (
        ("name", "张"),
        ("employer", "单位77"),
        ("identity", identity(701)),
        ("number", "41010020261000000190"),
        ("state", "revoked"),
        ("state", "superseded"),
        ("year", "2026"),
        ("batch", "1003"),
        ("authority", "410100"),
    ):
        yield {field: value}
        yield {field: value, "order": "name"}
    yield {"after": "41010020261100000500"}
    yield {"after": "41010020261100000500", "order": "name"}


def troubles_of(session: Session, statement: str, parameters: Any) -> list[str]:
    """Where the plan of a statement reads all of a big table."""
    connection = session.connection()
    if connection.dialect.name == "sqlite":
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        return [row[3] for row in rows if _is_sqlite_scan(row[3], statement)]
    (plan,) = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", parameters).scalars()
    return list(_scans(plan[0]["Plan"], limited=False))


def _is_sqlite_scan(step: str, statement: str) -> bool:
    words = step.split()
    if words[:1] != ["SCAN"] or words[1] not in BIG - ALLOWED:
        return False
    return "USING" not in words or "LIMIT" not in statement.upper()


def _scans(node: dict[str, Any], *, limited: bool) -> Iterator[str]:
    """A sequential scan of a big table; or an index read from end to end with nothing to stop it."""
    table = _PART.sub("", node.get("Relation Name", ""))
    limited = limited or node["Node Type"] == "Limit"
    if node["Node Type"] in ("Sort", "Aggregate", "Hash"):
        limited = False  # these take all that comes, before anything is limited
    bounded = limited and node["Plan Rows"] > FEW  # nearly all rows fit, so that it ends soon
    whole = "Index" in node["Node Type"] and "Index Cond" not in node and not limited
    empty = node.get("Relation Name") in _EMPTY
    if (
        not empty
        and table in BIG - ALLOWED
        and ((node["Node Type"].endswith("Seq Scan") and not bounded) or whole)
    ):
        yield f"{node['Node Type']} on {table} {node.get('Filter', '')}"
    for child in node.get("Plans", ()):
        yield from _scans(child, limited=limited)


def test_no_page_reads_all_of_a_table_that_grows(full: Console) -> None:
    with overheard(full.rig.app.database) as heard:
        look_at_every_page(full)
    asked = {one[0]: one for one in heard if reads(one)}  # each text with one set of values
    assert len(asked) > 100
    found = []
    with full.rig.app.database.read() as session:
        for statement, parameters in asked.values():
            if wrong := troubles_of(session, statement, parameters):
                found.append(f"{' '.join(statement.split())}\n  -> {'; '.join(wrong)}")
    assert not found, "\n".join(found)
