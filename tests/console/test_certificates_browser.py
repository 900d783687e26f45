"""One certificate's life in a real Chromium: corrected by two people, the old one superseded, both linked, printed."""

from pathlib import Path
from typing import TYPE_CHECKING

from registry.actors import Role
from registry.cases.index import follow_to_the_end
from registry.cli.working import KINDS
from registry.jobs.worker import work_once
from tests.console.browsing import page_of, served
from tests.console.rig import Console
from tests.registry.rig import Rig
from verifier.number import parse_number

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


def work(console: Console) -> None:
    while work_once(console.rig.app, KINDS, holder="tests"):
        pass


def fits_every_screen(page: "Page") -> None:
    """Nothing scrolls sideways, and the number in the heading stays on one line."""
    for width in (1280, 320, 360):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
        number = "document.querySelector('h1 .number').getClientRects().length"
        assert page.evaluate(number) == 1, f"the number breaks at {width} px"


def called_superseded(page: "Page", english: "Page") -> None:
    """On the certificate's page, where it is found, and behind the figures."""
    for place in (page.url, "/console/certificates?state=revoked", "/console/counts/certificates"):
        page.goto(place)
        assert page.get_by_text("已更正换发", exact=True).is_visible(), place
        assert page.locator(".tag", has_text="已撤销").count() == 0, place
    english.goto("/console/certificates?state=revoked")
    assert english.locator(".tag", has_text="Superseded").is_visible()


def test_corrected_superseded_linked_and_printed(lite: Rig, browser: "Browser", tmp_path: Path) -> None:
    (old,) = lite.issue(1)
    follow_to_the_end(lite.app)
    with served(lite) as console:
        clerk = page_of(browser, console, console.signed_in(Role.CLERK), width=1280)
        clerk.goto("/console/certificates")
        clerk.get_by_label("姓名").fill("张")
        clerk.get_by_role("button", name="查询").click()
        assert "张" not in clerk.url
        clerk.get_by_role("link", name=parse_number(old).printed).click()
        clerk.get_by_role("link", name="更正", exact=True).click()
        clerk.get_by_label("姓名").fill("张文勃")
        clerk.get_by_label("备注").fill("户口簿核对无误")
        document = tmp_path / "户口簿.pdf"
        document.write_bytes(b"%PDF-1.7\n%%EOF\n")
        clerk.get_by_label("证明材料").set_input_files(document)
        clerk.get_by_role("button", name="提交更正，待核准").click()
        assert clerk.get_by_text("须由另一人核准").is_visible()

        account = console.account(Role.APPROVER)
        approving = console.caller(account)
        approver = page_of(browser, console, approving, width=360)
        approver.goto("/console/cases")
        approver.get_by_role("link", name="更正", exact=True).click()
        assert approver.get_by_text("张文勃").is_visible()
        with approver.expect_download() as given:
            approver.get_by_role("link", name="户口簿.pdf").click()
        assert given.value.suggested_filename == "户口簿.pdf"
        approver.get_by_label("身份验证器上的 6 位验证码").fill(console.code(account))
        approver.get_by_role("button", name="核准并执行").click()
        assert approver.get_by_text("正在后台执行").is_visible()
        work(console)
        approver.get_by_text("已更正换发，新证书").wait_for()  # the page looks by itself
        approver.get_by_text("已更正换发，新证书").get_by_role("link").click()
        assert approver.get_by_text("取代旧证书").is_visible()
        assert (
            approver.evaluate("document.images[0].decode().then(() => document.images[0].naturalWidth)") > 500
        )
        fits_every_screen(approver)
        approver.get_by_text("取代旧证书").get_by_role("link").click()
        assert approver.get_by_text("由新证书取代").is_visible()
        assert approver.get_by_text("不再出具").is_visible()
        called_superseded(approver, page_of(browser, console, approving, width=1280, language="en"))

        clerk.goto("/console/certificates?state=issued")
        clerk.get_by_role("button", name="打印：合成一个 PDF").click()
        assert clerk.get_by_role("progressbar").is_visible()
        work(console)
        clerk.get_by_role("link", name="下载").wait_for()  # the page looks by itself
        with clerk.expect_download() as printed:
            clerk.get_by_role("link", name="下载").click()
        target = tmp_path / "printed.pdf"
        printed.value.save_as(target)
        assert target.read_bytes().startswith(b"%PDF-")
