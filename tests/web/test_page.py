"""The page behind the QR in a real browser, at the registry's own address, over what the simulator publishes."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from tests.builders import HOST
from tests.matrices import cells
from tests.simulator import NOW, Certificate, Simulator, standard_pin
from tests.verifier.publication import publication
from tests.web.nodejs import PROJECT
from tests.web.siteserver import CONTENT_POLICY, TYPES

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route

WEB = PROJECT / "verifier" / "web"
PIN_BYTES = standard_pin().to_bytes()
PIN = {"verifier/root.json": PIN_BYTES}
Files = dict[str, bytes]


PARTS = ("status/", "trust.json", "log/", "root.json", "templates/")
"""Of a publication."""


@pytest.fixture(scope="module")
def registry() -> Simulator:
    registry = Simulator()
    registry.fill(300)
    return registry


@pytest.fixture(scope="module")
def certificate(registry: Simulator) -> Certificate:
    return registry.issue()


@pytest.fixture(scope="module")
def site(registry: Simulator, certificate: Certificate) -> Files:
    return {**publication(registry, [certificate.number]), **PIN}


def served(path: str, files: Files) -> bytes | None:
    """What a web server gives: the page at ``/v``, its modules below ``/verifier/``, and the publication."""
    if path == "v":
        return (WEB / "index.html").read_bytes()
    own = WEB / path.removeprefix("verifier/")
    return files.get(path) or (own.read_bytes() if path.startswith("verifier/") and own.is_file() else None)


def answering(files: Files, *, down: str = "") -> Callable[["Route"], None]:
    def answer(route: "Route") -> None:
        path = route.request.url.removeprefix(f"https://{HOST}/").partition("#")[0]
        data = served(path, files)
        if down and path.startswith(down):
            route.abort()
        elif data is None:
            route.fulfill(status=404)
        else:
            kind = TYPES.get(
                f".{path.rpartition('.')[2]}", "text/html; charset=utf-8" if path == "v" else TYPES[""]
            )
            route.fulfill(
                body=data, headers={"Content-Type": kind, "Content-Security-Policy": CONTENT_POLICY}
            )

    return answer


@contextmanager
def opened(
    browser: "Browser",
    files: Files,
    address: str,
    *,
    down: str = "",
    language: str = "zh-CN",
    width: int = 360,
    script: str = "",
) -> Iterator["Page"]:
    """The page at ``address`` at the simulator's time, after ``script``; ``down`` is what cannot be reached."""
    # The worker has tests of its own (tests/server/test_offline.py): no request of its goes through these routes.
    context = browser.new_context(
        locale=language, viewport={"width": width, "height": 720}, service_workers="block"
    )
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.clock.set_fixed_time(datetime.fromtimestamp(NOW, UTC))
    page.add_init_script(script)
    page.route("**/*", answering(files, down=down))
    page.goto(address)
    page.wait_for_selector("#form h2")
    yield page
    context.close()
    complaints = [text for text in complaints if "Failed to load resource" not in text]
    assert complaints == []


def verdict_of(page: "Page") -> tuple[str | None, str]:
    """The verdict's class and its word, once it is there."""
    page.wait_for_selector("#report > *")
    return page.get_attribute("#verdict", "class"), page.inner_text("#verdict .word")


def test_a_scanned_code_is_judged_with_its_log_and_status(
    browser: "Browser", site: Files, certificate: Certificate
) -> None:
    with opened(browser, site, certificate.qr_text) as page:
        assert verdict_of(page) == ("PASSED", "核验通过")
        text = page.inner_text("body")
        for shown in (
            "410100 2026 1 0000123 15",
            "张文博",
            "郑州市第一人民医院",
            "中级",
            "见证人 2 个",
            "北京时间",
        ):
            assert shown in text
        assert standard_pin().fingerprint in text
        assert page.evaluate("document.activeElement.id") == "verdict"
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        page.click("summary")
        assert page.locator("li .outcome").count() == 11


def test_a_phone_without_ed25519_reaches_the_same_verdict(
    browser: "Browser", site: Files, certificate: Certificate
) -> None:
    without = "SubtleCrypto.prototype.importKey = () => Promise.reject(new DOMException('no', 'NotSupportedError'));"
    with opened(browser, site, certificate.qr_text, script=without) as page:
        assert verdict_of(page) == ("PASSED", "核验通过")
    altered = certificate.qr_text_of({**certificate.fields, "publicHours": 99})
    with opened(browser, site, altered, script=without) as page:
        assert verdict_of(page) == ("FAILED", "核验未通过")
        page.click("summary")
        assert "数字签名" in page.inner_text("li:has(.FAILED)")


def test_english_by_the_browsers_language_and_by_the_switch(
    browser: "Browser", site: Files, certificate: Certificate
) -> None:
    with opened(browser, site, certificate.qr_text, language="en-GB") as page:
        assert verdict_of(page) == ("PASSED", "PASSED")
        assert "(UTC+8)" in page.inner_text("#report")
        page.click("#language")
        page.wait_for_selector("html[lang='zh-CN']")
        assert verdict_of(page) == ("PASSED", "核验通过")


