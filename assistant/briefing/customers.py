"""Findings on customers: who may leave, who carries the revenue, who is new, whom past campaigns reached."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from assistant.briefing.finding import Finding, table_of
from assistant.briefing.scene import Scene
from assistant.campaigns.experiment import past_lift
from assistant.errors import DataError, UserError
from assistant.query.facts import known_sales
from assistant.query.rows import fetch
from assistant.results import Result

#: share of customers, by revenue, called the best
BEST_SHARE = 0.1
#: days in which a first order is called new
NEW_DAYS = 90


def _all_customers(scene: Scene) -> bool:
    """Whether customers as a whole are asked about, and the data name any."""
    return scene.condition is None and scene.has("customer")


def leaving(scene: Scene, churn: Callable[[], Result]) -> list[Finding]:
    """Customers likely to leave, by value at risk; nothing where the data are too short for the model.

    Args:
        churn: the result of the churn model on these data.
    """
    if not _all_customers(scene) or not scene.now:
        return []
    try:
        result = churn()
    except (UserError, DataError):
        return []
    count, value = result.figures["at_risk"].value, result.figures["value_at_risk"].value
    if not isinstance(count, int) or not isinstance(value, int | float) or not count:
        return []
    names = [c.name for c in result.table("customers").columns]
    rows = [dict(zip(names, r, strict=True)) for r in result.table("customers").rows]
    columns = [("customer", "customer", "id"), ("value_at_risk", "value at risk", "currency"),
               ("chance", "probability of leaving", "probability"), ("silent", "since the last order", "days"),
               ("yearly", "net sales, last 12 months", "currency"), ("customers", "customers at risk", "count"),
               ("horizon", "no order within", "days")]
    horizon = result.figures["horizon"].value
    table = table_of("customers_leaving", "Customers likely to leave, by value at risk", columns, [
        [r["customer_id"], r["value_at_risk"], r["churn_probability"], r["days_since_last_order"], r["yearly_value"],
         count, horizon] for r in rows])
    table.total_rows = count
    return [Finding(
        code="customers_leaving", tone="bad", table=table, size=float(value), sized_by="value at risk",
        pace=float(value) * 28 / 364, question="Who is about to leave?",
        method=("value at risk: net sales of the last 12 months × probability of not ordering again, over customers "
                f"likely to leave; model {result.evidence.model.name if result.evidence.model else ''}").strip(),
    )]


def best_customers(scene: Scene) -> Finding | None:
    """The tenth of customers with the most revenue in a year."""
    if not _all_customers(scene):
        return None
    rows = sorted((r for r in scene.rows(("revenue", "orders"), ("customer",), scene.year) if (r["revenue"] or 0) > 0),
                  key=lambda r: (-r["revenue"], str(r["customer"])))
    count = round(len(rows) * BEST_SHARE)
    if count < 1:
        return None
    total = float(sum(r["revenue"] for r in rows))
    top = rows[:count]
    size = float(sum(r["revenue"] for r in top))
    columns = [("customer", "customer", "id"), ("revenue", "revenue", "currency"), ("orders", "orders", "count"),
               ("customers", "customers", "count"), ("tenth", "share of customers", "percent"),
               ("share", "their share of customers' revenue", "percent")]
    table = table_of("best_customers", "Best customers", columns, [
        [r["customer"], float(r["revenue"]), r["orders"], count, 100 * count / len(rows), 100 * size / total]
        for r in top[:20]])
    table.total_rows = count
    return Finding(
        code="best_customers", tone="good", table=table, size=size, sized_by="revenue in a year",
        pace=size * 28 / ((scene.end - scene.year[0]).days + 1), question="Who are our top 20 customers by revenue?",
        method=f"revenue by customer, {scene.year_words}", words={"days": scene.year_words},
        sql=scene.sql(("revenue", "orders"), ("customer",), scene.year),
    )


def new_customers(scene: Scene) -> Finding | None:
    """Customers whose only order so far fell into the last ninety days: the second order decides."""
    if not _all_customers(scene) or not scene.now:
        return None
    import ibis

    sales = known_sales(scene.scope.snapshot)
    each = sales.group_by("customer_id").aggregate(
        first=sales.ordered_at.date().min(), orders=sales.order_id.nunique(), spent=sales.amount.sum().cast("float64")
    )
    start = scene.scope.snapshot.as_of - timedelta(days=NEW_DAYS - 1)
    if start < scene.scope.snapshot.manifest.first_day + timedelta(days=NEW_DAYS):
        return None
    recent = each.filter(each["first"] >= ibis.literal(start, type="date"))
    summary = recent.aggregate(
        newcomers=recent.count(), once=(recent.orders == 1).sum(), spent=recent.spent.sum(where=recent.orders == 1)
    )
    row = fetch(scene.scope, summary)[0]
    if not row["once"]:
        return None
    columns = [("once", "customers with one order so far", "count"), ("newcomers", "new customers", "count"),
               ("spent", "their revenue so far", "currency"), ("days", "since the first order at most", "days")]
    return Finding(
        code="one_order_so_far", tone="good",
        table=table_of("one_order_so_far", "New customers without a second order", columns,
                       [[row["once"], row["newcomers"], float(row["spent"]), NEW_DAYS]]),
        size=float(row["spent"]), sized_by="their revenue so far", pace=0.0,  # what they may spend later is not known
        question="Draft a welcome campaign for new customers",
        method=f"customers whose first order ever fell into the last {NEW_DAYS} days and who have ordered once",
        sql=scene.scope.snapshot.sql(summary),
    )


def campaign_effect(scene: Scene) -> Finding | None:
    """What past campaigns with a control group achieved, by kind."""
    snapshot = scene.scope.snapshot
    if not _all_customers(scene) or not scene.now:
        return None
    if not (snapshot.has("touches", "arm") and snapshot.has("campaigns", "kind") and snapshot.has("responses")):
        return None
    table = snapshot.table("campaigns")
    kinds = [r["kind"] for r in fetch(scene.scope, table.select("kind").distinct().order_by("kind")) if r["kind"]]
    lifts = [(k, lift) for k in kinds if (lift := past_lift(snapshot, k)) is not None and lift.lower > 0]
    if not lifts:
        return None
    lifts.sort(key=lambda pair: -pair[1].lift)
    columns = [("kind", "kind of campaign", "text"), ("lift", "more orders than the control group", "points"),
               ("low", "at least", "points"), ("high", "at most", "points"),
               ("treated", "customers addressed", "count"), ("campaigns", "campaigns", "count")]
    return Finding(
        code="campaign_effect", tone="good",
        table=table_of("campaign_effect", "What past campaigns achieved against their control groups", columns, [
            [k.replace("_", "-"), 100 * x.lift, 100 * x.lower, 100 * x.upper, x.treated, x.campaigns]
            for k, x in lifts]),
        size=None, sized_by="", pace=0.0, question="Response rate by kind of campaign",
        method="response of addressed customers less that of the control group, over all past campaigns of a kind, "
               "with its 95 % interval; only kinds whose interval lies above zero",
        words={"one": "yes" if len(lifts) == 1 else ""},
    )
