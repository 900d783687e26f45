"""A log, two witnesses and an auditor, each a process of its own: the log forks, and is caught; it goes back, and is caught.

The insider has everything that the registry has: its keys, its database (copied), its commands. The witnesses and the auditor
have only what they saw.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from registry.offices import CHINA
from tests.forks import PATIENCE
from tests.journeys.program import PASSPHRASE, Shell
from tests.registry.sheets import ANNUAL, annual, write_csv

PROJECT = Path(__file__).resolve().parents[2]
HOST = "jxjy.henan.example"
YEAR = datetime.now(CHINA).year
BUREAU = (
    "410100",
    "--name",
    "郑州市人力资源和社会保障局",
    "--uscc",
    "11410100005252100Y",
    "--year",
    str(YEAR),
)
WITNESSES = ("witness.example/one", "witness.example/two")
PROGRAM = "from registry.cli.main import main; main()"


@contextmanager
def witness_process(shell: Shell, folder: str) -> Iterator[str]:
    """``certreg witness serve`` as its operator runs it; the address that it says."""
    environment = {**os.environ, "CERTREG_PASSPHRASE": PASSPHRASE, "PYTHONPATH": str(PROJECT)}
    words = ["--json", "witness", "serve", folder, "--listen", "127.0.0.1:0"]
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *words],
        cwd=shell.folder,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line.startswith('{"listening": "')
            yield line.split('"')[3]
        finally:
            process.terminate()
            assert process.wait(PATIENCE) in (0, -15)


@pytest.fixture(scope="module")
def province(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    """A registry whose checkpoints need both of two running witnesses, with one certificate published."""
    shell = Shell(tmp_path_factory.mktemp("province"))
    said(shell, "init", "--host", HOST)
    said(shell, "authority", "add", *BUREAU)
    said(shell, "publish", "site")
    log_key = (shell.folder / "site/trust.json").read_text("utf-8").partition('"vkey":"')[2].partition('"')[0]
    with ExitStack() as stack:
        for name in WITNESSES:
            folder = name.rpartition("/")[2]
            made = said(shell, "witness", "init", folder, "--name", name, "--log", log_key)
            address = stack.enter_context(witness_process(shell, folder))
            said(shell, "witness", "add", name, made["vkey"], address)
        assert said(shell, "witness", "quorum", "2")["version"] == 5
        issue(shell, 1)
        said(shell, "publish", "site")
        yield shell


def said(shell: Shell, *words: str, code: int = 0) -> Any:
    """What a command that must end with ``code`` says to a program."""
    done = shell.certreg("--json", *words)
    assert done.code == code, (words, done.out, done.err)
    return done.json


def issue(shell: Shell, serial: int) -> str:
    """A certificate for one person."""
    write_csv(shell.folder / f"{serial}.csv", [ANNUAL, annual(serial, 年度=YEAR)])
    done = said(shell, "issue", f"{serial}.csv", "--authority", "410100", "--year", str(YEAR))
    (number,) = done["issued"]
    return str(number)


def audit(shell: Shell, site: str, *, state: str = "audit.json") -> tuple[int, Any]:
    """An outsider's audit: exit code and report."""
    root = shell.folder / "province-root.json"
    if not root.exists():
        shutil.copy(shell.folder / "site/root.json", root)
    done = shell.certverify("audit", site, "--trust", str(root), "--state", state, "--json")
    assert done.out, done.err
    return done.code, done.json


def codes(report: Any) -> set[str]:
    """What was found."""
    return {one["code"] for one in report["findings"]}


def test_a_fork_and_a_rollback_are_caught(province: Shell) -> None:
    shell = province
    code, report = audit(shell, "site")
    assert (code, report["findings"], report["pinned"]) == (0, [], True)
    assert (report["log"]["quorum"], len(report["log"]["witnessed"])) == (2, 2)

    shutil.copytree(shell.folder / "site", shell.folder / "early")
    insider = Shell(shell.folder / "insider")
    shutil.copytree(shell.home, insider.home)

    # The honest branch goes on; the witnesses cosign it and the auditor sees it.
    honest = issue(shell, 2)
    said(shell, "publish", "site")
    code, seen = audit(shell, "site")
    assert (code, seen["findings"], seen["log"]["knownBefore"]) == (0, [], 1)

    # The other branch has another certificate at the same place. Both witnesses refuse, and nothing leaves the house.
    forked = issue(insider, 3)
    assert forked == honest  # one number, two people
    refused = said(insider, "publish", "site", code=1)
    assert refused["error"] == "log_awaits_witnesses"
    standing = insider.certreg("--json", "witness", "list")
    assert standing.out.count("witness_inconsistent") == 2
    assert said(insider, "render", forked, "--out", "out", code=1)["error"] == "witnesses_awaited"
    code, report = audit(shell, str(insider.folder / "site"), state="fresh.json")
    assert (code, report["log"]["size"]) == (0, seen["log"]["size"] - 1)  # the last head that both cosigned
    for name in ("one", "two"):
        evidence = said(shell, "witness", "key", name)["refused"]
        assert {one["reason"] for one in evidence} == {"log_consistency"}

    # The insider has the root key too, does without witnesses, and publishes: whoever saw the first branch catches it.
    said(insider, "witness", "quorum", "0")
    said(insider, "publish", "site")
    code, report = audit(shell, str(insider.folder / "site"))
    assert code == 1
    assert "fork" in codes(report)
    (fork,) = (one for one in report["findings"] if one["code"] == "fork")
    assert fork["details"]["size"] == seen["log"]["size"]
    assert fork["details"]["seenNote"] == (shell.folder / "site/log/checkpoint").read_text("utf-8")

    # An older state of the log, presented anew.
    code, report = audit(shell, "early")
    assert (code, codes(report)) == (1, {"rollback"})

    # The auditor forgot nothing: the honest log still passes.
    code, report = audit(shell, "site")
    assert (code, report["findings"]) == (0, [])


def test_the_registrys_own_command_says_the_same(province: Shell) -> None:
    done = province.certreg("--json", "log", "audit", "site", "--state", "own.json")
    assert (done.code, done.json["verdict"]) == (0, "PASSED")
    own = province.certreg("--lang", "en", "log", "audit")
    assert own.code == 64  # nothing was published to the registry's own folder
    assert "publication" in own.err
