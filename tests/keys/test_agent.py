"""The signing agent and its client, over real sockets: what is signed, what is refused, what is written down."""

import json
import os
import socket
import stat
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from threading import Thread

import pytest

from keys import agentd
from keys.agent import AgentClient
from keys.agentd import (
    Agent,
    CheckpointRule,
    HashRule,
    Journal,
    Peer,
    ServedKey,
    listening,
    refuse,
    serve,
)
from keys.agentwire import (
    MAX_MESSAGES,
    pack_answer,
    pack_keys,
    pack_keys_asked,
    pack_signatures_asked,
    receive_frame,
    send_frame,
)
from keys.errors import CustodyError
from tests.builders import refused, signer

ORIGIN = "jxjy.henan.example/log"
CHECKPOINT = f"{ORIGIN}\n7\n{'A' * 43}=\n".encode()
OFFICE = "410100-2026-1"
HASH = bytes(range(64))
PATIENCE = 30.0


def agent_in(folder: Path) -> Agent:
    keys = {
        "log": ServedKey(signer("log"), CheckpointRule(ORIGIN)),
        OFFICE: ServedKey(signer(OFFICE), HashRule()),
    }
    return Agent(keys, Journal(folder / "agent.log", clock=lambda: 1_790_000_000.9))


@contextmanager
def running(agent: Agent, path: Path) -> Iterator[None]:
    """The agent listens at ``path`` for the length of the block, and has ended after it."""
    stop, bell = socket.socketpair()
    with stop, bell, listening(path) as listener:
        thread = Thread(target=serve, args=(agent, listener, stop))
        thread.start()
        try:
            yield
        finally:
            bell.send(b"!")
            thread.join(PATIENCE)
            assert not thread.is_alive()


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "agent" / "socket"


@pytest.fixture
def client(tmp_path: Path, place: Path) -> Iterator[AgentClient]:
    with running(agent_in(tmp_path), place), closing(AgentClient.at(place)) as one:
        yield one


def journal_of(folder: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (folder / "agent.log").read_text().splitlines()]


def test_the_agent_signs_as_the_key_would(client: AgentClient) -> None:
    messages = [HASH[:-1] + bytes((place,)) for place in range(100)]
    remote, local = client.signer(OFFICE), signer(OFFICE)
    assert remote.public_key == local.public_key
    assert remote.sign_all(messages) == local.sign_all(messages)
    assert remote.sign(HASH) == local.sign(HASH)
    assert remote.sign_all([]) == []
    assert client.signer("log").sign(CHECKPOINT) == signer("log").sign(CHECKPOINT)


def test_more_than_a_request_takes_is_asked_for_in_several(tmp_path: Path, client: AgentClient) -> None:
    messages = [place.to_bytes(64, "big") for place in range(MAX_MESSAGES + 5)]
    signatures = client.signer(OFFICE).sign_all(messages)
    assert signatures[0] == signer(OFFICE).sign(messages[0])
    assert signatures[-1] == signer(OFFICE).sign(messages[-1])
    assert [line["count"] for line in journal_of(tmp_path)] == [0, MAX_MESSAGES, 5]


def test_many_at_once_each_get_their_own(client: AgentClient) -> None:
    remote, local = client.signer(OFFICE), signer(OFFICE)
    messages = [bytes(60) + place.to_bytes(4, "big") for place in range(200)]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(remote.sign, messages)) == local.sign_all(messages)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (OFFICE, CHECKPOINT),
        (OFFICE, HASH + b"\x00"),
        (OFFICE, b""),
        ("log", HASH),
        ("log", CHECKPOINT.replace(b"henan", b"hebei")),
        ("log", CHECKPOINT.replace(b".", b"-")),
        ("log", CHECKPOINT + b"\n"),
        ("log", CHECKPOINT + b"more\n"),
        ("log", CHECKPOINT.replace(b"\n7\n", b"\n07\n")),
        ("log", CHECKPOINT[:-1]),
    ],
)
def test_a_key_signs_nothing_but_what_it_is_for(
    tmp_path: Path, client: AgentClient, name: str, message: bytes
) -> None:
    with refused(CustodyError, "agent_purpose"):
        client.signer(name).sign(message)
    assert journal_of(tmp_path)[-1]["outcome"] == "agent_purpose"


