"""Who will order or buy: the contract, products, results in words, the churn exam and its drivers."""

from __future__ import annotations

import pytest

from assistant.data.warehouse import Snapshot
from assistant.errors import InvalidPlan, UnknownName
from assistant.llm.replies import caveat_texts, compose
from assistant.models.value.churn import fit_churn
from assistant.models.value.churn_exam_report import churn_exam_result
from assistant.models.value.ordering import OrderingModel, fit_ordering
from assistant.models.value.ordering_report import goods_of, ordering_result
from assistant.plans import ChurnExamRequest, OrderingRequest
from tests.contracts.value_model_contract import ValueModelContract
from tests.support.leaving_shop import leaving_tables, write


@pytest.mark.slow
class TestOrderingModel(ValueModelContract):
    output = "order_probability"
    higher, lower = "L", "Q"

    def make(self) -> OrderingModel:
        return OrderingModel(horizon_days=60)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    return write(tmp_path_factory.mktemp("ordering"), leaving_tables(customers=450, seed=3))


@pytest.fixture(scope="module")
def fitted(shop: Snapshot) -> OrderingModel:
    return fit_ordering(shop, 60)


def test_buying_the_only_product_is_ordering(shop: Snapshot, fitted: OrderingModel) -> None:
    """The shop sells one product, so who buys it is who orders: the same outcomes, the same observed share."""
    goods = OrderingModel(60, ["P1"]).fit(shop)
    assert goods.exam_.observed == fitted.exam_.observed
    assert goods.exam_.auc == pytest.approx(fitted.exam_.auc, abs=0.03)


def test_products_nobody_bought_are_refused(shop: Snapshot) -> None:
    with pytest.raises(InvalidPlan, match="too few customers"):
        fit_ordering(shop, 60, ["P9"])
    with pytest.raises(UnknownName, match="no such product"):
        goods_of(shop, OrderingRequest(product_ids=("P9",)))


def test_list_counts_and_reasons(shop: Snapshot, fitted: OrderingModel) -> None:
    result = ordering_result(shop, OrderingRequest(horizon_days=60, k=7), fitted, "")
    scores = fitted.predict(shop)
    assert result.figures["expected"].value == pytest.approx(scores["order_probability"].sum())
    table = result.table("customers")
    assert len(table.rows) == 7 and table.total_rows == len(scores)
    values = [r[1] for r in table.rows]
    assert values == sorted(values, reverse=True) and values[0] == pytest.approx(scores["order_probability"].max())
    assert any("most customers" in str(r[6]) or "rhythm" in str(r[6]) for r in table.rows)
    assert len(result.details["customer_ids"]) == 7
    assert "expected to order" in compose([result]).text and all(c.text for c in caveat_texts(result))


def test_one_customer_and_the_exam(shop: Snapshot, fitted: OrderingModel) -> None:
    scores = fitted.predict(shop).set_index("customer_id")["order_probability"]
    result = ordering_result(shop, OrderingRequest(horizon_days=60, customer_id="L0000"), fitted, "")
    assert result.figures["order_probability"].value == pytest.approx(scores["L0000"])
    assert "probability that this customer will order" in compose([result]).text
    with pytest.raises(UnknownName):
        ordering_result(shop, OrderingRequest(horizon_days=60, customer_id="X"), fitted, "")
    exam = ordering_result(shop, OrderingRequest(horizon_days=60, about="exam"), fitted, "")
    assert exam.kind == "ordering_exam" and "Lift" in compose([exam]).text


def test_churn_exam_and_drivers(shop: Snapshot) -> None:
    model = fit_churn(shop, 60)
    exam = churn_exam_result(shop, ChurnExamRequest(horizon_days=60), model)
    assert exam.table("lift").total_rows == 10 and "Lift" in compose([exam]).text
    assert exam.figures["auc"].value == model.exam_.auc
    drivers = churn_exam_result(shop, ChurnExamRequest(horizon_days=60, about="drivers"), model)
    rows = drivers.table("drivers").rows
    assert sum(float(r[1]) for r in rows) == pytest.approx(100.0)
    assert rows[0][1] == max(r[1] for r in rows)
    by_side = {r[0]: r[2] for r in rows}
    assert by_side["time since the last order"] == "longer" and "goes by" in compose([drivers]).text


def test_a_word_of_names_means_every_product_that_holds_it(shop: Snapshot) -> None:
    products, goods = goods_of(shop, OrderingRequest(text="MUG"))
    assert products == ["P1"] and "MUG" in goods
    with pytest.raises(UnknownName, match="in its name"):
        goods_of(shop, OrderingRequest(text="unicorn"))
