"""The pages from the real server in a real browser: the code behind `/v`, the panel's desk, and no policy violated."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
import uvicorn

from tests.matrices import EXHAUSTIVE, cells
from tests.server.browsing import given, until
from tests.server.rig import Records, Site, app_on, generous
from tests.server.test_uploads import picture
from tests.simulator import NOW, standard_pin
from tests.threaded import port_of, threaded
from tests.verifier.publication import folder_of
from tests.web.siteserver import serving as static_server
from tests.web.test_page import luminance
from verifier.webpages import PIN_PATH, installed_pages

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route


WORDS = (("zh-CN", "核验通过"), ("en-GB", "PASSED"))


@contextmanager
def running(site: Site, **changes: object) -> Iterator[str]:
    """The server in a thread; browsers take ``localhost`` for a secure context."""
    app = app_on(site, limits=generous(lookup_seconds=0.0), **changes)
    with threaded(uvicorn.Config(app, port=0, log_level="warning")) as server:
        yield f"http://localhost:{port_of(server)}"


@pytest.fixture(scope="module")
def address(site: Site) -> Iterator[str]:
    records = Records({site.certificate.number.digits: site.certificate.record})
    with running(site, records=records) as found:
        yield found


@contextmanager
def opened(
    browser: "Browser", address: str, *, language: str = "zh-CN", width: int = 360, script: str = ""
) -> Iterator["Page"]:
    """A page that must complain of nothing: no error, no violation of the policy, nothing from elsewhere."""
    context = browser.new_context(locale=language, viewport={"width": width, "height": 720})
    page = context.new_page()
    complaints: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.clock.set_fixed_time(datetime.fromtimestamp(NOW, UTC))
    if script:
        page.add_init_script(script)
    page.goto(address)
    yield page
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert context.cookies() == []
    context.close()
    assert [text for text in complaints if "Failed to load resource" not in text] == []
    host = address.split("/")[2]
    assert {url.split("/")[2] for url in asked if not url.startswith("blob:")} == {host}


def card(page: "Page", count: int) -> tuple[str, str]:
    """Class and text of the newest result once there are ``count``."""
    page.wait_for_selector(f"#cards > li:nth-child({count})")
    newest = page.locator("#cards > li").first
    return newest.locator("article").get_attribute("class") or "", newest.inner_text()


def desk(address: str) -> str:
    return f"{address}/verify"


def ready(page: "Page") -> None:
    page.wait_for_selector("#code")


def test_a_scanned_code_from_the_real_server(browser: "Browser", address: str, site: Site) -> None:
    digits = site.certificate.qr_text.partition("#")[2]
    with opened(browser, f"{address}/v#{digits}") as page:
        page.wait_for_selector("#verdict .word")
        # Opened at localhost, which is not the registry's host: everything holds but the address.
        assert page.get_attribute("#verdict", "class") == "FAILED"
        page.click("summary")
        failed = page.locator("li:has(.FAILED)")
        assert failed.count() == 1
        assert "二维码网址" in failed.inner_text()
        page.click("a[href='/verify']")
        ready(page)


def test_a_publication_behind_any_web_server_has_both_pages(browser: "Browser", own_site: Site) -> None:
    """As `certreg publish` writes it: no program of ours behind it."""
    folder_of({**installed_pages(), PIN_PATH: standard_pin().to_bytes()}, own_site.folder)
    certificate = own_site.certificate
    with static_server(own_site.folder) as place:
        with opened(browser, f"{place}/v#{certificate.qr_text.partition('#')[2]}") as page:
            page.wait_for_selector("#verdict .word")
            page.click("summary")
            assert page.locator("li:has(.FAILED)").count() == 1  # the address, as above
        with opened(browser, f"{place}/verify") as page:
            ready(page)
            given(page, certificate.qr_text)
            assert card(page, 1)[0] == "card PASSED"


@pytest.mark.parametrize(("language", "word"), cells(WORDS, always=WORDS[:1]))
def test_a_scanner_gun_with_enter(
    browser: "Browser", address: str, site: Site, language: str, word: str
) -> None:
    with opened(browser, desk(address), language=language) as page:
        ready(page)
        assert page.evaluate("document.activeElement.id") == "code"
        scanned = site.certificates if EXHAUSTIVE else site.certificates[:2]
        for count, certificate in enumerate(scanned, start=1):
            page.keyboard.type(certificate.qr_text + "\n")
            assert card(page, count)[0] == "card PASSED"
            assert page.input_value("#code") == ""
        assert word in card(page, len(scanned))[1]
        assert str(len(scanned)) in page.inner_text("#counts .PASSED")
        assert word in page.inner_text("#said")


def test_a_scanner_gun_without_enter_and_with_the_cursor_elsewhere(
    browser: "Browser", address: str, site: Site
) -> None:
    with opened(browser, desk(address)) as page:
        ready(page)
        page.evaluate("document.activeElement.blur()")
        page.keyboard.type(site.certificate.qr_text)
        assert card(page, 1)[0] == "card PASSED"


@pytest.mark.exhaustive
def test_a_gun_that_a_busy_computer_interrupts(browser: "Browser", address: str, site: Site) -> None:
    """Longer than any gun pauses: half a code is not sent as a whole one, and its beginning is not lost."""
    text = site.certificate.qr_text
    with opened(browser, desk(address)) as page:
        ready(page)
        page.keyboard.type(text[:200])
        page.wait_for_timeout(900)
        assert page.input_value("#code") == text[:200]
        assert page.locator("#cards > li").count() == 0
        page.keyboard.type(text[200:])
        assert card(page, 1)[0] == "card PASSED"
        assert page.input_value("#code") == ""


@pytest.mark.parametrize("end", cells(["", "\n"], always=[""]))
def test_what_a_gun_types_before_there_is_a_field_for_it(
    browser: "Browser", address: str, site: Site, end: str
) -> None:
    """The modules run, and the words are still on their way."""
    text = site.certificate.qr_text + end
    with opened(browser, f"{address}/verifier/root.json") as page:
        held: list[Route] = []
        page.route("**/desk/words/*.json", lambda route: held.append(route))  # noqa: PLW0108, a built-in cannot be given
        with page.expect_request("**/desk/words/*.json"):
            page.goto(desk(address))
        page.keyboard.type(text[:100])
        assert page.locator("#code").count() == 0
        if end:
            page.keyboard.type(text[100:])
        for route in held:
            route.continue_()
        page.wait_for_selector("#code")
        if not end:
            page.keyboard.type(text[100:])
        assert card(page, 1)[0] == "card PASSED"
        assert page.input_value("#code") == ""


def test_a_slow_typist_is_waited_for(browser: "Browser", address: str, site: Site) -> None:
    with opened(browser, desk(address)) as page:
        ready(page)
        page.type("#code", site.certificate.number.digits, delay=45)
        assert page.locator("#cards > li").count() == 0
        page.keyboard.press("Enter")
        assert card(page, 1)[0] == "card INDETERMINATE"
        assert "本机" in card(page, 1)[1]


def test_files_of_every_sort_here_and_there(browser: "Browser", address: str, site: Site) -> None:
    with opened(browser, desk(address), width=1280) as page:
        ready(page)
        posted: list[str] = []
        page.on("request", lambda one: posted.append(one.url) if one.method == "POST" else None)
        record = {"name": "甲.json", "mimeType": "application/json", "buffer": site.certificate.record}
        page.set_input_files("#files", [record])  # type: ignore[list-item]
        assert card(page, 1)[0] == "card PASSED"
        assert posted == []  # what this device reads is sent nowhere
        photograph = {
            "name": "乙.jpg",
            "mimeType": "image/jpeg",
            "buffer": picture(site.certificates[1].qr_text),
        }
        broken = {"name": "丙.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7 nothing"}
        page.set_input_files("#files", [photograph, broken])  # type: ignore[list-item]
        kind, text = card(page, 3)
        assert (kind, "丙.pdf" in text, "由本站服务器核验" in text) == ("card INDETERMINATE", True, True)
        second = page.locator("#cards > li:nth-child(2)")
        assert second.locator("article").get_attribute("class") == "card PASSED"
        assert [url.rpartition("/")[2] for url in posted] == ["verify"]
        second.locator("summary").first.click()
        assert "郑州市第一人民医院" in second.inner_text()


def test_a_file_dropped_and_a_picture_pasted(browser: "Browser", address: str, site: Site) -> None:
    give = """([kind, name, type, bytes]) => {
        const transfer = new DataTransfer();
        transfer.items.add(new File([new Uint8Array(bytes)], name, { type }));
        document.dispatchEvent(kind === 'paste'
          ? new ClipboardEvent('paste', { clipboardData: transfer, cancelable: true })
          : new DragEvent('drop', { dataTransfer: transfer, cancelable: true }));
    }"""
    with opened(browser, desk(address)) as page:
        ready(page)
        page.evaluate(give, ["drop", "a.json", "application/json", list(site.certificate.record)])
        assert card(page, 1)[0] == "card PASSED"
        page.evaluate(give, ["paste", "b.jpg", "image/jpeg", list(picture(site.certificate.qr_text))])
        assert card(page, 2)[0] == "card PASSED"


def test_a_browser_that_reads_codes_sends_no_picture(browser: "Browser", address: str, site: Site) -> None:
    detector = f"""window.BarcodeDetector = class {{
        static async getSupportedFormats() {{ return ['qr_code']; }}
        async detect() {{ return [{{ rawValue: '{site.certificate.qr_text}' }}]; }}
    }};"""
    with opened(browser, desk(address), script=detector) as page:
        ready(page)
        photograph = {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": picture("x")}
        page.set_input_files("#files", [photograph])  # type: ignore[list-item]
        kind, text = card(page, 1)
        assert (kind, "在本机核验" in text) == ("card PASSED", True)


@pytest.mark.parametrize(("language", "word"), [("zh-CN", "编号有误，请再核对"), ("en", "CHECK THE NUMBER")])
def test_a_mistyped_number_is_told_as_one_and_counted_as_no_certificate(
    browser: "Browser", address: str, language: str, word: str
) -> None:
    with opened(browser, desk(address), language=language) as page:
        ready(page)
        for count, typed in enumerate(("410100 2026 1 0000001 91", "410100 2026 1 0000001 9"), start=1):
            page.fill("#code", typed)
            page.keyboard.press("Enter")
            kind, text = card(page, count)
            assert (kind, text.split("\n")[0]) == ("card INDETERMINATE", word)
        assert page.locator("#said").inner_text().strip() == word
        assert page.locator("#counts dd").all_inner_texts() == ["0", "0", "0"]


def test_a_number_with_its_name_and_with_another(browser: "Browser", address: str, site: Site) -> None:
    with opened(browser, desk(address)) as page:
        ready(page)
        for count, (name, kind) in enumerate((("张文博", "card PASSED"), ("李四", "card")), start=1):
            page.fill("#code", site.certificate.number.printed)
            page.fill("#name", name)
            page.keyboard.press("Enter")
            assert card(page, count)[0] == kind
        assert "没有编号和姓名都相符的证书" in card(page, 2)[1]
        page.click("#language")
        page.wait_for_selector("html[lang='en']")
        assert page.locator("#cards > li").count() == 2
        page.fill("#code", "41010020261000000191")
        page.fill("#name", "x")
        page.keyboard.press("Enter")
        assert "mistyped" in card(page, 3)[1]


def test_a_site_without_a_server_says_what_it_cannot_do(browser: "Browser", address: str, site: Site) -> None:
    with opened(browser, desk(address)) as page:
        ready(page)
        page.route("**/api/**", lambda route: route.fulfill(status=405, body="no"))
        page.set_input_files(
            "#files", [{"name": "a.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1"}]
        )
        assert "不说明证书有问题" in card(page, 1)[1]
        page.fill("#code", site.certificate.number.printed)
        page.fill("#name", "张文博")
        page.keyboard.press("Enter")
        assert card(page, 2)[0] == "card INDETERMINATE"  # judged here, by its status


def test_an_outage_is_never_a_finding(browser: "Browser", address: str, site: Site) -> None:
    with opened(browser, desk(address)) as page:
        ready(page)
        page.route("**/status/**", lambda route: route.abort())
        given(page, site.certificate.qr_text)
        assert card(page, 1)[0] == "card INDETERMINATE"
        page.unroute("**/status/**")
        given(page, site.certificate.qr_text)
        assert card(page, 2)[0] == "card PASSED"  # and is not kept


# ---- several things at once


def test_a_camera_closed_before_it_was_allowed_stays_closed(browser: "Browser", address: str) -> None:
    """Asked to close while the browser still asks for leave; the one that is opened next is not closed by it."""
    script = """if (navigator.mediaDevices) navigator.mediaDevices.getUserMedia = () => new Promise((resolve) => {
        const allow = () => {
          const stream = document.createElement('canvas').captureStream();
          window.certregStreams.push(stream);
          resolve(stream);
        };
        window.certregAsked.push(allow);
    });
    [window.certregAsked, window.certregStreams] = [[], []];"""
    states = "() => certregStreams.map((one) => one.getTracks().map(({ readyState }) => readyState).join())"
    with opened(browser, desk(address), script=script) as page:
        ready(page)
        for _ in range(3):
            page.click("#camera")  # opened, closed, opened
        assert page.evaluate("certregAsked.length") == 2
        page.evaluate("certregAsked[1]()")
        page.evaluate("certregAsked[0]()")
        assert page.evaluate(states) == ["live", "ended"]
        assert page.is_visible("#video")
        page.click("#camera")
        assert page.evaluate(states) == ["ended", "ended"]
        assert page.is_hidden("#video")


def test_files_may_be_given_again_while_they_are_judged(browser: "Browser", address: str) -> None:
    broken: list[Any] = [{"name": "丙.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7 nothing"}]
    with opened(browser, desk(address)) as page:
        ready(page)
        held: list[Route] = []
        page.route("**/api/verify", lambda route: held.append(route))  # noqa: PLW0108, a built-in cannot be given
        for _ in range(2):
            with page.expect_request("**/api/verify"):
                page.set_input_files("#files", broken)
            assert page.input_value("#files") == ""  # the same choice is a choice again
        until(page, "true")
        for route in held:
            route.continue_()
        card(page, 2)


def test_of_two_languages_the_last_chosen_stays(browser: "Browser", address: str, site: Site) -> None:
    """The other's words come later; what is being judged meanwhile is told in the one that was chosen."""
    hold = """[window.certregHeld, window.certregTaken] = [[], 0];
    const { fetch: ask } = window;
    window.fetch = (...asked) => (!String(asked[0]).includes('/desk/words/en.json') ? ask(...asked)
      : new Promise((resolve) => { window.certregHeld.push(() => ask(...asked).then((found) => { resolve(found); return found.clone().text(); })); }));"""
    with opened(browser, desk(address), script=hold) as page:
        ready(page)
        page.click("#language")
        page.click("#language")
        page.evaluate("certregHeld[1]()")
        page.wait_for_selector("html[lang=en]")
        page.click("#language")
        page.wait_for_selector("html[lang=zh-CN]")
        page.evaluate("certregHeld[0]()")
        given(page, site.certificate.qr_text)
        assert "核验通过" in card(page, 1)[1]
        assert page.get_attribute("html", "lang") == "zh-CN"


