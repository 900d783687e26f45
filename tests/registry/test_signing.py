"""Signed and judged: whatever values a row has, the quick judgement says what the public verifier says of its record."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keys.encodings import multibase_encode
from registry.intents import IntentRow
from registry.signing import (
    BEFORE_LOGGING,
    SignedRow,
    _differ_in_good_values,
    judge_rows,
    multibase_of,
    refusal_of,
    write_rows,
)
from tests.builders import HOST, MUNICIPAL, signer
from tests.simulator import ANNUAL, LOGGED_AT, SIGNED_AT, Simulator, catalogue
from verifier.number import number_of
from verifier.policy import VerificationPolicy
from verifier.qrvalues import NUMBER_FIELD

TRUST = Simulator().trust()
TEMPLATE = catalogue().templates["annual", "v1"]
POLICY = VerificationPolicy(at=LOGGED_AT, require_status=False)
DAY = 86_400
hours = st.integers(-2, 3000) | st.integers(-(2**54), 2**54) | st.just("60")
texts = st.text(st.sampled_from("张A·\u0307\u200b\u3164\U000e0100\u00e9e\u0301\nX "), max_size=6)
values = st.fixed_dictionaries(
    {},
    optional={
        "name": texts,
        "employer": texts,
        "identityDocument": st.sampled_from(
            ["410105********123X", "410105********1234", "41010519900101123X"]
        ),
        "grade": st.sampled_from(["senior", "chief", ""]),
        "professionalHours": hours,
        "publicHours": hours,
        "validFrom": st.sampled_from(["2026-03-01", "2026-03-02"]),
        "keySequence": st.sampled_from([1, 2]),
    },
)


def rows_of(*changes: dict[str, Any]) -> list[SignedRow]:
    rows = []
    for serial, change in enumerate(changes, start=1):
        number = number_of(MUNICIPAL, 2026, 1, serial)
        rows.append(IntentRow(number, {**ANNUAL, **change, NUMBER_FIELD: number.digits}, b"", b""))
    key = TRUST.trust_list.authorities[MUNICIPAL].keys[-1]  # type: ignore[union-attr]
    written = write_rows(rows, TEMPLATE, host=HOST, issuer_name=key.issuer_name)
    return written.signed(signer(key.id).sign_all(written.hashes))


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(values, min_size=1, max_size=4))
def test_the_quick_judgement_is_the_verifiers(changes: list[dict[str, Any]]) -> None:
    signed = rows_of({}, *changes)
    judged = judge_rows(signed, TRUST, created=SIGNED_AT, now=LOGGED_AT)
    assert [one.refusal for one in judged] == [refusal_of(one.record, TRUST, POLICY) for one in signed]
    assert judged[0].refusal == ""


def test_one_bad_row_does_not_spoil_the_next() -> None:
    judged = judge_rows(
        rows_of({"grade": "chief"}, {}, {"name": "张\u200b"}, {}), TRUST, created=SIGNED_AT, now=LOGGED_AT
    )
    assert [one.refusal for one in judged] == ["schema", "", "text_control_character", ""]


@pytest.mark.parametrize(
    ("change", "together"),
    [
        ({"name": "李雷", "professionalHours": 61}, True),
        ({"professionalHours": True}, False),  # equal to 1, and other bytes
        ({"publicHours": 2001}, False),
        ({"validFrom": "2026-03-09"}, False),
        ({"name": "张\u200b"}, False),
        ({"more": "?"}, False),
    ],
)
def test_rows_are_judged_together_where_all_are_good(change: dict[str, Any], together: bool) -> None:
    rows = rows_of({"professionalHours": 1}, {"name": "韩梅梅"}, change)
    assert _differ_in_good_values(rows, rows[0].row.fields) is together
    another = [*rows[:1], rows[1]._replace(template=catalogue().templates["completion", "v1"])]
    assert not _differ_in_good_values(another, rows[0].row.fields)


def test_what_was_reserved_long_ago_is_not_issued() -> None:
    judged = judge_rows(rows_of({}, {}), TRUST, created=SIGNED_AT, now=SIGNED_AT + 8 * DAY)
    assert {one.refusal for one in judged} == {"created_long_before_logged"}


def test_a_key_that_may_not_sign_issues_nothing() -> None:
    nobody = Simulator().trust(documents=[])
    judged = judge_rows(rows_of({}, {}), nobody, created=SIGNED_AT, now=LOGGED_AT)
    assert [one.refusal for one in judged] == ["trust_list_count", "trust_list_count"]
    assert 7 not in BEFORE_LOGGING


@pytest.mark.parametrize("name", ["name", "employer"])
def test_the_records_differ_in_the_rows_values_alone(name: str) -> None:
    one, two = rows_of({}, {name: "李雷李雷"})
    assert one.record != two.record
    assert one.template is two.template


@given(st.integers(min_value=0, max_value=64), st.binary(max_size=64))
def test_a_signature_is_written_as_it_is_elsewhere(zeros: int, rest: bytes) -> None:
    signature = bytes(zeros) + rest
    assert multibase_of(signature) == multibase_encode(signature)
