import numpy as np
import pandas as pd
import pytest

from assistant.data.warehouse import open_snapshot, write_snapshot
from assistant.errors import InvalidPlan, MissingData, NoRows
from assistant.features.rfm import rfm
from assistant.llm.replies import caveat_texts, compose
from assistant.models.segment.past_days import segments_on
from assistant.models.segment.report import assign, fit_segments, segment_result
from assistant.models.segment.why_segment import why_segment
from assistant.plans import CustomerRequest, Period, SegmentRequest
from tests.support.shop_builder import grouped_shop, shop_of
from tests.support.tiny_shop import tiny_tables


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    return grouped_shop(tmp_path_factory.mktemp("segments"))


@pytest.mark.parametrize("request_", [SegmentRequest(), SegmentRequest(method="kmeans"), SegmentRequest(k=3)])
def test_table_adds_up_and_agrees_with_the_assignment(shop, request_):
    result = segment_result(shop, request_)
    table = result.table("segments")
    frame = rfm(shop).merge(assign(shop, request_), on="customer_id")
    assert len(frame) == 120 == sum(row[1] for row in table.rows)
    groups = frame.groupby("segment")["monetary_value"]
    for row in table.rows:
        assert row[table.column_index("customers")] == groups.size()[row[0]]
        assert row[table.column_index("revenue")] == pytest.approx(groups.sum()[row[0]])
    revenue = [row[table.column_index("revenue")] for row in table.rows]
    assert revenue == sorted(revenue, reverse=True)
    assert 0 <= result.evidence.model.quality["worst_segment_jaccard"] <= 1
    text = compose([result]).text
    assert all(row[0] in text for row in table.rows)


def test_auto_means_rules_and_says_why(shop):
    result = segment_result(shop, SegmentRequest())
    assert result.evidence.model.name == "rfm" and "read, checked" in result.words["why"]
    assert {d.term for d in result.evidence.definitions} == {row[0] for row in result.table("segments").rows}
    asked = segment_result(shop, SegmentRequest(k=3))
    assert asked.evidence.model.name == "kmeans" and len(asked.table("segments").rows) == 3


def test_who_is_left_out_is_said(tmp_path):
    tables = tiny_tables()
    tables["customers"] = pd.concat([tables["customers"], pd.DataFrame({"customer_id": ["C6"]})])
    write_snapshot(tmp_path, tables, source="tests", currency="EUR")
    result = segment_result(open_snapshot(tmp_path), SegmentRequest())
    codes = {c.code: c for c in result.caveats}
    assert codes["guests_not_in_segments"].figures["orders"].value == 1
    assert codes["guests_not_in_segments"].figures["share"].value == pytest.approx(100 * 40 / 321, abs=0.01)
    assert codes["never_bought_not_in_segments"].figures["n"].value == 1
    assert codes["small_sample"].figures["n"].value == 5
    assert all(text.text for text in caveat_texts(result))


def test_identical_customers_are_one_segment_and_it_is_said(tmp_path):
    snapshot = shop_of(tmp_path, [(f"C{i}", "2024-01-01", ["X"]) for i in range(60)])
    for request in (SegmentRequest(), SegmentRequest(method="kmeans")):
        result = segment_result(snapshot, request)
        assert len(result.table("segments").rows) == 1
        assert "customers_alike" in [c.code for c in result.caveats]
        assert "single segment" in compose([result]).text


def test_one_customer(tmp_path):
    result = segment_result(shop_of(tmp_path, [("A", "2024-01-01", ["X"])]), SegmentRequest())
    assert result.figures["customers"].value == 1
    compose([result])


def test_more_segments_than_customers_is_refused(tiny):
    with pytest.raises(InvalidPlan, match="9 segments were asked for"):
        segment_result(tiny, SegmentRequest(k=9))


def test_hundreds_of_segments_are_refused_with_the_reason(tiny):
    with pytest.raises(InvalidPlan, match="at most 20 are made"):
        segment_result(tiny, SegmentRequest(k=5000))


def test_no_customer_ids_is_missing_data_and_returns_only_is_no_rows(tmp_path):
    with pytest.raises(MissingData, match="customer_id"):
        fit_segments(shop_of(tmp_path / "g", [(None, "2024-01-01", ["X"])]), SegmentRequest())
    tables = tiny_tables()
    tables["order_lines"] = tables["order_lines"].query("line_type == 'return'")
    write_snapshot(tmp_path / "r", tables, source="tests")
    with pytest.raises(NoRows):
        fit_segments(open_snapshot(tmp_path / "r"), SegmentRequest())


def test_demo_shop_champions_are_recent_and_worth_more(demo_snapshot):
    result = segment_result(demo_snapshot, SegmentRequest())
    table = result.table("segments")
    by_name = {row[0]: row for row in table.rows}
    days, worth = table.column_index("average_days"), table.column_index("average_revenue")
    assert by_name["Champions"][days] < by_name["Lost"][days]
    assert by_name["Champions"][worth] == max(row[worth] for row in table.rows)
    assert result.evidence.model.quality["worst_segment_jaccard"] >= 0.8
    found = segment_result(demo_snapshot, SegmentRequest(method="kmeans"))
    assert 3 <= len(found.table("segments").rows) <= 8
    assert np.isfinite(found.evidence.model.quality["worst_segment_jaccard"])


def test_why_a_customer_is_in_its_segment(shop):
    """The segment named is the one assigned, with the scores of the rules; another one asked about is put right."""
    given = assign(shop, SegmentRequest(method="rfm")).iloc[0]
    result = why_segment(shop, CustomerRequest(customer_id=given["customer_id"], why_segment=given["segment"]))
    row = rfm(shop).set_index("customer_id").loc[given["customer_id"]]
    assert result.words == {"segment": given["segment"], "asked": ""}
    assert result.figures["orders"].value == row["order_count"]
    assert result.figures["spent"].value == pytest.approx(row["monetary_value"])
    others = [n for n in assign(shop, SegmentRequest(method="rfm"))["segment"].unique() if n != given["segment"]]
    other = why_segment(shop, CustomerRequest(customer_id=given["customer_id"], why_segment=others[0]))
    assert f"is not in {others[0]} but in **{given['segment']}**" in compose([other]).text


def test_segments_of_an_earlier_day_know_nothing_later(shop):
    day = shop.as_of - pd.Timedelta(days=120).to_pytimedelta()
    result = segments_on(shop, SegmentRequest(on=Period(kind="absolute", start=day, end=day)))
    then = segment_result(shop.at(day), SegmentRequest())
    assert result.table("segments").rows == then.table("segments").rows and result.evidence.as_of == day
    assert "As of" in compose([result]).text
