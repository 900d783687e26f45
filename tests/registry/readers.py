"""Readers of a publication, wherever it lies: everything in it, and what the public verifier says with it."""

from pathlib import Path

from keys.trustchain import parse_pin
from registry.trust import registry_of
from tests.registry.rig import Rig
from verifier.gather import Gatherer, load_trust
from verifier.judged import judge
from verifier.policy import VerificationPolicy
from verifier.presented import Presented
from verifier.report import VerificationReport
from verifier.sources import RememberingSource, Source


def contents(folder: Path) -> dict[str, bytes]:
    """Every published file by its path."""
    files = (path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def judged(rig: Rig, source: Source, number: str) -> VerificationReport:
    """The verdict on a certificate of ``rig`` by somebody who has its record and pinned its root."""
    with rig.app.database.read() as session:
        pin = parse_pin(registry_of(session).root)
    remembering = RememberingSource(source)
    loaded = load_trust(remembering, pin=pin)
    presented = Presented(number, record=rig.record(number))
    policy = VerificationPolicy(at=rig.clock.now, require_log=True)
    return next(iter(judge([presented], Gatherer(remembering, loaded.trust), loaded, policy))).report
