"""A panel's sitting in a real browser, from the real server: in by every way, closed half-way, out as XLSX and signed PDF."""

import csv
import json
import zipfile
from io import BytesIO, StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pikepdf
import pytest
from openpyxl import load_workbook
from typer.testing import CliRunner

from registry.faces.face import face_source
from registry.faces.renderer import FaceRenderer
from tests.builders import HOST
from tests.matrices import EXHAUSTIVE
from tests.review.browser import opened, running, settled, sitting, watched
from tests.review.rig import Panel
from tests.review.sheets import HOSTILE, applicants
from tests.simulator import NOW, standard_pin
from tests.web.test_page import luminance
from verifier.policy import VerificationPolicy
from verifier.review.command import app as report_program
from verifier.verify import verify

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Locator, Page, Route

Row = list[str]


def files(*named: tuple[str, bytes]) -> list[Any]:
    return [{"name": name, "mimeType": "application/octet-stream", "buffer": data} for name, data in named]


def shown(page: "Page") -> list[Row]:
    """The table: name, year, verdict, hours and findings of every row."""
    page.wait_for_timeout(0)
    return page.evaluate(
        """() => [...document.querySelectorAll('tr.row')].map((row) => [
          row.querySelector('button.open').textContent,
          ...['year', 'verdict', 'hours', 'findings'].map((name) => row.querySelector('td.' + name).innerText.replace(/\\s+/g, ' ')),
        ])"""
    )


def until(page: "Page", wanted: str) -> list[Row]:
    """The table once its text has ``wanted``."""
    page.wait_for_function(
        "text => document.querySelector('table.rows').innerText.includes(text)", arg=wanted
    )
    return shown(page)


def face_of(panel: Panel, name: str) -> bytes:
    """The PDF that a holder has."""
    certificate = panel.certificates[name]
    trust = panel.registry.trust()
    report = verify(panel.registry.evidence(certificate), trust, VerificationPolicy(at=NOW, require_log=True))
    assert report.record is not None
    return FaceRenderer().pdf(face_source(report.record, log_proof=None))


def edited(pdf: bytes, panel: Panel, name: str) -> bytes:
    """The face of another certificate around this one's record: what is printed is not what is attached."""
    number = panel.certificates[name].number.digits
    with pikepdf.Pdf.open(BytesIO(pdf)) as document:
        for one in list(document.attachments):
            del document.attachments[one]
        document.attachments[f"{number}.json"] = pikepdf.AttachedFileSpec(
            document, panel.certificates[name].record, filename=f"{number}.json"
        )
        out = BytesIO()
        document.save(out)
    return out.getvalue()


def test_a_whole_sitting(browser: "Browser", address: str, panel: Panel, tmp_path: Path) -> None:
    with watched(browser) as context:
        page = sitting(context, address, "2026 年高级职称评审", "2025-2026")
        given_by_every_way(page, panel, tmp_path)
        the_rows_are_right(until(page, "陈静"))
        filtered_searched_and_sorted(page)
        opened_by_keyboard_and_noted(page)
        out = exported(page, tmp_path)
        assert out[0][:5] == ("序", "姓名", "身份证件（已遮蔽）", "年度", "结论")
        line = next(row for row in out if row[1] == "王　芳" and row[3] == 2026)
        assert (line[6], line[7], line[9], line[10]) == (60, 20, "不足", "合计缺 6\n公需缺 6")
        assert any(row[12] == "已电话核实" for row in out)
        assert page.evaluate("document.documentElement.scrollWidth") <= 1280
        signed_and_checked(page, context, address, panel, tmp_path)


def given_by_every_way(page: "Page", panel: Panel, place: Path) -> None:
    """A folder, the list and a ZIP; a gun with Enter; a gun without, and no cursor anywhere."""
    archive = BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("里面/short.pdf", face_of(panel, "short"))
    folder = place / "材料"
    folder.mkdir()
    (folder / "revoked.json").write_bytes(panel.certificates["revoked"].record)
    (folder / "blurred.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing")
    page.set_input_files("#folder", str(folder))
    settled(page, 2)
    page.set_input_files("#files", files(("名册.xlsx", applicants(panel)), ("short.zip", archive.getvalue())))
    settled(page, 3)
    page.focus("#code")
    page.keyboard.type(panel.certificates["good"].qr_text + "\n")
    settled(page, 4)
    page.evaluate("document.activeElement.blur()")
    page.keyboard.type(panel.certificates["training"].qr_text)
    settled(page, 5)


