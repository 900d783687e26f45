"""A number with its holder's name: one answer for whoever knows no certificate, and nothing written whatever is asked."""

import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest

from tests.server.rig import Records, Site, app_on, client_of, generous
from tests.server.test_api import VERIFY, certificate_path, problem
from verifier.server.folderrecords import FolderRecords

pytestmark = pytest.mark.anyio


async def test_without_records_there_is_no_look_up(site: Site) -> None:
    async with client_of(app_on(site)) as client:
        answer = await client.post(certificate_path(site), json={"name": "张文博"})
    assert problem(answer) == (404, "number_lookup_unavailable")


Ask = Callable[[httpx.AsyncClient, str, str], Awaitable[httpx.Response]]


async def posted(client: httpx.AsyncClient, path: str, name: str) -> httpx.Response:
    return await client.post(path, json={"name": name})


async def got(client: httpx.AsyncClient, path: str, name: str) -> httpx.Response:
    return await client.get(path, headers={"Holder-Name": f"UTF-8''{quote(name, safe='')}"})


@pytest.mark.parametrize("ask", [posted, got])
async def test_a_number_with_its_name_is_judged(site: Site, ask: Ask) -> None:
    records = Records({site.certificate.number.digits: site.certificate.record})
    async with client_of(app_on(site, records=records)) as client:
        printed = site.certificate.number.printed
        for name in ("张文博", " 张文博\u3000"):
            answer = await ask(client, f"/api/certificates/{printed}", name)
            found = answer.json()
            assert (found["verdict"], found["target"]) == ("PASSED", site.certificate.number.digits)
            assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("ask", [posted, got])
async def test_no_such_number_and_another_name_are_one_answer_at_one_time(site: Site, ask: Ask) -> None:
    records = Records({site.certificate.number.digits: site.certificate.record})
    wait = 0.25
    limits = generous(lookup_seconds=wait)
    async with client_of(app_on(site, records=records, limits=limits)) as client:
        answers, times = [], []
        for place, name in ((0, "李四"), (1, "张文博"), (1, "李四"), (0, "\t")):
            began = time.monotonic()
            answers.append(await ask(client, certificate_path(site, place), name))
            times.append(time.monotonic() - began)
    assert {problem(answer) for answer in answers} == {(404, "certificate_not_found")}
    assert len({answer.content for answer in answers}) == 1
    assert len({tuple(answer.headers.items()) for answer in answers}) == 1
    assert min(times) >= wait
    assert len(records.asked) == 4


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "张文博".encode(),
        "%E5%BC",
        "%E5%BC%A",
        "%zz",
        "UTF-8'%E5",
        "GBK''%D5%C5",
        "a b",
        "a" * 201,
        "UTF-8''",
    ],
)
async def test_a_name_that_no_header_can_say_is_a_problem_of_the_request(
    site: Site, header: str | bytes | None
) -> None:
    records = Records()
    async with client_of(app_on(site, records=records)) as client:
        headers = {} if header is None else {"Holder-Name": header}
        answer = await client.get(certificate_path(site), headers=headers)  # type: ignore[arg-type]
    assert problem(answer) == (400, "name_header")
    assert records.asked == []


async def test_a_name_in_a_header_may_be_written_either_way(site: Site) -> None:
    records = Records({site.certificate.number.digits: site.certificate.record})
    async with client_of(app_on(site, records=records)) as client:
        for value in ("%E5%BC%A0%E6%96%87%E5%8D%9A", "utf-8'zh-CN'%e5%bc%a0%E6%96%87%E5%8D%9A"):
            answer = await client.get(certificate_path(site), headers={"Holder-Name": value})
            assert answer.json()["verdict"] == "PASSED"


async def test_records_in_a_folder(site: Site, tmp_path: Path) -> None:
    """As `certreg render` writes them; a folder that cannot be read is a fault, and never "no such number"."""
    certificate = site.certificate
    digits = certificate.number.digits
    (tmp_path / f"{digits}.json").write_bytes(certificate.record)
    (tmp_path / f"{digits}.tlog-proof").write_bytes(
        b"x" * 20_000
    )  # larger than any: the publication's log is asked
    async with client_of(app_on(site, records=FolderRecords(tmp_path), limits=generous())) as client:
        found = (await posted(client, certificate_path(site), "张文博")).json()
        assert (found["verdict"], found["steps"][7]["code"]) == ("PASSED", "logged")
        assert problem(await posted(client, certificate_path(site, 1), "张文博")) == (
            404,
            "certificate_not_found",
        )
        assert problem(await client.get(f"/{digits}.json")) == (404, "not_found")
        (tmp_path / f"{digits}.json").unlink()
        (tmp_path / f"{digits}.json").mkdir()
        assert problem(await posted(client, certificate_path(site), "张文博")) == (500, "fault")


async def test_a_number_mistyped_is_told_without_a_look_up(site: Site) -> None:
    records = Records()
    async with client_of(app_on(site, records=records)) as client:
        for number, code in (("41010020261000000191", "number_check"), ("12", "number_form")):
            answer = await client.post(f"/api/certificates/{number}", json={"name": "x"})
            assert problem(answer) == (422, code)
        for body in ({}, {"name": ""}, {"name": "x" * 201}, {"name": 1}, {"name": "x", "y": 1}):
            assert problem(await client.post(certificate_path(site), json=body)) == (422, "body_form")
        assert problem(await client.post(certificate_path(site), content=b"{}"))[1] == "media_type"
    assert records.asked == []


async def test_guessing_names_is_soon_told_to_wait(site: Site) -> None:
    async with client_of(app_on(site, records=Records(), limits=generous(burst=200.0))) as client:
        answers = [await client.post(certificate_path(site), json={"name": "x"}) for _ in range(4)]
        assert [answer.status_code for answer in answers] == [404, 404, 404, 429]
        assert problem(answers[-1]) == (429, "too_many_requests")
        assert 1 <= int(answers[-1].headers["retry-after"]) <= 3


async def test_a_record_of_the_source_that_is_none_is_nobodys(site: Site) -> None:
    records = Records({site.certificate.number.digits: b"{}"})
    async with client_of(app_on(site, records=records)) as client:
        answer = await client.post(certificate_path(site), json={"name": "张文博"})
    assert problem(answer) == (404, "certificate_not_found")


async def test_nothing_is_written_whatever_is_asked(own_site: Site, tmp_path: Path) -> None:
    """The server has a folder that it reads, and no way to write: not to the publication, not to the records."""
    records = tmp_path / "records"
    records.mkdir()
    certificate = own_site.certificate
    (records / f"{certificate.number.digits}.json").write_bytes(certificate.record)

    def everything() -> dict[str, tuple[int, bytes]]:
        files = (path for path in tmp_path.rglob("*") if path.is_file())
        return {str(path): (path.stat().st_mtime_ns, path.read_bytes()) for path in files}

    before = everything()
    app = app_on(own_site, records=FolderRecords(records), limits=generous())
    async with client_of(app) as client:
        await client.post(VERIFY, json={"items": [{"qrText": certificate.qr_text}]})
        await client.post(VERIFY, files=[("files", ("a.json", certificate.record))])
        await posted(client, certificate_path(own_site), "张文博")
        for method in ("PUT", "DELETE", "PATCH", "POST"):
            for path in ("/trust.json", "/v", "/verifier/root.json"):
                answer = await client.request(method, path, content=b"x")
                assert problem(answer) == (405, "method_not_allowed")
    assert everything() == before
