"""Vectors: who may sign what, and when (step 4): states, scopes, keys and their ends, and the time T that decides."""

from dataclasses import replace
from typing import Any

from keys.did import KeyId
from keys.encodings import timestamp_encode
from keys.trustlist import KeyRevocation, Scope, StateChange
from tests.builders import MUNICIPAL, at, signed, signer
from tests.simulator import (
    ANNUAL,
    COMPLETION,
    LOGGED_AT,
    NOW,
    SIGNED_AT,
    Certificate,
    Simulator,
    with_authority_changes,
    with_key_changes,
)
from tests.vectors.model import (
    NO_RECORD,
    NOT_AUTHENTIC,
    QR,
    Expected,
    Scene,
    case,
    failed,
    passed,
    scene,
    undecided,
)
from verifier.number import number_of

HOUR, DAY = 3_600, 86_400
MAY, JUNE = at("2026-05-10T08:00:00Z"), at("2026-06-10T08:00:00Z")
REINSTATED = at("2026-06-01T00:00:00Z")
GRANTED = StateChange("granted", at("2025-01-01T00:00:00Z"), "delegation")


def _objected(code: str, *more: Any) -> Expected:
    return failed(code, {4: f"FAILED {code}"}, NOT_AUTHENTIC, *more)


def _unlogged(code: str) -> Expected:
    """What the reader's own moment speaks against, and a log proof could settle."""
    steps = {4: f"INDETERMINATE {code}", 7: "SKIPPED log_proof_absent"}
    return undecided(code, steps, NOT_AUTHENTIC, missing="log-proof")


def _judge(registry: Simulator, certificate: Certificate, expected: Expected, **more: Any) -> Scene:
    return scene(registry, registry.evidence(certificate, moment=more.get("moment", NOW)), expected, **more)


def _judge_unlogged(registry: Simulator, certificate: Certificate, expected: Expected) -> Scene:
    """Without the log proof, by a reader who does not demand one."""
    evidence = replace(registry.evidence(certificate), log_proof=None)
    return scene(registry, evidence, expected, require_log=False)


def _with_states(*states: StateChange) -> tuple[Simulator, Certificate]:
    registry = Simulator()
    certificate = registry.issue()
    registry.trust_list = with_authority_changes(registry.trust_list, MUNICIPAL, states=states)
    return registry, certificate


def _with_key(**changes: Any) -> tuple[Simulator, Certificate]:
    registry = Simulator()
    certificate = registry.issue()
    registry.trust_list = with_key_changes(registry.trust_list, MUNICIPAL, "2026-1", **changes)
    return registry, certificate


@case(
    "authority-suspended-after-signing",
    "4.3",
    "Signed and logged in March, the authority suspended in May: it stands",
)
def _suspended_later() -> Scene:
    registry = Simulator()
    return _judge(registry, registry.issue(), passed(), moment=MAY)


@case("authority-suspended-when-signing", "4.3", "Signed and logged while the authority was suspended")
def _suspended() -> Scene:
    registry = Simulator()
    fields = {**ANNUAL, "validFrom": "2026-05-10", "created": timestamp_encode(MAY)}
    certificate = registry.issue(fields, logged_at=MAY + 5)
    return _judge(registry, certificate, _objected("authority_suspended"), moment=MAY + 60 * DAY)


@case(
    "authority-suspended-when-created",
    "7.4",
    "Created while the authority was suspended, by the certificate's own account, and logged after that",
)
def _suspended_then() -> Scene:
    registry = Simulator()
    fields = {**ANNUAL, "validFrom": "2026-06-01", "created": timestamp_encode(REINSTATED - HOUR)}
    certificate = registry.issue(fields, logged_at=REINSTATED + 5)
    return _judge(registry, certificate, _objected("authority_suspended"), moment=JUNE)


@case(
    "authority-suspended-unlogged",
    "4.3",
    "Created before the suspension by its own account, and no log proof to show it",
)
def _suspended_unlogged() -> Scene:
    registry, certificate = _with_states(GRANTED, StateChange("suspended", NOW - DAY, "inspection"))
    return _judge_unlogged(registry, certificate, _unlogged("authority_suspended"))


