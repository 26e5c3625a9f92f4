"""Visits of the demo shop's web and app, event by event, and birthdays. Streams of their own: no other table changes.

Every order placed in the web or the app since :data:`RECORDED_FROM` has its visit (views, basket, checkout,
purchase). To these come planted visits without an order: baskets that were left, and visits that only looked.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from assistant.data.demo.randomness import stream
from assistant.data.demo.seasons import Calendar

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

#: First day on which the shop recorded visits; before it there are orders and no events.
RECORDED_FROM = date(2026, 3, 1)
#: Share of baskets that are left without an order, and of these that reached the checkout.
LEFT_SHARE = 0.66
LEFT_AT_CHECKOUT = 0.27
#: Visits that only look, per visit with an order; share of visits without an order whose visitor is signed in.
LOOKING_PER_ORDER = 1.6
KNOWN_SHARE = 0.55
_MOST_LINES = 4
_HAS_BIRTHDAY, _GREET = 0.52, 0.68


def shop_events(
    seed: int, calendar: Calendar, tables: dict[str, pd.DataFrame]
) -> tuple[pd.DataFrame, dict[str, float]]:
    """Canonical events, and what was planted: the share of baskets that were left (``left_share``).

    Args:
        tables: the canonical customers, products, orders and order lines of the shop.
    """
    import numpy as np
    import pandas as pd

    rng = stream(seed, "visits")
    ordered = _ordered_lines(tables)
    visits = ordered.drop_duplicates("order_id")
    n_left = round(len(visits) * LEFT_SHARE / (1 - LEFT_SHARE))
    bought = _steps_of(ordered.assign(basket="B" + ordered["order_id"].str[2:]), rng,
                       ("view", "add", "checkout", "purchase"))
    left = _copied(ordered, tables, calendar, n_left, "L", rng)
    reached = left["basket"].isin(_some(left["basket"].unique(), LEFT_AT_CHECKOUT, rng))
    looked = _copied(ordered, tables, calendar, round(len(visits) * LOOKING_PER_ORDER), "V", rng)
    parts = [bought, _steps_of(left[reached], rng, ("view", "add", "checkout")),
             _steps_of(left[~reached], rng, ("view", "add")), _steps_of(looked, rng, ("view",))]
    events = pd.concat(parts, ignore_index=True).sort_values(
        ["occurred_at", "basket_id", "event_type", "product_id"], kind="stable", ignore_index=True)
    baskets = left["basket"].nunique()
    share = baskets / max(1, baskets + len(visits))
    return events[[*_COLUMNS]], {"left_share": float(np.round(share, 6))}


_COLUMNS = ("basket_id", "event_type", "occurred_at", "customer_id", "product_id", "quantity", "unit_price", "order_id",
            "channel")


def _ordered_lines(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Sale lines of the orders placed in the web or the app since visits are recorded."""
    import pandas as pd

    orders = tables["orders"]
    placed = orders[orders["order_id"].str.startswith("SO") & orders["channel"].isin(["web", "app"])
                    & (orders["ordered_at"] >= pd.Timestamp(RECORDED_FROM))]
    lines = tables["order_lines"]
    lines = lines[(lines["line_type"] == "sale") & lines["order_id"].isin(placed["order_id"])]
    kept = ["order_id", "customer_id", "ordered_at", "product_id", "quantity", "unit_price", "channel"]
    # one row per product of a basket, as an order may list a product twice
    grouped = lines[kept].groupby(["order_id", "product_id"], sort=False)
    first = lines[kept].drop_duplicates(["order_id", "product_id"]).set_index(["order_id", "product_id"])
    first["quantity"] = grouped["quantity"].sum()
    return first.reset_index()


