"""Parts of the browser's verifier against others' data and against Python's, where a defect would hide behind a signature."""

import gzip
import hashlib
import json
import zlib
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keys.canonical import RECORD_LIMITS, canonicalize_restricted, parse_restricted
from keys.errors import KeysError
from tests.deflate import gzip_by_hand
from tests.lineprogram import LineProgram
from tests.vectors.protocol import base64, unbase64
from tests.web.nodejs import PROJECT
from verifier.errors import StatusError
from verifier.status import decode_list

LIST_BYTES = 16384
CORE = PROJECT / "verifier" / "web" / "core"
LOW_ORDER = (
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
)


def test_wycheproofs_signatures_by_the_engine_and_by_hand(node: LineProgram, foreign_vectors: Path) -> None:
    suite = json.loads((foreign_vectors / "wycheproof" / "ed25519_test.json").read_bytes())
    judged = 0
    for group in suite["testGroups"]:
        key = base64(bytes.fromhex(group["publicKey"]["pk"]))
        for case in group["tests"]:
            signature, message = (base64(bytes.fromhex(case[name])) for name in ("sig", "msg"))
            question = {"task": "ed25519", "key": key, "signature": signature, "message": message}
            told = node.ask(question)["answer"]
            assert told == [case["result"] == "valid"] * 2, (case["tcId"], case["comment"])
            judged += 1
    assert judged == suite["numberOfTests"]


@pytest.mark.parametrize("key", LOW_ORDER)
def test_keys_of_low_order_are_refused(node: LineProgram, key: str) -> None:
    assert node.ask({"task": "key", "key": base64(bytes.fromhex(key))}) == {"code": "key_low_order"}


@pytest.mark.parametrize("key", ["ed" + "ff" * 30 + "7f", "ee" + "ff" * 30 + "7f", "ff" * 32])
def test_keys_in_a_second_spelling_are_refused(node: LineProgram, key: str) -> None:
    assert node.ask({"task": "key", "key": base64(bytes.fromhex(key))}) == {"code": "key_not_canonical"}


@pytest.mark.parametrize("size", [0, 1, 54, 55, 56, 63, 64, 65, 119, 120, 128, 3000])
@pytest.mark.parametrize("prefix", [None, 0, 1])
def test_short_messages_are_hashed_as_by_others(node: LineProgram, size: int, prefix: int | None) -> None:
    data = Random(size).randbytes(size)
    before = b"" if prefix is None else bytes((prefix,))
    question = {"task": "sha256", "data": base64(data)} | ({} if prefix is None else {"prefix": prefix})
    assert node.ask(question) == {"answer": base64(hashlib.sha256(before + data).digest())}


def python_json(data: bytes) -> dict[str, Any]:
    try:
        return {"answer": base64(canonicalize_restricted(parse_restricted(data, RECORD_LIMITS)))}
    except KeysError as error:
        return {"code": error.code}


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**54), 2**54) | st.floats(allow_nan=False) | st.text(),
    lambda children: st.lists(children) | st.dictionaries(st.text(), children),
    max_leaves=20,
)
PIECES = st.lists(
    st.sampled_from(
        ["{", "}", "[", "]", ":", ",", '"', '"a"', '"é"', "0", "-0", "1", "12", "-", "01", "1.5", "1e3", "1.", "true", "false", "null",
         "nul", "NaN", "Infinity", " ", "\n", "\t", "\\", '"\\u0041"', '"\\ud800"', '"\\ud83d\\ude00"', '"\\/"', '"\\x"', '"\t"',
         '"__proto__"', '"constructor"', "9007199254740991", "9007199254740992", "-9007199254740992", "\ufeff"]
    ),
    max_size=12,
).map("".join)  # fmt: skip


@given(value=VALUES, indent=st.sampled_from([None, 1]), ascii_only=st.booleans())
def test_json_reads_as_in_python(
    node: LineProgram, value: object, indent: int | None, *, ascii_only: bool
) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    data = text.encode("utf-8", "surrogatepass")
    assert node.ask({"task": "json", "data": base64(data)}) == python_json(data)


@given(text=PIECES)
def test_what_is_nearly_json_is_refused_as_in_python(node: LineProgram, text: str) -> None:
    data = text.encode()
    assert node.ask({"task": "json", "data": base64(data)}) == python_json(data)


@given(data=st.binary(max_size=64))
def test_bytes_that_are_no_json_are_refused_as_in_python(node: LineProgram, data: bytes) -> None:
    assert node.ask({"task": "json", "data": base64(data)}) == python_json(data)


@pytest.mark.parametrize(
    "text", ["[" * 100000, "[" * 60000, '{"a":' * 20000, "[" * 17 + "]" * 17, "[" * 16 + "]" * 16, "1" * 5000]
)
def test_depth_and_length_are_bounded_as_in_python(node: LineProgram, text: str) -> None:
    assert node.ask({"task": "json", "data": base64(text.encode())}) == python_json(text.encode())


