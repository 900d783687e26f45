"""Canonical JSON: against an independent implementation, and against whoever sends us JSON."""

import json
import struct
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from keys.canonical import (
    MAX_SAFE_INTEGER,
    RECORD_LIMITS,
    JsonLimits,
    canonicalize,
    canonicalize_restricted,
    parse_canonical,
    parse_restricted,
    restriction,
)
from keys.errors import JsonError
from tests.builders import refused

SMALL = JsonLimits(max_bytes=200, max_depth=3)

# Text with what escaping and sorting stumble over: controls, quotes, surrogate pairs, and U+FB33 against U+1F600, whose
# order differs between UTF-16 units and code points.
text = st.text(
    st.characters(exclude_categories=["Cs"]) | st.sampled_from('\0\b\t\n\x1f"\\/\x7f\u2028דּ😀𠮷é'),
    max_size=12,
)
any_text = st.text(st.characters() | st.sampled_from("\ud800\udfff"), max_size=6)
key = st.text(st.characters(max_codepoint=127), max_size=6)
safe_integer = st.integers(-MAX_SAFE_INTEGER, MAX_SAFE_INTEGER)


def documents(leaf: st.SearchStrategy[Any], names: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.recursive(
        leaf,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=4),
        max_leaves=12,
    )


restricted = documents(text | safe_integer | st.booleans(), key)
doubles = st.floats(allow_nan=False, allow_infinity=False) | st.binary(min_size=8, max_size=8).map(
    lambda raw: struct.unpack(">d", raw)[0]
).filter(lambda value: abs(value) < float("inf"))
general = documents(text | safe_integer | st.booleans() | st.none() | doubles, text)
anything = documents(
    any_text | st.integers() | st.floats() | st.none() | st.binary(max_size=2) | st.tuples(),
    st.one_of(any_text, st.integers()),
)


@given(restricted)
def test_restricted_form_equals_an_independent_one(value: Any) -> None:
    assert canonicalize_restricted(value) == canonicalize(value) == rfc8785.dumps(value)


@given(general)
def test_general_form_equals_an_independent_one(value: Any) -> None:
    assert canonicalize(value) == rfc8785.dumps(value)


@given(doubles)
def test_numbers_equal_an_independent_form_and_come_back(value: float) -> None:
    data = canonicalize(value)
    assert data == rfc8785.dumps(value)
    assert float(data) == value


@pytest.mark.parametrize(
    ("value", "form"),
    [
        (0.0, b"0"),
        (-0.0, b"0"),
        (1.0, b"1"),
        (-1.5, b"-1.5"),
        (100.0, b"100"),
        (0.001, b"0.001"),
        (1e-6, b"0.000001"),
        (1e-7, b"1e-7"),
        (1.5e-7, b"1.5e-7"),
        (1e20, b"100000000000000000000"),
        (1e21, b"1e+21"),
        (123456789012345680000.0, b"123456789012345680000"),
        (5e-324, b"5e-324"),
        (1.7976931348623157e308, b"1.7976931348623157e+308"),
        (333333333.33333329, b"333333333.3333333"),
    ],
)
def test_known_numbers(value: float, form: bytes) -> None:
    assert canonicalize(value) == form


@given(restricted)
def test_restricted_documents_come_back(value: Any) -> None:
    data = canonicalize_restricted(value)
    limits = JsonLimits(max_bytes=100_000)
    assert parse_restricted(data, limits) == value
    if isinstance(value, dict):
        assert parse_canonical(data, limits) == value


@given(anything)
def test_a_value_has_a_canonical_form_or_is_refused(value: Any) -> None:
    for form in (canonicalize, canonicalize_restricted):
        try:
            data = form(value)
        except JsonError:
            continue
        assert data == rfc8785.dumps(value)


@given(st.binary(max_size=60) | st.text('{}[]":,\\ud80-1.eE+truefalsn\ufeff \n', max_size=40).map(str.encode))
def test_what_is_parsed_is_what_was_sent(data: bytes) -> None:
    try:
        value = parse_canonical(data, RECORD_LIMITS)
    except JsonError:
        pass
    else:
        assert rfc8785.dumps(value) == data
    try:
        value = parse_restricted(data, RECORD_LIMITS)
    except JsonError:
        pass
    else:
        assert restriction(value) is None
        assert json.loads(data) == value


