"""The cleaning of Online Retail II reproduces the published figures exactly (UCI dataset 502)."""

from __future__ import annotations

import pytest

from assistant.data.load import load
from assistant.data.warehouse import open_snapshot
from assistant.settings import load_settings
from tests.support.shared_data import shared_data


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    path = shared_data("online_retail_ii/online_retail_ii.parquet")
    settings = load_settings(tmp_path_factory.mktemp("home"))
    load([path], settings)
    return open_snapshot(settings.snapshots_dir)


def test_steps(shop):
    assert [(s.step, s.rows) for s in shop.manifest.quality.steps] == [
        ("rows read", 1_067_370),
        ("without exact duplicates", 1_033_035),
        ("valid sales", 1_007_911),
        ("product lines", 1_003_214),
        ("product lines with a customer", 776_577),
    ]


def test_figures(shop):
    figures = shop.manifest.quality.figures
    assert figures["orders"] == 39_516
    assert figures["customers"] == 5_852
    assert figures["product_codes_as_written"] == 4_878
    assert figures["products"] == 4_707  # 171 codes differ from another in capitals or a trailing space only
    assert figures["revenue"] == pytest.approx(19_642_692.15, abs=1e-6)
    assert figures["anonymous_revenue"] == pytest.approx(2_574_124.18, abs=1e-6)


def test_sale_lines_hold_the_figures_themselves(shop):
    lines = shop.table("order_lines")
    sales = lines.filter(lines.line_type == "sale")
    row = shop.execute(
        sales.aggregate(
            n=sales.count(),
            revenue=sales.amount.sum().cast("float64"),
            orders=sales.order_id.nunique(),
            customers=sales.customer_id.nunique(),
            products=sales.product_id.nunique(),
            ids=lines.line_id.nunique(),
            smallest=sales.amount.min().cast("float64"),
        )
    ).to_pylist()[0]
    assert row["n"] == 1_003_214
    assert round(row["revenue"], 2) == 19_642_692.15
    assert (row["orders"], row["customers"], row["products"]) == (39_516, 5_852, 4_707)
    assert row["smallest"] > 0


def test_every_row_is_accounted_for(shop):
    quality = shop.manifest.quality
    dropped = sum(e.count for e in quality.exclusions if e.rule == "exact_duplicates")
    tables = shop.manifest.tables
    assert quality.rows_read == dropped + tables["order_lines"].rows + tables["quarantine"].rows
    assert all(e.count and e.reason and e.examples for e in quality.exclusions)


def test_cancellations_stay_and_are_typed(shop):
    lines = shop.table("order_lines")
    marked = lines.filter(lines.order_id.startswith("C"))
    rows = shop.execute(marked.group_by("line_type").aggregate(n=marked.count())).to_pylist()
    kinds = {r["line_type"]: r["n"] for r in rows}
    assert sum(kinds.values()) == 19_104
    assert kinds["cancellation"] > 17_000
    assert "sale" not in kinds


def test_unified_codes_keep_their_products_names_and_guests(shop):
    products = shop.table("products")
    rows = shop.execute(products.filter(products.product_id.isin(["85123A", "47503J"]))).to_pylist()
    assert {r["product_id"] for r in rows} == {"85123A", "47503J"}
    assert next(r for r in rows if r["product_id"] == "85123A")["name"] == "WHITE HANGING HEART T-LIGHT HOLDER"
    customers = shop.table("customers")
    nameless = customers.filter(customers.customer_id.isnull())
    assert shop.execute(nameless.aggregate(n=nameless.count())).to_pylist() == [{"n": 0}]


def test_the_peer_of_the_benchmark_comes_to_the_same_shop(shop, tmp_path):
    import pandas as pd

    from benchmarks.main_job.pandas_cleaning import clean

    report = clean(shared_data("online_retail_ii/online_retail_ii.parquet"), tmp_path)
    quality = shop.manifest.quality
    kept = ("rows read", "without duplicates", "valid sales", "product lines", "with a customer")
    assert [report[k] for k in kept] == [
        s.rows for s in quality.steps
    ]
    assert report["revenue"] == pytest.approx(quality.figures["revenue"], abs=0.005)
    ours = {e.rule: e.count for e in quality.exclusions if e.rule != "unified_codes"}
    assert sorted(entry["count"] for entry in report["rules"].values()) == sorted(ours.values())
    for table in ("order_lines", "orders", "products", "customers", "quarantine"):
        assert len(pd.read_parquet(tmp_path / f"{table}.parquet")) == shop.manifest.tables[table].rows
    names = pd.read_parquet(tmp_path / "products.parquet").set_index("product_id")["name"]
    products = shop.execute(shop.table("products").select("product_id", "name")).to_pylist()
    assert all(p["name"] == names[p["product_id"]] for p in products if p["name"] is not None)
