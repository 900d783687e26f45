"""A second door for those who run a server: ``/metrics``, ``/health/live``, ``/health/ready``; on an address of their own.

Not on the port that the world reaches: what a registry has, and how much of it, is nobody's business there. It has threads of
its own, so that it answers while every place of the server is taken.
"""

import json
import logging
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from socket import AF_INET, AF_INET6
from threading import Thread
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector, CollectorRegistry

from verifier.operation.logs import whereabouts

logger = logging.getLogger(__name__)
Ready = Callable[[], Sequence[str]]
"""The codes of what is missing; empty where all is well."""
JSON = "application/json"
_SECONDS = 10
"""For a request: nobody keeps a thread. Sender: whoever reaches the address."""


def parse_address(text: str) -> tuple[str, int]:
    """``HOST:PORT`` (``127.0.0.1:9100``, ``[::1]:9100``); raises ``ValueError``."""
    host, _, port = text.rpartition(":")
    if not (port.isascii() and port.isdigit()) or int(port) > 65535:
        raise ValueError(text)
    return str(ip_address(host.removeprefix("[").removesuffix("]"))), int(port)


def ready_document(missing: Sequence[str]) -> tuple[int, bytes]:
    """Status and body of ``/health/ready``."""
    document = {"ready": not missing, "missing": list(missing)}
    return (503 if missing else 200), json.dumps(document).encode() + b"\n"


LIVE = b'{"live": true}\n'


@contextmanager
def listening(
    address: str, ready: Ready, *, collectors: Sequence[Collector] = (), base: Any = None
) -> Iterator[int]:
    """Answer at ``address`` while the block runs; gives the port. ``base`` is the process's own registry of counters."""
    registry = CollectorRegistry()
    for collector in collectors:
        registry.register(collector)
    if base is not None:
        registry.register(base)
    host, port = parse_address(address)
    server = _server(host, port, _handler(registry, ready))
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.2}, name="listener", daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _server(host: str, port: int, handler: type[BaseHTTPRequestHandler]) -> ThreadingHTTPServer:
    class Server(ThreadingHTTPServer):
        daemon_threads = True
        address_family = AF_INET6 if ":" in host else AF_INET

        def handle_error(self, request: Any, client_address: Any) -> None:
            """Who hung up is no trouble of ours; the library would write his address, and texts, where log lines go."""
            error = sys.exc_info()[1]
            if error is not None and not isinstance(error, ConnectionError):
                logger.warning("an answer was not given: %s", whereabouts(error))

    return Server((host, port), handler)


def _handler(registry: CollectorRegistry, ready: Ready) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = _SECONDS

        def do_GET(self) -> None:
            try:
                status, kind, body = self._asked()
            except Exception as error:
                logger.warning("%s could not be told: %s", self.path[:20], whereabouts(error))
                status, kind, body = 500, JSON, b"{}\n"
            self._answer(status, kind, body)

        def _asked(self) -> tuple[int, str, bytes]:
            if self.path == "/metrics":
                return 200, CONTENT_TYPE_LATEST, generate_latest(registry)
            if self.path == "/health/live":
                return 200, JSON, LIVE
            if self.path == "/health/ready":
                status, body = ready_document(ready())
                return status, JSON, body
            return 404, JSON, b"{}\n"

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is the library's
            """Who looks after the server need not be told of it."""

        def _answer(self, status: int, kind: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            self.wfile.write(body)

    return Handler
