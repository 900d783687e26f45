"""What those who run a registry see: metrics by codes alone, health that says what is missing, and nobody in either."""

import json
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event
from typing import Any

import httpx
import pytest
from prometheus_client import REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from keys.ceremony import make_offer, parse_offer
from registry.actors import SYSTEM
from registry.app import App, create_app
from registry.errors import RegistryError
from registry.jobs import service
from registry.jobs.worker import Done, JobKind, work_once
from registry.keyring import keyring_of
from registry.lastpublication import LastPublication, last_publication, note_publication
from registry.models import Intent
from registry.operation import health
from registry.operation.gauges import RegistryCollector
from registry.operation.health import Readiness
from registry.statuslists import STATUS_VALIDITY
from tests.builders import HOST, MUNICIPAL, refused, signer
from tests.registry.rig import DAY, FOUNDED, Clock, Place, Rig
from tests.registry.test_rollback import rolled_back
from verifier.operation.listener import listening, parse_address
from verifier.operation.metrics import PublicationCollector

Samples = Mapping[tuple[str, tuple[str, ...]], float]


def samples(text: str) -> Samples:
    """Name and label values, in the order of the labels' names, to value."""
    return {
        (one.name, tuple(one.labels.values())): one.value
        for family in text_string_to_metric_families(text)
        for one in family.samples
    }


def collected(app: App) -> Samples:
    """What is told of ``app``, without a server."""
    registry = CollectorRegistry()
    registry.register(RegistryCollector(app))
    return samples(generate_latest(registry).decode())


@pytest.fixture
def scraped(rig: Rig) -> Iterator[httpx.Client]:
    publication = PublicationCollector(rig.site, rig.clock)
    collectors = [RegistryCollector(rig.app), publication]
    with (
        listening("127.0.0.1:0", Readiness(rig.app), collectors=collectors, base=REGISTRY) as port,
        httpx.Client(base_url=f"http://127.0.0.1:{port}") as client,
    ):
        yield client


def test_the_registrys_state_is_told_in_numbers(rig: Rig, scraped: httpx.Client) -> None:
    before = samples(scraped.get("/metrics").text)
    assert before[("certreg_publication_status_seconds_left", ())] == 0
    assert ("certreg_published_seconds", ()) not in before
    rig.issue(1)
    rig.publish()
    rig.clock.now += 3600
    with rig.app.database.write() as session:
        for subject in ("test:1", "test:2"):
            service.order(session, SYSTEM, "count", subject=subject, now=rig.clock.now - 60)
        service.order(session, SYSTEM, "fail", subject="test:3", now=rig.clock.now)
    work_once(rig.app, {"count": JobKind(lambda _: Done())}, holder="one")
    told = samples(scraped.get("/metrics").text)
    size = before[("certreg_log_size", ())] + 1
    wanted = {
        ("certreg_database_up", ()): 1,
        ("certreg_log_rolled_back", ()): 0,
        ("certreg_head_unusable", ()): 0,
        ("certreg_log_size", ()): size,
        ("certreg_log_signed_size", ()): size,
        ("certreg_intents_waiting", ()): 0,
        ("certreg_jobs", ("count", "waiting")): 1,
        ("certreg_jobs", ("fail", "waiting")): 1,
        ("certreg_job_oldest_waiting_seconds", ()): 60,
        ("certreg_published_seconds", ()): 3600,
        ("certreg_published_log_size", ()): size,
        ("certreg_status_seconds_left", ()): STATUS_VALIDITY - 3600,
        ("certreg_publication_status_seconds_left", ()): STATUS_VALIDITY - 3600,
        ("certreg_publication_status_lists", ()): 2,
        ("certreg_publication_log_size", ()): size,
    }
    assert wanted.items() <= told.items()
    assert told[("certreg_job_seconds_count", ("count", "done"))] >= 1
    assert told[("certreg_disk_free_bytes", ())] > 0
    assert told[("certreg_trust_list_seconds_left", ())] > DAY
    owners = {labels for name, labels in told if name == "certreg_key_seconds_left"}
    assert {("status",), (MUNICIPAL,)} <= owners


def test_numbers_in_flight_and_an_old_database_are_seen(rig: Rig, scraped: httpx.Client) -> None:
    rolled_back(rig)
    with rig.app.database.write() as session:
        intent = session.query(Intent).first()
        assert intent is not None
        intent.state = "reserved"
    told = samples(scraped.get("/metrics").text)
    assert told[("certreg_log_rolled_back", ())] == 1
    assert told[("certreg_head_unusable", ())] == 0
    assert told[("certreg_intents_waiting", ())] == 1
    answer = scraped.get("/health/ready")
    assert (answer.status_code, answer.json()) == (503, {"ready": False, "missing": ["log_rolled_back"]})


def test_a_damaged_head_is_no_old_database(lite: Rig) -> None:
    lite.issue(1)
    lite.app.settings.head.write_bytes(b"{}")
    told = collected(lite.app)
    assert told[("certreg_head_unusable", ())] == 1
    assert ("certreg_log_rolled_back", ()) not in told
    assert told[("certreg_log_size", ())] > 1


def test_a_head_that_cannot_be_read_is_told_by_its_code(lite: Rig) -> None:
    """A folder in its place stands for a file of another owner, which the administrator of this machine could read."""
    lite.issue(1)
    lite.app.settings.head.unlink()
    lite.app.settings.head.mkdir()
    assert Readiness(lite.app)() == ("head_unreadable",)
    told = collected(lite.app)
    assert told[("certreg_head_unusable", ())] == 1
    assert ("certreg_log_rolled_back", ()) not in told
    with refused(RegistryError, "head_unreadable"):
        lite.issue(2)


