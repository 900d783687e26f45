"""From an intent's rows to signed records, each judged by the public verifier before it is logged (steps 2 and 3).

Outside any transaction, and deterministic: the same intent gives the same bytes, however often it is resumed. A record
that the public verifier would not pass is never logged; its number is accounted for instead.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from keys.encodings import multibase_encode
from keys.signer import Signer
from registry.intents import IntentRow
from verifier.catalogue import CertificateTemplate
from verifier.evidence import Evidence
from verifier.number import CertificateNumber
from verifier.policy import VerificationPolicy
from verifier.report import Outcome
from verifier.trust import Trust
from verifier.verify import verify

BEFORE_LOGGING = frozenset({0, 1, 2, 3, 4, 5, 6})
"""The steps that can be judged before a record is in the log and the status lists."""


@dataclass(frozen=True, slots=True)
class SignedRow:
    """A signed record. ``refusal`` is why the verifier would not have it, or empty."""

    number: CertificateNumber
    record: bytes
    identity_hash: bytes
    identity_sealed: bytes
    refusal: str = ""


def sign_rows(
    rows: Sequence[IntentRow], template: CertificateTemplate, signer: Signer, *, host: str, issuer_name: str
) -> list[SignedRow]:
    """Sign every row; the signer's key must be the one that the rows name."""
    signed = []
    for row in rows:
        written = template.record.write(row.fields, host=host, issuer_name=issuer_name)
        record = written.record(multibase_encode(signer.sign(written.hash_data())))
        signed.append(SignedRow(row.number, record, row.identity_hash, row.identity_sealed))
    return signed


def refusal_of(record: bytes, trust: Trust, policy: VerificationPolicy) -> str:
    """The code of the first step that the public verifier does not pass before logging, or empty."""
    report = verify(Evidence(record=record), trust, policy)
    for step in report.steps:
        if step.number in BEFORE_LOGGING and step.outcome is not Outcome.PASSED:
            return step.code
    return ""


def judge_rows(rows: Sequence[SignedRow], trust: Trust, *, created: int, now: int) -> list[SignedRow]:
    """``rows`` with what the public verifier has against each; ``created`` is the time in all of them."""
    policy = VerificationPolicy(at=now, require_status=False)
    if created < now - policy.max_log_delay:
        return [replace(row, refusal="created_long_before_logged") for row in rows]
    return [
        replace(row, refusal=refusal) if (refusal := refusal_of(row.record, trust, policy)) else row
        for row in rows
    ]
