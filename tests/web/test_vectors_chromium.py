"""The conformance vectors in a real browser, under the policy that the pages are served with."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.matrices import cells
from tests.vectors.comparing import differences
from tests.vectors.files import case_names, question_of_case, read_case
from tests.web.nodejs import PROJECT
from tests.web.siteserver import serving
from tests.web.test_parts import MEMBERS, base64, python_gunzip

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

NAMES = case_names()


@pytest.fixture(scope="module")
def page(browser: "Browser") -> Iterator["Page"]:
    """A page that answers questions."""
    with serving(PROJECT) as address:
        page = browser.new_page()
        page.goto(f"{address}/tests/web/page.html")
        page.wait_for_selector("html[data-ready]")
        yield page
        page.close()


# All of them are asked of the same modules in Node; here it is the engine that may differ.
@pytest.mark.parametrize("name", cells(NAMES, always=NAMES[::5]))
def test_the_browsers_verifier_agrees_on_every_step(page: "Page", name: str) -> None:
    document = read_case(name)
    # As text: Playwright takes longer over an object than the page over its question.
    asked = json.dumps(question_of_case(document))
    told = page.evaluate("async (asked) => JSON.stringify(await window.ask(JSON.parse(asked)))", asked)
    assert differences(document, json.loads(told)["answer"]) == []


@pytest.mark.parametrize("data", MEMBERS, ids=lambda data: data[:12].hex())
def test_members_are_unpacked_by_the_browsers_own_stream_as_in_python(page: "Page", data: bytes) -> None:
    told, streams = page.evaluate(
        """async (question) => {
          const Stream = window.DecompressionStream;
          let made = 0;
          window.DecompressionStream = class extends Stream { constructor(...given) { super(...given); made += 1; } };
          const told = await window.ask(question);
          window.DecompressionStream = Stream;
          return [told, made];
        }""",
        {"task": "gunzip", "data": base64(data)},
    )
    assert told == python_gunzip(data)
    assert streams == 1


def test_the_modules_ask_nobody_but_their_own_server(browser: "Browser") -> None:
    with serving(PROJECT) as address:
        page = browser.new_page()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"{address}/tests/web/page.html")
        page.wait_for_selector("html[data-ready]")
        page.close()
    assert len(asked) > 12
    assert all(url.startswith(f"{address}/") for url in asked)
