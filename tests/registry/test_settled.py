"""Which tiles of the log a publication looks at: all that is new, and of those that a place had once a few in turn."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text

from registry.log import ENTRIES, log_size
from registry.models import Base
from registry.publication import publish
from registry.published import hints, tiles
from registry.receipts import LogReceipt, read_receipts, receipts_file
from registry.settled import WHOLE_EVERY, look_at
from registry.sites import FolderSite
from tests.console.test_plans import troubles_of
from tests.registry.overheard import overheard, reads
from tests.registry.readers import contents, judged
from tests.registry.rig import NOW, Rig
from tests.registry.test_effects import failing_until_done
from verifier.report import Verdict
from verifier.sources import FolderSource

TILE, BUNDLE = "log/tile/0/000", "log/tile/entries/000"
PLACES = 2 * 2
"""Full tiles and bundles of the 600 entries that each test here begins with."""
Place = tuple[int, int]


class Watched(FolderSite):
    """A folder that notes which files of the log it is asked about."""

    def length(self, path: str) -> int | None:
        """See ``Site``."""
        LOOKED.append(path)
        return super().length(path)


LOOKED: list[str] = []


@pytest.fixture(autouse=True)
def one_in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """A log of a hundred million entries has 800,000 tiles and bundles, and 2,048 have their turn: here of four one."""
    monkeypatch.setattr("registry.settled.IN_TURN", 1)
    few = {"v/index.html": b"a page"}
    monkeypatch.setattr("verifier.webpages.installed_pages", lambda: few)


def settled(rig: Rig) -> list[str]:
    """Some certificates whose log is published, and known to be; their numbers."""
    numbers = rig.issue(*range(600))
    rig.publish()
    assert receipt_of(rig).settled >= 600
    return numbers


def receipt_of(rig: Rig) -> LogReceipt:
    found = read_receipts(receipts_file(rig.app.settings.home, FolderSite(rig.site).address)).log
    assert found is not None
    return found


def looked_at(rig: Rig) -> list[str]:
    """Publish; the tiles, bundles and hints that were looked at."""
    LOOKED.clear()
    publish(rig.app, Watched(rig.site))
    return [path for path in LOOKED if path.startswith(("log/tile/", "log/runs/"))]


def lose(rig: Rig, *paths: str) -> None:
    for path in paths:
        (rig.site / path).unlink()


def fresh(rig: Rig) -> dict[str, bytes]:
    """What of the log a publication to an empty folder has."""
    elsewhere = rig.folder / "elsewhere"
    shutil.rmtree(elsewhere, ignore_errors=True)
    publish(rig.app, elsewhere)
    return log_of(elsewhere)


def log_of(site: Path) -> dict[str, bytes]:
    return {path: data for path, data in contents(site).items() if path.startswith("log/")}


@pytest.mark.parametrize("size", [512, 600, 65_535, 65_536, 3 * 65_536 + 77, 256**3 + 1])
def test_every_place_has_its_turn_and_none_twice_in_a_round(
    monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    full = {
        (level, index) for level in range(ENTRIES, 3) for index in range(size // 256 ** (max(level, 0) + 1))
    }
    step = max(1, len(full) // 7)
    monkeypatch.setattr("registry.settled.IN_TURN", step)
    receipt = LogReceipt(size, NOW, 10**9, 5)  # a place that is none: the turn begins anew
    seen: list[Place] = []
    for _ in range(-(-len(full) // step)):
        look = look_at(receipt, published=size, size=size, now=NOW)
        turn = [(level, index) for level, first, end in look.spans for index in range(first, end)]
        partial = [place for place in turn if place not in full]
        assert len(turn) - len(partial) == step
        assert len(partial) <= 4  # the last of each level
        seen += [place for place in turn if place in full]
        receipt = look.receipt
    assert set(seen) == full
    assert len(set(seen[: len(full)])) == len(full)


def test_all_that_is_new_is_looked_at_whoever_has_the_turn() -> None:
    for before, size in ((512, 513), (600, 1024), (65_535, 65_536), (70_000, 200_000)):
        look = look_at(LogReceipt(before, NOW, ENTRIES, 0), published=before, size=size, now=NOW + 60)
        places = {(level, index) for level, first, end in look.spans for index in range(first, end)}
        new = {(max(level, ENTRIES), leaf // 256) for level in (ENTRIES, 0) for leaf in range(before, size)}
        new |= {(1, leaf // 65_536) for leaf in range(before, size) if leaf % 256 == 255}
        new |= {(2, leaf // 256**3) for leaf in range(before, size) if leaf % 65_536 == 65_535}
        assert not look.whole
        assert new <= places
        assert (look.receipt.settled, look.receipt.whole_at) == (size, NOW)  # half a day is counted from then
        assert len(places - new) <= 1 + 4  # the turn; the last of a level to which nothing was added


def test_a_small_place_is_wholly_looked_at_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("registry.settled.IN_TURN", PLACES)
    for size, whole in ((600, True), (767, True), (768, False)):
        assert look_at(LogReceipt(size, NOW, ENTRIES, 0), published=size, size=size, now=NOW).whole is whole


@pytest.mark.parametrize(
    "changed",
    [
        {"check": True},
        {"now": NOW + WHOLE_EVERY},
        {"now": NOW - 1},
        {"published": 0},
        {"published": 599},
        {"size": 599},
    ],
)
def test_what_makes_a_look_a_whole_one(changed: dict[str, int]) -> None:
    same = {"published": 600, "size": 600, "now": NOW + WHOLE_EVERY - 1}
    receipt = LogReceipt(600, NOW, ENTRIES, 0)
    assert not look_at(receipt, **same).whole  # type: ignore[arg-type]
    assert look_at(receipt, **{**same, **changed}).whole  # type: ignore[arg-type]
    assert look_at(None, **same).whole  # type: ignore[arg-type]


def test_a_settled_tile_that_was_lost_is_found_in_turn(lite: Rig) -> None:
    (number, *_) = settled(lite)
    sound = log_of(lite.site)
    lose(lite, TILE, BUNDLE)
    assert judged(lite, FolderSource(lite.site), number).verdict is Verdict.INDETERMINATE
    written = [publish(lite.app, lite.site).paths for _ in range(PLACES)]
    assert sorted(path for paths in written for path in paths) == [TILE, BUNDLE]
    assert max(map(len, written)) == 1
    assert log_of(lite.site) == sound


def test_all_that_was_lost_is_found_after_half_a_day_or_when_asked(lite: Rig) -> None:
    settled(lite)
    hint = next(path for path in log_of(lite.site) if path.startswith("log/runs/"))
    partial = next(path for path in log_of(lite.site) if ".p/" in path)
    for check in (False, True):
        lose(lite, TILE, BUNDLE, hint, partial)
        assert len(publish(lite.app, lite.site).paths) <= 1
        lite.clock.now += 0 if check else WHOLE_EVERY
        publish(lite.app, lite.site, check=check)
        assert log_of(lite.site) == fresh(lite)
        assert receipt_of(lite).whole_at == lite.clock.now


def emptied(rig: Rig) -> None:
    shutil.rmtree(rig.site)


def of_another_day(rig: Rig) -> None:
    shutil.rmtree(rig.site)
    shutil.copytree(rig.folder / "older", rig.site)


def with_a_damaged_head(rig: Rig) -> None:
    lose(rig, TILE, BUNDLE)
    (rig.site / "log/checkpoint").write_bytes(b"x")


@pytest.mark.parametrize("happened", [emptied, of_another_day, with_a_damaged_head])
def test_a_place_that_is_another_is_filled_at_once(lite: Rig, happened: Callable[[Rig], None]) -> None:
    lite.issue(700)
    shutil.copytree(lite.publish(), lite.folder / "older")
    settled(lite)
    happened(lite)
    lite.publish()
    assert fresh(lite).items() <= log_of(lite.site).items()


@pytest.mark.parametrize(
    "content",
    [
        None,
        b"{}",
        b'{"receiptsVersion":1,"turn":9,"of":{},"log":[300,%d,0,0]}' % NOW,  # sound, but for its version
        *(
            b'{"receiptsVersion":2,"turn":9,"of":{},"log":%s}' % log
            for log in (b"null", b"[1]", b"[-1,0,0,0]", b'["600",0,0,0]', b"[600,true,0,0]", b"7")
        ),
    ],
)
def test_a_receipt_that_is_lost_or_none_costs_a_whole_look(lite: Rig, content: bytes | None) -> None:
    lite.issue(*range(300))
    lite.publish()
    sound = log_of(lite.site)
    assert len(looked_at(lite)) < len(sound) - 2
    file = receipts_file(lite.app.settings.home, FolderSite(lite.site).address)
    file.unlink() if content is None else file.write_bytes(content)
    lose(lite, TILE, BUNDLE)
    lite.publish()
    assert log_of(lite.site) == sound
    assert receipt_of(lite).settled > 300


def test_every_write_that_fails_is_done_by_the_next(lite: Rig) -> None:
    old = settled(lite)[0]
    (new, *_) = lite.issue(*range(600, 900))
    before, failures = receipt_of(lite), 0
    source = FolderSource(lite.site)
    for failures in failing_until_done(lite):  # noqa: B007 - counted to the last
        assert receipt_of(lite) == before
        assert judged(lite, source, old).reason == "valid"
        assert judged(lite, source, new).verdict is not Verdict.FAILED
    assert failures >= 2 * 6
    # The last one failed at the receipts alone: all is there, and not known to be.
    assert (receipt_of(lite), judged(lite, source, new).reason) == (before, "valid")
    assert publish(lite.app, lite.site).written == 0
    assert (receipt_of(lite).settled, receipt_of(lite).whole_at) == (before.settled + 300, before.whole_at)
    assert fresh(lite).items() <= log_of(lite.site).items()


def test_what_a_killed_writer_left_is_swept_beside_what_is_written_and_elsewhere_in_time(lite: Rig) -> None:
    settled(lite)
    left = [
        lite.site / path
        for path in ("log/.checkpoint.0123456789abcdef.new", "schemas/.x.0123456789abcdef.new")
    ]
    for file in left:
        file.write_bytes(b"half")
    lite.issue(700)
    lite.publish()
    assert [file.exists() for file in left] == [False, True]
    lite.clock.now += WHOLE_EVERY
    lite.publish()
    assert [file.exists() for file in left] == [False, False]


def test_what_is_looked_at_does_not_grow_with_the_log(rig: Rig) -> None:
    (number, *_) = settled(rig)
    counts = []
    for first in (600, 1200):
        rig.change(number, "suspend", "complaint")
        rig.change(number, "reinstate", "review-closed")
        looked = looked_at(rig)
        counts.append(len(looked))
        assert not [path for path in looked if path.startswith("log/runs/")]
        rig.issue(*range(first, first + 600))
        rig.issue(first, kind="completion")
        rig.publish()
    assert counts[1] <= counts[0] + 1  # which tiles are the last ones depends on the size
    rig.issue(5000, kind="completion")
    assert [path for path in looked_at(rig) if path.startswith("log/runs/")] == [
        "log/runs/410100/2026/2.json"
    ]
    assert fresh(rig).items() <= log_of(rig.site).items()


_MANY = "WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 5000)"
_PLENTY = {
    "log_tile": {"index": "1000000 + n", "data": 'substr(one."data", 1, 32)'},
    "checkpoint": {"size": "-n"},
    "intent": {
        "id": "1000000 + n",
        "authority": "CAST(100000 + n / 100 AS TEXT)",
        "first_serial": "n",
        "first_leaf": "-n",
        "rows": 'one."seal"',
    },
}
"""Each table that grows, and in what its further rows differ from the first: none is of the log that is published."""


def multiply(rig: Rig) -> None:
    with rig.app.database.write() as session:
        for name, differing in _PLENTY.items():
            columns = [column.name for column in Base.metadata.tables[name].columns]
            values = ", ".join(differing.get(column, f'one."{column}"') for column in columns)
            names = ", ".join(f'"{column}"' for column in columns)
            row = f"(SELECT * FROM {name} LIMIT 1) AS one"  # noqa: S608 - names of our own
            session.execute(text(f"INSERT INTO {name} ({names}) {_MANY} SELECT {values} FROM s, {row}"))  # noqa: S608
    with rig.app.database.engine.connect() as opened:
        opened.execution_options(isolation_level="AUTOCOMMIT").execute(text("ANALYZE"))


def test_no_question_about_the_log_reads_a_whole_table(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.console.test_plans.BIG", frozenset(_PLENTY))
    settled(rig)
    rig.issue(700)
    multiply(rig)
    with rig.app.database.read() as session, overheard(rig.app.database) as heard:
        size = log_size(session)
        look = look_at(receipt_of(rig), published=size, size=size, now=NOW)
        looked = [path for path, _ in tiles(session, size, look, lambda _: None, check=False)]
        looked += [path for path, _ in hints(session, size, since=look.since)]
    assert not look.whole
    assert len(looked) == 1 + 3 + 1  # a settled one in turn, the last of each level, a hint
    asked = {one[0]: one for one in heard if reads(one)}
    assert len(asked) > 5
    with rig.app.database.read() as session:
        found = [
            f"{one}: {troubles}"
            for one, parameters in asked.values()
            if (troubles := troubles_of(session, one, parameters))
        ]
    assert not found, "\n".join(found)
