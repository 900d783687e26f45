"""What of a matrix is tried when: ``make test`` tries each promise on representatives, ``make exhaustive`` every other cell.

Both are run before anything lands (``.ci/run``), and nothing is in neither. A cell that is left for ``make exhaustive`` bears the
mark ``exhaustive``; a property that is tried there again, on all its examples, the mark ``repeated``. Plain ``pytest`` tries every cell.
"""

import os
from collections.abc import Callable, Collection, Iterable
from typing import Any, TypeVar

import pytest
from hypothesis import settings

EXHAUSTIVE = bool(os.environ.get("CERTREG_EXHAUSTIVE"))
"""Whether this is ``make exhaustive``."""
Test = TypeVar("Test", bound=Callable[..., Any])
Cell = TypeVar("Cell")


def cells(everything: Iterable[Cell], *, always: Collection[Cell]) -> list[Any]:
    """Parameters of a matrix: those of ``always`` in each run, the others in the exhaustive one. A tuple is a value for each name."""
    values = list(everything)
    assert all(one in values for one in always), "a representative that is no cell"
    return [
        one
        if one in always
        else pytest.param(*(one if type(one) is tuple else (one,)), marks=pytest.mark.exhaustive)
        for one in values
    ]


def examples(most: int, **others: Any) -> Callable[[Test], Test]:
    """A property's number of examples: a quarter of ``most`` in ``make test``, all in the exhaustive run; ``others`` as Hypothesis has them."""

    def decorated(test: Test) -> Test:
        count = most if EXHAUSTIVE else most // 4
        return pytest.mark.repeated(settings(max_examples=count, **others)(test))

    return decorated
