"""The key that signs review reports (SPEC 8.5), as the server has it: a signer, whoever opened it (``reportcustody``).

A deployment without it serves the same pages and signs nothing. The key decides no verdict: the trust list says whether
it is a report key, and a stolen one signs reports and no certificate.
"""

from dataclasses import dataclass

from keys.signer import Signer
from keys.trustlist import ListedKey, TrustList

PASSPHRASE_VARIABLE = "CERTVERIFY_PASSPHRASE"
AGENT = "agent:"


@dataclass(frozen=True, slots=True)
class ReportKey:
    """A signer, to be used where the trust list names its key."""

    signer: Signer

    def listed(self, trust_list: TrustList, now: int) -> ListedKey | None:
        """The listed report key that this is, if it may sign at ``now`` (Unix seconds)."""
        for key in trust_list.report_keys:
            same = key.public_key == self.signer.public_key
            if same and key.revoked is None and key.not_before <= now <= key.not_after:
                return key
        return None
