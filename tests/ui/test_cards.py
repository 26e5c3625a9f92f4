"""Cards with a shape of their own: segments, customers, products, campaign drafts."""

from __future__ import annotations

import pytest

from assistant.results import Figure, Result, Source
from assistant.ui.render import render_answer
from assistant.ui.texts import Texts
from tests.support.fake_assistant import answer_of
from tests.support.sample_results import campaign, categories, recommendation, segments, table
from tests.ui.test_markup import seen


def drawn(texts: Texts, result: Result, followups: tuple[str, ...] = ()) -> str:
    answer = answer_of("Q", result, run_id="r").model_copy(update={"followups": list(followups)})
    return render_answer(texts, answer, "t").html


def test_segments_have_bars_of_one_scale(texts: Texts):
    html = drawn(texts, segments())
    assert html.count('class="track"') == 5
    assert "width:100.0%" in html  # the largest share, 38.2 %
    assert "width:70.9%" in html  # 27.1 of 38.2
    assert 'data-cell="0/segments/1/share"' in html


def test_a_segment_has_a_button_only_for_a_followup_that_names_it(texts: Texts):
    question = "Draft a campaign for the At risk segment"
    inside = drawn(texts, segments(), (question, "Show the newest products")).split('<nav')[0]
    assert inside.count("data-ask=") == 1
    assert f'data-ask="{question}"' in inside
    assert "data-ask=" not in drawn(texts, segments()).split("<nav")[0]


def test_the_longest_name_in_a_followup_wins(texts: Texts):
    result = segments()
    result.tables[0].rows[2][0] = "Almost Loyal"
    inside = drawn(texts, result, ("Draft a campaign for the Almost Loyal segment",)).split("<nav")[0]
    assert inside.index("Almost Loyal</strong>") < inside.index("data-ask=") < inside.index("At risk</strong>")


def test_a_customer_shows_facts_once_and_lists_with_bars(texts: Texts):
    facts = table("customer", "All orders", [("revenue", "revenue", "currency"), ("orders", "orders", "count"),
                                             ("gap", "days between orders", "days")], [[80.0, 3, None]])
    bought = table("products", "Most spent on", [("product", "product", "id"), ("product_label", "product", "text"),
                                                 ("revenue", "revenue", "currency")],
                   [["P1", "Mug", 60.0], ["P2", "Tea", 15.0]])
    result = Result(kind="customer_profile", title="Customer 7", currency="EUR", tables=[facts, bought],
                    figures={"revenue": facts.figure(0, "revenue")}, headline=["revenue"])
    html = drawn(texts, result)
    tiles = html.split('class="facts-grid"')[1].split("</dl>")[0]
    assert ">3</dd>" in tiles
    assert "80.00" not in tiles  # it is the headline
    assert "n/a" not in tiles
    assert "width:25.0%" in html
    assert "€15.00" in seen(html).text


def test_products_have_name_price_and_reason_and_left_out_is_folded(texts: Texts):
    result = recommendation()
    result.tables.append(table("left_out", "Left out, and why", [("rule", "Rule", "text"), ("n", "Products", "count")],
                               [["out of stock", 12]]))
    html = drawn(texts, result)
    shown = html.split('class="products"')[1].split("</ol>")[0]
    assert "Linen Cushion" in shown and "£25.00" in shown and "bought with Garden Lantern" in shown
    assert shown.count("<li>") == 2 and shown.count('class="reason"') == 1  # no reason where none was given
    assert "out of stock" in html.split("left-out")[1]


def test_a_long_list_of_products_says_how_many_there_are(texts: Texts):
    result = recommendation()
    result.tables[0] = table("products", "Recommended", [("name", "Product", "text"), ("price", "Price", "currency")],
                             [[f"Product {i}", 1.0 + i] for i in range(30)], total=448)
    html = drawn(texts, result)
    assert html.split('class="products"')[1].split("</ol>")[0].count("<li>") == 10
    assert "The first 10 of 448" in seen(html).text
    assert "Export the first 30 rows (CSV)" in seen(html).text


def split_campaign() -> Result:
    result = campaign()
    steps = table("audience", "Audience", [("step", "Step", "text"), ("n", "Customers", "count")],
                  [["all", 1000], ["may be contacted", 200], ["control group", 20], ["to be contacted", 180]])
    result.tables[0] = steps
    result.charts[0] = result.charts[0].model_copy(update={"x": "step", "y": ["n"]})
    result.headline = ["contacted"]
    result.figures = {name: Figure(value=value, unit="count", label=name, source=Source(origin="derived"))
                      for name, value in (("holdout", 20), ("contacted", 180))}
    return result


def test_control_group_and_contacted_are_parts_of_one_bar(texts: Texts):
    html = drawn(texts, split_campaign())
    assert html.count('class="track"') == 1
    split = html.split('class="track split"')[1].split("</span>")[0]
    assert 'class="reached" style="width:18.0%"' in split and 'class="held" style="width:2.0%"' in split
    assert "of these:" in html


def test_parts_that_do_not_add_up_stay_steps(texts: Texts):
    result = split_campaign()
    result.tables[0].rows[1][1] = 300
    assert "of these:" not in drawn(texts, result)
    assert drawn(texts, campaign()).count('class="track"') == 5


