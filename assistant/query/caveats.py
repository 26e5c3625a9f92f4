"""Warnings that belong to a data answer, found by rule."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from assistant.plans.filters import Filter
from assistant.plans.reword import join_words, reword_filter
from assistant.query.among import chosen, is_orders, rankings
from assistant.query.compile import KNOWN_ONLY, Scope, grouped
from assistant.query.dimensions import dimension, show_time
from assistant.query.metrics import METRICS, base_metrics, metric
from assistant.query.periods import ResolvedPeriod, day_range, day_words, shift, unit_start
from assistant.query.present import derived, evidence_figure, plan_figure
from assistant.query.recorded import first_event
from assistant.query.rows import MAX_ROWS, Answer, fetch, unfinished_unit
from assistant.results import Caveat, Result

#: a rate or an average from fewer orders than this is not concluded from
SMALL_SAMPLE = 30
#: what was first sold so soon after the data begin may have been sold before
_JUST_BEGUN = timedelta(days=31)


def caveats_for(scope: Scope, found: Answer, result: Result) -> tuple[list[Caveat], list[str]]:
    """Caveats of an answer and the assumptions that go with it."""
    caveats = about_chosen(scope, found.plan.filter)
    caveats += not_yet_lost(scope, found.metrics, found.period.end)
    caveats += [*_about_time(scope, found), *_about_people(scope, found), *_about_rows(scope, found, result)]
    assumptions = []
    if found.pair is not None and found.pair.cut:
        assumptions.append(f"Compared like with like: {found.pair.current.label} and {found.pair.base.label}")
    grains = {b.grain for m in found.metrics for b in base_metrics(m, scope.options.sales_basis)}
    if "baskets" in grains:
        caveats += recorded_since(scope, found)
    if "products" in grains and found.window is not None:
        caveats.append(Caveat(code="catalogue_now"))
    if scope.snapshot.manifest.synthetic:
        caveats.append(Caveat(code="synthetic"))
    return caveats, assumptions


def recorded_since(scope: Scope, found: Answer) -> list[Caveat]:
    """Events of the web shop are mostly recorded from a later day on than orders: say from when."""
    first = first_event(scope.snapshot)
    late = found.window is None or (first is not None and found.window[0] <= first)
    if first is None or not late:
        return []
    return [Caveat(code="events_since", figures={
        "first": evidence_figure(first.isoformat(), "date", "first day with events of the web shop")})]


def not_yet_lost(scope: Scope, metrics: Iterable[str], last: date) -> list[Caveat]:
    """Who ordered lately cannot count as lost yet: figures of such a time are too low."""
    known = scope.snapshot.as_of - timedelta(days=scope.options.lapse_days)
    bases = {b.name for name in metrics for b in base_metrics(name, scope.options.sales_basis)}
    if "lost_customers" not in bases or last <= known:
        return []
    figures = {"days": evidence_figure(scope.options.lapse_days, "days", "days of silence"),
               "known": evidence_figure(known.isoformat(), "date", "last day of which it is known")}
    return [Caveat(code="not_yet_lost", figures=figures)]


def about_chosen(scope: Scope, condition: Filter | None) -> list[Caveat]:
    """Which things a ranking inside the filter stands for."""
    caveats = []
    for part in rankings(condition):
        if is_orders(part):
            continue
        values = chosen(scope, part).values
        field = dimension(part.dimension)
        if field.type == "date":
            shown = [str(field.decode(date.fromisoformat(str(v)))) if field.decode else str(v) for v in values]
        else:
            names = _names(scope, part.dimension, values[:10])
            shown = [names.get(str(v), str(v)) for v in values]
        words = {"what": f"{reword_filter(part)}", "which": join_words(shown[:10])}
        caveats.append(Caveat(code="chosen_by_ranking", words=words))
    return caveats


def _names(scope: Scope, of: str, values: Sequence[object]) -> dict[str, str]:
    """Names of the products among some ids; empty for other things, which are called what they are."""
    if of not in {"product", "first_product"} or not values or not scope.snapshot.has("products", "name"):
        return {}
    products = scope.snapshot.table("products")
    found = products.filter(products.product_id.isin([str(v) for v in values])).select("product_id", "name")
    return {r["product_id"]: r["name"] for r in fetch(scope, found) if r["name"]}


def _about_time(scope: Scope, found: Answer) -> list[Caveat]:
    caveats = []
    last_day = evidence_figure(scope.snapshot.as_of.isoformat(), "date", "last day of the data")
    first_day = evidence_figure(scope.snapshot.manifest.first_day.isoformat(), "date", "first day of the data")
    asked = scope.resolve(found.plan.period)
    if asked.ends_early:
        caveats.append(Caveat(code="incomplete_period", figures={"last_day": last_day}, words={"period": asked.label}))
    elif unfinished_unit(found):
        grain, first = unfinished_unit(found) or ("", found.period.end)
        label = _unit_words(grain, first)
        caveats.append(Caveat(code="incomplete_period", figures={"last_day": last_day}, words={"period": label}))
    if asked.starts_late and asked.shape != "all":
        caveats.append(Caveat(code="starts_late", figures={"first_day": first_day}, words={"period": asked.label}))
    begun = found.totals.get("first_order_date") if found.plan.metrics == ("first_order_date",) else None
    if begun is not None and begun - scope.snapshot.manifest.first_day < _JUST_BEGUN and asked.shape == "all":
        caveats.append(Caveat(code="sold_before_maybe", figures={"first_day": first_day}))
    if found.pair is not None:
        if found.pair.cut:
            caveats.append(
                Caveat(
                    code="like_with_like", words={"current": found.pair.current.label, "base": found.pair.base.label}
                )
            )
        if found.pair.base.starts_late:
            caveats.append(
                Caveat(
                    code="base_starts_late", figures={"first_day": first_day}, words={"period": found.pair.base.label}
                )
            )
        if found.pair.unequal:
            caveats.append(
                Caveat(
                    code="unequal_periods",
                    figures={
                        "days": plan_figure(found.pair.current.days, "days", "days"),
                        "base_days": plan_figure(found.pair.base.days, "days", "days"),
                    },
                )
            )
    caveats.extend(_last_unit(scope, found, asked, last_day))
    return caveats


def _unit_words(grain: str, first: date) -> str:
    if grain in {"day", "week"}:
        return day_words(first) if grain == "day" else f"the week from {day_words(first)}"
    return show_time(grain)(first)


def _last_unit(scope: Scope, found: Answer, asked: ResolvedPeriod, last_day: object) -> list[Caveat]:
    """ "Last month" is the last whole month: say that the current one is still running in the data."""
    period = found.plan.period
    if period is None or period.kind != "calendar" or period.offset != -1 or period.unit in {None, "day"}:
        return []
    start = unit_start(scope.snapshot.as_of, period.unit, scope.options.fiscal_year_start)
    end = shift(start, period.unit, 1) - timedelta(days=1)
    if end <= scope.snapshot.as_of:
        return []
    return [
        Caveat(
            code="current_unit_partial",
            figures={"last_day": last_day},  # type: ignore[dict-item]
            words={"unit": period.unit, "period": asked.label, "running": day_range(start, scope.snapshot.as_of)},
        )
    ]


def _about_people(scope: Scope, found: Answer) -> list[Caveat]:
    """Guests are left out of everything counted per customer: say how much that is."""
    people = any(d in KNOWN_ONLY for d in found.plan.dimensions) or any(
        metric(m).known_customers_only for m in found.plan.metrics
    )
    lines = any(
        b.grain in {"lines", "per_customer"}
        for m in found.plan.metrics
        for b in base_metrics(m, scope.options.sales_basis)
    )
    if not people or not lines:
        return []
    totals = fetch(scope, grouped(scope, ("guest_revenue", "gross_revenue"), (), found.plan.filter, found.window))[0]
    guest, everything = totals["guest_revenue"], totals["gross_revenue"]
    if not guest or not everything:
        return []
    amount = evidence_figure(guest, "currency", METRICS["guest_revenue"].label)
    whole = evidence_figure(everything, "currency", METRICS["gross_revenue"].label)
    share = derived(
        guest / everything * 100,
        "percent",
        "share of sales from guests",
        "guest / total * 100",
        guest=amount,
        total=whole,
    )
    return [Caveat(code="guests_excluded", figures={"amount": amount, "share": share})]


def _about_rows(scope: Scope, found: Answer, result: Result) -> list[Caveat]:
    caveats = []
    plan = found.plan
    shown = len(result.table("result").rows)
    if plan.limit is None and found.all_groups > shown:
        caveats.append(
            Caveat(
                code="truncated",
                figures={
                    "shown": plan_figure(min(shown, MAX_ROWS), "count", "rows shown"),
                    "total": result.table("totals").figure(0, "groups"),
                },
            )
        )
    if found.left_out:
        names = [_unit_words(plan.dimensions[0], day) for day in found.left_out]
        caveats.append(Caveat(code="partial_units_left_out", words={"units": join_words(names)}))
    if found.tied:
        caveats.append(
            Caveat(code="ties_kept", figures={"tied": plan_figure(found.tied, "count", "rows tied with the last")})
        )
    rate = metric(plan.metrics[0]).kind == "ratio"
    counted = found.totals.get("orders")
    if rate and not plan.dimensions and counted is not None and counted < SMALL_SAMPLE:
        caveats.append(
            Caveat(
                code="small_sample", figures={"n": result.table("totals").figure(0, "orders")}, words={"what": "orders"}
            )
        )
    if result.words.get("chart_caveat"):
        caveats.append(Caveat(code="pie_misleads", words={"metric": result.words["metric"]}))
    if plan.transform == "share" and not all(metric(m).additive for m in plan.metrics):
        caveats.append(Caveat(code="shares_overlap", words={"metric": result.words["metric"]}))
    if "campaign_revenue" in plan.metrics:
        caveats.append(Caveat(code="campaign_revenue_no_effect"))
    caveats.extend(_costs(scope, found))
    return caveats


def _costs(scope: Scope, found: Answer) -> list[Caveat]:
    """Margin covers only products whose cost is known."""
    if not {"gross_margin", "margin_rate", "cost_of_goods"} & set(found.plan.metrics):
        return []
    totals = fetch(scope, grouped(scope, ("costed_revenue", "gross_revenue"), (), found.plan.filter, found.window))[0]
    if not totals["gross_revenue"] or totals["costed_revenue"] >= totals["gross_revenue"]:
        return []
    known = evidence_figure(totals["costed_revenue"], "currency", "sales with known cost")
    whole = evidence_figure(totals["gross_revenue"], "currency", "gross revenue")
    share = derived(
        100 - totals["costed_revenue"] / totals["gross_revenue"] * 100,
        "percent",
        "share of sales without known cost",
        "100 - known / total * 100",
        known=known,
        total=whole,
    )
    return [Caveat(code="cost_unknown", figures={"share": share})]
