"""What a piece of reading costs whatever else the machine does: pages that PostgreSQL touches, steps of SQLite's machine."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import event

from registry.database import Database
from tests.registry.overheard import overheard, reads


def effort_of(database: Database, work: Callable[[], object]) -> int:
    """The effort of all that ``work`` asks of ``database``. PostgreSQL is asked everything once more, to explain it."""
    if database.engine.dialect.name == "postgresql":
        with overheard(database) as heard:
            work()
        return sum(_pages(database, *one) for one in heard if reads(one))
    steps = [0]

    def step() -> int:
        steps[0] += 1
        return 0

    def begin(connection: Any) -> None:
        connection.connection.driver_connection.set_progress_handler(step, 1)

    def end(connection: Any) -> None:
        connection.connection.driver_connection.set_progress_handler(None, 0)

    event.listen(database.engine, "begin", begin)
    event.listen(database.engine, "rollback", end)
    try:
        work()
    finally:
        event.remove(database.engine, "begin", begin)
        event.remove(database.engine, "rollback", end)
    return steps[0]


def _pages(database: Database, statement: str, parameters: Any) -> int:
    with database.engine.connect() as connection:
        explained = f"EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) {statement}"
        (plan,) = connection.exec_driver_sql(explained, parameters).scalars()
    top = plan[0]["Plan"]
    return int(top["Shared Hit Blocks"]) + int(top["Shared Read Blocks"])
