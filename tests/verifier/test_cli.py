"""``certverify`` as people call it: targets, options, output and exit codes, and the run that both command lines share."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import qrcode
import typer
from PIL import Image

from tests.builders import refused
from tests.simulator import NOW, Certificate, Simulator, standard_pin
from tests.verifier.bombs import nested_forms
from tests.verifier.publication import bundle_of, folder_of, good_and_revoked, publication
from tests.verifier.webserver import serving
from verifier import cli, presented
from verifier.cli import parse_time
from verifier.errors import SourceError
from verifier.presented import files_of, present_bytes, present_planned
from verifier.session import Options, run
from verifier.sources import FolderSource

AT = "2026-03-10T09:00:00Z"
PROJECT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Desk:
    """A panel's desk: certificates in a folder, the publication, the bundle and the pinned root."""

    folder: Path
    site: Path
    bundle: Path
    root: Path
    good: Certificate
    revoked: Certificate
    files: Mapping[str, bytes]

    def file(self, certificate: Certificate) -> str:
        return str(self.folder / f"{certificate.number.digits}.json")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """Made once: no test changes it."""
    base = tmp_path_factory.mktemp("desk")
    registry, good, revoked = good_and_revoked()
    files = publication(registry, [good.number])
    folder = base / "certificates"
    folder.mkdir()
    for certificate in (good, revoked):
        (folder / f"{certificate.number.digits}.json").write_bytes(certificate.record)
    (base / "bundle.zip").write_bytes(bundle_of(files))
    (base / "root.json").write_bytes(standard_pin().to_bytes())
    site = folder_of(files, base / "site")
    return Desk(folder, site, base / "bundle.zip", base / "root.json", good, revoked, files)


def _run(targets: list[str], desk: Desk, **options: Any) -> tuple[int, str, str]:
    out, err = StringIO(), StringIO()
    given = {"root": str(desk.root), "source": str(desk.site), "lang": "en", **options}
    return run(targets, Options(**given), out=out, err=err, now=NOW), out.getvalue(), err.getvalue()


def _command(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["certverify", *arguments])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert isinstance(ended.value.code, int)
    return ended.value.code


# ---- exit codes and output


def test_one_target_gets_the_full_report(desk: Desk) -> None:
    code, out, err = _run([desk.file(desk.good)], desk)
    assert (code, err) == (0, "")
    assert out.startswith("PASSED\n")
    assert "张文博" in out


def test_a_revoked_certificate_fails_with_its_reason(desk: Desk) -> None:
    code, out, _ = _run([desk.file(desk.revoked)], desk)
    assert code == 1
    assert out.startswith("FAILED\nThe issuing authority has revoked this certificate")


def test_an_undecided_certificate_has_its_own_exit_code(desk: Desk) -> None:
    code, out, _ = _run([desk.good.number.printed], desk)
    assert code == 2
    assert out.startswith("INDETERMINATE\n")


def test_a_failure_outweighs_what_is_undecided(desk: Desk) -> None:
    code, out, _ = _run([desk.good.number.digits, desk.file(desk.revoked), desk.file(desk.good)], desk)
    assert code == 1
    assert out.endswith("3 checked: PASSED 1, FAILED 1, INDETERMINATE 1\n")


def test_many_targets_get_a_line_each(desk: Desk) -> None:
    code, out, _ = _run([str(desk.folder)], desk, lang="zh-CN")
    lines = out.splitlines()
    assert code == 1
    assert lines[0].startswith("核验通过      410100 2026 1 0000123 15  张文博")
    assert lines[1].startswith("核验未通过    410100 2026 1 0000124 12")
    assert "已被发证机关撤销" in lines[2]
    assert lines[-1] == "共核验 2 份：核验通过 1，核验未通过 1"


