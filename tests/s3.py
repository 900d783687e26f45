"""A bucket for tests: an S3-compatible service (moto's) in a process of its own, and a gate before it that breaks.

Everything goes through the gate: it counts, keeps what was written in the order in which it lasted, and can lose the
connection before a write reaches the service or after, once or for good.
"""

import http.client
import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock, Thread
from typing import Any

import boto3
from botocore import loaders

from verifier.sources import FolderSource
from verifier.webpages import PAGES

setattr(loaders, "create_loader", cache(loaders.create_loader))  # noqa: B010 - each client would read anew what S3 is
PATIENCE = 60.0
"""Seconds until the service is up; two on a quiet machine."""
_HOP = {"connection", "transfer-encoding", "content-length", "keep-alive"}
_START = re.compile(r"(?<=[?&])start-after=[^&]*&?")
_PROGRAM = """
import sys
from moto.server import create_backend_app
from werkzeug.serving import make_server
server = make_server("127.0.0.1", 0, create_backend_app("s3"), threaded=True)
print(server.server_port, flush=True)
server.serve_forever()
"""


@dataclass(frozen=True, slots=True)
class Fault:
    """The ``nth`` write (from 1) loses its connection before it reaches the service or ``after``; ``lasting``: all later too."""

    nth: int
    after: bool
    lasting: bool = True


@dataclass(slots=True)
class Gate:
    """What passes on the way to the service, and what happens to it."""

    upstream: int
    port: int = 0
    fault: Fault | None = None
    unconditional: bool = False
    """Answer 501 to whoever sets a condition, as services do that know none."""
    deaf: bool = False
    """Pass on no ``StartAfter``, as services do that know none."""
    asked: list[tuple[str, str]] = field(default_factory=list)
    lasted: list[tuple[str, bytes]] = field(default_factory=list)
    """Path and body of each write, in the order in which the service had them."""
    headers: dict[str, dict[str, str]] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)
    writes: int = 0
    broken: bool = False

    @property
    def url(self) -> str:
        """Where programs reach the service."""
        return f"http://127.0.0.1:{self.port}"

    def reset(self, fault: Fault | None = None) -> None:
        """Mended, or to break anew; nothing has passed yet."""
        with self.lock:
            self.fault, self.writes, self.broken = fault, 0, False
            self.unconditional = self.deaf = False
            self.asked.clear()
            self.lasted.clear()

    def count(self, method: str) -> int:
        """How many requests of this method have passed."""
        return sum(one == method for one, _ in self.asked)

    def judge(self, method: str, path: str) -> tuple[bool, bool]:
        """Whether to lose this request before the service has it, and whether after."""
        with self.lock:
            self.asked.append((method, path))
            if self.broken:
                return True, False
            self.writes += method == "PUT"
            fault = self.fault
            if fault is None or method != "PUT" or self.writes != fault.nth:
                return False, False
            self.broken = fault.lasting
            return not fault.after, fault.after


def _handler(gate: Gate) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _relay(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            before, after = gate.judge(self.command, self.path)
            if before:
                self._lose()
                return
            if gate.unconditional and ("If-Match" in self.headers or "If-None-Match" in self.headers):
                self._answer(501, {"Content-Type": "application/xml"}, _NOT_IMPLEMENTED)
                return
            upstream = http.client.HTTPConnection("127.0.0.1", gate.upstream, timeout=PATIENCE)
            kept = {
                name: value
                for name, value in self.headers.items()
                if name.lower() not in {"expect", "connection"}
            }
            path = _START.sub("", self.path) if gate.deaf else self.path
            upstream.request(self.command, path, body=body or None, headers=kept)
            answer = upstream.getresponse()
            content = answer.read()
            upstream.close()
            if self.command == "PUT" and answer.status == 200:
                with gate.lock:
                    gate.lasted.append((self.path, body))
                    gate.headers[self.path] = dict(self.headers.items())
            if after:
                self._lose()
            else:
                self._answer(
                    answer.status,
                    dict(answer.getheaders()),
                    content,
                    length=answer.getheader("Content-Length"),
                )

        def _answer(
            self, status: int, headers: dict[str, str], content: bytes, *, length: str | None = None
        ) -> None:
            self.send_response_only(status)
            for name, value in headers.items():
                if name.lower() not in _HOP:
                    self.send_header(name, value)
            self.send_header(
                "Content-Length", length if self.command == "HEAD" and length else str(len(content))
            )
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        def _lose(self) -> None:
            self.close_connection = True
            with suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)

        do_GET = do_PUT = do_HEAD = do_POST = do_DELETE = _relay  # noqa: N815 - the library's names

        def log_message(self, *_: Any) -> None:
            """Nothing: the tests look at ``asked``."""

    return Handler


