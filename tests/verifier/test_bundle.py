"""A stranger's bundle: nothing in it is unpacked or listed beyond a bound, and any damage is one of our errors."""

import struct
import tracemalloc
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from tests.builders import HOST, refused
from tests.matrices import examples
from tests.verifier.bombs import crowded_zip
from tests.verifier.publication import bundle_of
from verifier import bundle as bundles
from verifier.bundle import BundleSource
from verifier.errors import SourceError
from verifier.loading import installed_files

FILES = installed_files(HOST)
GENUINE = bundle_of(FILES)
CODES = {
    code: code
    for code in ("source_bundle_form", "source_bundle_too_large", "source_path", "source_too_large")
}
T = TypeVar("T")
STRUCTURES = [at for at in range(len(GENUINE)) if GENUINE.startswith((b"PK\1\2", b"PK\3\4", b"PK\5\6"), at)]
"""Where the entries, the members' heads and the end begin: what a reader believes."""


def opened(data: bytes, folder: Path) -> BundleSource:
    """The bundle with these bytes."""
    file = folder / "bundle.zip"
    file.write_bytes(data)
    return BundleSource(file)


def read_all(data: bytes, folder: Path) -> dict[str, bytes | None]:
    """What can be read of a bundle; any error but ours is a failure of the test."""
    source = outcome(lambda: opened(data, folder))
    if not isinstance(source, BundleSource):
        return {}
    found = {path: outcome(partial(source.read, path, 1 << 16)) for path in FILES}
    return {path: content for path, content in found.items() if not isinstance(content, str)}


def outcome(work: Callable[[], T]) -> T | str:
    """What it gives, or the code of our error."""
    try:
        return work()
    except SourceError as error:
        return CODES[error.code]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for all examples."""
    return tmp_path_factory.mktemp("bundles")


def test_the_genuine_bundle_is_read(folder: Path) -> None:
    assert read_all(GENUINE, folder) == FILES


@examples(400, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_bits_flipped_where_a_reader_looks_first(folder: Path, data: st.DataObject) -> None:
    damaged = bytearray(GENUINE)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.sampled_from(STRUCTURES)) + data.draw(st.integers(0, 60))
        damaged[min(at, len(damaged) - 1)] ^= 1 << data.draw(st.integers(0, 7))
    # A checksum of 32 bits stands in the directory: what is read is the document itself.
    assert all(found in (FILES[path], None) for path, found in read_all(bytes(damaged), folder).items())


@examples(300, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_bytes_replaced_anywhere(folder: Path, data: st.DataObject) -> None:
    damaged = bytearray(GENUINE)
    at = data.draw(st.integers(0, len(damaged) - 1))
    damaged[at : at + data.draw(st.integers(0, 40))] = data.draw(st.binary(max_size=40))
    read_all(bytes(damaged), folder)


@examples(200)
@given(st.integers(0, len(GENUINE)), st.integers(0, len(GENUINE)))
def test_cut_at_both_ends(folder: Path, start: int, end: int) -> None:
    read_all(GENUINE[start:], folder)
    read_all(GENUINE[:end], folder)


@examples(150)
@given(st.binary(max_size=200))
def test_arbitrary_bytes(folder: Path, data: bytes) -> None:
    for bundle in (data, b"PK\3\4" + data + GENUINE[-22:], GENUINE + data):
        read_all(bundle, folder)


# ---- the directory


@pytest.mark.parametrize("zip64", [False, True])
def test_a_crowded_directory_is_refused_before_it_is_listed(tmp_path: Path, zip64: bool) -> None:
    bomb = crowded_zip(1_000_000, zip64=zip64)
    tracemalloc.start()
    try:
        with refused(SourceError, "source_bundle_too_large"):
            opened(bomb, tmp_path)
        assert tracemalloc.get_traced_memory()[1] < len(bomb) + 10_000_000
    finally:
        tracemalloc.stop()


def test_as_many_members_as_the_bound_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundles, "MAX_BUNDLE_MEMBERS", len(FILES) + 1)  # and the header
    assert opened(GENUINE, tmp_path).read("bundle.json", 4096) is not None
    monkeypatch.setattr(bundles, "MAX_BUNDLE_MEMBERS", len(FILES))
    with refused(SourceError, "source_bundle_too_large"):
        opened(GENUINE, tmp_path)


def test_a_directory_of_long_names_is_refused_by_its_size(tmp_path: Path) -> None:
    end = len(GENUINE) - 22
    claimed = struct.pack("<L", bundles.MAX_BUNDLE_DIRECTORY + 1)
    with refused(SourceError, "source_bundle_too_large"):
        opened(GENUINE[: end + 12] + claimed + GENUINE[end + 16 :], tmp_path)


@pytest.mark.parametrize("data", [GENUINE + GENUINE[-22:], GENUINE[:-1], GENUINE[:-22], GENUINE + b"PK\5\6"])
def test_a_directory_without_one_end_is_refused(tmp_path: Path, data: bytes) -> None:
    with refused(SourceError, "source_bundle_form"):
        opened(data, tmp_path)