def test_json_is_one_object_a_line(desk: Desk) -> None:
    _, out, _ = _run([str(desk.folder)], desk, as_json=True)
    reports = [json.loads(line) for line in out.splitlines()]
    assert [report["verdict"] for report in reports] == ["PASSED", "FAILED"]
    assert [report["reason"] for report in reports] == ["valid", "revoked"]
    first = reports[0]
    assert first["target"] == desk.file(desk.good)
    assert (first["pinned"], first["troubles"], first["source"]) == (True, [], str(desk.site))
    assert len(first["steps"]) == 11


def test_json_says_what_could_not_be_had(desk: Desk) -> None:
    with serving({}) as (address, _):
        pass
    code, out, _ = _run([desk.file(desk.good)], desk, source=address, as_json=True)
    report = json.loads(out)
    assert (code, report["verdict"], report["missing"]) == (2, "INDETERMINATE", ["trust-list"])
    assert report["troubles"] == [{"path": "trust.json", "code": "source_unreachable"}]


def test_a_web_server_out_of_reach_without_a_root_is_undecided(desk: Desk) -> None:
    with serving({}) as (address, _):
        pass
    code, out, _ = _run([str(desk.folder)], desk, source=address, root=None)
    assert code == 2
    assert "root.json: The publication could not be reached" in out
    assert "--trust" not in out
    code, out, _ = _run([desk.file(desk.good)], desk, source=address, root=None)
    assert code == 2
    assert "Root fingerprint" not in out


def test_an_unpinned_root_is_told(desk: Desk) -> None:
    for target in (desk.file(desk.good), str(desk.folder)):
        code, out, _ = _run([target], desk, root=None)
        assert code != 0
        assert f"--root-fingerprint {standard_pin().fingerprint}" in out
        assert "--root-fingerprint" not in _run([target], desk)[1]


def test_a_fingerprint_is_enough(desk: Desk) -> None:
    target = desk.file(desk.good)
    assert _run([target], desk, root=None, fingerprint=standard_pin().fingerprint)[0] == 0
    assert _run([target], desk, root=None, fingerprint="0" * 64)[0] == 2
    assert _run([target], desk, root=None, fingerprint="0" * 64, pin=standard_pin())[0] == 2


def test_a_server_is_asked_like_a_folder(desk: Desk) -> None:
    with serving(desk.files) as (address, _):
        code, out, _ = _run([desk.good.qr_text], desk, source=address)
    assert (code, out.splitlines()[0]) == (0, "PASSED")


# ---- the log


def test_a_bundle_needs_no_log_proof(desk: Desk) -> None:
    assert _run([desk.file(desk.good)], desk, source=str(desk.bundle))[0] == 0
    assert _run([desk.file(desk.good)], desk, source=str(desk.bundle), require_log=True)[0] == 2


def test_a_publication_must_show_its_log(desk: Desk, tmp_path: Path) -> None:
    site = folder_of({path: data for path, data in desk.files.items() if path[:4] != "log/"}, tmp_path)
    code, out, _ = _run([desk.file(desk.good)], desk, source=str(site))
    assert code == 2
    assert "log: The publication has no log" in out
    assert _run([desk.file(desk.good)], desk, source=str(site), require_log=False)[0] == 0


def test_a_proof_beside_the_file_is_used(desk: Desk, tmp_path: Path) -> None:
    registry = Simulator()
    certificate = registry.issue()
    (tmp_path / "c.json").write_bytes(certificate.record)
    (tmp_path / "c.tlog-proof").write_bytes(registry.log_proof().to_bytes())
    bundle = tmp_path / "b.zip"
    bundle.write_bytes(bundle_of(publication(registry, [certificate.number])))
    target = str(tmp_path / "c.json")
    assert _run([target], desk, source=str(bundle), require_log=True)[0] == 0
    (tmp_path / "c.tlog-proof").write_bytes(b"x" * 20_000)
    code, out, _ = _run([target], desk, source=str(bundle), require_log=True)
    assert code == 2
    assert "The log proof is no proof" in out
    assert _run([target], desk, source=str(bundle))[0] == 0


# ---- options


def test_the_holders_name_is_compared(desk: Desk) -> None:
    assert _run([desk.file(desk.good)], desk, name="张文博")[0] == 0
    code, out, _ = _run([desk.file(desk.good)], desk, name="李四")
    assert code == 1
    assert "The name given is not the one on the certificate" in out


