"""The audit: a good log passes, and each thing that an insider could try is found under its own code."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from keys.did import key_id, registry_did
from keys.trustlist import Authority, StateChange
from tests.builders import INDUSTRY, MUNICIPAL, at, refused, root, signed, signer
from tests.simulator import LOGGED_AT, NOW, Simulator, standard_draft, standard_pin
from tests.verifier.logbook import COSIGNED_AT, Files, Found, Logbook, audited, digest_of, digits, found
from tests.verifier.publication import publication
from verifier.audit import ledger as ledger_module
from verifier.audit.ledger import MAX_MISSING, NUMBER_SECONDS
from verifier.audit.memory import Memory
from verifier.audit.replay import audit
from verifier.audit.report import MAX_LISTED
from verifier.audit.statuses import MAX_PENDING, Pending
from verifier.checkpoint import Checkpoint, sign_checkpoint
from verifier.errors import SourceError
from verifier.logentry import LogEntry
from verifier.merkle import leaf_hash, tree_hash
from verifier.number import number_of
from verifier.report import Verdict
from verifier.status import status_path

FIRST = digits(1)
LIST = status_path(number_of(MUNICIPAL, 2026, 1, 1), "revocation")
SUSPENSIONS = status_path(number_of(MUNICIPAL, 2026, 1, 1), "suspension")
HINT = f"log/runs/{MUNICIPAL}/2026/1.json"


def revoked(book: Logbook, serial: int, status: str = "revoked") -> None:
    """Let the status lists say so."""
    number = number_of(MUNICIPAL, 2026, 1, serial)
    book.simulator.revoke(number) if status == "revoked" else book.simulator.suspend(number)


def good_book() -> Logbook:
    """A life of everything that a log records."""
    book = Logbook()
    for serial in range(1, 601):
        book.enter("void" if serial % 100 == 7 else "issue", serial)
    book.issue(602)  # two batches at once: the second is logged first
    book.issue(601)
    book.issue(1, authority=INDUSTRY)
    book.enter("suspend", 1, reason="under-review")
    book.enter("reinstate", 1, reason="review-closed")
    book.enter("suspend", 2, reason="under-review")
    book.enter("suspend", 3, reason="under-review")
    book.enter("revoke", 3, reason="fraud")
    book.issue(603)
    book.enter("revoke", 4, reason="superseded", successor=digits(603))
    revoked(book, 2, "suspended")
    revoked(book, 3)
    revoked(book, 4)
    book.next_trust()
    return book


def test_a_good_log_passes() -> None:
    book = good_book()
    done: list[tuple[int, int]] = []
    size = len(book.simulator.entries)
    result = audit(
        Files(good_files(book)), pin=standard_pin(), now=NOW, observe=lambda *now: done.append(now)
    )
    report = result.report
    assert found(result) == []
    assert report.verdict is Verdict.PASSED
    assert (report.size, report.replayed, report.pinned, report.quorum) == (size, size, True, 1)
    assert report.root == tree_hash([leaf_hash(entry) for entry in book.simulator.entries])
    assert report.witnessed == (COSIGNED_AT, COSIGNED_AT)
    assert done == [(256, size), (512, size), (size, size)]
    assert report.actions["void"] == 6
    assert result.memory is not None
    assert [(one.size, one.root) for one in result.memory.checkpoints] == [(size, report.root)]
    document = report.to_json()
    assert (document["verdict"], document["log"]["size"], document["findings"]) == ("PASSED", size, [])


def good_files(book: Logbook) -> dict[str, bytes | None]:
    """The simulator has one set of changes for all series: the industry's lists are those of a log without any."""
    other = Logbook()
    other.issue(1, authority=INDUSTRY)
    lists = {path: data for path, data in other.files().items() if path.startswith(f"status/{INDUSTRY}")}
    return {**book.files(), **lists}


def test_a_good_log_that_grows_passes_again_and_again() -> None:
    book = Logbook()
    memory: Memory | None = None
    for round_ in range(5):
        for serial in range(1 + 200 * round_, 201 + 200 * round_):
            book.issue(serial, time=LOGGED_AT + 3600 * round_)
        book.cosigned_at = LOGGED_AT + 3600 * round_ + 60
        result = book.audit(memory=memory)
        assert found(result) == []
        assert result.report.known_before == round_
        memory = result.memory
    assert memory is not None
    assert [one.size for one in memory.checkpoints] == [201, 401, 601, 801, 1001]