@case(
    "authority-states-at-one-moment",
    "4.4",
    "Suspended and granted at the same second: the later entry is in force",
)
def _at_one_moment() -> Scene:
    states = (
        GRANTED,
        StateChange("suspended", SIGNED_AT, "error"),
        StateChange("granted", SIGNED_AT, "error"),
    )
    return _judge(*_with_states(*states), passed())


@case("authority-withdrawn-later", "4.3", "Withdrawn after the certificate was logged: it stands")
def _withdrawn_later() -> Scene:
    return _judge(*_with_states(GRANTED, StateChange("withdrawn", LOGGED_AT + 1, "reform")), passed())


@case("authority-withdrawn-before", "4.3", "Withdrawn at the very second of logging")
def _withdrawn() -> Scene:
    registry, certificate = _with_states(GRANTED, StateChange("withdrawn", LOGGED_AT, "reform"))
    return _judge(registry, certificate, _objected("authority_withdrawn"))


@case(
    "authority-withdrawn-unlogged",
    "4.4",
    "Created before the withdrawal by its own account, and no log proof to show it",
)
def _withdrawn_unlogged() -> Scene:
    registry, certificate = _with_states(GRANTED, StateChange("withdrawn", NOW - DAY, "reform"))
    return _judge_unlogged(registry, certificate, _unlogged("authority_withdrawn"))


@case("authority-withdrawn-then-revoked", "5.4", "Withdrawn since; the province revokes what it had issued")
def _withdrawn_revoked() -> Scene:
    registry, certificate = _with_states(GRANTED, StateChange("withdrawn", LOGGED_AT + 1, "reform"))
    registry.revoke(certificate.number, reason="fraud")
    details: dict[int, Any] = {8: {"since": NOW - 3600, "reason": "fraud"}}
    return _judge(registry, certificate, failed("revoked", {8: "FAILED revoked"}, details=details))


@case(
    "authority-withdrawn-then-suspended", "5.4", "Withdrawn since; the province looks into what it had issued"
)
def _withdrawn_suspended() -> Scene:
    registry, certificate = _with_states(GRANTED, StateChange("withdrawn", LOGGED_AT + 1, "reform"))
    registry.suspend(certificate.number)
    return _judge(registry, certificate, failed("suspended", {8: "FAILED suspended"}))


@case("authority-withdrawal-announced", "4.4", "A withdrawal that is listed and begins a day from now")
def _announced() -> Scene:
    return _judge(*_with_states(GRANTED, StateChange("withdrawn", NOW + DAY, "reform")), passed())


@case("authority-reinstated", "4.4", "Signed and logged after the suspension had ended")
def _reinstated() -> Scene:
    registry = Simulator()
    fields = {**ANNUAL, "validFrom": "2026-06-10", "created": timestamp_encode(JUNE)}
    return _judge(registry, registry.issue(fields, logged_at=JUNE + 5), passed(), moment=JUNE + DAY)


@case("authority-not-granted-yet", "4.3", "Signed before the delegation began")
def _early() -> Scene:
    registry, certificate = _with_states(StateChange("granted", LOGGED_AT + 1, "delegation"))
    return _judge(registry, certificate, _objected("authority_not_granted"))


@case("scope-kind", "4.3", "An authority for annual certificates signs a training completion")
def _kind() -> Scene:
    registry = Simulator()
    certificate = registry.issue(COMPLETION, authority="418001")
    return _judge(registry, certificate, _objected("authority_out_of_scope"))


@case("scope-year", "4.3", "An authority for 2025 signs a certificate of 2026")
def _year() -> Scene:
    registry = Simulator()
    certificate = registry.issue()
    scope = Scope(frozenset({"410100"}), frozenset(), frozenset({1, 2}), frozenset({2025}))
    registry.trust_list = with_authority_changes(registry.trust_list, MUNICIPAL, scope=scope)
    return _judge(registry, certificate, _objected("authority_out_of_scope"))