def test_the_registry_finds_numbers(desk: Desk) -> None:
    out = StringIO()
    known = {desk.good.number: (desk.good.record, None)}
    with_source = {"source": FolderSource(desk.site), "find_record": known.get, "out": out, "now": NOW}
    options = Options(lang="en", pin=standard_pin())
    assert run([desk.good.number.digits], options, **with_source) == 0  # type: ignore[arg-type]
    assert "张文博" in out.getvalue()


def test_the_time_is_the_readers(desk: Desk) -> None:
    code, out, _ = _run([desk.file(desk.good)], desk, at=NOW + 400 * 86400)
    assert code == 2
    assert "not in force at this time" in out


def test_times_need_their_zone() -> None:
    assert parse_time(AT) == parse_time("2026-03-10T17:00:00+08:00") == NOW
    for text in ("2026-03-10", "2026-03-10T09:00:00", "yesterday", ""):
        with pytest.raises(typer.Exit) as ended:
            parse_time(text)
        assert ended.value.exit_code == 64


# ---- usage


@pytest.mark.parametrize(
    ("targets", "options", "said"),
    [
        ([], {}, "Give what to check"),
        (["nothing.pdf"], {}, "nothing.pdf: There is no such file"),
        (["x" * 5000], {}, "There is no such file"),
        (["41010020261000012315"], {"source": None}, "--bundle"),
        (["41010020261000012315"], {"source": "nowhere"}, "nowhere: There is no such publication"),
        (["41010020261000012315"], {"root": "nowhere.json"}, "nowhere.json: The file could not be opened"),
    ],
)
def test_what_cannot_be_carried_out_is_a_usage_error(
    desk: Desk, targets: list[str], options: dict[str, Any], said: str
) -> None:
    code, out, err = _run(targets, desk, **options)
    assert (code, out) == (64, "")
    assert said in err


def test_a_root_file_that_is_none_is_a_usage_error(desk: Desk) -> None:
    code, _, err = _run([desk.file(desk.good)], desk, root=desk.file(desk.good))
    assert code == 64
    assert "root.json" in err


def test_a_publication_without_a_root_needs_one(desk: Desk, tmp_path: Path) -> None:
    site = folder_of({path: data for path, data in desk.files.items() if path != "root.json"}, tmp_path)
    code, _, err = _run([desk.file(desk.good)], desk, source=str(site), root=None)
    assert code == 64
    assert "--trust" in err


def test_an_empty_folder_is_a_usage_error(desk: Desk, tmp_path: Path) -> None:
    code, _, err = _run([str(tmp_path)], desk)
    assert code == 64
    assert "no file to check" in err


# ---- files


def test_a_folder_is_read_one_level_deep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "b.json",
        "a.PDF",
        "x.tlog-proof",
        "list.xlsx",
        ".hidden.json",
        "sub/c.png",
        "sub/deeper/d.json",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    assert [str(path.relative_to(tmp_path)) for path in files_of(tmp_path)] == [
        "a.PDF",
        "b.json",
        "sub/c.png",
    ]
    monkeypatch.setattr(presented, "MAX_FILES", 2)
    with refused(SourceError, "folder_too_large"):
        files_of(tmp_path)
    with refused(SourceError, "file_unreadable"):
        files_of(tmp_path / "b.json")


def test_a_file_without_a_certificate_is_undecided(desk: Desk, tmp_path: Path) -> None:
    Image.new("L", (200, 200), 255).save(tmp_path / "white.png")
    (tmp_path / "letter.txt").write_text("张文博", encoding="utf-8")
    (tmp_path / "junk.pdf").write_bytes(b"%PDF-1.7 junk")
    code, out, _ = _run([str(tmp_path)], desk)
    assert code == 2
    assert out.endswith("3 checked: INDETERMINATE 3\n")
    code, out, _ = _run([str(tmp_path / "white.png")], desk)
    assert code == 2
    assert "No certificate or QR code was found in the file" in out


