"""The demo shop as data: reproducible, of the promised size and shape, synthetic and whole."""

from __future__ import annotations

import re
from datetime import date

import duckdb
import pandas as pd
import pytest

from assistant.data.demo import DEFAULT_SEED, build_demo, ensure_demo, generate, load_truth
from assistant.data.demo.truth import FRAMES, truth_folder
from assistant.data.schema import CHANNELS, LINE_TYPES, TABLES, column_names
from assistant.data.warehouse import current_manifest, open_snapshot, write_snapshot
from assistant.errors import SnapshotError
from assistant.settings import Settings
from tests.data.demo_shops import GRADING_SEEDS, shop
from tests.support.tiny_shop import tiny_tables

FULL = GRADING_SEEDS[0]


def sums(tables: dict[str, pd.DataFrame]) -> dict[str, int]:
    return {name: int(pd.util.hash_pandas_object(t.astype(str), index=False).sum()) for name, t in tables.items()}


def test_equal_seeds_give_equal_shops_and_other_seeds_others():
    first, again, other = generate(5, scale=0.1), generate(5, scale=0.1), generate(6, scale=0.1)
    assert sums(first.tables) == sums(again.tables)
    for name in FRAMES:
        pd.testing.assert_frame_equal(getattr(first.truth, name), getattr(again.truth, name))
    changed = {name for name, value in sums(other.tables).items() if value != sums(first.tables)[name]}
    assert changed == set(first.tables)


def test_fingerprint_depends_on_the_seed_alone(tmp_path):
    def fingerprint(folder: str, seed: int) -> str:
        made = generate(seed, scale=0.05)
        return write_snapshot(tmp_path / folder, made.tables, source="demo", synthetic=True).fingerprint

    assert fingerprint("a", 5) == fingerprint("b", 5) != fingerprint("c", 6)


def test_sizes():
    tables = shop(FULL).tables
    assert 4700 <= len(tables["customers"]) <= 5300
    assert len(tables["products"]) == 600
    assert tables["products"]["category"].nunique() == 12
    assert 25_000 <= len(tables["orders"]) <= 60_000
    assert 80_000 <= len(tables["order_lines"]) <= 160_000
    assert len(tables["campaigns"]) >= 12
    per_customer = tables["orders"].groupby("customer_id").size()
    assert per_customer.median() < per_customer.mean() < 15 < per_customer.max()


def test_twenty_four_months_that_end_within_a_month():
    moments = shop(FULL).tables["order_lines"]["ordered_at"]
    assert moments.min().date() == date(2024, 7, 1)
    assert moments.max().date() == date(2026, 6, 18)
    assert moments.dt.to_period("M").nunique() == 24
    assert moments.dt.normalize().nunique() == (date(2026, 6, 18) - date(2024, 7, 1)).days + 1


@pytest.mark.parametrize("table", [t for t in TABLES if t != "quarantine"])
def test_every_column_is_filled_and_required_ones_always(table):
    frame = shop(FULL).tables[table]
    assert {c for c in frame.columns if not c.startswith("x_")} == set(column_names(table))
    for spec in TABLES[table]:
        assert frame[spec.name].notna().any(), spec.name
        if spec.required:
            assert frame[spec.name].notna().all(), spec.name


def test_keys_are_unique_and_refer_to_something():
    tables = shop(FULL).tables
    for table, key in (("customers", "customer_id"), ("products", "product_id"), ("orders", "order_id"),
                       ("order_lines", "line_id"), ("campaigns", "campaign_id")):
        assert tables[table][key].is_unique, table
    assert not tables["touches"].duplicated(["campaign_id", "customer_id"]).any()
    assert not tables["contacts"].duplicated(["customer_id", "channel"]).any()
    people, lines = set(tables["customers"]["customer_id"]), tables["order_lines"]
    for table in ("orders", "order_lines", "contacts", "touches", "responses"):
        assert set(tables[table]["customer_id"].dropna()) <= people, table
    assert set(lines["order_id"]) == set(tables["orders"]["order_id"])
    goods = lines[~lines["line_type"].isin(["shipping", "gift_card"])]
    assert set(goods["product_id"]) <= set(tables["products"]["product_id"])
    assert set(tables["responses"]["order_id"]) <= set(tables["orders"]["order_id"])


def test_customer_numbers_are_numbers_that_people_type():
    ids = shop(FULL).tables["customers"]["customer_id"]
    assert ids.str.fullmatch(r"\d{5}").all()
    assert {"10234", "17850"} <= set(ids)


def test_lines_copy_their_order_and_add_up():
    tables = shop(FULL).tables
    lines = tables["order_lines"].merge(tables["orders"], on="order_id", suffixes=("", "_order"))
    for column in ("ordered_at", "country", "channel"):
        assert (lines[column] == lines[f"{column}_order"]).all(), column
    assert (lines["customer_id"].fillna("") == lines["customer_id_order"].fillna("")).all()
    cents = (lines["unit_price"] * 100).round().astype(int) * lines["quantity"]
    assert (cents == (lines["amount"] * 100).round().astype(int)).all()
    assert (lines["discount"] >= 0).all() and (lines["unit_price"] > 0).all()
    assert set(lines["line_type"]) <= set(LINE_TYPES)
    charged = lines[(lines["line_type"] == "shipping") & (lines["quantity"] > 0)].groupby("order_id")["amount"].sum()
    stated = tables["orders"].set_index("order_id")["shipping"]
    assert (stated[stated > 0].sort_index() == charged.sort_index()).all()


