"""Nothing runs out of its place: every character lies inside the frame, and no value crosses its cell."""

import pypdfium2
import pytest

from registry.faces.renderer import FaceRenderer
from tests.registry.faces_samples import source, variants

RENDERER = FaceRenderer()
CROWDED = variants() | {
    "issuer-of-60": source(issuer="河南省郑州航空港经济综合实验区" * 4),
    "one-long-word": source(employer="W" * 60),
    "words-only": source(name="Abdurahman Abdukerim Mamattursun Nurmamat"[:40]),
    "long-programme-word": source("completion", programme="M" * 60, employer="某校", institution="N" * 40),
}
TABLE_TOP, TABLE_LEFT, TABLE_RIGHT = 80.5, 26.1, 270.9
LABEL, PAIR = 27.0, 81.6
ROWS = {  # height of a row, and how many pairs of columns its values take
    "annual": (9.4, ((2, 1), (3,), (1, 1, 1), (1, 1, 1))),
    "completion": (7.5, ((2, 1), (3,), (3,), (2, 1), (1, 1, 1))),
}

Box = tuple[float, float, float, float]


def boxes(pdf: bytes) -> list[Box]:
    """Left, top, right, bottom of every printed character, in mm from the page's upper left corner."""
    found = []
    with pypdfium2.PdfDocument(pdf) as document:
        page = document[0]
        height = page.get_height()
        text = page.get_textpage()
        for index in range(text.count_chars()):
            left, bottom, right, top = text.get_charbox(index)
            if right > left and top > bottom:
                found.append(tuple(25.4 / 72 * x for x in (left, height - top, right, height - bottom)))
    return found  # type: ignore[return-value]


@pytest.mark.parametrize("name", CROWDED)
def test_every_character_lies_inside_the_frame(name: str) -> None:
    for left, top, right, bottom in boxes(RENDERER.pdf(CROWDED[name])):
        assert 20 < left < right < 277
        assert 20 < top < bottom < 190


@pytest.mark.parametrize("name", CROWDED)
def test_no_character_crosses_a_line_of_the_table(name: str) -> None:
    face = CROWDED[name]
    row_height, rows = ROWS[face.kind]
    in_table = [
        box
        for box in boxes(RENDERER.pdf(face))
        if box[3] > TABLE_TOP and box[1] < TABLE_TOP + row_height * len(rows)
    ]
    assert len(in_table) > 60
    for number, pairs in enumerate(rows):
        top, bottom = TABLE_TOP + number * row_height, TABLE_TOP + (number + 1) * row_height
        lines = column_lines(pairs)
        for box in in_table:
            assert not box[1] < bottom < box[3]
            if top < box[1] < bottom:
                assert not [x for x in lines if box[0] < x < box[2]]
                assert lines[0] < box[0] < box[2] < lines[-1]


def column_lines(pairs: tuple[int, ...]) -> list[float]:
    """Where the vertical lines of a row are."""
    x, lines = TABLE_LEFT, [TABLE_LEFT]
    for pair in pairs:
        lines += [x + LABEL, x + pair * PAIR]
        x += pair * PAIR
    return lines


@pytest.mark.parametrize("name", CROWDED)
def test_nothing_is_printed_over_the_quiet_zone_or_another_block(name: str) -> None:
    """Between the table and the frame: the QR's own column, the small print, the authority; no text leaves its own."""
    for left, top, right, _ in boxes(RENDERER.pdf(CROWDED[name])):
        if top > 119:
            assert [1 for low, high in ((25, 77), (83, 175.5), (182, 270)) if low <= left and right <= high]
            assert not (left < 77 and top < 165)
