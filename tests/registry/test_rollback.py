"""A database older than what was signed: no number is given twice, no second history of the log is signed or published."""

import pytest
from sqlalchemy import select

from registry.app import create_app
from registry.correction import correct
from registry.errors import RegistryError
from registry.fsck import fsck
from registry.handout import prepare
from registry.issuance import checkpoint, resume
from registry.models import CheckpointRow, Series
from registry.publication import publish, write_bundle
from tests.builders import HOST, MUNICIPAL, refused
from tests.registry.intruder import Backup, back_up, restore, sql, tamper
from tests.registry.rig import NOW, Clock, Rig, assert_sound
from tests.registry.test_publication import contents
from verifier.number import number_of

CHECKPOINT = "log/checkpoint"
FIRST = number_of(MUNICIPAL, 2026, 1, 1).digits


def codes(rig: Rig) -> set[str]:
    return {trouble.code for trouble in fsck(rig.app).troubles}


def rolled_back(rig: Rig) -> Backup:
    """The registry after a restore: one certificate in the database, two in the world."""
    rig.issue(1)
    rig.publish()
    backup = back_up(rig)
    rig.issue(2)
    rig.publish()
    restore(rig, backup)
    return backup


def state_of_database(rig: Rig) -> tuple[list[int], list[int]]:
    with rig.app.database.read() as session:
        serials = session.scalars(select(Series.next_serial))
        return list(serials), list(session.scalars(select(CheckpointRow.size).order_by(CheckpointRow.size)))


def test_a_restored_backup_gives_no_number_and_signs_nothing(rig: Rig) -> None:
    rolled_back(rig)
    before, published = state_of_database(rig), contents(rig.site)
    assert codes(rig) == {"log_rolled_back"}
    for refusal in (
        lambda: rig.issue(3),
        lambda: resume(rig.app),
        lambda: checkpoint(rig.app),
        rig.app.sign_log,
        rig.publish,
        lambda: write_bundle(rig.app, rig.folder / "bundle"),
        lambda: prepare(rig.app, FIRST),
        lambda: correct(rig.app, FIRST, {"name": "李雷"}),
    ):
        with refused(RegistryError, "log_rolled_back"):
            refusal()
    assert state_of_database(rig) == before
    assert contents(rig.site) == published


def test_a_restored_backup_that_grew_again_is_another_history(rig: Rig) -> None:
    """As large as what was signed, or larger, and not the same."""
    rolled_back(rig)
    rig.change(FIRST, "suspend", "complaint")  # the service itself asks nobody
    rig.change(FIRST, "reinstate", "review-closed")
    assert "log_not_consistent" in codes(rig)
    with refused(RegistryError, "log_not_consistent"):
        rig.app.sign_log()
    with refused(RegistryError, "log_not_consistent"):
        rig.issue(3)


def test_the_newest_backup_is_the_way_out(rig: Rig) -> None:
    rig.issue(1)
    backup = back_up(rig)
    rig.issue(2)
    newest = back_up(rig)
    restore(rig, backup)
    assert codes(rig) == {"log_rolled_back"}
    restore(rig, newest)
    rig.issue(3)
    assert_sound(rig.app, issued=3)


def test_what_nobody_saw_may_be_given_up_by_hand(rig: Rig) -> None:
    """The lost part was neither handed out nor published: the file is moved away, and the log goes on from the backup."""
    rig.issue(1)
    rig.publish()
    backup = back_up(rig)
    rig.issue(2)
    restore(rig, backup)
    rig.app.settings.head.rename(rig.folder / "head-given-up")
    rig.issue(2)
    rig.publish()
    assert_sound(rig.app, issued=2)


def test_the_publication_alone_gives_the_alarm(rig: Rig) -> None:
    """Folder and database restored together, and the site is where it was."""
    rolled_back(rig)
    rig.app.settings.head.unlink()
    before, published = state_of_database(rig), contents(rig.site)
    with refused(RegistryError, "publication_ahead"):
        rig.publish()
    assert state_of_database(rig) == before  # not even the head was signed
    with refused(RegistryError, "log_rolled_back"):  # what is in the world is known from now on
        rig.issue(3)
    rig.app.settings.head.unlink()
    rig.issue(3)
    with refused(RegistryError, "log_not_consistent"):
        rig.publish()
    assert contents(rig.site) == published


