"""A year of an office in one real browser: delegated, uploaded, mended, released, printed, verified, corrected, audited.

Nothing here is a service call: every act is a page of the console in Chromium, with passkeys of a virtual authenticator, but
for the root's signature, which belongs to the ceremony and is made on the signer's own machine. The processes are those of
``certreg serve``. Whoever acts has a browser of his own.
"""

import io
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import httpx
import openpyxl
import pyotp
import pypdfium2
import pytest
import zxingcpp

from registry.console.sentences import sentence
from tests.console.browsing import add_authenticator
from tests.console.process import serving
from tests.console.rig import PASSWORD
from tests.journeys.program import Shell
from tests.journeys.test_root_ceremony import HOST, Province, machine
from tests.registry.sheets import ANNUAL, annual, identity, write_xlsx
from tests.web import chromium
from verifier.number import parse_number

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

CODE = "410100"
PATIENCE = 120.0
"""Seconds for what another process does; on a quiet machine it takes one or two."""
EVIL = '<img src=x onerror="document.title=`taken`">大学'
"""What somebody may write for his employer: it is text, wherever it is shown."""
_T = TypeVar("_T")


@dataclass(slots=True)
class Story:
    """The province, its address, and everybody's browser."""

    province: Province
    address: str
    folder: Path
    browser: "Browser"
    contexts: list["BrowserContext"] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def page(self) -> "Page":
        """A browser of somebody's own, with a device that knows him; scripts that fail fail the test."""
        context = self.browser.new_context(
            base_url=self.address, locale="zh-CN", viewport={"width": 1280, "height": 900}
        )
        context.set_default_timeout(PATIENCE * 1000)
        self.contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("dialog", lambda box: self.faults.append(box.message))
        add_authenticator(page)
        return page

    def newcomer(self, link: str) -> "Page":
        """Somebody who sets up his account with a passkey."""
        page = self.page()
        page.goto(link)
        page.get_by_role("button", name="创建通行密钥").click()
        page.get_by_role("navigation", name="主导航").wait_for()
        return page


@pytest.fixture
def story(tmp_path: Path) -> Iterator[Story]:
    """A province whose root is one signer on another machine, and its console."""
    reason = chromium.missing()
    if reason:
        pytest.skip(reason)
    signer = machine(tmp_path, "signer")
    public = signer.key("root-signer")
    (tmp_path / "office").mkdir()
    province = Province(Shell(tmp_path / "office"), {"signer": signer})
    province.propose("init", "--host", HOST, "--root-public", str(public), "--threshold", "1")
    province.enact("signer")
    office = province.office
    environment = {"CERTREG_HOME": str(office.home), "CERTREG_PASSPHRASE": office.passphrase or ""}
    with (
        serving(environment, tmp_path / "serve.log") as (_, address),
        chromium.started() as browser,
    ):
        one = Story(province, address, tmp_path, browser)
        yield one
        for context in one.contexts:
            context.close()
    assert one.faults == []


def until(told: Callable[[], _T], what: str) -> _T:
    """The first answer that is something; asked again, not hoped for."""
    end = time.monotonic() + PATIENCE
    while not (answer := told()):
        assert time.monotonic() < end, f"waited in vain: {what}"
        time.sleep(0.1)
    return answer


def test_from_delegation_to_audit(story: Story) -> None:
    admin = first_administrator(story)
    delegated_by_ceremony(story, admin)
    clerk = clerk_by_password(story, invited(admin, "经办 王丽", "wangli", "clerk"))
    approver = story.newcomer(invited(admin, "审核 李国强", "liguoqiang", "approver"))
    auditor = story.newcomer(invited(admin, "审计 孙静", "sunjing", "province-auditor", office=""))

    draft = uploaded_and_mended(story, clerk)
    released(clerk, approver, draft)
    old, pdf = printed(story, approver)
    qr = code_on(pdf)
    assert verdict(story, pdf)[0] == "card PASSED"
    assert verdict_of_code(story, qr)[0] == "card PASSED"

    listed = published(story, old)
    new = corrected(clerk, approver, old)
    until(lambda: published(story, old) != listed, "the publication has the correction")
    for kind, told in (
        until(lambda: changed(story, pdf), "the correction is published"),
        verdict_of_code(story, qr),
    ):
        assert kind == "card FAILED"
        assert (
            parse_number(new).printed in told
        )  # whoever scans the old paper is told by which number it was replaced
    assert (
        verdict(story, download(approver, f"/console/certificates/{new}", "打印（PDF）"))[0] == "card PASSED"
    )
    audited(auditor, old, new, draft)


