"""The database goes and comes back, the disk is full, the clock jumps: nothing is lost, it is said, and nobody restarts anything."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from registry import replica
from registry.actors import SYSTEM, Role
from registry.cli.common import told
from registry.database import Database
from registry.errors import RegistryError
from registry.fsck import fsck
from registry.issuance import POINTS, resume
from registry.jobs import service
from registry.jobs.worker import Done, JobKind, work
from registry.operation.gauges import RegistryCollector
from registry.operation.health import Readiness
from registry.outages import OUTAGES, outage_of
from registry.publication import publish
from registry.statuslists import STATUS_VALIDITY
from registry.uptodate import keep_published
from tests.builders import refused
from tests.console.rig import console_over
from tests.jobs.hands import view
from tests.matrices import cells
from tests.registry.engines import NoPostgresError
from tests.registry.operation.disks import small_disk
from tests.registry.rig import DAY, Place, Rig, assert_sound, copy_home, found, opened
from tests.registry.servers import Server, Servers, servers, until

ROWS = 12
ROOM = 900
"""People for whom there is room only in part."""


@pytest.fixture(scope="module")
def made() -> Iterator[Servers]:
    try:
        with servers() as running:
            yield running
    except NoPostgresError as error:
        pytest.skip(f"no PostgreSQL: {error}")


@pytest.fixture(scope="module")
def server(made: Servers) -> Server:
    return made.new("outages")


@pytest.fixture(scope="module")
def template(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of a registry whose database is ``founded``; not to be used, but copied."""
    server.ask("CREATE DATABASE founded")
    home = tmp_path_factory.mktemp("outages") / "home"
    found(Place(home, server.url("founded"))).database.close()
    return home


_names = count(1)


@pytest.fixture
def served(server: Server, template: Path, tmp_path: Path) -> Iterator[Rig]:
    """A founded registry of the test's own, on a server that the test may stop."""
    name = f"outage_{next(_names)}"
    server.ask(f"CREATE DATABASE {name} TEMPLATE founded")
    with opened(Place(copy_home(template, tmp_path / "home"), server.url(name)), tmp_path) as rig:
        yield rig


def ready_of(rig: Rig) -> tuple[str, ...]:
    """What is missing now."""
    return Readiness(rig.app)()


def up(rig: Rig) -> float:
    """``certreg_database_up``."""
    families = {one.name: one for one in RegistryCollector(rig.app).collect()}
    return families["certreg_database_up"].samples[0].value