def test_an_older_publication_is_brought_up_to_date(rig: Rig) -> None:
    rig.issue(1)
    rig.publish()
    rig.issue(*range(2, 300))
    rig.publish()
    assert_sound(rig.app, issued=299)


def test_another_keys_head_on_the_site_is_no_head_of_ours(lite: Rig) -> None:
    lite.issue(1)
    lite.publish()
    note = (lite.site / CHECKPOINT).read_bytes()
    (lite.site / CHECKPOINT).write_bytes(note.replace(b"\n5\n", b"\n6\n", 1) if b"\n5\n" in note else b"x")
    assert CHECKPOINT in publish(lite.app, lite.site).paths
    assert (lite.site / CHECKPOINT).read_bytes() == note


def test_the_file_behind_the_database_is_as_after_a_crash(rig: Rig) -> None:
    rig.issue(1)
    before = rig.app.settings.head.read_bytes()
    rig.issue(2)
    newest = rig.app.settings.head.read_bytes()
    assert newest != before
    rig.app.settings.head.write_bytes(before)
    assert codes(rig) == set()
    rig.app.sign_log()  # nothing to sign, and yet the file is brought up to date
    assert rig.app.settings.head.read_bytes() == newest


def test_what_a_killed_writer_left_beside_it_is_swept(lite: Rig) -> None:
    left_over = lite.place.home / ".head.0123456789abcdef.new"
    left_over.write_bytes(b"half")
    lite.issue(1)
    assert not left_over.exists()


def test_the_file_never_goes_back(rig: Rig) -> None:
    """Of two that signed, the one with the smaller head may come last."""
    rig.issue(1)
    with rig.app.database.read() as session:
        smaller = session.scalars(select(CheckpointRow).order_by(CheckpointRow.size)).first()
    assert smaller is not None
    newest = rig.app.settings.head.read_bytes()
    rig.app.keep_head(smaller)
    assert rig.app.settings.head.read_bytes() == newest


@pytest.mark.parametrize("damage", [b"", b"{}", b"a\n1\nb\n"])
def test_a_damaged_file_stops_everything_and_says_so(lite: Rig, damage: bytes) -> None:
    lite.issue(1)
    lite.app.settings.head.write_bytes(damage)
    assert codes(lite) == {"head_unusable"}
    with refused(RegistryError, "head_unusable"):
        lite.issue(2)


def test_a_file_that_cannot_be_read_stops_everything_and_says_so(lite: Rig) -> None:
    lite.issue(1)
    lite.app.settings.head.unlink()
    lite.app.settings.head.mkdir()  # the administrator, as whom tests may run, reads any file
    assert codes(lite) == {"head_unreadable"}
    with refused(RegistryError, "head_unreadable"):
        lite.issue(2)


def test_a_head_that_the_log_never_signed_is_told(lite: Rig) -> None:
    lite.issue(1)
    head = lite.app.settings.head
    note = head.read_bytes()
    # Signatures end in small bytes: one in 64 has these already.
    head.write_bytes(note[:-4] + (b"AQ=\n" if note.endswith(b"AA=\n") else b"AA=\n"))
    assert codes(lite) == {"note_signature"}


def test_the_file_is_for_its_owner_only(rig: Rig) -> None:
    assert rig.app.settings.head.stat().st_mode & 0o777 == 0o600


def test_no_second_registry_is_made_where_one_has_signed(rig: Rig) -> None:
    """The database is emptied, and ``init`` is tried with the keys that are there."""
    tamper(
        rig,
        sql("DELETE FROM registry", "DELETE FROM log_head", "DELETE FROM trust_list", "DELETE FROM log_tile"),
    )
    with refused(RegistryError, "log_rolled_back"):
        create_app(rig.place.environment, home=None, host=HOST, clock=Clock(NOW))
