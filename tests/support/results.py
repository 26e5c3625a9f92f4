"""Small results with known numbers, for tests of wording, checking and drawing."""

from __future__ import annotations

from datetime import date

from assistant.results import Column, Evidence, Figure, Result, Source, Table


def ranking() -> Result:
    """Two products with revenue, a derived share and a total."""
    table = Table(
        id="result", title="Products by revenue",
        columns=[Column(name="product", label="Product"), Column(name="revenue", label="Revenue", unit="currency"),
                 Column(name="share", label="Share", unit="percent")],
        rows=[["Red Mug", 1234.5, 62.4], ["Tea Towel 22423", 743.9, 37.6]], total_rows=2,
    )
    total = Figure(value=1978.4, unit="currency", label="Total revenue",
                   source=Source(origin="derived", derivation="sum of revenue", table="result"))
    return Result(
        kind="ranking_for_tests", title="Products by revenue", currency="GBP",
        figures={"total": total, "first": table.figure(0, "revenue")}, headline=["total"], tables=[table],
        evidence=Evidence(plan={"limit": 2, "period": {"start": "2024-01-01"}}, plan_words="revenue by product, top 2",
                          as_of=date(2024, 3, 9), snapshot="s1"),
    )
