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

_LOOKED = """async (tags) => {
  for (const one of document.querySelectorAll('details:not([open])')) one.open ||= one.checkVisibility();
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  const width = document.documentElement.scrollWidth;
  const { passes, violations } = await axe.run(document, { runOnly: tags, resultTypes: ['violations'] });
  const places = ({ id, nodes }) => [id, nodes.slice(0, 3).map((one) => one.html.slice(0, 120))];
  return [width, passes.length, violations.map(places)];
}"""
"""Of all that axe-core has to tell, only what is asked for leaves the browser."""
_REACHABLE = """() => [...document.querySelectorAll('a[href], button, input, select, textarea, summary')]
  .filter((one) => !one.disabled && one.checkVisibility() && one.getClientRects().length)
  .filter((one, _, all) => one.type !== 'radio'
    || one === (all.find((other) => other.name === one.name && other.checked) || all.find((other) => other.name === one.name))).length"""
_WALKING = """() => {
  if (!window.walked) document.addEventListener('focusin', ({ target: one }) => {
    if (window.walked.has(one)) return;
    // Where the control itself is drawn by the text beside it, that shows the focus.
    const ring = [one, one.nextElementSibling].some((part) => part && getComputedStyle(part).outlineStyle === 'solid'
      && parseFloat(getComputedStyle(part).outlineWidth) >= 2);
    window.walked.set(one, [ring, one.outerHTML.slice(0, 120)]);
  });
  window.walked = new Map();
  document.activeElement.blur();
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
    if not page.evaluate("'axe' in window"):
        page.evaluate(axe)
    width, passes, violations = page.evaluate(_LOOKED, TAGS)
    assert width <= (page.viewport_size["width"] if page.viewport_size else 0), state
    assert passes > 15
    for rule, places in violations:
        found.setdefault(rule, []).append((state, places))


def walk(page: "Page") -> list[str]:
    """Press Tab until it comes round: everything that can be used is reached, and each shows that it has the focus."""
    wanted: int = page.evaluate(_REACHABLE)
    page.evaluate(_WALKING)
    reached: list[tuple[bool, str]] = []
    for pressed in range(1, 3 * wanted + 11):
        page.keyboard.press("Tab")
        if pressed < wanted:
            continue
        reached = page.evaluate("[...window.walked.values()]")
        for ring, text in reached:
            assert ring, f"no sign of the focus: {text}"
        if len(reached) >= wanted:
            return [text for _, text in reached]
    raise AssertionError(f"{len(reached)} of {wanted} reached: {reached}")