Write = Callable[[Logbook], object]


def expect(write: Write) -> Found:
    """What is found in a log with one certificate and what ``write`` adds."""
    book = Logbook()
    book.issue(1)
    write(book)
    return found(book.audit())


OTHER_DIGEST = "ab" * 32


def seal(book: Logbook, count: str, digest: str = OTHER_DIGEST, authority: str = "") -> int:
    """Log that the registry's audit trail has so many acts; its leaf."""
    return book.simulator.log(LogEntry("audit-trail", count, digest, authority, LOGGED_AT))


TRANSITIONS: list[tuple[str, Write, Found]] = [
    ("twice", lambda book: book.issue(1), [("number_twice", 2, FIRST)]),
    (
        "twice, another record",
        lambda book: book.issue(1, digest=OTHER_DIGEST),
        [("number_twice", 2, FIRST)],
    ),
    ("void after issue", lambda book: book.enter("void", 1), [("void_after_issue", 2, FIRST)]),
    (
        "issue after void",
        lambda book: (book.enter("void", 2), book.issue(2)),
        [("issued_after_void", 3, digits(2))],
    ),
    (
        "void twice",
        lambda book: (book.enter("void", 2), book.enter("void", 2)),
        [("number_twice", 3, digits(2))],
    ),
    (
        "skipped, long ago",
        lambda book: (book.issue(4), book.enter("void", 3)),
        [("number_skipped", 2, digits(2))],
    ),
    (
        "skipped, just now",
        lambda book: book.issue(3, time=NOW - NUMBER_SECONDS),
        [("number_open", 2, digits(2))],
    ),
    (
        "status of a number never issued",
        lambda book: book.enter("suspend", 2, reason="under-review"),
        [("status_of_unissued", 2, digits(2))],
    ),
    (
        "status of a void number",
        lambda book: (book.enter("void", 2), book.enter("revoke", 2, reason="fraud")),
        [("status_of_unissued", 3, digits(2))],
    ),
    (
        "status of another series",
        lambda book: book.enter("revoke", 1, kind=2, reason="fraud"),
        [("status_of_unissued", 2, digits(1, kind=2))],
    ),
    (
        "reinstated without suspension",
        lambda book: book.enter("reinstate", 1, reason="review-closed"),
        [("status_transition", 2, FIRST)],
    ),
    (
        "another record is suspended and reinstated",
        lambda book: (
            book.enter("suspend", 1, reason="under-review", digest=OTHER_DIGEST),
            book.enter("reinstate", 1, reason="review-closed"),
        ),
        [("digest_differs", 2, FIRST)],
    ),
    (
        "time falls",
        lambda book: book.issue(2, time=LOGGED_AT - 1),
        [("time_falls", 2, digits(2))],
    ),
    (
        "time in the future",
        lambda book: book.issue(2, time=NOW + 301),
        [("time_in_future", 2, digits(2))],
    ),
    (
        "time after the cosignature",
        lambda book: book.issue(2, time=COSIGNED_AT + 301),
        [("time_after_cosigned", 2, digits(2))],
    ),
    (
        "authority not of the number",
        lambda book: book.issue(2, authority=MUNICIPAL, number=digits(2, INDUSTRY)),
        [("entry_members", 2, digits(2, INDUSTRY))],
    ),
    (
        "number with a wrong check",
        lambda book: book.issue(2, number=digits(2)[:18] + "00"),
        [("entry_members", 2, digits(2)[:18] + "00")],
    ),
    (
        "issue without digest",
        lambda book: book.issue(2, digest=""),
        [("entry_members", 2, digits(2))],
    ),
    (
        "void with digest",
        lambda book: book.enter("void", 2, digest=OTHER_DIGEST),
        [("entry_members", 2, digits(2))],
    ),
    (
        "successor that is no number",
        lambda book: book.enter("revoke", 1, reason="superseded", successor="2"),
        [("entry_members", 2, FIRST)],
    ),
    (
        "authority nobody listed",
        lambda book: book.issue(1, authority="410200"),
        [("authority_not_listed", 2, digits(1, "410200"))],
    ),
    (
        "kind out of scope",
        lambda book: book.issue(1, authority=INDUSTRY, kind=2),
        [("authority_out_of_scope", 2, digits(1, INDUSTRY, kind=2))],
    ),
    (
        "year out of scope",
        lambda book: book.issue(1, year=2024),
        [("authority_out_of_scope", 2, digits(1, year=2024))],
    ),
    (
        "trust list out of order",
        lambda book: book.trust(signed(replace(standard_draft(), version=3, valid_from=LOGGED_AT))),
        [("trust_list_order", 2, "3")],
    ),
    (
        "trust list with another digest",
        lambda book: book.trust(
            signed(replace(standard_draft(), version=2, valid_from=LOGGED_AT)), digest=OTHER_DIGEST
        ),
        [("trust_list_differs", 2, "2"), ("trust_list_differs", None, "2")],
    ),
    (
        "an entry that is none",
        lambda book: book.simulator.entries.append(b"{}"),
        [("log_entry_form", 2, "")],
    ),
    (
        "a version that is no number",
        lambda book: book.simulator.log(LogEntry("trust-list", "02", OTHER_DIGEST, "", LOGGED_AT)),
        [("entry_members", 2, "02")],
    ),
    (
        "a version with an authority",
        lambda book: book.simulator.log(LogEntry("trust-list", "2", OTHER_DIGEST, MUNICIPAL, LOGGED_AT)),
        [("entry_members", 2, "2")],
    ),
    (
        "a version without digest",
        lambda book: book.simulator.log(LogEntry("trust-list", "2", "", "", LOGGED_AT)),
        [("entry_members", 2, "2")],
    ),
    (
        "an audit trail that grows",
        lambda book: (seal(book, "3"), seal(book, "3"), seal(book, "4", "cd" * 32)),
        [],
    ),
    (
        "an audit trail cut off",
        lambda book: (seal(book, "3"), seal(book, "2", "cd" * 32), seal(book, "3")),
        [("trail_went_back", 3, "2")],
    ),
    (
        "an audit trail rewritten",
        lambda book: (seal(book, "3"), seal(book, "3", "cd" * 32)),
        [("trail_went_back", 3, "3")],
    ),
    (
        "an audit trail that is no number",
        lambda book: (seal(book, "0"), seal(book, "1" * 16), seal(book, "07")),
        [("entry_members", 2, "0"), ("entry_members", 3, "1" * 16), ("entry_members", 4, "07")],
    ),
    (
        "an audit trail of an authority, and one without digest",
        lambda book: (seal(book, "3", authority=MUNICIPAL), seal(book, "3", "")),
        [("entry_members", 2, "3"), ("entry_members", 3, "3")],
    ),
    (
        "numbers scattered",
        lambda book: (book.issue(MAX_MISSING + 3), book.enter("revoke", MAX_MISSING + 3, reason="fraud")),
        [("audit_bound", 2, digits(MAX_MISSING + 3))],
    ),
]


