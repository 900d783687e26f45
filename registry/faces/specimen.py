"""How a certificate will look, before there is one: a picture that can never pass for a certificate.

The values are a row's own, the number is none, the place of the QR is crossed out, 样张 SPECIMEN is written all over it,
and no record is baked in: nothing in it verifies, and nobody can crop the mark away. Only a small PNG is drawn, never a PDF.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from io import BytesIO

from PIL import Image, ImageDraw, ImageFont

from registry.faces.face import SHOWN_FIELDS
from registry.faces.renderer import FaceRenderer
from verifier.drawing.errors import FaceError
from verifier.drawing.fonts import font_path

SPECIMEN_DPI = 80
"""Legible on a screen, too coarse to be printed as an original (150 and vectors)."""
_NUMBER = "样张 SPECIMEN 样张 SPECIMEN"
_MARK = "样张 SPECIMEN"
_SIDE = 21
_CROSS = "M0 0h21v1h-21zM0 20h21v1h-21zM0 1h1v19h-1zM20 1h1v19h-1z" + "".join(
    f"M{place} {place}h1v1h-1zM{20 - place} {place}h1v1h-1z" for place in range(1, 20)
)
_INK = (200, 16, 46, 105)
_ANGLE = 24


def specimen_png(
    renderer: FaceRenderer,
    kind: str,
    version: str,
    subject: Mapping[str, str | int],
    *,
    issuer: str,
    host: str,
    day: str,
) -> bytes:
    """The face of ``kind`` with ``subject`` (as in a record, without its number), marked; raises ``FaceError``.

    ``day`` is the date of issue that is shown, "2026-11-28".
    """
    fields = SHOWN_FIELDS.get((kind, version))
    if fields is None or any(type(subject.get(name)) is not wanted for name, wanted in fields.items()):
        raise FaceError("face_record", kind)
    data = {
        "number": "",
        "printed": _NUMBER,
        "issuer": issuer,
        "issued": day,
        "host": host,
        "qr": {"side": _SIDE, "path": _CROSS},
        "subject": {name: subject[name] for name in fields},
        "record": "{}",
    }
    moment = datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=UTC)
    drawn = renderer.draw(kind, version, data, moment=moment, dpi=SPECIMEN_DPI)
    with Image.open(BytesIO(drawn)) as picture:
        marked = Image.alpha_composite(picture.convert("RGBA"), _mark(picture.size)).convert("RGB")
    out = BytesIO()
    marked.quantize(64).save(out, "PNG", dpi=(SPECIMEN_DPI, SPECIMEN_DPI), compress_level=3)
    return out.getvalue()


@cache
def _mark(size: tuple[int, int]) -> Image.Image:
    """The words all over a sheet of ``size``, aslant."""
    width, height = size
    side = int((width**2 + height**2) ** 0.5)
    sheet = Image.new("RGBA", (side, side), (255, 255, 255, 0))
    pen = ImageDraw.Draw(sheet)
    font = ImageFont.truetype(str(font_path()), size=width // 16)
    step = width // 5
    for row, y in enumerate(range(0, side, step)):
        for x in range(-(row % 2) * step, side, 2 * step + step // 2):
            pen.text((x, y), _MARK, font=font, fill=_INK)
    turned = sheet.rotate(_ANGLE)
    left, top = (side - width) // 2, (side - height) // 2
    return turned.crop((left, top, left + width, top + height))
