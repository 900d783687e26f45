"""A log to audit: entries as a test writes them, right or wrong, with everything that is published beside them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from keys.trustlist import TrustList
from tests.builders import HOST, MUNICIPAL, signed
from tests.simulator import LOGGED_AT, NOW, Simulator, standard_draft, standard_pin
from tests.verifier.publication import publication
from verifier.audit.memory import Memory
from verifier.audit.replay import Audited, audit
from verifier.errors import SourceError
from verifier.logentry import LogEntry, record_digest
from verifier.number import CertificateNumber, number_of

COSIGNED_AT = NOW - 300
PUBLISHED_AT = NOW - 600
Found = list[tuple[str, int | None, str]]


@dataclass(slots=True)
class Files:
    """A publication in memory. What maps to None is out of reach."""

    files: Mapping[str, bytes | None]
    carries_log: bool = True

    def read(self, path: str, max_bytes: int) -> bytes | None:
        """See ``Source``."""
        if path in self.files and self.files[path] is None:
            raise SourceError("source_unreachable", path)
        found = self.files.get(path)
        if found is not None and len(found) > max_bytes:
            raise SourceError("source_too_large", path)
        return found

    def as_of(self, now: int) -> int:
        """See ``Source``."""
        return now

    def describe(self) -> str:
        """See ``Source``."""
        return "memory"

    def close(self) -> None:
        """Nothing is held open."""


@dataclass(slots=True)
class Logbook:
    """Begins with the first version of the trust list."""

    simulator: Simulator = field(default_factory=Simulator)
    versions: dict[int, bytes] = field(default_factory=dict)
    cosigned_at: int | None = COSIGNED_AT
    published_at: int = PUBLISHED_AT

    def __post_init__(self) -> None:
        self.trust(self.simulator.trust_list, time=LOGGED_AT - 86400)

    def trust(self, trust_list: TrustList, *, time: int = LOGGED_AT, digest: str = "") -> int:
        """Publish and log a version; its leaf."""
        self.simulator.trust_list = trust_list
        self.versions[trust_list.version] = trust_list.data
        wanted = digest or record_digest(trust_list.data)
        return self.simulator.log(LogEntry("trust-list", str(trust_list.version), wanted, "", time))

    def next_trust(self, *, time: int = LOGGED_AT, **changes: Any) -> int:
        """The next version, with ``changes``, drafted when it is logged."""
        version = self.simulator.trust_list.version + 1
        draft = replace(standard_draft(), version=version, valid_from=time)
        return self.trust(signed(replace(draft, **changes)), time=time)

    def issue(self, serial: int, **options: Any) -> int:
        """Log an issue; its leaf."""
        return self.enter("issue", serial, **options)

    def enter(
        self,
        action: str,
        serial: int,
        *,
        authority: str = MUNICIPAL,
        year: int = 2026,
        kind: int = 1,
        time: int = LOGGED_AT,
        **members: str,
    ) -> int:
        """Log an entry about a number; ``members`` stand in for what would be right."""
        number = number_of(authority, year, kind, serial)
        right = {"number": number.digits, "digest": digest_of(number), "authority": authority}
        if action == "void":
            right |= {"digest": "", "reason": "not-fit"}
        entry = LogEntry(action=action, time=time, **{**right, **members})
        return self.simulator.log(entry)

    def numbers(self) -> list[CertificateNumber]:
        """A number of every series and block that is issued from."""
        found = {}
        for data in self.simulator.entries:
            if data.startswith(b'{"action":"issue"') and b'"number":"4' in data:
                digits = data.partition(b'"number":"')[2][:18].decode()
                number = CertificateNumber(digits[:6], int(digits[6:10]), int(digits[10]), int(digits[11:]))
                found[digits[:11], number.status_block] = number
        return list(found.values())

    def files(self) -> dict[str, bytes | None]:
        """Everything that is published."""
        found: dict[str, bytes | None] = {
            **publication(self.simulator, self.numbers(), signed_at=self.published_at)
        }
        found |= {f"trust/{version}.json": data for version, data in self.versions.items()}
        found["log/checkpoint"] = self.simulator.checkpoint(cosigned_at=self.cosigned_at)
        return found

    def audit(self, *, memory: Memory | None = None, now: int = NOW, **changes: bytes | None) -> Audited:
        """Audit it with some files changed."""
        return audited({**self.files(), **changes}, memory=memory, now=now)


def audited(files: Mapping[str, bytes | None], *, memory: Memory | None = None, now: int = NOW) -> Audited:
    """Audit a publication."""
    return audit(Files(files), pin=standard_pin(), now=now, memory=memory)


def found(result: Audited) -> Found:
    """Code, leaf and number of every finding."""
    return [(one.code, one.leaf, one.number) for one in result.report.findings.listed]


def digest_of(number: CertificateNumber) -> str:
    """The digest that this number's record has here."""
    return record_digest(number.digits.encode())


def digits(serial: int, authority: str = MUNICIPAL, *, year: int = 2026, kind: int = 1) -> str:
    """The number of a serial."""
    return number_of(authority, year, kind, serial).digits


__all__ = ["HOST", "NOW", "Files", "Logbook", "audited", "digest_of", "digits", "found"]
