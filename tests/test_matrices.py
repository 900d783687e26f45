"""What is left for ``make exhaustive`` by name is there under that name."""

from pathlib import Path

import pytest

from tests.matrices import ON_BOTH_ENGINES, REHEARSALS

PROJECT = Path(__file__).resolve().parent.parent


@pytest.mark.parametrize("name", [*REHEARSALS, *ON_BOTH_ENGINES])
def test_a_name_of_a_test_is_one(name: str) -> None:
    file, _, function = name.partition("::")
    if function:
        assert f"\ndef {function}" in (PROJECT / file).read_text("utf-8")
    else:
        assert (PROJECT / file).exists()
