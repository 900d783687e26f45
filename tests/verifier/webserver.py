"""A real web server in a thread, for the verifier's HTTP source: files by path, and a few ways to misbehave."""

import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

DRIP = "drip"
"""The path whose body comes byte by byte."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    files: Mapping[str, bytes] = {}
    answers: Mapping[str, tuple[int, dict[str, str]]] = {}
    asked: list[str]

    def do_GET(self) -> None:
        path = self.path.lstrip("/")
        self.asked.append(path)
        status, headers = self.answers.get(path, (200 if path in self.files else 404, {}))
        body = self.files.get(path, b"")
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self._send(body, slowly=path == DRIP)

    def _send(self, body: bytes, *, slowly: bool) -> None:
        if not slowly:
            self.wfile.write(body)
            return
        try:
            for byte in body:
                self.wfile.write(bytes((byte,)))
                time.sleep(0.05)
        except OSError:
            self.close_connection = True

    def log_message(self, *_: Any) -> None:
        """Nothing: the tests look at ``asked``."""


@contextmanager
def serving(
    files: Mapping[str, bytes], answers: Mapping[str, tuple[int, dict[str, str]]] | None = None
) -> Iterator[tuple[str, list[str]]]:
    """The server's address and the paths it was asked for; ``answers`` give status and headers of some paths."""
    asked: list[str] = []
    handler = type("Handler", (_Handler,), {"files": files, "answers": answers or {}, "asked": asked})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        thread.join(5)
        server.server_close()


@contextmanager
def answering(answer: bytes, *, pause: float = 0.0) -> Iterator[str]:
    """The address of a server that answers every connection with these very bytes; one every ``pause`` seconds if given."""
    over = Event()
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = Thread(target=_answer_all, args=(server, answer, pause, over))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}"
        finally:
            over.set()
            with suppress(OSError):
                server.shutdown(socket.SHUT_RDWR)  # wakes the thread, which waits for a caller
            thread.join(5)


def _answer_all(server: socket.socket, answer: bytes, pause: float, over: Event) -> None:
    while not over.is_set():
        with suppress(OSError), server.accept()[0] as caller:
            caller.recv(65536)
            for piece in [answer] if not pause else (bytes((byte,)) for byte in answer):
                caller.sendall(piece)
                if pause and over.wait(pause):
                    return
