"""The table of attackers in the README: every test and case that it names exists, and every attack that is played is in it."""

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
README = TESTS.parent / "README.md"
ATTACKERS = (
    "forger",
    "holder",
    "clerk",
    "approver",
    "database administrator",
    "log operator",
    "witness in collusion",
    "holder of the web host",
    "careless mirror",
    "thief of an authority's key",
    "thief of the status key",
    "thief of the log's key",
    "thief of root keys",
)


def rows() -> dict[str, list[str]]:
    """Cells by attacker."""
    section = README.read_text("utf-8").partition("## Who attacks")[2].partition("\n## ")[0]
    lines = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("| ")]
    return {cells[0].strip(): [cell.strip() for cell in cells[1:]] for cells in lines[1:]}


def named() -> list[str]:
    """Everything in the last column."""
    return [name for cells in rows().values() for name in re.findall(r"`([^`]+)`", cells[-1])]


@pytest.mark.parametrize("attacker", ATTACKERS)
def test_each_attacker_has_a_row_that_shows_something_or_says_that_it_is_not_built(attacker: str) -> None:
    (cells,) = (
        cells for name, cells in rows().items() if name == attacker or name.startswith(f"{attacker} without")
    )
    assert len(cells) == 3
    assert ("not built yet" in cells[1]) is not ("`" in cells[2])


def test_every_test_and_case_that_is_named_exists() -> None:
    assert len(named()) > 30
    for name in named():
        path, _, function = name.partition("::")
        if not function:
            assert path.startswith("vectors/")
            assert (TESTS / path / "case.json").is_file(), name
            continue
        assert re.search(rf"^def {re.escape(function)}\(", (TESTS / path).read_text("utf-8"), re.MULTILINE), (
            name
        )


def test_every_attack_that_is_played_is_in_the_table() -> None:
    played = {
        f"attacks/{path.name}::{function}"
        for path in (TESTS / "attacks").glob("test_*.py")
        for function in re.findall(r"^def (test_\w+)", path.read_text("utf-8"), re.MULTILINE)
    }
    assert len(played) > 15
    assert played <= set(named())
