"""Truths about consent, messages and past campaigns."""

from __future__ import annotations

from benchmarks.questions.truth.shop import GoldShop, Ranking


def agreed(shop: GoldShop, channel: str) -> set[str]:
    """Customers who agreed to marketing on a channel."""
    contacts = shop.tables["contacts"]
    return set(contacts[(contacts["channel"] == channel) & contacts["consent"].eq(True)]["customer_id"])


def reachable(shop: GoldShop, channel: str) -> float:
    """Customers who agreed to marketing on a channel and are not suppressed there."""
    contacts = shop.tables["contacts"]
    on = contacts[(contacts["channel"] == channel) & contacts["consent"].astype(bool)]
    return float(on[~on["suppressed"].astype(bool)]["customer_id"].nunique())


def messages(shop: GoldShop, rate: str, channel: str | None = None) -> float:
    """Percent of delivered messages opened or clicked, or of messages sent that were delivered."""
    touches = shop.tables["touches"]
    touches = touches[(touches["arm"] == "treatment") & ((touches["channel"] == channel) if channel else True)]
    under = touches if rate == "delivered" else touches[touches["delivered"].astype(bool)]
    return 100 * float(under[rate].astype(bool).sum()) / len(under)


def responding(shop: GoldShop, n: int) -> Ranking:
    """Campaigns by percent of contacted customers who responded."""
    touches = shop.tables["touches"]
    sent = touches[touches["arm"] == "treatment"][["campaign_id", "customer_id"]]
    answers = shop.tables["responses"][["campaign_id", "customer_id"]].drop_duplicates().assign(answered=1.0)
    rate = sent.merge(answers, how="left").fillna({"answered": 0.0}).groupby("campaign_id")["answered"].mean() * 100
    names = shop.tables["campaigns"].set_index("campaign_id")["name"]
    rows = sorted(((names[k], v) for k, v in rate.items()), key=lambda row: (-row[1], row[0]))
    return rows[:n]


def sent(shop: GoldShop, campaign: str | None = None, channel: str | None = None, what: str = "sent",
         start: str | None = None, end: str | None = None) -> float:
    """Messages sent (control groups get none), or of these delivered, opened, clicked or unsubscribed."""
    import pandas as pd

    touches = shop.tables["touches"]
    touches = touches[touches["arm"] == "treatment"]
    if campaign:
        names = shop.tables["campaigns"].set_index("campaign_id")["name"]
        touches = touches[touches["campaign_id"].map(names) == campaign]
    if channel:
        touches = touches[touches["channel"] == channel]
    if start:
        touches = touches[touches["sent_at"] >= pd.Timestamp(start)]
    if end:
        touches = touches[touches["sent_at"] < pd.Timestamp(end) + pd.Timedelta(days=1)]
    return float(len(touches) if what == "sent" else touches[what].eq(True).sum())


def campaign_cost(shop: GoldShop, start: str | None = None, end: str | None = None) -> float:
    """Cost of the campaigns that began in a window."""
    import pandas as pd

    table = shop.tables["campaigns"]
    keep = pd.Series(True, index=table.index)
    if start:
        keep &= table["started_at"] >= pd.Timestamp(start)
    if end:
        keep &= table["started_at"] < pd.Timestamp(end) + pd.Timedelta(days=1)
    return float(table[keep]["cost"].astype("float64").sum())


def campaign_lift(shop: GoldShop, campaign: str) -> list[float]:
    """Percent of customers who ordered in the campaign's window: contacted, and control group."""
    row = shop.tables["campaigns"].set_index("name").loc[campaign]
    touches = shop.tables["touches"]
    touches = touches[touches["campaign_id"] == row["campaign_id"]]
    answers = shop.tables["responses"]
    answered = set(answers[answers["campaign_id"] == row["campaign_id"]]["customer_id"])
    rate = touches["customer_id"].isin(answered).groupby(touches["arm"]).mean() * 100
    return [float(rate["treatment"]), float(rate["control"])]


def campaign_sales(shop: GoldShop, n: int) -> Ranking:
    """Campaigns by revenue of the answers within their windows, control groups included."""
    answers = shop.tables["responses"].assign(revenue=lambda t: t["revenue"].astype("float64"))
    total = answers.groupby("campaign_id")["revenue"].sum()
    names = shop.tables["campaigns"].set_index("campaign_id")["name"]
    return sorted(((names[k], float(v)) for k, v in total.items()), key=lambda row: (-row[1], row[0]))[:n]


def consent_share(shop: GoldShop, channel: str) -> float:
    """Percent of registered customers who agreed to a channel."""
    return 100 * len(agreed(shop, channel)) / len(shop.tables["customers"])


def untouched(shop: GoldShop, channel: str, since: str, buyers: bool = False) -> float:
    """Customers to whom no message of a channel was sent since a day."""
    import pandas as pd

    touches = shop.tables["touches"]
    touches = touches[(touches["arm"] == "treatment") & (touches["channel"] == channel)]
    reached = set(touches[touches["sent_at"] >= pd.Timestamp(since)]["customer_id"])
    everybody = set(shop.sales()["customer"].dropna()) if buyers else set(shop.tables["customers"]["customer_id"])
    return float(len(everybody - reached))
