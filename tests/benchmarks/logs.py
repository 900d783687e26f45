"""The log by itself: leaves appended, tiles published, the whole audited. Entries of a series that nobody else uses."""

from collections.abc import Callable
from hashlib import sha256
from itertools import count

from keys.trustchain import parse_pin
from registry.log import append_entries
from registry.publication import publish
from tests.benchmarks.measure import Measure, RawGauge, measure
from tests.benchmarks.office import OFFICE, YEAR, Office
from verifier.audit.replay import audit
from verifier.logentry import LogEntry
from verifier.number import CertificateNumber
from verifier.report import Verdict
from verifier.sources import FolderSource

KIND = 2
CHUNK = 500
"""Entries a transaction, as in issuing."""


def log_measures(office: Office, leaves: int, rounds: int, gauge: RawGauge) -> list[Measure]:
    """``leaves`` appended and published in each round, and as many rounds of an audit of everything."""
    serials = count(1)
    appended = measure("append leaves", gauge, [_append(office, leaves, serials)])
    published = measure("publish tiles, leaves", gauge, [_publish(office, leaves)])
    for _ in range(rounds - 1):
        appended.rounds += measure("", gauge, [_append(office, leaves, serials)]).rounds
        published.rounds += measure("", gauge, [_publish(office, leaves)]).rounds
    return [appended, published, measure("audit, entries", gauge, [lambda: _audit(office)] * rounds)]


def _append(office: Office, leaves: int, serials: "count[int]") -> Callable[[], int]:
    now = office.app.clock()
    entries = []
    for _ in range(leaves):
        number = CertificateNumber(OFFICE, YEAR, KIND, next(serials)).digits
        digest = sha256(number.encode()).hexdigest()
        entries.append(LogEntry("issue", number, digest, OFFICE, now))

    def work() -> int:
        for start in range(0, leaves, CHUNK):
            with office.app.database.write() as session:
                append_entries(session, entries[start : start + CHUNK])
        return leaves

    return work


def _publish(office: Office, leaves: int) -> Callable[[], int]:
    def work() -> int:
        publish(office.app, office.site)
        return leaves

    return work


def _audit(office: Office) -> int:
    """Entries replayed. There are no certificates behind them, so their status lists are missing: nothing else may be."""
    pin = parse_pin((office.site / "root.json").read_bytes())
    report = audit(FolderSource(office.site), pin=pin, now=office.app.clock()).report
    if report.verdict is Verdict.FAILED or set(report.findings.counts) > {"status_missing", "hint_missing"}:
        raise RuntimeError(f"the log does not pass: {dict(report.findings.counts)}")
    return report.replayed
