"""What a witness remembers, in an SQLite file of its own: its name and key, the logs it knows, the newest head of each.

``advance`` is the compare-and-swap on which everything rests: the head moves only from the very size and root that the
consistency proof was checked against, and is durable (``synchronous=FULL``) before anything signed may leave. Several
threads or processes may share the file.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from registry.witness.errors import WitnessError
from verifier.merkle import tree_hash
from verifier.note import NoteKey, parse_vkey

BUSY_SECONDS = 10
"""A request waits this long for another's commit, which takes milliseconds."""
MAX_EVIDENCE = 1000
"""Refused checkpoints kept, each signed by a known log's key: nobody else can fill this."""
_SCHEMA = """
CREATE TABLE IF NOT EXISTS witness (id INTEGER PRIMARY KEY CHECK (id = 1), vkey TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS log_key (origin TEXT NOT NULL, vkey TEXT NOT NULL, PRIMARY KEY (origin, vkey)) STRICT;
CREATE TABLE IF NOT EXISTS head (
    origin TEXT PRIMARY KEY, size INTEGER NOT NULL CHECK (size >= 0), root BLOB NOT NULL, note BLOB
) STRICT;
CREATE TABLE IF NOT EXISTS evidence (note BLOB PRIMARY KEY, origin TEXT NOT NULL, reason TEXT NOT NULL) STRICT;
"""


@dataclass(frozen=True, slots=True)
class Head:
    """The newest tree of a log that was cosigned; ``note`` (None before the first) is served to monitors."""

    size: int
    root: bytes
    note: bytes | None


class WitnessState:
    """The file ``path``; every call opens its own connection."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def create(self, vkey: str) -> None:
        """Make the file, or find it made for this very key; ``WitnessError`` (``witness_differs``) otherwise."""
        with self._connection() as connection:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.executescript(_SCHEMA)
            connection.execute("INSERT OR IGNORE INTO witness VALUES (1, ?)", (vkey,))
        if self.vkey() != vkey:
            raise WitnessError("witness_differs")

    def vkey(self) -> str:
        """The witness's own vkey; raises ``WitnessError`` (``witness_missing``)."""
        if not self._path.is_file():
            raise WitnessError("witness_missing", folder=str(self._path.parent))
        with self._connection() as connection:
            return str(connection.execute("SELECT vkey FROM witness").fetchone()[0])

    def watch(self, origin: str, key: NoteKey) -> None:
        """Cosign for the log ``origin`` what ``key`` signed; a log may have several keys."""
        with self._connection() as connection, _transaction(connection):
            connection.execute("INSERT OR IGNORE INTO log_key VALUES (?, ?)", (origin, key.vkey))
            empty = tree_hash([])
            connection.execute("INSERT OR IGNORE INTO head VALUES (?, 0, ?, NULL)", (origin, empty))

    def forget(self, key: NoteKey) -> list[str]:
        """Cosign nothing any more that ``key`` signed; the origins it was known for. Their heads stay: no history begins anew."""
        with self._connection() as connection, _transaction(connection):
            rows = connection.execute("DELETE FROM log_key WHERE vkey = ? RETURNING origin", (key.vkey,))
            return sorted(origin for (origin,) in rows)

    def keys_of(self, origin: str) -> list[NoteKey]:
        """Keys that may sign for ``origin``; none for a log that is not known."""
        with self._connection() as connection:
            rows = connection.execute("SELECT vkey FROM log_key WHERE origin = ? ORDER BY vkey", (origin,))
            return [parse_vkey(vkey) for (vkey,) in rows]

    def origins(self) -> list[str]:
        """Every log that is known."""
        with self._connection() as connection:
            return [origin for (origin,) in connection.execute("SELECT origin FROM head ORDER BY origin")]

    def head(self, origin: str) -> Head:
        """The newest head of a known log; of size 0 before the first."""
        with self._connection() as connection:
            row = connection.execute("SELECT size, root, note FROM head WHERE origin = ?", (origin,))
            return Head(*row.fetchone())

    def advance(
        self, origin: str, old: Head, size: int, root: bytes, cosign: Callable[[], bytes]
    ) -> bytes | None:
        """Put ``(size, root)`` in the place of ``old`` and keep what ``cosign`` gives; None where another came first.

        ``cosign`` runs while everybody else waits, so that its time is one at which no larger tree had been seen.
        What it gave must not leave before this returns.
        """
        with self._connection() as connection, _transaction(connection):
            note = cosign()
            changed = connection.execute(
                "UPDATE head SET size = ?, root = ?, note = ? WHERE origin = ? AND size = ? AND root = ?",
                (size, root, note, origin, old.size, old.root),
            )
            return note if changed.rowcount == 1 else None

    def keep_evidence(self, origin: str, note: bytes, reason: str) -> None:
        """A checkpoint that the log signed and that does not follow: what shows that it misbehaved."""
        with self._connection() as connection, _transaction(connection):
            (count,) = connection.execute("SELECT count(*) FROM evidence").fetchone()
            if count < MAX_EVIDENCE:
                connection.execute("INSERT OR IGNORE INTO evidence VALUES (?, ?, ?)", (note, origin, reason))

    def evidence(self) -> list[tuple[str, str, bytes]]:
        """``(origin, reason, note)`` of everything that was kept."""
        with self._connection() as connection:
            return list(connection.execute("SELECT origin, reason, note FROM evidence ORDER BY origin, note"))

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self._path, timeout=BUSY_SECONDS, isolation_level=None)) as connection:
            connection.execute("PRAGMA synchronous=FULL")
            yield connection


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Everything or nothing, and nobody else writes meanwhile."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