def test_returns_and_cancellations_reverse_an_earlier_sale():
    tables = shop(FULL).tables
    lines = tables["order_lines"].merge(tables["orders"][["order_id", "status", "x_original_order_id"]], on="order_id")
    sold = lines[lines["line_type"] == "sale"].set_index(["order_id", "product_id"])
    assert (sold["quantity"] > 0).all()
    for kind, low, high in (("return", 0.02, 0.08), ("cancellation", 0.008, 0.03)):
        back = lines[lines["line_type"] == kind]
        assert low < len(back) / len(sold) < high
        origin = sold.loc[pd.MultiIndex.from_frame(back[["x_original_order_id", "product_id"]])]
        assert (back["quantity"].to_numpy() < 0).all()
        assert (-back["quantity"].to_numpy() <= origin["quantity"].to_numpy()).all()
        assert (back["unit_price"].to_numpy() == origin["unit_price"].to_numpy()).all()
        assert (back["ordered_at"].to_numpy() > origin["ordered_at"].to_numpy()).all()
    cancelled = lines[lines["status"] == "cancelled"]
    whole = cancelled.assign(root=cancelled["x_original_order_id"].fillna(cancelled["order_id"])).groupby("root")
    assert whole["amount"].sum().abs().max() < 0.005


def test_guests_channels_and_places():
    tables = shop(FULL).tables
    orders, customers = tables["orders"], tables["customers"]
    assert 0.02 < orders["customer_id"].isna().mean() < 0.15
    assert {"Germany", "France", "United Kingdom", "Netherlands"} <= set(orders["country"])
    assert set(orders["channel"]) == {"web", "app", "store"}
    first = orders.groupby("customer_id")["ordered_at"].min()
    assert (customers.set_index("customer_id")["registered_at"].reindex(first.index) <= first).all()


def test_products_look_like_a_catalogue():
    products = shop(FULL).tables["products"]
    assert products["name"].is_unique
    assert products["product_id"].str.fullmatch(r"[A-Z]{2}-\d{4}").all()
    assert (products["cost"] < products["price"]).all() and (products["cost"] > 0).all()
    assert 20 <= (products["stock"] == 0).sum() <= 120
    assert products["description"].str.len().between(20, 300).all()
    launched = pd.to_datetime(products["launched_at"])
    assert (launched > "2026-05-01").sum() >= 5
    assert products["discontinued_at"].notna().sum() >= 8
    assert "Homeware" in set(products["category"])
    red = products[products["name"].str.contains("Red") & products["name"].str.contains("Mug")]
    assert len(red) >= 3 and red["price"].nunique() >= 3


def test_nothing_is_sold_before_launch_or_after_its_end():
    tables = shop(FULL).tables
    sold = tables["order_lines"].query("line_type == 'sale'").merge(
        tables["products"][["product_id", "launched_at", "discontinued_at"]], on="product_id")
    day = sold["ordered_at"].dt.normalize()
    assert (day >= pd.to_datetime(sold["launched_at"])).all()
    end = pd.to_datetime(sold["discontinued_at"])
    assert (end.isna() | (day <= end)).all()


def test_contacts_are_consented_per_channel_and_unmistakably_fictional():
    tables = shop(FULL).tables
    contacts = tables["contacts"]
    assert set(contacts["channel"]) == set(CHANNELS)
    patterns = {"email": r"customer\d+@example\.com", "sms": r"\+447700900\d{3}|\+3363998\d{4}",
                "push": r"fictional-device-\d+", "post": r"\d+ Example Street, .+ \(fictional\)"}
    for channel, pattern in patterns.items():
        assert contacts.loc[contacts["channel"] == channel, "address"].map(
            lambda a, p=pattern: re.fullmatch(p, a) is not None).all(), channel
    assert contacts["consent"].isna().any() and 0.3 < contacts["consent"].mean() < 0.8
    known = contacts["consent"].notna()
    assert contacts.loc[known, "consent_at"].notna().all() and contacts.loc[~known, "consent_at"].isna().all()
    assert contacts["consent_at"].max() < pd.Timestamp("2026-06-19")
    assert {"objection", "bounce", "complaint"} == set(contacts["suppressed_reason"].dropna())
    assert (contacts["suppressed"] == contacts["suppressed_reason"].notna()).all()
    assert contacts["time_zone"].nunique() >= 5


