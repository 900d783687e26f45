"""A panel's publication, Node and Chromium, and the registries of the registry's tests; they skip, and say so, where there is none."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.lineprogram import LineProgram
from tests.registry.conftest import cluster, engine_url, founded_postgresql, founded_sqlite, lite, rig
from tests.review.rig import Panel, new_panel
from tests.web import chromium, nodejs

if TYPE_CHECKING:
    from playwright.sync_api import Browser

__all__ = ["cluster", "engine_url", "founded_postgresql", "founded_sqlite", "lite", "rig"]


@pytest.fixture(scope="session")
def panel(tmp_path_factory: pytest.TempPathFactory) -> Panel:
    """Not to be changed by a test."""
    return new_panel(tmp_path_factory.mktemp("panel"))


@pytest.fixture(scope="session")
def node() -> Iterator[LineProgram]:
    """Node with the browser's modules."""
    reason = nodejs.missing()
    if reason:
        pytest.skip(reason)
    with nodejs.started() as running:
        yield running


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
