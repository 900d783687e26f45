"""What a telephone keeps: after one visit it judges without a network, says how old its knowledge is, and never guesses."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.matrices import cells
from tests.server.browsing import (
    ADDRESS,
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
from tests.server.rig import Site, loaded, new_site
from tests.simulator import COMPLETION, NOW, standard_pin
from tests.verifier.publication import folder_of, publication
from tests.web import chromium
from tests.web.siteserver import serving as static_server
from verifier.server.statics import page_file, page_files
from verifier.webpages import LIST_PATH, SET, installed_pages, pages_with

if TYPE_CHECKING:
    from playwright.sync_api import Browser

DAY = 86400
LACKS = (
    "if (window.SubtleCrypto) SubtleCrypto.prototype.importKey = () => Promise.reject(new Error('none'))",
    "delete window.DecompressionStream",
)


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """A server that is up; its site may be changed by a test that gives it a site of its own."""
    reason = chromium.missing()
    if reason:
        pytest.skip(reason)
    site = new_site(tmp_path_factory.mktemp("offline"))
    with hosted(site, tmp_path_factory.mktemp("tls")) as found:
        found.app.state.site = site
        yield found


@pytest.fixture(scope="module")
def browser(host: Host) -> Iterator["Browser"]:
    with browser_to(host) as running:
        yield running


@pytest.fixture
def site(host: Host) -> Site:
    found: Site = host.app.state.site
    return found


@pytest.mark.parametrize("missing", cells(LACKS, always=LACKS[:1]))
def test_the_arithmetic_that_a_browser_lacks_is_kept_too(
    host: Host, browser: "Browser", site: Site, missing: str
) -> None:
    with visitor(browser) as telephone:
        telephone.add_init_script(missing)
        page = kept(scanned(telephone, site.certificate.qr_text))
        assert verdict(page)[0] == "PASSED"
        assert any("/byhand/" in one.path for one in host.requests)
        host.requests.clear()
        with host.outage():
            page.reload()
            assert verdict(page)[0] == "PASSED"
            assert "未联网" in page.inner_text("#verdict")


def test_after_one_visit_without_a_network(host: Host, browser: "Browser", site: Site) -> None:
    first, second, _ = site.certificates
    other_kind = site.registry.issue(COMPLETION, serial=1)
    with visitor(browser) as telephone:
        page = kept(scanned(telephone, first.qr_text))
        assert verdict(page) == ("PASSED", "核验通过")
        assert "未联网" not in page.inner_text("#verdict")
        assert "依据 10 分钟前的状态" in page.inner_text("#verdict .known")
        with host.outage():
            page.reload()
            assert verdict(page) == ("PASSED", "核验通过")
            said = page.inner_text("#verdict")
            assert "未联网" in said
            assert "依据 10 分钟前的状态，截至 2026-03-10 16:50:00" in said
            assert "没有日志证明" in said
            assert "张文博" in page.inner_text("#report")
            # Never scanned here, and in the same lists.
            assert verdict(scanned(telephone, second.qr_text))[0] == "PASSED"
            # Its lists were never seen: nobody guesses.
            assert verdict(scanned(telephone, other_kind.qr_text))[0] == "INDETERMINATE"
            telephone.clock.set_fixed_time(datetime.fromtimestamp(NOW + 2 * DAY, UTC))
            late = scanned(telephone, first.qr_text)
            assert verdict(late) == ("INDETERMINATE", "无法判定")
            assert "已过 24 小时" in late.inner_text("#verdict .known")


def test_a_first_visit_without_a_network_is_no_finding(host: Host, browser: "Browser", site: Site) -> None:
    with visitor(browser) as telephone:
        page = kept(scanned(telephone, f"{site.certificate.qr_text}"))
        page.evaluate("caches.delete('certreg.published')")
        with host.outage():
            page.reload()
            assert verdict(page) == ("INDETERMINATE", "无法判定")
            assert "不说明证书有问题" in page.inner_text("body")


def test_revoked_while_the_telephone_is_offline(host: Host, browser: "Browser", tmp_path: Path) -> None:
    """Judged good by what was known, and bad as soon as there is a network; after that bad without one too."""
    site = new_site(tmp_path / "site", 1)
    certificate = site.certificate
    with host.serving(site), visitor(browser) as telephone:
        page = kept(scanned(telephone, certificate.qr_text))
        with host.outage():
            page.reload()
            assert verdict(page)[0] == "PASSED"
            site.registry.revoke(certificate.number, reason="data-error")
            files = publication(site.registry, [certificate.number], signed_at=NOW - 60)
            folder_of(files, site.folder)
        page.evaluate("window.dispatchEvent(new Event('online'))")
        page.wait_for_selector("#verdict.FAILED")
        assert verdict(page) == ("FAILED", "已撤销")
        assert "数据有误" in page.inner_text("#verdict .facts")
        assert "未联网" not in page.inner_text("#verdict")
        until(page, kept_file("/status/410100/2026/1/details/0"))
        with host.outage():
            page.reload()
            assert verdict(page) == ("FAILED", "已撤销")
            assert "数据有误" in page.inner_text("#verdict .facts")


def test_what_was_not_verified_is_not_kept(host: Host, browser: "Browser", site: Site) -> None:
    """A list that nobody signed is never put in the place of a good one."""
    path = site.folder / "status/410100/2026/1/revocation/0"
    good = path.read_bytes()
    with visitor(browser) as telephone:
        page = kept(scanned(telephone, site.certificate.qr_text))
        try:
            path.write_bytes(good.replace(b'"validUntil":"2026', b'"validUntil":"2036'))
            page.reload()
            assert verdict(page)[0] == "INDETERMINATE"
            assert page.inner_text("#report").count("状态列表") >= 1
        finally:
            path.write_bytes(good)
        with host.outage():
            page.reload()
            assert verdict(page)[0] == "PASSED"


def test_pages_are_renewed_at_the_next_visit_and_never_mixed(
    host: Host, browser: "Browser", site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = host.app.state.service.pages
    before = dict(pages)
    written = installed_pages()
    written["verifier/page/view.js"] = written["verifier/page/view.js"].replace(
        b"// @ts-check", b"document.documentElement.dataset.edition = 'next';"
    )
    monkeypatch.setattr("verifier.webpages.installed_pages", lambda: written)
    with visitor(browser) as telephone:
        page = kept(scanned(telephone, site.certificate.qr_text))
        try:
            pages.clear()
            pages.update(page_files(standard_pin().to_bytes()))
            assert not {path for path in pages if SET.match(path)} & before.keys()
            page.reload()
            verdict(page)
            assert page.get_attribute("html", "data-edition") == "next"
            with host.outage():
                page.reload()
                assert verdict(page)[0] == "PASSED"
                assert page.get_attribute("html", "data-edition") == "next"
            # A file that is not what the list says: nothing is kept, so nothing old stays for ever.
            style = loaded("style.css")
            pages[style] = page_file(b"/* half */", style)
            renamed = json.loads(pages[LIST_PATH].data)
            renamed["files"][f"/{style}"] = "0" * 22
            pages[LIST_PATH] = page_file(json.dumps(renamed).encode(), LIST_PATH)
            page.reload()
            verdict(page)
            until(page, "caches.keys().then((all) => !all.some((one) => one.startsWith('certreg.pages.')))")
        finally:
            pages.clear()
            pages.update(before)


def kept_sets(page: object) -> list[str]:
    found: list[str] = page.evaluate(  # type: ignore[attr-defined]
        "caches.keys().then((all) => all.filter((one) => one.startsWith('certreg.pages.')))"
    )
    return found


@pytest.mark.exhaustive
def test_a_host_that_gives_up_the_pages_ends_the_worker(host: Host, browser: "Browser", site: Site) -> None:
    pages = host.app.state.service.pages
    list_of_pages = pages[LIST_PATH]
    with visitor(browser) as telephone:
        page = kept(scanned(telephone, site.certificate.qr_text))
        assert len(kept_sets(page)) == 1
        try:
            worker = pages.pop("worker.js")
            del pages[LIST_PATH]
            page.reload()
            verdict(page)
            assert kept_sets(page) == []
            until(page, "navigator.serviceWorker.getRegistrations().then((all) => all.length === 0)")
        finally:
            pages["worker.js"], pages[LIST_PATH] = worker, list_of_pages


@pytest.mark.exhaustive
def test_the_desk_too_and_the_other_language_once_it_was_used(
    host: Host, browser: "Browser", site: Site
) -> None:
    with visitor(browser) as telephone:
        page = telephone.new_page()
        page.goto(f"{ADDRESS}/verify")
        kept(page).wait_for_selector("#code")
        given(page, site.certificate.qr_text)
        page.wait_for_selector("article.PASSED")
        page.click("#language")
        page.wait_for_selector("html[lang='en']")
        until(page, kept_file("/verifier/words/rare-en.json"))
        until(page, kept_file("/status/410100/2026/1/suspension/0"))
        with host.outage():
            page.reload()
            page.wait_for_selector("#code")
            assert page.get_attribute("html", "lang") == "en"
            given(page, site.certificates[1].qr_text)
            page.wait_for_selector("article.PASSED")
            assert "No network" in page.inner_text("article.PASSED")


def test_behind_any_static_web_server(tmp_path: Path, browser: "Browser") -> None:
    """As `certreg publish` writes it, with no program and no header of ours: the worker, its scope and its list are there."""
    site = new_site(tmp_path / "site", 1)
    folder_of(pages_with(standard_pin().to_bytes()), site.folder)
    digits = site.certificate.qr_text.partition("#")[2]
    with visitor(browser) as telephone:
        with static_server(site.folder) as place:
            page = kept(scanned(telephone, f"{place}/v#{digits}"))
        page.reload()
        assert verdict(page)[0] == "FAILED"  # the address is not the registry's; everything else holds
        assert "未联网" in page.inner_text("#verdict")
        page.click("summary")
        assert page.locator("li:has(.FAILED)").count() == 1
