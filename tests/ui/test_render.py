"""Cards: everything an answer holds is on the card, and nothing in it is active."""

from __future__ import annotations

import pytest

from assistant.results import Answer, Result, Step
from assistant.ui.render import KINDS, render_answer, render_failed, render_pending, render_question, spoken_summary
from assistant.ui.texts import Texts
from tests.support.fake_assistant import answer_of
from tests.support.hostile import HOSTILE
from tests.support.sample_results import campaign, every_kind, forecast, query, question, refusal, simple, table
from tests.ui.test_markup import seen

PLAIN = {
    "header", "h3", "h4", "h5", "span", "dl", "dt", "dd", "div", "p", "br", "ul", "ol", "li", "strong", "b", "code",
    "details", "summary", "table", "thead", "tbody", "tr", "th", "td", "figure", "figcaption", "section", "article",
    "footer", "nav", "i", "button", "svg", "path", "form", "label", "textarea", "pre", "a",
}


def drawn(texts: Texts, result: Result, **kwargs) -> str:
    return render_answer(texts, answer_of("What?", result, **kwargs), "thread").html


@pytest.mark.parametrize("result", every_kind().values(), ids=lambda r: r.kind)
def test_every_kind_has_a_card(texts: Texts, result: Result):
    page = seen(drawn(texts, result))
    assert page.tags <= PLAIN
    assert "What?" in page.text
    if result.tables:
        assert result.tables[0].title in page.text


def test_every_kind_has_its_own_entry():
    assert set(every_kind()) - {"something_new"} == set(KINDS)


def test_headline_has_value_and_unit(texts: Texts):
    page = seen(drawn(texts, query()))
    assert "£85,478.75" in page.text
    assert "+12.4 %" in page.text


def test_numbers_of_the_reply_say_where_they_came_from(texts: Texts):
    html = drawn(texts, query())
    assert 'data-cell-ref="0/weekly/4/revenue"' in html
    assert 'data-cell="0/weekly/4/revenue"' in html
    assert "february / january - 1" in html


def test_how_i_got_this_is_complete(texts: Texts):
    page = seen(drawn(texts, forecast()))
    for part in ("Revenue by week, last month", "product lines before returns", "the last complete month", "184,210",
                 "20260301T1200", "41 ms", "AutoETS", "SELECT week", "0.82"):
        assert part in page.text


def test_first_rows_total_and_export(texts: Texts):
    rows = table("big", "Many", [("id", "Id", "id")], [[str(i)] for i in range(120)], total=5000)
    html = drawn(texts, Result(kind="query", title="Many", tables=[rows]), run_id="r1")
    assert html.count("<td") == 50
    assert "50 of 5,000 rows" in html
    assert 'href="/assistant/export/thread/r1/0/big.csv"' in html


def test_refusal_says_which_no(texts: Texts):
    page = seen(drawn(texts, refusal()))
    assert "The data do not hold this" in page.text


def test_refusal_offers_what_can_be_asked_as_buttons(texts: Texts):
    result = refusal()
    reply = "No categories.\n\nYou could ask:\n- What is our return rate by product?\n"
    html = drawn(texts, result, reply=reply)
    assert 'data-ask="What is our return rate by product?"' in html
    assert seen(html).text.count("You could ask") == 1
    assert seen(html).text.count("What is our return rate by product?") == 1


def test_question_back_has_buttons_and_says_options_once(texts: Texts):
    html = drawn(texts, question())
    assert html.count('data-ask="Best by revenue"') == 1
    assert seen(html).text.count("Best by revenue") == 1


def test_followups_are_buttons(texts: Texts):
    assert 'data-ask="Who is about to leave?"' in drawn(texts, query())


def test_synthetic_data_are_marked_once(texts: Texts):
    assert seen(drawn(texts, query())).text.count("ynthetic") == 2  # the badge, and the data line of how


def test_campaign_cannot_send_and_can_export(texts: Texts):
    html = drawn(texts, campaign())
    assert "nothing can be sent" in html
    assert 'href="/assistant/campaign/c-1.csv"' in html
    assert "£22.50 instead of £25.00" in html
    assert "We kept your favourites" in html
    draft = campaign()
    draft.details["ids_only"] = True
    assert "not for sending" in drawn(texts, draft)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_everywhere_stays_text(texts: Texts, text: str):
    rows = table(text, text, [(text, text, "text"), ("v", text, "currency")], [[text, 1.0], [text, 2.0]])
    hostile = Result(kind="campaign", title=text, tables=[rows], currency=text, details={
        "campaign_id": text, "copy": [{"channel": text, "subject": text, "body": text,
                                       "slots": [{"name": text, "text": text, "source": text}]}],
        "checklist": [{"text": text}]})
    answer = answer_of(text, hostile, reply=text).model_copy(update={
        "followups": [text], "caveats": [text], "assumptions": [text], "plan_words": [text],
        "steps": [Step(tool=text)], "plan": [{"tool": text}], "brain": text})
    page = seen(render_answer(texts, answer, text).html)
    assert page.tags <= PLAIN
    assert not any(name.startswith("on") or name in {"src", "srcset", "srcdoc"} for name in page.attributes)


def test_steps_are_shown_while_running(texts: Texts):
    steps = [Step(tool="find_products", milliseconds=12, rows=3), Step(tool="query_data", status="running")]
    page = seen(render_pending(texts, "Q", steps).html)
    assert "Step 2: Counting in the data" in page.text
    assert "3 rows" in page.text
    assert "Stopping" in seen(render_pending(texts, "Q", steps, stopping=True).html).text


def test_failed_turn_is_one_clear_line_with_retry(texts: Texts):
    html = render_failed(texts, "Q").html
    assert "log" in html
    assert 'data-retry="Q"' in html


def test_spoken_summary_is_the_first_line(texts: Texts):
    answer = Answer(question="q", reply="\nFirst.\nSecond.", outcome="answered")
    assert spoken_summary(texts, answer) == "Answer ready. First."


def test_question_text_is_escaped():
    assert "&lt;b&gt;" in render_question("<b>")


def test_plots_have_a_description(texts: Texts):
    result = render_answer(texts, answer_of("Q", simple("churn", "Risk")), "t")
    assert list(result.plots) and all(f'id="{name}"' in result.html for name in result.plots)
    assert 'role="img"' in result.html
