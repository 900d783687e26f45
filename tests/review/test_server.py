"""The server's side of a panel: evidence in, a signed report out; it takes nobody's word for a verdict."""

from base64 import b64decode
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pikepdf
import pypdfium2
import pytest
import zxingcpp
from PIL import Image

from keys.custody import create_key_file
from keys.errors import CustodyError
from tests.builders import HOST, refused, signed
from tests.review.rig import (
    REPORT_SIGNER,
    Panel,
    compromised,
    lines_of,
    listing,
    new_panel,
    report_key,
    request_of,
)
from tests.server.rig import app_on, client_of, generous
from tests.server.test_uploads import sent
from tests.simulator import NOW, standard_draft, standard_pin
from tests.verifier.publication import folder_of, publication
from verifier.drawing.errors import FaceError
from verifier.drawing.qr import qr_version
from verifier.loading import installed_catalogue
from verifier.report import Verdict
from verifier.review.verify import ReviewEvidence, verify_review
from verifier.server.reportcustody import open_report_key
from verifier.trust import Trust

pytestmark = pytest.mark.anyio
REPORT, READ, FIND = "/api/panel/report", "/api/panel/read", "/api/panel/report/read"


def trust() -> Trust:
    """What a reader trusts."""
    return Trust.establish([listing().data], standard_pin(), installed_catalogue(HOST))


async def made(panel: Panel, **changes: Any) -> list[dict[str, Any]]:
    """The lines of a review of all of the panel's certificates."""
    lang = changes.pop("lang", "zh-CN")
    settings = {"report_key": panel.key, "limits": generous(), **changes.pop("settings", {})}
    async with client_of(app_on(panel, **settings)) as client:  # type: ignore[arg-type]
        body = {**request_of(panel), **changes}
        return lines_of(await client.post(REPORT, json=body, headers={"Accept-Language": lang}))


async def test_a_report_is_judged_signed_and_printed(panel: Panel) -> None:
    *progress, last = await made(panel, notes=[{"row": "赵敏||2026", "text": '#panic("x") \U0001f600'}])
    assert [line["done"] for line in progress] == [0, 4, 4]
    assert (
        last["counts"] | {"people": 5, "rows": 5, "passed": 3, "failed": 1, "missing": 1, "short": 1}
        == last["counts"]
    )
    evidence = ReviewEvidence(last["report"].encode(), table=last["table"].encode())
    verdict = verify_review(evidence, trust(), at=NOW)
    assert verdict.verdict is Verdict.PASSED
    with pikepdf.Pdf.open(BytesIO(b64decode(last["pdf"]))) as pdf:
        attached = {one.filename: one.get_file().read_bytes() for one in pdf.attachments.values()}
    assert attached == {
        "review-report.jsonld": last["report"].encode(),
        "review-table.jsonl": last["table"].encode(),
    }
    assert "张文博" not in last["report"]


async def test_the_page_says_what_the_table_says_and_its_code_is_read(panel: Panel) -> None:
    last = (await made(panel))[-1]
    document = pypdfium2.PdfDocument(b64decode(last["pdf"]))
    text = "".join(page.get_textpage().get_text_range() for page in document)
    for shown in ("2026 年高级职称评审", "张文博", "30 → 26", "已撤销", "缺证书", "公需缺 6", last["mark"]):
        assert shown in text
    picture: Image.Image = document[0].render(scale=200 / 72).to_pil()
    (code,) = zxingcpp.read_barcodes(picture)
    assert code.text == last["qr"]
    verdict = verify_review(ReviewEvidence(qr_text=code.text), trust(), at=NOW)
    assert verdict.verdict is Verdict.PASSED


@pytest.mark.parametrize(
    ("lang", "wanted"),
    [("zh-CN", "职称等级（名册）：高级 → 中级"), ("en", "Grade (list): senior → intermediate")],
)
async def test_a_difference_is_printed_in_the_words_and_brackets_of_the_language(
    panel: Panel, lang: str, wanted: str
) -> None:
    claims = [{"year": 2026, "grade": "senior"}]
    applicants = [{"name": "张文博", "identity": "410105********1234", "claims": claims}]
    last = (await made(panel, lang=lang, applicants=applicants))[-1]
    document = pypdfium2.PdfDocument(b64decode(last["pdf"]))
    text = "".join(page.get_textpage().get_text_range() for page in document)
    assert "".join(wanted.split()) in "".join(text.split())