def test_commits_that_wait_for_a_lost_standby_are_told_and_go_on_when_nobody_waits_for_it(
    served: Rig, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reading goes on, and no error comes: without this nobody would be told why nothing ends."""
    monkeypatch.setattr(replica, "LONG", 0.0)
    server.ask("ALTER SYSTEM SET synchronous_standby_names = '*'")
    server.ask("SELECT pg_reload_conf()")
    issuing = Thread(target=served.issue, args=(1,))
    issuing.start()
    try:
        until(lambda: ready_of(served) == ("standby_missing",))
        families = {one.name: one for one in RegistryCollector(served.app).collect()}
        assert families["certreg_commits_waiting"].samples[0].value > 0
        assert issuing.is_alive()
    finally:
        server.ask("ALTER SYSTEM RESET synchronous_standby_names")
        server.ask("SELECT pg_reload_conf()")
        issuing.join(60)
    assert not issuing.is_alive()
    assert ready_of(served) == ()
    assert_sound(served.app, issued=1)


def test_the_console_says_that_the_database_is_away_and_goes_on_by_itself(
    served: Rig, server: Server
) -> None:
    served.issue(1)
    with console_over(served) as console:
        clerk = console.signed_in(Role.CLERK)
        assert clerk.get("/console/").status_code == 200
        server.stop()
        for path in ("/console/", "/console/certificates", "/console/sign-in"):
            answer = clerk.get(path)
            if answer.status_code == 200:
                continue  # the door needs no database to be shown
            assert answer.status_code == 503
            assert 'data-code="database_unreachable"' in answer.text
            assert "恢复后无须重启" in answer.text
            assert answer.headers["Retry-After"] == "5"
        english = clerk.get("/console/", headers={"Accept-Language": "en"})
        assert "no restart is needed" in english.text
        assert ready_of(served) == ("database_unreachable",)
        assert up(served) == 0
        server.start()
        assert clerk.get("/console/").status_code == 200
        assert ready_of(served) == ()
        assert up(served) == 1
    assert_sound(served.app, issued=1)


def test_a_worker_waits_for_the_database_and_does_what_was_ordered(
    served: Rig, server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    begun, stopped, stop = Event(), Event(), Event()

    def interrupted(_: object) -> Done:
        if not begun.is_set():
            begun.set()
            assert stopped.wait(30)
            served.issue(1)
        return Done({"issued": 1})

    def order(subject: str) -> int:
        with served.app.database.write() as session:
            return service.order(session, SYSTEM, "work", subject=subject, now=served.clock.now)

    def state(job: int) -> str:
        return view(served, job).state

    first = order("test:1")
    kinds = {"work": JobKind(interrupted)}
    worker = Thread(target=work, args=(served.app, kinds), kwargs={"name": "w", "stop": stop, "poll": 0.05})
    worker.start()
    try:
        assert begun.wait(30)
        server.stop()
        stopped.set()
        until(lambda: "no job can be taken" in caplog.text)
        server.start()
        second = order("test:2")
        until(lambda: state(second) == "done")
        until(
            lambda: state(first) == "done"
        )  # its worker lived, and came to say that it is to be begun again
    finally:
        stop.set()
        worker.join()
    assert_sound(served.app, issued=0)


@pytest.mark.parametrize(
    "point",
    cells(
        [one for one in POINTS if not one.startswith("head")],
        always=["reserve:after", "log:before", "log:after", "checkpoint:before"],
    ),
)
def test_the_database_goes_at_each_point_of_issuing(served: Rig, server: Server, point: str) -> None:
    file = served.people(range(ROWS))
    seen = 0

    def observe(reached: str, _: int) -> None:
        nonlocal seen
        seen += reached == point
        if reached == point and seen == (1 if reached.startswith("checkpoint") else 2):
            server.stop()

    try:
        with pytest.raises(OUTAGES) as caught:
            served.submit(file, chunk=ROWS // 3, observe=observe)
        assert outage_of(caught.value) in ("database_unreachable", "database_unusable")
    finally:
        if not server.running:
            server.start()
    assert fsck(served.app).troubles == ()
    resume(served.app)
    again = served.submit(file)
    assert len(again.issued) + again.already_issued == ROWS
    assert_sound(served.app, issued=ROWS)


# ---- the disk


def code_of(error: BaseException) -> str:
    assert isinstance(error, Exception)
    return told(error)[0]


def fill(rig: Rig, disk: Path, room: int) -> None:
    """Issue until the last ``room`` bytes are full; then somebody makes some, and it goes on from where it was."""
    file = rig.people(range(ROOM))
    filler = disk / "filler"
    filler.write_bytes(bytes(shutil.disk_usage(disk).free - room))
    with pytest.raises((*OUTAGES, OSError)) as caught:
        rig.submit(file, chunk=100)
    assert code_of(caught.value) == "disk_full"
    report = fsck(rig.app)
    assert report.troubles == ()
    assert 0 < report.certificates < ROOM
    with pytest.raises((*OUTAGES, OSError)) as caught:
        rig.submit(file, chunk=100)
    assert code_of(caught.value) == "disk_full"
    filler.unlink()
    resume(rig.app)
    before = fsck(rig.app).certificates
    again = rig.submit(file)
    assert (again.already_issued, len(again.issued)) == (before, ROOM - before)
    assert_sound(rig.app, issued=ROOM)


def test_a_full_disk_under_sqlite(founded_sqlite: Path, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 32) as disk:
        shutil.copytree(founded_sqlite, disk / "home")
        with opened(Place(disk / "home"), tmp_path) as rig:
            assert ready_of(rig) == ("disk_low",)
            fill(rig, disk, 1 << 20)


def test_a_full_disk_under_postgresql(made: Servers, server: Server, template: Path, tmp_path: Path) -> None:
    place = made.place("disk")
    owner = place.stat().st_uid
    with small_disk(place, 32) as disk:
        inside = disk / "space"
        inside.mkdir()
        shutil.chown(inside, owner)
        server.ask(f"CREATE TABLESPACE small LOCATION '{inside}'")
        server.ask("CREATE DATABASE full_disk TEMPLATE founded TABLESPACE small")
        home = copy_home(template, tmp_path / "home")
        with opened(Place(home, server.url("full_disk")), tmp_path) as rig:
            fill(rig, disk, 1 << 20)
        server.ask("DROP DATABASE full_disk WITH (FORCE)")
        server.ask("DROP TABLESPACE small")


def test_a_full_disk_under_the_publication(lite: Rig, tmp_path: Path) -> None:
    """What was published before stays whole, and the next publication mends the rest."""
    with small_disk(tmp_path / "site", 3) as disk:
        lite.issue(1)
        publish(lite.app, disk)
        before = (disk / "log" / "checkpoint").read_bytes()
        lite.issue(*range(2, 400))
        filler = disk / "filler"
        filler.write_bytes(b"x" * (shutil.disk_usage(disk).free - 4096))
        with pytest.raises(OSError, match="space") as caught:
            publish(lite.app, disk)
        assert code_of(caught.value) == "disk_full"
        assert (disk / "log" / "checkpoint").read_bytes() == before
        assert lite.place.home.exists()
        filler.unlink()
        publish(lite.app, disk)
        assert (disk / "log" / "checkpoint").read_bytes() != before
        assert not list(disk.rglob("*.new"))
    assert_sound(lite.app, issued=399)


# ---- the clock


@contextmanager
def jumped(rig: Rig, seconds: int) -> Iterator[None]:
    """The clock stands otherwise while the block runs."""
    rig.clock.now += seconds
    yield
    rig.clock.now -= seconds


def test_a_clock_that_jumps_back_stops_the_log_and_nothing_is_lost(rig: Rig) -> None:
    rig.issue(1)
    with jumped(rig, -3600):
        with refused(RegistryError, "clock_went_back"):
            rig.issue(2)
        assert ready_of(rig) == ("clock_went_back",)
        report = fsck(rig.app)
        assert report.certificates == 1
    assert ready_of(rig) == ()
    resume(rig.app)
    rig.submit(rig.people([2]))
    rig.publish()
    assert_sound(rig.app, issued=2)


def test_a_small_step_of_a_time_server_stops_nothing(rig: Rig) -> None:
    rig.issue(1)
    with jumped(rig, -200):
        assert ready_of(rig) == ()
        rig.issue(2)
    assert_sound(rig.app, issued=2)


def test_what_was_published_while_the_clock_stood_a_day_ahead_is_right_again_when_the_clock_is(
    lite: Rig,
) -> None:
    (number,) = lite.issue(1)
    lite.publish()
    with jumped(lite, DAY):
        lite.publish()
    lite.clock.now += 60
    assert lite.judge(number).verdict == "INDETERMINATE"  # its readers' clocks were right
    lite.publish()
    assert lite.judge(number).verdict == "PASSED"
    lite.clock.now += STATUS_VALIDITY // 2 + 1  # and from then on as ever
    lite.publish()
    lite.clock.now += STATUS_VALIDITY - 1
    assert lite.judge(number).verdict == "PASSED"


def test_what_is_published_while_the_clock_stands_a_day_behind_is_fresh_by_every_clock(lite: Rig) -> None:
    lite.issue(1)
    lite.publish()
    lite.clock.now += 60
    (number,) = lite.issue(2)
    with jumped(lite, -DAY):
        lite.publish()
    assert lite.judge(number).verdict == "PASSED"


def test_a_publication_is_kept_up_to_date_by_a_clock_that_went_back(lite: Rig, tmp_path: Path) -> None:
    site, stop = tmp_path / "site", Event()
    lite.issue(1)

    def signed() -> float:
        (found,) = site.glob("status/*/*/*/revocation/0")
        return found.stat().st_mtime_ns

    lite.clock.now += DAY
    worker = Thread(target=keep_published, args=(lite.app, site), kwargs={"stop": stop, "look": 0.02})
    worker.start()
    try:
        until((site / "log" / "checkpoint").is_file)
        before = signed()
        lite.clock.now -= DAY - 60
        until(lambda: signed() != before)
    finally:
        stop.set()
        worker.join()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('FATAL:  database "x" does not exist', "database_missing"),
        (
            'connection to server at "database", port 5432 failed: fe_sendauth: no password supplied',
            "database_refused",
        ),
        (
            'connection to server failed: FATAL:  password authentication failed for user "x"',
            "database_refused",
        ),
        ("could not extend file: No space left on device", "disk_full"),
        ("database or disk is full", "disk_full"),
        ("terminating connection due to administrator command", "database_unreachable"),
        ("cannot execute INSERT in a read-only transaction", "database_read_only"),
        ("database is locked", "database_busy"),
        ("something else", "database_unusable"),
    ],
)
def test_an_outage_has_a_code(text: str, code: str) -> None:
    assert outage_of(OperationalError("SELECT 1", None, Exception(text))) == code
    assert outage_of(PoolTimeoutError("QueuePool limit of size 5")) == "database_busy"


def test_a_server_whose_host_is_gone_without_a_word_is_given_up_in_seconds(tmp_path: Path) -> None:
    """By the system's own times a page would wait for a quarter of an hour, and who only listens for two."""
    told: list[dict[str, Any]] = []

    def connect(_: object, __: object, ___: object, words: dict[str, Any]) -> None:
        told.append(words)
        raise OperationalError("", None, Exception("not tried"))

    for address in (
        "postgresql://certreg@db1/certreg",
        "postgresql://certreg@db1/certreg?tcp_user_timeout=90",
    ):
        database = Database(address)
        event.listen(database.engine, "do_connect", connect)
        with pytest.raises(OperationalError), database.read() as session:
            session.connection()
    assert told[0]["tcp_user_timeout"] <= 20_000  # of what was sent
    assert told[0]["keepalives_idle"] + told[0]["keepalives_count"] * told[0]["keepalives_interval"] <= 30
    assert told[1]["tcp_user_timeout"] == "90"  # who names it is heard
