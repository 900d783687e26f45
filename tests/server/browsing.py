"""The real server at the registry's own address in a real browser: https with a certificate of its own, and outages that are real.

Chromium is told where the registry's names lead to, so that the page's address, its policy and its compression are those of a
deployment. Every request that reaches the server is written down, to the last byte.
"""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import uvicorn
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from fastapi import FastAPI

from tests.builders import HOST
from tests.server.rig import Site, app_on, generous
from tests.simulator import NOW
from tests.threaded import port_of, threaded
from tests.web import chromium

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

ADDRESS = f"https://{HOST}"
_T = TypeVar("_T")
_EXPECTED = ("Failed to load resource", "header has been ignored, because the URL's origin was untrustworthy")
"""What a browser complains of where a network is missing, or is plain http."""
_LIMITS = generous(lookup_seconds=0.0, publication_seconds=0.0)


@dataclass(slots=True)
class Request:
    """What reached the server, and how many bytes of body went back."""

    path: str
    said: bytes
    sent: int = 0


class Gate:
    """A cable that can be pulled: everything that comes to its port goes on to another one, unless it is down."""

    def __init__(self, to: int) -> None:
        self._to = to
        self._down = False
        self._open: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self._server = self._run(asyncio.start_server(self._pass, "127.0.0.1", 0))
        self.port: int = self._server.sockets[0].getsockname()[1]

    def _run(self, work: Coroutine[Any, Any, _T]) -> _T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._down:
            await _ended(writer)
            return
        inner, back = await asyncio.open_connection("127.0.0.1", self._to)
        self._open |= {writer, back}
        await asyncio.gather(_copied(reader, back), _copied(inner, writer))
        self._open -= {writer, back}

    async def _pull(self) -> None:
        self._down = True
        for writer in self._open:
            writer.close()

    def pull(self) -> None:
        """Cut what is open and refuse what comes."""
        self._run(self._pull())

    def mend(self) -> None:
        """Let through again."""
        self._down = False

    async def _close(self) -> None:
        self._server.close()
        await self._pull()
        while self._open:
            await asyncio.sleep(0.01)

    def close(self) -> None:
        """End it."""
        self._run(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


async def _copied(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass
    await _ended(writer)


async def _ended(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()


class Recorder:
    """The application, with everything that reaches it written down."""

    def __init__(self, app: FastAPI) -> None:
        self.app = app
        self.requests: list[Request] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        head = b"\n".join(b": ".join(pair) for pair in scope["headers"])
        one = Request(scope["path"], b"\n".join((scope["raw_path"], scope["query_string"], head)))
        self.requests.append(one)

        async def reading() -> Any:
            message = await receive()
            one.said += message.get("body", b"")
            return message

        async def writing(message: Any) -> None:
            one.sent += len(message.get("body", b""))
            await send(message)

        await self.app(scope, reading, writing)


@dataclass(slots=True)
class Host:
    """A server behind a cable; ``requests`` is everything that reached it."""

    app: FastAPI
    gate: Gate
    recorder: Recorder
    scheme: str

    @property
    def port(self) -> int:
        """Where it is reached."""
        return self.gate.port

    @property
    def requests(self) -> list[Request]:
        """Everything that reached it."""
        return self.recorder.requests

    @contextmanager
    def outage(self) -> Iterator[None]:
        """Nothing answers until the end of the block."""
        self.gate.pull()
        try:
            yield
        finally:
            self.gate.mend()

    @contextmanager
    def serving(self, site: Site) -> Iterator[None]:
        """Another site at the same address until the end of the block."""
        app = app_on(site, limits=_LIMITS)
        self.recorder.app = app
        try:
            yield
        finally:
            self.recorder.app = self.app
            app.state.service.close()


@contextmanager
def hosted(site: Site, folder: Path | None = None, **changes: Any) -> Iterator[Host]:
    """The server over ``site``; over https where there is a ``folder`` for its certificate."""
    app = app_on(site, **{"limits": _LIMITS, **changes})
    recorder = Recorder(app)
    options = certificate_in(folder) if folder else {}
    config = uvicorn.Config(recorder, port=0, log_level="error", loop="asyncio", **options)
    with threaded(config) as server, closing(Gate(port_of(server))) as gate:
        yield Host(app, gate, recorder, "https" if folder else "http")


def certificate_in(folder: Path) -> dict[str, Any]:
    """A certificate for the registry's host that nobody but the test's browser trusts."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    today = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .sign(key, SHA256())
    )
    files = {"ssl_certfile": folder / "certificate.pem", "ssl_keyfile": folder / "key.pem"}
    files["ssl_certfile"].write_bytes(certificate.public_bytes(Encoding.PEM))
    files["ssl_keyfile"].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return {name: str(path) for name, path in files.items()}


@contextmanager
def browser_to(host: Host, *more: str) -> Iterator["Browser"]:
    """A browser that finds the registry's host at ``host``, by https and by http."""
    rules = ",".join(f"MAP {HOST}:{port} 127.0.0.1:{host.port}" for port in (443, 80))
    with chromium.started(f"--host-resolver-rules={rules}", "--ignore-certificate-errors", *more) as browser:
        yield browser


@contextmanager
def visitor(
    browser: "Browser", *, at: int = NOW, language: str = "zh-CN", width: int = 390, expected: str = "\0"
) -> Iterator["BrowserContext"]:
    """Somebody's telephone: what it keeps lasts until the end of the block. It complains of nothing and holds no cookie.

    ``expected`` is in what it may complain of.
    """
    context = browser.new_context(locale=language, viewport={"width": width, "height": 800})
    complaints: list[str] = []
    context.on("console", lambda one: complaints.append(one.text) if one.type == "error" else None)
    context.on("weberror", lambda one: complaints.append(str(one.error)))
    context.clock.set_fixed_time(datetime.fromtimestamp(at, UTC))
    yield context
    assert context.cookies() == []
    context.close()
    found = [text for text in complaints if not any(one in text for one in (*_EXPECTED, expected))]
    assert found == [], found


def scanned(context: "BrowserContext", text: str) -> "Page":
    """A page of its own that has judged ``text``, the code's."""
    page = context.new_page()
    page.goto(text)
    page.wait_for_selector("#report > *")
    return page


def given(page: "Page", text: str) -> None:
    """A code put into the desk's field at once. A gun's four hundred keys cost a browser more than the verdict."""
    page.fill("#code", text)
    page.keyboard.press("Enter")


def kept(page: "Page") -> "Page":
    """The same page, once the device has kept what it needs."""
    page.wait_for_selector("html[data-kept]")
    return page


def verdict(page: "Page") -> tuple[str, str]:
    """The verdict's class and its word."""
    page.wait_for_selector("#report > *")
    return page.get_attribute("#verdict", "class") or "", page.inner_text("#verdict .word")


def until(page: "Page", condition: str) -> None:
    """Ask the page for ``condition``, which may be a promise, until it holds."""
    eventually(page, lambda: bool(page.evaluate(condition)), condition)


def eventually(page: "Page", holds: Callable[[], bool], told: str = "") -> None:
    """Look again, while the page goes on, until it ``holds``; ``told`` is what never did."""
    for _ in range(600):
        if holds():
            return
        page.wait_for_timeout(25)
    raise AssertionError(told)


def kept_file(path: str) -> str:
    """The condition that the device has kept ``path``; of the pages' files, that of any edition."""
    return (
        "(async () => { for (const name of await caches.keys()) for (const { url } of await (await caches.open(name)).keys())"
        f" if (new URL(url).pathname.replace(/(?<=^.verifier.)[\\w-]{{22}}./, '') === '{path}') return true; return false; }})()"
    )
