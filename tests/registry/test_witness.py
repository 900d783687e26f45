"""The witness as C2SP tlog-witness describes it: every answer, one winner of every race, nothing signed before it is durable."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from threading import Barrier

import httpx
import pytest

from keys.custody import create_key_file
from keys.encodings import base64_decode
from registry.witness import service, state
from registry.witness.errors import RefusalError, WitnessError
from registry.witness.submission import MAX_SUBMISSION_BYTES, parse_submission
from registry.witness.witness import KEY_FILE, STATE_FILE, create_witness, forget_key, watch_log
from tests.builders import signer, vkey
from tests.registry.rig import NOW, PASSPHRASE
from tests.registry.witnesses import (
    ENVIRONMENT,
    ORIGIN,
    Log,
    body,
    consistency,
    killed_at,
    make_witness,
    opened,
    serving,
    state_of,
)
from verifier.checkpoint import Checkpoint
from verifier.limits import MAX_CHECKPOINT_BYTES
from verifier.merkle import MAX_PROOF_HASHES, tree_hash
from verifier.note import ALGORITHM_NOTE, NoteKey, append_signature, parse_vkey, sign_note

NAME = "witness.example/w1"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    make_witness(tmp_path / "w1", NAME)
    return tmp_path / "w1"


def answer(folder: Path, submission: bytes) -> tuple[int, bytes]:
    """Status and body."""
    try:
        return 200, opened(folder).add_checkpoint(submission)
    except RefusalError as refusal:
        return refusal.status, refusal.body.encode()


def test_a_cosignature_is_that_of_the_standard(folder: Path) -> None:
    """Checked by hand against tlog-cosignature: key id, timestamp, message."""
    log = Log().grow(5)
    line = opened(folder).add_checkpoint(log.submission(0)).decode()
    dash, name, encoded = line.removesuffix("\n").split(" ")
    data = base64_decode(encoded)
    public = parse_vkey(state_of(folder).vkey()).public_key
    assert (dash, name, len(data)) == ("—", NAME, 4 + 8 + 64)
    assert data[:4] == sha256(NAME.encode() + b"\n\x04" + public.raw).digest()[:4]
    assert int.from_bytes(data[4:12], "big") == NOW
    text = log.note().partition(b"\n\n")[0] + b"\n"
    assert public.verify(data[12:], f"cosignature/v1\ntime {NOW}\n".encode() + text)


def test_a_log_grows_and_each_head_is_cosigned(folder: Path) -> None:
    log = Log()
    sizes = (1, 2, 7, 8, 9, 255, 256, 600)
    for old, new in zip((0, *sizes), sizes, strict=False):
        log.grow(new - old)
        assert answer(folder, log.submission(old))[0] == 200
        assert state_of(folder).head(ORIGIN).size == new
    # The same head again: the answer may have been lost.
    assert answer(folder, log.submission(600))[0] == 200


def test_the_empty_tree(folder: Path) -> None:
    assert answer(folder, Log().submission(0))[0] == 200
    other = Checkpoint(ORIGIN, 0, bytes(32))
    assert answer(folder, body(0, [], sign_note(other.text, signer(ORIGIN), ORIGIN)))[0] == 422
    assert answer(folder, Log().grow(3).submission(0))[0] == 200


def test_extension_lines_are_cosigned_as_they_stand(folder: Path) -> None:
    head = Checkpoint(ORIGIN, 1, tree_hash(Log().grow(1).leaves))
    text = f"{head.text}extension one\n"
    assert answer(folder, body(0, [], sign_note(text, signer(ORIGIN), ORIGIN)))[0] == 200
    empty_line = sign_note(f"{head.text}\nextension\n", signer(ORIGIN), ORIGIN)
    assert answer(folder, body(1, [], empty_line))[0] == 400


LOG = Log().grow(9)
PROOF = consistency(LOG.leaves, 4)
NOTE = LOG.note()
STRANGER = NoteKey("stranger.example", ALGORITHM_NOTE, signer("stranger").public_key)
HUGE = sign_note(Checkpoint(ORIGIN, 2**63, bytes(32)).text, signer(ORIGIN), ORIGIN)


@pytest.mark.parametrize(
    "submission",
    [
        b"",
        b"\n\n",
        NOTE,
        body("04", PROOF, NOTE),
        body("+4", PROOF, NOTE),
        body("", PROOF, NOTE),
        body("4 ", PROOF, NOTE),
        body("\uff14", PROOF, NOTE),
        body(10**19, [], NOTE),
        b"new" + body(4, PROOF, NOTE)[3:],
        b"old 4\r\n" + body(4, PROOF, NOTE)[6:],
        body(4, [PROOF[0][:31]], NOTE),
        b"old 4\n@@@@\n\n" + NOTE,
        body(4, [bytes(32)] * 64, NOTE),
        body(4, PROOF, NOTE[:-1]),
        body(4, PROOF, NOTE.partition(b"\n\n")[0]),
        body(4, PROOF, b"\x01" + NOTE),
        body(10, [], NOTE),  # larger than the checkpoint
        body(0, [], HUGE),
        body(4, PROOF, NOTE) + b"a" * MAX_SUBMISSION_BYTES,
    ],
)
def test_what_is_malformed_is_a_bad_request(folder: Path, submission: bytes) -> None:
    assert answer(folder, LOG.submission(0, 4))[0] == 200
    assert answer(folder, submission)[0] == 400
    assert answer(folder, body(4, PROOF, NOTE))[0] == 200


def test_the_largest_submission_is_read() -> None:
    head = Checkpoint(ORIGIN, 2**63 - 1, bytes(32))
    bare = len(sign_note(head.text, signer(ORIGIN), ORIGIN))
    text = head.text + "x" * (MAX_CHECKPOINT_BYTES - bare - 1) + "\n"
    note = sign_note(text, signer(ORIGIN), ORIGIN)
    assert len(note) == MAX_CHECKPOINT_BYTES
    read = parse_submission(body(2**63 - 1, [bytes(32)] * MAX_PROOF_HASHES, note))
    assert (read.head, len(read.proof)) == (head, MAX_PROOF_HASHES)


def test_signatures(folder: Path) -> None:
    text = NOTE.partition(b"\n\n")[0].decode() + "\n"
    unsigned = sign_note(text, signer("stranger"), "stranger.example")
    forged = sign_note(text, signer("stranger"), ORIGIN)
    key = parse_vkey(vkey(ORIGIN))
    assert answer(folder, body(0, [], unsigned))[0] == 403
    assert answer(folder, body(0, [], forged))[0] == 403  # the name, another key id: unknown
    altered = append_signature(text.encode() + b"\n", key, bytes(64))
    assert answer(folder, body(0, [], altered))[0] == 403
    assert answer(folder, body(0, [], append_signature(NOTE, key, bytes(64))))[0] == 403
    assert answer(folder, Log("log.example/two").grow(1).submission(0))[0] == 404
    # Signatures of unknown keys are ignored, and not kept for monitors.
    assert answer(folder, body(0, [], append_signature(NOTE, STRANGER, bytes(64))))[0] == 200
    kept = state_of(folder).head(ORIGIN).note
    assert kept is not None
    assert b"stranger" not in kept


def test_a_second_key_of_the_same_log(folder: Path) -> None:
    second = NoteKey(ORIGIN, ALGORITHM_NOTE, signer("second").public_key)
    assert answer(folder, body(0, [], LOG.note(key="second")))[0] == 403
    watch_log(folder, second.vkey, ORIGIN)
    assert answer(folder, body(0, [], LOG.note(key="second")))[0] == 200


def test_a_key_that_a_log_lost_is_forgotten_and_its_history_is_not(folder: Path) -> None:
    second = NoteKey(ORIGIN, ALGORITHM_NOTE, signer("second").public_key)
    assert answer(folder, LOG.submission(0, 4))[0] == 200
    watch_log(folder, second.vkey, ORIGIN)
    assert forget_key(folder, vkey(ORIGIN)) == [ORIGIN]
    assert answer(folder, LOG.submission(4))[0] == 403  # signed by the stolen key, however true
    fork = body(4, consistency(LOG.fork(3, "fork").leaves, 4), LOG.fork(3, "fork").note(key="second"))
    assert answer(folder, fork)[0] == 422
    assert answer(folder, body(4, consistency(LOG.leaves, 4), LOG.note(key="second")))[0] == 200
    with pytest.raises(WitnessError) as raised:
        forget_key(folder, vkey(ORIGIN))
    assert raised.value.code == "witness_key_unknown"
    forget_key(folder, second.vkey)
    assert answer(folder, body(9, [], LOG.note(key="second")))[0] == 404  # a log without a key is none


def test_conflict_says_the_size(folder: Path) -> None:
    assert answer(folder, LOG.submission(4)) == (409, b"0\n")
    assert answer(folder, LOG.submission(0, 4))[0] == 200
    for old in (0, 3, 5, 9):
        assert answer(folder, body(old, PROOF if old < 4 else [], NOTE)) == (409, b"4\n")


def forks() -> Iterator[tuple[str, bytes]]:
    fork = LOG.fork(3, "fork")
    yield "another history of a larger size", fork.submission(4)
    yield "another root for the same size", body(4, [], fork.note(4))
    yield "no proof", body(4, [], NOTE)
    yield "a proof too long", body(4, [*PROOF, bytes(32)], NOTE)
    yield "a proof for the same size", body(4, [bytes(32)], LOG.note(4))
    yield "an altered proof", body(4, [bytes(32), *PROOF[1:]], NOTE)


@pytest.mark.parametrize(("what", "submission"), list(forks()))
def test_what_does_not_follow_is_refused_and_kept_as_evidence(
    folder: Path, what: str, submission: bytes
) -> None:
    assert answer(folder, LOG.submission(0, 4))[0] == 200
    before = state_of(folder).head(ORIGIN)
    assert answer(folder, submission)[0] == 422, what
    assert state_of(folder).head(ORIGIN) == before
    ((origin, reason, note),) = state_of(folder).evidence()
    assert (origin, reason) == (ORIGIN, "log_consistency")
    assert submission.endswith(note)


def test_evidence_is_kept_once_and_up_to_a_bound(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state, "MAX_EVIDENCE", 2)
    assert answer(folder, LOG.submission(0, 4))[0] == 200
    for flavour in ("one", "one", "two", "three"):
        assert answer(folder, LOG.fork(3, flavour).submission(4))[0] == 422
    kept = {note for _, _, note in state_of(folder).evidence()}
    assert kept == {LOG.fork(3, flavour).note() for flavour in ("one", "two")}


def test_a_head_moves_only_from_the_root_that_was_checked(folder: Path) -> None:
    known = state_of(folder)
    other = state.Head(0, bytes(32), None)
    assert known.advance(ORIGIN, other, 1, bytes(32), lambda: b"note") is None
    assert known.head(ORIGIN) == state.Head(0, tree_hash([]), None)


def test_nobody_moves_it_while_it_is_cosigned_and_it_is_written_through(folder: Path) -> None:
    known = state_of(folder)

    def cosign() -> bytes:
        with (
            closing(sqlite3.connect(folder / STATE_FILE, timeout=0)) as other,
            pytest.raises(sqlite3.OperationalError, match="locked"),
        ):
            other.execute("UPDATE head SET size = 7")
        return b"note"

    assert known.advance(ORIGIN, known.head(ORIGIN), 1, bytes(32), cosign) == b"note"
    with known._connection() as connection:
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL


def test_a_proof_from_nothing_is_refused(folder: Path) -> None:
    assert answer(folder, body(0, [bytes(32)], NOTE))[0] == 422
    assert state_of(folder).head(ORIGIN).size == 0


def test_of_racing_forks_one_is_cosigned(folder: Path) -> None:
    """Both branches extend what was cosigned; whoever comes second is told so, however often they try."""
    size = 4
    trunk = Log().grow(size)
    assert answer(folder, trunk.submission(0))[0] == 200
    for turn in range(12):
        branches = [Log(ORIGIN, list(trunk.leaves)).grow(3, f"{turn}-{name}-") for name in range(6)]
        gate = Barrier(len(branches))

        def submit(branch: Log, gate: Barrier = gate, size: int = size) -> tuple[int, bytes]:
            gate.wait(30)
            return answer(folder, branch.submission(size))

        with ThreadPoolExecutor(len(branches)) as pool:
            answers = list(pool.map(submit, branches))
        statuses = [status for status, _ in answers]
        assert sorted(statuses) == [200, *[409] * 5]
        assert {told for status, told in answers if status == 409} == {f"{size + 3}\n".encode()}
        trunk, size = branches[statuses.index(200)], size + 3
        assert state_of(folder).head(ORIGIN).root == tree_hash(trunk.leaves)


def test_a_cosignature_never_leaves_before_the_state_is_durable(folder: Path) -> None:
    fork = LOG.fork(3, "fork")
    assert answer(folder, LOG.submission(0, 4))[0] == 200
    killed_at(folder, LOG.submission(4), "state:before")
    assert state_of(folder).head(ORIGIN).size == 4  # nothing was signed that anyone has
    killed_at(folder, LOG.submission(4), "state:after")
    assert state_of(folder).head(ORIGIN).size == 9  # nobody got it; but somebody might have
    assert answer(folder, fork.submission(4)) == (409, b"9\n")
    assert answer(folder, body(9, [], fork.note()))[0] == 422
    assert answer(folder, LOG.submission(4)) == (409, b"9\n")
    assert answer(folder, LOG.submission(9))[0] == 200


def test_over_http(tmp_path: Path) -> None:
    folder = tmp_path / "w1"
    make_witness(folder, NAME)
    origin_hash = sha256(ORIGIN.encode()).hexdigest()
    with serving(folder, NOW) as address, httpx.Client(base_url=address, timeout=30) as client:
        assert client.get(f"/{origin_hash}/checkpoint").status_code == 404
        conflict = client.post("/add-checkpoint", content=LOG.submission(4))
        assert (conflict.status_code, conflict.text) == (409, "0\n")
        assert conflict.headers["Content-Type"] == "text/x.tlog.size"
        good = client.post("/add-checkpoint", content=LOG.submission(0))
        assert good.status_code == 200
        assert good.text.startswith(f"— {NAME} ")
        served = client.get(f"/{origin_hash}/checkpoint")
        assert served.content == LOG.note() + good.content
        assert served.headers["Content-Type"] == "text/plain; charset=utf-8"
        assert client.get(f"/{'0' * 64}/checkpoint").status_code == 404
        assert client.get("/add-checkpoint").status_code == 405
        assert client.get("/docs").status_code == 404
        large = client.post("/add-checkpoint", content=b"old 0\n" * MAX_SUBMISSION_BYTES)
        assert large.status_code == 413
        assert client.post("/add-checkpoint", content=b"").status_code == 400


def asked(folder: Path, content: AsyncIterator[bytes]) -> httpx.Response:
    """The answer to a submission that comes bit by bit."""

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(service.create_service(opened(folder)))
        async with httpx.AsyncClient(transport=transport, base_url="http://witness.example") as client:
            return await client.post("/add-checkpoint", content=content)

    return asyncio.run(ask())


async def bits(*parts: bytes, pause: float = 0) -> AsyncIterator[bytes]:
    for part in parts:
        yield part
        await asyncio.sleep(pause)


def test_who_is_slow_and_a_state_that_cannot_be_written_are_told(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(state, "BUSY_SECONDS", 0)
    with closing(sqlite3.connect(folder / STATE_FILE, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert asked(folder, bits(LOG.submission(0))).status_code == 503
    assert asked(folder, bits(LOG.submission(0)[:9], LOG.submission(0)[9:])).status_code == 200
    monkeypatch.setattr(service, "BODY_SECONDS", 0.01)
    assert asked(folder, bits(b"old 9\n", b"\n", LOG.note(), pause=0.1)).status_code == 408


def test_a_witness_makes_its_folder_for_itself_alone(tmp_path: Path) -> None:
    create_witness(tmp_path / "w3", NAME, ENVIRONMENT)
    assert (tmp_path / "w3").stat().st_mode & 0o777 == 0o700


def test_making_one_can_be_repeated_and_never_changes_it(folder: Path, tmp_path: Path) -> None:
    assert create_witness(folder, NAME, ENVIRONMENT) == state_of(folder).vkey()
    cases: list[tuple[str, Callable[[], object]]] = [
        ("witness_differs", lambda: create_witness(folder, "witness.example/other", ENVIRONMENT)),
        ("witness_name", lambda: make_witness(tmp_path / "w2", "two words")),
        ("witness_missing", lambda: opened(tmp_path / "nowhere")),
        ("witness_log_key", lambda: watch_log(folder, state_of(folder).vkey())),
    ]
    for code, work in cases:
        with pytest.raises(WitnessError) as raised:
            work()
        assert raised.value.code == code


def test_another_key_file_is_not_served(folder: Path) -> None:
    (folder / KEY_FILE).unlink()
    create_key_file(folder / KEY_FILE, PASSPHRASE.encode())
    with pytest.raises(WitnessError) as raised:
        opened(folder)
    assert raised.value.code == "witness_differs"
