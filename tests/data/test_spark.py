"""The same expressions on PySpark in local mode give the same numbers as on DuckDB."""

from __future__ import annotations

import shutil

import pytest

from assistant.data.connections import snapshot_over
from tests.support.tiny_shop import tiny_shop

if shutil.which("java") is None:
    pytest.skip("needs Java (apt-get install default-jre-headless)", allow_module_level=True)
pytest.importorskip("pyspark", reason='needs PySpark: pip install -c constraints.txt -e ".[pyspark]"')


@pytest.fixture(scope="module")
def shops(tmp_path_factory):
    """The tiny shop on DuckDB and copied to Spark."""
    import ibis
    import pyarrow.parquet as pq
    from pyspark.sql import SparkSession

    here = tiny_shop(tmp_path_factory.mktemp("tiny"))
    warehouse = tmp_path_factory.mktemp("spark")
    session = (
        SparkSession.builder.master("local[1]")
        .appName("tests")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", "1")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.sql.warehouse.dir", str(warehouse))
        .getOrCreate()
    )
    con = ibis.pyspark.connect(session)
    for name in ("customers", "products", "orders", "order_lines"):
        pq.write_table(here.execute(here.table(name)), warehouse / f"{name}.parquet")
        con.read_parquet(warehouse / f"{name}.parquet", table_name=name)
    yield here, snapshot_over(con, source="spark", currency="EUR", name="tiny")
    session.stop()


def same(shops, build):
    """Both engines give the same rows."""
    here, there = (sorted(map(str, s.execute(build(s)).to_pylist())) for s in shops)
    assert here == there
    assert here


def test_the_manifest_describes_the_same_shop(shops):
    here, there = (s.manifest for s in shops)
    assert {t: i.rows for t, i in here.tables.items()} == {t: i.rows for t, i in there.tables.items()}
    assert {t: sorted(i.filled) for t, i in here.tables.items()} == {
        t: sorted(i.filled) for t, i in there.tables.items()
    }
    assert (here.first_day, here.last_day) == (there.first_day, there.last_day)


def test_totals_by_month_and_country(shops):
    def build(shop):
        lines = shop.table("order_lines")
        sold = lines.filter(lines.line_type == "sale")
        return sold.group_by("country", month=sold.ordered_at.strftime("%Y-%m")).aggregate(
            revenue=sold.amount.sum().cast("float64"), orders=sold.order_id.nunique()
        )

    same(shops, build)


def test_windows_ranks_and_joins(shops):
    def build(shop):
        import ibis

        lines, products = shop.table("order_lines"), shop.table("products")
        joined = lines.inner_join(products, "product_id")
        totals = joined.group_by("category", "product_id").aggregate(r=joined.amount.sum().cast("float64"))
        rank = ibis.row_number().over(ibis.window(group_by="category", order_by=[totals.r.desc(), totals.product_id]))
        return totals.mutate(rank=rank)

    same(shops, build)


def test_as_of_cuts_on_both(shops):
    from datetime import date

    def build(shop):
        return shop.at(date(2024, 1, 20)).table("orders").select("order_id")

    same(shops, build)
