"""What a customer buys next: repeats count, and the customer's own past stands beside every product."""

from datetime import date

import pytest

from assistant.errors import NoRows
from assistant.llm.replies import compose
from assistant.models.recommend.report import fit_recommender, recommend_result
from assistant.plans import RecommendRequest
from assistant.plans.reword import reword
from tests.support.shop_builder import grouped_shop, shop_of


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    return grouped_shop(tmp_path_factory.mktemp("grouped"))


@pytest.fixture(scope="module")
def fitted(shop):
    return fit_recommender(shop)


def ask(shop, fitted, **request):
    return recommend_result(shop, RecommendRequest(**request), fitted)


def cells(result, column):
    table = result.table("products")
    return [row[table.column_index(column)] for row in table.rows]


def test_the_next_basket_holds_what_was_bought_before_with_its_figures(tmp_path):
    # A buys X on days 1, 11 and 31 of March, Y on the 11th: of 10 and 20 days the median is 15; 9 days have passed.
    orders = [("A", "2024-03-01", ["X"]), ("A", "2024-03-11", ["X", "Y"]), ("A", "2024-03-31", ["X"]),
              *((f"B{i}", "2024-03-05", ["X", "Z"]) for i in range(5)), ("B0", "2024-04-09", ["Z"])]
    shop = shop_of(tmp_path, orders)
    result = ask(shop, fit_recommender(shop), customer_id="A", purpose="next", method="personal_frequency", k=2)
    assert cells(result, "product_id")[0] == "X"
    first = [cells(result, c)[0] for c in ("times_bought", "last_bought", "days_since", "usual_days", "due")]
    assert first == [3, date(2024, 3, 31).isoformat(), 9, 15, "no"]
    assert cells(result, "reason")[0] == "they bought it before"
    again = ask(shop, fit_recommender(shop), customer_id="A", purpose="reorder", method="next_basket", k=3)
    assert cells(again, "product_id") == ["X", "Y"] and cells(again, "usual_days") == [15, None]
    assert cells(again, "times_bought") == [3, 1] and cells(again, "due") == ["no", None]


def test_a_product_is_due_when_its_usual_days_have_passed(tmp_path):
    orders = [("A", f"2024-03-{day:02d}", ["X"]) for day in (1, 8, 15)] + [("B", "2024-03-22", ["Z"])]
    shop = shop_of(tmp_path, orders)
    result = ask(shop, fit_recommender(shop), customer_id="A", purpose="reorder", method="personal_frequency")
    assert cells(result, "due") == ["yes"] and result.figures["due"].value == 1
    assert "usually every 7 days: due" in compose([result]).text


def test_a_customer_long_silent_may_have_no_next_order(tmp_path):
    orders = [*(("A", f"2024-01-{day:02d}", ["X"]) for day in (1, 8, 15)), ("B", "2024-05-01", ["X"])]
    shop = shop_of(tmp_path, orders)
    fitted = fit_recommender(shop)
    silent, = (c for c in ask(shop, fitted, customer_id="A", purpose="reorder").caveats if c.code == "silent_customer")
    assert (silent.figures["days"].value, silent.figures["last"].value) == (107, "2024-01-15")
    assert "silent_customer" not in [c.code for c in ask(shop, fitted, customer_id="B", purpose="next").caveats]


def test_the_reply_says_that_repeats_count(shop, fitted):
    result = ask(shop, fitted, customer_id="K000", purpose="next")
    reply = compose([result])
    assert "repeat purchases count" in reply.text and "of their orders, last on" in reply.text
    assert all(reply.text[n.start : n.end] == n.text for n in reply.numbers)
    assert any("not left out" in a for a in result.evidence.assumptions)
    assert {"due", "usual days between"} <= {d.term for d in result.evidence.definitions}
    assert "next order of" in reword(RecommendRequest(customer_id="K000", purpose="next"))


def test_what_is_ordered_again_was_bought_before(shop, fitted):
    result = ask(shop, fitted, customer_id="K003", purpose="reorder", k=100)
    row = fitted.interactions.matrix[[fitted.interactions.user_positions(["K003"])[0]]]
    assert set(cells(result, "product_id")) <= set(fitted.interactions.item_ids[row.indices])
    left = result.table("left_out")
    counts = dict(left.rows)
    assert counts["never bought by this customer"] == fitted.interactions.n_items - row.nnz
    assert left.rows[-1] == ["left to choose from", row.nnz]
    assert "likely order again" in compose([result]).text


def test_a_group_is_asked_for_what_each_bought_before(shop, fitted):
    result = ask(shop, fitted, purpose="reorder", k=3)
    assert result.table("products").rows and "what each bought before" in compose([result]).text


def test_nobody_reorders_without_an_order(shop, fitted):
    with pytest.raises(NoRows, match="nothing to order again"):
        ask(shop, fitted, customer_id="Z999", purpose="reorder")
    cold = ask(shop, fitted, customer_id="Z999", purpose="next")
    assert "popularity list" in compose([cold]).text and cells(cold, "times_bought")[0] is None


def test_a_model_of_the_next_basket_named_alone_answers_its_own_question(shop, fitted):
    result = ask(shop, fitted, customer_id="K000", method="tifu_knn")
    assert result.words["purpose"] == "next" and result.evidence.model.name == "tifu_knn"


def test_a_list_of_new_products_is_as_before(shop, fitted):
    result = ask(shop, fitted, customer_id="K000")
    assert "times_bought" not in [c.name for c in result.table("products").columns]
