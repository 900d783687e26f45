"""One scan at the registry's own address: what reaches the server, what it costs, and who judges where the browser cannot."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.benchmarks.scanning import packed
from tests.builders import HOST
from tests.matrices import cells
from tests.server.browsing import (
    Host,
    browser_to,
    given,
    hosted,
    kept,
    kept_file,
    scanned,
    until,
    verdict,
    visitor,
)
from tests.server.rig import Site, new_site
from tests.web import chromium
from tests.web.nodejs import PROJECT
from verifier.webpages import SET

if TYPE_CHECKING:
    from playwright.sync_api import Browser

WEB = PROJECT / "verifier" / "web"
MOST_BYTES = 60_000
"""Of everything that belongs to the page, by Brotli as by gzip: the page, its modules and words, the worker and its list."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return new_site(tmp_path_factory.mktemp("scan"))


@pytest.fixture(scope="module", params=["https", "http"])
def host(
    request: pytest.FixtureRequest, site: Site, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Host]:
    """The server; by plain http too, where a browser has no cryptography."""
    if reason := chromium.missing():
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("tls") if request.param == "https" else None
    with hosted(site, folder) as found:
        found.requests.clear()
        yield found


@pytest.fixture(scope="module")
def browser(host: Host) -> Iterator["Browser"]:
    with browser_to(host) as running:
        yield running


@pytest.fixture
def secure(request: pytest.FixtureRequest) -> None:
    """Only over https."""
    if request.node.callspec.params["host"] != "https":
        pytest.skip("by plain http the browser has no cryptography")


@pytest.fixture
def plain(request: pytest.FixtureRequest) -> None:
    """Only over plain http."""
    if request.node.callspec.params["host"] != "http":
        pytest.skip("over https the browser judges")


@pytest.mark.usefixtures("plain")
@pytest.mark.parametrize("language", cells(["zh-CN", "en-GB"], always=["zh-CN"]))
def test_what_a_scan_weighs(host: Host, browser: "Browser", site: Site, language: str) -> None:
    """Everything until the verdict stands and the page is kept; the registry's own files are not the page's.

    At localhost, which is as good as https to a browser: what comes with a certificate of our own it would not cache.
    """
    host.requests.clear()
    with visitor(browser, language=language) as telephone:
        digits = site.certificate.qr_text.partition("#")[2]
        kept(scanned(telephone, f"http://localhost:{host.port}/v#{digits}"))
    own = [one for one in host.requests if re.match(r"/(?:v|verifier|worker\.js)(?:/|$)", one.path)]
    weights: dict[str, int] = {}
    for one in own:
        path = f"/{SET.sub('verifier/', one.path[1:])}"
        weights[path] = weights.get(path, 0) + one.sent
    assert {"/v", "/worker.js", "/verifier/files.json", "/verifier/page/main.js"} <= set(weights)
    assert not any("/old/" in path or "/byhand/" in path or "/desk/" in path for path in weights)
    assert sum(weights.values()) <= MOST_BYTES, weights
    assert packed(host.port, sorted({one.path for one in own})) <= MOST_BYTES


@pytest.mark.usefixtures("secure")
def test_what_stands_behind_the_fragment_never_leaves_the_device(
    host: Host, browser: "Browser", site: Site
) -> None:
    """Not in an address, a header or a body, of the page or of its worker: first visit, second visit, another language."""
    host.requests.clear()
    digits = site.certificate.qr_text.partition("#")[2]
    with visitor(browser) as telephone:
        page = kept(scanned(telephone, site.certificate.qr_text))
        page.reload()
        assert verdict(page)[0] == "PASSED"
        page.click("#language")
        page.wait_for_selector("html[lang='en']")
        page.evaluate("location.hash = location.hash.slice(0, -1)")
        page.wait_for_selector("#verdict.FAILED")
        page.evaluate(f"location.hash = '{digits}'")
        page.wait_for_selector("#verdict.PASSED")
        until(page, kept_file("/verifier/words/en.json"))
        names = page.evaluate(
            "(async () => { const all = []; for (const name of await caches.keys()) for (const one of "
            "await (await caches.open(name)).keys()) all.push(one.url); return all; })()"
        )
    assert len(host.requests) > 40
    number, holder = site.certificate.number.digits, "张文博"
    for said in (*(one.said.decode("latin-1") for one in host.requests), *names):
        for secret in (digits[:40], digits[-40:], number, site.certificate.number.printed, "%E5%BC%A0"):
            assert secret not in said
        assert holder.encode() not in said.encode("latin-1", "replace")
    assert {one.said.partition(b"\n")[0] for one in host.requests if b"?" in one.path.encode()} == set()


