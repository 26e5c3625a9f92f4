"""Orders by what they hold, by hand on the tiny shop and by pandas on the demo shop."""

from __future__ import annotations

import pytest

from assistant.agent.grounding import check
from assistant.data.warehouse import Snapshot
from assistant.llm.replies import compose
from assistant.plans import Among, And, Compare, Not, Period, QueryPlan, SegmentRule
from assistant.plans.filters import CustomerCondition, Filter
from assistant.plans.reword import reword_filter
from assistant.query.audience import count_rule
from assistant.query.engine import run_query


def holding(category: str, **more: object) -> Among:
    return Among(dimension="order", metric="units", limit=0, where=Compare(field="category", values=(category,)),
                 **more)  # type: ignore[arg-type]


KITCHEN, HOMEWARE = holding("Kitchen"), holding("Homeware")
BOTH, ONE = And(parts=(KITCHEN, HOMEWARE)), And(parts=(KITCHEN, Not(part=HOMEWARE)))


@pytest.mark.parametrize(("rule", "orders", "revenue", "customers"), [(BOTH, 1, 45, 1), (ONE, 5, 110, 4)])
def test_what_an_order_holds_is_said_of_that_order(
    shop: Snapshot, rule: Filter, orders: int, revenue: float, customers: int
) -> None:
    result = run_query(shop, QueryPlan(metrics=("orders", "revenue", "customers"), filter=rule))
    assert {n: result.figures[n].value for n in ("orders", "revenue", "customers")} == {
        "orders": orders, "revenue": revenue, "customers": customers}
    reply = compose([result])
    assert check(reply.text, [result], known=reply.numbers).untraced == []


def test_customers_are_found_by_their_orders(shop: Snapshot) -> None:
    assert count_rule(shop, SegmentRule(filter=BOTH)).figures["customers"].value == 1
    # everybody but C5 placed an order with kitchen goods, C1 also one without homeware
    assert count_rule(shop, SegmentRule(filter=KITCHEN)).figures["customers"].value == 4


def test_a_period_bounds_the_orders_meant(shop: Snapshot) -> None:
    winter = holding("Kitchen", period=Period(kind="absolute", start="2024-01-01", end="2024-02-29"))
    assert run_query(shop, QueryPlan(metrics=("orders",), filter=winter)).figures["orders"].value == 1


def test_it_is_put_in_words() -> None:
    assert reword_filter(ONE) == (
        "the order has a line where category is Kitchen and the order has no line where category is Homeware")


def test_a_real_number_of_orders_as_pandas_counts_them(demo_snapshot: Snapshot) -> None:
    con = demo_snapshot.con
    lines = con.table("order_lines").to_pandas().merge(con.table("products").to_pandas()[["product_id", "category"]])
    sold = lines[lines.line_type == "sale"]
    garden, kitchen = (set(sold[sold.category == c].order_id) for c in ("Garden", "Kitchen"))
    for rule, expected in (
        (And(parts=(holding("Garden"), KITCHEN)), garden & kitchen),
        (And(parts=(holding("Garden"), Not(part=KITCHEN))), garden - kitchen),
    ):
        result = run_query(demo_snapshot, QueryPlan(metrics=("orders", "revenue"), filter=rule))
        assert result.figures["orders"].value == len(expected) > 1000
        assert result.figures["revenue"].value == pytest.approx(
            float(sold[sold.order_id.isin(expected)].amount.sum()))
        assert not any(c.code == "chosen_by_ranking" for c in result.caveats)


def test_a_bound_on_what_an_order_holds_and_the_order_after_as_pandas_counts_them(demo_snapshot: Snapshot) -> None:
    con = demo_snapshot.con
    lines = con.table("order_lines").to_pandas().merge(con.table("products").to_pandas()[["product_id", "category"]])
    sold = lines[(lines.line_type == "sale") & lines.customer_id.notna()]
    pieces = sold[sold.category == "Kitchen"].groupby("order_id").quantity.sum()
    two = set(pieces[pieces >= 2].index)
    bounded = holding("Kitchen", op="ge", values=(2,))
    rule = CustomerCondition(metric="orders", op="ge", values=(1,), where=bounded)
    counted = run_query(demo_snapshot, QueryPlan(metrics=("customers",), filter=rule))
    assert counted.figures["customers"].value == sold[sold.order_id.isin(two)].customer_id.nunique()

    orders = sold.groupby(["customer_id", "order_id"]).ordered_at.min().reset_index()
    orders = orders.sort_values(["customer_id", "ordered_at", "order_id"])
    orders["before"] = orders.groupby("customer_id").order_id.shift(1)
    firsts = orders[orders.order_id.isin(pieces.index)].groupby("customer_id").order_id.first()
    expected = orders[orders.before.isin(set(firsts))]
    after = run_query(demo_snapshot, QueryPlan(metrics=("orders",), filter=holding("Kitchen", following=True)))
    assert after.figures["orders"].value == len(expected)
    assert reword_filter(bounded) == "the order holds at least 2 units sold of lines where category is Kitchen"
    assert "next one after the first" in reword_filter(holding("Kitchen", following=True))