def test_a_code_that_is_scanned_before_the_last_one_is_told(
    browser: "Browser", address: str, site: Site
) -> None:
    """What hardly ever happens has words of its own: while they are on their way another code comes, and another language."""
    first, second = (one.qr_text.partition("#")[2] for one in site.certificates[:2])
    with opened(browser, f"{address}/verifier/root.json") as page:
        rare: list[Route] = []
        status: list[Route] = []
        page.route("**/words/rare-zh-CN.json", lambda route: rare.append(route))  # noqa: PLW0108, as above
        with page.expect_request("**/words/rare-zh-CN.json"):
            page.goto(f"{address}/v#{first[:-40]}")  # half a code
        page.route("**/status/**", lambda route: status.append(route))  # noqa: PLW0108, as above
        with page.expect_request("**/status/**"):
            page.evaluate("digits => { location.hash = digits; }", second)
        with page.expect_response("**/words/rare-zh-CN.json"):
            rare[0].continue_()
        until(page, "document.querySelector('#verdict').innerText.includes('正在核验')")
        page.evaluate("async () => { await fetch('/v'); }")
        assert page.inner_text("#verdict").strip() == "正在核验……"
        page.click("#language")
        page.wait_for_selector("html[lang=en]")
        page.unroute("**/status/**")
        for route in status:
            route.continue_()
        page.wait_for_selector("#report > *")
        assert page.get_attribute("#verdict", "class") == "FAILED"
        assert "address" in page.inner_text("#verdict")


