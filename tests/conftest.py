"""Shared fixtures, the settings of the property tests, what is traced for coverage, and what runs first.

``ci`` (the default) derives every example from the test itself, so that a run can be repeated; set
``HYPOTHESIS_PROFILE=search`` to look for new examples.
"""

import gc
import os
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import TYPE_CHECKING

import pytest
from coverage import Coverage
from hypothesis import settings

from tests import cheapkeys, compiled  # noqa: F401 - they lower prices
from tests.lineprogram import LineProgram
from tests.matrices import PROPERTY, leave_repeats_on_postgresql, leave_whole_tests, repeat_properties
from tests.registry.fixtures import (
    cluster,
    databases,
    engine_url,
    founded_postgresql,
    founded_sqlite,
    lite,
    rig,
)
from tests.softhsm import NoSoftHsmError, SoftHsm, softhsm
from tests.web import chromium, nodejs

if TYPE_CHECKING:
    from playwright.sync_api import Browser

settings.register_profile("ci", derandomize=True, deadline=None, database=None, max_examples=PROPERTY)
settings.register_profile("search", deadline=None, max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))

__all__ = ["cluster", "databases", "engine_url", "founded_postgresql", "founded_sqlite", "lite", "rig"]
"""Registries, founded once for all tests of a process."""

_PROJECT = Path(__file__).resolve().parent.parent

TRACED = (
    "tests/foreign/",
    "tests/keys/",
    "tests/review/",
    "tests/server/test_statics.py",
    "tests/verifier/",
)
"""Tests that keys/ and the verifier's core are covered by. Tracing doubles a test's time, so the others run without."""
UNTRACED = (
    "tests/foreign/test_w3c_libraries.py",
    "tests/keys/test_agentwire.py::test_a_request_comes_back",
    "tests/keys/test_encodings.py::test_what_is_decoded_has_that_one_spelling",
    "tests/keys/test_trustchain.py::test_no_bit_of_a_list_may_change",
    *(
        f"tests/review/test_{name}"
        for name in (
            "accessible.py",
            "announced.py",
            "composition.py::test_a_mended_row_names_its_place",
            "journey.py",
            "killed.py",
            "meanwhile.py",
            "release.py",
            "rows.py::test_the_browser_makes_the_same_rows",
            "server.py",
        )
    ),
    *(
        f"tests/verifier/test_{name}"
        for name in (
            "audit_command.py::test_the_program",
            "audit_parts.py::test_roots_fall_out_of_the_stream",
            "box.py::test_a_bomb_that_shows_is_refused_at_once",
            "box.py::test_bombs_of_one_caller_do_not_stop_the_others",
            "box.py::test_drawings_within_drawings_stop_at_a_bound_of_the_box",
            "box.py::test_who_takes_too_much_",
            "bundle.py::test_bits_flipped_where_a_reader_looks_first",
            "bundle.py::test_bytes_replaced_anywhere",
            "catalogue.py::test_any_value_in_a_record_is_judged_without_raising",
            "cli.py",
            "conformance_run.py",
            "containers.py::test_a_picture_in_colour_may_have_fewer_points",
            "gather.py",
            "knowntree.py::test_a_tree_that_remembers_says_what_one_without_memory_says",
            "messages.py",
            "properties.py",
            "record.py::test_what_a_records_characters_are_every_reader_knows",
            "spec.py",
            "status.py::test_no_bit_of_a_list_may_change",
            "textreport.py",
            "tiles.py::test_the_root_and_proofs_of_tiles_are_those_of_the_whole_tree",
            "vectors.py",
        )
    ),
)
"""Many examples, or other programs, of what the others have covered: whole files, and single tests of the others."""
FIRST = (
    "tests/benchmarks/",
    "tests/journeys/",
    "tests/web/",
    "tests/review/",
    "tests/console/",
    "tests/registry/operation/",
)
"""Few and long; what comes last is short, so that no process waits long for the other at the end."""


class _Tracing:
    """Goes on and off where a traced test follows another or the other way round: each start looks at every module there is."""

    def __init__(self) -> None:
        self._paused: Coverage | None = None

    def set(self, wanted: bool) -> None:
        """Nothing happens in a run without coverage."""
        if wanted and self._paused is not None:
            self._paused.start()
            self._paused = None
        while not wanted and (running := Coverage.current()) is not None:
            running.stop()  # a process of many has a second one beneath, whose data nobody reads
            self._paused = self._paused or running


_TRACING = _Tracing()


def is_traced(item: pytest.Item) -> bool:
    """Whether keys/ and the verifier's core are to be covered by it."""
    return item.nodeid.startswith(TRACED) and not item.nodeid.startswith(UNTRACED)


def place_of(item: pytest.Item) -> int:
    """Traced tests come before all others: what a process keeps (``lru_cache``) is then made where it is seen to be made."""
    if is_traced(item):
        return -1
    return next((place for place, one in enumerate(FIRST) if item.nodeid.startswith(one)), len(FIRST))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The traced ones, the long ones, then everything else as it was."""
    leave_whole_tests(items)  # before the marks are chosen by
    leave_repeats_on_postgresql(items)
    repeat_properties(items)
    items.sort(key=place_of)


def pytest_collection_finish() -> None:
    """Tests and modules stay to the end: the collector of garbage, who would go through them again and again, leaves them alone."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    """What is covered by being imported is imported now; how tests are found and counted is no matter of coverage."""
    if Coverage.current() is None or session.config.pluginmanager.has_plugin("dsession"):
        return  # the latter hands tests out to others, and runs none
    for package in ("keys", "verifier"):
        for module in walk_packages([str(_PROJECT / package)], f"{package}."):
            if not module.name.endswith("__main__"):
                import_module(module.name)
    _TRACING.set(False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Trace only what is there to cover (``TRACED``); fixtures as well, which are half of a test."""
    _TRACING.set(is_traced(item))
    return (yield)


@pytest.fixture(scope="session")
def foreign_vectors() -> Path:
    """The folder of others' test data: ``FOREIGN_VECTORS``, else ``../shared/vectors``; skips where it is absent."""
    folder = Path(os.environ.get("FOREIGN_VECTORS") or _PROJECT.parent / "shared" / "vectors")
    if not folder.is_dir():
        pytest.skip("others' test data are absent; FOREIGN_VECTORS names their folder")
    return folder


@pytest.fixture(scope="session")
def node() -> Iterator[LineProgram]:
    """Node with the browser's modules; skips where there is none."""
    reason = nodejs.missing()
    if reason:
        pytest.skip(reason)
    with nodejs.started() as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    """Chromium without a window, each module's own; skips where there is none."""
    reason = chromium.missing()
    if reason:
        pytest.skip(reason)
    with chromium.started() as running:
        yield running


@pytest.fixture
def anyio_backend() -> str:
    """Requests run on asyncio, as the servers do."""
    return "asyncio"


@pytest.fixture(scope="session")
def hsm() -> Iterator[SoftHsm]:
    """SoftHSM2 as a real token; skips where there is none."""
    try:
        with softhsm() as found:
            yield found
    except NoSoftHsmError as error:
        pytest.skip(str(error))
