"""What `/api/` answers: reports for what can be judged, a problem for what cannot be read, and nothing in between."""

import asyncio
import json
import logging
from typing import Any

import httpx
import pytest

from tests.server.rig import Records, Site, app_on, client_of, generous
from tests.simulator import NOW, Simulator, sealed, standard_pin
from tests.verifier.publication import folder_of, publication
from verifier.server.problems import PROBLEMS
from verifier.server.settings import MAX_ITEMS

pytestmark = pytest.mark.anyio
VERIFY = "/api/verify"


def lines(answer: httpx.Response) -> list[dict[str, Any]]:
    assert answer.headers["content-type"] == "application/x-ndjson"
    return [json.loads(line) for line in answer.text.splitlines()]


def certificate_path(site: Site, place: int = 0) -> str:
    return f"/api/certificates/{site.certificates[place].number.digits}"


def problem(answer: httpx.Response) -> tuple[int, str]:
    """Status and code of a problem in its full form."""
    assert answer.headers["content-type"] == "application/problem+json"
    found = answer.json()
    assert found["status"] == answer.status_code
    assert found["type"] == f"/api/problems/{found['code']}"
    assert answer.headers["cache-control"] == "no-store"
    return answer.status_code, found["code"]


async def test_one_is_answered_as_json(site: Site) -> None:
    async with client_of(app_on(site)) as client:
        answer = await client.post(VERIFY, json={"items": [{"record": site.certificate.record.decode()}]})
    found = answer.json()
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    assert (found["verdict"], found["reason"], found["troubles"]) == ("PASSED", "valid", [])
    assert found["steps"][7]["code"] == "logged"
    assert found["record"]["credentialSubject"]["name"] == "张文博"
    assert (found["target"], found["pinned"]) == ("items[0]", True)
    assert found["source"] == "https://jxjy.henan.example/"


async def test_several_are_answered_in_order_a_line_each(site: Site) -> None:
    altered = site.certificate.record.replace(b'"publicHours":26', b'"publicHours":27')
    items = [
        {"record": site.certificate.record.decode(), "target": "good"},
        {"record": altered.decode()},
        {"qrText": site.certificates[1].qr_text},
        {"number": site.certificates[2].number.printed},
        {"record": site.certificate.record.decode(), "name": "李"},
        {"record": "{}"},
    ]
    async with client_of(app_on(site)) as client:
        found = lines(await client.post(VERIFY, json={"items": items}))
    assert [(one["verdict"], one["reason"]) for one in found] == [
        ("PASSED", "valid"),
        ("FAILED", "proof_invalid"),
        ("PASSED", "valid"),
        ("INDETERMINATE", "record_missing"),
        ("FAILED", "name_differs"),
        ("FAILED", found[5]["reason"]),
    ]
    assert [one["target"] for one in found[:2]] == ["good", "items[1]"]
    assert all(one["record"] is None for one in found if one["verdict"] != "PASSED")


async def test_one_is_a_line_for_who_asks_for_lines(site: Site) -> None:
    async with client_of(app_on(site)) as client:
        body = {"items": [{"qrText": site.certificate.qr_text}]}
        answer = await client.post(VERIFY, json=body, headers={"Accept": "application/x-ndjson"})
    assert [one["verdict"] for one in lines(answer)] == ["PASSED"]


async def test_a_thousand_at_once_and_not_one_more(site: Site) -> None:
    item = {"qrText": site.certificate.qr_text}
    async with client_of(app_on(site, limits=generous())) as client:
        found = lines(await client.post(VERIFY, json={"items": [item] * MAX_ITEMS}))
        assert len(found) == MAX_ITEMS
        assert {one["verdict"] for one in found} == {"PASSED"}
        assert [one["target"] for one in found] == [f"items[{place}]" for place in range(MAX_ITEMS)]
        more = await client.post(VERIFY, json={"items": [item] * (MAX_ITEMS + 1)})
    assert problem(more) == (413, "too_many_items")


