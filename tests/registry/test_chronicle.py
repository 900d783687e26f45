"""The log's story: what cannot have happened is told, whoever wrote it there; times never fall, and never by our own hand."""

from collections.abc import Sequence

import pytest

from registry.chronicle import chronicle_troubles
from registry.database import Database
from registry.errors import RegistryError
from registry.issuance import resume
from registry.log import MAX_CLOCK_STEP, append_entries, log_time, sign_head
from registry.models import Base, CheckpointRow, LogHead, LogTile
from tests.builders import HOST, INDUSTRY, MUNICIPAL, refused, signer
from tests.registry.rig import DAY, NOW, Rig, assert_sound
from verifier.logentry import LogEntry, parse_log_entry
from verifier.number import number_of
from verifier.policy import VerificationPolicy
from verifier.tiles import TILE_WIDTH

ONE, TWO = (number_of(MUNICIPAL, 2026, 1, serial).digits for serial in (1, 2))
DIGEST = "0" * 64


def at(action: str, number: str = ONE, time: int = NOW, authority: str = MUNICIPAL) -> LogEntry:
    return LogEntry(action, number, DIGEST if action != "void" else "", authority, time)


def opened(url: str) -> Database:
    database = Database(url)
    Base.metadata.create_all(database.engine)
    with database.write() as session:
        session.add(LogHead(id=1, size=0))
    return database


