"""Somebody who has the database and all its rights, and somebody who puts back an old backup of it.

Foreign keys and unique columns do not stop them. What they lack are the private keys, the secret of the vault and the
registry's folder.
"""
# ruff: noqa: S608 - the statements are ours

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, delete, insert, select, text

from registry.models import Base
from tests.registry.rig import Rig

Tamper = Callable[[Connection], None]
Backup = dict[str, list[dict[str, Any]]]


def sql(*statements: str, **values: object) -> Tamper:
    """Run ``statements`` as the intruder."""

    def run(connection: Connection) -> None:
        for statement in statements:
            connection.execute(text(statement), values)

    return run


def edit(table: str, column: str, where: str, change: Callable[[bytes], bytes]) -> Tamper:
    """Change the bytes in one column of one row."""

    def run(connection: Connection) -> None:
        data = bytes(connection.execute(text(f"SELECT {column} FROM {table} WHERE {where}")).scalar_one())
        connection.execute(text(f"UPDATE {table} SET {column} = :data WHERE {where}"), {"data": change(data)})

    return run


def tamper(rig: Rig, work: Tamper) -> None:
    """Do ``work`` with nothing in its way."""
    with rig.app.database.engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("COMMIT")
            connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            triggers = connection.execute(
                text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
            ).all()
            for name, _ in triggers:
                connection.exec_driver_sql(f"DROP TRIGGER {name}")
            work(connection)
            for _, statement in triggers:  # as PostgreSQL's are back with the next connection
                connection.exec_driver_sql(statement)
        else:
            connection.exec_driver_sql("SET session_replication_role = replica")
            work(connection)
        connection.commit()
    rig.app.database.close()


def back_up(rig: Rig) -> Backup:
    """Every row of every table, as a backup has them."""
    with rig.app.database.engine.connect() as connection:
        return {
            table.name: [dict(row) for row in connection.execute(select(table)).mappings()]
            for table in Base.metadata.sorted_tables
        }


def restore(rig: Rig, backup: Backup) -> None:
    """Put a backup in place of what is there. The registry's folder is not part of it."""

    def run(connection: Connection) -> None:
        for table in Base.metadata.sorted_tables:
            connection.execute(delete(table))
            if backup[table.name]:
                connection.execute(insert(table), backup[table.name])

    tamper(rig, run)
