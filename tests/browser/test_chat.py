"""The page in a real browser: asking, cards, charts, history, own data, and no request to any other host."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from assistant.results import Answer, Result, Step
from tests.browser.conftest import Served, Watched, watch
from tests.support.fake_assistant import LAST_DAY, answer_of
from tests.support.hostile import HOSTILE
from tests.support.sample_results import table

pytestmark = pytest.mark.browser


def ask(page: Any, text: str) -> None:
    page.fill("#box textarea", text)
    page.press("#box textarea", "Enter")


def clean(watched: Watched, served: Served) -> None:
    assert watched.outside(served.url) == []
    assert watched.problems == []


def test_an_example_is_answered_with_card_chart_and_followup(watched: Watched, served: Served):
    page = watched.page
    assert page.locator(".example").count() == 6
    assert "Synthetic demo data" in page.inner_text("#header")
    page.click(".example >> nth=0")
    page.wait_for_selector(".turn .pending")
    page.wait_for_selector(".turn .card .plot .main-svg")
    assert "£85,478.75" in page.inner_text(".card .headline")
    assert page.locator(".card .table tbody tr").count() == 10
    page.click(".card .followups .ask >> nth=0")
    page.wait_for_selector(".turn:nth-child(2) .card .plot .main-svg")
    assert page.inner_text(".turn:nth-child(2) .said") == "Why did revenue change in November?"
    assert not page.is_visible("#stop")
    clean(watched, served)


def test_how_i_got_this_opens_and_a_number_leads_to_its_cell(watched: Watched, served: Served):
    page = watched.page
    ask(page, "How much did we sell?")
    page.wait_for_selector(".card")
    page.click(".card details.how > summary")
    assert "SELECT week" in page.inner_text(".card details.how")
    page.click(".card .num[data-cell-ref]")
    page.wait_for_selector(".card td.flash")
    assert page.inner_text(".card td.flash") == "£21,040.00"
    clean(watched, served)


def test_a_conversation_survives_a_reload_and_can_be_left_and_deleted(watched: Watched, served: Served):
    page = watched.page
    ask(page, "Who is about to leave? reload")
    page.wait_for_selector(".card")
    page.reload()
    page.wait_for_selector(".card .plot .main-svg")
    assert page.inner_text(".said") == "Who is about to leave? reload"
    page.click("#new")
    page.wait_for_selector(".example")
    page.click("#threads button.open[title='Who is about to leave? reload']")
    page.wait_for_selector(".card")
    page.click("#threads li.here .delete")
    page.click("#threads li.here .yes")
    page.wait_for_selector(".example")
    assert page.locator("#threads button.open[title='Who is about to leave? reload']").count() == 0
    clean(watched, served)


def test_a_reload_in_the_middle_of_a_turn_goes_on_watching_it(watched: Watched, served: Served):
    page = watched.page
    served.conversations.pause = 2.0
    try:
        ask(page, "Forecast revenue, slowly")
        page.wait_for_selector(".pending")
        page.wait_for_function("location.hash.startsWith('#c=')")
        page.reload()
        watched.problems.clear()  # the old page complains of the stream that the reload cut off
        page.wait_for_selector(".card .plot .main-svg")
    finally:
        served.conversations.pause = 0.3
    assert page.locator(".turn").count() == 1
    clean(watched, served)


def test_stop_ends_the_turn(watched: Watched, served: Served):
    page = watched.page
    served.conversations.pause = 30.0
    try:
        ask(page, "Something long")
        page.click("#stop")
        page.wait_for_selector(".card")
    finally:
        served.conversations.pause = 0.3
    assert "Stopped." in page.inner_text(".card")
    page.wait_for_selector("#send")
    clean(watched, served)


def test_retry_edit_copy_and_verdict(watched: Watched, served: Served):
    page = watched.page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    ask(page, "How much did we sell in May?")
    page.wait_for_selector(".card")
    page.click(".card .action.copy")
    assert "£85,478.75" in page.evaluate("navigator.clipboard.readText()")
    page.click(".card .action.edit")
    page.wait_for_function("document.querySelector('#box textarea').value === 'How much did we sell in May?'")
    page.click(".card .action.bad")
    page.fill(".card form.comment textarea", "wrong month")
    page.click(".card form.comment button")
    page.get_by_text("Your comment is kept").first.wait_for()
    run = page.get_attribute(".card", "data-run")
    assert (run, False, "wrong month") in served.conversations.ratings
    page.click(".card .action.retry")
    page.wait_for_selector(".turn:nth-child(2) .card")
    assert page.inner_text(".turn:nth-child(2) .said") == "How much did we sell in May?"
    clean(watched, served)


def test_a_question_back_is_answered_by_a_button(watched: Watched, served: Served):
    page = watched.page
    ask(page, "What are our best products?")
    page.click(".card .options .ask >> nth=1")
    page.wait_for_selector(".turn:nth-child(2) .said")
    assert page.inner_text(".turn:nth-child(2) .said") == "Best by units sold"
    clean(watched, served)


def test_tables_and_drafts_can_be_saved(watched: Watched, served: Served):
    page = watched.page
    ask(page, "Draft a campaign")
    page.click(".card details.more > summary")
    with page.expect_download() as saved:
        page.click(".card .export >> nth=0")
    assert Path(saved.value.path()).read_text("utf-8").startswith("Condition,Customers")
    with page.expect_download() as saved:
        page.click(".card .export-row a")
    assert Path(saved.value.path()).read_text("utf-8").startswith("customer_id")
    assert "nothing can be sent" in page.inner_text(".card")


def hostile_answer(question: str) -> Answer:
    rows = table("t", HOSTILE[1], [("name", HOSTILE[0], "text"), ("v", "Value", "currency")],
                 [[text, 10.0 + i] for i, text in enumerate(HOSTILE)])
    result = Result(kind="campaign", title=HOSTILE[1], currency="EUR", tables=[rows], charts=[
        {"kind": "bar", "table": "t", "x": "name", "y": ["v"], "title": HOSTILE[4]}],
        details={"campaign_id": HOSTILE[0], "copy": [{"channel": "email", "subject": t, "body": t} for t in HOSTILE],
                 "checklist": [{"text": t} for t in HOSTILE]})
    return answer_of(question, result, reply="\n\n".join(HOSTILE)).model_copy(update={
        "followups": list(HOSTILE), "caveats": list(HOSTILE), "assumptions": list(HOSTILE),
        "steps": [Step(tool=HOSTILE[1])]})


def test_hostile_texts_stay_texts(watched: Watched, served: Served):
    page = watched.page
    question = " ".join(HOSTILE[:5])
    served.conversations._special[question] = hostile_answer
    title = page.title()
    ask(page, question)
    page.wait_for_selector(".card .plot .main-svg")
    for summary in page.locator(".card details > summary").all():
        summary.click()
    page.hover(".card .plot .nsewdrag")
    page.wait_for_timeout(500)
    assert page.title() == title
    active = "#log img, #log script, #log iframe, #log link, #log h1, #log style, #log a[href^=http], #threads img"
    assert page.locator(active).count() == 0
    assert HOSTILE[1] in page.inner_text(".card")
    clean(watched, served)


def test_own_data_are_previewed_confirmed_and_loaded(watched: Watched, served: Served, tmp_path: Path):
    page = watched.page
    path = tmp_path / "orders.csv"
    path.write_text("Invoice,When,Item,Qty\n1,2024-01-01,P1,2\n", encoding="utf-8")
    page.click("#open-upload")
    page.set_input_files("#files input[type=file]", path)
    page.wait_for_selector(".mapping select")
    assert "2 rows have no customer." in page.inner_text("#mapping")
    page.click(".mapping button[type=submit]")
    page.wait_for_selector("#mapping .problem")
    assert "quantity" in page.inner_text("#mapping .problem")
    page.select_option("select[data-source=Qty]", "order_lines.quantity")
    served.desk.set_as_of(date(2025, 1, 1))
    page.fill("#mapping input[name=shop]", "Corner Shop")
    page.fill("#mapping input[name=currency]", "eur")
    page.click(".mapping button[type=submit]")
    page.wait_for_selector("#mapping .loaded")
    assert served.desk.loaded[-1]["Qty"] == "order_lines.quantity"
    assert served.desk.currency == "EUR"
    assert served.shop.as_of == LAST_DAY  # a day chosen for the old data is not kept
    page.wait_for_function("document.querySelector('#header').innerText.includes('Corner Shop')")
    clean(watched, served)
    served.shop.name = "Harbour & Home"


def test_the_table_of_an_experiment_is_read_out_in_the_chat(watched: Watched, served: Served, tmp_path: Path):
    page = watched.page
    path = tmp_path / "spring_mail.csv"
    path.write_text("customer,variant,converted\n1,control,0\n2,A,1\n", encoding="utf-8")
    page.click("#open-upload")
    page.set_input_files("#files input[type=file]", path)
    page.wait_for_selector(".mapping select[data-source=variant]")
    assert page.input_value("select[data-source=variant]") == "arm"
    assert page.input_value("select[data-source=converted]") == "outcome"
    page.click(".mapping button[type=submit]")
    page.wait_for_selector("#mapping .loaded")
    page.wait_for_function("document.querySelector('#log').innerText.includes('Read out the experiment spring_mail')")
    assert served.desk.experiments == [("spring_mail.csv", "variant", ("converted",), True)]
    clean(watched, served)


def test_an_unreadable_and_a_too_large_file_are_one_line(watched: Watched, served: Served, tmp_path: Path):
    page = watched.page
    broken, large = tmp_path / "broken.csv", tmp_path / "large.csv"
    broken.write_text("a,b\n1\n", encoding="utf-8")
    large.write_bytes(b"x" * (1024 * 1024 + 10))
    page.click("#open-upload")
    page.set_input_files("#files input[type=file]", broken)
    page.wait_for_selector("#mapping .problem")
    assert "broken.csv cannot be read as CSV" in page.inner_text("#mapping .problem")
    page.set_input_files("#files input[type=file]", large)
    page.get_by_text("1 MB").last.wait_for()
    assert page.locator("select[data-source]").count() == 0
    assert watched.outside(served.url) == []


def test_the_analysis_date_can_be_changed_refused_and_taken_back(watched: Watched, served: Served):
    page = watched.page
    page.click("#header .as-of > summary")
    page.fill("#header input[name=day]", "2020-01-01")
    page.click("#header .as-of button[type=submit]")
    page.wait_for_selector("#header .day-note.refused")
    assert "The data begin on 2024-03-01" in page.inner_text("#header .day-note")
    assert "Today is 9 March 2026" in page.inner_text("#header")
    page.click("#header .as-of > summary")
    page.fill("#header input[name=day]", "2025-12-31")
    page.keyboard.press("Enter")
    page.wait_for_selector("#header .badge.moved")
    assert "Today is 31 December 2025" in page.inner_text("#header")
    page.click("#header .as-of > summary")
    page.keyboard.press("Escape")
    assert page.locator("#header details[open]").count() == 0
    page.keyboard.press("Enter")  # the focus is back on what opened it
    page.click("#header [data-day-reset]")
    page.wait_for_selector("#header .badge.moved", state="detached")
    assert "Today is 9 March 2026" in page.inner_text("#header")
    clean(watched, served)


def test_keyboard_alone_is_enough(watched: Watched, served: Served):
    page = watched.page
    page.locator(".example").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(".card")
    page.locator(".card details.how > summary").focus()
    page.keyboard.press("Enter")
    assert page.locator(".card details.how[open]").count() == 1
    assert page.inner_text("#page-status").startswith("Answer ready.")
    unnamed = page.evaluate(
        "[...document.querySelectorAll('#main button, #side button')].filter(b => b.offsetParent && "
        "!(b.textContent.trim() || b.getAttribute('aria-label') || b.title)).map(b => b.outerHTML.slice(0, 120))")
    assert unnamed == []
    clean(watched, served)


@pytest.mark.parametrize("width", [390, 768])
def test_nothing_is_wider_than_a_small_screen(browser: Any, served: Served, width: int):
    context = browser.new_context(viewport={"width": width, "height": 844}, color_scheme="dark")
    watched = watch(context.new_page())
    page = watched.page
    page.goto(served.url)
    page.wait_for_selector(".example")
    if width < 760:  # a phone begins with the conversation, not with the list of conversations
        page.wait_for_selector("#side:not(.open)")
    asked = [("Draft a campaign", ".funnel"), ("How much did we sell?", ".main-svg")]
    if width < 760:
        asked += [("Split into segments", ".segments"), ("Recommend something", ".products")]
    for number, (text, sign) in enumerate(asked, 1):
        ask(page, text)
        page.wait_for_selector(f".turn:nth-child({number}) .card {sign}")
        page.wait_for_selector("#send")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    clean(watched, served)
    context.close()


def test_charts_follow_dark_and_light(browser: Any, served: Served):
    colours = []
    for scheme in ("light", "dark"):
        context = browser.new_context(color_scheme=scheme, viewport={"width": 1280, "height": 900})
        page = context.new_page()
        page.goto(served.url)
        page.wait_for_selector(".example")
        ask(page, "How much did we sell?")
        page.wait_for_selector(".card .plot .xtick text")
        colours.append(page.evaluate("getComputedStyle(document.querySelector('.card .plot .xtick text')).fill"))
        context.close()
    assert colours[0] != colours[1]