def test_a_bomb_in_a_folder_costs_its_own_verdict_and_no_other(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(nested_forms(20, 20))
    (tmp_path / "b.json").write_bytes(desk.good.record)
    _qr_image(desk.good.qr_text).save(tmp_path / "c.jpg", quality=80)
    code, out, _ = _run([str(tmp_path)], desk, as_json=True)
    reports = [json.loads(line) for line in out.splitlines()]
    assert code == 2
    assert [one["verdict"] for one in reports] == ["INDETERMINATE", "PASSED", "PASSED"]
    assert [one["code"] for one in reports[0]["troubles"]] == ["container_too_costly"]
    code, out, _ = _run([str(tmp_path / "a.pdf")], desk)
    assert "takes more time or memory to read than any genuine certificate" in out


@pytest.mark.parametrize("as_json", [False, True])
def test_a_files_name_cannot_move_the_cursor_or_paint_a_verdict(
    desk: Desk, tmp_path: Path, as_json: bool
) -> None:
    name = os.fsdecode(b"a\r\033[2K\033[32mPASSED\033[0m\xe2\x80\xae\xc2\x9b\x7f\xff.pdf")
    (tmp_path / name).write_bytes(b"%PDF-1.7 junk")
    for targets in ([str(tmp_path / name)], [str(tmp_path)], [name[:20]]):
        _, out, err = _run(targets, desk, as_json=as_json)
        assert all(line.isprintable() for line in (out + err).split("\n"))
        (out + err).encode()
        if as_json and out:
            assert json.loads(out)["target"] == str(tmp_path / name)


def test_a_pipe_is_no_file_to_wait_for(desk: Desk, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.pdf")
    code, out, _ = _run([str(tmp_path / "a.pdf")], desk)
    assert code == 2
    assert "The file could not be opened" in out


def test_a_file_that_is_gone_is_undecided(tmp_path: Path) -> None:
    (found,) = present_planned(tmp_path / "gone.pdf")
    assert found.trouble == "file_unreadable"


def _qr_image(text: str) -> Image.Image:
    code = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M, box_size=4, border=4)
    code.add_data(text)
    image = code.make_image().get_image()
    assert isinstance(image, Image.Image)
    return image.convert("L")


def test_a_photo_is_judged_by_its_code(desk: Desk, tmp_path: Path) -> None:
    _qr_image(desk.good.qr_text).save(tmp_path / "photo.jpg", quality=80)
    code, out, _ = _run([str(tmp_path / "photo.jpg")], desk)
    assert (code, out.splitlines()[0]) == (0, "PASSED")


def test_two_certificates_in_one_picture_are_both_judged(desk: Desk, tmp_path: Path) -> None:
    codes = [_qr_image(one.qr_text) for one in (desk.good, desk.revoked)]
    page = Image.new("L", (codes[0].width * 2 + 40, codes[0].height + 40), 255)
    page.paste(codes[0], (0, 20))
    page.paste(codes[1], (codes[0].width + 40, 20))
    page.save(tmp_path / "page.png")
    code, out, _ = _run([str(tmp_path / "page.png")], desk)
    assert code == 1
    assert out.endswith("2 checked: PASSED 1, FAILED 1\n")
    assert "page.png#2" in out


def test_somebody_elses_code_is_no_certificate(tmp_path: Path) -> None:
    _qr_image("https://example.cn/menu").save(tmp_path / "menu.png")
    (found,) = present_bytes("menu.png", (tmp_path / "menu.png").read_bytes())
    assert found.trouble == "container_no_certificate"


def test_a_text_file_may_hold_the_code_or_the_number(desk: Desk) -> None:
    (qr,) = present_bytes("t", f"\ufeff{desk.good.qr_text}\n".encode())
    assert qr.qr_text == desk.good.qr_text
    (number,) = present_bytes("t", f"编号\n{desk.good.number.printed}\n".encode())
    assert number.number == desk.good.number.printed


# ---- the command itself


def test_the_command_verifies(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    common = ["--trust", str(desk.root), "--at", AT]
    assert _command(monkeypatch, desk.file(desk.good), "--url", str(desk.site), *common) == 0
    assert capsys.readouterr().out.startswith("核验通过\n")
    monkeypatch.setenv("CERTREG_LANG", "en")
    assert _command(monkeypatch, desk.file(desk.revoked), "--bundle", str(desk.bundle), *common) == 1
    assert capsys.readouterr().out.startswith("FAILED\n")
    assert (
        _command(monkeypatch, desk.good.number.digits, "--url", str(desk.site), "--lang", "zh-CN", *common)
        == 2
    )
    assert capsys.readouterr().out.startswith("无法判定\n")
    assert _command(monkeypatch, desk.file(desk.good), "--url", str(desk.site), "--json", *common) == 0
    assert json.loads(capsys.readouterr().out)["verdict"] == "PASSED"


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("x", "--nonsense"),
        ("x", "--at"),
        ("x", "--at", "yesterday"),
        ("x", "--lang", "fr"),
        ("x", "--bundle", "a", "--url", "b"),
        ("41010020261000012315",),
    ],
)
def test_the_command_refuses_what_it_cannot_do(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    assert _command(monkeypatch, *arguments) == 64
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--foo",), "没有选项 --foo · No such option: --foo\n用法 · usage: "),
        (("x", "--at"), "选项 '--at' 后面要写值 · Option '--at' requires an argument.\n"),
    ],
)
def test_a_usage_error_is_told_in_both_languages(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], told: str
) -> None:
    assert _command(monkeypatch, *arguments) == 64
    assert capsys.readouterr().err.startswith(told)


