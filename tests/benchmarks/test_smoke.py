"""The benchmark runs, and what it writes has the shape that README.md describes. Times are never looked at."""

import json
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from registry.fsck import fsck
from tests.benchmarks.__main__ import main
from tests.benchmarks.archive import Archive
from tests.benchmarks.bars import draw_bars
from tests.benchmarks.bundlesize import bundle_size
from tests.benchmarks.charts import draw
from tests.benchmarks.effort import effort_of
from tests.benchmarks.floor import pieces_of, shares
from tests.benchmarks.growing import reads_of
from tests.benchmarks.growth import TABLES, sizes_of
from tests.benchmarks.measure import Measure, Round
from tests.benchmarks.office import make_sheets, open_office
from tests.registry.engines import Cluster

PROJECT = Path(__file__).resolve().parents[2]
FIGURES = {"median", "least", "most"}
MEASURES = [
    "issue, sqlite",
    "verify, JSON with log proof and status, one process",
    "verify, JSON with log proof and status, all processors",
    "verify, QR text with status, one process",
    "verify, QR text with status, all processors",
    "POST /api/verify, one a request",
    "POST /api/verify, 100 a request",
    "sign, key file",
    "sign, agent, 1 at once",
    "sign, agent, 100 at once",
    "sign, agent, 2000 at once",
    "canonical form of a record",
    "append leaves",
    "publish tiles, leaves",
    "audit, entries",
]
TOKEN = "sign, token (SoftHSM2)"
"""Where there is one."""
TIMINGS = ["draw PDF", "draw PNG", "QR matrix", "publish, unchanged"]


