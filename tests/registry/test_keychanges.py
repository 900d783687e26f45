"""The end of keys: what stands, what fails, who gets a new certificate, and that the registry goes on with its new keys."""

import json
from dataclasses import replace

import pytest

from keys.trustlist import KeyRevocation, TrustList
from registry.correction import correct
from registry.errors import OfficeError, RegistryError
from registry.issuance import resume
from registry.keychanges import add_report_key, end_key
from registry.log import latest_checkpoint
from registry.models import Certificate, Intent, StatusEvent
from registry.offices import Delegation, add_authority, publish_change, signing_key
from registry.ownkeys import log_keys, log_signer, status_key
from registry.publication import publish
from registry.reattestation import affected, reattest
from registry.trust import current_trust_list
from tests.builders import INDUSTRY, MUNICIPAL, refused
from tests.registry.children import Strike, correct_one, killed, reattest_all
from tests.registry.intruder import edit, tamper
from tests.registry.rig import DAY, NOW, OFFICES, Rig, assert_sound
from verifier.checkpoint import verify_checkpoint
from verifier.note import parse_vkey

KEY = f"{MUNICIPAL}#2026-1"


def ended(rig: Rig, key: str = KEY, compromised_from: int | None = None) -> TrustList:
    """The key ends now; a second passes, and it is so."""
    with rig.app.write() as session:
        version = end_key(
            session,
            rig.app.keyring,
            key,
            reason="stolen" if compromised_from else "rotation",
            compromised_from=compromised_from,
            now=rig.clock.now,
        )
    rig.app.sign_log()
    rig.clock.now += 1
    return version


def current(rig: Rig) -> TrustList:
    with rig.app.database.read() as session:
        return current_trust_list(session)


def test_a_superseded_key_keeps_its_past_and_the_next_signs_on(rig: Rig) -> None:
    (old,) = rig.issue(1)
    keys = ended(rig).authorities[MUNICIPAL].keys
    assert [key.id.partition("#")[2] for key in keys] == ["2026-1", "2026-2"]
    assert keys[0].revoked == KeyRevocation(NOW + 1, "rotation")
    assert keys[1].not_before == NOW
    (new,) = rig.issue(2)
    rig.publish()
    assert [rig.judge(number).reason for number in (old, new)] == ["valid", "valid"]
    assert b"#2026-2" in rig.record(new)
    assert_sound(rig.app, issued=2)


def test_what_was_logged_before_the_compromise_stands_and_what_came_after_is_attested_anew(rig: Rig) -> None:
    (before,) = rig.issue(1)
    rig.clock.now += DAY
    stolen = rig.clock.now
    after = rig.issue(2, 3, 4)
    rig.change(after[1], "suspend", "complaint")
    rig.change(after[2], "revoke", "fraud")
    rig.clock.now += DAY
    with rig.app.database.read() as session:
        asked = affected(session, KEY, compromised_from=stolen)
        with refused(OfficeError, "key_not_compromised"):
            affected(session, KEY)
    ended(rig, compromised_from=stolen)
    with rig.app.database.read() as session:
        found = affected(session, KEY)
    assert found == asked
    assert [(one.issue.number, one.state) for one in found] == [
        (after[0], "issued"),
        (after[1], "suspended"),
        (after[2], "revoked"),
    ]
    rig.publish()
    assert rig.judge(before).reason == "valid"
    assert rig.judge(after[0]).reason == "key_compromised"
    seen: list[str] = []
    done = reattest(rig.app, KEY, lambda point, _: seen.append(point))
    ((old, new),) = done.successors
    assert old == after[0]
    assert done.left == ((after[1], "suspended"), (after[2], "revoked"))
    assert "log:after" in seen
    rig.publish()
    report = rig.judge(old)
    assert (report.reason, report.steps[8].code) == ("key_compromised", "superseded")
    assert report.steps[8].details["successor"] == new
    successor = rig.judge(new)
    assert successor.reason == "valid"
    assert successor.record is not None
    assert successor.record.subject["name"] == "张文博"
    assert reattest(rig.app, KEY).successors == ()  # once is enough
    assert_sound(rig.app, issued=5)


@pytest.mark.parametrize("point", ["reserve:after", "sign:after", "log:before", "log:after"])
def test_reattestation_is_resumed_after_a_crash(rig: Rig, point: str) -> None:
    numbers = rig.issue(1, 2)
    ended(rig, compromised_from=NOW)
    assert killed(rig.place, rig.clock.now, reattest_all, KEY, strike=Strike(point))
    left_to_do = len(reattest(rig.app, KEY).successors)
    assert left_to_do == 1  # the first one's number was reserved: it was finished before all else
    with rig.app.database.read() as session:
        assert {one.state for one in affected(session, KEY)} == {"revoked"}
    rig.publish()
    assert [rig.judge(number).steps[8].code for number in numbers] == ["superseded", "superseded"]
    assert_sound(rig.app, issued=4)


