"""What lies between a restored database and what the registry had signed since: entry by entry, as far as it was published.

The published entries are appended to the restored log in a transaction that is never committed: if the root is then the
published one, these are the very entries that are missing; otherwise the two are different histories.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy.orm import Session

from keys.canonical import canonicalize_restricted
from registry.errors import RegistryError
from registry.files import PRIVATE, fresh_file
from registry.log import append_entries, log_size, tree
from verifier.checkpoint import Checkpoint
from verifier.errors import VerifierError
from verifier.logentry import LogEntry, parse_log_entry
from verifier.logfiles import LogFiles
from verifier.tiles import TILE_WIDTH

GAP_FILE = "restore-gap.jsonl"
_RUN = 4096
"""Entries appended at once."""


@dataclass(slots=True)
class Gap:
    """``here`` < ``signed``: entries of the database, of the newest head. ``published`` of the publication's, 0 without one.

    ``series`` has the lowest and the highest lost number of each authority, year and kind; ``file`` has a line for each entry.
    """

    here: int
    published: int
    signed: int
    file: Path | None = None
    actions: Counter[str] = field(default_factory=Counter)
    series: dict[str, tuple[str, str]] = field(default_factory=dict)
    first: int = 0
    last: int = 0
    """Unix seconds of the first and the last lost entry."""
    trouble: str = ""
    """Why the entries could not be told: the code of what went wrong with the publication."""

    @property
    def is_public(self) -> bool:
        """Whether the world has seen some of it: then the log cannot go on from here."""
        return self.published > self.here

    def add(self, entry: LogEntry) -> None:
        """Count an entry."""
        self.actions[entry.action] += 1
        self.first, self.last = self.first or entry.time, entry.time
        if entry.action in ("issue", "void"):
            low, high = self.series.get(entry.number[:11], (entry.number, entry.number))
            self.series[entry.number[:11]] = (min(low, entry.number), max(high, entry.number))


def measure_gap(
    session: Session, log: LogFiles | None, published: Checkpoint | None, *, signed: int, file: Path
) -> Gap | None:
    """The gap, or None where the database holds all of it; ``session`` must not be committed afterwards.

    A publication that cannot be read, or is another history than the restored one (``log_not_consistent``), is the gap's
    ``trouble``: the head that was kept guards the database all the same.
    """
    gap = Gap(log_size(session), published.size if published else 0, signed)
    if log is not None and published is not None and gap.is_public:
        try:
            _list_entries(session, log, published, gap, file)
        except (VerifierError, RegistryError) as error:
            gap = Gap(gap.here, gap.published, signed, trouble=error.code)
    return gap if gap.here < signed else None


def _list_entries(session: Session, log: LogFiles, published: Checkpoint, gap: Gap, file: Path) -> None:
    with fresh_file(file, mode=PRIVATE) as fresh:
        with fresh.open("wb") as stream:
            for place, run in _runs(log, gap.here, published.size):
                append_entries(session, run)
                for index, entry in enumerate(run, start=place):
                    gap.add(entry)
                    stream.write(_line(index, entry))
        if tree(session, published.size).root() != published.root:
            raise RegistryError("log_not_consistent", size=published.size)
        fresh.replace(file)
    gap.file = file


def _runs(log: LogFiles, start: int, end: int) -> Iterator[tuple[int, Sequence[LogEntry]]]:
    """The published entries from ``start`` to ``end`` in runs, each with the index of its first."""
    run: list[LogEntry] = []
    for bundle in range(start // TILE_WIDTH, -(-end // TILE_WIDTH)):
        low = bundle * TILE_WIDTH
        found = log.bundle(bundle, min(TILE_WIDTH, end - low))
        run += map(parse_log_entry, found[max(start - low, 0) : end - low])
        if len(run) >= _RUN or low + TILE_WIDTH >= end:
            yield start, run
            start, run = start + len(run), []


def _line(index: int, entry: LogEntry) -> bytes:
    document = {
        "index": index,
        "action": entry.action,
        "number": entry.number,
        "digest": entry.digest,
        "time": entry.time,
        "reason": entry.reason,
        "successor": entry.successor,
    }
    return canonicalize_restricted({name: value for name, value in document.items() if value != ""}) + b"\n"
