"""The measures of one run, in order: issue on each engine, then verify, draw and the small pieces on what was issued."""

import importlib.metadata
import os
import platform
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from keys.canonical import canonicalize_restricted
from registry.faces.face import face_source
from registry.faces.renderer import FaceRenderer
from registry.handout import Handout
from registry.publication import publish
from tests.benchmarks.custody import custodies
from tests.benchmarks.judging import collect, judge_all, judge_all_in, trust_of
from tests.benchmarks.logs import log_measures
from tests.benchmarks.measure import Measure, RawGauge, Timings, measure, raw_json, time_each
from tests.benchmarks.office import Office, make_sheets, open_office
from tests.benchmarks.serving import serving_measures
from tests.registry.engines import postgresql
from verifier.drawing.qr import qr_matrix
from verifier.many import VerifierPool
from verifier.policy import VerificationPolicy

BENCHMARK_VERSION = 1
ENGINES = ("sqlite", "postgresql")
_SEED = 20_261_120
_PACKAGES = (
    "cryptography",
    "pynacl",
    "orjson",
    "sqlalchemy",
    "psycopg",
    "python-calamine",
    "typst",
    "qrcode",
)
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is measured: certificates or leaves in one round of each kind, rounds, and seconds of a raw sample."""

    issue: int = 10_000
    verify: int = 2000
    sign: int = 2000
    render: int = 20
    leaves: int = 100_000
    rounds: int = 3
    raw_seconds: float = 0.4


@dataclass(frozen=True, slots=True)
class Results:
    """What one run found."""

    sizes: Sizes
    engines: tuple[str, ...]
    gauge: RawGauge
    measures: tuple[Measure, ...]
    timings: tuple[Timings, ...]

    def to_json(self) -> dict[str, object]:
        """The file that the run leaves (README.md says what its members mean)."""
        names = ("issue", "verify", "sign", "render", "leaves")
        sizes: dict[str, object] = {name: getattr(self.sizes, name) for name in names}
        return {
            "benchmarkVersion": BENCHMARK_VERSION,
            "sizes": sizes | {"rounds": self.sizes.rounds, "rawSeconds": self.sizes.raw_seconds},
            "engines": list(self.engines),
            "machine": _machine(),
            "raw": raw_json(self.gauge.samples),
            "measures": [one.to_json() for one in self.measures],
            "timings": [one.to_json() for one in self.timings],
        }


def run(sizes: Sizes, engines: Sequence[str], say: Say) -> Results:
    """Measure everything; ``say`` is told what comes next."""
    gauge = RawGauge(sizes.raw_seconds)
    measures: list[Measure] = []
    timings: list[Timings] = []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="certreg-bench-")))
        say(f"making {sizes.rounds} sheets of {sizes.issue} rows (not timed)")
        sheets = make_sheets(folder / "sheets", rows=sizes.issue, sheets=sizes.rounds, seed=_SEED)
        warm = make_sheets(folder / "warm", rows=min(50, sizes.issue), sheets=1, seed=_SEED - 1)[0]
        offices: list[Office] = []
        for engine in engines:
            say(f"issue on {engine}")
            office = stack.enter_context(office_on(engine, folder / engine))
            office.issue(warm)
            works = [lambda office=office, sheet=sheet: office.issue_all(sheet) for sheet in sheets]
            measures.append(measure(f"issue, {engine}", gauge, works, beside="sign"))
            offices.append(office)
        say("verify")
        measures += _verified(offices[0], sizes, gauge)
        say("serve")
        held = collect(offices[0], sizes.verify)
        measures += serving_measures(offices[0], held, sizes.rounds, gauge)
        say("sign, by custody")
        measures += custodies(offices[0], folder, sizes.rounds, sizes.sign, gauge)
        say("draw")
        timings += _drawn(offices[0], sizes)
        say("small pieces")
        small_measures, small_timings = _small(offices[0], sizes, gauge)
        measures += small_measures
        timings += small_timings
        say(f"log of {sizes.leaves * sizes.rounds} leaves")
        measures += log_measures(offices[0], sizes.leaves, sizes.rounds, gauge)
    return Results(sizes, tuple(engines), gauge, tuple(measures), tuple(timings))


@contextmanager
def office_on(engine: str, folder: Path) -> Iterator[Office]:
    """An office whose registry is on ``engine``."""
    if engine not in ENGINES:
        raise ValueError(f"no such engine: {engine}")
    with ExitStack() as stack:
        cluster = stack.enter_context(postgresql(synced=True)) if engine == "postgresql" else None
        url = cluster.url(cluster.create()) if cluster else ""
        yield stack.enter_context(open_office(folder, url))


def _verified(office: Office, sizes: Sizes, gauge: RawGauge) -> list[Measure]:
    held = collect(office, sizes.verify)
    now = office.app.clock()
    logged = VerificationPolicy(at=now, require_log=True)
    alone = VerificationPolicy(at=now)  # a QR alone carries no log proof
    cases = (
        ("verify, JSON with log proof and status", held.records, logged),
        ("verify, QR text with status", held.qr_texts, alone),
    )
    found = []
    for name, evidence, policy in cases:
        trust = trust_of(office)
        judge_all(evidence[:50], trust, policy)()
        works = [judge_all(evidence, trust, policy)] * sizes.rounds
        found.append(measure(f"{name}, one process", gauge, works, beside="verify"))
        with VerifierPool(trust) as pool:
            judge_all_in(pool, evidence[:500], policy)()
            works = [judge_all_in(pool, evidence, policy)] * sizes.rounds
            found.append(measure(f"{name}, all processors", gauge, works, beside="verify"))
    return found


def _drawn(office: Office, sizes: Sizes) -> list[Timings]:
    handouts = collect(office, sizes.render + 1).handouts
    renderer = FaceRenderer()

    def pdf(handout: Handout) -> Callable[[], object]:
        return lambda: renderer.pdf(face_source(handout.record, log_proof=handout.log_proof))

    def png(handout: Handout) -> Callable[[], object]:
        return lambda: renderer.png(face_source(handout.record, log_proof=handout.log_proof))

    return [time_each("draw PDF", list(map(pdf, handouts))), time_each("draw PNG", list(map(png, handouts)))]


def _small(office: Office, sizes: Sizes, gauge: RawGauge) -> tuple[list[Measure], list[Timings]]:
    handouts = collect(office, min(200, sizes.verify)).handouts

    def canonicalise() -> int:
        for handout in handouts:
            canonicalize_restricted(handout.record.document)
        return len(handouts)

    def matrix(handout: Handout) -> Callable[[], object]:
        prefix, digits = handout.record.qr_prefix, handout.record.qr_digits
        return lambda: qr_matrix(prefix, digits)

    measures = [measure("canonical form of a record", gauge, [canonicalise] * sizes.rounds)]
    matrices = [matrix(handout) for handout in islice(handouts, sizes.render + 1)]
    unchanged = [lambda: publish(office.app, office.site)] * (sizes.rounds + 1)
    return measures, [time_each("QR matrix", matrices), time_each("publish, unchanged", unchanged)]


def _machine() -> dict[str, object]:
    return {
        "cores": len(os.sched_getaffinity(0)),
        "processor": platform.machine(),
        "python": platform.python_version(),
        "packages": {name: importlib.metadata.version(name) for name in _PACKAGES},
    }
