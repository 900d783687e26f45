"""Servers that misbehave: our errors only, in time, and bytes, nothing there and "could not be told" kept apart."""

import socket
import time
from contextlib import closing

import pytest

from tests.builders import refused
from tests.verifier.webserver import answering
from verifier import deadline
from verifier.errors import SourceError
from verifier.webserver import HttpSource

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
SECONDS = 0.4
LOCATIONS = [
    b"http://xn--a.cn/",
    b"//xn--a",
    b"http://xn--/",
    b"http://[::1",
    b"http://[v1.x]/",
    b"http://a:99999999/",
    b"http://127.0.0.1:-1/",
    b"http://\xff\xfe/",
    b"http://a\0b/",
    b"http:///x",
    b"http://%zz/",
    b"http://user@127.0.0.1/",
    b"http://\xe2\x80\xae.cn/",
    b"mailto:x",
    b"?\xed\xa0\x80",
    b"\x01",
    b"",
    b"x" * 90_000,
    b"http://" + b"a" * 70_000,
]
UNREADABLE = [
    b"",
    b"garbage\r\n\r\n",
    b"HTTP/1.1 99 x\r\n\r\n",
    b"HTTP/1.1 1000 x\r\n\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\n" * 3,
    OK + b"A: b\r\n" * 100_000,
    OK + b"Content-Length: -1\r\n\r\nabc",
    OK + b"Content-Length: x\r\n\r\nabc",
    OK + b"Content-Length: 1, 2\r\n\r\nabc",
    OK + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
    OK + b"Content-Length: \xb2\r\n\r\nabc",
    OK + b"Content-Length: 99999999999999999999\r\n\r\nabc",
    OK + b"Content-Encoding: br\0\r\nContent-Length: 3\r\n\r\nabc",
    CHUNKED + b"zz\r\nabc",
    CHUNKED + b"-5\r\nabc",
    CHUNKED + b"3\r\nabcX",
    CHUNKED + b"\xff\r\n",
    CHUNKED + b"ffffffffffffffffffff\r\nabc",
    CHUNKED + b"3;" + b"x" * 200_000 + b"\r\nabc",
    b"HTTP/1.1 404 Not Found\r\nContent-Length: -3\r\n\r\n",
]
ENCODINGS = [b"gzip", b"\xff", b"identity, gzip", b"br", b""]


def read(address: str, *, seconds: float = 20.0) -> bytes | None:
    """One document of at most 1,000 bytes."""
    with closing(HttpSource(address, total_seconds=seconds)) as source:
        return source.read("x", 1000)


@pytest.mark.parametrize("location", LOCATIONS, ids=lambda location: repr(location[:24]))
def test_a_redirect_to_nowhere_cannot_be_told(location: bytes) -> None:
    answer = b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: " + location + b"\r\n\r\n"
    with answering(answer) as address, pytest.raises(SourceError) as caught:
        read(address)
    assert caught.value.code in {"source_redirect", "source_unreachable", "source_refused"}


@pytest.mark.parametrize("answer", UNREADABLE, ids=lambda answer: repr(answer[-40:]))
def test_an_answer_that_is_no_http_cannot_be_told(answer: bytes) -> None:
    with answering(answer) as address, refused(SourceError, "source_unreachable"):
        read(address)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_any_other_encoding_is_refused(encoding: bytes) -> None:
    answer = OK + b"Content-Encoding: " + encoding + b"\r\nContent-Length: 3\r\n\r\nabc"
    with answering(answer) as address, refused(SourceError, "source_encoding"):
        read(address)


def test_bytes_and_nothing_there_are_told() -> None:
    with answering(OK + b"Set-Cookie: \xff=;;;\r\nContent-Length: 3\r\n\r\nabc") as address:
        assert read(address) == b"abc"
    with answering(CHUNKED + b"3\r\nabc\r\n0\r\n\r\n") as address:
        assert read(address) == b"abc"
    with answering(b"HTTP/1.1 404 Not Found\r\nContent-Length: 900\r\n\r\ncut") as address:
        assert read(address) is None


# ---- one deadline for the whole exchange


@pytest.mark.parametrize(
    "answer",
    [
        OK + b"X: " + b"y" * 400,
        b"HTTP/1.1 100 Continue\r\n\r\n" * 40,
        OK + b"Content-Length: 400\r\n\r\n" + b"z" * 400,
        CHUNKED + b"1\r\nx\r\n" * 100,
    ],
)
def test_whatever_is_dripped_is_given_up(answer: bytes) -> None:
    started = time.monotonic()
    with answering(answer, pause=0.05) as address, refused(SourceError, "source_unreachable"):
        read(address, seconds=SECONDS)
    assert time.monotonic() - started < 3


def test_a_server_that_says_nothing_to_a_handshake_is_given_up() -> None:
    started = time.monotonic()
    with socket.create_server(("127.0.0.1", 0)) as server:
        with refused(SourceError, "source_unreachable"):
            read(f"https://127.0.0.1:{server.getsockname()[1]}", seconds=SECONDS)
        assert time.monotonic() - started < 3


def test_a_proxy_that_drips_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    started = time.monotonic()
    with answering(OK + b"X: " + b"y" * 400, pause=0.05) as proxy:
        monkeypatch.setenv("http_proxy", proxy)
        monkeypatch.setenv("no_proxy", "direct.example")
        with refused(SourceError, "source_unreachable"):
            read("http://jxjy.example.cn", seconds=SECONDS)
    assert time.monotonic() - started < 3


def test_a_deadline_that_is_over_before_the_first_byte() -> None:
    with answering(OK) as address, refused(SourceError, "source_unreachable"):
        read(address, seconds=0.0)


def test_a_name_that_is_none_is_unreachable() -> None:
    for name in ("nobody.invalid", "xn--a", "a" * 70):
        with refused(SourceError, "source_unreachable"):
            read(f"http://{name}")


def test_each_read_has_a_deadline_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half of it goes by between the reads; the third would have no time left if the first's went on."""
    passed = 0.0
    monkeypatch.setattr(deadline, "monotonic", lambda: time.monotonic() + passed)
    answer = OK + b"Connection: close\r\nContent-Length: 1\r\n\r\na"
    with answering(answer) as address, closing(HttpSource(address, total_seconds=20)) as source:
        for _ in range(4):
            assert source.read("x", 10) == b"a"
            passed += 10
