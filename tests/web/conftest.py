"""A Node process for the tests of this folder, started once; they skip, and say so, where there is none."""

from collections.abc import Iterator

import pytest

from tests.web.nodejs import Node, missing, started


@pytest.fixture(scope="session")
def node() -> Iterator[Node]:
    """Node with the browser's verifier."""
    reason = missing()
    if reason:
        pytest.skip(reason)
    with started() as running:
        yield running
