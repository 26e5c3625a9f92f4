"""A draft as a typed result: figures, waterfall, sample recipients, copy, checklist."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from assistant.campaigns.audience import WORTH_IT
from assistant.campaigns.below_cost import sells_below_cost
from assistant.campaigns.economics import Economics
from assistant.campaigns.exits import exit_of, exit_words
from assistant.campaigns.experiment import LEVEL_PERCENT, POWER_PERCENT, RESPONSE_DAYS
from assistant.campaigns.experiment.shown import sizing_details, sizing_figures, sizing_words
from assistant.campaigns.goals import goals
from assistant.campaigns.journey import steps_table
from assistant.campaigns.lengths import lengths_table
from assistant.campaigns.outline import outline
from assistant.campaigns.preview import previews, subjects
from assistant.campaigns.profit import Profit
from assistant.campaigns.timing import occasion, timing_words
from assistant.data.warehouse import Snapshot
from assistant.plans.reword import join_words, reword, reword_filter
from assistant.query.audience import conditions_of
from assistant.results import Caveat, Chart, Column, Evidence, Figure, Result, Source, Table
from assistant.results.result import Unit

if TYPE_CHECKING:
    from assistant.campaigns.draft import Plan

SAMPLE = 5
#: days before an occasion within which a campaign may go out at once without a word
FAR_AHEAD = 21


def campaign_result(snapshot: Snapshot, plan: Plan, economics: Economics) -> Result:
    """The draft as shown and stored."""
    known = plan.audience.reachable is not None
    sample = list(plan.split.contacted[:SAMPLE])  # the recipients a draft chooses products for
    tables = [_waterfall(plan), outline(snapshot, plan, economics), _channels(snapshot, plan),
              _recipients(plan, sample), steps_table(plan.brief.steps),
              *([plan.goods.table] if plan.goods is not None else [])]
    details = _details(plan, sample, known)
    if plan.brief.at_most is not None:
        tables.append(lengths_table(details["copy"], plan.brief.at_most, plan.brief.at_most_of))
    several = "email" in plan.brief.channels and (plan.brief.variants > 1 or any(
        t.piece == "subject" for t in (*plan.brief.piece_turns, *plan.brief.edits)))
    lines = subjects(plan.copy, plan.brief.variants) if several else []
    figures = _figures(plan, economics, tables[0]) | sizing_figures(plan)
    words = {
        "campaign": plan.campaign_id, "goal": plan.brief.goal.replace("_", "-"), "rule": reword_filter(plan.rule),
        "audience_words": _audience_words(plan),
        "channels": (", else " if plan.brief.first_channel else " and ").join(plan.brief.channels),
        "mailable_known": "yes" if known else "no",
        "offer": plan.copy.offer.text if plan.copy.offer else "",
        "asked": "draft", "undone": "", "offer_source": plan.copy.offer.source if plan.copy.offer else "",
        "title": plan.brief.title or "", "steps": "yes" if plan.brief.steps else "",
        "not_included": "; ".join(plan.brief.not_included), "subjects": " / ".join(lines),
        "about": plan.brief.offer.category or "" if plan.brief.offer.kind == "none" else "",
        "budget": "" if plan.brief.budget is None else "yes",
        "profit": "" if economics.profit is None or economics.profit.past is None else (
            "tested" if economics.profit.tested else "assumed"),
        "favourites": "yes" if plan.brief.favourites else "",
        "goods": "" if plan.goods is None else plan.goods.kind,
        "exit": exit_words(plan.brief) if exit_of(plan.brief) != "never" else "",
        "timing": timing_words(snapshot, plan.brief)[0], "costs_unknown": join_words(list(plan.costs.unknown)),
        "cut": "yes" if plan.costs.left_out else "",
        "at_most_of": plan.brief.at_most_of if plan.brief.at_most is not None else "",
        "one_each": "yes" if plan.brief.first_channel else "",
        "counted": "once" if plan.costs.steps == 1 else "fewer" if _may_be_fewer(plan) else "steps",
        "below_cost": "yes" if sells_below_cost(economics.margin) else "",
        "assumed_channels": "yes" if _nobody_chose_channels(plan) else "",
        "left_alone": _left_alone(snapshot, plan),
        "gift_unpriced": "yes" if plan.brief.offer.kind == "gift" and not plan.brief.offer.value else "",
        "extra_shown": "yes" if economics.extra is not None and economics.extra.lower > 0 else "",
    } | sizing_words(plan)
    return Result(
        kind="campaign", title=f"Draft {plan.campaign_id}: {words['goal']} campaign", currency=snapshot.currency,
        figures=figures, headline=["contacted", "holdout", "audience"], tables=[t for t in tables if t.rows],
        charts=[Chart(kind="bar", table="waterfall", x="step", y=["customers"], title="Who is left after each step")],
        words=words, details=details, caveats=_caveats(snapshot, plan, economics, known),
        evidence=_evidence(snapshot, plan),
        followups=[f"Dry run of {plan.campaign_id}", f"Why the timing of {plan.campaign_id}?",
                   f"Why the audience of {plan.campaign_id}?", "Show the campaign calendar"],
    )


def _audience_words(plan: Plan) -> str:
    """The audience as the person called it, else the agreed term, else the rule itself."""
    agreed = plan.definitions[0].term if plan.definitions else ""
    meant = plan.brief.audience is None or plan.brief.audience.term == agreed
    words = plan.brief.audience_words or (agreed if meant else "")
    if plan.occasion is not None:
        step = plan.occasion.step
        having = f"with {'an' if step[0] in 'aeiou' else 'a'} {step}"
        alone = plan.brief.audience is None or plan.rule == plan.occasion.own
        return f"customers {having}" if alone else f"customers where {reword_filter(plan.rule)}, {having}"
    if not words:
        return f"customers where {reword_filter(plan.rule)}"
    if any(d.term == words and not d.assumed for d in plan.definitions):
        return words
    return words if re.search(r"customer|buyer|people|shopper|member", words, re.I) else f"{words} customers"


def _left_alone(snapshot: Snapshot, plan: Plan) -> str:
    """Whether somebody is left out because of past campaigns: as asked (``yes``), by default (``usual``), or not."""
    if plan.audience.reachable is None or not snapshot.has("campaigns"):
        return ""
    if _gone(plan) is None:
        return "shown_none" if plan.brief.leave_alone is None and not goals()[plan.brief.goal].get("alike") else "no"
    return "yes" if plan.brief.leave_alone else "usual"


def _gone(plan: Plan) -> int | None:
    """How many are left out as better left alone; None where nobody was looked at."""
    steps = plan.audience.steps
    place = next((i for i, s in enumerate(steps) if s.label == WORTH_IT), None)
    return None if place is None else steps[place - 1].customers - steps[place].customers


def _nobody_chose_channels(plan: Plan) -> bool:
    """Whether the channels are the usual ones, because the brief names none."""
    return "channels" not in plan.brief.model_fields_set and not plan.brief.steps


def _may_be_fewer(plan: Plan) -> bool:
    """Whether somebody may get fewer messages than there are steps: an exit, or a step that hangs on something."""
    hangs = any(step.only_if in {"no_order", "no_open"} for step in plan.brief.steps)
    return hangs or exit_of(plan.brief) != "never"


def _figure(value: Any, unit: Unit, label: str, derivation: str) -> Figure:
    return Figure(value=value, unit=unit, label=label, source=Source(origin="derived", derivation=derivation))


def _figures(plan: Plan, economics: Economics, waterfall: Table) -> dict[str, Figure]:
    figures = {
        "audience": waterfall.figure(len(conditions_of(plan.rule)) + (plan.occasion is not None), "customers",
                                     "Customers selected"),
        "contacted": _figure(len(plan.split.contacted), "count",
                             "To be contacted" if plan.audience.reachable is not None else "Outside the control group",
                             "mailable less control group"),
        "holdout": _figure(len(plan.split.holdout), "count", "Control group", "share of the mailable, drawn at random"),
        "holdout_share": _figure(plan.sizing.share * 100, "percent", "Share of the control group",
                                 "brief, power or default"),
        "response_days": _figure(RESPONSE_DAYS, "days", "Response window", "rule of the read-out"),
        "level": _figure(100 - LEVEL_PERCENT, "percent", "Confidence of the read-out", "rule of the read-out"),
        "power": _figure(POWER_PERCENT, "percent", "Power of the read-out", "rule of the read-out"),
    }
    if (gone := _gone(plan)) is not None:
        figures["left_alone"] = _figure(gone, "count", "Better left alone",
                                        "may be contacted, and past campaigns show that a message is not worth it")
    if plan.audience.mailable is not None:
        figures["mailable"] = _figure(len(plan.audience.mailable) + (gone or 0), "count", "May be contacted",
                                      "consent, address and no suppression")
    if economics.baseline is not None:
        figures["baseline"] = _figure(economics.baseline * 100, "percent", "Would order anyway",
                                      "customers of the same rule one response window ago who then ordered")
        figures["baseline_customers"] = _figure(economics.baseline_customers, "count", "Customers behind it",
                                                "customers the rule selected then")
    if economics.detectable is not None:
        figures["detectable"] = _figure(economics.detectable * 100, "points", "Smallest lift the read-out can show",
                                        "normal approximation for two proportions")
    if economics.margin is not None:
        margin = economics.margin
        figures["margin_rate"] = _figure(margin.margin_rate * 100, "percent", "Margin at full price",
                                         "a year of sales with known cost")
        figures["offer_margin_rate"] = _figure(margin.offer_margin_rate * 100, "percent", "Margin under the offer",
                                               "margin less what the offer gives away")
        if margin.break_even_lift is not None:
            figures["break_even"] = _figure(margin.break_even_lift * 100, "percent", "Break-even lift",
                                            "margin / margin under the offer - 1")
    if economics.given_anyway is not None:
        figures["order_value"] = _figure(economics.order_value, "currency", "Average order, last year",
                                         "sales of known customers / their orders")
        figures["given_anyway"] = _figure(economics.given_anyway, "currency", "Given away on orders expected anyway",
                                          "contacted * would order anyway * average order * offer")
    if plan.costs.total is not None:
        figures["cost"] = _figure(round(plan.costs.total, 2), "currency", "Cost of sending",
                                  "messages by channel * cost of one, every step to everybody whom it may reach; an "
                                  "SMS counted as one part")
        figures["messages"] = _figure(sum(plan.costs.messages.values()), "count", "Messages at most",
                                      "people of every step by channel")
    if plan.costs.left_out:
        figures["left_out"] = _figure(plan.costs.left_out, "count", "Beyond the budget",
                                      "mailable whom the budget leaves out")
    if economics.extra is not None:
        extra = economics.extra
        ends = (("extra", extra.customers, "More customers who order"), ("extra_lower", extra.lower, "Lower bound"),
                ("extra_upper", extra.upper, "Upper bound"))
        figures |= {name: _figure(round(value), "count", label, "contacted * lift of past campaigns of this kind")
                    for name, value, label in ends}
    if plan.goods is not None:
        figures["goods"] = _figure(len(plan.goods.product_ids), "count", "Goods it is about",
                                   "chosen by stock and sales")
        if plan.goods.value is not None:
            figures["goods_value"] = _figure(round(plan.goods.value, 2), "currency", "Money in their stock",
                                             "units in stock * cost, else list price")
    figures |= _profit_figures(economics.profit)
    if plan.brief.budget is not None:
        figures["budget"] = Figure(value=plan.brief.budget, unit="currency", label="Budget",
                                   source=Source(origin="plan"))
    if economics.past is not None:
        past = economics.past
        figures |= {
            "past_campaigns": _figure(past.campaigns, "count", "Past campaigns of this kind", "campaigns with control"),
            "past_lift": _figure(past.lift * 100, "points", "Their lift", "treated less control response rate"),
            "past_lower": _figure(past.lower * 100, "points", "Lower bound", "normal interval"),
            "past_upper": _figure(past.upper * 100, "points", "Upper bound", "normal interval"),
        }
    return figures


def _profit_figures(profit: Profit | None) -> dict[str, Figure]:
    """Expected profit with its interval, and the lift at which the campaign pays."""
    if profit is None:
        return {}
    figures = {}
    if profit.needed is not None:
        figures["needed_lift"] = _figure(profit.needed * 100, "points", "Lift at which it pays",
                                         "(would order anyway * offer + message) / (margin of an order - offer)")
    if profit.past is not None:
        how = "contacted * (lift * (margin of an order - offer) - would order anyway * offer) - cost of sending"
        figures |= {name: _figure(round(value or 0.0, 2), "currency", label, how) for name, value, label in (
            ("profit", profit.expected, "Expected profit beyond no campaign"),
            ("profit_lower", profit.lower, "Lower bound"), ("profit_upper", profit.upper, "Upper bound"))}
        figures["profit_campaigns"] = _figure(profit.past.campaigns, "count", "Past campaigns it rests on",
                                              "campaigns with control")
    return figures


def _waterfall(plan: Plan) -> Table:
    rows: list[list[Any]] = [[s.label, s.customers] for s in plan.audience.steps]
    if plan.costs.left_out:
        rows.append(["within the budget, drawn at random", len(plan.split.holdout) + len(plan.split.contacted)])
    rows.append(["control group, not contacted", len(plan.split.holdout)])
    rows.append(["to be contacted", len(plan.split.contacted)])
    return Table(id="waterfall", title="Audience, step by step",
                 columns=[Column(name="step", label="Step"), Column(name="customers", label="Customers", unit="count")],
                 rows=rows, total_rows=len(rows))


def _channels(snapshot: Snapshot, plan: Plan) -> Table:
    units = plan.costs.units
    rows: list[list[Any]] = [
        [channel, plan.costs.people.get(channel, n), n, units[channel].value if channel in units else None,
         round(units[channel].value * n, 2) if channel in units else None,
         units[channel].source if channel in units else "not known",
         _by_thousand(units[channel].value if channel in units else None)]
        for channel, n in plan.costs.messages.items()
    ]
    return Table(id="channels", title="Recipients and cost by channel",
                 columns=[Column(name="channel", label="Channel"),
                          Column(name="customers", label="Customers", unit="count"),
                          Column(name="messages", label="Messages at most", unit="count"),
                          Column(name="each", label="Cost of one message", unit="currency"),
                          Column(name="cost", label="Cost", unit="currency"),
                          Column(name="source", label="Price of a message from"),
                          Column(name="thousand", label="Cost of 1,000 messages", unit="currency")],
                 rows=rows, total_rows=len(rows))


def _by_thousand(price: float | None) -> float | None:
    """The price of a thousand messages, where that of one is no whole cent and would be shown rounded."""
    return None if price is None or abs(round(price, 2) - price) < 1e-9 else round(1000 * price, 2)


def _recipients(plan: Plan, sample: list[str]) -> Table:
    rows: list[list[Any]] = []
    for customer in sample:
        for pick in plan.picks.get(customer, ()):
            price, reduced = plan.copy.price(pick.product_id), plan.copy.reduced(pick.product_id)
            because = plan.copy.products.get(pick.because or "", {}).get("name")
            name = plan.copy.products[pick.product_id]["name"]
            amounts = [None if amount is None else float(amount) for amount in (price, reduced)]
            rows.append([customer, pick.product_id, name, *amounts, because])
    columns = [Column(name="customer_id", label="Customer", unit="id"),
               Column(name="product_id", label="Id", unit="id"),
               Column(name="name", label="Product"), Column(name="price", label="Price", unit="currency"),
               Column(name="offer_price", label="With the offer", unit="currency"),
               Column(name="because", label="Because they bought")]
    return Table(id="recipients", title="Products of the first recipients", columns=columns, rows=rows,
                 total_rows=sum(len(p) for p in plan.picks.values()))


def _details(plan: Plan, sample: list[str], known: bool) -> dict[str, Any]:
    first = sample[0] if sample else None
    picks = plan.picks.get(first, ()) if first else ()
    copy = previews(plan.copy, picks, plan.brief.channels, plan.brief.variants, first)
    return {
        "campaign_id": plan.campaign_id, "status": "draft", "ids_only": not known,
        "brief": plan.brief.model_dump(mode="json"), "copy": copy, **sizing_details(plan),
        "checklist": [
            {"text": "Audience rule read and agreed", "done": False},
            {"text": "Consent and suppression checked for every recipient", "done": known},
            {"text": "Control group drawn and sealed", "done": bool(plan.split.holdout)},
            {"text": "Copy read; unsubscribe link and postal address filled in by your sending system", "done": False},
        ],
    }


def _caveats(snapshot: Snapshot, plan: Plan, economics: Economics, known: bool) -> list[Caveat]:
    caveats = [] if known else [Caveat(code="mailable_unknown")]
    if not plan.split.holdout:
        caveats.append(Caveat(code="no_control_group"))
    if plan.audience.everybody:
        caveats.append(Caveat(code="everybody_selected"))
    if economics.past is None:
        caveats.append(Caveat(code="no_past_experiment"))
    if sells_below_cost(economics.margin):
        caveats.append(Caveat(code="offer_below_cost"))
    ahead = occasion(snapshot, plan.brief)
    if ahead is not None and plan.brief.starts_on is None and (ahead[0] - snapshot.as_of).days > FAR_AHEAD:
        caveats.append(Caveat(code="occasion_ahead", figures={
            "days": _figure((ahead[0] - snapshot.as_of).days, "days", "Days until then", "from the last day of data")}))
    if plan.brief.goal in {"clearance", "launch"} and not (
            plan.brief.offer.category or plan.brief.offer.product_ids or plan.goods is not None):
        caveats.append(Caveat(code="goods_not_chosen"))
    unpriced = sum(plan.copy.price(p.product_id) is None for picks in plan.picks.values() for p in picks)
    if unpriced:
        caveats.append(Caveat(code="products_without_price", figures={
            "n": _figure(unpriced, "count", "products without a price", "picks whose product has no price")}))
    return caveats


def _evidence(snapshot: Snapshot, plan: Plan) -> Evidence:
    return Evidence(
        plan=plan.brief.model_dump(mode="json"), plan_words=reword(plan.brief), snapshot=snapshot.manifest.id,
        source=snapshot.manifest.source, synthetic=snapshot.manifest.synthetic, as_of=snapshot.as_of,
        window_start=snapshot.manifest.first_day, window_end=snapshot.as_of, definitions=plan.definitions,
        assumptions=plan.assumptions,
    )
