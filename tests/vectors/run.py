"""Run any program that speaks the protocol (README) over all cases, and say on what it agrees.

    python -m tests.vectors.run [--only NAME] [--patience SECONDS] -- COMMAND …

Exit codes: 0 it agrees everywhere; 1 it differs somewhere; 2 it broke off; 64 the command line, or it cannot be started.
"""

import argparse
import json
import shlex
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.lineprogram import PATIENCE, BrokeOffError, LineProgram, running
from tests.vectors.comparing import ASPECTS, Difference, differences
from tests.vectors.files import case_names, question_of_case, read_case

AGREES, DIFFERS, BROKE_OFF, USAGE = 0, 1, 2, 64
UNANSWERED = "no answer"


@dataclass(slots=True)
class Tally:
    """What came of it: by aspect, how many cases were compared and in how many the program differed."""

    compared: Counter[str] = field(default_factory=Counter)
    differing: Counter[str] = field(default_factory=Counter)
    broke_off: str = ""

    def add(self, document: Mapping[str, Any], told: Mapping[str, Any]) -> list[str]:
        """Count the answer ``told`` to a case; returns the differences in words."""
        report = told.get("answer")
        if not isinstance(report, dict):
            self.differing[UNANSWERED] += 1
            return [f"{UNANSWERED}: {json.dumps(told, ensure_ascii=False)[:300]}"]
        left_out = _left_out(report)
        found = [one for one in differences(document, report) if one.aspect not in left_out]
        self.compared.update(aspect for aspect in ASPECTS if aspect not in left_out)
        self.differing.update({one.aspect for one in found})
        return list(map(Difference.__str__, found))

    @property
    def code(self) -> int:
        """The exit code."""
        if self.broke_off:
            return BROKE_OFF
        return DIFFERS if self.differing else AGREES

    def table(self, cases: int) -> str:
        """Agreements by aspect, a line each."""
        lines = [
            f"{self.compared[name] - self.differing[name]:4} of {self.compared[name]}  {name}"
            for name in ASPECTS
            if self.compared[name]
        ]
        unanswered = cases - self.compared["verdict"]
        return (
            "\n".join([*lines, *([f"{unanswered:4} of {cases}  {UNANSWERED}"] if unanswered else [])]) + "\n"
        )


def _left_out(report: Mapping[str, Any]) -> set[str]:
    """What this program does not say at all, and need not."""
    steps = report.get("steps")
    detailed = isinstance(steps, list) and any(isinstance(one, dict) and "details" in one for one in steps)
    return ({"trust"} - report.keys()) | (set() if detailed else {"details"})


def run(command: Sequence[str], names: Sequence[str], patience: float = PATIENCE) -> Tally:
    """Ask ``command`` about the cases ``names``; differences are written as they come. Raises ``OSError`` where it cannot start."""
    tally = Tally()
    with running(command, patience=patience) as program:
        for name in names:
            try:
                told = program.ask(question_of_case(read_case(name)))
            except BrokeOffError as error:
                tally.broke_off = f"{name}: {error}"
                break
            for line in tally.add(read_case(name), told):
                sys.stdout.write(f"{name}: {line}\n")
        _end(program, tally)
    return tally


def _end(program: LineProgram, tally: Tally) -> None:
    code = program.end()
    if code and not tally.broke_off:
        tally.broke_off = f"at the end of its input it ended with {code}"


def main(arguments: Sequence[str]) -> int:
    """Parse the command line and run; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.vectors.run", exit_on_error=False)
    parser.add_argument("--only", choices=case_names(), metavar="NAME", help="one case")
    parser.add_argument("--patience", type=float, default=PATIENCE, help="seconds for an answer")
    parser.add_argument("command", nargs="+", metavar="COMMAND")
    try:
        options = parser.parse_args(arguments)
        names = [options.only] if options.only else case_names()
        tally = run(options.command, names, options.patience)
    except (argparse.ArgumentError, OSError) as error:
        sys.stderr.write(f"{error}\n{parser.format_usage()}")
        return USAGE
    except SystemExit as ended:  # --help, or a missing command, about which argparse has spoken
        return USAGE if ended.code else AGREES
    sys.stdout.write(tally.table(len(names)))
    if tally.broke_off:
        sys.stderr.write(f"{shlex.join(options.command)} broke off in {tally.broke_off}\n")
    return tally.code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
