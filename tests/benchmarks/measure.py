"""Measuring beside the raw cost: every round of a measure stands between two samples of raw Ed25519.

A machine that others use is twice as slow from one minute to the next, and its raw signatures are so too. So a round's
figure is divided by the mean of the raw samples right before and right after it, and the ratio reported is the median of
the rounds. Raw rates are those of one thread with one key object, over 64-byte messages, by ``cryptography`` (OpenSSL);
those of libsodium, by which the program verifies first, stand beside them.

Two ratios: by the clock, which on a machine that is not ours alone says as much about the neighbours; and by the processors'
time of everything that worked for it (this process, its agent, its pool; a database server is no descendant and is not counted) against that of raw: what one
core does for us, out of what it could sign or verify in the same time.
"""

import os
import resource
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean, median, quantiles

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from nacl.bindings import crypto_sign, crypto_sign_open

MESSAGE = bytes(range(64))
_SLICE = 64
"""Operations between two looks at the clock."""


@dataclass(frozen=True, slots=True)
class RawSample:
    """Operations a second at one moment, by the clock and by this thread's own time."""

    sign: float
    verify: float
    sign_cpu: float
    verify_cpu: float
    sodium_sign: float
    """By the other library that this program uses; no ratio is to it."""
    sodium_verify: float


class RawGauge:
    """Samples raw Ed25519; ``seconds`` is how long each operation is repeated for a sample."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._private = Ed25519PrivateKey.generate()
        self._public = self._private.public_key()
        self._signature = self._private.sign(MESSAGE)
        public = self._public.public_bytes_raw()
        self._sodium = public, self._private.private_bytes_raw() + public
        self.samples: list[RawSample] = []

    def sample(self) -> RawSample:
        """One more sample, kept in ``samples``."""
        sign = self._rate(lambda: self._private.sign(MESSAGE))
        verify = self._rate(lambda: self._public.verify(self._signature, MESSAGE))
        public, secret = self._sodium
        sodium_sign = self._rate(lambda: crypto_sign(MESSAGE, secret))
        sodium_verify = self._rate(lambda: crypto_sign_open(self._signature + MESSAGE, public))
        taken = RawSample(sign[0], verify[0], sign[1], verify[1], sodium_sign[0], sodium_verify[0])
        self.samples.append(taken)
        return taken

    def _rate(self, operation: Callable[[], object]) -> tuple[float, float]:
        """A second, and a second of processor time."""
        started, computed = time.perf_counter(), time.thread_time()
        done = 0
        while (spent := time.perf_counter() - started) < self._seconds or not done:
            for _ in range(_SLICE):
                operation()
            done += _SLICE
        return done / spent, done / (time.thread_time() - computed)


@dataclass(frozen=True, slots=True)
class Round:
    """One round: ``count`` things in ``wall`` seconds, of which this process computed ``cpu`` seconds in all threads.

    ``all_cpu`` has the time of its descendants too: agent, pool.
    """

    count: int
    wall: float
    cpu: float
    all_cpu: float

    @property
    def rate(self) -> float:
        """Things a second."""
        return self.count / self.wall


@dataclass(slots=True)
class Measure:
    """Rounds of one measure. ``beside`` is the raw operation it is compared with: ``sign``, ``verify`` or nothing.

    ``per_core``: what is compared is the rate for a second of processor time, where somebody else's work is waited for.
    """

    name: str
    beside: str = ""
    per_core: bool = False
    rounds: list[Round] = field(default_factory=list)
    raw: list[float] = field(default_factory=list)
    raw_cpu: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Things a second: the median of the rounds."""
        return median(one.rate for one in self.rounds)

    @property
    def ratio(self) -> float | None:
        """Rate by raw rate, paired round by round; the median."""
        if not self.beside:
            return None
        rates = [one.count / (one.cpu if self.per_core else one.wall) for one in self.rounds]
        return median(rate / raw for rate, raw in zip(rates, self.raw, strict=True))

    @property
    def core_ratio(self) -> float | None:
        """As ``ratio``, by the processors' time of all that worked: what a core used yields of the raw rate of a core."""
        if not self.beside:
            return None
        rates = [one.count / one.all_cpu for one in self.rounds]
        return median(rate / raw for rate, raw in zip(rates, self.raw_cpu, strict=True))

    def to_json(self) -> dict[str, object]:
        """Rates a second, times in microseconds of each thing."""
        rates = [one.rate for one in self.rounds]
        found: dict[str, object] = {
            "name": self.name,
            "count": self.rounds[0].count,
            "rounds": len(self.rounds),
            "perSecond": _figures(rates),
            "wallMicroseconds": _figures([one.wall / one.count * 1e6 for one in self.rounds]),
            "cpuMicroseconds": _figures([one.cpu / one.count * 1e6 for one in self.rounds]),
            "allCpuMicroseconds": _figures([one.all_cpu / one.count * 1e6 for one in self.rounds]),
        }
        if self.ratio is not None and self.core_ratio is not None:
            found |= {"beside": self.beside, "ratio": round(self.ratio, 4)}
            found |= {"coreRatio": round(self.core_ratio, 4)}
        return found


