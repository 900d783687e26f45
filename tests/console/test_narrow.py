"""The console's style on a telephone: tables as cards, words whole, letters of charts legible."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from registry.province.chart import Bar, columns_chart, rows_chart
from tests.web.nodejs import PROJECT

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

STYLE = (PROJECT / "templates/console/console.css").read_text("utf-8")


@pytest.fixture
def page(browser: "Browser") -> Iterator["Page"]:
    """A page 390 pixels wide."""
    context = browser.new_context(viewport={"width": 390, "height": 800})
    yield context.new_page()
    context.close()


def drawn(page: "Page", body: str, question: str) -> Any:
    """``body`` in the console's style, and what the page answers to ``question``."""
    page.set_content(f"<style>{STYLE}</style><main>{body}</main>")
    return page.evaluate(question)


def test_rare_characters_have_faces_to_come_from_in_the_console_and_for_the_public() -> None:
    """Of those that are installed where names have characters beyond what sans-serif faces draw."""
    public = (PROJECT / "verifier/web/style.css").read_text("utf-8")
    for style in (STYLE, public):
        families = re.search(r'"Noto Sans SC", (.*), sans-serif;', style)
        assert families is not None
        assert {"SimSun-ExtB", '"Noto Serif CJK SC"', '"BabelStone Han"'} <= set(families[1].split(", "))


def test_in_cards_every_label_begins_at_the_same_place_in_the_same_letters(page: "Page") -> None:
    cells = '<td class="count" data-label="A">1</td><td data-label="B">2</td><td class="mono" data-label="C">3</td>'
    found = drawn(
        page,
        f'<table class="cards"><tbody><tr>{cells}</tr></tbody></table>',
        """() => [...document.querySelectorAll('td')].map((one) => [getComputedStyle(one).paddingLeft,
          ...['fontFamily', 'fontSize'].map((name) => getComputedStyle(one, '::before')[name])])""",
    )
    assert found[0] == found[1] == found[2]
    assert found[0][0] == "0px"


def test_a_word_in_a_table_that_scrolls_stays_whole(page: "Page") -> None:
    head = "".join(
        f'<th class="count">{word}</th>' for word in ("issued", "in force", "suspended", "revoked")
    )
    rows = "".join(
        f'<tr><th scope="row">{word}</th>{"<td class=count>1,234</td>" * 4}</tr>'
        for word in ("x", "intermediate")
    )
    found = drawn(
        page,
        f'<div class="scroll"><table><thead><tr><th>Grade</th>{head}</tr></thead><tbody>{rows}</tbody></table></div>',
        "() => [...document.querySelectorAll('tbody tr')].map((one) => one.offsetHeight)",
    )
    assert abs(found[0] - found[1]) <= 1  # a line each


@pytest.mark.parametrize("draw", [rows_chart, columns_chart])
def test_the_letters_of_a_chart_are_legible_and_within_it(page: "Page", draw: Any) -> None:
    chart = draw(
        "c",
        "t",
        "d",
        [
            Bar("Zhengzhou Municipal Bureau of Human Resources", 1_234_567, 3),
            Bar("2", 3, 3),
            Bar("2026-12", 1_234_567, 3),
        ],
    )
    found = drawn(
        page,
        f'<div class="halves"><div>{chart}</div></div>',
        """() => {
          const svg = document.querySelector('svg');
          const whole = svg.getBoundingClientRect();
          const texts = [...svg.querySelectorAll('text')];
          return [parseFloat(getComputedStyle(texts[0]).fontSize) * whole.width / 480,
            ...texts.map((one) => whole.right - one.getBoundingClientRect().right), ...texts.map((one) => one.getBoundingClientRect().left - whole.left)];
        }""",
    )
    assert found[0] >= 12
    assert min(found[1:]) >= -1
