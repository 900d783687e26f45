"""The registry and its witnesses, each a process: what leaves the house has the quorum, what is done stands without it."""

import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pikepdf
import pytest
from sqlalchemy import delete, select

from registry import handout, posting
from registry.app import App
from registry.cosigning import (
    ADDRESSES,
    CLOCK_SKEW,
    Cosigning,
    _counts,
    read_addresses,
    witnessed_checkpoint,
    write_address,
)
from registry.errors import RegistryError
from registry.faces.pool import DrawingPool
from registry.faces.renderer import FaceRenderer
from registry.handout import draw_each, find_record, prepare, write_files
from registry.log import latest_checkpoint
from registry.models import CheckpointRow
from registry.posting import MAX_ANSWER_BYTES
from registry.publication import publish
from registry.trust import current_trust_list
from registry.witnesses import add_witness, change_quorum, remove_witness
from tests.builders import MUNICIPAL, vkey
from tests.registry.rig import Place, Rig, assert_sound, copy_home, opened
from tests.registry.witnesses import NAMES, serving, witnessed
from tests.simulator import cosigned
from tests.verifier.webserver import answering as dripping
from verifier.checkpoint import parse_checkpoint_text
from verifier.note import cosignature_times, parse_note, parse_vkey
from verifier.number import number_of, parse_number
from verifier.report import Verdict
from verifier.tlogproof import parse_tlog_proof


def cosigners(rig: Rig, note: bytes) -> list[str]:
    with rig.app.database.read() as session:
        keys = [parse_vkey(one) for one in current_trust_list(session).witness_vkeys]
    return [key.name for key in keys if cosignature_times(parse_note(note), [key])]


def newest(rig: Rig) -> CheckpointRow:
    with rig.app.database.read() as session:
        found = latest_checkpoint(session)
        assert found is not None
        return found


def refusal(work: Any, *arguments: Any, **options: Any) -> RegistryError:
    with pytest.raises(RegistryError) as raised:
        work(*arguments, **options)
    return raised.value


def test_what_leaves_the_house_is_cosigned(rig: Rig) -> None:
    with witnessed(rig):
        number = rig.issue(1, 2, 3)[0]
        assert cosigners(rig, newest(rig).note) == list(NAMES)
        published = publish(rig.app, rig.site)
        assert published.cosigning is not None
        assert (published.cosigning.have, dict(published.cosigning.missing)) == (2, {})
        assert cosigners(rig, (rig.site / "log/checkpoint").read_bytes()) == list(NAMES)
        files = write_files(prepare(rig.app, number), rig.folder / "out", FaceRenderer(), ("pdf",))
    proof = parse_tlog_proof(files[1].read_bytes())
    assert cosigners(rig, proof.checkpoint) == list(NAMES)
    with pikepdf.open(files[0]) as document:
        attached = document.attachments[f"{number}.tlog-proof"].get_file().read_bytes()
    assert attached == files[1].read_bytes()
    report = rig.judge(number)
    assert report.verdict is Verdict.PASSED
    assert report.steps[7].details["witnesses"] == 2


def test_what_is_done_stands_while_a_witness_is_away(lite: Rig) -> None:
    with witnessed(lite) as second:
        early = lite.issue(1)[0]
        publish(lite.app, lite.site)
        before = (lite.site / "log/checkpoint").read_bytes()
        second.close()
        late = lite.issue(2)[0]
        assert_sound(lite.app, issued=2)
        assert lite.app.cosign_log().missing == {"w2.example": "witness_unreachable"}
        error = refusal(prepare, lite.app, late)
        assert (error.code, error.params["witnesses"]) == (
            "witnesses_awaited",
            "w2.example (witness_unreachable)",
        )
        assert prepare(lite.app, early).log_proof.endswith(before)
        lite.change(early, "revoke", "fraud")
        waiting = publish(lite.app, lite.site)
        assert waiting.cosigning is not None
        assert not waiting.cosigning.enough
        # The log waits where it was; a revocation does not.
        assert (lite.site / "log/checkpoint").read_bytes() == before
        assert lite.judge(early).reason == "revoked"
        found = find_record(lite.app, parse_number(late))
        assert found is not None
        assert found[1] is not None
        with serving(lite.folder / "w2.example", lite.clock.now) as address:
            write_address(lite.place.home, "w2.example", address)
            assert cosigners(lite, parse_tlog_proof(prepare(lite.app, late).log_proof).checkpoint) == list(
                NAMES
            )
            assert publish(lite.app, lite.site).log_size > waiting.log_size
        assert lite.judge(late).verdict is Verdict.PASSED


