"""``python -m tests.benchmarks``: one command, a table and a JSON file. README.md says what is measured and how."""

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from tests.benchmarks.office import make_sheets
from tests.benchmarks.profiling import ThreadProfiles, print_profile
from tests.benchmarks.run import ENGINES, Sizes, office_on, run
from tests.benchmarks.table import print_results


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, write; the exit code; argparse ends a wrong command line with 2."""
    parser = _parser()
    options = parser.parse_args(arguments)
    sizes = Sizes(
        options.issue,
        options.verify,
        options.sign,
        options.render,
        options.leaves,
        options.rounds,
        options.raw_seconds,
    )
    if (
        min(sizes.issue, sizes.verify, sizes.sign, sizes.render, sizes.leaves, sizes.rounds) < 1
        or sizes.raw_seconds <= 0
    ):
        parser.error("every size is at least 1")
    engines = ENGINES if options.engine == "both" else (options.engine,)
    if options.profile:
        for engine in engines:
            _profile(engine, options.issue)
        return 0
    results = run(sizes, engines, lambda text: print(f"… {text}", file=sys.stderr))
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(results.to_json(), indent=1) + "\n", encoding="utf-8")
    print_results(results, Console(width=max(160, Console().width)))
    print(f"written: {options.json}", file=sys.stderr)
    return 0


def _parser() -> argparse.ArgumentParser:
    default = Sizes()
    parser = argparse.ArgumentParser("python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--issue", type=int, default=default.issue, help="rows a sheet")
    parser.add_argument("--verify", type=int, default=default.verify, help="certificates judged in a round")
    parser.add_argument("--sign", type=int, default=default.sign, help="signatures a round, by custody")
    parser.add_argument("--render", type=int, default=default.render, help="certificates drawn")
    parser.add_argument("--leaves", type=int, default=default.leaves, help="leaves appended in a round")
    parser.add_argument("--rounds", type=int, default=default.rounds, help="rounds of each measure")
    parser.add_argument(
        "--raw-seconds", type=float, default=default.raw_seconds, help="length of a raw sample"
    )
    parser.add_argument("--engine", choices=(*ENGINES, "both"), default="both")
    parser.add_argument("--json", type=Path, default=Path("var/benchmarks.json"), metavar="FILE")
    parser.add_argument("--profile", action="store_true", help="print where the issue path spends its time")
    return parser


def _profile(engine: str, rows: int) -> None:
    with tempfile.TemporaryDirectory(prefix="certreg-bench-") as name:
        folder = Path(name)
        warm, sheet = make_sheets(folder / "sheets", rows=rows, sheets=2, seed=1)
        with office_on(engine, folder / engine) as office:
            office.issue_all(warm)
            print(f"issue path on {engine}: {rows} rows, processor time of all threads")
            print_profile(ThreadProfiles().run(lambda: office.issue_all(sheet)))


if __name__ == "__main__":
    sys.exit(main())
