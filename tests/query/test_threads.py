"""Several questions at once, on one connection, give what they give one after the other."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date

from assistant.plans.filters import Compare, CustomerCondition
from assistant.plans.query import Comparison, Having, QueryPlan
from assistant.plans.requests import SegmentRule
from assistant.query.audience import count_rule
from assistant.query.engine import run_query
from tests.support.tiny_shop import tiny_shop

THREADS, QUERIES = 8, 18  # every question with every date and rule twice
PLANS = (
    QueryPlan(metrics=("revenue",)),
    QueryPlan(metrics=("orders", "customers"), dimensions=("month",)),
    QueryPlan(metrics=("revenue",), dimensions=("product",), limit=3),
    QueryPlan(metrics=("new_customers",), dimensions=("country",)),
    QueryPlan(metrics=("revenue",), dimensions=("category",), compare=Comparison(kind="previous"),
              period={"kind": "calendar", "unit": "month", "offset": -1}),
    QueryPlan(metrics=("stock",), dimensions=("product",)),
    QueryPlan(metrics=("revenue",), dimensions=("customer",), having=(Having(metric="orders", op="ge", values=(2,)),)),
    QueryPlan(metrics=("customers",), filter=Compare(field="product", op="contains", values=("mug",))),
)
RULE = SegmentRule(filter=CustomerCondition(metric="orders", op="ge", values=(2,)))


def _numbers(snapshot, n):
    """Tables of the n-th question, with the analysis date going back and forth."""
    seen = snapshot if n % 3 else snapshot.at(date(2024, 2, 20))
    if n % 9 == 8:
        return [t.rows for t in count_rule(seen, RULE).tables]
    return [t.rows for t in run_query(seen, PLANS[n % len(PLANS)]).tables]


def test_threads_get_what_one_after_the_other_gets(tmp_path):
    snapshot = tiny_shop(tmp_path)  # its own: nothing is compiled or looked up yet
    with ThreadPoolExecutor(THREADS) as pool:
        together = list(pool.map(lambda n: _numbers(snapshot, n), range(THREADS * QUERIES)))
    fresh = tiny_shop(tmp_path / "again")
    alone = {}
    for n in range(THREADS * QUERIES):
        key = n % (len(PLANS) * 9)  # the period of plan, rule and date together
        if key not in alone:
            alone[key] = _numbers(fresh, key)
        assert together[n] == alone[key], n
