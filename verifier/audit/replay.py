"""Edge: an audit from end to end over a publication (SPEC 6.7): trust, head, every entry, and what is published besides.

Streams: a bundle of 256 entries at a time, and no entry is kept. What cannot be read leaves the audit open at that place;
only what contradicts is a fault. The clock and the memory of earlier audits are arguments.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from keys.canonical import TRUST_LIST_LIMITS
from keys.encodings import base64_encode
from keys.trustchain import RootPin
from keys.trustlist import TrustList
from verifier.audit.hints import check_hints
from verifier.audit.ledger import Clocks, Ledger
from verifier.audit.memory import Memory, Seen
from verifier.audit.report import AuditReport, Findings
from verifier.audit.statuses import Pending, check_statuses
from verifier.audit.tree import TreeReplay
from verifier.audit.trustlog import TrustLog
from verifier.checkpoint import VerifiedCheckpoint
from verifier.errors import LogError, SourceError
from verifier.gather import LoadedTrust, load_trust
from verifier.logentry import read_entry, record_digest
from verifier.logfiles import LogFiles
from verifier.merkle import leaf_hash
from verifier.policy import VerificationPolicy
from verifier.sources import Source
from verifier.tiles import TILE_WIDTH, tile_width

PUBLICATION_SECONDS = 600
"""How long a publication may take from its first file to the checkpoint, which is written last."""
Observe = Callable[[int, int], None]
"""Called with entries done and entries in all."""


def unobserved(_: int, __: int) -> None:
    """An observer that does not look."""


@dataclass(frozen=True, slots=True)
class Audited:
    """The report, and what to remember: None where the head did not prove true, so that the old memory stays."""

    report: AuditReport
    memory: Memory | None


def audit(
    source: Source,
    *,
    pin: RootPin | None,
    now: int,
    fingerprint: str = "",
    memory: Memory | None = None,
    observe: Observe = unobserved,
) -> Audited:
    """Audit the publication in ``source`` as of ``now`` (Unix seconds). Raises ``SourceError`` where there is no root.

    Without ``pin`` the publication's own root counts as pinned only if it has ``fingerprint``.
    """
    known = memory or Memory()
    loaded = load_trust(source, pin=pin, fingerprint=fingerprint)
    return _Audit(source, loaded, now, known, observe).run()


class _Audit:
    """One audit at work."""

    def __init__(
        self, source: Source, loaded: LoadedTrust, now: int, known: Memory, observe: Observe
    ) -> None:
        self._source = source
        self._files = LogFiles(source)
        self._loaded = loaded
        self._now = now
        self._skew = VerificationPolicy(at=now).clock_skew
        self._known = known
        self._observe = observe
        self._findings = Findings()
        self._report = AuditReport(now, self._findings, loaded.trust.summary, loaded.trust.pinned)

    def run(self) -> Audited:
        trust_list = self._trust_list()
        note = self._note() if trust_list else None
        head = self._head(trust_list, note) if trust_list and note else None
        if trust_list is None or note is None or head is None:
            return Audited(self._report, None)
        return self._replay(trust_list, note, head)

    # ---- before the entries

    def _trust_list(self) -> TrustList | None:
        trust = self._loaded.trust
        for trouble in self._loaded.troubles if trust.trust_list is None else ():
            self._findings.open(trouble.code, path=trouble.path)
        if trust.error is not None:
            # An attack and a fault of a server cannot be told apart here (SPEC 7.4, step 3).
            self._findings.open(trust.error.code, path="trust.json")
        found = trust.trust_list
        if found is not None and not trust.pinned:
            self._findings.open("root_not_pinned", path="root.json")
        if found is not None and not found.valid_from - self._skew <= self._now <= found.valid_until:
            self._findings.open("trust_list_stale", path="trust.json")
        if found is not None and found.version < self._known.trust_version:
            self._findings.fault(
                "trust_list_rollback", None, str(found.version), seen=self._known.trust_version
            )
        return found

    def _note(self) -> bytes | None:
        try:
            return self._files.checkpoint()
        except (LogError, SourceError) as error:
            self._findings.open(error.code, path="log/checkpoint")
            return None

    def _head(self, trust_list: TrustList, note: bytes) -> VerifiedCheckpoint | None:
        try:
            head = self._loaded.trust.checkpoint(trust_list, note)
        except LogError as error:
            self._findings.fault(error.code, path="log/checkpoint")
            return None
        witnessed = tuple(sorted(time for time in head.witnessed if time <= self._now + self._skew))
        quorum = trust_list.witness_quorum
        if len(witnessed) < quorum:
            self._findings.open("witnesses_missing", witnesses=len(witnessed), quorum=quorum)
        checkpoint = head.checkpoint
        self._report = replace(
            self._report,
            origin=checkpoint.origin,
            size=checkpoint.size,
            root=checkpoint.root,
            witnessed=witnessed,
            quorum=quorum,
            known_before=len(self._known.checkpoints),
        )
        if self._known.origin not in ("", checkpoint.origin):
            self._findings.fault("origin_differs", found=checkpoint.origin, known=self._known.origin)
        last = self._known.checkpoints[-1] if self._known.checkpoints else None
        if last is not None and checkpoint.size < last.size:
            self._findings.fault(
                "rollback",
                size=checkpoint.size,
                seenSize=last.size,
                seenNote=last.note.decode("utf-8", "replace"),
                foundNote=note.decode("utf-8", "replace"),
            )
        return head

    # ---- the entries

    def _replay(self, trust_list: TrustList, note: bytes, head: VerifiedCheckpoint) -> Audited:
        size, witnessed = head.checkpoint.size, self._report.witnessed
        trust_log = TrustLog(self._trust_version, trust_list.registry, self._findings)
        clocks = Clocks(self._now, witnessed[0] if witnessed else None, self._skew)
        ledger = Ledger(trust_log, clocks, self._findings)
        tree = TreeReplay(self._files.tile, self._findings)
        complete = self._entries(size, tree, ledger, clocks, note)
        self._report = replace(self._report, replayed=tree.size, actions=dict(ledger.actions))
        if not complete:
            return Audited(self._report, None)
        if tree.root() != head.checkpoint.root:
            self._findings.fault("root_differs", found=base64_encode(tree.root()))
        pending = Pending(self._horizon(witnessed, trust_list), self._known.pending, {})
        self._after(trust_list, trust_log, ledger, pending)
        return Audited(self._report, self._memory(trust_list, note, head, pending))

    def _entries(self, size: int, tree: TreeReplay, ledger: Ledger, clocks: Clocks, note: bytes) -> bool:
        """Whether all of them could be read."""
        try:
            for index in range(-(-size // TILE_WIDTH)):
                self._bundle(index, size, tree, ledger, clocks, note)
                self._observe(tree.size, size)
            tree.check_last_tiles()
        except (LogError, SourceError) as error:
            self._findings.open(error.code, path=error.detail)
            return False
        return True

    def _bundle(
        self, index: int, size: int, tree: TreeReplay, ledger: Ledger, clocks: Clocks, note: bytes
    ) -> None:
        width = tile_width(0, index, size)
        entries = self._files.bundle(index, width)[:width]
        if len(entries) < width:
            raise LogError("log_bundle_form", f"log/tile/entries/{index}")
        start = tree.size
        seen = {one.size: one for one in self._known.checkpoints if start < one.size <= start + width}
        roots = tree.add_bundle([leaf_hash(entry) for entry in entries], list(seen))
        for one in seen.values():
            if roots[one.size] != one.root:
                self._fork(one, roots[one.size], note)
        for leaf, data in enumerate(entries, start):
            if leaf in seen:
                clocks.floor = max(clocks.floor, seen[leaf].cosigned - self._skew)
            try:
                entry = read_entry(data)
            except LogError as error:
                self._findings.fault(error.code, leaf)
                continue
            ledger.enter(leaf, entry)
        if start + width in seen:
            clocks.floor = max(clocks.floor, seen[start + width].cosigned - self._skew)

    def _fork(self, seen: Seen, root: bytes, note: bytes) -> None:
        self._findings.fault(
            "fork",
            size=seen.size,
            seenRoot=base64_encode(seen.root),
            foundRoot=base64_encode(root),
            seenNote=seen.note.decode("utf-8", "replace"),
            foundNote=note.decode("utf-8", "replace"),
        )

    def _trust_version(self, version: int) -> bytes | None:
        return self._source.read(f"trust/{version}.json", TRUST_LIST_LIMITS.max_bytes)

    # ---- beside the entries

    def _horizon(self, witnessed: tuple[int, ...], trust_list: TrustList) -> int:
        """Up to when the head is known to have been the newest: witnesses say it, or else it was read just now."""
        if trust_list.witness_quorum and witnessed:
            return witnessed[-1]
        return self._now - PUBLICATION_SECONDS

    def _after(self, trust_list: TrustList, trust_log: TrustLog, ledger: Ledger, pending: Pending) -> None:
        ledger.finish()
        self._check_current(trust_list, trust_log, pending)
        series = list(ledger.series.values())
        check_statuses(
            self._source.read,
            series,
            trust_list,
            now=self._now,
            skew=self._skew,
            pending=pending,
            findings=self._findings,
        )
        check_hints(self._source.read, series, self._report.size, self._findings)

    def _check_current(self, trust_list: TrustList, trust_log: TrustLog, pending: Pending) -> None:
        """The list that readers are given is the one that the log has last."""
        name = str(trust_list.version)
        if trust_list.version < trust_log.version:
            self._findings.fault("trust_list_behind_log", None, name, logged=trust_log.version)
        elif trust_list.version > trust_log.version:
            if pending.is_open(f"trust:{name}", trust_list.valid_from):
                self._findings.open("trust_list_ahead_of_log", None, name, logged=trust_log.version)
            else:
                self._findings.fault("trust_list_unlogged", None, name, logged=trust_log.version)
        elif record_digest(trust_list.data) != trust_log.digest:
            self._findings.fault("trust_list_differs", None, name)

    def _memory(
        self, trust_list: TrustList, note: bytes, head: VerifiedCheckpoint, pending: Pending
    ) -> Memory | None:
        """The head is remembered where it is the root of what was read and contradicts no earlier one."""
        if self._findings.has("fork", "rollback", "root_differs", "origin_differs", "trust_list_rollback"):
            return None
        checkpoint = head.checkpoint
        cosigned = self._report.witnessed[-1] if self._report.witnessed else 0
        seen = Seen(checkpoint.size, checkpoint.root, cosigned, note)
        known = replace(
            self._known,
            origin=checkpoint.origin,
            trust_version=trust_list.version,
            pending=dict(pending.found),
        )
        return known.with_checkpoint(seen)