@pytest.mark.exhaustive
def test_a_tiny_run_writes_every_measure(tmp_path: Path) -> None:
    """One round of three certificates on SQLite, through the real command."""
    target = tmp_path / "results" / "benchmarks.json"
    sizes = [
        "--issue",
        "3",
        "--verify",
        "2",
        "--sign",
        "1",
        "--render",
        "1",
        "--leaves",
        "300",
        "--rounds",
        "1",
        "--raw-seconds",
        "0.01",
        "--engine",
        "sqlite",
    ]
    command = [sys.executable, "-m", "tests.benchmarks", *sizes, "--json", str(target)]
    done = subprocess.run(command, cwd=PROJECT, check=False, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    # The table folds long names.
    assert all(name.partition(",")[0] in done.stdout for name in (*MEASURES, *TIMINGS))
    found = json.loads(target.read_text(encoding="utf-8"))
    assert found["benchmarkVersion"] == 1
    assert found["engines"] == ["sqlite"]
    assert found["sizes"] == {
        "issue": 3,
        "verify": 2,
        "sign": 1,
        "render": 1,
        "leaves": 300,
        "rounds": 1,
        "rawSeconds": 0.01,
    }
    assert {"cores", "processor", "python", "packages"} == set(found["machine"])
    assert all(set(found["raw"][name]) == FIGURES for name in ("sign", "verify"))
    _check_measures(found["measures"])
    _check_timings(found["timings"])


def _check_measures(measures: list[dict[str, object]]) -> None:
    assert [one["name"] for one in measures if one["name"] != TOKEN] == MEASURES
    common = {
        "name",
        "count",
        "rounds",
        "perSecond",
        "wallMicroseconds",
        "cpuMicroseconds",
        "allCpuMicroseconds",
    }
    for one in measures:
        word = str(one["name"]).partition(",")[0]
        beside = {"issue": "sign", "sign": "sign", "verify": "verify", "POST /api/verify": "verify"}.get(word)
        assert set(one) == (common | {"beside", "ratio", "coreRatio"} if beside else common)
        assert one.get("beside") == beside
        assert all(set(dict(one[name])) == FIGURES for name in ("perSecond", "wallMicroseconds"))  # type: ignore[call-overload]
    counts = {str(one["name"]): one["count"] for one in measures}
    # Three certificates, three to warm up, and two trust lists are in the log besides.
    assert [counts[name] for name in MEASURES] == [3, 2, 2, 2, 2, 2, 2, 100, 1, 100, 2000, 2, 300, 300, 308]


def _check_timings(timings: list[dict[str, object]]) -> None:
    assert [one["name"] for one in timings] == TIMINGS
    for one in timings:
        assert set(one) == {"name", "count", "wallMicroseconds", "p90Microseconds", "cpuMicroseconds"}


def test_a_size_of_nothing_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """A round without anything in it has no rate."""
    with pytest.raises(SystemExit) as ended:
        main(["--issue", "0"])
    assert ended.value.code == 2
    assert "at least 1" in capsys.readouterr().err


def test_a_small_provinces_bundle_is_written_and_read(tmp_path: Path) -> None:
    size = bundle_size(tmp_path, certificates=40_000, per_mille=10, years=1)
    assert (size.blocks, size.revoked) == (40, 400)
    assert size.lists + size.details < size.total


@pytest.mark.exhaustive
def test_a_synthetic_archive_is_as_the_log_says(tmp_path: Path) -> None:
    """All that ``fsck`` recomputes holds, but for what is said to be untrue: signatures, seals, unlisted offices."""
    with open_office(tmp_path) as office:
        archive = Archive(office.app)
        archive.fill(1000, at_once=500)
        found = {one.code for one in fsck(office.app).troubles}
        assert found == {"authority_not_listed", "identity_unreadable", "intent_altered", "no_key"}
        assert len(archive.sample) == 2
        for work in reads_of(office).values():
            work(archive.sample[1])
            assert effort_of(office.app.database, lambda work=work: work(archive.sample[1])) > 0  # type: ignore[misc]


@pytest.mark.exhaustive
def test_the_bytes_of_tables_are_those_of_their_parts_too(tmp_path: Path, cluster: Cluster) -> None:
    with open_office(tmp_path, cluster.url(cluster.create())) as office:
        Archive(office.app).fill(500)
        sizes = sizes_of(office, tmp_path)
        assert {name for name, size in sizes.items() if not size} == set()
        assert set(TABLES) < set(sizes)


@pytest.mark.exhaustive
def test_each_piece_of_the_floor_is_done_for_every_certificate(tmp_path: Path, cluster: Cluster) -> None:
    url = cluster.url(cluster.create())
    (sheet,) = make_sheets(tmp_path / "sheets", rows=3, sheets=1, seed=1)
    with open_office(tmp_path / "office", url) as office:
        office.issue_all(sheet)
        pieces = pieces_of(url, sheet)
        assert [piece.work() for piece in pieces] == [3] * 5
        assert [piece.work() for piece in pieces] == [3] * 5, "a round leaves nothing behind"


def test_a_share_is_in_raw_signatures_of_the_same_minutes() -> None:
    """Two of them in one round and four in the other; the median is that of the rates."""
    raw = [1000.0, 500.0]
    rounds = [Round(10, 9.0, 0.01, 0.02), Round(10, 9.0, 0.01, 0.08)]
    assert shares([Measure("", "sign", rounds=rounds, raw=raw, raw_cpu=raw)]) == [pytest.approx(1 / 0.375)]


def test_growth_is_drawn(tmp_path: Path) -> None:
    """Pages where PostgreSQL is read, processor time elsewhere."""
    read, written = {"cpu": 0.3, "effort": 4}, {"cpu": 0.1}
    steps = [
        {"engine": engine, "rows": rows, "figures": {"a & b": read, "c": written}}
        for engine in ("sqlite", "postgresql")
        for rows in (100_000, 1_000_000)
    ]
    for file, unit in zip(draw(steps, tmp_path), ("pages", "ms"), strict=True):
        svg = ET.fromstring(file.read_text(encoding="utf-8"))  # noqa: S314 - our own drawing
        words = [one.text for one in svg.iter("{http://www.w3.org/2000/svg}text")]
        assert {f"a & b ({unit})", "c (ms)", "10⁵", "10⁶"} <= set(words)
        assert len(list(svg.iter("{http://www.w3.org/2000/svg}circle"))) == 4


def test_the_comparison_is_drawn(tmp_path: Path) -> None:
    """A bar for what is done, none for what is not, as long as the share."""
    peers = {"a & b": {"issue": {"ofRaw": 0.5}, "verify": {"ofRaw": 0.25}}, "c": {"verify": {"ofRaw": 1.0}}}
    svg = ET.fromstring(draw_bars(peers, tmp_path / "bars.svg").read_text(encoding="utf-8"))  # noqa: S314 - our own drawing
    ground, *bars = svg.iter("{http://www.w3.org/2000/svg}rect")
    assert ground.get("fill") == "#fff"
    issued, verified, whole = (float(bar.get("width", "")) for bar in bars)
    assert (issued, verified) == (whole / 2, whole / 4)
    words = {one.text for one in svg.iter("{http://www.w3.org/2000/svg}text")}
    assert {"a & b", "c", "0.50", "0.25", "1.00"} <= words
