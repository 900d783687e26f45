"""Figures are what a count of our own comes to; they follow the log, survive a crash, and fsck finds a changed one."""

from collections import Counter
from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest
from sqlalchemy import delete

from registry.fsck import fsck
from registry.models import Certificate
from registry.province import counts
from registry.province.chart import Bar, columns_chart, rows_chart
from registry.province.counts import (
    Cell,
    Tally,
    bring_up_to_date,
    count_troubles,
    counts_of,
    follow,
    follow_to_the_end,
    progress,
    rebuild,
)
from registry.province.figures import PAGE, Choice, grouped, leaves_of, listed, total, within_reach
from registry.province.numbers import account_of, accounts_of, blocks_of, gaps_of, voids_of
from registry.province.reconciling import reconcile
from registry.province.totals import issued_by_series, recount, void_by_series
from tests.builders import INDUSTRY, MUNICIPAL, at
from tests.registry.children import Strike, issue, killed
from tests.registry.intruder import Tamper, edit, sql, tamper
from tests.registry.rig import NOW, Rig, revoke_key

DECEMBER = at("2026-12-02T01:00:00Z")


def counted(rig: Rig, authority: str | None = None) -> dict[Cell, Tally]:
    bring_up_to_date(rig.app)
    with rig.app.database.read() as session:
        return counts_of(session, authority=authority)


@pytest.fixture
def year(rig: Rig) -> tuple[Rig, list[str]]:
    """November: 6 and 2 of another office and kind; December: 3; one suspended, one revoked after a suspension."""
    numbers = rig.issue(*range(6))
    rig.issue(10, 11, authority=INDUSTRY, kind="completion")
    rig.clock.now = DECEMBER
    numbers += rig.issue(20, 21, 22)
    rig.change(numbers[0], "suspend", "under-review")
    rig.change(numbers[1], "suspend", "under-review")
    rig.change(numbers[1], "revoke", "fraud")
    rig.change(numbers[7], "suspend", "under-review")
    rig.change(numbers[7], "reinstate", "review-closed")
    rig.app.sign_log()
    return rig, numbers


def test_every_certificate_is_counted_once(year: tuple[Rig, list[str]]) -> None:
    rig, _ = year
    found = counted(rig)
    assert sum(found.values(), Tally()) == Tally(11, 1, 1)
    by_month = grouped(found, Choice(), "month")
    assert by_month == {202611: Tally(8, 1, 1), 202612: Tally(3)}
    assert grouped(found, Choice(), "authority") == {MUNICIPAL: Tally(9, 1, 1), INDUSTRY: Tally(2)}
    assert grouped(found, Choice(), "kind") == {1: Tally(9, 1, 1), 2: Tally(2)}
    grades = grouped(found, Choice(), "grade")
    assert grades[""] == Tally(2)
    assert sum(tally.issued for grade, tally in grades.items() if grade) == 9
    assert total(found, Choice(month=202611, authority=MUNICIPAL)).in_force == 4
    assert counted(rig, INDUSTRY).keys() == {cell for cell in found if cell.authority == INDUSTRY}
    assert fsck(rig.app).troubles == ()


def test_however_it_is_cut_it_comes_to_the_same(year: tuple[Rig, list[str]]) -> None:
    rig, _ = year
    whole = counted(rig)
    with rig.app.database.write() as session:
        rebuild(session)
    while True:
        with rig.app.database.write() as session:
            if follow(session, 3).behind == 0:
                break
    assert counted(rig) == whole


def test_one_that_is_far_behind_says_so(lite: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counts, "STEP", 3)
    lite.issue(*range(5))
    behind = bring_up_to_date(lite.app, at_most=3).behind
    assert behind > 3
    assert bring_up_to_date(lite.app, at_most=behind - 1).behind == behind
    assert bring_up_to_date(lite.app, at_most=behind).behind == 0  # in several steps
    with lite.app.database.write() as session:
        rebuild(session)
    assert follow_to_the_end(lite.app) == behind
    with lite.app.database.read() as session:
        assert progress(session).behind == 0
        assert list(count_troubles(session)) == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE certificate_count SET issued = issued + 1",
        "DELETE FROM certificate_count",
        "UPDATE certificate_count_mark SET leaf = 10000",
    ],
)
def test_altered_figures_are_found(rig: Rig, statement: str) -> None:
    rig.issue(1)
    counted(rig)
    tamper(rig, sql(statement))
    assert {one.code for one in fsck(rig.app).troubles} == {"counts_differ"}


def renumbered_entry(data: bytes) -> bytes:
    """The first certificate's issue entry with a number that is none, of the same length."""
    return data.replace(b'"number":"4101002026', b'"number":"41010020x6', 1)


