"""What to promote, stop promoting or clear: products by the number of kinds of evidence, each shown as cells.

The order is one that anybody can redo. Promote and stop: by how many of the listed kinds of evidence speak for it, ties
by the customers whose list holds the product (promote) or by its revenue in the stretch (stop). Clear: by the value of
the stock. What speaks against promoting a product leaves it out, and is counted.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from assistant.briefing.product_signals import (
    IDLE_DAYS,
    LOW_MARGIN,
    MUCH_WEEKS,
    SATURATED,
    Signals,
    is_short,
    product_signals,
)
from assistant.briefing.promotion_report import promotion_report
from assistant.briefing.scene import Scene
from assistant.errors import MissingData
from assistant.models.recommend.catalogue import RULES, ProductFilters
from assistant.models.recommend.fitted import FittedRecommender
from assistant.models.recommend.shaping import shaped
from assistant.plans.promotions import PromotionRequest
from assistant.results import Result

if TYPE_CHECKING:
    import pandas as pd

#: Reasons to stop that also keep a product from being promoted, in this order, as they are said.
AGAINST = {
    "short": "sold out or short of stock",
    "falling": "falling beyond noise",
    "out_of_season": "with the season behind them",
    "returned": "coming back more often than others",
    "loss": "priced below their cost",
    "low_margin": "with a low margin",
    "saturated": "bought already by nearly all they fit",
}
NO_REASON = "with nothing that speaks for them"


@dataclass(frozen=True, eq=False)
class Ranked:
    """Products chosen, best first, with the codes of their reasons; and what was left out by which rule."""

    frame: pd.DataFrame
    reasons: list[list[str]]
    left_out: list[tuple[str, int]]
    candidates: int


def promotion_result(request: PromotionRequest, scene: Scene, fitted: FittedRecommender) -> Result:
    """Products to promote, to stop promoting or to clear (kind ``promotion``).

    Raises:
        MissingData: what to clear is asked and the data hold no stock; or a rule needs a column they do not hold.
        UnknownName: a category or word of a rule that the shop does not have.
    """
    if request.action == "clear" and not fitted.catalogue.has_stock:
        raise MissingData("What to clear needs products.stock, which the loaded data do not have",
                          received="products.stock")
    promoting = request.action == "promote"
    filters = replace(
        ProductFilters.of(request), in_stock_only=request.in_stock_only and promoting,
        also_unbought=request.action == "clear", also_gone=not promoting,
    )
    signals = product_signals(scene, fitted, fitted.catalogue.rules(filters), fitted.catalogue.rules(ProductFilters()))
    ranked = {"promote": _promote, "stop": _stop, "clear": _clear}[request.action](request, signals, fitted)
    return promotion_report(request, scene, fitted, signals, ranked)


def reasons_against(signals: Signals) -> dict[str, np.ndarray]:
    """Code of each reason to stop → which products it holds for."""
    frame = signals.frame
    return {
        "short": is_short(frame).to_numpy(),
        "falling": (frame["trend"] < 0).to_numpy(),
        "out_of_season": (frame["season"] < 0).to_numpy(),
        "returned": frame["return_share"].notna().to_numpy(),
        "loss": (frame["margin"] < 0).to_numpy(),
        "low_margin": ((frame["margin"] >= 0) & (frame["margin"] < LOW_MARGIN * signals.median_margin)).to_numpy(),
        "saturated": (frame["owned_share"] >= 100 * SATURATED).to_numpy(),
    }


def reasons_for(signals: Signals) -> dict[str, np.ndarray]:
    """Code of each reason to promote → which products it holds for."""
    frame = signals.frame
    return {
        "rising": (frame["trend"] > 0).to_numpy(),
        "season": (frame["season"] > 0).to_numpy(),
        "reach": (frame["reach"] >= signals.reach_bar).to_numpy(),
        "margin": (frame["margin"] >= signals.median_margin).to_numpy(),
    }


def _promote(request: PromotionRequest, signals: Signals, fitted: FittedRecommender) -> Ranked:
    against, good = reasons_against(signals), reasons_for(signals)
    rule = signals.frame["rule"].to_numpy(dtype=object).copy()
    words = dict(RULES) | AGAINST | {"none": NO_REASON}
    for code, holds in against.items():
        rule[holds & (rule == None)] = code  # noqa: E711 (an array of objects)
    count = np.sum(list(good.values()), axis=0)
    evidence = np.sum([holds for code, holds in good.items() if code != "margin"], axis=0)
    rule[(evidence == 0) & (rule == None)] = "none"  # noqa: E711
    return _ranked(request, signals, fitted, good, count, signals.frame["reach"].to_numpy(), rule, words)


def _stop(request: PromotionRequest, signals: Signals, fitted: FittedRecommender) -> Ranked:
    against = reasons_against(signals)
    frame = signals.frame
    against = {"discontinued": frame["discontinued"].to_numpy() & (frame["revenue"] > 0).to_numpy(), **against}
    rule = frame["rule"].to_numpy(dtype=object).copy()
    unsold = ((frame["revenue"] <= 0) & (frame["trend"] >= 0)).to_numpy()
    rule[unsold & (rule == None)] = "unsold"  # noqa: E711
    count = np.sum(list(against.values()), axis=0)
    rule[(count == 0) & (rule == None)] = "none"  # noqa: E711
    words = dict(RULES) | {"unsold": "not sold in these weeks", "none": "with nothing that speaks against them"}
    return _ranked(request, signals, fitted, against, count, frame["revenue"].to_numpy(), rule, words)


def _clear(request: PromotionRequest, signals: Signals, fitted: FittedRecommender) -> Ranked:
    frame = signals.frame
    held = (frame["stock"] > 0).to_numpy()
    reasons = {
        "idle": held & frame["idle"].to_numpy(),
        "much": held & (frame["weeks"] > MUCH_WEEKS).to_numpy(),
        "falling": held & (frame["trend"] < 0).to_numpy(),
        "out_of_season": held & (frame["season"] < 0).to_numpy(),
        "discontinued": held & frame["discontinued"].to_numpy(),
    }
    rule = frame["rule"].to_numpy(dtype=object).copy()
    rule[~held & (rule == None)] = "out_of_stock"  # noqa: E711
    enough = reasons["idle"] | reasons["much"] | reasons["discontinued"]
    rule[~enough & (rule == None)] = "none"  # noqa: E711
    count = np.sum(list(reasons.values()), axis=0)
    words = dict(RULES) | {"none": f"sold within {IDLE_DAYS} days, and not too much in stock"}
    value = frame["stock_value"].fillna(0).to_numpy()
    return _ranked(request, signals, fitted, reasons, value, count, rule, words)


def _ranked(
    request: PromotionRequest, signals: Signals, fitted: FittedRecommender, reasons: dict[str, np.ndarray],
    count: np.ndarray, tie: np.ndarray, rule: np.ndarray, words: dict[str, str],
) -> Ranked:
    """Largest ``count`` first, then the larger ``tie``, then the product's id; caps and variants as for every list."""
    open_ = np.flatnonzero(rule == None)  # noqa: E711
    ids = signals.frame["product_id"].to_numpy(dtype=str)
    order = open_[np.lexsort((ids[open_], -tie[open_], -count[open_]))]
    shape = fitted.catalogue.shape(request)
    if shape and len(order):
        value = np.linspace(1.0, 0.0, len(order))[None, :]
        chosen = shaped(shape, fitted.catalogue.all_kinds, order[None, :], value, request.k)[0]
        order_shown = order[chosen[chosen >= 0]]
    else:
        order_shown = order[: request.k]
    counts = {code: int((rule == code).sum()) for code in words}
    left_out: list[tuple[str, int]] = [(words[code], n) for code, n in counts.items() if n]
    codes = [[code for code, holds in reasons.items() if holds[row]] for row in order_shown]
    return Ranked(signals.frame.iloc[order_shown], codes, left_out, len(open_))


__all__ = ["Ranked", "promotion_result", "reasons_against", "reasons_for"]


