"""Who is moved by a contact as a :class:`~assistant.results.Result` of kind ``uplift``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assistant.data.objectors import objectors
from assistant.errors import NoRows
from assistant.models.close_inputs import proxy_caveats
from assistant.models.uplift.evidence import GROUP_WORDS, uplift_evidence
from assistant.models.uplift.exam import DEFAULT
from assistant.models.uplift.exam_tables import exam_table, fifths_table, measured_table, qini_table
from assistant.models.uplift.fitted import ShopUplift, do_not_contact
from assistant.models.value.report import refuse_customer
from assistant.plans.filters import And, InGroup
from assistant.plans.reword import phrase
from assistant.plans.uplift import UpliftRequest
from assistant.query.spoken import speak
from assistant.results import Caveat, Chart, Column, Figure, Result, Source, Table
from assistant.results.result import Scalar, Unit

if TYPE_CHECKING:
    import pandas as pd

    from assistant.data.warehouse import Snapshot

_ORDER = {"moved": ("value", False), "sure_buyers": ("baseline", False), "sleeping_dogs": ("uplift", True)}
_TITLES = {
    "moved": "Who is moved by a contact", "leave_alone": "Whom to leave alone",
    "sure_buyers": "Who orders anyway", "sleeping_dogs": "Whom a contact drives away",
    "quality": "How well the moved are told from the others",
}
_AUDIENCES = {
    "moved": "customers worth contacting", "leave_alone": "customers who are better left alone",
    "sure_buyers": "customers who order anyway", "sleeping_dogs": "customers whom contacts drive away",
}
COLUMNS = [
    Column(name="customer_id", label="Customer", unit="id"), Column(name="group", label="Kind"),
    Column(name="baseline", label="Orders without a contact", unit="probability"),
    Column(name="uplift", label="Change by a contact", unit="points"),
    Column(name="value", label="Expected gain of a contact", unit="currency"),
    Column(name="days_since_last_order", label="Days since last order", unit="days"),
]
SAVED_COLUMNS = [
    *COLUMNS[:4], Column(name="message", label="Message", unit="currency"),
    Column(name="discount", label="Discount on orders that come anyway", unit="currency"),
    Column(name="margin", label="Margin of orders kept (less: not won)", unit="currency"),
    Column(name="saved", label="Saved by not contacting", unit="currency"),
]


def uplift_result(snapshot: Snapshot, request: UpliftRequest, model: ShopUplift, scores: pd.DataFrame) -> Result:
    """The list asked for, the groups of all customers, what past campaigns bear out, and the exam.

    Args:
        model: fitted for the request's channel and kind. scores: of its ``predict``.

    Raises:
        UnknownName, NoRows: a customer is asked about who does not exist or cannot be judged.
    """
    scores = _among(snapshot, request, scores)
    judged = scores[scores["judged"]]
    if request.customer_id is not None:
        return _one(snapshot, request, model, scores)
    able = judged[judged["reachable"] != False]  # noqa: E712  (None: contacts are unknown)
    saved = do_not_contact(model, scores)
    shown, total = _rows(request, model, able, saved)
    listed = _saved_table(shown, total) if request.about == "leave_alone" else _list_table(request, shown, total)
    groups = _group_table(able)
    exam, measured = exam_table(model.exam_), measured_table(model.checked_, model.money_.with_costs)
    tables = [listed, groups, measured, fifths_table(model.checked_), exam, qini_table(model),
              _summary(model, scores, able, saved)]
    if request.about == "quality" or (model.abstains and request.about != "sure_buyers"):
        tables = tables[1:]
    result = Result(
        kind="uplift", title=_TITLES[request.about], currency=snapshot.currency, tables=tables,
        charts=_charts(request), words=_words(request, model), figures=_figures(tables, exam, model),
        evidence=uplift_evidence(snapshot, request, model), followups=_followups(request, model),
    )
    result.headline = _headline(request, result)
    if request.filter is not None:
        speak(result, "where", phrase(request.filter))
    result.caveats = _caveats(snapshot, model, scores, result)
    if not model.abstains and request.about != "quality":
        group = InGroup(group="contact", name=request.about, channel=request.channel,
                        campaign_kind=request.campaign_kind)
        rule = group if request.filter is None else And(parts=(request.filter, group))
        result.details = {"audience": {"filter": rule.model_dump(mode="json", exclude_none=True),
                                       "words": _AUDIENCES[request.about]}}
    return result


def _among(snapshot: Snapshot, request: UpliftRequest, scores: pd.DataFrame) -> pd.DataFrame:
    """The scores of those whom the request is about.

    Raises:
        NoRows: nobody of them can be judged.
    """
    if request.filter is None:
        return scores
    from assistant.query.audience import customer_ids

    chosen = scores[scores["customer_id"].isin(set(customer_ids(snapshot, request.filter)))]
    if not bool(chosen["judged"].any()):
        raise NoRows("No customer of this selection can be judged: past campaigns say nothing of them")
    return chosen


def _rows(
    request: UpliftRequest, model: ShopUplift, able: pd.DataFrame, saved: pd.DataFrame
) -> tuple[pd.DataFrame, int]:
    if request.about == "leave_alone":
        return saved.head(request.k), len(saved)
    wanted = {"moved": able["group"] == "moved", "sleeping_dogs": able["group"] == "sleeping_dog"}
    picked = able[wanted[request.about]] if request.about in wanted else able
    column, ascending = _ORDER.get(request.about, _ORDER["moved"])
    picked = picked.sort_values([column, "customer_id"], ascending=[ascending, True])
    return picked.head(request.k), len(picked)


def _list_table(request: UpliftRequest, shown: pd.DataFrame, total: int) -> Table:
    rows: list[list[Scalar]] = [
        [str(r.customer_id), GROUP_WORDS[str(r.group)], round(float(r.baseline), 4), round(100 * float(r.uplift), 2),
         round(float(r.value), 2), int(r.days_since_last_order)] for r in shown.itertuples()
    ]
    return Table(id="customers", title=_TITLES[request.about], columns=COLUMNS, rows=rows, total_rows=total)


def _saved_table(shown: pd.DataFrame, total: int) -> Table:
    rows: list[list[Scalar]] = [
        [str(r.customer_id), GROUP_WORDS[str(r.group)], round(float(r.baseline), 4), round(100 * float(r.uplift), 2),
         *(round(float(v), 2) for v in (r.message, r.discount, r.margin, r.saved))] for r in shown.itertuples()
    ]
    return Table(id="customers", title=_TITLES["leave_alone"], columns=SAVED_COLUMNS, rows=rows, total_rows=total)


def _group_table(able: pd.DataFrame) -> Table:
    columns = [
        Column(name="group", label="Kind"), Column(name="customers", label="Customers", unit="count"),
        Column(name="baseline", label="Order without a contact", unit="probability"),
        Column(name="uplift", label="Change by a contact", unit="points"),
        Column(name="value", label="Expected gain per contact", unit="currency"),
        Column(name="total", label="Expected gain in all", unit="currency"),
    ]
    rows: list[list[Scalar]] = []
    for name, part in able.groupby("group"):
        rows.append([GROUP_WORDS[str(name)], len(part), round(float(part["baseline"].mean()), 4),
                     round(100 * float(part["uplift"].mean()), 2), round(float(part["value"].mean()), 2),
                     round(float(part["value"].sum()), 2)])
    rows.sort(key=lambda row: list(GROUP_WORDS.values()).index(str(row[0])))
    return Table(id="groups", title="Customers who may be contacted, by kind", columns=columns, rows=rows,
                 total_rows=len(rows))


def _summary(model: ShopUplift, scores: pd.DataFrame, able: pd.DataFrame, saved: pd.DataFrame) -> Table:
    effect, slope, money = model.effect_.overall, model.checked_, model.money_
    sums = saved[["message", "discount", "margin", "saved"]].sum()
    kinds = able["group"].value_counts()
    every = float(able["value"].sum())
    moved = float(able.loc[able["group"] == "moved", "value"].sum())
    contacted = effect.contacted + effect.held_out
    cells: list[tuple[str, str, Unit, Scalar]] = [
        ("customers", "Customers who may be contacted and were judged", "count", len(able)),
        ("moved", "Worth contacting", "count", int(kinds.get("moved", 0))),
        ("sure", "Order anyway", "count", int(kinds.get("sure_buyer", 0))),
        ("dogs", "Driven away", "count", int(kinds.get("sleeping_dog", 0))),
        ("not_worth", "Not worth the message", "count", int(kinds.get("not_worth_it", 0))),
        ("left_alone", "Customers to leave alone", "count", len(saved)),
        ("saved", "Saved by leaving them alone", "currency", round(float(sums["saved"]), 2)),
        ("messages_saved", "Messages not sent", "currency", round(float(sums["message"]), 2)),
        ("discount_saved", "Discounts not given", "currency", round(float(sums["discount"]), 2)),
        ("margin_kept", "Margin of orders kept, less orders not won", "currency", round(float(sums["margin"]), 2)),
        ("gain_everybody", "Expected gain of contacting all of them", "currency", round(every, 2)),
        ("gain_moved", "Expected gain of contacting those worth it", "currency", round(moved, 2)),
        ("lift", "Past effect on ordering", "points", _points(effect.lift)),
        ("lift_lower", "Its lower bound", "points", _points(effect.lower)),
        ("lift_upper", "Its upper bound", "points", _points(effect.upper)),
        ("rate_contacted", "Contacted who ordered", "probability", effect.mean_contacted),
        ("rate_held_out", "Held out who ordered", "probability", effect.mean_held_out),
        ("cases", "Past contacts and customers held out", "count", contacted),
        ("people", "Different customers among them", "count", model.exam_.customers),
        ("campaigns", "Past campaigns learnt from", "count", len(model.tested_.campaigns)),
        ("splits", "Splits of the exam", "count", model.exam_.splits),
        ("slope", "Share of predicted differences borne out", "ratio", round(slope.slope, 3)),
        ("per_order", "Margin of an average order won" if money.with_costs else "Sales of an average order won",
         "currency", round(money.won * money.mean_order, 2)),
        ("given", "Discount on an average order that comes anyway", "currency",
         round(money.given * money.mean_order, 2)),
        ("expected_gain", "Expected margin per past contact", "currency", round(slope.expected_gain, 2)),
        ("measured_gain", "Observed margin per past contact", "currency", _two(slope.margin_by_group.overall.lift)),
        ("measured_gain_lower", "Its lower bound", "currency", _two(slope.margin_by_group.overall.lower)),
        ("measured_gain_upper", "Its upper bound", "currency", _two(slope.margin_by_group.overall.upper)),
        ("per_message", "Cost per message", "currency", round(money.per_message, 4)),
        ("not_judged", "Customers unlike all who were tested", "count", int((~scores["judged"]).sum())),
        ("not_reachable", "Judged but may not be contacted", "count",
         int((scores["judged"] & (scores["reachable"] == False)).sum())),  # noqa: E712
    ]
    return Table(id="summary", title="In short", columns=[Column(name=c[0], label=c[1], unit=c[2]) for c in cells],
                 rows=[[c[3] for c in cells]], total_rows=1)


def _two(value: float | None) -> float | None:
    return None if value is None else round(value, 2)


def _points(value: float | None) -> float | None:
    return None if value is None else round(100 * value, 2)


def _figures(tables: list[Table], exam: Table, model: ShopUplift) -> dict[str, Figure]:
    summary = next(t for t in tables if t.id == "summary")
    figures = {c.name: summary.figure(0, c.name) for c in summary.columns if summary.cell(0, c.name) is not None}
    names = [row[0] for row in exam.rows]
    used = names.index(model.exam_.of(model.exam_.used).words)
    for name in ("qini", "lower", "upper", "at_top"):
        figures[f"qini_{name}" if name != "qini" else "qini"] = exam.figure(used, name)
    figures["random_qini"] = exam.figure(len(names) - 1, "qini")
    figures["response_qini"] = exam.figure(len(names) - 2, "qini")
    measured = next(t for t in tables if t.id == "measured")
    for i, row in enumerate(measured.rows):
        key = {v: k for k, v in GROUP_WORDS.items()}[str(row[0])]
        for name in ("lift", "lower", "upper", "gain", "gain_lower", "gain_upper"):
            if measured.cell(i, name) is not None:
                figures[f"{key}_{name}"] = measured.figure(i, name)
    return figures


def _words(request: UpliftRequest, model: ShopUplift) -> dict[str, str]:
    effect = model.effect_.overall
    better = model.exam_.of("response").against_default
    dogs = next((g for g in model.checked_.by_group.groups if g.group == "sleeping_dog"), None)
    return {
        "about": request.about, "shown": "" if model.abstains else "yes", "verdict": effect.verdict,
        "learner": model.exam_.of(model.exam_.used).words, "default": "yes" if model.exam_.used == DEFAULT else "",
        "with_costs": "yes" if model.money_.with_costs else "", "offers": "yes" if model.money_.given > 0 else "",
        "dogs_shown": "yes" if dogs is not None and dogs.verdict == "loss" else "",
        "response_worse": "yes" if better is not None and better.upper < 0 else "",
    }


def _headline(request: UpliftRequest, result: Result) -> list[str]:
    names = {"moved": ["moved", "customers"], "leave_alone": ["left_alone", "saved"], "sure_buyers": ["rate_held_out"],
             "sleeping_dogs": ["dogs"], "quality": ["qini", "lift"]}[request.about]
    if not result.words["shown"] and request.about != "sure_buyers":
        names = ["lift", "qini"]
    return [n for n in names if n in result.figures]


def _charts(request: UpliftRequest) -> list[Chart]:
    fifths = Chart(kind="bar", table="fifths", x="fifth", y=["lift"], lower="lower", upper="upper",
                   title="What past campaigns changed, by predicted change (95 % intervals)")
    curve = Chart(kind="line", table="curve", x="share", y=["gained", "random"],
                  title="Orders won when the first are contacted (customers not learnt from)")
    return [curve, fifths] if request.about == "quality" else [fifths, curve]


def _caveats(
    snapshot: Snapshot, model: ShopUplift, scores: pd.DataFrame, result: Result
) -> list[Caveat]:
    f = result.figures
    caveats = []
    if model.pooled_:
        caveats.append(Caveat(code="uplift_pooled"))
    if not model.abstains and f["dogs"].value and not result.words["dogs_shown"] and "sleeping_dog_lift" in f:
        caveats.append(Caveat(code="uplift_dogs_not_proven", figures={
            n: f[n] for n in ("sleeping_dog_lift", "sleeping_dog_lower", "sleeping_dog_upper")}))
    if not model.abstains and not model.checked_.borne_out:
        caveats.append(Caveat(code="uplift_gain_unborne", figures={
            n: f[n] for n in ("expected_gain", "measured_gain", "measured_gain_lower", "measured_gain_upper")}))
    if not model.money_.with_costs:
        caveats.append(Caveat(code="uplift_no_costs"))
    if model.money_.message_cost == "unknown":
        caveats.append(Caveat(code="uplift_no_message_cost"))
    for reason in ("no_control", "running", "arms_differ"):
        names = [c.name for c, why in model.tested_.left_out if why == reason]
        if names:
            caveats.append(Caveat(code=f"campaigns_{reason}", words={"names": ", ".join(names[:5])}))
    objected = len(objectors(snapshot))
    if f["not_judged"].value or objected:
        count = Figure(value=objected, unit="count", label="Customers who objected", source=Source(origin="evidence"))
        caveats.append(Caveat(code="uplift_left_out", figures={"not_judged": f["not_judged"], "objected": count,
                                                               "not_reachable": f["not_reachable"]}))
    caveats += proxy_caveats(model.tested_.proxies)
    if model.exam_.missing:
        caveats.append(Caveat(code="uplift_no_trees"))
    return caveats


def _followups(request: UpliftRequest, model: ShopUplift) -> list[str]:
    asked: dict[str, str] = {
        "moved": "Who is moved by a contact?", "leave_alone": "Whom should we not contact?",
        "sure_buyers": "Which customers buy anyway?", "quality": "How good is the uplift model?",
    }
    draft = ["Draft a campaign for them"] if request.about == "moved" and not model.abstains else []
    return [*draft, *(q for about, q in asked.items() if about != request.about), "Did our past campaigns work?"]


def _one(snapshot: Snapshot, request: UpliftRequest, model: ShopUplift, scores: pd.DataFrame) -> Result:
    from assistant.errors import NoRows, NotPermitted

    wanted = str(request.customer_id).strip()
    if wanted in objectors(snapshot):
        raise NotPermitted(f"Customer {wanted} objected to marketing, so nothing is predicted of them",
                           received=wanted, nearest=["Who is moved by a contact?"])
    row = scores[scores["customer_id"] == wanted]
    if row.empty:
        refuse_customer(snapshot, wanted, scores["customer_id"].tolist())
    if not row["judged"].iloc[0]:
        raise NoRows(f"Customer {wanted} is unlike everybody whom past campaigns tested (the last order is too far "
                     "back or too recent), so nothing can be said", received=wanted,
                     nearest=["Who is moved by a contact?"])
    listed = _list_table(request, row, 1)
    exam, measured = exam_table(model.exam_), measured_table(model.checked_, model.money_.with_costs)
    tables: list[Table] = [listed, measured, exam, _summary(model, scores, row, do_not_contact(model, row))]
    figures: dict[str, Any] = _figures(tables, exam, model)
    figures |= {f"one_{c.name}": listed.figure(0, c.name) for c in COLUMNS[2:]}
    result = Result(
        kind="uplift", title=f"What a contact changes for customer {wanted}", currency=snapshot.currency,
        tables=tables, figures=figures, headline=["one_uplift"] if not model.abstains else ["lift"],
        words=_words(request, model) | {"about": "customer", "group": str(listed.cell(0, "group")),
                                        "reachable": "" if row["reachable"].iloc[0] is False
                                        or row["reachable"].iloc[0] == False else "yes"},  # noqa: E712
        evidence=uplift_evidence(snapshot, request, model),
        followups=[f"Show customer {wanted}", "Who is moved by a contact?", "Whom should we not contact?"],
    )
    result.caveats = [c for c in _caveats(snapshot, model, scores, result) if c.code != "uplift_left_out"]
    return result
