"""Rankings inside groups and things chosen by a ranking, by hand on the tiny shop and by pandas."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from assistant.agent.grounding import check
from assistant.llm.replies import compose
from assistant.plans import Among, Compare, Not, Period, QueryPlan, SegmentRule, Sort
from assistant.query.audience import count_rule
from assistant.query.engine import run_query


def cells(result, *names, table="result"):
    found = result.table(table)
    return [tuple(found.cell(i, n) for n in names) for i in range(len(found.rows))]


def test_the_best_of_each_group(shop):
    plan = QueryPlan(metrics=("revenue",), dimensions=("country", "product"), within=("country",), limit=1)
    result = run_query(shop, plan)
    assert cells(result, "country", "product_label", "revenue") == [
        ("Germany", "Linen Cushion", 75),
        ("France", "Garden Lantern", 76),
        ("United Kingdom", "Garden Lantern", 40),
    ]
    reply = compose([result])
    assert "France: Garden Lantern (€76.00)" in reply.text
    assert check(reply.text, [result], known=reply.numbers).untraced == []


def test_ties_inside_a_group_are_kept_and_named(shop):
    plan = QueryPlan(metrics=("orders",), dimensions=("country", "product"), within=("country",), limit=1)
    result = run_query(shop, plan)
    assert ("United Kingdom", "P1", 1) in cells(result, "country", "product", "orders")
    assert ("United Kingdom", "P4", 1) in cells(result, "country", "product", "orders")
    assert any(c.code == "ties_kept" for c in result.caveats)


def test_the_second_of_each_group(shop):
    plan = QueryPlan(metrics=("revenue",), dimensions=("country", "product"), within=("country",), limit=1, offset=1)
    assert cells(run_query(shop, plan), "country", "revenue")[0] == ("Germany", 31)


@pytest.mark.parametrize(
    "fields",
    [{"within": ("country",)}, {"within": ("country", "product"), "limit": 1}, {"within": ("brand",), "limit": 1}],
)
def test_a_plan_that_ranks_inside_nothing_is_refused(fields):
    with pytest.raises(ValidationError):
        QueryPlan(metrics=("revenue",), dimensions=("country", "product"), **fields)


def test_things_chosen_by_a_ranking(shop):
    best = Among(dimension="country", metric="orders")
    assert run_query(shop, QueryPlan(metrics=("revenue",), filter=best)).figures["revenue"].value == 147
    rest = run_query(shop, QueryPlan(metrics=("revenue",), filter=Not(part=best)))
    assert rest.figures["revenue"].value == 174
    fewest = Among(dimension="month", metric="orders", descending=False)  # January: one; March is not whole
    months = run_query(shop, QueryPlan(metrics=("orders",), dimensions=("month",), filter=fewest))
    assert [c for c in cells(months, "month", "orders") if c[1]] == [("Jan 2024", 1)]
    people = SegmentRule(filter=Among(dimension="customer", limit=2))
    assert count_rule(shop, people).figures["customers"].value == 2


def test_one_figure_over_the_rows_shown(shop):
    plan = QueryPlan(
        metrics=("revenue", "orders"), dimensions=("country",), limit=2, sort=Sort(by="revenue"), summary="mean"
    )
    result = run_query(shop, plan)
    assert result.figures["revenue__summary"].value == pytest.approx((147 + 94) / 2)
    assert result.figures["orders__summary"].value == pytest.approx((5 + 2) / 2)
    reply = compose([result])
    assert "**€120.50**" in reply.text and check(reply.text, [result], known=reply.numbers).untraced == []


@pytest.mark.parametrize("fixture", ["demo_snapshot", pytest.param("online_retail_snapshot", marks=pytest.mark.slow)])
def test_against_pandas(request, fixture):
    snapshot = request.getfixturevalue(fixture)
    lines = snapshot.execute(snapshot.table("order_lines")).to_pandas()
    sales = lines[lines.line_type == "sale"].assign(amount=lambda t: t.amount.astype(float))
    spent = sales.groupby(["country", "product_id"]).amount.sum().reset_index()
    spent["rank"] = spent.groupby("country").amount.rank(method="min", ascending=False)
    first = spent[spent["rank"] <= 3]
    plan = QueryPlan(metrics=("revenue",), dimensions=("country", "product"), within=("country",), limit=3)
    assert set(cells(run_query(snapshot, plan), "country", "product")) == set(
        first[["country", "product_id"]].itertuples(index=False, name=None)
    )
    best = sales.groupby("product_id").amount.sum().nlargest(4).index
    among = Among(dimension="product", limit=4, period=Period())
    result = run_query(snapshot, QueryPlan(metrics=("orders",), filter=among))
    assert result.figures["orders"].value == sales[sales.product_id.isin(best)].order_id.nunique()
    where = Compare(field="country", values=("Germany",))
    german = sales[sales.country == "Germany"].groupby("product_id").amount.sum().nlargest(4).index
    result = run_query(snapshot, QueryPlan(metrics=("units",), filter=Among(dimension="product", limit=4, where=where)))
    assert result.figures["units"].value == sales[sales.product_id.isin(german)].quantity.sum()


def test_the_answer_names_what_the_inner_ranking_found(shop):
    from assistant.llm.replies import caveat_texts

    best = Among(dimension="month", metric="revenue")
    result = run_query(shop, QueryPlan(metrics=("orders",), filter=best))
    assert result.figures["orders"].value == 2  # February 2024: 40 and 76
    assert "Here the month is the one with the highest revenue: Feb 2024." in [c.text for c in caveat_texts(result)]


def test_shares_inside_each_of_a_group(shop):
    plan = QueryPlan(metrics=("revenue",), dimensions=("country", "category"), within=("country",), transform="share")
    result = run_query(shop, plan)
    found = {(c, k): (v, s) for c, k, v, s in cells(result, "country", "category", "revenue", "revenue__share")}
    assert found["Germany", "Homeware"] == (75, pytest.approx(75 / 147 * 100))
    for country in ("Germany", "France", "United Kingdom"):
        assert sum(s for (c, _), (_, s) in found.items() if c == country) == pytest.approx(100)
    reply = compose([result])
    assert "with the share of the country" in reply.text
    assert check(reply.text, [result], known=reply.numbers).untraced == []


def test_shares_of_what_does_not_add_up_are_of_the_whole_of_each_group(shop):
    """One order holds several categories: three of four orders hold kitchen goods, though the categories count five."""
    plan = QueryPlan(metrics=("orders",), dimensions=("quarter", "category"), transform="share")
    shares = {row[:2]: row[2] for row in cells(run_query(shop, plan), "quarter", "category", "orders__share")}
    assert shares["Q4 2023", "Kitchen"] == pytest.approx(3 / 4 * 100)
    assert shares["Q4 2023", "Homeware"] == pytest.approx(1 / 4 * 100)


def test_shares_inside_need_no_limit_and_a_ranking_inside_does():
    with pytest.raises(ValidationError):
        QueryPlan(metrics=("orders",), dimensions=("country", "product"), within=("country",))
    with pytest.raises(ValidationError):
        QueryPlan(metrics=("orders",), dimensions=("country", "product"), within=("country",), limit=2,
                  transform="share")
