"""Many certificates at once, on every processor: a request with a thousand codes, a province's archive.

Verification is computing and nothing else, and Python computes in one thread at a time; so the others are processes. They
are started once, get the established trust once, and then evidence in and reports out. Starting them costs what a few
thousand verifications do: for fewer, ``verify_all`` is quicker.
"""

import gc
import multiprocessing
import os
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import islice

from verifier.evidence import Evidence
from verifier.policy import VerificationPolicy
from verifier.report import VerificationReport
from verifier.trust import Trust
from verifier.verify import verify_all

_CHUNK = 64
"""Certificates handed over at a time; the status lists that they share are handed over once for all of them."""
_RARE = 100_000
"""Objects more than before, at which a process of a pool looks for garbage."""
_AHEAD = 2
"""Chunks that wait for each process: what is read ahead of the one who takes the reports stays bounded."""


class VerifierPool:
    """Processes that judge by one trust. Close it, or use it as a context; a new trust list wants a new pool."""

    def __init__(self, trust: Trust, *, processes: int | None = None) -> None:
        """``processes``: as many as there are processors if None."""
        self._processes = processes or len(os.sched_getaffinity(0))
        # New interpreters: a fork would copy the locks and open files of a server's threads.
        context = multiprocessing.get_context("spawn")
        self._pool = ProcessPoolExecutor(self._processes, context, initializer=_begin, initargs=(trust,))

    def verify(
        self, evidence: Iterable[Evidence], policy: VerificationPolicy
    ) -> Iterator[VerificationReport]:
        """The report on each of ``evidence``, in order, as ``verify`` gives it."""
        items = iter(evidence)
        waiting: deque[Future[list[VerificationReport]]] = deque()
        while True:
            while len(waiting) < self._processes * _AHEAD and (chunk := list(islice(items, _CHUNK))):
                waiting.append(self._pool.submit(_judged, chunk, policy))
            if not waiting:
                return
            yield from waiting.popleft().result()

    def close(self) -> None:
        """End the processes."""
        self._pool.shutdown(cancel_futures=True)

    def __enter__(self) -> "VerifierPool":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


_trusts: list[Trust] = []
"""In a process of a pool: what it judges by."""


def _begin(trust: Trust) -> None:
    _trusts.append(trust)
    # What is here stays, and verifying leaves no garbage in circles: looking for it would take a fortieth of the time.
    gc.freeze()
    gc.set_threshold(_RARE)


def _judged(chunk: Sequence[Evidence], policy: VerificationPolicy) -> list[VerificationReport]:
    return list(verify_all(chunk, _trusts[0], policy))
