"""What a server counts of its requests, in Prometheus's form; and what a publication's files say of its state.

Labels are words of ours: a route's template, a method that exists, a status. No path, no number, no name, no client. The
counters belong to the process; ``certverify serve --workers`` adds those of its processes up (``PROMETHEUS_MULTIPROC_DIR``).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from prometheus_client import Counter, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from verifier.webheaders import valid_until

_METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS"})
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 120.0)
"""Seconds: from a file that is served to a review that is typeset."""
REQUESTS = Counter("certreg_http_requests", "Requests answered.", ["service", "route", "method", "status"])
SECONDS = Histogram(
    "certreg_http_request_seconds",
    "From a request to the end of its answer.",
    ["service", "route"],
    buckets=BUCKETS,
)


def known_method(method: str) -> str:
    """A method that exists; a stranger's word is none of ours."""
    return method if method in _METHODS else "other"


def count_request(service: str, route: str, method: str, status: int, seconds: float) -> None:
    """Count one request; ``status`` is 0 where the answer never began."""
    requests, durations = _of(service, route, known_method(method), status)
    requests.inc()
    durations.observe(seconds)


@lru_cache(maxsize=1024)
def _of(service: str, route: str, method: str, status: int) -> tuple[Counter, Histogram]:
    """What counts requests of those labels, which are words of ours and few: looking them up takes longer than counting."""
    return REQUESTS.labels(service, route, method, str(status)), SECONDS.labels(service, route)


@dataclass(slots=True, eq=False)
class PublicationCollector:
    """Gauges of the publication in ``site``, read when they are asked for; a file that did not change is not read again."""

    site: Path
    clock: Callable[[], float]
    _known: dict[str, tuple[int, int]] = field(default_factory=dict)
    """By path: when it changed (ns), until when it holds (Unix seconds)."""

    def collect(self) -> Iterator[Metric]:
        """One sample a gauge."""
        now = self.clock()
        trust = self._until("trust.json")
        lists = [self._until(path.relative_to(self.site).as_posix()) for path in self._lists()]
        head = self.site / "log" / "checkpoint"
        changed = max((one for one, _ in self._known.values()), default=0) / 1e9
        for name, text, value in (
            ("trust_seconds_left", "Until the trust list ends.", trust - now if trust else 0),
            (
                "status_seconds_left",
                "Until the first status list is stale.",
                min(lists) - now if lists else 0,
            ),
            ("status_lists", "Status lists published.", len(lists)),
            ("log_size", "Entries under the published head.", _size_of(head)),
            ("changed_seconds", "Since a signed document changed.", now - changed if changed else 0),
        ):
            yield GaugeMetricFamily(f"certreg_publication_{name}", text, value=value)

    def _lists(self) -> Iterator[Path]:
        for folder in ("revocation", "suspension"):
            yield from (one for one in self.site.glob(f"status/*/*/*/{folder}/*") if one.name.isdigit())

    def _until(self, path: str) -> int:
        """Until when the document holds; 0 where it is not there or says nothing."""
        try:
            changed = (self.site / path).stat().st_mtime_ns
            if self._known.get(path, (0, 0))[0] != changed:
                self._known[path] = (changed, valid_until((self.site / path).read_bytes()) or 0)
        except OSError:
            self._known.pop(path, None)
        return self._known.get(path, (0, 0))[1]


def _size_of(head: Path) -> int:
    try:
        size = head.read_bytes().split(b"\n")[1]
    except (OSError, IndexError):
        return 0
    return int(size) if size.isdigit() and len(size) < 20 else 0