async def test_options_are_the_readers_policy(site: Site) -> None:
    text = site.certificate.qr_text
    async with client_of(app_on(site)) as client:

        async def judged(**options: object) -> tuple[str, str, str]:
            found = (await client.post(VERIFY, json={"items": [{"qrText": text}], "options": options})).json()
            return found["verdict"], found["reason"], found["at"]

        assert await judged() == ("PASSED", "valid", "2026-03-10T09:00:00Z")
        assert await judged(at="2026-03-20T09:00:00Z") == (
            "INDETERMINATE",
            "status_stale",
            "2026-03-20T09:00:00Z",
        )
        assert (await judged(statusMaxAge=60))[1] == "status_stale"
        (site.folder / "log").rename(site.folder / "gone")
    try:
        async with client_of(app_on(site)) as client:
            assert (await judged_alone(client, text, requireLog=True))[1] == "log_proof_missing"
            assert (await judged_alone(client, text, requireLog=False))[0] == "PASSED"
    finally:
        (site.folder / "gone").rename(site.folder / "log")


async def judged_alone(client: httpx.AsyncClient, text: str, **options: object) -> tuple[str, str]:
    found = (await client.post(VERIFY, json={"items": [{"qrText": text}], "options": options})).json()
    return found["verdict"], found["reason"]


async def test_without_a_root_of_the_deployments_choice_nothing_passes(site: Site) -> None:
    async with client_of(app_on(site, unpinned=True)) as client:
        found = (await client.post(VERIFY, json={"items": [{"qrText": site.certificate.qr_text}]})).json()
        assert (found["verdict"], found["reason"], found["pinned"]) == (
            "INDETERMINATE",
            "root_not_pinned",
            False,
        )
        assert problem(await client.get("/verifier/root.json")) == (404, "not_found")


async def test_a_revocation_is_known_as_soon_as_it_is_read_anew(own_site: Site) -> None:
    certificate, registry = own_site.certificate, own_site.registry
    body = {"items": [{"qrText": certificate.qr_text}]}
    async with client_of(app_on(own_site, limits=generous(publication_seconds=0.0))) as client:
        assert (await client.post(VERIFY, json=body)).json()["verdict"] == "PASSED"
        registry.revoke(certificate.number)
        folder_of(publication(registry, [certificate.number]), own_site.folder)
        found = (await client.post(VERIFY, json=body)).json()
    assert (found["verdict"], found["reason"]) == ("FAILED", "revoked")
    assert found["record"]["credentialSubject"]["name"] == "张文博"


async def test_an_older_trust_list_is_not_followed(own_site: Site) -> None:
    """A folder that is turned back says nothing, while the server runs."""
    old = (own_site.folder / "trust.json").read_bytes()
    document = json.loads(old)
    newer = sealed(
        {**{k: v for k, v in document.items() if k != "proof"}, "version": document["version"] + 1}
    )
    text = {"items": [{"qrText": own_site.certificate.qr_text}]}
    (own_site.folder / "trust.json").write_bytes(newer)
    async with client_of(app_on(own_site, limits=generous(publication_seconds=0.0))) as client:
        assert (await client.post(VERIFY, json=text)).json()["trust"]["version"] == document["version"] + 1
        (own_site.folder / "trust.json").write_bytes(old)
        found = (await client.post(VERIFY, json=text)).json()
    assert (found["verdict"], found["reason"]) == ("INDETERMINATE", "trust_list_rollback")


async def test_a_publication_without_a_root_is_an_outage(own_site: Site) -> None:
    (own_site.folder / "root.json").unlink()
    async with client_of(app_on(own_site, unpinned=True)) as client:
        answer = await client.post(VERIFY, json={"items": [{"number": "1"}]})
    assert problem(answer) == (503, "publication_unavailable")


