"""POST /api/verify, from a request's head to its answer: an ASGI application of its own.

Nearly everybody asks for this, and a framework's layers cost more than the verification. A certificate or two by
themselves are judged with whatever else waits (``together``), many in a thread, and files in boxes. What comes small and
whole is answered without even this (``atonce``).
"""

import asyncio
from collections.abc import Awaitable

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from verifier.presented import Presented
from verifier.server.answers import NDJSON, Answer, Whole, whole
from verifier.server.heads import Head, head_of
from verifier.server.places import Places
from verifier.server.problems import Problem, problem_response
from verifier.server.requests import Asked, asked_in_json, read_body
from verifier.server.service import Service

PATH = "/api/verify"
JSON = "application/json"
SMALL = 16 * 1024
"""Bytes of JSON that are read in less time than it takes to hand them to a thread."""
FEW = 2
"""Certificates that are judged where the request was read: each takes half a millisecond."""


class Verifying:
    """The ASGI application."""

    def __init__(self, service: Service) -> None:
        self._service, self._limits = service, service.limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Judge what is sent, or say why not."""
        head = head_of(scope)
        await _send_or_say_why_not(self._answer(scope, head, receive), head, scope, receive, send)

    def rest(self, asked: Asked, head: Head, client: str) -> ASGIApp:
        """The rest of the way of what was read already, has its place and was charged for one."""

        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            judged = self._in_place(self._judged(asked, head, client), client)
            await _send_or_say_why_not(judged, head, scope, receive, send)

        return answer

    async def _answer(self, scope: Scope, head: Head, receive: Receive) -> ASGIApp:
        client = self._service.client(head)
        self._service.charge(client, 1)
        if head.media_type == JSON:
            self._service.places.take(client)
            return await self._in_place(self._of_json(head, client, receive), client)
        if head.media_type == "multipart/form-data":
            return await self._of_files(Headers(scope=scope), head, client, receive)
        raise Problem("media_type")

    async def _in_place(self, answer: Awaitable[ASGIApp], client: str) -> ASGIApp:
        places = self._service.places
        try:
            made = await answer
        except BaseException:
            places.give_back(client)
            raise
        return self._holding(made, places, client)

    async def _of_json(self, head: Head, client: str, receive: Receive) -> ASGIApp:
        body = await read_body(receive, head, self._limits.json_bytes, self._limits.body_seconds)
        return await self._judged(await self._read(body), head, client)

    async def _read(self, body: bytes) -> Asked:
        if len(body) < SMALL:
            return asked_in_json(body, self._limits)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._service.judging, asked_in_json, body, self._limits)

    async def _judged(self, asked: Asked, head: Head, client: str) -> ASGIApp:
        service = self._service
        service.charge_others(client, asked)
        stream = NDJSON in head.accept
        if len(asked.items) > FEW or not service.judge.is_ready:
            return await service.judged(asked, service.judging, head, stream=stream)
        reports = await service.together.reports(presented_in(asked), asked.policy(service.now()))
        return Whole(whole(reports, stream=stream))

    async def _of_files(self, headers: Headers, head: Head, client: str, receive: Receive) -> ASGIApp:
        service, places = self._service, self._service.upload_places
        places.take(client)
        try:
            asked = await service.asked_in_form(head, headers, receive)
            service.charge_others(client, asked)
            response = await service.judged(asked, service.reading, head, stream=NDJSON in head.accept)
        except BaseException:
            places.give_back(client)
            raise
        return self._holding(response, places, client)

    def _holding(self, answer: ASGIApp, places: Places, client: str) -> ASGIApp:
        """Whoever reads slowly holds a place, but not for ever."""
        most = self._limits.answer_seconds + self._limits.body_seconds
        return Answer(answer, lambda: places.give_back(client), seconds=most)


def presented_in(asked: Asked) -> list[Presented]:
    """What is asked about in JSON, where nothing is a file."""
    return [item for item in asked.items if isinstance(item, Presented)]


async def _send_or_say_why_not(
    answer: Awaitable[ASGIApp], head: Head, scope: Scope, receive: Receive, send: Send
) -> None:
    try:
        made = await answer
    except Problem as problem:
        made = problem_response(problem, head.language)
    await made(scope, receive, send)
