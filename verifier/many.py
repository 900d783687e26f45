"""Many certificates at once, on every processor: a request with a thousand codes, a province's archive.

Verification is computing and nothing else, and Python computes in one thread at a time; so the others are processes. They
are started once, get the established trust once, and then evidence in and reports out, both as the bytes that they are:
taking a report's objects apart and putting them together again would cost half of what judging costs. Starting them costs
what a few thousand verifications do: for fewer, ``verify_all`` is quicker.
"""

import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from functools import partial
from itertools import islice
from typing import NamedTuple, Self, TypeVar

from verifier.evidence import Evidence
from verifier.garbage import keep_all
from verifier.policy import VerificationPolicy
from verifier.report import Verdict
from verifier.reportbytes import core_bytes
from verifier.trust import Trust
from verifier.verify import verify_all

_T = TypeVar("_T")
_R = TypeVar("_R")
_CHUNK = 64
"""Certificates handed over at a time; the status lists that they share are handed over once for all of them."""
_AHEAD = 2
"""Chunks that wait for each process: what is read ahead of the one who takes the results stays bounded."""
_Pieces = tuple[bytes | None, str | None, str | None, str | None, bytes | None, Mapping[str, bytes]]
"""An ``Evidence``'s members in their order: a third of the cost of the object itself."""


class WrittenReport(NamedTuple):
    """A report as it leaves a process: verdict, reason and number as ``VerificationReport`` has them, and ``data``, its JSON (SPEC 7.5)."""

    verdict: Verdict
    reason: str
    number: str
    data: bytes


class Processes:
    """Processes that all hold the same and work on chunks of it. Close them, or use them as a context."""

    def __init__(self, begin: Callable[..., None], *held: object, processes: int | None = None) -> None:
        """Each calls ``begin(*held)`` once. ``processes``: as many as there are processors if None."""
        self._processes = processes or processors()
        # New interpreters: a fork would copy the locks and open files of a server's threads.
        context = multiprocessing.get_context("spawn")
        self._pool = ProcessPoolExecutor(
            self._processes, context, initializer=_begin_process, initargs=(begin, held)
        )

    def chunks(
        self, work: Callable[[list[_T]], _R], items: Iterable[_T], *, size: int = _CHUNK
    ) -> Iterator[_R]:
        """What ``work`` gives for each ``size`` of ``items``, in order; raises ``BrokenProcessPool`` where a process died."""
        rest = iter(items)
        waiting: deque[Future[_R]] = deque()
        while True:
            while len(waiting) < self._processes * _AHEAD and (chunk := list(islice(rest, size))):
                waiting.append(self._pool.submit(work, chunk))
            if not waiting:
                return
            yield waiting.popleft().result()

    def close(self) -> None:
        """End the processes."""
        self._pool.shutdown(cancel_futures=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class VerifierPool(Processes):
    """Processes that judge by one trust; a new trust list wants a new pool."""

    def __init__(self, trust: Trust, *, processes: int | None = None) -> None:
        """``processes``: as many as there are processors if None."""
        super().__init__(_begin, trust, processes=processes)

    def verify(self, evidence: Iterable[Evidence], policy: VerificationPolicy) -> Iterator[WrittenReport]:
        """The report on each of ``evidence``, in order, as ``verify`` gives it and ``core_bytes`` writes it."""
        for chunk in self.chunks(partial(_judged, policy), map(_pieces, evidence)):
            for verdict, reason, number, data in chunk:
                yield WrittenReport(_VERDICTS[verdict], reason, number, data)


def processors() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


_VERDICTS = {verdict.value: verdict for verdict in Verdict}
_trusts: list[Trust] = []
"""In a process of a pool: what it judges by."""


def _begin_process(begin: Callable[..., None], held: tuple[object, ...]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who is interrupted is the one who started it, and ends it
    begin(*held)
    keep_all()


def _begin(trust: Trust) -> None:
    _trusts.append(trust)


def _pieces(one: Evidence) -> _Pieces:
    return one.record, one.qr_text, one.number, one.name, one.log_proof, one.status


def _judged(policy: VerificationPolicy, chunk: list[_Pieces]) -> list[tuple[str, str, str, bytes]]:
    written = []
    for report in verify_all((Evidence(*pieces) for pieces in chunk), _trusts[0], policy):
        verdict, reason = report.conclusion
        written.append((verdict.value, reason, report.number, core_bytes(report)))
    return written
