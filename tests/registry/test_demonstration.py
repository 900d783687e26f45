"""The demo's registry in any year, after any accident. The whole demo runs in ``tests.journeys``."""

import os
from pathlib import Path

import pytest

from registry.cli.demonstration import demo_environment, found_or_continue, issue_lists
from registry.cli.shell import SHELL
from registry.fsck import fsck
from registry.trust import current_trust_list
from tests.builders import at
from tests.forks import CONTEXT
from tests.registry.children import Strike, finish, striking
from tests.registry.rig import Clock

LATE = at("2031-12-31T16:00:00Z")
"""The first second of 2032 in China."""


@pytest.fixture(autouse=True)
def _quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SHELL, "as_json", True)


def test_what_is_set_for_another_registry_is_none_of_the_demos(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = (
        "AGENT",
        "DATABASE_URL",
        "READ_DATABASE_URL",
        "PASSPHRASE_FILE",
        "IDENTITY_KEY",
        "IDENTITY_KEY_2",
    )
    for name in (*others, "HOME", "PASSPHRASE"):
        monkeypatch.setenv(f"CERTREG_{name}", "another's")
    environment = demo_environment(tmp_path)
    assert "another's" not in environment.values()
    assert not {f"CERTREG_{name}" for name in others} & environment.keys()


def begin(folder: Path, now: int, strike: Strike) -> None:
    """Found the demo's registry; every file that gets its name is a point."""
    observe = striking(strike)
    replace, link = os.replace, os.link

    def observed_replace(*arguments: object, **options: object) -> None:
        observe("named:before", 1)
        replace(*arguments, **options)  # type: ignore[arg-type]
        observe("named:after", 1)

    def observed_link(*arguments: object, **options: object) -> None:
        observe("named:before", 1)
        link(*arguments, **options)  # type: ignore[arg-type]
        observe("named:after", 1)

    os.replace, os.link = observed_replace, observed_link
    found_or_continue(folder, Clock(now))


def test_the_year_is_chinas_and_the_next_year_goes_on(tmp_path: Path) -> None:
    clock = Clock(LATE - 1)
    app = found_or_continue(tmp_path, clock)
    last_year = [result.issued for result, _ in issue_lists(app, tmp_path)]
    app.database.close()
    assert {number[6:10] for numbers in last_year for number in numbers} == {"2031"}
    clock.now = LATE
    app = found_or_continue(tmp_path, clock)
    this_year = [result.issued for result, _ in issue_lists(app, tmp_path)]
    assert {number[6:10] for numbers in this_year for number in numbers} == {"2032"}
    assert [len(numbers) for numbers in this_year] == [len(numbers) for numbers in last_year]
    assert all(this_year)
    with app.database.read() as session:
        authorities = current_trust_list(session).authorities.values()
        assert [sorted(one.scope.years) for one in authorities] == [[2031, 2032]] * 2
    assert fsck(app).troubles == ()
    app.database.close()


def test_killed_anywhere_while_it_begins_it_goes_on(tmp_path: Path) -> None:
    kills = 0
    for nth in range(1, 40, 4):
        point = ("named:before", "named:after")[kills % 2]
        folder = tmp_path / str(nth)
        child = CONTEXT.Process(target=begin, args=(folder, LATE, Strike(point, nth)), daemon=True)
        child.start()
        if finish(child) == 0:
            break
        kills += 1
        app = found_or_continue(folder, Clock(LATE))
        assert fsck(app).troubles == ()
        app.database.close()
    assert kills >= 3
