"""What a vector is, before it becomes files: evidence, trust, policy, and the outcome of every step, written by hand.

A case states how it differs from ``JSON`` or ``QR``, the outcomes of a good certificate. Nothing here asks the verifier;
``generate`` runs it afterwards and refuses a vector on which the two disagree.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from keys.trustchain import RootPin
from tests.simulator import NOW, Simulator, policy, standard_pin
from verifier.evidence import Evidence
from verifier.policy import VerificationPolicy
from verifier.report import Detail

Steps = Mapping[int, str]
"""Outcome and code by step number."""

JSON: Steps = {
    0: "PASSED within_bounds",
    1: "PASSED record",
    2: "PASSED strict",
    3: "PASSED trust_list_in_force",
    4: "PASSED authorised",
    5: "PASSED proof_valid",
    6: "PASSED well_formed",
    7: "PASSED logged",
    8: "PASSED in_force",
    9: "SKIPPED no_qr",
    10: "PASSED hours_met",
}
"""A good annual certificate, presented as JSON with its log proof and fresh lists."""

QR: Steps = {**JSON, 1: "PASSED qr", 9: "PASSED registry_host"}
"""The same, presented as the text of its QR."""

NOT_AUTHENTIC: Steps = {10: "SKIPPED not_authentic"}
"""What follows from any defect of steps 4 to 6."""

NO_RECORD: Steps = {**dict.fromkeys((4, 5, 6, 7), "SKIPPED no_record"), **NOT_AUTHENTIC}
"""What follows where there is no record to judge and its number is known."""

NO_NUMBER: Steps = {**NO_RECORD, 8: "SKIPPED no_number"}
"""What follows where not even the number is known."""

NO_TRUST_LIST: Steps = {
    4: "SKIPPED no_trust_list",
    5: "SKIPPED no_key",
    6: "SKIPPED no_trust_list",
    7: "SKIPPED no_trust_list",
    8: "SKIPPED no_trust_list",
    10: "SKIPPED not_authentic",
}
"""What follows for a record where there is no trust list to judge it by."""


@dataclass(frozen=True, slots=True)
class Expected:
    """``details`` are those that a vector insists on, by step; ``trust`` likewise, of the report's ``trust``."""

    verdict: str
    reason: str
    steps: Steps
    missing: tuple[str, ...] = ()
    details: Mapping[int, Mapping[str, Detail]] = field(default_factory=dict)
    trust: Mapping[str, Detail] = field(default_factory=dict)


def passed(*changes: Steps, base: Steps = JSON, **more: Any) -> Expected:
    """PASSED, with the steps of ``base`` but for ``changes``."""
    return Expected("PASSED", "valid", _changed(base, changes), **more)


def failed(reason: str, *changes: Steps, base: Steps = JSON, **more: Any) -> Expected:
    """FAILED for ``reason``."""
    return Expected("FAILED", reason, _changed(base, changes), **more)


def undecided(reason: str, *changes: Steps, missing: str, base: Steps = JSON, **more: Any) -> Expected:
    """INDETERMINATE for ``reason``; ``missing`` names, separated by spaces, what could decide."""
    return Expected("INDETERMINATE", reason, _changed(base, changes), missing=tuple(missing.split()), **more)


def _changed(base: Steps, changes: Sequence[Steps]) -> Steps:
    steps = dict(base)
    for change in changes:
        steps |= change
    return steps


@dataclass(frozen=True, slots=True)
class Scene:
    """The inputs of one verification and what must come out."""

    evidence: Evidence
    expected: Expected
    chain: tuple[bytes, ...]
    pin: RootPin
    pinned: bool
    seen_version: int
    policy: VerificationPolicy


def scene(
    registry: Simulator,
    evidence: Evidence,
    expected: Expected,
    *,
    chain: Sequence[bytes] | None = None,
    pin: RootPin | None = None,
    moment: int = NOW,
    pinned: bool = True,
    seen_version: int = 0,
    **demands: Any,
) -> Scene:
    """``evidence`` judged at ``moment`` by a strict reader who trusts ``registry``; ``demands`` change the policy."""
    return Scene(
        evidence=evidence,
        expected=expected,
        chain=(registry.trust_list.data,) if chain is None else tuple(chain),
        pin=pin or standard_pin(),
        pinned=pinned,
        seen_version=seen_version,
        policy=policy(moment=moment, **demands),
    )


@dataclass(frozen=True, slots=True)
class Vector:
    """A named case: the defect, the clause of the SPEC that decides it, and how to build it."""

    name: str
    clause: str
    title: str
    build: Callable[[], Scene]


VECTORS: dict[str, Vector] = {}
"""Every case by name, once the modules ``cases_*`` are imported."""


def case(name: str, clause: str, title: str) -> Callable[[Callable[[], Scene]], Callable[[], Scene]]:
    """Register the decorated function as the case ``name``."""

    def register(build: Callable[[], Scene]) -> Callable[[], Scene]:
        if name in VECTORS:
            raise ValueError(f"two cases are called {name}")
        VECTORS[name] = Vector(name, clause, title, build)
        return build

    return register
