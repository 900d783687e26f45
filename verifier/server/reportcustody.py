"""Opens the key that signs review reports: an encrypted file, or an agent's. The one place in the verifier that opens a key."""

from collections.abc import Mapping
from pathlib import Path

from keys.agent import AgentClient
from keys.custody import open_key_file, read_passphrase
from verifier.server.reportkey import ReportKey

PASSPHRASE_VARIABLE = "CERTVERIFY_PASSPHRASE"
AGENT = "agent:"


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
