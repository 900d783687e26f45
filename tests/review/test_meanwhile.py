"""Several things at once at a panel's sitting: what is left, removed, given or asked for again before the last is done.

Nothing is left to chance: an answer waits in the test until what comes meanwhile was done.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from tests.builders import HOST
from tests.review.browser import begun, opened, settled, sitting, stored, watched
from tests.review.rig import Panel
from tests.review.test_journey import files, until
from tests.server.browsing import eventually, given

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page, Route


@contextmanager
def held(context: "BrowserContext", address: str) -> Iterator[list["Route"]]:
    """What is asked of ``address`` waits in the list until the test lets it go; after the block nothing waits."""
    waiting: list[Route] = []
    context.route(address, lambda route: waiting.append(route))  # noqa: PLW0108, a built-in cannot be given
    yield waiting
    context.unroute(address)


def waited(page: "Page", waiting: list["Route"], count: int = 1) -> list["Route"]:
    """Those that wait, once there are ``count``."""
    eventually(page, lambda: len(waiting) >= count, f"{count} requests")
    return waiting


def until_kept(page: "Page") -> list[dict[str, Any]]:
    """What the device keeps, once nothing of it is judged."""
    eventually(page, lambda: not any("report" in one for one in stored(page, "items")), "nothing is judged")
    return stored(page, "items")


def at_home(page: "Page") -> None:
    """All sittings again."""
    page.get_by_role("button", name="全部会议").click()
    page.wait_for_selector(".sitting-form .main:has-text('开始')")


def scan(name: str = "a.png") -> list[Any]:
    """A picture that only the server can read, and in which there is nothing."""
    return files((name, b"\x89PNG\r\n\x1a\n"))


def test_a_sitting_left_while_files_are_read_and_opened_again_reads_them_once(
    browser: "Browser", address: str
) -> None:
    with watched(browser) as context:
        page = sitting(context, address, "离开再回来")
        with held(context, "**/api/panel/read") as reading:
            with page.expect_request("**/api/panel/read"):
                page.set_input_files("#files", scan())
            at_home(page)
            page.click("button.sitting")
            page.wait_for_selector("#progress:not([hidden])")
            assert page.inner_text("#progress button") == "暂停"
            for route in waited(page, reading):
                route.continue_()
            settled(page, 1)
            assert len(reading) == 1


def test_what_is_removed_or_deleted_while_it_is_judged_does_not_come_back(
    browser: "Browser", address: str, panel: Panel
) -> None:
    with watched(browser) as context:
        page = sitting(context, address, "移除", "")
        with held(context, "**/status/**") as judging:
            with page.expect_request("**/status/**"):
                page.set_input_files("#files", files(("a.json", panel.certificates["good"].record)))
            page.click("button.open")
            page.get_by_role("button", name="移除").click()
            page.wait_for_function("() => !document.querySelector('tr.row')")
            page.set_input_files("#files", files(("b.json", panel.certificates["training"].record)))
            page.wait_for_selector("tr.row")
            for route in waited(page, judging):
                route.continue_()
            judging.clear()
        settled(page, 1)  # and not the one that was removed
        with held(context, "**/status/**") as judging:
            with page.expect_request("**/status/**"):
                page.get_by_role("button", name="全部重新核验").click()
            at_home(page)
            page.get_by_role("button", name="删除").click()
            page.wait_for_function("() => document.body.innerText.includes('还没有会议')")
            begun(page, "之后", "")
            for route in waited(page, judging):
                route.continue_()
        page.set_input_files("#files", files(("c.json", panel.certificates["short"].record)))
        settled(page, 1)
        assert [one["label"] for one in stored(page, "items")] == ["c.json"]


def test_a_list_goes_to_the_sitting_that_it_was_given_to(
    browser: "Browser", address: str, panel: Panel
) -> None:
    """Another one is opened while the list is read."""
    hold = """const { arrayBuffer } = Blob.prototype;
        Blob.prototype.arrayBuffer = async function () {
          if (window.certregHold && this.name === '名册.csv') await new Promise((resolve) => { window.certregGo = resolve; });
          return arrayBuffer.call(this);
        };"""
    with watched(browser) as context:
        context.add_init_script(hold)
        page = sitting(context, address, "甲")
        page.evaluate("window.certregHold = true")
        given = (
            ("名册.csv", "姓名,年度\n张文博,2026\n".encode()),
            ("a.json", panel.certificates["good"].record),
        )
        page.set_input_files("#files", files(*given))
        page.wait_for_function("() => window.certregGo")
        at_home(page)
        begun(page, "乙")
        page.evaluate("window.certregGo()")
        for _ in range(500):
            if stored(page, "waiting"):
                break
            page.wait_for_timeout(20)
        assert {one["name"]: len(one["applicants"]) for one in stored(page, "sittings")} == {"甲": 1, "乙": 0}
        at_home(page)
        page.get_by_role("button", name="甲").click()
        settled(page, 1)
        assert [row[:2] for row in until(page, "核验通过")] == [["张文博", "2026"]]


def test_pressed_twice_it_is_done_once(browser: "Browser", address: str, panel: Panel) -> None:
    """A sitting begun by a double click; a code given twice before the first was kept."""
    with watched(browser) as context:
        page = opened(context, f"{address}/panel")
        page.wait_for_selector(".sitting-form")
        page.fill(".sitting-form input >> nth=0", "双击")
        page.evaluate("() => [1, 2].forEach(() => document.querySelector('.sitting-form').requestSubmit())")
        page.wait_for_selector("#code")
        page.evaluate(
            """(text) => [1, 2].forEach(() => {
              document.querySelector('#code').value = text;
              document.querySelector('form.gun').requestSubmit();
            })""",
            panel.certificates["good"].qr_text,
        )
        settled(page, 1)
        assert len(stored(page, "sittings")) == 1


def test_what_was_asked_for_again_is_still_asked_for_when_the_page_was_closed(
    browser: "Browser", address: str, panel: Panel
) -> None:
    with watched(browser) as context:
        page = sitting(context, address, "重新核验后关闭")
        given(page, panel.certificates["good"].qr_text)
        settled(page, 1)
        until(page, "核验通过")
        with held(context, "**/status/**"):
            with page.expect_request("**/status/**"):
                page.get_by_role("button", name="全部重新核验").click()
            until(page, "等待核验")
            assert [one.get("report") for one in until_kept(page)] == [None]
            page.close()
        context.route("**/status/**", lambda route: route.abort())
        again = opened(context, f"{address}/panel")
        again.click("button.sitting")
        until(again, "无法判定")


def test_one_window_has_a_sitting_at_a_time(browser: "Browser", address: str, panel: Panel) -> None:
    """The one that opened it last; what the other was reading is there once. What is deleted is gone from both."""
    with watched(browser) as context:
        first = sitting(context, address, "两个窗口")
        with held(context, "**/api/panel/read") as reading:
            with first.expect_request("**/api/panel/read"):
                first.set_input_files("#files", scan())
            second = context.new_page()
            with second.expect_request("**/api/panel/read"):
                second.goto(first.url)
            first.wait_for_selector("#said:has-text('已在另一个窗口中打开')")
            assert first.url == f"{address}/panel"
            for route in waited(second, reading, 2):
                route.continue_()
            settled(second, 1)
        first.reload()
        first.get_by_role("button", name="删除").click()
        first.wait_for_function("() => document.body.innerText.includes('还没有会议')")
        given(second, panel.certificates["good"].qr_text)
        second.wait_for_selector("#said:has-text('已在另一个窗口中删除')")
        assert stored(second, "items") == []


def test_paused_and_gone_on_with_and_online_again_while_a_request_has_yet_to_fail(
    browser: "Browser", address: str
) -> None:
    with watched(browser) as context:
        page = sitting(context, address, "暂停")
        with held(context, "**/api/panel/read") as reading:
            with page.expect_request("**/api/panel/read"):
                page.set_input_files("#files", scan())
            page.click("#progress button:has-text('暂停')")
            page.click("#progress button:has-text('继续')")
            page.wait_for_selector("#progress button:has-text('暂停')")
            waited(page, reading)[0].continue_()
            settled(page, 1)
            with page.expect_request("**/api/panel/read"):
                page.set_input_files("#files", scan("b.png"))
            page.evaluate("window.dispatchEvent(new Event('online'))")
            waited(page, reading, 2)[1].abort()
            waited(page, reading, 3)[2].continue_()
            settled(page, 2)


def test_a_report_without_files_that_are_not_read_yet_is_asked_about(
    browser: "Browser", address: str, panel: Panel
) -> None:
    with watched(browser) as context:
        page = sitting(context, address, "未读完")
        given(page, panel.certificates["good"].qr_text)
        settled(page, 1)
        asked: list[str] = []
        page.on("dialog", lambda dialog: asked.append(dialog.message))
        with held(context, "**/api/panel/read") as reading:
            with page.expect_request("**/api/panel/read"):
                page.set_input_files("#files", scan())
            page.click("#sign")
            page.click(".report button.main")
            page.wait_for_selector(".reports li")
            assert len(asked) == 1
            assert "还有 1 个文件没有读完" in asked[0]
            waited(page, reading)[0].continue_()
            settled(page, 2)


def test_gone_forward_while_the_sittings_are_still_to_be_drawn(
    browser: "Browser", address: str, panel: Panel
) -> None:
    """They are not drawn over the sitting; and of two languages the last chosen stays."""
    with watched(browser) as context:
        page = sitting(context, address, "前进后退")
        page.wait_for_load_state("networkidle")
        with held(context, "**/trust.json") as reading:
            with page.expect_request("**/trust.json"):
                page.get_by_role("button", name="全部会议").click()
            page.go_back()
            page.wait_for_selector("#code")
            for route in waited(page, reading):
                route.continue_()
        given(page, panel.certificates["good"].qr_text)
        settled(page, 1)
        until(page, "核验通过")
        with held(context, "**/panel/words/en.json") as words:
            for _ in range(2):
                with page.expect_request("**/panel/words/en.json"):
                    page.click("#language")
            waited(page, words, 2)[1].continue_()
            page.wait_for_selector("html[lang=en]")
            page.click("#language")
            page.wait_for_selector("html[lang=zh-CN]")
            with page.expect_response("**/panel/words/en.json"):
                words[0].continue_()
        given(page, panel.certificates["short"].qr_text)
        settled(page, 2)
        assert page.get_attribute("html", "lang") == "zh-CN"


def test_of_two_reports_the_last_presented_is_told(browser: "Browser", address: str) -> None:
    """The server has yet to read a PDF when a code is given; the same PDF may be given again."""
    with watched(browser) as context:
        page = opened(context, f"{address}/r")
        page.wait_for_selector("#text")
        with held(context, "**/api/panel/report/read") as reading:
            with page.expect_request("**/api/panel/report/read"):
                page.set_input_files("#files", files(("r.pdf", b"%PDF-nothing")))
            assert page.input_value("#files") == ""
            page.click("#language")
            page.wait_for_selector("#verdict:has-text('Checking')")
            page.fill("#text", f"https://{HOST}/r#12345")
            page.click("#form button")
            page.wait_for_selector("#verdict .reason")
            before = page.inner_text("#verdict")
            with page.expect_response("**/api/panel/report/read"):
                waited(page, reading)[0].continue_()
        page.evaluate("async () => { await fetch('/r'); }")
        assert page.inner_text("#verdict") == before


def test_a_store_that_was_cleared_or_is_full(browser: "Browser", address: str, panel: Panel) -> None:
    with watched(browser) as context:
        page = opened(context, f"{address}/panel")
        page.wait_for_selector(".sitting-form")
        session = context.new_cdp_session(page)
        session.send("Storage.overrideQuotaForOrigin", {"origin": address, "quotaSize": 1})
        page.fill(".sitting-form input >> nth=0", "没有空间")
        page.click(".sitting-form button[type=submit]")
        page.wait_for_selector("#said:has-text('存储空间已满')")
        session.send("Storage.overrideQuotaForOrigin", {"origin": address})
        begun(page, "有空间")
        at_home(page)
        session.send("Storage.clearDataForOrigin", {"origin": address, "storageTypes": "indexeddb"})
        begun(page, "清除之后")
        given(page, panel.certificates["good"].qr_text)
        settled(page, 1)
