"""A draft that this conversation never saw is not answered about, and not changed, as if it were on the table.

Drafts are the shop's, and the tools take the latest one where none is named. "Make it repeat daily" or "what will it
cost?" in a conversation of its own would then be about a campaign that somebody drafted elsewhere. It has to be named
("draft c-5") or shown first ("show my drafts", "show the latest draft").
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from assistant.llm.planner.candidate import Planned, ToolCall
from assistant.llm.planner.context import DialogueContext, Past
from assistant.llm.planner.dialogue_campaign import SHOWING
from assistant.llm.planner.heard import expression
from assistant.llm.planner.replies import decline
from assistant.llm.planner.vocabulary import Vocabulary
from assistant.plans.filters import CustomerCondition

#: tools that take the latest draft where none is named
_OF_ONE = frozenset({"plan_sending", "undo_campaign", "explain_brief", "explain_message", "dry_run_campaign",
                     "export_campaign", "show_campaign", "size_experiment"})
#: tools whose answer names drafts, so that one of them can be meant afterwards
_NAMING = frozenset({"list_campaigns", "show_calendar", "show_sendings", "dry_run_campaign", "plan_sending",
                     "export_campaign", "read_experiment", "size_experiment"})
#: what an experiment may be sized for instead of a draft
_SIZED_FOR = ("audience", "people", "baseline", "goal")


def without_draft(text: str, planned: Planned, context: DialogueContext, words: Vocabulary) -> Planned | None:
    """The refusal of a text about a draft where none is on the table; None where the plan may stand."""
    if any(c.name == "draft_campaign" for c in planned.calls):
        return None
    again = not context.past and expression("no_draft.again").fullmatch(text.strip()) is not None
    if not again and not any(_unnamed(c) for c in planned.calls):
        return None
    if not again and expression("no_draft.latest").search(text):
        return None
    last = next((p for p in reversed(context.past) if not p.refused and p.call.name in SHOWING | _NAMING), None)
    if last is not None and not _asked_back(last):
        return None
    lex, said = words.lexicon, text.strip().rstrip("?!. ")
    if last is not None:
        options = ((last.result or {}).get("question") or {}).get("options") or None
        no = decline(lex, "not_understood", "draft_not_made", words=said, nearest=options, examples="campaign")
    else:
        no = decline(lex, "not_understood", "no_draft_here", words=said, examples="no_draft")
    return Planned([no], 0.0, frame="decline")


def sized_for_all(planned: Planned, context: DialogueContext) -> Planned:
    """As in "is a 10 % control group enough?" where no draft was spoken of: asked of everybody who ordered."""
    if context.last(*SHOWING, *_NAMING) is not None or [c.name for c in planned.calls] != ["size_experiment"]:
        return planned
    made = planned.calls[0]
    if not _unnamed(made):
        return planned
    everybody = {"audience": CustomerCondition(metric="orders", op="ge", values=(1,)).model_dump(mode="json"),
                 "audience_words": expression("no_draft.everybody").pattern}
    return replace(planned, calls=[ToolCall(made.name, {**made.args, **everybody})])


def _unnamed(made: ToolCall) -> bool:
    """Whether a call is about a draft without saying which."""
    args: dict[str, Any] = made.args
    if made.name not in _OF_ONE or args.get("campaign_id") or args.get("no_draft"):
        return False
    return made.name != "size_experiment" or not any(args.get(name) is not None for name in _SIZED_FOR)


def _asked_back(past: Past) -> bool:
    """Whether the draft was not made, because something had to be asked first."""
    return (past.result or {}).get("kind") == "question"