@pytest.mark.parametrize(
    ("write", "expected"), [case[1:] for case in TRANSITIONS], ids=[c[0] for c in TRANSITIONS]
)
def test_each_attempt_is_found(write: Write, expected: Found) -> None:
    actual = [one for one in expect(write) if not one[0].startswith(("status_missing", "hint_"))]
    assert actual == expected


REVOCATIONS: list[tuple[str, Write, Found]] = [
    (
        "after revocation",
        lambda book: (
            book.enter("revoke", 1, reason="fraud"),
            book.enter("suspend", 1, reason="under-review"),
        ),
        [("status_after_revocation", 3, FIRST)],
    ),
    (
        "superseded by nothing",
        lambda book: book.enter("revoke", 1, reason="superseded"),
        [("successor_not_issued", 2, FIRST)],
    ),
    (
        "superseded by itself",
        lambda book: book.enter("revoke", 1, reason="superseded", successor=FIRST),
        [("successor_not_issued", 2, FIRST)],
    ),
    (
        "superseded by what comes later",
        lambda book: (book.enter("revoke", 1, reason="superseded", successor=digits(2)), book.issue(2)),
        [("successor_not_issued", 2, FIRST)],
    ),
    (
        "superseded by a void number",
        lambda book: (
            book.enter("void", 2),
            book.enter("revoke", 1, reason="superseded", successor=digits(2)),
        ),
        [("successor_not_issued", 3, FIRST)],
    ),
    (
        "superseded by another series",
        lambda book: book.enter("revoke", 1, reason="superseded", successor=digits(1, kind=2)),
        [("successor_not_issued", 2, FIRST)],
    ),
]


