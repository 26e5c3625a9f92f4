"""What was known of each customer when a past campaign reached or spared them, and what they did in its window.

One row per campaign and customer ("case"). Everything known is of the days before the campaign's first day, whatever
day the snapshot is seen from; the outcome is an order within the campaign's window. :func:`customers_now` gives the
same columns for every customer as of the analysis date, so that what was learnt can be applied. Orders are summed to
one row per order first, then met with the cases in one pass.

Years of birth, gender and places are never among the columns.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from assistant.data.sensitive import declared_sensitive
from assistant.features.rfm import TAKEN_BACK

if TYPE_CHECKING:
    import ibis
    import pandas as pd

    from assistant.data.warehouse import Snapshot

#: Window of a campaign that names no end.
WINDOW_DAYS = 30
#: "Recent" behaviour.
YEAR_DAYS = 365
#: Days without an order of somebody of whom neither an order nor a registration is known.
NO_ORDER_DAYS = 1000.0


@dataclass(frozen=True)
class Campaign:
    """A past campaign with its arms. ``until`` is the last day of its window; ``complete``: the window is over."""

    campaign_id: str
    name: str
    kind: str
    channel: str
    category: str | None
    discount_percent: float
    started: date
    until: date
    cost: float | None
    contacted: int
    held_out: int
    complete: bool

    @property
    def randomisable(self) -> bool:
        """Whether both arms have customers."""
        return self.contacted > 0 and self.held_out > 0


def past_campaigns(snapshot: Snapshot) -> list[Campaign]:
    """Campaigns with touches, oldest first.

    Raises:
        MissingData: the data hold no campaigns or no record of whom they reached.
    """
    snapshot.require("campaigns", "campaign_id", needed_for="What campaigns changed")
    snapshot.require("touches", "arm", needed_for="What campaigns changed")
    touches = snapshot.table("touches")
    arms = touches.group_by("campaign_id").aggregate(
        contacted=touches.customer_id.nunique(where=touches.arm.fill_null("treatment") != "control"),
        held_out=touches.customer_id.nunique(where=touches.arm == "control"),
        first_sent=touches.sent_at.min(),
    )
    campaigns = snapshot.table("campaigns")
    columns = ("campaign_id", "name", "kind", "channel", "category", "discount_percent", "started_at", "ended_at",
               "cost")
    found = campaigns.select(*columns).inner_join(arms, "campaign_id")
    rows = snapshot.execute(found.order_by([found.started_at, found.campaign_id])).to_pylist()
    return [_campaign(row, snapshot.as_of) for row in rows]


def _campaign(row: dict[str, Any], as_of: date) -> Campaign:
    started = (row["started_at"] or row["first_sent"]).date()
    ended = row["ended_at"]
    until = ended.date() - timedelta(days=1) if ended is not None else started + timedelta(days=WINDOW_DAYS - 1)
    until = max(until, started)
    return Campaign(
        campaign_id=row["campaign_id"], name=row["name"] or row["campaign_id"], kind=row["kind"] or "",
        channel=row["channel"] or "", category=row["category"], discount_percent=float(row["discount_percent"] or 0.0),
        started=started, until=until, cost=None if row["cost"] is None else float(row["cost"]),
        contacted=int(row["contacted"]), held_out=int(row["held_out"]), complete=until <= as_of,
    )


def cases(snapshot: Snapshot, campaigns: list[Campaign]) -> pd.DataFrame:
    """Every customer of these campaigns with what was known before and what followed.

    Returns:
        ``campaign_id``, ``customer_id``, ``treatment`` (1 contacted, 0 held out), ``ordered`` (1 an order in the
        window that was not cancelled; the shop's responses where they are recorded of both arms), ``orders``,
        ``revenue`` (product sales of those orders after discounts, shop currency), ``given`` (discounts on them),
        ``margin`` (revenue less cost of goods; missing without costs),
        ``unsubscribed`` (1 through this message; contacted only) and the columns of :func:`known_columns`; sorted by
        campaign and customer.
    """
    import ibis

    touches = snapshot.table("touches")
    picked = touches.filter(touches.campaign_id.isin([c.campaign_id for c in campaigns]))
    people = picked.group_by(["campaign_id", "customer_id"]).aggregate(
        treatment=(picked.arm.fill_null("treatment") != "control").max().cast("int64"),
        unsubscribed=picked.unsubscribed.fill_null(False).max().cast("int64"),
    )
    started = {c.campaign_id: c for c in campaigns}
    moments = people.mutate(**{
        name: people.campaign_id.cases(*[(i, ibis.literal(get(c), kind)) for i, c in started.items()], else_=None)
        for name, kind, get in (("day", "date", lambda c: c.started), ("until", "date", lambda c: c.until),
                                ("promoted", "string", lambda c: c.category or ""))
    })
    frame = _known(snapshot, moments)
    after = snapshot.execute(_outcomes(snapshot, moments)).to_pandas()
    frame = frame.merge(after, on=["campaign_id", "customer_id"], how="left")
    for column in ("ordered", "orders"):
        frame[column] = frame[column].fillna(0).astype("int64")
    for column in ("revenue", "given", "margin"):
        frame[column] = frame[column].fillna(0.0).astype("float64") if column in frame else float("nan")
    if snapshot.has("responses", "customer_id"):
        frame["ordered"] = _as_recorded(snapshot, frame)
    return frame.sort_values(["campaign_id", "customer_id"], ignore_index=True)


def _as_recorded(snapshot: Snapshot, frame: pd.DataFrame) -> pd.Series:
    """The shop's own record of who responded, for campaigns of which it holds responses of both arms; the others keep
    what the orders say (a record of the contacted alone would be no comparison)."""
    responses = snapshot.table("responses").select("campaign_id", "customer_id").distinct()
    recorded = snapshot.execute(responses).to_pandas().assign(responded=1)
    responded = frame[["campaign_id", "customer_id"]].merge(recorded, how="left")["responded"].fillna(0).astype("int64")
    responded.index = frame.index
    of_both = frame.loc[(responded == 1) & (frame["treatment"] == 0), "campaign_id"].unique()
    return responded.where(frame["campaign_id"].isin(of_both), frame["ordered"])


def customers_now(snapshot: Snapshot, categories: list[str | None]) -> pd.DataFrame:
    """Every identified customer as of the analysis date, once per promoted category.

    Returns:
        the columns of :func:`cases` that are known before a campaign, with ``promoted`` instead of ``campaign_id``;
        sorted by customer and category.
    """
    import ibis

    tomorrow = snapshot.as_of + timedelta(days=1)
    orders = snapshot.table("orders")
    known = orders.filter(orders.customer_id.notnull()).select("customer_id")
    if snapshot.has("customers", "customer_id"):
        known = known.union(snapshot.table("customers").select("customer_id"))
    names = sorted({c or "" for c in categories})
    known = known.distinct().mutate(day=ibis.literal(tomorrow), until=ibis.literal(tomorrow),
                                    treatment=ibis.literal(0, "int64"), unsubscribed=ibis.literal(0, "int64"))
    moments = ibis.union(*[known.mutate(campaign_id=ibis.literal(n), promoted=ibis.literal(n)) for n in names])
    frame = _known(snapshot, moments).drop(columns=["campaign_id", "treatment", "unsubscribed"])
    return frame.sort_values(["customer_id", "promoted"], ignore_index=True)


def known_columns() -> tuple[str, ...]:
    """Numbers known of a customer before a campaign, in the order a model sees them."""
    return (
        "days_since_last_order", "order_count", "recent_orders", "monetary_value", "recent_value", "tenure_days",
        "days_since_registration", "discount_share", "discounted_orders", "promoted_share", "promoted_orders",
        "web_share", "app_share", "returned_share", "earlier_contacts", "earlier_responses", "opened_share",
        "clicked_share",
    )


def _known(snapshot: Snapshot, moments: ibis.Table) -> pd.DataFrame:
    """The moments with orders, messages and registration of the days before each; one row per moment."""
    frame = snapshot.execute(moments).to_pandas()
    keys = ["campaign_id", "customer_id"]
    for part in (_orders_before(snapshot, moments), _promoted_before(snapshot, moments), _messages(snapshot, moments),
                 _registered(snapshot, moments)):
        if part is not None:
            frame = frame.merge(snapshot.execute(part).to_pandas(), on=keys, how="left")
    return _shape(frame)


def _orders(snapshot: Snapshot) -> ibis.Table:
    """One row per order with a product sale: customer, day, sales, discount, returned value, where it came in."""
    lines = snapshot.table("order_lines")
    lines = lines.filter(lines.customer_id.notnull(), lines.line_type.isin(["sale", *TAKEN_BACK]))
    sale = lines.line_type == "sale"
    return lines.group_by(["customer_id", "order_id"]).aggregate(
        ordered_on=lines.ordered_at.max().date(), sales=lines.amount.sum(where=sale),
        discount=lines.discount.sum(where=sale), taken_back=-lines.amount.sum(where=~sale), channel=lines.channel.max(),
        sale_lines=sale.sum(),
    )


def _orders_before(snapshot: Snapshot, moments: ibis.Table) -> ibis.Table:
    import ibis

    orders, keys = _orders(snapshot), moments.select("campaign_id", "customer_id", "day")
    met = keys.inner_join(orders, [keys.customer_id == orders.customer_id, orders.ordered_on < keys.day])
    bought = met.sale_lines > 0
    recent = bought & (met.ordered_on >= met.day - ibis.interval(days=YEAR_DAYS))
    return met.group_by(["campaign_id", "customer_id"]).aggregate(
        first_order=met.ordered_on.min(where=bought), last_order=met.ordered_on.max(where=bought),
        order_count=bought.sum().cast("int64"), recent_orders=recent.sum().cast("int64"),
        monetary_value=_money(met.sales.sum()), recent_value=_money(met.sales.sum(where=recent)),
        discount=_money(met.discount.sum()),
        discounted_orders=(bought & (met.discount > 0)).sum().cast("int64"), taken_back=_money(met.taken_back.sum()),
        web_orders=(bought & (met.channel == "web")).sum().cast("int64"),
        app_orders=(bought & (met.channel == "app")).sum().cast("int64"),
    )


def _promoted_before(snapshot: Snapshot, moments: ibis.Table) -> ibis.Table | None:
    """What each customer bought before of the category that the campaign promotes."""
    if not snapshot.has("products", "category"):
        return None
    lines, products = snapshot.table("order_lines"), snapshot.table("products").select("product_id", "category")
    sales = lines.filter(lines.customer_id.notnull(), lines.line_type == "sale").inner_join(products, "product_id")
    sales = sales.group_by(["customer_id", "order_id", "category"]).aggregate(
        ordered_on=sales.ordered_at.max().date(), sales=sales.amount.sum())
    keys = moments.select("campaign_id", "customer_id", "day", "promoted")
    met = keys.inner_join(sales, [keys.customer_id == sales.customer_id, sales.category == keys.promoted,
                                  sales.ordered_on < keys.day])
    return met.group_by(["campaign_id", "customer_id"]).aggregate(
        promoted_value=_money(met.sales.sum()), promoted_orders=met.count().cast("int64"))


def _messages(snapshot: Snapshot, moments: ibis.Table) -> ibis.Table | None:
    """Earlier messages to the customer, and what came of them before this campaign's day."""
    if not snapshot.has("touches", "sent_at"):
        return None
    touches = snapshot.table("touches")
    sent = touches.filter(touches.arm.fill_null("treatment") != "control").select(
        "customer_id", "opened", "clicked", earlier="campaign_id", sent_on=touches.sent_at.date())
    keys = moments.select("campaign_id", "customer_id", "day")
    met = keys.inner_join(sent, [keys.customer_id == sent.customer_id, sent.sent_on < keys.day])
    counted = met.group_by(["campaign_id", "customer_id"]).aggregate(
        earlier_contacts=met.count().cast("int64"), seen=met.opened.count().cast("int64"),
        opened=met.opened.sum().cast("int64"), traced=met.clicked.count().cast("int64"),
        clicked=met.clicked.sum().cast("int64"))
    if not snapshot.has("responses", "responded_at"):
        return counted
    answered = met.select("campaign_id", "customer_id", "day", "earlier").inner_join(
        _responses(snapshot), ["customer_id", "earlier"])
    answered = answered.filter(answered.responded_on < answered.day)
    answers = answered.group_by(["campaign_id", "customer_id"]).aggregate(
        earlier_responses=answered.earlier.nunique().cast("int64"))
    return counted.left_join(answers, ["campaign_id", "customer_id"]).drop("campaign_id_right", "customer_id_right")


def _responses(snapshot: Snapshot) -> ibis.Table:
    responses = snapshot.table("responses")
    return responses.group_by(["customer_id", "campaign_id"]).aggregate(
        responded_on=responses.responded_at.min().date()).rename(earlier="campaign_id")


def _registered(snapshot: Snapshot, moments: ibis.Table) -> ibis.Table | None:
    """How and when the customer came."""
    columns = [c for c in ("acquisition_channel", "registered_at")
               if snapshot.has("customers", c) and not declared_sensitive(snapshot, [c])]
    if not columns:
        return None
    customers = snapshot.table("customers").select("customer_id", *columns).distinct(on="customer_id", keep="first")
    return moments.select("campaign_id", "customer_id").inner_join(customers, "customer_id")


def _outcomes(snapshot: Snapshot, moments: ibis.Table) -> ibis.Table:
    """Orders within the window that were not cancelled, of both arms."""
    orders = _orders(snapshot)
    if snapshot.has("products", "cost"):
        orders = orders.left_join(_costs(snapshot), "order_id").drop("order_id_right")
    orders = _kept(snapshot, orders)
    keys = moments.select("campaign_id", "customer_id", "day", "until")
    met = keys.inner_join(orders, [keys.customer_id == orders.customer_id, orders.ordered_on >= keys.day,
                                   orders.ordered_on <= keys.until])
    found = {"orders": met.count().cast("int64"), "ordered": (met.count() > 0).cast("int64"),
             "revenue": _money(met.sales.sum()), "given": _money(met.discount.sum())}
    if "covered" in met.columns:
        found["margin"] = _money(met.covered.sum())
    return met.group_by(["campaign_id", "customer_id"]).aggregate(**found)


def first_orders(snapshot: Snapshot, people: ibis.Table, first: date, last: date) -> ibis.Table:
    """Day of the first order of these people from ``first`` to ``last`` that was not cancelled.

    Args:
        people: ``customer_id``.

    Returns:
        ``customer_id``, ``ordered_on``; no row for who did not order.
    """
    import ibis

    orders = _kept(snapshot, _orders(snapshot))
    orders = orders.filter(orders.ordered_on >= ibis.literal(first, "date"),
                           orders.ordered_on <= ibis.literal(last, "date"))
    met = people.select("customer_id").inner_join(orders, "customer_id")
    return met.group_by("customer_id").aggregate(ordered_on=met.ordered_on.min())


def _kept(snapshot: Snapshot, orders: ibis.Table) -> ibis.Table:
    """Orders with a sale that were not cancelled."""
    orders = orders.filter(orders.sale_lines > 0)
    if snapshot.has("orders", "status"):
        states = snapshot.table("orders")
        orders = orders.anti_join(states.filter(states.status == "cancelled").select("order_id"), "order_id")
    return orders


def _costs(snapshot: Snapshot) -> ibis.Table:
    """Sales less cost of goods per order, over the lines whose cost is known."""
    lines, products = snapshot.table("order_lines"), snapshot.table("products").select("product_id", "cost")
    sales = lines.filter(lines.line_type == "sale").inner_join(products.filter(products.cost.notnull()), "product_id")
    return sales.group_by("order_id").aggregate(
        covered=sales.amount.sum() - (sales.cost * sales.quantity).sum())


def _money(total: ibis.Value) -> ibis.Value:
    """An exact sum as a number: added up before it is cast, so that the order of rows cannot matter."""
    return total.cast("float64")


def _shape(frame: pd.DataFrame) -> pd.DataFrame:
    """Shares and spans from the sums; what nobody did counts as nought, a customer without an order as long gone."""
    import numpy as np
    import pandas as pd

    day = pd.to_datetime(frame["day"])
    silence = (day - pd.to_datetime(frame["last_order"])).dt.days
    frame["tenure_days"] = (day - pd.to_datetime(frame["first_order"])).dt.days.fillna(0.0)
    registered = pd.to_datetime(frame["registered_at"]) if "registered_at" in frame else pd.Series(pd.NaT, frame.index)
    since = (day - registered.dt.normalize()).dt.days.clip(lower=0)
    frame["days_since_last_order"] = silence.fillna(since).fillna(NO_ORDER_DAYS).astype("float64")
    frame["days_since_registration"] = since.fillna(frame["tenure_days"]).astype("float64")
    counted = ["order_count", "recent_orders", "monetary_value", "recent_value", "discount", "discounted_orders",
               "taken_back", "web_orders", "app_orders", "promoted_value", "promoted_orders", "earlier_contacts",
               "seen", "opened", "traced", "clicked", "earlier_responses"]
    for column in counted:
        frame[column] = frame[column].fillna(0.0).astype("float64") if column in frame else 0.0

    def share(part: str, of: pd.Series) -> np.ndarray:
        whole = of.to_numpy(dtype=float)
        return np.divide(frame[part].to_numpy(), whole, out=np.zeros(len(frame)), where=whole > 0)

    frame["discount_share"] = share("discount", frame["monetary_value"] + frame["discount"])
    frame["promoted_share"] = share("promoted_value", frame["monetary_value"])
    frame["returned_share"] = share("taken_back", frame["monetary_value"])
    frame["web_share"] = share("web_orders", frame["order_count"])
    frame["app_share"] = share("app_orders", frame["order_count"])
    frame["opened_share"], frame["clicked_share"] = share("opened", frame["seen"]), share("clicked", frame["traced"])
    if "acquisition_channel" not in frame:
        frame["acquisition_channel"] = None
    return frame.drop(columns=["first_order", "last_order", "discount", "taken_back", "web_orders", "app_orders",
                               "promoted_value", "seen", "opened", "traced", "clicked", "registered_at"],
                      errors="ignore")
