"""Campaigns whose people follow from a day or an event of their own: a basket that was left, an order that arrived,
a birthday.

The people are worked out anew whenever the campaign is drafted, tried, repeated or sent. Days of birth serve the
birthday campaign alone: no rule, question, segment or model can name them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import ibis

from assistant.campaigns.goals import goals
from assistant.campaigns.messages import Pick, Picks
from assistant.data.baskets import LEFT, basket_items
from assistant.data.warehouse import Snapshot
from assistant.errors import InvalidPlan, MissingData, NoRows, NotPermitted
from assistant.plans import And, CampaignBrief, Compare, CustomerCondition, Filter, Period
from assistant.query.audience import conditions_of
from assistant.query.compile import Scope

#: hours after which a basket counts as left, and days back or ahead that a campaign looks, where nobody says it
LEFT_HOURS, LEFT_DAYS, BIRTHDAY_DAYS = 4, 7, 7
#: hours after an order after which its goods are likely to have arrived, and the days of orders asked about
REVIEW_HOURS, REVIEW_SPAN = 10 * 24, 14


@dataclass(frozen=True)
class Occasion:
    """Who has the occasion.

    Attributes:
        rule: the audience with the part of the occasion that is a condition on customers, as anybody could ask for it.
        own: that part alone.
        people: customer ids.
        step: its step of the waterfall.
        note: how it was worked out, in words.
        picks: products that belong to it, by customer; None: those of the recommender.
    """

    rule: Filter
    own: Filter
    people: frozenset[str]
    step: str
    note: str
    picks: Mapping[str, Picks] | None = field(default=None, repr=False)


def occasion_of(snapshot: Snapshot, brief: CampaignBrief, birthdays_declared: bool) -> Occasion | None:
    """The occasion of a goal, or None where the goal has none.

    Args:
        birthdays_declared: whether the shop declared that it greets people on their birthdays.

    Raises:
        MissingData: the table or column that it needs is not loaded; says what to load.
        NotPermitted: the use of birthdays was not declared.
        NoRows: nobody has it in these days.
    """
    kind = goals()[brief.goal].get("occasion")
    if kind == "left_basket":
        return _left_basket(snapshot, brief)
    if kind == "purchase":
        return _purchase(snapshot, brief)
    return _birthday(snapshot, brief, birthdays_declared) if kind == "birthday" else None


# --- baskets ---


def _left_basket(snapshot: Snapshot, brief: CampaignBrief) -> Occasion:
    if not snapshot.has("events", "basket_id", "customer_id", "product_id"):
        raise MissingData(
            "An abandoned-basket campaign needs the baskets that were left, with the customer where known. The data "
            "hold orders, not visits: nobody can tell who put something into a basket and did not buy it",
            received="events", hint="Load one row per event of the web shop, as GA4 or the shop system exports them: "
            "the visit or basket, what was done (view, add to cart, checkout, purchase), the time, the product, the "
            "customer; or the shop's export of abandoned checkouts.",
            nearest=("Draft a win-back campaign for customers who have not ordered for 60 days",))
    hours = brief.after_hours or LEFT_HOURS
    other, said = _split(brief.audience)
    period = said.period if said is not None and said.period is not None else Period(
        kind="rolling", unit="day", count=brief.within_days or LEFT_DAYS)
    start = Scope(snapshot).resolve(period).start
    found = left_baskets(snapshot, hours, start)
    if not found:
        raise NoRows(f"No known customer left a basket since {start.isoformat()} without an order, with something "
                     "in it that can still be bought", received=f"{hours} hours ago or longer")
    condition = CustomerCondition(metric="abandoned_carts", op="ge", values=(1,), period=period)
    rule = And(parts=(*other, condition)) if other else condition
    return Occasion(
        rule, condition, frozenset(found),
        f"basket left since {start:%-d %B} and {hours} hours or longer before the end of the data, nothing ordered "
        "since, something in it for sale",
        f"A basket counts as left {hours} hours after it was last touched; those left since {start.isoformat()} are "
        "meant, of customers who were signed in. The message shows what lies in the latest one, as far as it is on "
        "sale and in stock.", found)


def _split(rule: Filter | None) -> tuple[list[Filter], CustomerCondition | None]:
    """The conditions of an audience beside "left a basket", and that one where it is said."""
    parts = [] if rule is None else conditions_of(rule)
    said = [c for c in parts if isinstance(c, CustomerCondition) and c.metric == "abandoned_carts"]
    return [c for c in parts if c not in said], said[0] if said else None


def left_baskets(snapshot: Snapshot, hours: float, since: date) -> dict[str, list[Pick]]:
    """Known customers whose latest basket since a day was left without an order, with what can be bought of it.

    Returns:
        customer id → products, the dearest first; nobody whose basket holds nothing that is on sale and in stock.
    """
    items = basket_items(snapshot, hours)
    mine = items.filter((items.outcome == LEFT) & items.inside & items.customer_id.notnull()
                        & (items["at"].date() >= ibis.literal(since, type="date")))
    latest = mine.group_by(person=mine.customer_id).aggregate(newest=mine["at"].max())
    mine = mine.inner_join(latest, (mine.customer_id == latest.person) & (mine["at"] == latest.newest))
    orders = snapshot.table("orders")
    last = orders.filter(orders.customer_id.notnull()).group_by(buyer=orders.customer_id).aggregate(
        ordered=orders.ordered_at.max())
    mine = mine.left_join(last, mine.customer_id == last.buyer)
    mine = mine.filter(mine.ordered.isnull() | (mine.ordered < mine["at"]))
    goods = for_sale(snapshot)
    rows = snapshot.execute(mine.semi_join(goods, "product_id").select("customer_id", "product_id", "basket_value"))
    found: dict[str, list[tuple[float, str]]] = {}
    for row in rows.to_pylist():
        found.setdefault(row["customer_id"], []).append((-float(row["basket_value"] or 0), row["product_id"]))
    return {c: [Pick(p) for _, p in sorted(set(found[c]))] for c in sorted(found)}


def for_sale(snapshot: Snapshot) -> ibis.Table:
    """Ids of products that can be bought: not withdrawn, and in stock where the stock is known."""
    products = snapshot.table("products")
    today = ibis.literal(snapshot.as_of, type="date")
    if snapshot.has("products", "discontinued_at"):
        products = products.filter(products.discontinued_at.isnull() | (products.discontinued_at >= today))
    if snapshot.has("products", "stock"):
        products = products.filter(products.stock.isnull() | (products.stock > 0))
    return products.select("product_id")


# --- orders to be reviewed ---


def _purchase(snapshot: Snapshot, brief: CampaignBrief) -> Occasion:
    """Whoever ordered so many days ago is asked for an opinion on what they kept. Nothing is offered for it: a reward
    would buy praise, and customers who are told of reviews have a right to those that nobody paid for."""
    if brief.offer.kind != "none":
        raise InvalidPlan(
            "Nothing is offered for a review: a reward would make the reviews misleading", received=brief.offer.kind,
            valid=["a reviews campaign without an offer"], hint="Say “without an offer”.")
    wait = round((brief.after_hours or REVIEW_HOURS) / 24)
    span = brief.within_days or REVIEW_SPAN
    last = snapshot.as_of - timedelta(days=wait)
    first = last - timedelta(days=span - 1)
    found = kept_purchases(snapshot, first, last)
    if not found:
        raise NoRows("Nobody placed an order in these days and kept what was ordered",
                     received=f"{first.isoformat()} to {last.isoformat()}")
    condition = CustomerCondition(metric="orders", op="ge", values=(1,), period=Period(
        kind="absolute", start=first, end=last))
    other = [] if brief.audience is None else conditions_of(brief.audience)
    rule = And(parts=(*other, condition)) if other else condition
    return Occasion(
        rule, condition, frozenset(found), f"order {wait} to {wait + span - 1} days ago of which something was kept",
        f"Asked are those who ordered from {first.isoformat()} to {last.isoformat()}, about what was not sent back. "
        "The day of delivery is not in the data, so days are counted from the order. Everyone is asked alike, whatever "
        "their opinion may be, and nothing is offered for it.", found)


def kept_purchases(snapshot: Snapshot, first: date, last: date) -> dict[str, list[Pick]]:
    """Known customers with an order on one of the days, with the products of it that nothing was taken back of since.

    Returns:
        customer id → products, the dearest first.
    """
    lines = snapshot.table("order_lines")
    mine = lines.filter(lines.customer_id.notnull() & lines.product_id.notnull())
    day = mine.ordered_at.date()
    sold = mine.filter((mine.line_type == "sale") & (day >= ibis.literal(first, type="date"))
                       & (day <= ibis.literal(last, type="date")))
    bought = sold.group_by(["customer_id", "product_id"]).aggregate(paid=sold.amount.sum().cast("float64"))
    back = mine.filter(mine.line_type.isin(["return", "cancellation"]) & (day >= ibis.literal(first, type="date")))
    kept = bought.anti_join(back.select("customer_id", "product_id").distinct(), ["customer_id", "product_id"])
    found: dict[str, list[tuple[float, str]]] = {}
    for row in snapshot.execute(kept).to_pylist():
        found.setdefault(row["customer_id"], []).append((-row["paid"], row["product_id"]))
    return {c: [Pick(p) for _, p in sorted(found[c])] for c in sorted(found)}


# --- birthdays ---


def _birthday(snapshot: Snapshot, brief: CampaignBrief, declared: bool) -> Occasion:
    instead = ("Draft a loyalty campaign for loyal customers",)
    if not snapshot.has("birthdays", "month", "day"):
        raise MissingData(
            "A birthday campaign needs dates of birth, of which the data hold none. They are sensitive, so they serve "
            "the greeting alone",
            received="customers.birth_date, customers.birthday_consent", nearest=instead,
            hint="Load customers with their date of birth (only day and month are kept) and a column that says who "
            "agreed to be greeted; then declare the use: birthday_greetings = true in settings.toml.")
    if not declared:
        raise NotPermitted(
            "Days of birth are used only where the shop declared what for. It has not: they are sensitive",
            received="birthday_greetings", nearest=instead,
            hint="Set birthday_greetings = true in settings.toml to declare that the shop greets people on their "
            "birthday; nothing else will use them.")
    if not snapshot.has("birthdays", "consent"):
        raise MissingData("Nobody is known to have agreed to be greeted on the birthday", nearest=instead,
                          received="customers.birthday_consent", hint="Load a column that says who did.")
    days = brief.within_days or BIRTHDAY_DAYS
    first = max(snapshot.as_of + timedelta(days=1), brief.starts_on or date.min)
    people = birthday_people(snapshot, first, days)
    until = first + timedelta(days=days - 1)
    when = f"{first:%-d %B}" if days == 1 else f"{first:%-d %B} to {until:%-d %B}"
    if not people:
        raise NoRows(f"Nobody who agreed to a greeting has a birthday on {when}" if days == 1 else
                     f"Nobody who agreed to a greeting has a birthday from {when}", received=when)
    rule = brief.audience or Compare(field="customer", op="not_null")
    return Occasion(
        rule, Compare(field="customer", op="not_null"), frozenset(people), f"birthday {when}, agreed to be greeted",
        f"Birthdays from {when} are meant, of people who agreed to be greeted. Only day and month are known and used, "
        "never the age; whoever was born on 29 February is greeted on the 28th in other years.")


def birthday_people(snapshot: Snapshot, first: date, days: int) -> list[str]:
    """Customers who agreed to a greeting and whose birthday falls on one of the days, sorted."""
    wanted = {d for n in range(days) for d in celebrated_on(first + timedelta(days=n))}
    table = snapshot.table("birthdays")
    rows: Sequence[dict[str, Any]] = snapshot.execute(
        table.filter(table.consent.fill_null(False)).select("customer_id", "month", "day")).to_pylist()
    return sorted({r["customer_id"] for r in rows if (r["month"], r["day"]) in wanted})


def celebrated_on(day: date) -> set[tuple[int, int]]:
    """(month, day) of the birthdays celebrated on a day: on 28 February those of the 29th too, unless the year has
    one."""
    found = {(day.month, day.day)}
    leap = day.year % 4 == 0 and (day.year % 100 != 0 or day.year % 400 == 0)
    return found | {(2, 29)} if (day.month, day.day) == (2, 28) and not leap else found