def first_administrator(story: Story) -> "Page":
    """By the command line's link; there is no password to be told."""
    made = story.province.say("account", "add", "zhouming", "--name", "周明")
    return story.newcomer(story.address + "/console/" + made["link"].partition("/console/")[2])


def delegated_by_ceremony(story: Story, admin: "Page") -> None:
    """The console prepares and shows; the signer compares the code, signs at his own machine; then it is in force."""
    admin.goto("/console/authorities/new")
    admin.get_by_label("机关代码").fill(CODE)
    admin.get_by_label("机关全称").fill("郑州市人力资源和社会保障局")
    admin.get_by_label("统一社会信用代码").fill("11410100005252100Y")
    admin.get_by_label("辖区代码").fill(CODE)
    admin.get_by_role("button", name="用通行密钥确认").click()
    admin.wait_for_url("**/progress")
    refreshed_until(admin, "待根签名的提案")
    shown = admin.locator("section.notice strong.number").inner_text()
    province = story.province
    assert province.signers["signer"].sign(province.proposal, "00000000").code == 1
    assert province.signers["signer"].sign(province.proposal, shown).code == 0  # the very code of the page
    combined = province.combine([province.signers["signer"].proof])
    assert combined.code == 0, combined.err
    assert province.office.certreg("root", "import", "signed.json").code == 0
    admin.goto(f"/console/authorities/{CODE}")
    assert admin.get_by_role("heading", level=1).inner_text() == "郑州市人力资源和社会保障局"


def refreshed_until(page: "Page", words: str) -> None:
    """What works without scripts is looked at again."""

    def there() -> bool:
        page.reload()
        return page.get_by_text(words).first.is_visible()

    until(there, words)


def invited(admin: "Page", name: str, login: str, role: str, office: str = CODE) -> str:
    """The link that the administrator hands to somebody."""
    admin.goto("/console/accounts/new")
    admin.get_by_label("姓名").fill(name)
    admin.get_by_label("用户名").fill(login)
    admin.get_by_label("岗位").select_option(role)
    admin.get_by_label("机关").select_option(office)
    admin.get_by_role("button", name="用通行密钥确认").click()
    return admin.locator("dd.secret").inner_text()


def clerk_by_password(story: Story, link: str) -> "Page":
    """One who has no passkey: a password, and an app with codes."""
    page = story.page()
    page.goto(link)
    secret = "".join(page.locator("span.mono").first.inner_text().split())
    page.get_by_label("新密码").fill(PASSWORD)
    page.get_by_label("再输一遍").fill(PASSWORD)
    page.get_by_label("应用上显示的 6 位验证码").fill(pyotp.TOTP(secret).now())
    page.get_by_role("button", name="完成设置并登录").click()
    page.get_by_role("link", name="已保存，继续").click()
    return page


