"""The database's own promises: migrations equal the models, transactions, locks, the constraints that nobody passes."""

import re
from contextlib import suppress
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from registry import migrations
from registry.cases.partitions import WHOLE
from registry.database import Database, bulk_insert, insert_absent, known_schemas, newest_schema
from registry.models import Claim, LogHead, LogTile, Series
from registry.settings import settings_from
from registry.tables import Base


def is_part(name: str | None) -> bool:
    """Whether a table is a part of one that is divided by year: the models know the whole."""
    return re.fullmatch(rf"{WHOLE}_(rest|until_\d+|\d+)", name or "") is not None


def upgraded(url: str) -> Database:
    database = Database(url)
    database.upgrade()
    return database


def test_the_migrations_make_what_the_models_say(engine_url: str) -> None:
    database = upgraded(engine_url)
    with database.engine.connect() as connection:
        options = {
            "compare_type": True,
            # Parts are made as years come; the queue's tables are the library's own, as its file has them.
            "include_name": lambda name, kind, _: (
                kind != "table" or not (is_part(name) or name.startswith("procrastinate_"))
            ),
        }
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, Base.metadata) == []
        checks = {check["name"] for check in inspect(connection).get_check_constraints("intent")}
    assert checks == {"intent_state", "intent_count"}
    database.close()


def test_the_files_names_tell_the_schemas(engine_url: str) -> None:
    """They are read without the migrations; these say the same."""
    configuration = Config()
    configuration.set_main_option("script_location", str(Path(migrations.__file__).parent))
    scripts = ScriptDirectory.from_config(configuration)
    assert known_schemas() == {script.revision for script in scripts.walk_revisions()}
    assert newest_schema() == scripts.get_current_head()
    database = Database(engine_url)
    assert database.schema() is None
    database.upgrade()
    assert database.schema() == newest_schema()
    database.close()


def test_upgrading_again_changes_nothing(engine_url: str) -> None:
    database = upgraded(engine_url)
    with database.write() as session:
        session.add(LogHead(id=1, size=7))
    database.upgrade()
    with database.read() as session:
        assert session.scalars(select(LogHead.size)).one() == 7
    database.close()


def test_a_transaction_that_raises_leaves_nothing(engine_url: str) -> None:
    database = upgraded(engine_url)
    with suppress(ZeroDivisionError), database.write() as session:
        session.add(LogHead(id=1, size=1))
        session.flush()
        _ = 1 // 0
    with database.read() as session:
        assert session.scalars(select(LogHead)).all() == []
    database.close()


def test_a_reader_sees_one_state(engine_url: str) -> None:
    """What is committed while it reads is not seen until it begins anew."""
    database = upgraded(engine_url)
    with database.write() as session:
        session.add(LogHead(id=1, size=1))
    with database.read() as reader:
        assert reader.scalars(select(LogHead.size)).one() == 1
        with database.write() as writer:
            writer.get_one(LogHead, 1).size = 2
        assert reader.execute(text("SELECT size FROM log_head")).scalar_one() == 1
    with database.read() as reader:
        assert reader.scalars(select(LogHead.size)).one() == 2
    database.close()


@pytest.mark.parametrize("size", [0, 1, 700])
def test_bulk_insertion(engine_url: str, size: int) -> None:
    database = upgraded(engine_url)
    rows = [{"level": 0, "index": place, "data": bytes((place % 256,)) * 32} for place in range(size)]
    with database.write() as session:
        bulk_insert(session, LogTile, rows)
    with database.read() as session:
        found = session.execute(select(LogTile.index, LogTile.data).order_by(LogTile.index)).all()
    assert [(index, bytes(data)) for index, data in found] == [(row["index"], row["data"]) for row in rows]
    database.close()


