"""Past campaigns with randomised holdouts. Both potential outcomes of every customer are planted."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from assistant.data.demo.arrivals import Arrivals
from assistant.data.demo.contacts import ContactBook
from assistant.data.demo.customers import SEGMENTS, Customers, customer_ids
from assistant.data.demo.randomness import stream
from assistant.data.demo.seasons import Calendar

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

CANCEL_RATE = 0.018
#: A contact takes this share from the chance of a sleeping dog to order.
SLEEPING_DOG_LOSS = 0.65
#: cost per message and per campaign, in the shop's currency
_COST = {"email": (0.002, 180.0), "sms": (0.065, 120.0), "push": (0.001, 120.0), "post": (0.82, 450.0)}


@dataclass(frozen=True)
class Plan:
    """One past campaign. ``window`` is the number of days in which an order counts as a response."""

    day: date
    name: str
    kind: str
    channel: str
    category: str | None
    discount: float
    window: int = 21
    holdout: float = 0.4
    share: float = 1.0


PLANS: tuple[Plan, ...] = (
    Plan(date(2024, 8, 5), "Late Summer Garden", "seasonal", "email", "Garden", 15),
    Plan(date(2024, 9, 2), "Back to School", "seasonal", "email", "Stationery", 10),
    Plan(date(2024, 10, 7), "We Miss You", "win_back", "email", "Homeware", 10),
    Plan(date(2024, 11, 4), "Christmas Preview", "seasonal", "email", "Christmas", 10, 17),
    Plan(date(2024, 11, 25), "Black Friday by Text", "promotion", "sms", None, 20, 14),
    Plan(date(2025, 1, 20), "New Year Win-back", "win_back", "email", "Bed & Bath", 15),
    Plan(date(2025, 2, 24), "Thank You Letter", "loyalty", "post", None, 10),
    Plan(date(2025, 3, 24), "Spring in the Garden", "seasonal", "email", "Garden", 10),
    Plan(date(2025, 5, 5), "Come Back for Coffee", "win_back", "sms", "Kitchen", 15),
    Plan(date(2025, 6, 9), "New in for Summer", "launch", "push", "Bags & Travel", 10),
    Plan(date(2025, 9, 1), "Back to School Again", "seasonal", "email", "Stationery", 10),
    Plan(date(2025, 10, 6), "Autumn Win-back", "win_back", "email", "Homeware", 15),
    Plan(date(2025, 11, 3), "Christmas Preview 2025", "seasonal", "email", "Christmas", 10, 17),
    Plan(date(2025, 11, 24), "Black Friday in the App", "promotion", "push", None, 20, 14),
    Plan(date(2026, 1, 19), "January Win-back", "win_back", "email", "Bed & Bath", 15),
    Plan(date(2026, 2, 23), "Letter to Loyal Customers", "loyalty", "post", None, 10),
    Plan(date(2026, 3, 23), "Garden Opening", "seasonal", "email", "Garden", 10),
    Plan(date(2026, 5, 4), "Spring Win-back", "win_back", "email", "Homeware", 10),
)


@dataclass
class OrderEvents:
    """All orders as they happen, after campaigns. ``offer`` is the campaign whose discount applies, else -1."""

    person: np.ndarray
    day: np.ndarray
    cancelled: np.ndarray
    offer: np.ndarray


@dataclass
class CampaignHistory:
    """Canonical campaigns and touches, and the planted effects behind them."""

    campaigns: pd.DataFrame
    touches: pd.DataFrame
    effects: pd.DataFrame
    windows: list[tuple[int, int]] = field(default_factory=list)


def run_campaigns(
    seed: int, calendar: Calendar, customers: Customers, arrivals: Arrivals, book: ContactBook
) -> tuple[OrderEvents, CampaignHistory]:
    """Run the past campaigns in order; each sees the orders and consents that the earlier ones left behind."""
    import numpy as np
    import pandas as pd

    rng = stream(seed, "campaigns")
    events = OrderEvents(
        arrivals.person, arrivals.day, rng.random(len(arrivals.person)) < CANCEL_RATE,
        np.full(len(arrivals.person), -1),
    )
    touches, effects, rows, windows = [], [], [], []
    for index, plan in enumerate(PLANS):
        day = calendar.day_index(plan.day)
        audience, recency = _audience(plan, day, customers, events, book, rng)
        treated = rng.random(len(audience)) >= plan.holdout
        delivered = treated & ~book.bad_address[audience, _channel(plan)]
        base = 1 - np.exp(-(1 - CANCEL_RATE) * arrivals.expected(customers, day, plan.window)[audience])
        effect = planted_effect(plan, customers, audience, recency, base, customers.churned[audience] <= day)
        effect[book.bad_address[audience, _channel(plan)]] = 0.0
        events, without, with_contact = _apply(events, index, day, plan, audience, delivered, base, effect, rng)
        gained = with_contact & ~without
        touch = _touch_rows(index, plan, audience, treated, delivered, gained, customers, rng)
        touches.append(touch)
        effects.append(pd.DataFrame({
            "campaign_id": campaign_id(index), "customer_id": customer_ids(audience),
            "arm": touch["arm"], "base_probability": base, "effect": effect,
            "outcome_control": without, "outcome_treatment": with_contact,
            "response_type": response_type(base, effect),
        }))
        _react(book, plan, day, audience, treated, delivered, touch, customers, rng)
        rows.append(_campaign_row(index, plan, int(treated.sum())))
        windows.append((day, day + plan.window))
    order = np.lexsort((events.person, events.day))
    events = OrderEvents(*(getattr(events, f)[order] for f in ("person", "day", "cancelled", "offer")))
    history = CampaignHistory(
        pd.DataFrame(rows), pd.concat(touches, ignore_index=True), pd.concat(effects, ignore_index=True), windows
    )
    return events, history


def campaign_id(index: int) -> str:
    return f"CMP-{index + 1:03d}"


def _channel(plan: Plan) -> int:
    from assistant.data.schema import CHANNELS

    return CHANNELS.index(plan.channel)


def _audience(
    plan: Plan, day: int, customers: Customers, events: OrderEvents, book: ContactBook, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Rows of the mailable customers that the campaign was meant for, and days since their last order."""
    import numpy as np

    n = customers.n_known
    seen = (events.day < day) & (events.person < n)
    last = np.full(n, -np.inf)
    np.maximum.at(last, events.person[seen], events.day[seen])
    # those whose orders lie before the data are known to the shop by their registration
    last = np.where(np.isinf(last) & (customers.joined[:n] < 0), customers.joined[:n], last)
    recency = day - last
    recent = np.bincount(events.person[seen & (events.day >= day - 365)], minlength=n)
    wanted = {
        "win_back": (recency >= 90) & (recency <= 500), "seasonal": recency <= 540, "promotion": recency <= 540,
        "launch": recency <= 365, "loyalty": (recency <= 365) & (recent >= 4),
    }[plan.kind]
    rows = np.flatnonzero(wanted & book.mailable(plan.channel, day) & (customers.joined[:n] < day))
    rows = rows[rng.random(len(rows)) < plan.share]
    return rows, recency[rows]


