"""A publication for the tests of this folder, and Chromium where there is one."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.server.rig import Site, new_site
from tests.web import chromium

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """Not to be changed by a test."""
    return new_site(tmp_path_factory.mktemp("site"))


@pytest.fixture
def own_site(tmp_path: Path) -> Site:
    """For a test that changes it."""
    return new_site(tmp_path / "site", 1)


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    """Chromium without a window."""
    reason = chromium.missing()
    if reason:
        pytest.skip(reason)
    with chromium.started() as running:
        yield running


@pytest.fixture
def anyio_backend() -> str:
    """Requests run on asyncio, as the server does."""
    return "asyncio"