@pytest.mark.parametrize(
    "tampering",
    [
        sql("UPDATE certificate SET leaf_index = -1"),
        sql("UPDATE certificate SET leaf_index = 0"),
        sql("UPDATE certificate SET leaf_index = 10000"),
        edit("log_tile", "data", "level = -1", renumbered_entry),
    ],
)
@pytest.mark.parametrize("followed", [False, True])
def test_what_does_not_lie_where_it_was_logged_stops_neither_counts_nor_fsck(
    lite: Rig, tampering: Tamper, followed: bool
) -> None:
    (number,) = lite.issue(1)
    lite.change(number, "suspend", "complaint")
    lite.app.sign_log()
    if followed:
        counted(lite)
    tamper(lite, tampering)
    counted(lite)
    assert "leaf_without_record" in {one.code for one in fsck(lite.app).troubles}
    with lite.app.database.read() as session:
        assert reconcile(session, authority=None).total("rows") == 1


def test_certificates_behind_a_figure(year: tuple[Rig, list[str]]) -> None:
    rig, numbers = year
    found = counted(rig)
    with rig.app.database.read() as session:
        for choice in (
            Choice(),
            Choice(month=202612),
            Choice(authority=INDUSTRY),
            Choice(kind=1, grade=""),
            *(Choice(cell.authority, cell.year, cell.kind, cell.month, cell.grade) for cell in found),
        ):
            behind = listed(session, choice)
            assert len(behind) == total(found, choice).issued, choice
            assert Counter(one.state for one in behind)["revoked"] == total(found, choice).revoked
        assert [one.number for one in listed(session, Choice(month=202612))] == numbers[6:]
        assert leaves_of(session, 202610) == (leaves_of(session, 202611)[0],) * 2
        assert leaves_of(session, 202701)[0] == leaves_of(session, None)[1]


def test_pages_follow_each_other(lite: Rig) -> None:
    numbers = lite.issue(*range(PAGE + 3))
    with lite.app.database.read() as session:
        first = listed(session, Choice(authority=MUNICIPAL, grade="intermediate"))
        rest = listed(
            session, Choice(authority=MUNICIPAL), after=listed(session, Choice())[PAGE - 1].leaf_index
        )
        assert len(listed(session, Choice())) == PAGE + 1
    assert [one.number for one in rest] == numbers[PAGE:]
    assert {one.grade for one in first} <= {"intermediate"}


def test_nobody_asks_for_another_offices() -> None:
    assert within_reach(Choice(), MUNICIPAL) == Choice(authority=MUNICIPAL)
    assert within_reach(Choice(authority=MUNICIPAL), MUNICIPAL) == Choice(authority=MUNICIPAL)
    assert within_reach(Choice(authority=INDUSTRY), MUNICIPAL) is None
    assert within_reach(Choice(authority=INDUSTRY), None) == Choice(authority=INDUSTRY)


def test_rows_and_entries_are_counted_apart(year: tuple[Rig, list[str]]) -> None:
    rig, numbers = year
    counted(rig)
    with rig.app.database.read() as session:
        found = reconcile(session, authority=None)
        assert found.agrees
        assert (found.total("rows"), found.total("entries"), found.total("figures")) == (11, 11, 11)
        assert [line.series for line in reconcile(session, authority=INDUSTRY).lines] == [(INDUSTRY, 2026, 2)]
    tamper(
        rig,
        sql(
            "DELETE FROM claim WHERE number = :n", "DELETE FROM certificate WHERE number = :n", n=numbers[-1]
        ),
    )
    with rig.app.database.read() as session:
        (wrong,) = [line for line in reconcile(session, authority=None).lines if not line.agrees]
    assert (wrong.series, wrong.rows, wrong.entries) == ((MUNICIPAL, 2026, 1), 8, 9)


def test_every_number_is_accounted_for(rig: Rig) -> None:
    rig.issue(*range(3))
    assert killed(
        rig.place, NOW, issue, rig.people(range(5, 9), "waiting.csv"), strike=Strike("reserve:after")
    )
    with rig.app.database.read() as session:
        (one,) = accounts_of(session, authority=None)
        assert (one.reserved, one.issued, one.void, one.waiting, one.unexplained) == (7, 3, 0, 4, 0)
        newest, oldest = blocks_of(session, one)
        assert (newest.first, newest.last, newest.is_waiting, newest.file) == (4, 7, True, "waiting.csv")
        assert (oldest.first, oldest.last, oldest.issued, oldest.unexplained) == (1, 3, 3, 0)
        assert [block.first for block in blocks_of(session, one, below=4)] == [1]
        assert gaps_of(session, one) == []
        assert accounts_of(session, authority=INDUSTRY) == []
        assert account_of(session, MUNICIPAL, 2026, 1, within=INDUSTRY) is None
        assert account_of(session, MUNICIPAL, 2026, 1, within=MUNICIPAL) == one
        assert account_of(session, MUNICIPAL, 2025, 1, within=None) is None


