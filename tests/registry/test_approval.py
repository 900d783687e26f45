"""An authority's own request becomes a delegation, whole or not at all."""

from dataclasses import replace
from typing import Any

import pytest

from keys.custody import create_key_file
from keys.delegation import AuthorityRequest, make_request, parse_request
from keys.trustlist import KeyRevocation, Scope, StateChange, TrustList
from registry.approval import MAX_REQUEST_AGE, approve_request
from registry.errors import OfficeError
from registry.expiry import Expiry, warnings_of
from registry.offices import add_authority
from registry.trust import TRUST_LIST_VALIDITY, current_trust_list
from tests.builders import HOST, INDUSTRY, MUNICIPAL, refused, signer
from tests.registry.rig import DAY, FOUNDED, NOW, OFFICES, PASSPHRASE, Rig, assert_sound

USCC = "11410100005252100Y"


def asked(name: str = "bureau", **changes: Any) -> AuthorityRequest:
    year = changes.get("year", 2027)
    values: dict[str, Any] = {
        "registry": HOST,
        "code": MUNICIPAL,
        "kind": "municipal",
        "names": {"zh": "郑州市人力资源和社会保障局"},
        "uscc": USCC,
        "scope": Scope(frozenset({MUNICIPAL}), frozenset(), frozenset({1, 2}), frozenset({year})),
        "year": year,
        "sequence": 1,
        "created": NOW,
        "nonce": "0" * 32,
    }
    return parse_request(make_request(signer(name), **{**values, **changes}))


def approved(rig: Rig, request: AuthorityRequest, **window: int | None) -> TrustList:
    limits: dict[str, int | None] = {"not_before": None, "not_after": None, **window}
    with rig.app.write() as session:
        return approve_request(session, rig.app.keyring, request, **limits, now=rig.clock.now)  # type: ignore[arg-type]


def test_a_new_authority_by_its_own_key(rig: Rig) -> None:
    one = asked(
        code="410300",
        uscc="114103000053830041",
        year=2026,
        scope=Scope(frozenset({"410300", "410302"}), frozenset(), frozenset({1}), frozenset({2026})),
    )
    authority = approved(rig, one).authorities["410300"]
    assert authority.scope == one.authority.scope
    assert authority.states[0].since == NOW
    assert (authority.keys[0].public_key, authority.keys[0].not_before) == (signer("bureau").public_key, NOW)
    with refused(OfficeError, "no_key"):
        rig.issue(1, authority="410300")
    assert_sound(rig.app, issued=0)


def test_the_next_years_key_joins_and_the_file_brought_in_signs(rig: Rig) -> None:
    name = f"{MUNICIPAL}-2027-1"
    key = create_key_file(rig.place.home / "keys" / f"{name}.pem", PASSPHRASE.encode())
    request = parse_request(
        make_request(
            key,
            registry=HOST,
            code=MUNICIPAL,
            kind="municipal",
            names={"zh": "郑州市人力资源和社会保障局"},
            uscc=USCC,
            scope=Scope(frozenset({"410102"}), frozenset(), frozenset({1}), frozenset({2027})),
            year=2027,
            sequence=1,
            created=NOW,
            nonce="0" * 32,
        )
    )
    authority = approved(rig, request, not_before=NOW + DAY).authorities[MUNICIPAL]
    assert authority.scope.divisions == {MUNICIPAL, "410102"}
    assert (authority.scope.years, authority.scope.kinds) == ({2026, 2027}, {1, 2})
    this, following = authority.keys
    assert this.not_before < following.not_before < this.not_after < following.not_after
    (number,) = rig.issue(1)  # this year's key goes on
    rig.publish()
    assert rig.judge(number).reason == "valid"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"registry": "other.example"}, "request_registry"),
        ({"created": NOW - MAX_REQUEST_AGE - 1}, "request_age"),
        ({"created": NOW + 301}, "request_age"),
        ({"uscc": "11410000MB1912677J"}, "request_uscc"),
        ({"kind": "provincial"}, "request_uscc"),
        ({"uscc": "X"}, "uscc"),
        ({"year": 2026}, "request_known"),
        (
            {"scope": Scope(frozenset(), frozenset({"law"}), frozenset({1}), frozenset({2027}))},
            "delegation_area",
        ),
        (
            {"scope": Scope(frozenset({MUNICIPAL}), frozenset(), frozenset({7}), frozenset({2027}))},
            "delegation_form",
        ),
        (
            {"scope": Scope(frozenset({MUNICIPAL}), frozenset(), frozenset({1}), frozenset({2027, 1899}))},
            "delegation_form",
        ),
    ],
)
def test_what_is_not_granted(lite: Rig, changes: dict[str, Any], code: str) -> None:
    with refused(OfficeError, code):
        approved(lite, asked(**changes))


