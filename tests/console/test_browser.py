"""Signing in in a real Chromium: by password and code without scripts, by passkey with them; an approval sent twice."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

import httpx
import pyotp
import pytest

from registry.actors import Role
from tests.builders import MUNICIPAL
from tests.console.browsing import add_authenticator, served
from tests.console.rig import PASSWORD, Console
from tests.console.test_permissions import code_of
from tests.registry.rig import Place, copy_home, opened

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route


@pytest.fixture(scope="module")
def running(founded_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """A console that is served."""
    folder = tmp_path_factory.mktemp("browsed")
    with opened(Place(copy_home(founded_sqlite, folder / "home")), folder) as rig, served(rig) as console:
        yield console


@pytest.fixture
def page(browser: "Browser", running: Console) -> Iterator["Page"]:
    """A page of a browser of its own, in Chinese, on which no script may fail."""
    faults: list[str] = []
    context = browser.new_context(base_url=running.origin, locale="zh-CN")
    opened_page = context.new_page()
    opened_page.on("pageerror", lambda error: faults.append(str(error)))
    opened_page.on(
        "console", lambda said: faults.append(said.text) if "Content Security" in said.text else None
    )
    yield opened_page
    context.close()
    assert faults == []


def sign_out(page: "Page") -> None:
    page.get_by_role("button", name="退出").click()
    page.wait_for_url("**/console/sign-in")


def test_password_and_code_without_scripts(browser: "Browser", running: Console) -> None:
    path = running.invitation(Role.CLERK, MUNICIPAL, "no-scripts")
    context = browser.new_context(base_url=running.origin, locale="zh-CN", java_script_enabled=False)
    page = context.new_page()
    page.goto(path)
    secret = "".join(page.locator("span.mono").first.inner_text().split())
    page.get_by_label("新密码").fill(PASSWORD)
    page.get_by_label("再输一遍").fill(PASSWORD)
    page.get_by_label("应用上显示的 6 位验证码").fill(pyotp.TOTP(secret).at(running.rig.clock.now))
    page.get_by_role("button", name="完成设置并登录").click()
    assert page.locator("ol.codes li").count() == 10
    page.get_by_role("link", name="已保存，继续").click()
    assert page.locator("nav.main").is_visible()
    sign_out(page)

    page.get_by_label("用户名").fill("no-scripts")
    page.get_by_label("密码").fill(PASSWORD + "x")
    page.get_by_role("button", name="下一步").click()
    assert "用户名或密码不正确" in page.get_by_role("alert").inner_text()
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="下一步").click()
    running.rig.clock.now += 30
    page.get_by_label("身份验证器上的 6 位验证码").fill(pyotp.TOTP(secret).at(running.rig.clock.now))
    page.get_by_role("button", name="登录").click()
    page.wait_for_url("**/console/")
    kept = {one["name"]: one for one in context.cookies()}
    # Chromium keeps Secure cookies of http://localhost, which it counts as trustworthy.
    assert {one["secure"] and one["httpOnly"] for one in kept.values()} == {True}
    assert "__Host-certreg" in kept
    context.close()


def test_a_passkey_is_made_signs_in_and_confirms_once(page: "Page", running: Console) -> None:
    add_authenticator(page)
    page.goto(running.invitation(Role.AUTHORITY_ADMIN, MUNICIPAL, "by-passkey", "王丽"))
    page.get_by_role("button", name="创建通行密钥").click()
    page.wait_for_url("**/console/")
    sign_out(page)
    page.get_by_role("button", name="用通行密钥登录").click()
    page.wait_for_url("**/console/")

    page.goto("/console/accounts/new")
    page.get_by_label("姓名").fill("赵新")
    page.get_by_label("用户名").fill("zhaoxin")
    page.get_by_label("岗位").select_option("clerk")
    with page.expect_request(lambda one: one.method == "POST") as sent:
        page.get_by_role("button", name="用通行密钥确认").click()
    page.get_by_text("只显示这一次").wait_for()
    assert "/console/invite/" in page.locator("dd.secret").inner_text()

    # The very same approval again, with everything that the browser had: refused, for whatever account it names.
    form = {name: values[0] for name, values in parse_qs(sent.value.post_data or "").items()}
    assert form["credential"]
    cookies = {one["name"]: one["value"] for one in page.context.cookies()}
    with httpx.Client(
        base_url=running.origin, headers={"cookie": "; ".join(f"{n}={v}" for n, v in cookies.items())}
    ) as thief:
        again = thief.post("/console/accounts", data={**form, "login": "zhaoxin-2"})
        assert (again.status_code, code_of(again)) == (403, "second_factor")
        # And what a passkey signed for one question answers no other.
        shown = thief.get("/console/accounts/new").text
        ticket = shown.split('name="confirmation" value="')[1].split('"')[0]
        moved = thief.post("/console/accounts", data={**form, "login": "zhaoxin-3", "confirmation": ticket})
        assert (moved.status_code, code_of(moved)) == (403, "second_factor")


def test_a_passkey_is_added_and_removed(page: "Page", running: Console) -> None:
    account = running.new_account(Role.CLERK, MUNICIPAL)
    add_authenticator(page)
    page.goto("/console/sign-in")
    page.get_by_label("用户名").fill(account.login)
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="下一步").click()
    page.get_by_label("身份验证器上的 6 位验证码").fill(running.code(account))
    page.get_by_role("button", name="登录").click()
    page.goto("/console/me/passkeys/new")
    page.get_by_label("身份验证器上的 6 位验证码").fill(running.code(account))
    page.get_by_role("button", name="下一步").click()
    page.get_by_label("给这把密钥起个名字").fill("办公室电脑")
    page.get_by_role("button", name="创建通行密钥").click()
    page.wait_for_url("**/console/me")
    assert page.get_by_role("rowheader", name="办公室电脑").is_visible()
    page.get_by_role("link", name="移除通行密钥 办公室电脑").click()
    page.get_by_role("button", name="改用通行密钥确认").click()
    page.wait_for_url("**/console/me")
    assert page.get_by_text("还没有通行密钥").is_visible()


def test_a_strangers_passkey_is_told_and_nothing_else(page: "Page", running: Console) -> None:
    """No passkey of ours in this browser: the page says so where a screen reader hears it."""
    add_authenticator(page)
    page.goto("/console/sign-in")
    page.get_by_role("button", name="用通行密钥登录").click()
    page.get_by_text("没有完成，请重试").wait_for()
    assert page.url.endswith("/console/sign-in")


def test_a_passkey_asked_for_twice_at_once_signs_in(page: "Page", running: Console) -> None:
    """Each question has a ticket of its own; the answer to the first is not sent with the second's."""
    add_authenticator(page)
    page.goto(running.invitation(Role.CLERK, MUNICIPAL, "pressed-twice"))
    page.get_by_role("button", name="创建通行密钥").click()
    page.wait_for_url("**/console/")
    sign_out(page)
    held: list[Route] = []
    address = "**" + (page.locator("[data-options-from]").get_attribute("data-options-from") or "")
    page.route(address, lambda route: held.append(route))  # noqa: PLW0108, a built-in cannot be given
    with page.expect_request(address):
        page.get_by_role("button", name="用通行密钥登录").dblclick()
    page.evaluate("fetch('/console/sign-in')")  # whatever was asked before that has been asked
    assert len(held) == 1
    held[0].continue_()
    page.wait_for_url("**/console/")


def test_a_form_is_not_sent_again_by_a_second_press(page: "Page") -> None:
    """The answer is awaited; what the first did would make a refusal of the second."""
    posts: list[str] = []
    page.on("request", lambda one: posts.append(one.url) if one.method == "POST" else None)
    page.goto("/console/sign-in")
    page.get_by_label("用户名").fill("nobody")
    page.get_by_label("密码").fill(PASSWORD)
    place = page.get_by_role("button", name="下一步").bounding_box()
    assert place is not None
    middle = place["x"] + place["width"] / 2, place["y"] + place["height"] / 2
    held: list[Route] = []
    page.route("**/console/sign-in", lambda route: held.append(route))  # noqa: PLW0108, a built-in cannot be given
    with page.expect_request("**/console/sign-in"):
        page.mouse.click(*middle)
    page.mouse.click(*middle)
    held[0].continue_()
    page.get_by_role("alert").wait_for()
    assert len(posts) == 1
