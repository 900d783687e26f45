"""What is left for ``make exhaustive`` by name is there under that name."""

from pathlib import Path

from tests.matrices import ON_BOTH_ENGINES, REHEARSALS

PROJECT = Path(__file__).resolve().parent.parent


def test_a_name_of_a_test_is_one() -> None:
    for name in (*REHEARSALS, *ON_BOTH_ENGINES):
        file, _, function = name.partition("::")
        place = PROJECT / file
        assert place.exists(), name
        assert not function or f"\ndef {function}" in place.read_text("utf-8"), name
