"""Documents: known by their content, named without a path, sealed to their place, given to their office alone."""

from io import BytesIO

import pytest
from PIL import Image
from sqlalchemy import update

from registry.cases.documents import (
    MAX_BYTES,
    MAX_DOCUMENTS,
    Upload,
    attach,
    check_uploads,
    clean_name,
    documents_of,
    kind_of,
    open_document,
)
from registry.cases.errors import CaseError
from registry.cases.models import CaseDocument
from tests.builders import INDUSTRY, MUNICIPAL, refused
from tests.cases.people import CLERK, PDF, proposed
from tests.registry.rig import NOW, Rig


def picture(form: str) -> bytes:
    """A real picture."""
    data = BytesIO()
    Image.new("RGB", (3, 3), "red").save(data, form)
    return data.getvalue()


def test_kinds_are_told_by_content() -> None:
    assert kind_of(PDF) == "pdf"
    assert kind_of(picture("PNG")) == "png"
    assert kind_of(picture("JPEG")) == "jpeg"
    for other in (
        b"",
        b"PDF",
        b"<html>%PDF-1.7 %%EOF",
        b"%PDF-1.7",
        b"MZ\x90",
        picture("GIF"),
        picture("PNG")[:-4],
    ):
        assert kind_of(other) is None


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("申请表.pdf", "申请表.pdf"),
        ("../../etc/passwd", "passwd.pdf"),
        ("C:\\窗口\\扫描.PDF", "扫描.pdf"),
        ("..", "附件.pdf"),
        ("", "附件.pdf"),
        (".htaccess", "htaccess.pdf"),
        ("a\r\nSet-Cookie: x=1.pdf", "aSet-Cookie x=1.pdf"),
        ("发票\u202efdp.exe", "发票fdp.exe.pdf"),
        ("x.png", "x.pdf"),
        ('"><script>.pdf', "script.pdf"),
        ("长" * 300 + ".pdf", "长" * 76 + ".pdf"),
        ("CON\x00.pdf", "CON.pdf"),
    ],
)
def test_names_are_labels(name: str, kept: str) -> None:
    assert clean_name(name, "pdf") == kept


def test_what_is_too_much_or_something_else() -> None:
    with refused(CaseError, "document_kind"):
        check_uploads([Upload("x.pdf", b"<script>alert(1)</script>")])
    with refused(CaseError, "document_too_large"):
        check_uploads([Upload("x.pdf", PDF[:-6] + b" " * MAX_BYTES + b"%%EOF\n")])
    with refused(CaseError, "document_too_many"):
        check_uploads([Upload("x.pdf", PDF)] * (MAX_DOCUMENTS + 1))


def test_sealed_and_given_back(rig: Rig) -> None:
    (number,) = rig.issue(1)
    case = proposed(rig, number, uploads=[Upload("../决定书.pdf", PDF)])
    with rig.app.database.read() as session:
        (held,) = documents_of(session, case_id=case.id)
        assert (held.name, held.kind, held.size) == ("决定书.pdf", "pdf", len(PDF))
        stored = session.get_one(CaseDocument, held.id).sealed
        assert PDF[5:20] not in stored
        assert open_document(session, rig.app.vault, held.id, authority=MUNICIPAL).data == PDF
        assert open_document(session, rig.app.vault, held.id, authority=None).data == PDF
        for authority, document in ((INDUSTRY, held.id), ("", held.id), (MUNICIPAL, held.id + 1)):
            with refused(CaseError, "not_found"):
                open_document(session, rig.app.vault, document, authority=authority)


def test_moved_to_another_case_it_does_not_open(lite: Rig) -> None:
    first, second = lite.issue(1, 2)
    case = proposed(lite, first, uploads=[Upload("a.pdf", PDF)])
    other = proposed(lite, second)
    with lite.app.database.write() as session:
        session.execute(update(CaseDocument).values(case_id=other.id))
    with lite.app.database.read() as session:
        (moved,) = documents_of(session, case_id=other.id)
        assert documents_of(session, case_id=case.id) == []
        with refused(CaseError, "document_unreadable"):
            open_document(session, lite.app.vault, moved.id, authority=MUNICIPAL)


def test_no_more_than_so_many_of_one_case(lite: Rig) -> None:
    (number,) = lite.issue(1)
    case = proposed(lite, number, uploads=[Upload("a.pdf", PDF)] * MAX_DOCUMENTS)
    with lite.app.database.write() as session, refused(CaseError, "document_too_many"):
        attach(
            session,
            lite.app.vault,
            CLERK,
            [Upload("b.pdf", PDF)],
            authority=MUNICIPAL,
            case_id=case.id,
            now=NOW,
        )