def planted_effect(
    plan: Plan, customers: Customers, audience: np.ndarray, recency: np.ndarray, base: np.ndarray, gone: np.ndarray
) -> np.ndarray:
    """Planted change of the chance to order within the window, caused by the contact.

    Depends on what the shop can see (recency, favourite categories, price sensitivity through past promotions, how
    the customer came), so an uplift model can learn it, and on hidden state (left for good), so it cannot fully.
    """
    import numpy as np

    segment = customers.segment[audience]
    favourites = np.array([s.favourites.get(plan.category or "", 0.0) for s in SEGMENTS])[segment]
    fit = 0.35 + np.minimum(favourites, 2.5) / 1.5 if plan.category else np.ones(len(audience))
    saving = 0.4 + 0.045 * plan.discount * np.minimum(customers.price_sensitivity[audience], 3.0) / 1.2
    if plan.kind == "win_back":
        timing = 0.25 + 1.1 * np.exp(-(((recency - 135) / 90) ** 2))
        level, reachable = 0.15, 0.7
    elif plan.kind == "loyalty":
        timing = 0.5 + np.clip(recency, 0, 120) / 100
        level, reachable = 0.16, 0.25
    else:
        timing = 0.6 + 0.8 * np.exp(-(((recency - 60) / 70) ** 2))
        level, reachable = {"seasonal": 0.16, "promotion": 0.12, "launch": 0.18}[plan.kind], 0.35
    effect = level * fit * saving * timing * np.where(gone, reachable, 1.0) * (1 - base) ** 1.5
    effect = np.minimum(effect, 0.55 * (1 - base))
    return np.where(customers.sleeping_dog[audience], -SLEEPING_DOG_LOSS * base, effect)


def response_type(base: np.ndarray, effect: np.ndarray) -> np.ndarray:
    """Names of the four planted kinds of customers in a campaign."""
    import numpy as np

    return np.select(
        [effect < -0.005, effect >= 0.05, base >= 0.5], ["sleeping_dog", "persuadable", "sure_thing"], "lost_cause"
    ).astype(object)


