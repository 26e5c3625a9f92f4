"""Follow-ups on a campaign draft: each gives the next version of the same campaign."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

from assistant.llm.planner.brief import channels_of, offer_of, term_filter
from assistant.llm.planner.candidate import Candidate, ToolCall, call
from assistant.llm.planner.context import DialogueContext, Past
from assistant.llm.planner.dialogue_cues import used_cues
from assistant.llm.planner.dialogue_filters import parts_of
from assistant.llm.planner.heard import expression, heard
from assistant.llm.planner.parts import Parts
from assistant.llm.planner.replies import decline
from assistant.llm.planner.values import join
from assistant.plans.filters import Filter, Not
from assistant.plans.requests import CampaignBrief, CampaignRequest

if TYPE_CHECKING:
    from assistant.llm.planner.intents import Frames

#: tools whose answer is about one draft
SHOWING = frozenset({"draft_campaign", "show_campaign", "undo_campaign", "explain_message", "explain_brief"})
#: tools after whose answer the draft is still on the table
_PASSING = frozenset({
    "dry_run_campaign", "plan_sending", "show_sendings", "show_calendar", "stop_sending", "export_campaign", "decline",
    "size_experiment", "list_campaigns",
})
_GOODS = frozenset({"category", "product", "brand"})


def campaign_id(past: Past) -> str | None:
    """Id of the draft that a call made or showed."""
    return ((past.result or {}).get("words") or {}).get("campaign")


def speaks_of_the_draft(frames: Frames, last: Past) -> bool:
    """Whether a text goes on about the draft on the table: no new customers and no new goal are named."""
    if last.call.name not in SHOWING:
        return False
    r = frames.reading
    creating = [i for i in r.does("create") if i == 0 and r.having("object")]
    return not (r.has("goal") or (creating and not r.has("instead", "only", "also", "pronoun")))


def edit(frames: Frames, last: Past, plan: CampaignBrief) -> Candidate | None:
    """As in "change it to 5 %", "only by email", "make it playful", "without a discount", "for Germany"."""
    if expression("dialogue_campaign.asks").match(frames.reading.text):
        return None  # a question changes nothing
    p = frames.parts()
    used_cues(p, "content", "tone", "object", "offer", "customers_pronoun", "goal", "drop")
    p.used.update(p.reading.does("change_data", "send"))
    changes: dict[str, Any] = {}
    _edit_offer(p, plan, changes)
    _edit_channels(p, plan, changes)
    tones = p.reading.having("tone")
    if tones:
        changes["tone"] = p.reading.items[tones[-1]].get("tone")
    _edit_audience(frames, p, plan, changes)
    if p.limit is not None and p.limit <= 10:
        changes["products_per_recipient"] = p.limit
    if not changes:
        return None
    revised = {k: v.model_dump() if isinstance(v, BaseModel) else v for k, v in changes.items()}
    try:
        brief = CampaignBrief.model_validate({**plan.model_dump(), **revised, "campaign_id": campaign_id(last)})
    except ValidationError:
        return None
    p.referred = True
    if brief.model_copy(update={"campaign_id": plan.campaign_id}) == plan:
        same = decline(frames.lex, "not_understood", "no_change", examples="campaign")
        return frames.finish(p, [same], "decline", 0.0)
    return frames.finish(p, [call(brief)], "follow_up", 0.0)


def brief_of(past: Past) -> CampaignBrief | None:
    """The brief of the draft that an answer showed, whichever tool showed it; None for an earlier version, which a
    change does not start from."""
    if past.call.name == "show_campaign" and past.call.args.get("version"):
        return None
    if past.call.name == "draft_campaign":
        return CampaignBrief.model_validate(past.call.args)
    raw = ((past.result or {}).get("details") or {}).get("brief")
    return CampaignBrief.model_validate(raw) if raw else None


def spoken_of(context: DialogueContext) -> Past | None:
    """The latest answer about a draft, where nothing but its way out was spoken of since."""
    for turn in reversed(context.turns()):
        shown = next((p for p in reversed(turn) if p.call.name in SHOWING), None)
        if shown is not None:
            return shown
        if any(p.call.name not in _PASSING and not _lists_people(p) for p in turn):
            return None
    return None


def _lists_people(past: Past) -> bool:
    """As in "who's in it?": the people of the draft alone were listed."""
    return past.call.name == "query_data" and past.call.args.get("dimensions") == ["customer"] and (
        not past.call.args.get("period"))


def standing_brief(last: Past, context: DialogueContext) -> CampaignBrief | None:
    """The brief that a change of the draft on the table starts from: the latest one that the conversation saw."""
    named = campaign_id(last)
    seen = [p for turn in context.turns() for p in turn]
    for past in reversed(seen):
        if past.call.name in SHOWING and campaign_id(past) in {named, None}:
            found = brief_of(past)
            if found is not None:
                return found
    return None


def _edit_offer(p: Parts, plan: CampaignBrief, changes: dict[str, Any]) -> None:
    """Another discount, one more, or none."""
    offer = offer_of(p)
    items = p.reading.items
    none = any(items[i].get("offer") == "none" for i in p.reading.having("offer"))
    denied = p.reading.has("drop", "not_in", "neg") and p.reading.has("offer")
    numbers = [i for i, t in enumerate(items) if t.number and t.unit is None and not t.has("period")
               and not (t.start and p.reading.tokens[t.start - 1].lemma in heard("dialogue_campaign.clock"))]
    bare = next((i for i in numbers if i not in p.used), None)
    if none or denied:
        p.used.update(p.reading.having("drop", "not_in", "neg", "offer"))
        changes["offer"] = {"kind": "none"}
    elif offer.kind != "none":
        said = {k: v for k, v in offer.model_dump().items() if v}
        old = plan.offer.model_dump()
        if offer.kind != plan.offer.kind:
            old.pop("value")  # 10 of "10 % off" is not what a gift costs
        changes["offer"] = {**old, **said}
    elif bare is not None and plan.offer.kind in {"percent_off", "amount_off"} and p.limit is None:
        p.used.add(bare)
        changes["offer"] = {**plan.offer.model_dump(), "value": items[bare].number}
    elif offer.category and plan.offer.kind != "none":
        changes["offer"] = {**plan.offer.model_dump(), "category": offer.category}
    if "offer" in changes and plan.best_offer:
        changes["best_offer"] = False  # what is said now stands above what would be chosen


def _edit_channels(p: Parts, plan: CampaignBrief, changes: dict[str, Any]) -> None:
    """As in "by SMS too" (one more), "only by email", "no SMS" (one less)."""
    channels = channels_of(p)
    if not channels:
        return
    adding = p.reading.has("also") and not p.reading.has("only", "instead")
    denied = p.reading.has("drop", "not_in", "neg") and "offer" not in changes
    if denied:
        p.used.update(p.reading.having("drop", "not_in", "neg"))
        left = tuple(c for c in plan.channels if c not in channels)
        if left:
            changes["channels"] = left
        return
    changes["channels"] = tuple(dict.fromkeys((*plan.channels, *channels))) if adding else channels


def _edit_audience(frames: Frames, p: Parts, plan: CampaignBrief, changes: dict[str, Any]) -> None:
    """As in "just for Germany", "exclude VIPs", "only those who spent over 500"."""
    rows: list[Filter] = [f for f in p.rows if getattr(f, "field", "") not in _GOODS]
    if p.conditions.customers:
        rows.append(p.customer_filter())  # type: ignore[arg-type]
    items = p.reading.items
    for i in p.reading.having("definition"):
        meant = term_filter(frames.shop, str(items[i].get("definition")))
        if meant is None or i in p.conditions.used or items[i].has("tone"):
            continue
        before = [k for k in range(max(0, i - 3), i) if items[k].has("not_in", "neg", "drop")]
        p.used.update([i, *before])
        rows.append(Not(part=meant) if before else meant)
    if not rows:
        return
    kept = plan.audience if plan.audience is not None else _default_audience(frames, plan)
    said = [part for row in rows for part in parts_of(row)]
    old = parts_of(kept)
    changes["audience"] = join([*old, *[part for part in said if part not in old]])
    changes["audience_words"] = None
    if p.metrics == ["customers"] or p.groups == ["customer"]:
        p.used.update(i for i, t in enumerate(items) if "customer" in t.alts.get("dim", ()))


def _default_audience(frames: Frames, plan: CampaignBrief) -> Filter | None:
    """Whom a goal means when the brief names nobody: the customers of the draft on the table."""
    found = frames.context.audience()
    return found[0] if found is not None else None


def changed(frames: Frames, last: Past) -> Candidate | None:
    """As in "what changed?", "show the difference": this version of the draft against the one before."""
    if last.call.name not in SHOWING - {"show_campaign"} or not _asks_what_changed(frames.parts()):
        return None
    asked = call(CampaignRequest(campaign_id=campaign_id(last), changes=True))
    return Candidate([asked], -0.5, "follow_up", referred=True)


def undo_call(last: Past) -> ToolCall:
    """Back to the version before of the draft on the table."""
    named = campaign_id(last)
    return ToolCall("undo_campaign", {"campaign_id": named} if named else {})


def _asks_what_changed(p: Parts) -> bool:
    r = p.reading
    changing = r.has("change") or any(t.lemma in heard("dialogue_campaign.changed") for t in r.tokens)
    said = p.metrics or p.periods or p.rows or p.groups or r.does("explain")
    return changing and len(r.items) <= 7 and not said
