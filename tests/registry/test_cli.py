"""``certreg``'s words and exit codes: help that teaches, clear errors in both languages, JSON for programs."""

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import zxingcpp
from PIL import Image
from sqlalchemy import inspect
from typer.testing import CliRunner

from registry.app import create_app
from registry.cli import issuing
from registry.cli.commands import COMMANDS as LISTED
from registry.cli.main import app, hoisted
from registry.cli.main import main as certreg
from registry.cli.remarks import finding_json
from registry.database import Database
from registry.intake.findings import Finding, Severity
from registry.offices import CHINA
from registry.troubles import sentence_of_trouble
from tests.builders import HOST
from tests.journeys.program import PASSPHRASE, Shell
from tests.registry.engines import Cluster
from tests.registry.rig import DAY, Clock, Place
from tests.registry.sheets import ANNUAL, annual, identity, write_csv, write_xlsx
from verifier.cli import main as certverify
from verifier.number import parse_number

COMMANDS = (
    "template",
    *("init", "issue", "resume", "show", "render", "revoke", "suspend", "reinstate", "correct", "publish"),
    *(
        "list",
        "batches",
        "release",
        "bundle",
        "verify",
        "fsck",
        "backup",
        "restore",
        "demo",
        "demo serve",
        "demo codes",
        "authority add",
        "authority list",
        "authority suspend",
    ),
    *(
        "authority reinstate",
        "authority withdraw",
        "trust renew",
        "agent serve",
        "log audit",
        "witness add",
        "witness remove",
    ),
    *("witness quorum", "witness list", "witness init", "witness watch", "witness key", "witness serve"),
    *(
        "root key init",
        "root key show",
        "root show",
        "root sign",
        "root combine",
        "root accept",
        "root import",
    ),
    *("root rotate", "root status", "key supersede", "key revoke", "key affected", "key reattest"),
    *("authority request", "authority approve"),
)


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    made = Shell(tmp_path_factory.mktemp("cli"))
    assert made.certreg("init", "--host", "jxjy.henan.example").code == 0
    return made


def china_year() -> int:
    """The programs read the clock; what they issue must be of a year that may still be certified."""
    return datetime.now(CHINA).year


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str) -> None:
    said = CliRunner().invoke(app, [*command.split(), "--help"])
    assert said.exit_code == 0
    assert "用法 · Usage: " in said.output
    assert any("\u4e00" <= character <= "\u9fff" for character in said.output)
    assert "─ 选项 · Options ─" in said.output
    assert "显示本说明" in said.output
    assert not re.search(r"─ (Arguments|Options|Commands) ─|\[required\]|\[default", said.output), (
        "the library's own"
    )


@pytest.mark.parametrize("words", [("-h",), ("revoke", "-h"), ("authority", "add", "-h")])
def test_help_is_asked_for_in_short(tmp_path: Path, words: tuple[str, ...]) -> None:
    said = Shell(tmp_path).certreg(*words)
    assert (said.code, said.err) == (0, "")
    assert "-h " in said.out


@pytest.mark.parametrize("name", LISTED)
def test_every_command_begins_with_its_line_in_the_list(name: str) -> None:
    """The list of all commands is shown without loading one; each says the same of itself."""
    said = CliRunner().invoke(app, [name, "--help"])
    assert "".join(LISTED[name].line.split()) in "".join(said.output.split())


