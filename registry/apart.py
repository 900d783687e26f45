"""Signing in a process of its own: the agent that serves a registry (``certreg agent serve``), and the one of a large file.

For a large file ``issue`` starts an agent for itself alone, at the other end of a socket pair that nobody else can reach.
It opens the authority's key and the log's while the first rows are read, signs on another core while this process goes on,
and ends when this end is closed, however that comes about. If it dies, ``agent_gone`` is raised and every intent stays as
it was reserved: ``resume`` finishes them, as after any crash.
"""

import ctypes
import os
import resource
import socket
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock, Timer

from keys.agent import AgentClient
from keys.agentd import Agent, CheckpointRule, HashRule, Journal, Rule, ServedKey, refuse
from keys.errors import CustodyError
from registry.keyring import Keyring, is_log_key

WORTHWHILE_ROWS = 5000
"""Rows from which on an agent of its own is started for a file: below, it costs more than it gains (README)."""
KEPT = 300.0
"""Seconds that an agent is kept for the next file of a process that issues many: a clerk's next one, not the next day."""
_PR_SET_DUMPABLE = 4
_ENDING = 10.0
"""Seconds that an agent whose client is gone may take to end."""


def served_keys(keyring: Keyring, names: Iterable[str], *, log_origin: str) -> dict[str, ServedKey]:
    """The keys of these names, opened side by side (each costs a quarter of a second), and what each may sign."""
    chosen = list(names)
    with ThreadPoolExecutor() as pool:
        signers = list(pool.map(keyring.signer, chosen))
    return {
        name: ServedKey(signer, rule_of(name, log_origin))
        for name, signer in zip(chosen, signers, strict=True)
    }


def rule_of(name: str, log_origin: str) -> Rule:
    """What the key of that name may sign."""
    return CheckpointRule(log_origin) if is_log_key(name) else HashRule()


def keep_memory_private() -> None:
    """From now on no other process of this user may read this one's memory, and it leaves no core (prctl(2)).

    Raises ``OSError`` where the kernel will not.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


@contextmanager
def private_agent(
    keyring: Keyring, names: Iterable[str], *, log_origin: str, journal: Path
) -> Iterator[Keyring]:
    """``keyring`` with an agent of its own for ``names``, as long as the block lasts."""
    running = _Running.started(keyring, frozenset(names), log_origin=log_origin, journal=journal)
    try:
        yield running.beside(keyring)
    finally:
        running.end()


class KeptAgent:
    """For a process that issues file after file: the agent of one is kept for the next, as long as few minutes lie between.

    To start one takes 0.7 s of a processor. One file has it at a time, and another at the same time one of its own; after
    a file that failed, and for other keys, it is started anew. Thread-safe.
    """

    def __init__(self, *, idle: float = KEPT) -> None:
        """``idle`` is for how many seconds nobody may need it."""
        self._idle = idle
        self._kept: _Running | None = None
        self._timer: Timer | None = None
        self._lock = Lock()

    @contextmanager
    def lent(
        self, keyring: Keyring, names: Iterable[str], *, log_origin: str, journal: Path
    ) -> Iterator[Keyring]:
        """As ``private_agent``, with the kept one where that serves."""
        wanted = frozenset(names)
        running = self._take()
        if running is not None and not running.serves(keyring, wanted):
            running.end()
            running = None
        running = running or _Running.started(keyring, wanted, log_origin=log_origin, journal=journal)
        try:
            yield running.beside(keyring)
        except BaseException:
            running.end()
            raise
        self._keep(running)

    def close(self) -> None:
        """End the one that is kept."""
        running = self._take()
        if running is not None:
            running.end()

    def _take(self) -> "_Running | None":
        return self._exchange(None)

    def _keep(self, running: "_Running") -> None:
        before = self._exchange(running)
        if before is not None:
            before.end()

    def _exchange(self, running: "_Running | None") -> "_Running | None":
        """Keep ``running``, and let go of what was kept."""
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
            self._timer = Timer(self._idle, self.close) if running is not None else None
            before, self._kept = self._kept, running
            if self._timer is not None:
                self._timer.daemon = True
                self._timer.start()
        return before


@dataclass(frozen=True, slots=True)
class _Running:
    """An agent of this process's: for which keys of which keyring, this end of its socket, the child."""

    keyring: Keyring
    names: frozenset[str]
    client: AgentClient
    end_here: socket.socket
    child: "subprocess.Popen[bytes]"

    @classmethod
    def started(
        cls, keyring: Keyring, names: frozenset[str], *, log_origin: str, journal: Path
    ) -> "_Running":
        """A new one; it opens its keys while this process goes on."""
        ours, theirs = socket.socketpair()
        with theirs:
            child = _start(keyring, names, theirs, log_origin=log_origin, journal=journal)
        return cls(keyring, names, AgentClient.over(ours), ours, child)

    def beside(self, keyring: Keyring) -> Keyring:
        """``keyring`` with this agent for its keys."""
        return keyring.with_agent(self.client, self.names)

    def serves(self, keyring: Keyring, names: frozenset[str]) -> bool:
        """Whether it was started for that and still lives."""
        return self.keyring is keyring and self.names == names and self.child.poll() is None

    def end(self) -> None:
        """Hang up, and see it end."""
        self.client.close()
        self.end_here.close()
        _end(self.child)


def _start(
    keyring: Keyring, names: Iterable[str], end: socket.socket, *, log_origin: str, journal: Path
) -> "subprocess.Popen[bytes]":
    told = [str(end.fileno()), str(keyring.folder), str(keyring.custody or ""), str(journal), log_origin]
    file = keyring.passphrase_file
    passphrase_file = {"CERTREG_PASSPHRASE_FILE": str(file)} if file else {}
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "registry.apart", *told, *sorted(names)],
        env={**os.environ, **keyring.environment, **passphrase_file},
        pass_fds=(end.fileno(),),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        start_new_session=True,  # an interrupt from the terminal is for the program; this process ends after it
    )


def _end(child: "subprocess.Popen[bytes]") -> None:
    try:
        child.wait(_ENDING)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def main(arguments: list[str], environment: Mapping[str, str]) -> None:
    """The agent of one run: the socket's descriptor, folder of keys, custody file, journal, the log's origin, names of keys."""
    descriptor, folder, custody, journal, log_origin, *names = arguments
    passphrase_file = environment.get("CERTREG_PASSPHRASE_FILE")
    keyring = Keyring(
        Path(folder),
        environment=environment,
        passphrase_file=Path(passphrase_file) if passphrase_file else None,
        custody=Path(custody) if custody else None,
    )
    keep_memory_private()
    with socket.socket(fileno=int(descriptor)) as connection:
        try:
            keys = served_keys(keyring, names, log_origin=log_origin)
        except CustodyError as error:
            refuse(connection, error.code)
            return
        Agent(keys, Journal(Path(journal))).converse(connection)


if __name__ == "__main__":
    main(sys.argv[1:], os.environ)
