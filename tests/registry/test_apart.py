"""Issuing with an agent of its own: real processes, killed on either side, and nothing is lost."""

import json
import os
import signal
import subprocess
import sys
from contextlib import AbstractContextManager, closing
from dataclasses import replace

import pytest

from keys.agentd import CheckpointRule, HashRule
from keys.errors import CustodyError
from registry import apart, batches
from registry.apart import KeptAgent, private_agent, rule_of
from registry.batches import preview_file
from registry.fsck import fsck
from registry.issuance import POINTS, Observe, resume, unobserved
from registry.keyring import Keyring
from registry.log import log_origin
from registry.settings import PASSPHRASE_VARIABLE
from tests.builders import HOST, MUNICIPAL, refused
from tests.matrices import cells
from tests.registry.children import Strike, issue_apart, killed
from tests.registry.rig import NOW, RULES, YEAR, Rig, assert_sound, audit, intake
from tests.registry.sheets import ANNUAL, annual, write_csv

ROWS, CHUNK = 12, 3
OFFICE_KEY = f"{MUNICIPAL}-{YEAR}-1"
Children = list["subprocess.Popen[bytes]"]


@pytest.fixture
def agents(monkeypatch: pytest.MonkeyPatch) -> Children:
    """Every file is large; the agents that were started."""
    started: Children = []
    start = apart._start

    def kept(*arguments: object, **named: object) -> "subprocess.Popen[bytes]":
        started.append(start(*arguments, **named))  # type: ignore[arg-type]
        return started[-1]

    monkeypatch.setattr(apart, "_start", kept)
    monkeypatch.setattr(batches, "WORTHWHILE_ROWS", 1)
    return started


def journal_of(rig: Rig) -> list[dict[str, object]]:
    return [json.loads(line) for line in rig.app.settings.journal.read_text().splitlines()]


def test_a_large_file_is_signed_in_a_process_of_its_own(rig: Rig, agents: Children) -> None:
    result = rig.submit(rig.people(range(ROWS)), chunk=CHUNK)
    assert len(result.issued) == ROWS
    assert_sound(rig.app, issued=ROWS)
    assert rig.app.keyring._open.keys() & {OFFICE_KEY, "log"} == set()
    (agent,) = agents
    assert agent.returncode == 0
    asked = [(line["key"], line["count"], line["outcome"]) for line in journal_of(rig)]
    assert asked == [("", 0, "done"), *[(OFFICE_KEY, CHUNK, "done")] * 4, ("log", 1, "done")]
    assert {line["pid"] for line in journal_of(rig)} == {os.getpid()}
    rig.publish()
    assert [rig.judge(number).reason for number in result.issued] == ["valid"] * ROWS


def test_the_same_bytes_come_from_either(lite: Rig, agents: Children) -> None:
    """What was reserved for an agent that died is signed here, byte for byte as the agent would have."""
    file = lite.people(range(CHUNK))
    with refused(CustodyError, "agent_gone"):
        lite.submit(file, chunk=CHUNK, observe=striking(agents, Strike("sign:before")))
    with private_agent(
        lite.app.keyring, [OFFICE_KEY], log_origin=log_origin(HOST), journal=lite.app.settings.journal
    ) as keyring:
        messages = [bytes(range(64)), bytes(64)]
        assert keyring.signer(OFFICE_KEY).sign_all(messages) == lite.app.keyring.signer(OFFICE_KEY).sign_all(
            messages
        )
    resume(lite.app)
    assert_sound(lite.app, issued=CHUNK)


def striking(agents: Children, strike: Strike) -> Observe:
    """An observer that kills the agent, and sees it dead."""
    seen = 0

    def observe(point: str, _: int) -> None:
        nonlocal seen
        seen += point == strike.point
        if point == strike.point and seen == strike.nth:
            agents[0].kill()
            agents[0].wait()

    return observe


