"""Any bytes in, only our errors out: arbitrary bytes, and every form of a genuine file with damage done to it."""

from io import BytesIO

from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from PIL import Image

from registry.faces.renderer import FaceRenderer
from tests.matrices import examples
from tests.registry.faces_samples import source
from verifier.containers import ContainerError, ContainerLimits, Contents, extract

FACE = source()
QUICK = ContainerLimits(max_pixels=300_000, max_page_pixels=300_000, max_pages=1)
PICTURE = Image.open(BytesIO(FaceRenderer().png(FACE, dpi=40))).convert("L").crop((0, 150, 200, 331))
BAKED = FaceRenderer().png(FACE, dpi=20)
MAGIC = (
    b"",
    b"%PDF-1.7\n",
    b"\x89PNG\r\n\x1a\n",
    b"\xff\xd8\xff",
    b"GIF89a",
    b"RIFF\x20\0\0\0WEBPVP8 ",
    b"{",
)


def saved(form: str) -> bytes:
    """A small picture of a part of the face."""
    out = BytesIO()
    PICTURE.save(out, form)
    return out.getvalue()


GENUINE = (FaceRenderer().pdf(FACE), saved("PNG"), saved("JPEG"), saved("GIF"), saved("WEBP"), FACE.record)


def read(data: bytes) -> Contents | None:
    """What ``extract`` finds, or None for its own error; any other error is a failure of the test."""
    try:
        return extract(data, limits=QUICK)
    except ContainerError:
        return None


@given(st.sampled_from(MAGIC), st.binary(max_size=400))
def test_arbitrary_bytes(magic: bytes, rest: bytes) -> None:
    read(magic + rest)


@examples(120, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(GENUINE), st.data())
def test_damaged_genuine_files(genuine: bytes, data: st.DataObject) -> None:
    damaged = bytearray(genuine)
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(damaged) - 1))
        with_what = data.draw(st.binary(max_size=6))
        damaged[at : at + data.draw(st.integers(0, 40))] = with_what
        if not damaged:
            break
    read(bytes(damaged))


@examples(60)
@given(st.sampled_from(GENUINE), st.integers(0, 80_000))
def test_cut_genuine_files(genuine: bytes, length: int) -> None:
    read(genuine[:length])


@examples(40, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_one_changed_bit_of_a_baked_picture_never_gives_another_record(data: st.DataObject) -> None:
    """The checksum, the keyword or the record: whatever the bit hits, the record that is found is ours or none."""
    at = data.draw(st.integers(0, 8 * len(BAKED) - 1))
    changed = bytearray(BAKED)
    changed[at // 8] ^= 1 << at % 8
    found = read(bytes(changed))
    assert found is None or found.record in (FACE.record, None)
