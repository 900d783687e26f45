"""Offices: founding, delegating, stopping; what a delegation must say, and what each key may do."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from keys.errors import KeysError
from keys.trustlist import TrustList
from registry.app import create_app, open_app
from registry.errors import IssuanceError, OfficeError, RegistryError
from registry.offices import STATE_REASONS, Delegation, add_authority, change_state, signing_key
from registry.trust import current_trust_list
from tests.builders import HOST, MUNICIPAL, refused
from tests.registry.rig import FOUNDED, NOW, OFFICES, PASSPHRASE, Clock, Place, Rig, assert_sound

NEW = replace(OFFICES[0], code="410300", name="洛阳市人力资源和社会保障局", name_en="", divisions=("410300",))


def delegate(rig: Rig, delegation: Delegation) -> TrustList:
    with rig.app.database.write() as session:
        return add_authority(session, rig.app.keyring, delegation, now=rig.clock.now)


def current(rig: Rig) -> TrustList:
    with rig.app.database.read() as session:
        return current_trust_list(session)


def china(text: str) -> int:
    return int(datetime.fromisoformat(f"{text}+08:00").timestamp())


def test_a_delegation_becomes_an_authority_with_a_key_for_each_year(rig: Rig) -> None:
    trust_list = delegate(rig, replace(NEW, years=(2027, 2026, 2026)))
    authority = trust_list.authorities["410300"]
    assert (authority.kind, authority.names, authority.states[0].state) == (
        "municipal",
        {"zh": NEW.name},
        "granted",
    )
    assert authority.scope.divisions == {"410300"}
    assert [key.id.partition("#")[2] for key in authority.keys] == ["2026-1", "2027-1"]
    assert [(key.not_before, key.not_after) for key in authority.keys] == [
        (NOW, china("2027-12-31T23:59:59")),
        (NOW, china("2028-12-31T23:59:59")),
    ]
    assert {key.issuer_name for key in authority.keys} == {NEW.name}
    rig.app.sign_log()
    assert_sound(rig.app, issued=0)


def test_more_years_are_added(rig: Rig) -> None:
    before = current(rig).authorities[MUNICIPAL]
    after = delegate(rig, replace(OFFICES[0], years=(2026, 2027))).authorities[MUNICIPAL]
    assert after.scope.years == {2026, 2027}
    assert after.keys[:1] == before.keys
    assert after.keys[1].id.endswith("#2027-1")
    assert after.keys[1].public_key != after.keys[0].public_key


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"kind": "national"}, "delegation_form"),
        ({"name": ""}, "delegation_form"),
        ({"divisions": ()}, "delegation_area"),
        ({"industries": ("health",)}, "delegation_area"),
        ({"uscc": "11410100005252100X"}, "uscc"),
        ({"uscc": "1141010000525210"}, "uscc"),
        ({"code": "41030"}, "authority_code_form"),
        ({"code": "41030A"}, "authority_code_form"),
        ({"kinds": ()}, "delegation_form"),
        ({"kinds": (3,)}, "delegation_form"),
        ({"years": ()}, "delegation_form"),
        ({"years": (20260,)}, "delegation_form"),
    ],
)
def test_a_delegation_that_is_not_right(lite: Rig, changes: dict[str, object], code: str) -> None:
    before = current(lite)
    family = KeysError if code == "authority_code_form" else OfficeError
    with refused(family, code):
        delegate(lite, replace(NEW, **changes))  # type: ignore[arg-type]
    assert current(lite) == before
    assert_sound(lite.app, issued=0)


def test_the_same_again_is_refused(lite: Rig) -> None:
    with refused(OfficeError, "authority_exists"):
        delegate(lite, OFFICES[0])


def test_a_suspended_authority_gets_no_more_years(lite: Rig) -> None:
    lite.set_authority("suspended")
    with refused(OfficeError, "authority_state"):
        delegate(lite, replace(OFFICES[0], years=(2027,)))


@pytest.mark.parametrize(
    ("path", "state", "allowed"),
    [
        ((), "suspended", True),
        ((), "withdrawn", True),
        ((), "granted", False),
        (("suspended",), "granted", True),
        (("suspended",), "withdrawn", True),
        (("suspended",), "suspended", False),
        (("withdrawn",), "granted", False),
        (("withdrawn",), "suspended", False),
        (("suspended", "granted"), "suspended", True),
    ],
)
def test_states(lite: Rig, path: tuple[str, ...], state: str, allowed: bool) -> None:
    for step in path:
        lite.set_authority(step)
    if allowed:
        lite.set_authority(state)
    else:
        with refused(OfficeError, "authority_state"):
            lite.set_authority(state)
    states = [change.state for change in current(lite).authorities[MUNICIPAL].states]
    assert states == ["granted", *path, *([state] if allowed else [])]


def test_an_unknown_authority(lite: Rig) -> None:
    with refused(OfficeError, "authority_unknown"):
        lite.set_authority("suspended", "999999")


@pytest.mark.parametrize("state", STATE_REASONS)
def test_reasons_are_a_closed_list(lite: Rig, state: str) -> None:
    """They stand in the trust list for everybody: no remark about a person gets there."""
    for reason in ("test", "", "收到举报，涉及张三"):
        with refused(OfficeError, "reason_unlisted"), lite.app.write() as session:
            change_state(session, lite.app.keyring, code=MUNICIPAL, state=state, reason=reason, now=NOW)
    assert [change.state for change in current(lite).authorities[MUNICIPAL].states] == ["granted"]


def test_changes_of_one_second_keep_their_order(lite: Rig) -> None:
    """A clock that stands still, or is put back, cannot make a history that runs backwards."""
    with lite.app.database.write() as session:
        for state, now in (("suspended", NOW), ("granted", NOW), ("withdrawn", NOW - 60)):
            change_state(
                session,
                lite.app.keyring,
                code=MUNICIPAL,
                state=state,
                reason=STATE_REASONS[state][0],
                now=now,
            )
    times = [change.since for change in current(lite).authorities[MUNICIPAL].states]
    assert times == [FOUNDED, NOW + 1, NOW + 1, NOW + 1]


def test_what_was_issued_in_the_very_second_stands_and_nothing_follows(rig: Rig) -> None:
    (number,) = rig.issue(1)
    with rig.app.database.write() as session:
        change_state(
            session, rig.app.keyring, code=MUNICIPAL, state="suspended", reason="inspection", now=NOW
        )
    with refused(IssuanceError, "authority_suspended"):
        rig.issue(2)
    rig.publish()
    assert rig.judge(number).reason == "valid"
    rig.clock.now += 1
    assert rig.judge(number).reason == "valid"
    assert_sound(rig.app, issued=1)


def test_reinstated_in_the_very_second(rig: Rig) -> None:
    with rig.app.database.write() as session:
        for state in ("suspended", "granted"):
            change_state(
                session, rig.app.keyring, code=MUNICIPAL, state=state, reason=STATE_REASONS[state][0], now=NOW
            )
    (number,) = rig.issue(1)
    rig.publish()
    assert rig.judge(number).reason == "valid"
    assert_sound(rig.app, issued=1)


def test_scope(lite: Rig) -> None:
    delegate(lite, replace(NEW, kinds=(2,)))
    with refused(IssuanceError, "authority_out_of_scope"):
        lite.issue(1, authority="410300")
    assert len(lite.issue(1, authority="410300", kind="completion")) == 1


def test_the_signing_key_is_of_the_year_and_lies_here(lite: Rig) -> None:
    authority = delegate(lite, replace(NEW, years=(2026, 2027))).authorities["410300"]
    assert signing_key(authority, lite.app.keyring, year=2027, now=NOW).id.endswith("#2027-1")
    with refused(OfficeError, "no_key"):
        signing_key(authority, lite.app.keyring, year=2028, now=NOW)
    (lite.place.home / "keys" / "410300-2026-1.pem").unlink()
    with refused(OfficeError, "no_key"):
        signing_key(authority, lite.app.keyring, year=2026, now=NOW)


def test_a_threshold_of_root_keys(tmp_path: Path) -> None:
    """Two of three sign every version; with one of them gone it still goes on, with two it does not."""
    place = Place(tmp_path / "home")
    app = create_app(place.environment, home=None, host=HOST, root_keys=3, threshold=2, clock=Clock(FOUNDED))
    rig = Rig(place, tmp_path, Clock(), app)
    (place.home / "keys" / "root-1.pem").unlink()
    rig.app = open_app(place.environment, clock=rig.clock)
    assert delegate(rig, NEW).version == 2
    rig.app.sign_log()
    assert_sound(rig.app, issued=0)
    (place.home / "keys" / "root-2.pem").unlink()
    with refused(OfficeError, "root_threshold"):
        delegate(rig, replace(NEW, code="410500"))
    app.database.close()
    rig.app.database.close()


@pytest.mark.parametrize(("keys", "threshold"), [(1, 0), (1, 2), (0, 0), (2, -1)])
def test_thresholds_that_cannot_be(tmp_path: Path, keys: int, threshold: int) -> None:
    place = Place(tmp_path / "home")
    with refused(OfficeError, "threshold_range"):
        create_app(place.environment, home=None, host=HOST, root_keys=keys, threshold=threshold)
    assert not list(place.home.rglob("*.pem"))


@pytest.mark.parametrize("host", ["", "Jxjy.example", "no dots", "a/b.example", "jxjy", "例子.example"])
def test_hosts_that_cannot_be(tmp_path: Path, host: str) -> None:
    with refused(KeysError, "host_form"):
        create_app(Place(tmp_path / "home").environment, home=None, host=host)
    assert not list(tmp_path.rglob("*.pem"))


def test_without_a_registry(tmp_path: Path) -> None:
    with refused(RegistryError, "not_initialised"):
        open_app({"CERTREG_HOME": str(tmp_path / "none"), "CERTREG_PASSPHRASE": PASSPHRASE})
    assert list(tmp_path.iterdir()) == []
