"""A real Chromium by Playwright, where both are installed. ``CHROMIUM`` names the program where it is elsewhere."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Playwright


_PROGRAMS = ("chromium-headless-shell", "chromium", "google-chrome")
"""The first is the same engine without windows; with a window around each page it costs three times the work."""


def _program() -> str | None:
    found = (os.environ.get("CHROMIUM"), *map(shutil.which, _PROGRAMS))
    return next((program for program in found if program), None)


def missing() -> str:
    """Why there is no browser to ask; empty where there is one."""
    if find_spec("playwright") is None:
        return "Playwright is not installed"
    return "" if _program() else "Chromium is not installed; CHROMIUM names the program where it is elsewhere"


def launched(playwright: "Playwright", *options: str) -> "Browser":
    """One more browser of ``playwright``, without a window; whoever asked closes it."""
    return playwright.chromium.launch(executable_path=_program(), args=["--no-sandbox", *options])


@contextmanager
def started(*options: str) -> Iterator["Browser"]:
    """The browser, without a window, until the end of the block; ``options`` are of its command line."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = launched(playwright, *options)
        yield browser
        browser.close()
