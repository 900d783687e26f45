"""PostgreSQL's part of the database (``registry.database``): engine, binary COPY, errors that tell no values.

A registry on SQLite never loads it, nor the driver.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.errors import ReadOnlySqlTransaction
from psycopg.types.string import BytesBinaryDumper
from sqlalchemy import (
    BigInteger,
    Boolean,
    Connection,
    Engine,
    Integer,
    LargeBinary,
    String,
    Table,
    create_engine,
    event,
)
from sqlalchemy.engine import URL, ExceptionContext
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.types import TypeEngine

CONNECT_SECONDS = 5
"""For a server that does not answer at all; one that is not there refuses at once."""

LIVENESS = {
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}
"""For a host that is gone without a word: by the system's own times that is found out after a quarter of an hour, or two hours."""

POOL_SECONDS = 30.0
"""For one of an engine's connections, while all are taken."""


def engine_of(address: URL, *, pool_seconds: float | None = None) -> Engine:
    """An engine on the server at ``address``; who finds all its connections taken waits ``pool_seconds``."""
    engine = create_engine(
        address,
        # A server that was started anew is found out before a request needs it, not by a request that fails.
        pool_pre_ping=True,
        pool_timeout=POOL_SECONDS if pool_seconds is None else pool_seconds,
        connect_args=connection_words(address),
        hide_parameters=True,
    )
    event.listen(engine, "handle_error", _read_only, retval=True)
    event.listen(engine, "handle_error", _without_values, retval=True)
    return engine


def connection_words(address: URL) -> dict[str, int]:
    """What a connection to ``address`` is told about waiting, but for what the address itself says."""
    words = {"connect_timeout": CONNECT_SECONDS, **LIVENESS}
    return {name: value for name, value in words.items() if name not in address.query}


@contextmanager
def copying(
    connection: Connection, table: Table, names: Sequence[str], rows: Sequence[tuple[Any, ...]]
) -> Iterator[None]:
    """Have the server take ``rows`` of the columns ``names`` by binary COPY, the block being run while it works."""
    columns = ", ".join(f'"{name}"' for name in names)
    driver: Any = connection.connection.driver_connection
    statement = f'COPY "{table.name}" ({columns}) FROM STDIN (FORMAT BINARY)'
    try:
        with driver.cursor() as cursor, cursor.copy(statement) as copy:
            # Else it is the dumper of the DB API's own wrapper that was registered last, which is not compiled.
            cursor.adapters.register_dumper(bytes, BytesBinaryDumper)
            copy.set_types([_wire_type(table.c[name].type) for name in names])
            for row in rows:
                copy.write_row(row)
            yield
    except psycopg.IntegrityError as error:
        # As everywhere else: the driver's own error would pass by those who wait for this one. Its text is left behind:
        # it tells the row's values, a claim's hash among them.
        told = type(error)(error.diag.message_primary or "")
        raise IntegrityError(statement, None, told) from None
    except psycopg.OperationalError as error:  # the server is away, its disk is full
        first = error.diag.message_primary or str(error).partition("\n")[0]
        raise OperationalError(statement, None, type(error)(first)) from None


def _wire_type(kind: TypeEngine[Any]) -> str:
    """PostgreSQL's name of a column's type: binary COPY converts nothing."""
    for of, name in _WIRE_TYPES:
        if isinstance(kind, of):
            return name
    raise TypeError(f"no wire type for {kind}")


_WIRE_TYPES: tuple[tuple[type[TypeEngine[Any]], str], ...] = (
    (BigInteger, "int8"),
    (Integer, "int4"),
    (LargeBinary, "bytea"),
    (String, "text"),
    (Boolean, "bool"),
)
"""The first that fits: a ``BigInteger`` is an ``Integer`` too."""


def _read_only(context: ExceptionContext) -> BaseException | None:
    """A server that only reads, as an outage: it is a standby, or has not replayed all; people promote it, or wait."""
    original = context.original_exception
    if not isinstance(original, ReadOnlySqlTransaction):
        return None
    return OperationalError(context.statement, None, original, hide_parameters=True)


def _without_values(context: ExceptionContext) -> BaseException | None:
    """A server's error without its details, which tell the values of the row: a claim's hash, a name."""
    wrapped, original = context.sqlalchemy_exception, context.original_exception
    if not isinstance(wrapped, DBAPIError) or not isinstance(original, psycopg.IntegrityError):
        return None
    original.args = (original.diag.message_primary or "",)
    return type(wrapped)(wrapped.statement, None, original, hide_parameters=True)
