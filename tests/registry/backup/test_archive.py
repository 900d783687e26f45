"""PostgreSQL's archive of the write-ahead log: the server's disk is lost, and nothing else."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import registry.backup
from registry.errors import RegistryError
from registry.fsck import fsck
from registry.operation.gauges import RegistryCollector
from tests.builders import refused
from tests.registry.engines import NoPostgresError
from tests.registry.rig import Place, Rig, assert_sound, found, opened
from tests.registry.servers import Server, Servers, servers, until

README = Path(registry.backup.__file__).with_name("README.md")


@pytest.fixture
def made() -> Iterator[Servers]:
    try:
        with servers() as running:
            yield running
    except NoPostgresError as error:
        pytest.skip(f"no PostgreSQL: {error}")


def documented_command(archive: Path) -> str:
    """The line of ``registry/backup/README.md``, as an operator takes it over."""
    line = re.search(r"^archive_command = .*'$", README.read_text(encoding="utf-8"), re.MULTILINE)
    assert line is not None
    return line[0].replace("/wal/", f"{archive}/")


def failing(rig: Rig) -> float:
    """``certreg_archive_failing``."""
    families = {one.name: one for one in RegistryCollector(rig.app).collect()}
    return families["certreg_archive_failing"].samples[0].value


def archived(server: Server) -> None:
    """Everything that was committed is in the archive."""
    segment = server.ask("SELECT pg_walfile_name(pg_current_wal_lsn())")
    server.ask("SELECT pg_switch_wal()")
    until(
        lambda: (server.ask("SELECT coalesce(last_archived_wal, '') FROM pg_stat_archiver") or "") >= segment
    )


def recovered(made: Servers, name: str, base: Path, archive: Path) -> Server:
    """A server from the base backup and the archive, as the README says."""
    server = made.empty(name)
    base.rename(server.data)
    (server.data / "recovery.signal").touch()
    server.configure(f"restore_command = 'cp {archive}/%f %p'", "archive_mode = off")
    server.start()
    until(lambda: server.ask("SELECT pg_is_in_recovery()") is False)
    return server


def test_the_archive_gives_back_the_last_second_and_a_part_of_it_is_refused(
    made: Servers, tmp_path: Path
) -> None:
    archive = made.place("wal")
    command = documented_command(archive)
    first = made.new("first", "archive_mode = on", command, "wal_level = replica")
    first.ask("CREATE DATABASE certreg")
    found(Place(tmp_path / "home", first.url("certreg"))).database.close()
    with opened(Place(tmp_path / "home", first.url("certreg")), tmp_path) as rig:
        rig.issue(1)
        for copy in ("base", "second-base"):
            made.base_backup(first, made.folder / copy)
        archived(first)
        before = set(archive.iterdir())
        rig.issue(2)
        rig.publish()
        archived(first)
    first.lose()
    later = made.place("later")
    for segment in set(archive.iterdir()) - before:
        segment.rename(later / segment.name)

    part = recovered(made, "part", made.folder / "base", archive)
    with opened(Place(tmp_path / "home", part.url("certreg")), tmp_path) as rig:
        assert {one.code for one in fsck(rig.app).troubles} == {"log_rolled_back"}
        with refused(RegistryError, "log_rolled_back"):
            rig.issue(3)

    for segment in later.iterdir():
        segment.rename(archive / segment.name)
    whole = recovered(made, "whole", made.folder / "second-base", archive)
    with opened(Place(tmp_path / "home", whole.url("certreg")), tmp_path) as rig:
        go_on(rig)


def test_a_promoted_standby_goes_on_with_the_archive_and_one_that_fails_is_seen(
    made: Servers, tmp_path: Path
) -> None:
    """It offers anew what the primary archived already; a command that refuses what is there stops for good."""
    archive = made.place("shared")
    first = made.new("archiving", "archive_mode = on", documented_command(archive))
    first.ask("CREATE DATABASE certreg")
    found(Place(tmp_path / "home", first.url("certreg"))).database.close()
    standby = made.standby(first, "successor", "one")
    archived(first)
    before = set(archive.iterdir())
    first.lose()
    standby.promote()
    until(lambda: standby.ask("SELECT pg_is_in_recovery()") is False)
    with opened(Place(tmp_path / "home", standby.url("certreg")), tmp_path) as rig:
        standby.ask("CHECKPOINT")
        rig.issue(1)
        archived(standby)
        assert set(archive.iterdir()) > before
        assert standby.ask("SELECT failed_count FROM pg_stat_archiver") == 0
        assert failing(rig) == 0
        standby.configure("archive_command = 'false'")
        standby.ask("SELECT pg_reload_conf()")
        rig.issue(2)
        standby.ask("SELECT pg_switch_wal()")
        until(lambda: failing(rig) == 1)


def go_on(rig: Rig) -> None:
    rig.issue(3)
    rig.publish()
    assert_sound(rig.app, issued=3)