# ---- for everybody


def test_landmarks_labels_and_the_order_of_focus(browser: "Browser", address: str, site: Site) -> None:
    with opened(browser, desk(address), width=320) as page:
        ready(page)
        given(page, site.certificate.qr_text)
        card(page, 1)
        for landmark in ("header", "main", "h1"):
            assert page.locator(landmark).count() == 1
        assert page.locator("section[aria-labelledby]").count() == 2
        for section in page.locator("section").all():
            assert page.locator(f"#{section.get_attribute('aria-labelledby')}").inner_text()
        for field in page.locator("input").all():
            name = field.get_attribute("id")
            assert page.locator(f"label[for='{name}']").inner_text()
            assert page.locator(f"#{field.get_attribute('aria-describedby')}").inner_text()
        assert page.locator("#said").get_attribute("role") == "status"
        assert page.locator("#said").get_attribute("aria-live") == "polite"
        ids = page.evaluate("[...document.querySelectorAll('[id]')].map((one) => one.id)")
        assert len(ids) == len(set(ids))
        page.focus("#language")
        order = []
        for _ in range(6):
            page.keyboard.press("Tab")
            order.append(page.evaluate("document.activeElement.id || document.activeElement.localName"))
        assert order == ["code", "name", "button", "files", "camera", "summary"]
        size = page.locator("#code").evaluate("one => parseFloat(getComputedStyle(one).fontSize)")
        assert size >= 16  # or telephones zoom in on it


