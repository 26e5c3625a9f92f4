from datetime import date

import numpy as np
import pandas as pd
import pytest

from assistant.data.warehouse import open_snapshot, write_snapshot
from assistant.errors import InvalidPlan, MissingData, NoRows, UnknownName
from assistant.features.rfm import rfm
from assistant.llm.replies import caveat_texts, compose
from assistant.models.recommend.report import fit_recommender, recommend_for_customers, recommend_result
from assistant.plans import CustomerCondition, RecommendRequest
from tests.support.shop_builder import grouped_shop, shop_of
from tests.support.tiny_shop import tiny_tables


def catalogue_frame():
    ids = [f"{t}{i}" for t in "AB" for i in range(12)]
    frame = pd.DataFrame({
        "product_id": ids, "name": [f"Product {i}" for i in ids], "category": [i[0] for i in ids],
        "price": [10.0 + n for n in range(24)], "stock": [5] * 24, "discontinued_at": [None] * 24,
    })
    frame.loc[frame.product_id == "A3", "stock"] = 0
    frame.loc[frame.product_id == "A4", "discontinued_at"] = "2024-06-01"
    new = pd.DataFrame({"product_id": ["N1"], "name": ["Novelty"], "category": ["A"], "price": [9.0], "stock": [3]})
    return pd.concat([frame, new], ignore_index=True)


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    return grouped_shop(tmp_path_factory.mktemp("grouped"), products=catalogue_frame())


@pytest.fixture(scope="module")
def fitted(shop):
    return fit_recommender(shop)


def ask(shop, fitted, **request):
    return recommend_result(shop, RecommendRequest(**request), fitted)


def check_complete(result):
    """What every answer must carry, whatever it says."""
    reply = compose([result])
    caveat_texts(result)
    assert result.evidence.as_of and result.evidence.model and result.evidence.plan
    for number in reply.numbers:
        assert reply.text[number.start : number.end] == number.text
    return reply.text


def test_recommends_own_taste_with_a_reason_the_customer_owns(shop, fitted):
    result = ask(shop, fitted, customer_id="K000", k=3, method="item_knn")
    table = result.table("products")
    names = [row[table.column_index("product_id")] for row in table.rows]
    assert names and all(name.startswith("A") for name in names)
    owned = {f"Product {p}" for p in fitted.interactions.item_ids[fitted.interactions.matrix[[0]].indices]}
    for row in table.rows:
        reason = row[table.column_index("reason")]
        assert reason == "no reason passed the test" or "bought it before" in reason or (
            reason.removeprefix("because they bought ") in owned)
    text = check_complete(result)
    assert "Product" in text and "K000" in text


def test_the_comparison_shown_is_that_of_the_model_used(shop, fitted):
    for method in ("item_knn", "popularity"):
        result = ask(shop, fitted, customer_id="K000", method=method)
        models = result.table("models")
        used = next(i for i in range(len(models.rows)) if models.cell(i, "used") == "yes")
        trial = fitted.choice.trial(fitted.names[method])
        assert result.figures["recall"].value == models.cell(used, "recall") == round(100 * trial.recall, 2)
        assert result.evidence.model.name == trial.name
        assert ("recall_popularity" in result.figures) == (method == "item_knn")
        check_complete(result)


def test_left_out_products_are_counted_by_rule_and_add_up(shop, fitted):
    result = ask(shop, fitted, customer_id="K000", k=3)
    counts = {row[0]: row[1] for row in result.table("left_out").rows}
    assert counts["out of stock"] == 1 and counts["not on sale any more or not yet"] == 1
    assert counts["never bought by a known customer"] == 1
    assert sum(counts.values()) == 25
    shown = {row[0] for row in result.table("products").rows}
    assert shown.isdisjoint({"A3", "A4", "N1"})


def test_out_of_stock_can_be_allowed(shop, fitted):
    result = ask(shop, fitted, customer_id="K000", k=3, in_stock_only=False)
    assert "out of stock" not in {row[0] for row in result.table("left_out").rows}


def test_price_cap_and_category(shop, fitted):
    result = ask(shop, fitted, customer_id="K001", k=24, max_price=25.0, category="b")
    assert {row[0][0] for row in result.table("products").rows} == {"B"}
    assert all(row[2] <= 25.0 for row in result.table("products").rows)
    with pytest.raises(UnknownName) as error:
        ask(shop, fitted, customer_id="K001", category="Kitchens")
    assert error.value.valid == ("A", "B")


def test_all_filtered_says_by_which_rule_with_counts(shop, fitted):
    result = ask(shop, fitted, customer_id="K000", max_price=1.0)
    assert result.refusal.reason == "no_rows" and "over the price limit" in result.refusal.message
    counts = {row[0]: row[1] for row in result.table("left_out").rows}
    assert counts["over the price limit"] == 22 and counts["left to choose from"] == 0
    assert "22" in check_complete(result)


