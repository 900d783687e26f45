"""Faces read back: text, attachments, baked record and archival form equal the record, for every variant."""

import re
import subprocess
import sys
import threading
import xml.etree.ElementTree as ET
from dataclasses import replace
from io import BytesIO

import pikepdf
import pypdfium2
import pytest
from PIL import Image

from keys.canonical import JsonObject
from registry.faces.face import FaceSource, face_source
from registry.faces.renderer import FaceRenderer
from tests.builders import refused
from tests.registry.faces_samples import HOSTILE, ISSUER, LOG_PROOF, source, variants, verified
from verifier.drawing.errors import FaceError
from verifier.record import VerifiedRecord

RENDERER = FaceRenderer()
VARIANTS = variants()
WORDS = {
    "intermediate": "中级",
    "professional": "专业科目",
    "2026-09-18": "2026年9月18日",
}
LABELS = {
    "name": "姓名Name",
    "identityDocument": "身份证件Identitydocument",
    "employer": "工作单位Employer",
    "year": "年度Year",
    "grade": "职称等级Gradeoftitle",
    "ruleSet": "学时规定Ruleset",
    "professionalHours": "专业科目学时Professionalhours",
    "publicHours": "公需科目学时Generalhours",
    "programme": "培训项目Programme",
    "institution": "施教机构Traininginstitution",
    "category": "科目类别Category",
    "classHours": "学时Classhours",
    "completedOn": "结业日期Completedon",
}


def text_of(pdf: bytes) -> str:
    """All text of the page, without white space (a long field may be on two lines)."""
    with pypdfium2.PdfDocument(pdf) as document:
        assert len(document) == 1
        return re.sub(r"\s", "", document[0].get_textpage().get_text_bounded())


@pytest.mark.parametrize("name", VARIANTS)
def test_every_shown_field_is_text_beside_its_label(name: str) -> None:
    face = VARIANTS[name]
    text = text_of(RENDERER.pdf(face))
    for field, value in face.subject:
        shown = WORDS.get(str(value), str(value))
        assert LABELS[field] + re.sub(r"\s", "", shown) in text, field
    assert face.printed.replace(" ", "") in text
    assert face.issuer + "2026年11月20日20November2026" in text
    assert f"https://{face.host}/v" in text


def test_annual_total_is_the_sum() -> None:
    assert "合计学时Totalhours86" in text_of(RENDERER.pdf(source()))


@pytest.mark.parametrize("hostile", HOSTILE)
@pytest.mark.parametrize("field", ["name", "employer"])
def test_markup_in_a_field_is_printed_and_never_obeyed(field: str, hostile: str) -> None:
    text = text_of(RENDERER.pdf(source(**{field: hostile})))
    assert text.count(hostile.replace(" ", "")) == 2


def test_markup_in_the_issuer_is_printed() -> None:
    assert '#panic("x")局' in text_of(RENDERER.pdf(source(issuer='#panic("x")局')))


@pytest.mark.parametrize("kind", ["annual", "completion"])
def test_attachments_are_the_stored_bytes(kind: str) -> None:
    face = source(kind)
    with pikepdf.Pdf.open(BytesIO(RENDERER.pdf(face))) as pdf:
        files = {name: spec.get_file() for name, spec in pdf.attachments.items()}
        assert {name: file.read_bytes() for name, file in files.items()} == {
            f"{face.digits}.json": face.record,
            f"{face.digits}.tlog-proof": LOG_PROOF,
        }
        assert files[f"{face.digits}.json"].mime_type == "application/json"
        relations = {str(spec.obj["/AFRelationship"]) for spec in pdf.attachments.values()}
    assert relations == {"/Data", "/Supplement"}


def test_without_a_log_proof_only_the_record_is_attached() -> None:
    face = face_source(verified(), log_proof=None)
    with pikepdf.Pdf.open(BytesIO(RENDERER.pdf(face))) as pdf:
        assert list(pdf.attachments) == [f"{face.digits}.json"]
    with Image.open(BytesIO(RENDERER.png(face))) as picture:
        assert set(picture.text) == {"openbadgecredential"}  # type: ignore[attr-defined]


def test_pdf_is_archival_tagged_titled_and_in_chinese() -> None:
    face = source()
    with pikepdf.Pdf.open(BytesIO(RENDERER.pdf(face))) as pdf:
        root = pdf.Root
        assert str(root.Lang) == "zh-CN"
        assert root.MarkInfo.Marked is True
        assert "/StructTreeRoot" in root
        assert len(root.AF) == 2
        assert str(root.OutputIntents[0].S) == "/GTS_PDFA1"
        with pdf.open_metadata() as metadata:
            assert (metadata["pdfaid:part"], metadata["pdfaid:conformance"]) == ("3", "B")
            assert metadata["pdfuaid:part"] == "1"
            assert face.printed in metadata["dc:title"]
        assert {font.partition("+")[2] for font in fonts_of(pdf)} == {
            "NotoSerifCJKsc-Regular-Identity-H",
            "SourceHanSerifSC-Regular-Identity-H",
        }
        width, height = (float(side) for side in pdf.pages[0].mediabox[2:])
    assert (width, height) == pytest.approx((841.89, 595.28), abs=0.01)