def uploaded_and_mended(story: Story, clerk: "Page") -> str:
    """A list as offices send them; the faulty rows come back as a file, are mended and uploaded alone."""
    year = time.gmtime(time.time() + 8 * 3600).tm_year
    good = {"年度": year}
    rows = [
        ["郑州市 继续教育情况汇总表"],
        [],
        list(ANNUAL),
        annual(1, 姓名=" 张　文博", **good),
        annual(2, 姓名="王伟", 专业科目学时="６２", **good),
        annual(3, 姓名="欧阳娜娜", 工作单位=EVIL, **good),
        annual(4, 姓名="赵敏", 身份证号=identity(4)[:-1] + "?", **good),
        annual(5, 姓名="钱7", **good),
        annual(1, 姓名="张文博", **good),
        ["合计", "", "", "", "", 182, 78],
    ]
    clerk.goto("/console/batches/new")
    clerk.get_by_label("名单文件").set_input_files(
        write_xlsx(story.folder / "名单 终稿(2).xlsx", {"Sheet1": rows})
    )
    clerk.get_by_label("年度证书", exact=True).check()
    clerk.get_by_role("button", name="上传并核对").click()
    clerk.wait_for_url(re.compile(r"/batches/\d+$"))
    draft = clerk.url.rpartition("/")[2]
    clerk.get_by_role("link", name="逐条查看").click()
    clerk.get_by_text("看整行").first.click()
    assert clerk.locator("dl.row mark").first.is_visible()
    assert clerk.title() != "taken"
    clerk.goto(f"/console/batches/{draft}")
    book = openpyxl.load_workbook(io.BytesIO(download(clerk, None, re.compile("下载待改的"))))
    mended = mend(book)
    target = story.folder / "改好.xlsx"
    mended.save(target)
    clerk.get_by_label("文件", exact=True).set_input_files(target)
    clerk.get_by_label("只有改过或补充的行").check()
    clerk.get_by_role("button", name="上传并核对").click()
    clerk.get_by_text("将为 5 人提交").wait_for()
    clerk.get_by_role("button", name="提交审核").click()
    clerk.get_by_text("等待另一人签发").wait_for()
    return draft


def mend(book: openpyxl.Workbook) -> openpyxl.Workbook:
    """The clerk's work: the number is looked up, the name is asked for; the row that came twice is taken out."""
    sheet = book.worksheets[0]
    headings = {str(cell.value): cell.column for cell in sheet[1]}
    name, number = headings["姓名"], headings["身份证号"]
    for row in range(sheet.max_row, 1, -1):
        told = str(sheet.cell(row, name).value)
        if told == "赵敏":
            sheet.cell(row, number).value = identity(4)
        elif told == "钱7":
            sheet.cell(row, name).value = "钱琪"
        else:
            sheet.delete_rows(row)
    return book


def released(clerk: "Page", approver: "Page", draft: str) -> None:
    """By another, with his passkey, after he has looked; the clerk finds no such button. Issued in the background."""
    clerk.goto(f"/console/batches/{draft}/review")
    assert clerk.get_by_role("button", name="签发").count() == 0
    approver.goto(f"/console/batches/{draft}/review")
    assert approver.get_by_text("大学").first.is_visible()
    approver.get_by_label(re.compile("已.*核对")).check()
    approver.get_by_role("button", name="用通行密钥确认").click()
    approver.wait_for_url(f"**/batches/{draft}")
    approver.get_by_text("共发出 5 份证书").wait_for()  # the page looks by itself


def printed(story: Story, approver: "Page") -> tuple[str, bytes]:
    """A batch in one PDF, and the certificate of one: his number, his file."""
    approver.get_by_role("link", name="查看本批证书").click()
    approver.get_by_role("button", name="打印：合成一个 PDF").click()
    approver.get_by_role("link", name=re.compile("下载")).wait_for()
    whole = pypdfium2.PdfDocument(download(approver, None, re.compile("下载")))
    assert len(whole) == 5
    approver.goto("/console/certificates")
    approver.get_by_label("姓名").fill("张文博")
    approver.get_by_role("button", name="查询").click()
    link = approver.get_by_role("link", name=re.compile(r"^410100 \d{4} 1"))
    number = "".join(link.inner_text().split())
    link.click()
    until(lambda: published(story, number), "the publication covers the new certificates")
    return number, download(approver, None, "打印（PDF）")


def published(story: Story, number: str) -> bytes:
    """The status list of the number's block, as anybody gets it; empty where there is none yet."""
    year = number[6:10]
    answer = httpx.get(f"{story.address}/status/{CODE}/{year}/1/revocation/0")
    return answer.content if answer.status_code == 200 else b""


def download(page: "Page", address: str | None, link: "str | re.Pattern[str]") -> bytes:
    """The file behind a link of the page."""
    if address is not None:
        page.goto(address)
    with page.expect_download() as given:
        page.get_by_role("link", name=link).click()
    return Path(given.value.path()).read_bytes()


