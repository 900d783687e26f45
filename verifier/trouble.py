"""What could not be had while evidence was gathered (SPEC 8.3): told beside a report, never a finding of it."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Trouble:
    """A document that could not be had: its path in the publication (or what was presented), and why."""

    path: str
    code: str


def distinct(troubles: Iterable[Trouble]) -> tuple[Trouble, ...]:
    """Each trouble once, in order."""
    return tuple(dict.fromkeys(troubles))