def the_rows_are_right(rows: list[Row]) -> None:
    assert [row[:2] for row in rows[:4]] == [
        ["张文博", "2025"],
        ["张文博", "2026"],
        ["王　芳", "2025"],
        ["王　芳", "2026"],
    ]
    by = {(row[0], row[1]): row for row in rows}
    assert "缺证书" in by["张文博", "2025"][2]
    good = by["张文博", "2026"]
    assert "核验通过" in good[2]
    assert good[3] == "60＋26 达到"
    assert "工作单位 郑州市第二人民医院 → 郑州市第一人民医院" in good[4]
    assert "公需学时 30 → 26（名册 → 签名）" in good[4]
    assert by["王　芳", "2026"][3] == "60＋20 不足 合计缺 6 公需缺 6"
    assert by["王　芳", "2026"][4] == ""
    assert "已撤销" in by["刘强", "2026"][2]
    assert "没有提交" in by["刘强", "2025"][4]
    assert "无法判定" in by["blurred.png", "—"][2]
    assert "名册中没有" in by["陈静", "2026"][4]


def filtered_searched_and_sorted(page: "Page") -> None:
    page.click("#filters .short")
    page.wait_for_function("() => document.querySelectorAll('tr.row').length === 1")
    page.click("#filters .all")
    page.fill("#search", "4444")
    page.wait_for_function(
        "() => [...document.querySelectorAll('button.open')].every(one => one.textContent === '陈静')"
    )
    page.fill("#search", "")
    page.select_option("#sort", "attention")
    page.wait_for_function("() => document.querySelector('tr.row').dataset.verdict === 'FAILED'")


def opened_by_keyboard_and_noted(page: "Page") -> None:
    first = page.locator("button.open").first
    first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    assert first.get_attribute("aria-expanded") == "true"
    page.locator(".detail summary").first.click()
    assert page.locator(".detail li .outcome").count() == 11
    page.fill(".detail textarea", "已电话核实")
    page.click("#search")
    until(page, "已电话核实")


def exported(page: "Page", folder: Path) -> list[tuple[Any, ...]]:
    with page.expect_download() as download:
        page.get_by_role("button", name="导出 XLSX").click()
    path = folder / "out.xlsx"
    download.value.save_as(path)
    return list(load_workbook(path).active.iter_rows(values_only=True))


def saved(page: "Page", label: str, path: Path) -> Path:
    with page.expect_download() as download:
        page.locator(".reports li").first.get_by_role("button", name=label).click()
    download.value.save_as(path)
    return path


def signed_and_checked(page: "Page", context: Any, address: str, panel: Panel, folder: Path) -> None:
    page.click(".head button.main")
    page.click(".report button.main")
    page.wait_for_selector(".reports li")
    pdf, record, table = (
        saved(page, label, folder / name)
        for label, name in (("PDF", "r.pdf"), ("签名记录", "r.jsonld"), ("明细表", "t.jsonl"))
    )
    assert "已电话核实" in table.read_text("utf-8")
    check = opened(context, f"{address}/r")
    check.wait_for_selector("#files")
    check.set_input_files("#files", str(pdf))
    check.wait_for_selector("#verdict.PASSED")
    assert "2026 年高级职称评审" in check.inner_text("#report")
    forged = folder / "forged.jsonl"
    forged.write_bytes(table.read_bytes().replace(b'"rule":"short"', b'"rule":"met"'))
    check.set_input_files("#files", [str(record), str(forged)])
    check.wait_for_selector("#verdict.FAILED")
    assert "明细表与签名时不一致" in check.inner_text("#verdict")
    altered = folder / "altered.jsonld"
    altered.write_bytes(record.read_bytes().replace(b'"failed":1', b'"failed":0'))
    check.set_input_files("#files", str(altered))
    check.wait_for_function(
        "() => document.querySelector('#verdict').innerText.includes('数字签名与内容不符')"
    )
    assert "2026 年高级职称评审" not in check.inner_text("#report")
    check.close()

    root = folder / "root.json"
    root.write_bytes(standard_pin().to_bytes())
    common = ["--trust", str(root), "--url", str(panel.folder), "--at", "2026-03-10T09:00:00Z"]
    program = CliRunner(env={"XDG_STATE_HOME": str(folder)})
    passed = program.invoke(report_program, [str(pdf), *common])
    assert (passed.exit_code, passed.stdout.splitlines()[0]) == (0, "核验通过")
    failed = program.invoke(report_program, [str(record), "--table", str(forged), "--json", *common])
    assert (failed.exit_code, json.loads(failed.stdout)["reason"]) == (1, "report_table_differs")
    later = program.invoke(
        report_program,
        [
            str(record),
            "--trust",
            str(root),
            "--url",
            str(panel.folder),
            "--at",
            "2028-01-01T00:00:00Z",
            "--lang",
            "en",
        ],
    )
    assert (later.exit_code, later.stdout.splitlines()[0]) == (2, "INDETERMINATE")
    assert program.invoke(report_program, [str(folder / "none"), *common]).exit_code == 64
    assert program.invoke(report_program, [str(table), *common]).exit_code == 1


