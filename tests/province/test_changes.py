"""Changes of authorities: ordered by the province, made by the worker, signed here or proposed to the root's signers."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from registry.actors import Actor, Role
from registry.app import App
from registry.cli.working import KINDS
from registry.errors import OfficeError
from registry.jobs.service import JobView
from registry.jobs.worker import work_once
from registry.province.changes import Change, carry_out, order_change, waiting_proposal
from registry.trail.models import TrailEntry
from registry.trust import current_trust_list
from tests.builders import MUNICIPAL, refused
from tests.jobs.hands import view
from tests.registry.children import Strike, killed
from tests.registry.rig import NOW, OFFICES, Rig

PROVINCE = Actor(1, "province", "钱省级", Role.PROVINCE_ADMIN, None, "192.0.2.1")
LUOYANG = replace(
    OFFICES[0],
    code="410300",
    name="洛阳市人力资源和社会保障局",
    uscc="11410300005403116J",
    divisions=("410300",),
)
SUSPEND = Change("suspend", MUNICIPAL, "inspection")


def version(rig: Rig) -> int:
    with rig.app.database.read() as session:
        return current_trust_list(session).version


def ordered(rig: Rig, change: Change, *, seen: int | None = None) -> int:
    with rig.app.database.write() as session:
        return order_change(
            session,
            PROVINCE,
            change,
            seen=version(rig) if seen is None else seen,
            remark="来函",
            now=rig.clock.now,
        )


def done(rig: Rig, job: int) -> JobView:
    while work_once(rig.app, KINDS, holder="tests"):
        pass
    return view(rig, job)


def acts(rig: Rig) -> list[str]:
    with rig.app.database.read() as session:
        return list(session.scalars(select(TrailEntry.act).order_by(TrailEntry.place)))


def state(rig: Rig, code: str = MUNICIPAL) -> str:
    with rig.app.database.read() as session:
        return current_trust_list(session).authorities[code].states[-1].state


@pytest.fixture
def rootless(lite: Rig) -> Rig:
    """A registry whose root is in a ceremony."""
    (lite.app.settings.keys / "root-1.pem").unlink()
    lite.app.database.close()
    lite.app = lite.place.open(lite.clock)
    return lite


def test_signed_where_the_root_is(rig: Rig) -> None:
    before = version(rig)
    job = done(rig, ordered(rig, SUSPEND))
    assert (job.state, job.result) == ("done", {"outcome": "signed", "version": before + 1, "code": ""})
    assert state(rig) == "suspended"
    rig.clock.now += 10
    assert done(rig, ordered(rig, Change("reinstate", MUNICIPAL, "remedied"))).result["outcome"] == "signed"
    assert (
        done(rig, ordered(rig, Change("delegate", "410300", delegation=LUOYANG))).result["version"]
        == before + 3
    )
    assert state(rig, "410300") == "granted"
    assert acts(rig) == [
        "authority.suspend",
        "authority.signed",
        "authority.reinstate",
        "authority.signed",
        "authority.delegate",
        "authority.signed",
    ]
    rig.publish()


def test_proposed_where_the_root_is_not(rootless: Rig) -> None:
    before = version(rootless)
    job = done(rootless, ordered(rootless, SUSPEND))
    assert (job.state, job.result["outcome"], job.result["version"]) == ("done", "proposed", before + 1)
    assert (state(rootless), version(rootless)) == ("granted", before)
    with rootless.app.database.read() as session:
        current = current_trust_list(session)
    for lang, word in (("zh-CN", "暂停"), ("en", "suspended")):
        waiting = waiting_proposal(rootless.app, current, lang)
        assert waiting is not None
        assert waiting.proposal.code == job.result["code"]
        assert any(MUNICIPAL in line and word in line for line in waiting.words)
    assert acts(rootless) == ["authority.suspend", "authority.proposed"]
    joined = done(rootless, ordered(rootless, Change("delegate", "410300", delegation=LUOYANG)))
    assert joined.result["outcome"] == "proposed"
    assert joined.result["code"] != job.result["code"]  # both changes are in it now


def test_begun_again_it_comes_to_the_same(rig: Rig) -> None:
    comes_to_the_same(rig, "signed")


def test_begun_again_it_is_proposed_once(rootless: Rig) -> None:
    comes_to_the_same(rootless, "proposed")


def comes_to_the_same(rig: Rig, outcome: str) -> None:
    seen = version(rig)
    first = carry_out(rig.app, SUSPEND, version=seen)
    assert first[0] == outcome
    assert carry_out(rig.app, SUSPEND, version=seen) == first
    assert version(rig) == seen + (outcome == "signed")


def test_killed_before_its_head_is_signed(lite: Rig) -> None:
    before = version(lite)
    assert killed(lite.place, NOW, strike_after_change, strike=Strike("signed"))
    assert (version(lite), state(lite)) == (before + 1, "suspended")
    assert carry_out(lite.app, SUSPEND, version=before) == ("signed", before + 1, "")
    lite.publish()


def strike_after_change(app: App, observe: object) -> None:
    """Suspend; the moment at which the change is committed and its head is not signed is a point."""

    def sign_log(self: App) -> None:
        observe("signed", 1)  # type: ignore[operator]

    App.sign_log = sign_log  # type: ignore[method-assign,assignment]
    with app.database.read() as session:
        seen = current_trust_list(session).version
    carry_out(app, SUSPEND, version=seen)


def test_what_was_ordered_under_another_list_is_not_done(rig: Rig) -> None:
    with refused(OfficeError, "trust_list_changed"):
        ordered(rig, SUSPEND, seen=version(rig) - 1)
    first = ordered(rig, SUSPEND)
    second = ordered(rig, Change("delegate", "410300", delegation=LUOYANG))
    assert done(rig, second).error == "trust_list_changed"
    with rig.app.database.read() as session:
        assert "410300" not in current_trust_list(session).authorities
    assert (view(rig, first).state, state(rig)) == ("done", "suspended")
    assert done(rig, ordered(rig, Change("delegate", "410300", delegation=LUOYANG))).state == "done"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (Change("reinstate", MUNICIPAL, "remedied"), "authority_state"),
        (Change("suspend", MUNICIPAL, "whim"), "reason_unlisted"),
        (Change("suspend", "999999", "inspection"), "authority_unknown"),
        (Change("dissolve", MUNICIPAL), "delegation_form"),
        (Change("delegate", MUNICIPAL, delegation=OFFICES[0]), "authority_exists"),
        (Change("delegate", "410300", delegation=replace(LUOYANG, uscc="1")), "uscc"),
        (
            Change("delegate", "410300", delegation=replace(LUOYANG, industries=("health",))),
            "delegation_area",
        ),
        (Change("delegate", "410300", delegation=replace(LUOYANG, years=())), "delegation_form"),
        (Change("delegate", "410300", delegation=OFFICES[0]), "delegation_form"),
        (Change("delegate", "41030", delegation=replace(LUOYANG, code="41030")), "delegation_form"),
    ],
)
def test_what_cannot_be_is_not_ordered(lite: Rig, change: Change, code: str) -> None:
    with refused(OfficeError, code):
        ordered(lite, change)
    assert acts(lite) == []
