"""Shares of a group and of everybody else, counted again from the order lines."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from assistant.data.warehouse import Snapshot
from assistant.llm.replies import compose
from assistant.models.recommend.fitted import FittedRecommender
from assistant.models.recommend.report import recommend_result
from assistant.models.recommend.segment_reasons import DAYS, segment_reasons
from assistant.plans import CustomerCondition, RecommendRequest
from assistant.query.audience import customer_ids


def test_shares_can_be_counted_again(demo_snapshot: Snapshot) -> None:
    group = list(customer_ids(demo_snapshot, CustomerCondition(metric="orders", op="ge", values=(8,))))
    table = segment_reasons(demo_snapshot, group, ["Garden", "Food & Tea", "Garden"])
    lines = demo_snapshot.execute(demo_snapshot.table("order_lines")).to_pandas()
    products = demo_snapshot.execute(demo_snapshot.table("products")).to_pandas().set_index("product_id")["category"]
    lines = lines[(lines.line_type == "sale") & lines.customer_id.notna()]
    everybody = set(lines.customer_id)
    first: date = demo_snapshot.as_of - timedelta(days=DAYS - 1)
    garden = lines[(lines.ordered_at.dt.date >= first) & (lines.product_id.map(products) == "Garden")]
    bought = set(garden.customer_id)
    assert [row[0] for row in table.rows] == ["Garden", "Food & Tea"]
    assert table.cell(0, "bought") == len(bought & set(group)) and table.cell(0, "customers") == len(group)
    assert table.cell(0, "others_bought") == len(bought - set(group))
    assert table.cell(0, "others") == len(everybody - set(group))
    assert table.cell(0, "share") == pytest.approx(100 * len(bought & set(group)) / len(group), abs=0.05)
    assert table.cell(0, "low") < table.cell(0, "share") < table.cell(0, "high")


def test_a_list_for_a_group_says_what_sets_it_apart(
    demo_snapshot: Snapshot, demo_recommender: FittedRecommender
) -> None:
    request = RecommendRequest(filter=CustomerCondition(metric="orders", op="ge", values=(8,)), k=6)
    result = recommend_result(demo_snapshot, request, demo_recommender)
    products, reasons = result.table("products"), result.table("segment_reasons")
    told = 0
    for row in range(len(products.rows)):
        share = products.cell(row, "bought_lately")
        names = [reasons.cell(r, "category") for r in range(len(reasons.rows))]
        found = names.index(products.cell(row, "category"))
        apart = reasons.cell(found, "low") > reasons.cell(found, "others_high")
        assert (share is not None) == apart
        told += apart
    assert told and "of the others" in compose([result]).text


def test_a_list_for_everybody_has_nobody_to_be_set_apart_from(
    demo_snapshot: Snapshot, demo_recommender: FittedRecommender
) -> None:
    result = recommend_result(demo_snapshot, RecommendRequest(k=3), demo_recommender)
    assert "segment_reasons" not in [t.id for t in result.tables]
    compose([result])
