"""A real web server in a thread, for the verifier's HTTP source: files by path, and a few ways to misbehave."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
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
