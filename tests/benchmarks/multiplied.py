"""A synthetic archive on PostgreSQL made many times as large by the server itself: look-ups need the tables, not the log.

Each copy has offices of its own (their codes 100 apart), so every number and identity hash is different. Records, ranges, claims, events
and log entries are the first part's: what reads the log, or adds a person, is not measured on it, and no size is taken from it.
Constraints and indexes are taken away meanwhile; those that look-ups use are made again.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256

from sqlalchemy import Connection, text

from registry.database import Database
from tests.benchmarks.archive import Person

TABLES = ("certificate", "certificate_index")
_AGAIN = ("_pkey", "certificate_identity", "certificate_index_")
"""What is made again of constraints and indexes: keys of look-ups, and nothing that only insertions need."""
STEP = 10**14
"""Of a number's first 18 digits, whose last twelve follow the authority's code: 100 of that."""
_BODY = f"(CAST(left(one.number, 18) AS bigint) + {{copy}} * {STEP})"
_NUMBER = f"{_BODY}::text || lpad((98 - {_BODY} % 97 * 100 % 97)::text, 2, '0')"
_LEAVES = "{copy}::bigint * (SELECT size FROM log_head)"
_DIFFERING = {
    "number": _NUMBER,
    "authority": "left((CAST(left(one.number, 6) AS integer) + {copy} * 100)::text, 6)",
    "leaf_index": f"one.leaf_index + {_LEAVES}",
    "identity_hash": "sha256(one.identity_hash || '{copy}'::bytea)",
    "batch_id": "one.batch_id + {copy} * 10000000",
}


def multiply(database: Database, times: int) -> None:
    """Make the tables ``times`` as large."""
    with database.engine.connect() as opened:
        connection = opened.execution_options(isolation_level="AUTOCOMMIT")
        with _bare(connection):
            for table in TABLES:
                names = _columns(connection, table)
                for copy in range(1, times):
                    values = [_DIFFERING.get(name, f'one."{name}"').format(copy=copy) for name in names]
                    first = "one.number BETWEEN '411200' AND '411300'"  # which no copy is a part of
                    connection.execute(
                        text(
                            f'INSERT INTO "{table}" ({", ".join(names)}) '  # noqa: S608 - our own words
                            f'SELECT {", ".join(values)} FROM "{table}" AS one WHERE {first}'
                        )
                    )
        connection.execute(text("VACUUM ANALYZE"))  # as it would be kept


def in_copy(one: Person, copy: int) -> Person:
    """Where a person of the first part is found in a copy."""
    body = int(one.number[:18]) + copy * STEP
    number = f"{body}{98 - body * 100 % 97:02d}"
    hashed = sha256(one.identity_hash + str(copy).encode()).digest() if copy else one.identity_hash
    return Person(number, one.name, one.employer, hashed, one.batch + copy * 10_000_000)


@contextmanager
def _bare(connection: Connection) -> Iterator[None]:
    """``TABLES`` without constraints and indexes for the length of the block."""
    names = ", ".join(f"'{table}'::regclass" for table in TABLES)
    constraints = connection.execute(
        text(
            "SELECT conrelid::regclass::text, conname, contype, pg_get_constraintdef(oid) FROM pg_constraint "  # noqa: S608
            f"WHERE contype IN ('f', 'p', 'u') AND conparentid = 0 AND (conrelid IN ({names}) OR confrelid IN ({names}))"
        )
    ).all()
    for table, name, *_ in sorted(constraints, key=lambda row: row[2] != "f"):
        connection.execute(text(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"'))
    indexes = connection.execute(
        text(
            "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index "  # noqa: S608
            f"WHERE indrelid IN ({names})"
        )
    ).all()
    for name, _ in indexes:
        connection.execute(text(f"DROP INDEX {name}"))
    yield
    connection.execute(text("SET maintenance_work_mem = '512MB'"))
    for name, definition in indexes:
        if name.startswith(_AGAIN[1:]):
            connection.execute(text(definition.replace(" ON ONLY ", " ON ")))
    for table, name, _, definition in constraints:
        if name.endswith(_AGAIN[0]):
            connection.execute(text(f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {definition}'))


def _columns(connection: Connection, table: str) -> list[str]:
    found = connection.execute(
        text(
            "SELECT column_name FROM information_schema.columns WHERE table_name = :table AND is_generated = 'NEVER'"
        ),
        {"table": table},
    )
    return [str(row[0]) for row in found]
