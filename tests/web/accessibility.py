"""What the tests of accessible pages share: axe-core (WCAG 2.2 AA), and a walk through a page by the Tab key alone.

axe-core is installed by npm into a temporary folder, as the W3C libraries are (``tests/foreign``).
"""

import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.foreign.w3c_libraries import NotInstalledError, install
from tests.web.nodejs import PROJECT

if TYPE_CHECKING:
    from playwright.sync_api import Page

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
AXE = PROJECT / "tests" / "web" / "axe"
Violations = dict[str, list[tuple[str, list[str]]]]
"""By the rule's name: in which state of the page, and the first places."""

_REACHABLE = """() => [...document.querySelectorAll('a[href], button, input, select, textarea, summary')]
  .filter((one) => !one.disabled && one.checkVisibility() && one.getClientRects().length)
  .filter((one, _, all) => one.type !== 'radio'
    || one === (all.find((other) => other.name === one.name && other.checked) || all.find((other) => other.name === one.name))).length"""
_FOCUSED = """() => {
  const one = document.activeElement;
  if (!one || one === document.body) return null;
  if (!window.walked) window.walked = new Map();
  if (!window.walked.has(one)) window.walked.set(one, window.walked.size);
  // Where the control itself is drawn by the text beside it, that shows the focus.
  const ring = [one, one.nextElementSibling].some((part) => part && getComputedStyle(part).outlineStyle === 'solid'
    && parseFloat(getComputedStyle(part).outlineWidth) >= 2);
  return [window.walked.get(one), ring, one.outerHTML.slice(0, 120)];
}"""


def axe_or_skip() -> str:
    """The library's text; skips, and says so, where npm or the network is missing."""
    try:
        return _axe()
    except NotInstalledError as error:
        pytest.skip(str(error))


@cache
def _axe() -> str:
    with tempfile.TemporaryDirectory(prefix="certreg-axe-") as folder:
        install(Path(folder), AXE)
        return (Path(folder) / "node_modules" / "axe-core" / "axe.min.js").read_text("utf-8")


def look(page: "Page", axe: str, state: str, found: Violations) -> None:
    """Add what axe-core finds on ``page`` as it stands, everything unfolded; nothing may be wider than the window."""
    for summary in page.locator("details:not([open]) > summary").all():
        if summary.is_visible():
            summary.click()
    width = page.viewport_size["width"] if page.viewport_size else 0
    assert page.evaluate("document.documentElement.scrollWidth") <= width, state
    page.evaluate(axe)
    result = page.evaluate("tags => axe.run(document, { runOnly: tags })", TAGS)
    assert len(result["passes"]) > 15
    for one in result["violations"]:
        places = [node["html"][:120] for node in one["nodes"][:3]]
        found.setdefault(one["id"], []).append((state, places))


def walk(page: "Page") -> list[str]:
    """Press Tab until it comes round: everything that can be used is reached, and each shows that it has the focus."""
    wanted: int = page.evaluate(_REACHABLE)
    page.evaluate("() => { window.walked = new Map(); document.activeElement.blur(); }")
    reached: dict[int, str] = {}
    for _ in range(3 * wanted + 10):
        page.keyboard.press("Tab")
        now = page.evaluate(_FOCUSED)
        if now is None:
            continue
        place, ring, text = now
        assert ring, f"no sign of the focus: {text}"
        reached[place] = text
        if len(reached) >= wanted:
            return list(reached.values())
    raise AssertionError(f"{len(reached)} of {wanted} reached: {reached}")