def test_one_wrong_message_spoils_its_request(client: AgentClient) -> None:
    with refused(CustodyError, "agent_purpose"):
        client.signer(OFFICE).sign_all([HASH, HASH, b"something else"])
    assert client.signer(OFFICE).sign(HASH)  # the connection goes on


def test_a_key_that_is_not_served(client: AgentClient) -> None:
    with refused(CustodyError, "agent_key_unknown"):
        client.signer("root-1")
    with refused(CustodyError, "agent_key_unknown"):
        client.signatures("root-1", [HASH])


def test_a_message_that_no_request_holds(client: AgentClient) -> None:
    with refused(CustodyError, "agent_too_much"):
        client.signer(OFFICE).sign(bytes(600_000))


def test_every_request_is_written_down_without_its_content(tmp_path: Path, client: AgentClient) -> None:
    client.signer(OFFICE).sign_all([HASH, HASH])
    asked, signed = journal_of(tmp_path)
    assert signed == {
        "time": "2026-09-21T14:13:20Z",
        "pid": os.getpid(),
        "uid": os.geteuid(),
        "key": OFFICE,
        "count": 2,
        # sha256 of 02, 0d "410100-2026-1", 0002, twice 00000040, and the two messages
        "sha256": digest_of(b"\x02\x0d410100-2026-1\x00\x02" + b"\x00\x00\x00\x40" * 2 + HASH * 2),
        "outcome": "done",
    }
    assert (asked["key"], asked["count"], asked["outcome"]) == ("", 0, "done")
    assert stat.S_IMODE((tmp_path / "agent.log").stat().st_mode) == 0o600


def digest_of(data: bytes) -> str:
    return sha256(data).hexdigest()


def test_without_a_journal_nothing_is_signed(tmp_path: Path, place: Path) -> None:
    (tmp_path / "agent.log").mkdir()
    with running(agent_in(tmp_path), place), closing(AgentClient.at(place)) as one:
        with refused(CustodyError, "agent_journal"):
            one.signatures(OFFICE, [HASH])
        with refused(CustodyError, "agent_journal"):
            one.signatures("none", [HASH])


def test_another_user_is_turned_away(tmp_path: Path, place: Path) -> None:
    stranger = replace(agent_in(tmp_path), uids=frozenset((os.geteuid() + 1,)))
    with (
        running(stranger, place),
        closing(AgentClient.at(place)) as one,
        refused(CustodyError, "agent_user"),
    ):
        one.keys()
    assert journal_of(tmp_path)[-1]["outcome"] == "agent_user"


def test_the_kernel_says_who_is_there() -> None:
    here, there = socket.socketpair()
    with here, there:
        assert Peer.of(here) == Peer(os.getpid(), os.geteuid())


def test_nonsense_ends_the_connection_and_is_written_down(tmp_path: Path, place: Path) -> None:
    with running(agent_in(tmp_path), place), connected(place) as raw:
        send_frame(raw, b"nonsense")
        answer = receive_frame(raw, patience=PATIENCE, idle=PATIENCE)
        assert answer is not None
        assert answer.endswith(b"\x01agent_protocol")
        assert receive_frame(raw, patience=PATIENCE, idle=PATIENCE) is None
    assert journal_of(tmp_path)[-1]["outcome"] == "agent_protocol"


@pytest.mark.parametrize("sent", [b"\xff\xff\xff\xff", b"\x00\x00"])
def test_a_frame_that_is_none_ends_the_connection(tmp_path: Path, place: Path, sent: bytes) -> None:
    with running(agent_in(tmp_path), place), connected(place) as raw:
        raw.sendall(sent)
        raw.shutdown(socket.SHUT_WR)
        assert raw.recv(1) == b""