def fonts_of(pdf: pikepdf.Pdf) -> list[str]:
    """Names of the fonts that the page uses."""
    return [str(font.BaseFont) for font in pdf.pages[0].Resources.Font.values()]


def test_metadata_is_well_formed_and_dated_by_the_certificate() -> None:
    with pikepdf.Pdf.open(BytesIO(RENDERER.pdf(source()))) as pdf:
        metadata = pdf.Root.Metadata.read_bytes()
    ET.fromstring(metadata)  # noqa: S314 - written by ourselves a line above
    assert b"2026-11-20" in metadata


def test_png_carries_record_and_proof_uncompressed_and_is_small() -> None:
    face = source()
    png = RENDERER.png(face)
    assert b"iTXtopenbadgecredential\0\0\0\0\0" + face.record in png
    assert b"iTXttlog-proof\0\0\0\0\0" + LOG_PROOF in png
    with Image.open(BytesIO(png)) as picture:
        assert picture.size == (1754, 1240)
        assert picture.info["dpi"] == pytest.approx((150, 150), abs=0.1)
    assert len(png) < 400_000


def test_picture_in_two_layers_is_the_page_drawn_whole() -> None:
    face = source()
    whole = Image.open(BytesIO(RENDERER._typeset(face, "png", 150))).convert("L")
    baked = Image.open(BytesIO(RENDERER.png(face))).convert("L")
    differences = sum(abs(a - b) > 48 for a, b in zip(whole.tobytes(), baked.tobytes(), strict=True))
    assert differences < whole.width * whole.height / 1000


def test_same_source_gives_the_same_bytes_in_another_renderer_and_process() -> None:
    face = source()
    program = (
        "import sys; from hashlib import sha256; from registry.faces.renderer import FaceRenderer;"
        "from tests.registry.faces_samples import source; r = FaceRenderer();"
        "r.pdf(source(serial=9)); print(sha256(r.pdf(source()) + r.png(source())).hexdigest())"
    )
    other = FaceRenderer()
    assert other.png(face) == RENDERER.png(face)
    assert other.pdf(face) == RENDERER.pdf(face)
    from hashlib import sha256

    result = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert result.stdout.strip() == sha256(other.pdf(face) + other.png(face)).hexdigest()


def test_renderers_work_in_threads_side_by_side() -> None:
    faces = [source(serial=serial) for serial in range(1, 9)]
    drawn: dict[str, bytes] = {}

    def draw(mine: list[FaceSource]) -> None:
        renderer = FaceRenderer()
        drawn.update({face.digits: renderer.pdf(face) for face in mine})

    threads = [threading.Thread(target=draw, args=(faces[part::2],)) for part in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert drawn == {face.digits: RENDERER.pdf(face) for face in faces}


def test_other_resolutions_follow_the_page() -> None:
    for dpi, width in ((96, 1123), (300, 3508), (150, 1754)):
        with Image.open(BytesIO(RENDERER.png(source(), dpi=dpi))) as picture:
            assert abs(picture.width - width) <= 1


def test_an_unprintable_character_is_refused() -> None:
    for change in ({"name": "张\U0001f393"}, {"employer": "某\U000f0000校"}):
        with refused(FaceError, "face_glyph"):
            face_source(verified(**change), log_proof=None)
    with refused(FaceError, "face_glyph"):
        face_source(verified(issuer="\U0001f393局"), log_proof=None)


def test_a_log_proof_that_is_no_text_is_refused() -> None:
    with refused(FaceError, "face_log_proof"):
        face_source(verified(), log_proof=b"\xff")


def saying(record: VerifiedRecord, document: JsonObject) -> VerifiedRecord:
    """``record`` with another document than its bytes are."""
    return record._replace(unverified=replace(record.unverified, _document=document))


def test_a_record_that_lacks_what_its_face_shows_is_refused() -> None:
    record = verified()
    for subject in ({**record.subject, "employer": 5}, {**record.subject, "publicHours": True}):
        with refused(FaceError, "face_record"):
            face_source(saying(record, {**record.document, "credentialSubject": subject}), log_proof=None)


@pytest.mark.parametrize("day", ["2026-02-30", "2026-13-01", "20260918"])
def test_a_day_outside_the_calendar_is_refused(day: str) -> None:
    record = verified("completion")
    subject = {**record.subject, "completedOn": day}
    for changed in (
        {**record.document, "credentialSubject": subject},
        {**record.document, "validFrom": f"{day}T00:00:00Z"},
    ):
        with refused(FaceError, "face_record"):
            face_source(saying(record, changed), log_proof=None)


def test_a_kind_without_a_face_is_refused() -> None:
    record = verified()
    template = replace(record.template, record=replace(record.template.record, version="v9"))
    with refused(FaceError, "face_kind"):
        face_source(record._replace(template=template), log_proof=None)
    with refused(FaceError, "face_kind"):
        RENDERER.pdf(replace(source(), version="v9"))


def test_a_failure_of_typst_is_ours() -> None:
    with refused(FaceError, "face_typeset"):
        RENDERER.pdf(replace(source(), subject=(("name", ISSUER),)))