def test_an_email_has_an_envelope_and_an_sms_its_parts(texts: Texts):
    result = campaign()
    result.details["copy"] = [
        {"channel": "email", "subject": "Come back", "preheader": "Something nice", "body": "Hello,\n\n- Mug, £9.00",
         "slots": [{"name": "price", "text": "£9.00", "source": "products.price of P1"}]},
        {"channel": "sms", "body": "Hello £9.00", "segments": 2, "alphabet": "UCS-2"}]
    html = drawn(texts, result)
    assert '<dd class="subject">Come back</dd>' in html
    assert '<ul><li>Mug, <span class="slot" title="products.price of P1">£9.00</span></li></ul>' in html
    assert "2 SMS parts, alphabet UCS-2" in seen(html).text


def test_ids_only_says_why_beside_the_button(texts: Texts):
    result = campaign()
    result.details["ids_only"] = True
    assert "not for sending" in drawn(texts, result).split('class="export-row"')[1].split("</p>")[0]


def test_rows_beyond_the_page_are_said_below_the_table(texts: Texts):
    rows = table("big", "Many", [("id", "Id", "id")], [[str(i)] for i in range(120)])
    text = seen(drawn(texts, Result(kind="query", title="Many", tables=[rows]))).text
    assert "70 more rows are in the export." in text
    assert "50 of 120 rows" in text


def test_categories_are_a_tree_with_their_sizes(texts: Texts):
    html = drawn(texts, categories())
    assert 'data-cell="0/categories/0/products"' in html and 'data-cell="0/subcategories/0/products"' in html
    assert html.count('class="track"') == 2 and "width:100.0%" in html


def audience(parts: list[dict]) -> Result:
    rows = [["all known customers", 100, 0], *([f"condition {n}", 100 - 20 * n, 20] for n in range(1, len(parts) + 1))]
    steps = table("waterfall", "Sizes", [("condition", "condition", "text"), ("customers", "left", "count"),
                                         ("dropped", "left out", "count")], rows)
    profile = table("profile", "Against everyone else", [("group", "group", "text"), ("orders", "orders", "count")],
                    [["audience", 3], ["everyone else", 2]])
    rule = parts[0] if len(parts) == 1 else {"op_type": "and", "parts": parts}
    return Result(kind="audience", title="A", currency="EUR", tables=[steps, profile], details={"rule": rule})


ORDERS = {"op_type": "customer", "metric": "orders", "op": "ge", "values": [3]}
BETWEEN = {"op_type": "customer", "metric": "revenue", "op": "between", "values": [5, 5.5]}
TWICE = {"op_type": "customer", "metric": "revenue", "op": "between", "values": [7, 7]}


def test_conditions_are_chips_that_send_what_a_person_could_type(texts: Texts):
    html = drawn(texts, audience([ORDERS, BETWEEN, TWICE])).split("<nav")[0]
    assert [f'data-ask="drop condition {n}"' in html for n in (1, 2, 3, 4)] == [True, True, True, False]
    assert 'data-say="in condition 1 change 3 to [new]"' in html
    assert 'data-say="in condition 2 change 5.5 to [new]"' in html
    assert "in condition 3" not in html  # which of the two would be meant?
    assert 'data-cell="0/waterfall/2/customers"' in html
    assert html.index("Against everyone else") < html.index('class="fold more"')  # open, not folded


def test_the_only_condition_cannot_be_taken_away(texts: Texts):
    html = drawn(texts, audience([ORDERS]))
    assert "drop condition" not in html
    assert 'data-say="in condition 1 change 3 to [new]"' in html
    assert 'data-say="add a condition: [new]"' in html  # one more can be added in words


def test_a_list_of_customers_stands_below_the_conditions_that_choose_them(texts: Texts):
    columns = [("customer_id", "customer", "id"), ("revenue", "revenue", "currency")]
    rows = table("result", "Customers", columns, [["C1", 9]])
    both = {"op_type": "and", "parts": [ORDERS, BETWEEN]}
    html = drawn(texts, Result(kind="query", title="A", currency="EUR", tables=[rows], details={"rule": both}))
    assert 'data-ask="drop condition 2"' in html and 'data-say="in condition 1 change 3 to [new]"' in html
    assert html.index('class="conditions"') < html.index("C1")
    plain = drawn(texts, Result(kind="query", title="A", currency="EUR", tables=[rows]))
    assert 'class="conditions"' not in plain


@pytest.mark.parametrize("kind", ["saved_segment", "segment_saved"])
def test_a_saved_segment_has_its_conditions_as_chips(texts: Texts, kind: str):
    assert 'data-ask="drop condition 2"' in drawn(texts, audience([ORDERS, BETWEEN]).model_copy(update={"kind": kind}))


def test_a_draft_shows_every_decision_with_its_ground_and_only_once(texts: Texts):
    result = campaign()
    rows = [["goal", "win-back", "as asked"], ["exit", "stops for whoever places an order", "assumed"],
            ["cost", "£70.20 for sending", "from the data"]]
    result.tables.insert(1, table("outline", "At a glance", [("part", "Part", "text"), ("value", "Decided", "text"),
                                                             ("basis", "Ground", "text")], rows))
    html = drawn(texts, result)
    for part, value, basis in rows:
        assert f"<dt>{part}</dt>" in html and html.count(value) == 1 and basis in html
