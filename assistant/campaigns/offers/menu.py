"""Offers that past campaigns tested against customers held out at random: what can be chosen from with an effect.

An option is an offer on its goods by its channel, as past campaigns made it. What it takes from an order is measured:
the discounts on orders of the contacted as a share of their full price, less that share among the held out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from assistant.features.contacted import Campaign
from assistant.models.uplift.effects import Effect, read_out
from assistant.models.uplift.money import message_cost
from assistant.plans.offers import OfferCandidate

if TYPE_CHECKING:
    import pandas as pd

    from assistant.data.warehouse import Snapshot
    from assistant.models.uplift.fitted import ShopUplift

#: Days that say whether a category is in season, and the share of its usual daily sales it must reach in them.
SEASON_DAYS, IN_SEASON = 60, 0.5


@dataclass(frozen=True)
class Option:
    """An offer by a channel with what past campaigns say of it.

    Attributes:
        offer: what is offered. channel: of the message.
        like: the latest campaign that tested it. campaigns: all that did.
        share: what it takes from the full price of an order, 0–1 (measured).
        per_message: cost of one more message, shop currency.
        effect: measured effect of these campaigns on ordering, with an interval of its own.
        profit: measured effect on margin (sales without costs of goods) per customer less the message, likewise.
    """

    offer: OfferCandidate
    channel: str
    like: Campaign
    campaigns: tuple[Campaign, ...]
    share: float
    per_message: float
    effect: Effect
    profit: Effect


@dataclass(frozen=True)
class Menu:
    """Options to choose from, and tested ones that are left out because their goods are out of season.

    Attributes:
        differ: p-value that all options move customers alike; None with fewer than two.
        cost_known: how the cost of a message is known, the least sure of the channels.
    """

    options: tuple[Option, ...]
    out_of_season: tuple[Option, ...]
    differ: float | None
    cost_known: str


def tested_menu(
    snapshot: Snapshot, model: ShopUplift, wanted: Sequence[OfferCandidate] = (), channel: str | None = None
) -> Menu:
    """Options among the campaigns that a model learnt from.

    Args:
        wanted: offers named; options that are one of them, or one of them on some category, are kept. All without.
        channel: only messages by it.
    """
    groups: dict[tuple[float, str | None, str], list[Campaign]] = {}
    for c in model.tested_.campaigns:
        if channel in {None, c.channel} and (not wanted or any(_is(c, w) for w in wanted)):
            groups.setdefault((c.discount_percent, c.category, c.channel), []).append(c)
    options = [_option(model, key, found) for key, found in sorted(groups.items(), key=lambda g: str(g[0]))]
    selling = _in_season(snapshot)
    kept = tuple(o for o in options if o.offer.category is None or o.offer.category in selling)
    costs = {message_cost([c for c in model.tested_.campaigns if c.channel == o.channel])[1] for o in kept}
    known = next((k for k in ("unknown", "average", "marginal") if k in costs), "unknown")
    return Menu(kept, tuple(o for o in options if o not in kept), _differ(model, kept), known)


def of_campaign(c: Campaign) -> OfferCandidate:
    """What a past campaign offered."""
    if c.discount_percent > 0:
        return OfferCandidate(kind="percent_off", value=c.discount_percent, category=c.category)
    return OfferCandidate(kind="none")


def _is(c: Campaign, wanted: OfferCandidate) -> bool:
    offer = of_campaign(c)
    same_goods = wanted.category is None or (offer.category or "").casefold() == wanted.category.casefold()
    return offer.kind == wanted.kind and (wanted.kind == "none" or offer.value == wanted.value) and same_goods


def _option(
    model: ShopUplift, key: tuple[float, str | None, str], campaigns: list[Campaign]
) -> Option:
    frame = model.tested_.frame
    cases = frame[frame["campaign_id"].isin([c.campaign_id for c in campaigns])]
    effect = read_out(cases["ordered"].to_numpy(dtype=float), cases["treatment"].to_numpy(),
                      experiment=cases["campaign_id"].to_numpy()).overall
    cost, _ = message_cost([c for c in model.tested_.campaigns if c.channel == key[2]])
    gained = cases["margin" if model.money_.with_costs else "revenue"].to_numpy(dtype=float)
    profit = read_out(gained - cost * cases["treatment"].to_numpy(), cases["treatment"].to_numpy(),
                      experiment=cases["campaign_id"].to_numpy()).overall
    return Option(of_campaign(campaigns[-1]), key[2], campaigns[-1], tuple(campaigns), taken_share(cases, key[0]), cost,
                  effect, profit)


def taken_share(cases: pd.DataFrame, percent: float) -> float:
    """What an offer takes from the full price of an order, 0–1: the discount share of orders of the contacted less that
    of the held out, between 0 and the discount itself."""
    shares = []
    for arm in (1, 0):
        rows = cases[(cases["treatment"] == arm) & (cases["ordered"] == 1)]
        full = float((rows["revenue"] + rows["given"]).sum())
        shares.append(float(rows["given"].sum()) / full if full > 0 else 0.0)
    return min(max(shares[0] - shares[1], 0.0), percent / 100)


def _differ(model: ShopUplift, options: Sequence[Option]) -> float | None:
    frame = model.tested_.frame
    name = {c.campaign_id: str(i) for i, o in enumerate(options) for c in o.campaigns}
    rows = frame[frame["campaign_id"].isin(list(name))]
    if len(options) < 2 or rows.empty:
        return None
    return read_out(rows["ordered"].to_numpy(dtype=float), rows["treatment"].to_numpy(),
                    experiment=rows["campaign_id"].to_numpy(),
                    group=rows["campaign_id"].map(name).to_numpy()).differ


def _in_season(snapshot: Snapshot) -> set[str]:
    """Categories that sell at least half as well as over all the data."""
    if not snapshot.has("products", "category"):
        return set()
    lines, products = snapshot.table("order_lines"), snapshot.table("products").select("product_id", "category")
    sales = lines.filter(lines.line_type == "sale").inner_join(products, "product_id")
    first = snapshot.as_of - timedelta(days=SEASON_DAYS - 1)
    found = sales.group_by("category").aggregate(
        all=sales.amount.sum().cast("float64"),
        late=sales.amount.sum(where=sales.ordered_at.date() >= first).cast("float64"))
    days = (snapshot.as_of - snapshot.manifest.first_day).days + 1
    return {str(r["category"]) for r in snapshot.execute(found).to_pylist()
            if r["category"] and (r["late"] or 0) / SEASON_DAYS >= IN_SEASON * (r["all"] or 0) / days}
