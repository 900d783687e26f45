"""Annotating a file in a process of its own, bounded in memory and time: where others are served meanwhile.

openpyxl keeps the whole workbook: every cell that has only a border, every cell under a merged range. And of a hundred thousand
rows even the plain copy computes for twenty seconds. So neither runs in a process that answers people. What passes its bounds in its
own dress is begun again as a plain copy. The process is started for each file, without its caller's environment, and is no sandbox.
"""

import logging
import os
import pickle
import resource
import subprocess
import sys
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

from registry.intake.annotate import FaultyCells, Outcomes, Remarks, write_annotated

MEMORY = 768 << 20
"""Bytes that it may write to; in its own dress 20,000 rows of the form take 120 MB, plainly 100,000 take 300. Sender: a clerk, or
who took over a clerk's mail."""
PROCESSOR_SECONDS = 90
"""20,000 rows take six in their own dress, 100,000 plainly twenty-five."""
WALL_SECONDS = 300.0
_PROGRAM = "import sys; sys.path[:] = sys.argv[3:]; from registry.intake.dress import main; main(int(sys.argv[1]), int(sys.argv[2]))"
_NEEDED = ("LD_LIBRARY_PATH",)
logger = logging.getLogger(__name__)


def annotated_apart(
    data: bytes,
    name: str,
    remarks: Remarks,
    faults: FaultyCells,
    outcomes: Outcomes,
    *,
    plain: bool = False,
    memory: int = MEMORY,
    seconds: int = PROCESSOR_SECONDS,
) -> bytes:
    """What ``write_annotated`` writes; raises as it does."""
    for plainly in (True,) if plain else (False, True):
        made = _apart((data, name, remarks, faults, outcomes, plainly), memory, seconds)
        if made is not None:
            return made
    # No process could be started, or its bounds are too narrow for the file: a plain copy is bounded by what intake reads.
    logger.warning("a list of %d bytes could not be annotated apart, and is here", len(data))
    out = BytesIO()
    write_annotated(data, name, out, remarks, faults, outcomes=outcomes, plain=True)
    return out.getvalue()


def _apart(asked: tuple[object, ...], memory: int, seconds: int) -> bytes | None:
    # openpyxl's own files end with the folder, whatever kills the process.
    with TemporaryDirectory(prefix="certreg-") as scratch:
        try:
            done = subprocess.run(
                [sys.executable, "-I", "-c", _PROGRAM, str(memory), str(seconds), *_module_path()],
                input=pickle.dumps(asked),
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
    data, name, remarks, faults, outcomes, plain = pickle.loads(sys.stdin.buffer.read())  # noqa: S301 - of our own parent
    resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    out = BytesIO()
    write_annotated(data, name, out, remarks, faults, outcomes=outcomes, plain=plain)
    sys.stdout.buffer.write(out.getbuffer())


def _module_path() -> list[str]:
    here = str(Path(__file__).resolve().parents[2])
    return [here, *(str(Path(entry).resolve()) for entry in sys.path if entry)]


def _environment(scratch: str) -> Mapping[str, str]:
    kept = {name: os.environ[name] for name in _NEEDED if name in os.environ}
    return {**kept, "TMPDIR": scratch}
