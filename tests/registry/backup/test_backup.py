"""Backup and restoration on both engines: issue, back up, issue more, lose the database, restore, ``fsck``, go on."""

import json
import os
import shutil
import stat
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Event, Thread

import pytest

from registry.backup import engines, making
from registry.backup.gap import Gap
from registry.backup.making import back_up
from registry.backup.manifest import MANIFEST, read_manifest
from registry.backup.restoring import restore
from registry.errors import RegistryError
from registry.fsck import fsck
from registry.publication import publish
from tests.builders import MUNICIPAL, refused
from tests.registry.backup.disaster import Outside, back_again, lose_database, lose_machine
from tests.registry.rig import Place, Rig, assert_sound
from tests.registry.sheets import identity
from verifier.logentry import LogEntry
from verifier.number import number_of
from verifier.sources import FolderSource

FIRST, SECOND = (number_of(MUNICIPAL, 2026, 1, serial).digits for serial in (1, 2))


def codes(rig: Rig) -> set[str]:
    return {trouble.code for trouble in fsck(rig.app).troubles}


def test_the_newest_backup_brings_everything_back_and_the_registry_goes_on(rig: Rig) -> None:
    rig.issue(1, 2)
    rig.change(FIRST, "suspend", "complaint")
    rig.publish()
    back_up(rig.app, rig.folder / "backup")
    lose_database(rig)
    done = back_again(rig, rig.folder / "backup")
    assert done.gap is None
    assert done.report.troubles == ()
    rig.issue(3)
    rig.publish()
    assert_sound(rig.app, issued=3)
    assert rig.judge(SECOND).verdict.value == "PASSED"


def test_an_older_backup_than_what_was_published_is_told_entry_by_entry_and_gives_no_number(rig: Rig) -> None:
    rig.issue(1)
    rig.publish()
    back_up(rig.app, rig.folder / "backup")
    rig.issue(2)
    rig.change(FIRST, "revoke", "data-error")
    rig.publish()
    published = {path: path.read_bytes() for path in rig.site.rglob("*") if path.is_file()}
    lose_database(rig)
    done = back_again(rig, rig.folder / "backup")
    gap = done.gap
    assert gap is not None
    assert gap.is_public
    assert (gap.published - gap.here, gap.signed) == (2, gap.published)
    assert gap.actions == {"issue": 1, "revoke": 1}
    assert gap.series == {SECOND[:11]: (SECOND, SECOND)}
    assert gap.file is not None
    lines = [json.loads(line) for line in gap.file.read_text().splitlines()]
    assert [(line["action"], line["number"]) for line in lines] == [("issue", SECOND), ("revoke", FIRST)]
    assert lines[0]["index"] == gap.here
    assert stat.S_IMODE(gap.file.stat().st_mode) == 0o600
    assert {trouble.code for trouble in done.report.troubles} == {"log_rolled_back"}
    for refusal in (lambda: rig.issue(3), rig.app.sign_log, rig.publish):
        with refused(RegistryError, "log_rolled_back"):
            refusal()
    assert {path: path.read_bytes() for path in rig.site.rglob("*") if path.is_file()} == published


def test_lost_numbers_are_told_by_authority_year_and_kind() -> None:
    gap = Gap(here=4, published=9, signed=9)
    one, two, three = (number_of(MUNICIPAL, 2026, 1, serial).digits for serial in (1, 2, 3))
    other = number_of(MUNICIPAL, 2026, 2, 7).digits
    for time, (action, number) in enumerate(
        [("issue", two), ("void", three), ("issue", one), ("issue", other), ("revoke", other)], start=5
    ):
        gap.add(LogEntry(action, number, "", MUNICIPAL, time))
    assert gap.series == {one[:11]: (one, three), other[:11]: (other, other)}
    assert (gap.first, gap.last, gap.actions["issue"]) == (5, 9, 3)


def test_on_a_new_machine_the_publication_keeps_an_old_backup_from_numbering(rig: Rig) -> None:
    """Head and database are of one moment and agree with each other; only what was published knows better."""
    rig.issue(1)
    rig.publish()
    back_up(rig.app, rig.folder / "backup")
    rig.issue(2)
    rig.publish()
    lose_machine(rig)
    done = back_again(rig, rig.folder / "backup")
    assert done.gap is not None
    assert done.gap.actions == {"issue": 1}
    with refused(RegistryError, "log_rolled_back"):
        rig.issue(3)
    assert codes(rig) == {"log_rolled_back"}


