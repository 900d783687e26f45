"""Every state of the pages by axe-core (WCAG 2.2 AA), in both languages, at 320 px; and what only a look at the page tells.

The panel's pages are looked at in ``tests/review/test_accessible.py``.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pikepdf
import pytest

from tests.builders import HOST
from tests.matrices import cells
from tests.server.browsing import ADDRESS, Host, browser_to, hosted, scanned, visitor
from tests.server.rig import Site, new_site
from tests.simulator import NOW
from tests.verifier.publication import folder_of, publication
from tests.web import chromium
from tests.web.accessibility import Violations, axe_or_skip, look, walk

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

SIDES = ("top", "right", "bottom", "left")


@pytest.fixture(scope="module")
def axe() -> str:
    return axe_or_skip()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """Four certificates: good, revoked, suspended, superseded."""
    folder = tmp_path_factory.mktemp("accessible")
    site = new_site(folder, 5)
    _, revoked, suspended, superseded, successor = site.certificates
    site.registry.revoke(revoked.number, reason="data-error")
    site.registry.suspend(suspended.number)
    site.registry.revoke(superseded.number, reason="superseded", successor=successor.number.digits)
    folder_of(publication(site.registry, [one.number for one in site.certificates]), folder)
    return site


@pytest.fixture(scope="module")
def host(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    if reason := chromium.missing():
        pytest.skip(reason)
    with hosted(site, tmp_path_factory.mktemp("tls")) as found:
        yield found


@pytest.fixture(scope="module")
def browser(host: Host) -> Iterator["Browser"]:
    with browser_to(host) as running:
        yield running


def of_certificate(place: int) -> Callable[["BrowserContext", Site], "Page"]:
    return lambda context, site: scanned(context, site.certificates[place].qr_text)


def altered(context: "BrowserContext", site: Site) -> "Page":
    certificate = site.certificate
    return scanned(context, certificate.qr_text_of({**certificate.fields, "name": "张文波"}))


def foreign(context: "BrowserContext", site: Site) -> "Page":
    page = welcome(context, site)
    page.fill("#typed", site.certificate.qr_text.replace(HOST, "jxjy.henan-rst.example.com"))
    page.click("#form button")
    page.wait_for_selector("#verdict .warning")
    return page


def stale(context: "BrowserContext", site: Site) -> "Page":
    context.clock.set_fixed_time(datetime.fromtimestamp(NOW + 3 * 86_400, UTC))
    return scanned(context, site.certificate.qr_text)


def welcome(context: "BrowserContext", _: Site) -> "Page":
    page = context.new_page()
    page.goto(f"{ADDRESS}/v")
    page.wait_for_selector("#form h2")
    return page


def desk(context: "BrowserContext", site: Site) -> "Page":
    page = context.new_page()
    page.goto(f"{ADDRESS}/verify")
    page.wait_for_selector("#code")
    texts = (*(one.qr_text for one in site.certificates[:4]), site.certificate.number.digits, "nothing")
    for count, text in enumerate(texts, start=1):
        page.fill("#code", text)
        page.keyboard.press("Enter")
        page.wait_for_selector(f"#cards > li:nth-child({count})")
    return page


STATES = {
    "good": of_certificate(0),
    "revoked": of_certificate(1),
    "suspended": of_certificate(2),
    "superseded": of_certificate(3),
    "altered": altered,
    "foreign": foreign,
    "stale": stale,
    "welcome": welcome,
    "desk": desk,
}


LONGEST = ("superseded", "foreign", "desk")
EACH_FORM = ("good", "stale", *LONGEST)
"""Each verdict with its colour, and both pages."""


@pytest.mark.parametrize(
    ("language", "states"),
    # English has the same colours and the same elements: the states with the longest words tell whether they fit.
    cells(
        [("zh-CN", EACH_FORM), ("zh-CN", tuple(STATES)), ("en-GB", LONGEST)], always=[("zh-CN", EACH_FORM)]
    ),
)
def test_axe_finds_nothing_in_any_state(
    browser: "Browser", site: Site, axe: str, language: str, states: tuple[str, ...]
) -> None:
    found: Violations = {}
    for name in states:
        with visitor(browser, language=language, width=320) as telephone:
            look(STATES[name](telephone, site), axe, name, found)
    assert found == {}


@pytest.mark.parametrize("name", ["superseded", "desk"])
def test_the_keyboard_reaches_everything_and_shows_where_it_is(
    browser: "Browser", site: Site, name: str
) -> None:
    with visitor(browser) as telephone:
        walk(STATES[name](telephone, site))


def test_every_state_has_its_own_word_and_shape(browser: "Browser", site: Site) -> None:
    told = {}
    with visitor(browser) as telephone:
        for name in ("good", "revoked", "suspended", "superseded", "altered"):
            page = STATES[name](telephone, site)
            shape = page.locator("#verdict svg path").first.get_attribute("d")
            colour = page.locator("#verdict .word").evaluate("one => getComputedStyle(one).color")
            told[name] = (page.inner_text("#verdict .word"), shape, colour)
            if name == "superseded":
                assert site.certificates[4].number.printed in page.inner_text("#verdict .facts")
        page = stale(telephone, site)
        told["stale"] = (
            page.inner_text("#verdict .word"),
            page.locator("#verdict svg path").first.get_attribute("d"),
            page.locator("#verdict .word").evaluate("one => getComputedStyle(one).color"),
        )
    assert len({word for word, _, _ in told.values()}) == 6
    for part in (1, 2):
        kinds = {name: one[part] for name, one in told.items()}
        assert len({kinds["good"], kinds["altered"], kinds["stale"]}) == 3


def test_the_verdict_is_announced_and_the_official_address_shown(browser: "Browser", site: Site) -> None:
    with visitor(browser) as telephone:
        page = foreign(telephone, site)
        box = page.locator("#verdict")
        assert (box.get_attribute("aria-live"), box.get_attribute("aria-atomic")) == ("polite", "true")
        assert page.evaluate("document.activeElement.id") == "verdict"
        assert HOST in page.inner_text("#official")
        warning = page.inner_text("#verdict .warning")
        assert "jxjy.henan-rst.example.com" in warning
        assert HOST in warning


def test_on_paper_stand_verdict_fields_and_basis(browser: "Browser", site: Site, tmp_path: Path) -> None:
    with visitor(browser) as telephone:
        page = STATES["good"](telephone, site)
        page.emulate_media(media="print")
        for shown in ("#verdict .word", "#report dl.signed", "#official"):
            assert page.locator(shown).is_visible()
        for hidden in ("#form", "#language", "#more"):
            assert page.locator(hidden).is_hidden()
        page.pdf(path=str(tmp_path / "printed.pdf"), format="A4", margin=dict.fromkeys(SIDES, "15mm"))
        with pikepdf.open(tmp_path / "printed.pdf") as printed:
            assert len(printed.pages) == 1
