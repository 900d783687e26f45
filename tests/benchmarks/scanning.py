"""What a telephone waits for: from the page's load event to the verdict, in Chromium with its processor slowed down four times.

``python -m tests.benchmarks.scanning [ROUNDS]``. The real server answers over https on the loopback, at the registry's own
address; each round is a new telephone that has kept nothing, and the page's weight is what the server really sent.
"""

import re
import sys
import tempfile
from pathlib import Path
from statistics import median

from playwright.sync_api import Browser, BrowserContext, CDPSession

from tests.server.browsing import Host, browser_to, hosted
from tests.server.rig import new_site
from tests.simulator import NOW

SLOWER = 4
_OF_PAGE = re.compile(r"/(?:v|verifier|worker\.js)(?:/|$)")
_TIMED = f"""
Date.now = () => {NOW * 1000};
new MutationObserver(() => {{
  const verdict = document.querySelector('#verdict.PASSED');
  if (verdict && !window.verdictAt) window.verdictAt = performance.now();
}}).observe(document, {{ subtree: true, childList: true, attributes: true }});
"""
_TOLD = """
addEventListener('load', () => console.info('loaded'));
new MutationObserver(() => {
  if (window.verdictAt && !window.told) { window.told = true; setTimeout(() => console.info('stands')); }
}).observe(document, { subtree: true, childList: true, attributes: true });
"""
_LOOP = "(() => { const began = performance.now(); for (; performance.now() - began < 60;); return performance.now() - began; })()"
_BY_HAND = "SubtleCrypto.prototype.importKey = () => Promise.reject(new Error('none'));"


def scan(context: BrowserContext, text: str) -> tuple[float, float]:
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


def rounds_of(browser: Browser, host: Host, text: str, rounds: int, script: str) -> dict[str, list[float]]:
    """First and second visits of new telephones."""
    found: dict[str, list[float]] = {"first": [], "first, in all": [], "second": [], "second, in all": []}
    for _ in range(rounds):
        context = browser.new_context(locale="zh-CN", viewport={"width": 390, "height": 800})
        context.add_init_script(_TIMED + script)
        for visit in ("first", "second"):
            after, whole = scan(context, text)
            found[visit].append(after)
            found[f"{visit}, in all"].append(whole)
        context.close()
    return found


def computed(browser: Browser, text: str, rounds: int, script: str) -> dict[str, float]:
    """Milliseconds of processor time of the page's main thread, not slowed down, from load to verdict and in all.

    Unlike the others these figures depend little on what else the machine does: it computes, four times slower, what a
    telephone would. ``clock`` says how far the clock ran ahead of the processor in a loop of the same thread meanwhile.
    """
    found: dict[str, list[float]] = {"after load": [], "in all": [], "clock": []}
    for _ in range(rounds):
        context = browser.new_context(locale="zh-CN", viewport={"width": 390, "height": 800})
        context.add_init_script(_TIMED + _TOLD + script)
        page = context.new_page()
        session = context.new_cdp_session(page)
        session.send("Performance.enable", {"timeDomain": "threadTicks"})

        def spent(session: CDPSession = session) -> float:
            metrics = session.send("Performance.getMetrics")["metrics"]
            return float(next(one["value"] for one in metrics if one["name"] == "TaskDuration")) * 1e3

        with page.expect_console_message(lambda one: one.text == "stands"):
            with page.expect_console_message(lambda one: one.text == "loaded"):
                page.goto(text, wait_until="commit")
            loaded = spent()
        stood = spent()
        by_clock = page.evaluate(_LOOP)
        found["clock"].append(by_clock / (spent() - stood))
        found["after load"].append(stood - loaded)
        found["in all"].append(stood)
        context.close()
    return {name: round(median(times), 1) for name, times in found.items()}


def weight(browser: Browser, host: Host, digits: str) -> dict[str, int]:
    """Bytes of bodies of one scan at localhost, where the browser caches: the page's own, and the registry's."""
    host.requests.clear()
    context = browser.new_context(locale="zh-CN")
    context.add_init_script(_TIMED)
    page = context.new_page()
    page.goto(f"http://localhost:{host.port}/v#{digits}")
    page.wait_for_selector("html[data-kept]")
    context.close()
    sums = {"page": 0, "publication": 0}
    for one in host.requests:
        sums["page" if _OF_PAGE.match(one.path) else "publication"] += one.sent
    return sums


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
                print(f"{name}, computed: {computed(browser, text, rounds, script)}")
        with hosted(site) as host, browser_to(host) as browser:
            print(weight(browser, host, text.partition("#")[2]))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 7)