def test_unknown_customer_gets_the_nearest_ids(shop, fitted):
    with pytest.raises(UnknownName) as error:
        ask(shop, fitted, customer_id="K0000")
    assert "K000" in error.value.valid


def test_customer_id_is_found_whatever_its_case(shop, fitted):
    assert ask(shop, fitted, customer_id=" k007 ").figures["customer"].value == "K007"


def test_customer_without_orders_gets_the_popularity_list_and_is_told(shop, fitted):
    result = ask(shop, fitted, customer_id="Z999", k=4)
    assert len(result.table("products").rows) == 4
    assert [c.code for c in result.caveats] == ["cold_start"]
    reasons = {row[result.table("products").column_index("reason")] for row in result.table("products").rows}
    assert reasons == {"popular with all customers, not chosen for this one"}
    assert "popularity list" in check_complete(result)
    assert "most customers buy" in result.words["model"] and "no purchase" in result.words["why_model"]
    assert "recall_popularity" not in result.figures  # what is shown is measured, not the personal model


def test_k_beyond_the_catalogue_gives_what_there_is(shop, fitted):
    result = ask(shop, fitted, customer_id="K000", k=100)
    ids = [row[0] for row in result.table("products").rows]
    assert len(ids) == len(set(ids)) <= 25


@pytest.mark.parametrize(("product", "status"), [
    ("A3", "out_of_stock"), ("A4", "discontinued"), ("N1", "never_bought"), ("Product A3", "out_of_stock"),
])
def test_why_not_names_the_rule(shop, fitted, product, status):
    result = ask(shop, fitted, customer_id="K000", why_not=product)
    assert result.table("why_not").cell(0, "status") == status
    assert "Why not" in check_complete(result)


def test_why_not_over_the_price_limit_in_another_category_or_unknown(shop, fitted):
    dear = ask(shop, fitted, customer_id="K001", max_price=12.0, why_not="B11").table("why_not")
    assert dear.cell(0, "status") == "over_price" and dear.cell(0, "price") == 33.0
    other = ask(shop, fitted, customer_id="K001", category="B", why_not="A0").table("why_not")
    assert other.cell(0, "status") == "other_category"
    with pytest.raises(UnknownName, match="no such product"):
        ask(shop, fitted, customer_id="K001", why_not="Product Q7")


def test_why_not_in_the_list_ranked_lower_or_owned(shop, fitted):
    shown = [row[0] for row in ask(shop, fitted, customer_id="K000", k=1).table("products").rows]
    inside = ask(shop, fitted, customer_id="K000", k=1, why_not=shown[0])
    assert inside.table("why_not").cell(0, "status") == "in_list" and inside.table("why_not").cell(0, "rank") == 1
    statuses = set()
    for product in fitted.interactions.item_ids:
        table = ask(shop, fitted, customer_id="K000", k=1, why_not=str(product)).table("why_not")
        statuses.add(table.cell(0, "status"))
        if table.cell(0, "status") == "ranked_lower":
            assert table.cell(0, "rank") > 1 and table.cell(0, "score") <= table.cell(0, "last_score")
    assert {"in_list", "ranked_lower"} <= statuses


def test_everybody_and_an_audience_give_shares_that_can_be_checked(shop, fitted):
    result = ask(shop, fitted, k=2)
    table = result.table("products")
    lists = recommend_for_customers(fitted, fitted.interactions.user_ids, 2, reasons=False)
    for row in table.rows:
        holds = int((lists.product_ids == row[0]).any(axis=1).sum())
        assert row[table.column_index("customers")] == holds
        assert row[table.column_index("share")] == round(100 * holds / 120, 1)
    assert result.figures["customers"].value == 120
    check_complete(result)
    even = recommend_result(shop, RecommendRequest(k=2), fitted, customer_ids=["K000", "K002", "Z999"])
    assert even.figures["customers"].value == 3
    assert "audience_without_purchases" in [c.code for c in even.caveats]
    with pytest.raises(NoRows):
        recommend_result(shop, RecommendRequest(k=2), fitted, customer_ids=[])


def test_a_filter_selects_the_audience(shop, fitted):
    loyal = CustomerCondition(metric="orders", op="ge", values=(10,))
    request = RecommendRequest(k=2, filter=loyal)
    result = recommend_result(shop, request, fitted)
    orders = rfm(shop).set_index("customer_id")["order_count"]
    assert result.figures["customers"].value == (orders >= 10).sum() > 0
    nobody = RecommendRequest(k=2, filter=CustomerCondition(metric="orders", op="gt", values=(999,)))
    with pytest.raises(NoRows, match="selects no customer"):
        recommend_result(shop, nobody, fitted)


