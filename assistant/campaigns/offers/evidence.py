"""How an answer about offers was got, and what its words mean."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from assistant.campaigns.offers.terms import ANSWER_DAYS, YEAR_DAYS, ShopTerms
from assistant.plans.offers import OfferRequest
from assistant.plans.reword import reword
from assistant.results import DefinitionUsed, Evidence, ModelInfo

if TYPE_CHECKING:
    from assistant.campaigns.offers.choose import Choice
    from assistant.campaigns.offers.exam import PolicyExam
    from assistant.data.warehouse import Snapshot
    from assistant.models.uplift.fitted import ShopUplift

_METHODS = {
    "unlimited": "no limit binds: everybody gets their best option",
    "programme": "integer programme (HiGHS, scipy.optimize.milp)",
    "priced": "limits priced by Lagrange multipliers, undecided customers settled by an integer programme",
}
_NEEDED = (
    "chance to order anyway × what the offer takes from an order + message, over the margin of an order less the offer")


def choice_evidence(
    snapshot: Snapshot, request: OfferRequest, model: ShopUplift, choice: Choice, exam: PolicyExam
) -> Evidence:
    """Plan, model, method and distance to the bound, definitions, assumptions."""
    manifest, graded, rule = snapshot.manifest, model.exam_.of(model.exam_.used), exam.of("rule")
    campaigns = model.tested_.campaigns
    gain = "margin" if model.money_.with_costs else "sales"
    return Evidence(
        plan=request.model_dump(mode="json"), plan_words=reword(request), snapshot=manifest.id,
        source=manifest.source, synthetic=manifest.synthetic, as_of=snapshot.as_of,
        window_start=campaigns[0].started, window_end=max(c.until for c in campaigns), rows_scanned=exam.cases,
        model=ModelInfo(
            name=model.exam_.used, parameters={
                "allocation": _METHODS[choice.allocation.method], "gap": choice.allocation.gap,
                "multipliers": list(choice.allocation.prices or ()), "options": len(choice.menu.options),
                "campaigns": [c.name for c in campaigns], "columns": model.tested_.design.columns_},
            quality={"qini": graded.qini.mean, "qini_lower": graded.qini.lower, "qini_upper": graded.qini.upper,
                     "profit_per_past_customer": rule.against_nobody.value},
            baseline={"profit_of_contacting_everybody": exam.of("everybody").against_nobody.value}),
        definitions=[DefinitionUsed(term=t, meaning=m) for t, m in {
            "expected incremental profit": f"change of the chance to order × {gain} of the customer's usual order "
            "under the offer − chance to order anyway × the offer on it − message",
            "taken from an order": "discount share of orders of the contacted less that of the held out, measured in "
            "the offer's campaigns",
            "messages and offers": "what a budget limits: messages, and what the offer gives away on all orders that "
            "are expected",
            "could get it": "agreed to the channel, not suppressed, did not object to marketing, and like customers "
            "whom the offer's campaigns tested",
            "profit in past campaigns": f"{gain} in the campaign's window less the message, by the doubly robust "
            "off-policy estimate; arms were drawn with known shares",
        }.items()],
        assumptions=[
            "A coming message works like the latest campaign with that offer on those goods by that channel.",
            "An order is worth the customer's usual order; a customer gets one offer or none.",
            "Which discount a campaign offered was not drawn by lot, so a difference between offers may be one between "
            "their campaigns.",
            "Age, gender, country and city are not used to choose.",
        ], computed_at=datetime.now(UTC))


def needs_evidence(snapshot: Snapshot, request: OfferRequest, terms: ShopTerms) -> Evidence:
    """Plan, formula and what it was fed with."""
    manifest = snapshot.manifest
    said = [
        "Arithmetic, not a prediction: nothing is said of how many would order.",
        f"The lift needed is {_NEEDED}.",
        f"Who orders anyway: customers with an order before the last {ANSWER_DAYS} days (whom the condition selected "
        "then) who ordered in them.",
        "A bundle is taken for its dearest case: that whole orders are made of it.",
    ]
    if terms.margin is None:
        said.append("No costs of goods are known, so the whole sales of an order count as earned.")
    return Evidence(
        plan=request.model_dump(mode="json"), plan_words=reword(request), snapshot=manifest.id,
        source=manifest.source, synthetic=manifest.synthetic, as_of=snapshot.as_of,
        window_start=max(manifest.first_day, snapshot.as_of - timedelta(days=YEAR_DAYS - 1)),
        window_end=snapshot.as_of, rows_scanned=manifest.tables["order_lines"].rows,
        definitions=[DefinitionUsed(term="lift needed", meaning=_NEEDED)], assumptions=said,
        computed_at=datetime.now(UTC))