@given(general.map(lambda value: json.dumps(value).encode()))
def test_a_second_spelling_is_refused(data: bytes) -> None:
    try:
        value = parse_canonical(data, RECORD_LIMITS)
    except JsonError:
        return
    assert rfc8785.dumps(value) == data


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "not_json"),
        (b"{", "not_json"),
        (b"{} {}", "not_json"),
        (b"{'a':1}", "not_json"),
        (b'{"a":1,}', "not_json"),
        (b'{"a":01}', "not_json"),
        (b'{"a":+1}', "not_json"),
        (b'{"a":0x1}', "not_json"),
        (b'{"a":1}//', "not_json"),
        (b'{"a":"\n"}', "not_json"),
        (b'\xef\xbb\xbf{"a":1}', "not_json"),
        (b'{"a":"\\x41"}', "not_json"),
        (b"\xff\xfe", "not_utf8"),
        (b'{"a":"\xed\xa0\x80"}', "not_utf8"),
        (b'{"a":"\xc0\xaf"}', "not_utf8"),
        ('{"a":1}'.encode("utf-16"), "not_utf8"),
        (b'{"a":1,"a":1}', "duplicate_key"),
        (b'{"a":1,"\\u0061":2}', "duplicate_key"),
        (b'{"x":{"a":1,"a":2}}', "duplicate_key"),
        (b'{"a":1.0}', "float"),
        (b'{"a":1e2}', "float"),
        (b'{"a":NaN}', "not_json"),
        (b'{"a":-Infinity}', "not_json"),
        (b'{"a":null}', "null"),
        (b'{"a":[[],null]}', "null"),
        ('{"é":1}'.encode(), "key_not_ascii"),
        (b'{"\\u00e9":1}', "key_not_ascii"),
        (b'{"a":9007199254740992}', "integer_range"),
        (b'{"a":-9007199254740992}', "integer_range"),
        (b'{"a":123456789012345678901234567890}', "integer_range"),
        (b"1" * 190, "integer_range"),
        (b'{"a":"\\ud800"}', "surrogate"),
        (b'{"a":"\\udc00\\ud800"}', "surrogate"),
        (b'{"a":[[1]],"b":null,"c":[[[1]]]}', "too_deep"),
        (b"[[[[1]]]]", "too_deep"),
        (b"[" * 199, "not_json"),
        (b"[" * 100 + b"]" * 100, "too_deep"),
        (b'"' + b"a" * 199 + b'"', "too_large"),
    ],
)
def test_what_is_not_strict_json(data: bytes, code: str) -> None:
    with refused(JsonError, code):
        parse_restricted(data, SMALL)
    with refused(JsonError, code):
        parse_canonical(data, SMALL)


@pytest.mark.parametrize(
    "data", [b"[" * 65_000, b"[" * 32_000 + b"]" * 32_000, b'{"a":' * 10_000 + b"1" + b"}" * 10_000]
)
def test_depth_does_not_exhaust_the_stack(data: bytes) -> None:
    for parse in (parse_restricted, parse_canonical):
        with refused(JsonError, "too_deep"):
            parse(data, RECORD_LIMITS)


@pytest.mark.parametrize(
    "data",
    [
        b' {"a":1}',
        b'{"a":1}\n',
        b'{"a": 1}',
        b'{"b":1,"a":1}',
        b'{"a":-0}',
        b'{"a":"\\u0041"}',
        b'{"a":"\\/"}',
        b'{"a":"\\u001F"}',
        b'{"a":"\\ud83d\\ude00"}',
    ],
)
def test_what_is_strict_but_not_canonical(data: bytes) -> None:
    assert isinstance(parse_restricted(data, SMALL), dict)
    with refused(JsonError, "not_canonical"):
        parse_canonical(data, SMALL)


@pytest.mark.parametrize("data", [b"[]", b"1", b'"a"', b"true", b'[{"a":1}]'])
def test_what_is_canonical_but_no_object(data: bytes) -> None:
    with refused(JsonError, "not_object"):
        parse_canonical(data, SMALL)


def test_bounds_are_inclusive() -> None:
    assert parse_canonical(b'{"a":[[1]]}', SMALL) == {"a": [[1]]}
    longest = b'{"a":"' + b"x" * 192 + b'"}'
    assert len(longest) == SMALL.max_bytes
    assert parse_canonical(longest, SMALL)["a"] == "x" * 192
    edge = b'{"a":[-9007199254740991,9007199254740991]}'
    assert canonicalize(parse_canonical(edge, SMALL)) == edge


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (float("nan"), "not_finite"),
        ([float("inf")], "not_finite"),
        (2**53, "integer_range"),
        ({"a": None, "b": -(2**53)}, "integer_range"),
        (b"a", "type"),
        ((1, 2), "type"),
        ({1: 1}, "type"),
        ({"é": 1, 2: 1}, "type"),
        ("\ud800", "surrogate"),
        ({"é": "\ud800"}, "surrogate"),
        ({"\ud800": 1}, "surrogate"),
        ({"a": 1, "\udfff": 1.5}, "surrogate"),
    ],
)
def test_what_has_no_canonical_form(value: Any, code: str) -> None:
    with refused(JsonError, code):
        canonicalize(value)


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (1.5, "float"),
        ({"a": None}, "null"),
        ({"é": 1}, "key_not_ascii"),
        ("\udc00", "surrogate"),
        ({"a": {1}}, "type"),
    ],
)
def test_what_is_outside_the_restricted_profile(value: Any, code: str) -> None:
    with refused(JsonError, code):
        canonicalize_restricted(value)


def test_a_cyclic_value_is_too_deep() -> None:
    loop: list[Any] = []
    loop.append(loop)
    with refused(JsonError, "too_deep"):
        canonicalize(loop)


def test_the_first_hard_reason_outweighs_a_soft_one() -> None:
    assert restriction({"é": None}) == "key_not_ascii"
    assert restriction([None, 1.5]) == "null"
    assert restriction([None, 1.5, 2**60]) == "integer_range"
