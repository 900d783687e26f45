"""The routes of a panel's workspace: what this site can do, reading files, and a review judged anew, signed and printed.

They keep nothing. Files are read by the boxes that all uploads share; reviews are made one at a time.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from verifier.reportbytes import document_bytes
from verifier.server import paneldocumentation
from verifier.server.answers import Answer, answer
from verifier.server.heads import Head, head_of
from verifier.server.panelreading import read_files, read_report
from verifier.server.panelrequests import ReviewRequest
from verifier.server.places import Places
from verifier.server.problems import Problem
from verifier.server.requests import FileSent, parse_json, read_body
from verifier.server.reviewing import Lines, Reviewer
from verifier.server.service import Service


class Panel:
    """What the panel's routes of one process share."""

    def __init__(self, service: Service) -> None:
        self._service, self._limits = service, service.limits
        self._making = ThreadPoolExecutor(1, "review")
        self._places = Places(1 + service.limits.reports_waiting, 2)
        self._reviewer = Reviewer(service.judge, service.settings.report_key)

    def close(self) -> None:
        """End the thread."""
        self._making.shutdown(cancel_futures=True)

    def abilities(self) -> dict[str, Any]:
        """What the page may offer."""
        return {"reads": True, "signs": self._reviewer.signs}

    async def read(self, request: Request) -> Response:
        """What files present, a line each."""
        return await self._with_files(
            request, lambda files: read_files(files, self._service.judge.boxes), stream=True
        )

    async def find_report(self, request: Request) -> Response:
        """The review report in a PDF, with its table."""
        return await self._with_files(
            request, lambda files: read_report(files, self._service.judge.boxes), stream=False
        )

    async def _with_files(self, request: Request, read: Any, *, stream: bool) -> Response:
        service, limits, head = self._service, self._limits, head_of(request.scope)
        client = service.client(head)
        service.charge(client, 1)
        if head.media_type != "multipart/form-data":
            raise Problem("media_type")
        service.upload_places.take(client)
        try:
            asked = await service.asked_in_form(head, request.headers, request.receive)
            files = [item for item in asked.items if isinstance(item, FileSent)]
            service.charge(client, len(files) - 1)
            response = await self._answered(read(files), service.reading, head, stream=stream)
        except BaseException:
            service.upload_places.give_back(client)
            raise
        most = limits.answer_seconds + limits.body_seconds
        return Answer(response, lambda: service.upload_places.give_back(client), seconds=most)

    async def report(self, request: Request) -> Response:
        """Progress and a report, a line each."""
        service, limits, head = self._service, self._limits, head_of(request.scope)
        client = service.client(head)
        service.charge(client, limits.report_tokens)
        if head.media_type != "application/json":
            raise Problem("media_type")
        self._places.take(client)
        try:
            body = await read_body(request.receive, head, limits.json_bytes, limits.body_seconds)
            loop = asyncio.get_running_loop()
            asked: ReviewRequest = await loop.run_in_executor(
                service.judging, parse_json, body, ReviewRequest, limits.json_bytes
            )
            service.charge(client, len(asked.items))
            lines = self._reviewer.lines(asked, now=service.now(), lang=head.language)
            response = await self._answered(lines, self._making, head, stream=True)
        except BaseException:
            self._places.give_back(client)
            raise
        most = limits.answer_seconds + limits.body_seconds
        return Answer(response, lambda: self._places.give_back(client), seconds=most)

    async def _answered(
        self, lines: Lines, pool: ThreadPoolExecutor, head: Head, *, stream: bool
    ) -> Response:
        documents = ([document_bytes(one) for one in some] for some in lines)
        seconds = self._limits.answer_seconds
        return await answer(documents, pool, stream=stream, seconds=seconds, lang=head.language)


def add_panel(app: FastAPI, panel: Panel) -> None:
    """Add the routes."""

    @app.get("/api/panel", **paneldocumentation.ABILITIES)
    async def abilities() -> dict[str, Any]:
        return panel.abilities()

    @app.post("/api/panel/read", **paneldocumentation.READ)
    async def read(request: Request) -> Response:
        return await panel.read(request)

    @app.post("/api/panel/report", **paneldocumentation.REPORT)
    async def report(request: Request) -> Response:
        return await panel.report(request)

    @app.post("/api/panel/report/read", **paneldocumentation.FIND)
    async def find_report(request: Request) -> Response:
        return await panel.find_report(request)

    async def post_only() -> Response:
        raise Problem("method_not_allowed", headers={"Allow": "POST"})

    for path in ("/api/panel/read", "/api/panel/report", "/api/panel/report/read"):
        app.add_api_route(path, post_only, methods=["GET", "HEAD"], include_in_schema=False)