def troubles(url: str, entries: Sequence[LogEntry], *heads: tuple[int, int]) -> list[tuple[str, str]]:
    """What is said of a log with these entries, written past everything that guards it, and heads (size, time)."""
    database = opened(url)
    data = [entry.to_bytes() for entry in entries]
    framed = [len(item).to_bytes(2, "big") + item for item in data]
    with database.write() as session:
        session.get_one(LogHead, 1).size = len(entries)
        for index in range(0, len(framed), TILE_WIDTH):
            bundle = b"".join(framed[index : index + TILE_WIDTH])
            session.add(LogTile(level=-1, index=index // TILE_WIDTH, data=bundle))
        for size, time in heads:
            session.add(CheckpointRow(size=size, note=b"", signed_at=time))
    with database.read() as session:
        found = [(one.code, one.subject) for one in chronicle_troubles(session, NOW + DAY)]
    database.close()
    return found


LIST = LogEntry("trust-list", "1", DIGEST, "", NOW)
POSSIBLE: dict[str, list[LogEntry]] = {
    "nothing": [],
    "a life": [LIST, at("issue"), at("suspend"), at("reinstate"), at("suspend"), at("revoke")],
    "a void number": [at("void"), at("issue", TWO)],
    "at one time": [at("issue", number_of(MUNICIPAL, 2026, 1, 1 + n).digits) for n in range(300)],
}
IMPOSSIBLE: dict[str, tuple[list[LogEntry], list[tuple[str, str]]]] = {
    "reinstated after a revocation": (
        [at("issue"), at("revoke"), at("reinstate")],
        [("status_transition", ONE)],
    ),
    "suspended after a revocation": (
        [at("issue"), at("revoke"), at("suspend")],
        [("status_transition", ONE)],
    ),
    "revoked twice": ([at("issue"), at("revoke"), at("revoke")], [("status_transition", ONE)]),
    "suspended twice": ([at("issue"), at("suspend"), at("suspend")], [("status_transition", ONE)]),
    "reinstated without suspension": ([at("issue"), at("reinstate")], [("status_transition", ONE)]),
    "revoked before it was issued": ([at("revoke"), at("issue")], [("status_transition", ONE)]),
    "issued twice": ([at("issue"), at("issue")], [("status_transition", ONE)]),
    "issued after it was void": ([at("void"), at("issue")], [("status_transition", ONE)]),
    "void after it was issued": ([at("issue"), at("void")], [("status_transition", ONE)]),
    "a void number revoked": ([at("void"), at("revoke")], [("status_transition", ONE)]),
    "a time that falls": ([at("issue"), at("issue", TWO, NOW - 1)], [("log_time_falls", "1")]),
    "a time that fell and went on": (
        [at("issue"), at("issue", TWO, NOW - 9), at("suspend", TWO, NOW - 5)],
        [("log_time_falls", "1"), ("log_time_falls", "2")],
    ),
    "a time ahead": ([at("issue", ONE, NOW + DAY + MAX_CLOCK_STEP + 1)], [("log_time_ahead", "0")]),
    "another's number": ([at("issue", authority=INDUSTRY)], [("log_authority_differs", "0")]),
    "a trust list of an authority": (
        [LogEntry("trust-list", "1", DIGEST, MUNICIPAL, NOW)],
        [("log_authority_differs", "0")],
    ),
}


@pytest.mark.parametrize("story", POSSIBLE)
def test_what_can_have_happened(engine_url: str, story: str) -> None:
    size = len(POSSIBLE[story])
    assert troubles(engine_url, POSSIBLE[story], *([(size, NOW)] if size else [])) == []


@pytest.mark.parametrize("story", IMPOSSIBLE)
def test_what_cannot(engine_url: str, story: str) -> None:
    entries, expected = IMPOSSIBLE[story]
    assert troubles(engine_url, entries) == expected


def test_a_head_dated_before_what_is_under_it(engine_url: str) -> None:
    entries = [at("issue"), at("issue", TWO, NOW + 10)]
    assert troubles(engine_url, entries, (1, NOW + 9), (2, NOW + 9)) == [("checkpoint_early", "2")]


def test_our_clock_may_step_back_as_far_as_a_verifiers_may(lite: Rig) -> None:
    """Within a verifier's tolerance the last time is carried on; beyond it nothing is dated falsely, and it is told."""
    assert VerificationPolicy(at=0).clock_skew == MAX_CLOCK_STEP
    (number,) = lite.issue(1)
    lite.clock.now = NOW - MAX_CLOCK_STEP
    event = lite.change(number, "suspend", "complaint")
    assert event.at == NOW
    head = lite.app.sign_log()
    assert head is not None
    assert head.signed_at == NOW
    lite.set_authority("suspended")
    lite.clock.now = NOW
    assert_sound(lite.app, issued=1)


def test_a_clock_that_went_back_further_logs_nothing(rig: Rig) -> None:
    (number,) = rig.issue(1)
    rig.change(number, "suspend", "complaint")
    rig.clock.now = NOW - MAX_CLOCK_STEP - 1
    for refusal in (
        lambda: rig.change(number, "revoke", "fraud"),
        lambda: rig.issue(2),
        lambda: rig.set_authority("suspended"),
        rig.app.sign_log,
    ):
        with refused(RegistryError, "clock_went_back"):
            refusal()
    rig.clock.now = NOW
    assert [len(finished.issued) for finished in resume(rig.app)] == [1]
    assert len(rig.issue(3)) == 1
    assert_sound(rig.app, issued=3)


def test_nothing_earlier_and_nothing_of_another_authority_is_appended(engine_url: str) -> None:
    database = opened(engine_url)
    with database.write() as session:
        append_entries(session, [at("issue")])
        assert (log_time(session, NOW - 1), log_time(session, NOW + 1)) == (NOW, NOW + 1)
    for entries, code in (
        ([at("issue", TWO, NOW - 1)], "log_time_falls"),
        ([at("issue", TWO, NOW + 1), at("suspend", TWO, NOW)], "log_time_falls"),
        ([at("issue", TWO, authority=INDUSTRY)], "log_authority_differs"),
    ):
        with refused(RegistryError, code), database.write() as session:
            append_entries(session, entries)
    with database.write() as session:
        head = sign_head(session, signer("log"), host=HOST, now=NOW - 1)
        assert head is not None
        assert (head.size, head.signed_at) == (1, NOW)
        bundle = session.get_one(LogTile, (-1, 0))
        assert parse_log_entry(bundle.data[2:]) == at("issue")
        bundle.data = bundle.data[:-1] + b"!"
        session.flush()
        with refused(RegistryError, "log_not_consistent"):
            log_time(session, NOW)
    database.close()
