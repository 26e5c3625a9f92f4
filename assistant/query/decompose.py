"""Exact decompositions of a change between two windows. Parts always sum to the change, to the cent.

The multiplicative chain uses the logarithmic mean Divisia index (LMDI-I), which leaves no residual and treats both
periods alike: B. W. Ang, "The LMDI approach to decomposition analysis: a practical guide", Energy Policy 33 (2005),
pp. 867–871. For V = x1 · x2 · …, the part of factor i is L(V1, V0) · ln(xi1 / xi0), L the logarithmic mean.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from typing import TYPE_CHECKING

from assistant.plans.filters import Filter
from assistant.query.compile import Scope, Window, grouped
from assistant.query.rows import fetch

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


def _known(scope: Scope, condition: Filter | None, window: Window) -> dict[str, float]:
    """Customers, orders, units and revenue of known customers, and what guests add."""
    names = (*_FACTORS, "guest_orders", "guest_units", "guest_revenue")
    row = fetch(scope, grouped(scope, names, (), condition, window))[0]
    return {k: float(v or 0) for k, v in row.items()}


def sales_parts(scope: Scope, metric_name: str, condition: Filter | None, current: Window, base: Window) -> list[Part]:
    """Customers × orders per customer × units per order × price (+ mix) for revenue, units or orders; guests apart.

    Empty where a factor is zero in either period, so that no rate exists.
    """
    now, before = _known(scope, condition, current), _known(scope, condition, base)
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
        parts = [*parts[:3], *_price_and_mix(scope, condition, current, base, parts[3])]
    guest = {2: "guest_orders", 3: "guest_units", 4: "guest_revenue"}[depth]
    if now[guest] or before[guest]:
        parts.append(
            Part("guests", "guests without a customer id", now[guest] - before[guest], before[guest], now[guest])
        )
    return parts


def _price_and_mix(scope: Scope, condition: Filter | None, current: Window, base: Window, price: Part) -> list[Part]:
    """Split the part of the average price: dearer or cheaper products sold in both periods, and what was chosen."""
    import ibis

    def per_product(window: Window, suffix: str) -> ibis.Table:
        table = grouped(
            scope, ("known_revenue", "units"), ("product",), condition, window, known_only=True, labels=False
        )
        return table.select(
            **{
                f"product{suffix}": table["product"],
                f"value{suffix}": table["known_revenue"],
                f"units{suffix}": table["units"],
            }
        )

    now, before = per_product(current, ""), per_product(base, "_before")
    both = now.inner_join(before, now["product"] == before["product_before"])
    rows = fetch(scope, both.order_by(ibis.asc(both["product"])))
    pure = math.fsum(
        log_mean(r["value"], r["value_before"])
        * math.log((r["value"] / r["units"]) / (r["value_before"] / r["units_before"]))
        for r in rows
        if min(r["value"], r["value_before"], r["units"], r["units_before"]) > 0
    )
    return [
        Part("price", "prices of products sold in both periods", pure, price.base, price.current),
        Part("mix", "mix of products (dearer or cheaper ones)", price.amount - pure),
    ]


def order_value_parts(scope: Scope, condition: Filter | None, current: Window, base: Window) -> list[Part]:
    """Average order value = units per order × average price."""
    names = ("items_per_order", "average_price")
    now, before = (fetch(scope, grouped(scope, names, (), condition, w))[0] for w in (current, base))
    if any(not r[n] for r in (now, before) for n in names):
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
    scope: Scope, metric_name: str, condition: Filter | None, current: tuple, base: tuple
) -> list[tuple[Part, int]]:
    """New, kept, returned, lost customers (and guests), each with the number of customers.

    "New" ordered for the first time ever within the current window; "lost" ordered in the base window only.
    """
    import ibis

    source = _CUSTOMER_BASE.get(metric_name)
    if source is None:
        return []

    def each(window: Window, suffix: str) -> ibis.Table:
        table = grouped(scope, (source,), ("customer",), condition, window, labels=False)
        return table.select(**{f"id{suffix}": table["customer"], f"value{suffix}": table[source]})

    now, before = each(current, ""), each(base, "_before")
    both = now.outer_join(before, now["id"] == before["id_before"])
    both = both.select(
        customer=ibis.coalesce(both["id"], both["id_before"]), value=both["value"], before=both["value_before"]
    )
    both = both.filter(both["customer"].notnull())  # closes the join, so that another may follow
    firsts = grouped(scope, ("first_order_date",), ("customer",), None, None, labels=False)
    firsts = firsts.select(first_id=firsts["customer"], first_day=firsts["first_order_date"])
    known = both.left_join(firsts, [("customer", "first_id")])
    started = ibis.literal(current[0], type="date")
    kind = ibis.cases(
        (known["value"].isnull(), "lost"),
        (known["before"].notnull(), "kept"),
        (known["first_day"] >= started, "new"),
        else_="back",
    )
    classed = known.mutate(kind=kind)
    rows = fetch(
        scope,
        classed.group_by("kind")
        .aggregate(n=classed.count(), value=classed["value"].sum(), before=classed["before"].sum())
        .order_by("kind"),
    )
    found = {r["kind"]: r for r in rows}
    parts = []
    for name, label in _CLASSES.items():
        row = found.get(name)
        if row:
            new, old = float(row["value"] or 0), float(row["before"] or 0)
            parts.append((Part(name, label, new - old, old, new), row["n"]))
    guests = _guests(scope, metric_name, condition, current, base)
    return [*parts, (guests, 0)] if guests else parts


def _guests(scope: Scope, metric_name: str, condition: Filter | None, current: Window, base: Window) -> Part | None:
    if metric_name == "customers":
        return None
    name = {"orders": "guest_orders", "units": "guest_units"}.get(metric_name, "guest_revenue")
    new, old = (_known(scope, condition, w)[name] for w in (current, base))
    return Part("guests", _CLASSES["guests"], new - old, old, new) if new or old else None


def dimension_parts(
    scope: Scope, metric_name: str, by: str, condition: Filter | None, current: Window, base: Window
) -> list[Part]:
    """Change of every group of an additive metric, largest first; sums to the whole change."""
    from assistant.query.rows import decoded

    now, before = (
        {r[by]: r for r in fetch(scope, grouped(scope, (metric_name,), (by,), condition, w))} for w in (current, base)
    )
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
    current: Window,
    base: Window,
    factor: float,
) -> list[Part]:
    """Change of a rate by group: its own rate (within) and its weight (mix), midpoint weights, no residual."""
    from assistant.query.rows import decoded

    top, bottom = parts_of_rate
    sides = [
        {r[by]: r for r in fetch(scope, grouped(scope, (top, bottom), (by,), condition, w))} for w in (current, base)
    ]
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
