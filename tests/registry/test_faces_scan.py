"""The printed QR, read by an independent decoder as phones and scanners see it (spec §3, §8)."""

from functools import cache
from io import BytesIO

import pypdfium2
import pytest
import zxingcpp
from PIL import Image, ImageFilter

from registry.faces.renderer import FaceRenderer
from tests.matrices import cells
from tests.registry.faces_samples import source, variants
from verifier.drawing.qr import qr_version

RENDERER = FaceRenderer()
FACES = variants()
DENSEST = "completion-longest-programme"


@cache
def pdf(name: str) -> bytes:
    """The face as PDF, drawn once."""
    return RENDERER.pdf(FACES[name])


@cache
def png(name: str) -> bytes:
    """The face as PNG, drawn once."""
    return RENDERER.png(FACES[name])


def page(name: str, dpi: int) -> Image.Image:
    """The PDF's page as a scanner of that resolution would give it."""
    with pypdfium2.PdfDocument(pdf(name)) as document:
        return document[0].render(scale=dpi / 72).to_pil().convert("RGB")  # type: ignore[no-any-return]


def read(picture: Image.Image) -> list[str]:
    """Texts of the codes that the decoder finds."""
    return [code.text for code in zxingcpp.read_barcodes(picture)]


def expected(name: str) -> list[str]:
    """The one text that must be read."""
    return [FACES[name].qr_prefix + FACES[name].qr_digits]


def test_the_samples_span_the_versions_allowed() -> None:
    versions = {name: qr_version(len(face.qr_prefix), len(face.qr_digits)) for name, face in FACES.items()}
    assert versions["annual-typical"] <= 9
    assert versions[DENSEST] == 12


@pytest.mark.parametrize("name", FACES)
def test_every_variant_is_read_at_the_lowest_resolution(name: str) -> None:
    assert read(page(name, 96)) == expected(name)


@pytest.mark.parametrize("dpi", [150, 300])
@pytest.mark.parametrize("name", cells(FACES, always=["annual-typical", DENSEST]))
def test_every_variant_is_read_at_higher_resolutions(name: str, dpi: int) -> None:
    assert read(page(name, dpi)) == expected(name)


@pytest.mark.parametrize("dpi", [150, 300])
@pytest.mark.parametrize("name", cells(["annual-typical", "completion-typical", DENSEST], always=[DENSEST]))
def test_a_slanted_blurred_or_badly_compressed_copy_is_read(name: str, dpi: int) -> None:
    picture = page(name, dpi)
    slanted = picture.rotate(7, Image.Resampling.BICUBIC, expand=True, fillcolor="white")
    blurred = picture.filter(ImageFilter.GaussianBlur(dpi / 150))
    assert read(slanted) == expected(name)
    assert read(blurred) == expected(name)
    assert read(compressed(picture, 30)) == expected(name)


@pytest.mark.parametrize(
    "name", cells(["annual-typical", "completion-typical"], always=["completion-typical"])
)
def test_slanted_and_blurred_and_compressed_together(name: str) -> None:
    slanted = page(name, 300).rotate(7, Image.Resampling.BICUBIC, expand=True, fillcolor="white")
    assert read(compressed(slanted.filter(ImageFilter.GaussianBlur(1.5)), 30)) == expected(name)


def compressed(picture: Image.Image, quality: int) -> Image.Image:
    """The picture after JPEG."""
    out = BytesIO()
    picture.save(out, "JPEG", quality=quality)
    return Image.open(out)


@pytest.mark.parametrize("name", cells(FACES, always=["annual-typical", "completion-typical", DENSEST]))
def test_the_png_is_read(name: str) -> None:
    with Image.open(BytesIO(png(name))) as picture:
        assert read(picture.convert("RGB")) == expected(name)


@pytest.mark.parametrize("name", FACES)
def test_code_is_large_enough_with_a_clear_quiet_zone(name: str) -> None:
    """At 150 dpi: 25 mm at least, four modules of pure white around it, and in it nothing but black and white."""
    face = FACES[name]
    with Image.open(BytesIO(png(name))) as picture:
        grey = picture.convert("L")
    (code,) = zxingcpp.read_barcodes(grey)
    corners = code.position
    left, top = corners.top_left.x, corners.top_left.y
    right, bottom = corners.bottom_right.x, corners.bottom_right.y
    side = 17 + 4 * qr_version(len(face.qr_prefix), len(face.qr_digits))
    module = (right - left) / side
    assert module == pytest.approx(4, abs=0.1)
    assert (right - left) / 150 * 25.4 >= 25
    quiet = round(4 * module) - 1
    around = grey.crop((left - quiet, top - quiet, right + quiet, bottom + quiet))
    inside = (quiet + 1, quiet + 1, around.width - quiet - 1, around.height - quiet - 1)
    assert set(around.crop(inside).tobytes()) == {0, 255}
    around.paste(255, (quiet - 1, quiet - 1, around.width - quiet + 1, around.height - quiet + 1))
    assert set(around.tobytes()) == {255}


def test_a_small_code_is_enlarged_to_25_mm() -> None:
    """No certificate needs so small a code today; a later template might."""
    from dataclasses import replace

    tiny = replace(source(), qr_digits="1" * 40)
    with Image.open(BytesIO(RENDERER.png(tiny, dpi=300))) as picture:
        (code,) = zxingcpp.read_barcodes(picture.convert("L"))
    assert code.text == tiny.qr_prefix + tiny.qr_digits
    assert (code.position.bottom_right.x - code.position.top_left.x) / 300 * 25.4 >= 24.9
