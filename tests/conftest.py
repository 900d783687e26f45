"""Shared fixtures and the settings of the property tests.

``ci`` (the default) derives every example from the test itself, so that a run can be repeated; set
``HYPOTHESIS_PROFILE=search`` to look for new examples.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.softhsm import NoSoftHsmError, SoftHsm, softhsm

settings.register_profile("ci", derandomize=True, deadline=None, database=None)
settings.register_profile("search", deadline=None, max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))

_PROJECT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def foreign_vectors() -> Path:
    """The folder of others' test data: ``FOREIGN_VECTORS``, else ``../shared/vectors``; skips where it is absent."""
    folder = Path(os.environ.get("FOREIGN_VECTORS") or _PROJECT.parent / "shared" / "vectors")
    if not folder.is_dir():
        pytest.skip("others' test data are absent; FOREIGN_VECTORS names their folder")
    return folder


@pytest.fixture(scope="session")
def hsm() -> Iterator[SoftHsm]:
    """SoftHSM2 as a real token; skips where there is none."""
    try:
        with softhsm() as found:
            yield found
    except NoSoftHsmError as error:
        pytest.skip(str(error))
