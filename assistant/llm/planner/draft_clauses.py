"""Changes of the draft on the table, read clause by clause where no whole sentence says them.

"And cap the spend at 300 euros", "not everyone, only those in Germany", "15 % as the control group, and start it on
Friday": each part of the text is a clause that a request for a campaign could hold (:mod:`brief_clauses`), or one of
``draft_clauses.yaml``. A text with a word that belongs to no clause changes nothing and is left as it was read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from typing import Any

from pydantic import ValidationError

from assistant.llm.planner.brief_clauses import Clauses, clauses_of, words_of
from assistant.llm.planner.candidate import Planned, call
from assistant.llm.planner.context import DialogueContext, Past
from assistant.llm.planner.dialogue_campaign import campaign_id, spoken_of, standing_brief
from assistant.llm.planner.dialogue_filters import parts_of
from assistant.llm.planner.patterns import Patterns, patterns
from assistant.llm.planner.replies import decline
from assistant.llm.planner.values import join
from assistant.llm.planner.vocabulary import Vocabulary
from assistant.llm.planner.worded_brief import (
    amount_said,
    audience_of_clauses,
    offer_of_clauses,
    unread,
    values_of,
)
from assistant.plans.filters import Filter
from assistant.plans.requests import CampaignBrief, OfferSpec

Plan = Callable[[str], Planned]
_LONGEST = 220
#: discounts of which only the number may be said
_NUMBERED = frozenset({"percent_off"})


def may_change(planned: Planned, context: DialogueContext, words: Vocabulary) -> bool:
    """Whether a plan leaves it open that the text changes the draft on the table: it is no change of it yet, and no
    refusal that stands; or a number that may be that of the control group spoken of before."""
    if not planned.calls or _of_control_group(context):
        return True
    first = planned.calls[0]
    if first.name == "draft_campaign":
        return not first.args.get("campaign_id")
    if first.name != "decline":
        return True
    unread = str(words.lexicon.wording["declines"]["not_understood"]).partition("{")[0]
    known = planned.frame != "decline" and not str(first.args.get("message", "")).startswith(unread)
    return not known and first.args.get("reason") != "not_permitted"


def changed_by_clauses(
    text: str, context: DialogueContext, tools: Collection[str], words: Vocabulary, plan: Plan, alone: Plan
) -> Planned | None:
    """The next version of the draft on the table; None where a part of the text is no change of it.

    Args:
        plan: plans a text in this conversation.
        alone: plans a text of its own.
    """
    last = spoken_of(context) if len(text) <= _LONGEST and "draft_campaign" in tools else None
    brief = None if last is None else standing_brief(last, context)
    if last is None or brief is None:
        return None
    found = patterns(words.lexicon.language, "draft_clauses")
    bare = found.bare(text)
    if not bare or found.expression("asks").search(bare) or found.expression("new_draft").search(bare):
        return None
    changes = _said_otherwise(found, bare, brief, last, plan)
    if changes is None:
        changes = _changes(found, bare, brief, context, words, plan, alone, last)
    return None if not changes else _revised(brief, changes, last, words)


def _changes(
    found: Patterns, text: str, brief: CampaignBrief, context: DialogueContext, words: Vocabulary, plan: Plan,
    alone: Plan, last: Past,
) -> dict[str, Any] | None:
    """What all parts of the text change; None where one changes nothing, or two change the same."""
    whole = _one(found, text, brief, context, words, alone)
    if whole is not None:
        return whole
    parts = [p for p in found.expression("between").split(text) if p and p.strip()]
    if len(parts) < 2:
        return None
    changes: dict[str, Any] = {}
    for part in parts:
        bare = found.bare(part)
        so_far = brief.model_copy(update={"audience": changes.get("audience", brief.audience)})
        said = _said_otherwise(found, bare, brief, last, plan) or _one(found, bare, so_far, context, words, alone)
        if not said or changes.keys() & said.keys() - {"audience", "audience_words"}:
            return None
        changes |= said
    return changes


def _said_otherwise(
    found: Patterns, text: str, brief: CampaignBrief, last: Past, plan: Plan
) -> dict[str, Any] | None:
    """What a change means that whole sentences say in other words."""
    for form, say in found.raw["say"]:
        match = re.fullmatch(form, text, re.IGNORECASE)
        planned = None if match is None else plan(match.expand(say))
        if planned is None or [c.name for c in planned.calls] != ["draft_campaign"]:
            continue
        made = planned.calls[0].plan()
        if isinstance(made, CampaignBrief) and made.campaign_id == (campaign_id(last) or brief.campaign_id):
            old, new = brief.model_dump(), made.model_dump()
            return {k: v for k, v in new.items() if k != "campaign_id" and v != old[k]}
    return None


def _one(
    found: Patterns, text: str, brief: CampaignBrief, context: DialogueContext, words: Vocabulary, alone: Plan
) -> dict[str, Any] | None:
    """What one part changes of the brief; None where it is no change."""
    return (_numbers(found, text, brief, context) or _whom(found, text, brief, context, words, alone)
            or _by_clauses(found, text, brief, words, alone))


def _numbers(
    found: Patterns, text: str, brief: CampaignBrief, context: DialogueContext
) -> dict[str, Any] | None:
    for slots in found.fits("budget", text):
        amount = amount_said(slots["sum"].lstrip("€£$ "))
        return {"budget": amount} if amount else None
    for slots in found.fits("times_budget", text) if brief.budget else ():
        return {"budget": brief.budget * 2 if slots.get("double") else brief.budget / 2}  # type: ignore[operator]
    for slots in found.fits("holdout", text):
        return {"holdout_share": round(float(slots["percent"].replace(",", ".")) / 100, 4)}
    for slots in found.fits("runs", text):
        many = slots["many"].lower()
        return {"runs_days": int(found.raw["counts"].get(many, many)) * int(found.raw["units"][slots["unit"].lower()])}
    for slots in found.fits("percent", text):
        value = float(slots["percent"].replace(",", "."))
        if _of_control_group(context):
            return {"holdout_share": round(value / 100, 4)}
        if brief.offer.kind in _NUMBERED:
            return {"offer": {**brief.offer.model_dump(), "value": value}}
    return None


def _of_control_group(context: DialogueContext) -> bool:
    """Whether the answer before was about the control group, which a bare number then means."""
    last = context.last()
    return last is not None and (last.call.args.get("about") == "experiment" or last.call.name == "size_experiment")


def _whom(
    found: Patterns, text: str, brief: CampaignBrief, context: DialogueContext, words: Vocabulary, alone: Plan
) -> dict[str, Any] | None:
    """The audience narrowed to some of it, or others in its place."""
    for slots in found.fits("rather", text):
        rule = _people(found, slots["who"], alone)
        if rule is not None:
            return {"audience": rule, "audience_words": None}
    for slots in found.fits("only", text):
        rule = _people(found, slots["who"], alone)
        if rule is not None:
            return _with(rule, brief, context)
    return None


def _with(rule: Filter, brief: CampaignBrief, context: DialogueContext) -> dict[str, Any]:
    past = context.audience()
    kept = brief.audience if brief.audience is not None else past[0] if past is not None else None
    old = [] if kept is None else parts_of(kept)
    return {"audience": join([*old, *(p for p in parts_of(rule) if p not in old)]), "audience_words": None}


def _people(found: Patterns, who: str, alone: Plan) -> Filter | None:
    """Customers that words mean; "those in Germany" are customers in Germany."""
    said = [who]
    if re.match(r"\W*\d", who):
        return None  # "only 500 people": which of them is not said
    for pointed in found.raw["pointed"]:
        if who.lower().startswith(f"{pointed} "):
            said = [who[len(pointed) + 1 :]]
    for words, forms in ((w, found.raw["say_who"]) for w in said):
        for form in forms:
            planned = alone(str(form).format(who=words))
            if [c.name for c in planned.calls] != ["draft_campaign"] or planned.notes:
                continue
            args = planned.calls[0].args
            if args.get("audience") and not args.get("not_included") and args.get("goal", "promotion") == "promotion":
                return CampaignBrief.model_validate({"audience": args["audience"]}).audience
    return None


def _by_clauses(
    found: Patterns, text: str, brief: CampaignBrief, words: Vocabulary, alone: Plan
) -> dict[str, Any] | None:
    """What clauses of a request for a campaign change, where all words of the text are in one."""
    language = words.lexicon.language
    said = clauses_of(text, language)
    if said.people and said.people.lower() not in words_of(language)["pronouns"]:
        return None
    values, unheld = values_of(said, words)
    values.pop("starts_on", None) if any(kind == "hour" for kind, _ in unheld) else None
    if unheld:
        return None
    plain = _without_fillers(said.text, found)
    bare = Clauses(plain, said.found, "", said.left_out, said.only, said.goods, "promotion")
    lost = unread(bare, values, words)
    if lost.narrowing or lost.plain:
        return None
    offered = offer_of_clauses(said, language, alone)
    if isinstance(offered, Planned) or said.goods and offered is None:
        return None
    if offered is not None:
        values |= _offer(offered, brief)
    if any(kind == "no_offer" for kind, _, _ in said.found):
        values |= {"offer": OfferSpec(), "best_offer": False}
    if said.left_out or said.only:
        rule = audience_of_clauses(said, None, language, alone)
        if rule is None or isinstance(rule, Planned):
            return None
        old = [] if brief.audience is None else parts_of(brief.audience)
        values |= {"audience": join([*old, *(p for p in parts_of(rule) if p not in old)]), "audience_words": None}
    return values or None


def _offer(offered: OfferSpec, brief: CampaignBrief) -> dict[str, Any]:
    """The offer said, on the goods of the one before where none are named and it is of the same kind."""
    said = {k: v for k, v in offered.model_dump().items() if v}
    kept = brief.offer.model_dump() if brief.offer.kind == offered.kind else {}
    return {"offer": {**kept, **said}, "best_offer": False}


def _without_fillers(text: str, found: Patterns) -> str:
    fillers = "|".join(map(re.escape, sorted(found.raw["fillers"], key=len, reverse=True)))
    return re.sub(rf"(?<![\w'-])(?:{fillers})(?![\w'-])", " ", text, flags=re.IGNORECASE)


def _revised(brief: CampaignBrief, changes: dict[str, Any], last: Past, words: Vocabulary) -> Planned:
    named = campaign_id(last) or brief.campaign_id
    try:
        revised = CampaignBrief.model_validate({**brief.model_dump(), **changes, "campaign_id": named})
    except ValidationError as error:
        why = str(error.errors()[0].get("ctx", {}).get("error", error.errors()[0]["msg"]))
        no = decline(words.lexicon, "not_understood", "brief_contradicts", examples="campaign", why=why)
        return Planned([no], 0.0, frame="decline")
    if revised == brief.model_copy(update={"campaign_id": named}):
        return Planned([decline(words.lexicon, "not_understood", "no_change", examples="campaign")], 0.0,
                       frame="decline")
    return Planned([call(revised)], 1.0, frame="follow_up")


__all__ = ["changed_by_clauses", "may_change"]
