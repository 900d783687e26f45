"""A certificate's life after issue: which steps there are, what they do to the claim, and what the public reads of it."""

import pytest
from sqlalchemy import select

from registry.correction import correct
from registry.errors import StatusChangeError
from registry.intake.findings import Severity
from registry.models import Certificate, Claim, StatusEvent
from registry.status import (
    REASONS,
    Block,
    StatusSigner,
    barred,
    block_of,
    blocks_in_use,
    change_status,
    changes_in,
    release,
    sign_block,
    state_of,
    states_of,
)
from tests.builders import HOST, INDUSTRY, MUNICIPAL, refused, signer
from tests.registry.rig import NOW, Rig, assert_sound
from tests.registry.sheets import identity
from verifier.limits import STATUS_LIST_BITS
from verifier.number import CertificateNumber
from verifier.report import Verdict
from verifier.status import StatusChange

PATHS: dict[str, tuple[str, ...]] = {
    "issued": (),
    "suspended": ("suspend",),
    "reinstated": ("suspend", "reinstate"),
    "revoked": ("revoke",),
    "revoked while suspended": ("suspend", "revoke"),
}
STATE = {
    "issued": "issued",
    "suspended": "suspended",
    "reinstated": "issued",
    "revoked": "revoked",
    "revoked while suspended": "revoked",
}
ALLOWED = {"issued": {"suspend", "revoke"}, "suspended": {"reinstate", "revoke"}, "revoked": set()}


def led_to(rig: Rig, path: str) -> str:
    """A certificate that went that way."""
    (number,) = rig.issue(1)
    for action in PATHS[path]:
        rig.clock.now += 60
        rig.change(number, action, REASONS[action][0])
    return number


@pytest.mark.parametrize("action", REASONS)
@pytest.mark.parametrize("path", PATHS)
def test_every_step_from_every_state(lite: Rig, path: str, action: str) -> None:
    number = led_to(lite, path)
    allowed = action in ALLOWED[STATE[path]]
    if allowed:
        lite.change(number, action, REASONS[action][0])
    else:
        with refused(StatusChangeError, "status_transition"):
            lite.change(number, action, REASONS[action][0])
    with lite.app.database.read() as session:
        events = [one.action for one in session.scalars(select(StatusEvent).order_by(StatusEvent.leaf_index))]
    assert events == [*PATHS[path], *([action] if allowed else [])]
    assert_sound(lite.app, issued=1)


@pytest.mark.parametrize(
    ("path", "verdict", "reason"),
    [
        ("issued", Verdict.PASSED, "valid"),
        ("suspended", Verdict.FAILED, "suspended"),
        ("reinstated", Verdict.PASSED, "valid"),
        ("revoked", Verdict.FAILED, "revoked"),
        ("revoked while suspended", Verdict.FAILED, "revoked"),
    ],
)
def test_what_the_public_reads(rig: Rig, path: str, verdict: Verdict, reason: str) -> None:
    number = led_to(rig, path)
    (other,) = rig.issue(2)
    rig.publish()
    report = rig.judge(number)
    assert (report.verdict, report.reason) == (verdict, reason)
    if verdict is Verdict.FAILED:
        last = PATHS[path][-1]
        assert report.steps[8].details == {"since": rig.clock.now, "reason": REASONS[last][0]}
        assert report.record is not None  # shown, to be compared with the paper
    assert rig.judge(other).reason == "valid"
    with rig.app.database.read() as session:
        assert state_of(session, number) == STATE[path]


@pytest.mark.parametrize("reason", ["fraud", "holder-request", "hours-withdrawn"])
def test_revoked_for_cause_is_not_certified_again_from_the_same_list(rig: Rig, reason: str) -> None:
    """Neither by the same office nor by another nor by a correction, until somebody says so; and then once."""
    (number,) = rig.issue(1)
    (other,) = rig.issue(2)
    rig.change(number, "revoke", reason)
    for authority in (MUNICIPAL, INDUSTRY):
        again = rig.submit(rig.people([1]), authority=authority)
        assert (again.issued, again.already_issued, len(again.refused_rows)) == ([], 0, 1)
        (finding,) = [one for one in again.findings if one.severity is Severity.FAULT]
        assert (finding.code, finding.params["number"]) == ("lost_for_cause", number)
        assert (finding.column, finding.value) == ("B", identity(1))
    with refused(StatusChangeError, "claim_barred"):
        correct(rig.app, other, {}, identity=identity(1))
    with rig.app.database.read() as session:
        assert barred(session, [number, other]) == {number: reason}
    assert_sound(rig.app, issued=2)
    with rig.app.write() as session:
        release(session, number, remark="appeal upheld", now=NOW)
    with refused(StatusChangeError, "not_barred"), rig.app.write() as session:
        release(session, number, remark="twice", now=NOW)
    assert len(rig.submit(rig.people([1])).issued) == 1
    assert len(rig.submit(rig.people([1])).issued) == 0
    with rig.app.database.read() as session:
        assert state_of(session, number) == "revoked"
    assert_sound(rig.app, issued=3)