def test_closed_half_way_nothing_is_lost(browser: "Browser", address: str, panel: Panel) -> None:
    """Files were handed over and the site was gone; the page is closed and opened again, and the rest is read."""
    with watched(browser) as context:
        page = sitting(context, address, "关闭与恢复")
        context.route("**/api/panel/read", lambda route: route.abort())
        page.set_input_files(
            "#files", files(("名册.xlsx", applicants(panel)), ("a.pdf", face_of(panel, "good")))
        )
        page.wait_for_function(
            "() => document.querySelector('#said').innerText.includes('保留在本机') || document.querySelector('#said').innerText.includes('已暂停')"
        )
        page.close()
        context.unroute("**/api/panel/read")
        again = opened(context, f"{address}/panel")
        again.click(".sitting")
        settled(again, 1)
        assert "核验通过" in {(row[0], row[1]): row for row in until(again, "核验通过")}["张文博", "2026"][2]
        # With the network gone it says what it cannot know; online again it knows.
        everything = again.get_by_role("button", name="全部重新核验")
        context.route("**/status/**", lambda route: route.abort())
        everything.click()
        until(again, "无法判定")
        context.unroute("**/status/**")
        asked_again_meanwhile(context, again, everything)
        until(again, "核验通过")
        moved_to_another_computer(browser, again, address)
        again.get_by_role("button", name="全部会议").click()
        again.get_by_role("button", name="删除").click()
        again.wait_for_function("() => document.body.innerText.includes('还没有会议')")


def asked_again_meanwhile(context: "BrowserContext", page: "Page", everything: "Locator") -> None:
    """The network is back and everything is asked for again, while what was asked before has yet to fail."""
    held: list[Route] = []
    context.route("**/status/**", lambda route: route.continue_() if held else held.append(route))
    with page.expect_request("**/status/**"):
        everything.click()
    until(page, "等待核验")
    everything.click()
    held[0].abort()


def moved_to_another_computer(browser: "Browser", page: "Page", address: str) -> None:
    with page.expect_download() as download:
        page.get_by_role("button", name="导出会议文件").click()
    data = Path(download.value.path()).read_bytes()
    assert b"410105199001011234" not in data  # whole identity numbers were never kept
    with watched(browser, language="en") as other:
        there = opened(other, f"{address}/panel")
        there.wait_for_selector("#restore")
        there.set_input_files("#restore", files(("broken.json", b'{"format":"certreg-sitting/1"}')))
        there.wait_for_function(
            "() => document.querySelector('#said').innerText.includes('nothing was restored')"
        )
        told = json.loads(data)
        told["items"][0]["report"] = {"verdict": "PASSED"}  # nobody's verdict is taken
        there.set_input_files("#restore", files(("x.sitting.json", json.dumps(told).encode())))
        settled(there, 1)
        until(there, "PASSED")


def test_a_page_that_was_edited_around_a_genuine_record(
    browser: "Browser", address: str, panel: Panel
) -> None:
    with watched(browser, width=360) as context:
        page = sitting(context, address, "页面与签名", "")
        page.set_input_files("#files", files(("edited.pdf", edited(face_of(panel, "good"), panel, "short"))))
        settled(page, 1)
        (row,) = until(page, "王芳")
        assert "公需科目学时 26 → 20" in row[4]
        assert "姓名 张文博 → 王芳" in row[4]
        assert page.evaluate("document.documentElement.scrollWidth") <= 360


@pytest.mark.exhaustive
def test_a_gun_types_while_the_page_learns_what_its_server_can(
    browser: "Browser", address: str, panel: Panel
) -> None:
    """The page is not drawn anew in the midst of a code, which would lose the code's beginning."""
    text = panel.certificates["good"].qr_text
    with watched(browser) as context:
        held: list[Route] = []
        context.route("**/api/panel", lambda route: held.append(route))  # noqa: PLW0108, a built-in cannot be given
        page = sitting(context, address, "扫码", "")
        page.keyboard.type(text[:150])
        with page.expect_response("**/api/panel"):
            for route in held:
                route.continue_()
        page.wait_for_function("() => !document.querySelector('#sign').textContent.includes('未签名')")
        assert page.input_value("#code") == text[:150]
        page.keyboard.type(text[150:] + "\n")
        settled(page, 1)
        until(page, "张文博")


