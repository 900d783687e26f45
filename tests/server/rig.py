"""The public server over what the simulator publishes: in this process for requests, and as a real process."""

import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI

from keys.trustchain import RootPin
from tests.answering import answers
from tests.simulator import NOW, Certificate, Simulator, standard_pin
from tests.verifier.publication import folder_of, publication
from verifier.number import CertificateNumber
from verifier.server.app import create_public_app
from verifier.server.settings import Limits, PublicSettings
from verifier.webpages import SET, pages_with

PROJECT = Path(__file__).resolve().parents[2]


def loaded(path: str) -> str:
    """Where the pages' file ``verifier/path`` is published: in the folder of this edition."""
    (found,) = (one for one in pages_with(None) if SET.match(one) and SET.sub("", one) == path)
    return found


@dataclass(slots=True)
class Site:
    """A publication in a folder, and the certificates that it covers."""

    folder: Path
    registry: Simulator
    certificates: tuple[Certificate, ...]

    @property
    def certificate(self) -> Certificate:
        """The first."""
        return self.certificates[0]


def new_site(folder: Path, count: int = 3) -> Site:
    """A registry with a log of some length, whose serials 1 to ``count`` are ours."""
    registry = Simulator()
    certificates = tuple(registry.issue(serial=serial) for serial in range(1, count + 1))
    folder_of(publication(registry, [one.number for one in certificates]), folder)
    return Site(folder, registry, certificates)


@dataclass(slots=True)
class Records:
    """A deployment's records in memory."""

    held: Mapping[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def find(self, number: CertificateNumber) -> tuple[bytes, bytes | None] | None:
        """See ``RecordSource``."""
        self.asked.append(number.digits)
        record = self.held.get(number.digits)
        return (record, None) if record else None


def app_on(site: Site, *, pin: RootPin | None = None, unpinned: bool = False, **changes: Any) -> FastAPI:
    """The application over ``site`` at the simulator's time; ``changes`` are of its settings."""
    root = None if unpinned else pin or standard_pin()
    return create_public_app(PublicSettings(site.folder, **{"pin": root, "clock": lambda: NOW, **changes}))


@asynccontextmanager
async def client_of(app: FastAPI, peer: str = "192.0.2.7") -> AsyncIterator[httpx.AsyncClient]:
    """A caller from ``peer``, until the application's life ends."""
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app=app, client=(peer, 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://server.example") as client:
            yield client


def generous(**changes: Any) -> Limits:
    """Limits under which no test is told to wait."""
    return Limits(**{"burst": 1e9, "lookup_seconds": 0.02, **changes})


@contextmanager
def serving(site: Path, *options: str, environment: Mapping[str, str] | None = None) -> Iterator[str]:
    """``certverify serve`` as a process on a free port; yields its address."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "verifier", "serve", str(site), "--port", str(port), *options]
    kept = {**os.environ, "PYTHONPATH": str(PROJECT), **(environment or {})}
    # Not a pipe: one that nobody reads fills up, and the server waits for it.
    process = subprocess.Popen(
        command, cwd=PROJECT, env=kept, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT
    )
    try:
        if not answers(process, port, "/root.json"):
            raise RuntimeError("the server did not start")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=30)
