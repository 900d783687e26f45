"""What a deployment of the public server chooses, and every bound with its reason and who could abuse its absence."""

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path

from keys.trustchain import RootPin, parse_pin
from verifier.server.folderrecords import FolderRecords
from verifier.server.records import RecordSource
from verifier.server.reportkey import ReportKey

MAX_ITEMS = 1000
"""Certificates of one request: a third of a second's work. Sender: anyone."""
MAX_LABEL = 200
"""Characters of a caller's own word for a thing, which comes back in its report. Sender: anyone."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Sender of all of it: anyone with a network."""

    json_bytes: int = 16 * 1024 * 1024
    """1,000 records with their log proofs are 4 MB."""
    upload_bytes: int = 64 * 1024 * 1024
    """Held in memory, by as many callers as may wait. 1,000 of our own PDF files are 45 MB."""
    unpacked_bytes: int = 256 * 1024 * 1024
    """What the members of a ZIP may claim in all; one is unpacked at a time."""
    body_seconds: float = 60.0
    """Against a caller who sends a byte a minute and keeps a place."""
    answer_seconds: float = 120.0
    """What one request may take of the boxes. Scans take half a second each."""
    reports_waiting: int = 4
    """Reviews that may wait; one is made at a time, and each holds up to ``json_bytes`` and its PDF."""
    judging: int = 2
    """Requests judged at once; the signature is half of it and runs beside Python."""
    waiting: int = 64
    """Requests without files that may wait for that."""
    boxes: int = 2
    """Files decoded at once, each in up to 768 MiB."""
    uploads_waiting: int = 6
    """Requests with files that may wait; each holds up to ``upload_bytes``."""
    uploads_of_one: int = 2
    """Requests with files of one client at a time: one client never fills the queue."""
    burst: float = 2000.0
    """Tokens of one client; a certificate takes one, a request at least one."""
    per_second: float = 20.0
    """Tokens that come back."""
    report_tokens: float = 200.0
    """Tokens of one review beside one a certificate: its typesetting takes seconds. Ten at once, then one in ten seconds."""
    lookup_tokens: float = 60.0
    """Tokens of one look-up by number and name: 33 guesses at once, then one in three seconds."""
    clients: int = 50_000
    """Clients remembered: 10 MB. An IPv6 client is its /64."""
    lookup_seconds: float = 0.1
    """Every refusal of a look-up is given at this time after it came, so that the time tells nothing."""
    publication_seconds: float = 10.0
    """How long what was read of the publication is used before it is read again."""
    cache_seconds: int = 60
    """How long others may keep what changes."""


@dataclass(frozen=True, slots=True)
class PublicSettings:
    """``site``: the folder of the publication. ``pin``: the root that it is judged by; without one nothing PASSES.

    ``report_key`` signs reviews; without one they are made unsigned. ``records`` finds records by number, where the deployment has them. ``proxies`` are the networks whose
    ``X-Forwarded-For`` is believed. ``clock`` gives Unix seconds.
    """

    site: Path
    pin: RootPin | None = None
    records: RecordSource | None = None
    proxies: tuple[IPv4Network | IPv6Network, ...] = ()
    report_key: ReportKey | None = None
    limits: Limits = field(default_factory=Limits)
    clock: Callable[[], float] = time.time


SITE, ROOT, PROXIES, RECORDS, REPORT_KEY = (
    f"CERTVERIFY_{name}" for name in ("SITE", "ROOT", "PROXIES", "RECORDS", "REPORT_KEY")
)


def settings_from(environment: Mapping[str, str]) -> PublicSettings:
    """Settings of a worker process; raises ``OSError``, ``ValueError`` or ``KeysError`` for unusable ones."""
    root, records, report_key = (environment.get(name) for name in (ROOT, RECORDS, REPORT_KEY))
    return PublicSettings(
        site=Path(environment[SITE]),
        pin=parse_pin(Path(root).read_bytes()) if root else None,
        records=FolderRecords(Path(records)) if records else None,
        report_key=_report_key(report_key, environment) if report_key else None,
        proxies=tuple(ip_network(one) for one in environment.get(PROXIES, "").split(",") if one),
    )


def _report_key(place: str, environment: Mapping[str, str]) -> ReportKey:
    from verifier.server.reportcustody import open_report_key  # noqa: PLC0415  (a server without one opens no key)

    return open_report_key(place, environment)


def to_environment(
    site: Path, root: Path | None, proxies: str, records: Path | None, report_key: str = ""
) -> None:
    """Settings for the worker processes that this one starts."""
    os.environ[SITE] = str(site.resolve())
    os.environ[PROXIES] = proxies
    if report_key:
        os.environ[REPORT_KEY] = report_key
    if root is not None:
        os.environ[ROOT] = str(root.resolve())
    if records is not None:
        os.environ[RECORDS] = str(records.resolve())
