"""One certificate on its way through the steps of ``verify``: what came in, and what is known of it by now (SPEC 7.3)."""

from dataclasses import dataclass, field

from keys.trustlist import Authority, ListedKey, TrustList
from verifier.catalogue import CertificateTemplate
from verifier.errors import VerifierError
from verifier.evidence import Evidence
from verifier.logcheck import LoggedIssue
from verifier.number import CertificateNumber
from verifier.outcome import Skipped
from verifier.policy import VerificationPolicy
from verifier.qr import QrText
from verifier.reading import Known
from verifier.record import UnverifiedRecord
from verifier.statuscheck import StatusLists, status_lists
from verifier.trust import Trust


@dataclass(slots=True)
class Case:
    """The inputs, and what the steps so far established; ``passed`` are their numbers."""

    evidence: Evidence
    trust: Trust
    policy: VerificationPolicy
    qr: QrText | None = None
    record: UnverifiedRecord | None = None
    number: CertificateNumber | None = None
    trust_list: TrustList | None = None
    template: CertificateTemplate | None = None
    known: Known | None = None
    logged: LoggedIssue | None = None
    log_error: VerifierError | None = None
    lists: StatusLists | None = None
    authority: Authority | None = None
    key: ListedKey | None = None
    passed: set[int] = field(default_factory=set)

    def need_record(self) -> UnverifiedRecord:
        """The record, or the end of a step that cannot do without."""
        if self.record is None:
            raise Skipped("no_record")
        return self.record

    def need_trust_list(self) -> TrustList:
        """The trust list, likewise."""
        if self.trust_list is None:
            raise Skipped("no_trust_list")
        return self.trust_list

    def status_lists(self) -> StatusLists:
        """The status lists of the number, read once; none before it is known."""
        if self.number is None or self.trust_list is None:
            return StatusLists({})
        if self.lists is None:
            self.lists = status_lists(self.number, self.evidence.status, self.trust, self.trust_list)
        return self.lists

    def newest_until(self) -> int:
        """Until when the trust list is known to have been the newest: what it did not say then, nobody had said."""
        latest = self.policy.at + self.policy.clock_skew
        return self.status_lists().newest_until(self.need_trust_list(), latest)
