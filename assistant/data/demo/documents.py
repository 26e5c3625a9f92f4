"""Order documents: orders, returns and cancellations with their typed lines, in canonical columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.data.demo.arrivals import order_channels, order_seconds
from assistant.data.demo.baskets import Lines
from assistant.data.demo.catalogue import Catalogue
from assistant.data.demo.customers import SEGMENTS, Customers, customer_ids
from assistant.data.demo.past_campaigns import CampaignHistory, OrderEvents, campaign_id
from assistant.data.demo.randomness import stream
from assistant.data.demo.seasons import Calendar

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

#: Delivery in cents, and the value of goods from which it is free, by country.
DELIVERY = {"Germany": 495, "Netherlands": 495, "Austria": 595, "Belgium": 595}
DELIVERY_ELSEWHERE = 795
FREE_FROM = 6000
GIFT_CARD = "GIFT-CARD-25"
SHIPPING = "SHIPPING"
RETURN_REASONS = ("not as expected", "damaged", "wrong size or colour", "too late")


@dataclass(frozen=True)
class Documents:
    """Canonical orders and order lines of the data, and what lies beyond them.

    Attributes:
        orders, lines, responses: canonical columns.
        day_totals: (days, 2) orders and product revenue per day, also of the future.
        future: orders and product revenue per customer row and future window.
        counts: rows by rule, for the quality report.
    """

    orders: pd.DataFrame
    lines: pd.DataFrame
    responses: pd.DataFrame
    day_totals: np.ndarray
    future_orders: np.ndarray
    future_revenue: np.ndarray
    counts: dict[str, int]


def build_documents(
    seed: int, calendar: Calendar, catalogue: Catalogue, customers: Customers, events: OrderEvents, lines: Lines,
    history: CampaignHistory,
) -> Documents:
    """Turn events and lines into documents. Deterministic in ``seed``."""
    import numpy as np
    import pandas as pd

    rng = stream(seed, "documents")
    channel = order_channels(seed, customers, events.person)
    seconds = order_seconds(seed, channel)
    header = pd.DataFrame({
        "event": np.arange(len(events.person)), "person": events.person, "day": events.day,
        "moment": events.day.astype(np.int64) * 86400 + seconds, "channel": channel,
        "country": customers.country[events.person],
        "status": np.where(events.cancelled & (channel != "store"), "cancelled", "completed"),
    })
    header = header.sort_values(["moment", "event"], kind="stable").reset_index(drop=True)
    amount = lines.quantity * lines.charged
    value = np.bincount(lines.order, weights=amount, minlength=len(events.person))
    goods = pd.DataFrame({
        "event": lines.order, "product_id": catalogue.products["product_id"].to_numpy()[lines.product],
        "line_type": "sale", "quantity": lines.quantity, "unit": lines.charged,
        "discount": (lines.list_price - lines.charged) * lines.quantity,
        "returns": catalogue.return_rate[lines.product],
    })
    header["goods"] = value[header["event"]]
    header["shipping"] = _delivery(header)
    day_totals, future_orders, future_revenue = _totals(calendar, customers, events, value)
    inside = header[header["day"] < calendar.n_data]
    sold = goods[goods["event"].isin(inside["event"])]
    extras = _extra_lines(inside, rng)
    original = pd.concat([sold, extras], ignore_index=True)
    reversals = _reversals(inside, original, customers, calendar, rng)
    orders, rows = _number(inside, original, reversals, calendar, customers)
    responses = _responses(history, events, inside, orders, customers, calendar)
    counts = {kind: int(n) for kind, n in rows["line_type"].value_counts().items()}
    return Documents(orders, rows, responses, day_totals, future_orders, future_revenue, counts)


def _delivery(header: pd.DataFrame) -> np.ndarray:
    import numpy as np

    fee = header["country"].map(DELIVERY).fillna(DELIVERY_ELSEWHERE).to_numpy()
    return np.where((header["channel"] == "store") | (header["goods"] >= FREE_FROM), 0, fee).astype(int)


def _totals(
    calendar: Calendar, customers: Customers, events: OrderEvents, value: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Orders and product revenue per day, and per customer in the future windows."""
    import numpy as np

    from assistant.data.demo.arrivals import FUTURE_WINDOWS

    days = np.stack([
        np.bincount(events.day, minlength=calendar.n_all), np.bincount(events.day, value / 100, calendar.n_all)
    ], axis=1)
    n, orders, revenue = customers.n_known, [], []
    for window in FUTURE_WINDOWS:
        rows = (events.day >= calendar.n_data) & (events.day < calendar.n_data + window) & (events.person < n)
        orders.append(np.bincount(events.person[rows], minlength=n))
        revenue.append(np.bincount(events.person[rows], value[rows] / 100, n))
    return days, np.stack(orders, axis=1), np.stack(revenue, axis=1)