def _apply(
    events: OrderEvents, index: int, day: int, plan: Plan, audience: np.ndarray, delivered: np.ndarray,
    base: np.ndarray, effect: np.ndarray, rng: np.random.Generator,
) -> tuple[OrderEvents, np.ndarray, np.ndarray]:
    """Draw both potential outcomes of everybody and let the one of the arm happen.

    Returns:
        the orders that follow, and per audience member whether they order without and with the contact.
    """
    import numpy as np

    top = int(max(events.person.max(), audience.max(initial=0))) + 1
    inside = (events.day >= day) & (events.day < day + plan.window) & ~events.cancelled
    ordered = np.zeros(top, dtype=bool)
    ordered[events.person[inside]] = True
    without = ordered[audience]
    draw = rng.random(len(audience))
    gains = ~without & (draw < np.clip(effect, 0, None) / np.maximum(1 - base, 1e-9))
    loses = without & (draw < np.clip(-effect, 0, None) / np.maximum(base, 1e-9))
    with_contact = (without | gains) & ~loses
    dropped = np.zeros(top, dtype=bool)
    dropped[audience[delivered & loses]] = True
    keep = ~(dropped[events.person] & (events.day >= day) & (events.day < day + plan.window))
    gained = audience[delivered & gains]
    wait = np.minimum(rng.exponential(plan.window / 3, len(gained)).astype(int), plan.window - 1)
    person = np.concatenate([events.person[keep], gained])
    days = np.concatenate([events.day[keep], day + wait])
    offered = np.zeros(top, dtype=bool)
    offered[audience[delivered]] = True
    offer = np.concatenate([events.offer[keep], np.full(len(gained), -1)])
    offer[offered[person] & (days >= day) & (days < day + plan.window)] = index
    cancelled = np.concatenate([events.cancelled[keep], np.zeros(len(gained), dtype=bool)])
    return OrderEvents(person, days, cancelled, offer), without, with_contact


def _touch_rows(
    index: int, plan: Plan, audience: np.ndarray, treated: np.ndarray, delivered: np.ndarray, gained: np.ndarray,
    customers: Customers, rng: np.random.Generator,
) -> pd.DataFrame:
    """Touches of both arms. Openings of texts and letters cannot be seen and are null."""
    import numpy as np
    import pandas as pd

    n = len(audience)
    dogs = customers.sleeping_dog[audience]
    chance = np.where(gained, 0.92, np.where(dogs, 0.17, 0.31))
    opened = delivered & (rng.random(n) < chance)
    clicked = (opened if plan.channel in ("email", "push") else delivered) & (
        rng.random(n) < np.where(gained, 0.85, np.where(dogs, 0.02, 0.09 if plan.channel != "post" else 0.02))
    )
    asked = delivered & (opened | (plan.channel not in ("email", "push")))
    left = asked & ~gained & (rng.random(n) < np.where(dogs, 0.11, 0.006))
    start = np.datetime64(plan.day).astype("datetime64[s]") + 10 * 3600
    visible = plan.channel in ("email", "push")
    return pd.DataFrame({
        "campaign_id": campaign_id(index), "customer_id": customer_ids(audience),
        "arm": np.where(treated, "treatment", "control"), "channel": plan.channel,
        "sent_at": start + rng.integers(0, 5400, n), "delivered": delivered,
        "opened": pd.array(opened if visible else [pd.NA] * n, dtype="boolean"),
        "clicked": clicked if plan.channel != "post" else pd.array([pd.NA] * n, dtype="boolean"),
        "unsubscribed": left,
    }).astype({"clicked": "boolean"})


def _react(
    book: ContactBook, plan: Plan, day: int, audience: np.ndarray, treated: np.ndarray, delivered: np.ndarray,
    touch: pd.DataFrame, customers: Customers, rng: np.random.Generator,
) -> None:
    """Unsubscribes, complaints and bounces change what later campaigns may do."""
    book.withdraw(audience[touch["unsubscribed"].to_numpy()], plan.channel, day + 0.6)
    angry = delivered & customers.sleeping_dog[audience] & (rng.random(len(audience)) < 0.02)
    book.suppress(audience[angry], plan.channel, day + 1, "complaint")
    book.suppress(audience[treated & ~delivered], plan.channel, day + 1, "bounce")


def _campaign_row(index: int, plan: Plan, sent: int) -> dict:
    from datetime import datetime, time, timedelta

    each, fixed = _COST[plan.channel]
    start = datetime.combine(plan.day, time(10))
    where = f"{plan.category.lower()}" if plan.category else "everything"
    return {
        "campaign_id": campaign_id(index), "name": plan.name, "kind": plan.kind, "channel": plan.channel,
        "started_at": start, "ended_at": datetime.combine(plan.day + timedelta(days=plan.window), time(0)),
        "offer": f"{plan.discount:g} % off {where}", "discount_percent": float(plan.discount),
        "category": plan.category, "cost": round(fixed + each * sent, 2),
    }
