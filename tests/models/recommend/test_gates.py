"""Age and consent: what is not known closes the gate."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from assistant.data.warehouse import open_snapshot, write_snapshot
from assistant.errors import MissingData, NoRows, UnknownName
from assistant.llm.replies import caveat_texts, compose
from assistant.models.recommend.fitted import fit_recommender, recommend_for_customers
from assistant.models.recommend.gates import Gates
from assistant.models.recommend.report import recommend_result
from assistant.plans import RecommendRequest

WINE = {"A0", "A1", "A2"}


def tables(**columns):
    """Sixty customers who all buy A-products; K000–K019 are adults, K020–K039 are not, of the rest nothing is known."""
    heads, lines = [], []
    for i in range(60):
        for visit in range(6):
            at = pd.Timestamp("2024-01-01 12:00") + pd.Timedelta(days=28 * visit + i % 28)
            heads.append((f"O{i}-{visit}", f"K{i:03d}", at, "completed"))
            for j in range(3):
                item = f"A{(i + visit * 3 + j) % 9}"
                lines.append((f"L{len(lines)}", f"O{i}-{visit}", f"K{i:03d}", at, item, "sale", 1, 10.0, 10.0))
    people = pd.DataFrame({"customer_id": [f"K{i:03d}" for i in range(60)]})
    people["birth_year"] = [1980 if i < 20 else 2010 if i < 40 else None for i in range(60)]
    return {
        "customers": people.assign(**columns),
        "products": pd.DataFrame({"product_id": [f"A{i}" for i in range(9)], "name": [f"Thing {i}" for i in range(9)],
                                  "category": ["Wine" if f"A{i}" in WINE else "Glass" for i in range(9)]}),
        "orders": pd.DataFrame(heads, columns=["order_id", "customer_id", "ordered_at", "status"]),
        "order_lines": pd.DataFrame(lines, columns=["line_id", "order_id", "customer_id", "ordered_at", "product_id",
                                                    "line_type", "quantity", "unit_price", "amount"]),
    }


def fitted_on(folder, categories=("Wine",), **columns):
    made = tables(**columns)
    if "birth_year" in columns and columns["birth_year"] is None:
        made["customers"] = made["customers"].drop(columns=["birth_year"])
    write_snapshot(folder, made, source="tests", name="gates")
    shop = open_snapshot(folder)
    return shop, fit_recommender(shop, None, Gates(shop, categories))


@pytest.fixture(scope="module")
def shop_and_model(tmp_path_factory):
    return fitted_on(tmp_path_factory.mktemp("gates"))


def test_only_customers_known_to_be_of_age_are_shown_what_is_for_adults(shop_and_model):
    _, fitted = shop_and_model
    ids = ["K000", "K025", "K045", "stranger"]
    lists = recommend_for_customers(fitted, ids, 9, method="popularity")
    shown = [set(row) - {None} for row in lists.product_ids]
    assert WINE & shown[0]
    assert not any(WINE & row for row in shown[1:])


def test_the_year_of_birth_alone_must_prove_it(shop_and_model):
    shop, _ = shop_and_model
    year = shop.as_of.year
    gates = Gates(shop, ("Wine",), legal_age=year - 1980 - 1)
    assert "K000" in gates.of_age
    assert "K000" not in Gates(shop, ("Wine",), legal_age=year - 1980).of_age, "the birthday may still come"


def test_the_gate_is_counted_and_said(shop_and_model):
    shop, fitted = shop_and_model
    minor = recommend_result(shop, RecommendRequest(customer_id="K025", k=9), fitted)
    counts = {row[0]: row[1] for row in minor.table("left_out").rows}
    assert counts["only for customers known to be of age"] == 3 and sum(counts.values()) == 9
    everybody = recommend_result(shop, RecommendRequest(), fitted)
    assert any("40 of 60 customers are not known to be of age" in t.text for t in caveat_texts(everybody))
    compose([minor, everybody])


def test_a_list_for_adults_only(shop_and_model):
    shop, fitted = shop_and_model
    result = recommend_result(shop, RecommendRequest(adults_only=True), fitted)
    assert result.figures["customers"].value == 20
    assert any("20 of 60" in t.text for t in caveat_texts(result))
    with pytest.raises(NoRows):
        recommend_result(shop, RecommendRequest(adults_only=True, customer_id="K045"), fitted)


def test_without_years_of_birth_nobody_is_of_age(tmp_path):
    shop, fitted = fitted_on(tmp_path, birth_year=None)
    lists = recommend_for_customers(fitted, ["K000"], 9, method="popularity")
    assert not WINE & set(lists.product_ids[0])
    with pytest.raises(MissingData) as error:
        recommend_result(shop, RecommendRequest(adults_only=True), fitted)
    assert error.value.received == "customers.birth_year"


def test_a_category_of_the_setting_must_exist(shop_and_model):
    shop, fitted = shop_and_model
    with pytest.raises(UnknownName):
        replace(fitted.past.gates, categories=("Knives",)).restricted(fitted.catalogue)


def test_who_did_not_agree_to_profiling_gets_the_list_of_everybody(tmp_path):
    shop, fitted = fitted_on(tmp_path, (), x_profiling_consent=[i % 2 == 0 for i in range(60)])
    lists = recommend_for_customers(fitted, ["K001", "K003", "stranger"], 5, method="item_knn")
    assert lists.filled.all() and (lists.because == None).all()  # noqa: E711 (an array of objects)
    assert lists.product_ids.tolist()[0] == lists.product_ids.tolist()[2]
    assert not recommend_for_customers(fitted, ["K002"], 5, method="item_knn").filled.all()
    result = recommend_result(shop, RecommendRequest(customer_id="K001"), fitted)
    assert any("has not agreed to profiling" in t.text for t in caveat_texts(result))
