"""A publication that is kept up to date: soon after a change, again before lists grow old, and in spite of trouble."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import create_engine
from sqlalchemy.exc import OperationalError

from registry.status import change_status
from registry.uptodate import AT_LEAST, _told, keep_published
from tests.registry.rig import Rig

PATIENCE = 120.0
"""Seconds; on a quiet machine each of these takes a fraction of one."""


@contextmanager
def kept(rig: Rig, site: Path) -> Iterator[None]:
    """Published in a thread while the block runs; it ends when it is told to."""
    stop = threading.Event()
    thread = threading.Thread(
        target=keep_published, args=(rig.app, site), kwargs={"stop": stop, "look": 0.02}
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


def test_trouble_is_told_by_its_code_and_ends_nothing(
    lite: Rig, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    site = tmp_path / "site"
    site.write_bytes(b"a file where a folder should be")
    with caplog.at_level(logging.WARNING, "registry.uptodate"), kept(lite, site):
        until(lambda: "nothing was published" in caplog.text)
    assert "Traceback" not in caplog.text


def test_an_outage_is_told_by_its_code() -> None:
    away = create_engine("postgresql+psycopg://certreg@127.0.0.1:1/none")
    with pytest.raises(OperationalError) as caught:
        away.connect()
    assert _told(caught.value) == "database_unreachable"
