"""A console for the tests of this folder; the registry below it is founded once."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.console.rig import Console, console_over
from tests.registry.rig import Place, copy_home, opened


@pytest.fixture(scope="module")
def console(founded_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """A console of the module's own, on SQLite; its tests share the registry and make what they need in it."""
    folder = tmp_path_factory.mktemp("console")
    with opened(Place(copy_home(founded_sqlite, folder / "home")), folder) as one, console_over(one) as made:
        yield made


@pytest.fixture
def fresh(lite: object, request: pytest.FixtureRequest) -> Iterator[Console]:
    """A console of the test's own, on SQLite."""
    with console_over(request.getfixturevalue("lite")) as made:
        yield made
