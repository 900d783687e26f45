"""Files on disk: whole or not at all, nobody's but the owner's where they must be, nothing left behind by a failure."""

import os
import stat
from pathlib import Path

import pytest

from registry.app import create_app, open_app
from registry.errors import OfficeError
from registry.files import (
    PRIVATE,
    fresh_file,
    is_left_over,
    make_private_file,
    make_private_folder,
    replace_file,
)
from tests.builders import HOST, refused
from tests.registry.rig import NOW, Clock, Place, Rig


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def failing(_: int) -> None:
    raise OSError("no space left on device")


def test_a_file_is_replaced_whole_and_flushed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flushed: list[bool] = []
    fsync = os.fsync

    def seen(handle: int) -> None:
        flushed.append(stat.S_ISDIR(os.fstat(handle).st_mode))
        fsync(handle)

    monkeypatch.setattr(os, "fsync", seen)
    file = tmp_path / "deep" / "file"
    assert replace_file(file, b"one") == file
    with file.open("rb") as reader:
        replace_file(file, b"two")
        assert reader.read() == b"one"
    assert (file.read_bytes(), flushed) == (b"two", [False, True] * 2)
    assert [path.name for path in file.parent.iterdir()] == ["file"]


def test_a_disk_that_fails_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = replace_file(tmp_path / "file", b"old")
    monkeypatch.setattr(os, "fsync", failing)
    with pytest.raises(OSError, match="no space"):
        replace_file(file, b"new")
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"old"]


def test_two_writers_never_meet(tmp_path: Path) -> None:
    """Each has a name of its own, which is nobody else's to foresee; a link that lies in wait is not followed."""
    with (
        fresh_file(tmp_path / "file", mode=PRIVATE) as one,
        fresh_file(tmp_path / "file", mode=PRIVATE) as two,
    ):
        assert one != two
        assert is_left_over(one)
    assert list(tmp_path.iterdir()) == []


def test_what_is_private_is_private_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        make_private_folder(tmp_path / "home")
        make_private_file(tmp_path / "home" / "file")
        replace_file(tmp_path / "home" / "head", b"", mode=PRIVATE)
    finally:
        os.umask(before)
    assert mode(tmp_path / "home") == 0o700
    assert [mode(path) for path in (tmp_path / "home").iterdir()] == [0o600, 0o600]


@pytest.mark.parametrize("loose", [0o755, 0o750, 0o701, 0o777])
def test_a_folder_open_to_others_is_refused(tmp_path: Path, loose: int) -> None:
    place = Place(tmp_path / "home")
    place.home.mkdir()
    place.home.chmod(loose)
    with refused(OfficeError, "home_unsafe"):
        create_app(place.environment, home=None, host=HOST, clock=Clock(NOW))
    assert list(place.home.iterdir()) == []


@pytest.mark.parametrize(("what", "loose"), [("", 0o755), ("registry.db", 0o644), ("registry.db", 0o660)])
def test_a_registry_opened_to_others_is_not_used(lite: Rig, what: str, loose: int) -> None:
    (lite.place.home / what).chmod(loose)
    with refused(OfficeError, "home_unsafe"):
        lite.place.open(Clock(NOW))


def test_everything_in_the_home_is_the_owners(tmp_path: Path) -> None:
    """The database from its first byte, and what SQLite puts beside it."""
    place = Place(tmp_path / "home")
    before = os.umask(0)
    try:
        create_app(place.environment, home=None, host=HOST, clock=Clock(NOW)).database.close()
        app = open_app(place.environment, clock=Clock(NOW))
        with app.database.write() as session:
            session.connection()
            names = {path.name: mode(path) for path in place.home.iterdir()}
    finally:
        os.umask(before)
    app.database.close()
    assert {"registry.db", "registry.db-wal", "registry.db-shm", "keys", "head"} <= set(names)
    assert names.pop("keys") == 0o700
    assert set(names.values()) == {0o600}
    assert {mode(path) for path in (place.home / "keys").iterdir()} == {0o600}
