"""A publication for the tests of this folder."""

from pathlib import Path

import pytest

from tests.server.rig import Site, new_site


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """Not to be changed by a test."""
    return new_site(tmp_path_factory.mktemp("site"))


@pytest.fixture
def own_site(tmp_path: Path) -> Site:
    """For a test that changes it."""
    return new_site(tmp_path / "site", 1)
