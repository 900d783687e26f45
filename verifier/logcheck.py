"""Is this very record logged as issued, under a checkpoint that counts? (SPEC 6.4 and 6.5, step 7)."""

from dataclasses import dataclass

from keys.trustlist import TrustList
from verifier.errors import LogError
from verifier.logentry import parse_log_entry, record_digest
from verifier.merkle import check_inclusion, leaf_hash
from verifier.number import CertificateNumber
from verifier.outcome import Undecided
from verifier.policy import VerificationPolicy
from verifier.tlogproof import parse_tlog_proof
from verifier.trust import Trust


@dataclass(frozen=True, slots=True)
class LoggedIssue:
    """The issue as the log has it. ``time`` is T: Unix seconds of the entry."""

    time: int
    index: int
    size: int
    witnesses: int


def check_logged(
    proof: bytes,
    *,
    record: bytes,
    number: CertificateNumber,
    trust: Trust,
    trust_list: TrustList,
    policy: VerificationPolicy,
) -> LoggedIssue:
    """The logged issue of ``record``; raises ``LogError``, or ``Undecided`` where witnesses are missing."""
    parsed = parse_tlog_proof(proof)
    entry = parse_log_entry(parsed.entry)
    expected = ("issue", number.digits, record_digest(record), number.authority)
    if (entry.action, entry.number, entry.digest, entry.authority) != expected:
        raise LogError("log_entry_differs")
    head = trust.checkpoint(trust_list, parsed.checkpoint)
    checkpoint = head.checkpoint
    check_inclusion(leaf_hash(parsed.entry), parsed.index, checkpoint.size, parsed.hashes, checkpoint.root)
    if entry.time > policy.at + policy.clock_skew:
        raise LogError("log_time_in_future")
    seen = sum(time <= policy.at + policy.clock_skew for time in head.witnessed)
    if seen < trust_list.witness_quorum:
        raise Undecided(
            "witnesses_missing",
            missing="witnesses",
            details={"witnesses": seen, "quorum": trust_list.witness_quorum},
        )
    return LoggedIssue(entry.time, parsed.index, checkpoint.size, seen)
