"""Small requests answered by the connection itself, beside uvicorn's own way: the same bytes in, the same answer out, to hostile callers too.

Over real sockets, byte by byte, because what is tried here no client library sends.
"""

import asyncio
import json
import logging
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise

import pytest
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from tests.server.rig import Site, app_on, generous
from tests.threaded import port_of, threaded
from verifier.presented import Presented
from verifier.server.answers import Reply
from verifier.server.app import PublicApp
from verifier.server.atonce import AtOnce
from verifier.server.connection import Connection
from verifier.server.heads import Head
from verifier.server.settings import Limits
from verifier.server.verifying import SMALL

BURST = 1e6
ENDLESS = 200_000_000
"""Bytes, many times what both kernels keep of a connection; uvicorn's own takes them all."""


@dataclass(slots=True)
class Counting:
    """What an application answers at once, counted."""

    real: AtOnce
    at_once: int = 0
    handed_on: int = 0
    then: list[Callable[[], None]] = field(default_factory=list)
    """Called when an answer is under way."""

    def begin(self, head: Head, body: bytes, reply: Callable[[Reply], None]) -> ASGIApp | None:
        """See ``AtOnce``."""
        instead = self.real.begin(head, body, reply)
        if instead is None:
            self.at_once += 1
            for act in self.then:
                act()
        else:
            self.handed_on += 1
        return instead


@dataclass(slots=True)
class Running:
    app: PublicApp
    server: uvicorn.Server
    counting: Counting

    @property
    def port(self) -> int:
        return port_of(self.server)

    @property
    def left(self) -> float:
        """Tokens that the one client here has left."""
        held: float = self.app.state.service.buckets._buckets.get("127.0.0.1", (BURST, 0))[0]
        return round(held, 3)

    def talk(self, *pieces: bytes, pause: float = 0.0, seconds: float = 10.0) -> bytes:
        """All that comes back for ``pieces`` until the server closes or this end, which has said its last, has its answers."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=seconds) as caller:
            caller.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for piece in pieces:
                caller.sendall(piece)
                time.sleep(
                    pause
                )  # so that the server reads them one by one; where it does not, nothing is shown
            return b"".join(iter(lambda: _received(caller), b""))

    def rest(self) -> None:
        """Until all that was asked is also written down."""
        asyncio.run_coroutine_threadsafe(self._rest(), self.server.servers[0].get_loop()).result(10)

    async def _rest(self) -> None:
        while self.server.server_state.tasks:
            await asyncio.sleep(0.001)


def _received(caller: socket.socket) -> bytes:
    try:
        return caller.recv(65536)
    except ConnectionResetError:
        return b""


@contextmanager
def served(site: Site, protocol: type[asyncio.Protocol], limits: Limits) -> Iterator[Running]:
    """The server in a thread, which has read its publication."""
    app = app_on(site, limits=limits)
    assert isinstance(app, PublicApp)
    app.state.service.judge.view()
    counting = Counting(app.at_once)
    app.at_once = counting  # type: ignore[assignment] - it has all that a connection asks for
    config = uvicorn.Config(
        app,
        port=0,
        http=protocol,
        log_config=None,
        access_log=False,
        proxy_headers=False,
        timeout_keep_alive=1,
    )
    with threaded(config) as server:
        yield Running(app, server, counting)


@pytest.fixture(scope="module")
def both(site: Site) -> Iterator[tuple[Running, Running]]:
    """Ours, and uvicorn's own; a body may take half a second, and what was read of the publication stays fresh."""
    limits = generous(burst=BURST, per_second=1e-9, body_seconds=0.5, publication_seconds=1e6)
    with served(site, Connection, limits) as ours, served(site, HttpToolsProtocol, limits) as plain:
        yield ours, plain


def request(body: bytes, *headers: str, start: str = "POST /api/verify HTTP/1.1", length: str = "") -> bytes:
    """A request as a client writes it; ``headers`` go before the usual ones."""
    lines = [start, "Host: server.example", *headers, "Content-Type: application/json"]
    lines += [f"Content-Length: {length or len(body)}"]
    return "\r\n".join((*lines, "", "")).encode("latin-1") + body


def asking(*items: object, **options: object) -> bytes:
    return json.dumps({"items": items, **({"options": options} if options else {})}).encode()


def answers(raw: bytes) -> list[tuple[bytes, list[bytes], bytes]]:
    """Status lines, headers in the order of the alphabet and without the date, and bodies; what is no answer ends the list.

    Interim answers (RFC 9110, 15.2) have neither a body nor a length.
    """
    found = []
    while raw:
        head, _, rest = raw.partition(b"\r\n\r\n")
        line, *headers = head.split(b"\r\n")
        length = next((int(one[15:]) for one in headers if one.startswith(b"content-length:")), None)
        if line.startswith(b"HTTP/1.1 1"):  # only announces an answer
            length = 0
        body, raw = (rest, b"") if length is None else (rest[:length], rest[length:])
        found.append((line, sorted(one for one in headers if not one.startswith(b"date:")), body))
    return found