def test_on_a_new_machine_with_the_newest_backup_it_goes_on(rig: Rig) -> None:
    rig.issue(1)
    rig.publish()
    (rig.place.home / "custody.json").write_text('{"custodyVersion": 1, "keys": {}}')
    (rig.place.home / "custody.json").chmod(0o600)
    back_up(rig.app, rig.folder / "backup", with_keys=True)
    lose_machine(rig, keep_keys=False)
    done = back_again(rig, rig.folder / "backup")
    assert {"custody.json", "keys/log.pem"} <= set(done.added)
    assert stat.S_IMODE((rig.place.home / "keys" / "log.pem").stat().st_mode) == 0o600
    assert done.gap is None
    rig.issue(2)
    rig.publish()
    assert_sound(rig.app, issued=2)


def test_what_was_signed_and_never_published_is_counted_and_may_be_given_up_by_hand(lite: Rig) -> None:
    lite.issue(1)
    lite.publish()
    back_up(lite.app, lite.folder / "backup")
    lite.issue(2)
    lose_database(lite)
    gap = back_again(lite, lite.folder / "backup").gap
    assert gap is not None
    assert not gap.is_public
    assert (gap.signed - gap.here, gap.file) == (1, None)
    lite.app.settings.head.rename(lite.folder / "head-given-up")
    lite.issue(2)
    lite.publish()
    assert_sound(lite.app, issued=2)


def test_another_history_than_the_published_one_is_told(lite: Rig) -> None:
    """The database grew from an older backup elsewhere, and was backed up there."""
    lite.issue(1)
    lite.publish()
    old = lite.folder / "old"
    shutil.copytree(lite.place.home, old)
    lite.issue(2)
    lite.issue(3)
    lite.publish()
    lite.app.database.close()
    shutil.rmtree(lite.place.home)
    old.rename(lite.place.home)
    lite.app = lite.place.open(lite.clock)
    lite.issue(7)
    back_up(lite.app, lite.folder / "backup")
    lose_machine(lite)
    gap = back_again(lite, lite.folder / "backup").gap
    assert gap is not None
    assert (gap.trouble, gap.file) == ("log_not_consistent", None)
    assert codes(lite) == {"log_rolled_back"}


def test_a_backup_is_one_state_while_others_write(rig: Rig) -> None:
    rig.issue(1)
    ended, failed = Event(), []

    def write() -> None:
        serial = 10
        while not ended.is_set():
            try:
                rig.issue(serial, serial + 1, serial + 2)
            except Exception as error:
                failed.append(error)
                return
            serial += 3

    writer = Thread(target=write)
    writer.start()
    try:
        manifests = [back_up(rig.app, rig.folder / f"backup-{count}") for count in range(3)]
    finally:
        ended.set()
        writer.join()
    assert failed == []
    rig.publish()
    lose_database(rig)
    done = back_again(rig, rig.folder / "backup-2")
    assert {trouble.code for trouble in done.report.troubles} <= {"log_rolled_back"}
    assert [one.log_size for one in manifests] == sorted(one.log_size for one in manifests)
    assert done.report.entries == manifests[2].log_size


def test_neither_keys_nor_passphrases_nor_the_publication_are_in_it_unless_asked_for(lite: Rig) -> None:
    publish(lite.app, lite.app.settings.site)
    lite.issue(1)
    target = lite.folder / "backup"
    made = back_up(lite.app, target)
    names = {one.path for one in made.files}
    assert names == {"registry.db", "home/head"}
    assert stat.S_IMODE(target.stat().st_mode) == 0o700
    for file in target.rglob("*"):
        assert stat.S_IMODE(file.stat().st_mode) == (0o700 if file.is_dir() else 0o600)
    data = b"".join(file.read_bytes() for file in target.rglob("*") if file.is_file())
    assert identity(1).encode() not in data
    assert (lite.place.home / "keys" / "identity.key").read_bytes() not in data
    assert read_manifest(target) == made


