"""JSON in and out: strict parsing with bounds, and the RFC 8785 canonical form (JCS).

Our own documents (SPEC clause 2) use a restricted profile: strings, integers below 2^53, booleans, arrays and objects
with ASCII keys; no floats, no null. In that profile the canonical form is what ``orjson`` writes with sorted keys, which
is ten times faster than the general algorithm; ``restriction`` decides, value by value, whether a document is in it.
Anything else that RFC 8785 covers (foreign documents) takes the general path. Property tests hold both against an
independent implementation.

Refused: bytes over a bound, nesting over a bound, duplicate keys, NaN, lone surrogates, integers from 2^53.
"""

import json
import math
from dataclasses import dataclass
from typing import Any, NoReturn

import orjson

from keys.errors import JsonError

JsonObject = dict[str, Any]

MAX_SAFE_INTEGER = 2**53 - 1
# Deep enough for any document here (a trust list has 7 levels), shallow enough for every reader's stack.
MAX_DEPTH = 16


@dataclass(frozen=True, slots=True)
class JsonLimits:
    """Bounds on one document. ``max_bytes`` is the size as received; whoever serves the document could abuse it."""

    max_bytes: int
    max_depth: int = MAX_DEPTH


RECORD_LIMITS = JsonLimits(max_bytes=64 * 1024)
"""SPEC clause 2: a record is at most 64 KiB."""

TRUST_LIST_LIMITS = JsonLimits(max_bytes=4 * 1024 * 1024)
"""About 40 authorities x 30 years of keys is 500 KB; eight times that."""


def restriction(value: object, depth: int = MAX_DEPTH) -> str | None:
    """The first reason why ``value`` is outside the restricted profile, or None.

    ``float``, ``null`` and ``key_not_ascii`` still have an RFC 8785 form; ``too_deep``, ``integer_range`` and
    ``type`` have none here.
    """
    kind = type(value)
    if kind is str or kind is bool:
        return None
    if kind is int:
        return None if -MAX_SAFE_INTEGER <= value <= MAX_SAFE_INTEGER else "integer_range"  # type: ignore[operator]
    if kind is not dict and kind is not list:
        return {type(None): "null", float: "float"}.get(kind, "type")
    if depth <= 0:
        return "too_deep"
    return _container_restriction(value, depth - 1)


def _container_restriction(value: Any, depth: int) -> str | None:
    soft = None
    children = value
    if type(value) is dict:
        for key in value:
            if type(key) is not str:
                return "type"
            if not key.isascii():
                soft = "key_not_ascii"
        children = value.values()
    for child in children:
        kind = type(child)
        if kind is str or (kind is int and -MAX_SAFE_INTEGER <= child <= MAX_SAFE_INTEGER):
            continue
        code = restriction(child, depth)
        if code in _HARD:
            return code
        soft = soft or code
    return soft


_HARD = frozenset({"too_deep", "integer_range", "type"})


def canonicalize_restricted(value: object) -> bytes:
    """JCS bytes of a value in the restricted profile; raises ``JsonError`` for anything outside it."""
    code = restriction(value)
    if code is not None:
        raise JsonError(code)
    return dump_checked(value)


def dump_checked(value: object) -> bytes:
    """JCS bytes of a value already known to be in the restricted profile (it came from a parser below)."""
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError as error:
        raise JsonError("surrogate") from error


def canonicalize(value: object) -> bytes:
    """JCS bytes (RFC 8785) of any JSON value: dict, list, str, int, float, bool or None."""
    code = restriction(value)
    if code is None:
        return dump_checked(value)
    if code in _HARD:
        raise JsonError(code)
    try:
        return _general(value).encode("utf-8")
    except UnicodeEncodeError as error:
        raise JsonError("surrogate") from error


def _general(value: Any) -> str:
    if isinstance(value, dict):
        try:
            members = sorted(value.items(), key=lambda item: item[0].encode("utf-16-be"))
        except UnicodeEncodeError as error:
            raise JsonError("surrogate") from error
        return "{" + ",".join(f"{_string(key)}:{_general(item)}" for key, item in members) + "}"
    if isinstance(value, list):
        return "[" + ",".join(_general(item) for item in value) + "]"
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, float):
        return _number(value)
    return json.dumps(value)


def _string(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _number(value: float) -> str:
    """ECMAScript's Number::toString for a finite double (RFC 8785 section 3.2.2.3)."""
    if not math.isfinite(value):
        raise JsonError("not_finite")
    if value == 0:
        return "0"
    mantissa, _, exponent = f"{value!r}".lstrip("-").partition("e")
    whole, _, fraction = mantissa.partition(".")
    fraction = "" if fraction == "0" else fraction
    point = len(whole) + int(exponent or "0")
    digits = (whole + fraction).lstrip("0")
    point -= len(whole + fraction) - len(digits)
    digits = digits.rstrip("0")
    return ("-" if value < 0 else "") + _place_point(digits, point)


def _place_point(digits: str, point: int) -> str:
    """``digits`` with the decimal point after ``point`` of them, in ECMAScript's choice of notation."""
    if 0 < point <= 21:
        return digits.ljust(point, "0") if len(digits) <= point else f"{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return f"0.{'0' * -point}{digits}"
    mantissa = digits[0] + (f".{digits[1:]}" if len(digits) > 1 else "")
    return f"{mantissa}e{point - 1:+d}"


def parse_restricted(data: bytes, limits: JsonLimits) -> Any:
    """The value of strict JSON in the restricted profile; raises ``JsonError`` with the first defect's code."""
    _check_size(data, limits)
    try:
        value = _STRICT.decode(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise JsonError("not_utf8") from error
    except RecursionError as error:
        raise JsonError("too_deep") from error
    except ValueError as error:
        raise JsonError("not_json") from error
    code = restriction(value, limits.max_depth)
    if code is not None:
        raise JsonError(code)
    dump_checked(value)  # Python's parser lets an escaped lone surrogate through; the writer does not.
    return value


def parse_canonical(data: bytes, limits: JsonLimits) -> JsonObject:
    """The object whose canonical form is exactly ``data``.

    The common case costs one fast parse and one fast write: where the canonical form of what was read equals the bytes
    read, there was no duplicate key and no second spelling. Otherwise the strict parser says what is wrong.
    """
    _check_size(data, limits)
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError:
        value = None
    if type(value) is not dict or restriction(value, limits.max_depth) or dump_checked(value) != data:
        parse_restricted(data, limits)
        raise JsonError("not_object" if type(value) is not dict else "not_canonical")
    return value


def _check_size(data: bytes, limits: JsonLimits) -> None:
    if len(data) > limits.max_bytes:
        raise JsonError("too_large", f"{len(data)} > {limits.max_bytes}")


def _unique(pairs: list[tuple[str, Any]]) -> JsonObject:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise JsonError("duplicate_key")
    return members


def _refuse_float(_: str) -> NoReturn:
    raise JsonError("float")


def _refuse_constant(_: str) -> NoReturn:
    raise JsonError("not_json")


def _integer(text: str) -> int:
    """Python refuses integers of thousands of digits; anything as long is out of range for us, and said to be."""
    return int(text) if len(text) <= 17 else MAX_SAFE_INTEGER + 1


_STRICT = json.JSONDecoder(
    object_pairs_hook=_unique,
    parse_float=_refuse_float,
    parse_int=_integer,
    parse_constant=_refuse_constant,
)
"""One for all documents: making it takes as long as reading a record."""
