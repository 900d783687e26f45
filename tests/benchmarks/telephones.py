"""How long a telephone waits, two trees of this program by turns: ``python -m tests.benchmarks.telephones [ROUNDS] [OTHER-TREE]``.

A static publication behind nginx as ``registry/deploy`` ships it, by https and HTTP/2, at the registry's own address; a log of
100,000 entries with the certificate in the midst of it. Each round is a new telephone of each tree, its processor slowed down four
times: a first visit and a second one. A machine that others use is never twice the same, so only what was taken by turns compares.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from socket import create_connection
from statistics import median
from typing import TYPE_CHECKING

from playwright.sync_api import sync_playwright

from tests.benchmarks.scanning import MARKED, SLOWER, TIMED, computed
from tests.registry.deploy.test_deploy import configured, free_port, nginx
from tests.server.browsing import certificate_in
from tests.simulator import HOST, Simulator
from tests.verifier.publication import folder_of, publication
from tests.web import chromium

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext

_HERE = Path(__file__).resolve().parents[2]
_ENTRIES = 50_000
"""Of the log, before the certificate and after it."""
_READY = 20
_PAGES = """
from pathlib import Path
from verifier.webpages import pages_with
for path, data in pages_with(Path("root.json").read_bytes()).items():
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_bytes(data)
"""
_EVENTS = """(() => {
  const { responseStart, domContentLoadedEventEnd, loadEventEnd } = performance.getEntriesByType('navigation')[0];
  const [first] = performance.getEntriesByName('first-contentful-paint');
  return [responseStart, first ? first.startTime : 0, domContentLoadedEventEnd, loadEventEnd, window.verdictAt, window.shownAt];
})()"""
NAMES = ("answer", "first paint", "DOMContentLoaded", "load", "verdict", "its frame")


def published(folder: Path, files: dict[str, bytes], tree: Path) -> None:
    """The publication ``files`` in ``folder``, with the pages of ``tree``."""
    folder_of(files, folder)
    subprocess.run(
        [sys.executable, "-P", "-c", _PAGES], cwd=folder, env={"PYTHONPATH": str(tree)}, check=True
    )


@contextmanager
def behind_nginx(place: Path, site: Path) -> Iterator[int]:
    """nginx with the shipped configuration over ``site``, by https and HTTP/2; yields its port."""
    port, files = free_port(), certificate_in(place)
    main = configured(place, site, port)
    shipped = place / "publication.conf"
    secured = (
        f"listen 127.0.0.1:{port} ssl http2;\n    ssl_certificate {files['ssl_certfile']};\n"
        f"    ssl_certificate_key {files['ssl_keyfile']};"
    )
    text = shipped.read_text(encoding="utf-8")
    assert text.count(f"listen 127.0.0.1:{port};") == 1
    shipped.write_text(text.replace(f"listen 127.0.0.1:{port};", secured), encoding="utf-8")
    process = subprocess.Popen([nginx(), "-p", str(place), "-c", str(main)], stderr=subprocess.DEVNULL)
    try:
        end = time.monotonic() + _READY
        while True:
            try:
                create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                assert process.poll() is None
                assert time.monotonic() < end, "nginx did not start"
        yield port
    finally:
        process.terminate()
        process.wait(timeout=_READY)


def visit(context: "BrowserContext", text: str, rate: float) -> dict[str, float]:
    """Milliseconds from the start of the navigation to each event."""
    page = context.new_page()
    context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": rate})
    page.goto(text)
    page.wait_for_selector("html[data-shown]")
    found = dict(zip(NAMES, page.evaluate(_EVENTS), strict=True))
    page.wait_for_selector("html[data-kept]")
    page.close()
    return found


def telephone(browser: "Browser", text: str, rate: float) -> tuple[dict[str, float], dict[str, float]]:
    """A new telephone's first and second visit."""
    context = browser.new_context(locale="zh-CN", viewport={"width": 390, "height": 800})
    context.add_init_script(TIMED + MARKED)
    found = visit(context, text, rate), visit(context, text, rate)
    context.close()
    return found


def told(visits: list[dict[str, float]]) -> str:
    """Medians of one visit's events, and of what lies between load and verdict, with their spread."""
    events = ", ".join(f"{name} {median(one[name] for one in visits):.0f}" for name in NAMES)
    after = [max(0.0, one["verdict"] - one["load"]) for one in visits]
    shown = [max(0.0, one["its frame"] - one["load"]) for one in visits]
    return (
        f"load → verdict {median(after):.0f} ms ({min(after):.0f} to {max(after):.0f}), "
        f"→ its frame {median(shown):.0f} ({min(shown):.0f} to {max(shown):.0f}); from the start: {events}"
    )


def main(rounds: int, *others: Path) -> None:
    """Measure and print."""
    registry = Simulator()
    registry.fill(_ENTRIES)
    certificate = registry.issue(serial=7)
    registry.fill(_ENTRIES)
    files = publication(registry, [certificate.number])
    trees = {"here": _HERE, **{f"other {at}": other for at, other in enumerate(others)}}
    with tempfile.TemporaryDirectory(prefix="certreg-telephones-") as name, ExitStack() as open_:
        playwright = open_.enter_context(sync_playwright())
        Path(name).chmod(0o755)
        browsers = {}
        for which, tree in trees.items():
            place = Path(name) / which.replace(" ", "")
            published(place / "site", files, tree)
            port = open_.enter_context(behind_nginx(place, place / "site"))
            rules = f"--host-resolver-rules=MAP {HOST}:443 127.0.0.1:{port}"
            browsers[which] = chromium.launched(playwright, rules, "--ignore-certificate-errors")
            open_.callback(browsers[which].close)
        _by_turns(browsers, certificate.qr_text, rounds)


def _by_turns(browsers: "dict[str, Browser]", text: str, rounds: int) -> None:
    for rate in (SLOWER, 1):
        found: dict[str, list[tuple[dict[str, float], dict[str, float]]]] = {which: [] for which in browsers}
        for _ in range(rounds):
            for which, browser in browsers.items():
                found[which].append(telephone(browser, text, rate))
        for which, visits in found.items():
            for at, name in enumerate(("first", "second")):
                print(f"slowed {rate} times, {which}, {name} visit: {told([one[at] for one in visits])}")
    for which, browser in browsers.items():
        print(f"{which}, not slowed (processor, clock), ms: {computed(browser, text, rounds, '')}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 7, *(Path(one).resolve() for one in sys.argv[2:]))