def test_what_bars_nobody_is_not_released(lite: Rig) -> None:
    (number,) = lite.issue(1)
    with refused(StatusChangeError, "not_barred"), lite.app.write() as session:
        release(session, number, remark="", now=NOW)
    lite.change(number, "revoke", "data-error")
    with refused(StatusChangeError, "not_barred"), lite.app.write() as session:
        release(session, number, remark="", now=NOW)
    with refused(StatusChangeError, "number_unknown"), lite.app.write() as session:
        release(session, "41010020261000000131", remark="", now=NOW)


@pytest.mark.parametrize(("path", "again"), [("suspended", 0), ("reinstated", 0), ("revoked", 1)])
def test_only_a_revocation_frees_the_person(rig: Rig, path: str, again: int) -> None:
    led_to(rig, path)
    assert len(rig.submit(rig.people([1])).issued) == again
    with rig.app.database.read() as session:
        assert len(session.scalars(select(Claim)).all()) == 1
    assert_sound(rig.app, issued=1 + again)


@pytest.mark.parametrize(
    "reason", ["", "superseded", "Fraud", "two words", "fraud\n", "欺诈", "complaint", "other", "zhangsan"]
)
def test_reasons_are_a_closed_list(lite: Rig, reason: str) -> None:
    (number,) = lite.issue(1)
    with refused(StatusChangeError, "reason_unlisted"):
        lite.change(number, "revoke", reason)
    assert_sound(lite.app, issued=1)


def test_a_remark_stays_in_the_house(lite: Rig) -> None:
    (number,) = lite.issue(1)
    remark = "举报人：张三 [bold]"
    with lite.app.write() as session:
        change_status(session, number, action="suspend", reason="complaint", remark=remark, now=NOW)
    lite.app.sign_log()
    site = lite.publish()
    published = b"".join(file.read_bytes() for file in site.rglob("*") if file.is_file())
    assert b"complaint" in published
    assert "张三".encode() not in published
    with lite.app.database.read() as session:
        assert session.scalars(select(StatusEvent.remark)).one() == remark
    assert_sound(lite.app, issued=1)


def test_a_number_that_was_never_issued(lite: Rig) -> None:
    with refused(StatusChangeError, "number_unknown"):
        lite.change("41010020261000000131", "revoke", "fraud")


def test_a_state_is_told_as_of_a_place_in_the_log(lite: Rig) -> None:
    """What stands there is not before it."""
    (number,) = lite.issue(1)
    leaf = lite.change(number, "suspend", "complaint").leaf_index
    after = lite.change(number, "reinstate", "review-closed").leaf_index
    with lite.app.database.read() as session:
        told = [states_of(session, [number], below=one) for one in (leaf, after, after + 1)]
        assert told == [{}, {number: "suspended"}, {number: "issued"}]
        assert states_of(session, None, below=after) == {number: "suspended"}


def test_blocks(lite: Rig) -> None:
    """A list covers 131,072 numbers; every block up to the last serial has one, even where nothing is issued in it."""
    lite.issue(1)
    lite.issue(2, kind="completion")
    edges = [
        CertificateNumber(MUNICIPAL, 2026, 1, serial)
        for serial in (STATUS_LIST_BITS - 1, STATUS_LIST_BITS, 2 * STATUS_LIST_BITS)
    ]
    with lite.app.database.write() as session:
        model = session.scalars(select(Certificate).filter_by(kind=1)).one()
        for place, edge in enumerate(edges):
            session.add(
                Certificate(
                    number=edge.digits,
                    authority=MUNICIPAL,
                    year=2026,
                    kind=1,
                    serial=edge.serial,
                    intent_id=model.intent_id,
                    record=model.record,
                    leaf_index=990 + place,
                    identity_hash=model.identity_hash,
                    identity_sealed=model.identity_sealed,
                )
            )
    blocks = [Block(MUNICIPAL, 2026, 1, place) for place in range(3)]
    with lite.app.database.read() as session:
        assert blocks_in_use(session) == [*blocks, Block(MUNICIPAL, 2026, 2, 0)]
    assert [block_of(edge.digits) for edge in edges] == blocks
    with lite.app.database.write() as session:
        for place, edge in enumerate(edges):
            session.add(
                StatusEvent(
                    leaf_index=1000 + place,
                    number=edge.digits,
                    action="revoke",
                    reason="fraud",
                    successor=None,
                    at=NOW,
                )
            )
    revoked = StatusChange("revoked", NOW, "fraud", "")
    with lite.app.database.read() as session:
        assert [changes_in(session, block) for block in blocks] == [
            {STATUS_LIST_BITS - 1: revoked},
            {0: revoked},
            {0: revoked},
        ]


def test_a_block_is_signed_as_three_documents() -> None:
    block = Block(MUNICIPAL, 2026, 1, 1)
    made = sign_block(
        StatusSigner(HOST, signer("status"), 1, f"did:web:{HOST}#status-1"),
        block,
        {},
        now=NOW,
        valid_until=NOW + 60,
    )
    base = f"status/{MUNICIPAL}/2026/1"
    assert set(made) == {f"{base}/{name}/1" for name in ("revocation", "suspension", "details")}
    assert block.first_number.status_block == 1
    assert Block(MUNICIPAL, 2026, 1, 0).first_number.serial == 1
