"""What one engine has compiled, the next one of the same kind reads: each test has a registry, and so an engine, of its own.

SQLAlchemy keeps compiled statements for each dialect *object*, and compiling is a fifth of a short test. The tests' dialects are made
alike, from one program and one server, so they count as equal here; nothing of what is sent to a database changes.
"""

from typing import Any

from sqlalchemy import Engine
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.util import LRUCache

from registry import database

_KEPT: LRUCache[Any, Any] = LRUCache(5000)
_create_engine = database.create_engine


def _alike(one: object, other: object) -> bool:
    """Same kind, same server: what a compiled statement depends on."""
    version = "server_version_info"
    return type(one) is type(other) and getattr(one, version, None) == getattr(other, version, None)


def _sharing(*arguments: Any, **options: Any) -> Engine:
    engine = _create_engine(*arguments, **options)
    engine._compiled_cache = _KEPT
    return engine


for _dialect in (PGDialect_psycopg, SQLiteDialect_pysqlite):
    setattr(_dialect, "__eq__", _alike)  # noqa: B010 - a class of others
    setattr(_dialect, "__hash__", lambda self: hash(type(self)))  # noqa: B010
setattr(database, "create_engine", _sharing)  # noqa: B010