def _extra_lines(inside: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Shipping lines, and gift cards sold mostly before Christmas."""
    import pandas as pd

    paid = inside[inside["shipping"] > 0]
    shipping = pd.DataFrame({
        "event": paid["event"].to_numpy(), "product_id": SHIPPING, "line_type": "shipping", "quantity": 1,
        "unit": paid["shipping"].to_numpy(), "discount": 0, "returns": 0.0,
    })
    festive = inside["day"].between(140, 178) | inside["day"].between(505, 543)
    cards = inside[rng.random(len(inside)) < festive.map({True: 0.016, False: 0.002}).to_numpy()]
    gift = pd.DataFrame({
        "event": cards["event"].to_numpy(), "product_id": GIFT_CARD, "line_type": "gift_card", "quantity": 1,
        "unit": 2500, "discount": 0, "returns": 0.0,
    })
    return pd.concat([shipping, gift], ignore_index=True)


def _reversals(
    inside: pd.DataFrame, original: pd.DataFrame, customers: Customers, calendar: Calendar, rng: np.random.Generator
) -> pd.DataFrame:
    """Lines of returns (goods, days later) and cancellations (everything, hours later) that fall into the data."""
    import numpy as np
    import pandas as pd

    head = inside.set_index("event")
    status = head["status"].reindex(original["event"]).to_numpy()
    moment = head["moment"].reindex(original["event"]).to_numpy()
    person = head["person"].reindex(original["event"]).to_numpy()
    end = calendar.n_data * 86400
    cancelled = original[status == "cancelled"].copy()
    delay = pd.Series(rng.integers(1200, 30000, len(head)), index=head.index)
    cancelled["at"] = moment[status == "cancelled"] + delay.reindex(cancelled["event"]).to_numpy()
    # a cancellation after the last moment of the data is not in them yet, so it is brought forward
    cancelled["at"] = np.minimum(cancelled["at"], end - 60)
    cancelled["back"], cancelled["reason"] = cancelled["quantity"], None
    cancelled["line_type"] = np.where(cancelled["line_type"] == "sale", "cancellation", cancelled["line_type"])
    habit = np.array([s.returns for s in SEGMENTS])[customers.segment[person]]
    bought = (original["line_type"] == "sale").to_numpy() & (status == "completed")
    back = bought & (rng.random(len(original)) < original["returns"].to_numpy() * habit)
    returned = original[back].copy()
    parcel = pd.Series(rng.integers(4, 11, len(head)) + np.floor(rng.gamma(2, 3, len(head))), index=head.index)
    days = parcel.reindex(returned["event"]).to_numpy().astype(int)
    office = (9 + parcel.reindex(returned["event"]).to_numpy().astype(int) % 8) * 3600
    returned["at"] = (moment[back] // 86400 + days) * 86400 + office
    part = rng.random(len(returned)) < 0.35
    returned["back"] = np.where(part, np.ceil(returned["quantity"] / 2), returned["quantity"]).astype(int)
    returned["reason"] = np.array(RETURN_REASONS, dtype=object)[
        rng.choice(len(RETURN_REASONS), len(returned), p=[0.5, 0.15, 0.28, 0.07])
    ]
    returned["line_type"] = "return"
    both = pd.concat([cancelled, returned[returned["at"] < end]], ignore_index=True)
    unit_discount = both["discount"] // both["quantity"]
    return both.assign(quantity=-both["back"], discount=unit_discount * both["back"]).drop(columns="back")


def _number(
    inside: pd.DataFrame, original: pd.DataFrame, reversals: pd.DataFrame, calendar: Calendar, customers: Customers
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give numbers in the order of time, and put together the canonical orders and lines."""
    import numpy as np
    import pandas as pd

    reversals = reversals.assign(document=np.where(reversals["line_type"] == "return", "returned", "cancelled"))
    heads = reversals.drop_duplicates(["event", "document", "at"])[["event", "document", "at"]]
    known = inside.set_index("event")
    headers = pd.concat([
        inside.assign(document="order", at=inside["moment"]),
        heads.join(known[["person", "channel", "country"]], on="event").assign(shipping=0)
        .assign(status=lambda f: f["document"]),
    ], ignore_index=True).sort_values(["at", "event"], kind="stable").reset_index(drop=True)
    prefix = headers["document"].map({"order": "SO", "returned": "RT", "cancelled": "CN"})
    headers["order_id"] = prefix + (200001 + np.arange(len(headers))).astype(str)
    origin = headers[headers["document"] == "order"].set_index("event")["order_id"]
    headers["x_original_order_id"] = np.where(
        headers["document"] == "order", None, origin.reindex(headers["event"]).to_numpy()
    )
    midnight = np.datetime64(calendar.first_day).astype("datetime64[s]")
    headers["ordered_at"] = midnight + headers["at"].to_numpy().astype("timedelta64[s]")
    person = headers["person"].to_numpy()
    headers["customer_id"] = np.where(person < customers.n_known, customer_ids(person), None)
    fresh = (headers["document"] == "order") & (headers["at"] >= (calendar.n_data - 1) * 86400)
    headers.loc[fresh & (headers["status"] == "completed") & (headers["channel"] != "store"), "status"] = "pending"
    lines = pd.concat([original.assign(document="order"), reversals], ignore_index=True)
    lines["at"] = lines["at"].fillna(lines["event"].map(known["moment"])).astype(np.int64)
    keys = headers[["event", "document", "at", "order_id", "customer_id", "ordered_at", "country", "channel"]]
    lines = lines.merge(keys, on=["event", "document", "at"], how="left", validate="many_to_one")
    lines = lines.sort_values(["ordered_at", "order_id", "line_type", "product_id"], kind="stable")
    lines["line_id"] = [f"L{n:07d}" for n in range(1, len(lines) + 1)]
    lines["unit_price"] = lines["unit"] / 100
    lines["amount"] = lines["unit"] * lines["quantity"] / 100
    lines["discount"] = lines["discount"] / 100
    headers["shipping"] = headers["shipping"].fillna(0) / 100
    headers["discount"] = 0.0
    wanted = ["line_id", "order_id", "customer_id", "ordered_at", "product_id", "line_type", "quantity", "unit_price",
              "amount", "discount", "country", "channel"]
    rows = lines[wanted].assign(x_return_reason=lines["reason"].where(lines["reason"].notna(), None))
    columns = ["order_id", "customer_id", "ordered_at", "country", "channel", "status", "discount", "shipping",
               "x_original_order_id", "event"]
    return headers[columns].reset_index(drop=True), rows.reset_index(drop=True)


def _responses(
    history: CampaignHistory, events: OrderEvents, inside: pd.DataFrame, orders: pd.DataFrame, customers: Customers,
    calendar: Calendar,
) -> pd.DataFrame:
    """Orders of both arms within each campaign's window, cancelled ones left out."""
    import pandas as pd

    placed = orders[orders["order_id"].str.startswith("SO")].set_index("event")
    frame = inside.assign(order_id=inside["event"].map(placed["order_id"]),
                          responded_at=inside["event"].map(placed["ordered_at"]),
                          customer_id=inside["event"].map(placed["customer_id"]))
    frame = frame[(frame["person"] < customers.n_known) & ~events.cancelled[frame["event"]]]
    parts = []
    for index, (start, end) in enumerate(history.windows):
        touched = history.touches.loc[history.touches["campaign_id"] == campaign_id(index), "customer_id"]
        rows = frame[frame["day"].between(start, end - 1) & frame["customer_id"].isin(touched)]
        parts.append(rows.assign(campaign_id=campaign_id(index), revenue=rows["goods"] / 100))
    columns = ["campaign_id", "customer_id", "responded_at", "order_id", "revenue"]
    return pd.concat(parts, ignore_index=True)[columns]
