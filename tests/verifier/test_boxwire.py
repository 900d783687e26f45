"""What comes out of a box is believed no more than a stranger's document: whoever takes one over can say anything."""

import json
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verifier.boxwire import CODES, Answer, WireError, read_answer, read_frame, write_answer, write_frame
from verifier.contents import MAX_PAGE_TEXT, MAX_TEXTS, Contents
from verifier.limits import MAX_QR_TEXT
from verifier.sentences import SENTENCES

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
CONTENTS = st.builds(
    Contents,
    st.sampled_from(["json", "pdf", "png", "image", "text", "report"]),
    record=st.none() | st.binary(max_size=300),
    log_proof=st.none() | st.binary(max_size=300),
    qr_texts=st.lists(TEXT, max_size=5).map(tuple),
    page_text=TEXT,
    table=st.none() | st.binary(max_size=300),
)
ANSWERS = st.builds(Answer, contents=CONTENTS) | st.builds(Answer, code=st.sampled_from(sorted(CODES)))


def framed(data: bytes) -> BytesIO:
    """``data`` as a frame to read."""
    stream = BytesIO()
    write_frame(stream, data)
    stream.seek(0)
    return stream


def said(**members: object) -> BytesIO:
    """An answer with these members."""
    return framed(json.dumps({"spent": False, **members}).encode())


@given(ANSWERS, st.booleans())
def test_an_answer_comes_out_as_it_went_in(answer: Answer, spent: bool) -> None:
    stream = BytesIO()
    write_answer(stream, answer, spent=spent)
    stream.seek(0)
    assert read_answer(stream) == (answer, spent)
    assert read_frame(stream, 10) is None


def test_the_largest_answer_fits() -> None:
    texts = tuple(f"{number:03d}" + "\U00020bb7" * (MAX_QR_TEXT - 3) for number in range(MAX_TEXTS))
    stream = BytesIO()
    write_answer(stream, Answer(contents=Contents("image", bytes(65536), bytes(16384), texts)), spent=False)
    stream.seek(0)
    assert read_answer(stream)[0].contents == Contents("image", bytes(65536), bytes(16384), texts)


@given(st.binary(max_size=60))
def test_any_bytes_are_an_answer_or_an_error(data: bytes) -> None:
    for stream in (BytesIO(data), framed(data)):
        with pytest.raises(WireError):
            read_answer(stream)


@pytest.mark.parametrize(
    "members",
    [
        {},
        {"code": "revoked"},
        {"code": 7},
        {"spent": 1, "code": "container_unreadable"},
        {"kind": "verdict", "texts": [], "page": ""},
        {"kind": "pdf", "page": ""},
        {"kind": "pdf", "page": "", "texts": "x"},
        {"kind": "pdf", "page": "", "texts": [7]},
        {"kind": "pdf", "page": "", "texts": ["x" * (MAX_QR_TEXT + 1)]},
        {"kind": "pdf", "page": "", "texts": ["x"] * (MAX_TEXTS + 1)},
        {"kind": "pdf", "page": "", "texts": [], "record": "no base64"},
        {"kind": "pdf", "page": "", "texts": [], "record": 7},
        {"kind": "pdf", "page": "", "texts": [], "record": "AAAA" * 30_000},
        {"kind": "pdf", "page": "", "texts": [], "logProof": "AAAA" * 10_000},
        {"kind": "pdf", "page": "", "texts": ["\ud800"]},
        {"kind": "pdf", "texts": []},
        {"kind": "pdf", "texts": [], "page": 7},
        {"kind": "pdf", "texts": [], "page": "x" * (MAX_PAGE_TEXT + 1)},
        {"kind": "report", "texts": [], "page": "", "table": "AAAA" * 5_700_000},
    ],
)
def test_what_no_box_of_ours_would_say_is_refused(members: dict[str, object]) -> None:
    with pytest.raises(WireError):
        read_answer(said(**members))


def test_a_frame_that_is_cut_or_too_long_is_refused() -> None:
    assert read_frame(BytesIO(), 10) is None
    for data in (b"\0\0\0", b"\0\0\0\5abcd", b"\0\0\0\13" + bytes(11), b"\xff\xff\xff\xff"):
        with pytest.raises(WireError):
            read_frame(BytesIO(data), 10)


def test_every_code_of_a_box_has_a_sentence() -> None:
    assert set(SENTENCES) >= CODES
