"""The key that signs review reports: an encrypted file, or an agent's (SPEC 8.5). The one place in the verifier that opens one.

A deployment without it serves the same pages and signs nothing. The key decides no verdict: the trust list says whether
it is a report key, and a stolen one signs reports and no certificate.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from keys.agent import AgentClient
from keys.custody import open_key_file, read_passphrase
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


def open_report_key(place: str, environment: Mapping[str, str]) -> ReportKey:
    """The key at ``place``: a file, or ``agent:SOCKET#NAME``; raises ``CustodyError``.

    A file's passphrase comes from ``CERTVERIFY_PASSPHRASE``, or the file that ``CERTVERIFY_PASSPHRASE_FILE`` names.
    """
    if place.startswith(AGENT):
        socket, _, name = place.removeprefix(AGENT).partition("#")
        return ReportKey(AgentClient.at(Path(socket)).signer(name or "report-1"))
    named = environment.get(f"{PASSPHRASE_VARIABLE}_FILE")
    passphrase = read_passphrase(
        environment, variable=PASSPHRASE_VARIABLE, file=Path(named) if named else None
    )
    return ReportKey(open_key_file(Path(place), passphrase))
