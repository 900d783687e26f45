"""Copying a database out and in, by each engine's own means: SQLite's online backup; ``pg_dump`` and ``pg_restore``.

Both copy the one state that a reading session sees, while others write. Both put back whole or not at all: SQLite's file
is renamed into its place, PostgreSQL's rows come in one transaction.
"""

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import func, inspect, select
from sqlalchemy.engine import URL, make_url
from sqlalchemy.orm import Session

from registry.database import Database, is_absent
from registry.errors import RegistryError
from registry.files import PRIVATE, flush_folder, fresh_file, make_private_file

DATABASE_FILE: Mapping[str, str] = {"sqlite": "registry.db", "postgresql": "registry.dump"}
"""The name of the copy, by engine."""
_SIDE_FILES = ("-wal", "-shm", "-journal")
_TOLD = 200
"""Characters of a tool's first line: the lines below it may hold values of rows."""


def dump_database(session: Session, url: str, folder: Path) -> Path:
    """Copy what ``session`` (a reading one, already begun) sees into ``folder``; the copy's path."""
    engine = session.connection().dialect.name
    target = folder / DATABASE_FILE[engine]
    make_private_file(target)
    if engine == "postgresql":
        snapshot = str(session.scalars(select(func.pg_export_snapshot())).one())
        words = ("--format=custom", "--no-owner", "--no-privileges", f"--snapshot={snapshot}")
        _tool("pg_dump", url, [*words, f"--file={target}"])
    else:
        source: Any = session.connection().connection.driver_connection
        with closing(sqlite3.connect(target)) as copy:
            # The connection's transaction is open, so that what is copied is what this session reads.
            source.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")  # one file, which needs no other beside it
    _flush(target)
    return target


def require_empty(url: str) -> None:
    """There is nothing at ``url`` that a restoration could overwrite; else ``RegistryError`` (``restore_not_empty``)."""
    if _file_of(url) is not None:
        for file in (Path(f"{_file_of(url)}{end}") for end in _SIDE_FILES):
            # SQLite would replay it into whatever lies beside it.
            if file.exists() and is_absent(url):
                raise RegistryError("restore_left_over", file=str(file))
        if is_absent(url):
            return
    with closing(Database(url)) as database:
        tables = inspect(database.engine).get_table_names()
    if tables:
        raise RegistryError("restore_not_empty", tables=len(tables))


def live_files(url: str) -> frozenset[Path]:
    """The files of the database at ``url``, there or not: SQLite's and those that it keeps beside it; none of a server's."""
    file = _file_of(url)
    return frozenset(Path(f"{file.resolve()}{end}") for end in ("", *_SIDE_FILES)) if file else frozenset()


def load_database(copy: Path, url: str) -> None:
    """Put ``copy`` into the empty database at ``url``: whole, or not at all."""
    target = _file_of(url)
    if target is None:
        words = ("--exit-on-error", "--single-transaction", "--no-owner", "--no-privileges")
        _tool("pg_restore", url, [*words, str(copy)])
        return
    for end in _SIDE_FILES:  # of the empty file that ``require_empty`` looked into
        Path(f"{target}{end}").unlink(missing_ok=True)
    with fresh_file(target, mode=PRIVATE) as fresh:
        shutil.copyfile(copy, fresh)
        _flush(fresh)
        fresh.replace(target)
    flush_folder(target.parent)


def engine_of(url: str) -> str:
    """``sqlite`` or ``postgresql``."""
    return "sqlite" if _file_of(url) is not None else "postgresql"


def _file_of(url: str) -> Path | None:
    """SQLite's file, or None for a server."""
    parsed = make_url(url)
    return Path(parsed.database or "") if parsed.get_backend_name() == "sqlite" else None


def _tool(name: str, url: str, words: Sequence[str]) -> None:
    """Run one of PostgreSQL's programs; the password goes by its environment, where no list of processes shows it."""
    program = shutil.which(name)
    if program is None:
        raise RegistryError("backup_tool_missing", tool=name)
    address: URL = make_url(url)
    shown = address.set(drivername="postgresql", password=None).render_as_string(hide_password=False)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CERTREG_")}
    if address.password:
        environment["PGPASSWORD"] = str(address.password)
    done = subprocess.run(
        [program, f"--dbname={shown}", "--no-password", *words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        env={**environment, "LC_ALL": "C.UTF-8"},
        check=False,
    )
    if done.returncode:
        first = done.stderr.strip().partition("\n")[0]
        raise RegistryError("backup_tool_failed", tool=name, problem=first[:_TOLD] or str(done.returncode))


def _flush(file: Path) -> None:
    with file.open("rb") as stream:
        os.fsync(stream.fileno())
