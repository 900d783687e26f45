"""``certreg``'s words and exit codes: help that teaches, clear errors in both languages, JSON for programs."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from registry.cli.main import app
from tests.journeys.program import PASSPHRASE, Shell

COMMANDS = (
    *("init", "issue", "resume", "show", "render", "revoke", "suspend", "reinstate", "correct", "publish"),
    *("bundle", "verify", "fsck", "demo", "authority add", "authority list", "authority suspend"),
    *("authority reinstate", "authority withdraw", "trust renew"),
)


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    made = Shell(tmp_path_factory.mktemp("cli"))
    assert made.certreg("init", "--host", "jxjy.henan.example").code == 0
    return made


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str) -> None:
    said = CliRunner().invoke(app, [*command.split(), "--help"])
    assert said.exit_code == 0
    assert "Usage" in said.output
    assert any("\u4e00" <= character <= "\u9fff" for character in said.output)


@pytest.mark.parametrize(
    "words", [["nonsense"], ["issue"], ["verify", "--at", "yesterday", "x"], ["--lang", "fr", "fsck"]]
)
def test_usage_errors_exit_with_64(tmp_path: Path, words: list[str]) -> None:
    assert Shell(tmp_path).certreg(*words).code == 64


def test_no_registry_yet(tmp_path: Path) -> None:
    said = Shell(tmp_path).certreg("fsck")
    assert said.code == 1
    assert "certreg init" in said.err
    english = Shell(tmp_path).certreg("--lang", "en", "fsck")
    assert "There is no registry here" in english.err
    assert Shell(tmp_path).certreg("--json", "fsck").json["error"] == "not_initialised"


def test_the_passphrase_is_asked_of_the_environment_and_never_an_argument(shell: Shell) -> None:
    without = Shell(shell.folder, passphrase=None).certreg("publish", "elsewhere")
    assert without.code == 1
    assert "CERTREG_PASSPHRASE" in without.err
    wrong = Shell(shell.folder, passphrase="wrong horse battery").certreg("publish", "elsewhere")
    assert wrong.code == 1
    assert "口令不对" in wrong.err
    for command in COMMANDS:
        said = CliRunner().invoke(app, [*command.split(), "--help"])
        assert "--passphrase" not in said.output
    assert PASSPHRASE not in without.out + without.err


def test_authorities_are_added_once_and_listed_for_programs(shell: Shell) -> None:
    bureau = ("410300", "--name", "洛阳市人力资源和社会保障局", "--year", "2026")
    bad = shell.certreg("authority", "add", *bureau, "--uscc", "11410100005252100X")
    assert (bad.code, "GB 32100" in bad.err) == (1, True)
    good = shell.certreg("--json", "authority", "add", *bureau, "--uscc", "11410100005252100Y")
    assert (good.code, good.json["version"]) == (0, 2)
    assert shell.certreg("authority", "add", *bureau, "--uscc", "11410100005252100Y").code == 1
    listed = shell.certreg("--json", "authority", "list").json
    assert (listed["code"], listed["state"], listed["years"]) == ("410300", "granted", [2026])
    assert shell.certreg("authority", "suspend", "419999", "--reason", "x").code == 1


@pytest.mark.parametrize("number", ["123", "41030020261000000199", "４１０３００"])
def test_a_number_that_is_none_or_unknown(shell: Shell, number: str) -> None:
    said = shell.certreg("show", number)
    assert said.code == 1
    assert number[:3] in said.err


def test_a_missing_file_an_unknown_office_and_a_file_that_is_no_list(shell: Shell) -> None:
    assert shell.certreg("issue", "absent.xlsx", "--authority", "410300", "--year", "2026").code == 1
    (shell.folder / "memo.xlsx").write_bytes(b"PK\x03\x04 not a workbook")
    said = shell.certreg("--lang", "en", "issue", "memo.xlsx", "--authority", "410300", "--year", "2026")
    assert said.code == 1
    assert "Traceback" not in said.err
    (shell.folder / "a.csv").write_text("姓名,身份证号\n", encoding="utf-8")
    missing = shell.certreg("issue", "a.csv", "--authority", "410300", "--year", "2026")
    assert missing.code == 1
    assert "单位" in missing.err


def test_fsck_of_a_new_registry_is_clean(shell: Shell) -> None:
    said = shell.certreg("--json", "fsck")
    assert (said.code, said.json["troubles"]) == (0, [])