async def test_what_could_not_be_read_is_undecided_and_never_failed(panel: Panel) -> None:
    last = (
        await made(
            panel, items=[{"target": "blurred.jpg", "trouble": "container_no_certificate"}], applicants=[]
        )
    )[-1]
    assert (last["counts"]["undecided"], last["counts"]["failed"], last["counts"]["rows"]) == (1, 0, 1)


async def test_english(panel: Panel) -> None:
    last = (await made(panel, lang="en"))[-1]
    text = pypdfium2.PdfDocument(b64decode(last["pdf"]))[0].get_textpage().get_text_range()
    assert "Scan to check this report" in text
    assert "NONE PRESENTED" in " ".join(text.split())


async def test_what_does_not_verify_is_signed_as_that_and_a_verdict_cannot_be_sent(panel: Panel) -> None:
    forged = panel.certificate.record.decode().replace('"publicHours":26', '"publicHours":36')
    last = (await made(panel, items=[{"record": forged}], applicants=[]))[-1]
    assert (last["counts"]["passed"], last["counts"]["failed"], last["counts"]["met"]) == (0, 1, 0)
    assert '"reason":"proof_invalid"' in last["table"]
    async with client_of(app_on(panel, report_key=panel.key, limits=generous())) as client:
        claimed = [{"record": forged, "verdict": "PASSED"}]
        answer = await client.post(REPORT, json=request_of(panel, items=claimed))
        assert (answer.status_code, answer.json()["code"]) == (422, "body_form")
        at = {**request_of(panel), "options": {"at": "2020-01-01T00:00:00Z"}}
        assert (await client.post(REPORT, json=at)).status_code == 422


async def test_without_a_key_the_report_says_that_it_is_unsigned(panel: Panel) -> None:
    last = (await made(panel, settings={"report_key": None}))[-1]
    assert last["signed"] is False
    assert not {"report", "qr"} & last.keys()
    pdf = b64decode(last["pdf"])
    text = pypdfium2.PdfDocument(pdf)[0].get_textpage().get_text_range()
    assert "未签名" in text
    assert "签名。会议名称" in text
    assert "对汇总数与明细表的摘要签名" not in text
    with pikepdf.Pdf.open(BytesIO(pdf)) as opened:
        assert list(opened.attachments) == ["/review-table.jsonl"] or [
            one.filename for one in opened.attachments.values()
        ] == ["review-table.jsonl"]


@pytest.mark.parametrize(
    "keys", [(report_key(revoked=compromised("2026-02-01T00:00:00Z")),), (report_key(not_after=NOW - 1),), ()]
)
async def test_a_key_that_is_not_listed_signs_nothing(tmp_path: Path, keys: tuple[Any, ...]) -> None:
    panel = new_panel(tmp_path)
    panel.registry.trust_list = listing(*keys) if keys else signed(standard_draft())
    folder_of(publication(panel.registry, [panel.certificate.number]), tmp_path)
    async with client_of(app_on(panel, report_key=panel.key, limits=generous())) as client:
        answer = await client.post(REPORT, json=request_of(panel))
    assert (answer.status_code, answer.json()["code"]) == (503, "report_key_unlisted")


async def test_where_nothing_can_be_decided_nothing_is_signed(panel: Panel) -> None:
    for settings in ({"unpinned": True}, {"clock": lambda: NOW + 400 * 86400}):
        app = app_on(panel, report_key=panel.key, limits=generous(), **settings)  # type: ignore[arg-type]
        async with client_of(app) as client:
            answer = await client.post(REPORT, json=request_of(panel))
            assert (answer.status_code, answer.json()["code"]) == (503, "review_not_trusted")


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"name": " "}, 422, "body_form"),
        ({"name": "x\u202e"}, 422, "body_form"),
        ({"applicants": [{"name": "张文博", "identity": "410105199001011234"}]}, 422, "body_form"),
        ({"applicants": [{"name": "x", "claims": [{"year": 2026, "total": -1}]}]}, 422, "body_form"),
        ({"policy": {"years": list(range(2000, 2021))}}, 422, "body_form"),
        ({"items": [{"target": "nothing"}]}, 422, "body_form"),
        (
            {
                "applicants": [{"name": f"n{one}"} for one in range(1500)],
                "policy": {"years": list(range(2000, 2010))},
            },
            413,
            "review_too_large",
        ),
    ],
)
async def test_what_is_asked_within_bounds(
    panel: Panel, change: dict[str, Any], status: int, code: str
) -> None:
    async with client_of(app_on(panel, report_key=panel.key, limits=generous())) as client:
        answer = await client.post(REPORT, json=request_of(panel, **change))
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert (
            await client.post(REPORT, content=b"{}", headers={"Content-Type": "text/plain"})
        ).status_code == 415
        assert (await client.get(REPORT)).status_code == 405