@pytest.mark.usefixtures("secure")
def test_nothing_is_asked_for_twice_and_what_never_changes_once_for_all(
    host: Host, browser: "Browser", site: Site
) -> None:
    """What was asked for beforehand is what is judged with; templates of a digest that is listed are at hand the next time."""
    with visitor(browser) as telephone:
        for visit, templates in ((1, 5), (2, 0)):
            host.requests.clear()
            page = kept(scanned(telephone, site.certificate.qr_text))
            assert verdict(page)[0] == "PASSED"
            asked = [one.path for one in host.requests]
            series = "410100/2026/1"
            guessed = (f"/log/runs/{series}.json", f"/status/{series}/revocation/0")
            for path in ("/trust.json", "/log/checkpoint", *guessed):
                assert asked.count(path) == 1, (visit, path)
            assert sum(path.startswith(("/templates/", "/schemas/", "/ns/")) for path in asked) == templates
            page.close()


@pytest.mark.usefixtures("plain")
def test_without_cryptography_the_server_judges_and_the_page_says_so(
    host: Host, browser: "Browser", site: Site
) -> None:
    certificate = site.certificate
    altered = certificate.qr_text_of({**certificate.fields, "name": "张文波"})
    with visitor(browser) as telephone:
        for text, expected in ((certificate.qr_text, "PASSED"), (altered, "FAILED")):
            host.requests.clear()
            page = scanned(telephone, text.replace("https", host.scheme))
            assert page.evaluate("window.isSecureContext") is False
            assert verdict(page)[0] == expected
            assert "服务器的结论" in page.inner_text("#verdict .notice")
            assert [one.path for one in host.requests if one.path.startswith("/api/")] == ["/api/verify"]
            assert ("张文博" in page.inner_text("#report")) is (expected == "PASSED")
        page = telephone.new_page()
        page.goto(f"http://{HOST}/verify")
        page.wait_for_selector("#code")
        assert "发送到本站服务器" in page.inner_text("#code-hint")
        given(page, certificate.qr_text)
        page.wait_for_selector("article.PASSED")
        assert "由本站服务器核验" in page.inner_text("article.PASSED")


def test_a_browser_that_cannot_read_the_modules_is_answered_by_the_server(
    host: Host, browser: "Browser", site: Site
) -> None:
    """As a browser of some years ago: what it cannot parse ends the whole graph of modules."""
    certificate = site.certificate
    with visitor(browser, expected="Unexpected strict mode") as telephone:
        telephone.route("**/core/forms.js", lambda route: route.fulfill(
            status=200, content_type="text/javascript", body="let ?= 1;"))  # fmt: skip
        page = telephone.new_page()
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        address = certificate.qr_text.replace("https", host.scheme)
        page.goto(address)
        assert verdict(page) == ("PASSED", "核验通过")
        assert "服务器的结论" in page.inner_text("#verdict .notice")
        assert "张文博" in page.inner_text("#report")
        assert "核对" in page.inner_text("#report h2")
        telephone.route("**/api/verify", lambda route: route.abort())
        page.reload()
        until(page, "document.querySelector('#verdict').textContent.includes('本站也没有代为核验')")


def test_the_page_of_old_browsers_is_written_in_old_words() -> None:
    """ES5: no arrow, no template, no let or const, no class, no promise; ``window.fetch`` where there is also ``BigInt``."""
    for path in (WEB / "old" / "old.js", WEB / "page" / "start.js"):
        code = re.sub(r"/\*.*?\*/|//[^\n]*|'[^']*'|window\.fetch\b", "", path.read_text("utf-8"), flags=re.S)
        assert "window.fetch" not in path.read_text("utf-8") or "!window.BigInt" in code
        found = re.findall(
            r"=>|`|\b(?:let|const|class|async|await|Promise|fetch|for\s*\(\s*var)\b|\.\.\.", code
        )
        assert found == [], path.name


def test_both_pages_name_every_module_beforehand(tmp_path: Path) -> None:
    """So that a telephone asks for all of them at once, instead of one after another down the graph."""
    text = (WEB / "index.html").read_text("utf-8")
    named = {path.removeprefix("/verifier/") for path in re.findall(r'modulepreload" href="([^"]+)"', text)}
    reached: set[str] = set()
    todo = ["page/main.js"]
    while todo:
        module = todo.pop()
        reached.add(module)
        for found in re.findall(
            r"^import [^;]*?from '(\.[^']+)';", (WEB / module).read_text("utf-8"), re.M | re.S
        ):
            path = str((WEB / module).parent.joinpath(found).resolve().relative_to(WEB))
            todo += [path] if path not in reached else []
    assert named == reached - {"page/main.js"}