def test_only_what_is_absent_is_inserted(engine_url: str) -> None:
    database = upgraded(engine_url)
    first, second = (
        {"key": bytes((place,)) * 32, "number": f"4101002026100000013{place}"} for place in (1, 2)
    )
    with database.write() as session:
        bulk_insert(session, Claim, [first])
        insert_absent(session, Claim, [])
        insert_absent(session, Claim, [first, second])
    with database.read() as session:
        found = session.execute(select(Claim.key, Claim.number).order_by(Claim.number)).all()
    assert [(bytes(key), number) for key, number in found] == [tuple(row.values()) for row in (first, second)]
    database.close()


def test_bulk_insertion_keeps_the_promises_of_the_schema(engine_url: str) -> None:
    database = upgraded(engine_url)
    claim = {"key": bytes(32), "number": "41010020261000000131"}
    with pytest.raises(IntegrityError), database.write() as session:
        bulk_insert(session, Claim, [claim, claim])
    with database.read() as session:
        assert session.scalars(select(Claim)).all() == []
    database.close()


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO registry (id, host, root, created_at) VALUES (2, 'h', '', 0)",
        "INSERT INTO log_head (id, size) VALUES (2, 0)",
        "INSERT INTO series (authority, year, kind, next_serial) VALUES ('410100', 2026, 1, 0)",
        "INSERT INTO series (authority, year, kind, next_serial) VALUES ('410100', 2026, 1, 10000001)",
        "INSERT INTO void_number (number, reason, leaf_index, intent_id) VALUES ('1', 'r', 1, 99)",
        "INSERT INTO status_event (leaf_index, number, action, reason, at) VALUES (1, 'none', 'revoke', 'fraud', 0)",
    ],
)
def test_rows_that_the_schema_refuses(engine_url: str, statement: str) -> None:
    database = upgraded(engine_url)
    with pytest.raises(IntegrityError), database.write() as session:
        session.execute(text(statement))
    database.close()


def test_the_last_serial_may_be_used_up(engine_url: str) -> None:
    database = upgraded(engine_url)
    with database.write() as session:
        session.add(Series(authority="410100", year=2026, kind=1, next_serial=10_000_000))
    database.close()


def test_sqlite_is_durable_and_keeps_its_references(tmp_path: Path) -> None:
    database = upgraded(f"sqlite:///{tmp_path / 'one.db'}")
    with database.engine.connect() as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "foreign_keys", "synchronous", "cache_size", "wal_autocheckpoint")
        }
    assert pragmas == {
        "journal_mode": "wal",
        "foreign_keys": 1,
        "synchronous": 2,
        "cache_size": -65_536,
        "wal_autocheckpoint": 8_000,
    }
    database.close()


def test_readers_do_not_wait_for_a_writer(engine_url: str) -> None:
    database = upgraded(engine_url)
    with database.write() as writer:
        writer.add(LogHead(id=1, size=1))
        writer.flush()
        with database.read() as reader:
            assert reader.scalars(select(LogHead)).all() == []
    database.close()


def test_a_reading_session_writes_nothing(engine_url: str) -> None:
    database = upgraded(engine_url)
    with database.read() as session:
        session.add(LogHead(id=1, size=1))
        session.flush()
    with database.read() as session:
        assert session.scalars(select(LogHead)).all() == []
    database.close()


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_postgresql_by_its_usual_addresses(scheme: str) -> None:
    engine = Database(f"{scheme}://nobody@127.0.0.1:1/none").engine
    assert engine.url.drivername == "postgresql+psycopg"
    with pytest.raises(DBAPIError):
        engine.connect()


def test_settings_come_from_the_environment(tmp_path: Path) -> None:
    home = str(tmp_path)
    settings = settings_from({"CERTREG_HOME": home})
    assert settings.database_url == f"sqlite:///{tmp_path / 'registry.db'}"
    assert (settings.keys, settings.passphrase_file) == (tmp_path / "keys", None)
    other = settings_from(
        {"CERTREG_DATABASE_URL": "postgresql://h/d", "CERTREG_PASSPHRASE_FILE": "p"}, tmp_path
    )
    assert (other.database_url, other.passphrase_file, other.home) == (
        "postgresql://h/d",
        Path("p"),
        tmp_path,
    )