@pytest.mark.parametrize("nth", cells([1, 3], always=[1]))
@pytest.mark.parametrize(
    "point", ["reserve:before", "reserve:after", "sign:before", "sign:after", "log:after"]
)
def test_the_agent_is_killed(lite: Rig, agents: Children, point: str, nth: int) -> None:
    """A clear error, nothing lost; ``resume`` finishes without the agent, and the same file adds the rest."""
    file = lite.people(range(ROWS))
    with refused(CustodyError, "agent_gone"):
        lite.submit(file, chunk=CHUNK, observe=striking(agents, Strike(point, nth)))
    assert agents[0].returncode == -signal.SIGKILL
    assert fsck(lite.app).troubles == ()
    resume(lite.app)
    left = assert_sound(lite.app, issued=len(audit(lite.app).issued))
    again = lite.submit(file)
    assert (len(again.issued), again.already_issued) == (ROWS - len(left.issued), len(left.issued))
    assert_sound(lite.app, issued=ROWS)


@pytest.mark.parametrize("point", cells(POINTS, always=["reserve:after", "checkpoint:before"]))
def test_the_issuing_process_is_killed(lite: Rig, point: str) -> None:
    """Its agent ends with it, and ``resume`` finishes."""
    file = lite.people(range(ROWS))
    assert killed(lite.place, NOW, issue_apart, file, CHUNK, strike=Strike(point))
    assert fsck(lite.app).troubles == ()
    resume(lite.app)
    left = assert_sound(lite.app, issued=len(audit(lite.app).issued))
    assert len(lite.submit(file).issued) == ROWS - len(left.issued)
    assert_sound(lite.app, issued=ROWS)


def test_after_a_fault_nothing_more_is_logged(lite: Rig, agents: Children) -> None:
    """Of what waits behind it nothing is: the log keeps the file's order, and ``resume`` goes on where it stopped."""
    judged = 0

    def observe(point: str, _: int) -> None:
        nonlocal judged
        judged += point == "judge:after"
        if (point, judged) == ("judge:after", 2):
            raise CustodyError("agent_gone")

    file = lite.people(range(ROWS))
    with refused(CustodyError, "agent_gone"):
        lite.submit(file, chunk=CHUNK, observe=observe)
    assert judged == 2
    assert len(audit(lite.app).issued) == CHUNK
    resume(lite.app)
    left = assert_sound(lite.app, issued=len(audit(lite.app).issued))
    assert len(lite.submit(file).issued) == ROWS - len(left.issued)
    assert_sound(lite.app, issued=ROWS)


def test_a_wrong_passphrase_is_told_as_such(lite: Rig, agents: Children) -> None:
    wrong = Keyring(lite.app.settings.keys, environment={PASSPHRASE_VARIABLE: "wrong horse battery"})
    with (
        private_agent(wrong, [OFFICE_KEY], log_origin=log_origin(HOST), journal=lite.folder / "j") as keyring,
        refused(CustodyError, "key_file_locked"),
    ):
        keyring.signer(OFFICE_KEY)
    assert agents[0].returncode == 0


def test_a_large_file_reserves_nothing_where_the_keys_do_not_open(lite: Rig, agents: Children) -> None:
    right = lite.app.keyring
    wrong = Keyring(right.folder, environment={PASSPHRASE_VARIABLE: "wrong horse battery"})
    with refused(CustodyError, "key_file_locked"):
        replace(lite, app=replace(lite.app, keyring=wrong)).submit(lite.people(range(ROWS)), chunk=CHUNK)
    assert len(agents) == 1
    assert resume(lite.app) == []
    assert_sound(lite.app, issued=0)