def test_a_range_that_somebody_altered_is_left(lite: Rig) -> None:
    (number,) = lite.issue(1)
    ended(lite, compromised_from=NOW)
    with lite.app.database.write() as session:
        intent = session.get_one(Intent, session.get_one(Certificate, number).intent_id)
        intent.rows += b" "
    assert reattest(lite.app, KEY).left == ((number, "intent_altered"),)


@pytest.mark.parametrize("place", [-1, 10_000])
def test_a_certificate_whose_place_in_the_log_is_none_is_named(lite: Rig, place: int) -> None:
    number, _ = lite.issue(1, 2)
    ended(lite, compromised_from=NOW)
    with lite.app.database.write() as session:
        session.get_one(Certificate, number).leaf_index = place
    with pytest.raises(RegistryError, match="record_altered") as caught:
        reattest(lite.app, KEY)
    assert caught.value.params["number"] == number


def test_what_speaks_against_one_does_not_keep_the_others(lite: Rig) -> None:
    """An altered record, and what happens to certificates while others are attested anew."""
    altered, good, suspended, revoked, last = lite.issue(*range(1, 6))
    ended(lite, compromised_from=NOW)
    tamper(lite, edit("certificate", "record", "serial = 1", lambda data: data.replace(b"60", b"61")))

    def meanwhile(point: str, _: int) -> None:
        if point == "log:after" and not events:
            events.append(lite.change(suspended, "suspend", "complaint"))
            events.append(lite.change(revoked, "revoke", "fraud"))

    events: list[StatusEvent] = []
    done = reattest(lite.app, KEY, meanwhile)
    assert [old for old, _ in done.successors] == [good, last]
    assert done.left == (
        (altered, "record_altered"),
        (suspended, "correct_suspended"),
        (revoked, "status_transition"),
    )


def test_a_superseded_key_may_turn_out_to_be_stolen_and_not_the_other_way_round(lite: Rig) -> None:
    ended(lite)
    with refused(OfficeError, "key_revoked"):
        ended(lite)
    keys = ended(lite, compromised_from=NOW - DAY).authorities[MUNICIPAL].keys
    assert keys[0].revoked is not None
    assert keys[0].revoked.compromised_from == NOW - DAY
    assert [key.id.partition("#")[2] for key in keys] == ["2026-1", "2026-2", "2026-3"]
    with refused(OfficeError, "key_revoked"):
        ended(lite, compromised_from=NOW - 2 * DAY)


@pytest.mark.parametrize(
    ("key", "since", "code"),
    [
        (f"{MUNICIPAL}#2031-1", None, "key_unknown"),
        ("status-9", None, "key_unknown"),
        ("did:web:elsewhere.example#k", None, "key_unknown"),
        (KEY, NOW + 60, "compromised_in_future"),
    ],
)
def test_keys_that_cannot_end(lite: Rig, key: str, since: int | None, code: str) -> None:
    with refused(OfficeError, code):
        ended(lite, key, since)


def test_a_key_that_is_not_here_gets_no_successor_from_us(lite: Rig) -> None:
    (lite.place.home / "keys" / f"{MUNICIPAL}-2026-1.pem").unlink()
    assert len(ended(lite).authorities[MUNICIPAL].keys) == 1


def test_a_withdrawn_authority_gets_no_new_key(lite: Rig) -> None:
    (number,) = lite.issue(1)
    lite.set_authority("withdrawn")
    assert len(ended(lite, compromised_from=NOW).authorities[MUNICIPAL].keys) == 1
    with refused(OfficeError, "no_key"):
        reattest(lite.app, KEY)
    lite.change(
        number, "revoke", "data-error"
    )  # what is left to the province; the person may be certified elsewhere
    assert reattest(lite.app, KEY).left == ((number, "revoked"),)
    assert len(lite.issue(1, authority=INDUSTRY)) == 1


def test_a_correction_that_waits_under_a_key_that_ends_gets_no_number(rig: Rig) -> None:
    (old,) = rig.issue(1)
    assert killed(rig.place, NOW, correct_one, old, "李雷", strike=Strike("reserve:after"))
    ended(rig)
    (finished,) = resume(rig.app)
    assert [reason for _, reason in finished.void] == ["key_superseded"]
    (new,) = correct(rig.app, old, {"name": "李雷"}).issued
    assert b"#2026-2" in rig.record(new)
    assert_sound(rig.app, issued=2, void=1)