BODIES: list[tuple[bytes, int, str]] = [
    (b"", 400, "body_not_json"),
    (b"{", 400, "body_not_json"),
    (b"\xff", 400, "body_not_json"),
    (b'{"items":[{"number":"1"}],"items":[]}', 400, "body_not_json"),
    (b'{"items":[{"number":null}]}', 400, "body_not_json"),
    (b'{"items":' + b"[" * 100_000, 400, "body_not_json"),
    (b"[]", 422, "body_form"),
    (b"{}", 422, "body_form"),
    (b'{"items":[]}', 422, "body_form"),
    (b'{"items":[{}]}', 422, "body_form"),
    (b'{"items":[{"name":"x"}]}', 422, "body_form"),
    (b'{"items":[{"number":1}]}', 422, "body_form"),
    (b'{"items":[{"record":{}}]}', 422, "body_form"),
    (b'{"items":[{"number":"1","other":"x"}]}', 422, "body_form"),
    (b'{"items":[{"number":"1"}],"options":{"at":"today"}}', 422, "body_form"),
    (b'{"items":[{"number":"1"}],"options":{"at":"2026-02-30T00:00:00Z"}}', 422, "body_form"),
    (b'{"items":[{"number":"1"}],"options":{"requireLog":"no"}}', 422, "body_form"),
]


@pytest.mark.parametrize(("body", "status", "code"), BODIES, ids=lambda value: str(value)[:40])
async def test_a_body_that_cannot_be_read_is_a_problem(
    site: Site, body: bytes, status: int, code: str
) -> None:
    async with client_of(app_on(site)) as client:
        answer = await client.post(VERIFY, content=body, headers={"Content-Type": "application/json"})
    assert problem(answer) == (status, code)


async def test_a_problem_names_places_and_never_values(site: Site) -> None:
    async with client_of(app_on(site)) as client:
        body = {"items": [{"number": "1", "Zhang": "张文博"}, {"number": 7}]}
        answer = await client.post(VERIFY, json=body)
    assert answer.json()["errors"] == [
        {"place": "items.0", "cause": "extra_forbidden"},
        {"place": "items.1.number", "cause": "string_type"},
    ]
    assert "张文博" not in answer.text
    assert "Zhang" not in answer.text


async def test_media_types_and_compression_that_are_not_taken(site: Site) -> None:
    async with client_of(app_on(site)) as client:
        for headers in (
            {"Content-Type": "text/plain"},
            {},
            {"Content-Type": "application/json", "Content-Encoding": "gzip"},
        ):
            answer = await client.post(VERIFY, content=b"{}", headers=headers)
            assert problem(answer) == (415, "media_type")


async def test_a_body_over_the_bound_is_not_read_to_its_end(site: Site) -> None:
    sent = 0

    async def endless() -> Any:
        nonlocal sent
        while True:
            sent += 1
            yield b" " * 1000

    async with client_of(app_on(site, limits=generous(json_bytes=5000))) as client:
        headers = {"Content-Type": "application/json"}
        assert problem(await client.post(VERIFY, content=b" " * 5001, headers=headers)) == (
            413,
            "body_too_large",
        )
        assert problem(await client.post(VERIFY, content=endless(), headers=headers)) == (
            413,
            "body_too_large",
        )
    assert sent < 20


async def test_a_body_that_never_ends_is_given_up(site: Site) -> None:
    async def stuck() -> Any:
        yield b"{"
        await asyncio.Event().wait()

    async with client_of(app_on(site, limits=generous(body_seconds=0.05))) as client:
        answer = await client.post(VERIFY, content=stuck(), headers={"Content-Type": "application/json"})
    assert problem(answer) == (408, "body_timeout")


@pytest.mark.parametrize("path", [VERIFY, "/api/certificates/41010020261000000190"])
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_other_methods_are_told_which_one_is_taken(site: Site, path: str, method: str) -> None:
    taken = ["POST"] if path == VERIFY else ["GET", "POST"]
    async with client_of(app_on(site)) as client:
        answer = await client.request(method, path)
    if method in taken:
        assert problem(answer) == (404, "number_lookup_unavailable")
    else:
        assert problem(answer) == (405, "method_not_allowed")
        assert answer.headers["allow"] == ", ".join(taken)


