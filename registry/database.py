"""The database: SQLite by default, PostgreSQL for offices; sessions, migrations and bulk insertion.

One request, one transaction, committed at the edge: services take a ``Session`` and never commit. A writing session on
SQLite begins with ``BEGIN IMMEDIATE``, which is the row lock that ``SELECT … FOR UPDATE`` is on PostgreSQL: two writers
wait for each other instead of failing half-way. WAL, foreign keys on, ``synchronous=FULL``: what is committed survives
the loss of power.
"""

import logging
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Connection,
    Engine,
    Table,
    create_engine,
    event,
    func,
    inspect,
    select,
    text,
)
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.orm import Session

from registry.errors import RegistryError
from registry.files import make_private_file
from registry.replica import PATIENCE, Replica

_SQLITE_VARIABLES = 500
"""Values of one statement; SQLite's own bound was 999 for long."""
_SQLITE_PRAGMAS = {
    "foreign_keys": "ON",
    "synchronous": "FULL",
    # A chunk of issuing changes pages all over its indexes; SQLite's own 2 MB do not hold them, and each is then written twice.
    "cache_size": -65_536,  # KiB
    "wal_autocheckpoint": 8_000,  # pages of 4 KiB
}
BUSY_TIMEOUT_MS = 60_000
"""A writer waits this long for another; issuing holds the lock for well under a second."""

_WAL_PAUSE = 0.01
"""Seconds between two tries to switch a new file to its write-ahead log."""

ALONE = int.from_bytes(b"certreg\0")
"""PostgreSQL's advisory lock of this program in its database."""

_MIGRATIONS = Path(__file__).parent / "migrations"


class Database:
    """An engine and the kinds of session on it; ``replica_url`` leads to a streaming replica of it, for ``look``."""

    def __init__(self, url: str, replica_url: str | None = None) -> None:
        self.engine = _engine(url)
        self._writing = self.engine.execution_options(writing=True)
        # SQLite's snapshot is one state by nature; PostgreSQL has to be asked for it.
        postgresql = self.engine.dialect.name == "postgresql"
        self._reading = (
            self.engine.execution_options(isolation_level="REPEATABLE READ") if postgresql else self.engine
        )
        self._replica: Replica | None = None
        if replica_url is not None and postgresql:
            replica = _engine(replica_url, pool_seconds=PATIENCE)
            self._replica = Replica(replica.execution_options(isolation_level="REPEATABLE READ"))

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session that sees one state of the database and changes nothing."""
        with Session(self._reading) as session:
            yield session

    @contextmanager
    def look(self) -> Iterator[Session]:
        """As ``read``, for searches and long lists: the replica's, where there is one that has all that was committed."""
        replica = self._replica.connection_in_step(self.engine) if self._replica is not None else None
        if replica is None:
            with self.read() as session:
                yield session
            return
        with replica, Session(replica) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A transaction: committed at the end of the block, rolled back where it raises."""
        with Session(self._writing, expire_on_commit=False) as session, session.begin():
            yield session

    @contextmanager
    def write_alone(self) -> Iterator[Session]:
        """A transaction that no other ``write_alone`` or ``upgrade`` runs beside, whatever rows there are or are not."""
        with self.write() as session:
            _be_alone(session.connection())
            yield session

    def schema(self) -> str | None:
        """The version of the schema that is here, None for an empty database; changes nothing."""
        with self._reading.connect() as connection:
            if not inspect(connection).has_table("alembic_version"):
                return None
            return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()

    def upgrade(self) -> None:
        """Bring the schema to this program's version."""
        from alembic import command  # noqa: PLC0415  (once in a registry's life, not at each start)
        from alembic.config import Config  # noqa: PLC0415

        configuration = Config()
        configuration.set_main_option("script_location", str(_MIGRATIONS))
        with self._writing.begin() as connection:
            _be_alone(connection)
            configuration.attributes["connection"] = connection
            command.upgrade(configuration, "head")

    def close(self) -> None:
        """Give all connections back."""
        self.engine.dispose()
        if self._replica is not None:
            self._replica.engine.dispose()


def newest_schema() -> str:
    """The version of the schema that this program works with."""
    return max(known_schemas())


def known_schemas() -> frozenset[str]:
    """Every version of the schema that this program can bring up to date: the digits that a migration's file is named by."""
    return frozenset(path.name[1:5] for path in (_MIGRATIONS / "versions").glob("v????_*.py"))


def is_absent(url: str) -> bool:
    """Whether ``url`` is a SQLite file that is not there; opening it would make it."""
    parsed = _parsed(url)
    return parsed.get_backend_name() == "sqlite" and not Path(parsed.database or "").exists()


def bulk_insert(session: Session, table: type[Any], rows: Sequence[dict[str, Any]]) -> None:
    """Insert ``rows`` (column to value, all with the same columns) by the engine's quickest way, in this transaction.

    PostgreSQL takes them by binary COPY, SQLite by ``executemany``; the promises of the schema hold in both, and what breaks one
    raises ``IntegrityError``.
    """
    if rows:
        with bulk_inserting(session, table, tuple(rows[0]), [tuple(row.values()) for row in rows]):
            pass


