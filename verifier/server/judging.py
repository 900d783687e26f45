"""Judging what was sent, against a publication that lies in a folder and changes while the server runs.

Trust and what was read are kept for some seconds and then read anew, so that a revocation is known here as soon as it is
published, and the trust list never goes back to an older one while the server runs.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from threading import Lock

from keys.trustchain import RootPin
from verifier.box import Boxes
from verifier.errors import SourceError
from verifier.gather import Gatherer, LoadedTrust, load_trust
from verifier.judged import judge_together
from verifier.policy import VerificationPolicy
from verifier.presented import Presented, present_bytes
from verifier.reportbytes import report_bytes
from verifier.server.problems import Problem
from verifier.server.requests import FileSent
from verifier.server.settings import PublicSettings
from verifier.sources import FolderSource, RememberingSource

CHUNK = 256
"""Certificates judged before their reports are written."""
_FILES = 4
"""Files read before their reports are written."""


@dataclass(frozen=True, slots=True)
class View:
    """The publication as it was read at one moment."""

    loaded: LoadedTrust
    gatherer: Gatherer
    read_at: float

    @property
    def registry(self) -> str:
        """The publication's address, for people."""
        return f"https://{self.loaded.trust.pin.registry}/"


class Judge:
    """Judges for any number of threads."""

    def __init__(self, settings: PublicSettings, steady: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._steady = steady
        self._lock = Lock()
        self._view: View | None = None
        self._seen: dict[str, int] = {}
        self.boxes = Boxes(settings.limits.boxes)

    @property
    def site(self) -> Path:
        """The folder of the publication."""
        return self._settings.site

    def view(self) -> View:
        """What is trusted now; raises ``Problem`` where there is no root at all."""
        with self._lock:
            now = self._steady()
            if self._view is None or not self._is_fresh(self._view, now):
                self._view = self._read(now)
            return self._view

    @property
    def is_ready(self) -> bool:
        """Whether judging would not have to read the publication first."""
        view = self._view
        return view is not None and self._is_fresh(view, self._steady())

    def _is_fresh(self, view: View, now: float) -> bool:
        return now - view.read_at <= self._settings.limits.publication_seconds

    def reports(
        self, items: Sequence[Presented | FileSent], policy: VerificationPolicy
    ) -> Iterator[list[bytes]]:
        """Reports (SPEC 7.5) in the order of ``items``, some at a time; the first step may raise ``Problem``."""
        view = self.view()
        rest = iter(items)
        step = _FILES if any(isinstance(item, FileSent) for item in items) else CHUNK
        while chunk := list(islice(rest, step)):
            yield self.judged([one for item in chunk for one in self._present(item)], policy, view)

    @staticmethod
    def judged(presented: Sequence[Presented], policy: VerificationPolicy, view: View) -> list[bytes]:
        """A report on each of ``presented``."""
        source, pinned = view.registry, view.loaded.trust.pinned
        return [
            report_bytes(one, source=source, pinned=pinned)
            for one in judge_together(presented, view.gatherer, view.loaded, policy)
        ]

    def close(self) -> None:
        """End the boxes."""
        self.boxes.close()

    def _present(self, item: Presented | FileSent) -> tuple[Presented, ...]:
        if isinstance(item, Presented):
            return (item,)
        found = present_bytes(item.name, item.read(), boxes=self.boxes)
        if len(found) == 1 and item.log_proof is not None and not (found[0].log_proof or found[0].trouble):
            return (replace(found[0], log_proof=item.log_proof),)
        return found

    def _read(self, now: float) -> View:
        source = RememberingSource(FolderSource(self._settings.site))
        try:
            loaded = load_trust(source, pin=self._settings.pin, seen_version=self._newest)
        except SourceError as error:
            raise Problem("publication_unavailable") from error
        trust = loaded.trust
        if trust.trust_list is not None:
            self._seen[trust.pin.fingerprint] = trust.trust_list.version
        return View(loaded, Gatherer(source, trust), now)

    def _newest(self, pin: RootPin) -> int:
        return self._seen.get(pin.fingerprint, 0)
