"""A certificate by its number, for who knows its holder's name: in a body or in a header, never in an address, which others keep."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from verifier.errors import FormError
from verifier.number import CertificateNumber, parse_typed_number
from verifier.server.heads import Head, head_of
from verifier.server.problems import Problem
from verifier.server.records import RecordSource, look_up
from verifier.server.requests import (
    NAME_HEADER,
    Asked,
    LookupRequest,
    Options,
    name_in_header,
    parse_json,
    read_body,
)
from verifier.server.service import Service

_MAX_BYTES = 4096
NameOf = Callable[[Request, Head], Awaitable[str]]


class Lookups:
    """What the routes of ``/api/certificates/NUMBER`` do."""

    def __init__(self, service: Service) -> None:
        self._service, self._limits = service, service.limits

    async def certificate(self, request: Request, number: str, name_of: NameOf) -> Response:
        """Judge the certificate of a number; ``name_of`` reads what whoever asks says its holder's name is."""
        came = time.monotonic()
        service, head = self._service, head_of(request.scope)
        client = service.client(head)
        service.charge(client, self._limits.lookup_tokens)
        records = service.settings.records
        if records is None:
            raise Problem("number_lookup_unavailable")
        typed = _number(number)
        name = await name_of(request, head)
        service.places.take(client)
        try:
            return await self._looked_up(records, typed, name, came, head)
        finally:
            service.places.give_back(client)

    async def name_in_body(self, request: Request, head: Head) -> str:
        """The name in a body of JSON."""
        if head.media_type != "application/json":
            raise Problem("media_type")
        body = await read_body(request.receive, head, _MAX_BYTES, self._limits.body_seconds)
        asked: LookupRequest = parse_json(body, LookupRequest, _MAX_BYTES)
        return asked.name

    @staticmethod
    async def name_in_head(request: Request, _: Head) -> str:
        """The name in a header."""
        return name_in_header(request.headers.get(NAME_HEADER))

    async def _looked_up(
        self, records: RecordSource, number: CertificateNumber, name: str, came: float, head: Head
    ) -> Response:
        service = self._service
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(service.judging, look_up, records, number, name)
        if found is None:
            await asyncio.sleep(max(0.0, came + self._limits.lookup_seconds - time.monotonic()))
            raise Problem("certificate_not_found")
        return await service.judged(Asked([found], Options()), service.judging, head, stream=False)


def _number(text: str) -> CertificateNumber:
    try:
        return parse_typed_number(text)
    except FormError as error:
        raise Problem("number_check" if error.code == "number_check" else "number_form") from error
