"""``verify_review``: whether a report is the registry's, step by step, with one of three verdicts (SPEC 8.6).

A function of bytes, trust and time. PASSED says that the registry's server judged what was then submitted, found these
figures, and that nothing of it was altered; how things stand now it does not say. A missing or old trust list leaves a
report undecided, and so does a compromised key where only the report itself says when it was signed: there is no log of
reports.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from keys.encodings import timestamp_encode
from keys.errors import TrustListError
from keys.proofs import verify_proof
from keys.trustlist import ListedKey, TrustList
from verifier.errors import FormError
from verifier.report import Outcome, Verdict
from verifier.review.document import MAX_REPORT_BYTES, SignedReview, parse_report_text, parse_review
from verifier.review.table import MAX_TABLE_BYTES, root_of
from verifier.trust import Trust

SKEW = 300
STEPS = ("form", "trust-list", "key", "proof", "table", "host")


@dataclass(frozen=True, slots=True)
class ReviewEvidence:
    """What is presented: the document or the QR's text, and the full table where it is at hand."""

    document: bytes | None = None
    qr_text: str | None = None
    table: bytes | None = None


@dataclass(frozen=True, slots=True)
class ReviewStep:
    """One step's end."""

    name: str
    outcome: Outcome
    code: str


@dataclass(frozen=True, slots=True)
class ReviewVerdict:
    """``review`` is set where the signature holds by a listed key: only then is what it says shown as the registry's."""

    at: int
    steps: tuple[ReviewStep, ...]
    review: SignedReview | None

    @property
    def verdict(self) -> Verdict:
        """As of a certificate's report (SPEC 7.4)."""
        outcomes = {step.outcome for step in self.steps}
        if Outcome.FAILED in outcomes:
            return Verdict.FAILED
        return Verdict.INDETERMINATE if Outcome.INDETERMINATE in outcomes else Verdict.PASSED

    @property
    def reason(self) -> str:
        """The code of the first step with the verdict's outcome; ``report_valid`` for PASSED."""
        if self.verdict is Verdict.PASSED:
            return "report_valid"
        return next(step.code for step in self.steps if step.outcome.value == self.verdict.value)

    def to_json(self) -> dict[str, Any]:
        """The verdict as a JSON value."""
        return {
            "reviewVersion": 1,
            "verdict": self.verdict.value,
            "reason": self.reason,
            "at": timestamp_encode(self.at),
            "steps": [
                {"name": step.name, "outcome": step.outcome.value, "code": step.code} for step in self.steps
            ],
            "report": self.review.document if self.review else None,
        }


_End = tuple[Outcome, str]
_NO_REPORT: _End = (Outcome.SKIPPED, "no_report")


def verify_review(evidence: ReviewEvidence, trust: Trust, *, at: int) -> ReviewVerdict:
    """Judge a report at ``at`` (Unix seconds)."""
    trust_list = trust.trust_list
    review, form = _read(evidence, trust)
    ends: dict[str, _End] = {"form": form, "trust-list": _in_force(trust, at)}
    key = trust_list.report_key(review.proof.verification_method) if review and trust_list else None

    def needing(step: Callable[[SignedReview, TrustList], _End]) -> _End:
        if review is None:
            return _NO_REPORT
        return step(review, trust_list) if trust_list else (Outcome.SKIPPED, "no_trust_list")

    ends["key"] = needing(lambda one, listed: _key(one, listed, key, at))
    ends["proof"] = needing(lambda one, _: _proof(one, key))
    ends["table"] = needing(lambda one, _: _table(one, evidence.table))
    ends["host"] = needing(lambda one, listed: _host(one, listed, evidence))
    steps = tuple(ReviewStep(name, *ends[name]) for name in STEPS)
    authentic = ends["proof"][0] is Outcome.PASSED and ends["key"][0] is not Outcome.FAILED
    return ReviewVerdict(at, steps, review if authentic else None)


def _read(evidence: ReviewEvidence, trust: Trust) -> tuple[SignedReview | None, _End]:
    try:
        if evidence.document is not None:
            if len(evidence.document) > MAX_REPORT_BYTES or len(evidence.table or b"") > MAX_TABLE_BYTES:
                return None, (Outcome.FAILED, "report_too_large")
            review = parse_review(evidence.document)
        else:
            review = parse_report_text(evidence.qr_text or "", registry=trust.pin.registry)
    except FormError as error:
        return None, (Outcome.FAILED, error.code)
    return review, (Outcome.PASSED, "report_read")


def _in_force(trust: Trust, at: int) -> _End:
    """As step 3 of a certificate; it never fails."""
    if trust.trust_list is None:
        return Outcome.INDETERMINATE, (trust.error or TrustListError("trust_list_count")).code
    if not trust.pinned:
        return Outcome.INDETERMINATE, "root_not_pinned"
    if not trust.trust_list.valid_from - SKEW <= at <= trust.trust_list.valid_until:
        return Outcome.INDETERMINATE, "trust_list_stale"
    return Outcome.PASSED, "trust_list_in_force"


def _key(review: SignedReview, trust_list: TrustList, key: ListedKey | None, at: int) -> _End:
    created = review.record.created
    if created > at + SKEW:
        return Outcome.INDETERMINATE, "report_in_future"
    if key is None:
        known = created <= trust_list.valid_from
        return (Outcome.FAILED if known else Outcome.INDETERMINATE), "report_key_not_listed"
    if not key.not_before <= created <= key.not_after:
        return Outcome.FAILED, "report_key_out_of_window"
    if key.revoked is not None:
        compromised = key.revoked.compromised_from
        if compromised is not None:
            return (
                Outcome.FAILED if created >= compromised else Outcome.INDETERMINATE
            ), "report_key_compromised"
        if created >= key.revoked.at:
            return Outcome.FAILED, "report_key_superseded"
    return Outcome.PASSED, "report_key_listed"


def _proof(review: SignedReview, key: ListedKey | None) -> _End:
    if key is None:
        return Outcome.SKIPPED, "no_key"
    good = verify_proof(review.document, review.proof, key.public_key)
    return (Outcome.PASSED, "proof_valid") if good else (Outcome.FAILED, "report_proof_invalid")


def _table(review: SignedReview, table: bytes | None) -> _End:
    if table is None:
        return Outcome.SKIPPED, "report_table_absent"
    same = root_of(table) == review.record.table_root
    return (Outcome.PASSED, "report_table_matches") if same else (Outcome.FAILED, "report_table_differs")


def _host(review: SignedReview, trust_list: TrustList, evidence: ReviewEvidence) -> _End:
    if review.host != trust_list.registry:
        return Outcome.FAILED, "foreign_host"
    return (Outcome.SKIPPED, "no_qr") if evidence.document is not None else (Outcome.PASSED, "registry_host")