@contextmanager
def bulk_inserting(
    session: Session, table: type[Any], names: Sequence[str], rows: Sequence[tuple[Any, ...]]
) -> Iterator[None]:
    """As ``bulk_insert``, of the columns ``names``; the block may compute beside a database server at work, and must leave the session alone."""
    if not rows:
        yield
        return
    target: Table = table.__table__
    connection = session.connection()
    if connection.dialect.name == "postgresql":
        from registry import postgresql  # noqa: PLC0415

        with postgresql.copying(connection, target, names, rows):
            yield
        return
    columns = ", ".join(f'"{name}"' for name in names)
    sql = f'INSERT INTO "{target.name}" ({columns}) VALUES ({", ".join("?" * len(names))})'  # noqa: S608
    connection.exec_driver_sql(sql, list(rows))
    yield


def insert_absent(session: Session, table: type[Any], rows: Sequence[dict[str, Any]]) -> None:
    """Insert ``rows`` (column to value), but for those that are there by any promise of the schema; nothing is said of these."""
    if not rows:  # the statement would be of a row of defaults
        return
    name = session.connection().dialect.name
    dialect = import_module(f"sqlalchemy.dialects.{name}")  # which the engine loaded
    session.execute(dialect.insert(table).on_conflict_do_nothing(), rows)


def select_among(
    session: Session, table: type[Any], column: str, values: Sequence[Any], wanted: Sequence[str]
) -> Iterator[tuple[Any, ...]]:
    """The ``wanted`` columns of the rows whose ``column`` is one of ``values``, however many these are.

    The statement's text does not depend on the values: the general way writes a name for each of thousands, every time.
    """
    if not values:  # a list of nothing has no type
        return
    target: Table = table.__table__
    connection = session.connection()
    names = ", ".join(f'"{name}"' for name in wanted)
    base = f'SELECT {names} FROM "{target.name}" WHERE "{column}"'  # noqa: S608 - names of our own
    if connection.dialect.name == "postgresql":
        yield from map(tuple, connection.exec_driver_sql(f"{base} = ANY(%b)", (list(values),)))
        return
    for start in range(0, len(values), _SQLITE_VARIABLES):
        part = tuple(values[start : start + _SQLITE_VARIABLES])
        yield from map(tuple, connection.exec_driver_sql(f"{base} IN ({', '.join('?' * len(part))})", part))


def _be_alone(connection: Connection) -> None:
    """Wait for the one lock of this program that belongs to no row; the transaction's end lets go of it."""
    if connection.dialect.name == "postgresql":  # SQLite has one writer at a time by nature
        connection.execute(select(func.pg_advisory_xact_lock(ALONE)))


def _parsed(url: str) -> URL:
    """The address; raises ``RegistryError`` (``database_address``) for what is none of ours. It may hold a password."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:
        raise RegistryError("database_address") from error
    if parsed.drivername in ("postgresql", "postgres"):
        return parsed.set(drivername="postgresql+psycopg")
    if parsed.drivername not in ("postgresql+psycopg", "sqlite", "sqlite+pysqlite"):
        raise RegistryError("database_address")
    return parsed


def _engine(url: str, *, pool_seconds: float | None = None) -> Engine:
    # No error and no log line of the engine's tells values: hashes, names and sealed numbers are among them. Whoever turns
    # on all logging does not turn on this, which would tell every row that is read.
    logging.getLogger("sqlalchemy").setLevel(logging.WARNING)
    parsed = _parsed(url)
    if parsed.get_backend_name() != "sqlite":
        from registry import postgresql  # noqa: PLC0415  (and its driver: a tenth of a second, at each start)

        return postgresql.engine_of(parsed, pool_seconds=pool_seconds)
    if parsed.database and parsed.database != ":memory:" and not parsed.database.startswith("file:"):
        # Names and employers lie in it; its -wal and -shm get the same mode from SQLite.
        make_private_file(Path(parsed.database))
    engine = create_engine(
        parsed,
        connect_args={"timeout": BUSY_TIMEOUT_MS / 1000, "check_same_thread": False},
        hide_parameters=True,
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _: object) -> None:
    # The driver's own transaction handling begins too late for a lock; we begin by hand below.
    connection.isolation_level = None
    _use_wal(connection)
    for pragma, value in _SQLITE_PRAGMAS.items():
        connection.execute(f"PRAGMA {pragma}={value}")


def _use_wal(connection: Any) -> None:
    """Where two open a new file at once SQLite tells one of them at once that it is locked, so the waiting is ours."""
    end = time.monotonic() + BUSY_TIMEOUT_MS / 1000
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() >= end:
                raise
        else:
            return
        time.sleep(_WAL_PAUSE)


def _begin_sqlite(connection: Connection) -> None:
    writing = connection.get_execution_options().get("writing", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")