@case("authority-unknown", "4.3", "An authority that the trust list does not name")
def _unknown() -> Scene:
    registry = Simulator()
    certificate = registry.issue()
    others = {code: one for code, one in registry.trust_list.authorities.items() if code != MUNICIPAL}
    registry.trust_list = signed(replace(registry.trust_list, authorities=others))
    return _judge(registry, certificate, _objected("authority_not_listed", {5: "SKIPPED no_key"}))


def _without_key() -> tuple[Simulator, Certificate]:
    registry = Simulator()
    certificate = registry.issue()
    keys = registry.trust_list.authorities[MUNICIPAL].keys[:1]
    registry.trust_list = with_authority_changes(registry.trust_list, MUNICIPAL, keys=keys)
    return registry, certificate


def _unconfirmed(registry: Simulator, certificate: Certificate, expected: Expected) -> Scene:
    """Without status lists, by a reader who demands none: nothing says that the list of January is still the newest."""
    evidence = replace(registry.evidence(certificate), status={})
    return scene(registry, evidence, expected, require_status=False)


_NO_STATUS = {8: "SKIPPED status_not_required"}


def _too_old(objection: str) -> Expected:
    steps = {4: "INDETERMINATE trust_list_too_old", **_NO_STATUS}
    details = {4: {"objection": objection}}
    return undecided("trust_list_too_old", steps, NOT_AUTHENTIC, missing="trust-list", details=details)


@case(
    "authority-suspended-by-an-old-list", "7.3", "Suspended by a list that may have been followed by another"
)
def _suspended_long_ago() -> Scene:
    suspended = StateChange("suspended", LOGGED_AT - DAY, "inspection")
    return _unconfirmed(*_with_states(GRANTED, suspended), _too_old("authority_suspended"))


@case("scope-by-an-old-list", "7.3", "Out of a scope that may have been widened since")
def _scope_long_ago() -> Scene:
    registry = Simulator()
    certificate = registry.issue(COMPLETION, authority="418001")
    return _unconfirmed(registry, certificate, _too_old("authority_out_of_scope"))


@case("key-window-over-by-an-old-list", "7.3", "Past a period that may have been extended since")
def _window_long_ago() -> Scene:
    return _unconfirmed(*_with_key(not_after=LOGGED_AT - 1), _too_old("key_out_of_window"))


@case("key-compromised-by-an-old-list", "7.3", "Logged after the compromise: no newer list takes that back")
def _compromised_long_ago() -> Scene:
    return _unconfirmed(*_compromised(LOGGED_AT), _objected("key_compromised", _NO_STATUS))


@case("key-unknown", "4.4", "A key that a current trust list does not name")
def _key_unknown() -> Scene:
    return _judge(*_without_key(), _objected("key_not_listed", {5: "SKIPPED no_key"}))


@case("key-unknown-qr", "4.4", "The same from the QR")
def _key_unknown_qr() -> Scene:
    registry, certificate = _without_key()
    expected = failed("key_not_listed", {2: "FAILED key_not_listed"}, NO_RECORD, base=QR)
    evidence = registry.evidence(certificate, qr=True)
    return scene(registry, evidence, expected)


@case("key-newer-than-trust-list", "4.4", "A key that may have been listed since the trust list was made")
def _key_new() -> Scene:
    steps = {4: "INDETERMINATE key_not_listed", 5: "SKIPPED no_key", **_NO_STATUS}
    expected = undecided("key_not_listed", steps, NOT_AUTHENTIC, missing="trust-list")
    return _unconfirmed(*_without_key(), expected)


@case("key-newer-than-trust-list-qr", "4.4", "The same from the QR")
def _key_new_qr() -> Scene:
    registry, certificate = _without_key()
    steps = {2: "INDETERMINATE key_not_listed", **_NO_STATUS}
    expected = undecided("key_not_listed", steps, NO_RECORD, base=QR, missing="trust-list")
    evidence = replace(registry.evidence(certificate, qr=True), status={})
    return scene(registry, evidence, expected, require_status=False)


