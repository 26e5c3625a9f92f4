"""Customer 360: what is added to the orders of one customer, each part with its source.

Habits (price level, discounts, pace), interests, consents, segments over time, expected value, probability of leaving
and the products most likely bought next. Parts that cannot be said are named with the reason. Of somebody who objected
to direct marketing nothing is predicted or inferred.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from assistant.data.objectors import is_objection, objectors
from assistant.errors import UserError
from assistant.models.people.interest_report import SHOWN, TAG_COLUMNS, tag_rows
from assistant.models.people.interests import Interests
from assistant.plans.filters import Compare
from assistant.query.compile import Scope, grouped
from assistant.query.facts import LINES, missing
from assistant.query.rows import fetch
from assistant.results import Caveat, Chart, Column, Result, Table
from assistant.results.result import Scalar, Unit

if TYPE_CHECKING:
    from assistant.data.warehouse import Snapshot

#: Ends of quarters looked back on for the segments.
QUARTERS = 4
#: Products named as most likely next.
NEXT = 3
#: Price levels that are called above and below the average.
DEARER, CHEAPER = 1.15, 0.87


@dataclass(frozen=True)
class Rooms:
    """What a profile asks of others. Each raises a :class:`~assistant.errors.UserError` where it cannot say."""

    churn: Callable[[str], Result]
    value: Callable[[str], Result]
    following: Callable[[str], Result]
    interests: Callable[[], Interests]
    segments: Callable[[date], Mapping[str, str]]


def complete_profile(snapshot: Snapshot, result: Result, customer: str, rooms: Rooms) -> Result:
    """Add every part to a profile made of orders.

    Args:
        result: kind ``customer_profile`` of :func:`assistant.query.customer.describe_customer`.
        customer: the id as the shop writes it.

    Returns:
        the same result with tables ``habits``, ``interests``, ``consents``, ``segments``, ``outlook``, ``next``,
        ``months`` and ``sources`` where there is something in them, and figures for habits and outlook.
    """
    scope = Scope(snapshot)
    sources: list[list[Scalar]] = [["orders, value, rhythm, favourites, returns", "order lines of the shop"]]
    consents = _consents(snapshot, customer)
    if consents is not None:
        sources.append(["consents", "contacts of the shop"])
    ordered = bool(result.figures["orders"].value)
    parts: list[Table | None] = []
    if ordered:
        habits = _habits(scope, customer, result)
        parts.append(habits)
        sources.append(["price level, discounts", "order lines of the shop, against all customers"])
        result.figures |= {c.name: habits.figure(0, c.name) for c in habits.columns
                           if habits.cell(0, c.name) is not None}
        result.words["price_level"] = _level(habits.cell(0, "price_index"))
        result.words["same"] = "in the same categories" if snapshot.has("products", "category") else "of all products"
        parts.append(_months(scope, customer))
    objected = customer in objectors(snapshot)
    result.words["objected"] = "yes" if objected else ""
    if objected:
        result.caveats.append(Caveat(code="customer_objected"))
        sources.append(["interests, predictions, recommendations", "none: the customer objected to direct marketing"])
    elif ordered:
        parts += [_interests(customer, rooms, sources), _segments(snapshot, customer, rooms, sources),
                  _outlook(customer, rooms, result, sources), _next(customer, rooms, result, sources)]
    first = [t for t in (*parts, consents) if t is not None]
    order = {name: i for i, name in enumerate(("habits", "outlook", "interests"))}
    ahead = sorted((t for t in first if t.id in order), key=lambda t: order[t.id])
    result.tables[1:1] = ahead
    result.tables += [t for t in first if t.id not in order]
    result.tables.append(Table(id="sources", title="Where each part comes from", total_rows=len(sources), rows=sources,
                               columns=[Column(name="part", label="Part"), Column(name="source", label="Source")]))
    if any(t.id == "months" and len(t.rows) > 1 for t in result.tables):
        result.charts.append(Chart(kind="bar", table="months", x="month", y=["revenue"], title="Spent by month"))
    result.words["consents"] = "yes" if consents is not None else ""
    if objected:
        result.followups = [f for f in result.followups if "recommend" not in f and "leave" not in f]
    return result


# -- what they did -----------------------------------------------------------------------------------------------------


def _habits(scope: Scope, customer: str, result: Result) -> Table:
    """Price level against all customers in the same categories, use of discounts, and how long the silence is."""
    usual, silent = result.figures["days_between_orders"].value, result.figures["days_since_last_order"].value
    own = Compare(field="customer", values=(customer,))
    cells: list[tuple[str, str, Unit, Any]] = [
        ("price_index", "Price paid per unit, against the average (of the same categories, where known)", "ratio",
         _price_index(scope.snapshot, customer)),
        ("silence", "Silence, in usual gaps between orders", "ratio",
         float(silent) / float(usual) if usual and silent is not None else None),
    ]
    if not missing(scope.snapshot, LINES, ("discount",)):
        mine = fetch(scope, grouped(scope, ("discount_rate", "discounted_order_share"), (), own, None))[0]
        all_ = fetch(scope, grouped(scope, ("discount_rate", "discounted_order_share"), (), None, None))[0]
        cells += [
            ("discount_share", "Orders with a discount", "percent", mine["discounted_order_share"]),
            ("discount_share_all", "Orders with a discount, all customers", "percent", all_["discounted_order_share"]),
            ("discount_rate", "Discount of the full price", "percent", mine["discount_rate"]),
            ("discount_rate_all", "Discount of the full price, all customers", "percent", all_["discount_rate"]),
        ]
    return _one_row("habits", "Habits", cells)


def _price_index(snapshot: Snapshot, customer: str) -> float | None:
    """What the customer paid over what as many units cost on average in the same categories; 1 is average."""
    lines = snapshot.table("order_lines")
    sales = lines.filter((lines.line_type == "sale") & (lines.quantity > 0) & (lines.amount > 0))
    sales = sales.select("customer_id", "product_id", "quantity", amount=sales.amount.cast("float64"))
    if snapshot.has("products", "category"):
        products = snapshot.table("products").select("product_id", "category")
        sales = sales.left_join(products, "product_id").select("customer_id", "quantity", "amount", "category")
        sales = sales.mutate(category=sales.category.fill_null(""))
    else:
        sales = sales.mutate(category=sales.product_id.substr(0, 0))
    groups = sales.group_by("category").aggregate(usual=sales.amount.sum() / sales.quantity.sum())
    mine = sales.filter(sales.customer_id == customer).join(groups, "category")
    row = snapshot.execute(mine.aggregate(paid=mine.amount.sum(), usual=(mine.quantity * mine.usual).sum())).to_pylist()
    return float(row[0]["paid"] / row[0]["usual"]) if row[0]["usual"] else None


def _level(index: Scalar) -> str:
    if not isinstance(index, float):
        return ""
    return "above" if index >= DEARER else "below" if index <= CHEAPER else "average"


def _months(scope: Scope, customer: str) -> Table:
    found = fetch(scope, grouped(scope, ("revenue", "orders"), ("month",), Compare(field="customer",
                                                                                values=(customer,)), None))
    rows = [[str(r["month"])[:10], r["revenue"], r["orders"]] for r in sorted(found, key=lambda r: str(r["month"]))]
    return Table(id="months", title="Spent by month", rows=rows, total_rows=len(rows), columns=[
        Column(name="month", label="Month from", unit="date"), Column(name="revenue", label="Revenue", unit="currency"),
        Column(name="orders", label="Orders", unit="count")])


def _consents(snapshot: Snapshot, customer: str) -> Table | None:
    """Consent per channel with day and source; None where the data hold no contacts of the customer."""
    if not snapshot.has("contacts", "consent"):
        return None
    contacts = snapshot.table("contacts")
    kept = contacts.filter(contacts.customer_id == customer).order_by("channel")
    found = snapshot.execute(kept.select(
        "channel", "consent", "consent_at", "consent_source", "suppressed", "suppressed_reason",
        known=kept.address.notnull())).to_pylist()
    if not found:
        return None
    objected = any(is_objection(r["suppressed"], r["suppressed_reason"]) for r in found)
    rows: list[list[Scalar]] = [
        [r["channel"], {True: "yes", False: "no", None: "unknown"}[r["consent"]],
         r["consent_at"].date().isoformat() if r["consent_at"] else None, r["consent_source"],
         "yes" if r["known"] else "no", (r["suppressed_reason"] or "yes") if r["suppressed"] else "",
         "yes" if r["consent"] and r["known"] and not r["suppressed"] and not objected else "no"]
        for r in found
    ]
    names = (("channel", "Channel"), ("consent", "Agreed"), ("since", "Since"), ("source", "Given where"),
             ("address", "Address known"), ("suppressed", "Suppressed"), ("reachable", "May be contacted"))
    return Table(id="consents", title="Consents", rows=rows, total_rows=len(rows), columns=[
        Column(name=n, label=label, unit="date" if n == "since" else "text") for n, label in names])


# -- what is inferred --------------------------------------------------------------------------------------------------


def _interests(customer: str, rooms: Rooms, sources: list[list[Scalar]]) -> Table | None:
    try:
        found = rooms.interests()
    except UserError as error:
        sources.append(["interests", f"not available: {error}"])
        return None
    rows = tag_rows(found, customer, SHOWN)
    sources.append(["interests", "purchases, against all customers: how often orders hold it"])
    return Table(id="interests", title="Interests", columns=TAG_COLUMNS, rows=rows,
                 total_rows=len(found.of_customer(customer)))


def quarter_ends(as_of: date, count: int = QUARTERS) -> list[date]:
    """The last days of the latest whole quarters before a day, the oldest first."""
    ends, first = [], date(as_of.year, 3 * ((as_of.month - 1) // 3) + 1, 1)
    for _ in range(count):
        end = first - timedelta(days=1)
        ends.append(end)
        first = date(end.year, 3 * ((end.month - 1) // 3) + 1, 1)
    return ends[::-1]


def _segments(snapshot: Snapshot, customer: str, rooms: Rooms, sources: list[list[Scalar]]) -> Table | None:
    """The segment at the end of each of the latest quarters and today."""
    days = [d for d in quarter_ends(snapshot.as_of) if d > snapshot.manifest.first_day] + [snapshot.as_of]
    rows: list[list[Scalar]] = []
    for day in days:
        try:
            segment = rooms.segments(day).get(customer)
        except UserError as error:
            if day == snapshot.as_of:
                sources.append(["segments", f"not available: {error}"])
                return None
            continue
        rows.append([day.isoformat(), segment or "no order yet"])
    sources.append(["segments", "recency, frequency and value on each of the days, by the rules of that day"])
    return Table(id="segments", title="Segment over time", rows=rows, total_rows=len(rows), columns=[
        Column(name="day", label="On", unit="date"), Column(name="segment", label="Segment")])


def _outlook(customer: str, rooms: Rooms, result: Result, sources: list[list[Scalar]]) -> Table | None:
    """Probability of leaving and expected value, as the models say them."""
    wanted: list[tuple[str, Callable[[str], Result], tuple[tuple[str, str, str, Unit], ...]]] = [
        ("probability of leaving", rooms.churn, (
            ("churn_probability", "churn_probability", "Probability of leaving", "probability"),
            ("horizon", "churn_days", "No order within", "days"))),
        ("expected value", rooms.value, (
            ("expected_value", "expected_value", "Expected value", "currency"),
            ("horizon", "value_days", "Within", "days"),
            ("alive", "alive", "Chance that they still buy", "probability"))),
    ]
    cells: list[tuple[str, str, Unit, Any]] = []
    for what, ask, names in wanted:
        try:
            said = ask(customer)
        except UserError as error:
            sources.append([what, f"not available: {error}"])
            continue
        cells += [(name, label, unit, said.figures[own].value) for own, name, label, unit in names
                  if own in said.figures]
        sources.append([what, _model_words(said)])
        result.words |= {"churn_status": said.words.get("status", "")} if "status" in said.words else {}
        result.evidence.definitions += [d for d in said.evidence.definitions
                                        if d.term not in {x.term for x in result.evidence.definitions}]
    if not cells:
        return None
    table = _one_row("outlook", "Outlook", cells)
    result.figures |= {c.name: table.figure(0, c.name) for c in table.columns if table.cell(0, c.name) is not None}
    return table


def _model_words(said: Result) -> str:
    """The model's name and how it did on past data."""
    model = said.evidence.model
    if model is None:
        return "model of the shop"
    quality = ", ".join(f"{name.replace('_', ' ')} {value:.3g}" for name, value in list(model.quality.items())[:2])
    return f"model {model.name}" + (f", tested: {quality}" if quality else "")


def _next(customer: str, rooms: Rooms, result: Result, sources: list[list[Scalar]]) -> Table | None:
    """The products most likely in the next order."""
    try:
        said = rooms.following(customer)
        listed = said.table("products")
    except UserError as error:
        sources.append(["next purchase", f"not available: {error}"])
        return None
    kept = [c for c in ("product_id", "name", "price", "times_bought", "last_bought", "reason")
            if any(c == column.name for column in listed.columns)]
    places = [listed.column_index(c) for c in kept]
    rows = [[row[p] for p in places] for row in listed.rows[:NEXT]]
    sources.append(["next purchase", _model_words(said)])
    return Table(id="next", title="Most likely bought next", columns=[listed.columns[p] for p in places], rows=rows,
                 total_rows=len(rows)) if rows else None


def _one_row(table_id: str, title: str, cells: list[tuple[str, str, Unit, Any]]) -> Table:
    return Table(id=table_id, title=title, columns=[Column(name=c[0], label=c[1], unit=c[2]) for c in cells],
                 rows=[[c[3] for c in cells]], total_rows=1)
