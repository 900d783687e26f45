"""Records by number from a folder of files as `certreg render` writes them: `NUMBER.json`, and `NUMBER.tlog-proof` beside it.

For ``certverify serve --records FOLDER``. The folder is read and never written, and no address of this server gives out its
files: a record goes only to who knows its holder's name, inside a report.
"""

from pathlib import Path

from verifier.limits import MAX_LOG_PROOF_BYTES, MAX_RECORD_BYTES
from verifier.number import CertificateNumber


class FolderRecords:
    """A ``RecordSource``. What is larger than any record is none."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def find(self, number: CertificateNumber) -> tuple[bytes, bytes | None] | None:
        """The record and its log proof; raises ``OSError`` where the folder cannot be read, which is not "no such number"."""
        record = _read(self._folder / f"{number.digits}.json", MAX_RECORD_BYTES)
        proof = _read(self._folder / f"{number.digits}.tlog-proof", MAX_LOG_PROOF_BYTES)
        return (record, proof) if record is not None else None


def _read(path: Path, most: int) -> bytes | None:
    try:
        with path.open("rb") as file:
            data = file.read(most + 1)
    except FileNotFoundError:
        return None
    return data if len(data) <= most else None
