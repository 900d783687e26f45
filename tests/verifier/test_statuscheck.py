"""In force or not: which list decides, what a stale list may still say, and what the details add."""

from dataclasses import replace
from typing import Any

import pytest

from tests.builders import HOST
from tests.simulator import NOW, Simulator, policy
from verifier.number import number_of
from verifier.outcome import NotInForce, Passed, Undecided
from verifier.status import DETAILS, StatusChange, status_url
from verifier.statuscheck import check_status, status_lists

NUMBER = number_of("410100", 2026, 1, 123)
NEIGHBOUR = number_of("410100", 2026, 1, 124)
REVOCATION, SUSPENSION, DETAILS_URL = (
    status_url(HOST, NUMBER, purpose) for purpose in ("revocation", "suspension", DETAILS)
)


def check(registry: Simulator, documents: dict[str, bytes] | None = None, **demands: Any) -> Passed:
    found = registry.status(NUMBER) if documents is None else documents
    trust = registry.trust()
    lists = status_lists(NUMBER, found, trust, registry.trust_list)
    return check_status(NUMBER, lists, found, trust, registry.trust_list, policy(**demands))


def not_in_force(registry: Simulator, documents: dict[str, bytes] | None = None) -> NotInForce:
    with pytest.raises(NotInForce) as caught:
        check(registry, documents)
    return caught.value


def undecided(registry: Simulator, documents: dict[str, bytes] | None = None, **demands: Any) -> Undecided:
    with pytest.raises(Undecided) as caught:
        check(registry, documents, **demands)
    assert caught.value.missing == "status"
    return caught.value


def test_in_force_as_of_the_older_list() -> None:
    registry = Simulator()
    registry.revoke(NEIGHBOUR)
    documents = registry.status(NUMBER, signed_at=NOW - 60)
    documents[SUSPENSION] = registry.status(NUMBER, signed_at=NOW - 900)[SUSPENSION]
    assert check(registry, documents) == Passed("in_force", {"asOf": NOW - 900})


def test_as_of_is_the_lists_own_time_even_a_little_ahead_of_ours() -> None:
    documents = Simulator().status(NUMBER, signed_at=NOW + 60)
    assert check(Simulator(), documents) == Passed("in_force", {"asOf": NOW + 60})


def test_revoked_and_suspended_is_revoked() -> None:
    registry, suspending = Simulator(), Simulator()
    registry.revoke(NUMBER)
    suspending.suspend(NUMBER)
    documents = {**registry.status(NUMBER), SUSPENSION: suspending.status(NUMBER)[SUSPENSION]}
    assert not_in_force(registry, documents).code == "revoked"


def test_details_alone_revoke_nothing() -> None:
    registry, revoking = Simulator(), Simulator()
    revoking.revoke(NUMBER)
    documents = {**registry.status(NUMBER), DETAILS_URL: revoking.status(NUMBER)[DETAILS_URL]}
    assert check(registry, documents).code == "in_force"


def test_details_that_say_something_else_are_left_out() -> None:
    registry, suspending = Simulator(), Simulator()
    registry.revoke(NUMBER, reason="superseded")
    suspending.suspend(NUMBER)
    documents = {**registry.status(NUMBER), DETAILS_URL: suspending.status(NUMBER)[DETAILS_URL]}
    found = not_in_force(registry, documents)
    assert (found.code, found.details) == ("revoked", {})


def test_details_of_another_number_are_left_out() -> None:
    registry, other = Simulator(), Simulator()
    registry.revoke(NUMBER)
    other.revoke(NEIGHBOUR, reason="superseded")
    documents = {**registry.status(NUMBER), DETAILS_URL: other.status(NUMBER)[DETAILS_URL]}
    assert not_in_force(registry, documents).details == {}


def test_superseded_names_what_follows() -> None:
    registry = Simulator()
    registry.revoke(NUMBER, reason="superseded", successor=NEIGHBOUR.digits)
    found = not_in_force(registry)
    assert found.code == "superseded"
    assert found.details == {"since": NOW - 3600, "reason": "superseded", "successor": NEIGHBOUR.digits}


def test_a_suspension_for_correction_is_a_suspension() -> None:
    registry = Simulator()
    registry.changes[NUMBER] = StatusChange("suspended", NOW - 60, "under-review")
    assert not_in_force(registry).details == {"since": NOW - 60, "reason": "under-review"}


@pytest.mark.parametrize(
    ("signed_at", "hours", "stale"),
    [
        (NOW - 3600, 1, False),
        (NOW - 3601, 1, True),
        (NOW + 300, 24, False),
        (NOW + 301, 24, True),
    ],
)
def test_the_edges_of_freshness(signed_at: int, hours: int, stale: bool) -> None:
    registry = Simulator()
    documents = registry.status(NUMBER, signed_at=signed_at, hours=hours)
    if stale:
        error = undecided(registry, documents)
        assert (error.code, error.details) == ("status_stale", {"validUntil": signed_at + hours * 3600})
    else:
        assert check(registry, documents).code == "in_force"


def test_a_reader_may_want_it_fresher() -> None:
    registry = Simulator()
    assert check(registry, status_max_age=600).code == "in_force"
    assert undecided(registry, status_max_age=599).code == "status_stale"


def test_the_first_thing_missing_is_told() -> None:
    registry = Simulator()
    documents = registry.status(NUMBER, signed_at=NOW - 90_000)
    assert undecided(registry, {SUSPENSION: documents[SUSPENSION]}).code == "status_missing"
    assert undecided(registry, {REVOCATION: documents[REVOCATION]}).code == "status_stale"
    assert undecided(registry, {REVOCATION: b"{}", SUSPENSION: b"{}"}).code == "status_list_form"


def test_no_list_of_another_trust_list_counts() -> None:
    registry = Simulator()
    stranger = replace(registry.trust_list, status_keys=())
    documents, trust = registry.status(NUMBER), registry.trust()
    with pytest.raises(Undecided) as caught:
        check_status(
            NUMBER, status_lists(NUMBER, documents, trust, stranger), documents, trust, stranger, policy()
        )
    assert caught.value.code == "status_list_key"


def test_the_newest_trust_list_that_is_named() -> None:
    registry = Simulator()
    trust_list, documents = registry.trust_list, registry.status(NUMBER, signed_at=NOW - 60)
    documents[SUSPENSION] = registry.status(NUMBER, signed_at=NOW - 900, version=3)[SUSPENSION]
    lists = status_lists(NUMBER, documents, registry.trust(), trust_list)
    assert lists.newest_version == 3
    assert lists.newest_until(trust_list, NOW) == lists.newest_until(trust_list, NOW - 60) == NOW - 60
    assert lists.newest_until(trust_list, NOW - 61) == trust_list.valid_from


def test_lists_that_nobody_signed_name_nothing() -> None:
    registry = Simulator()
    documents = registry.status(NUMBER, key="stranger", version=9)
    lists = status_lists(NUMBER, documents, registry.trust(), registry.trust_list)
    assert lists.newest_version == 0
    assert lists.newest_until(registry.trust_list, NOW) == registry.trust_list.valid_from
    assert status_lists(NUMBER, {}, registry.trust(), registry.trust_list).newest_version == 0