def test_void_numbers_have_their_reason(rig: Rig) -> None:
    assert killed(rig.place, NOW, issue, rig.people(range(4)), strike=Strike("reserve:after"))
    revoke_key(rig)
    rig.clock.now += 5
    from registry.issuance import resume

    resume(rig.app)
    with rig.app.database.read() as session:
        (one,) = accounts_of(session, authority=None)
        assert (one.void, one.unexplained) == (4, 0)
        voids = voids_of(session, one)
        assert len({void.number for void in voids}) == 4
        assert {void.reason for void in voids} == {"key_superseded"}
        assert [void.number for void in voids_of(session, one, after=voids[1].number)] == [
            void.number for void in voids[2:]
        ]
        assert blocks_of(session, one)[0].void == 4


def test_a_gap_is_named(rig: Rig) -> None:
    """Whoever deletes a row by hand moves its series' total with it."""
    numbers = rig.issue(*range(4))
    with rig.app.database.write() as session:
        session.execute(delete(Certificate).where(Certificate.number == numbers[2]))
    with rig.app.database.read() as session:
        (one,) = accounts_of(session, authority=None)
        assert (one.unexplained, gaps_of(session, one)) == (1, [numbers[2]])
        assert blocks_of(session, one)[0].unexplained == 1


@pytest.mark.both_engines
def test_totals_are_kept_by_the_database_and_made_anew(year: tuple[Rig, list[str]]) -> None:
    """A row deleted past the triggers is in the totals still: ``fsck`` finds that, and a recount mends the totals."""
    rig, numbers = year
    kept = {(MUNICIPAL, 2026, 1): 9, (INDUSTRY, 2026, 2): 2}
    with rig.app.database.read() as session:
        assert issued_by_series(session) == kept
        assert void_by_series(session) == {}
    tamper(
        rig,
        sql(
            "DELETE FROM claim WHERE number = :n", "DELETE FROM certificate WHERE number = :n", n=numbers[-1]
        ),
    )
    with rig.app.database.read() as session:
        assert issued_by_series(session) == kept
    assert ("totals_differ", f"{MUNICIPAL} 2026 1") in {
        (one.code, one.subject) for one in fsck(rig.app).troubles
    }
    with rig.app.database.write() as session:
        recount(session)
    with rig.app.database.read() as session:
        assert issued_by_series(session) == kept | {(MUNICIPAL, 2026, 1): 8}
    assert "totals_differ" not in {one.code for one in fsck(rig.app).troubles}


@pytest.mark.parametrize("draw", [rows_chart, columns_chart])
def test_charts_say_what_they_show(draw: object) -> None:
    bars = [Bar("<script>&", 10, 7), Bar("郑州市人力资源和社会保障局职业能力建设处", 5, 5), Bar("", 0, 0)]
    svg = ET.fromstring(str(draw("chart", "标题 & 题", "<desc>", bars)))  # type: ignore[operator]  # noqa: S314 - our own drawing
    ids = {one.get("id"): one.text for one in svg.iter() if one.get("id")}
    assert [ids[name] for name in svg.get("aria-labelledby", "").split()] == ["标题 & 题", "<desc>"]
    assert [
        one
        for one in svg.iter()
        if one.tag == "script" or any(name.startswith("on") or name == "style" for name in one.attrib)
    ] == []
    texts = [one.text for one in svg.iter("text")]
    assert {"10", "5", "0", "<script>&"} <= set(texts)
    sizes = [float(one.get("width" if draw is rows_chart else "height", "0")) for one in svg.iter("rect")]
    assert sizes[1] == pytest.approx(sizes[0] * 0.7, abs=0.1)
    assert sizes[2] == pytest.approx(sizes[0] * 0.5, abs=0.1)
    assert str(draw("empty", "t", "d", [])).startswith("<svg")  # type: ignore[operator]


def test_a_name_is_cut_only_where_it_has_no_room() -> None:
    office = "Zhengzhou Municipal Human Resources and Social Security Bureau"
    svg = ET.fromstring(str(rows_chart("chart", "t", "d", [Bar(office, 1, 1), Bar("很长的名称" * 20, 1, 1)])))  # noqa: S314 - our own drawing
    first, second, third, fourth = (one.text or "" for one in svg.iter("text") if one.get("class") == "label")
    assert f"{first} {second}" == office
    assert fourth.endswith("…")
    assert len(third + fourth) == 56


def test_words_below_standing_bars_never_touch() -> None:
    """Two years of months: every third has its name, the newest among them, and each bar is drawn."""
    bars = [Bar(f"202{place // 12}年{place % 12 + 1}月", 1000 + place, 1000) for place in range(24)]
    svg = ET.fromstring(str(columns_chart("chart", "t", "d", bars)))  # noqa: S314 - our own drawing
    named = [one for one in svg.iter("text") if one.get("class") == "label" and one.text]
    places = [float(one.get("x", "0")) for one in named]
    assert named[-1].text == bars[-1].label
    assert min(after - before for before, after in pairwise(places)) > 8 * 13 * 0.75
    assert len(list(svg.iter("rect"))) == 2 * len(bars)