@pytest.mark.parametrize(
    ("write", "expected"), [case[1:] for case in REVOCATIONS], ids=[c[0] for c in REVOCATIONS]
)
def test_each_attempt_with_a_revocation_is_found(write: Write, expected: Found) -> None:
    assert expect(lambda book: (write(book), revoked(book, 1))) == expected


def test_a_suspension_with_a_successor_is_found() -> None:
    def write(book: Logbook) -> None:
        book.issue(2)
        book.enter("suspend", 1, reason="under-review", successor=digits(2))
        revoked(book, 1, "suspended")

    assert expect(write) == [("successor_not_issued", 3, FIRST)]


# ---- authority over time


def states(*changes: tuple[str, str]) -> tuple[StateChange, ...]:
    return tuple(StateChange(state, at(since), "x") for state, since in changes)


def municipal() -> Authority:
    return standard_draft().authorities[MUNICIPAL]


@pytest.mark.parametrize(
    ("history", "code"),
    [
        ((("granted", "2026-06-01T00:00:00Z"),), "authority_not_granted"),
        ((("granted", "2025-01-01T00:00:00Z"), ("suspended", "2026-03-02T08:00:05Z")), "authority_suspended"),
        ((("granted", "2025-01-01T00:00:00Z"), ("withdrawn", "2026-01-01T00:00:00Z")), "authority_withdrawn"),
    ],
)
def test_issued_without_the_power_to(history: tuple[tuple[str, str], ...], code: str) -> None:
    authority = replace(municipal(), states=states(*history))
    draft = replace(standard_draft(), authorities={MUNICIPAL: authority})
    book = Logbook(Simulator(trust_list=signed(draft)))
    book.issue(1)
    assert found(book.audit()) == [(code, 1, FIRST)]


def test_the_list_of_the_time_counts() -> None:
    """Delegated afterwards: what was issued before is out of order, what is issued then is not."""
    without = {INDUSTRY: standard_draft().authorities[INDUSTRY]}
    book = Logbook(Simulator(trust_list=signed(replace(standard_draft(), authorities=without))))
    book.issue(1)
    granted = replace(municipal(), states=states(("granted", "2026-03-02T08:00:05Z")))
    book.next_trust(authorities={**without, MUNICIPAL: granted})
    book.issue(2)
    assert found(book.audit()) == [("authority_not_listed", 1, FIRST)]


def test_an_issue_before_any_trust_list() -> None:
    book = Logbook()
    book.simulator.entries.clear()
    book.issue(1)
    book.trust(book.simulator.trust_list)
    assert found(book.audit()) == [("authority_not_listed", 0, FIRST)]


@pytest.mark.parametrize(
    "change",
    [
        {"states": states(("granted", "2025-06-01T00:00:00Z"))},
        {"states": ()},
        {"keys": ()},
        {"keys": tuple(replace(key, not_after=key.not_after + 1) for key in municipal().keys)},
    ],
)
def test_a_rewritten_past_is_found(change: dict[str, object]) -> None:
    book = Logbook()
    book.issue(1)
    authorities = dict(standard_draft().authorities)
    if change.get("states", True):
        authorities[MUNICIPAL] = replace(municipal(), **change)  # type: ignore[arg-type]
    else:
        del authorities[MUNICIPAL]
    leaf = book.next_trust(authorities=authorities)
    assert found(book.audit()) == [("history_rewritten", leaf, "2")]


