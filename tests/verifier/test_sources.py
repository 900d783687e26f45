"""Sources hand out bytes, None, or an error, and tell the three apart; none reads beyond its bounds."""

import json
import socket
import time
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.builders import HOST, refused
from tests.simulator import NOW
from tests.verifier.publication import bundle_of, folder_of, zip_of
from tests.verifier.webserver import DRIP, serving
from verifier import bundle as bundles
from verifier import sources
from verifier.bundle import BundleSource
from verifier.errors import SourceError
from verifier.sources import FolderSource, RememberingSource, Source, open_source
from verifier.webserver import HttpSource

FILES = {"trust.json": b"{}", "status/410100/2026/1/revocation/0": b"[]", "a.b/c-d_e": b"x"}
ESCAPES = [
    "",
    "/etc/passwd",
    "../secret",
    "status/../../secret",
    "status//0",
    "a\\b",
    "a/./b",
    "%2e%2e/x",
    "é",
    "a?b",
]


@pytest.fixture(params=["folder", "bundle", "server"])
def source(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Source]:
    """The same publication behind each source."""
    if request.param == "server":
        with serving(FILES) as (address, _), closing(open_source(address)) as opened:
            yield opened
        return
    if request.param == "folder":
        where = folder_of(FILES, tmp_path / "site")
    else:
        where = tmp_path / "bundle.zip"
        where.write_bytes(bundle_of(FILES))
    with closing(open_source(str(where))) as opened:
        yield opened


def test_every_source_gives_the_same_bytes(source: Source) -> None:
    for path, data in FILES.items():
        assert source.read(path, 100) == data


def test_every_source_knows_what_is_not_there(source: Source) -> None:
    assert source.read("trust/7.json", 100) is None
    assert source.read("trust.json/x", 100) is None
    assert source.read("status", 100) is None


@pytest.mark.parametrize("path", ESCAPES)
def test_no_source_leaves_the_publication(source: Source, path: str) -> None:
    with refused(SourceError, "source_path"):
        source.read(path, 100)


def test_every_source_keeps_the_bound(source: Source) -> None:
    assert source.read("trust.json", 2) == b"{}"
    with refused(SourceError, "source_too_large"):
        source.read("trust.json", 1)


def test_every_source_says_what_it_is(source: Source) -> None:
    assert source.describe()


def test_only_a_bundle_carries_no_log(source: Source) -> None:
    assert source.carries_log is not isinstance(source, BundleSource)


def test_what_is_neither_address_folder_nor_file_is_not_found(tmp_path: Path) -> None:
    with refused(SourceError, "source_not_found"):
        open_source(str(tmp_path / "nothing"))


# ---- folders


def test_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"secret")
    site = folder_of(FILES, tmp_path / "site")
    (site / "out").symlink_to(tmp_path / "secret")
    (site / "inside").symlink_to(site / "trust.json")
    source = FolderSource(site)
    with refused(SourceError, "source_path"):
        source.read("out", 100)
    assert source.read("inside", 100) == b"{}"


def test_a_link_in_a_circle_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to(tmp_path / "a")
    with refused(SourceError, "source_unreachable"):
        FolderSource(tmp_path).read("a", 100)


# ---- bundles


def _bundle(tmp_path: Path, data: bytes) -> BundleSource:
    file = tmp_path / "bundle.zip"
    file.write_bytes(data)
    return BundleSource(file)


def _header(**changes: object) -> bytes:
    header = {"bundleVersion": 1, "registry": HOST, "createdAt": "2026-03-10T08:00:00Z", **changes}
    return json.dumps({name: value for name, value in header.items() if value is not None}).encode()


def test_a_bundle_says_whose_it_is_and_when_it_was_made(tmp_path: Path) -> None:
    source = _bundle(tmp_path, bundle_of(FILES, created=NOW - 300))
    assert (source.registry, source.created_at) == (HOST, NOW - 300)