def test_what_could_not_be_read_of_a_list_stays_told(browser: "Browser", address: str) -> None:
    """Hours in words, a row that names nobody, and a sum, which is no person; below a title, in whatever order."""
    rows = [
        ["2026 年申报人员", "", "", ""],
        ["证书编号", "公需学时", " 姓 名 ", "专业学时"],
        ["", "２６", "张文博", "60"],
        ["", "二十六", "王芳", "60"],
        ["41010020261000000190", "26", "", "60"],
        ["", "78", "合计", "120"],
    ]
    out = StringIO()
    csv.writer(out).writerows(rows)
    with watched(browser, language="en-GB") as context:
        page = sitting(context, address, "list", "2026")
        page.set_input_files("#files", files(("list.csv", out.getvalue().encode("gb18030"))))
        until(page, "王芳")
        assert page.inner_text("#said").startswith("List read: 2 applicants. 2 places could not be read")
        assert "2 applicants" in page.inner_text("#list")


def test_hostile_lists_are_refused_and_harm_nothing(browser: "Browser", address: str, panel: Panel) -> None:
    with watched(browser) as context:
        page = sitting(context, address, "名册")
        page.set_input_files(
            "#files",
            files(
                (
                    "名册.csv",
                    "姓名\t证书编号\t年度\n阿里·买买提\t41010020261000000190、x\t2026\n".encode("gb18030"),
                )
            ),
        )
        page.wait_for_function("() => document.querySelector('#list').innerText.includes('1 人')")
        for name, make in HOSTILE.items():
            page.evaluate("document.querySelector('#said').textContent = ''")
            page.set_input_files("#files", files((name, make())))
            page.wait_for_function(
                "() => /没有读取|无法读取|另存为/.test(document.querySelector('#said').textContent)",
                timeout=20_000,
            )
        assert "1 人" in page.inner_text("#list")
        assert "阿里·买买提" in until(page, "阿里·买买提")[0][0]


def test_a_list_that_cannot_be_read_keeps_no_other_file_out(
    browser: "Browser", address: str, panel: Panel
) -> None:
    """It is told by its name, and stays told; the good list and the certificates beside it are taken."""
    with watched(browser) as context:
        page = sitting(context, address, "名册与证书", "2026")
        given = (
            ("坏了.xlsx", HOSTILE["cut.xlsx"]()),
            ("旧.xls", HOSTILE["old.xls"]()),
            ("名册.csv", "姓名,年度\n张文博,2026\n".encode()),
            ("a.json", panel.certificates["good"].record),
        )
        page.set_input_files("#files", files(*given))
        settled(page, 1)
        assert [row[:2] for row in until(page, "核验通过")] == [["张文博", "2026"]]
        page.wait_for_function("() => document.querySelector('#said').textContent.includes('共 1 行')")
        said = page.inner_text("#said")
        assert "“坏了.xlsx”：名册文件无法读取" in said
        assert "“旧.xls”：" in said


@pytest.mark.parametrize(
    ("language", "wanted", "unwanted"),
    [("zh-CN", "提交报告的人", "证书"), ("en", "whoever handed it in", "holder")],
)
def test_what_is_no_reports_code_is_told_of_the_report(
    browser: "Browser", address: str, language: str, wanted: str, unwanted: str
) -> None:
    with watched(browser, language=language) as context:
        page = opened(context, f"{address}/r")
        for text in (f"https://{HOST}/r#12345", f"https://elsewhere.example/r#{'1' * 60}", "nothing"):
            page.wait_for_selector("#text")
            page.fill("#text", text)
            page.click("#form button")
            page.wait_for_selector("#verdict .reason")
            said = page.inner_text("#verdict .reason")
            assert wanted in said
            assert unwanted not in said