def test_a_state_that_begins_before_its_version_is_found() -> None:
    book = Logbook()
    book.issue(1)
    since = LOGGED_AT - 86400
    for version, (moment, expected) in enumerate(((since, []), (since - 1, ["state_backdated"])), 2):
        before = book.simulator.trust_list.authorities[INDUSTRY]
        added = (*before.states, StateChange("granted", moment, "x"))
        authorities = {**book.simulator.trust_list.authorities, INDUSTRY: replace(before, states=added)}
        if expected:
            authorities[INDUSTRY] = replace(
                before, states=(*before.states, StateChange("granted", since, "y"))
            )
            fresh = replace(before, code="410200", id=before.id.replace(INDUSTRY, "410200"), keys=())
            authorities["410200"] = replace(fresh, states=(StateChange("granted", moment, "x"),))
        book.next_trust(authorities=authorities)
        assert [code for code, _, number in found(book.audit()) if number == str(version)] == expected


# ---- trust list


def test_trust_lists_that_cannot_be_had_leave_authority_open() -> None:
    book = Logbook()
    book.issue(1)
    files = book.files()
    del files["trust/1.json"]
    assert found(audited(files)) == [("trust_list_unpublished", 0, "1")]
    files["trust/1.json"] = None
    assert found(audited(files)) == [("source_unreachable", 0, "1")]


def test_a_version_that_the_root_before_did_not_sign() -> None:
    stranger = root(("root-7",), threshold=1)
    names = {key_id(registry_did(standard_draft().registry), "root-7"): signer("root-7")}
    draft = replace(standard_draft(), version=2, valid_from=LOGGED_AT, root=stranger)
    book = Logbook()
    book.issue(1)
    book.trust(signed(draft, names))
    third = signed(replace(standard_draft(), version=3, valid_from=LOGGED_AT))
    book.trust(third)
    assert found(book.audit()) == [("trust_list_unusable", 2, "2"), ("trust_list_unusable", 3, "3")]


@pytest.mark.parametrize("fault", ["form", "version"])
def test_a_logged_document_that_is_no_such_version(fault: str) -> None:
    book = Logbook()
    book.issue(1)
    data = b"{}" if fault == "form" else signed(replace(standard_draft(), version=5)).data
    first = book.simulator.trust_list
    book.trust(replace(first, version=2, data=data))
    book.simulator.trust_list = first
    code = "trust_list_unusable" if fault == "form" else "trust_list_differs"
    assert found(book.audit()) == [(code, 2, "2"), ("trust_list_behind_log", None, "1")]


def test_a_trust_list_beside_the_log() -> None:
    book = Logbook()
    book.issue(1)
    newer = signed(replace(standard_draft(), version=2, valid_from=COSIGNED_AT + 60))
    files = {**book.files(), "trust.json": newer.data, "trust/2.json": newer.data}
    first = audited(files)
    assert found(first) == [("trust_list_ahead_of_log", None, "2")]
    assert first.report.verdict is Verdict.INDETERMINATE
    # A later head has it not either.
    book.issue(2, time=COSIGNED_AT)
    book.cosigned_at = COSIGNED_AT + 120
    later = {**book.files(), "trust.json": newer.data, "trust/2.json": newer.data}
    assert found(audited(later, memory=first.memory)) == [("trust_list_unlogged", None, "2")]
    # The same version, another document.
    other = signed(replace(standard_draft(), valid_until=at("2026-12-01T00:00:00Z")))
    assert found(audited({**book.files(), "trust.json": other.data})) == [("trust_list_differs", None, "1")]


# ---- the head


def fork_of(book: Logbook, *serials: int) -> Logbook:
    """Another log with the same beginning, then other certificates."""
    other = Logbook()
    other.simulator.entries[:] = book.simulator.entries
    for serial in serials:
        other.issue(serial, digest=digest_of(number_of(MUNICIPAL, 2026, 1, serial + 5000)))
    return other


@pytest.mark.parametrize("extra", [0, 1, 300])
def test_a_fork_is_found_and_never_forgotten(extra: int) -> None:
    book = Logbook()
    for serial in range(1, 255):
        book.issue(serial)
    other = fork_of(book, *range(255, 258 + extra))
    for serial in range(255, 258):
        book.issue(serial)
    memory = book.audit().memory
    assert memory is not None
    result = other.audit(memory=memory)
    assert result.report.verdict is Verdict.FAILED
    assert result.memory is None
    (fork,) = [one for one in result.report.findings.listed if one.code == "fork"]
    assert fork.details["size"] == 258
    assert fork.details["seenRoot"] != fork.details["foundRoot"]
    assert str(fork.details["seenNote"]).encode() == memory.checkpoints[0].note
    assert "fork" not in [code for code, _, _ in found(book.audit(memory=memory))]