def test_witnesses_are_asked_once_and_only_where_they_are_missing(
    lite: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Cosigning] = []

    def cosign(app: App) -> Cosigning:
        asked.append(cosign_log(app))
        return asked[-1]

    cosign_log = App.cosign_log
    monkeypatch.setattr(App, "cosign_log", cosign)
    monkeypatch.setattr(handout, "TOGETHER", 1)
    under, unknown = lite.issue(1)[0], number_of(MUNICIPAL, 2026, 1, 9999).digits
    add_witness(lite.app, "w1.example", vkey("w1.example", 4), "http://127.0.0.1:9")
    asked.clear()
    assert prepare(lite.app, under).record.number.digits == under  # without a quorum nobody is missing
    assert asked == []
    change_quorum(lite.app, 1)
    late = lite.issue(2, 3)
    asked.clear()
    awaited = refusal(prepare, lite.app, late[0]).params["witnesses"]
    assert awaited == "w1.example (witness_unreachable)"
    assert len(asked) == 1
    assert refusal(prepare, lite.app, late[0], awaited="them").params["witnesses"] == "them"
    assert len(asked) == 1
    with DrawingPool() as pool:
        drawn = draw_each(lite.app, [late[0], unknown, late[1]], lambda *_: None, pool=pool)
        errors = [refusal(made.result) for _, made in drawn]
    assert [one.code for one in errors] == ["witnesses_awaited", "number_unknown", "witnesses_awaited"]
    assert errors[2].params["witnesses"] == awaited
    assert len(asked) == 2


def test_what_concerns_all_stops_at_once(lite: Rig) -> None:
    """A database that does not hold what was signed says so of no certificate."""
    numbers = lite.issue(1, 2)
    lite.app.settings.head.write_bytes(b"{}")
    with DrawingPool() as pool:
        assert refusal(list, draw_each(lite.app, numbers, lambda *_: None, pool=pool)).code == "head_unusable"


def test_one_of_two_may_be_away_where_one_is_enough(lite: Rig) -> None:
    with witnessed(lite, quorum=1) as second:
        second.close()
        number = lite.issue(1)[0]
        assert cosigners(lite, parse_tlog_proof(prepare(lite.app, number).log_proof).checkpoint) == [
            "w1.example"
        ]
        done = publish(lite.app, lite.site)
        assert done.cosigning is not None
        assert done.cosigning.enough
        assert done.log_size == newest(lite).size


def test_a_lower_quorum_that_the_root_signed_lets_the_log_go_on(lite: Rig) -> None:
    with witnessed(lite) as second:
        second.close()
        number = lite.issue(1)[0]
        assert refusal(prepare, lite.app, number).code == "witnesses_awaited"
        change_quorum(lite.app, 1)
        assert prepare(lite.app, number).record.number.digits == number


def test_a_forked_and_an_old_copy_of_the_log_are_refused(lite: Rig) -> None:
    """A second database, copied; each branch issues to somebody else under the same size."""
    with witnessed(lite):
        lite.issue(1)
        copy = Place(copy_home(lite.place.home, lite.folder / "copy"))
        old = Place(copy_home(lite.place.home, lite.folder / "old"))
        first = lite.issue(2)[0]
        (lite.folder / "other").mkdir()
        with opened(copy, lite.folder / "other") as other:
            forked = other.issue(3)[0]
            assert forked == first  # the same number, for another person
            missing = dict.fromkeys(NAMES, "witness_inconsistent")
            assert other.app.cosign_log().missing == missing
            assert refusal(prepare, other.app, forked).code == "witnesses_awaited"
            other.issue(4)
            assert other.app.cosign_log().missing == missing
        with opened(old, lite.folder / "other") as other:
            with other.app.database.write() as session:
                row = session.scalars(
                    select(CheckpointRow).order_by(CheckpointRow.size.desc()).limit(1)
                ).one()
                row.note = (
                    row.note.partition(b"\n\n")[0]
                    + b"\n\n"
                    + row.note.partition(b"\n\n")[2].splitlines()[0]
                    + b"\n"
                )
            assert other.app.cosign_log().missing == dict.fromkeys(NAMES, "witness_ahead")


