"""Judges at once what waits at the same moment.

A judgement by itself finds the processor's caches full of everything else that a request needs; the second of two right
after each other takes two thirds of the first. Nobody is waited for: what has come by the time that the event loop gets
to it is judged together, which is one certificate on a quiet day and many on a loud one.
"""

import asyncio
from collections.abc import Sequence
from itertools import islice
from typing import NamedTuple

from verifier.policy import VerificationPolicy
from verifier.presented import Presented
from verifier.server.judging import Judge

MOST = 32
"""Requests of one turn: the event loop is held for some twelve milliseconds."""


class _Waiting(NamedTuple):
    items: Sequence[Presented]
    policy: VerificationPolicy
    reports: "asyncio.Future[list[bytes]]"


class Together:
    """For one event loop."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self._waiting: list[_Waiting] = []

    async def reports(self, items: Sequence[Presented], policy: VerificationPolicy) -> list[bytes]:
        """A report on each of ``items``, which are few; raises ``Problem``."""
        loop = asyncio.get_running_loop()
        if not self._waiting:
            loop.call_soon(self._take_turn)
        waiting = _Waiting(items, policy, loop.create_future())
        self._waiting.append(waiting)
        return await waiting.reports

    def _take_turn(self) -> None:
        turn, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
        if self._waiting:
            asyncio.get_running_loop().call_soon(self._take_turn)
        alike: dict[VerificationPolicy, list[_Waiting]] = {}
        for one in turn:
            alike.setdefault(one.policy, []).append(one)
        for policy, some in alike.items():
            self._judge_all(some, policy)

    def _judge_all(self, some: list[_Waiting], policy: VerificationPolicy) -> None:
        try:
            presented = [item for one in some for item in one.items]
            reports = iter(self._judge.judged(presented, policy, self._judge.view()))
        except Exception as error:
            if len(some) == 1:
                _fail(some[0], error)
            else:  # a fault is the fault of one, and the others have their reports
                for one in some:
                    self._judge_all([one], policy)
            return
        for one in some:
            found = list(islice(reports, len(one.items)))
            if not one.reports.done():  # whoever asked may be gone
                one.reports.set_result(found)


def _fail(one: _Waiting, error: Exception) -> None:
    if not one.reports.done():
        one.reports.set_exception(error)
