"""Collect what was planted into the frames of a :class:`Truth`."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from assistant.data.demo.arrivals import FUTURE_WINDOWS, Arrivals
from assistant.data.demo.catalogue import CROSS_ELASTICITY, STYLES, Catalogue
from assistant.data.demo.customers import SEGMENTS, Customers, newcomer_density
from assistant.data.demo.documents import Documents
from assistant.data.demo.past_campaigns import SLEEPING_DOG_LOSS, CampaignHistory
from assistant.data.demo.seasons import (
    CATEGORY_MONTHS,
    NEWCOMER_GROWTH,
    RATE_GROWTH,
    SHOP_MONTHS,
    WEEKDAYS,
    Calendar,
)
from assistant.data.demo.truth import Truth

if TYPE_CHECKING:
    import pandas as pd


def planted_truth(
    seed: int, calendar: Calendar, catalogue: Catalogue, customers: Customers, arrivals: Arrivals,
    history: CampaignHistory, documents: Documents, present: pd.Series,
) -> Truth:
    """Truth about the customers in ``present`` and everything else of the shop."""
    import pandas as pd

    rows = pd.Index(customers.frame["customer_id"]).get_indexer(present)
    effects = history.effects
    campaigns = effects.groupby("campaign_id", as_index=False).agg(
        audience=("customer_id", "size"), mean_effect=("effect", "mean"),
        sleeping_dogs=("response_type", lambda s: int((s == "sleeping_dog").sum())),
    )
    return Truth(
        seed=seed,
        customers=_customers(calendar, customers, arrivals, documents, rows),
        products=catalogue.products[["product_id"]].assign(
            family=catalogue.family, style=[STYLES[s] for s in catalogue.style], elasticity=catalogue.elasticity,
            popularity=catalogue.popularity, return_rate=catalogue.return_rate,
        ),
        pairs=catalogue.pairs, category_seasons=_month_factors(CATEGORY_MONTHS, "category"),
        segment_seasons=_month_factors(
            {s.name: tuple(a * b for a, b in zip(s.months, SHOP_MONTHS, strict=True)) for s in SEGMENTS}, "segment"
        ),
        daily=_daily(calendar, customers, arrivals, documents), effects=effects, campaigns=campaigns,
        facts={
            "rate_growth_per_year": RATE_GROWTH, "newcomer_growth_per_year": NEWCOMER_GROWTH,
            "cross_elasticity": CROSS_ELASTICITY, "sleeping_dog_loss": SLEEPING_DOG_LOSS,
            # what a demand curve of the whole shop shows is a product's elasticity times this
            "mean_price_sensitivity": float(customers.price_sensitivity[arrivals.person].mean()),
        },
        affinity=customers.taste[rows],
    )


def _customers(
    calendar: Calendar, customers: Customers, arrivals: Arrivals, documents: Documents, rows: object
) -> pd.DataFrame:
    import numpy as np
    import pandas as pd

    churned = customers.churned[rows]
    gone = churned < calendar.n_data
    first = np.datetime64(calendar.first_day)
    frame = pd.DataFrame({
        "customer_id": customers.frame["customer_id"].to_numpy()[rows],
        "segment": np.array([s.name for s in SEGMENTS], dtype=object)[customers.segment[rows]],
        "order_rate": customers.order_rate[rows], "churn_hazard": customers.churn_hazard[rows],
        "churned_on": np.where(gone, first + np.floor(churned).astype(int), np.datetime64("NaT")).astype("M8[ns]"),
        "alive": ~gone, "sleeping_dog": customers.sleeping_dog[rows],
        "price_sensitivity": customers.price_sensitivity[rows],
        "favourite_style": np.array(STYLES, dtype=object)[customers.favourite_style[rows]],
    })
    for position, window in enumerate(FUTURE_WINDOWS):
        expected = arrivals.expected(customers, calendar.n_data, window)[rows]
        frame[f"expected_orders_{window}"] = expected
        frame[f"orders_{window}"] = documents.future_orders[rows, position]
        frame[f"revenue_{window}"] = documents.future_revenue[rows, position]
    return frame


def _month_factors(table: dict[str, tuple[float, ...]], column: str) -> pd.DataFrame:
    import numpy as np
    import pandas as pd

    return pd.DataFrame([
        (name, month + 1, value / np.mean(months)) for name, months in table.items()
        for month, value in enumerate(months)
    ], columns=[column, "month", "factor"])


def _daily(calendar: Calendar, customers: Customers, arrivals: Arrivals, documents: Documents) -> pd.DataFrame:
    """Expected and actual orders per day; the expectation knows who has left, no forecast can beat it."""
    import numpy as np
    import pandas as pd

    expected = np.zeros(calendar.n_all)
    known = np.arange(len(customers.segment)) < customers.n_known
    for index in range(len(SEGMENTS)):
        rows = known & (customers.segment == index)
        # rate of everybody who has joined and not left, day by day, from joins and departures
        change = np.zeros(calendar.n_all + 1)
        start = np.clip(customers.joined[rows] + 1, 0, calendar.n_all).astype(int)
        end = np.clip(np.ceil(customers.churned[rows]), 0, calendar.n_all).astype(int)
        rate = customers.order_rate[rows] / 365.25
        stays = end > start
        np.add.at(change, start[stays], rate[stays])
        np.add.at(change, end[stays], -rate[stays])
        expected += np.cumsum(change)[:-1] * arrivals.intensity[index]
    # first orders of newcomers and the orders of guests follow the planted density
    expected += (customers.joined >= 0).sum() * newcomer_density(calendar)
    days = [calendar.first_day + timedelta(days=d) for d in range(calendar.n_all)]
    return pd.DataFrame({
        "day": pd.to_datetime(days), "in_data": np.arange(calendar.n_all) < calendar.n_data,
        "weekday_factor": np.asarray(WEEKDAYS)[calendar.weekday], "expected_orders": expected,
        "orders": documents.day_totals[:, 0].astype(int), "revenue": documents.day_totals[:, 1],
    })
