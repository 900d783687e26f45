"""Passwords: long rather than contrived, Argon2id, and none that the world knows already.

Rules are those of NIST SP 800-63B, 3.1.1.2: a minimum length and no composition, no expiry, whatever characters somebody
likes (normalised, so that two keyboards agree), and a list of what is known. Verifying takes the same time whether there
is such an account, and a few run at once: each takes the memory that makes guessing dear.
"""

import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from registry.accounts.errors import AccountError

MIN_CHARACTERS = 12
MAX_CHARACTERS = 128
"""A sentence fits. Against: somebody who has us hash a book."""
_AT_ONCE = 4
"""Hashes at once in a process: 256 MiB at the usual cost."""
_PATIENCE = 10.0
"""Seconds that one waits for its turn; sender: anyone at the door."""
_DISTINCT = 5
"""Different characters, at least: a repeated syllable is no length."""


@dataclass(frozen=True, slots=True)
class PasswordCost:
    """Argon2id: the price of one guess. Source: RFC 9106, 4, second recommended option (64 MiB, 3 passes, 4 lanes)."""

    time: int = 3
    memory_kib: int = 64 * 1024
    lanes: int = 4


@dataclass(slots=True)
class Passwords:
    """Hashes and verifies at one cost; ``breached`` is a file of known passwords, one a line."""

    cost: PasswordCost
    breached: Path | None = None
    _turns: BoundedSemaphore = field(default_factory=lambda: BoundedSemaphore(_AT_ONCE))

    def hash(self, password: str) -> str:
        """The text to keep; it carries its own parameters."""
        with self._turn():
            return self._hasher().hash(_normal(password))

    def verify(self, kept: str | None, password: str) -> bool:
        """Whether ``password`` is the one of ``kept``; just as long where nothing is kept, and then never."""
        with self._turn():
            try:
                self._hasher().verify(kept or _decoy(self.cost), _normal(password))
            except (VerificationError, InvalidHashError):
                return False
        return kept is not None

    def is_outdated(self, kept: str) -> bool:
        """Whether ``kept`` was made at another cost than today's."""
        return self._hasher().check_needs_rehash(kept)

    def require_good(self, password: str, *, login: str) -> None:
        """Raise ``AccountError`` (``password_short``, ``password_long``, ``password_plain``, ``password_known``)."""
        plain = _normal(password)
        if len(plain) < MIN_CHARACTERS:
            raise AccountError("password_short", least=MIN_CHARACTERS)
        if len(plain) > MAX_CHARACTERS:
            raise AccountError("password_long", most=MAX_CHARACTERS)
        folded = plain.casefold()
        if len(set(folded)) < _DISTINCT or (len(login) >= 4 and login in folded) or _is_run(folded):
            raise AccountError("password_plain")
        if self.breached is not None and sha256(plain.encode()).digest() in known_passwords(self.breached):
            raise AccountError("password_known")

    def _hasher(self) -> PasswordHasher:
        return _hasher(self.cost)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if not self._turns.acquire(timeout=_PATIENCE):
            raise AccountError("busy")
        try:
            yield
        finally:
            self._turns.release()


@cache
def known_passwords(file: Path) -> frozenset[bytes]:
    """SHA-256 of each line of ``file`` that is long enough to be a password here; raises ``OSError``."""
    with file.open(encoding="utf-8", errors="replace") as lines:
        plain = (_normal(line.rstrip("\r\n")) for line in lines)
        return frozenset(sha256(one.encode()).digest() for one in plain if len(one) >= MIN_CHARACTERS)


def _normal(password: str) -> str:
    # A lone surrogate can be sent, and cannot be encoded.
    return unicodedata.normalize("NFKC", password).encode("utf-8", "replace").decode()


def _is_run(text: str) -> bool:
    """Whether every character follows the one before: 123456789012, abcdefghijkl."""
    steps = {(ord(after) - ord(before)) % 10 for before, after in pairwise(text)}
    return len(steps) == 1


@cache
def _hasher(cost: PasswordCost) -> PasswordHasher:
    return PasswordHasher(time_cost=cost.time, memory_cost=cost.memory_kib, parallelism=cost.lanes)


@cache
def _decoy(cost: PasswordCost) -> str:
    """A hash of nobody's password at the same cost: what an unknown login is compared with."""
    return _hasher(cost).hash("nobody's")
