"""The rules that are mutated: as people build segments, on each shop."""

from __future__ import annotations

from assistant.plans import And, BoughtThen, Compare, CustomerCondition, Filter, InGroup, Not, Or, Period, Predicted

LAST_YEAR = Period(kind="calendar", unit="year", offset=-1)
LAST_90 = Period(kind="rolling", unit="day", count=90)


def _since(day: str) -> Period:
    return Period.model_validate({"kind": "absolute", "start": day})


def _is(field: str, *values: str) -> Compare:
    return Compare(field=field, op="eq" if len(values) == 1 else "in", values=values)


def _did(metric: str, op: str, *values: float, where: Filter | None = None, period: Period | None = None,
         rank: str | None = None, within: int | None = None) -> CustomerCondition:
    return CustomerCondition.model_validate({
        "metric": metric, "op": op, "values": values, "where": where, "period": period, "rank": rank,
        "within_days": within})


def _all(*parts: Filter) -> And:
    return And(parts=parts)


def _bought(where: Filter, period: Period | None = None) -> CustomerCondition:
    return _did("orders", "ge", 1, where=where, period=period)


def _never(where: Filter | None = None, period: Period | None = None) -> CustomerCondition:
    return _did("orders", "eq", 0, where=where, period=period)


def _common(one: Filter, two: Filter, since: str, home: str, other: str) -> list[Filter]:
    """Rules over two kinds of goods, two countries and a day."""
    silent = _did("days_since_last_order", "ge", 90)
    return [
        _all(_bought(one), _is("country", home), _did("revenue", "gt", 300, period=LAST_YEAR),
             _never(None, _since(since))),
        _all(_bought(one), _never(two)),
        _all(_is("country", home, other), _did("orders", "ge", 3), silent),
        _all(_did("orders", "ge", 2), _did("days_since_last_order", "between", 60, 180)),
        _did("revenue", "gt", 10, rank="top_percent"),
        _did("revenue", "gt", 25, rank="bottom_percent"),
        _all(_did("revenue", "gt", 10, rank="top_percent"), silent),
        Or(parts=(_did("revenue", "ge", 500), _did("orders", "ge", 5))),
        _all(Not(part=_is("country", home)), _did("revenue", "between", 50, 500)),
        _did("orders", "ge", 2, within=30),
        _did("orders", "ge", 1, period=LAST_90),
        _all(_did("orders", "eq", 1), silent),
        BoughtThen(steps=(one, two), within_days=60),
        _all(_bought(one), Not(part=BoughtThen(steps=(one, None), within_days=45))),
        BoughtThen(steps=(two, one)),
        _all(_did("units", "ge", 3, where=one), _did("revenue", "lt", 1000)),
        _all(_did("orders", "ge", 1, period=Period(kind="calendar", unit="month", offset=-2)),
             _never(None, Period(kind="calendar", unit="month", offset=-1))),
        _all(Or(parts=(_bought(one), _bought(two))), _is("country", home), _did("revenue", "ge", 100)),
    ]


def demo_rules() -> list[Filter]:
    """On the demo shop, also with what models say."""
    garden, tea = _is("category", "Garden"), _is("subcategory", "Tea")
    return [
        *_common(garden, tea, "2026-03-01", "Germany", "France"),
        _all(Predicted(attribute="expected_value", op="gt", values=(300,)), _is("country", "Germany")),
        Predicted(attribute="expected_value", rank="top_percent", values=(20,)),
        _all(InGroup(group="segment", name="Loyal", method="rfm"), _did("revenue", "gt", 200)),
        _all(_did("opened", "ge", 1), _never(None, LAST_90)),
    ]


def online_retail_rules() -> list[Filter]:
    """On Online Retail II, which has no categories: goods by words of their names."""
    mug = Compare(field="product", op="contains", values=("mug",))
    bag = Compare(field="product", op="contains", values=("bag",))
    return _common(mug, bag, "2011-09-01", "United Kingdom", "Germany")
