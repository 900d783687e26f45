"""The panel's pages by axe-core and by the Tab key alone, in both languages, at 320 px: each state of a sitting, and of `/r`."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.builders import HOST
from tests.matrices import cells
from tests.review.browser import opened, settled, sitting, watched
from tests.review.rig import Panel
from tests.review.sheets import applicants
from tests.review.test_journey import files, saved
from tests.web.accessibility import Violations, axe_or_skip, look, walk

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page


@pytest.fixture(scope="module")
def axe() -> str:
    return axe_or_skip()


def judged(context: "BrowserContext", address: str, panel: Panel) -> "Page":
    """A sitting with rows that passed, failed, are missing and differ."""
    page = sitting(context, address, "可读性", "2025-2026")
    records = [(f"{name}.json", one.record) for name, one in panel.certificates.items()]
    page.set_input_files("#files", files(("名册.xlsx", applicants(panel)), *records))
    settled(page, 4)
    return page


def reported(page: "Page") -> None:
    page.click(".head button.main")
    page.click(".report button.main")
    page.wait_for_selector(".reports li")


@pytest.mark.parametrize("language", cells(["zh-CN", "en-GB"], always=["zh-CN"]))
def test_axe_finds_nothing_in_any_state(
    browser: "Browser", address: str, panel: Panel, axe: str, tmp_path: Path, language: str
) -> None:
    found: Violations = {}
    with watched(browser, language=language, width=320) as context:
        home = opened(context, f"{address}/panel")
        home.wait_for_selector(".sitting-form")
        look(home, axe, "no sitting", found)
        page = judged(context, address, panel)
        page.locator("button.open").nth(1).click()
        look(page, axe, "rows, one opened", found)
        reported(page)
        look(page, axe, "report", found)
        pdf = saved(page, "PDF", tmp_path / "r.pdf")
        page.locator(".acts button").first.click()
        page.wait_for_selector(".sittings li")
        look(page, axe, "sittings", found)
        check = opened(context, f"{address}/r")
        check.wait_for_selector("#files")
        look(check, axe, "no report", found)
        check.set_input_files("#files", str(pdf))
        check.wait_for_selector("#verdict.PASSED")
        assert check.evaluate("document.activeElement.id") == "verdict"
        look(check, axe, "report passed", found)
        check.set_input_files("#files", files(("x.jsonld", b"{}")))
        check.wait_for_selector("#verdict.FAILED")
        look(check, axe, "report failed", found)
    assert found == {}


def test_the_keyboard_reaches_everything_and_shows_where_it_is(
    browser: "Browser", address: str, panel: Panel
) -> None:
    with watched(browser) as context:
        page = judged(context, address, panel)
        page.locator("button.open").nth(1).press("Enter")
        reached = walk(page)
        assert any('id="files"' in one for one in reached)
        assert any("<textarea" in one for one in reached)
        said = page.locator("#said")
        assert (said.get_attribute("role"), said.get_attribute("aria-live")) == ("status", "polite")
        check = opened(context, f"{address}/r")
        check.wait_for_selector("#files")
        walk(check)
        check.wait_for_selector(f"#official:has-text('{HOST}')")