async def test_every_problem_is_in_the_readers_language(site: Site) -> None:
    async with client_of(app_on(site)) as client:
        for accepted, language in (
            ("en", "en"),
            ("en-GB,zh;q=0.5", "en"),
            ("zh;q=0.5,en;q=0.4", "zh-CN"),
            ("fr", "zh-CN"),
            ("", "zh-CN"),
            ("en;q=0", "zh-CN"),
            ("en;q=junk", "zh-CN"),
            ("en;level=1", "zh-CN"),
        ):
            answer = await client.get("/nothing", headers={"Accept-Language": accepted})
            assert problem(answer) == (404, "not_found")
            assert answer.headers["content-language"] == language
            title = PROBLEMS["not_found"].title
            assert answer.json()["title"] == (title.en if language == "en" else title.zh)
        for code, kind in PROBLEMS.items():
            told = (await client.get(f"/api/problems/{code}", headers={"Accept-Language": "en"})).json()
            assert (told["code"], told["status"], told["title"]) == (code, kind.status, kind.title.en)
            assert kind.title.zh.endswith("。")
            assert kind.title.en.endswith(".")
        assert problem(await client.get("/api/problems/unheard-of")) == (404, "not_found")


# ---- who, and what is written down


async def test_clients_are_limited_each_for_itself(site: Site) -> None:
    app = app_on(site, limits=generous(burst=5.0, per_second=0.01))
    item = {"number": "1"}
    async with client_of(app) as one:
        assert (await one.post(VERIFY, json={"items": [item] * 5})).status_code == 200
        refused = await one.post(VERIFY, json={"items": [item]})
        assert problem(refused) == (429, "too_many_requests")
        assert int(refused.headers["retry-after"]) >= 90
        transport = httpx.ASGITransport(app=app, client=("198.51.100.9", 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://server.example") as other:
            assert (await other.post(VERIFY, json={"items": [item]})).status_code == 200
            assert (await other.post(VERIFY, json={"items": [item] * 5})).status_code == 429


class Broken:
    """Records whose database fails, with somebody's name in the error."""

    def find(self, _: object) -> tuple[bytes, bytes | None] | None:
        raise RuntimeError("no row for 张文博")


async def test_a_fault_is_a_problem_and_tells_nothing(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    async with client_of(app_on(site, records=Broken())) as client:
        answer = await client.post(certificate_path(site), json={"name": "张文博"})
    assert problem(answer) == (500, "fault")
    assert answer.headers["content-security-policy"]
    assert "fault RuntimeError at test_api.py:" in caplog.text
    assert "张文博" not in caplog.text


async def test_nothing_that_was_sent_is_in_a_log_line(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    records = Records({site.certificate.number.digits: site.certificate.record})
    async with client_of(app_on(site, records=records), peer="203.0.113.77") as client:
        await client.post(certificate_path(site), json={"name": "张文博"})
        await client.post(VERIFY, json={"items": [{"qrText": site.certificate.qr_text, "name": "张文博"}]})
        await client.get("/api/certificates/x?name=%E5%BC%A0%E6%96%87%E5%8D%9A")
        await client.get("/张文博")
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("certverify")]
    assert len(ours) == 4
    assert ours[0].startswith("POST /api/certificates 200 ")
    assert ours[3].startswith("GET /… 404 ")
    for secret in ("张文博", "%E5%BC", site.certificate.number.digits, "203.0.113", "410105"):
        assert not any(secret in line for line in ours)


def test_the_simulators_pin_is_the_publications(site: Site) -> None:
    """What these tests rest on: the root in the folder is the one that the application pins."""
    assert (site.folder / "root.json").read_bytes() == standard_pin().to_bytes()
    assert Simulator().trust_list.valid_until > NOW
