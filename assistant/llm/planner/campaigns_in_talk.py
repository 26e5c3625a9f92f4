"""What is asked of the past campaigns in talk: "the one before", "which of the two lost us more subscribers?"."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from assistant.llm.planner.candidate import Planned, ToolCall, call
from assistant.llm.planner.context import DialogueContext, Past
from assistant.llm.planner.cue_rules import Heard, heard_by_rules
from assistant.llm.planner.language_files import read_yaml
from assistant.llm.planner.marketing import OF_MARKETING
from assistant.llm.planner.replies import ask, decline
from assistant.llm.planner.things_in_talk import Campaign, listed, one_of, pair, past_campaigns, spoken_of
from assistant.llm.planner.vocabulary import Vocabulary
from assistant.plans.filters import Compare, CustomerCondition
from assistant.plans.query import QueryPlan
from assistant.plans.shop import Shop
from assistant.plans.uplift import ReadOutRequest

FILE = "in_talk"
_FIGURE = "m_"
#: splits of a read-out that figures of campaigns have too
_SPLITS = frozenset({"message_channel", "campaign_kind", "campaign"})
#: what customers do with a message, by the figure that counts it
_DEEDS = {"m_unsubscribed": "unsubscribed", "m_opened": "opened", "m_clicked": "clicked", "reacted": "answered"}
_KIND = "campaign"
#: figures of campaigns of which the worst is the highest
_FEWER_IS_BETTER = frozenset({"unsubscribed", "unsubscribe_rate", "campaign_cost", "cost_per_response"})


@dataclass(frozen=True)
class Campaigns:
    """The campaigns in talk.

    Attributes:
        known: all past campaigns, the earliest first.
        current: the one spoken of last; None where the last answer lists several.
        rows: those that the last answer lists, in its order.
        both: the two spoken of last.
        meant: those that words of the text describe ("the January one").
        kept: the kind and channel that the question before named.
    """

    known: tuple[Campaign, ...]
    current: str | None
    rows: tuple[str, ...]
    both: tuple[str, ...]
    meant: tuple[str, ...] = ()
    kept: tuple[str, str] = ("", "")

    @property
    def gates(self) -> set[str]:
        found = {"one"} if self.current else set()
        found |= {"list"} if len(self.rows) > 1 else set()
        found |= {"pair"} if len(self.both) > 1 else set()
        return found | ({"named"} if self.meant else set())


def campaigns_in_talk(
    text: str, context: DialogueContext, shop: Shop, words: Vocabulary
) -> tuple[str, Campaigns] | None:
    """The text without the words that describe a campaign, and the campaigns in talk; None where none are."""
    last = context.last()
    if last is None or last.call.name not in {"read_out_campaigns", "query_data"}:
        return None
    rows, current = listed(last, _KIND), one_of(last, _KIND)
    if current is None and not rows:
        return None
    if current is None and (last.call.args.get("earned") or last.call.args.get("sort")):
        current = rows[0]  # of a ranking "it" is the first
    known = past_campaigns(shop)
    names = {c.name for c in known}
    if not names & {*rows, *spoken_of(context, _KIND)}:
        return None
    raw = read_yaml(words.lexicon.language, FILE)
    question = context.questions[last.turn - 1] if 0 < last.turn <= len(context.questions) else ""
    said = last.call.args.get("campaign_kind") or _phrase(raw["kinds"], question)[0]
    kept = (str(said or ""), _phrase(raw["channels"], question)[0])
    rest, meant = _described(text, known, current, raw)
    both = pair(context, _KIND)
    return rest, Campaigns(known, current, rows, both, meant, kept)


def _phrase(groups: Mapping[str, Sequence[str]], text: str) -> tuple[str, str]:
    """The group of which a phrase stands in the text, and the phrase."""
    low = " " + " ".join(re.split(r"[^\w-]+", text.lower())) + " "
    return next(((name, p) for name, phrases in groups.items() for p in phrases if f" {p} " in low), ("", ""))


def _described(
    text: str, known: tuple[Campaign, ...], current: str | None, raw: Mapping[str, Any]
) -> tuple[str, tuple[str, ...]]:
    """The text without words that describe a campaign, and the names of those that they fit, the earliest first."""
    for one in sorted(known, key=lambda c: -len(c.name)):
        match = re.search(rf"(?<!\w){re.escape(one.name)}(?!\w)", text, re.IGNORECASE)
        if match is not None:
            return f"{text[:match.start()]} {text[match.end():]}", (one.name,)
    plain = {str(w) for w in raw["plain"]}
    fitting, used = list(known), []
    year = next((p for p in raw["years"] if re.search(rf"(?<!\w){re.escape(p)}(?!\w)", text, re.IGNORECASE)), None)
    latest = max((c.month.rpartition(" ")[2] for c in known), default="")
    if year is not None and latest.isdigit() and current is not None:
        fitting = [c for c in fitting if c.month.endswith(str(int(latest) - 1))]
    for group, field in (("kinds", "kind"), ("channels", "channel")):
        name, said = _phrase(raw[group], text)
        if name and any(getattr(c, field) == name for c in known):
            fitting = [c for c in fitting if getattr(c, field) == name]
            used.append(said)
    plain |= {str(w) for w in [*raw["not_names"], *raw["words"]["people"]]}  # "customers" alone names no campaign
    for word in dict.fromkeys(re.findall(r"[^\W_]+", text.lower())):
        if word in plain or len(word) < 3 or any(word in u.split() for u in used):
            continue
        hits = [c for c in known if word in re.findall(r"[^\W_]+", c.name.lower())] or [
            c for c in known if word in c.month.lower().split() or (
                word in raw["months"] and c.month.lower().startswith(word[:3]))]
        if hits:
            fitting = [c for c in fitting if c in hits]
            used.append(word)
    rest = text
    for said in [*([year] if year is not None and used else []), *used]:
        rest = re.sub(rf"(?<!\w){re.escape(said)}(?!\w)", " ", rest, flags=re.IGNORECASE)
    return (rest, tuple(c.name for c in fitting)) if used and fitting else (text, ())


def asked_of_campaigns(
    found: Heard, talk: Campaigns, context: DialogueContext, words: Vocabulary
) -> Planned | None:
    """The plan of what is asked of the campaigns in talk."""
    last = context.last()
    raw = read_yaml(words.lexicon.language, FILE)
    if last is None:
        return None
    step = -1 if "before" in found.tags else 1 if "after" in found.tags else 0
    name = _one(found, talk, raw, step) if found.ask in _OF_ONE else None
    if found.ask in _OF_ONE and name is None:
        if len(talk.meant) > 1:
            return _which(talk.meant, words)
        return _none_there(talk, step, words)
    if found.ask == "campaign_compare" and name is not None and talk.current is not None:
        return _both((talk.current, name), words)
    if found.ask in {"campaign", "campaign_step", "campaign_nth", "campaign_year"} and name is not None:
        return _planned(_same_of(last, name))
    if found.ask == "campaign_worth" and name is not None:
        return _planned(call(ReadOutRequest(campaign=name, measure="margin")))
    if found.ask == "campaign_figure" and name is not None:
        figures = _figures(found)
        rows = talk.both if "pair" in found.tags and len(talk.both) > 1 else (name,)
        return _planned(_figures_of(figures, rows, None))
    if found.ask == "campaign_which":
        order = "less" in found.tags or "worst" in found.tags and not found.tags & {"more"}
        return _planned(_figures_of(_figures(found), talk.both, not order))
    if found.ask == "campaign_people" and name is not None:
        return _people(found, name, words)
    if found.ask == "campaign_better":
        return _both(talk.both[:2], words)
    if found.ask == "campaign_best":
        return _best(found, last)
    if found.ask == "campaign_why":
        return _no_reason(name or "", words)
    return None


_FRESH = frozenset({"campaign", "campaign_figure", "campaign_worth"})
_OF_ONE = frozenset({"campaign", "campaign_compare", "campaign_year", "campaign_step", "campaign_nth",
                     "campaign_worth", "campaign_figure", "campaign_people", "campaign_why"})


def _both(names: Sequence[str], words: Vocabulary) -> Planned:
    """Two campaigns side by side: what each earned, with which was better; where no costs of goods are known, each
    against its customers held out."""
    margin = words.metrics.get("gross_margin")
    if margin is not None and margin.available:
        return Planned([call(ReadOutRequest(earned="most", among=tuple(names)))], 1.0, frame="discourse")
    return Planned([call(ReadOutRequest(campaign=n, measure="margin")) for n in names], 1.0, frame="discourse")


def _planned(made: ToolCall | None) -> Planned | None:
    return None if made is None else Planned([made], 1.0, frame="discourse")


def _one(found: Heard, talk: Campaigns, raw: Mapping[str, Any], step: int) -> str | None:
    """The campaign that is meant: a row, one that is described, the neighbour in time, or the one spoken of."""
    if "nth" in found.slots and talk.rows:
        at = raw["numbers"].get(found.slots["nth"].lower(), found.slots["nth"])
        index = int(at) - 1 if int(at) > 0 else -1
        return talk.rows[index] if index < len(talk.rows) else None
    if talk.meant:
        others = [n for n in talk.meant if n != talk.current or len(talk.meant) == 1]
        if step:
            return _neighbour([c.name for c in talk.known if c.name in {*others, talk.current}], talk.current, step)
        return others[0] if len(others) == 1 else None
    if "year" in found.tags:
        return _year_before(talk)
    if not step:
        return talk.current
    alike = [c.name for c in talk.known if c.name == talk.current or (
        (not talk.kept[0] or c.kind == talk.kept[0]) and (not talk.kept[1] or c.channel == talk.kept[1]))]
    return _neighbour(alike, talk.current, step)


def _year_before(talk: Campaigns) -> str | None:
    """The campaign of the same kind in the same month a year before."""
    now = next((c for c in talk.known if c.name == talk.current), None)
    month, _, year = (now.month if now else "").partition(" ")
    if now is None or not year.isdigit():
        return None
    before = f"{month} {int(year) - 1}"
    hits = [c.name for c in talk.known if c.month == before and c.kind == now.kind]
    return hits[0] if len(hits) == 1 else None


def _neighbour(names: Sequence[str], current: str | None, step: int) -> str | None:
    index = names.index(current) + step if current in names else -1
    return names[index] if 0 <= index < len(names) else None


def _none_there(talk: Campaigns, step: int, words: Vocabulary) -> Planned | None:
    """The "no" where no campaign stands before or after the one in talk."""
    if talk.current is None:
        return None
    message = "no_campaign_before" if step <= 0 else "no_campaign_after"
    no = decline(words.lexicon, "no_rows", message, words=talk.current,
                 nearest=[str(words.lexicon.wording["did_it_work"]).format(name=talk.current)])
    return Planned([no], 0.0, frame="decline")


def _same_of(last: Past, name: str) -> ToolCall:
    """What was asked before, of another campaign."""
    plan: Any = last.call.plan()
    if isinstance(plan, ReadOutRequest):
        by = plan.by if plan.by != _KIND and plan.campaign is not None else None
        return call(ReadOutRequest(campaign=name, measure=plan.measure, by=by))
    metrics = plan.metrics if set(plan.metrics) <= OF_MARKETING else ()
    if not metrics:
        return call(ReadOutRequest(campaign=name))
    return call(QueryPlan(metrics=metrics, filter=Compare(field=_KIND, op="eq", values=(name,))))


def _figures(found: Heard) -> tuple[str, ...]:
    said = tuple(sorted(t.removeprefix(_FIGURE) for t in found.tags if t.startswith(_FIGURE)))
    return said or ("sent",)  # "how many people was that?"


def _figures_of(metrics: tuple[str, ...], names: tuple[str, ...], most_first: bool | None) -> ToolCall | None:
    """Figures of one campaign, or of several beside each other."""
    if not metrics:
        return None
    rates = tuple(m for m in metrics if m.endswith("_rate"))
    metrics = rates or metrics
    if len(names) == 1:
        return call(QueryPlan(metrics=metrics, filter=Compare(field=_KIND, op="eq", values=names)))
    return call(QueryPlan.model_validate({
        "metrics": metrics, "dimensions": (_KIND,), "filter": Compare(field=_KIND, op="in", values=names).model_dump(),
        "sort": {"by": metrics[0], "descending": most_first is not False}}))


def _people(found: Heard, name: str, words: Vocabulary) -> Planned | None:
    """Who reacted to a campaign."""
    deed = next((_DEEDS[t] for t in _DEEDS if t in found.tags), None)
    money = words.role("money")
    if deed is None or money is None:
        return None
    who = CustomerCondition(metric=deed, op="ge", values=(1.0,), where=Compare(field=_KIND, op="eq", values=(name,)))
    return _planned(call(QueryPlan.model_validate({
        "metrics": (money,), "dimensions": ("customer",), "filter": who.model_dump(), "sort": {"by": money}})))


def _best(found: Heard, last: Past) -> Planned | None:
    """Which of the campaigns listed earned most or least, of those that were asked about."""
    plan: Any = last.call.plan()
    if not isinstance(plan, ReadOutRequest):
        return None
    least = "worst" in found.tags or "loss" in found.tags
    return _planned(call(plan.model_copy(update={"earned": "least" if least else "most", "by": None})))


def described(text: str, shop: Shop, words: Vocabulary) -> Planned | None:
    """A question about a past campaign that words of its name, kind, channel or month describe: "how did the Black
    Friday push campaign go?". Only for texts that nothing else reads."""
    raw = read_yaml(words.lexicon.language, FILE)
    if not raw.get("rules") or not shop.labels(_KIND):
        return None
    if {str(w) for w in raw["several"]} & set(re.findall(r"[^\W_]+", text.lower())):
        return None  # "our email campaigns of 2025" are no single one, whatever year its name holds
    rest, meant = _described(text, past_campaigns(shop), None, raw)
    found = heard_by_rules(rest, FILE, words, None, {"one", "named"}) if meant else None
    if found is None or found.ask not in _FRESH or (found.ask == _KIND and "how_did" not in found.tags):
        return None
    if len(meant) > 1:
        return _which(meant, words)
    if found.ask == "campaign_figure":
        return _planned(_figures_of(_figures(found), meant, None))
    return _planned(call(ReadOutRequest(campaign=meant[0], measure="margin" if "worth" in found.tags else "orders")))


