"""What an auditor does with an exported trail: recompute it, and compare it with the heads that the log has sealed.

Needs the file, the registry's publication (a folder or an address) and the root that the auditor pinned; no database and no
word of the registry's. Three verdicts, as everywhere: FAILED where something contradicts, INDETERMINATE where the log
could not be read or nothing is sealed yet, else PASSED. Entries since the last seal are chained and bound by nothing; how
many they are is told.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from keys.trustchain import RootPin
from registry.errors import RegistryError
from registry.trail.checking import Chain
from registry.trail.export import ExportHead, read_export
from registry.trail.sealing import Seal, seal_of
from registry.troubles import Trouble
from verifier.errors import LogError, SourceError
from verifier.gather import load_trust
from verifier.logfiles import LogFiles
from verifier.merkle import leaf_hash, tree_hash
from verifier.report import Verdict
from verifier.sources import Source
from verifier.tiles import TILE_WIDTH, tile_width

OPEN = frozenset({"trail_unsealed", "trail_root_not_pinned", "trail_witnesses_missing", "trail_log_unread"})
"""Findings that leave the verdict open: nothing contradicts, and something could not be told."""


@dataclass(frozen=True, slots=True)
class SealsRead:
    """The seals of a published log whose entries hash to a head that its key signed; ``troubles`` say what is missing."""

    registry: str
    seals: tuple[Seal, ...]
    troubles: tuple[Trouble, ...]


@dataclass(frozen=True, slots=True)
class TrailReport:
    """One verification. ``sealed`` entries are bound by the log; the other ``count - sealed`` by their chain alone."""

    registry: str
    exported_at: int
    count: int
    sealed: int
    seals: int
    later_seals: int
    """Seals of after the export, which says nothing about them."""
    troubles: tuple[Trouble, ...]

    @property
    def verdict(self) -> Verdict:
        """See the module."""
        codes = {trouble.code for trouble in self.troubles}
        if codes - OPEN:
            return Verdict.FAILED
        return Verdict.INDETERMINATE if codes else Verdict.PASSED


def verify_trail(
    lines: Iterable[bytes], source: Source, *, pin: RootPin | None, fingerprint: str, now: int
) -> TrailReport:
    """Verify an exported trail against a publication as of ``now`` (Unix seconds).

    Raises ``SourceError`` where there is no root to begin with; every other fault is in the report.
    """
    read = read_seals(source, pin=pin, fingerprint=fingerprint, now=now)
    troubles = list(read.troubles)
    try:
        head, entries = read_export(lines)
    except RegistryError as error:
        fault = Trouble(error.code, str(error.params["line"]))
        return TrailReport("", 0, 0, 0, len(read.seals), 0, (*troubles, fault))
    covered = [seal for seal in read.seals if seal.at <= head.exported_at]
    chain = Chain(covered)
    try:
        for place, one in enumerate(entries, 1):
            chain.follow(place, one.data, one.digest)
        chain.finish()
    except RegistryError as error:
        chain.troubles.append(Trouble(error.code, str(error.params["line"])))
    troubles += [*chain.troubles, *_head_troubles(head, chain, read)]
    later = len(read.seals) - len(covered)
    return TrailReport(
        head.registry,
        head.exported_at,
        chain.count,
        min(chain.sealed, chain.count),
        len(covered),
        later,
        tuple(troubles),
    )


def _head_troubles(head: ExportHead, chain: Chain, read: SealsRead) -> list[Trouble]:
    found = []
    if read.registry and head.registry != read.registry:
        found.append(Trouble("trail_of_another", head.registry))
    if head.count != chain.count:
        found.append(Trouble("trail_export_cut", str(head.count)))
    if not chain.sealed:
        found.append(Trouble("trail_unsealed", str(chain.count)))
    return found


def read_seals(source: Source, *, pin: RootPin | None, fingerprint: str, now: int) -> SealsRead:
    """The seals of the log published in ``source``; raises ``SourceError`` as ``load_trust``."""
    loaded = load_trust(source, pin=pin, fingerprint=fingerprint)
    trust_list = loaded.trust.trust_list
    if trust_list is None:
        code = loaded.trust.error.code if loaded.trust.error else "trust_list_missing"
        return SealsRead("", (), (Trouble("trail_log_unread", code),))
    troubles = [] if loaded.trust.pinned else [Trouble("trail_root_not_pinned", loaded.trust.pin.fingerprint)]
    files = LogFiles(source)
    try:
        head = loaded.trust.checkpoint(trust_list, files.checkpoint())
        seals, root = _replayed(files, head.checkpoint.size)
    except (LogError, SourceError) as error:
        return SealsRead(trust_list.registry, (), (*troubles, Trouble("trail_log_unread", error.code)))
    if root != head.checkpoint.root:
        return SealsRead(trust_list.registry, (), (*troubles, Trouble("trail_log_unread", "root_differs")))
    witnessed = sum(time <= now for time in head.witnessed)
    if witnessed < trust_list.witness_quorum:
        troubles.append(Trouble("trail_witnesses_missing", f"{witnessed}/{trust_list.witness_quorum}"))
    return SealsRead(trust_list.registry, tuple(seals), tuple(troubles))


def _replayed(files: LogFiles, size: int) -> tuple[list[Seal], bytes]:
    """The seals among the first ``size`` entries, and the root over all of them."""
    seals: list[Seal] = []
    leaves: list[bytes] = []
    for bundle in range(-(-size // TILE_WIDTH)):
        width = tile_width(0, bundle, size)
        entries = files.bundle(bundle, width)[:width]
        if len(entries) < width:
            raise LogError("log_bundle_form")
        for place, data in enumerate(entries, bundle * TILE_WIDTH):
            leaves.append(leaf_hash(data))
            seal = seal_of(data, place)
            if seal is not None:
                seals.append(seal)
    return seals, tree_hash(leaves)
