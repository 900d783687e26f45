"""Node and Chromium for the tests of this folder, each started once; the tests skip, and say so, where there is none."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.lineprogram import LineProgram
from tests.web import chromium, nodejs

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="session")
def node() -> Iterator[LineProgram]:
    """Node with the browser's verifier."""
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