def test_a_request_is_granted_once(lite: Rig) -> None:
    approved(lite, asked())
    with refused(OfficeError, "request_known"):
        approved(lite, asked())
    with refused(OfficeError, "request_known"):  # the same key under another name
        approved(lite, asked(sequence=2))
    with refused(OfficeError, "request_known"):  # another key under the same name
        approved(lite, asked("other"))
    approved(lite, asked("other", sequence=2))


def test_windows(lite: Rig) -> None:
    for window in ({"not_before": NOW - 1}, {"not_before": NOW + DAY, "not_after": NOW + DAY}):
        with refused(OfficeError, "key_window"):
            approved(lite, asked(), **window)


def test_a_withdrawn_authority_gets_no_key_and_a_suspended_one_may(lite: Rig) -> None:
    lite.set_authority("suspended")
    assert len(approved(lite, asked()).authorities[MUNICIPAL].keys) == 2
    lite.set_authority("withdrawn")
    with refused(OfficeError, "authority_state"):
        approved(lite, asked("other", year=2028))


def test_what_ends_is_told_in_time(lite: Rig) -> None:
    with lite.app.database.read() as session:
        trust_list = current_trust_list(session)
    end = FOUNDED + TRUST_LIST_VALIDITY
    assert warnings_of(trust_list, FOUNDED) == []
    assert warnings_of(trust_list, end - 60 * DAY) == []
    assert warnings_of(trust_list, end - 60 * DAY + 1) == [Expiry("trust_list_ends", "3", 59)]
    assert warnings_of(trust_list, end)[0] == Expiry("trust_list_ends", "3", 0)
    assert warnings_of(trust_list, end + 1)[0] == Expiry("trust_list_ended", "3", -1)
    late = trust_list.authorities[MUNICIPAL].keys[0].not_after - DAY
    ending = {
        (one.code, one.subject) for one in warnings_of(replace(trust_list, valid_until=late + 99 * DAY), late)
    }
    assert ending == {("keys_end", MUNICIPAL), ("keys_end", INDUSTRY)}
    with lite.app.write() as session:
        following = add_authority(session, lite.app.keyring, replace(OFFICES[0], years=(2027,)), now=NOW)
    ending = {
        (one.code, one.subject) for one in warnings_of(replace(following, valid_until=late + 99 * DAY), late)
    }
    assert ending == {("keys_end", INDUSTRY)}
    bare = replace(trust_list, status_keys=())
    assert Expiry("keys_end", "status", -1) in warnings_of(bare, FOUNDED)


def test_of_whose_keys_the_end_is_told(lite: Rig) -> None:
    with lite.app.database.read() as session:
        trust_list = current_trust_list(session)
    authority = trust_list.authorities[MUNICIPAL]
    (key,) = authority.keys
    late = key.not_after - DAY
    later = replace(key, not_after=late + 999 * DAY)

    def told(now: int = late, **changes: Any) -> set[str]:
        changed = replace(
            authority, **{name: changes.pop(name) for name in ("states", "keys") if name in changes}
        )
        drawn = replace(trust_list, valid_until=late + 999 * DAY, authorities={MUNICIPAL: changed}, **changes)
        return {one.subject for one in warnings_of(drawn, now)}

    assert told(key.not_after - 60 * DAY) == set()
    assert told(key.not_after - 60 * DAY + 1) == told() == {MUNICIPAL}
    assert told(keys=(key, later)) == set()
    assert told(keys=(key, replace(later, revoked=KeyRevocation(NOW, "superseded")))) == {MUNICIPAL}
    assert told(states=(*authority.states, StateChange("suspended", NOW, "x"))) == set()
    assert told(report_keys=()) == {MUNICIPAL}  # nobody has to sign reports
    assert told(report_keys=(key,)) == {MUNICIPAL, "report"}
