"""The panel's workspace by the keyboard alone, and what it announces: each scan's finding, and why a reading stopped."""

from typing import TYPE_CHECKING

from tests.review.browser import opened, settled, sitting, watched
from tests.review.rig import Panel
from tests.server.browsing import given

if TYPE_CHECKING:
    from playwright.sync_api import Browser


def test_a_sitting_by_keyboard_alone(browser: "Browser", address: str, panel: Panel) -> None:
    """From the form to an opened row with a note, by Tab, arrows and Enter; what happened is announced."""
    with watched(browser) as context:
        page = opened(context, f"{address}/panel")
        page.wait_for_selector(".sitting-form")

        def tabbed_to(selector: str) -> None:
            for _ in range(60):
                page.keyboard.press("Tab")
                if page.evaluate("one => document.activeElement.matches(one)", selector):
                    return
            raise AssertionError(selector)

        tabbed_to(".sitting-form input")
        page.keyboard.type("键盘会议")
        page.keyboard.press("Enter")
        page.wait_for_selector("#code:focus")
        page.keyboard.type(panel.certificates["good"].qr_text + "\n")
        page.keyboard.type(panel.certificates["revoked"].qr_text + "\n")
        settled(page, 2)
        assert page.locator("#said").get_attribute("role") == "status"
        page.wait_for_function("() => document.querySelector('#said').textContent.startsWith('已撤销 ')")
        assert "刘强" in page.inner_text("#said")
        tabbed_to("#filters .FAILED")
        page.keyboard.press("Enter")
        page.wait_for_selector("#filters .FAILED[aria-pressed=true]")
        tabbed_to("button.open")
        page.keyboard.press("Enter")
        page.wait_for_selector("button.open[aria-expanded=true]")
        tabbed_to(".detail textarea")
        page.keyboard.type("已电话核实")
        tabbed_to("button")
        page.wait_for_function("() => document.querySelector('td.note').textContent === '已电话核实'")


def test_why_a_reading_stopped_stays_announced(browser: "Browser", address: str, panel: Panel) -> None:
    """The table is drawn again at once and must not hide it; with the next try it is gone."""
    with watched(browser) as context:
        page = sitting(context, address, "断网")
        given(page, panel.certificates["good"].qr_text)
        settled(page, 1)
        context.route("**/api/panel/read", lambda route: route.abort())
        picture = {"name": "scan.png", "mimeType": "image/png", "buffer": b"\x89PNG\r\n\x1a\n"}
        page.set_input_files("#files", [picture])  # type: ignore[list-item]
        page.wait_for_function(
            "() => document.querySelector('#said').textContent.includes('已暂停，还有 1 项')"
        )
        assert "连不上本站" in page.inner_text("#said")
        context.unroute("**/api/panel/read")
        page.click("#progress button")
        settled(page, 2)
        page.wait_for_function("() => !document.querySelector('#said').textContent.includes('连不上本站')")
