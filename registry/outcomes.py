"""What became of each row of an office's file, for the clerk: issued, refused, issued before, passed over."""

from collections.abc import Iterator
from enum import Enum

from registry.batches import BatchResult
from registry.candidates import Place
from registry.messages import pick


class Outcome(Enum):
    """``value`` is the word, in Chinese and English."""

    ISSUED = ("已发", "Issued")
    FIT = ("可发", "Fit to be issued")
    REFUSED = ("未发", "Not issued")
    BEFORE = ("此前已发", "Issued before")
    PASSED_OVER = ("未处理", "Passed over")


def outcomes_of(result: BatchResult, lang: str) -> dict[Place, tuple[str, str]]:
    """Word and number (or nothing) of every row that is somebody's, and of every other row that was remarked upon."""
    found = {place: (pick(outcome.value, lang), number) for place, outcome, number in _outcomes(result)}
    passed_over = (pick(Outcome.PASSED_OVER.value, lang), "")
    for finding in result.findings:
        if finding.row is not None:
            found.setdefault((finding.sheet, finding.row), passed_over)
    return found


def issued_rows(result: BatchResult) -> list[tuple[Place, str]]:
    """Place and number of every row that was issued, in the order of the numbers."""
    void = {number for number, _ in result.void}
    return [(place, number) for number, place in result.numbered.items() if number not in void]


def _outcomes(result: BatchResult) -> Iterator[tuple[Place, Outcome, str]]:
    for place in result.refused_rows:
        yield place, Outcome.REFUSED, ""
    for place in result.fit:
        yield place, Outcome.FIT, ""
    for place, number in result.held_before.items():
        yield place, Outcome.BEFORE, number
    for number, _ in result.void:
        yield result.numbered[number], Outcome.REFUSED, ""
    for place, number in issued_rows(result):
        yield place, Outcome.ISSUED, number