def python_gunzip(data: bytes) -> dict[str, Any]:
    text = b64encode(data, altchars=b"-_").rstrip(b"=").decode("ascii")
    try:
        return {"answer": base64(decode_list(f"u{text}"))}
    except StatusError as error:
        return {"code": error.code}


def with_header(flags: int, fields: bytes, bits: bytes) -> bytes:
    """A member with optional fields in its header."""
    member = gzip.compress(bits, mtime=0)
    head = member[:3] + bytes((flags,)) + member[4:10] + fields
    checked = head + (zlib.crc32(head) & 0xFFFF).to_bytes(2, "little") if flags & 2 else head
    return checked + member[10:]


def random_bits(seed: int) -> bytes:
    return Random(seed).randbytes(LIST_BYTES)


def sparse_bits(seed: int) -> bytes:
    places = set(Random(seed).sample(range(LIST_BYTES), seed % 300))
    return bytes(1 if place in places else 0 for place in range(LIST_BYTES))


def repeated_bits(seed: int) -> bytes:
    return (Random(seed).randbytes(1 + seed % 40) * LIST_BYTES)[:LIST_BYTES]


KINDS = st.sampled_from([random_bits, sparse_bits, repeated_bits])
SEEDS = st.integers(0, 2**32)


@given(kind=KINDS, seed=SEEDS, level=st.integers(0, 9), strategy=st.sampled_from([0, 1, 2, 3, 4]))
def test_lists_unpack_whatever_packed_them(
    node: LineProgram, kind: Callable[[int], bytes], seed: int, level: int, strategy: int
) -> None:
    bits = kind(seed)
    packer = zlib.compressobj(level, wbits=31, strategy=strategy)
    data = packer.compress(bits) + packer.flush()
    assert node.ask({"task": "gunzip", "data": base64(data), "byHand": True}) == {"answer": base64(bits)}


@given(
    kind=KINDS,
    seed=SEEDS,
    flips=st.lists(st.floats(0, 1, exclude_max=True), min_size=1, max_size=2),
    cut=st.integers(0, 3),
)
def test_damaged_lists_are_refused_as_in_python(
    node: LineProgram, kind: Callable[[int], bytes], seed: int, flips: list[float], cut: int
) -> None:
    data = bytearray(gzip.compress(kind(seed), mtime=0))
    for flip in flips:
        place = int(flip * len(data) * 8)
        data[place // 8] ^= 1 << place % 8
    damaged = bytes(data[: len(data) - cut])
    told, python = (
        node.ask({"task": "gunzip", "data": base64(damaged), "byHand": True}),
        python_gunzip(damaged),
    )
    # What is both damaged and too long has two defects; zlib may see either first.
    assert told == python or {told.get("code"), python.get("code")} == {
        "status_list_form",
        "status_list_too_large",
    }


MEMBERS = [
    gzip_by_hand(bytes(LIST_BYTES)),
    gzip.compress(bytes(LIST_BYTES - 1), mtime=0),
    gzip.compress(bytes(LIST_BYTES + 1), mtime=0),
    gzip.compress(bytes(10_000_000), mtime=0),
    gzip.compress(bytes(LIST_BYTES), mtime=0) + b"\0",
    gzip.compress(bytes(LIST_BYTES), mtime=0) * 2,
    gzip.compress(bytes(8192), mtime=0) * 2,
    zlib.compress(bytes(LIST_BYTES)),
    with_header(2, b"", bytes(LIST_BYTES)),
    with_header(8 | 16, b"name\0comment\0", bytes(LIST_BYTES)),
    with_header(4 | 2, b"\x03\x00abc", bytes(LIST_BYTES)),
    with_header(0x20, b"", bytes(LIST_BYTES)),
    b"",
]


@pytest.mark.parametrize("data", MEMBERS, ids=lambda data: data[:12].hex())
def test_members_of_every_make_are_judged_as_in_python(node: LineProgram, data: bytes) -> None:
    assert node.ask({"task": "gunzip", "data": base64(data), "byHand": True}) == python_gunzip(data)
    assert unbase64(base64(data)) == data


def test_the_core_is_small_and_asks_for_nothing_of_others() -> None:
    packed = 0
    for path in CORE.glob("*.js"):
        text = path.read_text("utf-8")
        head = "//# allFunctionsCalledOnLoad\n// @ts-check\n/**"
        assert text.startswith(head), f"{path.name}: each module says what it is for"
        assert all(
            line.rstrip("';").rpartition("'")[2].startswith("./")
            for line in text.splitlines()
            if " from '" in line
        )
        assert not {"fetch(", "window.", "localStorage", "Date.now", "Math.random", "eval("} & {
            word
            for word in ("fetch(", "window.", "localStorage", "Date.now", "Math.random", "eval(")
            if word in text
        }, f"{path.name}: the core does no input, no output and reads no clock"
        packed += len(gzip.compress(text.encode()))
    assert packed < 40_000, "A phone loads all of this before it says anything."
