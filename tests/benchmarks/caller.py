"""Whoever asks the public server in a benchmark: reads lists of bodies, a line each, and tells the verdicts that came back.

Requests are made ready before the first is sent, and answers read after the last has come, so that it is the server that is
waited for. A process of its own, whose processor time is not the server's.
"""

import asyncio
import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import cast

import httptools
import uvloop

CONNECTIONS = 16
"""Callers at once, each of whom asks again when he has his answer."""
_HEAD = (
    b"POST /api/verify HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept-Encoding: identity\r\n"
    b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n"
)


class _Connection(asyncio.Protocol):
    """Sends its share of the requests, one after the other."""

    def __init__(self, requests: Iterator[bytes], done: "asyncio.Future[list[bytes]]") -> None:
        self._requests, self._done = requests, done
        self._answers: list[bytes] = []
        self._body = bytearray()
        self._parser = httptools.HttpResponseParser(self)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is one in all but name
        self._ask()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._done.done():
            self._done.set_exception(exc or ConnectionError("the server closed the connection"))

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_body(self, body: bytes) -> None:
        """Of the parser."""
        self._body += body

    def on_message_complete(self) -> None:
        """Of the parser."""
        self._answers.append(bytes(self._body))
        self._body.clear()
        self._ask()

    def _ask(self) -> None:
        request = next(self._requests, None)
        if request is None:
            self._done.set_result(self._answers)
            self._transport.close()
        else:
            self._transport.write(request)


async def _ask_all(port: int, bodies: Sequence[str], connections: int) -> list[bytes]:
    loop = asyncio.get_running_loop()
    requests = [_HEAD % len(data) + data for data in (body.encode() for body in bodies)]
    shares = [requests[start::connections] for start in range(min(connections, len(requests)))]
    waiting = [loop.create_future() for _ in shares]
    for share, done in zip(shares, waiting, strict=True):
        await loop.create_connection(
            lambda share=share, done=done: _Connection(iter(share), done), "127.0.0.1", port
        )  # type: ignore[misc]
    return [answer for answers in await asyncio.gather(*waiting) for answer in answers]


def main(port: int, connections: int) -> None:
    """Answer each line of the standard input with a line."""
    for line in sys.stdin:
        answers = uvloop.run(_ask_all(port, json.loads(line), connections))
        verdicts = Counter(json.loads(one)["verdict"] for answer in answers for one in answer.splitlines())
        print(json.dumps(verdicts), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else CONNECTIONS)
