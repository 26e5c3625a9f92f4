"""Customers who bought one thing and later another, against the same question asked order by order."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from assistant.data.warehouse import open_snapshot, write_snapshot
from assistant.errors import InvalidPlan, MissingData
from assistant.plans import And, BoughtThen, Compare, CustomerCondition, Not, Period, Predicted, QueryPlan
from assistant.plans.filters import SENT_BACK
from assistant.plans.reword import reword_filter
from assistant.query.audience import customer_ids
from assistant.query.engine import run_query
from tests.support.shop_builder import shop_of
from tests.support.tiny_shop import tiny_tables


def product(*ids):
    return Compare(field="product", op="in", values=ids)


@pytest.fixture(scope="module")
def orders():
    """Sixty customers with an arbitrary but fixed history of six orders each."""
    made = []
    for c in range(60):
        for n in range(6):
            day = date(2024, 1, 1) + timedelta(days=(c * 37 + n * (11 + c % 7)) % 300)
            made.append((f"C{c:02d}", day, [f"P{(c * n + c + n) % 9}", f"P{(c + 2 * n) % 9}"]))
    return made


@pytest.fixture(scope="module")
def history(tmp_path_factory, orders):
    return shop_of(tmp_path_factory.mktemp("steps"), [(c, f"{d:%Y-%m-%d}", p) for c, d, p in orders])


def by_hand(orders, steps, within=None):
    """Every way to pick one order per step, each on a later day."""
    found = set()
    for customer in {c for c, _, _ in orders}:
        mine = [(d, set(p)) for c, d, p in orders if c == customer]
        chains = [(d, d) for d, held in mine if steps[0] is None or held & steps[0]]
        for step in steps[1:]:
            chains = [(start, d) for start, last in chains for d, held in mine
                      if d > last and (step is None or held & step)]
        if any(within is None or (end - start).days <= within for start, end in chains):
            found.add(customer)
    return sorted(found)


@pytest.mark.parametrize("within", [None, 0, 12, 60])
@pytest.mark.parametrize("steps", [({"P1"}, {"P2"}), ({"P1"}, None), (None, {"P3", "P4"}), ({"P0"}, {"P1"}, {"P2"}),
                                   ({"P5"}, {"P5"})])
def test_as_asked_order_by_order(history, orders, steps, within):
    rule = BoughtThen(steps=tuple(s and product(*sorted(s)) for s in steps), within_days=within)
    assert customer_ids(history, rule) == by_hand(orders, steps, within)


def test_a_period_bounds_every_step(history, orders):
    early = [o for o in orders if o[1] <= date(2024, 4, 30)]
    rule = BoughtThen(steps=(product("P1"), product("P2")), period=Period(kind="absolute", end=date(2024, 4, 30)))
    assert customer_ids(history, rule) == by_hand(early, ({"P1"}, {"P2"}))


def test_joined_with_other_conditions_and_in_questions(history, orders):
    then = BoughtThen(steps=(product("P1"), product("P2")))
    bought = CustomerCondition(metric="orders", op="ge", values=(1,), where=product("P1"))
    stayed_away = customer_ids(history, And(parts=(bought, Not(part=then))))
    assert stayed_away and not set(stayed_away) & set(by_hand(orders, ({"P1"}, {"P2"})))
    counted = run_query(history, QueryPlan(metrics=("customers",), filter=then)).figures["customers"].value
    assert counted == len(by_hand(orders, ({"P1"}, {"P2"})))


def test_a_step_the_data_cannot_answer_is_refused(history):
    with pytest.raises(MissingData, match="category"):
        customer_ids(history, BoughtThen(steps=(Compare(field="category", values=("Garden",)), None)))


# -- predictions -------------------------------------------------------------------------------------------------------

VALUES = {"C00": 10.0, "C01": 20.0, "C02": None, "C03": 40.0, "C04": float("nan")}


@pytest.mark.parametrize(("said", "expected"), [
    ({"op": "gt", "values": (20,)}, ["C03"]),
    ({"op": "ge", "values": (20,)}, ["C01", "C03"]),
    ({"op": "lt", "values": (20,)}, ["C00"]),
    ({"op": "between", "values": (10, 20)}, ["C00", "C01"]),
    ({"op": "is_null"}, ["C02", "C04"]),
    ({"rank": "top_percent", "values": (34,)}, ["C01", "C03"]),
    ({"rank": "bottom_percent", "values": (1,)}, ["C00"]),
    ({"rank": "top_n", "values": (1,)}, ["C03"]),
    ({"op": "gt", "values": (90,)}, []),
])
def test_what_is_predicted_is_a_field(history, said, expected):
    from dataclasses import replace

    shop = replace(history, predicted=lambda snapshot, condition: VALUES)
    assert customer_ids(shop, Predicted(attribute="expected_value", **said)) == expected
    others = customer_ids(shop, Not(part=Predicted(attribute="expected_value", **said)))
    assert sorted([*others, *expected]) == customer_ids(shop, None)


def test_predictions_refuse_what_they_cannot_compare(history):
    from dataclasses import replace

    with pytest.raises(InvalidPlan, match="not available"):
        customer_ids(history, Predicted(attribute="expected_value", values=(1,)))
    shop = replace(history, predicted=lambda snapshot, condition: VALUES)
    for wrong in ({"op": "contains", "values": (1,)}, {"op": "gt"}, {"rank": "top_n", "values": (0,)},
                  {"rank": "top_percent", "values": (120,)}):
        with pytest.raises(InvalidPlan):
            customer_ids(shop, Predicted(attribute="expected_value", **wrong))


def test_an_order_after_something_was_sent_back(tmp_path):
    """A step on returns counts lines that came back; the order must be later than these."""
    tables = tiny_tables()
    shop = open_snapshot(tmp_path, None) if write_snapshot(tmp_path, tables, source="tiny") else None
    lines = shop.execute(shop.table("order_lines")).to_pandas()
    back = lines[lines["line_type"].isin(["return", "cancellation"]) & lines["customer_id"].notna()]
    sold = lines[(lines["line_type"] == "sale") & lines["customer_id"].notna()]
    pairs = back.merge(sold, on="customer_id", suffixes=("_back", ""))
    again = set(pairs.loc[pairs["ordered_at"] > pairs["ordered_at_back"], "customer_id"])
    assert set(customer_ids(shop, BoughtThen(steps=(SENT_BACK, None)))) == again
    assert "sent something back" in reword_filter(BoughtThen(steps=(SENT_BACK, None)))
