"""Exact decompositions of a change between two windows. Parts always sum to the change, to the cent.

The multiplicative chain uses the logarithmic mean Divisia index (LMDI-I), which leaves no residual and treats both
periods alike: B. W. Ang, "The LMDI approach to decomposition analysis: a practical guide", Energy Policy 33 (2005),
pp. 867–871. For V = x1 · x2 · …, the part of factor i is L(V1, V0) · ln(xi1 / xi0), L the logarithmic mean.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from typing import TYPE_CHECKING, Any

from assistant.plans.filters import Filter
from assistant.query.compile import Scope, grouped
from assistant.query.rows import Row, fetch
from assistant.query.steps import STEP, Days, both_by_group, by_stretch, values_by_stretch

if TYPE_CHECKING:
    import ibis

CENT = Decimal("0.01")


@dataclass(frozen=True)
class Part:
    """One part of a change: its name, words, values before and after (None where it has none), and the amount."""

    name: str
    label: str
    amount: float
    base: float | None = None
    current: float | None = None


def log_mean(a: float, b: float) -> float:
    """Logarithmic mean of two positive numbers."""
    return a if math.isclose(a, b, rel_tol=1e-12) else (a - b) / (math.log(a) - math.log(b))


def chain(current: Sequence[float], base: Sequence[float]) -> list[float] | None:
    """Parts of the factors of a product; None where a factor is zero in either period."""
    if any(x <= 0 for x in (*current, *base)):
        return None
    weight = log_mean(math.prod(current), math.prod(base))
    return [weight * math.log(c / b) for c, b in zip(current, base, strict=True)]


def to_the_cent(parts: Sequence[Part], total: float) -> list[Part]:
    """Parts rounded to two decimals, the rest given to the largest one: they sum exactly to the rounded total."""
    if not parts:
        return []
    rounded = [Decimal(repr(p.amount)).quantize(CENT, ROUND_HALF_EVEN) for p in parts]
    rest = Decimal(repr(total)).quantize(CENT, ROUND_HALF_EVEN) - sum(rounded, Decimal(0))
    largest = max(range(len(parts)), key=lambda i: (abs(rounded[i]), -i))
    rounded[largest] += rest
    return [Part(p.name, p.label, float(r), p.base, p.current) for p, r in zip(parts, rounded, strict=True)]


_FACTORS = ("customers", "known_orders", "known_units", "known_revenue")


def known_factors(scope: Scope, condition: Filter | None, windows: tuple[Days, Days]) -> list[dict[str, float]]:
    """Customers, orders, units and revenue of known customers, and what guests add, in both windows."""
    names = (*_FACTORS, "guest_orders", "guest_units", "guest_revenue")
    rows = values_by_stretch(scope, names, condition, windows)
    return [{k: float(row.get(k) or 0) for k in names} for row in rows]


def sales_parts(
    metric_name: str, now: dict[str, float], before: dict[str, float], price_part: Callable[[], float]
) -> list[Part]:
    """Customers × orders per customer × units per order × price (+ mix) for revenue, units or orders; guests apart.

    Empty where a factor is zero in either period, so that no rate exists.

    Args:
        now, before: what :func:`known_factors` gives.
        price_part: the part of the prices of products sold in both periods (:func:`pure_price`).
    """
    depth = {"orders": 2, "units": 3}.get(metric_name, 4)
    steps = [
        ("customers", "number of customers", lambda r: r["customers"]),
        ("frequency", "orders per customer", lambda r: r["known_orders"] / r["customers"]),
        ("basket", "units per order", lambda r: r["known_units"] / r["known_orders"]),
        ("price", "price per unit", lambda r: r["known_revenue"] / r["known_units"]),
    ][:depth]
    if any(r[k] <= 0 for r in (now, before) for k in _FACTORS[:depth]):
        return []
    values = [(step(now), step(before)) for _, _, step in steps]
    amounts = chain([v[0] for v in values], [v[1] for v in values])
    if amounts is None:
        return []
    parts = [
        Part(name, label, amount, old, new)
        for (name, label, _), amount, (new, old) in zip(steps, amounts, values, strict=True)
    ]
    if depth == 4:
        pure, price = price_part(), parts[3]
        parts = [
            *parts[:3],
            Part("price", "prices of products sold in both periods", pure, price.base, price.current),
            Part("mix", "mix of products (dearer or cheaper ones)", price.amount - pure),
        ]
    guest = {2: "guest_orders", 3: "guest_units", 4: "guest_revenue"}[depth]
    if now[guest] or before[guest]:
        parts.append(
            Part("guests", "guests without a customer id", now[guest] - before[guest], before[guest], now[guest])
        )
    return parts


def pure_price(now: Mapping[Any, Row], before: Mapping[Any, Row]) -> float:
    """The part of dearer or cheaper products sold in both periods; what remains of the price is what was chosen.

    Args:
        now, before: rows by product with ``known_revenue`` and ``known_units``.
    """
    parts = []
    for product in sorted(now.keys() & before.keys(), key=str):
        value, units = float(now[product]["known_revenue"] or 0), float(now[product]["known_units"] or 0)
        earlier, bought = float(before[product]["known_revenue"] or 0), float(before[product]["known_units"] or 0)
        if min(value, earlier, units, bought) > 0:
            parts.append(log_mean(value, earlier) * math.log((value / units) / (earlier / bought)))
    return math.fsum(parts)


def order_value_parts(scope: Scope, condition: Filter | None, current: Days, base: Days) -> list[Part]:
    """Average order value = units per order × average price."""
    names = ("items_per_order", "average_price")
    now, before = values_by_stretch(scope, names, condition, (current, base))
    if any(not r.get(n) for r in (now, before) for n in names):
        return []
    amounts = chain([now[n] for n in names], [before[n] for n in names])
    labels = ("units per order", "average price per unit")
    return [Part(n, label, a, before[n], now[n]) for n, label, a in zip(names, labels, amounts or (), strict=False)]


_CUSTOMER_BASE = {
    "revenue": "known_revenue",
    "gross_revenue": "known_revenue",
    "orders": "known_orders",
    "units": "units",
    "customers": "customers",
}
_CLASSES = {
    "new": "new customers",
    "kept": "customers of both periods",
    "back": "customers back after a break",
    "lost": "customers not seen again",
    "guests": "guests",
}


def customer_parts(
    scope: Scope,
    metric_name: str,
    condition: Filter | None,
    windows: tuple[Days, Days],
    now: dict[str, float],
    before: dict[str, float],
) -> list[tuple[Part, int]]:
    """New, kept, returned, lost customers (and guests), each with the number of customers.

    "New" ordered for the first time ever within the current window; "lost" ordered in the base window only.

    Args:
        windows: current and base.
        now, before: what :func:`known_factors` gives.
    """
    source = _CUSTOMER_BASE.get(metric_name)
    if source is None:
        return []
    rows = fetch(scope, _classes_of_customers(scope, source, condition, windows))
    found = {r["kind"]: r for r in rows}
    parts = []
    for name, label in _CLASSES.items():
        row = found.get(name)
        if row:
            new, old = float(row["value"] or 0), float(row["before"] or 0)
            parts.append((Part(name, label, new - old, old, new), row["n"]))
    guests = _guests(metric_name, now, before)
    return [*parts, (guests, 0)] if guests else parts


def _classes_of_customers(
    scope: Scope, source: str, condition: Filter | None, windows: tuple[Days, Days]
) -> ibis.Table:
    """Number and value of new, kept, returned and lost customers, one row per kind."""
    import ibis

    each = by_stretch(scope, (source,), condition, windows, ("customer",))
    wide = each.group_by("customer").aggregate(
        value=each[source].sum(where=each[STEP] == 0),
        before=each[source].sum(where=each[STEP] == 1),
        came=(each[STEP] == 0).any(),
        was=(each[STEP] == 1).any(),
    )
    firsts = grouped(scope, ("first_order_date",), ("customer",), None, None, labels=False)
    firsts = firsts.select(first_id=firsts["customer"], first_day=firsts["first_order_date"])
    known = wide.left_join(firsts, [("customer", "first_id")])
    started = ibis.literal(windows[0][0], type="date")
    kind = ibis.cases(
        (~known["came"], "lost"),
        (known["was"], "kept"),
        (known["first_day"] >= started, "new"),
        else_="back",
    )
    classed = known.mutate(kind=kind)
    return (
        classed.group_by("kind")
        .aggregate(n=classed.count(), value=classed["value"].sum(), before=classed["before"].sum())
        .order_by("kind")
    )


def _guests(metric_name: str, now: dict[str, float], before: dict[str, float]) -> Part | None:
    if metric_name == "customers":
        return None
    name = {"orders": "guest_orders", "units": "guest_units"}.get(metric_name, "guest_revenue")
    new, old = now[name], before[name]
    return Part("guests", _CLASSES["guests"], new - old, old, new) if new or old else None


def dimension_parts(
    scope: Scope, metric_name: str, by: str, now: Mapping[Any, Row], before: Mapping[Any, Row]
) -> list[Part]:
    """Change of every group of an additive metric, largest first; sums to the whole change."""
    from assistant.query.rows import decoded

    parts = []
    for key in sorted({*now, *before}, key=str):
        new, old = (float((side.get(key) or {}).get(metric_name) or 0) for side in (now, before))
        row = now.get(key) or before[key]
        label = row.get(f"{by}_label") or decoded(by, key, scope)
        parts.append(Part(str(decoded(by, key, scope)), str(label), new - old, old, new))
    return sorted(parts, key=lambda p: -abs(p.amount))


def rate_parts(
    scope: Scope,
    parts_of_rate: tuple[str, str],
    by: str,
    condition: Filter | None,
    current: Days,
    base: Days,
    factor: float,
) -> list[Part]:
    """Change of a rate by group: its own rate (within) and its weight (mix), midpoint weights, no residual."""
    from assistant.query.rows import decoded

    top, bottom = parts_of_rate
    sides = both_by_group(scope, (top, bottom), condition, (current, base), by)
    whole = [
        (math.fsum(float(r[top] or 0) for r in s.values()), math.fsum(float(r[bottom] or 0) for r in s.values()))
        for s in sides
    ]
    if not whole[0][1] or not whole[1][1]:
        return []
    mean = (whole[0][0] / whole[0][1] + whole[1][0] / whole[1][1]) / 2
    parts = []
    for key in sorted({*sides[0], *sides[1]}, key=str):
        weight, rate = [], []
        for side, (_, total) in zip(sides, whole, strict=True):
            row = side.get(key) or {}
            denominator = float(row.get(bottom) or 0)
            weight.append(denominator / total)
            rate.append(float(row.get(top) or 0) / denominator if denominator else None)
        new = rate[0] if rate[0] is not None else rate[1] or 0.0
        old = rate[1] if rate[1] is not None else new
        amount = (new - old) * (weight[0] + weight[1]) / 2 + (weight[0] - weight[1]) * ((new + old) / 2 - mean)
        row = sides[0].get(key) or sides[1][key]
        label = row.get(f"{by}_label") or decoded(by, key, scope)
        parts.append(Part(str(decoded(by, key, scope)), str(label), amount * factor, old * factor, new * factor))
    return sorted(parts, key=lambda p: -abs(p.amount))
