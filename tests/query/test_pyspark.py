"""The same plans on PySpark give the same figures as on DuckDB."""

from __future__ import annotations

import shutil

import pytest

from assistant.data.schema import TABLES
from assistant.data.warehouse import Snapshot
from assistant.plans import And, Compare, CustomerCondition, Having, Not, Period, QueryPlan
from assistant.query.engine import run_query

pytest.importorskip("pyspark", reason='needs PySpark: pip install -c constraints.txt -e ".[pyspark]"')
if shutil.which("java") is None:
    pytest.skip("needs Java on the path (Debian: apt-get install default-jre-headless)", allow_module_level=True)

pytestmark = pytest.mark.slow

PLANS = [
    QueryPlan(metrics=("revenue", "orders", "customers", "return_rate"), dimensions=("country",)),
    QueryPlan(metrics=("revenue",), dimensions=("month",)),
    QueryPlan(metrics=("revenue",), dimensions=("product",), limit=2),
    QueryPlan(metrics=("new_customers", "repeat_rate", "days_between_orders"), period=Period(kind="named", year=2024)),
    QueryPlan(metrics=("revenue",), dimensions=("first_product",)),
    QueryPlan(metrics=("orders",), dimensions=("weekday",)),
    QueryPlan(
        metrics=("revenue", "days_since_last_order"),
        dimensions=("customer",),
        having=(Having(metric="revenue", op="gt", values=(15,)),),
    ),
    QueryPlan(
        metrics=("revenue",),
        filter=And(
            parts=(
                CustomerCondition(metric="revenue", rank="top_percent", values=(40,)),
                Not(
                    part=CustomerCondition(
                        metric="orders",
                        op="ge",
                        values=(1,),
                        where=Compare(field="product", op="contains", values=("lantern",)),
                    )
                ),
            )
        ),
    ),
    QueryPlan(metrics=("median_order_value", "largest_order_value"), dimensions=("country",)),
    QueryPlan(metrics=("revenue_per_day", "country_count"), dimensions=("month",)),
    QueryPlan(metrics=("customers",), dimensions=("orders_band",)),
    QueryPlan(metrics=("units",), dimensions=("product",), period=Period(kind="named", year=2024, month=2),
              having=(Having(metric="orders", op="le", values=(0,)),)),
    QueryPlan(metrics=("revenue",), dimensions=("customer",), filter=CustomerCondition(
        metric="revenue", op="gt", values=(30,), period=Period(kind="named", year=2024))),
]


@pytest.fixture(scope="module")
def spark_shop(shop, tmp_path_factory):
    import ibis
    import pyarrow.parquet as pq

    from assistant.data.connections import _spark_session

    folder = tmp_path_factory.mktemp("spark")
    con = ibis.pyspark.connect(_spark_session())
    for name in TABLES:
        pq.write_table(shop.execute(shop.con.table(name)), folder / f"{name}.parquet")
        con.read_parquet(folder / f"{name}.parquet", table_name=name)
    return Snapshot(con, shop.manifest, shop.as_of)


@pytest.mark.parametrize("plan", PLANS, ids=range(len(PLANS)))
def test_same_figures(shop, spark_shop, plan):
    ours, theirs = run_query(shop, plan), run_query(spark_shop, plan)
    assert theirs.table("result").rows == ours.table("result").rows
    assert theirs.table("totals").rows == ours.table("totals").rows
