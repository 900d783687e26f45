"""``certverify audit`` and the run behind it: words, JSON, state, exit codes."""

import json
import subprocess
import sys
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from tests.simulator import NOW, standard_pin
from tests.verifier.logbook import Logbook
from tests.verifier.publication import folder_of
from tests.verifier.webserver import serving
from verifier.audit.command import MAX_WRITTEN, run_audit
from verifier.session import Options

AT = "2026-03-10T09:00:00Z"
PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture
def book() -> Logbook:
    made = Logbook()
    for serial in range(1, 300):
        made.issue(serial)
    return made


def site(book: Logbook, folder: Path) -> Path:
    return folder_of({path: data for path, data in book.files().items() if data is not None}, folder)


def said(options: Options, state: Path | None = None) -> tuple[int, str, str]:
    out, err = StringIO(), StringIO()
    return run_audit(options, state=state, out=out, err=err), out.getvalue(), err.getvalue()


def options(folder: Path, **more: Any) -> Options:
    root = folder.parent / "root.json"
    root.write_bytes(standard_pin().to_bytes())
    return Options(root=str(root), source=str(folder), at=NOW, lang="en", **more)


def test_a_good_log(book: Logbook, tmp_path: Path) -> None:
    code, out, err = said(options(site(book, tmp_path / "site")))
    assert (code, err) == (0, "")
    assert out.startswith(
        "The log passed the audit\njxjy.henan.example/log: 300 of 300 entries, 2 cosignatures (1"
    )
    code, out, _ = said(replace(options(tmp_path / "site"), lang="zh-CN"))
    assert code == 0
    assert out.startswith("日志审计通过\n")


def test_without_a_root_of_ones_own_there_is_no_verdict(book: Logbook, tmp_path: Path) -> None:
    code, out, _ = said(Options(source=str(site(book, tmp_path / "site")), at=NOW, lang="en"))
    assert code == 2
    assert "root_not_pinned [open]" in out
    assert standard_pin().fingerprint in out


def test_json_for_programs(book: Logbook, tmp_path: Path) -> None:
    book.enter("void", 1)
    code, out, _ = said(options(site(book, tmp_path / "site"), as_json=True))
    document = json.loads(out)
    assert (code, document["verdict"], document["counts"]) == (1, "FAILED", {"void_after_issue": 1})
    assert document["findings"][0]["leaf"] == 300
    assert document["source"] == str(tmp_path / "site")


def test_the_state_remembers_and_a_fork_leaves_it_alone(book: Logbook, tmp_path: Path) -> None:
    state = tmp_path / "audit.json"
    assert said(options(site(book, tmp_path / "one")), state)[0] == 0
    kept = state.read_bytes()
    other = Logbook()
    for serial in range(1, 300):
        other.issue(serial, digest="ab" * 32)
    code, out, _ = said(options(site(other, tmp_path / "two")), state)
    assert code == 1
    assert "fork [fault] size=300" in out
    assert "Two signed checkpoints cannot both be true" in out
    assert state.read_bytes() == kept
    assert said(options(site(book, tmp_path / "three")), state)[0] == 0


def test_what_cannot_be_told_is_two(book: Logbook, tmp_path: Path) -> None:
    folder = site(book, tmp_path / "site")
    (folder / "log/tile/entries/000").unlink()
    assert said(options(folder))[0] == 2


def test_many_findings_are_summed_up(book: Logbook, tmp_path: Path) -> None:
    for _ in range(MAX_WRITTEN + 7):
        book.enter("void", 1)
    _, out, _ = said(options(site(book, tmp_path / "site")))
    assert out.endswith("7 more: void_after_issue ×7\n")
    assert out.count("void_after_issue [fault]") == MAX_WRITTEN


def test_nothing_in_a_log_paints_the_terminal(book: Logbook, tmp_path: Path) -> None:
    book.issue(1, number="\x1b[32m PASSED")
    _, out, _ = said(options(site(book, tmp_path / "site")))
    assert "\x1b" not in out
    assert "entry_members" in out


def test_over_http(book: Logbook, tmp_path: Path) -> None:
    files = {path: data for path, data in book.files().items() if data is not None}
    with serving(files) as (address, asked):
        code, _, _ = said(Options(source=address, at=NOW, fingerprint=standard_pin().fingerprint))
    assert code == 0
    assert "log/tile/entries/001.p/44" in asked


class Terminal(StringIO):
    """Somebody looks on."""

    def isatty(self) -> bool:
        return True


def test_progress_where_somebody_looks_on(book: Logbook, tmp_path: Path) -> None:
    err = Terminal()
    chosen = options(site(book, tmp_path / "site"))
    assert run_audit(chosen, state=None, out=StringIO(), err=err) == 0
    assert err.getvalue() == "\r300 / 300\r\033[K"


@pytest.mark.parametrize("case", ["no source", "no such folder", "no root", "state", "state unwritable"])
def test_what_cannot_be_carried_out(book: Logbook, tmp_path: Path, case: str) -> None:
    folder = site(book, tmp_path / "site")
    state: Path | None = None
    chosen = options(folder)
    if case == "no source":
        chosen = Options(lang="en")
    elif case == "no such folder":
        chosen = options(tmp_path / "nowhere")
    elif case == "no root":
        (folder / "root.json").unlink()
        chosen = Options(source=str(folder), at=NOW, lang="en")
    elif case == "state":
        state = tmp_path / "state.json"
        state.write_text("{}", encoding="utf-8")
    else:
        state = tmp_path / "nowhere" / "state.json"
    code, out, err = said(chosen, state)
    assert (code, out) == (64, "")
    assert err


def test_the_program(book: Logbook, tmp_path: Path) -> None:
    folder = site(book, tmp_path / "site")
    for words, code in (
        ([str(folder), "--at", AT, "--root-fingerprint", standard_pin().fingerprint], 0),
        ([str(folder), "--at", AT, "--lang", "en"], 2),
        ([str(folder), "--lang", "fr"], 64),
        ([], 64),
        (["--help"], 0),
    ):
        done = subprocess.run(
            [sys.executable, "-m", "verifier", "audit", *words],
            cwd=PROJECT,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == code, done.stderr