def test_nobody_was_contacted_without_consent():
    tables = shop(FULL).tables
    touches = tables["touches"].merge(tables["contacts"], on=["customer_id", "channel"], how="left")
    assert touches["address"].notna().all()
    left = touches.groupby(["customer_id", "channel"])["unsubscribed"].transform("any").astype(bool)
    # whoever has consent now or left through a message had given it before the first message
    steady = touches[~left]
    assert (steady["consent"].fillna(False)).all()
    assert (steady["consent_at"] <= steady["sent_at"]).all()
    gone = touches[touches["unsubscribed"]].set_index(["customer_id", "channel"])["sent_at"]
    later = touches.set_index(["customer_id", "channel"]).loc[gone.index.unique()]
    assert (later["sent_at"] <= gone.reindex(later.index)).all()
    assert not (later["consent"].fillna(True)).any()
    objectors = tables["contacts"].query("suppressed_reason == 'objection'")["customer_id"]
    assert not set(objectors) & set(tables["touches"]["customer_id"])


def test_truth_is_kept_out_of_the_tables():
    made = shop(FULL)
    planted = {"segment", "churn_hazard", "order_rate", "elasticity", "effect", "sleeping_dog", "affinity", "alive"}
    for name, frame in made.tables.items():
        assert not planted & set(frame.columns), name
    assert set(made.truth.customers["customer_id"]) == set(made.tables["customers"]["customer_id"])


def test_quality_report_counts_what_is_there():
    made = shop(FULL)
    lines = made.tables["order_lines"]
    for exclusion in made.quality.exclusions:
        assert exclusion.count == (lines["line_type"] == exclusion.kept_as).sum() > 0
    assert made.quality.rows_read == sum(len(t) for t in made.tables.values())
    assert {s.step: s.rows for s in made.quality.steps}["generated orders"] == len(made.tables["orders"])
    assert any("invented" in w for w in made.quality.warnings)


def test_the_stored_shop_says_that_it_is_synthetic(demo_home, demo_snapshot):
    manifest = demo_snapshot.manifest
    assert manifest.synthetic and "synthetic" in manifest.source and str(DEFAULT_SEED) in manifest.source
    assert manifest.name == "Demo shop" and manifest.currency == "EUR"
    assert manifest.last_day == date(2026, 6, 18)
    revenue = demo_snapshot.con.con.execute(
        "SELECT sum(amount) FROM order_lines WHERE line_type = 'sale'").fetchall()[0][0]
    assert float(revenue) == manifest.quality.figures["gross_revenue"]
    truth = load_truth(Settings(home=demo_home))
    assert truth.seed == DEFAULT_SEED and truth.affinity is None
    assert len(truth.customers) == manifest.tables["customers"].rows


def test_ensure_demo_builds_only_where_nothing_is_loaded(tmp_path, monkeypatch):
    monkeypatch.setattr("assistant.data.demo.build.N_CUSTOMERS", 120)
    settings = Settings(home=tmp_path)
    said: list[tuple[str, float]] = []
    first = ensure_demo(settings, progress=lambda words, share: said.append((words, share)))
    assert [share for _, share in said] == sorted(share for _, share in said) and said[-1][1] == 1.0
    assert ensure_demo(settings) == first
    assert load_truth(settings, first.id).seed == DEFAULT_SEED
    own = write_snapshot(settings.snapshots_dir, tiny_tables(), source="orders.csv", name="own", currency="EUR")
    assert ensure_demo(settings).id == own.id == current_manifest(settings.snapshots_dir).id
    with pytest.raises(SnapshotError, match="No planted truth"):
        load_truth(settings)
    back = build_demo(settings, seed=9)
    assert open_snapshot(settings.snapshots_dir).manifest.id == back.id
    assert load_truth(settings.snapshots_dir).seed == 9


def test_truth_round_trip_and_damage(tmp_path, monkeypatch):
    monkeypatch.setattr("assistant.data.demo.build.N_CUSTOMERS", 120)
    settings = Settings(home=tmp_path)
    manifest = build_demo(settings, seed=3)
    made, stored = generate(3), load_truth(settings)
    for name in FRAMES:
        pd.testing.assert_frame_equal(getattr(made.truth, name), getattr(stored, name), check_dtype=False)
    (truth_folder(settings.snapshots_dir, manifest.id) / "pairs.parquet").write_bytes(b"broken")
    with pytest.raises(SnapshotError, match="damaged"):
        load_truth(settings)


def test_a_failed_build_leaves_the_old_shop(tmp_path, monkeypatch):
    settings = Settings(home=tmp_path)
    own = write_snapshot(settings.snapshots_dir, tiny_tables(), source="orders.csv", currency="EUR")
    monkeypatch.setattr("assistant.data.demo.build.N_CUSTOMERS", 120)
    real = duckdb.connect

    def refuse(*_args, **_options):
        raise duckdb.IOException("no space left on device")

    monkeypatch.setattr(duckdb, "connect", refuse)
    with pytest.raises(Exception, match="disk"):
        build_demo(settings)
    monkeypatch.setattr(duckdb, "connect", real)
    assert current_manifest(settings.snapshots_dir).id == own.id
    assert not list(settings.snapshots_dir.glob(".*"))