def test_asking_at_once_stores_each_cosignature_once(lite: Rig) -> None:
    with witnessed(lite) as second:
        second.close()
        lite.issue(1)
        with serving(lite.folder / "w2.example", lite.clock.now) as address:
            write_address(lite.place.home, "w2.example", address)
            with ThreadPoolExecutor(4) as pool:
                standing = list(pool.map(lambda _: lite.app.cosign_log(), range(4)))
        assert all(one.enough for one in standing)
        assert newest(lite).note.count(b"\xe2\x80\x94 ") == 3


class _Answering(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.0"
    answers: Sequence[tuple[int, bytes]] = ()
    asked: list[bytes]

    def do_POST(self) -> None:
        self.asked.append(self.rfile.read(int(self.headers["Content-Length"])))
        status, body = self.answers[min(len(self.asked), len(self.answers)) - 1]
        assert self.path == "/add-checkpoint"
        self.send_response(status)
        if status == HTTPStatus.FOUND:
            self.send_header("Location", body.decode())
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Nothing."""


@contextmanager
def answering(*answers: tuple[int, bytes]) -> Iterator[tuple[str, list[bytes]]]:
    """A server that gives ``answers`` one after another, the last for ever; a redirect leads where its body says."""
    asked: list[bytes] = []
    handler = type("Handler", (_Answering,), {"answers": answers, "asked": asked})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/", asked
    finally:
        server.shutdown()
        thread.join(5)
        server.server_close()


STRANGER = "— w1.example AAAAAAAA\n".encode()


@pytest.mark.parametrize(
    ("answers", "code"),
    [
        ([(200, STRANGER)], "witness_answer"),
        ([(200, b"hello\n")], "witness_answer"),
        ([(200, b"x" * (MAX_ANSWER_BYTES + 1))], "witness_answer"),
        ([(409, b"many\n")], "witness_answer"),
        ([(409, b"\xff\n")], "witness_answer"),
        ([(409, b"1\n"), (409, b"2\n"), (409, b"1\n")], "witness_refused"),
        ([(409, b"1000\n")], "witness_ahead"),
        ([(422, b"")], "witness_inconsistent"),
        ([(403, b"")], "witness_refused"),
        ([(302, b"")], "witness_refused"),
        ([(302, b"https://w2.example/")], "witness_refused"),
        ([(302, b"http://xn--/")], "witness_unreachable"),
    ],
)
def test_whatever_a_witness_answers(lite: Rig, answers: list[tuple[int, bytes]], code: str) -> None:
    with answering(*answers) as (address, asked):
        add_witness(lite.app, "w1.example", vkey("w1.example", 4), address)
        assert lite.app.cosign_log().missing == {"w1.example": code}
    assert asked[0].startswith(b"old 0\n\n")
    assert len(asked) == 2 * len(answers)  # when it was listed, and now
    assert newest(lite).note.count(b"\xe2\x80\x94 ") == 1


@pytest.mark.parametrize(
    ("late", "missing"), [(0, {}), (CLOCK_SKEW, {}), (CLOCK_SKEW + 1, {"w1.example": "witness_answer"})]
)
def test_a_cosignature_may_be_as_late_as_clocks_differ(
    lite: Rig, late: int, missing: Mapping[str, str]
) -> None:
    lite.issue(1)
    head = newest(lite)
    at = lite.clock.now + late
    line = cosigned(b"", parse_checkpoint_text(parse_note(head.note).text), "w1.example", at)
    # It has this head already, as where its answer was lost: asked from there, it gives the cosignature.
    with answering((409, f"{head.size}\n".encode()), (200, line)) as (address, asked):
        add_witness(lite.app, "w1.example", vkey("w1.example", 4), address)
        with lite.app.database.write() as session:  # the list's own entry has another head
            session.execute(delete(CheckpointRow).where(CheckpointRow.size > head.size))
        asked.clear()
        assert lite.app.cosign_log().missing == missing
    assert asked[1].startswith(f"old {head.size}\n\n".encode())


def test_a_cosignature_of_no_time_counts_for_nothing(lite: Rig) -> None:
    head = parse_checkpoint_text(parse_note(newest(lite).note).text)
    key = parse_vkey(vkey("w1.example", 4))
    for at, counts in ((0, False), (1, True)):
        assert _counts(cosigned(newest(lite).note, head, "w1.example", at), key, lite.clock.now) is counts


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 " + b"O" * 400,
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 400,
        b"HTTP/1.1 103 Early Hints\r\n\r\n" * 40,
        b"HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\n" + b"z" * 400,
    ],
)
def test_a_witness_that_drips_is_not_waited_for(
    lite: Rig, answer: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(posting, "TOTAL_SECONDS", 0.5)
    with dripping(answer, pause=0.05) as address:
        add_witness(lite.app, "w1.example", vkey("w1.example", 4), address)
        started = time.monotonic()
        assert lite.app.cosign_log().missing == {"w1.example": "witness_unreachable"}
    assert time.monotonic() - started < 5


def test_no_transaction_is_open_while_a_witness_is_waited_for(
    lite: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_witness(lite.app, "w1.example", vkey("w1.example", 4), "http://127.0.0.1:9")
    pool: Any = lite.app.database.engine.pool
    used: list[int] = []

    def refuse(*_: Any) -> tuple[int, bytes]:
        used.append(pool.checkedout())
        return 403, b""

    monkeypatch.setattr(posting, "_post", refuse)
    assert lite.app.cosign_log().missing == {"w1.example": "witness_refused"}
    assert used == [0]


def test_without_a_quorum_nothing_waits(lite: Rig) -> None:
    assert lite.app.cosign_log() == Cosigning(newest(lite).size, 0, 0, {})
    add_witness(lite.app, "w1.example", vkey("w1.example", 4), "http://127.0.0.1:9")
    (lite.place.home / ADDRESSES).unlink()
    number = lite.issue(1)[0]
    assert lite.app.cosign_log().missing == {"w1.example": "witness_address_missing"}
    assert prepare(lite.app, number).record.number.digits == number
    assert publish(lite.app, lite.site).log_size == newest(lite).size


def test_before_any_head_has_the_quorum_none_is_published(lite: Rig) -> None:
    add_witness(lite.app, "w1.example", vkey("w1.example", 4), "http://127.0.0.1:9")
    change_quorum(lite.app, 1)
    assert publish(lite.app, lite.site).log_size == 0
    assert not (lite.site / "log").exists()
    with lite.app.database.read() as session:
        assert witnessed_checkpoint(session, current_trust_list(session), now=lite.clock.now) is None


def test_the_list_of_witnesses(lite: Rig) -> None:
    key = vkey("w1.example", 4)
    assert (
        refusal(add_witness, lite.app, "w1.example", vkey("w1.example", 1), "https://w").code
        == "witness_vkey"
    )
    assert refusal(add_witness, lite.app, "w2.example", key, "https://w").code == "witness_vkey"
    assert refusal(add_witness, lite.app, "w1.example", "w1.example+x", "https://w").code == "witness_vkey"
    unusable = ("http://w1..example", "http://xn--/", f"http://{'w' * 64}.example")
    for url in ("w1.example", "ftp://w1.example", "https://", "https://[::1", *unusable):
        assert refusal(add_witness, lite.app, "w1.example", key, url).code == "witness_address"
    assert refusal(add_witness, lite.app, "w1.example", key, "w" * 300).params["url"] == "w" * 200
    listed = add_witness(lite.app, "w1.example", key, "http://127.0.0.1:9")
    assert (lite.place.home / ADDRESSES).stat().st_mode & 0o777 == 0o600
    assert (listed.witness_vkeys, listed.witness_quorum) == ((key,), 0)
    assert refusal(add_witness, lite.app, "w1.example", key, "https://w").code == "witness_exists"
    assert refusal(change_quorum, lite.app, 2).code == "witness_quorum"
    assert change_quorum(lite.app, 1).witness_quorum == 1
    assert refusal(remove_witness, lite.app, "w1.example").code == "witness_quorum"
    assert refusal(remove_witness, lite.app, "w9.example").code == "witness_unknown"
    assert read_addresses(lite.place.home) == {"w1.example": "http://127.0.0.1:9"}
    change_quorum(lite.app, 0)
    assert remove_witness(lite.app, "w1.example").witness_vkeys == ()
    assert read_addresses(lite.place.home) == {}


@pytest.mark.parametrize("text", ["", "[]", '{"w1": 1}', '{"w1": "w1"}'])
def test_a_file_of_addresses_that_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / ADDRESSES).write_text(text, encoding="utf-8")
    assert refusal(read_addresses, tmp_path).code == "witness_addresses"