def judged(story: Story, present: Callable[["Page"], None]) -> tuple[str, str]:
    """What the public verifier's page says of what is presented to it: class and text of the card."""
    page = story.page()
    page.goto("/verify")
    page.wait_for_selector("#code")
    present(page)
    card = page.locator("#cards > li article").first
    card.wait_for()
    told = card.get_attribute("class") or "", card.inner_text()
    page.context.close()
    story.contexts.remove(page.context)
    return told


def verdict(story: Story, pdf: bytes) -> tuple[str, str]:
    """Of a file."""
    file = {"name": "证书.pdf", "mimeType": "application/pdf", "buffer": pdf}
    return judged(story, lambda page: page.set_input_files("#files", [file]))  # type: ignore[list-item]


def verdict_of_code(story: Story, qr: str) -> tuple[str, str]:
    """Of the text of the code on the paper."""

    def present(page: "Page") -> None:
        page.fill("#code", qr)
        page.press("#code", "Enter")

    return judged(story, present)


def changed(story: Story, pdf: bytes) -> tuple[str, str] | None:
    """The verdict, once it is another; the server looks at the publication every few seconds."""
    told = verdict(story, pdf)
    return told if told[0] != "card PASSED" else None


def code_on(pdf: bytes) -> str:
    """The text of the QR, read off the printed page by a scanner."""
    picture = pypdfium2.PdfDocument(pdf)[0].render(scale=3).to_pil()
    return str(zxingcpp.read_barcodes(picture)[0].text)


def corrected(clerk: "Page", approver: "Page", old: str) -> str:
    """Proposed by one, confirmed by another with his passkey; the successor's number."""
    clerk.goto(f"/console/certificates/{old}")
    clerk.get_by_role("link", name="更正", exact=True).click()
    clerk.get_by_label("工作单位").fill("郑州市中心医院")
    clerk.get_by_label("备注").fill("持证人调动，人事材料核对无误")
    clerk.get_by_role("button", name="提交更正，待核准").click()
    clerk.get_by_text("须由另一人核准").wait_for()
    assert clerk.get_by_role("button", name="核准并执行").count() == 0
    approver.goto(clerk.url)
    approver.get_by_role("button", name="核准并执行").click()  # asks for the passkey by itself
    approver.get_by_text(re.compile("已核准|已更正换发")).first.wait_for()
    refreshed_until(approver, "已更正换发")
    link = approver.get_by_text("已更正换发").get_by_role("link")
    return "".join(link.inner_text().split())


def audited(auditor: "Page", old: str, new: str, draft: str) -> None:
    """Each act, by whom; nothing to press."""
    acts = {
        "authority.delegate": "周明",
        "account.create": "周明",
        "draft.open": "王丽",
        "draft.upload": "王丽",
        "draft.submit": "王丽",
        "draft.release": "李国强",
        "batch.issued": "李国强",
        "certificate.print": "李国强",
        "case.propose": "王丽",
        "case.confirm": "李国强",
        "case.done": "系统",
    }
    rows: list[str] = []
    auditor.goto("/console/trail")
    while True:
        rows += auditor.locator("tbody tr").all_inner_texts()
        older = auditor.get_by_role("link", name="更早的记录")
        if not older.count():
            break
        with auditor.expect_navigation():
            older.click()
    for act, name in acts.items():
        said = sentence(f"trail.{act}", {}, "zh-CN")
        assert any(said in row and name in row for row in rows), act
    auditor.goto(f"/console/trail?subject=certificate:{old}")
    assert auditor.locator("tbody tr").count() >= 2
    auditor.get_by_role("link", name="核对与封存").click()
    assert auditor.locator(".notice.good").count() == 1  # recomputed, and as the log has sealed it
    auditor.goto(f"/console/certificates/{new}")
    assert auditor.get_by_text("取代旧证书").is_visible()
    assert auditor.get_by_role("link", name="更正", exact=True).count() == 0
    auditor.goto(f"/console/batches/{draft}")
    assert auditor.get_by_role("button", name=re.compile("提交|上传|放弃")).count() == 0
