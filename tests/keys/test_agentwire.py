"""What an agent and its clients say: bounded, strict, and every answer bound to its request."""

import socket
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keys.agentwire import (
    MAX_FRAME_BYTES,
    MAX_MESSAGES,
    KeysAsked,
    SignaturesAsked,
    pack_answer,
    pack_keys,
    pack_keys_asked,
    pack_refusal,
    pack_signatures_asked,
    parse_answer,
    parse_keys,
    parse_request,
    receive_frame,
    send_frame,
)
from keys.errors import CustodyError
from tests.builders import refused, signer

NAMES = st.from_regex(r"\A[A-Za-z0-9][A-Za-z0-9-]{0,63}\Z")


@given(NAMES, st.lists(st.binary(max_size=100), min_size=1, max_size=20))
def test_a_request_comes_back(name: str, messages: list[bytes]) -> None:
    asked = parse_request(pack_signatures_asked(name, messages))
    assert asked == SignaturesAsked(name, tuple(messages))


def test_the_bytes_are_as_documented() -> None:
    assert pack_keys_asked() == b"\x01"
    assert parse_request(b"\x01") == KeysAsked()
    expected = b"\x02\x03log\x00\x02\x00\x00\x00\x01\x00\x00\x00\x02xyz"
    assert pack_signatures_asked("log", [b"x", b"yz"]) == expected
    assert pack_answer(b"\x01", b"content") == sha256(b"\x01").digest() + b"\x00content"
    assert pack_refusal(b"\x01", "code") == sha256(b"\x01").digest() + b"\x01code"


GOOD = pack_signatures_asked("log", [b"x", b"yz"])


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\x00",
        b"\x03",
        b"\x01\x00",
        b"\x02",
        *(GOOD[:end] for end in range(1, len(GOOD))),
        GOOD + b"z",
        pack_signatures_asked("log", []),
        pack_signatures_asked("", [b"x"]),
        pack_signatures_asked("../log", [b"x"]),
        pack_signatures_asked("-log", [b"x"]),
        GOOD.replace(b"log", b"l\xffg"),
        pack_signatures_asked("log", [b""] * (MAX_MESSAGES + 1)),
    ],
)
def test_what_is_no_request_is_refused(body: bytes) -> None:
    with refused(CustodyError, "agent_protocol"):
        parse_request(body)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_request_or_refused(body: bytes) -> None:
    try:
        asked = parse_request(body)
    except CustodyError:
        pass
    else:
        packed = (
            pack_keys_asked()
            if isinstance(asked, KeysAsked)
            else pack_signatures_asked(asked.name, asked.messages)
        )
        assert packed == body


def test_keys_come_back() -> None:
    keys = {name: signer(name).public_key for name in ("log", "410100-2026-1")}
    assert parse_keys(pack_keys(keys)) == keys
    assert parse_keys(b"") == {}


@pytest.mark.parametrize("content", [b"\x03log", b"\x03l\xffg" + bytes(32), b"\x03log" + bytes(32), b"\x03"])
def test_keys_that_are_none_are_refused(content: bytes) -> None:
    """Cut off, no name, of low order."""
    with refused(CustodyError, "agent_protocol"):
        parse_keys(content)


def test_an_answer_is_to_its_request_alone() -> None:
    assert parse_answer(b"one", pack_answer(b"one", b"content")) == b"content"
    with refused(CustodyError, "agent_protocol"):
        parse_answer(b"two", pack_answer(b"one", b"content"))
    with refused(CustodyError, "agent_purpose"):
        parse_answer(b"one", pack_refusal(b"one", "agent_purpose"))


@pytest.mark.parametrize("rest", [b"", b"\x02", b"\x01", b"\x01Not a code", b"\x01" + b"a" * 65])
def test_an_answer_of_another_form_is_refused(rest: bytes) -> None:
    with refused(CustodyError, "agent_protocol"):
        parse_answer(b"one", sha256(b"one").digest() + rest)


def test_frames_over_a_socket() -> None:
    here, there = socket.socketpair()
    with here, there:
        send_frame(here, b"")
        send_frame(here, b"body")
        here.shutdown(socket.SHUT_WR)
        received = [receive_frame(there, patience=5, idle=5) for _ in range(3)]
        assert received == [b"", b"body", None]


def test_a_frame_over_the_bound_is_refused_before_it_is_kept() -> None:
    here, there = socket.socketpair()
    with here, there:
        here.sendall((MAX_FRAME_BYTES + 1).to_bytes(4, "big"))
        with refused(CustodyError, "agent_protocol"):
            receive_frame(there, patience=5, idle=5)


@pytest.mark.parametrize("sent", [b"\x00\x00", b"\x00\x00\x00\x05abcd"])
def test_a_frame_that_is_cut_off(sent: bytes) -> None:
    here, there = socket.socketpair()
    with there:
        with here:
            here.sendall(sent)
        with pytest.raises(ConnectionError):
            receive_frame(there, patience=5, idle=5)