def test_an_agent_that_is_gone_is_told(lite: Rig, tmp_path: Path) -> None:
    """Nothing can be signed, although database, disk and head are as they should be."""
    assert ("certreg_agent_up", ()) not in collected(lite.app)
    socket_of_agent = tmp_path / "agent.socket"
    settings = replace(lite.app.settings, agent=socket_of_agent)
    app = replace(lite.app, settings=settings, keyring=keyring_of(settings, {}))
    assert Readiness(app)() == ("agent_gone",)
    assert collected(app)[("certreg_agent_up", ())] == 0
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as there:
        there.bind(str(socket_of_agent))
        there.listen()
        assert Readiness(app)() == ()
        assert collected(app)[("certreg_agent_up", ())] == 1


def test_while_the_first_list_waits_for_its_signatures_all_else_is_told(tmp_path: Path) -> None:
    offer = parse_offer(make_offer(signer("root-a"), registry=HOST, fragment="root-a", created=FOUNDED))
    place = Place(tmp_path / "home")
    app = create_app(place.environment, home=None, host=HOST, offers=[offer], clock=Clock())
    with closing(app.database):
        told = collected(app)
    assert told[("certreg_database_up", ())] == 1
    assert told[("certreg_log_size", ())] == 0
    assert told[("certreg_job_oldest_waiting_seconds", ())] == 0
    assert not any("key" in name or "trust" in name for name, _ in told)


def test_ready_says_what_is_missing_and_live_needs_nothing(
    lite: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]
    ready = Readiness(lite.app, steady=lambda: now[0])
    assert ready() == ()
    monkeypatch.setattr(health, "MIN_FREE_BYTES", 1 << 62)
    assert ready() == ()  # a second must pass, however often it is asked
    now[0] += 1
    assert ready() == ("disk_low",)
    with lite.app.database.write() as session:
        session.connection().exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")
    now[0] += 1
    assert ready() == ("schema_differs", "disk_low")


def test_what_nobody_foresaw_is_an_error_and_tells_no_text(caplog: pytest.LogCaptureFixture) -> None:
    def broken() -> list[str]:
        raise RuntimeError("张文博 41010519900101123X")

    with (
        listening("127.0.0.1:0", broken) as port,
        httpx.Client(base_url=f"http://127.0.0.1:{port}") as client,
    ):
        assert client.get("/health/ready").status_code == 500
        assert client.get("/health/live").status_code == 200
    (told,) = caplog.messages
    assert told.startswith("/health/ready could not be told: RuntimeError at ")
    assert "张" not in told


@pytest.mark.parametrize(
    ("error", "told"), [(BrokenPipeError(), ""), (ValueError("张文博"), "ValueError at")]
)
def test_who_hangs_up_before_he_is_answered_is_in_no_log(
    error: Exception,
    told: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """The library's own way is a traceback with his address."""
    ended = Event()
    shutdown = ThreadingHTTPServer.shutdown_request

    def broken(*_: object) -> None:
        raise error

    def shut(*words: Any) -> None:
        shutdown(*words)
        ended.set()

    monkeypatch.setattr(BaseHTTPRequestHandler, "end_headers", broken)
    monkeypatch.setattr(ThreadingHTTPServer, "shutdown_request", shut)
    with listening("127.0.0.1:0", lambda: ()) as port, suppress(httpx.TransportError):
        httpx.get(f"http://127.0.0.1:{port}/health/live")
    assert ended.wait(30)
    assert (told in caplog.text, "张文博" in caplog.text) == (True, False)
    assert bool(caplog.text) is bool(told)
    assert "127.0.0.1" not in capfd.readouterr().err


def test_what_is_asked_otherwise(scraped: httpx.Client) -> None:
    assert scraped.get("/health/live").json() == {"live": True}
    assert scraped.get("/health/ready").json() == {"ready": True, "missing": []}
    for path in ("/", "/metrics/", "/../etc/passwd"):
        assert scraped.get(path).status_code == 404
    assert scraped.post("/metrics").status_code == 501


@pytest.mark.parametrize("text", ["", "9100", "localhost:9100", "127.0.0.1:", "127.0.0.1:65536", "a:b"])
def test_an_address_is_numbers(text: str) -> None:
    with pytest.raises(ValueError, match=r"^$|[:a-z0-9.]+"):
        parse_address(text)
    assert parse_address("[::1]:9100") == ("::1", 9100)


def test_a_note_that_cannot_be_read_is_none(tmp_path: Path) -> None:
    file, note = tmp_path / "published", LastPublication(1, 2, 3)
    assert last_publication(file) is None
    note_publication(file, note)
    assert last_publication(file) == note
    assert file.stat().st_mode & 0o777 == 0o600
    before = file.stat()
    note_publication(file, note)
    assert file.stat() == before  # what stands there is not written again
    for damage in (b"", b"{", b"[]", b'{"at":true,"log_size":1,"status_until":1}', b'{"at":1}'):
        file.write_bytes(damage)
        assert last_publication(file) is None


def test_an_unusable_address_is_told(lite: Rig) -> None:
    words = [sys.executable, "-m", "registry.cli.main", "--json", "worker", "--metrics", "everywhere"]
    environment = {**lite.place.environment, "PATH": "/usr/bin:/bin"}
    done = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert json.loads(done.stdout.splitlines()[-1])["error"] == "metrics_address"
