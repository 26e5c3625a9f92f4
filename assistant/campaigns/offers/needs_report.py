"""What offers must achieve to pay for themselves, beside what past campaigns measured: kind ``offer_needs``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from assistant.campaigns.offers.terms import ANSWER_DAYS, Need, ShopTerms, lift_needed
from assistant.plans.offers import OfferCandidate, OfferRequest
from assistant.plans.reword import phrase
from assistant.plans.reword_offers import offer_words
from assistant.plans.reword_uplift import CHANNEL_WORDS
from assistant.query.present import evidence_figure
from assistant.query.spoken import speak
from assistant.results import Caveat, Chart, Column, Result, Table
from assistant.results.result import Scalar

if TYPE_CHECKING:
    from assistant.campaigns.offers.menu import Option
    from assistant.data.warehouse import Snapshot

STATES = {"known": "pays from this lift on", "below_cost": "below cost: never pays",
          "out_of_reach": "out of reach", "unknown": "what it costs is not known"}


def needs_table(needs: Sequence[Need], title: str, currency: str | None) -> Table:
    """Offers with what they take from an order and the lift they need."""
    columns = [
        Column(name="offer", label="Offer"), Column(name="given", label="Taken from an average order", unit="currency"),
        Column(name="lift", label="Lift needed", unit="points"), Column(name="state", label="So"),
    ]
    rows: list[list[Scalar]] = [
        [offer_words(n.offer, currency), None if n.given is None else round(n.given, 2),
         None if n.lift is None else round(100 * n.lift, 2), STATES[n.state]] for n in needs]
    return Table(id="needs", title=title, columns=columns, rows=rows, total_rows=len(rows))


def needs_result(
    snapshot: Snapshot, request: OfferRequest, terms: ShopTerms, needs: Sequence[Need],
    tested: Sequence[Option], why_untested: str = "", differ: float | None = None,
) -> Result:
    """The lift each offer needs; where past campaigns tested it, the lift they measured.

    Args:
        tested: options of past campaigns that are one of the offers.
        why_untested: why no campaign can be read as an experiment (empty: some can).
        differ: p-value that the tested options move customers alike.

    Returns:
        tables ``needs``, ``tested`` (where there are any), ``terms`` (one row). Words ``state`` of the first offer.
    """
    from assistant.campaigns.offers.evidence import needs_evidence

    table = needs_table(needs, "The lift that an offer needs to pay for itself", snapshot.currency)
    base, seen = _terms_table(terms), tested_table(tested, terms)
    tables = [t for t in (table, seen, base) if t.rows]
    figures = {c.name: base.figure(0, c.name) for c in base.columns if base.cell(0, c.name) is not None}
    figures["days"] = evidence_figure(ANSWER_DAYS, "days", "Days in which an order counts")
    if needs and needs[0].lift is not None:
        figures["lift"] = table.figure(0, "lift")
    if needs and needs[0].given is not None:
        figures["given"] = table.figure(0, "given")
    result = Result(
        kind="offer_needs", title="The lift that offers need", currency=snapshot.currency, tables=tables,
        figures=figures, headline=["lift"] if len(needs) == 1 and "lift" in figures else ["baseline"],
        charts=[Chart(kind="bar", table="tested", x="offer", y=["lift"], lower="lower", upper="upper",
                      title="What past campaigns measured (95 % intervals)")] if tested else [],
        words={"about": request.about, "state": needs[0].state if needs else "", "count": "one" if len(needs) == 1 else
               "many", "why": why_untested, "tested": "yes" if tested else "", "who": "",
               "margin": "said" if terms.said else "known" if terms.margin is not None else "unknown",
               "message": "known" if terms.message_known else ""},
        caveats=_caveats(snapshot, terms, needs), evidence=needs_evidence(snapshot, request, terms),
        followups=[*_with_margin(terms, needs), "What lift does 10 % off need?", "What lift does free delivery need?",
                   "Which offer should each customer get?", "Did our past campaigns work?"],
    )
    if request.filter is not None:
        speak(result, "who", phrase(request.filter))
    untested = [offer_words(n.offer, snapshot.currency) for n in needs if not _was_tested(n.offer, tested)]
    result.words |= {"untested": " and ".join(untested), "untested_were": "were" if len(untested) > 1 else "was",
                     "differ": "" if differ is None else "yes" if differ < 0.05 else "no"}
    if differ is not None:
        result.figures["differ"] = evidence_figure(round(differ, 3), "probability", "Chance of so large a difference")
    for i, one in enumerate(needs):
        result.words[f"state_{i}"] = one.state
    first = str(table.rows[0][0]) if needs else ""
    result.words["first"] = first[:1].upper() + first[1:]
    return result


def _with_margin(terms: ShopTerms, needs: Sequence[Need]) -> list[str]:
    """The question again with a margin, where the data hold no costs; the figure is an example to be changed."""
    if terms.margin is not None or not needs or needs[0].offer.kind != "percent_off":
        return []
    return [f"What lift does {offer_words(needs[0].offer)} need with a margin of 40 %?"]


def _was_tested(offer: OfferCandidate, tested: Sequence[Option]) -> bool:
    return any(o.offer.kind == offer.kind and o.offer.value == offer.value
               and (offer.category is None or o.offer.category == offer.category) for o in tested)


VERDICTS = {"gain": "it earned", "loss": "it lost money", "not_shown": "not shown whether it earned",
            "too_few": "too few customers"}


def tested_table(options: Sequence[Option], terms: ShopTerms) -> Table:
    """What past campaigns with these offers measured: effect on ordering and profit per contact, beside the lift each
    needed with its own audience and what it took from orders (often less than its percentage: it covered a part)."""
    columns = [
        Column(name="offer", label="Offer as it was tested"), Column(name="lift", label="Measured lift", unit="points"),
        Column(name="lower", label="Lower bound", unit="points"),
        Column(name="upper", label="Upper bound", unit="points"),
        Column(name="contacted", label="Contacted", unit="count"),
        Column(name="held_out", label="Held out", unit="count"),
        Column(name="taken", label="Taken from an order", unit="percent"),
        Column(name="needed", label="Lift it needed", unit="points"),
        Column(name="profit", label="Profit per contact", unit="currency"),
        Column(name="profit_lower", label="Profit, lower bound", unit="currency"),
        Column(name="profit_upper", label="Profit, upper bound", unit="currency"), Column(name="verdict", label="So"),
    ]
    rows: list[list[Scalar]] = []
    for o in options:
        e, p = o.effect, o.profit
        audience = terms if e.mean_held_out is None else replace(terms, baseline=e.mean_held_out)
        needed = lift_needed(audience, o.share * terms.order, o.per_message)
        rows.append([f"{offer_words(o.offer)} by {CHANNEL_WORDS.get(o.channel, o.channel)}",
                     *(None if v is None else round(100 * v, 2) for v in (e.lift, e.lower, e.upper)), e.contacted,
                     e.held_out, round(100 * o.share, 2), None if needed is None else round(100 * needed, 2),
                     *(None if v is None else round(v, 2) for v in (p.lift, p.lower, p.upper)), VERDICTS[p.verdict]])
    return Table(id="tested", title="What past campaigns measured", columns=columns, rows=rows, total_rows=len(rows))


def _terms_table(terms: ShopTerms) -> Table:
    columns = [
        Column(name="customers", label="Customers", unit="count"),
        Column(name="returned", label="Ordered in the last days", unit="count"),
        Column(name="baseline", label="Order anyway", unit="probability"),
        Column(name="order", label="Average order", unit="currency"),
        Column(name="margin", label="Margin", unit="percent"),
        Column(name="delivery", label="Delivery charged per order", unit="currency"),
        Column(name="message", label="Cost of a message", unit="currency"),
    ]
    row: list[Scalar] = [terms.customers, terms.returned, round(terms.baseline, 4), round(terms.order, 2),
                         None if terms.margin is None else round(100 * terms.margin, 2),
                         None if terms.delivery is None else round(terms.delivery, 2),
                         round(terms.message, 4) if terms.message_known else None]
    return Table(id="terms", title="What it is computed from", columns=columns, rows=[row], total_rows=1)


def _caveats(snapshot: Snapshot, terms: ShopTerms, needs: Sequence[Need]) -> list[Caveat]:
    caveats = [Caveat(code="synthetic")] if snapshot.manifest.synthetic else []
    if terms.margin is None:
        caveats.append(Caveat(code="offers_no_costs"))
    if not terms.message_known:
        caveats.append(Caveat(code="uplift_no_message_cost"))
    unknown = [offer_words(n.offer, snapshot.currency) for n in needs if n.state == "unknown"]
    if unknown:
        caveats.append(Caveat(code="offers_cost_unknown", words={"names": ", ".join(unknown)}))
    return caveats