def test_printed_what_was_opened_has_the_whole_width_and_nothing_to_press(
    browser: "Browser", address: str, panel: Panel
) -> None:
    with watched(browser, width=700) as context:  # a sheet's
        page = sitting(context, address, "打印", "2026")
        page.set_input_files(
            "#files", files(("名册.xlsx", applicants(panel)), ("a.json", panel.certificates["good"].record))
        )
        settled(page, 1)
        until(page, "核验通过")
        page.locator("button.open").first.click()
        page.wait_for_selector(".detail .card")
        page.emulate_media(media="print")
        narrower = page.evaluate(
            """() => {
              const [table, behind] = ['table.rows', 'tr.behind > td'].map((one) => document.querySelector(one).getBoundingClientRect());
              return table.width - behind.width;
            }"""
        )
        assert narrower < 10
        assert page.inner_text(".card .from").strip() == "a.json"
        assert not page.is_visible(".detail label.note")
        arrow = "getComputedStyle(document.querySelector('button.open'), '::after').content"
        assert page.evaluate(arrow) == "none"


def test_formulas_and_markup_in_a_list_stay_texts(browser: "Browser", address: str, tmp_path: Path) -> None:
    """In a cell, on the page, and in the workbook that goes out."""
    evil = '=HYPERLINK("http://x","<img src=x onerror=alert(1)>")&\''
    out = StringIO()
    csv.writer(out).writerows([["姓名", "工作单位"], [evil, "<b>x</b>"], ['a"b', "c,d\ne"]])
    with watched(browser) as context:
        page = sitting(context, address, "<script>alert(1)</script>")
        page.set_input_files("#files", files(("名册.csv", out.getvalue().encode())))
        rows = until(page, "HYPERLINK")
        assert rows[0][0] == evil
        cells = exported(page, tmp_path)
        assert cells[1][1] == evil
        assert load_workbook(tmp_path / "out.xlsx").active["B2"].data_type != "f"


@pytest.mark.repeated
def test_every_text_stands_out_and_everything_has_a_name(
    browser: "Browser", address: str, panel: Panel
) -> None:
    """English has the same colours, and is looked at in the exhaustive run."""
    for language in ("zh-CN", "en-GB") if EXHAUSTIVE else ("zh-CN",):
        with watched(browser, language=language, width=320) as context:
            page = sitting(context, address, "可读性")
            page.set_input_files(
                "#files",
                files(
                    ("名册.xlsx", applicants(panel)),
                    *((f"{name}.json", one.record) for name, one in panel.certificates.items()),
                ),
            )
            settled(page, 4)
            page.locator("button.open").nth(0).click()
            page.locator("button.open").nth(1).click()
            assert page.evaluate("document.documentElement.scrollWidth") <= 320
            pairs: list[list[str]] = page.evaluate(
                """() => [...document.querySelectorAll('h1, h2, p, span, label, button, summary, td, th, b, del, caption')].filter(one => one.offsetParent && one.textContent.trim()).map((part) => {
                  let ground = part;
                  while (ground && getComputedStyle(ground).backgroundColor === 'rgba(0, 0, 0, 0)') ground = ground.parentElement;
                  return [getComputedStyle(part).color, ground ? getComputedStyle(ground).backgroundColor : 'rgb(255, 255, 255)', part.textContent];
                })"""
            )
            for colour, ground, text in pairs:
                dark, light = sorted(map(luminance, (colour, ground)))
                assert (light + 0.05) / (dark + 0.05) >= 4.5, (colour, ground, text[:30])
            nameless = page.evaluate(
                """() => [...document.querySelectorAll('button, input, select, textarea, progress')].filter((one) => one.offsetParent
                  && !(one.textContent.trim() || one.getAttribute('aria-label') || (one.labels && [...one.labels].some(label => label.textContent.trim())))).map(one => one.outerHTML)"""
            )
            assert nameless == []


def test_a_site_without_a_key_or_a_server(browser: "Browser", panel: Panel, tmp_path: Path) -> None:
    with running(panel, report_key=None) as place, watched(browser) as context:
        page = sitting(context, place, "无密钥")
        page.fill("#code", panel.certificate.qr_text)
        page.keyboard.press("Enter")
        settled(page, 1)
        page.get_by_role("button", name="报告（未签名）").click()
        assert "没有报告密钥" in page.inner_text(".report")
        page.click(".report button.main")
        page.wait_for_selector(".reports li")
        assert "未签名" in page.inner_text(".reports li")
        page.fill("#code", f"https://{HOST}/r#123")
        page.keyboard.press("Enter")
        page.wait_for_function("() => document.querySelector('#said').innerText.includes('/r')")
        context.route("**/api/**", lambda route: route.fulfill(status=404))
        page.set_input_files("#files", files(("x.pdf", b"%PDF-nothing")))
        until(page, "x.pdf")
        page.locator("button.open", has_text="x.pdf").click()
        assert "这并不说明证书有问题" in page.inner_text(".detail")
