"""From a clerk's ugly spreadsheet to a verdict, through the command lines, over a real web server, and back again."""

import json
from pathlib import Path

import pytest
from PIL import Image

from registry.intake.samples import write_ugly_workbook
from tests.journeys.program import Shell
from tests.verifier.webserver import serving

HOST = "jxjy.henan.example"
BUREAU = ("410100", "--name", "郑州市人力资源和社会保障局", "--uscc", "11410100005252100Y", "--year", "2026")


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """A registry with one authority that has issued an ugly list, published, and drawn two certificates."""
    shell = Shell(tmp_path_factory.mktemp("office"))
    assert shell.certreg("init", "--host", HOST).code == 0
    assert shell.certreg("authority", "add", *BUREAU).code == 0
    write_ugly_workbook(shell.folder / "名单.xlsx", seed=5, year=2026)
    return shell


@pytest.fixture(scope="module")
def issued(office: Shell) -> list[str]:
    said = office.certreg("--json", "issue", "名单.xlsx", "--authority", "410100", "--year", "2026")
    assert said.code == 2  # some rows were refused, the others went ahead
    assert said.json["refusedRows"] > 20
    assert said.json["annotated"].endswith("名单-核验意见.xlsx")
    numbers: list[str] = said.json["issued"]
    assert len(numbers) > 20
    assert office.certreg("publish").code == 0
    assert office.certreg("render", *numbers[:3], "--out", "out").code == 0
    assert office.certreg("bundle", "bundle").code == 0
    return numbers


def test_every_way_in_is_judged_the_same(office: Shell, issued: list[str]) -> None:
    out, number = office.folder / "out", issued[0]
    with Image.open(out / f"{number}.png") as image:
        image.convert("RGB").rotate(3, expand=True, fillcolor="white").save(out / "photo.jpg", quality=60)
    for target in (f"out/{number}.json", f"out/{number}.pdf", f"out/{number}.png", "out/photo.jpg", number):
        said = office.certreg("--json", "verify", target)
        assert (said.code, said.json["verdict"]) == (0, "PASSED"), (target, said.out, said.err)
        assert said.json["record"]["credentialSubject"]["certificateNumber"] == number


def test_anyone_verifies_over_http_or_offline_without_the_registry(office: Shell, issued: list[str]) -> None:
    site = office.home / "site"
    stranger = office  # certverify reads no registry: it is given a root, an address and a file
    files = {
        file.relative_to(site).as_posix(): file.read_bytes() for file in site.rglob("*") if file.is_file()
    }
    with serving(files) as (address, asked):
        said = stranger.certverify(
            f"out/{issued[0]}.pdf", "--trust", str(site / "root.json"), "--url", address, "--json"
        )
    assert (said.code, said.json["verdict"], said.json["pinned"]) == (0, "PASSED", True), said.err
    assert not any(issued[0] in path for path in asked)
    offline = ("--bundle", "bundle", "--root-fingerprint", said.json["trust"]["rootFingerprint"])
    said = stranger.certverify(f"out/{issued[1]}.png", *offline, "--lang", "en")
    assert said.code == 0
    assert said.out.startswith("PASSED")
    assert stranger.certverify(issued[0], *offline).code == 2
    wrong = stranger.certverify(issued[0][:-1] + str((int(issued[0][-1]) + 1) % 10), *offline)
    assert wrong.code == 1
    unknown = stranger.certverify(f"out/{issued[1]}.png", "--bundle", "bundle", "--json")
    assert (unknown.code, unknown.json["reason"], unknown.json["pinned"]) == (2, "root_not_pinned", False)


def test_the_same_file_again_issues_nothing_and_says_so(office: Shell, issued: list[str]) -> None:
    said = office.certreg("issue", "名单.xlsx", "--authority", "410100", "--year", "2026")
    assert said.code == 2
    assert "不会重复发证" in said.out
    again = office.certreg("--json", "issue", "名单.xlsx", "--authority", "410100", "--year", "2026")
    assert (again.json["issued"], again.json["alreadyIssued"]) == ([], len(issued))