def test_a_small_file_or_one_whose_passphrase_must_be_asked_for_needs_no_agent(
    lite: Rig, agents: Children, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not Keyring(lite.app.settings.keys, environment={}).opens_unasked(OFFICE_KEY)
    monkeypatch.setattr(batches, "WORTHWHILE_ROWS", ROWS + 1)
    assert len(lite.submit(lite.people(range(ROWS)), observe=unobserved).issued) == ROWS
    assert agents == []


def test_an_agent_that_will_not_end_is_made_to(
    lite: Rig, agents: Children, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apart, "_ENDING", 0.01)
    with private_agent(
        lite.app.keyring, [OFFICE_KEY], log_origin=log_origin(HOST), journal=lite.folder / "j"
    ) as keyring:
        keyring.signer(OFFICE_KEY)
        agents[0].send_signal(signal.SIGSTOP)
    assert agents[0].returncode == -signal.SIGKILL


def test_a_process_that_issues_file_after_file_keeps_its_agent(lite: Rig, agents: Children) -> None:
    with closing(KeptAgent()) as agent:
        rig = replace(lite, app=replace(lite.app, agent=agent))
        for start in (0, CHUNK):
            assert len(rig.submit(rig.people(range(start, start + CHUNK))).issued) == CHUNK
        (kept,) = agents
        assert kept.poll() is None
        assert rig.app.keyring._open.keys() & {OFFICE_KEY, "log"} == set()
        kept.kill()
        kept.wait()
        assert len(rig.submit(rig.people(range(2 * CHUNK, 3 * CHUNK))).issued) == CHUNK
    assert [one.returncode for one in agents] == [-signal.SIGKILL, 0]
    assert_sound(lite.app, issued=3 * CHUNK)


def test_a_kept_agent_is_for_one_at_a_time_for_its_keys_and_for_a_while(lite: Rig, agents: Children) -> None:
    keyring, office, log = lite.app.keyring, [OFFICE_KEY], ["log"]

    def lent(agent: KeptAgent, names: list[str]) -> AbstractContextManager[Keyring]:
        return agent.lent(keyring, names, log_origin=log_origin(HOST), journal=lite.folder / "j")

    def fail(agent: KeptAgent) -> None:
        with lent(agent, office):
            raise CustodyError("agent_gone")

    with closing(KeptAgent()) as agent:
        with lent(agent, office) as one, lent(agent, office) as two:
            assert one.signer(OFFICE_KEY).sign(bytes(64)) == two.signer(OFFICE_KEY).sign(bytes(64))
        assert [kept.poll() for kept in agents] == [None, 0]  # of the two the last is kept
        with refused(CustodyError, "agent_gone"):
            fail(agent)
        assert agents[0].returncode == 0  # nothing is kept after a fault
        with lent(agent, office), lent(agent, log):
            pass
        assert [kept.poll() for kept in agents[2:]] == [None, 0]
        with lent(agent, log):
            assert agents[2].returncode == 0  # it has other keys
    brief = KeptAgent(idle=0.01)
    with lent(brief, office):
        pass
    assert agents[-1].wait(30) == 0


def test_what_is_found_stands_in_the_order_of_the_file_though_it_is_read_ahead(
    lite: Rig, agents: Children
) -> None:
    faulty = [
        annual(20, 职称等级="工程师"),
        annual(21, 专业科目学时="二十"),
        annual(1),
        annual(22, 公需科目学时=1),
    ]
    rows = [row for serial in range(4) for row in (annual(serial), faulty[serial])] + [["合计"]]
    file = write_csv(lite.folder / "faulty.csv", [ANNUAL, *rows])
    foreseen = preview_file(lite.app, intake(file), authority=MUNICIPAL, rule_set=RULES)
    result = lite.submit(file, chunk=2)
    assert [finding.code for finding in result.findings][-1] == "total_row"
    assert result.findings == foreseen.findings
    assert (result.rows, result.refused_rows) == (foreseen.rows, foreseen.refused_rows)
    assert list(result.numbered.values()) == foreseen.fit
    assert len(agents) == 1


def test_what_keys_are_for() -> None:
    assert rule_of("log", "host.example/log") == CheckpointRule("host.example/log")
    assert {type(rule_of(name, "")) for name in ("root-1", "status-1", OFFICE_KEY)} == {HashRule}


SEALED = """
import ctypes, resource
from registry.apart import keep_memory_private
keep_memory_private()
print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0), resource.getrlimit(resource.RLIMIT_CORE))  # 3: PR_GET_DUMPABLE
"""


def test_an_agents_memory_is_nobodys_to_read() -> None:
    done = subprocess.run([sys.executable, "-c", SEALED], check=True, capture_output=True, text=True)
    assert done.stdout == "0 (0, 0)\n"
