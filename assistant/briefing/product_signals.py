"""What is known of each product that speaks for or against promoting it: each signal a number with a stated bar.

Trend, returns and season are tested (see :mod:`~assistant.briefing.movers`, :mod:`~assistant.briefing.discovery`);
margin, stock cover, reach and saturation are plain figures against a stated bar.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np

from assistant.briefing.assortment import SHORT_WEEKS, returned_more
from assistant.briefing.discovery import believable
from assistant.briefing.movers import MIN_ORDERS, moved
from assistant.briefing.scene import YEAR_DAYS, Scene
from assistant.features.interactions import day_number
from assistant.models.recommend.fitted import FittedRecommender, recommend_for_customers

if TYPE_CHECKING:
    import pandas as pd

#: Length of the lists whose reach is counted, and customers looked at, drawn by lot.
REACH_K, REACH_CUSTOMERS = 10, 20_000
_BATCH = 1000
#: A product counts as widely fitting when its reach is among this share of products.
TOP_REACH = 0.1
#: Nearly all who would buy a product have it when so large a share of the customers it fits own it; and how many of
#: those are needed to say so.
SATURATED, MIN_FITTING = 0.95, 50
#: Days ahead whose season is looked at.
SEASON_DAYS = 28
_DAY = timedelta(days=1)
#: A margin under this share of the shop's median margin is called low.
LOW_MARGIN = 0.5
#: Weeks of stock beyond which there is too much of a product; days without a sale after which stock lies idle.
MUCH_WEEKS, IDLE_DAYS = 26, 90


@dataclass(frozen=True, eq=False)
class Signals:
    """One row per product, index as in the catalogue.

    Attributes:
        frame: ``product_id``, ``name``, ``category``, ``revenue``, ``units`` of the stretch, ``change`` of revenue
            (NaN: not beyond noise), ``trend`` (1, 0, -1), ``margin``, ``stock``, ``weeks`` of stock (NaN unknown or no
            sales), ``reach`` (customers), ``buyers``, ``owned_share`` (percent of the customers it fits), ``season``
            (1, 0, -1), ``season_orders`` and ``season_before`` (orders a year ago, in the coming four weeks and the
            four before), ``return_share`` (NaN: not beyond others), ``idle``, ``stock_value``, ``discontinued``,
            ``rule`` (list rule that leaves it out, or None).
        median_margin, reach_bar: the bars of margin and reach.
        customers: whose lists were looked at.
        has_trend, has_season: whether the data are long enough to test.
    """

    frame: pd.DataFrame
    median_margin: float
    reach_bar: int
    customers: int
    has_trend: bool
    has_season: bool


def product_signals(
    scene: Scene, fitted: FittedRecommender, rules: np.ndarray, usual_rules: np.ndarray
) -> Signals:
    """Gather all signals of all products.

    Args:
        rules: per catalogue row the list rule that leaves it out, else None. usual_rules: the same where nothing in
            particular is asked for; the bars of margin and reach are those of the products it leaves in.
    """
    catalogue = fitted.catalogue
    frame = catalogue.frame[["product_id", "name", "category", "price", "cost", "stock", "discontinued", "last_sold",
                             "position"]].copy()
    frame["rule"] = rules
    frame["margin"] = catalogue.margin
    _add_sales(scene, frame)
    has_trend = _add_trend(scene, frame)
    has_season = _add_season(scene, fitted, frame)
    customers = _add_reach(fitted, frame)
    _, back, _ = returned_more(scene)
    share = {r["product"]: 100 * r["return_orders"] / (r["orders"] + r["return_orders"]) for r, _ in back}
    frame["return_share"] = frame["product_id"].map(share).astype(float)
    frame["idle"] = ~((catalogue.today - frame["last_sold"]) < IDLE_DAYS)
    unit = frame["cost"].where(frame["cost"].notna(), frame["price"])
    frame["stock_value"] = frame["stock"] * unit
    selling = (usual_rules == None) & (frame["position"] >= 0)  # noqa: E711 (an array of objects)
    margins = frame.loc[selling, "margin"].dropna()
    reach = np.sort(frame.loc[selling, "reach"].to_numpy())[::-1]
    bar = int(reach[max(int(TOP_REACH * len(reach)) - 1, 0)]) if len(reach) else 0
    return Signals(frame, float(margins.median()) if len(margins) else float("nan"), max(bar, 1), customers, has_trend,
                   has_season)


def _add_sales(scene: Scene, frame: pd.DataFrame) -> None:
    """Revenue and units of the stretch, and how many weeks the stock lasts at that rate."""
    windows = scene.windows
    rows = scene.rows(("revenue", "units"), ("product",), windows.steps[0]) if windows is not None else []
    for name in ("revenue", "units"):
        values = {r["product"]: float(r[name] or 0) for r in rows}
        frame[name] = frame["product_id"].map(values).fillna(0.0)
    weekly = frame["units"] / (windows.current.days_covered / 7) if windows is not None else 0.0 * frame["units"]
    frame["weeks"] = (frame["stock"].clip(lower=0) / weekly).where(weekly > 0)


def _add_trend(scene: Scene, frame: pd.DataFrame) -> bool:
    found: dict[str, float] = {}
    if scene.windows is not None:
        both = moved(scene.scope, "product", scene.condition, scene.windows)
        found = {m.key: m.change for m in (*both.up, *both.down)}
    frame["change"] = frame["product_id"].map(found).astype(float)
    frame["trend"] = np.sign(frame["change"].fillna(0.0)).astype(int)
    return scene.windows is not None


def _add_season(scene: Scene, fitted: FittedRecommender, frame: pd.DataFrame) -> bool:
    """Orders in the coming four weeks a year ago against the four weeks before them, given the shop's own; binomial."""
    from scipy.special import bdtr, bdtrc

    frame["season"], frame["season_orders"], frame["season_before"] = 0, 0, 0
    ahead, before = _last_year(scene.scope.snapshot.as_of)
    if before[0] < scene.scope.snapshot.manifest.first_day:
        return False
    for name, days in (("season_orders", ahead), ("season_before", before)):
        values = {r["product"]: int(r["orders"] or 0) for r in scene.rows(("orders",), ("product",), days)}
        frame[name] = frame["product_id"].map(values).fillna(0).astype(int)
    on_sale_then = frame["product_id"].map(_first_days(fitted)) <= day_number(before[0]) + 6  # a launch is no season
    both = frame["season_orders"] + frame["season_before"]
    usual = frame["season_orders"].sum() / max(both.sum(), 1)
    tested = frame.index[(both >= MIN_ORDERS) & on_sale_then]
    hits, trials = frame.loc[tested, "season_orders"].to_numpy(), both.loc[tested].to_numpy()
    low = bdtr(hits.astype(float), trials, usual)
    high = np.where(hits > 0, bdtrc(np.maximum(hits - 1, 0).astype(float), trials, usual), 1.0)
    kept = np.array(believable(np.minimum(1.0, 2 * np.minimum(low, high)).tolist()), dtype=bool)
    moved_too = np.where(high < low, 2 * hits > trials, 2 * hits < trials)  # beside the shop's own course
    frame.loc[tested, "season"] = np.where(kept & moved_too, np.where(high < low, 1, -1), 0)
    return True


