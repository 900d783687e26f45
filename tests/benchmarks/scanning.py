"""What a telephone waits for: from the page's load event to the verdict, in Chromium with its processor slowed down four times.

``python -m tests.benchmarks.scanning [ROUNDS]``. The real server answers over https on the loopback, at the registry's own
address; each round is a new telephone that has kept nothing, and the page's weight is what the server really sent.
"""

import gzip
import re
import sys
import tempfile
from collections.abc import Iterable
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from tests.server.browsing import Host, browser_to, hosted
from tests.server.rig import new_site
from tests.simulator import NOW

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext

SLOWER = 4
_OF_PAGE = re.compile(r"/(?:v|verifier|worker\.js)(?:/|$)")
TIMED = f"""
Date.now = () => {NOW * 1000};
new MutationObserver(() => {{
  const verdict = document.querySelector('#verdict.PASSED');
  if (verdict && !window.verdictAt) window.verdictAt = performance.now();
}}).observe(document, {{ subtree: true, childList: true, attributes: true }});
"""
MARKED = """
if (location.protocol === 'https:') performance.mark('certreg begun');
addEventListener('load', () => performance.mark('certreg loaded'));
new MutationObserver(() => {
  if (!window.verdictAt || window.told) return;
  window.told = true;
  performance.mark('certreg verdict');
  requestAnimationFrame(() => {
    scheduler.postTask(() => { // after the frame, and before whatever waits for it
      window.shownAt = performance.now();
      document.documentElement.dataset.shown = 'yes';
      performance.mark('certreg painted');
      console.info('painted');
    }, { priority: 'user-blocking' });
  });
}).observe(document, { subtree: true, childList: true, attributes: true });
"""
_TRACED = {"includedCategories": ["blink.user_timing"], "excludedCategories": ["*"]}
_BY_HAND = "SubtleCrypto.prototype.importKey = () => Promise.reject(new Error('none'));"


def scan(context: "BrowserContext", text: str) -> tuple[float, float]:
    """Milliseconds from load to verdict (none where it stood before), and from the start of the navigation."""
    page = context.new_page()
    slow = context.new_cdp_session(page)
    slow.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    page.goto(text)
    page.wait_for_selector("#verdict.PASSED")
    loaded, stood = page.evaluate(
        "[performance.getEntriesByType('navigation')[0].loadEventEnd, window.verdictAt]"
    )
    page.wait_for_selector("html[data-kept]")
    page.close()
    return max(0.0, stood - loaded), stood


def rounds_of(browser: "Browser", host: Host, text: str, rounds: int, script: str) -> dict[str, list[float]]:
    """First and second visits of new telephones."""
    found: dict[str, list[float]] = {"first": [], "first, in all": [], "second": [], "second, in all": []}
    for _ in range(rounds):
        context = browser.new_context(locale="zh-CN", viewport={"width": 390, "height": 800})
        context.add_init_script(TIMED + script)
        for visit in ("first", "second"):
            after, whole = scan(context, text)
            found[visit].append(after)
            found[f"{visit}, in all"].append(whole)
        context.close()
    return found


def marks_of(browser: "Browser", text: str, script: str) -> dict[str, tuple[float, float]]:
    """When a new telephone passed each mark, in milliseconds: of its thread's processor time, and of the clock."""
    context = browser.new_context(locale="zh-CN", viewport={"width": 390, "height": 800})
    context.add_init_script(TIMED + MARKED + script)
    page = context.new_page()
    session = browser.new_browser_cdp_session()
    events: list[dict[str, Any]] = []
    ended: list[object] = []
    session.on("Tracing.dataCollected", lambda told: events.extend(told["value"]))
    session.on("Tracing.tracingComplete", lambda told: ended.append(told))  # noqa: PLW0108, a built-in cannot be given
    session.send("Tracing.start", {"transferMode": "ReportEvents", "traceConfig": _TRACED})
    with page.expect_console_message(lambda one: one.text == "painted"):
        page.goto(text, wait_until="commit")
    session.send("Tracing.end")
    while not ended:
        page.wait_for_timeout(20)
    session.detach()
    context.close()
    marks = [one for one in events if one["name"].startswith("certreg ")]
    return {one["name"].removeprefix("certreg "): (one["tts"] / 1e3, one["ts"] / 1e3) for one in marks}


def computed(browser: "Browser", text: str, rounds: int, script: str) -> dict[str, tuple[float, float]]:
    """Medians of milliseconds between marks, not slowed down: processor time of the page's main thread, and by the clock.

    The former depends less on what else the machine does: it computes, four times slower, what a telephone would.
    """
    spans = {
        "load to verdict": ("loaded", "verdict"),
        "load to its frame": ("loaded", "painted"),
        "all": ("begun", "painted"),
    }
    found = [marks_of(browser, text, script) for _ in range(rounds)]
    return {
        name: (
            round(median(one[last][0] - one[first][0] for one in found), 1),
            round(median(one[last][1] - one[first][1] for one in found), 1),
        )
        for name, (first, last) in spans.items()
    }  # fmt: skip


def packed(port: int, paths: Iterable[str]) -> int:
    """Bytes of these files by gzip as most web servers and networks of caches send them (level 6)."""
    caller, size = HTTPConnection("localhost", port), 0
    for path in paths:
        caller.request("GET", path, headers={"Accept-Encoding": "identity"})
        size += len(gzip.compress(caller.getresponse().read(), 6, mtime=0))
    caller.close()
    return size


def weight(browser: "Browser", host: Host, digits: str, language: str = "zh-CN") -> dict[str, int]:
    """Bytes of bodies of one scan at localhost, where the browser caches: the page's own (by Brotli, and by gzip), the registry's."""
    host.requests.clear()
    context = browser.new_context(locale=language)
    context.add_init_script(TIMED)
    page = context.new_page()
    page.goto(f"http://localhost:{host.port}/v#{digits}")
    page.wait_for_selector("html[data-kept]")
    context.close()
    asked = list(host.requests)
    own = [one for one in asked if _OF_PAGE.match(one.path)]
    brotli = sum(one.sent for one in own)
    return {
        "files": len(own),
        "page, br": brotli,
        "page, gzip": packed(host.port, sorted({one.path for one in own})),
        "publication": sum(one.sent for one in asked) - brotli,
    }


def main(rounds: int) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory(prefix="certreg-bench-") as folder:
        site = new_site(Path(folder) / "site")
        text = site.certificate.qr_text
        with hosted(site, Path(folder)) as host, browser_to(host) as browser:
            for name, script in (("browser's Ed25519", ""), ("our arithmetic", _BY_HAND)):
                for visit, times in rounds_of(browser, host, text, rounds, script).items():
                    figures = f"{median(times):6.0f} ms  ({min(times):.0f}–{max(times):.0f})"
                    print(f"{name}, {visit} visit: {figures}")
                print(f"{name}, not slowed (processor, clock), ms: {computed(browser, text, rounds, script)}")
        with hosted(site) as host, browser_to(host) as browser:
            print(weight(browser, host, text.partition("#")[2]))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 7)
