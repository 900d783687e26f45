"""What a registry's state is, in Prometheus's form, read when it is asked for: log, jobs, publication, what ends soon.

Counts and times, and of labels only codes: a kind of job, an authority's code. While the database is away there is one
sample of it, ``certreg_database_up 0``, and what is known without it.
"""

import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from keys.trustlist import ListedKey
from registry.app import App
from registry.errors import RegistryError
from registry.jobs.models import Job
from registry.lastpublication import last_publication
from registry.log import latest_checkpoint, log_size
from registry.models import Intent
from registry.outages import OUTAGES
from registry.replica import archive_fails, commits_waiting
from registry.trust import current_trust_list

JOB_STATES = ("waiting", "running", "failed")
"""Those that somebody has to do something about; what is done is history."""


@dataclass(frozen=True, slots=True, eq=False)
class RegistryCollector:
    """Gauges of ``app``."""

    app: App

    def collect(self) -> Iterator[Metric]:
        """All that can be told now."""
        yield from self._of_host()
        try:
            with self.app.database.read() as session:
                found = [*self._of_log(session), *self._of_jobs(session)]
                # The first trust list may wait for its signatures, and what else is known does not.
                with suppress(RegistryError):
                    found += self._of_keys(session)
        except OUTAGES:
            yield _gauge("database_up", "Whether the database can be used.", 0)
            return
        yield _gauge("database_up", "Whether the database can be used.", 1)
        yield from found

    def _of_host(self) -> Iterator[Metric]:
        now = self.app.clock()
        try:
            free = shutil.disk_usage(self.app.settings.home).free
        except OSError:
            free = 0
        yield _gauge("disk_free_bytes", "Free where the registry's folder is.", free)
        if self.app.settings.agent is not None:
            there = not self.app.keyring.agent_is_away()
            yield _gauge("agent_up", "Whether the signing agent takes connections.", there)
        note = last_publication(self.app.settings.published)
        if note is not None:
            yield _gauge("published_seconds", "Since this host published last.", now - note.at)
            yield _gauge("published_log_size", "Entries published by this host.", note.log_size)
        if note is not None and note.status_until:
            left = note.status_until - now
            yield _gauge("status_seconds_left", "Until the first published status list is stale.", left)

    def _of_log(self, session: Session) -> Iterator[Metric]:
        code = ""
        try:
            self.app.require_head(session)
        except RegistryError as error:
            code = error.code
        head = latest_checkpoint(session)
        damaged = code in {"head_unusable", "head_unreadable"}
        text = "Whether the file of the last signed head is damaged, or cannot be read."
        yield _gauge("head_unusable", text, damaged)
        if not damaged:
            text = "Whether the database is older than what was signed, or another history."
            yield _gauge("log_rolled_back", text, code not in ("", "log_recovering"))
        yield _gauge("log_size", "Entries of the log.", log_size(session))
        yield _gauge("log_signed_size", "Entries under a signed head.", head.size if head else 0)
        text = "Commits that have waited for a synchronous standby for more than five seconds."
        yield _gauge("commits_waiting", text, commits_waiting(session))
        text = "Whether the archive of the write-ahead log fails: nothing later than that is in it."
        yield _gauge("archive_failing", text, archive_fails(session))
        waiting = session.scalars(select(func.count()).where(Intent.state == "reserved")).one()
        yield _gauge("intents_waiting", "Ranges of numbers that are reserved and not in the log.", waiting)

    def _of_jobs(self, session: Session) -> Iterator[Metric]:
        jobs = GaugeMetricFamily("certreg_jobs", "Background work by state.", labels=["state", "kind"])
        counted = (
            select(Job.state, Job.kind, func.count())
            .where(Job.state.in_(JOB_STATES))
            .group_by(Job.state, Job.kind)
        )
        for state, kind, count in session.execute(counted):
            jobs.add_metric([state, kind], count)
        yield jobs
        oldest = session.scalars(select(func.min(Job.not_before)).where(Job.state == "waiting")).one()
        age = max(0, self.app.clock() - oldest) if oldest is not None else 0
        yield _gauge("job_oldest_waiting_seconds", "How long the oldest job has been due.", age)

    def _of_keys(self, session: Session) -> Iterator[Metric]:
        """Until the last usable key of each owner ends, and the trust list."""
        now, trust_list = self.app.clock(), current_trust_list(session)
        left = GaugeMetricFamily("certreg_key_seconds_left", "Until the last key ends.", labels=["owner"])
        owners: dict[str, tuple[ListedKey, ...]] = {"status": tuple(trust_list.status_keys)}
        if trust_list.report_keys:
            owners["report"] = tuple(trust_list.report_keys)
        for authority in trust_list.authorities.values():
            if authority.states[-1].state == "granted":
                owners[authority.code] = tuple(authority.keys)
        for owner, keys in owners.items():
            end = max((key.not_after for key in keys if key.revoked is None), default=now)
            left.add_metric([owner], end - now)
        yield left
        yield _gauge("trust_list_seconds_left", "Until the trust list ends.", trust_list.valid_until - now)


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(f"certreg_{name}", text, value=value)