LAST = "Connection: close"
NUMBER = {"number": "1"}
GARBAGE = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(128, 256)) * 4


def _ordinary(site: Site) -> dict[str, tuple[int, bytes]]:
    """By name: how many of its requests are answered at once, and what is sent."""
    record = {"record": site.certificate.record.decode()}
    code = {"qrText": site.certificate.qr_text, "target": "二维码"}
    altered = {"record": record["record"].replace('"publicHours":26', '"publicHours":27')}
    return {
        "a record": (1, request(asking(record), LAST)),
        "a code, and lines": (1, request(asking(code), LAST, "Accept: application/x-ndjson")),
        "two": (1, request(asking(code, altered), LAST)),
        "three": (0, request(asking(code, altered, NUMBER), LAST)),
        "a moment": (1, request(asking(record, at="2020-01-01T00:00:00Z"), LAST)),
        "no moment": (1, request(asking(record, at="2020-02-31T00:00:00Z"), LAST, "Accept-Language: en")),
        "no JSON": (1, request(b"{", LAST)),
        "twice the same name": (1, request(b'{"items":[],"items":[]}', LAST)),
        "no items": (1, request(b'{"items":[]}', LAST)),
        "nothing": (1, request(b"", LAST)),
        "half a surrogate": (1, request(b'{"items":[{"number":"1","target":"\\ud800"}]}', LAST)),
        "not small": (0, request(asking(NUMBER) + b" " * SMALL, LAST)),
        "compressed": (0, request(asking(NUMBER), LAST, "Content-Encoding: gzip")),
        "another type": (0, request(asking(NUMBER), LAST, "Content-Type: text/plain")),
        "a query": (0, request(asking(NUMBER), LAST, start="POST /api/verify?x=1 HTTP/1.1")),
        "the whole address": (0, request(asking(NUMBER), LAST, start="POST http://x/api/verify HTTP/1.1")),
        "another method": (0, request(b"", LAST, start="GET /api/verify HTTP/1.1")),
        "HTTP/1.0": (1, request(asking(NUMBER), start="POST /api/verify HTTP/1.0")),
        "to be asked for": (0, request(asking(NUMBER), LAST, "Expect: 100-continue")),
        "a web socket": (0, request(b"", "Connection: Upgrade", "Upgrade: websocket")),
        "one after the other": (
            1,
            request(asking(code)) + request(b"", start="GET /root.json HTTP/1.1") + request(asking(altered))
            + request(asking(NUMBER, NUMBER, NUMBER), LAST),
        ),
        "more after the last": (1, request(asking(NUMBER), LAST) + request(asking(NUMBER))),
    }  # fmt: skip


def _hostile() -> dict[str, tuple[int, bytes]]:
    body = asking(NUMBER)
    chunk = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    inner = request(asking(NUMBER))
    chunked = request(b"", LAST, "Transfer-Encoding: chunked", length="-").replace(
        b"Content-Length: -\r\n", b""
    )
    return {
        "chunks": (0, chunked + chunk),
        "a bad chunk": (0, chunked + b"zz\r\n" + body),
        "length and chunks": (0, request(chunk + inner, LAST, "Transfer-Encoding: chunked", length="4")),
        "chunks that are none": (0, request(chunk, LAST, "Transfer-Encoding: identity, chunked")),
        "two lengths": (0, request(body + inner, LAST, f"Content-Length: {len(body)}", length=f"{len(body) + 5}")),
        "twice one length": (0, request(body, LAST, f"Content-Length: {len(body)}")),
        "a signed length": (0, request(body, LAST, length=f"+{len(body)}")),
        "two numbers": (0, request(body, LAST, length=f"{len(body)}, {len(body)}")),
        "a length beyond numbers": (0, request(body, LAST, length="9" * 30)),
        "a header over two lines": (0, request(body, LAST, "X: a\r\n b")),
        "space before the colon": (0, request(body, LAST, "Content-Length : 5")),
        "no colon": (0, request(body, LAST, "nonsense")),
        "a zero byte": (0, request(body, LAST, "X: \0")),
        "bare line feeds": (0, request(body, LAST).replace(b"\r\n", b"\n")),
        "a small method": (0, request(body, LAST, start="post /api/verify HTTP/1.1")),
        "another protocol": (0, request(body, LAST, start="POST /api/verify HTTP/9.9")),
        "another language": (0, GARBAGE),
        "garbage after it": (1, request(body) + GARBAGE),
        "ten thousand headers": (1, request(body, LAST, *(f"X-{n}: {n}" for n in range(10_000)))),
        "a header of a megabyte": (1, request(body, LAST, "X: " + "x" * 1_000_000)),
        "a body a byte too short, for ever": (0, request(body[:-1], LAST, length=str(len(body)))),
    }  # fmt: skip


