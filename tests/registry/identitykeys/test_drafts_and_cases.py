"""Lists before their release, corrections before their confirmation, documents and requests: a rotation brings all along."""

from sqlalchemy import select

from registry.cases.documents import Upload, attach, documents_of, open_document
from registry.cases.models import Case, HolderRequest
from registry.cases.requests import receive, wish_of
from registry.cases.sealing import open_changes, require_decision
from registry.identitykeys.rotation import keys_in_use, rotate
from registry.review.drafts import content_of, part_bytes
from registry.review.findings import Filter, remarks
from registry.review.models import Draft, DraftPart
from tests.builders import MUNICIPAL
from tests.cases.people import APPROVER, PDF, confirmed, proposed, work
from tests.cases.people import CLERK as CASE_CLERK
from tests.registry.identitykeys.test_rotation import masters
from tests.registry.intruder import sql, tamper
from tests.registry.rig import NOW, Rig, assert_sound
from tests.registry.sheets import annual, identity
from tests.review import desk


def draft_with_remarks(rig: Rig) -> tuple[int, bytes]:
    """A submitted list of two people, of whom a third was refused."""
    data = desk.csv_bytes([annual(1), annual(2), [*annual(3)[:1], "不是号码", *annual(3)[2:]]])
    draft = desk.opened(rig)
    desk.upload(rig, draft, data)
    desk.submit(rig, draft)
    return draft, data


def test_a_list_is_released_after_a_rotation(rig: Rig) -> None:
    draft, data = draft_with_remarks(rig)
    assert keys_in_use(rig.app).keys() == {1}
    done = rotate(rig.app, masters(rig.app))
    assert done.left == {}
    assert done.troubles == ()
    assert {
        "draft_part",
        "draft_list.listed",
        "draft_list.refused",
        "draft_finding",
        "draft_submission",
    } <= done.changed.keys()
    with rig.app.database.read() as session:
        row = session.get_one(Draft, draft)
        assert part_bytes(rig.app.vault, session.get_one(DraftPart, (draft, 1))) == data
        assert len(content_of(session, rig.app.vault, row).listed) == 2
        assert len(remarks(session, rig.app.vault, draft, Filter())) > 0
    desk.release(rig, draft)
    desk.work(rig)
    assert_sound(rig.app, issued=2)


def test_cases_documents_and_requests(rig: Rig) -> None:
    one, other = rig.issue(1, 2)
    waiting = proposed(rig, one, "correct", changes={"name": "李雷"}, identity=identity(8))
    decided = confirmed(rig, proposed(rig, other, "correct", changes={"name": "韩梅"}))
    with rig.app.write() as session:
        attach(
            session,
            rig.app.vault,
            CASE_CLERK,
            [Upload("证明.pdf", PDF)],
            authority=MUNICIPAL,
            case_id=waiting.id,
            now=NOW,
        )
        receive(
            session,
            CASE_CLERK,
            rig.app,
            number=one,
            authority=None,
            channel="counter",
            wish="姓名写错",
            contact="138",
            now=NOW,
        )
    done = rotate(rig.app, masters(rig.app))
    assert (done.left, done.troubles) == ({}, ())
    assert {"holder_request", "case_document", "certificate_case"} <= done.changed.keys()
    with rig.app.database.read() as session:
        request = session.scalars(select(HolderRequest)).one()
        assert wish_of(rig.app.vault, request).wish == "姓名写错"
        assert open_changes(rig.app.vault, session.get_one(Case, waiting.id)) == (
            {"name": "李雷"},
            identity(8),
        )
        (document,) = documents_of(session, case_id=waiting.id)
        assert open_document(session, rig.app.vault, document.id, authority=None).data == PDF
        require_decision(session, rig.app.vault, session.get_one(Case, decided.id))
    confirmed(rig, waiting, actor=APPROVER)
    assert work(rig) == 2
    assert keys_in_use(rig.app).keys() == {2}


def test_a_case_that_was_altered_is_not_marked_anew(rig: Rig) -> None:
    (number,) = rig.issue(1)
    decided = confirmed(rig, proposed(rig, number, "correct", changes={"name": "韩梅"}))
    tamper(rig, sql("UPDATE certificate_case SET decided_by = 99 WHERE id = :id", id=decided.id))
    done = rotate(rig.app, masters(rig.app))
    assert [(one.code, one.subject) for one in done.troubles] == [("case_altered", str(decided.id))]
