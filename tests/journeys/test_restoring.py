"""A lost database, as its operator meets it: ``backup``, ``restore``, what is told of what is missing, and the way on."""

from datetime import datetime
from pathlib import Path

import pytest

from registry.offices import CHINA
from tests.journeys.program import Shell
from tests.registry.sheets import ANNUAL, annual, write_csv


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    made = Shell(tmp_path)
    assert made.certreg("init", "--host", "jxjy.henan.example").code == 0
    office = ("--name", "郑州市人力资源和社会保障局", "--uscc", "11410100005252100Y", "--division", "410100")
    year = str(datetime.now(CHINA).year)
    assert made.certreg("authority", "add", "410100", *office, "--year", year).code == 0
    return made


def issue(shell: Shell, serial: int) -> None:
    year = datetime.now(CHINA).year
    file = write_csv(shell.folder / f"{serial}.csv", [ANNUAL, annual(serial)])
    said = shell.certreg("issue", str(file), "--authority", "410100", "--year", str(year))
    assert said.code == 0, said.err


def test_a_lost_database(shell: Shell) -> None:
    issue(shell, 1)
    assert shell.certreg("publish", "site").code == 0
    old, new, database = shell.folder / "old", shell.folder / "new", shell.home / "registry.db"
    made = shell.certreg("backup", str(old), "--json")
    assert (made.code, made.json["withKeys"]) == (0, False)
    issue(shell, 2)
    assert shell.certreg("publish", "site").code == 0
    said = shell.certreg("backup", str(new), "--lang", "en")
    assert "without the keys" in said.out
    assert "Keep the folder of keys" in said.out
    for file in shell.home.glob("registry.db*"):
        file.unlink()

    unnamed = shell.certreg("restore", str(old))
    assert (unnamed.code, database.exists()) == (1, False)
    assert "--never-published" in unnamed.err

    said = shell.certreg("restore", str(old), "--site", "site")
    assert said.code == 1
    assert "签过 4 条" in said.err
    assert "issue ×1" in said.out
    assert "已公布，从这份备份不能继续编号" in said.out
    file = write_csv(shell.folder / "3.csv", [ANNUAL, annual(3)])
    year = str(datetime.now(CHINA).year)
    refused = shell.certreg("issue", str(file), "--authority", "410100", "--year", year, "--json")
    assert (refused.code, refused.json["error"]) == (1, "log_rolled_back")

    for one in shell.home.glob("registry.db*"):
        one.unlink()
    said = shell.certreg("restore", str(new), "--site", "site", "--lang", "en")
    assert said.code == 0, said.err
    assert "Go on" in said.out
    issue(shell, 3)
    assert shell.certreg("publish", "site").code == 0
    assert shell.certreg("fsck").code == 0
    again = shell.certreg("restore", str(new), "--site", "site", "--json")
    assert (again.code, again.json["error"]) == (1, "restore_not_empty")
