"""Where a report, whoever made it, is not what a case expects."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from verifier.report import STEP_NAMES

STEPS = tuple(f"step {number} {name}" for number, name in enumerate(STEP_NAMES))
ASPECTS = ("verdict", "reason", "missing", *STEPS, "details", "trust")
"""What is compared. The last two a program may leave out (README)."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One aspect in which a report differs."""

    aspect: str
    expected: object
    got: object

    def __str__(self) -> str:
        return f"{self.aspect}: expected {self.expected}, got {self.got}"


def differences(document: Mapping[str, Any], report: Mapping[str, Any]) -> list[Difference]:
    """All of them, for the case ``document`` and a report in its JSON form; empty where they agree."""
    expected = document["expected"]
    found = [
        Difference(name, expected[name], report.get(name))
        for name in ("verdict", "reason", "missing")
        if expected[name] != report.get(name)
    ]
    for wanted in expected["steps"]:
        found += _in_step(wanted, _step(report, wanted["step"]))
    for name, value in expected.get("trust", {}).items():
        if _member(report.get("trust"), name) != value:
            found.append(Difference("trust", {name: value}, report.get("trust")))
    return found


def _in_step(wanted: Mapping[str, Any], step: object) -> list[Difference]:
    names = ("step", "name", "outcome", "code")
    expected, got = ({name: _member(one, name) for name in names} for one in (wanted, step))
    found = [] if expected == got else [Difference(STEPS[wanted["step"]], expected, got)]
    details = _member(step, "details")
    for name, value in wanted.get("details", {}).items():
        if _member(details, name) != value:
            found.append(Difference("details", {STEPS[wanted["step"]]: {name: value}}, details))
    return found


def _step(report: Mapping[str, Any], number: int) -> object:
    steps = report.get("steps")
    return steps[number] if isinstance(steps, list) and number < len(steps) else None


def _member(value: object, name: str) -> object:
    return value.get(name) if isinstance(value, Mapping) else None