def test_a_correction_leads_from_the_old_file_to_the_new_number(office: Shell, issued: list[str]) -> None:
    old = issued[2]
    said = office.certreg(
        *("--json", "correct", old, "--reason", "data-error", "--set", "employer=河南省人民医院", "--yes")
    )
    assert said.code == 0, said.err
    (new,) = said.json["issued"]
    assert office.certreg("publish").code == 0
    judged = office.certreg("--json", "verify", f"out/{old}.pdf")
    assert (judged.code, judged.json["reason"]) == (1, "superseded")
    status = next(step for step in judged.json["steps"] if step["step"] == 8)
    assert status["details"]["successor"] == new
    told = office.certreg("verify", f"out/{old}.pdf")
    assert new in told.out.replace(" ", "")
    assert "无效" not in told.out.splitlines()[0]


def test_suspended_then_reinstated_then_revoked(office: Shell, issued: list[str]) -> None:
    number = issued[1]
    for command, reason, verdict in (
        ("suspend", "under-review", "suspended"),
        ("reinstate", "review-closed", "valid"),
        ("revoke", "fraud", "revoked"),
    ):
        yes = ("--yes",) if command == "revoke" else ()
        assert office.certreg(command, number, "--reason", reason, *yes).code == 0
        assert office.certreg("publish").code == 0
        assert office.certreg("--json", "verify", f"out/{number}.json").json["reason"] == verdict
    assert office.certreg("reinstate", number, "--reason", "review-closed").code == 1
    assert office.certreg("render", number, "--out", "out").code == 1


def test_a_suspended_authority_cannot_issue_while_its_certificates_stand(
    office: Shell, issued: list[str]
) -> None:
    assert office.certreg("authority", "suspend", "410100", "--reason", "inspection").code == 0
    assert office.certreg("publish").code == 0
    said = office.certreg("issue", "名单.xlsx", "--authority", "410100", "--year", "2026")
    assert said.code == 1
    assert "暂停" in said.err
    assert office.certreg("--json", "verify", f"out/{issued[0]}.json").json["verdict"] == "PASSED"
    assert office.certreg("authority", "reinstate", "410100", "--reason", "inspection-closed").code == 0
    assert office.certreg("fsck").code == 0


def test_nothing_published_names_a_person(office: Shell, issued: list[str]) -> None:
    record = json.loads((office.folder / "out" / f"{issued[0]}.json").read_bytes())["credentialSubject"]
    private = [record["name"].encode(), record["employer"].encode(), record["identityDocument"][-4:].encode()]
    for file in (office.home / "site").rglob("*"):
        if file.is_file():
            data = file.read_bytes()
            assert not any(text in data for text in private[:2]), file


def test_the_demo_runs_and_runs_again(tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    first = shell.certreg("--json", "demo")
    assert first.code == 0, first.err
    lines = [json.loads(line) for line in first.out.splitlines()]
    summary = next(line for line in lines if "verdicts" in line)
    assert all(set(verdicts) == {"PASSED"} for verdicts in summary["verdicts"].values())
    assert len(summary["verdicts"]) == 5
    demo = tmp_path / "var" / "demo"
    numbers = {file.stem for file in (demo / "out").glob("*.json")}
    assert len(numbers) == summary["inForce"] > 60
    for kind in ("pdf", "png", "tlog-proof"):
        assert {file.stem for file in (demo / "out").glob(f"*.{kind}")} == numbers
    assert (demo / "bundle").is_file()
    assert (demo / "site" / "trust.json").is_file()
    assert len(list((demo / "annotated").glob("*.xlsx"))) == 2
    second = shell.certreg("demo")
    assert second.code == 0, second.err
    assert {file.stem for file in (demo / "out").glob("*.json")} == numbers
