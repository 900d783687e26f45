"""A PostgreSQL database as it was when it was founded: what a test put into it is taken out again.

To make a database anew is to copy ten megabytes of the server's own catalogue; to take a test's rows out and put the founded
ones back is a hundredth of that. A database whose tables, triggers or functions a test changed is not restored but given up.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import psycopg
from psycopg import sql

from tests.registry.engines import Cluster

_SCHEMA = """
SELECT md5(string_agg(what, '|' ORDER BY what)) FROM (
  SELECT format('%s %s %s %s', relname, relkind, relpersistence, reloptions)
    FROM pg_class WHERE relnamespace = 'public'::regnamespace
  UNION ALL SELECT format('%s %s %s %s %s %s', attrelid::regclass, attnum, attname, atttypid, atttypmod, attnotnull)
    FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid WHERE relnamespace = 'public'::regnamespace AND attnum > 0
  UNION ALL SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef
  UNION ALL SELECT format('%s %s', pg_get_indexdef(indexrelid), indisvalid)
    FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid WHERE relnamespace = 'public'::regnamespace
  UNION ALL SELECT format('%s %s', pg_get_triggerdef(oid), tgenabled) FROM pg_trigger
  UNION ALL SELECT format('%s %s', conname, pg_get_constraintdef(oid)) FROM pg_constraint
  UNION ALL SELECT pg_get_functiondef(oid)
    FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prokind IN ('f', 'p')
  UNION ALL SELECT nspname FROM pg_namespace WHERE nspname NOT LIKE 'pg%'
  UNION ALL SELECT format('%s', setconfig) FROM pg_db_role_setting
) AS everything (what)
"""
_TABLES = (
    "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY 1"
)
_SEQUENCES = "SELECT sequencename FROM pg_sequences WHERE schemaname = 'public' ORDER BY 1"
_OTHERS = """
SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
 WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


@dataclass(frozen=True, slots=True)
class _Original:
    """What a founded database is made of; ``rows`` as COPY writes them, of every table."""

    schema: str
    rows: Mapping[str, bytes]
    sequences: Mapping[str, tuple[int, bool]]


class Databases:
    """Copies of founded databases, for one test after another."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._originals: dict[str, _Original] = {}
        self._idle: dict[str, list[str]] = {}
        self._connections: dict[str, psycopg.Connection] = {}

    def borrow(self, template: str) -> str:
        """The name of a database that is like ``template``."""
        idle = self._idle.setdefault(template, [])
        return idle.pop() if idle else self._cluster.create(template)

    def give_back(self, template: str, name: str) -> None:
        """A test is done with it; whoever is still connected is cut off."""
        if template not in self._originals:
            with psycopg.connect(self._cluster.url(template)) as connection:
                self._originals[template] = _original(connection)
        # Kept open: a new one reads the whole catalogue again, which takes longer than all the rest.
        if name not in self._connections:
            self._connections[name] = psycopg.connect(self._cluster.url(name), autocommit=True)
        connection = self._connections[name]
        connection.execute(_OTHERS)
        if _restore(connection, self._originals[template]):
            self._idle[template].append(name)
        else:
            self._connections.pop(name).close()
            self._cluster.drop(name)

    def close(self) -> None:
        """No connection is left."""
        for connection in self._connections.values():
            connection.close()


def _original(connection: psycopg.Connection) -> _Original:
    tables = [name for (name,) in connection.execute(_TABLES)]
    sequences = [name for (name,) in connection.execute(_SEQUENCES)]
    return _Original(
        _schema(connection),
        {name: _rows(connection, name) for name in tables},
        {name: _place(connection, name) for name in sequences},
    )


def _restore(connection: psycopg.Connection, original: _Original) -> bool:
    """Whether it could be."""
    if _schema(connection) != original.schema:
        return False
    with connection.transaction():
        connection.execute(
            "SET LOCAL session_replication_role = replica"
        )  # no trigger, no foreign key: all comes together
        connection.execute(
            sql.SQL(";").join(
                sql.SQL("DELETE FROM {}").format(sql.Identifier(name)) for name in original.rows
            )
        )
        for name, rows in original.rows.items():
            if rows:
                with connection.cursor().copy(
                    sql.SQL("COPY {} FROM STDIN").format(sql.Identifier(name))
                ) as copy:
                    copy.write(rows)
        for name, (value, called) in original.sequences.items():
            connection.execute("SELECT setval(%s::regclass, %s, %s)", (f'public."{name}"', value, called))
    return True


def _schema(connection: psycopg.Connection) -> str:
    row = connection.execute(_SCHEMA).fetchone()
    assert row is not None
    return str(row[0])


def _rows(connection: psycopg.Connection, name: str) -> bytes:
    with connection.cursor().copy(sql.SQL("COPY {} TO STDOUT").format(sql.Identifier(name))) as copy:
        return b"".join(copy)


def _place(connection: psycopg.Connection, name: str) -> tuple[int, bool]:
    row = connection.execute(
        sql.SQL("SELECT last_value, is_called FROM {}").format(sql.Identifier(name))
    ).fetchone()
    assert row is not None
    return int(row[0]), bool(row[1])
