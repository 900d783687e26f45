"""The panel's pages from the real server in a real browser."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import uvicorn

from tests.review.rig import Panel
from tests.server.browsing import eventually
from tests.server.rig import app_on, generous
from tests.simulator import NOW
from tests.threaded import port_of, threaded

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page


@contextmanager
def running(panel: Panel, **changes: Any) -> Iterator[str]:
    """The server in a thread; browsers take ``localhost`` for a secure context."""
    settings = {"report_key": panel.key, "limits": generous(), **changes}
    app = app_on(panel, **settings)  # type: ignore[arg-type]
    with threaded(uvicorn.Config(app, port=0, log_level="warning")) as server:
        yield f"http://localhost:{port_of(server)}"


@contextmanager
def watched(
    browser: "Browser", *, language: str = "zh-CN", width: int = 1280, complaints: list[str] | None = None
) -> Iterator["BrowserContext"]:
    """A browser's profile whose pages must complain of nothing."""
    context = browser.new_context(
        locale=language, viewport={"width": width, "height": 900}, accept_downloads=True
    )
    heard: list[str] = [] if complaints is None else complaints
    context.on("console", lambda message: heard.append(message.text) if message.type == "error" else None)
    context.on("weberror", lambda error: heard.append(str(error.error)))
    yield context
    assert context.cookies() == []
    context.close()
    assert [text for text in heard if "Failed to load resource" not in text] == []


def opened(context: "BrowserContext", address: str) -> "Page":
    """A page at the simulator's time."""
    page = context.new_page()
    page.clock.set_fixed_time(datetime.fromtimestamp(NOW, UTC))
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto(address)
    return page


def begun(page: "Page", name: str, years: str = "2026", rules: str = "henan-2012") -> None:
    """A new sitting."""
    page.fill(".sitting-form input >> nth=0", name)
    page.fill(".sitting-form input >> nth=1", years)
    page.select_option(".sitting-form select >> nth=1", rules)
    page.select_option(".sitting-form select >> nth=2", "604800")
    page.click(".sitting-form button[type=submit]")
    page.wait_for_selector("#code")


def sitting(context: "BrowserContext", address: str, name: str, *policy: str) -> "Page":
    """A page with a new sitting; ``policy`` as ``begun`` has it."""
    page = opened(context, f"{address}/panel")
    begun(page, name, *policy)
    return page


def settled(page: "Page", items: int) -> None:
    """Wait until so many certificates are judged and nothing is left."""

    def holds() -> bool:
        ended = stored(page, "items", "(one) => Boolean(one.report || one.trouble)")
        return len(ended) == items and all(ended) and not stored(page, "waiting", "() => true")

    eventually(page, holds, f"{items} certificates are judged")
    page.wait_for_selector("#progress", state="hidden")


def stored(page: "Page", store: str, told: str = "({ data, pdf, ...one }) => one") -> list[Any]:
    """What the device keeps in ``store``: of each ``told``, a function of the page's; everything but the files themselves."""
    found: list[Any] = page.evaluate(
        f"""async (store) => {{
          const opened = indexedDB.open('certreg-panel');
          const database = await new Promise((resolve) => {{ opened.onsuccess = () => resolve(opened.result); }});
          const asked = database.transaction(store).objectStore(store).getAll();
          const all = await new Promise((resolve) => {{ asked.onsuccess = () => resolve(asked.result); }});
          database.close();
          return all.map({told});
        }}""",
        store,
    )
    return found
