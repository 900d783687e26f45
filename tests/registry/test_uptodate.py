"""A publication that is kept up to date: soon after a change, again before lists grow old, and in spite of trouble."""

import errno
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import create_engine
from sqlalchemy.exc import OperationalError

from registry import uptodate
from registry.cosigning import write_address
from registry.errors import RegistryError
from registry.operation.health import Readiness
from registry.publication import publish
from registry.status import change_status
from registry.uptodate import _PAUSE, AT_LEAST, _code, keep_published
from tests.registry.rig import Rig
from tests.registry.witnesses import serving, witnessed

PATIENCE = 120.0
"""Seconds; on a quiet machine each of these takes a fraction of one."""


@contextmanager
def kept(rig: Rig, site: Path, missing: list[str] | None = None) -> Iterator[None]:
    """Published in a thread while the block runs; it ends when it is told to."""
    stop = threading.Event()
    thread = threading.Thread(
        target=keep_published,
        args=(rig.app, site),
        kwargs={"stop": stop, "look": 0.02, "missing": missing},
    )
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(PATIENCE)
        assert not thread.is_alive()


def until(there: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not there():
        assert time.monotonic() < end
        time.sleep(0.02)  # asked again, not hoped for


def newest(site: Path) -> bytes:
    """The published list of revocations; empty before there is one."""
    found = sorted(site.glob("status/*/*/1/revocation/0"))
    return found[0].read_bytes() if found else b""


def test_what_is_revoked_is_soon_published(lite: Rig, tmp_path: Path) -> None:
    site = tmp_path / "site"
    (number,) = lite.issue(1)
    with kept(lite, site):
        until(lambda: newest(site) != b"")
        before = newest(site)
        with lite.app.write() as session:
            change_status(session, number, action="revoke", reason="fraud", now=lite.app.clock(), remark="")
        until(lambda: newest(site) != before)
        revoked = newest(site)
        lite.clock.now += (
            AT_LEAST * 2
        )  # nothing happens but time: past half of the lists' day they are signed anew
        until(lambda: newest(site) != revoked)


def test_witnesses_that_were_away_are_asked_again_and_the_log_goes_on(
    lite: Rig, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    checkpoint = tmp_path / "site" / "log" / "checkpoint"
    with witnessed(lite) as second:
        lite.issue(1)
        publish(lite.app, tmp_path / "site")
        before = checkpoint.read_bytes()
        second.close()
        lite.issue(2)
        with caplog.at_level(logging.WARNING, "registry.uptodate"), kept(lite, tmp_path / "site"):
            until(lambda: "waits for witnesses: w2.example (witness_unreachable)" in caplog.text)
            assert checkpoint.read_bytes() == before
            with serving(lite.folder / "w2.example", lite.clock.now) as address:
                write_address(lite.place.home, "w2.example", address)
                lite.clock.now += int(_PAUSE)  # nothing is logged, and nobody asks
                until(lambda: checkpoint.read_bytes() != before)


def test_trouble_is_told_by_its_code_and_ends_nothing(
    lite: Rig, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    site = tmp_path / "site"
    site.write_bytes(b"a file where a folder should be")
    with caplog.at_level(logging.WARNING, "registry.uptodate"), kept(lite, site):
        until(lambda: "nothing was published" in caplog.text)
    assert "Traceback" not in caplog.text


def test_a_worker_that_cannot_publish_is_not_ready_until_it_can(
    lite: Rig, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a wrong passphrase, on a full disk: nobody else would tell, as the registry itself can be used."""
    monkeypatch.setattr(uptodate, "_PAUSE", 0.02)
    missing: list[str] = []
    ready = Readiness(lite.app, missing, steady=count().__next__)
    keys = lite.app.settings.keys
    lite.issue(1)
    keys.rename(tmp_path / "keys")
    with caplog.at_level(logging.WARNING, "registry.uptodate"), kept(lite, tmp_path / "site", missing):
        until(lambda: missing != [])
        assert ready() == tuple(missing)
        assert f"nothing was published: {missing[0]}" in caplog.text
        (tmp_path / "keys").rename(keys)
        until(lambda: missing == [])
        assert ready() == ()


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "disk_full"),
        (PermissionError(errno.EACCES, "Permission denied"), ""),
        (RegistryError("clock_went_back"), "clock_went_back"),
        (RuntimeError("张文博"), ""),
    ],
)
def test_what_keeps_from_publishing_has_a_code_where_it_is_known(error: Exception, code: str) -> None:
    assert _code(error) == code


def test_an_outage_is_told_by_its_code() -> None:
    away = create_engine("postgresql+psycopg://certreg@127.0.0.1:1/none")
    with pytest.raises(OperationalError) as caught:
        away.connect()
    assert _code(caught.value) == "database_unreachable"
