"""A panel's publication, and the registries of the registry's tests; they skip, and say so, where there is none."""

import pytest

from tests.registry.conftest import cluster, engine_url, founded_postgresql, founded_sqlite, lite, rig
from tests.review.rig import Panel, new_panel

__all__ = ["cluster", "engine_url", "founded_postgresql", "founded_sqlite", "lite", "rig"]


@pytest.fixture(scope="session")
def panel(tmp_path_factory: pytest.TempPathFactory) -> Panel:
    """Not to be changed by a test."""
    return new_panel(tmp_path_factory.mktemp("panel"))
