"""Workers: what a handler comes to, what its errors mean, and a child that is killed and started anew."""

import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from sqlalchemy import select, update

from keys.errors import CustodyError
from registry.actors import SYSTEM
from registry.errors import IssuanceError, RegistryError
from registry.jobs import service, supervision
from registry.jobs.models import Job
from registry.jobs.service import WAIT
from registry.jobs.supervision import supervised_worker
from registry.jobs.worker import Done, JobKind, StoppingError, Task, work, work_once
from registry.models import LogHead
from tests.jobs.hands import view
from tests.registry.rig import Rig

PATIENCE = 60


def order(rig: Rig, kind: str = "count", subject: str = "test:1") -> int:
    with rig.app.database.write() as session:
        return service.order(session, SYSTEM, kind, subject=subject, now=rig.clock.now, total=3)


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def counting(task: Task) -> Done:
    for place in range(1, 4):
        task.advance(place, 3)

    def conclude(session: object) -> None:
        session.execute(update(LogHead).values(size=LogHead.size))  # type: ignore[attr-defined]

    return Done({"counted": 3}, conclude)


def test_done(rig: Rig) -> None:
    kinds = {"count": JobKind(counting)}
    assert not work_once(rig.app, kinds, holder="one")
    job = order(rig)
    assert not work_once(rig.app, {"other": JobKind(counting)}, holder="one")
    assert work_once(rig.app, kinds, holder="one")
    ended = view(rig, job)
    assert (ended.state, ended.done, ended.total, ended.result) == ("done", 3, 3, {"counted": 3})


def test_what_ends_with_an_error_of_ours_waits_for_somebody(lite: Rig) -> None:
    def refuse(_: Task) -> Done:
        raise IssuanceError("authority_suspended", authority="410100")

    job = order(lite)
    work_once(lite.app, {"count": JobKind(refuse)}, holder="one")
    ended = view(lite, job)
    assert (ended.state, ended.error) == ("failed", "authority_suspended")
    assert ended.error_params == {"authority": "410100"}


def test_any_other_trouble_is_tried_again_and_its_text_told_to_nobody(
    lite: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    def stumble(_: Task) -> Done:
        raise OSError("张文博 41010019900101001X")

    job = order(lite)
    work_once(lite.app, {"count": JobKind(stumble)}, holder="one")
    assert view(lite, job).state == "waiting"
    assert "OSError at" in caplog.text
    assert "张文博" not in caplog.text
    assert "41010019900101001X" not in caplog.text


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "disk_full"),
        (RegistryError("clock_went_back", seconds=3600), "clock_went_back"),
        (CustodyError("agent_gone"), "agent_gone"),
        (CustodyError("key_file_locked"), "key_file_locked"),
    ],
)
def test_what_is_missing_is_waited_for_and_nobody_need_ask_again(
    lite: Rig, caplog: pytest.LogCaptureFixture, error: Exception, code: str
) -> None:
    """An hour of it gives no job up: it goes on by itself."""
    missing = True

    def tried(_: Task) -> Done:
        if missing:
            raise error
        return Done({"attempt": 1})

    job = order(lite)
    for _ in range(60):
        assert work_once(lite.app, {"count": JobKind(tried)}, holder="one")
        assert (view(lite, job).state, view(lite, job).attempt) == ("waiting", 0)
        assert not work_once(lite.app, {"count": JobKind(tried)}, holder="one")  # a pause between
        lite.clock.now += WAIT
    assert f"job {job} (count) waits: {code}" in caplog.text
    missing = False
    work_once(lite.app, {"count": JobKind(tried)}, holder="one")
    assert view(lite, job).state == "done"


def test_told_to_stop_it_is_left_where_it_tells_how_far_it_is(lite: Rig) -> None:
    stop = Event()
    stop.set()
    job = order(lite)
    work_once(lite.app, {"count": JobKind(counting)}, holder="one", stop=stop)
    left = view(lite, job)
    assert (left.state, left.done, left.attempt) == ("waiting", 1, 0)
    assert issubclass(StoppingError, Exception)


def test_taken_over_in_the_middle_it_changes_nothing_more(lite: Rig) -> None:
    def slow(task: Task) -> Done:
        lite.clock.now += service.LEASE + 1
        assert work_once(lite.app, {"count": JobKind(counting)}, holder="two")
        return Done({"counted": 99})

    job = order(lite)
    work_once(lite.app, {"count": JobKind(slow)}, holder="one")
    ended = view(lite, job)
    assert (ended.state, ended.result, ended.attempt) == ("done", {"counted": 3}, 2)


