"""A workbook annotated in its own dress by a process of its own, bounded in memory and time.

openpyxl keeps the whole workbook: every cell that has only a border, every cell under a merged range (one element of 40 bytes
merges 17 thousand million). So in a process that serves others it never runs; here it takes what it is allowed, or the
caller writes a plain copy. The process is started anew for each file, without its caller's environment, and is no sandbox.
"""

import os
import pickle
import resource
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from registry.intake.annotate import Marks, in_own_dress

MEMORY = 512 << 20
"""Bytes that it may write to; 20,000 rows of the form take 120 MB. Sender: a clerk, or who took over a clerk's mail."""
PROCESSOR_SECONDS = 60
"""20,000 rows take six; what passes this bound is a plain copy."""
WALL_SECONDS = 120.0
_PROGRAM = "import sys; sys.path[:] = sys.argv[3:]; from registry.intake.dress import main; main(int(sys.argv[1]), int(sys.argv[2]))"
_NEEDED = ("LD_LIBRARY_PATH",)


def annotate_apart(
    data: bytes,
    marks: Marks,
    former: Sequence[str],
    *,
    memory: int = MEMORY,
    seconds: int = PROCESSOR_SECONDS,
) -> bytes | None:
    """As ``in_own_dress``; None also where it would have taken more than its bounds."""
    with TemporaryDirectory(
        prefix="certreg-"
    ) as scratch:  # openpyxl's own files end with it, whatever kills the process
        command = [sys.executable, "-I", "-c", _PROGRAM, str(memory), str(seconds), *_module_path()]
        try:
            done = subprocess.run(
                command,
                input=pickle.dumps((data, marks, former)),
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=_environment(scratch),
                timeout=WALL_SECONDS,
                check=False,
                start_new_session=True,
            )
        except (OSError, subprocess.TimeoutExpired):
            return None
    return done.stdout if done.returncode == 0 else None


def main(memory: int, seconds: int) -> None:
    """The process: what to do on its standard input, the workbook on its standard output."""
    data, marks, former = pickle.loads(sys.stdin.buffer.read())  # noqa: S301 - of our own parent
    resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    dressed = in_own_dress(data, marks, former)
    if dressed is None:
        sys.exit(1)
    sys.stdout.buffer.write(dressed)


def _module_path() -> list[str]:
    here = str(Path(__file__).resolve().parents[2])
    return [here, *(str(Path(entry).resolve()) for entry in sys.path if entry)]


def _environment(scratch: str) -> Mapping[str, str]:
    kept = {name: os.environ[name] for name in _NEEDED if name in os.environ}
    return {**kept, "TMPDIR": scratch}
