"""The file of the last signed head by itself: what its errors name, and that two who sign never meet (see ``test_rollback`` for the rest)."""

import fcntl
from pathlib import Path

import pytest

from registry import lasthead
from registry.errors import OfficeError, RegistryError
from registry.lasthead import keep_head, read_head, require_head
from tests.registry.rig import Rig
from tests.registry.test_rollback import rolled_back
from tests.registry.witnesses import Log
from verifier.checkpoint import Checkpoint


def test_what_is_wrong_with_it_is_named(tmp_path: Path) -> None:
    file = tmp_path / "head"
    assert read_head(file) is None
    file.write_bytes(b"{}")
    with pytest.raises(RegistryError, match="head_unusable") as damaged:
        read_head(file)
    assert damaged.value.params == {"file": str(file)}
    with pytest.raises(RegistryError, match="head_unreadable") as unreadable:
        read_head(tmp_path)
    assert unreadable.value.params == {"file": str(tmp_path), "problem": "Is a directory"}


def test_how_far_the_database_is_behind_is_told(lite: Rig) -> None:
    rolled_back(lite)
    with lite.app.database.read() as session, pytest.raises(RegistryError, match="log_rolled_back") as behind:
        require_head(session, lite.app.settings.head)
    assert (behind.value.params["size"], behind.value.params["here"]) == (5, 4)


def test_another_head_of_that_size_does_not_take_its_place(tmp_path: Path) -> None:
    file, log = tmp_path / "head", Log().grow(3)
    keep_head(file, log.note())
    keep_head(file, log.fork(1, "other").note())
    assert file.read_bytes() == log.note()
    keep_head(file, log.grow(1).note())
    assert file.read_bytes() == log.note()


def test_nobody_else_keeps_one_meanwhile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def read(file: Path) -> Checkpoint | None:
        with (tmp_path / ".head.lock").open("r+") as another, pytest.raises(BlockingIOError):
            fcntl.flock(another, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return read_head(file)

    monkeypatch.setattr(lasthead, "read_head", read)
    keep_head(tmp_path / "head", Log().grow(3).note())
    assert (tmp_path / ".head.lock").stat().st_mode & 0o777 == 0o600
    (tmp_path / ".head.lock").chmod(0o666)
    with pytest.raises(OfficeError, match="home_unsafe"):
        keep_head(tmp_path / "head", Log().grow(4).note())