def test_a_rollback_is_found() -> None:
    book = Logbook()
    book.issue(1)
    early = book.files()
    book.issue(2)
    memory = book.audit().memory
    result = audited(early, memory=memory)
    assert found(result) == [("rollback", None, "")]
    assert result.memory is None
    # And with an older trust list.
    book.next_trust()
    memory = book.audit().memory
    codes = [code for code, _, _ in found(audited(early, memory=memory))]
    assert codes == ["trust_list_rollback", "rollback"]


def test_another_log_than_before() -> None:
    book = Logbook()
    book.issue(1)
    result = book.audit(memory=Memory(origin="other.example/log"))
    assert found(result) == [("origin_differs", None, "")]
    assert result.memory is None


def test_an_entry_that_is_back_dated_behind_a_cosigned_head() -> None:
    """The insider keeps the order of times, but a witness had seen the log without the entry two days later."""
    for count in (1, 255):  # within a bundle, and where one ends
        book = Logbook()
        for serial in range(1, count + 1):
            book.issue(serial)
        book.cosigned_at = LOGGED_AT + 2 * 86400
        book.published_at = LOGGED_AT + 86400
        memory = book.audit(now=LOGGED_AT + 2 * 86400).memory
        leaf = book.issue(count + 1, time=LOGGED_AT + 60)
        book.cosigned_at = COSIGNED_AT
        book.published_at = COSIGNED_AT - 60
        assert found(book.audit(memory=memory)) == [("back_dated", leaf, digits(count + 1))]


def test_heads_that_are_not_signed_or_not_witnessed() -> None:
    book = Logbook()
    book.issue(1)
    unsigned = book.simulator.checkpoint(key="stranger")
    assert found(audited({**book.files(), "log/checkpoint": unsigned})) == [("note_unsigned", None, "")]
    root_hash = tree_hash([leaf_hash(entry) for entry in book.simulator.entries])
    head = Checkpoint(book.simulator.log_name, 2, root_hash)
    alone = sign_checkpoint(head, signer(book.simulator.log_name))
    result = audited({**book.files(), "log/checkpoint": alone})
    assert found(result) == [("witnesses_missing", None, "")]
    assert result.memory is not None
    assert result.memory.checkpoints[0].cosigned == 0
    future = book.simulator.checkpoint(cosigned_at=NOW + 301)
    assert ("witnesses_missing", None, "") in found(audited({**book.files(), "log/checkpoint": future}))


def test_a_head_over_other_entries() -> None:
    book = Logbook()
    book.issue(1)
    head = book.simulator.checkpoint(cosigned_at=COSIGNED_AT, root_hash=bytes(32))
    result = audited({**book.files(), "log/checkpoint": head})
    assert found(result) == [("root_differs", None, "")]
    assert result.memory is None


# ---- files of the log


def long_book() -> Logbook:
    book = Logbook()
    for serial in range(1, 600):
        book.issue(serial)
    return book


@pytest.mark.parametrize("path", ["log/tile/0/000", "log/tile/0/002.p/88", "log/tile/1/000.p/2"])
def test_tiles_that_do_not_follow(path: str) -> None:
    files = long_book().files()
    data = files[path]
    assert data is not None
    assert found(audited({**files, path: bytes(len(data))})) == [("tile_differs", None, "")]
    assert found(audited({**files, path: data[:-1]})) == [("tile_differs", None, "")]
    without = {name: value for name, value in files.items() if name != path}
    assert found(audited(without)) == [("log_tile", None, "")]
    assert found(audited({**files, path: None}))[0] == ("source_unreachable", None, "")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"log/tile/entries/001": b""}, "log_bundle_form"),
        ({"log/tile/entries/001": b"\0\5a"}, "log_bundle_form"),
        ({"log/tile/entries/001": None}, "source_unreachable"),
        ({"log/checkpoint": None}, "source_unreachable"),
        ({"trust.json": None}, "source_unreachable"),
        ({"trust.json": b"{}"}, "trust_list_form"),
    ],
)
def test_what_cannot_be_read_ends_the_audit(change: dict[str, bytes | None], code: str) -> None:
    result = audited({**long_book().files(), **change})
    assert found(result)[0] == (code, None, "")
    assert result.memory is None
    assert result.report.replayed < 600


