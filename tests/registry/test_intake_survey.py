"""Surveys of plain rows by a pattern and of all others by expat: whatever a sheet holds, the two ways find the same."""

from xml.parsers import expat

from hypothesis import example, given
from hypothesis import strategies as st

from registry.intake.findings import IntakeError
from registry.intake.limits import IntakeLimits
from registry.intake.survey import Survey, Surveyor

LIMITS = IntakeLimits(rows=40, columns=30)
VALUES = st.sampled_from(
    [
        "<v>7</v>",
        "<v></v>",
        "<v/>",
        "",
        "<is><t>张文博</t></is>",
        '<is><t xml:space="preserve"> 𠮷 </t></is>',
        "<v>a&amp;b</v>",
        "<v>\ufffe</v>",
        "<f>SUM(A1)</f>",
        "<f>SUM(A1)</f><v>3</v>",
        "<v>#N/A</v>",
        '<v> t="s"&gt;</v>',
        "<v><!-- 1 --></v>",
        "<v><row></v>",
    ]
)
KINDS = st.sampled_from(["", ' t="s"', ' t="n"', ' t="inlineStr"', ' t="e"', ' t="str"', " t='s'"])
ROW_MARKS = st.sampled_from(
    [
        "",
        ' spans="1:7"',
        ' hidden="1"',
        ' hidden="false"',
        ' ht="15" customHeight="1"',
        ' ht="1" ht="2"',
        ' x:y="1"',
    ]
)
BETWEEN = st.sampled_from(
    ["", "\n", "<!-- <row r='9'/> -->", "<![CDATA[<row ]]>", "text", "</sheetData><sheetData>"]
)


@st.composite
def rows(draw: st.DrawFn) -> str:
    number = draw(st.integers(1, 45))
    cells = []
    for _ in range(draw(st.integers(0, 4))):
        column = draw(st.sampled_from(["A", "B", "C", "AA", "ZZ", "a"]))
        own = draw(st.sampled_from([number, number, number, number, 3]))
        reference = draw(st.sampled_from([f' r="{column}{own}"'] * 4 + [""]))
        style = draw(st.sampled_from(["", ' s="2"']))
        value = draw(VALUES)
        start = f"<c{reference}{style}{draw(KINDS)}"
        cells.append(f"{start}>{value}</c>" if value else f"{start}/>")
    name = draw(st.sampled_from([f' r="{number}"'] * 5 + [""]))
    return f"<row{name}{draw(ROW_MARKS)}>{''.join(cells)}</row>{draw(BETWEEN)}"


def surveyed(data: bytes, *, plain: bool, chunk: int) -> Survey | str:
    surveyor = Surveyor(LIMITS)
    surveyor._plain = plain
    try:
        for start in range(0, len(data), chunk):
            surveyor.feed(data[start : start + chunk])
        surveyor.close()
    except (IntakeError, expat.ExpatError) as error:
        return str(error) if isinstance(error, IntakeError) else "malformed"
    return surveyor.survey


PLAIN = '<row r="{0}" spans="1:3"><c r="A{0}" s="1" t="inlineStr"><is><t>张</t></is></c><c r="C{0}"><v>5</v></c></row>'


@given(st.lists(rows(), max_size=6), st.integers(1, 400), st.sampled_from(["", "<?p <row ?>", "<x/>"]))
@example([PLAIN.format(row) for row in (2, 3, 4, 31)], 50, "")
@example([PLAIN.format(row) for row in (2, 41)], 1000, "")
@example(["</sheetData></worksheet>", PLAIN.format(3)], 1000, "")
def test_both_ways_find_the_same(parts: list[str], chunk: int, head: str) -> None:
    sheet = f"<worksheet>{head}<sheetData>{''.join(parts)}</sheetData><mergeCells><mergeCell ref='A1:B2'/></mergeCells>"
    data = f"{sheet}</worksheet>".encode()
    assert surveyed(data, plain=True, chunk=chunk) == surveyed(data, plain=False, chunk=chunk)


def test_a_row_that_does_not_end_is_not_held_back_for_long() -> None:
    surveyor = Surveyor(LIMITS)
    surveyor.feed(b'<worksheet><sheetData><row r="1"><c r="A1"><v>')
    for _ in range(8):
        surveyor.feed(b"x" * 65_536)
        assert len(surveyor._held) <= (1 << 18) + 65_536
    surveyor.feed(b"</v></c></row></sheetData></worksheet>")
    surveyor.close()
    assert (surveyor.survey.last_row, surveyor.survey.last_column) == (1, 1)
