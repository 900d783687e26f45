"""What an audit found: findings with a code, and one of three verdicts (SPEC 6.7).

A *fault* contradicts the log's rules or an earlier view of it. What is *open* could not be told: out of reach, too early,
or still to be witnessed. Sentences stand in ``verifier.audit.sentences``.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from keys.encodings import base64_encode, timestamp_encode
from verifier.report import Detail, Verdict

AUDIT_VERSION = 1
MAX_LISTED = 1000
"""Findings that are listed; the rest are counted. A log that is wrong throughout would fill any memory."""


class Severity(StrEnum):
    """``FAULT`` makes the verdict FAILED, ``OPEN`` otherwise INDETERMINATE."""

    FAULT = "fault"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Finding:
    """``leaf`` is the index of an entry, where it is about one; ``number`` a certificate's, or empty."""

    code: str
    severity: Severity
    leaf: int | None = None
    number: str = ""
    details: Mapping[str, Detail] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """All members, always."""
        return {
            "code": self.code,
            "severity": self.severity.value,
            "leaf": self.leaf,
            "number": self.number,
            "details": dict(self.details),
        }


class Findings:
    """Findings in the order in which they were made; bounded, and counted beyond the bound."""

    def __init__(self) -> None:
        self.listed: list[Finding] = []
        self.counts: Counter[str] = Counter()
        self.severities: Counter[Severity] = Counter()

    def fault(self, code: str, leaf: int | None = None, number: str = "", **details: Detail) -> None:
        """Something contradicts the rules."""
        self._add(Finding(code, Severity.FAULT, leaf, number, details))

    def open(self, code: str, leaf: int | None = None, number: str = "", **details: Detail) -> None:
        """Something could not be told."""
        self._add(Finding(code, Severity.OPEN, leaf, number, details))

    def has(self, *codes: str) -> bool:
        """Whether any of ``codes`` was found."""
        return any(self.counts[code] for code in codes)

    @property
    def verdict(self) -> Verdict:
        """FAILED with any fault, INDETERMINATE with anything else open."""
        if self.severities[Severity.FAULT]:
            return Verdict.FAILED
        return Verdict.INDETERMINATE if self.severities[Severity.OPEN] else Verdict.PASSED

    def _add(self, finding: Finding) -> None:
        self.counts[finding.code] += 1
        self.severities[finding.severity] += 1
        if len(self.listed) < MAX_LISTED:
            self.listed.append(finding)


@dataclass(frozen=True, slots=True)
class AuditReport:
    """One audit. ``at`` is Unix seconds; ``size`` and ``root`` are the checkpoint's; ``replayed`` how far it got."""

    at: int
    findings: Findings
    trust: Mapping[str, Detail]
    pinned: bool
    origin: str = ""
    size: int = 0
    root: bytes = b""
    replayed: int = 0
    witnessed: tuple[int, ...] = ()
    quorum: int = 0
    actions: Mapping[str, int] = field(default_factory=dict)
    known_before: int = 0
    """Earlier checkpoints that this one was compared with."""

    @property
    def verdict(self) -> Verdict:
        """See ``Findings.verdict``."""
        return self.findings.verdict

    def to_json(self) -> dict[str, Any]:
        """JSON, versioned; later versions only add members."""
        return {
            "auditVersion": AUDIT_VERSION,
            "verdict": self.verdict.value,
            "at": timestamp_encode(self.at),
            "trust": dict(self.trust),
            "pinned": self.pinned,
            "log": {
                "origin": self.origin,
                "size": self.size,
                "root": base64_encode(self.root),
                "replayed": self.replayed,
                "witnessed": [timestamp_encode(time) for time in self.witnessed],
                "quorum": self.quorum,
                "knownBefore": self.known_before,
            },
            "actions": dict(sorted(self.actions.items())),
            "counts": dict(sorted(self.findings.counts.items())),
            "findings": [finding.to_json() for finding in self.findings.listed],
        }
