"""The two ways to read a request: what the quick one takes, the strict one takes too, and as the same."""

import json
import random

import pytest

from keys.errors import KeysError
from verifier.server.plain import presented_plainly
from verifier.server.problems import Problem
from verifier.server.requests import Options, asked_in_json, asked_strictly
from verifier.server.settings import MAX_ITEMS, MAX_LABEL, Limits

LIMITS = Limits()
RECORD = '{"@context":["https://www.w3.org/ns/credentials/v2"],"name":"张文博 \\"\\\\","year":2026}'
ITEM = {"record": RECORD, "logProof": "c2sp.org/tlog-proof@v1\nextra x\n", "target": "一", "name": "张"}
PLAIN = json.dumps({"items": [ITEM]}).encode()
ORDINARY = [
    PLAIN,
    json.dumps({"items": [ITEM]}, ensure_ascii=False, indent=1).encode(),
    json.dumps({"items": [ITEM, {"qrText": "https://x/v#1"}, {"number": "1", "name": '"'}]}).encode(),
    json.dumps({"items": [{"number": '"""\\"\\\\"'}]}).encode(),
    b' {"items":[{"number":""}]}\n',
    b'{"items":[{"n\\u0075mber":"\\/\\ud83d\\ude00\\u0000"}]}',
    json.dumps({"items": [{"number": "1", "target": "𠮷" * MAX_LABEL}]}).encode(),
    json.dumps({"items": [{"number": "1"}] * MAX_ITEMS}).encode(),
]
OTHERWISE = [
    b"",
    b"[]",
    b"7",
    b'{"items":[]}',
    b'{"items":{}}',
    b'{"items":[7]}',
    b'{"items":[{}]}',
    b'{"items":[{"name":"x"}]}',
    b'{"items":[{"number":"1"}],"options":{}}',
    b'{"items":[{"number":"1"}],"options":{"requireLog":false}}',
    b'{"items":[{"number":null}]}',
    b'{"items":[{"number":1}]}',
    b'{"items":[{"number":1.0}]}',
    b'{"items":[{"number":["1"]}]}',
    b'{"items":[{"number":"1","more":"1"}]}',
    b'{"items":[{"number":"1","qr_text":"1"}]}',
    b'{"items":[{"number":"\\ud800"}]}',
    b'{"items":[{"number":"\xff"}]}',
    b'{"items":[{"number":"a\nb"}]}',
    b'\xef\xbb\xbf{"items":[{"number":"1"}]}',
    b'{"items":[{"number":"1"}]}x',
    b"{'items':[{'number':'1'}]}",
    json.dumps({"items": [{"number": "1", "target": "x" * (MAX_LABEL + 1)}]}).encode(),
    json.dumps({"items": [{"number": "1"}] * (MAX_ITEMS + 1)}).encode(),
]
TWICE = [
    b'{"items":[],"items":[{"number":"1"}]}',
    b'{"items":7,"items":[{"number":"1"}]}',
    b'{"items":[{"number":"1","number":"2"}]}',
    b'{"items":[{"number":"1","n\\u0075mber":"2"}]}',
    b'{"items":[{"number":7,"number":"2"}]}',
    b'{"items":[{"number":{"a":[]},"number":"2"}]}',
    b'{"items":[{"record":"\\"\\"","record":"\\u0022\\u0022\\u0022\\u0022"}]}',
    b'{"items":[{"record":7,"record":"\\u0022\\u0022"}]}',
    b'{"\\u0069tems":[{"number":"1"}],"items":[{"number":"2"}]}',
]
"""Members of one name twice; some spell quotation marks so that their number could be right again."""


@pytest.mark.parametrize("body", ORDINARY)
def test_what_is_ordinary_is_read_quickly_and_as_strictly(body: bytes) -> None:
    found = presented_plainly(body)
    asked = asked_strictly(body, LIMITS)
    assert found == asked.items
    assert asked_in_json(body, LIMITS) == asked
    assert asked.options == Options()


@pytest.mark.parametrize("body", [*OTHERWISE, *TWICE])
def test_anything_else_is_left_to_the_strict_way(body: bytes) -> None:
    assert presented_plainly(body) is None


@pytest.mark.parametrize("body", TWICE)
def test_a_name_that_comes_twice_is_never_taken(body: bytes) -> None:
    with pytest.raises(Problem) as refused:
        asked_in_json(body, LIMITS)
    assert isinstance(refused.value.__cause__, KeysError)
    assert refused.value.__cause__.code == "duplicate_key"


def test_whatever_is_changed_in_a_body_the_quick_way_takes_nothing_else() -> None:
    """Bytes put in, left out, doubled and moved, by the same dice each time."""
    dice = random.Random(4)
    pieces = [
        b'"',
        b"\\",
        b",",
        b":",
        b"{",
        b"}",
        b'"number":"1",',
        b'\\"',
        b"\\u0022",
        b"null",
        b"\n",
        b"\x1f",
        b"\xe5",
    ]
    taken = 0
    for body in (*ORDINARY[:7], *TWICE) * 150:
        changed = bytearray(body)
        for _ in range(dice.randint(1, 3)):
            start = dice.randrange(len(changed) + 1)
            end = min(len(changed), start + dice.choice((0, 0, 1, 5)))
            changed[start:end] = dice.choice((dice.choice(pieces), bytes(changed[end : end + 9]), b""))
        found = presented_plainly(bytes(changed))
        if found is not None:
            assert asked_strictly(bytes(changed), LIMITS).items == found
            taken += 1
    assert taken > 100
