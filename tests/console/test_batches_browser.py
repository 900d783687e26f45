"""Lists in a real Chromium: seen whole on a telephone, without scripts, released with a passkey, watched as it happens."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from registry.actors import Role
from registry.cli.working import KINDS
from registry.console.context import SESSION_COOKIE
from registry.jobs.worker import Done, JobKind, Task, work_once
from registry.review.decisions import RELEASE
from tests.console.browsing import served
from tests.console.rig import Caller, Console
from tests.console.test_batches import shown, submitted
from tests.registry.rig import Place, copy_home, opened
from tests.registry.sheets import ANNUAL, annual, write_xlsx

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext


@pytest.fixture(scope="module")
def running(founded_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """A console that is served."""
    folder = tmp_path_factory.mktemp("browsed")
    with opened(Place(copy_home(founded_sqlite, folder / "home")), folder) as rig, served(rig) as console:
        yield console


def context_of(browser: "Browser", caller: Caller, **options: object) -> "BrowserContext":
    """A browser in which ``caller`` is signed in."""
    context = browser.new_context(base_url=caller.console.origin, locale="zh-CN", **options)  # type: ignore[arg-type]
    cookie = {
        "name": SESSION_COOKIE,
        "value": caller.secret,
        "domain": "localhost",
        "path": "/",
        "secure": True,
    }
    context.add_cookies([cookie])  # type: ignore[list-item]
    return context


def test_a_clerk_mends_and_submits_without_scripts(browser: "Browser", running: Console) -> None:
    rows = [ANNUAL, annual(501), annual(502, 姓名="李1雷")]
    first = write_xlsx(running.rig.folder / "名单.xlsx", {"名单": rows})
    context = context_of(
        browser, running.signed_in(Role.CLERK), java_script_enabled=False, accept_downloads=True
    )
    page = context.new_page()
    page.goto("/console/batches")
    page.get_by_role("link", name="上传名单").click()
    page.get_by_label("名单文件").set_input_files(first)
    page.get_by_role("button", name="上传并核对").click()
    page.get_by_role("link", name="逐条查看").click()
    page.get_by_text("看整行").click()
    assert page.locator("dl.row mark").inner_text() == "李1雷"
    page.go_back()
    second = write_xlsx(running.rig.folder / "改.xlsx", {"名单": [ANNUAL, annual(502, 姓名="李雷")]})
    page.get_by_label("文件", exact=True).set_input_files(second)
    page.get_by_label("只有改过或补充的行").check()
    page.get_by_role("button", name="上传并核对").click()
    assert page.get_by_text("将为 2 人提交").is_visible()
    page.get_by_role("button", name="提交审核").click()
    assert page.get_by_text("等待另一人签发").is_visible()
    context.close()


def test_progress_is_watched_from_another_session(browser: "Browser", running: Console) -> None:
    draft, _ = submitted(running, *range(511, 521))
    approver = running.signed_in(Role.APPROVER)
    assert approver.post(f"/console/batches/{draft}/release", shown(approver, draft)).status_code == 303
    half, go_on = threading.Event(), threading.Event()

    def slowly(task: Task) -> Done:
        task.advance(4, 10)
        half.set()
        assert go_on.wait(60)
        return KINDS[RELEASE].handler(task)

    context = context_of(browser, running.signed_in(Role.VIEWER))
    page = context.new_page()
    page.goto(f"/console/batches/{draft}")
    worker = threading.Thread(
        target=work_once, args=(running.rig.app, {RELEASE: JobKind(slowly)}), kwargs={"holder": "w"}
    )
    worker.start()
    try:
        assert half.wait(60)
        page.locator("[data-seen]", has_text="已签发 4 / 10。").wait_for()
        assert page.locator("progress").get_attribute("value") == "4"
    finally:
        go_on.set()
        worker.join()
    page.get_by_text("共发出 10 份证书").wait_for()
    context.close()


@pytest.mark.parametrize("width", [320, 1280])
def test_pages_fit_and_pictures_are_drawn(browser: "Browser", running: Console, width: int) -> None:
    draft, clerk = submitted(running, 531, 532)
    context = context_of(browser, clerk, viewport={"width": width, "height": 700})
    page = context.new_page()
    faults: list[str] = []
    page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
    for place in (
        "",
        "/new",
        "/single/completion",
        f"/{draft}",
        f"/{draft}/findings?nature=",
        f"/{draft}/review",
        f"/{draft}/specimens",
    ):
        page.goto(f"/console/batches{place}")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, place
    page.wait_for_load_state("load")
    assert page.evaluate("[...document.images].map((one) => one.naturalWidth)") == [935]
    assert faults == []
    context.close()
