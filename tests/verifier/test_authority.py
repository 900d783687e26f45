"""Who may sign what, and when: every objection, the order of objections, and the edges of every window."""

from dataclasses import replace

import pytest

from keys.trustlist import Authority, KeyRevocation, ListedKey, StateChange
from tests.builders import at, industry_authority, municipal_authority
from verifier.authority import objection_at
from verifier.number import CertificateNumber, number_of

AUTHORITY = municipal_authority()
KEY_2025, KEY_2026 = AUTHORITY.keys
NUMBER = number_of("410100", 2026, 1, 1)
MARCH = at("2026-03-02T08:00:05Z")


def objection(
    moment: int = MARCH,
    *,
    authority: Authority = AUTHORITY,
    key: ListedKey = KEY_2026,
    number: CertificateNumber = NUMBER,
) -> str | None:
    return objection_at(authority, key, number, moment)


def test_a_granted_authority_signs_within_its_powers() -> None:
    assert objection() is None


@pytest.mark.parametrize(
    ("moment", "code"),
    [
        ("2024-12-31T23:59:59Z", "authority_not_granted"),
        ("2026-04-30T23:59:59Z", None),
        ("2026-05-01T00:00:00Z", "authority_suspended"),
        ("2026-05-31T23:59:59Z", "authority_suspended"),
        ("2026-06-01T00:00:00Z", None),
    ],
)
def test_the_state_at_the_moment_counts(moment: str, code: str | None) -> None:
    assert objection(at(moment)) == code


def test_a_withdrawn_authority() -> None:
    withdrawn = replace(AUTHORITY, states=(*AUTHORITY.states, StateChange("withdrawn", MARCH + 10**7, "")))
    assert objection(MARCH + 10**7, authority=withdrawn) == "authority_withdrawn"
    assert objection(MARCH + 10**7 - 1, authority=withdrawn) is None


@pytest.mark.parametrize(
    ("moment", "code"),
    [
        ("2025-12-31T15:59:59Z", "key_out_of_window"),
        ("2025-12-31T16:00:00Z", None),
        ("2026-12-31T15:59:59Z", None),
        ("2026-12-31T16:00:00Z", "key_out_of_window"),
    ],
)
def test_a_key_signs_in_the_calendar_year_of_china(moment: str, code: str | None) -> None:
    assert objection(at(moment)) == code


def test_scopes_are_sets_of_kinds_and_years() -> None:
    health = industry_authority()
    key = health.keys[1]
    assert objection(authority=health, key=key, number=number_of("418001", 2026, 1, 1)) is None
    completion = number_of("418001", 2026, 2, 1)
    assert objection(authority=health, key=key, number=completion) == "authority_out_of_scope"
    assert objection(number=number_of("410100", 2027, 1, 1)) == "authority_out_of_scope"


def test_a_key_is_for_one_year() -> None:
    assert objection(key=KEY_2025) == "key_of_another_year"
    last = at("2025-12-31T15:59:59Z")
    assert objection(last, key=replace(KEY_2025, revoked=None)) == "key_of_another_year"
    assert objection(last, key=KEY_2025, number=number_of("410100", 2025, 1, 1)) is None


@pytest.mark.parametrize(
    ("revoked", "code"),
    [
        (KeyRevocation(MARCH + 1, "superseded"), None),
        (KeyRevocation(MARCH, "superseded"), "key_superseded"),
        (KeyRevocation(MARCH + 9, "compromised", MARCH + 1), None),
        (KeyRevocation(MARCH + 9, "compromised", MARCH), "key_compromised"),
        (KeyRevocation(MARCH - 9, "compromised", MARCH - 10), "key_compromised"),
        (KeyRevocation(MARCH, "compromised", MARCH + 1), "key_superseded"),
    ],
)
def test_the_end_of_a_key(revoked: KeyRevocation, code: str | None) -> None:
    assert objection(key=replace(KEY_2026, revoked=revoked)) == code


def test_the_state_is_told_before_the_scope_and_the_scope_before_the_key() -> None:
    suspended = at("2026-05-02T00:00:00Z")
    number = number_of("410100", 2027, 1, 1)
    assert objection(suspended, key=KEY_2025, number=number) == "authority_suspended"
    assert objection(key=KEY_2025, number=number) == "authority_out_of_scope"
