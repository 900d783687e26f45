"""Where temporary files of the tests are, and that none stays."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.scratch import BESIDE, ROOM, is_roomy

_LOOK = """
import os, sys, tempfile
print(tempfile.mkdtemp(), oct(os.stat(tempfile.gettempdir()).st_mode))
"""


def _run(code: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "tests.scratch", sys.executable, "-c", code]
    return subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, check=False)


def test_files_are_where_the_caller_wants_them_and_gone_at_the_end(tmp_path: Path) -> None:
    done = _run(_LOOK, TMPDIR=str(tmp_path))
    made, mode = done.stdout.split()
    assert (done.returncode, done.stderr, mode) == (0, "", "0o40711")
    assert Path(made).parent.parent == tmp_path, (
        "another user's server reaches its own folder, and lists none"
    )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("code", "wanted"), [("raise SystemExit(3)", 3), ("import os; os.kill(os.getpid(), 9)", 137)]
)
def test_the_end_is_the_commands(code: str, wanted: int, tmp_path: Path) -> None:
    assert _run(code, TMPDIR=str(tmp_path)).returncode == wanted
    assert list(tmp_path.iterdir()) == []


def test_an_interrupt_is_the_commands_and_nothing_stays(tmp_path: Path) -> None:
    code = "import os, signal; os.killpg(0, signal.SIGINT)"
    command = [sys.executable, "-m", "tests.scratch", sys.executable, "-c", code]
    done = subprocess.run(
        command,
        env=os.environ | {"TMPDIR": str(tmp_path)},
        start_new_session=True,
        stderr=subprocess.PIPE,
        check=False,
    )
    assert done.returncode == 130
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGHUP])
def test_whoever_ends_it_ends_the_command_and_nothing_stays(sign: signal.Signals, tmp_path: Path) -> None:
    code = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"
    command = [sys.executable, "-m", "tests.scratch", sys.executable, "-c", code]
    with subprocess.Popen(
        command, env=os.environ | {"TMPDIR": str(tmp_path)}, stdout=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout is not None
        child = int(running.stdout.readline())
        running.send_signal(sign)
        assert running.wait(30) == 128 + sign
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)


def test_memory_is_used_where_there_is_plenty(tmp_path: Path) -> None:
    told = tmp_path / "meminfo"
    told.write_text(f"MemTotal: 99 kB\nMemAvailable: {(ROOM + BESIDE) // 1024 - 1} kB\n")
    assert not is_roomy(tmp_path, told)
    told.write_text(f"MemTotal: 99 kB\nMemAvailable: {(ROOM + BESIDE) // 1024} kB\n")
    assert is_roomy(tmp_path, told) == (shutil.disk_usage(tmp_path).free >= ROOM)
    told.write_text("MemTotal: 99 kB\n")
    assert not is_roomy(tmp_path, told), "not told"
    assert not is_roomy(tmp_path / "absent", told)
