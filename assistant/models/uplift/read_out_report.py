"""What past campaigns changed, as a :class:`~assistant.results.Result` of kind ``read_out``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assistant.errors import MissingData
from assistant.models.uplift.earned import earned_figures, earned_table
from assistant.models.uplift.effects import FEWEST, Effect, Effects, read_out
from assistant.models.uplift.groups import groups_of
from assistant.models.uplift.tested import Tested, tested
from assistant.plans.reword import reword
from assistant.plans.reword_uplift import MEASURE_WORDS, SPLIT_WORDS
from assistant.plans.uplift import ReadOutRequest
from assistant.results import Caveat, Chart, Column, DefinitionUsed, Evidence, Figure, Result, Table
from assistant.results.result import Scalar, Unit

if TYPE_CHECKING:
    from assistant.data.warehouse import Snapshot

#: Share of chance below which groups count as different.
DIFFER_BELOW = 0.05
_VERDICTS = {"gain": "gain", "loss": "loss", "not_shown": "not shown", "too_few": "too few customers"}
_OUTCOME = {"orders": "ordered", "revenue": "revenue", "margin": "margin"}


def read_out_result(snapshot: Snapshot, request: ReadOutRequest) -> Result:
    """Effect on ordering, revenue and margin, by group where asked, and what it brought after costs.

    Raises:
        MissingData, NoRows: see :func:`assistant.models.uplift.tested.tested`; MissingData also where margin is asked
            for and no costs of goods are known.
    """
    past = tested(snapshot, channel=request.channel, kind=request.campaign_kind, campaign=request.campaign,
                  discounted=request.discounted, among=request.among)
    if request.latest and len(past.campaigns) > 1:
        last = max(past.campaigns, key=lambda c: c.started)
        request = request.model_copy(update={"campaign": last.name, "campaign_kind": None, "by": None})
        past = tested(snapshot, channel=request.channel, campaign=request.campaign)
    if (request.measure == "margin" or request.earned) and not past.frame["margin"].notna().all():
        raise MissingData("The margin of orders needs the cost of goods", missing=["products.cost"],
                          nearest=["Did our past campaigns work?"])
    campaign = past.frame["campaign_id"].to_numpy()
    treatment = past.frame["treatment"].to_numpy()
    found = {name: read_out(past.frame[column].to_numpy(), treatment, experiment=campaign)
             for name, column in _OUTCOME.items() if past.frame[column].notna().all()}
    by = request.by or ("campaign" if request.campaign is None and len(past.campaigns) > 1 else None)
    split = None if by is None else _split(snapshot, past, by, request.measure)
    tables = [_effects_table(found), *([] if split is None else [_groups_table(split, by or "", request.measure)]),
              _summary(past, found, split)]
    each = None if request.earned is None else earned_table(past, most_first=request.earned == "most")
    tables = tables if each is None else [each, *tables]
    result = Result(
        kind="read_out", title=_title(request, past), currency=snapshot.currency, tables=tables,
        charts=_charts(by, request.measure, split), words=_words(request, past, found, split, by),
        figures=_figures(tables, list(found)), headline=["lift"], evidence=_evidence(snapshot, request, past, by),
        followups=_followups(request, by),
    )
    if each is not None:
        result.figures |= earned_figures(each)
        result.words["earned"] = request.earned or ""
        result.words["among"] = _apart(each) if request.among else ""
    result.caveats = _caveats(past, result)
    return result


def _apart(each: Table) -> str:
    """Whether the first of the campaigns set side by side surely did better, or worse, than the second."""
    lower, upper = (each.column_index(name) for name in ("lower", "upper"))
    ends = [(row[lower], row[upper]) for row in each.rows[:2]]
    known = len(ends) == 2 and all(v is not None for pair in ends for v in pair)
    apart = known and (ends[0][0] > ends[1][1] or ends[0][1] < ends[1][0])
    return "" if len(ends) < 2 else "shown" if apart else "not_shown"


def _split(snapshot: Snapshot, past: Tested, by: str, measure: str) -> Effects:
    group, order = groups_of(snapshot, past, by)
    return read_out(past.frame[_OUTCOME[measure]].to_numpy(), past.frame["treatment"].to_numpy(),
                    experiment=past.frame["campaign_id"].to_numpy(), group=group, order=order)


def _scaled(effect: Effect, measure: str) -> list[float | None]:
    """Means and difference with bounds: points for shares, currency for amounts."""
    values = (effect.lift, effect.lower, effect.upper)
    factor = 100.0 if measure == "orders" else 1.0
    return [None if v is None else round(factor * v, 2) for v in values]


def _effects_table(found: dict[str, Effects]) -> Table:
    columns = [
        Column(name="measure", label="Per customer"), Column(name="contacted", label="Contacted", unit="number"),
        Column(name="held_out", label="Held out", unit="number"),
        Column(name="lift", label="Difference", unit="number"),
        Column(name="lower", label="Lower bound", unit="number"),
        Column(name="upper", label="Upper bound", unit="number"),
        Column(name="verdict", label="Verdict"),
    ]
    rows: list[list[Scalar]] = []
    for name, effects in found.items():
        e = effects.overall
        factor = 100.0 if name == "orders" else 1.0
        means = [None if v is None else round(factor * v, 2) for v in (e.mean_contacted, e.mean_held_out)]
        label = {"orders": "customers who ordered, per hundred", "revenue": "revenue", "margin": "margin"}[name]
        rows.append([label, *means, *_scaled(e, name), _VERDICTS[e.verdict]])
    return Table(id="effects", title="Contacted against held out", columns=columns, rows=rows, total_rows=len(rows))


def _groups_table(split: Effects, by: str, measure: str) -> Table:
    unit: Unit = "points" if measure == "orders" else "currency"
    mean: Unit = "probability" if measure == "orders" else "currency"
    columns = [
        Column(name="group", label=SPLIT_WORDS[by].capitalize()),
        Column(name="contacted", label="Contacted", unit="count"),
        Column(name="held_out", label="Held out", unit="count"),
        Column(name="mean_contacted", label="Contacted: " + MEASURE_WORDS[measure].removeprefix("the "), unit=mean),
        Column(name="mean_held_out", label="Held out: " + MEASURE_WORDS[measure].removeprefix("the "), unit=mean),
        Column(name="lift", label="Difference", unit=unit), Column(name="lower", label="Lower bound", unit=unit),
        Column(name="upper", label="Upper bound", unit=unit), Column(name="verdict", label="Verdict"),
    ]
    rows: list[list[Scalar]] = [
        [g.group, g.contacted, g.held_out, *(None if v is None else round(v, 4) for v in (g.mean_contacted,
                                                                                          g.mean_held_out)),
         *_scaled(g, measure), _VERDICTS[g.verdict]] for g in split.groups
    ]
    return Table(id="groups", title=f"By {SPLIT_WORDS[by]}", columns=columns, rows=rows, total_rows=len(rows))


def _summary(past: Tested, found: dict[str, Effects], split: Effects | None) -> Table:
    orders, cost = found["orders"].overall, [c.cost for c in past.campaigns]
    n = orders.contacted
    cells: list[tuple[str, str, Unit, Scalar]] = [
        ("campaigns", "Campaigns", "count", len(past.campaigns)),
        ("contacted", "Contacts", "count", n), ("held_out", "Held out", "count", orders.held_out),
        ("rate_contacted", "Contacted who ordered", "probability", orders.mean_contacted),
        ("rate_held_out", "Held out who ordered", "probability", orders.mean_held_out),
        ("lift", "Effect on ordering", "points", _hundred(orders.lift)),
        ("lower", "Lower bound", "points", _hundred(orders.lower)),
        ("upper", "Upper bound", "points", _hundred(orders.upper)),
        ("detectable", "Difference that would have been found in four of five cases", "points",
         _hundred(orders.detectable)),
        ("orders_won", "Customers won to order", "count", _whole(orders.lift, n)),
        ("orders_won_lower", "Customers won, lower bound", "count", _whole(orders.lower, n)),
        ("orders_won_upper", "Customers won, upper bound", "count", _whole(orders.upper, n)),
    ]
    for name in ("revenue", "margin"):
        if name in found:
            e = found[name].overall
            cells += [(f"{name}_each", f"Effect on {name} per contact", "currency", _rounded(e.lift)),
                      (f"{name}_each_lower", "Lower bound", "currency", _rounded(e.lower)),
                      (f"{name}_each_upper", "Upper bound", "currency", _rounded(e.upper)),
                      (f"{name}_won", f"{name.capitalize()} won", "currency", _times(e.lift, n))]
    if all(c is not None for c in cost):
        paid = sum(c or 0.0 for c in cost)
        cells.append(("cost", "Cost of the campaigns", "currency", round(paid, 2)))
        if "margin" in found:
            e = found["margin"].overall
            cells += [(name, label, "currency", None if v is None else round(v * n - paid, 2)) for name, label, v in (
                ("profit", "Margin won less cost", e.lift), ("profit_lower", "Profit, lower bound", e.lower),
                ("profit_upper", "Profit, upper bound", e.upper))]
    if split is not None and split.differ is not None:
        cells.append(("differ", "Chance of such differences between equal groups", "probability",
                      round(split.differ, 4)))
        cells.append(("groups_count", "Groups", "count", len(split.groups)))
    return Table(id="summary", title="In short", columns=[Column(name=c[0], label=c[1], unit=c[2]) for c in cells],
                 rows=[[c[3] for c in cells]], total_rows=1)


def _hundred(value: float | None) -> float | None:
    return None if value is None else round(100 * value, 2)


def _times(value: float | None, n: int) -> float | None:
    return None if value is None else round(value * n, 2)


def _whole(value: float | None, n: int) -> int | None:
    return None if value is None else round(value * n)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)


def _figures(tables: list[Table], measures: list[str]) -> dict[str, Figure]:
    summary = tables[-1]
    return {c.name: summary.figure(0, c.name) for c in summary.columns if summary.cell(0, c.name) is not None}


def _title(request: ReadOutRequest, past: Tested) -> str:
    if request.campaign is not None:
        return f"What {past.campaigns[0].name} changed"
    return "What past campaigns changed"


def _words(
    request: ReadOutRequest, past: Tested, found: dict[str, Effects], split: Effects | None, by: str | None
) -> dict[str, str]:
    kind = (request.campaign_kind or "").replace("_", "-")
    words = {
        "campaign": past.campaigns[0].name if len(past.campaigns) == 1 or request.campaign else "", "kind": kind,
        "channel": request.channel or "", "measure": request.measure,
        "several": "yes" if len(past.campaigns) > 1 else "",
        "by": SPLIT_WORDS[by] if by else "", "asked_by": "yes" if request.by else "",
        "differ": "yes" if split is not None and split.differ is not None and split.differ < DIFFER_BELOW else "",
        "differ_known": "yes" if split is not None and split.differ is not None else "",
        "unit": "points" if request.measure == "orders" else "amount",
    }
    words |= {f"verdict_{name}": e.overall.verdict for name, e in found.items()}
    return words


def _charts(by: str | None, measure: str, split: Effects | None) -> list[Chart]:
    if split is None:
        return []
    what = "on the share who ordered (points)" if measure == "orders" else f"on {measure} per customer"
    return [Chart(kind="bar", table="groups", x="group", y=["lift"], lower="lower", upper="upper",
                  title=f"Effect {what}, with intervals that hold together")]


def _caveats(past: Tested, result: Result) -> list[Caveat]:
    f, caveats = result.figures, []
    if result.words["verdict_orders"] == "not_shown":
        caveats.append(Caveat(code="read_out_small", figures={"detectable": f["detectable"]}))
    for reason in ("no_control", "running", "arms_differ"):
        names = [c.name for c, why in past.left_out if why == reason]
        if names:
            caveats.append(Caveat(code=f"campaigns_{reason}", words={"names": ", ".join(names[:5])}))
    return caveats


def _followups(request: ReadOutRequest, by: str | None) -> list[str]:
    scope = f"of the {request.campaign} campaign" if request.campaign else "of our past campaigns"
    splits = [("segment", "segment"), ("recency", "time since the last order"), ("campaign_kind", "campaign kind")]
    asked = [f"Effect {scope} by {words}" for name, words in splits
             if name != by and not (name == "campaign_kind" and request.campaign)]
    return [*asked[:2], "Who is moved by a contact?", "Whom should we not contact?"]


def _evidence(snapshot: Snapshot, request: ReadOutRequest, past: Tested, by: str | None) -> Evidence:
    meanings = {
        "held out": "customers of the campaign's audience who were not contacted, drawn by lot",
        "effect": "mean of the contacted less mean of the held out within each campaign, weighted by contacts",
        "ordered": "an order within the campaign's window that was not cancelled, in both arms",
        "revenue": "product sales of such orders, after discounts",
        "margin": "revenue less cost of goods",
        "verdict": "gain or loss where the 95 % interval leaves out nought; not shown otherwise",
    }
    if by == "segment":
        meanings["segment"] = "RFM segment by today's limits, of what was known before the campaign"
    assumptions = [
        "Groups are known before the campaign; a split by what came after would not be an experiment.",
        f"Groups with fewer than {FEWEST} customers in an arm get no figure.",
        "Intervals of groups hold together (Bonferroni); groups count as different only by Cochran's Q below 5 %.",
    ]
    return Evidence(
        plan=request.model_dump(mode="json"), plan_words=reword(request), snapshot=snapshot.manifest.id,
        source=snapshot.manifest.source, synthetic=snapshot.manifest.synthetic, as_of=snapshot.as_of,
        window_start=past.campaigns[0].started, window_end=max(c.until for c in past.campaigns),
        rows_scanned=len(past.frame), assumptions=assumptions,
        definitions=[DefinitionUsed(term=t, meaning=m) for t, m in meanings.items()],
    )
