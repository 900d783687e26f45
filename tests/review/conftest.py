"""A panel's publication."""

import pytest

from tests.review.rig import Panel, new_panel


@pytest.fixture(scope="session")
def panel(tmp_path_factory: pytest.TempPathFactory) -> Panel:
    """Not to be changed by a test."""
    return new_panel(tmp_path_factory.mktemp("panel"))
