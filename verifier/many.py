"""Many certificates at once: a panel's folder, a request with a thousand codes.

Half of a verification is the signature, and while it is checked no other thread is kept waiting. So two threads judge
about half as many certificates again as one on two processors; more threads bring nothing.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice

from verifier.evidence import Evidence
from verifier.policy import VerificationPolicy
from verifier.report import VerificationReport
from verifier.trust import Trust
from verifier.verify import verify

THREADS = 2
_CHUNK = 64
"""Certificates handed to a thread at a time; handing over costs as much as a tenth of a verification."""
_AHEAD = 2
"""Chunks that wait for each thread: what is read ahead of the one who takes the reports stays bounded."""


def verify_many(
    evidence: Iterable[Evidence], trust: Trust, policy: VerificationPolicy, *, threads: int = THREADS
) -> Iterator[VerificationReport]:
    """The report on each of ``evidence``, in order, as ``verify`` gives it."""
    items = iter(evidence)
    waiting: deque[Future[list[VerificationReport]]] = deque()
    with ThreadPoolExecutor(max_workers=threads) as pool:
        while True:
            while len(waiting) < threads * _AHEAD and (chunk := list(islice(items, _CHUNK))):
                waiting.append(pool.submit(_judged, chunk, trust, policy))
            if not waiting:
                return
            yield from waiting.popleft().result()


def _judged(chunk: Sequence[Evidence], trust: Trust, policy: VerificationPolicy) -> list[VerificationReport]:
    return [verify(one, trust, policy) for one in chunk]
