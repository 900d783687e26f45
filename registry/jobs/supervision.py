"""A worker as a child process that is started anew when it dies: how ``certreg serve`` has one without a second command.

The child ends when its standard input does, so that it never outlives a parent that was killed. Its name is given by the
parent, who therefore knows which jobs a dead child held and puts them down at once, without waiting for their leases.
"""

import logging
import secrets
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import Event, Thread

from registry.database import Database
from registry.jobs.service import abandon
from registry.jobs.worker import lanes_of
from verifier.operation.logs import whereabouts

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
"""Seconds before a child that died is started anew: doubled each time it dies within ``LONGEST_PAUSE`` of its start."""
_GOODBYE = 30
"""Seconds for a child to leave its work; then it is killed, which costs nothing but the wait for a chunk."""
logger = logging.getLogger(__name__)


def worker_name() -> str:
    """A name that no other worker has: the host for people, the rest for certainty."""
    return f"{socket.gethostname()[:60]}-{secrets.token_hex(8)}"


@contextmanager
def supervised_worker(
    database: Database,
    environment: Mapping[str, str],
    command: tuple[str, ...] = (),
    *,
    options: tuple[str, ...] = (),
) -> Iterator[None]:
    """A worker runs while the block does. ``command`` is for tests; the default is ``certreg worker`` with ``options``."""
    words = command or (sys.executable, "-m", "registry.cli.main", "worker", "--child", *options)
    stop = Event()
    thread = Thread(target=_supervise, args=(database, dict(environment), words, stop), name="supervisor")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _supervise(
    database: Database, environment: dict[str, str], command: tuple[str, ...], stop: Event
) -> None:
    pause = FIRST_PAUSE
    while not stop.is_set():
        name = worker_name()
        try:
            # An interrupt from the terminal is for this process, also while the child still loads its modules.
            with subprocess.Popen(
                [*command, "--name", name], stdin=subprocess.PIPE, env=environment, start_new_session=True
            ) as child:
                lived = _watch(child, stop)
            ended = f"ended with {child.returncode}"
        except OSError as error:  # no room for another process: that may pass
            lived, ended = False, f"could not be begun: {whereabouts(error)}"
        _put_down(database, name)
        if not stop.is_set():
            logger.warning("the worker %s", ended)
            pause = FIRST_PAUSE if lived else min(pause * 2, LONGEST_PAUSE)
            stop.wait(pause)


def _watch(child: "subprocess.Popen[bytes]", stop: Event) -> bool:
    """Wait for the child's end, or bring it about; whether it had lived for a while."""
    waited = 0.0
    while child.poll() is None:
        if stop.wait(0.2):
            assert child.stdin is not None  # noqa: S101 - we asked for a pipe
            child.stdin.close()
            try:
                child.wait(_GOODBYE)
            except subprocess.TimeoutExpired:
                child.kill()
            return True
        waited += 0.2
    return waited > LONGEST_PAUSE


def _put_down(database: Database, name: str) -> None:
    try:
        with database.write() as session:
            for lane in lanes_of(name):
                abandon(session, holder=lane)
    except Exception:
        logger.warning("a dead worker's jobs wait for the end of their leases")