@contextmanager
def connected(place: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as raw:
        raw.settimeout(PATIENCE)
        raw.connect(str(place))
        yield raw


def test_who_comes_when_all_places_are_taken_is_turned_away(
    tmp_path: Path, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agentd, "MAX_CONNECTIONS", 1)
    with running(agent_in(tmp_path), place), closing(AgentClient.at(place)) as first:
        first.keys()
        with connected(place) as second:
            assert second.recv(1) == b""
        first.close()
        # the place is free again as soon as the agent has seen that the first one left
        with closing(AgentClient.at(place)) as third:
            assert eventually(third.keys) == first.keys()


def eventually(work: Callable[[], object]) -> object:
    for _ in range(1000):
        with suppress(CustodyError):
            return work()
    raise AssertionError("the place was never free")


def test_the_socket_is_for_its_owner_alone(tmp_path: Path, place: Path) -> None:
    with running(agent_in(tmp_path), place):
        assert stat.S_IMODE(place.stat().st_mode) == 0o600
        assert stat.S_IMODE(place.parent.stat().st_mode) == 0o700
    assert not place.exists()


def test_a_socket_shared_with_other_users(place: Path) -> None:
    with listening(place, shared=True):
        assert stat.S_IMODE(place.stat().st_mode) == 0o666
        assert stat.S_IMODE(place.parent.stat().st_mode) == 0o711


@pytest.mark.parametrize(("mode", "shared"), [(0o750, False), (0o777, True)])
def test_a_folder_open_to_others_is_refused(place: Path, mode: int, shared: bool) -> None:
    place.parent.mkdir()
    place.parent.chmod(mode)
    with refused(CustodyError, "agent_folder"), listening(place, shared=shared):
        pass


def test_two_agents_at_one_address(tmp_path: Path, place: Path) -> None:
    with running(agent_in(tmp_path), place), refused(CustodyError, "agent_running"), listening(place):
        pass


def test_what_a_killed_agent_left_is_taken_away(tmp_path: Path, place: Path) -> None:
    place.parent.mkdir(mode=0o700)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as dead:
        dead.bind(str(place))
    with running(agent_in(tmp_path), place), closing(AgentClient.at(place)) as one:
        assert one.keys()


def test_an_agent_started_anew_is_found_again(tmp_path: Path, place: Path) -> None:
    with closing(AgentClient.at(place)) as one:
        with running(agent_in(tmp_path), place):
            remote = one.signer(OFFICE)
        with refused(CustodyError, "agent_gone"):
            remote.sign(HASH)
        with running(agent_in(tmp_path), place):
            assert remote.sign(HASH) == signer(OFFICE).sign(HASH)
            one.close()
            assert remote.sign(HASH) == signer(OFFICE).sign(HASH)


def test_a_restart_between_two_requests_is_not_noticed(tmp_path: Path, place: Path) -> None:
    with closing(AgentClient.at(place)) as one:
        with running(agent_in(tmp_path), place):
            remote = one.signer(OFFICE)
        with running(agent_in(tmp_path), place):
            assert remote.sign(HASH) == signer(OFFICE).sign(HASH)


def test_a_key_that_an_agent_has_since_it_was_started_anew_is_found(tmp_path: Path, place: Path) -> None:
    fewer = replace(agent_in(tmp_path), keys={"log": agent_in(tmp_path).keys["log"]})
    with closing(AgentClient.at(place)) as one:
        with running(fewer, place):
            assert one.serves("log")
            assert not one.serves(OFFICE)
        with running(agent_in(tmp_path), place):
            assert one.serves(OFFICE)
            assert one.signer(OFFICE).sign(HASH) == signer(OFFICE).sign(HASH)


def test_whether_an_agent_is_there_is_seen_without_a_line_in_its_journal(tmp_path: Path, place: Path) -> None:
    one = AgentClient.at(place)
    assert not one.is_there()
    with running(agent_in(tmp_path), place):
        assert one.is_there()
    assert not one.is_there()
    assert not (tmp_path / "agent.log").exists()


def test_no_agent_at_all(place: Path) -> None:
    with refused(CustodyError, "agent_gone"):
        AgentClient.at(place).keys()


Answers = Callable[[socket.socket], None]


@contextmanager
def impostor(answers: Answers) -> Iterator[AgentClient]:
    """A client of something that answers as it likes."""
    here, there = socket.socketpair()

    def work() -> None:
        with there:
            answers(there)

    thread = Thread(target=work)
    thread.start()
    with here:
        yield AgentClient.over(here)
    thread.join(PATIENCE)


def received(connection: socket.socket) -> bytes:
    request = receive_frame(connection, patience=PATIENCE, idle=PATIENCE)
    assert request is not None
    return request


def test_the_signatures_of_another_key_are_refused() -> None:
    def answers(connection: socket.socket) -> None:
        send_frame(
            connection, pack_answer(received(connection), pack_keys({"log": signer("log").public_key}))
        )
        send_frame(connection, pack_answer(received(connection), signer("other").sign(CHECKPOINT)))

    with impostor(answers) as one, refused(CustodyError, "signature_fault"):
        one.signer("log").sign(CHECKPOINT)


def test_too_few_signatures_are_refused() -> None:
    with (
        impostor(lambda end: send_frame(end, pack_answer(received(end), bytes(64)))) as one,
        refused(CustodyError, "agent_protocol"),
    ):
        one.signatures("log", [CHECKPOINT, CHECKPOINT])


def test_an_answer_to_another_request_ends_the_connection() -> None:
    with impostor(lambda end: send_frame(end, pack_answer(received(end) + b"!", b""))) as one:
        with refused(CustodyError, "agent_protocol"):
            one.keys()
        with refused(CustodyError, "agent_gone"):
            one.keys()


def test_a_frame_of_an_answer_over_the_bound_ends_the_connection() -> None:
    def answers(connection: socket.socket) -> None:
        received(connection)
        connection.sendall(b"\xff" * 4)

    with impostor(answers) as one, refused(CustodyError, "agent_protocol"):
        one.keys()


def test_an_agent_that_hangs_up_or_says_nothing() -> None:
    with impostor(received) as one, refused(CustodyError, "agent_gone"):  # type: ignore[arg-type]
        one.keys()
    here, there = socket.socketpair()
    with here, there, refused(CustodyError, "agent_gone"):
        AgentClient(lambda: here, patience=0.01).keys()


def test_an_agent_that_cannot_serve_says_why() -> None:
    with (
        impostor(lambda end: refuse(end, "key_file_locked")) as one,
        refused(CustodyError, "key_file_locked"),
    ):
        one.keys()


@pytest.mark.parametrize("sent", [b"", b"\xff\xff\xff\xff"])
def test_nobody_is_told_where_nobody_asks(sent: bytes) -> None:
    here, there = socket.socketpair()
    with there:
        with here:
            here.sendall(sent)
        refuse(there, "key_file_locked")


def test_a_client_that_is_gone_before_it_is_stopped(tmp_path: Path) -> None:
    here, there = socket.socketpair()
    there.close()
    here.close()
    agentd._stop_reading([here])
    agent_in(tmp_path).converse(here)
    assert not (tmp_path / "agent.log").exists()


def test_a_request_on_its_way_when_the_agent_is_stopped(tmp_path: Path, place: Path) -> None:
    with running(agent_in(tmp_path), place), connected(place) as raw:
        send_frame(raw, pack_keys_asked())
        assert receive_frame(raw, patience=PATIENCE, idle=PATIENCE)
        send_frame(raw, pack_signatures_asked(OFFICE, [HASH]))
        assert receive_frame(raw, patience=PATIENCE, idle=PATIENCE)
