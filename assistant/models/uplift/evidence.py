"""How an answer about uplift was got, and what its words mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assistant.plans.reword import reword
from assistant.plans.uplift import UpliftRequest
from assistant.results import DefinitionUsed, Evidence, ModelInfo

if TYPE_CHECKING:
    from assistant.data.warehouse import Snapshot
    from assistant.models.uplift.fitted import ShopUplift
    from assistant.models.uplift.money import Money

VERSION = "1"
GROUP_WORDS = {
    "moved": "worth contacting", "sure_buyer": "orders anyway", "not_worth_it": "not worth the message",
    "sleeping_dog": "driven away",
}


def uplift_evidence(snapshot: Snapshot, request: UpliftRequest, model: ShopUplift) -> Evidence:
    """Plan, model with its exam, definitions, assumptions."""
    exam, campaigns = model.exam_, model.tested_.campaigns
    used, random = exam.of(exam.used), exam.of("random")
    return Evidence(
        plan=request.model_dump(mode="json"), plan_words=reword(request), snapshot=snapshot.manifest.id,
        source=snapshot.manifest.source, synthetic=snapshot.manifest.synthetic, as_of=snapshot.as_of,
        window_start=campaigns[0].started, window_end=max(c.until for c in campaigns), rows_scanned=exam.cases,
        model=ModelInfo(
            name=exam.used, version=VERSION,
            parameters={"splits": exam.splits, "seed": exam.seed, "campaigns": [c.name for c in campaigns],
                        "like": [c.name for c in model.like_][-12:], "columns": model.tested_.design.columns_},
            quality={"qini": used.qini.mean, "qini_lower": used.qini.lower, "qini_upper": used.qini.upper,
                     "uplift_at_30_percent": used.uplift_at_top.mean, "slope": model.checked_.slope,
                     "arms_alike_p": model.tested_.alike},
            baseline={"qini": random.qini.mean, "qini_response": exam.of("response").qini.mean},
        ),
        definitions=_definitions(model), assumptions=_assumptions(model.money_, exam.missing),
    )


def _definitions(model: ShopUplift) -> list[DefinitionUsed]:
    meanings = {
        "contact": "being sent a message of a past campaign, against being held out of it at random",
        "ordering": "an order within the campaign's window that was not cancelled, in both arms",
        "worth contacting": "the expected gain of a contact is not negative",
        "orders anyway": "the discount given to an order that would come anyway costs more than the contact brings",
        "driven away": "a contact lowers the chance to order",
        "expected gain of a contact": "change of the chance to order × "
        + ("margin" if model.money_.with_costs else "sales") + " of the customer's usual order − chance to order "
        "anyway × discount on it − cost of the message",
        "usual order": "mean of the customer's past orders, held near the shop's while they are few",
        "Qini score": "area between the curve of orders won and that of a random order, over the area of the best "
        "order in hindsight; 0 is random",
        "unlike all who were tested": "days since the last order outside those of nearly all customers of campaigns",
    }
    return [DefinitionUsed(term=term, meaning=meaning) for term, meaning in meanings.items()]


def _assumptions(money: Money, missing: tuple[str, ...]) -> list[str]:
    from assistant.models.uplift.bases import INSTALL

    said = [
        "A coming message is like the latest past campaigns: their offers, texts and seasons.",
        "An order is worth the customer's usual order times the share of margin that held-out customers left.",
        "Arms were drawn by lot: before the campaigns they do not differ more than a lot explains.",
        "Age, gender, country and city are not used.",
    ]
    if money.message_cost == "average":
        said.append("The cost of a message is the cost of past campaigns over their messages, fixed costs included.")
    elif money.message_cost == "marginal":
        said.append("The cost of a message is what campaigns of different sizes cost more per message.")
    if missing:
        said.append(f"Boosted trees could not be loaded; to try them too: {INSTALL}.")
    return said
