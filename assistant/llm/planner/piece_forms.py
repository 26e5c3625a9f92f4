"""A request beside others, read by the forms for whole texts: "what is her favourite category, and when will she order
again" holds two requests, of which the second fits a form by itself."""

from __future__ import annotations

from collections.abc import Collection

from assistant.llm.planner.candidate import Planned
from assistant.llm.planner.candidate_readings import candidates
from assistant.llm.planner.churn_forms import about_what_comes
from assistant.llm.planner.context import DialogueContext
from assistant.llm.planner.customer_asks import about_customers
from assistant.llm.planner.heard import expression
from assistant.llm.planner.people_forms import about_people
from assistant.llm.planner.spans import read
from assistant.llm.planner.vocabulary import Vocabulary
from assistant.plans.shop import Shop


def by_form(
    text: str, context: DialogueContext, shop: Shop, tools: Collection[str], words: Vocabulary
) -> Planned | None:
    """The piece as one of the forms about customers; None where it fits none.

    Args:
        context: the conversation with the requests before this one.
    """
    said = expression("several.lead").sub("", text).strip(" ,.;")
    for reader in (about_customers, about_what_comes, about_people):
        found = reader(said, context, shop, words, tools,
                       lambda t: candidates(read(t, words), DialogueContext(), shop, tools))
        if found is not None:
            return found
    return None
