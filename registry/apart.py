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
from pathlib import Path

from keys.agent import AgentClient
from keys.agentd import Agent, CheckpointRule, HashRule, Journal, Rule, ServedKey, refuse
from keys.errors import CustodyError
from registry.keyring import Keyring, is_log_key

WORTHWHILE_ROWS = 5000
"""Rows from which on an agent of its own is started for a file: below, it costs more than it gains (README)."""
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
    chosen = frozenset(names)
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:
            child = _start(keyring, chosen, theirs, log_origin=log_origin, journal=journal)
        client = AgentClient.over(ours)
        try:
            yield keyring.with_agent(client, chosen)
        finally:
            client.close()
            ours.close()
            _end(child)


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
