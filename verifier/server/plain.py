"""The quick way to read a request in JSON, for what nearly all send: items of texts, and no options.

Anything else is read member by member (``requests.asked_strictly``), which finds the same and says what is wrong. The two
never disagree; a test holds them together.
"""

from typing import Any

import orjson

from verifier.presented import Presented
from verifier.server.settings import MAX_ITEMS, MAX_LABEL

_TEXTS = frozenset(("record", "qrText", "number", "name", "logProof", "target"))
_PRESENTING = frozenset(("record", "qrText", "number"))
_ESCAPED_MARK = rb"\u0022"
"""A quotation mark in a text, spelled otherwise than with a backslash before it."""


def presented_plainly(body: bytes) -> list[Presented] | None:
    """What is to be judged; None for any body that is out of the ordinary.

    Of two members of one name orjson keeps the last, and says nothing. But a quotation mark in JSON begins or ends a text, or
    stands in one behind a backslash; so whoever counts them knows whether as many texts were kept as there are.
    """
    items = _items(body)
    if items is None or not 1 <= len(items) <= MAX_ITEMS:
        return None
    presented, marks = [], 2  # those of "items"
    for place, item in enumerate(items):
        if type(item) is not dict or not item.keys() <= _TEXTS or item.keys().isdisjoint(_PRESENTING):
            return None
        for text in item.values():
            if type(text) is not str:
                return None
            marks += 4 + text.count('"')
        one = _presented(place, item)
        if len(one.label) > MAX_LABEL:
            return None
        presented.append(one)
    return presented if body.count(b'"') == marks and _ESCAPED_MARK not in body else None


def _items(body: bytes) -> list[Any] | None:
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    items = value.get("items") if type(value) is dict and len(value) == 1 else None
    return items if type(items) is list else None


def _presented(place: int, item: dict[str, str]) -> Presented:
    get = item.get
    record, log_proof, label = get("record"), get("logProof"), get("target")
    return Presented(
        label if label is not None else f"items[{place}]",
        record.encode() if record is not None else None,
        get("qrText"),
        get("number"),
        get("name"),
        log_proof.encode() if log_proof is not None else None,
    )
