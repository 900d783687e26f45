"""What a panel's sitting holds (SPEC 8.5): its policy, what applicants claim, and what was judged of what they presented.

A claim is what a spreadsheet says, by year; year 0 stands for every year. Texts are as they were given; nothing here is
a fact but what stands in an authentic record.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Claimed = Mapping[str, str | int | list[str]]
"""``employer`` ``grade`` (texts), ``professional`` ``public`` ``total`` (hours), ``numbers`` (texts); any of them absent."""


@dataclass(frozen=True, slots=True)
class ReviewPolicy:
    """What the panel asks for. An empty ``grade`` or ``rule_set`` means the certificate's own; ``status_max_age`` 0 means no bound."""

    years: tuple[int, ...] = ()
    grade: str = ""
    rule_set: str = ""
    status_max_age: int = 0


@dataclass(frozen=True, slots=True)
class Applicant:
    """A person of the spreadsheet; ``identity`` masked as in a record, or empty."""

    name: str
    identity: str = ""
    claims: Mapping[int, Claimed] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class JudgedCertificate:
    """A certificate's verdict. ``subject`` is its record's where that is authentic; ``page`` the texts of a PDF's page."""

    label: str
    verdict: str
    reason: str
    number: str = ""
    subject: Mapping[str, Any] | None = None
    page: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sitting:
    """All of it. ``notes`` are the panel's own words, by the key of a row."""

    name: str
    policy: ReviewPolicy
    applicants: Sequence[Applicant] = ()
    notes: Mapping[str, str] = field(default_factory=dict)