def test_what_both_answer_is_the_same_and_costs_the_client_the_same(
    both: tuple[Running, Running], site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "certverify.server")
    ours, plain = both
    for name, (at_once, sent) in {**_ordinary(site), **_hostile()}.items():
        before, tokens = ours.counting.at_once, (ours.left, plain.left)
        found = []
        for one in (ours, plain):
            caplog.clear()
            told = answers(one.talk(sent))
            one.rest()
            found.append((told, [line.getMessage().split(" ")[:3] for line in caplog.records]))
        assert found[0] == found[1], name
        assert ours.counting.at_once - before == at_once, name
        assert ours.left - tokens[0] == plain.left - tokens[1], name
        assert ours.app.state.service.places.taken == plain.app.state.service.places.taken == 0, name


def test_what_comes_in_pieces_is_answered_too(both: tuple[Running, Running], site: Site) -> None:
    whole = request(asking({"record": site.certificate.record.decode()}), LAST)
    end_of_head = whole.index(b"\r\n\r\n") + 4
    expected = answers(both[0].talk(whole))
    assert expected[0][0] == b"HTTP/1.1 200 OK"
    for places in ((end_of_head,), (30, end_of_head - 1), (end_of_head + 1, len(whole) - 1)):
        ends = (0, *places, len(whole))
        pieces = [whole[start:end] for start, end in pairwise(ends)]
        assert answers(both[0].talk(*pieces, pause=0.02)) == expected
    body_of_nobody = answers(both[0].talk(whole[: end_of_head + 9]))
    assert [line for line, _, _ in body_of_nobody] == [b"HTTP/1.1 408 Request Timeout"]


def test_who_sends_a_thousand_and_goes_harms_nobody(both: tuple[Running, Running], site: Site) -> None:
    """Or never takes an answer: what he sends is no longer read, so that no more is kept for him than the kernels' buffers and one reading."""
    ours, _ = both
    one = request(asking({"record": site.certificate.record.decode()}))
    with socket.create_connection(("127.0.0.1", ours.port), timeout=10) as caller:
        caller.sendall(one * 100)
    with socket.create_connection(("127.0.0.1", ours.port), timeout=1) as stubborn:
        with pytest.raises(TimeoutError):
            _send_until(stubborn, one * 100, ENDLESS)
        meanwhile = answers(ours.talk(request(asking(NUMBER), LAST)))
    assert meanwhile[0][0] == b"HTTP/1.1 200 OK"
    until = time.monotonic() + 30
    while ours.app.state.service.places.taken and time.monotonic() < until:
        time.sleep(0.01)
    assert ours.app.state.service.places.taken == 0


def _send_until(caller: socket.socket, piece: bytes, most: int) -> None:
    sent = 0
    while sent < most:
        sent += caller.send(piece)


def test_a_client_over_his_rate_or_a_full_house_is_told_so(site: Site) -> None:
    limits = generous(burst=2.0, per_second=0.01, publication_seconds=1e6)
    with served(site, Connection, limits) as ours:
        asked = request(asking(NUMBER), LAST)
        found = [answers(ours.talk(asked))[0] for _ in range(3)]
        ours.app.state.service.buckets.take("127.0.0.1", -10, time.monotonic())
        places = ours.app.state.service.places
        held = [places.take("x") for _ in range(limits.judging + limits.waiting)]
        found.append(answers(ours.talk(asked))[0])
        assert places.taken == len(held)
        assert ours.counting.at_once == 4
    assert [line.split()[1] for line, _, _ in found] == [b"200", b"200", b"429", b"503"]
    assert any(one.startswith(b"retry-after: ") for one in found[2][1])


def test_a_fault_is_a_problem_of_that_request_alone(
    both: tuple[Running, Running], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """What no verifier foresaw: here a number that is no text."""

    def unforeseen(asked: object) -> list[Presented]:
        return [Presented("x", record=7)]  # type: ignore[arg-type]

    ours, _ = both
    monkeypatch.setattr("verifier.server.atonce.presented_in", unforeseen)
    (line, headers, body), *_ = answers(ours.talk(request(asking(NUMBER), LAST, "Accept-Language: en")))
    assert line == b"HTTP/1.1 500 Internal Server Error"
    assert json.loads(body)["code"] == "fault"
    assert b"x-frame-options: DENY" in headers
    assert "fault TypeError at " in caplog.text
    assert ours.app.state.service.places.taken == 0


def test_the_server_ends_after_the_answers_that_are_under_way(site: Site) -> None:
    limits = generous(publication_seconds=1e6)
    with served(site, Connection, limits) as ours:
        connections = ours.server.server_state.connections
        ours.counting.then.append(lambda: [one.shutdown() for one in list(connections)])  # type: ignore[func-returns-value]
        (line, headers, _), *rest = answers(ours.talk(request(asking(NUMBER)) + request(asking(NUMBER))))
    assert line == b"HTTP/1.1 200 OK"
    assert b"connection: close" in headers
    assert rest == []


def test_a_publication_that_must_be_read_first_is_waited_for_elsewhere(site: Site) -> None:
    with served(site, Connection, generous(publication_seconds=-1.0)) as ours:
        (line, _, body), *_ = answers(ours.talk(request(asking({"qrText": site.certificate.qr_text}), LAST)))
        assert (ours.counting.at_once, ours.counting.handed_on) == (0, 1)
    assert (line, json.loads(body)["verdict"]) == (b"HTTP/1.1 200 OK", "PASSED")