_NOT_IMPLEMENTED = (
    b'<?xml version="1.0"?><Error><Code>NotImplemented</Code><Message>no conditions here</Message></Error>'
)


@contextmanager
def service() -> Iterator[int]:
    """The port of an S3 service in a process of its own."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", _PROGRAM],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
        text=True,
    )
    try:
        assert process.stdout is not None
        yield int(process.stdout.readline())
    finally:
        process.kill()
        process.wait(PATIENCE)
        if process.stdout:
            process.stdout.close()


@contextmanager
def gated(upstream: int) -> Iterator[Gate]:
    """A gate before the service."""
    gate = Gate(upstream)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(gate))
    server.daemon_threads = True
    gate.port = server.server_port
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield gate
    finally:
        server.shutdown()
        thread.join(5)
        server.server_close()


def environment_of(gate: Gate) -> dict[str, str]:
    """What every S3 program is told by the environment; one attempt, so that a lost request is told and not repeated."""
    return {
        "AWS_ENDPOINT_URL": gate.url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_MAX_ATTEMPTS": "1",
    }


def new_bucket(gate: Gate, name: str) -> None:
    """An empty bucket that everybody may read, as a publication's."""
    client = boto3.client("s3", endpoint_url=gate.url)
    client.create_bucket(Bucket=name)
    everybody = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{name}/*",
    }
    client.put_bucket_policy(
        Bucket=name, Policy=json.dumps({"Version": "2012-10-17", "Statement": [everybody]})
    )
    client.close()


def place_of(address: str) -> tuple[str, str]:
    """Bucket and prefix of ``s3://BUCKET/PREFIX/``."""
    name, _, prefix = address.removeprefix("s3://").partition("/")
    return name, prefix


def objects_of(gate: Gate, address: str) -> dict[str, bytes]:
    """Everything at ``s3://BUCKET/PREFIX/``, by its path there."""
    name, prefix = place_of(address)
    client = boto3.client("s3", endpoint_url=gate.url)
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=name, Prefix=prefix)
    keys = [one["Key"] for page in pages for one in page.get("Contents", ())]
    found = {key.removeprefix(prefix): _read(client, name, key) for key in keys}
    client.close()
    return found


def _read(client: Any, name: str, key: str) -> bytes:
    with closing(client.get_object(Bucket=name, Key=key)["Body"]) as body:
        return bytes(body.read())


@dataclass(frozen=True, slots=True)
class Mirror:
    """What readers of the bucket see, as a folder: every write that has lasted since the gate was last reset."""

    gate: Gate
    address: str
    folder: Path

    @property
    def source(self) -> FolderSource:
        """For a reader."""
        return FolderSource(self.folder)

    def catch_up(self) -> None:
        """Take over all that has lasted."""
        for path, data in self.gate.lasted:
            self.take(path, data)

    def take(self, path: str, data: bytes) -> None:
        """Take over one write."""
        name, prefix = place_of(self.address)
        inside = path.removeprefix(f"/{name}/{prefix}")
        if inside not in PAGES:  # the second name of a page would be in the way of its first
            (self.folder / inside).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / inside).write_bytes(data)
