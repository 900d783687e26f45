"""Rolling upgrades: a program that is running goes on while another brings the schema up, and starts again on it."""

import ast
import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

import orjson
import pytest
from alembic import command
from sqlalchemy import insert, text

import registry.app
import registry.database
from registry.actors import SYSTEM
from registry.cases.index import follow_to_the_end
from registry.cases.search import Query, search
from registry.database import Database, newest_schema
from registry.fsck import fsck
from registry.jobs.models import Job
from registry.jobs.service import LEASE
from registry.jobs.worker import JobKind, work_once
from registry.operation.health import Readiness
from tests.jobs.test_worker import counting, view
from tests.registry.rig import Place, Rig, assert_sound, found, opened
from tests.registry.sheets import YEAR

MIGRATIONS = Path(registry.database.__file__).parent / "migrations" / "versions"
ROLLING_SINCE = "v0008"
"""From here on an upgrade happens beside running programs; what came before was one by one."""
_ADDS = frozenset({"create_index", "create_table", "add_column", "f", "execute", "get_bind"})
_REPLACES = frozenset({"v0010_index_by_year"})
"""Puts another table in a table's place, for whoever reads and writes it as before: shown by an old program at work."""
_SQL = re.compile(r"\s*(ALTER|CREATE|DELETE|DROP|INSERT|LOCK|TRUNCATE|UPDATE(?!\s+OF))\s+(?:INTO\s+)?(\w+)")


@pytest.fixture
def older(engine_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rig]:
    """A registry that the program before this one made and has open; it knows no schema after 0007."""
    with monkeypatch.context() as before:
        upgrade = command.upgrade
        before.setattr(command, "upgrade", lambda configuration, _: upgrade(configuration, "0007"))
        before.setattr(registry.app, "newest_schema", lambda: "0007")
        place = Place(tmp_path / "home", engine_url)
        found(place).database.close()
        with opened(place, tmp_path) as rig:
            assert rig.app.database.schema() == "0007"
            before.undo()
            yield rig


def test_the_running_program_goes_on_on_the_new_schema(older: Rig) -> None:
    older.issue(1)
    follow_to_the_end(older.app)
    with closing(Database(older.place.url)) as other:
        other.upgrade()
        assert other.schema() == newest_schema()
    (number,) = older.issue(2)
    older.change(number, "revoke", "data-error")
    older.publish()
    follow_to_the_end(older.app)
    with older.app.database.read() as session:
        assert len(search(session, Query(state="revoked"), authority=None).found) == 1
        assert len(search(session, Query(year=YEAR), authority=None).found) == 2
    assert_sound(older.app, issued=2)


def ordered_before(rig: Rig, subject: str, **held: object) -> int:
    """A job's row as a program of before the queue writes it; ``held`` where one of its workers is at it."""
    values = {
        "kind": "count",
        "subject": subject,
        "actor": orjson.dumps(asdict(SYSTEM)),
        "payload": b"{}",
        "state": "waiting",
        "done": 0,
        "attempt": 0,
        "not_before": rig.clock.now,
        "created_at": rig.clock.now,
    }
    with rig.app.database.write() as session:
        return session.execute(insert(Job).values(**{**values, **held}).returning(Job.id)).scalar_one()


def test_open_jobs_are_carried_over(older: Rig) -> None:
    """What waited and what is ordered meanwhile is done at once; what a worker of before is at, when its lease has ended."""
    held = {"state": "running", "attempt": 1, "holder": "old/0", "lease_until": older.clock.now + LEASE}
    jobs = [ordered_before(older, "test:1"), ordered_before(older, "test:2", **held)]
    with closing(Database(older.place.url)) as other:
        other.upgrade()
    jobs.append(ordered_before(older, "test:3"))

    def work() -> list[str]:
        while work_once(older.app, {"count": JobKind(counting)}, holder="new/0"):
            pass
        return [view(older, job).state for job in jobs]

    assert work() == ["done", "running", "done"]
    older.clock.now += LEASE + 1
    assert work() == ["done", "done", "done"]


def test_a_program_starts_on_a_schema_that_is_newer_than_it_knows(rig: Rig) -> None:
    """A worker of the version before is started anew in the middle of an upgrade: migrations only add."""
    with rig.app.database.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    again = rig.place.open(rig.clock)
    assert Readiness(again)() == ()
    again.database.close()
    rig.issue(1)
    assert fsck(rig.app).troubles == ()


def test_migrations_only_add() -> None:
    """What a running program writes and reads stays; what nobody uses any more goes a version later."""
    files = [file for file in sorted(MIGRATIONS.glob("v*.py")) if file.name >= ROLLING_SINCE]
    assert files
    for file in files:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            called = node.func if isinstance(node, ast.Call) else None
            if isinstance(called, ast.Attribute) and getattr(called.value, "id", "") == "op":
                assert called.attr in _ADDS, f"{file.name}: op.{called.attr}"
                if called.attr == "add_column":
                    given = {word.arg for word in node.args[1].keywords}  # type: ignore[attr-defined]
                    assert "server_default" in given or "nullable=True" in ast.unparse(node), file.name
        _assert_statements_add(file)


def _assert_statements_add(file: Path) -> None:
    """Statements by hand make something new, or fill a table that this very migration makes."""
    if file.stem in _REPLACES:
        return
    tree = ast.parse(file.read_text(encoding="utf-8"))
    made = {
        call.args[0].value
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "op.create_table"
        if isinstance(call.args[0], ast.Constant)
    }
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and (said := _SQL.match(node.value))
        ):
            fills = said[1] == "INSERT" and said[2] in made
            assert said[1] == "CREATE" or fills, f"{file.name}: {said[0]}"
