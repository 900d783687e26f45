"""Small drawings of the pages: a QR code as an SVG path."""

from qrcode.constants import ERROR_CORRECT_M
from qrcode.main import QRCode


def qr_squares(text: str) -> tuple[int, str]:
    """The side in modules with its quiet zone, and the path of all dark modules."""
    code = QRCode(error_correction=ERROR_CORRECT_M, border=4)
    code.add_data(text)
    code.make(fit=True)
    matrix = code.get_matrix()
    dark = [f"M{x} {y}h1v1h-1z" for y, row in enumerate(matrix) for x, is_dark in enumerate(row) if is_dark]
    return len(matrix), "".join(dark)
