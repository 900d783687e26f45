"""Handing out: only what is in force, under a signed head, and passes the public verifier; the files say the same."""

import os

import pytest
from sqlalchemy import text

from registry.errors import RegistryError
from registry.faces.renderer import FaceRenderer
from registry.handout import Handout, find_record, prepare, prepare_all, write_files
from registry.models import Certificate
from tests.builders import MUNICIPAL, refused
from tests.registry.children import Strike, issue, killed
from tests.registry.intruder import sql, tamper
from tests.registry.rig import NOW, Rig
from verifier.number import number_of, parse_number
from verifier.presented import Presented, present_file
from verifier.tlogproof import parse_tlog_proof

NEVER = number_of(MUNICIPAL, 2026, 1, 1)
"""The first number, where nothing is issued."""


def test_the_files_of_a_certificate(lite: Rig) -> None:
    (number,) = lite.issue(1)
    lite.publish()
    files = write_files(prepare(lite.app, number), lite.folder / "out", FaceRenderer())
    assert [path.name for path in files] == [
        f"{number}.{end}" for end in ("json", "pdf", "png", "tlog-proof")
    ]
    assert files[0].read_bytes() == lite.record(number)
    assert sorted(path.name for path in (lite.folder / "out").iterdir()) == sorted(
        path.name for path in files
    )
    for path in files[:3]:
        (presented,) = present_file(path)
        assert presented.record == lite.record(number)
        assert presented.log_proof == files[3].read_bytes()
        assert lite.judge_presented(presented).reason == "valid"
    assert parse_tlog_proof(files[3].read_bytes()).index == 3


def test_some_formats_only(lite: Rig) -> None:
    (number,) = lite.issue(1)
    files = write_files(prepare(lite.app, number), lite.folder / "out", FaceRenderer(), ("json",))
    assert [path.suffix for path in files] == [".json", ".tlog-proof"]


@pytest.mark.parametrize(("action", "reason"), [("revoke", "fraud"), ("suspend", "complaint")])
def test_what_is_not_in_force_is_not_drawn(rig: Rig, action: str, reason: str) -> None:
    (number,) = rig.issue(1)
    rig.change(number, action, reason)
    with refused(RegistryError, "not_in_force"):
        prepare(rig.app, number)


def test_what_is_reinstated_is(rig: Rig) -> None:
    (number,) = rig.issue(1)
    rig.change(number, "suspend", "complaint")
    rig.change(number, "reinstate", "review-closed")
    assert prepare(rig.app, number).record.number.digits == number


def test_nothing_before_it_is_under_a_signed_head(rig: Rig) -> None:
    file = rig.people([1])
    assert killed(rig.place, NOW, issue, file, strike=Strike("checkpoint:before"))
    number = NEVER.digits  # the first, now issued
    with refused(RegistryError, "not_under_checkpoint"):
        prepare(rig.app, number)
    found = find_record(rig.app, parse_number(number))
    assert found == (rig.record(number), None)
    rig.app.sign_log()
    assert prepare(rig.app, number).record.data == rig.record(number)


def test_an_unknown_number(rig: Rig) -> None:
    with refused(RegistryError, "number_unknown"):
        prepare(rig.app, NEVER.digits)
    assert find_record(rig.app, NEVER) is None


def test_a_record_that_was_tampered_with_is_not_drawn(rig: Rig) -> None:
    (number,) = rig.issue(1)
    altered = rig.record(number).replace("张文博".encode(), "张文慱".encode())
    with rig.app.database.write() as session:
        session.execute(text("UPDATE certificate SET record = :record"), {"record": altered})
    with refused(RegistryError, "not_verified"):
        prepare(rig.app, number)


@pytest.mark.parametrize("place", [-1, 10_000])
def test_a_record_whose_place_in_the_log_is_none_keeps_no_other_back(rig: Rig, place: int) -> None:
    moved, other = rig.issue(1, 2)
    with rig.app.database.write() as session:
        session.get_one(Certificate, moved).leaf_index = place
    refusal, handout = prepare_all(rig.app, [moved, other])
    assert isinstance(refusal, RegistryError)
    assert (refusal.code, refusal.params) == ("record_altered", {"number": moved})
    assert isinstance(handout, Handout)
    assert find_record(rig.app, parse_number(moved)) == (rig.record(moved), None)


def test_a_log_that_lost_its_entries_proves_nothing(lite: Rig) -> None:
    (number,) = lite.issue(1)
    tamper(lite, sql("DELETE FROM log_tile WHERE level = -1"))
    with refused(RegistryError, "log_not_consistent"):
        prepare(lite.app, number)


def test_a_disk_that_fails_leaves_no_half_file(lite: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    (number,) = lite.issue(1)
    handout = prepare(lite.app, number)
    target = lite.folder / "out"
    write_files(handout, target, FaceRenderer(), ("json",))
    before = (target / f"{number}.json").read_bytes()

    def failing(_: int) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(os, "fsync", failing)
    with pytest.raises(OSError, match="no space"):
        write_files(handout, target, FaceRenderer(), ("json",))
    assert (target / f"{number}.json").read_bytes() == before
    assert len(list(target.iterdir())) == 2


def test_the_registry_finds_records_for_bare_numbers(rig: Rig) -> None:
    (number,) = rig.issue(1)
    rig.publish()
    found = find_record(rig.app, parse_number(number))
    assert found is not None
    record, log_proof = found
    assert rig.judge_presented(Presented(number, record=record, log_proof=log_proof)).reason == "valid"
