"""One certificate, one machine, one run: ``python -m tests.benchmarks.comparison [--seconds 1] [--rounds 5]``.

This project, raw Ed25519 and ``peers``, by turns, with raw signing and verification sampled before and after each. A ratio is the
rate in a second of processor time by the raw one, so that neighbours of this machine weigh little; the median of the rounds.
"""

import argparse
import json
import platform
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean, median
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.benchmarks.bars import draw_bars
from tests.benchmarks.measure import RawGauge, RawSample
from tests.benchmarks.office import make_sheets
from tests.benchmarks.peers import Pace, Peer, peers
from tests.benchmarks.run import office_on


@dataclass(slots=True)
class Act:
    """The rounds of one peer's issuing, or verifying, and the ratios of the same rounds."""

    paces: list[Pace] = field(default_factory=list)
    of_raw: list[float] = field(default_factory=list)

    def to_json(self) -> dict[str, float]:
        """Medians: a second by the clock, a second of processor time, and that by raw."""
        return {
            "clock": round(median(one.clock for one in self.paces), 1),
            "core": round(median(one.core for one in self.paces), 1),
            "ofRaw": round(median(self.of_raw), 4),
        }


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, write."""
    parser = argparse.ArgumentParser("python -m tests.benchmarks.comparison", description=__doc__)
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path, default=Path("var/comparison.json"), metavar="FILE")
    options = parser.parse_args(arguments)
    gauge, found = RawGauge(min(0.5, options.seconds)), {}
    with tempfile.TemporaryDirectory(prefix="certreg-comparison-") as name:
        folder = Path(name)
        with office_on("sqlite", folder / "office") as office:
            office.issue_all(make_sheets(folder / "sheets", rows=10, sheets=1, seed=1)[0])
            with peers(office, folder) as compared:
                for _ in range(options.rounds):
                    _round(compared, gauge, found, options.seconds)
    document: dict[str, Any] = {
        "comparisonVersion": 1,
        "machine": {
            "processor": platform.processor() or platform.machine(),
            "python": platform.python_version(),
        },
        "raw": {
            act: round(median(getattr(one, f"{act}_cpu") for one in gauge.samples), 1)
            for act in ("sign", "verify")
        },
        "peers": {peer: {act: one.to_json() for act, one in acts.items()} for peer, acts in found.items()},
    }
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    draw_bars(document["peers"], options.json.with_suffix(".svg"))
    _print(document)
    return 0


def _round(
    compared: Sequence[Peer], gauge: RawGauge, found: dict[str, dict[str, Act]], seconds: float
) -> None:
    before = gauge.sample()
    for peer in compared:
        for act, work, raw in (("issue", peer.issue, "sign_cpu"), ("verify", peer.verify, "verify_cpu")):
            if work is None:
                continue
            pace = work(seconds)
            after = gauge.sample()
            one = found.setdefault(peer.name, {}).setdefault(act, Act())
            one.paces.append(pace)
            one.of_raw.append(pace.core / _between(before, after, raw))
            before = after


def _between(before: RawSample, after: RawSample, name: str) -> float:
    return mean((getattr(before, name), getattr(after, name)))


def _print(document: dict[str, Any]) -> None:
    table = Table("in memory, one process", "issue/s of a core", "of raw", "verify/s of a core", "of raw")
    raw, found = document["raw"], document["peers"]
    table.add_row("raw Ed25519, 64 bytes", f"{raw['sign']:,.0f}", "1", f"{raw['verify']:,.0f}", "1")
    for peer, acts in found.items():
        cells = []
        for act in ("issue", "verify"):
            one = acts.get(act)
            cells += [f"{one['core']:,.0f}", f"{one['ofRaw']:.2f}"] if one else ["–", "–"]
        table.add_row(peer, *cells)
    Console(width=120).print(table)


if __name__ == "__main__":
    sys.exit(main())
