"""What the campaign that an answer named did cost: "which campaign had the best open rate?", "what did it cost?"."""

from __future__ import annotations

from assistant.llm.planner.context import DialogueContext
from assistant.llm.planner.heard import expression
from assistant.llm.planner.vocabulary import Vocabulary


def with_campaign(text: str, context: DialogueContext, words: Vocabulary) -> str:
    """The text with the one campaign of the last answer named; the text itself where it asks for something else."""
    past = context.past[-1] if context.past else None
    if past is None or past.result is None or list(past.call.args.get("dimensions", ())) != ["campaign"]:
        return text
    found = expression("campaign_cost.asked").fullmatch(text.strip())
    tables = past.result.get("tables") or []
    rows = tables[0].get("rows") or [] if tables else []
    if found is None or len(rows) != 1:
        return text
    names = [c.get("name") for c in tables[0]["columns"]]
    if "campaign_label" not in names:
        return text
    return str(words.lexicon.wording["rewritten"]["campaign_cost"]).format(name=rows[0][names.index("campaign_label")])
