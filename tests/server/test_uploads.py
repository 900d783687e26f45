"""Files of strangers through the door: read in boxes, within bounds, one bad one no trouble for the others."""

import asyncio
import json
import struct
import threading
import zipfile
import zlib
from io import BytesIO
from typing import Any

import httpx
import pytest
import zxingcpp
from PIL import Image
from starlette.datastructures import Headers

from tests.server.rig import Site, app_on, client_of, generous
from tests.server.test_api import VERIFY, lines, problem
from tests.verifier.bombs import chunk, nested_forms
from tests.verifier.publication import zip_of
from verifier.server.archive import members
from verifier.server.problems import Problem
from verifier.server.requests import FileSent, asked_in_form
from verifier.server.settings import Limits
from verifier.tlogproof import TlogProof

pytestmark = pytest.mark.anyio
File = tuple[str, tuple[str, bytes]]


def sent(*files: tuple[str, bytes]) -> list[File]:
    return [("files", file) for file in files]


def picture(*texts: str, form: str = "JPEG") -> bytes:
    """Codes side by side."""
    codes = []
    for text in texts:
        code = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, ec_level="M")
        codes.append(Image.fromarray(zxingcpp.write_barcode_to_image(code, scale=6)))
    whole = Image.new("L", (sum(code.width for code in codes), max(code.height for code in codes)), 255)
    across = 0
    for code in codes:
        whole.paste(code, (across, 0))
        across += code.width
    out = BytesIO()
    whole.save(out, form)
    return out.getvalue()


