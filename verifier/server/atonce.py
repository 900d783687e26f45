"""POST /api/verify for what is small and there as a whole: charged, read and judged without a task, without waiting for anything.

It charges, bounds, says and counts what ``Verifying`` does. What turns out to be more than one or two certificates, or
would have to wait for the publication to be read, is handed on to that.
"""

from collections.abc import Callable

from starlette.types import ASGIApp

from verifier.server.answers import NDJSON, Reply, problem_reply, whole
from verifier.server.guard import Guard, tell_fault
from verifier.server.heads import Head
from verifier.server.problems import Problem
from verifier.server.requests import asked_in_json
from verifier.server.service import Service
from verifier.server.together import Found
from verifier.server.verifying import FEW, JSON, SMALL, Verifying, presented_in


class AtOnce:
    """For the connections of one process."""

    def __init__(self, service: Service, verifying: Verifying) -> None:
        self._service, self._verifying = service, verifying
        self._usual = Guard(verifying)

    def begin(self, head: Head, body: bytes, reply: Callable[[Reply], None]) -> ASGIApp | None:
        """Call ``reply`` now or soon, once; or give the application that is to answer instead. Never raises."""
        if not (head.media_type == JSON and len(body) < SMALL and head.coding.lower() == "identity"):
            return self._usual
        if not self._service.judge.is_ready:
            return self._usual
        try:
            return self._begun(head, body, reply)
        except Exception as error:
            reply(_told(error, head))
        return None

    def _begun(self, head: Head, body: bytes, reply: Callable[[Reply], None]) -> ASGIApp | None:
        service, places = self._service, self._service.places
        client = service.client(head)
        service.charge(client, 1)
        places.take(client)

        def done(found: Found) -> None:
            places.give_back(client)
            reply(_told(found, head) if isinstance(found, Exception) else whole(found, stream=stream))

        try:
            asked = asked_in_json(body, service.limits)
            if len(asked.items) > FEW:
                return Guard(self._verifying.rest(asked, head, client))
            service.charge_others(client, asked)
            stream = NDJSON in head.accept
            service.together.add(presented_in(asked), asked.policy(service.now()), done)
        except BaseException:
            places.give_back(client)
            raise
        return None


def _told(error: Exception, head: Head) -> Reply:
    """A problem in its words, and a fault in ours."""
    if isinstance(error, Problem):
        return problem_reply(error, head.language)
    tell_fault(error)
    return problem_reply(Problem("fault"), head.language)