def _last_year(as_of: date) -> tuple[tuple[date, date], tuple[date, date]]:
    """The coming four weeks a year ago (52 weeks, so that weekdays fall alike), and the four weeks before them."""
    start = as_of + timedelta(days=1 - YEAR_DAYS)
    return (start, start + timedelta(days=SEASON_DAYS - 1)), (start - timedelta(days=SEASON_DAYS), start - _DAY)


def _first_days(fitted: FittedRecommender) -> dict[str, int]:
    """First day on which a known customer bought each product."""
    seen = fitted.interactions
    first = np.full(seen.n_items, np.iinfo(np.int32).max, dtype=np.int64)
    np.minimum.at(first, seen.matrix.indices, seen.first_days)
    return dict(zip(seen.item_ids.tolist(), first.tolist(), strict=True))


def _add_reach(fitted: FittedRecommender, frame: pd.DataFrame) -> int:
    """Customers whose list holds the product, buyers, and how many of the customers it fits own it already."""
    reach, fitting, owning, looked_at = fitted.kept.get(("reach", REACH_K), lambda: _reach(fitted))
    buyers = np.bincount(fitted.interactions.matrix.indices, minlength=fitted.interactions.n_items)
    position = frame["position"].to_numpy()
    known, place = position >= 0, np.maximum(position, 0)
    for name, values in (("reach", reach), ("buyers", buyers)):
        frame[name] = np.where(known, values[place], 0).astype(int)
    judged = known & ~fitted.rebuying.kept[place] & (fitting[place] >= MIN_FITTING)
    frame["owned_share"] = np.where(judged, 100 * owning[place] / np.maximum(fitting[place], 1), np.nan)
    return looked_at


def _reach(fitted: FittedRecommender) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
    """Per product: lists that hold it; customers it fits, owners or not; owners among these; customers looked at.

    A product fits a customer when it is among the first ten of the model's ranking with what they own left in. Larger
    shops are sampled (seeded).
    """
    seen, model = fitted.interactions, fitted.models[fitted.family()]
    everybody = seen.user_ids
    if len(everybody) > REACH_CUSTOMERS:
        everybody = np.sort(np.random.default_rng(0).choice(everybody, REACH_CUSTOMERS, replace=False))
    lists = recommend_for_customers(fitted, list(everybody), REACH_K, reasons=False)
    held = lists.product_ids[(lists.product_ids != np.array(None)) & ~lists.filled].astype(object)
    reach = np.bincount(seen.item_positions(held.tolist()), minlength=seen.n_items)
    fitting, owning = np.zeros(seen.n_items, dtype=np.int64), np.zeros(seen.n_items, dtype=np.int64)
    positions = seen.user_positions(list(everybody))
    for start in range(0, len(positions), _BATCH):
        batch = positions[start : start + _BATCH]
        places, _ = model.top(model.rows_at(batch), REACH_K, exclude_seen=False)
        has = np.asarray(seen.matrix[batch].toarray() > 0)
        owned = np.take_along_axis(has, np.maximum(places, 0), axis=1) & (places >= 0)
        fitting += np.bincount(places[places >= 0], minlength=seen.n_items)
        owning += np.bincount(places[owned], minlength=seen.n_items)
    return reach, fitting, owning, len(everybody)


def is_short(frame: pd.DataFrame) -> pd.Series:
    """Sold out, or less than two weeks of sales left."""
    return (frame["stock"] <= 0) | (frame["weeks"] < SHORT_WEEKS)
