"""Signing in a process of its own: the agent that serves a registry (``certreg agent serve``), and the one of a large file.

For a large file ``issue`` starts an agent for itself alone, at the other end of a socket pair that nobody else can reach.
It opens the authority's key and the log's while the first rows are read, signs on another core while this process goes on,
and ends when this end is closed, however that comes about. If it dies, ``agent_gone`` is raised and every intent stays as
it was reserved: ``resume`` finishes them, as after any crash.
"""

import os
import socket
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from keys.agent import AgentClient
from keys.agentd import Agent, CheckpointRule, HashRule, Journal, Rule, ServedKey, refuse
from keys.errors import CustodyError
from registry.children import KEPT, Kept, keep_memory_private, see_end
from registry.keyring import Keyring, is_log_key

WORTHWHILE_ROWS = 5000
"""Rows from which on an agent of its own is started for a file: below, it costs more than it gains (README)."""


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
    """The agent of one file is kept for the next (``registry.children``): to start one takes 0.7 s of a processor."""

    def __init__(self, *, idle: float = KEPT) -> None:
        """``idle`` is for how many seconds nobody may need it."""
        self._kept: Kept[_Running] = Kept(idle=idle)

    @contextmanager
    def lent(
        self, keyring: Keyring, names: Iterable[str], *, log_origin: str, journal: Path
    ) -> Iterator[Keyring]:
        """As ``private_agent``, with the kept one where that serves."""
        wanted = frozenset(names)

        def start() -> _Running:
            return _Running.started(keyring, wanted, log_origin=log_origin, journal=journal)

        with self._kept.lent(start, lambda running: running.serves(keyring, wanted)) as running:
            yield running.beside(keyring)

    def close(self) -> None:
        """End the one that is kept."""
        self._kept.close()


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
        see_end(self.child)


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
