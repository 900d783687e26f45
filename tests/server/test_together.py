"""Certificates that wait at the same moment: each request has its own answer, whoever it was judged with."""

import asyncio
import json
from typing import Any, cast

import httpx
import pytest

from tests.server.rig import Site, app_on, client_of, generous
from tests.simulator import NOW, standard_pin
from verifier.policy import VerificationPolicy
from verifier.presented import Presented
from verifier.server.judging import Judge
from verifier.server.settings import PublicSettings
from verifier.server.together import MOST, Together

pytestmark = pytest.mark.anyio
DEMANDS = VerificationPolicy(at=NOW, require_log=True)


def together(site: Site) -> Together:
    return Together(Judge(PublicSettings(site.folder, standard_pin(), clock=lambda: NOW)))


def presented(site: Site, place: int) -> Presented:
    return Presented(f"no. {place}", record=site.certificates[place % len(site.certificates)].record)


def outcome(report: bytes) -> tuple[str, str, str]:
    found = json.loads(report)
    return found["target"], found["verdict"], found["number"]


async def test_every_request_gets_its_own_answers_in_order(site: Site) -> None:
    """More than one turn of them, of one and of two certificates."""
    judging = together(site)
    asked = [[presented(site, place)] * (1 + place % 2) for place in range(2 * MOST + 3)]
    found = await asyncio.gather(*(judging.reports(items, DEMANDS) for items in asked))
    for items, reports in zip(asked, found, strict=True):
        place = int(items[0].label.removeprefix("no. "))
        number = site.certificates[place % len(site.certificates)].number.digits
        assert [outcome(one) for one in reports] == [(items[0].label, "PASSED", number)] * len(items)


async def test_whoever_demands_something_else_is_judged_by_that(site: Site) -> None:
    judging = together(site)
    early = VerificationPolicy(at=NOW - 10 * 365 * 86400, require_log=True)
    found = await asyncio.gather(
        *(judging.reports([presented(site, place)], (DEMANDS, early)[place % 2]) for place in range(6))
    )
    verdicts = [outcome(reports[0])[1] for reports in found]
    assert verdicts[::2] == ["PASSED"] * 3
    assert set(verdicts[1::2]) == {"INDETERMINATE"}


async def test_a_fault_over_one_is_nobody_elses(site: Site) -> None:
    """What no verifier foresaw: here something that is no bytes at all."""
    judging = together(site)
    unforeseen = Presented("x", record=cast("bytes", 7))
    found = await asyncio.gather(
        judging.reports([presented(site, 0)], DEMANDS),
        judging.reports([unforeseen], DEMANDS),
        judging.reports([presented(site, 1)], DEMANDS),
        return_exceptions=True,
    )
    assert isinstance(found[1], TypeError)
    good = cast("list[list[bytes]]", [found[0], found[2]])
    assert [outcome(one[0])[1] for one in good] == ["PASSED", "PASSED"]


async def test_whoever_is_gone_holds_nobody_up(site: Site) -> None:
    judging = together(site)
    gone = asyncio.create_task(judging.reports([presented(site, 0)], DEMANDS))
    broken = asyncio.create_task(judging.reports([Presented("x", record=cast("bytes", 7))], DEMANDS))
    stays = asyncio.create_task(judging.reports([presented(site, 1)], DEMANDS))
    await asyncio.sleep(0)  # each has asked, and nothing is judged yet
    gone.cancel()
    broken.cancel()
    assert outcome((await stays)[0])[1] == "PASSED"
    ends = await asyncio.gather(gone, broken, return_exceptions=True)
    assert [type(one) for one in ends] == [asyncio.CancelledError] * 2


async def test_many_requests_at_once_over_http(site: Site) -> None:
    app = app_on(site, limits=generous())

    def item(place: int) -> dict[str, Any]:
        record = site.certificates[place % 3].record
        altered = record.replace(b'"publicHours":26', b'"publicHours":27') if place % 4 == 0 else record
        return {"record": altered.decode(), "target": f"no. {place}"}

    async with client_of(app) as client:

        async def ask(place: int) -> httpx.Response:
            return await client.post("/api/verify", json={"items": [item(place)]})

        await ask(1)  # from now on the publication has been read
        answers = await asyncio.gather(*map(ask, range(50)))
    for place, answer in enumerate(answers):
        verdict = "FAILED" if place % 4 == 0 else "PASSED"
        assert outcome(answer.content)[:2] == (f"no. {place}", verdict)
    assert app.state.service.places.taken == 0


async def test_who_never_takes_his_answer_gives_up_his_place(site: Site) -> None:
    """A single certificate's too."""
    app = app_on(site, limits=generous(answer_seconds=0.2, body_seconds=0.2))
    body = json.dumps({"items": [{"record": site.certificate.record.decode()}]}).encode()

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(_: object) -> None:
        held.append(app.state.service.places.taken)
        await asyncio.Event().wait()

    held: list[int] = []
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/api/verify",
        "headers": headers,
        "client": ("192.0.2.7", 1),
    }
    async with client_of(app) as client:
        first = await client.post("/api/verify", content=body, headers={"content-type": "application/json"})
        assert first.status_code == 200  # from now on a certificate is judged where the request is read
        with pytest.raises(ConnectionAbortedError):
            async with asyncio.timeout(30):
                await app(scope, receive, send)
    assert held[0] == 1
    assert app.state.service.places.taken == 0
