"""A file as QR codes: back as it was, from codes in any order, and never from two files."""

import secrets
import zlib
from base64 import b32encode
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keys.canonical import TRUST_LIST_LIMITS
from keys.errors import CeremonyError
from keys.qrparts import MAX_PARTS, PIECE_BYTES, QrParts, split_for_qr
from tests.builders import refused


def read(texts: list[str]) -> QrParts:
    parts = QrParts()
    for text in texts:
        parts.add(text)
    return parts


def part(data: bytes, *, digest: str = "0" * 16, place: str = "1/1") -> str:
    return checked(f"CRQ1:{digest}:{place}:{b32encode(data).decode().rstrip('=')}")


def checked(text: str) -> str:
    return f"{text}:{zlib.crc32(text.encode()):08X}"


@given(st.binary(max_size=4000), st.randoms())
def test_any_file_comes_back_from_its_codes_in_any_order(data: bytes, random: Random) -> None:
    texts = split_for_qr(data)
    assert all(len(text) <= 528 for text in texts)  # what version 14 holds at level M in this alphabet
    doubled = [*texts, *texts]
    random.shuffle(doubled)
    assert read(doubled).data() == data


def test_what_is_missing_is_named() -> None:
    texts = split_for_qr(secrets.token_bytes(3 * PIECE_BYTES))
    assert len(texts) == 4
    parts = read([texts[2], texts[0]])
    assert (parts.missing, parts.complete) == ((2, 4), False)
    with pytest.raises(CeremonyError) as caught:
        parts.data()
    assert (caught.value.code, caught.value.detail) == ("qr_part_missing", "2 4")
    assert (QrParts().missing, QrParts().complete) == ((), False)
    with refused(CeremonyError, "qr_part_missing"):
        QrParts().data()


def test_codes_of_two_files_never_join() -> None:
    one, other = (split_for_qr(secrets.token_bytes(2 * PIECE_BYTES)) for _ in range(2))
    with refused(CeremonyError, "qr_part_other"):
        read([one[0], other[1]])
    with refused(CeremonyError, "qr_part_other"):
        read([one[0], part(b"another piece", digest=one[0][5:21], place="1/3")])
    with refused(CeremonyError, "qr_part_other"):
        read([one[0], checked(one[1].rpartition(":")[0].replace(":2/3:", ":2/4:"))])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "https://jxjy.henan.example/v#123",
        split_for_qr(b"x")[0].lower(),
        part(b"piece", place="2/1"),
        part(b"piece", place="0/1"),
        part(b"piece", place=f"1/{MAX_PARTS + 1}"),
        split_for_qr(b"x")[0][:-1],
        split_for_qr(b"x")[0].replace(":1/1:", ":1/2:"),  # a digit misread
        checked("CRQ1:0000000000000000:1/1:AAA"),  # three characters are no bytes
        checked("CRQ1:0000000000000000:1/1:AB"),  # bits that belong to no byte
    ],
)
def test_what_is_no_code_of_ours(text: str) -> None:
    with refused(CeremonyError, "qr_part_form"):
        QrParts().add(text)


@pytest.mark.parametrize(
    "data",
    [
        b"no compressed data",
        zlib.compress(b"of another digest"),
        zlib.compress(b"cut off")[:-1],
        zlib.compress(b"x") + b"tail",
        zlib.compress(bytes(TRUST_LIST_LIMITS.max_bytes + 2)),  # a bomb
    ],
    ids=["noise", "digest", "cut", "tail", "bomb"],
)
def test_codes_that_make_no_file(data: bytes) -> None:
    pieces = [data[start : start + PIECE_BYTES] for start in range(0, len(data), PIECE_BYTES)]
    parts = read([part(piece, place=f"{n}/{len(pieces)}") for n, piece in enumerate(pieces, 1)])
    with refused(CeremonyError, "qr_part_form"):
        parts.data()


def test_a_file_that_nobody_would_scan_is_refused() -> None:
    with refused(CeremonyError, "qr_too_large"):
        split_for_qr(secrets.token_bytes(PIECE_BYTES * (MAX_PARTS + 1)))