def huge_png(side: int = 30_000) -> bytes:
    """A megabyte that says it is 900 million pixels."""
    head = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    rows = zlib.compress(bytes(side + 1) * 1000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def summary(found: list[dict[str, Any]]) -> list[tuple[str, str, str, list[str]]]:
    return [
        (one["target"], one["verdict"], one["reason"], [trouble["code"] for trouble in one["troubles"]])
        for one in found
    ]


async def test_files_are_judged_in_order_by_their_names(site: Site) -> None:
    proof = site.registry.log_proof(0)
    assert isinstance(proof, TlogProof)
    files = sent(
        ("张.json", site.certificate.record),
        ("张.tlog-proof", proof.to_bytes()),
        ("b.jpg", picture(site.certificates[1].qr_text)),
        ("c.txt", site.certificates[2].number.printed.encode()),
        ("empty.pdf", b""),
    )
    async with client_of(app_on(site)) as client:
        found = lines(await client.post(VERIFY, files=files))
    assert summary(found) == [
        ("张.json", "PASSED", "valid", []),
        ("b.jpg", "PASSED", "valid", []),
        ("c.txt", "INDETERMINATE", "record_missing", []),
        ("empty.pdf", "INDETERMINATE", "evidence_missing", ["container_no_certificate"]),
    ]


async def test_every_certificate_in_one_picture_is_judged(site: Site) -> None:
    one = picture(site.certificates[0].qr_text, form="PNG")
    two = picture(site.certificates[0].qr_text, site.certificates[1].qr_text)
    async with client_of(app_on(site)) as client:
        alone = await client.post(VERIFY, files=sent(("one.png", one)))
        assert (alone.headers["content-type"], alone.json()["verdict"]) == ("application/json", "PASSED")
        found = lines(await client.post(VERIFY, files=sent(("two.jpg", two))))
    assert sorted(one["number"] for one in found) == sorted(c.number.digits for c in site.certificates[:2])
    assert [one["target"] for one in found] == ["two.jpg", "two.jpg#2"]


async def test_a_zip_of_many_with_names_as_they_were_meant(site: Site) -> None:
    members_of = {
        f"甲/{place}.json": certificate.record for place, certificate in enumerate(site.certificates)
    }
    data = zip_of({**members_of, ".hidden": b"x", "__MACOSX/._0.json": b"x", "folder/": b""})
    gbk = data.replace("甲".encode(), "甲".encode("gb18030") + b"_")
    async with client_of(app_on(site)) as client:
        found = lines(await client.post(VERIFY, files=sent(("all.zip", data))))
        assert summary(found) == [(name, "PASSED", "valid", []) for name in members_of]
        assert len(gbk) == len(data)


async def test_a_name_that_chinese_windows_wrote(site: Site) -> None:
    data = zip_of({"AAAA.json": site.certificate.record}).replace(b"AAAA", "张三".encode("gb18030"))
    assert [name for name, _ in members(data, 10**6)] == ["张三.json"]


async def test_bombs_cost_their_sender_and_nobody_else(site: Site) -> None:
    files = sent(
        ("nested.pdf", nested_forms()),
        ("huge.png", huge_png()),
        ("good.json", site.certificate.record),
        ("noise.jpg", b"\xff\xd8\xff" + bytes(1000)),
        ("deep.json", b"{" * 60_000),
    )
    async with client_of(app_on(site)) as client:
        found = lines(await client.post(VERIFY, files=files))
    assert [one["verdict"] for one in found] == [
        "INDETERMINATE", "INDETERMINATE", "PASSED", "INDETERMINATE", "FAILED",
    ]  # fmt: skip
    assert summary(found)[0][3] == ["container_too_costly"]
    assert summary(found)[1][3] == ["image_too_large"]
    assert found[4]["record"] is None


def overlapping(times: int) -> bytes:
    """Entries that all point at one large member."""
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a0", bytes(10_000_000))
        first = archive.infolist()[0]
        for place in range(1, times):
            twin = zipfile.ZipInfo(f"a{place}")
            for name in ("CRC", "compress_size", "file_size", "header_offset", "compress_type"):
                setattr(twin, name, getattr(first, name))
            archive.filelist.append(twin)
            archive.NameToInfo[twin.filename] = twin
    return buffer.getvalue()


async def test_zip_bombs_are_refused_before_they_unpack(site: Site) -> None:
    encrypted = bytearray(zip_of({"a.json": b"{}"}))
    at = encrypted.rindex(b"PK\1\2")
    encrypted[at + 8] |= 1
    cases = [
        (overlapping(100), (413, "archive_too_large")),
        (zip_of({f"{place}.json": b"" for place in range(1001)}), (413, "too_many_items")),
        (zip_of({"a.json": b"{}"})[:-30], (422, "archive_form")),
        (bytes(encrypted), (422, "archive_form")),
        (zip_of({"a.json": b"{}"}, method=zipfile.ZIP_LZMA), (422, "archive_form")),
    ]
    async with client_of(app_on(site)) as client:
        for data, expected in cases:
            assert problem(await client.post(VERIFY, files=sent(("a.zip", data)))) == expected
        nested = lines(
            await client.post(
                VERIFY, files=sent(("a.zip", zip_of({"b.zip": zip_of({"c.json": b"{}"}), "x.txt": b"x"})))
            )
        )
    assert summary(nested)[0][3] == ["container_unreadable"]


def test_a_damaged_member_is_nothing_and_not_an_error() -> None:
    data = bytearray(zip_of({"a.json": b"{}" * 500}))
    data[40] ^= 0xFF
    read = members(bytes(data), 10**6)[0][1]
    assert read() == b""
    with pytest.raises(Problem, match="archive_too_large"):
        members(zip_of({"a": bytes(2000)}), 1000)


FORMS: list[tuple[dict[str, Any], tuple[int, str]]] = [
    ({"content": b"", "headers": {"Content-Type": "multipart/form-data"}}, (400, "upload_form")),
    ({"content": b"--x", "headers": {"Content-Type": "multipart/form-data; boundary=x"}}, (400, "upload_form")),
    (
        {
            "content": b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.json"\r\n\r\n{}\r\n--x\r\nCont',
            "headers": {"Content-Type": "multipart/form-data; boundary=x"},
        },
        (400, "upload_form"),
    ),
    ({"content": b"junk", "headers": {"Content-Type": "multipart/form-data; boundary=x"}}, (400, "upload_form")),
    *(
        (
            {
                "content": b'--x\r\nContent-Disposition: form-data; name="options"\r\n\r\n{}\r\n--x--',
                "headers": {"Content-Type": f"multipart/form-data; boundary=x; charset={charset}"},
            },
            (400, "upload_form"),
        )
        for charset in ("punycode", "PUNYCODE", "idna", "utf-16", "latin-1", "x")
    ),
    ({"files": sent(("a.tlog-proof", b"x"))}, (422, "body_form")),
    ({"files": sent(("a.json", b"{}")), "data": {"other": "x"}}, (422, "body_form")),
    ({"files": sent(("a.json", b"{}")), "data": {"options": "{"}}, (400, "body_not_json")),
    ({"files": sent(("a.json", b"{}")), "data": {"options": '{"x":1}'}}, (422, "body_form")),
    ({"files": sent(*((f"{n}.json", b"{}") for n in range(1001)))}, (413, "too_many_items")),
]  # fmt: skip


@pytest.mark.parametrize(("request_", "expected"), FORMS, ids=lambda value: str(value)[:60])
async def test_a_form_that_cannot_be_read_is_a_problem(
    site: Site, request_: dict[str, Any], expected: tuple[int, str]
) -> None:
    async with client_of(app_on(site)) as client:
        assert problem(await client.post(VERIFY, **request_)) == expected


@pytest.mark.parametrize("size", [1, 2, 7, 100])
def test_a_form_is_the_same_in_whatever_pieces_it_comes(size: int) -> None:
    """Its end too, which may lie in many of them; what goes on behind it is none in any."""
    sent_ = httpx.Request("POST", "http://x", files=sent(("a.json", b"{}" * 300), ("b.bin", b"--\r\n--")))
    whole, headers = sent_.read(), Headers(dict(sent_.headers))

    def asked(body: bytes) -> list[tuple[str, bytes]]:
        pieces = [body[at : at + size] for at in range(0, len(body), size)]
        items = [
            item for item in asked_in_form(headers, pieces, Limits()).items if isinstance(item, FileSent)
        ]
        return [(item.name, item.read()) for item in items]

    for end in (b"", b"\r\n", b"\n" * 900):
        assert asked(whole + end) == [("a.json", b"{}" * 300), ("b.bin", b"--\r\n--")]
    with pytest.raises(Problem, match="upload_form"):
        asked(whole + b"x")


async def test_a_form_is_not_taken_apart_where_everybody_is_answered(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of 60 MB takes a third of a second."""
    threads: list[str] = []

    def noted(*arguments: Any) -> Any:
        threads.append(threading.current_thread().name)
        return asked_in_form(*arguments)

    monkeypatch.setattr("verifier.server.service.asked_in_form", noted)
    async with client_of(app_on(site)) as client:
        answer = await client.post(VERIFY, files=sent(("a.json", site.certificate.record)))
        assert answer.json()["verdict"] == "PASSED"
        await client.post("/api/panel/read", files=sent(("a.json", site.certificate.record)))
    assert threads == ["form_0"] * 2


async def test_options_of_a_form(site: Site) -> None:
    async with client_of(app_on(site)) as client:
        options = json.dumps({"at": "2026-03-20T09:00:00Z"})
        answer = await client.post(
            VERIFY, files=sent(("a.json", site.certificate.record)), data={"options": options}
        )
    assert answer.json()["reason"] == "status_stale"


async def test_beyond_the_queue_uploads_are_told_to_come_again(site: Site) -> None:
    """Callers whose bodies have begun and not ended hold every place; they get their answers all the same."""
    limits = generous(boxes=1, uploads_waiting=1, uploads_of_one=2)
    app = app_on(site, limits=limits)
    finish, began = asyncio.Event(), asyncio.Semaphore(0)
    template = httpx.Request("POST", "http://x", files=sent(("a.json", site.certificate.record)))
    body, kind = template.read(), template.headers["content-type"]

    async def slowly() -> Any:
        yield body[:10]
        began.release()
        await finish.wait()
        yield body[10:]

    async with client_of(app) as client:

        async def upload(content: Any) -> httpx.Response:
            return await client.post(VERIFY, content=content, headers={"Content-Type": kind})

        waiting = [asyncio.create_task(upload(slowly())) for _ in range(2)]
        for _ in waiting:
            await began.acquire()
        third = await upload(body)
        assert problem(third) == (429, "too_many_requests")
        transport = httpx.ASGITransport(app=app, client=("198.51.100.9", 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://server.example") as other:
            full = await other.post(VERIFY, content=body, headers={"Content-Type": kind})
        assert problem(full) == (503, "busy")
        assert int(full.headers["retry-after"]) >= 1
        number = await client.post(VERIFY, json={"items": [{"number": "1"}]})
        assert number.status_code == 200  # who sends no file waits for none
        finish.set()
        assert [(await one).json()["verdict"] for one in waiting] == ["PASSED", "PASSED"]
        assert (await upload(body)).json()["verdict"] == "PASSED"
    service = app.state.service
    assert (service.upload_places.taken, service.places.taken) == (0, 0)


async def test_what_takes_too_long_ends_with_a_problem(site: Site) -> None:
    files = sent(*((f"{place}.json", site.certificate.record) for place in range(9)))
    async with client_of(app_on(site, limits=generous(answer_seconds=0.0001))) as client:
        answer = await client.post(VERIFY, files=files)
        assert answer.status_code == 200
        *reports, last = lines(answer)
    assert [one["verdict"] for one in reports] == ["PASSED"] * 4
    assert (last["code"], last["status"]) == ("time_over", 503)
    assert "verdict" not in last


async def test_a_fault_in_the_midst_of_a_stream_is_its_last_line(site: Site) -> None:
    """Boxes that are gone: what needs none was judged, and the answer does not look whole."""
    app = app_on(site)
    app.state.service.judge.boxes.close()
    files = sent(*((f"{place}.json", site.certificate.record) for place in range(4)), ("a.jpg", picture("x")))
    async with client_of(app) as client:
        *reports, last = lines(await client.post(VERIFY, files=files))
        alone = await client.post(VERIFY, files=files[-1:])
    assert [one["verdict"] for one in reports] == ["PASSED"] * 4
    assert (last["code"], "verdict" in last) == ("fault", False)
    assert problem(alone) == (500, "fault")
    assert app.state.service.upload_places.taken == 0