@dataclass(slots=True)
class Timings:
    """Single times of one thing, in seconds, and the processors' time of all threads: where the slowest matter."""

    name: str
    seconds: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    @property
    def p90(self) -> float:
        """The time under which nine of ten stay."""
        return quantiles(self.seconds, n=10)[-1] if len(self.seconds) > 1 else self.seconds[0]

    def to_json(self) -> dict[str, object]:
        """Times in microseconds."""
        found: dict[str, object] = {"name": self.name, "count": len(self.seconds)}
        micro = [one * 1e6 for one in self.seconds]
        found |= {"wallMicroseconds": _figures(micro), "p90Microseconds": round(self.p90 * 1e6, 1)}
        return found | {"cpuMicroseconds": _figures([one * 1e6 for one in self.cpu])}


def timed(work: Callable[[], int]) -> Round:
    """One round of ``work``, which says how many things it did."""
    wall, cpu, others = time.perf_counter(), time.process_time(), descendants_time()
    count = work()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return Round(count, wall, cpu, cpu + descendants_time() - others)


def descendants_time() -> float:
    """Seconds that processes below this one have computed, ended ones that were waited for too (proc(5); 10 ms steps)."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return ended.ru_utime + ended.ru_stime + sum(map(_time_of, _children("self")))


def _time_of(process: str) -> float:
    try:
        stat = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:  # it ended a moment ago; whoever waits for it has its time
        return 0.0
    own = sum(map(int, stat[11:15])) / os.sysconf("SC_CLK_TCK")
    return own + sum(map(_time_of, _children(process)))


def _children(process: str) -> list[str]:
    found: list[str] = []
    for task in Path(f"/proc/{process}/task").glob("*/children"):
        with suppress(OSError):
            found += task.read_text(encoding="ascii").split()
    return found


def measure(
    name: str,
    gauge: RawGauge,
    works: Sequence[Callable[[], int]],
    *,
    beside: str = "",
    per_core: bool = False,
) -> Measure:
    """A round for each of ``works``, raw samples before, between and after."""
    found = Measure(name, beside, per_core)
    before = gauge.sample()
    for work in works:
        found.rounds.append(timed(work))
        after = gauge.sample()
        if beside:
            cpu = f"{beside}_cpu"
            raw = cpu if per_core else beside
            found.raw.append(mean((getattr(before, raw), getattr(after, raw))))
            found.raw_cpu.append(mean((getattr(before, cpu), getattr(after, cpu))))
        before = after
    return found


def time_each(name: str, works: Sequence[Callable[[], object]]) -> Timings:
    """The time of each of ``works``, the first of which warms up and does not count where there are more."""
    found = Timings(name)
    for work in works:
        started, computed = time.perf_counter(), time.process_time()
        work()
        found.seconds.append(time.perf_counter() - started)
        found.cpu.append(time.process_time() - computed)
    if len(found.seconds) > 1:
        del found.seconds[0], found.cpu[0]
    return found


def raw_json(samples: Sequence[RawSample]) -> dict[str, object]:
    """Raw rates over the whole run, with their spread."""
    names = tuple(RawSample.__slots__)
    return {name: _figures([getattr(one, name) for one in samples]) for name in names}


def _figures(values: Sequence[float]) -> dict[str, float]:
    return {"median": round(median(values), 1), "least": round(min(values), 1), "most": round(max(values), 1)}
