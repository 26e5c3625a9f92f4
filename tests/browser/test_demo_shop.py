"""The whole program in a real browser: every example of the demo shop is answered, with its picture.

With ``UPDATE_SCREENSHOTS=1`` the README's picture is taken anew.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import watch

pytestmark = pytest.mark.browser
IMAGES = Path(__file__).parents[2] / "docs" / "images"
PATIENCE = 120_000


@pytest.fixture
def page(browser: Any, demo_url: str) -> Any:
    """A page that must end without a request to another host and without an error in its console."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    watched = watch(context.new_page())
    watched.page.goto(demo_url)
    watched.page.wait_for_selector(".example")
    yield watched.page
    context.close()
    assert watched.outside(demo_url) == []
    assert watched.problems == []


def test_every_example_is_answered(page: Any):
    examples = page.locator(".example").all_inner_texts()
    assert len(examples) == 6
    for number, question in enumerate(examples, start=1):
        page.fill("#box textarea", question)
        page.press("#box textarea", "Enter")
        page.wait_for_selector(f".turn:nth-child({number}) .card", timeout=PATIENCE)
        page.wait_for_selector("#send")
        card = page.locator(f".turn:nth-child({number}) .card")
        assert "answered" in str(card.get_attribute("class")), f"{question}: {card.inner_text()[:300]}"
        assert card.locator("details.how").count() == 1
        assert "Synthetic demo data" in card.inner_text()


def test_a_followup_that_is_offered_is_answered(page: Any):
    page.click(".example >> nth=0")
    page.wait_for_selector(".card", timeout=PATIENCE)
    page.wait_for_selector("#send")
    page.click(".card .followups .ask >> nth=0")
    page.wait_for_selector(".turn:nth-child(2) .card", timeout=PATIENCE)
    assert "answered" in str(page.locator(".turn:nth-child(2) .card").get_attribute("class"))


def test_the_conditions_of_a_segment_are_changed_on_its_card(page: Any):
    def turn(number: int) -> Any:
        page.wait_for_selector(f".turn:nth-child({number}) .card", timeout=PATIENCE)
        page.wait_for_selector("#send")
        return page.locator(f".turn:nth-child({number}) .card")

    def left(card: Any) -> list[str]:
        return card.locator(".conditions li > b").all_inner_texts()

    rule = "Segment of customers with at least 3 orders who spent over 100 and have not ordered for 30 days"
    page.fill("#box textarea", rule)
    page.press("#box textarea", "Enter")
    first = turn(1)
    assert len(left(first)) == 4
    assert "everyone else" in first.locator(".table").nth(0).inner_text()
    assert not first.locator(".undo").is_visible()
    number = first.locator(".conditions form input[value='100']")
    number.fill("400")
    number.press("Enter")  # by the keyboard alone
    second = turn(2)
    assert page.inner_text(".turn:nth-child(2) .said") == "in condition 2 change 100 to 400"
    before, after = left(first), left(second)
    assert before[:2] == after[:2]
    assert int(after[2].replace(",", "")) < int(before[2].replace(",", ""))
    assert not first.locator(".conditions .drop").first.is_visible()  # they would change the newer rule
    second.locator(".conditions .drop").nth(2).focus()
    page.keyboard.press("Enter")
    third = turn(3)
    assert left(third) == after[:3]
    third.locator(".undo").click()
    assert left(turn(4)) == after


def test_screenshot(page: Any, tmp_path: Path):
    for number, question in enumerate(("How much did we sell last month?", "Forecast revenue for the next 8 weeks"), 1):
        page.fill("#box textarea", question)
        page.press("#box textarea", "Enter")
        page.wait_for_selector(f".turn:nth-child({number}) .card", timeout=PATIENCE)
        page.wait_for_selector("#send")
    page.wait_for_selector(".card .plot .main-svg")
    page.wait_for_timeout(800)
    folder = IMAGES if os.environ.get("UPDATE_SCREENSHOTS") == "1" else tmp_path
    folder.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=folder / "chat.png")
    assert (folder / "chat.png").stat().st_size > 20_000