def _copied(
    ordered: pd.DataFrame, tables: dict[str, pd.DataFrame], calendar: Calendar, count: int, mark: str,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Visits without an order: what people ordered, on other days and by other people, as far as it was sold then."""
    import numpy as np
    import pandas as pd

    heads = ordered.drop_duplicates("order_id")
    if heads.empty or not count:
        return ordered.iloc[:0].assign(basket="")
    pick = rng.integers(len(heads), size=count)
    at = heads["ordered_at"].to_numpy()[pick].astype("M8[s]") + rng.integers(-25, 26, count).astype("m8[D]")
    at = at + rng.integers(-5400, 5401, count).astype("m8[s]")
    inside = (at >= np.datetime64(RECORDED_FROM) + np.timedelta64(1, "h")) & (
        at < np.datetime64(calendar.last_day) + np.timedelta64(23, "h"))
    pick, at = pick[inside], at[inside]
    people = tables["customers"].set_index("customer_id")["registered_at"].astype("M8[s]")
    who = heads["customer_id"].to_numpy(dtype=object)[rng.permutation(len(heads))[pick]]
    since = people.reindex(who).to_numpy()
    known = (rng.random(len(pick)) < KNOWN_SHARE) & (since <= at)
    visits = pd.DataFrame({
        "order_id": heads["order_id"].to_numpy()[pick], "moment": at,
        "basket": [f"{mark}{i:06d}" for i in range(1, len(pick) + 1)], "who": np.where(known, who, None),
        "most": rng.integers(1, _MOST_LINES + 1, len(pick)),
    })
    lines = visits.merge(ordered, on="order_id", how="inner")
    lines = lines[lines.groupby("basket").cumcount() < lines["most"]]
    sold = tables["products"].set_index("product_id")[["launched_at", "discontinued_at"]].apply(pd.to_datetime)
    days = sold.reindex(lines["product_id"])
    moment = lines["moment"].to_numpy()
    launched, gone = days["launched_at"].to_numpy(), days["discontinued_at"].to_numpy()
    on_sale = ~(launched > moment) & ~(gone < moment)
    kept = lines[on_sale]
    return kept.assign(ordered_at=kept["moment"], customer_id=kept["who"], order_id=None)


def _steps_of(lines: pd.DataFrame, rng: np.random.Generator, steps: tuple[str, ...]) -> pd.DataFrame:
    """Events of visits that went through these steps, ending at ``ordered_at``."""
    import numpy as np
    import pandas as pd

    names = {"view": "view", "add": "add_to_cart", "checkout": "checkout", "purchase": "purchase"}
    before = {"purchase": 0, "checkout": int(rng.integers(80, 140))}
    parts = []
    adding = rng.integers(200, 1200, len(lines))
    for step in steps:
        rows = lines.drop_duplicates("basket") if step == "checkout" else lines
        seconds = (np.full(len(rows), before[step]) if step in before else adding if step == "add"
                   else adding + rng.integers(20, 400, len(lines)))
        part = pd.DataFrame({
            "basket_id": rows["basket"].to_numpy(), "event_type": names[step],
            "occurred_at": rows["ordered_at"].to_numpy().astype("M8[s]") - seconds.astype("m8[s]"),
            "customer_id": rows["customer_id"].to_numpy(dtype=object), "channel": rows["channel"].to_numpy(),
            "product_id": None if step == "checkout" else rows["product_id"].to_numpy(),
            "quantity": pd.array([pd.NA] * len(rows) if step == "checkout" else rows["quantity"].to_numpy(), "Int64"),
            "unit_price": np.nan if step == "checkout" else rows["unit_price"].to_numpy(dtype=float),
            "order_id": rows["order_id"].to_numpy(dtype=object) if step == "purchase" else None,
        })
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def _some(values: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    return values[rng.random(len(values)) < share]


def birthday_rows(seed: int, customer_ids: pd.Series) -> pd.DataFrame:
    """Days and months of birth of some customers, and whether they agreed to a greeting."""
    import numpy as np
    import pandas as pd

    rng = stream(seed, "birthdays")
    n = len(customer_ids)
    has, day, agreed = rng.random(n) < _HAS_BIRTHDAY, rng.integers(366, size=n), rng.random(n) < _GREET
    moment = np.datetime64("2024-01-01") + day.astype("m8[D]")  # a leap year, so that 29 February is among them
    when = pd.DatetimeIndex(moment)
    frame = pd.DataFrame(
        {"customer_id": customer_ids.to_numpy(), "month": when.month, "day": when.day, "consent": agreed})
    return frame[has].reset_index(drop=True)