def test_a_fault_of_ours_is_not_dressed_up(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> int:
        raise ZeroDivisionError

    monkeypatch.setattr(cli, "run", broken)
    monkeypatch.setattr(sys, "argv", ["certverify", "x"])
    with pytest.raises(ZeroDivisionError):
        cli.main()


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, EOFError])
def test_an_interruption_is_no_verdict(
    monkeypatch: pytest.MonkeyPatch, interruption: type[BaseException]
) -> None:
    def interrupted(*_: object) -> int:
        raise interruption

    monkeypatch.setattr(cli, "run", interrupted)
    assert _command(monkeypatch, "x") == 130


@pytest.mark.parametrize("command", ["serve", "report", "audit"])
def test_a_help_that_is_not_drawn_is_in_both_languages_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    assert _command(monkeypatch, command, "--help") == 0
    out = " ".join(capsys.readouterr().out.split())
    assert out.startswith("用法 · Usage: ")
    assert "[必填 · required]" in out
    assert ("[默认 · default: 8000; 0<=x<=65535]" in out) is (command == "serve")
    assert not re.search(r"\[required|\[default|; required", out), "the library's own"


@pytest.mark.parametrize("asked", ["-h", "--help"])
def test_help_teaches(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], asked: str
) -> None:
    assert _command(monkeypatch, asked) == 0
    out = capsys.readouterr().out
    for taught in (
        "参数 · Arguments:",
        "选项 · Options:",
        "显示本说明 · Show",
        "--bundle",
        "--trust",
        "INDETERMINATE",
        "64",
        "root.json",
    ):
        assert taught in out


def test_the_module_is_the_command(desk: Desk, tmp_path: Path) -> None:
    arguments = [sys.executable, "-m", "verifier", desk.file(desk.good), "--url", str(desk.site), "--at", AT]
    arguments += ["--root-fingerprint", standard_pin().fingerprint.upper()]
    state = tmp_path / "state"
    environment = {
        **os.environ,
        "CERTREG_LANG": "en",
        "PYTHONIOENCODING": "utf-8",
        "XDG_STATE_HOME": str(state),
    }
    ended = subprocess.run(
        arguments, cwd=PROJECT, env=environment, capture_output=True, check=False, timeout=60
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.startswith(b"PASSED")
    assert json.loads((state / "certreg" / "seen.json").read_text()) == {standard_pin().fingerprint: 1}
