"""What each past campaign earned: the margin won against its customers held out, less what it cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assistant.errors import MissingData
from assistant.models.uplift.effects import LEVEL, read_out
from assistant.results import Column, Figure, Source, Table

if TYPE_CHECKING:
    from assistant.models.uplift.tested import Tested

ID = "earned"
_VERDICTS = {"gain": "earned", "loss": "lost", "not_shown": "not shown", "too_few": "too few customers"}


def earned_table(past: Tested, *, most_first: bool) -> Table:
    """One row per campaign: contacts, margin won, cost, and the one less the other with an interval.

    The intervals hold together (Bonferroni over the campaigns, as in every split). A campaign is said to have earned
    or lost only where its whole interval lies on that side of nought.

    Args:
        past: campaigns with the margin of every case.
        most_first: order by what was earned, the most or the least first.

    Raises:
        MissingData: a campaign has no cost.
    """
    unpriced = [c.name for c in past.campaigns if c.cost is None]
    if unpriced:
        raise MissingData(f"What campaigns earned needs their costs; {', '.join(unpriced[:5])} have none",
                          missing=["campaigns.cost"], nearest=["Did our past campaigns work?"])
    level = 1 - (1 - LEVEL) / max(1, len(past.campaigns))
    rows: list[list[str | float | int | None]] = []
    for campaign in past.campaigns:
        mine = past.frame[past.frame["campaign_id"] == campaign.campaign_id]
        effect = read_out(mine["margin"].to_numpy(), mine["treatment"].to_numpy(), level=level).overall
        paid, n = float(campaign.cost or 0.0), effect.contacted
        won, *bounds = (None if v is None else v * n for v in (effect.lift, effect.lower, effect.upper))
        profit, lower, upper = (None if v is None else round(v - paid, 2) for v in (won, *bounds))
        sign = "too_few" if lower is None or upper is None else (
            "gain" if lower > 0 else "loss" if upper < 0 else "not_shown")
        rows.append([campaign.name, campaign.discount_percent or None, n, None if won is None else round(won, 2),
                     round(paid, 2), profit, lower, upper, _VERDICTS[sign]])
    known = [r for r in rows if r[5] is not None]
    known.sort(key=lambda r: (-float(r[5] or 0.0) if most_first else float(r[5] or 0.0), str(r[0])))
    ordered = known + [r for r in rows if r[5] is None]
    columns = [
        Column(name="campaign", label="Campaign"), Column(name="discount", label="Discount", unit="percent"),
        Column(name="contacted", label="Contacted", unit="count"),
        Column(name="margin_won", label="Margin won", unit="currency"),
        Column(name="cost", label="Cost", unit="currency"),
        Column(name="profit", label="Margin won less cost", unit="currency"),
        Column(name="lower", label="Lower bound", unit="currency"),
        Column(name="upper", label="Upper bound", unit="currency"), Column(name="verdict", label="Verdict"),
    ]
    return Table(id=ID, title="What each campaign earned", columns=columns, rows=ordered, total_rows=len(ordered))


def earned_figures(table: Table) -> dict[str, Figure]:
    """How many lost and earned by the estimate, and how many of them surely."""
    profits = [row[5] for row in table.rows if isinstance(row[5], int | float)]
    verdicts = [row[8] for row in table.rows]
    counted = {
        "listed": (len(table.rows), "campaigns"), "below": (sum(p < 0 for p in profits), "less than nought"),
        "above": (sum(p > 0 for p in profits), "more than nought"),
        "surely_below": (verdicts.count("lost"), "the whole interval below nought"),
        "surely_above": (verdicts.count("earned"), "the whole interval above nought"),
    }
    return {name: Figure(value=n, unit="count", label=label, source=Source(
        table=ID, origin="derived", derivation="number of rows")) for name, (n, label) in counted.items()}
