"""The usual row read in one look is read as by the way that says what is wrong with a row (``registry.intake.usual``)."""

import datetime as dt
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.intake.columns import find_header
from registry.intake.judge import Readers, RowJudge
from registry.intake.sources import Sheet
from registry.intake.survey import Survey
from registry.intake.usual import MAX_REGIONS, UsualIdentities
from tests.registry.sheets import ANNUAL, TODAY, YEAR, annual, identity
from verifier.iso7064 import mod11_2_check

HEADINGS = [*ANNUAL, "合计"]
UNDRAWABLE = "㐂"
BIRTHS = range(YEAR - 80, YEAR - 15)


def numbered(body: str) -> str:
    return body + mod11_2_check(body)


def cells_like(usual: Any, *odd: Any) -> st.SearchStrategy[Any]:
    """Mostly what is usual, else something near it."""
    return st.one_of(st.just(usual), st.just(usual), st.just(usual), st.sampled_from(odd))


HOURS: tuple[Any, ...] = (
    60,
    26,
    "60",
    "060",
    " 60",
    "６０",
    0,
    0.0,
    -0.0,
    "0",
    True,
    False,
    2000,
    2001,
    1.5,
    60.00000000000001,
    float("nan"),
    "",
    dt.date(2026, 1, 1),
)
NUMBERS = st.one_of(
    st.integers(0, 4).map(identity),
    st.integers(0, 4).map(lambda serial: identity(serial).lower()),
    st.dates(dt.date(1880, 1, 1), dt.date(2030, 1, 1)).map(lambda day: numbered(f"410105{day:%Y%m%d}123")),
    st.sampled_from(
        [numbered("01010519900101123"), numbered("41010519901301123"), "4101051990010112³4", "", 4.1e17]
    ),
    st.text("0123456789X ", min_size=18, max_size=18),
)
ROWS = st.tuples(
    cells_like(
        "张文博",
        "张 文博",
        "张",
        "张博2",
        "艾力·买买提",
        f"张{UNDRAWABLE}",
        "",
        5,
        True,
        "张" * 41,
        "同上",
        "张某",
    ),
    NUMBERS,
    cells_like("郑州市第一人民医院", "郑州市第一人民医院 ", "郑", "", 7, "安阳市中医院", "同上", "/"),
    cells_like("中级", "高级", " 中级", "工程师", "", 1.0),
    cells_like(YEAR, str(YEAR), float(YEAR), 2025, "", True, 1),
    cells_like(60, *HOURS),
    cells_like(26, *HOURS),
    cells_like(86, 86.0, "86", "", 60, True, "八十六"),
    st.sampled_from(["", "", "", "备注"]),
)


def judged(rows: list[tuple[Any, ...]], form: tuple[bool, bool, bool, bool], *, usual: bool) -> list[Any]:
    """What a judge makes of ``rows``; ``form``: whether totals are stated, a year column stands, rows are hidden, it is a CSV."""
    total, year, hidden, separated = form
    wanted = [i for i, h in enumerate(HEADINGS) if (total or h != "合计") and (year or h != "年度")]
    header = find_header([[HEADINGS[i] for i in wanted]], "annual")
    assert header is not None
    survey = Survey()
    survey.hidden_rows.extend([3] if hidden else [])
    sheet = Sheet("表", False, 1, len(rows) + 1, lambda: iter(()), separated, survey)
    readers = Readers(
        year=YEAR, today=TODAY, missing_glyphs=lambda text: [c for c in text if c == UNDRAWABLE]
    )
    judge = RowJudge(sheet, header, "annual", readers, {})
    if not usual:
        judge._usual = None
    return [
        judge.judge(place, [*(row[i] for i in wanted), *([row[-1]] if separated else [])])
        for place, row in enumerate(rows, start=2)
    ]


@settings(max_examples=150, deadline=None)
@given(st.lists(ROWS, max_size=8), st.tuples(*[st.booleans()] * 4))
def test_every_row_is_read_the_same_either_way(
    rows: list[tuple[Any, ...]], form: tuple[bool, bool, bool, bool]
) -> None:
    assert judged(rows, form, usual=True) == judged(rows, form, usual=False)


@pytest.mark.parametrize("separated", [False, True])
def test_a_clean_row_is_usual_from_the_second_on(separated: bool) -> None:
    rows = [(*annual(serial), 86, "") for serial in range(3)]
    readers = Readers(year=YEAR, today=TODAY, missing_glyphs=lambda _: [])
    header = find_header([HEADINGS], "annual")
    assert header is not None
    judge = RowJudge(Sheet("表", False, 1, 4, lambda: iter(()), separated), header, "annual", readers, {})
    assert judge._usual is not None
    assert judge._usual.read(2, rows[0]) is None  # its employer and its characters are new
    for place, row in enumerate(rows, start=2):
        judge.judge(place, row)
    (another,) = [(*annual(9), 86, "")]
    assert judge._usual.read(9, another) is not None
    assert judge._usual.read(9, another) is None  # the same person again


def test_made_up_regions_do_not_fill_memory() -> None:
    identities = UsualIdentities(TODAY, BIRTHS)
    numbers = [numbered(f"{100_000 + region}19900101123") for region in range(MAX_REGIONS + 9)]
    known = [identities.known(number) for number in numbers]
    assert known == [True] * MAX_REGIONS + [False] * 9