def test_lists_for_many_agree_with_lists_for_one(fitted):
    ids = ["K003", "unknown", "K010", "Z999"]
    many = recommend_for_customers(fitted, ids, 3)
    for i, customer in enumerate(ids):
        one = recommend_for_customers(fitted, [customer], 3)
        assert one.product_ids[0].tolist() == many.product_ids[i].tolist()
        assert one.because[0].tolist() == many.because[i].tolist()
    assert many.product_ids[1].tolist() == many.product_ids[3].tolist()
    assert many.because[1].tolist() == [None] * 3
    owned = {c: set(fitted.interactions.item_ids[fitted.interactions.matrix[[i]].indices])
             for i, c in enumerate(fitted.interactions.user_ids)}
    for i in (0, 2):
        assert {b for b in many.because[i] if b} <= owned[ids[i]]


def test_batches_change_nothing(fitted, monkeypatch):
    ids = fitted.interactions.user_ids.tolist()
    whole = recommend_for_customers(fitted, ids, 3)
    monkeypatch.setattr("assistant.models.recommend.fitted._BATCH", 7)
    parts = recommend_for_customers(fitted, ids, 3)
    assert parts.customer_ids == whole.customer_ids
    assert (parts.product_ids == whole.product_ids).all() and (parts.because == whole.because).all()
    assert recommend_for_customers(fitted, [], 3).product_ids.shape == (0, 3)


def test_bounds_hold_for_every_customer(fitted):
    allowed = np.array([p in {"A0", "B0", "A3"} for p in fitted.interactions.item_ids])
    lists = recommend_for_customers(fitted, fitted.interactions.user_ids, 2, allowed=allowed)
    assert {p for p in lists.product_ids.ravel() if p} <= {"A0", "B0"}
    with pytest.raises(InvalidPlan):
        recommend_for_customers(fitted, ["K000"], 0)
    with pytest.raises(InvalidPlan, match="no such recommender"):
        recommend_for_customers(fitted, ["K000"], 1, method="oracle")


def test_a_product_sent_back_is_not_recommended_again(tmp_path):
    tables = tiny_tables()
    lines = tables["order_lines"]
    back = lines.query("order_id == 'O5'").assign(line_id="L90", order_id="O5", line_type="return", quantity=-3,
                                                  amount=-75.0)
    tables["order_lines"] = pd.concat([lines, back])
    write_snapshot(tmp_path, tables, source="tests")
    snapshot = open_snapshot(tmp_path)
    result = recommend_result(snapshot, RecommendRequest(customer_id="C1", why_not="P3"), fit_recommender(snapshot))
    assert result.table("why_not").cell(0, "status") == "returned"
    assert "P3" not in {row[0] for row in result.table("products").rows}


def test_tiny_shop_is_unmeasured_and_says_so(tiny):
    fitted = fit_recommender(tiny)
    result = recommend_result(tiny, RecommendRequest(customer_id="C3"), fitted)
    assert "recommender_unmeasured" in [c.code for c in result.caveats]
    assert "P2" not in {row[0] for row in result.table("products").rows}  # stock 0
    check_complete(result)


def test_nothing_after_as_of_leaks(tiny):
    early = fit_recommender(tiny.at(date(2023, 12, 31)))
    assert early.interactions.user_ids.tolist() == ["C1", "C2", "C3"]
    assert early.fingerprint != fit_recommender(tiny).fingerprint


def test_one_customer_one_product(tmp_path):
    snapshot = shop_of(tmp_path, [("A", "2024-01-01", ["X"])])
    result = recommend_result(snapshot, RecommendRequest(customer_id="A"), fit_recommender(snapshot))
    assert result.refusal.reason == "no_rows" and "already bought" in result.refusal.message


def test_only_guests_or_only_returns_is_refused(tmp_path):
    snapshot = shop_of(tmp_path / "guests", [(None, "2024-01-01", ["X"])])
    with pytest.raises(MissingData):
        fit_recommender(snapshot)
    tables = tiny_tables()
    tables["order_lines"] = tables["order_lines"].query("line_type == 'return'")
    write_snapshot(tmp_path / "returns", tables, source="tests")
    with pytest.raises(NoRows):
        fit_recommender(open_snapshot(tmp_path / "returns"))


def test_no_categories_no_prices_no_stock(tmp_path):
    snapshot = grouped_shop(tmp_path, prices={"A0": 3.5})
    fitted = fit_recommender(snapshot)
    with pytest.raises(MissingData, match=r"products\.category"):
        recommend_result(snapshot, RecommendRequest(customer_id="K000", category="A"), fitted)
    result = recommend_result(snapshot, RecommendRequest(customer_id="K000", k=12), fitted)
    assert any("no stock" in a for a in result.evidence.assumptions)
    check_complete(result)
