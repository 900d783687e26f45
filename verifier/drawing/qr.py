"""The QR of a certificate, or of a review report (SPEC 3, 8.5): a byte segment with the address, a numeric segment with the digits, level M.

The mask is fixed, because searching for the best of eight costs five times as much as all the rest and readers do
not care. ``qr_version`` says by arithmetic alone which version a text needs, so that intake can refuse a row whose
certificate would not scan; versions above 12 are refused, being too dense for a phone at 44 mm.
"""

from dataclasses import dataclass

from qrcode.constants import ERROR_CORRECT_M
from qrcode.exceptions import DataOverflowError
from qrcode.main import QRCode
from qrcode.util import MODE_8BIT_BYTE, MODE_NUMBER, QRData

from verifier.drawing.errors import FaceError

MAX_VERSION = 12
MASK = 2  # diagonal-free vertical stripes; any fixed mask is as good on digits that look random

# Data bits of versions 1–17 at level M: ISO/IEC 18004, table 7 (data codewords × 8).
_CODEWORDS = (16, 28, 44, 64, 86, 108, 124, 154, 182, 216, 254, 290, 334, 365, 415, 453, 507)
_DATA_BITS = tuple(8 * codewords for codewords in _CODEWORDS)
MAX_REPORT_VERSION = len(_CODEWORDS)
"""A report is read from its own sheet by a desk's scanner: 85 modules at 0.6 mm."""
_MODE_BITS = 4
_REST_BITS = (0, 4, 7)  # numeric mode: three digits in 10 bits, a rest of one or two in 4 or 7


@dataclass(frozen=True, slots=True)
class QrMatrix:
    """A drawn QR: ``rows`` of ``17 + 4 * version`` modules each, dark is true; no quiet zone."""

    version: int
    rows: tuple[tuple[bool, ...], ...]

    @property
    def side(self) -> int:
        """Modules a side."""
        return len(self.rows)

    def svg_path(self) -> str:
        """SVG path data of the dark modules, one unit each, neighbours in a row merged into one rectangle."""
        return "".join(
            f"M{start} {y}h{length}v1h-{length}z"
            for y, row in enumerate(self.rows)
            for start, length in _runs(row)
        )


def _runs(row: tuple[bool, ...]) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    start = None
    for x, dark in enumerate((*row, False)):
        if dark and start is None:
            start = x
        elif not dark and start is not None:
            runs.append((start, x - start))
            start = None
    return runs


def qr_version(prefix_length: int, digit_count: int, most: int = MAX_VERSION) -> int:
    """The smallest version for a prefix of so many bytes and so many digits; over ``most``: FaceError ``face_qr_too_long``."""
    numeric = 10 * (digit_count // 3) + _REST_BITS[digit_count % 3]
    for version, room in enumerate(_DATA_BITS[:most], start=1):
        byte_count_bits, digit_count_bits = (8, 10) if version < 10 else (16, 12)
        headers = 2 * _MODE_BITS + byte_count_bits + digit_count_bits
        if headers + 8 * prefix_length + numeric <= room:
            return version
    raise FaceError("face_qr_too_long", f"{prefix_length} bytes and {digit_count} digits")


def qr_matrix(prefix: str, digits: str, most: int = MAX_VERSION) -> QrMatrix:
    """Draw ``prefix`` (ASCII, not empty) and ``digits`` (ASCII digits, not empty) in the smallest version.

    FaceError ``face_qr_text`` where they are not that, ``face_qr_too_long`` where version ``most`` does not hold them.
    """
    if not (prefix and prefix.isascii() and digits.isascii() and digits.isdigit()):
        raise FaceError("face_qr_text")
    version = qr_version(len(prefix), len(digits), most)
    code = QRCode(version=version, error_correction=ERROR_CORRECT_M, mask_pattern=MASK, border=0)
    code.add_data(QRData(prefix.encode("ascii"), MODE_8BIT_BYTE))
    code.add_data(QRData(digits.encode("ascii"), MODE_NUMBER))
    try:
        code.make(fit=False)
    except DataOverflowError as error:  # the arithmetic above is tested to agree with the drawing
        raise FaceError("face_qr_too_long") from error
    return QrMatrix(version, tuple(tuple(map(bool, row)) for row in code.modules))
