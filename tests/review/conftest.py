"""A panel's publication, and the server on it."""

from collections.abc import Iterator

import pytest

from tests.review.browser import running
from tests.review.rig import Panel, new_panel


@pytest.fixture(scope="session")
def panel(tmp_path_factory: pytest.TempPathFactory) -> Panel:
    """Not to be changed by a test."""
    return new_panel(tmp_path_factory.mktemp("panel"))


@pytest.fixture(scope="module")
def address(panel: Panel) -> Iterator[str]:
    """Where the panel's server answers."""
    with running(panel) as found:
        yield found
