"""A holder's request: received, accepted or declined, done with the case that answers it; its words sealed."""

import pytest
from sqlalchemy import select, update

from registry.actors import Actor
from registry.cases.errors import CaseError
from registry.cases.models import HolderRequest
from registry.cases.requests import cases_for, decide, list_requests, receive, request_of, wish_of
from tests.builders import INDUSTRY, MUNICIPAL, refused
from tests.cases.people import APPROVER, CLERK, case, confirmed, proposed, work
from tests.registry.rig import Rig, assert_sound


def received(rig: Rig, number: str, **changed: str) -> HolderRequest:
    values = {"channel": "counter", "wish": "姓名应为李雷", "contact": "13800000000", **changed}
    with rig.app.database.write() as session:
        return receive(
            session,
            CLERK,
            rig.app,
            number=number,
            authority=MUNICIPAL,
            now=rig.clock.now,
            channel=values["channel"],
            wish=values["wish"],
            contact=values["contact"],
        )


def decided(
    rig: Rig, request: HolderRequest, *, accepted: bool, answer: str = "", actor: Actor = CLERK
) -> None:
    with rig.app.database.write() as session:
        decide(
            session,
            actor,
            request_id=request.id,
            authority=actor.authority,
            accepted=accepted,
            answer=answer,
            now=rig.clock.now,
        )


def state(rig: Rig, request: HolderRequest) -> str:
    with rig.app.database.read() as session:
        return request_of(session, request.id, authority=MUNICIPAL).state


def test_from_receipt_to_correction(rig: Rig) -> None:
    (number,) = rig.issue(1)
    request = received(rig, number)
    assert "李雷".encode() not in request.sealed
    with rig.app.database.read() as session:
        assert wish_of(rig.app.vault, request).wish == "姓名应为李雷"
        assert [one.id for one in list_requests(session, authority=MUNICIPAL, states=("received",))] == [
            request.id
        ]
        assert list_requests(session, authority=INDUSTRY, states=("received",)) == []
    with refused(CaseError, "request_not_accepted"):
        proposed(rig, number, "correct", changes={"name": "李雷"}, request_id=request.id)
    decided(rig, request, accepted=True)
    with refused(CaseError, "request_decided"):
        decided(rig, request, accepted=False, answer="晚了")
    answering = proposed(rig, number, "correct", changes={"name": "李雷"}, request_id=request.id)
    assert state(rig, request) == "accepted"
    confirmed(rig, answering, actor=APPROVER)
    work(rig)
    assert (case(rig, answering.id).state, state(rig, request)) == ("done", "done")
    with rig.app.database.read() as session:
        assert [one.id for one in cases_for(session, request)] == [answering.id]
    assert_sound(rig.app, issued=2)


def test_a_refusal_says_why(lite: Rig) -> None:
    (number,) = lite.issue(1)
    request = received(lite, number)
    with refused(CaseError, "request_answer"):
        decided(lite, request, accepted=False, answer=" ")
    decided(lite, request, accepted=False, answer="与户口簿不符")
    assert state(lite, request) == "declined"


@pytest.mark.parametrize(
    "changed", [{"channel": "rumour"}, {"wish": " "}, {"wish": "长" * 1001}, {"contact": "1" * 101}]
)
def test_what_is_no_request(lite: Rig, changed: dict[str, str]) -> None:
    (number,) = lite.issue(1)
    with refused(CaseError, "request_form"):
        received(lite, number, **changed)


def test_words_that_were_moved_do_not_open(lite: Rig) -> None:
    first, second = (received(lite, number) for number in lite.issue(1, 2))
    with lite.app.database.write() as session:
        session.execute(
            update(HolderRequest).where(HolderRequest.id == first.id).values(sealed=second.sealed)
        )
    with lite.app.database.read() as session:
        moved = session.scalars(select(HolderRequest).filter_by(id=first.id)).one()
        with refused(CaseError, "request_unreadable"):
            wish_of(lite.app.vault, moved)
