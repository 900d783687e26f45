"""The part of JSON Schema (draft 2020-12) that the certificate schemas use, compiled to checks (SPEC 2.7).

The schemas are published for anyone's validator; this one exists because it must agree, keyword by keyword, with the
browser's verifier and costs a tenth of a general one. A keyword outside the list is refused when the schema is loaded,
so that nothing in a schema can be silently ignored. Patterns use the common ground of Python's and ECMAScript's syntax.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any

from verifier.errors import FormError

Check = Callable[[Any], bool]
_ANNOTATIONS = {"$schema", "$id", "title", "description"}
_OF_TEXT = {"type", "pattern", "minLength", "maxLength"}
_ANY_LENGTH = 2**31
_WITH_PROPERTIES = {"required", "additionalProperties"}
_TYPES: dict[str, type] = {"object": dict, "array": list, "string": str, "integer": int, "boolean": bool}


def compile_schema(schema: dict[str, Any]) -> Check:
    """A function telling whether a JSON value is valid; raises ``FormError`` (``schema_keyword``) for other keywords."""
    if type(schema) is not dict:
        raise FormError("schema_keyword", "a schema is an object")
    if schema.get("type") == "string" and set(schema) - _ANNOTATIONS <= _OF_TEXT:
        return _text(schema)
    unknown = set(schema) - set(_KEYWORDS) - _ANNOTATIONS - _WITH_PROPERTIES
    if unknown:
        raise FormError("schema_keyword", sorted(unknown)[0])
    checks = [build(schema[name], schema) for name, build in _KEYWORDS.items() if name in schema]
    return checks[0] if len(checks) == 1 else _all_of(checks)


def schema_at(schema: dict[str, Any], path: Sequence[str | int]) -> dict[str, Any]:
    """The sub-schema for the value at ``path`` (members and places in arrays)."""
    for step in path:
        members: Any = schema["prefixItems"] if isinstance(step, int) else schema["properties"]
        schema = members[step]
    return schema


def _text(schema: dict[str, Any]) -> Check:
    """As the keywords one by one, in one call: texts are most of what is checked."""
    least, most = schema.get("minLength", 0), schema.get("maxLength", _ANY_LENGTH)
    if "pattern" not in schema:
        return lambda value: type(value) is str and least <= len(value) <= most
    search = _search(schema["pattern"])
    return lambda value: type(value) is str and least <= len(value) <= most and search(value) is not None


def _all_of(checks: list[Check]) -> Check:
    def check_all(value: Any) -> bool:
        for check in checks:  # a loop: twice as fast here as all() over a generator
            if not check(value):
                return False
        return True

    return check_all


def _type(name: str, _: dict[str, Any]) -> Check:
    kind = _TYPES[name]
    return lambda value: type(value) is kind


def _const(expected: Any, _: dict[str, Any]) -> Check:
    return lambda value: type(value) is type(expected) and value == expected


def _enum(allowed: list[str], _: dict[str, Any]) -> Check:
    return lambda value: type(value) is str and value in allowed


def _search(pattern: str) -> Callable[[str], object]:
    return re.compile(re.sub(r"\$$", r"\\Z", pattern), re.ASCII).search


def _minimum(bound: int, _: dict[str, Any]) -> Check:
    return lambda value: bool(value >= bound)


def _maximum(bound: int, _: dict[str, Any]) -> Check:
    return lambda value: bool(value <= bound)


def _properties(members: dict[str, Any], schema: dict[str, Any]) -> Check:
    checks = [(name, compile_schema(member)) for name, member in members.items()]
    if schema.get("additionalProperties") is not False or sorted(schema.get("required", ())) != sorted(
        members
    ):
        raise FormError("schema_open_object")
    count = len(checks)

    def check_members(value: Any) -> bool:
        if len(value) != count:
            return False
        for name, check in checks:
            if name not in value or not check(value[name]):
                return False
        return True

    return check_members


def _items(item: dict[str, Any], _: dict[str, Any]) -> Check:
    check = compile_schema(item)
    return lambda value: all(check(element) for element in value)


def _prefix_items(items: list[dict[str, Any]], _: dict[str, Any]) -> Check:
    checks = [compile_schema(item) for item in items]
    return lambda value: all(check(element) for check, element in zip(checks, value, strict=False))


def _min_items(bound: int, _: dict[str, Any]) -> Check:
    return lambda value: len(value) >= bound


def _max_items(bound: int, _: dict[str, Any]) -> Check:
    return lambda value: len(value) <= bound


# In the order in which they must run: ``type`` first, because the others take it for granted.
_KEYWORDS: dict[str, Callable[[Any, dict[str, Any]], Check]] = {
    "type": _type,
    "const": _const,
    "enum": _enum,
    "minimum": _minimum,
    "maximum": _maximum,
    "properties": _properties,
    "items": _items,
    "prefixItems": _prefix_items,
    "minItems": _min_items,
    "maxItems": _max_items,
}
