"""Is this very record logged as issued, under a checkpoint that counts? (SPEC 6.4 and 6.5, step 7).

A log proof that does not hold proves nothing, and nothing against the certificate either: the step is undecided for want
of a proof. Only what the log itself says of this number, and says otherwise, is a finding.
"""

from functools import partial
from typing import NamedTuple

from keys.trustlist import TrustList
from verifier.checkpoint import VerifiedCheckpoint
from verifier.errors import LogError
from verifier.logentry import LogEntry, read_entry, record_digest
from verifier.merkle import leaf_hash
from verifier.number import CertificateNumber
from verifier.outcome import Undecided
from verifier.policy import VerificationPolicy
from verifier.tlogproof import read_tlog_proof
from verifier.trust import Trust


class IncludedEntry(NamedTuple):
    """An entry of the log and its place there, under a head that the log's key signed."""

    entry: LogEntry
    place: int
    head: VerifiedCheckpoint


class LoggedIssue(NamedTuple):
    """The issue as the log has it. ``time`` is T: Unix seconds of the entry; ``place`` its index."""

    time: int
    place: int
    size: int
    witnesses: int


def included_entry(
    proof: bytes, number: CertificateNumber, trust: Trust, trust_list: TrustList, *, keep: bool = False
) -> IncludedEntry:
    """What the log says in ``proof`` about ``number``; raises ``LogError`` where it says nothing. ``keep`` as ``read_known``'s."""
    read = partial(_included_entry, proof, number, trust, trust_list)
    return trust.recently(("included", proof, number), read, keep=keep)


def _included_entry(
    proof: bytes, number: CertificateNumber, trust: Trust, trust_list: TrustList
) -> IncludedEntry:
    data, index, lines, checkpoint = read_tlog_proof(proof)
    entry = read_entry(data)
    head = trust.checkpoint(trust_list, checkpoint)
    head.tree.check_inclusion(leaf_hash(data), index, lines)
    if entry.number != number.digits or entry.action not in ("issue", "void"):
        raise LogError("log_entry_other")
    return IncludedEntry(entry, index, head)


def check_logged(
    proof: bytes,
    *,
    record: bytes,
    number: CertificateNumber,
    trust: Trust,
    trust_list: TrustList,
    policy: VerificationPolicy,
) -> LoggedIssue:
    """The logged issue of ``record``; raises ``LogError`` where the log says otherwise, else ``Undecided``."""
    try:
        included = included_entry(proof, number, trust, trust_list)
    except LogError as error:
        raise Undecided(error.code, missing="log-proof") from error
    entry, latest = included.entry, policy.at + policy.clock_skew
    if (entry.action, entry.digest, entry.authority) != ("issue", record_digest(record), number.authority):
        raise LogError("log_entry_differs")
    if entry.time > latest:
        raise Undecided("log_time_in_future", missing="clock")
    seen = sum(time <= latest for time in included.head.witnessed)
    if seen < trust_list.witness_quorum:
        raise Undecided(
            "witnesses_missing",
            missing="witnesses",
            details={"witnesses": seen, "quorum": trust_list.witness_quorum},
        )
    return LoggedIssue(entry.time, included.place, included.head.checkpoint.size, seen)
