"""Names, one customer, what is loaded, example questions."""

from __future__ import annotations

import pytest

from assistant.data.manifest import CleaningStep, Exclusion, QualityReport
from assistant.data.warehouse import open_snapshot, write_snapshot
from assistant.errors import UnknownName
from assistant.llm.replies import compose
from assistant.plans import CustomerRequest
from assistant.query.catalogue import describe_data, dimension_terms, metric_terms
from assistant.query.customer import describe_customer
from assistant.query.entities import EntityIndex, entity_index
from assistant.query.examples import example_candidates
from tests.support.tiny_shop import tiny_tables


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("red mug", "product", "P1"),
        ("Red Mugs", "product", "P1"),
        ("lantren", "product", "P4"),
        ("tea-towels", "product", "P5"),
        ("cushion", "product", "P3"),
        ("UK", "country", "United Kingdom"),
        ("Deutschland", "country", "Germany"),
        ("Germny", "country", "Germany"),
        ("great britain", "country", "United Kingdom"),
        ("kitchn", "category", "Kitchen"),
        ("acron", "brand", "Acorn"),
        ("c3", "customer", "C3"),
        ("P2", "product", "P2"),
    ],
)
def test_words_find_the_shops_own_names(shop, text, kind, value):
    best = entity_index(shop).find(text)[0]
    assert (best.kind, best.value) == (kind, value)
    assert best.score > 75


def test_find_respects_kinds_and_finds_nothing_in_nonsense(shop):
    index = EntityIndex(shop)
    assert {m.kind for m in index.find("mug", kinds=("category",))} <= {"category"}
    assert index.find("   ") == []
    assert all(m.score < 60 for m in index.find("qwxzj"))
    assert index.find("C1", kinds=("customer",))[0].score == 100
    assert all(m.score < 80 for m in index.find("C9", kinds=("customer",)))  # a near id is somebody else


def test_values_are_most_frequent_first(shop):
    assert entity_index(shop).values("country")[0] == "Germany"
    with pytest.raises(UnknownName):
        entity_index(shop).values("colour")


def test_profile_of_a_customer(shop):
    result = describe_customer(shop, CustomerRequest(customer_id="c1"))
    figures = {k: f.value for k, f in result.figures.items()}
    assert (figures["revenue"], figures["net_revenue"], figures["orders"]) == (116.0, 91.0, 3)
    assert figures["value_rank"] == 1 and figures["customers"] == 5
    assert figures["days_between_orders"] == 63.5
    assert [r[0] for r in result.table("orders").rows] == ["O10", "O5", "O1"]
    assert result.table("products").rows[0][:3] == ["P3", "Linen Cushion", 75.0]
    assert "place 1 of 5" in compose([result]).text
    with pytest.raises(UnknownName) as unknown:
        describe_customer(shop, CustomerRequest(customer_id="C11"))
    assert "C1" in unknown.value.valid


def test_terms_say_what_is_missing(shop):
    metrics = {t.name: t for t in metric_terms(shop)}
    assert metrics["revenue"].available and "turnover" in metrics["revenue"].words
    assert metrics["open_rate"].missing == ("touches",)
    assert metrics["discount_rate"].missing == ("order_lines.discount",)
    dimensions = {t.name: t for t in dimension_terms(shop)}
    assert dimensions["category"].available
    assert dimensions["city"].missing == ("customers.city",)


def test_overview_counts_what_is_there_and_names_what_is_not(shop):
    result = describe_data(shop)
    assert (result.figures["orders"].value, result.figures["order_lines"].value) == (10, 15)
    assert "customers.city" in {r[0] for r in result.table("missing").rows}
    assert "order lines: 15" in compose([result]).text


def test_overview_says_plainly_what_cleaning_did(tmp_path):
    quality = QualityReport(
        rows_read=20,
        steps=[CleaningStep(step="rows read", rows=20), CleaningStep(step="without repeats", rows=18)],
        exclusions=[
            Exclusion(rule="repeats", reason="the row repeats another", count=2),
            Exclusion(rule="free", reason="no price", count=0),
            Exclusion(rule="back", reason="sent back", count=1, kept_as="gift_card"),
            Exclusion(rule="codes", reason="one product under two codes", count=3, kept_as="sale"),
        ],
    )
    write_snapshot(tmp_path, tiny_tables(), source="tests", quality=quality)
    result = describe_data(open_snapshot(tmp_path))
    assert {n: result.figures[n].value for n in ("left_out", "kept_apart", "tidied", "rows_read")} == {
        "left_out": 2, "kept_apart": 1, "tidied": 3, "rows_read": 20,
    }
    text = compose([result]).text
    for line in ("not counted as product sales, 1 row:\n- 1 as gift card: sent back", "Left out when loading, 2 rows:",
                 "tidied, 3 rows:", "- without repeats: 18"):
        assert line in text
    assert "no price" not in text


def test_examples_use_names_that_exist(shop):
    asks = example_candidates(shop, entity_index(shop))
    assert len(asks) >= 8
    assert any("C1" in a for a in asks)
