"""Which of its own keys the registry signs with now: for checkpoints and for status lists.

The trust list decides, not a file's name: the log's key is the one that ``log.vkey`` says, the status key the newest one
listed that may sign. Their files are ``log``, ``log-2`` … and ``status-1``, ``status-2`` … in the keyring.
"""

from collections.abc import Iterator
from itertools import takewhile

from keys.signer import Signer
from keys.trustlist import ListedKey, TrustList
from registry.errors import OfficeError
from registry.keyring import LOG_KEY, Keyring
from registry.log import log_origin
from verifier.note import ALGORITHM_NOTE, NoteKey


def log_key_names() -> Iterator[str]:
    """``log``, ``log-2``, ``log-3`` …"""
    yield LOG_KEY
    place = 2
    while True:
        yield f"{LOG_KEY}-{place}"
        place += 1


def own_log_names(keyring: Keyring) -> list[str]:
    """The names of the log's keys that lie here."""
    return list(takewhile(keyring.has, log_key_names()))


def log_keys(keyring: Keyring, host: str) -> dict[str, Signer]:
    """Every key of the log that lies here, by vkey, oldest first: those it had, and one that waits for its list."""
    found: dict[str, Signer] = {}
    for name in own_log_names(keyring):
        signer = keyring.signer(name)
        found[NoteKey(log_origin(host), ALGORITHM_NOTE, signer.public_key).vkey] = signer
    return found


def log_signer(keyring: Keyring, trust_list: TrustList) -> Signer:
    """The signer of checkpoints; raises ``OfficeError`` (``list_own_key``) where its key does not lie here."""
    signer = log_keys(keyring, trust_list.registry).get(trust_list.log_vkey)
    if signer is None:
        raise OfficeError("list_own_key", key=trust_list.log_vkey)
    return signer


def status_key(keyring: Keyring, trust_list: TrustList, now: int) -> tuple[ListedKey, Signer]:
    """The newest status key that may sign at ``now`` and lies here; raises ``OfficeError`` (``list_own_key``)."""
    for key in reversed(trust_list.status_keys):
        name = key.id.partition("#")[2]
        if key.revoked is None and key.not_before <= now <= key.not_after and keyring.has(name):
            signer = keyring.signer(name)
            if signer.public_key == key.public_key:
                return key, signer
    raise OfficeError("list_own_key", key="status")
