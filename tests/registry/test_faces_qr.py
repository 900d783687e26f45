"""The QR of a face: its arithmetic agrees with its drawing, and an independent reader reads it."""

import random

import pytest
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tests.builders import refused
from verifier.drawing.errors import FaceError
from verifier.drawing.qr import MAX_VERSION, QrMatrix, qr_matrix, qr_version

PREFIX = "https://jxjy.henan.example/v#"


def picture(matrix: QrMatrix, module: int = 4) -> Image.Image:
    """The matrix in black on white, with its quiet zone."""
    side = matrix.side + 8
    grey = Image.new("L", (side, side), 255)
    for y, row in enumerate(matrix.rows):
        for x, dark in enumerate(row):
            if dark:
                grey.putpixel((x + 4, y + 4), 0)
    return grey.resize((side * module, side * module), Image.Resampling.NEAREST)


@pytest.mark.parametrize("count", [1, 2, 3, 90, 217, 330, 331, 332, 460, 600])
def test_an_independent_reader_reads_prefix_and_digits(count: int) -> None:
    digits = "".join(random.Random(count).choices("0123456789", k=count))
    (code,) = zxingcpp.read_barcodes(picture(qr_matrix(PREFIX, digits)))
    assert code.text == PREFIX + digits
    assert code.extra.get("ECLevel", "M") == "M"


def test_version_by_arithmetic_is_the_smallest_that_can_be_drawn() -> None:
    """At every boundary, and one digit beyond it: the drawing needs exactly the version that was foretold."""
    for count in range(1, 616):
        version = qr_version(len(PREFIX), count)
        if count == 1 or version != qr_version(len(PREFIX), count - 1):
            for edge in {max(count - 1, 1), count}:
                matrix = qr_matrix(PREFIX, "8" * edge)
                foretold = qr_version(len(PREFIX), edge)
                assert (matrix.version, matrix.side) == (foretold, 17 + 4 * foretold)
                assert smallest_by_library(PREFIX, "8" * edge) == foretold


def smallest_by_library(prefix: str, digits: str) -> int:
    """The version that the drawing library itself finds for the two segments."""
    from qrcode.main import QRCode
    from qrcode.util import MODE_8BIT_BYTE, MODE_NUMBER, QRData

    code = QRCode(error_correction=0)
    code.add_data(QRData(prefix.encode(), MODE_8BIT_BYTE))
    code.add_data(QRData(digits.encode(), MODE_NUMBER))
    return int(code.best_fit())


@given(st.integers(1, 80), st.integers(1, 900))
def test_version_never_falls_when_the_text_grows(prefix: int, count: int) -> None:
    version = version_or_beyond(prefix, count)
    assert 1 <= version <= version_or_beyond(prefix, count + 1) <= MAX_VERSION + 1
    assert version <= version_or_beyond(prefix + 1, count)


def version_or_beyond(prefix: int, count: int) -> int:
    """The version, or one more than the greatest where it is refused."""
    try:
        return qr_version(prefix, count)
    except FaceError:
        return MAX_VERSION + 1


def test_a_typical_certificate_needs_version_nine_at_most() -> None:
    assert qr_version(len("https://jxjy.hrss.henan.cn/v#"), 330) <= 9


def test_too_long_a_text_is_refused_before_and_when_drawing() -> None:
    with refused(FaceError, "face_qr_too_long"):
        qr_version(len(PREFIX), 616)
    with refused(FaceError, "face_qr_too_long"):
        qr_matrix(PREFIX, "1" * 616)
    assert qr_matrix(PREFIX, "1" * 615).version == MAX_VERSION


@pytest.mark.parametrize(
    ("prefix", "digits"), [("", "1"), (PREFIX, ""), (PREFIX, "12a"), (PREFIX, "１２"), ("https://郑/v#", "1")]
)
def test_what_is_not_prefix_and_digits_is_refused(prefix: str, digits: str) -> None:
    with refused(FaceError, "face_qr_text"):
        qr_matrix(prefix, digits)


def test_the_path_covers_exactly_the_dark_modules() -> None:
    matrix = qr_matrix(PREFIX, "31415926" * 30)
    covered = set()
    for part in matrix.svg_path().split("z")[:-1]:
        start, _, run = part.removeprefix("M").partition("h")
        x, y = map(int, start.split())
        covered |= {(x + step, y) for step in range(int(run.partition("v")[0]))}
    assert covered == {(x, y) for y, row in enumerate(matrix.rows) for x, dark in enumerate(row) if dark}