@case("key-window-over", "4.4", "Logged a second after the key's window")
def _window_over() -> Scene:
    return _judge(*_with_key(not_after=LOGGED_AT - 1), _objected("key_out_of_window"))


@case("key-window-not-begun", "4.4", "Logged a second before the key's window")
def _window_early() -> Scene:
    return _judge(*_with_key(not_before=LOGGED_AT + 1), _objected("key_out_of_window"))


@case("key-window-edge", "4.4", "Logged in the last second of the key's window, which has since passed")
def _window_edge() -> Scene:
    return _judge(*_with_key(not_after=LOGGED_AT), passed())


@case(
    "key-window-over-unlogged",
    "4.4",
    "Created within the key's window, read after it, and no log proof to show when",
)
def _window_unlogged() -> Scene:
    return _judge_unlogged(*_with_key(not_after=NOW - DAY), _unlogged("key_out_of_window"))


@case(
    "key-window-missed-unlogged",
    "4.4",
    "Created after the key's window by its own account: no log proof could help",
)
def _window_missed() -> Scene:
    expected = _objected("key_out_of_window", {7: "SKIPPED log_proof_absent"})
    return _judge_unlogged(*_with_key(not_after=SIGNED_AT - 1), expected)


@case("key-of-another-year", "4.4", "The key of 2025 signs a certificate of 2026")
def _other_year() -> Scene:
    registry = Simulator()
    registry.trust_list = with_key_changes(registry.trust_list, MUNICIPAL, "2025-1", revoked=None)

    def edit(document: dict[str, Any]) -> dict[str, Any]:
        method = document["issuer"]["id"] + "#2025-1"
        return {**document, "proof": {**document["proof"], "verificationMethod": method}}

    key = signer(registry.trust_list.authorities[MUNICIPAL].keys[0].id)
    certificate = registry.issue(edit=edit, key=key)
    steps = {6: "FAILED record_not_of_template"}
    return _judge(registry, certificate, _objected("key_of_another_year", steps))


def _compromised(since: int) -> tuple[Simulator, Certificate]:
    return _with_key(revoked=KeyRevocation(NOW - DAY, "compromised", since))


@case("key-compromised-logged-before", "4.4", "Logged a second before the key was compromised: it stands")
def _before() -> Scene:
    return _judge(*_compromised(LOGGED_AT + 1), passed())


@case("key-compromised-logged-at", "4.4", "Logged in the very second of the compromise")
def _at() -> Scene:
    return _judge(*_compromised(LOGGED_AT), _objected("key_compromised"))


@case("key-compromised-logged-after", "4.4", "Logged after the compromise")
def _after() -> Scene:
    return _judge(*_compromised(LOGGED_AT - DAY), _objected("key_compromised"))


@case(
    "key-compromised-unlogged",
    "4.4",
    "Created before the compromise by its own account, which a thief could write too",
)
def _compromised_unlogged() -> Scene:
    return _judge_unlogged(*_compromised(SIGNED_AT + 1), _unlogged("key_compromised"))


@case("key-compromised-unlogged-created-after", "4.4", "Created after the compromise, and no log proof")
def _compromised_after() -> Scene:
    expected = _objected("key_compromised", {7: "SKIPPED log_proof_absent"})
    return _judge_unlogged(*_compromised(SIGNED_AT), expected)


@case("key-superseded-later", "4.4", "The key was superseded after the certificate was logged: it stands")
def _superseded_later() -> Scene:
    return _judge(*_with_key(revoked=KeyRevocation(LOGGED_AT + 1, "superseded")), passed())


@case("key-superseded-before", "4.4", "Logged with a key that had been superseded")
def _superseded() -> Scene:
    certificate = _with_key(revoked=KeyRevocation(LOGGED_AT, "superseded"))
    return _judge(*certificate, _objected("key_superseded"))