def test_folders_in_a_bundle_are_passed_over_and_stored_members_read(tmp_path: Path) -> None:
    data = zip_of({"bundle.json": _header(), "trust/": b"", "x": b"y"}, method=zipfile.ZIP_STORED)
    source = _bundle(tmp_path, data)
    assert (source.read("x", 1), source.read("trust", 1)) == (b"y", None)


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"[]",
        b"{",
        _header(bundleVersion=2),
        _header(registry=7),
        _header(createdAt="yesterday"),
        _header(createdAt=None),
    ],
)
def test_a_bundle_without_its_header_is_none(tmp_path: Path, header: bytes) -> None:
    with refused(SourceError, "source_bundle_form"):
        _bundle(tmp_path, zip_of({"bundle.json": header}))
    with refused(SourceError, "source_bundle_form"):
        _bundle(tmp_path, zip_of(FILES))


@pytest.mark.parametrize("data", [b"", b"PK", b"no zip at all", bundle_of(FILES)[:-30]])
def test_what_is_no_zip_is_no_bundle(tmp_path: Path, data: bytes) -> None:
    with refused(SourceError, "source_bundle_form"):
        _bundle(tmp_path, data)


def test_a_path_out_of_the_bundle_is_refused(tmp_path: Path) -> None:
    with refused(SourceError, "source_path"):
        _bundle(tmp_path, zip_of({"bundle.json": _header(), "../x": b""}))


def test_a_path_twice_is_refused(tmp_path: Path) -> None:
    data = zip_of({"bundle.json": _header(), "x1": b"a", "x2": b"b"}).replace(b"x2", b"x1")
    with refused(SourceError, "source_bundle_form"):
        _bundle(tmp_path, data)


def test_an_unusual_method_is_refused(tmp_path: Path) -> None:
    with refused(SourceError, "source_bundle_form"):
        _bundle(tmp_path, zip_of({"bundle.json": _header()}, method=zipfile.ZIP_BZIP2))


def test_encryption_is_refused(tmp_path: Path) -> None:
    data = bytearray(zip_of({"bundle.json": _header()}))
    data[data.index(b"PK\1\2") + 8] |= 1  # the flag in the central directory
    with refused(SourceError, "source_bundle_form"):
        _bundle(tmp_path, bytes(data))


def test_a_damaged_member_cannot_be_read(tmp_path: Path) -> None:
    data = zip_of({"bundle.json": _header(), "x": b"precious"}, method=zipfile.ZIP_STORED)
    source = _bundle(tmp_path, data.replace(b"precious", b"preciouS"))
    with refused(SourceError, "source_bundle_form"):
        source.read("x", 100)


def test_a_member_that_unpacks_beyond_measure_is_refused(tmp_path: Path) -> None:
    with refused(SourceError, "source_bundle_too_large"):
        _bundle(tmp_path, zip_of({"bundle.json": _header(), "x": bytes(1 << 20)}))


@pytest.mark.parametrize("bound", ["MAX_BUNDLE_BYTES", "MAX_BUNDLE_MEMBERS", "MAX_BUNDLE_UNPACKED"])
def test_a_bundle_over_a_bound_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bound: str
) -> None:
    monkeypatch.setattr(bundles, bound, 2)
    with refused(SourceError, "source_bundle_too_large"):
        _bundle(tmp_path, bundle_of(FILES))


def test_a_bundle_that_cannot_be_opened_is_unreachable(tmp_path: Path) -> None:
    with refused(SourceError, "source_unreachable"):
        BundleSource(tmp_path / "gone.zip")


# ---- servers


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (500, "source_unreachable"),
        (503, "source_unreachable"),
        (403, "source_refused"),
        (410, "source_refused"),
    ],
)
def test_only_404_means_that_nothing_is_there(status: int, code: str) -> None:
    with (
        serving({"x": b"y"}, {"x": (status, {})}) as (address, _),
        closing(HttpSource(address)) as source,
        refused(SourceError, code),
    ):
        source.read("x", 100)


def test_a_redirect_on_the_host_is_followed() -> None:
    answers = {"x": (302, {"Location": "/y"})}
    with serving({"y": b"z"}, answers) as (address, asked), closing(HttpSource(address)) as source:
        assert source.read("x", 100) == b"z"
        assert asked == ["x", "y"]


