"""The registries that the registry's tests have."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.registry.conftest import cluster, founded_postgresql, founded_sqlite, lite, rig
from tests.registry.engines import Cluster
from tests.registry.rig import Place, Rig, copy_home, opened

__all__ = ["cluster", "founded_postgresql", "founded_sqlite", "lite", "rig"]


@pytest.fixture
def served(cluster: Cluster, founded_postgresql: tuple[Path, str], tmp_path: Path) -> Iterator[Rig]:
    """A founded registry on PostgreSQL, where only that is of interest."""
    home, template = founded_postgresql
    name = cluster.create(template)
    with opened(Place(copy_home(home, tmp_path / "home"), cluster.url(name)), tmp_path) as one:
        yield one
    cluster.drop(name)