def test_the_list_of_commands_loads_none_of_them() -> None:
    look = (
        "import sys\nfrom registry.cli.main import main\nsys.argv[1:] = ['--help']\n"
        "try:\n    main()\nfinally:\n    print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert all(name in done.stdout for name in LISTED)
    loaded = set(done.stderr.split())
    assert "registry.cli.commands" in loaded
    assert not {"sqlalchemy", "registry.app", "openpyxl", "httpx"} & loaded
    assert not {f"registry.cli.{one.place.partition(':')[0]}" for one in LISTED.values()} & loaded


@pytest.mark.parametrize(
    "words", [["nonsense"], ["issue"], ["verify", "--at", "yesterday", "x"], ["--lang", "fr", "fsck"]]
)
def test_usage_errors_exit_with_64(tmp_path: Path, words: list[str]) -> None:
    assert Shell(tmp_path).certreg(*words).code == 64


@pytest.mark.parametrize(
    ("words", "chinese", "english", "usage"),
    [
        (("issue", "x.xlsx"), "缺少选项 '--authority'", "Missing option", " issue --help"),
        (("issue",), "缺少参数 'FILE'", "Missing argument", " issue --help"),
        (("--json",), "没有写命令", "Missing command", " --help"),
        (("isue",), "没有命令 'isue'", "Did you mean 'issue'", " --help"),
        (("fsck", "--foo"), "没有选项 --foo", "No such option", " fsck --help"),
        (("show", "a", "b"), "多余的参数：b", "unexpected extra argument", " show --help"),
        (
            ("show", *["410100", "2026", "1", "0000001", "31"]),
            "多余的参数：2026 1 0000001 31；编号中有空格时请加引号 · quote a number that has spaces",
            "unexpected extra argument",
            " show --help",
        ),
        (("render", "--batch"), "选项 '--batch' 后面要写值", "requires an argument", "."),
        (("fsck", "--help=1"), "选项 '--help' 后面不写值", "does not take a value", "."),
        (
            ("issue", "x", "--authority", "410100", "--year", "二〇二六"),
            "'--year' 的值不对，应为整数",
            "valid integer",
            " issue --help",
        ),
        (("serve", "--port", "65536"), "'--port' 的值不对，最大为 65535", "less than", " serve --help"),
        (("serve", "--port", "0"), "'--port' 的值不对，最小为 1", "greater than", " serve --help"),
    ],
)
def test_a_usage_error_is_told_in_both_languages(
    tmp_path: Path, words: tuple[str, ...], chinese: str, english: str, usage: str
) -> None:
    """The library speaks English only; what it says is no riddle to a clerk, and where more is told is named."""
    said = Shell(tmp_path).certreg(*words)
    assert said.code == 64
    assert said.err.startswith(f"{chinese} · ")
    assert english in said.err
    assert said.err.endswith(f"{usage}\n")
    assert ("\n用法 · usage: " in said.err) is usage.endswith("--help")


@pytest.mark.parametrize(
    ("words", "chinese", "english"),
    [
        (("list", "--kind", "yearly"), "--kind 应为 annual（年度）", "--kind is annual or completion"),
        (("template", "diploma", "x.xlsx"), "KIND 应为 annual（年度）", "KIND is annual or completion"),
        (("issue", "x", "--authority", "4", "--year", "1", "--kind", "x"), "--kind 应为", "--kind is annual"),
        (("render", "1", "--format", "gif"), "--format 可写 json,pdf,png", "--format takes json,pdf,png"),
    ],
)
def test_a_word_that_is_none_of_a_few_is_told_in_the_readers_language(
    tmp_path: Path, words: tuple[str, ...], chinese: str, english: str
) -> None:
    for lang, expected in (("zh-CN", chinese), ("en", english)):
        said = Shell(tmp_path).certreg("--lang", lang, *words)
        assert (said.code, said.err.startswith(expected)) == (64, True), said.err


@pytest.mark.parametrize(
    ("wrong", "chinese"),
    [
        (("--year", "26"), "--year 26：年度须为四位数字"),
        (("--year", "2026", "--kind", "county"), "--kind 应为 provincial（省级）"),
        (("--year", "2026", "--name", " "), "--name 不能为空"),
        (("--year", "2026", "--certificate", "yearly"), "--certificate 应为 annual（年度）"),
    ],
)
def test_what_is_wrong_of_an_authority_is_named(tmp_path: Path, wrong: tuple[str, ...], chinese: str) -> None:
    office = ("410300", "--uscc", "11410100005252100Y", "--name", "洛阳市人力资源和社会保障局")
    said = Shell(tmp_path).certreg("authority", "add", *office, *wrong)
    assert (said.code, said.err.startswith(chinese)) == (64, True), said.err


def test_without_a_command_all_of_them_are_told(tmp_path: Path) -> None:
    said = Shell(tmp_path).certreg()
    assert said.code == 64
    assert "用法不对" not in said.err
    assert all(name in said.out + said.err for name in LISTED)


def test_options_of_the_program_may_follow_the_command(tmp_path: Path) -> None:
    empty = Shell(tmp_path)
    assert empty.certreg("fsck", "--json").json["error"] == "not_initialised"
    for words in (("fsck", "--lang", "en"), ("fsck", "--lang=en"), ("--lang", "en", "fsck")):
        assert "There is no registry here" in empty.certreg(*words).err
    assert empty.certreg("fsck", "--lang").code == 64
    assert empty.certreg("fsck", "--lang", "fr").code == 64
    assert hoisted(["show", "--", "--json"]) == ["show", "--", "--json"]


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
    told = shell.certreg("authority", "list").out
    assert ("市级" in told, "municipal" in told) == (True, False)
    assert shell.certreg("authority", "suspend", "419999", "--reason", "inspection").code == 1


@pytest.mark.parametrize("number", ["123", "41030020261000000199", "４１０３００"])
def test_a_number_that_is_none_or_unknown(shell: Shell, number: str) -> None:
    said = shell.certreg("show", number)
    assert said.code == 1
    assert number[:3] in said.err


def test_a_missing_file_an_unknown_office_and_a_file_that_is_no_list(shell: Shell) -> None:
    assert shell.certreg("issue", "absent.xlsx", "--authority", "410300", "--year", "2026").code == 1
    (shell.folder / "lists").mkdir()
    folder = shell.certreg("--json", "issue", "lists", "--authority", "410300", "--year", "2026").json
    assert (folder["error"], "lists" in folder["message"]) == ("file_unusable", True)
    (shell.folder / "memo.xlsx").write_bytes(b"PK\x03\x04 not a workbook")
    said = shell.certreg("--lang", "en", "issue", "memo.xlsx", "--authority", "410300", "--year", "2026")
    assert said.code == 1
    assert "Traceback" not in said.err
    (shell.folder / "a.csv").write_text("姓名,身份证号\n", encoding="utf-8")
    missing = shell.certreg("issue", "a.csv", "--authority", "410300", "--year", "2026")
    assert missing.code == 1
    assert "单位" in missing.err


def test_disk_and_database_in_words(shell: Shell) -> None:
    (shell.folder / "occupied").write_text("a file")
    said = shell.certreg("--lang", "en", "publish", "occupied")
    assert (said.code, "occupied" in said.err, "Traceback" in said.err) == (1, True, False)
    where = "postgresql://certreg:secret-of-ours@127.0.0.1:1/none"
    said = shell.run(certreg, "fsck", CERTREG_DATABASE_URL=where)
    assert (said.code, "CERTREG_DATABASE_URL" in said.err) == (1, True)
    assert "secret-of-ours" not in said.err + said.out
    assert "Traceback" not in said.err


def test_addresses_of_databases_that_lead_nowhere(shell: Shell) -> None:
    for where, code in (
        ("mysql://root:secret-of-ours@127.0.0.1/x", "database_address"),
        ("nonsense", "database_address"),
        ("postgresql://secret-of-ours@127.0.0.1:notaport/x", "database_address"),
        ("postgresql://certreg:secret-of-ours@127.0.0.1:1/none", "database_unreachable"),
    ):
        said = shell.run(certreg, "--json", "fsck", CERTREG_DATABASE_URL=where)
        assert (said.code, said.json["error"]) == (1, code), where
        assert "secret-of-ours" not in said.out + said.err


def test_a_registry_that_cannot_be_used_is_no_verdict(shell: Shell, tmp_path: Path) -> None:
    assert shell.certreg("publish", "outage").code == 0
    root = str(shell.folder / "outage" / "root.json")
    where = "postgresql://certreg:secret-of-ours@127.0.0.1:1/none"
    words = ("--lang", "en", "verify", "41010020261000000190", "--url", "outage")
    for more, code in (("--trust", root), 2), ((), 2):
        said = shell.run(certreg, *words, *more, CERTREG_DATABASE_URL=where)
        assert said.code == code
        assert "The database" in said.err
        assert "Traceback" not in said.err
        assert "secret-of-ours" not in said.out + said.err
    assert shell.run(certreg, *words, CERTREG_HOME=str(tmp_path)).err == ""


def test_a_database_that_the_server_does_not_have(shell: Shell, cluster: Cluster) -> None:
    said = shell.run(certreg, "--json", "fsck", CERTREG_DATABASE_URL=cluster.url("never_made"))
    assert (said.code, said.json["error"]) == (1, "database_missing")
    assert "createdb" in said.json["message"]


def test_a_server_that_does_not_let_us_in(shell: Shell, cluster: Cluster) -> None:
    where = cluster.url("postgres").replace("//certreg@", "//nobody_of_ours@")
    said = shell.run(certreg, "--json", "fsck", CERTREG_DATABASE_URL=where)
    assert (said.code, said.json["error"]) == (1, "database_refused")
    assert "PGPASSFILE" in said.json["message"]


@pytest.mark.parametrize(
    "words", [("fsck",), ("list",), ("batches",), ("show", "41010020261000000190"), ("resume",)]
)
def test_an_empty_database_stays_empty(shell: Shell, cluster: Cluster, words: tuple[str, ...]) -> None:
    """A backup is still to be restored into it."""
    name = cluster.create()
    said = shell.run(certreg, "--json", *words, CERTREG_DATABASE_URL=cluster.url(name))
    assert (said.code, said.json["error"]) == (1, "not_initialised")
    with closing(Database(cluster.url(name))) as database:
        assert (database.schema(), inspect(database.engine).get_table_names()) == (None, [])
    cluster.drop(name)
    absent = shell.folder / "absent.db"
    said = shell.run(certreg, "--json", *words, CERTREG_DATABASE_URL=f"sqlite:///{absent}")
    assert (said.json["error"], absent.exists()) == ("not_initialised", False)


def test_an_open_batch_is_named_until_its_list_is_done(shell: Shell, tmp_path: Path) -> None:
    stocked(shell, "410900", range(840, 843))
    other = Shell(tmp_path)
    shutil.copytree(shell.home, other.home)
    shutil.copy(shell.folder / "410900.csv", other.folder)

    def put(change: str, *values: str) -> None:
        with closing(sqlite3.connect(other.home / "registry.db")) as database:
            database.execute(change, values)
            database.commit()

    put("UPDATE batch SET finished_at = NULL WHERE file_name = '410900.csv'")
    for command in ("fsck", "resume", "publish"):
        said = other.certreg("--lang", "en", command)
        assert (said.code, "(410900.csv)" in said.err, "3 issued" in said.err) == (0, True, True), command
        assert "(410900.csv)" not in shell.certreg("--lang", "en", command).err
    assert other.certreg("--json", "fsck").json["troubles"] == []
    year = str(china_year())
    words = ("--authority", "410900", "--year", year)
    write_csv(other.folder / "next.csv", [ANNUAL, annual(843, 年度=year)])
    # Who waits there is counted as issued before.
    for state, told in (("reserved", ["410900.csv", None]), ("logged", [None])):
        put("UPDATE intent SET state = ? WHERE authority = '410900'", state)
        said = other.certreg("--json", "issue", "next.csv", *words, "--dry-run")
        assert [json.loads(line).get("file") for line in said.out.splitlines()] == told
    assert other.certreg("issue", "410900.csv", *words).code == 0
    assert "410900.csv" not in other.certreg("fsck").err


@pytest.mark.parametrize(
    ("point", "issued", "code"), [("reserve:before", 0, "411100"), ("log:after", 1, "411800")]
)
def test_whoever_stops_an_issue_is_told_what_stands(shell: Shell, point: str, issued: int, code: str) -> None:
    stocked(shell, code, range(1))
    words = ("issue", "stopped.csv", "--authority", code, "--year", str(china_year()))
    write_csv(shell.folder / "stopped.csv", [ANNUAL, annual(850 + issued, 年度=str(china_year()))])
    before = shell.certreg("--json", "batches").out
    said = shell.run(_stopped_by_ctrl_c, "--json", *words, STOPPED_AT=point)
    assert (said.code, said.json["error"], "certreg resume" in said.json["message"]) == (
        130,
        "issue_interrupted",
        True,
    )
    assert (shell.certreg("--json", "batches").out == before) is (issued == 0)
    told = shell.certreg("resume").err
    assert ("stopped.csv" in told, "certreg resume" in told) == (issued > 0, False), "nothing waits"
    again = shell.certreg("--json", *words).json
    assert (len(again["issued"]), again["alreadyIssued"]) == (1 - issued, issued)


def _stopped_by_ctrl_c() -> None:
    whole = issuing.issue_file

    def stopped(*arguments: Any, observe: Any, **named: Any) -> Any:
        def until(point: str, count: int) -> None:
            observe(point, count)
            if point == os.environ["STOPPED_AT"]:
                raise KeyboardInterrupt

        return whole(*arguments, observe=until, **named)

    issuing.issue_file = stopped
    certreg()


def test_fsck_tells_fifty_of_a_kind_and_counts_the_rest(shell: Shell, tmp_path: Path) -> None:
    numbers = stocked(shell, "411000", range(860, 920))
    other = Shell(tmp_path)
    shutil.copytree(shell.home, other.home)
    with closing(sqlite3.connect(other.home / "registry.db")) as database:
        database.execute("DELETE FROM claim WHERE number LIKE '411000%'")
        database.commit()
    said = other.certreg("--lang", "en", "fsck")
    assert (said.code, said.err.count("claim_missing")) == (1, 50)
    assert f"{len(numbers) - 50} more of the same, {len(numbers)} in all" in said.out
    assert len(other.certreg("--json", "fsck").json["troubles"]) == len(numbers)


def test_the_passphrase_from_a_file(shell: Shell) -> None:
    (shell.folder / "passphrase").write_text(PASSPHRASE + "\n")
    keyless = Shell(shell.folder, passphrase=None)
    assert keyless.run(certreg, "publish", "site", CERTREG_PASSPHRASE_FILE="passphrase").code == 0
    absent = keyless.run(certreg, "publish", "elsewhere", CERTREG_PASSPHRASE_FILE="absent")
    assert (absent.code, "口令文件" in absent.err) == (1, True)


def test_a_short_passphrase_founds_nothing(tmp_path: Path) -> None:
    said = Shell(tmp_path, passphrase="too short").certreg("--json", "init", "--host", "jxjy.henan.example")
    assert (said.code, said.json["error"]) == (1, "passphrase_short")
    assert Shell(tmp_path).certreg("--json", "init", "--host", "jxjy.henan.example").code == 0


def test_the_passphrase_is_no_option(shell: Shell) -> None:
    for words in (("--passphrase", PASSPHRASE, "fsck"), ("publish", "site", "--passphrase", PASSPHRASE)):
        assert shell.certreg(*words).code == 64


def stocked(shell: Shell, code: str, serials: range) -> list[str]:
    """An authority with certificates; returns the numbers."""
    year = china_year()
    names = ("--name", "开封市人力资源和社会保障局", "--uscc", "11410100005252100Y", "--year", str(year))
    assert shell.certreg("authority", "add", code, *names).code == 0
    write_csv(shell.folder / f"{code}.csv", [ANNUAL, *(annual(serial, 年度=year) for serial in serials)])
    said = shell.certreg("--json", "issue", f"{code}.csv", "--authority", code, "--year", str(year))
    assert said.code == 0, said.err
    issued: list[str] = said.json["issued"]
    return issued


def test_an_identity_number_is_read_and_never_an_argument(shell: Shell) -> None:
    one, _ = stocked(shell, "410200", range(700, 702))
    words = ("correct", one, "--reason", "typo", "--yes")
    as_argument = shell.certreg(*words, "--identity", identity(703))
    assert as_argument.code == 64
    taken = shell.run(certreg, "--json", *words, "--identity-stdin", stdin=identity(701) + "\n")
    assert (taken.code, taken.json["error"]) == (1, "claim_taken")
    for wrong in ("", "not a number\n", identity(703)[:-1] + "\n"):
        assert shell.run(certreg, *words, "--identity-stdin", stdin=wrong).code == 1
    done = shell.run(certreg, "--json", *words, "--identity-stdin", stdin=identity(703) + "\n")
    assert (done.code, done.json["corrects"]) == (0, one)
    assert identity(703) not in done.out + done.err
    shown = shell.certreg("--json", "show", done.json["issued"][0]).json["record"]["credentialSubject"]
    assert shown["identityDocument"][-4:] == identity(703)[-4:]


def test_the_file_that_stands_in_the_way_is_named(shell: Shell) -> None:
    (key,) = shell.home.rglob("root*.pem")
    key.chmod(0o644)
    try:
        told = shell.certreg("trust", "renew")
    finally:
        key.chmod(0o600)
    assert (told.code, told.err.split(": ")[0]) == (1, key.name)
    nowhere = {"CERTREG_PASSPHRASE_FILE": str(shell.folder / "nowhere")}
    told = replace(shell, passphrase=None).run(certreg, "trust", "renew", **nowhere)
    assert (told.code, told.err.split(": ")[0]) == (1, nowhere["CERTREG_PASSPHRASE_FILE"])


@pytest.mark.parametrize("program", [certreg, certverify])
def test_what_is_installed_is_told(shell: Shell, program: Callable[[], None]) -> None:
    told = shell.run(program, "--version")
    assert (told.code, told.out) == (0, f"certreg {version('certreg')}\n")


def test_whoever_cannot_open_the_keys_changes_nothing(shell: Shell) -> None:
    first, second = stocked(shell, "411600", range(720, 722))
    year = first[6:10]
    write_csv(shell.folder / "more.csv", [ANNUAL, annual(722, 年度=year)])
    before = shell.certreg("--json", "fsck").json
    batches = shell.certreg("--json", "batches").out
    for passphrase, code in (("wrong horse battery", "key_file_locked"), (None, "passphrase_missing")):
        stranger = Shell(shell.folder, passphrase=passphrase)
        for words in (
            ("suspend", first, "--reason", "complaint"),
            ("revoke", first, "--reason", "fraud", "--yes"),
            ("correct", second, "--reason", "typo", "--set", "employer=新乡市第一人民医院", "--yes"),
            ("issue", "more.csv", "--authority", "411600", "--year", year),
        ):
            said = stranger.certreg("--json", *words)
            assert (said.code, said.json["error"]) == (1, code)
    assert shell.certreg("--json", "fsck").json == before
    assert shell.certreg("--json", "batches").out == batches, "what was never numbered was never submitted"
    assert shell.certreg("--json", "show", first).json["history"] == []
    issued = shell.certreg("--json", "issue", "more.csv", "--authority", "411600", "--year", year).json[
        "issued"
    ]
    assert [number[11:18] for number in issued] == ["0000003"]


def test_a_batch_is_listed_and_drawn_and_what_cannot_be_is_named(shell: Shell) -> None:
    numbers = stocked(shell, "410600", range(800, 806))
    year = numbers[0][6:10]
    batch = next(
        one
        for one in map(json.loads, shell.certreg("--json", "batches").out.splitlines())
        if one["authority"] == "410600"
    )
    assert (batch["issued"], batch["void"], batch["waiting"]) == (6, 0, 0)
    assert (batch["file"], batch["kind"], batch["correction"]) == ("410600.csv", "annual", False)
    told = shell.certreg("batches").out
    assert ("410600.csv" in told, "年度证书" in told, "annual" in told) == (True, True, False)
    assert shell.certreg("suspend", numbers[2], "--reason", "complaint").code == 0
    for words in (
        ("--batch", str(batch["batch"])),
        ("--authority", "410600", "--year", year, "--kind", "annual"),
    ):
        listed = [json.loads(line) for line in shell.certreg("--json", "list", *words).out.splitlines()]
        assert [one["number"] for one in listed] == numbers
        assert [one["state"] for one in listed] == ["issued"] * 2 + ["suspended"] + ["issued"] * 3
        assert all(one["name"] for one in listed)
    shown = shell.certreg("list", "--batch", str(batch["batch"])).out
    assert ("已暂停" in shown, "共 6 份" in shown) == (True, True)

    def drawn(*words: str, code: int) -> set[str]:
        said = shell.certreg("--lang", "en", "render", *words, "--out", "drawn", "--format", "json")
        assert said.code == code, (words, said.err)
        if code:
            assert f"Certificate {numbers[2]} is suspended" in said.err
        found = {file.stem for file in (shell.folder / "drawn").glob("*.json")}
        shutil.rmtree(shell.folder / "drawn")
        return found

    rest = set(numbers) - {numbers[2]}
    assert drawn("--batch", str(batch["batch"]), code=1) == rest
    assert drawn("--series", f"410600-{year}-1", code=1) == rest
    assert drawn("--series", f"410600-{year}-1", "--from", "4", "--to", "5", code=0) == set(numbers[3:5])
    assert drawn(f"{numbers[1]}..{numbers[3]}", numbers[5], code=1) == {numbers[1], numbers[3], numbers[5]}


def test_words_that_choose_no_certificate(shell: Shell) -> None:
    one, two = stocked(shell, "410700", range(820, 822))
    for words, chinese in (
        ((), "请说明出具哪些证书"),
        (("--from", "1"), "须与 --series 一起用"),
        (("--series", "4107002026"), "--series 应为"),
    ):
        said = shell.certreg("render", *words)
        assert (said.code, chinese in said.err) == (64, True)
    assert shell.certreg("list", "--kind", "yearly").code == 64
    for kind in ("年度", "年度证书", "annual"):
        assert one in shell.certreg("--json", "list", "--authority", "410700", "--kind", kind).out
    assert one not in shell.certreg("--json", "list", "--kind", "结业").out
    for words, error in (
        (("--batch", "999"), "batch_unknown"),
        (("--series", "410700-2001-1"), "selection_empty"),
        ((f"{one}..41030020261000000131",), "number_check"),
        ((f"{one}..41010020261000000190",), "range_series"),
    ):
        assert shell.certreg("--json", "render", *words).json["error"] == error
    printed = parse_number(one).printed.split()
    pasted = shell.certreg(
        "--json", "render", *printed, two, *printed, "12", "--format", "json", "--out", "pasted"
    )
    told = [json.loads(line) for line in pasted.out.splitlines()]
    assert [line["number"] for line in told if "files" in line] == [one, two]
    assert [line["error"] for line in told if "error" in line] == ["number_form"]
    whole = shell.certreg("render", f"{one} {two}")
    assert (whole.code, f"{one} {two}" in whole.err) == (1, True)


def test_what_cannot_be_undone_is_asked(shell: Shell) -> None:
    one, two = stocked(shell, "410800", range(830, 832))
    for words in (
        ("revoke", one, "--reason", "fraud"),
        ("authority", "withdraw", "410800", "--reason", "merged"),
    ):
        refused = shell.certreg(*words)
        assert (refused.code, "--yes" in refused.err, "不可恢复" in refused.err) == (1, True, True)
        assert shell.certreg("--json", *words).json["error"] == "confirmation_needed"
        unlisted = shell.certreg("--json", *words[:-1], "xyz").json["error"]
        assert unlisted == "reason_unlisted", "before anybody is asked"
        help_text = CliRunner().invoke(app, [*words[: 2 if words[0] == "authority" else 1], "--help"]).output
        assert "不可恢复" in help_text
    for answer, code, state in ((b"n\n", 1, "issued"), (b"y\n", 0, "revoked")):
        assert at_a_terminal(shell, answer, "revoke", one, "--reason", "fraud") == code
        assert shell.certreg("--json", "show", one).json["state"] == state
    assert shell.certreg("--json", "revoke", one, "--reason", "fraud").json["error"] == "status_transition"
    assert "stays revoked" in " ".join(CliRunner().invoke(app, ["release", "--help"]).output.split())
    assert "可以：准许再次发证（release）。" in shell.certreg("suspend", one, "--reason", "complaint").err
    assert shell.certreg("revoke", two, "--reason", "fraud", "--remark", "来信 12 号", "--yes").code == 0
    assert shell.certreg("--json", "show", two).json["history"][0]["remark"] == "来信 12 号"
    told = shell.certreg("show", two).out
    for words in (
        "姓名",
        "工作单位",
        "职称等级",
        "中级",
        "发证机关",
        "已撤销（弄虚作假）；备注：来信 12 号",
        "（北京时间）",
    ):
        assert words in told
    assert not re.search(r"certificateNumber|employer|intermediate|revoke|\dZ", told)
    assert re.search(
        r"Employer .+ revoked \(fraud\)", shell.certreg("--lang", "en", "show", two).out, re.DOTALL
    )
    assert shell.certreg("authority", "withdraw", "410800", "--reason", "merged", "--yes").code == 0
    assert "已撤销委托" in shell.certreg("authority", "list").out


def test_a_correction_is_shown_and_asked(shell: Shell) -> None:
    """It cannot be undone either; and short hours are told before, as of a list."""
    (one,) = stocked(shell, "411700", range(930, 931))
    words = (
        "correct",
        one,
        "--reason",
        "typo",
        "--set",
        "工作单位=新乡市第一人民医院",
        "--set",
        "Public hours=1",
    )
    refused = shell.certreg(*words)
    assert (refused.code, "--yes" in refused.err, "不可恢复" in refused.err) == (1, True, True)
    assert re.search(
        r"工作单位：.+ → 新乡市第一人民医院\n公需科目学时：\d+ → 1\n学时低于 henan-2012", refused.out
    )
    assert shell.certreg("--json", *words).json["error"] == "confirmation_needed"
    assert at_a_terminal(shell, b"n\n", *words) == 1
    assert shell.certreg("--json", "show", one).json["state"] == "issued"
    assert at_a_terminal(shell, b"y\n", *words) == 0
    shown = shell.certreg("--json", "show", one).json
    assert "已更正换发，新编号" in shell.certreg("show", one).out
    assert (shown["state"], shown["history"][0]["reason"]) == ("revoked", "superseded")
    new = shown["history"][0]["successor"]
    for more in (words, ("revoke", one, "--reason", "fraud", "--yes")):
        again = shell.certreg(*more)
        assert f"已更正换发，新编号 {new}" in again.err
        assert "不能再办理任何操作。" in again.err
        assert "Nothing more can be done." in shell.certreg("--lang", "en", *more).err
    assert f"superseded by {new}" in shell.certreg("--lang", "en", "render", one).err
    listed = shell.certreg("list", "--authority", "411700").out
    assert f"已更正换发，新编号 {parse_number(new).printed}" in listed
    assert "已撤销" not in listed


@pytest.mark.parametrize(
    ("more", "code", "chinese", "english"),
    [
        ((), 64, "没有写要更正什么", "Nothing to correct was given"),
        (("--set", "name"), 64, "要写 项目=内容", "takes FIELD=VALUE"),
        (
            ("--set", "name=李雷", "--set", "姓名=李磊"),
            64,
            "--set 姓名：同一项目写了两次",
            "--set 姓名: this field",
        ),
        (("--set", "nickname=小李"), 1, "employer（工作单位）", "employer (Employer)"),
        (("--set", "身份证件=1"), 1, "--identity-stdin", "--identity-stdin"),
    ],
)
def test_what_is_to_be_corrected_is_said_once_and_by_name(
    shell: Shell, more: tuple[str, ...], code: int, chinese: str, english: str
) -> None:
    listed = shell.certreg("--json", "list").out.splitlines()
    one = (
        next((json.loads(line)["number"] for line in listed if '"issued"' in line), None)
        or stocked(shell, "411500", range(931, 932))[0]
    )
    for lang, words in (("zh-CN", chinese), ("en", english)):
        said = shell.certreg("--lang", lang, "correct", one, "--reason", "typo", "--yes", *more)
        assert (said.code, words in said.err) == (code, True), said.err
    assert shell.certreg("--json", "show", one).json["state"] == "issued"


def at_a_terminal(shell: Shell, answer: bytes, *words: str) -> int:
    """Run ``certreg`` with a terminal for its input; returns its exit code."""
    ours, theirs = os.openpty()
    os.write(ours, answer)
    said = shell.run(certreg, *words, stdin=Path(os.ttyname(theirs)))
    os.close(ours)
    os.close(theirs)
    return said.code


def test_annotated_lists_are_the_clerks_alone(shell: Shell) -> None:
    """Whole identity numbers stand in them; the umask decides nothing, and a failure leaves nothing."""
    year = str(china_year())
    rows = [
        annual(1, 年度=int(year)),
        [*annual(2, 年度=int(year))[:1], "123", *annual(2, 年度=int(year))[2:]],
    ]
    write_csv(shell.folder / "faulty.csv", [ANNUAL, *rows])
    words = ("issue", "faulty.csv", "--authority", "410300", "--year", "2026", "--dry-run")
    before = set(shell.folder.iterdir())
    said = shell.run(certreg, *words, umask=0)
    assert said.code == 2, said.err
    (annotated,) = set(shell.folder.iterdir()) - before
    assert (annotated.suffix, annotated.stat().st_mode & 0o777) == (".xlsx", 0o600)
    assert annotated.read_bytes()[:2] == b"PK"


def test_the_list_itself_is_never_overwritten_nor_what_came_back_before(shell: Shell) -> None:
    """By whatever name; and each run's answer is kept beside the others."""
    year = str(china_year())
    office = ("--name", "洛阳市人力资源和社会保障局", "--uscc", "11410100005252100Y", "--year", year)
    assert shell.certreg("authority", "add", "411200", *office).code == 0
    file = write_csv(
        shell.folder / "kept.csv", [ANNUAL, annual(9841, 年度=int(year)), annual(9842, 年度=int(year))]
    )
    (shell.folder / "soft.xlsx").symlink_to(file)
    (shell.folder / "hard.xlsx").hardlink_to(file)
    before = file.read_bytes()
    words = ("issue", "kept.csv", "--authority", "411200", "--year", year)
    for name in ("kept.csv", "soft.xlsx", "hard.xlsx"):
        said = shell.certreg("--json", *words, "--annotated", name)
        assert (said.code, said.json["error"]) == (1, "annotated_is_input")
    assert shell.certreg("--json", *words, "--annotated", "absent/a.xlsx").json["error"] == "file_unusable"
    dry = shell.certreg(*words, "--dry-run")
    assert (dry.code, "可发" in dry.out, "已发证书" in dry.out, "kept-检查.xlsx" in dry.out) == (
        0,
        True,
        False,
        True,
    )
    real = shell.certreg("--json", *words).json
    assert "批次" not in dry.out
    assert real["annotated"].endswith("kept-核验意见.xlsx")
    assert shell.certreg("--json", *words).json["annotated"].endswith("kept-核验意见-2.xlsx")
    assert real["issuedRows"] == [
        {"sheet": "kept", "row": row, "number": number}
        for row, number in zip((2, 3), real["issued"], strict=True)
    ]
    told = [
        [cell.value for cell in openpyxl.load_workbook(shell.folder / f"kept-{end}.xlsx")["kept"][2]]
        for end in ("检查", "核验意见", "核验意见-2")
    ]
    one = real["issued"][0]
    assert [row[7:9] for row in told] == [["可发", None], ["已发", one], ["此前已发", one]]
    assert file.read_bytes() == before


def test_findings_stand_in_three_tables_by_sheet_and_row(shell: Shell) -> None:
    """And mere space is counted, on the terminal only; hidden people stand on the summary too."""
    year = china_year()
    office = ("--name", "商丘市人力资源和社会保障局", "--uscc", "11410100005252100Y", "--year", str(year))
    assert shell.certreg("authority", "add", "411400", *office).code == 0
    rows = [
        annual(9901, 年度=year, 姓名=" 张文博\u3000"),
        annual(9902, 年度=year, 姓名="李 雷", 公需科目学时=20),
        annual(9903, 年度=year, 职称等级="主治医师"),
        annual(9904, 年度=year, 专业科目学时=50),
        annual(9905, 年度=year, 工作单位="院"),
        annual(9906, 年度=year),
    ]

    def hide(book: Any) -> None:
        book["表"].row_dimensions[7].hidden = True

    write_xlsx(shell.folder / "three.xlsx", {"表": [ANNUAL, *rows]}, hide)
    words = ("issue", "three.xlsx", "--authority", "411400", "--year", str(year))
    said = shell.certreg(*words)
    assert said.code == 2
    places = [
        said.out.index(text)
        for text in (
            "未发：",
            "第 4 行 D",
            "第 6 行 C",
            "提示：",
            "第 3 行",
            "第 5 行",
            "已规范：",
            "第 3 行 A",
        )
    ]
    assert places[:6] == sorted(places[:6])
    assert places[6] > places[5]
    assert "第 2 行" not in said.out
    assert "另有 1 处" in said.out
    book = openpyxl.load_workbook(shell.folder / "three-核验意见.xlsx")
    assert "已规范" in book["表"]["J2"].value
    summary = {cell.value for row in book["核验汇总"].iter_rows() for cell in row}
    assert any("隐藏行（7）" in str(text) for text in summary)
    again = shell.certreg("--json", *words, "--include-hidden").json
    assert [(one["row"], len(one["number"])) for one in again["issuedRows"]] == [(7, 20)]


def test_the_batch_is_named_and_a_list_of_nobody_is_said_to_be_one(shell: Shell) -> None:
    """``render --batch`` asks for its number."""
    (one,) = stocked(shell, "411300", range(932, 933))
    year = one[6:10]
    again = shell.certreg("--lang", "en", "issue", "411300.csv", "--authority", "411300", "--year", year)
    (batch,) = re.findall(r"批次 Batch\W+(\d+)", again.out)
    last = json.loads(shell.certreg("--json", "batches").out.splitlines()[-1])
    assert (last["batch"], last["authority"]) == (int(batch), "411300")
    assert "nobody on the list" not in again.out
    write_csv(shell.folder / "empty.csv", [ANNUAL])
    said = shell.certreg("issue", "empty.csv", "--authority", "411300", "--year", year)
    assert (said.code, "名单中没有人员" in said.out) == (0, True)


def test_a_finding_for_a_program_is_whole_and_names_nobody() -> None:
    """Parameters and sentences besides the code; of long numbers only a certificate's is not masked."""
    params = {"columns": "备注、电话 13800138000", "number": "41010020261000000190"}
    said = finding_json(Finding("columns_unused", Severity.NOTE, "表", params=params))
    assert said["params"] == {"columns": "备注、电话 138********", "number": "41010020261000000190"}
    assert "未使用的列：备注、电话 138********" in str(said["message"])
    masked = finding_json(Finding("already_issued", Severity.NOTE, params={"number": identity(1)}))
    assert identity(1) not in str(masked)


def test_an_empty_list_to_fill_in(tmp_path: Path) -> None:
    """Without a registry; and what is there stays."""
    office = Shell(tmp_path)
    for kind in ("annual", "completion"):
        said = office.certreg("--json", "template", kind, f"{kind}.xlsx")
        assert (said.code, said.json) == (0, {"template": f"{kind}.xlsx", "kind": kind})
    written = (tmp_path / "annual.xlsx").read_bytes()
    assert office.certreg("--json", "template", "completion", "annual.xlsx").json["error"] == "file_exists"
    assert (tmp_path / "annual.xlsx").read_bytes() == written
    assert office.certreg("template", "diploma", "d.xlsx").code == 64
    assert office.certreg("--json", "template", "annual", "absent/a.xlsx").json["error"] == "file_unusable"


def test_a_home_open_to_others_is_not_used(tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    assert shell.certreg("init", "--host", "jxjy.henan.example").code == 0
    shell.home.chmod(0o755)
    said = shell.certreg("--lang", "en", "fsck")
    assert (said.code, "chmod 700" in said.err) == (1, True)
    shell.home.chmod(0o700)
    assert shell.certreg("fsck").code == 0


@pytest.mark.parametrize("lang", ["zh-CN", "en"])
def test_fsck_says_what_it_found_and_what_to_do(shell: Shell, tmp_path: Path, lang: str) -> None:
    other = Shell(tmp_path)
    shutil.copytree(shell.home, other.home)
    with closing(sqlite3.connect(other.home / "registry.db")) as database:
        database.execute("UPDATE checkpoint SET signed_at = 1")
        database.commit()
    said = other.certreg("--lang", lang, "fsck")
    assert said.code == 1
    assert "checkpoint_early" in said.err
    assert sentence_of_trouble("checkpoint_early", lang)[:30] in said.err
    (other.home / "head").write_bytes(b"")
    assert other.certreg("--json", "publish").json["error"] == "head_unusable"


def test_publish_check_says_what_it_repaired(shell: Shell) -> None:
    assert shell.certreg("publish", "checked").code == 0
    tile = next((shell.folder / "checked" / "log" / "tile" / "0").rglob("000*/*"))
    tile.write_bytes(tile.read_bytes()[::-1])
    assert shell.certreg("--json", "publish", "checked").json["repaired"] == []
    said = shell.certreg("--lang", "en", "publish", "checked", "--check")
    assert (said.code, str(tile.relative_to(shell.folder / "checked")) in said.out) == (0, True)
    assert "no file was damaged" in shell.certreg("--lang", "en", "publish", "checked", "--check").out


def test_a_life_in_json(shell: Shell) -> None:
    """Every command speaks JSON, one object a line, to programs; and nothing else on that channel."""
    year = china_year()
    office = (
        "410500",
        "--name",
        "安阳市人力资源和社会保障局",
        "--uscc",
        "11410100005252100Y",
        "--year",
        str(year),
    )
    rows = [annual(serial, 年度=year) for serial in (1, 2, 3)]
    write_csv(shell.folder / "list.csv", [ANNUAL, *rows])
    listed = ("list.csv", "--authority", "410500", "--year", str(year))

    def say(*words: str, code: int = 0) -> Any:
        said = shell.certreg("--json", *words)
        assert said.code == code, (words, said.err)
        return [json.loads(line) for line in said.out.splitlines()][-1]

    say("authority", "add", *office)
    say("trust", "renew")
    assert (say("issue", *listed, "--dry-run")["rows"], say("resume")["ranges"]) == (3, 0)
    one, two, three = say("issue", *listed)["issued"]
    again = say("issue", *listed)
    assert again["alreadyIssued"] == 3
    held = next(found for found in again["findings"] if found["code"] == "already_issued")
    assert held["params"] == {"number": one}
    assert (one in held["message"], held["remedy"][-1:]) == (True, "。")
    assert say("show", one)["state"] == "issued"
    assert say("suspend", one, "--reason", "complaint")["action"] == "suspend"
    assert say("show", one)["history"][0]["reason"] == "complaint"
    assert say("reinstate", one, "--reason", "review-closed")["action"] == "reinstate"
    assert say("revoke", two, "--reason", "fraud", "--yes")["number"] == two
    assert say("revoke", two, "--reason", "fraud", "--yes", code=1)["error"] == "status_transition"
    assert say("revoke", one, "--reason", "Bad Reason", "--yes", code=1)["error"] == "reason_unlisted"
    assert (
        say("correct", three, "--reason", "typo", "--set", "professionalHours=x", code=1)["error"]
        == "hours_form"
    )
    corrected = say("correct", three, "--reason", "typo", "--set", "name=李雷", "--yes")
    assert (len(corrected["issued"]), corrected["corrects"]) == (1, three)
    assert say("publish")["written"] > 0
    assert say("publish")["written"] == 0
    assert say("bundle", "bundle")["bytes"] == (shell.folder / "bundle").stat().st_size
    assert len(say("render", one, "--out", "out", "--format", "json,png")["files"]) == 3
    assert say("render", two, "--out", "out", code=1)["error"] == "not_in_force"
    qr = zxingcpp.read_barcodes(Image.open(shell.folder / "out" / f"{one}.png"))[0].text
    for target in (f"out/{one}.json", f"out/{one}.png", qr, one):
        assert say("verify", target)["verdict"] == "PASSED", target
    assert say("verify", two, code=1)["reason"] == "revoked"
    assert say("authority", "suspend", "410500", "--reason", "inspection")["code"] == "410500"
    assert say("authority", "reinstate", "410500", "--reason", "remedied")["code"] == "410500"
    assert say("authority", "withdraw", "410500", "--reason", "merged", "--yes")["code"] == "410500"
    assert say("issue", *listed, code=1)["error"] == "authority_withdrawn"
    assert say("fsck")["troubles"] == []


@pytest.mark.parametrize("lang", ["zh-CN", "en"])
def test_errors_are_told_in_the_readers_language(shell: Shell, lang: str) -> None:
    for words in (("show", "41050020261000000131"), ("authority", "withdraw", "419999", "--reason", "x")):
        said = shell.certreg("--lang", lang, *words)
        assert said.code == 1
        assert any("\u4e00" <= character <= "\u9fff" for character in said.err) is (lang == "zh-CN")


def test_the_installed_programs_start() -> None:
    """As a shell finds them: the entry points of the package."""
    programs = Path(sys.executable).parent
    for name in ("certreg", "certverify"):
        done = subprocess.run([programs / name, "--help"], capture_output=True, check=False)
        assert done.returncode == 0
        assert b"exit codes" in done.stdout or b"first steps" in done.stdout


def test_fsck_of_a_new_registry_is_clean(shell: Shell) -> None:
    said = shell.certreg("--json", "fsck")
    assert (said.code, said.json["troubles"]) == (0, [])


def test_a_witness_without_a_registry(tmp_path: Path) -> None:
    """Made, shown and taught another log, by its operator alone; and what he may get wrong."""
    operator = Shell(tmp_path)
    made = operator.certreg("--json", "witness", "init", "w", "--name", "witness.example/w1")
    assert made.code == 0
    log_key = "log.example/one+8d5b6d3f+AQAA"
    assert operator.certreg("witness", "watch", "w", log_key).code == 1
    shown = operator.certreg("--json", "witness", "key", "w")
    assert shown.json == {"vkey": made.json["vkey"], "logs": [], "refused": []}
    assert (
        operator.certreg("--json", "witness", "watch", "w", made.json["vkey"]).json["error"]
        == "witness_log_key"
    )
    assert operator.certreg("--json", "witness", "key", "nowhere").json["error"] == "witness_missing"
    assert operator.certreg("witness", "serve", "w", "--listen", "8090").code == 64
    assert operator.certreg("--json", "witness", "serve", "nowhere").json["error"] == "witness_missing"


def test_the_list_of_witnesses_is_changed_by_commands(tmp_path: Path) -> None:
    office = Shell(tmp_path)
    assert office.certreg("init", "--host", "jxjy.henan.example").code == 0
    key = office.certreg("--json", "witness", "init", "w", "--name", "w1.example").json["vkey"]
    added = office.certreg("--lang", "en", "witness", "add", "w1.example", key, "http://127.0.0.1:9")
    assert (added.code, "No quorum is set" in added.out) == (0, True)
    assert office.certreg("--json", "witness", "quorum", "1").json["version"] == 3
    listed = office.certreg("--lang", "en", "witness", "list")
    assert "0 cosignatures, 1 needed" in listed.out
    assert "witness_unreachable" in listed.out
    waiting = office.certreg("publish", "site")
    assert (waiting.code, "w1.example (witness_unreachable)" in waiting.err) == (1, True)
    assert office.certreg("witness", "remove", "w1.example").code == 1
    assert office.certreg("witness", "quorum", "0").code == 0
    assert office.certreg("witness", "remove", "w1.example").code == 0
    assert office.certreg("publish", "site").code == 0


def test_publish_warns_before_the_trust_list_ends(tmp_path: Path) -> None:
    """The programs read the clock, so the registry is as old as it must be."""
    shell = Shell(tmp_path)
    then = int(datetime.now(CHINA).timestamp()) - 330 * DAY
    create_app(Place(shell.home).environment, home=None, host=HOST, clock=Clock(then)).database.close()
    said = shell.certreg("--lang", "en", "publish")
    assert said.code == 0
    assert re.search(r"ends in 3[45] days\. Renew it", said.err)
    (warning,) = shell.certreg("--json", "publish").json["warnings"]
    assert (warning["code"], warning["subject"]) == ("trust_list_ends", "1")
    assert shell.certreg("trust", "renew").code == 0
    assert shell.certreg("--json", "publish").json["warnings"] == []


def test_a_root_keys_public_file_is_checked_and_shown(tmp_path: Path) -> None:
    """It needs no registry; a QR code carries it where no stick may go."""
    shell = Shell(tmp_path)
    made = shell.certreg("root", "key", "init", "--host", HOST, "--out", "key.pem", "--qr")
    assert made.code == 0
    assert any(line.count("\u2588") > 20 for line in made.out.splitlines())
    shown = shell.certreg("--json", "root", "key", "show", "key.public.json")
    assert shown.json["fingerprint"] in made.out
    again = shell.certreg("--json", "root", "key", "init", "--host", HOST, "--out", "key.pem")
    assert (again.code, again.json["error"]) == (1, "key_file_exists")
    public = tmp_path / "key.public.json"
    public.write_bytes(public.read_bytes().replace(b"#root-", b"#ruut-"))
    assert (
        shell.certreg("--json", "root", "key", "show", "key.public.json").json["error"]
        == "root_key_possession"
    )