def test_what_cannot_conclude_is_not_done(rig: Rig) -> None:
    """The end of a job and what belongs to it are one transaction."""

    def conclude(session: object) -> None:
        session.execute(update(LogHead).values(size=99))  # type: ignore[attr-defined]
        raise ValueError

    job = order(rig)
    work_once(rig.app, {"count": JobKind(lambda _: Done({}, conclude))}, holder="one")
    assert view(rig, job).state == "waiting"
    with rig.app.database.read() as session:
        assert session.scalars(select(LogHead.size)).one() != 99


def test_quick_work_does_not_wait_for_long_work(lite: Rig) -> None:
    stop, begun, released = Event(), Event(), Event()

    def long_one(_: Task) -> Done:
        begun.set()
        assert released.wait(PATIENCE)
        return Done()

    kinds = {"long": JobKind(long_one, long=True), "count": JobKind(counting)}
    slow = order(lite, "long", "test:2")
    worker = Thread(target=work, args=(lite.app, kinds), kwargs={"name": "w", "stop": stop, "poll": 0.02})
    worker.start()
    try:
        assert begun.wait(PATIENCE)
        quick = order(lite)
        until(lambda: view(lite, quick).state == "done")
        assert view(lite, slow).state == "running"
    finally:
        released.set()
        stop.set()
        worker.join()
    assert view(lite, slow).state == "done"


CHILD = """
import os, sys
from pathlib import Path
from threading import Event
from registry.app import open_app
from registry.jobs.worker import Done, JobKind, work
import registry.cli.working as working

name = sys.argv[sys.argv.index("--name") + 1]

def mortal(task):
    seen = Path({folder!r}) / "seen"
    with seen.open("a") as file:
        file.write(f"{{os.getpid()}}\\n")
    if len(seen.read_text().split()) == 1:
        while True:
            task.advance(1)
            Event().wait(0.05)
    return Done({{"attempt": task.job.attempt}})

stop = Event()
working.stop_with_input(stop)
work(open_app(os.environ), {{"count": JobKind(mortal)}}, name=name, stop=stop, poll=0.05)
"""


def test_a_child_that_is_killed_is_replaced_and_its_work_goes_on_at_once(lite: Rig, tmp_path: Path) -> None:
    job = order(lite)
    seen = tmp_path / "seen"
    environment = {**os.environ, **lite.place.environment}
    command = (sys.executable, "-c", CHILD.format(folder=str(tmp_path)))
    with supervised_worker(lite.app.database, environment, command):
        until(lambda: view(lite, job).done == 1)
        os.kill(int(seen.read_text()), signal.SIGKILL)
        # The lease lasts for a minute more; who knows of the death need not wait for it.
        until(lambda: view(lite, job).state == "done")
    assert view(lite, job).result == {"attempt": 2}
    with lite.app.database.read() as session:
        assert session.scalars(select(Job.holder)).one() is None
    pids = [int(pid) for pid in seen.read_text().split()]
    assert len(set(pids)) == 2
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_a_worker_that_cannot_be_begun_is_tried_again(lite: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, begin = Event(), subprocess.Popen
    failures = [BlockingIOError()]  # as where no process more may be made

    def started(*words: Any, **options: Any) -> Any:
        if failures:
            raise failures.pop()
        begun.set()
        return begin(*words, **options)

    monkeypatch.setattr(supervision.subprocess, "Popen", started)
    monkeypatch.setattr(supervision, "FIRST_PAUSE", 0.0)
    waiting = (sys.executable, "-c", "import sys; sys.stdin.read()")
    with supervised_worker(lite.app.database, dict(os.environ), waiting):
        assert begun.wait(PATIENCE)


FAILING = """
import sys
from pathlib import Path
import registry.cli.working as working

def fail(*_, **__):
    raise RuntimeError

working.work = fail
working.worker(publish=Path(sys.argv[1]))
"""


def test_a_worker_that_cannot_work_ends_while_it_publishes_too(lite: Rig, tmp_path: Path) -> None:
    """So that who supervises it begins another."""
    done = subprocess.run(
        [sys.executable, "-c", FAILING, str(tmp_path / "site")],
        env={**os.environ, **lite.place.environment},
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert b"RuntimeError" in done.stderr
