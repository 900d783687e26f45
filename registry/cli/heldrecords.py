"""The registry's own records for the public verifier's look-up by number and name, where both run on one host."""

from dataclasses import dataclass

from registry.app import App
from registry.handout import find_record
from verifier.number import CertificateNumber


@dataclass(frozen=True, slots=True)
class HeldRecords:
    """A ``RecordSource`` (``verifier.server.records``) over the database: it reads one record, and tells nobody whose it is."""

    app: App

    def find(self, number: CertificateNumber) -> tuple[bytes, bytes | None] | None:
        """The record of ``number`` and its log proof; None where there is none."""
        return find_record(self.app, number)
