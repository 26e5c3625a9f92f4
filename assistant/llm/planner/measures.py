"""Which measures a question is about: those it names, else those that its verbs, conditions and groups imply."""

from __future__ import annotations

from assistant.llm.planner.heard import heard
from assistant.llm.planner.parts import Parts


def coordinated(p: Parts) -> bool:
    """Whether several measures are joined ("revenue and orders"); else one may have been meant to narrow the other."""
    if len(p.metrics) < 2 or p.settled:
        return True
    joining = heard("compose.joining")
    tokens = p.reading.tokens
    return any(t.lemma in joining or t.text in {",", "/", "+", "&"} for t in tokens)


def role(p: Parts, name: str) -> str | None:
    return p.reading.vocabulary.role(name)


def metrics_of(p: Parts) -> list[str]:
    """Named measures, else those that verbs, comparisons and groups imply."""
    metrics = list(p.metrics)
    if p.sort_metric and p.sort_metric not in metrics:
        metrics.insert(0, p.sort_metric) if not metrics else metrics.append(p.sort_metric)
    for condition in p.conditions.measures:
        if condition.metric not in metrics:
            metrics.append(condition.metric)
    if p.average:
        metrics = _averaged(p, metrics)
    if metrics == ["campaign_count"] and p.reading.has("perform", "rank") and not p.counted:
        metrics, p.groups = [], ["campaign", *p.groups]
    if "campaign" in p.groups and not p.conditions.customers:
        metrics = _of_campaigns(p, metrics)
    if metrics:
        metrics = _given_back(p, _returned_share(p, metrics))
        _sold(p)
        return metrics
    return _implied(p)


def _of_campaigns(p: Parts, metrics: list[str]) -> list[str]:
    """Of campaigns, "spend" is their cost, "revenue" what they brought in, and how they perform is how people
    responded."""
    known = p.reading.vocabulary.metrics
    spend = any(t.lemma in heard("compose.spend") for t in p.reading.tokens)
    names = {
        "revenue": "campaign_cost" if spend else "campaign_revenue",
        "customers": "contacted_customers",
        "orders": "responses",
    }
    swapped = [names[m] if names.get(m) in known else m for m in metrics]
    if p.sort_metric in names and names[p.sort_metric] in known:
        p.sort_metric = names[p.sort_metric]
    if not swapped and p.reading.has("perform", "rank", "which"):
        p.used.update(p.reading.having("perform"))
        swapped = [m for m in ("response_rate", "campaign_revenue") if m in known]
    return swapped


def _given_back(p: Parts, metrics: list[str]) -> list[str]:
    """As in "how many items were returned": the verb turns the measure round."""
    returned = [
        i for i in p.reading.having("act") if p.reading.items[i].get("act") == "return" and i not in p.conditions.used
    ]
    names = {role(p, "units"): "returns", role(p, "money"): "returns_value", role(p, "orders"): "return_orders"}
    turned = [role(p, names[m]) if m in names else None for m in metrics]
    if not returned or None in turned:
        return metrics
    p.used.update(returned)
    return [str(m) for m in turned]


def _returned_share(p: Parts, metrics: list[str]) -> list[str]:
    """As in "what percentage of orders were returned" is the return rate."""
    returned = [
        i for i in p.reading.having("act") if p.reading.items[i].get("act") == "return" and i not in p.conditions.used
    ]
    rate = role(p, "return_rate")
    if not returned or not p.reading.has("share") or rate is None:
        return metrics
    p.used.update(returned)
    p.used.update(p.reading.having("share"))
    p.groups = [g for g in p.groups if g != "order"]
    p.shares_taken = True
    return [rate]


def _sold(p: Parts) -> None:
    p.used.update(
        i
        for i in p.reading.having("act")
        if p.reading.items[i].get("act") in {"sell", "spend", "buy", "return"} and i not in p.conditions.used
    )


def _implied(p: Parts) -> list[str]:
    items = p.reading.items
    verbs = {str(items[i].get("act")): i for i in p.reading.having("act") if i not in p.conditions.used}
    money, orders, units = role(p, "money"), role(p, "orders"), role(p, "units")
    chosen: str | None = None
    if "return" in verbs:
        chosen = role(p, "returns")
    elif "sell" in verbs:
        chosen = units if (p.counted or _things_sold(p)) and money else money
    elif "spend" in verbs:
        chosen = money
    elif "buy" in verbs:
        chosen = units if p.groups == ["product"] else (money if p.groups == ["customer"] else orders)
    if chosen is None and "orders_band" in p.groups:
        chosen = role(p, "customers")  # "distribution of orders per customer" counts the customers
    if chosen is None and p.counted and p.conditions.customers and p.groups and not {"order", "product"} & {*p.groups}:
        chosen = role(p, "customers")  # "number of VIP customers by country"
    if "order" in p.groups and chosen in {None, orders}:
        chosen = money
    if chosen is None and p.periods and p.reading.has("compare", "year_earlier", "previous"):
        chosen = money
        p.implied += 0.15
    if chosen is None and p.reading.has("compare") and any(len(v) > 1 for v in p.chosen.values()):
        chosen = money
        p.implied += 0.15
    if (
        chosen is None
        and (p.conditions.customers or p.groups or p.rows)
        and (p.groups or p.periods or p.descending is not None or p.conditions.customers)
    ):
        chosen = money
        p.implied += 0.05 if p.descending is not None or p.conditions.customers else 0.15
    if chosen is None:
        return []
    p.used.update(verbs.values())
    return [chosen]


def _things_sold(p: Parts) -> bool:
    """As in "teapots sold last month": pieces, unless "how much" or "we" is said."""
    items = p.reading.items
    things = {"product", "category", "subcategory", "brand"}
    named = any(getattr(row, "field", "") in things for row in p.rows)
    at = next((i for i in p.reading.having("act") if items[i].lemma in heard("compose.sold")), 0)
    asked = any(t.lemma in heard("compose.how_much_we") for t in p.reading.tokens)
    return named and at > 0 and not asked and not p.groups and (at - 1) in p.used


def _averaged(p: Parts, metrics: list[str]) -> list[str]:
    """As in "average revenue per order" and kin are names of their own; "average" before another measure is open."""
    return metrics
