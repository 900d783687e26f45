"""The second version of the faces looks like the first, which stays as it was published."""

import json
from hashlib import sha256
from io import BytesIO

import pytest
import typst
from PIL import Image, ImageChops

from registry.faces.renderer import FaceRenderer, _data, templates_root
from tests.matrices import cells
from tests.registry.faces_samples import source, variants
from verifier.drawing.fonts import typst_fonts

RENDERER = FaceRenderer()
FACES = variants() | {"issuer-of-60": source(issuer="河南省郑州航空港经济综合实验区" * 4)}
PUBLISHED = {
    "annual/v1/face.typ": "bbf4a244664d432fe338e490ac429ed784a14ea567b0c81eff57ffb5c3bafd66",
    "completion/v1/face.typ": "98a4d47e36adc964c2a4609c9da0373d94c081c60cf05a67e74b1a9d21c1fddc",
    "face/v1/library.typ": "9602f35f905efbb9d1072b5531d4a35cd863a6d9875c7d89df4150c3d534ad16",
}
_DPI = 80


@pytest.mark.parametrize("name", cells(FACES, always=["annual-typical", "completion-longest-programme"]))
def test_a_page_looks_as_in_the_first_version(name: str) -> None:
    """Nothing is elsewhere by half a pixel: what differs is the last bit of a position."""
    face = FACES[name]
    data = _data(face)
    record, _ = data.pop("record"), data.pop("proof")
    compiler = typst.Compiler(
        templates_root() / face.kind / "v1" / "face.typ",
        root=templates_root(),
        font_paths=typst_fonts(),
        ignore_system_fonts=True,
    )
    first = compiler.compile(
        format="png", ppi=float(_DPI), sys_inputs={"face": json.dumps(data), "record": record}
    )
    pages = [Image.open(BytesIO(page)).convert("L") for page in (first, RENDERER._typeset(face, "png", _DPI))]
    assert pages[0].size == pages[1].size
    assert max(ImageChops.difference(*pages).tobytes()) <= 48


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_first_version_is_not_edited(name: str) -> None:
    assert sha256((templates_root() / name).read_bytes()).hexdigest() == PUBLISHED[name]