@pytest.mark.parametrize(
    "target", ["http://elsewhere.example/x", "https://127.0.0.1:1/x", "//other.example/x", "file:///x"]
)
def test_a_redirect_to_another_host_is_not_followed(target: str) -> None:
    answers = {"x": (302, {"Location": target})}
    with (
        serving({}, answers) as (address, _),
        closing(HttpSource(address)) as source,
        refused(SourceError, "source_redirect"),
    ):
        source.read("x", 100)


def test_redirects_in_a_circle_end() -> None:
    answers = {"x": (302, {"Location": "/x"})}
    with serving({}, answers) as (address, asked), closing(HttpSource(address)) as source:
        with refused(SourceError, "source_redirect"):
            source.read("x", 100)
        assert len(asked) == 4


def test_a_compressed_answer_is_refused() -> None:
    answers = {"x": (200, {"Content-Encoding": "gzip"})}
    with (
        serving({"x": b"y"}, answers) as (address, _),
        closing(HttpSource(address)) as source,
        refused(SourceError, "source_encoding"),
    ):
        source.read("x", 100)


def test_a_server_that_drips_is_given_up() -> None:
    started = time.monotonic()
    with (
        serving({DRIP: bytes(200)}) as (address, _),
        closing(HttpSource(address, total_seconds=0.3)) as source,
    ):
        with refused(SourceError, "source_unreachable"):
            source.read(DRIP, 1000)
        assert time.monotonic() - started < 5


def test_nobody_at_the_address_is_unreachable() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{unused.getsockname()[1]}"
        with closing(HttpSource(address)) as source, refused(SourceError, "source_unreachable"):
            source.read("x", 100)


def test_an_impossible_address_is_unreachable() -> None:
    with closing(HttpSource("http://[nobody")) as source, refused(SourceError, "source_unreachable"):
        source.read("x", 100)


def test_a_publication_may_lie_below_a_path() -> None:
    with serving({"below/x": b"y"}) as (address, _), closing(HttpSource(f"{address}/below/")) as source:
        assert source.read("x", 100) == b"y"
        assert source.describe() == f"{address}/below/"


# ---- memory


def test_a_document_is_fetched_once() -> None:
    with serving(FILES) as (address, asked), closing(RememberingSource(HttpSource(address))) as source:
        for _ in range(3):
            assert source.read("trust.json", 100) == b"{}"
            assert source.read("gone", 100) is None
        assert asked == ["trust.json", "gone"]
        assert source.reads == 2
        assert source.carries_log
        assert source.describe() == f"{address}/"
        with refused(SourceError, "source_too_large"):
            source.read("trust.json", 1)


def test_a_failing_server_is_given_up_after_a_few() -> None:
    answers = {f"x{place}": (500, {}) for place in range(9)}
    with (
        serving(FILES, answers) as (address, asked),
        closing(RememberingSource(HttpSource(address))) as source,
    ):
        for path in [*answers, "x0", "trust.json"]:
            with refused(SourceError, "source_unreachable"):
                source.read(path, 100)
        assert len(asked) == sources.MAX_FAILURES


def test_one_failure_is_not_the_end() -> None:
    answers = {"x": (500, {}), "y": (500, {}), "z": (500, {})}
    with serving(FILES, answers) as (address, _), closing(RememberingSource(HttpSource(address))) as source:
        for path in ("x", "y"):
            with refused(SourceError, "source_unreachable"):
                source.read(path, 100)
        assert source.read("trust.json", 100) == b"{}"
        with refused(SourceError, "source_unreachable"):
            source.read("z", 100)
        assert source.read("a.b/c-d_e", 100) == b"x"


def test_what_is_refused_counts_against_no_connection(tmp_path: Path) -> None:
    """Whoever presents addresses that lead nowhere does not keep the next certificate from being judged."""
    source = RememberingSource(FolderSource(folder_of(FILES, tmp_path)))
    for path in ESCAPES[1 : sources.MAX_FAILURES + 2]:
        with refused(SourceError, "source_path"):
            source.read(path, 100)
    assert source.read("trust.json", 100) == b"{}"


def test_the_memory_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "MAX_REMEMBERED_BYTES", 3)
    source = RememberingSource(FolderSource(folder_of(FILES, tmp_path)))
    for _ in range(2):
        assert source.read("trust.json", 100) == b"{}"
        assert source.read("status/410100/2026/1/revocation/0", 100) == b"[]"
    assert source.reads == 4
