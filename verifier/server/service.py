"""What the routes of one process share: judges, threads, places, and who may ask how often."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Receive

from verifier.server.answers import answer
from verifier.server.heads import Head
from verifier.server.judging import Judge
from verifier.server.places import Places, retry_after
from verifier.server.problems import Problem
from verifier.server.rates import TokenBuckets, client_of
from verifier.server.requests import Asked, asked_in_form, read_pieces
from verifier.server.settings import PublicSettings
from verifier.server.statics import page_files
from verifier.server.together import Together


class Service:
    """Of one process, for its event loop."""

    def __init__(self, settings: PublicSettings) -> None:
        limits = settings.limits
        self.settings, self.limits = settings, limits
        self.judge = Judge(settings)
        self.together = Together(self.judge)
        self.judging = ThreadPoolExecutor(limits.judging, "judge")
        self.reading = ThreadPoolExecutor(limits.boxes, "read")
        self.forms = ThreadPoolExecutor(1, "form")
        self.places = Places(limits.judging + limits.waiting)
        self.upload_places = Places(limits.boxes + limits.uploads_waiting, limits.uploads_of_one)
        self.buckets = TokenBuckets(burst=limits.burst, per_second=limits.per_second, clients=limits.clients)
        self.pages = page_files(settings.pin.to_bytes() if settings.pin is not None else None)

    def close(self) -> None:
        """End threads and boxes."""
        self.judging.shutdown(cancel_futures=True)
        self.reading.shutdown(cancel_futures=True)
        self.forms.shutdown(cancel_futures=True)
        self.judge.close()

    def now(self) -> int:
        """The moment of judgement, in Unix seconds."""
        return int(self.settings.clock())

    def client(self, head: Head) -> str:
        """Who asks."""
        return client_of(head.peer, head.forwarded, self.settings.proxies)

    def charge(self, client: str, tokens: float) -> None:
        """Take ``tokens`` of the client's; raises ``Problem`` where he has not so many."""
        wait = self.buckets.take(client, tokens, time.monotonic())
        if wait:
            raise Problem("too_many_requests", headers=retry_after(wait))

    def charge_others(self, client: str, asked: Asked) -> None:
        """For those behind the first, which the request was charged for."""
        if len(asked.items) > 1:
            self.charge(client, len(asked.items) - 1)

    async def asked_in_form(self, head: Head, headers: Headers, receive: Receive) -> Asked:
        """What a form asks for, read within bounds and taken apart in a thread, one form after the other; raises ``Problem``."""
        limits = self.limits
        pieces = await read_pieces(receive, head, limits.upload_bytes, limits.body_seconds)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.forms, asked_in_form, headers, pieces, limits)

    async def judged(self, asked: Asked, pool: ThreadPoolExecutor, head: Head, *, stream: bool) -> Response:
        """The answer with a report on each thing that is asked about, made by the threads of ``pool``."""
        policy = asked.policy(self.now())  # a time that no calendar has is told before anything is sent
        reports = self.judge.reports(asked.items, policy)
        return await answer(
            reports, pool, stream=stream, seconds=self.limits.answer_seconds, lang=head.language
        )