def test_a_revoked_certificate_names_its_reason_and_is_shown(browser: "Browser", registry: Simulator) -> None:
    revoking = Simulator(registry.trust_list, list(registry.entries))
    certificate = revoking.issue(serial=9)
    revoking.revoke(certificate.number, reason="data-error")
    files = {**publication(revoking, [certificate.number]), **PIN}
    with opened(browser, files, certificate.qr_text) as page:
        assert verdict_of(page) == ("FAILED", "已撤销")
        assert "数据有误" in page.inner_text("#verdict .facts")
        assert "张文博" in page.inner_text("#report")


def test_an_altered_code_shows_nothing_as_fact(
    browser: "Browser", site: Files, certificate: Certificate
) -> None:
    altered = certificate.qr_text_of({**certificate.fields, "name": "张文波"})
    with opened(browser, site, altered) as page:
        assert verdict_of(page) == ("FAILED", "核验未通过")
        assert "张文波" not in page.inner_text("body")


@pytest.mark.parametrize("down", cells(PARTS, always=("status/", "root.json")))
def test_an_outage_is_never_a_finding(
    browser: "Browser", site: Files, certificate: Certificate, down: str
) -> None:
    files = site if down != "root.json" else {path: data for path, data in site.items() if path not in PIN}
    with opened(browser, files, certificate.qr_text, down=down) as page:
        assert verdict_of(page) == ("INDETERMINATE", "无法判定")
        assert "不说明证书有问题" in page.inner_text("body")


def test_a_root_that_nobody_chose_decides_nothing(
    browser: "Browser", site: Files, certificate: Certificate
) -> None:
    files = {path: data for path, data in site.items() if path not in PIN}
    with opened(browser, files, certificate.qr_text) as page:
        assert verdict_of(page)[0] == "INDETERMINATE"
        assert "张文博" in page.inner_text("#report")


def test_a_code_of_another_host_is_told(browser: "Browser", site: Files, certificate: Certificate) -> None:
    with opened(browser, site, f"https://{HOST}/v") as page:
        page.fill("#typed", certificate.qr_text.replace(HOST, "jxjy.example.com"))
        page.click("#form button")
        assert verdict_of(page)[0] == "FAILED"


def test_a_number_alone_is_undecided_and_a_file_is_judged(
    browser: "Browser", site: Files, certificate: Certificate
) -> None:
    with opened(browser, site, f"https://{HOST}/v", width=320) as page:
        page.fill("#typed", certificate.number.printed)
        page.click("#form button")
        assert verdict_of(page)[0] == "INDETERMINATE"
        page.set_input_files(
            "#files", [{"name": "x.json", "mimeType": "application/json", "buffer": certificate.record}]
        )
        page.click("#form button")
        page.wait_for_selector("#verdict.PASSED")
        assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_only_the_registry_is_asked_and_never_told_who(
    browser: "Browser", site: Files, certificate: Certificate
) -> None:
    asked: list[str] = []
    with opened(browser, site, f"https://{HOST}/v") as page:
        page.on("request", lambda request: asked.append(request.url))
        page.goto(certificate.qr_text)
        page.reload()
        verdict_of(page)
    assert all(url.startswith(f"https://{HOST}/") for url in asked)
    digits = certificate.qr_text.partition("#")[2]
    assert not any(certificate.number.digits in url or digits in url.partition("#")[0] for url in asked)


def luminance(colour: str) -> float:
    parts = [int(part) / 255 for part in colour.removeprefix("rgb(").removesuffix(")").split(",")]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_every_text_stands_out_from_its_ground(
    browser: "Browser", site: Files, certificate: Certificate
) -> None:
    with opened(browser, site, certificate.qr_text) as page:
        verdict_of(page)
        page.click("summary")
        for verdict in ("PASSED", "FAILED", "INDETERMINATE"):
            page.evaluate("name => { document.getElementById('verdict').className = name; }", verdict)
            pairs: list[list[str]] = page.evaluate(
                """() => [...document.querySelectorAll('h1, h2, p, dt, dd, b, span, label, button, summary')].map((part) => {
                  let ground = part;
                  while (ground && getComputedStyle(ground).backgroundColor === 'rgba(0, 0, 0, 0)') ground = ground.parentElement;
                  return [getComputedStyle(part).color, ground ? getComputedStyle(ground).backgroundColor : 'rgb(255,255,255)'];
                })"""
            )
            for pair in pairs:
                dark, light = sorted(map(luminance, pair))
                assert (light + 0.05) / (dark + 0.05) >= 4.5, pair


def test_the_page_looks_up_only_words_that_there_are_and_all_of_its_own() -> None:
    words: dict[str, dict[str, str]] = json.loads((WEB / "words" / "en.json").read_bytes())
    text = "".join(
        path.read_text("utf-8") for folder in ("page", "old") for path in (WEB / folder).glob("*.js")
    )
    used = set(re.findall(r"\b(page|labels)\.(\w+)", text))
    assert {name for table, name in used if table == "page"} == set(words["page"])
    assert {name for table, name in used if table == "labels"} <= set(words["labels"])
