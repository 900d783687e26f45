"""A registry on PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.registry.engines import Cluster
from tests.registry.restoring import Databases
from tests.registry.rig import Place, Rig, copy_home, opened


@pytest.fixture
def served(
    cluster: Cluster, databases: Databases, founded_postgresql: tuple[Path, str], tmp_path: Path
) -> Iterator[Rig]:
    """A founded registry on PostgreSQL, where only that is of interest."""
    home, template = founded_postgresql
    name = databases.borrow(template)
    with opened(Place(copy_home(home, tmp_path / "home"), cluster.url(name)), tmp_path) as one:
        yield one
    databases.give_back(template, name)