def _two_keys(first_ends: int) -> Simulator:
    """The key of the year was superseded, and a second one of the year signs from then on."""
    registry = Simulator()
    old = registry.trust_list.authorities[MUNICIPAL].keys[1]
    new = replace(
        old,
        id=KeyId(old.id.replace("#2026-1", "#2026-2")),
        public_key=signer("second").public_key,
        not_before=first_ends,
    )
    ended = replace(old, revoked=KeyRevocation(first_ends, "superseded"))
    keys = (registry.trust_list.authorities[MUNICIPAL].keys[0], ended, new)
    registry.trust_list = with_authority_changes(registry.trust_list, MUNICIPAL, keys=keys)
    return registry


@case("key-second-of-the-year", "4.5", "Signed with the key that followed the superseded one")
def _second() -> Scene:
    registry = _two_keys(SIGNED_AT)
    return _judge(registry, registry.issue({**ANNUAL, "keySequence": 2}, key=signer("second")), passed())


@case("key-second-of-the-year-qr", "4.5", "The same from the QR, which names the second key")
def _second_qr() -> Scene:
    registry = _two_keys(SIGNED_AT)
    certificate = registry.issue({**ANNUAL, "keySequence": 2}, key=signer("second"))
    return scene(registry, registry.evidence(certificate, qr=True), passed(base=QR))


@case(
    "key-of-the-next-year-listed",
    "4.5",
    "The next year's key may sign already; this year's goes on for its own year",
)
def _overlap() -> Scene:
    registry = Simulator()
    keys = registry.trust_list.authorities[MUNICIPAL].keys
    following = replace(
        keys[1],
        id=KeyId(keys[1].id.replace("#2026-1", "#2027-1")),
        public_key=signer("next").public_key,
        not_before=SIGNED_AT - DAY,
        not_after=at("2028-12-31T15:59:59Z"),
    )
    registry.trust_list = with_authority_changes(registry.trust_list, MUNICIPAL, keys=(*keys, following))
    return _judge(registry, registry.issue(), passed())


@case(
    "key-compromised-attested-anew",
    "4.5",
    "Logged after the compromise, and superseded by a certificate under a new key: the old file names the new number",
)
def _attested_anew() -> Scene:
    registry, certificate = _compromised(LOGGED_AT)
    successor = number_of("410100", 2026, 1, 124).digits
    registry.revoke(certificate.number, reason="superseded", successor=successor)
    details: dict[int, Any] = {8: {"since": NOW - 3600, "reason": "superseded", "successor": successor}}
    steps = {4: "FAILED key_compromised", 8: "FAILED superseded"}
    return _judge(registry, certificate, failed("key_compromised", steps, NOT_AUTHENTIC, details=details))


@case("key-superseded-unlogged", "4.4", "Superseded since, and no log proof to show that it was not yet")
def _superseded_unlogged() -> Scene:
    certificate = _with_key(revoked=KeyRevocation(NOW - DAY, "superseded"))
    return _judge_unlogged(*certificate, _unlogged("key_superseded"))


@case("created-in-the-future", "7.3", "Created an hour after the moment of judgement, without a log proof")
def _future() -> Scene:
    registry = Simulator()
    fields = {**ANNUAL, "validFrom": "2026-03-10", "created": timestamp_encode(NOW + 3600)}
    certificate = registry.issue(fields)
    steps = {4: "INDETERMINATE created_after_time", 7: "SKIPPED log_proof_absent"}
    expected = undecided("created_after_time", steps, NOT_AUTHENTIC, missing="clock")
    return _judge_unlogged(registry, certificate, expected)


@case("created-after-logged", "7.3", "Created ten minutes after the log had it")
def _after_log() -> Scene:
    registry = Simulator()
    certificate = registry.issue(logged_at=SIGNED_AT - 600)
    return _judge(registry, certificate, _objected("created_after_time"))


@case("created-long-before-logged", "7.3", "Logged more than a week after it claims to have been created")
def _long_before() -> Scene:
    registry = Simulator()
    certificate = registry.issue(logged_at=SIGNED_AT + 7 * DAY + 1)
    return _judge(registry, certificate, _objected("created_long_before_logged"))
