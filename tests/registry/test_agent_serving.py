"""``certreg agent serve`` as a process, and the other commands with ``CERTREG_AGENT``: none of them opens a key."""

import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from registry.cli.main import main as certreg
from registry.offices import CHINA
from tests.journeys.program import PASSPHRASE, Said, Shell
from tests.registry.sheets import ANNUAL, annual, write_csv

HOST = "jxjy.henan.example"
YEAR = datetime.now(CHINA).year
"""The programs read the clock."""
START = "from registry.cli.main import main; main()"
ADD = ("--name", "郑州市人力资源和社会保障局", "--uscc", "11410100005252100Y", "--division", "410100")


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """A registry with one authority."""
    made = Shell(tmp_path_factory.mktemp("serving"))
    assert made.certreg("init", "--host", HOST).code == 0
    assert made.certreg("authority", "add", "410100", *ADD, "--year", str(YEAR)).code == 0
    return made


@contextmanager
def agent(shell: Shell, *words: str) -> Iterator[tuple["subprocess.Popen[str]", Path]]:
    """An agent of the registry, ready; asked to end after the block, which it does without a word."""
    with started(shell, "--host", HOST, *words) as process:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        yield process, Path(ready["socket"])
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)
        assert (process.returncode, out, err) == (0, "", "")


@contextmanager
def started(shell: Shell, *words: str) -> Iterator["subprocess.Popen[str]"]:
    environment = {**os.environ, "CERTREG_HOME": str(shell.home), "CERTREG_PASSPHRASE": PASSPHRASE}
    command = [sys.executable, "-c", START, "--json", "agent", "serve", *words]
    with subprocess.Popen(
        command, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def with_agent(shell: Shell, socket: Path, *words: str) -> Said:
    """A command that knows the agent, and no passphrase."""
    return replace(shell, passphrase=None).run(certreg, "--json", *words, CERTREG_AGENT=str(socket))


def sheet(shell: Shell, serials: Sequence[int]) -> str:
    file = shell.folder / f"{serials[0]}.csv"
    write_csv(file, [ANNUAL, *(annual(serial, 年度=YEAR) for serial in serials)])
    return str(file)


def test_a_registry_without_keys(shell: Shell) -> None:
    """Issue, publish and verify with an agent; what needs the root or a new key is refused, with words."""
    listed = ("issue", sheet(shell, range(3)), "--authority", "410100", "--year", str(YEAR))
    with agent(shell) as (_, socket):
        said = with_agent(shell, socket, *listed)
        assert said.code == 0, said.err
        (number, *_) = said.json["issued"]
        assert with_agent(shell, socket, "publish", "site").code == 0
        assert with_agent(shell, socket, "render", number, "--out", "out", "--format", "json").code == 0
        judged = with_agent(shell, socket, "verify", f"out/{number}.json", "--url", "site")
        assert judged.json["verdict"] == "PASSED"
        year = str(YEAR + 1)
        assert with_agent(shell, socket, "authority", "add", "410100", *ADD, "--year", year).json[
            "error"
        ] == ("agent_makes_no_key")
        suspended = with_agent(shell, socket, "authority", "suspend", "410100", "--reason", "inspection")
        assert suspended.code == 3  # a proposal for the root's ceremony
    lines = [json.loads(line) for line in (shell.home / "agent.log").read_text().splitlines()]
    assert {line["outcome"] for line in lines} == {"done"}
    assert {line["key"] for line in lines} == {"", "log", "status-1", f"410100-{YEAR}-1"}
    gone = with_agent(shell, socket, *listed)
    assert (gone.code, gone.json["error"]) == (1, "agent_gone")


def test_the_root_is_served_where_it_is_named(shell: Shell) -> None:
    with agent(shell, "--key", "root-1", "--key", "log") as (_, socket):
        said = with_agent(shell, socket, "trust", "renew")
        assert said.code == 0, said.err


def test_clients_are_named_or_numbered(shell: Shell, tmp_path: Path) -> None:
    place = tmp_path / "shared" / "socket"
    with agent(shell, "--socket", str(place), "--client", "root", "--client", "4242") as (_, socket):
        assert stat.S_IMODE(socket.stat().st_mode) == 0o666
    said = shell.certreg("--json", "agent", "serve", "--host", HOST, "--client", "no-such-user")
    assert (said.code, said.json["error"]) == (1, "agent_client")


def test_two_agents_at_one_address(shell: Shell) -> None:
    with agent(shell), started(shell, "--host", HOST) as second:
        out, _ = second.communicate(timeout=60)
        assert json.loads(out)["error"] == "agent_running"
        assert second.returncode == 1


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--host", "Not A Host"), "host_form"),
        (("--host", HOST, "--key", "410100-1999-1"), "key_file_missing"),
    ],
)
def test_what_an_agent_cannot_serve(shell: Shell, words: tuple[str, ...], code: str) -> None:
    said = shell.certreg("--json", "agent", "serve", *words)
    assert (said.code, said.json["error"]) == (1, code)


def test_no_registry(tmp_path: Path) -> None:
    said = Shell(tmp_path).certreg("--json", "agent", "serve", "--host", HOST)
    assert said.json["error"] == "not_initialised"
