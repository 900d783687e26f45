"""Edge: finds the issue of a number in a published log and builds its offline proof (SPEC 6.6).

The publication's hint says at which leaf a serial number lies; checkpoint, entry bundle and tiles give the proof. All of it
comes from whoever serves the log, so everything is verified here before it becomes evidence: a server that is wrong must
leave a certificate undecided, never false. What stays for step 7 is the one finding that counts against a certificate:
that the log holds another record under its number.
"""

from bisect import bisect_right
from collections.abc import Sequence

from keys.canonical import JsonLimits, parse_restricted
from keys.errors import KeysError
from keys.trustlist import TrustList
from verifier.checkpoint import Checkpoint
from verifier.errors import LogError
from verifier.logentry import parse_log_entry
from verifier.logfiles import LogFiles
from verifier.merkle import check_inclusion, leaf_hash
from verifier.number import CertificateNumber
from verifier.sources import Source
from verifier.tiles import TILE_WIDTH, TileTree, tile_width
from verifier.tlogproof import TlogProof
from verifier.trust import Trust

MAX_RUNS_BYTES = 8 * 1024 * 1024
"""Runs of one authority, year and kind: about 30 bytes each, one for every batch. Sender: whoever serves the log."""
_RUNS_LIMITS = JsonLimits(MAX_RUNS_BYTES)


def runs_path(number: CertificateNumber) -> str:
    """Where the publication says at which leaves the issues of this authority, year and kind lie."""
    return f"log/runs/{number.authority}/{number.year}/{number.kind}.json"


class PublishedLog:
    """The log of one publication at one checkpoint; what it reads it keeps while the object lives."""

    def __init__(self, source: Source, trust: Trust, trust_list: TrustList) -> None:
        self._source = source
        self._files = LogFiles(source)
        self._trust = trust
        self._trust_list = trust_list
        self._head: tuple[bytes, Checkpoint, TileTree] | None = None
        self._runs: dict[str, Sequence[tuple[int, int, int]]] = {}

    def prove_issue(self, number: CertificateNumber) -> bytes:
        """The ``.tlog-proof`` of the issue of ``number``; raises ``LogError`` or ``SourceError``."""
        note, checkpoint, tree = self._open()
        index = self._index_of(number)
        if index >= checkpoint.size:
            raise LogError("log_behind", f"{index} of {checkpoint.size}")
        entry = self._entry(index, checkpoint.size)
        parsed = parse_log_entry(entry)
        if (parsed.action, parsed.number) != ("issue", number.digits):
            raise LogError("log_hint", runs_path(number))
        hashes = tree.inclusion_proof(index)
        check_inclusion(leaf_hash(entry), index, checkpoint.size, hashes, checkpoint.root)
        return TlogProof(entry, index, tuple(hashes), note).to_bytes()

    def _open(self) -> tuple[bytes, Checkpoint, TileTree]:
        if self._head is None:
            note = self._files.checkpoint()
            checkpoint = self._trust.checkpoint(self._trust_list, note).checkpoint
            self._head = note, checkpoint, TileTree(checkpoint.size, self._files.tile)
        return self._head

    def _index_of(self, number: CertificateNumber) -> int:
        path = runs_path(number)
        if path not in self._runs:
            self._runs[path] = parse_runs(self._source.read(path, MAX_RUNS_BYTES))
        runs = self._runs[path]
        place = bisect_right(runs, number.serial, key=lambda run: run[0]) - 1
        if place < 0 or number.serial >= runs[place][0] + runs[place][1]:
            raise LogError("log_not_listed")
        return runs[place][2] + number.serial - runs[place][0]

    def _entry(self, index: int, size: int) -> bytes:
        bundle, offset = divmod(index, TILE_WIDTH)
        entries = self._files.bundle(bundle, tile_width(0, bundle, size))
        if offset >= len(entries):
            raise LogError("log_bundle_form")
        return entries[offset]


def parse_runs(data: bytes | None) -> list[tuple[int, int, int]]:
    """Runs as (first serial, count, first leaf index), ascending; no document means no issue."""
    if data is None:
        return []
    try:
        runs = [(first, count, leaf) for first, count, leaf in parse_restricted(data, _RUNS_LIMITS)["runs"]]
    except (KeysError, KeyError, TypeError, ValueError) as error:
        raise LogError("log_runs_form") from error
    if any(type(part) is not int or part < 0 for run in runs for part in run) or runs != sorted(runs):
        raise LogError("log_runs_form")
    return runs
