"""PostgreSQL servers that a test may stop, lose, copy and promote: each with a data folder of its own.

Only where the system has ``initdb`` and ``pg_basebackup``; else ``NoPostgresError``. ``engines`` has the cluster that tests share.
"""

import os
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from tests.registry.engines import (
    UNSYNCED,
    USER,
    NoPostgresError,
    _as_another_user,
    _call,
    _installed_programs,
)

PATIENCE = 30


def until(condition: Callable[[], bool], patience: float = PATIENCE) -> None:
    """Wait for ``condition``; a server that is just starting may refuse for a while."""
    end = time.monotonic() + patience
    while True:
        with suppress(psycopg.OperationalError):
            if condition():
                return
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


@dataclass(slots=True)
class Server:
    """One server. ``folder`` holds data, socket and log."""

    folder: Path
    programs: Path
    prefix: list[str]
    running: bool = False

    @property
    def data(self) -> Path:
        """Its data folder."""
        return self.folder / "data"

    def url(self, database: str = "postgres") -> str:
        """What ``CERTREG_DATABASE_URL`` takes."""
        return f"postgresql://{USER}@/{database}?host={self.folder}"

    def start(self) -> None:
        """Start it, and wait for that."""
        options = f"-c listen_addresses='' -c unix_socket_directories={self.folder} {UNSYNCED}"
        _call([*self._control(), "-l", str(self.folder / "log"), "-o", options, "start"])
        self.running = True

    def stop(self, how: str = "immediate") -> None:
        """Stop it: ``immediate`` is a crash."""
        if self.running:
            _call([*self._control(), "-m", how, "stop"])
            self.running = False

    def promote(self) -> None:
        """From a standby to a server that writes."""
        _call([*self._control(), "promote"])

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """It stands still while the block runs: connections are there, and no answer comes."""
        (first, *_) = (self.data / "postmaster.pid").read_text().split()
        children = Path(f"/proc/{first}/task/{first}/children").read_text().split()
        processes = [int(first), *map(int, children)]
        try:
            for process in processes:
                os.kill(process, signal.SIGSTOP)
            yield
        finally:
            for process in processes:
                with suppress(ProcessLookupError):
                    os.kill(process, signal.SIGCONT)

    def lose(self) -> None:
        """The disk is gone."""
        self.stop()
        shutil.rmtree(self.data)

    def configure(self, *lines: str) -> None:
        """Lines for the end of its configuration."""
        with (self.data / "postgresql.auto.conf").open("a") as file:
            file.writelines(f"{line}\n" for line in lines)

    def ask(self, statement: str, database: str = "postgres") -> Any:
        """The first value of a statement's answer."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            answer = connection.execute(statement)  # type: ignore[call-overload]
            return answer.fetchone()[0] if answer.description else None

    def _control(self) -> list[str]:
        return [*self.prefix, str(self.programs / "pg_ctl"), "-D", str(self.data), "-w"]


@dataclass(slots=True)
class Servers:
    """Makes servers below ``folder``; all stop at the end of ``servers``."""

    folder: Path
    programs: Path
    made: list[Server] = field(default_factory=list)

    def place(self, name: str) -> Path:
        """A folder that servers may write in."""
        made = self.folder / name
        made.mkdir()
        _as_another_user(made)
        return made

    def empty(self, name: str) -> Server:
        """A server without data."""
        place = self.place(name)
        server = Server(place, self.programs, _as_another_user(place))
        self.made.append(server)
        return server

    def new(self, name: str, *configuration: str) -> Server:
        """A server with an empty cluster, running."""
        server = self.empty(name)
        program = str(self.programs / "initdb")
        _call(
            [*server.prefix, program, "-D", str(server.data), "-U", USER, "-A", "trust", "-E", "UTF8", "-N"]
        )
        server.configure(*configuration)
        server.start()
        return server

    def base_backup(self, of: Server, target: Path, *words: str) -> None:
        """``pg_basebackup`` of a running server into ``target``."""
        program = str(self.programs / "pg_basebackup")
        _call([*of.prefix, program, "-d", of.url(), "-D", str(target), "-c", "fast", *words])

    def standby(self, of: Server, name: str, slot: str) -> Server:
        """A streaming replica, running."""
        server = self.empty(name)
        self.base_backup(of, server.data, "-R", "-C", "-S", slot)
        server.start()
        return server


@contextmanager
def servers() -> Iterator[Servers]:
    """Servers for the length of the block; raises ``NoPostgresError``."""
    programs = _installed_programs()
    if programs is None or not (programs / "pg_basebackup").exists():
        raise NoPostgresError("neither initdb nor pg_basebackup is installed")
    with ExitStack() as stack:
        place = tempfile.TemporaryDirectory(prefix="certreg-pg-", ignore_cleanup_errors=True)
        folder = Path(stack.enter_context(place))
        _as_another_user(folder)
        made = Servers(folder, programs)
        stack.callback(lambda: [one.stop() for one in made.made])
        yield made
