"""Two real clusters, one a streaming replica of the other: pages are read from it, it takes over, and a lossy one is refused."""

import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from registry.actors import Role
from registry.cli.common import told
from registry.errors import RegistryError
from registry.fsck import fsck
from registry.models import Certificate
from registry.operation.health import Readiness
from registry.outages import OUTAGES
from registry.replica import LATE
from tests.builders import refused
from tests.console.rig import console_over
from tests.registry.engines import NoPostgresError
from tests.registry.rig import Place, Rig, assert_sound, found, opened
from tests.registry.servers import Server, Servers, servers, until


@pytest.fixture
def made() -> Iterator[Servers]:
    try:
        with servers() as running:
            yield running
    except NoPostgresError as error:
        pytest.skip(f"no PostgreSQL: {error}")


def founded(made: Servers, tmp_path: Path) -> tuple[Server, Server, Place]:
    """A primary, its replica, and a registry on them."""
    primary = made.new("primary")
    primary.ask("CREATE DATABASE certreg")
    found(Place(tmp_path / "home", primary.url("certreg"))).database.close()
    standby = made.standby(primary, "standby", "one")
    return primary, standby, Place(tmp_path / "home", primary.url("certreg"), standby.url("certreg"))


def looked_at(rig: Rig) -> tuple[bool, int]:
    """Whether a page is read from a replica, and how many certificates it sees."""
    with rig.app.database.look() as session:
        replica = session.scalars(text("SELECT pg_is_in_recovery()")).one()
        return bool(replica), session.scalars(select(func.count()).select_from(Certificate)).one()


@contextmanager
def every_connection_taken(rig: Rig) -> Iterator[None]:
    """Other pages wait for a slow replica, as many as may."""
    replica = rig.app.database._replica
    assert replica is not None
    with ExitStack() as taken:
        with suppress(PoolTimeoutError):
            while True:
                taken.enter_context(replica.engine.connect())
        yield


def test_pages_are_read_from_the_replica_and_it_takes_over_without_loss(
    made: Servers, tmp_path: Path
) -> None:
    primary, standby, place = founded(made, tmp_path)
    primary.ask("ALTER SYSTEM SET synchronous_standby_names = '*'")
    primary.ask("SELECT pg_reload_conf()")
    until(lambda: primary.ask("SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'") == 1)
    with opened(place, tmp_path) as rig:
        rig.issue(1)
        assert looked_at(rig) == (True, 1)  # at once: what was just done is there
        with console_over(rig) as console:
            clerk = console.signed_in(Role.CLERK)
            assert clerk.get("/console/certificates").status_code == 200

        standby.ask("SELECT pg_wal_replay_pause()")
        until(lambda: standby.ask("SELECT pg_get_wal_replay_pause_state()") == "paused")
        rig.issue(2)
        assert looked_at(rig) == (False, 2)  # behind: the primary is read
        standby.ask("SELECT pg_wal_replay_resume()")
        until(lambda: looked_at(rig) == (True, 2))
        rig.publish()
    # Each commit waited for the replica, so whenever the primary is lost nothing is.
    primary.lose()
    standby.promote()
    promoted = Place(tmp_path / "home", standby.url("certreg"), standby.url("certreg"))
    with opened(promoted, tmp_path) as rig:
        # Nobody is behind it to wait for any more; the operator says so, or adds another.
        standby.ask("ALTER SYSTEM RESET synchronous_standby_names")
        standby.ask("SELECT pg_reload_conf()")
        assert looked_at(rig) == (False, 2)  # it is the primary now, and no replica of itself
        rig.issue(3)
        rig.publish()
        assert_sound(rig.app, issued=3)


def test_a_replica_that_stands_still_keeps_one_page_for_a_second_and_no_other(
    made: Servers, tmp_path: Path
) -> None:
    """Its host hangs, or is gone without a word: nothing is refused, and no answer comes."""
    _, standby, place = founded(made, tmp_path)
    with opened(place, tmp_path) as rig:
        rig.issue(1)
        until(lambda: looked_at(rig) == (True, 1))
        replica = rig.app.database._replica
        assert replica is not None
        with standby.frozen():
            rig.issue(2)
            with ThreadPoolExecutor(1) as first:
                waits = first.submit(looked_at, rig)
                until(lambda: replica._asked != {})
                (question,) = replica._asked
                time.sleep(LATE)
                assert looked_at(rig) == (False, 2)
                assert waits.result(60) == (False, 2)
            assert [looked_at(rig) for _ in range(5)] == [(False, 2)] * 5
            assert list(replica._asked) == [question]  # so nobody else waited for an answer
        until(lambda: looked_at(rig) == (True, 2))  # nobody restarts anything


def test_a_replica_that_is_away_is_not_missed_and_one_that_lost_something_signs_nothing(
    made: Servers, tmp_path: Path
) -> None:
    primary, standby, place = founded(made, tmp_path)
    with opened(place, tmp_path) as rig:
        rig.issue(1)
        until(lambda: looked_at(rig) == (True, 1))
        with every_connection_taken(rig):
            began = time.monotonic()
            assert looked_at(rig) == (False, 1)
            assert time.monotonic() - began < 5
        assert looked_at(rig) == (True, 1)
        standby.stop("fast")
        assert looked_at(rig) == (False, 1)
        rig.issue(2)  # never reaches the replica
        rig.publish()
    primary.lose()
    standby.start()
    with opened(Place(tmp_path / "home", standby.url("certreg")), tmp_path) as rig:
        assert Readiness(rig.app)() == ("database_read_only",)
        assert {one.code for one in fsck(rig.app).troubles} == {"log_recovering"}  # it may still come so far
        with refused(RegistryError, "log_recovering"):
            rig.publish()
        rig.app.settings.head.rename(tmp_path / "head")  # where nothing was signed nothing is behind
        with pytest.raises(OUTAGES) as caught:
            rig.issue(3)
        assert told(caught.value)[0] == "database_read_only"
        with console_over(rig) as console:
            stranger = console.caller()
            shown = re.search(r'name="csrf" value="([^"]+)"', stranger.get("/console/sign-in").text)
            assert shown is not None
            form = {"csrf": shown[1], "login": "wangli", "password": "a password of his"}
            answer = stranger.client.post("/console/sign-in", data=form, headers={"Origin": console.origin})
            assert (answer.status_code, 'data-code="database_read_only"' in answer.text) == (503, True)
        (tmp_path / "head").rename(rig.app.settings.head)
    standby.promote()
    with opened(Place(tmp_path / "home", standby.url("certreg")), tmp_path) as rig:
        assert {one.code for one in fsck(rig.app).troubles} == {"log_rolled_back"}
        for refusal in (lambda: rig.issue(3), rig.app.sign_log, rig.publish):
            with refused(RegistryError, "log_rolled_back"):
                refusal()
        # On another host, which never signed, the publication knows.
        rig.app.settings.head.unlink()
        with refused(RegistryError, "publication_ahead"):
            rig.publish()
        with refused(RegistryError, "log_rolled_back"):  # and from then on this host does
            rig.issue(3)