def test_every_text_of_the_desk_stands_out_from_its_ground(
    browser: "Browser", address: str, site: Site
) -> None:
    altered = site.certificate.qr_text_of({**site.certificate.fields, "name": "张文波"})
    with opened(browser, desk(address), width=1280) as page:
        ready(page)
        for count, text in enumerate(
            (site.certificate.qr_text, altered, site.certificate.number.digits), start=1
        ):
            page.fill("#code", text)
            page.keyboard.press("Enter")
            card(page, count)
        assert {page.locator("#cards article").nth(n).get_attribute("class") for n in range(3)} == {
            "card PASSED", "card FAILED", "card INDETERMINATE",
        }  # fmt: skip
        for summary in page.locator("#cards > li > article > details > summary").all():
            summary.click()
        for summary in page.locator("#cards details details > summary").all():
            summary.click()
        pairs: list[list[str]] = page.evaluate(
            """() => [...document.querySelectorAll('h1, h2, p, dt, dd, b, span, label, button, summary')].map((part) => {
              let ground = part;
              while (ground && getComputedStyle(ground).backgroundColor === 'rgba(0, 0, 0, 0)') ground = ground.parentElement;
              return [getComputedStyle(part).color, ground ? getComputedStyle(ground).backgroundColor : 'rgb(255,255,255)'];
            })"""
        )
        assert len(pairs) > 100
        for pair in pairs:
            dark, light = sorted(map(luminance, pair))
            assert (light + 0.05) / (dark + 0.05) >= 4.5, pair
