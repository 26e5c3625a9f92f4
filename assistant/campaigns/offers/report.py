"""The choice of offers as a :class:`~assistant.results.Result` of kind ``offer_choice``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assistant.campaigns.offers.choose import Choice
from assistant.campaigns.offers.evidence import choice_evidence
from assistant.campaigns.offers.exam import PolicyExam
from assistant.campaigns.offers.needs_report import needs_table
from assistant.campaigns.offers.terms import Need
from assistant.models.close_inputs import proxy_caveats
from assistant.plans.offers import OfferRequest
from assistant.plans.reword_offers import offer_words
from assistant.plans.reword_uplift import CHANNEL_WORDS
from assistant.query.present import plan_figure
from assistant.results import Caveat, Chart, Column, Result, Table
from assistant.results.result import Scalar, Unit

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from assistant.campaigns.offers.afterwards import Afterwards
    from assistant.data.warehouse import Snapshot
    from assistant.models.uplift.fitted import ShopUplift

NO_OFFER = "no contact"
WAYS = {"rule": "this choice", "everybody": "the best single offer to everybody",
        "likeliest": "the likeliest to order first", "lot": "as many drawn by lot"}
_TRIED = {"rule": "only customers whom this rule picks", "everybody": "everybody",
          "likeliest": "as many, the likeliest to order", "lot": "as many, drawn by lot"}


#: what the effect of an option rests on
_GRADES = {
    "gain": "experiment with this very offer: it moves customers; who is moved most, from all campaigns together",
    "loss": "experiment with this very offer: it drives customers away",
    "not_shown": "experiment with this very offer, no effect shown; the effect expected is carried from all campaigns",
    "too_few": "too few customers in its own experiment; the effect expected is carried from all campaigns",
}


def choice_result(
    snapshot: Snapshot, request: OfferRequest, model: ShopUplift, choice: Choice, exam: PolicyExam,
    needs: Sequence[Need], after: Afterwards | None = None,
) -> Result:
    """Who gets which offer, what that is expected to bring and cost, simpler ways to spend the same, the exam.

    Returns:
        tables ``offers`` (options with customers, gain, cost, measured effect), ``customers`` (by gain), ``ways`` (the
        same limits spent otherwise, expected), ``exam`` (ways of choosing tried on past campaigns), ``needs`` (offers
        never tested: the lift they need), ``summary``.
    """
    untested = needs_table(needs, "Offers never tested: the lift they would need", snapshot.currency)
    tables = [_customers_table(request, choice), offers_table(choice), _ways_table(choice), exam_table(exam), untested,
              _summary(choice, exam, after)]
    if request.left_alone:
        tables[0] = _left_table(request, choice)
    if request.about == "evaluate":
        tables = tables[3:4] + tables[1:2] + tables[5:]
    tables = [t for t in tables if t.rows]
    summary = tables[-1]
    figures = {c.name: summary.figure(0, c.name) for c in summary.columns if summary.cell(0, c.name) is not None}
    if request.budget is not None:
        figures["budget"] = plan_figure(request.budget, "currency", "Budget")
    result = Result(
        kind="offer_choice", currency=snapshot.currency, tables=tables, figures=figures,
        title="What choosing offers would have brought" if request.about == "evaluate" else "Which offer for whom",
        headline=["exam_rule", "exam_everybody"] if request.about == "evaluate" else
        [n for n in ("picked", "left", "spend") if n in figures],
        words=_words(request, model, choice, exam), charts=_charts(request),
        evidence=choice_evidence(snapshot, request, model, choice, exam), followups=_followups(request),
    )
    result.caveats = _caveats(model, choice, result)
    return result


def label(choice: Choice, j: int) -> str:
    """An option in words."""
    option = choice.menu.options[j]
    return f"{offer_words(option.offer)} by {CHANNEL_WORDS.get(option.channel, option.channel)}"


def total(matrix: np.ndarray, chosen: np.ndarray) -> float:
    """Sum of the entries chosen."""
    import numpy as np

    rows = np.flatnonzero(chosen >= 0)
    return float(matrix[rows, chosen[rows]].sum())


def offers_table(choice: Choice) -> Table:
    """Options that may be chosen from: who gets them, what they bring, what past campaigns measured."""
    import numpy as np

    columns = [
        Column(name="offer", label="Offer"), Column(name="customers", label="Customers", unit="count"),
        Column(name="gain", label="Expected incremental profit", unit="currency"),
        Column(name="spend", label="Messages and offer", unit="currency"),
        Column(name="uplift", label="Expected change of ordering", unit="points"),
        Column(name="taken", label="Taken from an order", unit="percent"),
        Column(name="lift", label="Measured effect in its campaigns", unit="points"),
        Column(name="lower", label="Lower bound", unit="points"),
        Column(name="upper", label="Upper bound", unit="points"),
        Column(name="campaigns", label="Campaigns that tested it", unit="count"),
        Column(name="able", label="Could get it", unit="count"),
        Column(name="evidence", label="Evidence"),
    ]
    found, chosen = choice.gains, choice.chosen
    rows: list[list[Scalar]] = []
    for j, option in enumerate(choice.menu.options):
        mine, effect = np.flatnonzero(chosen == j), option.effect
        rows.append([
            label(choice, j), len(mine), round(float(found.gain[mine, j].sum()), 2),
            round(float(found.spend[mine, j].sum()), 2),
            round(100 * float(found.uplift[mine, j].mean()), 2) if len(mine) else None, round(100 * option.share, 2),
            *(None if v is None else round(100 * v, 2) for v in (effect.lift, effect.lower, effect.upper)),
            len(option.campaigns), int(found.allowed[:, j].sum()), _GRADES[effect.verdict]])
    rows.sort(key=lambda row: (-int(row[1] or 0), str(row[0])))
    return Table(id="offers", title="Offers tested so far, and who gets them", columns=columns, rows=rows,
                 total_rows=len(rows))


def _customers_table(request: OfferRequest, choice: Choice) -> Table:
    import numpy as np

    columns = [
        Column(name="customer_id", label="Customer", unit="id"), Column(name="offer", label="Offer"),
        Column(name="gain", label="Expected incremental profit", unit="currency"),
        Column(name="uplift", label="Change of the chance to order", unit="points"),
        Column(name="baseline", label="Orders without a contact", unit="probability"),
        Column(name="given", label="Offer on an order that comes anyway", unit="currency"),
        Column(name="message", label="Message", unit="currency"),
    ]
    found, chosen = choice.gains, choice.chosen
    picked = np.flatnonzero(chosen >= 0)
    order = picked[np.lexsort((found.customers[picked], -found.gain[picked, chosen[picked]]))]
    rows: list[list[Scalar]] = []
    for i in order[: request.k]:
        j = int(chosen[i])
        rows.append([str(found.customers[i]), label(choice, j), round(float(found.gain[i, j]), 2),
                     round(100 * float(found.uplift[i, j]), 2), round(float(found.baseline[i, j]), 4),
                     round(float(found.given[i, j]), 2), round(float(found.message[i, j]), 4)])
    return Table(id="customers", title="Who gets which offer, by expected profit", columns=columns, rows=rows,
                 total_rows=len(order))


def _left_table(request: OfferRequest, choice: Choice) -> Table:
    """Customers who could get an offer and should get none, those for whom the best one costs most first."""
    import numpy as np

    columns = [
        Column(name="customer_id", label="Customer", unit="id"), Column(name="offer", label="Best offer for them"),
        Column(name="gain", label="What it would bring", unit="currency"),
        Column(name="baseline", label="Orders without a contact", unit="probability"),
    ]
    found = choice.gains
    free = np.where(found.allowed, found.gain, -np.inf)
    left = np.flatnonzero((choice.chosen < 0) & found.allowed.any(axis=1))
    best = free[left].argmax(axis=1) if len(left) else np.empty(0, dtype=int)
    order = np.lexsort((found.customers[left], free[left, best]))
    rows: list[list[Scalar]] = [
        [str(found.customers[left[i]]), label(choice, int(best[i])), round(float(free[left[i], best[i]]), 2),
         round(float(found.baseline[left[i], best[i]]), 4)] for i in order[: request.k]]
    return Table(id="customers", title="Who should get no offer", columns=columns, rows=rows, total_rows=len(left))


def _ways_table(choice: Choice) -> Table:
    columns = [
        Column(name="way", label="Way to choose"), Column(name="customers", label="Customers", unit="count"),
        Column(name="gain", label="Expected incremental profit", unit="currency"),
        Column(name="spend", label="Messages and offer", unit="currency"),
    ]
    found = choice.gains
    rows: list[list[Scalar]] = [
        [WAYS[name], int((chosen >= 0).sum()), *(round(total(m, chosen), 2) for m in (found.gain, found.spend))]
        for name, chosen in (("rule", choice.chosen), ("everybody", choice.everybody), ("likeliest", choice.likeliest))]
    return Table(id="ways", title="The same limits spent otherwise (expected by the same model)", columns=columns,
                 rows=rows, total_rows=len(rows))


def exam_table(exam: PolicyExam) -> Table:
    """Ways of choosing on past campaigns, per customer of their audiences."""
    columns = [
        Column(name="way", label="Contacting"), Column(name="contacted", label="Contacts", unit="count"),
        Column(name="profit", label="Profit per customer against contacting nobody", unit="currency"),
        Column(name="lower", label="Lower bound", unit="currency"),
        Column(name="upper", label="Upper bound", unit="currency"),
        Column(name="more", label="More than contacting everybody", unit="currency"),
        Column(name="more_lower", label="More, lower bound", unit="currency"),
        Column(name="more_upper", label="More, upper bound", unit="currency"),
    ]
    rows: list[list[Scalar]] = []
    for one in exam.tried:
        a, b = one.against_nobody, one.against_everybody
        rows.append([_TRIED[one.name], one.contacted, *(round(v, 2) for v in (a.value, a.lower, a.upper)),
                     *((None, None, None) if one.name == "everybody"
                       else (round(v, 2) for v in (b.value, b.lower, b.upper)))])
    return Table(id="exam", title="Tried on past campaigns (customers not learnt from)", columns=columns, rows=rows,
                 total_rows=len(rows))


def _summary(choice: Choice, exam: PolicyExam, after: Afterwards | None) -> Table:
    found, chosen = choice.gains, choice.chosen
    rule, everybody = exam.of("rule"), exam.of("everybody")
    able = found.allowed.any(axis=1)
    cells: list[tuple[str, str, Unit, Scalar]] = [
        ("picked", "Customers who get an offer", "count", int((chosen >= 0).sum())),
        ("could", "Customers who could get one", "count", int(able.sum())),
        ("left", "Customers left alone", "count", int((able & (chosen < 0)).sum())),
        ("gain", "Expected incremental profit", "currency", round(total(found.gain, chosen), 2)),
        ("won", "Margin of orders won", "currency", round(total(found.won, chosen), 2)),
        ("given", "Offers on orders that come anyway", "currency", round(total(found.given, chosen), 2)),
        ("messages", "Messages", "currency", round(total(found.message, chosen), 2)),
        ("spend", "Messages and offers", "currency", round(total(found.spend, chosen), 2)),
        ("gain_everybody", "Best single offer to everybody", "currency",
         round(total(found.gain, choice.everybody), 2)),
        ("gain_likeliest", "Likeliest to order first", "currency", round(total(found.gain, choice.likeliest), 2)),
        ("gap", "Most that a better choice could add", "percent", round(100 * choice.allocation.gap, 4)),
        ("exam_rule", "Past profit per customer of the rule", "currency", round(rule.against_nobody.value, 2)),
        ("exam_rule_lower", "Its lower bound", "currency", round(rule.against_nobody.lower, 2)),
        ("exam_rule_upper", "Its upper bound", "currency", round(rule.against_nobody.upper, 2)),
        ("exam_everybody", "Past profit per customer of contacting everybody", "currency",
         round(everybody.against_nobody.value, 2)),
        ("exam_everybody_lower", "Its lower bound", "currency", round(everybody.against_nobody.lower, 2)),
        ("exam_everybody_upper", "Its upper bound", "currency", round(everybody.against_nobody.upper, 2)),
        ("exam_more", "The rule, more than everybody", "currency", round(rule.against_everybody.value, 2)),
        ("exam_more_lower", "Its lower bound", "currency", round(rule.against_everybody.lower, 2)),
        ("exam_more_upper", "Its upper bound", "currency", round(rule.against_everybody.upper, 2)),
        *_past_total(choice, exam),
        ("cases", "Past contacts and customers held out", "count", exam.cases),
        ("campaigns", "Past campaigns", "count", exam.campaigns),
        ("differ", "Chance that offers differ so much by accident", "probability",
         None if choice.menu.differ is None else round(choice.menu.differ, 3)),
    ]
    if after is not None and after.effect.lift is not None:
        e = after.effect
        cells += [(f"after{name}", said, "points", round(100 * float(v or 0.0), 2)) for name, said, v in (
            ("", "Effect on ordering in the weeks after", e.lift), ("_lower", "Its lower bound", e.lower),
            ("_upper", "Its upper bound", e.upper))]
        cells.append(("forward", "Share of orders won taken for brought forward", "probability", round(after.share, 3)))
    return Table(id="summary", title="In short", columns=[Column(name=c[0], label=c[1], unit=c[2]) for c in cells],
                 rows=[[c[3] for c in cells]], total_rows=1)


def _past_total(choice: Choice, exam: PolicyExam) -> list[tuple[str, str, Unit, Scalar]]:
    """What those picked bring if they pay like those whom the rule picks in past campaigns."""
    each = exam.per_contact()
    if each is None:
        return []
    said = ("", "Profit if they pay like those picked in past campaigns", each.value), (
        "_lower", "Its lower bound", each.lower), ("_upper", "Its upper bound", each.upper)
    return [(f"past_total{name}", words, "currency", round(choice.picked * v, 2)) for name, words, v in said]


def _verdict(lower: float, upper: float) -> str:
    return "gain" if lower > 0 else "loss" if upper < 0 else "not_shown"


def _words(request: OfferRequest, model: ShopUplift, choice: Choice, exam: PolicyExam) -> dict[str, str]:
    rule, everybody = exam.of("rule"), exam.of("everybody")
    free = choice.allocation.method == "unlimited"
    return {
        "about": request.about, "shown": "" if model.abstains else "yes",
        "rule": _verdict(rule.against_nobody.lower, rule.against_nobody.upper),
        "everybody": _verdict(everybody.against_nobody.lower, everybody.against_nobody.upper),
        "better": _verdict(rule.against_everybody.lower, rule.against_everybody.upper),
        "differ": "" if choice.menu.differ is None else "yes" if choice.menu.differ < 0.05 else "no",
        "with_costs": "yes" if model.money_.with_costs else "", "fair": request.fair_by or "",
        "left_alone": "yes" if request.left_alone else "",
        "grade": _verdict(rule.against_nobody.lower, rule.against_nobody.upper) if exam.per_contact() else "",
        "limited": "" if free else "yes", "asked_budget": "yes" if request.budget is not None else "",
    }


def _charts(request: OfferRequest) -> list[Chart]:
    offers = Chart(kind="bar", table="offers", x="offer", y=["lift"], lower="lower", upper="upper",
                   title="What each offer changed in its campaigns (95 % intervals)")
    exam = Chart(kind="bar", table="exam", x="way", y=["profit"], lower="lower", upper="upper",
                 title="Profit per customer against contacting nobody, past campaigns (95 % intervals)")
    return [exam, offers] if request.about == "evaluate" else [offers, exam]


def _caveats(model: ShopUplift, choice: Choice, result: Result) -> list[Caveat]:
    f, caveats = result.figures, []
    if result.words["rule"] != "gain":
        names = ("exam_rule", "exam_rule_lower", "exam_rule_upper")
        caveats.append(Caveat(code=f"offers_profit_{result.words['rule']}", figures={n: f[n] for n in names}))
    if "after" in f:
        caveats.append(Caveat(code="offers_forward" if f["forward"].value else "offers_not_forward", figures={
            n: f[n] for n in ("after", "after_lower", "after_upper", "forward")}))
    if result.words["differ"] == "no":
        caveats.append(Caveat(code="offers_not_shown_to_differ", figures={"differ": f["differ"]}))
    if choice.menu.out_of_season:
        names_ = ", ".join(offer_words(o.offer) for o in choice.menu.out_of_season)
        caveats.append(Caveat(code="offers_out_of_season", words={"names": names_}))
    if not model.money_.with_costs:
        caveats.append(Caveat(code="uplift_no_costs"))
    if choice.menu.cost_known == "unknown":
        caveats.append(Caveat(code="uplift_no_message_cost"))
    return caveats + proxy_caveats(model.tested_.proxies)


def _followups(request: OfferRequest) -> list[str]:
    asked = [] if request.about == "evaluate" else ["Would choosing offers this way have paid off in past campaigns?"]
    if request.about == "evaluate" or request.budget is not None:
        asked.append("Which offer should each customer get?")
    if request.about == "choose" and request.max_share is None and request.max_contacts is None:
        asked.append("Which offer should each customer get, at most 20 % of them?")
    return [*asked, "What lift does free delivery need?", "Whom should we not contact?", "Did our past campaigns work?"]

