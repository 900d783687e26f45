"""POST /api/verify, from a request's head to its answer: an ASGI application of its own.

Nearly everybody asks for this, and a framework's layers cost more than the verification. A certificate or two by
themselves are judged with whatever else waits (``together``), many in a thread, and files in boxes.
"""

import asyncio

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from verifier.presented import Presented
from verifier.server.answers import NDJSON, Answer, Whole
from verifier.server.heads import Head, head_of
from verifier.server.places import Places
from verifier.server.problems import Problem, problem_response
from verifier.server.requests import Asked, asked_in_form, asked_in_json, read_body
from verifier.server.service import Service

PATH = "/api/verify"
_SMALL = 16 * 1024
"""Bytes of JSON that are read in less time than it takes to hand them to a thread."""
_FEW = 2
"""Certificates that are judged where the request was read: each takes half a millisecond."""


class Verifying:
    """The ASGI application."""

    def __init__(self, service: Service) -> None:
        self._service, self._limits = service, service.limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Judge what is sent, or say why not."""
        head = head_of(scope)
        try:
            answer = await self._answer(scope, head, receive)
        except Problem as problem:
            answer = problem_response(problem, head.language)
        await answer(scope, receive, send)

    async def _answer(self, scope: Scope, head: Head, receive: Receive) -> ASGIApp:
        client = self._service.client(head)
        self._service.charge(client, 1)
        if head.media_type == "application/json":
            return await self._of_json(head, client, receive)
        if head.media_type == "multipart/form-data":
            return await self._of_files(Headers(scope=scope), head, client, receive)
        raise Problem("media_type")

    async def _of_json(self, head: Head, client: str, receive: Receive) -> ASGIApp:
        service, places = self._service, self._service.places
        places.take(client)
        try:
            body = await read_body(receive, head, self._limits.json_bytes, self._limits.body_seconds)
            asked = await self._read(body)
            self._charge_others(client, asked)
            stream = NDJSON in head.accept
            answer: ASGIApp
            if len(asked.items) > _FEW or not service.judge.is_ready:
                answer = await service.judged(asked, service.judging, head, stream=stream)
            else:
                answer = Whole(await self._at_once(asked), stream)
        except BaseException:
            places.give_back(client)
            raise
        return self._holding(answer, places, client)

    async def _read(self, body: bytes) -> Asked:
        if len(body) < _SMALL:
            return asked_in_json(body, self._limits)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._service.judging, asked_in_json, body, self._limits)

    async def _at_once(self, asked: Asked) -> list[bytes]:
        presented = [item for item in asked.items if isinstance(item, Presented)]
        return await self._service.together.reports(presented, asked.policy(self._service.now()))

    async def _of_files(self, headers: Headers, head: Head, client: str, receive: Receive) -> ASGIApp:
        service, places = self._service, self._service.upload_places
        places.take(client)
        try:
            body = await read_body(receive, head, self._limits.upload_bytes, self._limits.body_seconds)
            asked = await asked_in_form(headers, body, self._limits)
            self._charge_others(client, asked)
            response = await service.judged(asked, service.reading, head, stream=NDJSON in head.accept)
        except BaseException:
            places.give_back(client)
            raise
        return self._holding(response, places, client)

    def _charge_others(self, client: str, asked: Asked) -> None:
        """Those behind the first, which the request was charged for."""
        if len(asked.items) > 1:
            self._service.charge(client, len(asked.items) - 1)

    def _holding(self, answer: ASGIApp, places: Places, client: str) -> ASGIApp:
        """Whoever reads slowly holds a place, but not for ever."""
        most = self._limits.answer_seconds + self._limits.body_seconds
        return Answer(answer, lambda: places.give_back(client), seconds=most)