def rename_database(rig: Rig) -> Path:
    """Open ``rig`` anew with a database of another name in its home; the file."""
    rig.app.database.close()
    file = (rig.place.home / "registry.db").rename(rig.place.home / "certs.sqlite3")
    rig.place = Place(rig.place.home, f"sqlite:///{file}")
    rig.app = rig.place.open(rig.clock)
    return file


def test_a_database_of_any_name_is_copied_by_its_own_means_alone(lite: Rig) -> None:
    rename_database(lite)
    lite.issue(1)
    for left in ("registry.db-wal", "registry.db.bak"):
        lite.place.home.joinpath(left).write_bytes(b"of the past")
    made = back_up(lite.app, lite.folder / "backup")
    assert {one.path for one in made.files} == {"registry.db", "home/head"}


@pytest.mark.parametrize("point", ["home", "loaded"])
def test_a_backup_that_has_a_live_database_puts_none_into_the_home(
    lite: Rig, point: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As they were made where the database had a name of its own."""
    file = rename_database(lite)
    lite.issue(1)
    with monkeypatch.context() as before:
        before.setattr(making, "live_files", lambda _: ())
        made = back_up(lite.app, lite.folder / "backup")
    assert {f"home/{file.name}{end}" for end in ("", "-wal", "-shm")} < {one.path for one in made.files}
    lite.app.database.close()
    lite.place.home.joinpath("head").unlink()
    file.unlink()
    seen = {}
    restore(
        lite.place.environment,
        lite.folder / "backup",
        None,
        clock=lite.clock,
        observe=lambda reached: seen.update({reached: sorted(lite.place.home.glob(f"{file.name}*"))}),
    )
    assert seen[point] == ([file] if point == "loaded" else [])
    lite.app = lite.place.open(lite.clock)
    assert_sound(lite.app, issued=1)


def test_no_backup_is_written_over_another(lite: Rig) -> None:
    back_up(lite.app, lite.folder / "backup")
    with refused(RegistryError, "backup_not_empty"):
        back_up(lite.app, lite.folder / "backup")


def test_an_old_database_makes_no_backup(lite: Rig) -> None:
    lite.issue(1)
    back_up(lite.app, lite.folder / "backup")
    lite.issue(2)
    lose_database(lite)
    back_again(lite, lite.folder / "backup", published=False)
    with refused(RegistryError, "log_rolled_back"):
        back_up(lite.app, lite.folder / "newer")
    assert not any(lite.folder.glob(".newer*"))


def damage_file(backup: Path) -> None:
    (backup / "registry.db").write_bytes((backup / "registry.db").read_bytes()[:-1] + b"x")


def lose_file(backup: Path) -> None:
    (backup / "home" / "head").unlink()


def climb_out(backup: Path) -> None:
    text = (backup / MANIFEST).read_text()
    (backup / MANIFEST).write_text(text.replace("home/head", "home/../../head"))


def replaced(old: str, new: str) -> Callable[[Path], None]:
    def replace(backup: Path) -> None:
        text = (backup / MANIFEST).read_text()
        assert old in text
        (backup / MANIFEST).write_text(text.replace(old, new))

    return replace


DEFECTS: Sequence[tuple[str, Callable[[Path], None]]] = (
    ("backup_damaged", damage_file),
    ("backup_damaged", lose_file),
    ("backup_absent", lambda backup: (backup / MANIFEST).unlink()),
    ("backup_manifest", lambda backup: (backup / MANIFEST).write_bytes(b"{")),
    ("backup_manifest", replaced('"backup_version":1', '"backupVersion":2')),
    ("backup_manifest", replaced('"with_keys":false', '"with_keys":0')),
    ("backup_manifest", replaced('"engine":"sqlite",', "")),
    ("backup_manifest", climb_out),
    ("backup_manifest", replaced('"path":"home/head"', '"path":""')),
    ("backup_manifest", replaced('"path":"home/head"', '"path":"/head"')),
    ("backup_manifest", replaced('"path":"registry.db"', '"path":"home/registry.db"')),  # no database
    ("backup_manifest", replaced('"path":"registry.db"', '"path":null')),
    ("backup_schema", replaced('"schema":"0', '"schema":"9')),
    ("backup_engine", replaced('"sqlite"', '"postgresql"')),
)


@pytest.mark.parametrize(("code", "defect"), DEFECTS)
def test_a_defective_backup_changes_nothing(lite: Rig, code: str, defect: Callable[[Path], None]) -> None:
    lite.issue(1)
    back_up(lite.app, lite.folder / "backup")
    lose_database(lite)
    defect(lite.folder / "backup")
    before = Outside.of(lite.place)
    with refused(RegistryError, code):
        restore(lite.place.environment, lite.folder / "backup", None)
    assert Outside.of(lite.place) == before
    assert not (lite.place.home / "registry.db").exists()


def test_nothing_is_restored_over_anything(rig: Rig) -> None:
    rig.issue(1)
    back_up(rig.app, rig.folder / "backup")
    with refused(RegistryError, "restore_not_empty"):
        restore(rig.place.environment, rig.folder / "backup", None)
    assert_sound(rig.app, issued=1)


def test_what_the_former_database_left_beside_it_is_not_mixed_in(lite: Rig) -> None:
    lite.issue(1)
    back_up(lite.app, lite.folder / "backup")
    lose_database(lite)
    (lite.place.home / "registry.db-wal").write_bytes(b"pages")
    with refused(RegistryError, "restore_left_over"):
        restore(lite.place.environment, lite.folder / "backup", None)


def test_without_keys_it_says_so_first(lite: Rig) -> None:
    back_up(lite.app, lite.folder / "backup")
    lose_machine(lite, keep_keys=False)
    with refused(RegistryError, "restore_keys"):
        restore(lite.place.environment, lite.folder / "backup", None)
    assert not lite.place.home.exists()


def test_a_foreign_publication_is_refused_before_anything_happens(lite: Rig) -> None:
    lite.issue(1)
    lite.publish()
    back_up(lite.app, lite.folder / "backup")
    lose_machine(lite)
    before = Outside.of(lite.place)
    for note in (b"jxjy.example/log\n1\nAAAA\n\n", None):
        head = lite.site / "log" / "checkpoint"
        head.write_bytes(note) if note else head.unlink()
        with refused(RegistryError, "restore_site"):
            back_again(lite, lite.folder / "backup")
    assert Outside.of(lite.place) == before


@pytest.mark.parametrize("point", ["home", "head", "loaded"])
def test_interrupted_anywhere_an_old_backup_numbers_nothing(lite: Rig, point: str) -> None:
    lite.issue(1)
    lite.publish()
    back_up(lite.app, lite.folder / "backup")
    lite.issue(2)
    lite.publish()
    lose_machine(lite)

    class StruckError(Exception):
        pass

    def observe(reached: str) -> None:
        if reached == point:
            raise StruckError

    with pytest.raises(StruckError):
        restore(
            lite.place.environment,
            lite.folder / "backup",
            FolderSource(lite.site),
            clock=lite.clock,
            observe=observe,
        )
    if point != "loaded":
        back_again(lite, lite.folder / "backup")  # again, to its end
    else:
        lite.app = lite.place.open(lite.clock)
    with refused(RegistryError, "log_rolled_back"):
        lite.issue(3)


def test_a_missing_tool_is_named(served: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines.shutil, "which", lambda _: None)
    with refused(RegistryError, "backup_tool_missing"):
        back_up(served.app, served.folder / "backup")
    assert not any(served.folder.glob("*backup*"))


def test_a_tool_that_fails_is_told_without_what_was_in_a_row(
    served: Rig, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    fake = tmp_path / "bin" / "pg_dump"
    fake.parent.mkdir()
    fake.write_text("#!/bin/sh\necho 'pg_dump: error: no space' >&2\necho 'DETAIL: 张文博' >&2\nexit 1\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{fake.parent}{os.pathsep}{os.environ['PATH']}")
    with pytest.raises(RegistryError, match="backup_tool_failed") as caught:
        back_up(served.app, served.folder / "backup")
    assert caught.value.params["problem"] == "pg_dump: error: no space"
    assert not any(served.folder.glob("*backup*"))
