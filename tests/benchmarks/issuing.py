"""Issuing by two trees of this program, file by file in turn: ``python -m tests.benchmarks.issuing OTHER-TREE [ENGINE] [ROUNDS] [ROWS]``.

Two processes, one in each tree, each with a registry of its own on the engine, issue the same files of ROWS one after the other,
raw signing before and after each file by this process. So both meet the same neighbours, and the ratios to raw, and of one
to the other, are medians over turns. Processor time is of everything that worked, a database server's included.
"""

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from statistics import mean, median

from sqlalchemy import text

from tests.benchmarks.measure import RawGauge, timed
from tests.benchmarks.office import Office, make_sheets
from tests.benchmarks.run import office_on

_HERE = Path(__file__).resolve().parents[2]
_SEED = 7_000_000


@dataclass(frozen=True, slots=True)
class Turn:
    """One file: seconds a certificate by the clock, of this process's processor time, its agent's, a server's."""

    wall: float
    own: float
    agent: float
    server: float


@dataclass(frozen=True, slots=True)
class Told:
    """A turn beside raw signing: times of one signature, by the clock and of processor time."""

    turn: Turn
    raw_wall: float
    raw: float


def main(arguments: list[str]) -> int:
    """The comparison, or with ``--turns ENGINE FOLDER`` one of its two processes."""
    if arguments[0] == "--turns":
        return _take_turns(arguments[1], Path(arguments[2]))
    other = Path(arguments[0]).resolve()
    engine = arguments[1] if len(arguments) > 1 else "postgresql"
    rounds = int(arguments[2]) if len(arguments) > 2 else 6
    rows = int(arguments[3]) if len(arguments) > 3 else 10_000
    gauge = RawGauge(0.3)
    told: dict[str, list[Told]] = {"other": [], "here": []}
    with tempfile.TemporaryDirectory(prefix="certreg-issuing-") as name:
        sheets = make_sheets(Path(name) / "sheets", rows=rows, sheets=rounds + 1, seed=_SEED)
        workers = {
            which: _start(tree, engine, Path(name) / which)
            for which, tree in (("other", other), ("here", _HERE))
        }
        for worker in workers.values():  # the first file warms up, and is not counted
            _ask(worker, sheets[0])
        for place, sheet in enumerate(sheets[1:]):
            for which in list(workers)[:: 1 if place % 2 else -1]:
                before = gauge.sample()
                turn = _ask(workers[which], sheet)
                after = gauge.sample()
                raw_wall = mean((1 / before.sign, 1 / after.sign))
                told[which].append(Told(turn, raw_wall, mean((1 / before.sign_cpu, 1 / after.sign_cpu))))
        for worker in workers.values():
            worker.communicate()
    for which, turns in told.items():
        print(f"{engine}, {which}: {_summary(turns)}")
    faster = median(a.turn.wall / b.turn.wall for a, b in zip(told["other"], told["here"], strict=True))
    print(f"{engine}: other by here, pair by pair, by the clock: {faster:.2f}")
    return 0


def _summary(turns: list[Told]) -> str:
    parts = {
        "own": median(one.turn.own / one.raw for one in turns),
        "agent": median(one.turn.agent / one.raw for one in turns),
        "server": median(one.turn.server / one.raw for one in turns),
    }
    wall = median(one.raw_wall / one.turn.wall for one in turns)
    core = median(one.raw / (one.turn.own + one.turn.agent) for one in turns)
    raw, micro = median(one.raw for one in turns) * 1e6, median(one.turn.wall for one in turns) * 1e6
    told = ", ".join(f"{name} {value:.2f}" for name, value in parts.items())
    return f"{wall:.3f} of raw by the clock ({micro:.0f} us each); processor time in raw signatures ({raw:.0f} us): {told}; {core:.3f} a core"


def _start(tree: Path, engine: str, folder: Path) -> "subprocess.Popen[str]":
    # This file works in both trees: the other may be older than it.
    return subprocess.Popen(
        [sys.executable, "-P", str(Path(__file__).resolve()), "--turns", engine, str(folder)],
        env={**os.environ, "PYTHONPATH": str(tree)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        bufsize=1,
    )


def _ask(worker: "subprocess.Popen[str]", sheet: Path) -> Turn:
    assert worker.stdin is not None and worker.stdout is not None  # noqa: PT018 - both are pipes
    worker.stdin.write(f"{sheet}\n")
    worker.stdin.flush()
    return Turn(**json.loads(worker.stdout.readline()))


def _take_turns(engine: str, folder: Path) -> int:
    with office_on(engine, folder) as office:
        for line in sys.stdin:
            sheet, backends = Path(line.strip()), _backends(office)
            before = sum(map(_computed, backends))
            one = timed(partial(office.issue_all, sheet))
            server = sum(map(_computed, backends)) - before
            times = (one.wall, one.cpu, one.all_cpu - one.cpu, server)
            print(json.dumps(asdict(Turn(*(time / one.count for time in times)))), flush=True)
    return 0


def _backends(office: Office) -> list[int]:
    """The processes of the database server that serve us or write for us."""
    if office.app.database.engine.dialect.name != "postgresql":
        return []
    with office.app.database.read() as session:
        return list(session.scalars(text("SELECT pid FROM pg_stat_activity")))


def _computed(process: int) -> float:
    try:
        stat = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
