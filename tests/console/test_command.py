"""``certreg account`` and ``certreg serve``: the first administrator, and the three processes."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from registry.cli.main import app as program
from registry.cli.serving import for_children, without_secrets
from registry.cli.shell import SHELL
from registry.publication import publish
from tests.console.process import serving
from tests.registry.rig import Place, Rig, copy_home, opened


@pytest.fixture
def call(lite: Rig, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    """The program on a founded registry."""
    for name, value in lite.place.environment.items():
        monkeypatch.setenv(name, value)
    return CliRunner()


def test_the_first_administrator_gets_a_link_and_no_password(call: CliRunner, lite: Rig) -> None:
    done = call.invoke(program, ["--json", "account", "add", "wangli", "--name", "王丽"])
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["login"] == "wangli"
    assert told["link"].startswith("http://localhost:8700/console/invite/")
    listed = call.invoke(program, ["--json", "account", "list"])
    assert json.loads(listed.stdout) == {
        "authority": None,
        "disabled": False,
        "login": "wangli",
        "ready": False,
        "role": "province-admin",
    }
    again = call.invoke(program, ["--json", "account", "reset", "WangLi"])
    assert json.loads(again.stdout)["link"] != told["link"]
    assert "王丽" in call.invoke(program, ["account", "list"]).stdout


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["add", "x", "--name", "王"], "login_form"),
        (["add", "clerk-1", "--name", "王", "--role", "clerk"], "role_authority"),
        (["add", "clerk-1", "--name", "王", "--role", "clerk", "--authority", "999999"], "authority_unknown"),
        (["add", "boss", "--name", "王", "--authority", "410100"], "role_authority"),
        (["reset", "nobody"], "account_unknown"),
    ],
)
def test_refusals(call: CliRunner, words: list[str], code: str) -> None:
    done = call.invoke(program, ["--json", "account", *words])
    assert done.exit_code == 1
    assert json.loads(done.stdout)["error"] == code
    spoken = call.invoke(program, ["--lang", "en", "account", *words])
    assert not any("\u4e00" <= character <= "\u9fff" for character in spoken.output)


def test_the_web_process_is_told_no_secret() -> None:
    secrets = ("CERTREG_PASSPHRASE", "CERTREG_PASSPHRASE_FILE", "CERTREG_PIN", "CERTREG_PIN_FILE")
    assert without_secrets({**dict.fromkeys(secrets, "x"), "CERTREG_HOME": "h"}) == {"CERTREG_HOME": "h"}


def test_the_children_speak_the_language_that_was_asked_for(
    lite: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SHELL, "lang", "en")
    told = for_children(lite.app, {"CERTREG_LANG": "zh-CN", "CERTREG_HOME": "another"})
    assert told == {"CERTREG_LANG": "en", "CERTREG_HOME": str(lite.app.settings.home)}


def _children(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text().split()]


def _loads_modules(pid: int) -> bool:
    try:
        return "site-packages" in Path(f"/proc/{pid}/maps").read_text()
    except OSError:
        return False


def _has_ended(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def test_console_verifier_and_worker(founded_sqlite: Path, tmp_path: Path) -> None:
    """One port; only the worker has the passphrase, and its end is told in the log's form; when the parent is killed, nobody is left."""
    place = Place(copy_home(founded_sqlite, tmp_path / "home"))
    with opened(place, tmp_path) as rig:
        publish(rig.app, rig.app.settings.site)
    log = tmp_path / "serve.log"
    with serving({**place.environment, "CERTREG_LOG": "json"}, log) as (process, address):
        with httpx.Client(base_url=address) as client:
            assert client.get("/console/").headers["location"] == "/console/sign-in"
            assert client.get("/console").status_code in (303, 307, 404)
            assert client.get("/v").status_code == 200
            assert client.get("/trust.json").status_code == 200
            assert "server" not in client.get("/console/sign-in").headers
        children = _children(process.pid)
        told = {
            child: b"CERTREG_PASSPHRASE=" in Path(f"/proc/{child}/environ").read_bytes() for child in children
        }
        assert sorted(told.values()) == [False, True]
        (worker,) = (child for child, secret in told.items() if secret)
        os.kill(worker, signal.SIGKILL)
        until = time.monotonic() + 60
        while not (ended := [line for line in log.read_text().splitlines() if "worker ended" in line]):
            assert time.monotonic() < until, log.read_text()
            time.sleep(0.1)
        assert json.loads(ended[0])["message"] == "the worker ended with -9"
        children = {*children, *_children(process.pid)}
        process.send_signal(signal.SIGKILL)
        process.wait(30)
        until = time.monotonic() + 60
        while not all(map(_has_ended, children)):
            assert time.monotonic() < until, "a child outlived its parent"
            time.sleep(0.1)  # asked again, not hoped for


def test_console_verifier_and_worker_interrupted_while_they_start(
    founded_sqlite: Path, tmp_path: Path
) -> None:
    """A terminal interrupts whoever is in its group; those that still load their modules say nothing of it."""
    place = Place(copy_home(founded_sqlite, tmp_path / "home"))
    with opened(place, tmp_path) as rig:
        publish(rig.app, rig.app.settings.site)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    words = [sys.executable, "-m", "registry.cli.main", "--lang", "en", "serve", "--port", str(port)]
    told, log = {**os.environ, **place.environment}, tmp_path / "serve.log"
    with log.open("wb") as said:
        process = subprocess.Popen(words, env=told, stdout=said, stderr=said, start_new_session=True)
    until = time.monotonic() + 60
    while sum(map(_loads_modules, _children(process.pid))) < 2:
        assert time.monotonic() < until, "two children are begun"
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(60) == 0
    assert "Traceback" not in log.read_text()
    assert "The console" not in log.read_text()