def _which(names: Sequence[str], words: Vocabulary) -> Planned:
    options = [str(words.lexicon.wording["did_it_work"]).format(name=n) for n in names[:4]]
    return Planned([ask(words.lexicon, "which_campaign", options)], 1.0, frame="ask")


def arms(last: Past) -> Planned | None:
    """As in "how many people were in each?": those written to and those held out, of each group that was compared."""
    plan: Any = last.call.plan()
    by = plan.by if isinstance(plan, ReadOutRequest) and plan.by in _SPLITS else _KIND
    if not isinstance(plan, ReadOutRequest) or plan.campaign is not None:
        return None
    of_kind = Compare(field="campaign_kind", op="eq", values=(plan.campaign_kind,)) if plan.campaign_kind else None
    return _planned(call(QueryPlan.model_validate({
        "metrics": ("sent", "control_size"), "dimensions": (by,), "sort": {"by": "sent"},
        "filter": of_kind.model_dump() if of_kind else None})))


def by_campaign(found: Heard, last: Past) -> Planned | None:
    """As in "which campaign lost us the most?" after unsubscribes of a year: that figure by campaign, in that time."""
    plan: Any = last.call.plan()
    bad = plan.metrics[0] in _FEWER_IS_BETTER
    few = "less" in found.tags or ("best" in found.tags and (bad or "loss" in found.tags)) or (
        "worst" in found.tags and not bad)
    return _planned(call(QueryPlan.model_validate({
        **plan.model_dump(), "dimensions": (_KIND,), "compare": None, "limit": None,
        "sort": {"by": plan.metrics[0], "descending": not few}})))


def _no_reason(name: str, words: Vocabulary) -> Planned:
    """Why a campaign did well or badly was never measured: by whom it did can be shown."""
    nearest = [str(o).format(name=name) for o in words.lexicon.wording["of_a_campaign"]] if name else []
    no = decline(words.lexicon, "missing_data", "no_reason_of_campaign", words=name, nearest=nearest)
    return Planned([no], 0.0, frame="decline")


__all__ = ["FILE", "Campaigns", "arms", "asked_of_campaigns", "by_campaign", "campaigns_in_talk", "described"]
