"""What a row of an office file becomes once it is fit to be issued: plain values, already checked.

Only `registry.intake.service` makes these. Nothing here is signed yet, and the full identity number is still in
the open: it must not reach a log line, a page address or a record (spec §2).
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias


class AnnualApplication(NamedTuple):
    """One person's year. `row` is 1-based, as the clerk sees it; `grade` is senior, intermediate or junior."""

    sheet: str
    row: int
    name: str
    identity: str
    employer: str
    grade: str
    year: int
    professional_hours: int
    public_hours: int


class CompletionApplication(NamedTuple):
    """One person's training. `category` is professional or public; `completed_on` is `YYYY-MM-DD`."""

    sheet: str
    row: int
    name: str
    identity: str
    employer: str
    year: int
    programme: str
    institution: str
    category: str
    class_hours: int
    completed_on: str


Application: TypeAlias = AnnualApplication | CompletionApplication