def test_without_log_or_root() -> None:
    files = long_book().files()
    del files["log/checkpoint"]
    assert found(audited(files)) == [("log_absent", None, "")]
    with refused(SourceError, "root_missing"):
        audit(Files({}), pin=None, now=NOW)


def test_a_full_tile_stands_in_for_a_partial_one() -> None:
    book = long_book()
    early = book.files()
    for serial in range(600, 800):
        book.issue(serial)
    later = book.files()
    kept = {path: data for path, data in early.items() if ".p/88" not in path}
    grown = {path: later[path] for path in ("log/tile/0/002", "log/tile/entries/002")}
    assert found(audited({**kept, **grown})) == []


def test_a_stale_trust_list_is_open() -> None:
    book = Logbook()
    book.issue(1)
    after = at("2027-01-01T00:00:01Z")
    codes = [code for code, _, _ in found(book.audit(now=after))]
    assert codes == ["trust_list_stale", "status_stale", "status_stale"]


# ---- what is published besides


def without_quorum(book: Logbook) -> Logbook:
    """A log that needs no witness: then the head that is read is the newest, give or take a publication."""
    other = Logbook(
        Simulator(trust_list=signed(replace(standard_draft(), witness_quorum=0)), witness_names=())
    )
    other.simulator.entries += book.simulator.entries[1:]
    other.simulator.changes = book.simulator.changes
    return other


def test_a_status_without_an_entry() -> None:
    book = Logbook()
    book.issue(1)
    revoked(book, 1)
    revoked(book, 2, "suspended")
    expected = [("status_without_entry", None, FIRST), ("status_without_entry", None, digits(2))]
    assert found(book.audit()) == expected
    other = without_quorum(book)
    assert found(other.audit()) == expected
    other.published_at += 1  # within the time that a publication may take
    assert found(other.audit()) == [("status_ahead_of_log", None, number) for _, _, number in expected]


def test_an_entry_without_its_status() -> None:
    book = Logbook()
    book.issue(1)
    book.issue(2)
    book.enter("revoke", 1, reason="fraud")
    book.enter("suspend", 2, reason="under-review")
    expected = [("status_not_published", None, FIRST), ("status_not_published", None, digits(2))]
    assert found(book.audit()) == expected


def test_a_status_ahead_of_the_log_may_wait_for_witnesses_once() -> None:
    book = Logbook()
    book.issue(1)
    revoked(book, 1)
    book.published_at = COSIGNED_AT + 60
    first = book.audit()
    assert found(first) == [("status_ahead_of_log", None, FIRST)]
    assert first.report.verdict is Verdict.INDETERMINATE
    assert first.memory is not None
    assert first.memory.pending == {f"revocation:{FIRST}": COSIGNED_AT + 60}
    # Signed anew ever later, but the witnesses have seen a head since that has no entry for it.
    book.cosigned_at, book.published_at = COSIGNED_AT + 90, COSIGNED_AT + 120
    assert found(book.audit(memory=first.memory)) == [("status_without_entry", None, FIRST)]
    # Or the entry comes, and all is well.
    book.enter("revoke", 1, reason="fraud", time=COSIGNED_AT)
    last = book.audit(memory=first.memory)
    assert found(last) == []
    assert last.memory is not None
    assert last.memory.pending == {}


def test_only_so_much_is_remembered() -> None:
    pending = Pending(horizon=5, known={}, found={str(place): 9 for place in range(MAX_PENDING)})
    assert not pending.is_open("one more", 9)


def test_a_bit_for_which_there_is_no_number() -> None:
    book = Logbook()
    book.issue(1)
    simulator = Simulator()
    simulator.changes = {}
    zero = number_of(MUNICIPAL, 2026, 1, 131072)  # index 0
    simulator.revoke(zero)
    lists = simulator.status(number_of(MUNICIPAL, 2026, 1, 1))
    changed = {url.partition("/status/")[2]: data for url, data in lists.items()}
    files = {**book.files(), **{f"status/{path}": data for path, data in changed.items()}}
    assert found(audited(files)) == [("status_without_entry", None, "")]