@pytest.mark.parametrize("compromised", [False, True])
def test_the_status_key_is_replaced(rig: Rig, compromised: bool) -> None:
    (number,) = rig.issue(1)
    rig.change(number, "suspend", "complaint")
    rig.publish()
    trust_list = ended(rig, "status-1", NOW if compromised else None)
    assert [key.id.partition("#")[2] for key in trust_list.status_keys] == ["status-1", "status-2"]
    assert status_key(rig.app.keyring, trust_list, rig.clock.now)[0].id.endswith("#status-2")
    published = publish(rig.app, rig.site)
    assert published.damaged == []
    assert rig.judge(number).reason == "suspended"
    rig.change(number, "reinstate", "complaint-dismissed")
    rig.publish()
    assert rig.judge(number).reason == "valid"
    assert_sound(rig.app, issued=1)


def test_the_report_key_is_made_at_the_start_replaced_and_published(lite: Rig) -> None:
    trust_list = ended(lite, "report-1", None)
    old, new = trust_list.report_keys
    assert [key.id.partition("#")[2] for key in (old, new)] == ["report-1", "report-2"]
    assert (old.revoked is not None, new.revoked) == (True, None)
    assert lite.app.keyring.signer("report-2").public_key == new.public_key
    lite.publish()
    did = json.loads((lite.site / ".well-known/did.json").read_bytes())
    assert {old.id, new.id} <= set(did["assertionMethod"])


def test_a_registry_of_before_is_given_a_report_key(lite: Rig) -> None:
    with lite.app.write() as session:
        bare = replace(current_trust_list(session), report_keys=())
        publish_change(session, lite.app.keyring, bare, now=lite.app.clock())
    with lite.app.write() as session:
        trust_list = add_report_key(session, lite.app.keyring, now=lite.app.clock())
    assert [key.id.partition("#")[2] for key in trust_list.report_keys] == ["report-1"]
    with lite.app.write() as session, refused(OfficeError, "report_key_listed"):
        add_report_key(session, lite.app.keyring, now=lite.app.clock())


@pytest.mark.parametrize("compromised", [False, True])
def test_the_log_key_is_replaced(rig: Rig, compromised: bool) -> None:
    (number,) = rig.issue(1)
    rig.publish()
    before = current(rig)
    trust_list = ended(rig, "log", NOW if compromised else None)
    assert trust_list.log_vkey != before.log_vkey
    assert trust_list.log_former_vkeys == (() if compromised else (before.log_vkey,))
    assert list(log_keys(rig.app.keyring, rig.app.host)) == [before.log_vkey, trust_list.log_vkey]
    with rig.app.database.read() as session:
        head = latest_checkpoint(session)
    assert head is not None
    verify_checkpoint(
        head.note, origin=trust_list.log_origin, log_key=parse_vkey(trust_list.log_vkey), witness_keys=()
    )
    assert publish(rig.app, rig.site).damaged == []
    assert rig.judge(number).reason == "valid"
    third = ended(rig, "log")
    assert len({before.log_vkey, trust_list.log_vkey, third.log_vkey}) == 3
    rig.publish()
    assert rig.judge(number).reason == "valid"
    assert_sound(rig.app, issued=1)


def test_without_its_own_keys_the_registry_signs_nothing(lite: Rig) -> None:
    trust_list = current(lite)
    with refused(OfficeError, "list_own_key"):
        log_signer(lite.app.keyring, replace(trust_list, log_vkey="log+00000000+"))
    with refused(OfficeError, "list_own_key"):
        status_key(lite.app.keyring, replace(trust_list, status_keys=()), NOW)
    other = replace(trust_list.status_keys[0], public_key=trust_list.root.keys[0].public_key)
    with refused(OfficeError, "list_own_key"):
        status_key(lite.app.keyring, replace(trust_list, status_keys=(other,)), NOW)


def test_next_years_key_comes_before_this_years_ends(rig: Rig) -> None:
    """Two years' keys at once: each signs its own year, in the same days."""
    delegation: Delegation = replace(OFFICES[0], years=(2027,))
    with rig.app.write() as session:
        authority = add_authority(session, rig.app.keyring, delegation, now=NOW).authorities[MUNICIPAL]
    this, following = authority.keys
    assert following.not_before < this.not_after < following.not_after
    for year, key in ((2026, this), (2027, following)):
        assert signing_key(authority, rig.app.keyring, year=year, now=NOW) == key


def test_the_province_keeps_the_status_of_a_withdrawn_authoritys_certificates(rig: Rig) -> None:
    """One status key of the registry signs all lists: they pass to nobody, since they were never the authority's."""
    one, two = rig.issue(1, 2)
    rig.set_authority("withdrawn")
    rig.change(one, "revoke", "fraud")
    rig.change(two, "suspend", "under-review")
    rig.publish()
    assert [rig.judge(number).reason for number in (one, two)] == ["revoked", "suspended"]
    rig.change(two, "reinstate", "review-closed")
    rig.clock.now += DAY
    rig.publish()
    assert rig.judge(two).reason == "valid"
    assert_sound(rig.app, issued=2)