async def test_too_many_rows_by_claimed_years_end_the_stream_with_a_problem(panel: Panel) -> None:
    applicants = [
        {"name": f"n{one}", "claims": [{"year": 2000 + year} for year in range(60)]} for one in range(200)
    ]
    lines = await made(panel, applicants=applicants, policy={})
    assert lines[-1]["code"] == "review_too_large"


async def test_who_asks_too_often_waits(panel: Panel) -> None:
    limits = replace(generous(), burst=450.0, per_second=0.001)
    async with client_of(app_on(panel, report_key=panel.key, limits=limits)) as client:
        answers = [await client.post(REPORT, json=request_of(panel)) for _ in range(3)]
    assert [one.status_code for one in answers] == [200, 200, 429]


async def test_files_are_read_and_not_judged(panel: Panel) -> None:
    """JSON with its proof beside it, a code as text, and two that are nothing."""
    record = panel.certificate.record
    files = [
        ("a.json", record),
        ("a.tlog-proof", b"proof"),
        ("b.txt", panel.certificate.qr_text.encode()),
        ("c.txt", b"nothing"),
        ("d.png", b"\x89PNG\r\n\x1a\nnothing"),
    ]
    async with client_of(app_on(panel, limits=generous())) as client:
        found = lines_of(await client.post(READ, files=sent(*files)))
        assert (await client.post(READ, json={})).status_code == 415
        assert (await client.get("/api/panel")).json() == {"reads": True, "signs": False}
    assert found == [
        {"target": "a.json", "record": record.decode(), "logProof": "proof"},
        {"target": "b.txt", "qrText": panel.certificate.qr_text},
        {"target": "c.txt", "trouble": "container_no_certificate"},
        {"target": "d.png", "trouble": "container_unreadable"},
    ]


async def test_a_reports_pdf_gives_back_what_is_attached(panel: Panel) -> None:
    last = (await made(panel))[-1]
    async with client_of(app_on(panel, limits=generous())) as client:
        found = (await client.post(FIND, files=sent(("report.pdf", b64decode(last["pdf"]))))).json()
        assert found == {"report": last["report"], "table": last["table"]}
        for data in (b"nothing", b"%PDF-1.4 nothing", panel.certificate.record):
            answer = await client.post(FIND, files=sent(("x.pdf", data)))
            assert (answer.status_code, answer.json()["code"]) == (422, "report_not_found")


def test_a_report_key_in_a_file_or_with_an_agent(tmp_path: Path) -> None:
    path = tmp_path / "report-1.pem"
    key = create_key_file(path, b"twelve bytes!")
    secret = {"CERTVERIFY_PASSPHRASE": "twelve bytes!"}
    assert open_report_key(str(path), secret).signer.public_key == key.public_key
    word = tmp_path / "word"
    word.write_bytes(b"twelve bytes!\n")
    assert (
        open_report_key(str(path), {"CERTVERIFY_PASSPHRASE_FILE": str(word)}).signer.public_key
        == key.public_key
    )
    with refused(CustodyError, "key_file_locked"):
        open_report_key(str(path), {"CERTVERIFY_PASSPHRASE": "another word!"})
    with refused(CustodyError, "agent_gone"):
        open_report_key(f"agent:{tmp_path}/no.sock#report-1", {})


def test_a_reports_code_may_be_larger_than_a_certificates() -> None:
    assert qr_version(30, 700, 17) == 13
    with refused(FaceError, "face_qr_too_long"):
        qr_version(30, 700)


def test_the_key_is_no_certificates_key() -> None:
    keys = {key.public_key for one in listing().authorities.values() for key in one.keys}
    assert REPORT_SIGNER.public_key not in keys
