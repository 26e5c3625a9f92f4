"""A draft at a glance: every decision of a brief, what it is, and whether it was asked for, assumed or computed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assistant.campaigns.economics import Economics
from assistant.campaigns.exits import exit_words
from assistant.campaigns.experiment import RESPONSE_DAYS
from assistant.campaigns.timing import timing_words
from assistant.data.warehouse import Snapshot
from assistant.plans.reword import join_words, reword_filter
from assistant.results import Column, Table
from assistant.results.format import show

if TYPE_CHECKING:
    from assistant.campaigns.draft import Plan

ASKED, ASSUMED, DATA = "as asked", "assumed", "from the data"


def outline(snapshot: Snapshot, plan: Plan, economics: Economics) -> Table:
    """One row per decision: goal, audience, exit, offer, products, copy, timing, cost, expected result, experiment."""
    brief = plan.brief
    said = brief.model_fields_set
    when, asked_when = timing_words(snapshot, brief)
    rows: list[list[Any]] = [
        ["goal", brief.goal.replace("_", "-"), ASKED],
        ["audience", _audience(plan), ASSUMED if brief.audience is None else ASKED],
        ["exit", exit_words(brief), ASKED if brief.exit_when else ASSUMED],
        ["offer", plan.copy.offer.text if plan.copy.offer else "none", ASKED if "offer" in said else ASSUMED],
        ["products", _products(plan), ASKED if "products_per_recipient" in said else ASSUMED],
        ["copy", _copy(plan), ASKED if {"tone", "length", "language", "edits", "channels"} & said else ASSUMED],
        ["timing", when, ASKED if asked_when == "asked" else ASSUMED],
        ["cost", *_cost(snapshot, plan)],
        ["expected result", *_expected(snapshot, plan, economics)],
        *_profit(snapshot, economics),
        ["experiment", _experiment(plan), _by_experiment(plan)],
    ]
    columns = [Column(name="part", label="Part"), Column(name="value", label="Decided"),
               Column(name="basis", label="On what grounds")]
    return Table(id="outline", title="The campaign at a glance", columns=columns, rows=rows, total_rows=len(rows))


def _audience(plan: Plan) -> str:
    also = "" if plan.occasion is None else f"; {plan.occasion.step}"
    return f"customers where {reword_filter(plan.rule)}{also}"


def _products(plan: Plan) -> str:
    brief = plan.brief
    k = brief.products_per_recipient
    if not k:
        return "none named"
    if plan.occasion is not None and plan.occasion.picks is not None:
        return {"reviews": f"up to {k} of those bought and kept"}.get(
            brief.goal, f"up to {k} of those in the basket, on sale and in stock")
    if plan.goods is not None:
        of = {"season": "goods of the season", "best": "bestsellers"}.get(plan.goods.kind, f"{plan.goods.kind} goods")
        return f"{k} for each recipient of the {len(plan.goods.product_ids)} {of}, those that suit best first"
    if brief.favourites:
        return f"{k} for each recipient from their favourite category, chosen by the recommender"
    of = f" from {brief.offer.category}" if brief.offer.category else ""
    return f"{k} for each recipient{of}, chosen by the recommender"


def _copy(plan: Plan) -> str:
    brief = plan.brief
    parts = [join_words(list(brief.channels)), f"{plan.copy.style.tone} tone"]
    if brief.length != "normal":
        parts.append(f"{brief.length} texts")
    if brief.language == "zh":
        parts.append("in Chinese")
    parts.append(f"{brief.variants} wordings" if brief.variants > 1 else "one wording")
    if brief.edits:
        parts.append("with texts by hand")
    return ", ".join(parts)


def _cost(snapshot: Snapshot, plan: Plan) -> tuple[str, str]:
    costs, money = plan.costs, snapshot.currency
    if costs.total is None:
        if not costs.unknown:
            return "unknown: the data hold no contacts, so it is not known how many messages there are", DATA
        return f"unknown: no price of a message by {join_words(list(costs.unknown))} is set or in the data", DATA
    each = ", ".join(f"{c} {n:,} at {show(costs.units[c].value, 'currency', money)}"
                     for c, n in costs.messages.items() if n)
    sources = {costs.units[c].source for c, n in costs.messages.items() if n}
    basis = DATA if sources == {"past campaigns"} else "settings" if sources == {"settings"} else "settings and data"
    most = "at most " if costs.steps > 1 else ""
    return f"{most}{show(costs.total, 'currency', money)} for sending ({each})", basis


def _expected(snapshot: Snapshot, plan: Plan, economics: Economics) -> tuple[str, str]:
    extra = economics.extra
    if extra is not None and extra.lower <= 0:
        return (f"not shown: past campaigns of this kind are not known to have raised orders ({extra.lower:,.0f} to "
                f"{extra.upper:,.0f} customers, carried over)", "experiment")
    if extra is not None:
        return (f"{extra.customers:,.0f} more customers who order within {RESPONSE_DAYS} days "
                f"({extra.lower:,.0f} to {extra.upper:,.0f}), as in past campaigns of this kind", "experiment")
    margin = economics.margin
    if margin is not None and margin.break_even_lift is not None:
        return (f"no lift is promised without an experiment; it pays from {margin.break_even_lift * 100:.1f} % "
                "more sales on", ASSUMED)
    return "no lift is promised: no past experiment of this kind is in the data", ASSUMED


def _profit(snapshot: Snapshot, economics: Economics) -> list[list[Any]]:
    """The expected profit, by experiment where this very offer was tested, else as an assumption."""
    profit, money = economics.profit, snapshot.currency
    if profit is None or profit.past is None:
        return []
    pays = f"; it pays from a lift of {profit.needed * 100:.1f} points on" if profit.needed is not None else ""
    said = (f"{show(profit.expected, 'currency', money)} ({show(profit.lower, 'currency', money)} to "
            f"{show(profit.upper, 'currency', money)}) beyond no campaign{pays}")
    return [["expected profit", said, "experiment" if profit.tested else ASSUMED]]


def _experiment(plan: Plan) -> str:
    held, all_of_them = len(plan.split.holdout), len(plan.split.holdout) + len(plan.split.contacted)
    return (f"{held:,} of {all_of_them:,} held back at random ({plan.sizing.share * 100:.0f} %), read out on orders "
            f"within {RESPONSE_DAYS} days")


def _by_experiment(plan: Plan) -> str:
    if plan.brief.holdout_share is not None:
        return ASKED
    return DATA if plan.sizing.why == "power" else ASSUMED
