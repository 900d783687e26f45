"""Makes the PNG that a holder keeps: few colours, and the record baked in as Open Badges 3.0 says.

Open Badges 3.0 §5.3 puts the credential into an uncompressed iTXt chunk with the keyword ``openbadgecredential``;
the log proof travels beside it in one with the keyword ``tlog-proof``. The fixed palette holds the ramps from white
to the inks of the faces, so that black and white modules of the QR stay exactly black and white.
"""

from functools import cache
from io import BytesIO

from PIL import Image, ImageChops
from PIL.PngImagePlugin import PngInfo

RECORD_KEYWORD = "openbadgecredential"
PROOF_KEYWORD = "tlog-proof"

_INKS = (  # colour, steps from white
    ((0x00, 0x00, 0x00), 17),
    ((0xB8, 0x92, 0x4A), 12),
    ((0x8F, 0x6B, 0x2E), 10),
    ((0xB4, 0x55, 0x3F), 10),
    ((0xC8, 0x10, 0x2E), 14),
    ((0x9C, 0x1C, 0x1F), 14),
    ((0x6B, 0x5F, 0x52), 8),
    ((0xF3, 0xEA, 0xD8), 4),
    ((0xFB, 0xF6, 0xEA), 1),
)
_COMPRESSION = (
    3  # a third smaller than level 1 for a few milliseconds more; 9 costs ten times as much for a tenth
)


def open_picture(png: bytes) -> Image.Image:
    """A PNG that typst drew, as RGB; it is opaque, the page being white."""
    with Image.open(BytesIO(png)) as drawn:
        return drawn.convert("RGB")


def compose(ground: Image.Image, figures: bytes) -> Image.Image:
    """The figures (a PNG on white) printed over the ground, as ink over ink: every point takes the darker of both."""
    return ImageChops.darker(ground, open_picture(figures))


def bake(picture: Image.Image, record: bytes, log_proof: bytes | None, *, dpi: int) -> bytes:
    """``picture`` as PNG in the fixed palette, its resolution stated, with record and log proof inside."""
    texts = PngInfo()
    texts.add_itxt(RECORD_KEYWORD, record.decode())
    if log_proof is not None:
        texts.add_itxt(PROOF_KEYWORD, log_proof.decode())
    few = picture.quantize(palette=_palette(), dither=Image.Dither.NONE)
    out = BytesIO()
    few.save(out, "PNG", pnginfo=texts, dpi=(dpi, dpi), compress_level=_COMPRESSION)
    return out.getvalue()


@cache
def _palette() -> Image.Image:
    colours = list(dict.fromkeys(colour for ink, steps in _INKS for colour in _ramp(ink, steps)))
    palette = Image.new("P", (1, 1))
    palette.putpalette([part for colour in colours for part in colour])
    return palette


def _ramp(ink: tuple[int, int, int], steps: int) -> list[tuple[int, ...]]:
    return [tuple(round(255 + (part - 255) * k / steps) for part in ink) for k in range(steps + 1)]
