"""What a database is asked: every statement with its values, in order."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from registry.database import Database

Statement = tuple[str, Any]


@contextmanager
def overheard(database: Database) -> Iterator[list[Statement]]:
    """Every statement that is executed in the block; COPY passes by."""
    heard: list[Statement] = []

    def hear(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> None:
        heard.append((statement, parameters))

    event.listen(database.engine, "before_cursor_execute", hear)
    try:
        yield heard
    finally:
        event.remove(database.engine, "before_cursor_execute", hear)


def reads(statement: Statement) -> bool:
    """Whether it is a SELECT."""
    return statement[0].lstrip().upper().startswith(("SELECT", "WITH"))