def test_status_lists_that_cannot_be_used() -> None:
    book = Logbook()
    book.issue(1)
    files = book.files()
    missing = {path: data for path, data in files.items() if path != LIST}
    assert found(audited(missing)) == [("status_missing", None, "")]
    assert found(audited({**files, LIST: None})) == [("source_unreachable", None, "")]
    assert found(audited({**files, LIST: files[SUSPENSIONS]})) == [("status_list_other", None, "")]
    book.published_at = NOW - 25 * 3600
    assert found(book.audit()) == [("status_stale", None, ""), ("status_stale", None, "")]


def test_a_trust_list_that_only_the_status_lists_know() -> None:
    book = Logbook()
    book.issue(1)
    number = number_of(MUNICIPAL, 2026, 1, 1)
    for signed_at, code in ((COSIGNED_AT - 60, "trust_list_hidden"), (NOW, "trust_list_ahead_of_log")):
        lists = book.simulator.status(number, signed_at=signed_at, version=2)
        files = {f"status/{url.partition('/status/')[2]}": data for url, data in lists.items()}
        assert found(audited({**book.files(), **files})) == [(code, None, "2")] * 2


def test_hints() -> None:
    book = Logbook()
    for serial in (1, 2, 3):
        book.enter("void" if serial == 2 else "issue", serial)
    book.issue(1, authority=INDUSTRY)
    book.issue(4)
    files = book.files()
    good = [
        b'{"runs":[[1,1,1],[3,1,3],[4,1,5]]}',  # issues alone
        b'{"runs":[[1,3,1],[4,1,5]]}',  # void numbers too
        b'{"runs":[[1,1,1],[2,2,2],[4,1,5]]}',  # in more pieces than need be
        b'{"runs":[[1,3,1],[4,1,5],[5,7,6]]}',  # a publication that has grown meanwhile
    ]
    bad = [
        b'{"runs":[[1,3,1]]}',
        b'{"runs":[[1,4,1]]}',
        b'{"runs":[[1,1,1],[3,1,2],[4,1,5]]}',
        b'{"runs":[[3,1,3],[4,1,5]]}',
        b'{"runs":[[1,3,1],[4,2,5],[6,1,1]]}',
        b'{"runs":[[1,3,1],[4,1,5],[9,1,0]]}',
        b'{"runs":[]}',
        b"{}",
    ]
    for data in good:
        assert found(audited({**files, HINT: data})) == [], data
    for data in bad:
        assert found(audited({**files, HINT: data})) == [("hint_differs", None, "")], data
    assert found(audited({**files, HINT: None})) == [("source_unreachable", None, "")]
    without = {path: data for path, data in files.items() if path != HINT}
    assert found(audited(without)) == [("hint_missing", None, "")]


def test_a_series_of_void_numbers_has_neither_list_nor_hint() -> None:
    book = Logbook()
    book.enter("void", 1)
    assert found(book.audit()) == []


# ---- bounds


def test_findings_are_bounded_and_counted() -> None:
    book = Logbook()
    for _ in range(MAX_LISTED + 500):
        book.issue(1)
    report = book.audit().report
    assert len(report.findings.listed) == MAX_LISTED
    assert report.findings.counts["number_twice"] == MAX_LISTED + 499
    assert report.findings.has("fork", "number_twice")


def test_series_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_module, "MAX_SERIES", 1)
    book = Logbook()
    book.issue(1)
    leaf = book.issue(1, authority=INDUSTRY)
    result = found(book.audit())
    assert result == [("audit_bound", leaf, digits(1, INDUSTRY))]


def test_the_publication_of_the_simulator_has_nothing_that_is_not_looked_at() -> None:
    """Every path below ``log/`` and ``status/`` is read, so that no file of a log goes unaudited."""
    book = long_book()
    read: set[str] = set()

    class Watched(Files):
        def read(self, path: str, max_bytes: int) -> bytes | None:
            read.add(path)
            return super().read(path, max_bytes)

    audit(Watched(book.files()), pin=standard_pin(), now=NOW)
    published = {path for path in book.files() if path.startswith(("log/", "status/"))}
    assert {path for path in published - read if "/details/" not in path} == set()
    assert publication(book.simulator)["log/checkpoint"] != b""
