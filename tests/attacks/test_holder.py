"""Whoever holds a genuine certificate and wants it to say something else, or to be somebody else's.

What is signed stays what it says: the panel is shown the signed fields, to compare, and may say whose certificate it should be.
"""

from pathlib import Path

import pikepdf
import pypdfium2
import pytest
import zxingcpp
from PIL import Image

from registry.faces.renderer import FaceRenderer
from registry.handout import prepare, write_files
from tests.attacks.panel import Panel
from tests.registry.rig import Rig
from tests.registry.sheets import ANNUAL, annual, write_csv

FORGED_NAME = b"LI SI"


def handed_out(rig: Rig, serial: int, name: str) -> dict[str, Path]:
    """The files of a certificate of ``name``, by suffix."""
    file = write_csv(rig.folder / f"{serial}.csv", [ANNUAL, annual(serial, 姓名=name)])
    (number,) = rig.submit(file).issued
    rig.publish()
    paths = write_files(prepare(rig.app, number), rig.folder / "out", FaceRenderer())
    return {path.suffix: path for path in paths}


def painted_over(source: Path, target: Path) -> Path:
    """The PDF with a white box and another name upon its page; its attachments are as they were."""
    with pikepdf.open(source) as pdf:
        page = pdf.pages[0]
        font = pikepdf.Dictionary(
            Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica
        )
        page.add_resource(pdf.make_indirect(font), pikepdf.Name.Font, pikepdf.Name.Forged)
        over = (
            b"q 1 1 1 rg 150 300 300 150 re f 0 0 0 rg BT /Forged 40 Tf 180 350 Td (%s) Tj ET Q" % FORGED_NAME
        )
        page.contents_add(over)
        pdf.save(target)
    return target


def text_of(path: Path) -> str:
    """What a reader of the PDF sees as text."""
    pdf = pypdfium2.PdfDocument(path)
    text = pdf[0].get_textpage().get_text_range()
    pdf.close()
    return str(text)


def with_code_of(face: Path, code: Path, target: Path) -> Path:
    """A photograph of one certificate's face with the other's code pasted over its own."""
    with Image.open(face) as one, Image.open(code) as other:
        picture, donor = one.convert("RGB"), other.convert("RGB")
    place = zxingcpp.read_barcodes(donor)[0].position
    box = (place.top_left.x - 8, place.top_left.y - 8, place.bottom_right.x + 8, place.bottom_right.y + 8)
    picture.paste(donor.crop(box), box[:2])
    picture.save(target, quality=90)
    return target


def test_a_pdf_whose_page_says_another_name(lite: Rig, panel: Panel) -> None:
    files = handed_out(lite, 1, "张文博")
    painted = painted_over(files[".pdf"], panel.shell.folder / "painted.pdf")
    assert FORGED_NAME.decode() in text_of(painted)
    told = panel.text(painted, site=lite.site)
    assert "张文博" in told
    assert FORGED_NAME.decode() not in told
    assert panel.verdict(painted, site=lite.site, name="张文博") == ("PASSED", "valid")
    assert panel.verdict(painted, site=lite.site, name="李四") == ("FAILED", "name_differs")


def test_a_genuine_code_on_another_persons_face(lite: Rig, panel: Panel) -> None:
    ours, theirs = handed_out(lite, 1, "李四"), handed_out(lite, 2, "张文博")
    photo = with_code_of(ours[".png"], theirs[".png"], panel.shell.folder / "photo.jpg")
    report = panel.report(photo, site=lite.site)
    assert report["record"]["credentialSubject"]["name"] == "张文博"
    assert "李四" not in panel.text(photo, site=lite.site)
    assert panel.verdict(photo, site=lite.site, name="李四") == ("FAILED", "name_differs")


def test_somebody_elses_record_attached_beside_ones_own(lite: Rig, panel: Panel) -> None:
    ours, theirs = handed_out(lite, 1, "李四"), handed_out(lite, 2, "张文博")
    both = panel.shell.folder / "both.pdf"
    with pikepdf.open(ours[".pdf"]) as pdf:
        name = theirs[".json"].name
        pdf.attachments[name] = pikepdf.AttachedFileSpec(pdf, theirs[".json"].read_bytes(), filename=name)
        pdf.save(both)
    report = panel.report(both, site=lite.site)
    assert (report["verdict"], report["record"]) == ("INDETERMINATE", None)
    assert "container_ambiguous" in {one["code"] for one in report["troubles"]}


@pytest.mark.parametrize(
    ("old", "new"), [("张文博", "李四"), ('"publicHours":26', '"publicHours":86'), ('"year":2026', '"year":2025')]
)  # fmt: skip
def test_a_record_with_other_values(lite: Rig, panel: Panel, old: str, new: str) -> None:
    (number,) = lite.issue(1)
    lite.publish()
    record = lite.record(number).decode()
    assert old in record
    altered = panel.file(
        "altered.json", record.replace(old, new).encode(), prepare(lite.app, number).log_proof
    )
    report = panel.report(altered, site=lite.site)
    assert (report["verdict"], report["reason"]) == ("FAILED", "proof_invalid")
    assert report["record"] is None


def test_the_files_of_before_the_revocation(lite: Rig, panel: Panel) -> None:
    files = handed_out(lite, 1, "张文博")
    lite.change(files[".json"].stem, "revoke", "fraud")
    lite.publish()
    for suffix in (".json", ".pdf", ".png"):
        assert panel.verdict(files[suffix], site=lite.site) == ("FAILED", "revoked")
