"""Judges at once what waits at the same moment.

A judgement by itself finds the processor's caches full of everything else that a request needs; the second of two right
after each other takes two thirds of the first. Nobody is waited for: what has come by the time that the event loop gets
to it is judged together, which is one certificate on a quiet day and many on a loud one.
"""

import asyncio
from collections.abc import Callable, Sequence
from itertools import islice
from typing import NamedTuple

from verifier.policy import VerificationPolicy
from verifier.presented import Presented
from verifier.server.guard import tell_fault
from verifier.server.judging import Judge

Found = list[bytes] | Exception
"""Reports, or why there are none: a ``Problem``, or a fault."""
MOST = 32
"""Requests of one turn: the event loop is held for some twelve milliseconds."""


class _Waiting(NamedTuple):
    items: Sequence[Presented]
    policy: VerificationPolicy
    done: Callable[[Found], None]


class Together:
    """For one event loop."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self._waiting: list[_Waiting] = []

    def add(
        self, items: Sequence[Presented], policy: VerificationPolicy, done: Callable[[Found], None]
    ) -> None:
        """``done`` is called soon with a report on each of ``items``, which are few."""
        if not self._waiting:
            asyncio.get_running_loop().call_soon(self._look_again)
        self._waiting.append(_Waiting(items, policy, done))

    async def reports(self, items: Sequence[Presented], policy: VerificationPolicy) -> list[bytes]:
        """The same for who waits; raises ``Problem``."""
        future: asyncio.Future[list[bytes]] = asyncio.get_running_loop().create_future()

        def done(found: Found) -> None:
            if future.done():  # whoever asked is gone
                return
            if isinstance(found, Exception):
                future.set_exception(found)
            else:
                future.set_result(found)

        self.add(items, policy, done)
        return await future

    def _look_again(self) -> None:
        """What has come while the first were read is there by now: the loop looks at its sockets once more, and waits for none."""
        asyncio.get_running_loop().call_soon(self._take_turn)

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
                _tell(some[0], error)
            else:  # a fault is the fault of one, and the others have their reports
                for one in some:
                    self._judge_all([one], policy)
            return
        for one in some:
            _tell(one, list(islice(reports, len(one.items))))


def _tell(one: _Waiting, found: Found) -> None:
    try:
        one.done(found)
    except Exception as error:  # whoever cannot be told keeps nobody else from being told
        tell_fault(error)
