"""A request for a campaign in many clauses, read one by one and put together again.

The grammar of whole sentences reads most requests. Where it declines one, asks whom it is for though somebody is named,
or passes over a clause, the clauses (:mod:`brief_clauses`) are taken by themselves; whom it is for, the offer and the
goods are read by the grammar in plain words. What is not understood is named on the draft; where it may say who, no
draft is made.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from pydantic import ValidationError

from assistant.llm.planner import spans
from assistant.llm.planner.brief_clauses import (
    WHO,
    Clauses,
    clauses_of,
    orders_campaign,
    respelled,
    surely_orders,
    words_of,
)
from assistant.llm.planner.brief_talk import day_of
from assistant.llm.planner.campaign_asides import cut
from assistant.llm.planner.campaign_steps import Said, cut_steps, steps_of
from assistant.llm.planner.candidate import Planned, ToolCall, call
from assistant.llm.planner.form_places import put_in
from assistant.llm.planner.replies import ask, decline, quoted
from assistant.llm.planner.values import join
from assistant.llm.planner.vocabulary import Vocabulary
from assistant.plans.filters import Filter, Not
from assistant.plans.requests import CampaignBrief, OfferSpec

Plan = Callable[[str], Planned]
#: declines that stand whatever else could be read
_FINAL = frozenset({"not_permitted"})
_OFFERS = frozenset({"offer", "free_delivery", "gift"})
_WORD = re.compile(r"[\w'&/%-]+")


def worded(text: str, planned: Planned, words: Vocabulary, tools: Collection[str], plan: Plan) -> Planned | None:
    """The draft that a request asks for by its clauses; None where what was planned stands.

    Args:
        planned: what the grammar of whole sentences made of it.
        plan: plans a text in plain words.
    """
    language = words.lexicon.language
    if "draft_campaign" not in tools or not orders_campaign(text, language) or not _open(planned, text, language):
        return None
    bare, asides = cut(text, language)
    bare, steps = cut_steps(bare, language)
    said = clauses_of(bare, language)
    if not _says_something(said, text, language) or _nobody_meant(said, planned, text, words):
        return None
    read = _drafted_for(planned)
    if read is not None and any(kind == "characters" for kind, _, _ in said.found):
        read = {k: v for k, v in read.items() if k != "budget"}  # "below 60 words" is no money
    if read is not None and not _more(said, read, len(planned.calls), words):
        return None
    no = _two_offers(said, text, words)
    if no is not None:
        return no
    if not said.people and said.left_out:
        return _ask_whom(text, words)
    if planned.calls[0].name == "draft_campaign" and not said.people:
        return None
    values, unheld = values_of(said, words)
    base, offered = plan(_in_plain_words(said, language)), offer_of_clauses(said, language, plan)
    if isinstance(offered, Planned):
        return offered
    if base.frame == "decline" or [c.name for c in base.calls] != ["draft_campaign"]:
        told = bool(base.calls) and base.calls[0].name == "decline" and bool(said.people)
        return base if told and planned.calls[0].name != "draft_campaign" else None
    if base.calls[0].args.get("not_included") or said.people and not base.calls[0].args.get("audience"):
        return _unknown_people(said, planned, words)
    lost = unread(said, values, words)
    if not said.people and planned.calls[0].name != "draft_campaign":
        if said.goods and offered is None:
            return None
        lost.narrowing += lost.plain
    if lost.narrowing and planned.calls[0].name == "draft_campaign":
        return None
    if lost.narrowing:
        no = decline(words.lexicon, "not_understood", "not_understood", words=quoted(lost.narrowing),
                     examples="campaign")
        return Planned([no], 0.0, frame="decline")
    audience = audience_of_clauses(said, base.calls[0].args.get("audience"), language, plan)
    if isinstance(audience, Planned):
        return audience
    reasons = words.lexicon.wording["not_included"]
    if offered is not None:
        values["offer"] = offered
    if said.goods and not _names_goods(values, said):
        unheld.append(("goods", said.goods))
    named = [(a.kind, a.words) for a in asides] + unheld + [("not_understood", w) for w in lost.plain]
    values["not_included"] = tuple(reasons[kind].format(words=f"“{w}”") for kind, w in named if kind in reasons)
    brief = base.calls[0].plan()
    raw = {**brief.model_dump(exclude_unset=True), **{k: v for k, v in values.items() if v != ()}}
    if audience is not None:
        raw |= {"audience": audience, "audience_words": None if said.left_out or said.only else brief.audience_words}
    many = next((slots["count"].lower() for kind, slots, _ in said.found if kind == "messages"), None)
    if steps is None and many is not None:
        steps = Said(count=int(words_of(language)["numbers"].get(many, many)))
    if steps is not None:
        raw["steps"] = _spaced(steps_of(steps, tuple(raw.get("channels") or ())), said, words)
        raw["channels"] = tuple(dict.fromkeys(s["channel"] for s in raw["steps"]))
    try:
        made = call(CampaignBrief.model_validate(raw))
        made = made if read is None else _completed(read, made)
        return None if made is None else replace(base, notes=[], calls=[made], frame="campaign")
    except ValidationError as error:
        why = str(error.errors()[0].get("ctx", {}).get("error", error.errors()[0]["msg"]))
        no = decline(words.lexicon, "not_understood", "brief_contradicts", examples="campaign", why=why)
        return Planned([no], 0.0, frame="decline")


def with_own_goods(text: str, language: str) -> str:
    """As in "promote garden to those who never bought it": the goods that the request itself names. What people prefer
    is known by what they bought."""
    if not orders_campaign(text, language):
        return text
    text = _eves(text, language)
    for form, say in words_of(language)["orders_say"]:
        text = re.sub(form, say, text, flags=re.IGNORECASE)
    text = re.sub(words_of(language)["prefers"], words_of(language)["prefers_say"], text, flags=re.IGNORECASE)
    if not re.search(words_of(language)["bought_it"], text, re.IGNORECASE):
        return text
    goods = clauses_of(text, language).goods
    return re.sub(words_of(language)["bought_it"], rf"\g<did> {goods}", text, flags=re.IGNORECASE) if goods else text


def looked_at(text: str, planned: Planned, words: Vocabulary) -> Planned | None:
    """The "no" to a draft for people who looked at goods, where whom it is for says nothing of that."""
    raw = words_of(words.lexicon.language)
    if not planned.calls or planned.calls[0].name != "draft_campaign" or "looked_at" not in raw:
        return None
    seen = re.search(raw["looked_at"], text, re.IGNORECASE)
    if seen is None or raw["looked_at_said"] in str(planned.calls[0].args.get("audience")):
        return None
    no = decline(words.lexicon, "not_understood", "not_understood", words=quoted([seen.group()]), examples="campaign")
    return Planned([no], 0.0, frame="decline")


def _eves(text: str, language: str) -> str:
    """As in "valid until the day before Black Friday": the day before an occasion, in the words of the grammar."""
    form = put_in(words_of(language)["eve"], words_of(language)["macros"])
    return re.sub(form, words_of(language)["eve_say"], text, flags=re.IGNORECASE)


def _open(planned: Planned, text: str, language: str) -> bool:
    """Whether something better may be found than what was planned: a decline that is no refusal, a draft for nobody, or
    an answer to an order that is none."""
    if not planned.calls:
        return True
    first = planned.calls[0]
    if first.name == "decline":
        return first.args.get("reason") not in _FINAL
    if first.name == "draft_campaign":
        return not first.args.get("campaign_id")
    return surely_orders(text, language)


def _says_something(said: Clauses, text: str, language: str) -> bool:
    """Whether a campaign, people, goods or an offer are spoken of."""
    named = bool(said.people or said.left_out or said.goods)
    offered = any(kind in _OFFERS for kind, _, _ in said.found)
    return named or offered or re.search(words_of(language)["campaign_words"], text, re.IGNORECASE) is not None


def _nobody_meant(said: Clauses, planned: Planned, text: str, words: Vocabulary) -> bool:
    """As in "draft a campaign for them" where nobody was named before: the decline says so."""
    declined = bool(planned.calls) and planned.calls[0].name == "decline"
    return declined and not said.people and spans.read(text, words).has("customers_pronoun")


def _drafted_for(planned: Planned) -> dict[str, Any] | None:
    """The brief that the grammar of whole sentences made, where it says for whom."""
    first = planned.calls[0] if planned.calls else None
    return first.args if first is not None and first.name == "draft_campaign" and "audience" in first.args else None


def _more(said: Clauses, read: dict[str, Any], calls: int, words: Vocabulary) -> bool:
    """Whether the clauses say something that the draft of the grammar lacks."""
    values, unheld = values_of(said, words)
    named = " ".join(read.get("not_included", ()))
    return calls > 1 or bool(values.keys() - read.keys()) or any(text not in named for _, text in unheld)


def _completed(read: dict[str, Any], made: ToolCall) -> ToolCall | None:
    """The draft of the grammar with what only the clauses say; None where they are not for the same customers."""
    if made.args.get("audience") != read["audience"]:
        return None
    more = {k: v for k, v in made.args.items() if k not in read}
    held = [reason for reason in read.get("not_included", ()) if ":" in reason]
    reasons = list(dict.fromkeys([*held, *made.args.get("not_included", ())]))
    goal = {"goal": made.args["goal"]} if "goal" in made.args else {}  # "keep costs low" keeps nobody
    kept = {k: v for k, v in read.items() if k not in {"goal", "not_included"}}
    return ToolCall(made.name, {**kept, **goal, **more, **({"not_included": reasons} if reasons else {})})


def _unknown_people(said: Clauses, planned: Planned, words: Vocabulary) -> Planned | None:
    """The "no" to customers that the data do not tell, where nothing better was planned."""
    if not said.people or not planned.calls or planned.calls[0].name != "decline":
        return None
    no = decline(words.lexicon, "not_understood", "not_understood", words=quoted([said.people]), examples="campaign")
    return Planned([no], 0.0, frame="decline")


def _two_offers(said: Clauses, text: str, words: Vocabulary) -> Planned | None:
    """As in "VIPs a gift and everyone else 10 %": one campaign has one offer."""
    apart = words_of(words.lexicon.language)["two_offers"]
    offered = any(kind in _OFFERS for kind, _, _ in said.found)
    if not offered or not re.search(apart, text, re.IGNORECASE):
        return None
    return Planned([decline(words.lexicon, "not_understood", "two_offers", examples="campaign")], 0.0, frame="decline")


def _ask_whom(text: str, words: Vocabulary) -> Planned:
    """Somebody is left out and nobody is named: nobody is chosen by default."""
    asked = text.strip(" .!?")
    options = [o.format(question=asked) for o in words.lexicon.wording["named_options"]["left_out_of_whom"]]
    return Planned([ask(words.lexicon, "left_out_of_whom", options)], 1.0, frame="ask")


def _names_goods(values: dict[str, Any], said: Clauses) -> bool:
    offer = values.get("offer")
    return said.goal == "launch" or offer is not None and bool(offer.category or offer.product_ids)


def _in_plain_words(said: Clauses, language: str) -> str:
    raw = words_of(language)
    return str(raw["say"]).format(
        goal=said.season or raw["names"][said.goal], offer="", about="",
        audience=raw["say_audience"].format(who=said.people) if said.people else "")


def offer_of_clauses(said: Clauses, language: str, plan: Plan) -> OfferSpec | Planned | None:
    """The offer and its goods, read apart from whom it is for; the refusal where its goods are not known."""
    raw, offer, named = words_of(language), "", ""
    for kind, slots, _ in said.found:
        goods = raw["say_goods"].format(goods=slots["goods"]) if slots.get("goods") else ""
        if kind == "offer" and slots.get("percent"):
            offer = raw["say_percent"].format(value=slots["percent"], goods=goods)
        elif kind == "offer":
            value = next(v for k, v in slots.items() if k.startswith("money")).rstrip(".,").replace(",", "")
            offer = raw["say_amount"].format(value=value, goods=goods)
        elif kind in {"free_delivery", "gift"} and not offer:
            offer = raw[f"say_{kind}"]
        named = named or goods
    about = raw["say_about"].format(goods=said.goods) if said.goods and not named else ""
    if not (offer or about):
        return None
    base = plan(raw["say"].format(goal=raw["names"]["promotion"], audience="", offer=offer, about=about))
    if base.calls and base.calls[0].name == "draft_campaign" and "audience" not in base.calls[0].args:
        found = base.calls[0].plan().offer
        return found if not named or found.category else _without_goods(base)
    return _without_goods(base) if offer else None


def _without_goods(base: Planned) -> Planned:
    """The refusal of an offer on goods that the shop does not name; not offered on everything instead."""
    return base if base.frame == "decline" else Planned([], 0.0)


def audience_of_clauses(
    said: Clauses, found: dict[str, Any] | None, language: str, plan: Plan
) -> Filter | Planned | None:
    """Whom it is for less whom it leaves out; the refusal where these are not understood."""
    brief = CampaignBrief.model_validate({"audience": found} if found else {})
    parts: list[Filter] = [] if brief.audience is None else [brief.audience]
    raw = words_of(language)
    for who, denied in [*((w, True) for w in said.left_out), *((w, False) for w in said.only)]:
        asked = raw["say"].format(goal=raw["names"]["promotion"], offer="", about="",
                                  audience=raw["say_audience"].format(who=respelled(who, language)))
        base = plan(asked)
        meant = base.calls[0].args.get("audience") if len(base.calls) == 1 else None
        if base.calls[0].name != "draft_campaign" or not meant or base.calls[0].args.get("not_included"):
            return base if base.calls[0].name == "decline" else Planned([], 0.0)
        rule = CampaignBrief.model_validate({"audience": meant}).audience
        if rule is not None:
            parts.append(Not(part=rule) if denied else rule)
    return join(parts) if parts else None


# -- single clauses ----------------------------------------------------------------------------------------------------


def values_of(said: Clauses, words: Vocabulary) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """Fields of the brief that clauses say, and clauses that no draft holds, with the kind of their reason."""
    raw, found, unheld = words_of(words.lexicon.language), {}, []
    for kind, slots, text in said.found:
        if kind == "budget":
            found["budget"] = amount_said(slots["amount"])
        elif kind == "holdout":
            share = next(v for v in slots.values()).lower()
            found["holdout_share"] = raw["shares"].get(share) or round(float(re.sub(r"\D", "", share)) / 100, 4)
        elif kind == "variants":
            many = next(iter(slots.values()), "2").lower()
            found["variants"] = int(raw["counts"].get(many, many))
        elif kind in {"short", "characters"}:
            found["length"] = "short"
        elif kind == "tone":
            found["tone"] = _tone(slots["tone"], raw)
        elif kind == "channels":
            named = _channels(slots["channels"], raw)
            found["channels"] = tuple(dict.fromkeys((*found.get("channels", ()), *named)))
        elif kind == "chinese":
            found["language"] = "zh"
        elif kind == "left_hours":
            found["after_hours"] = int(slots["hours"])
        elif kind == "test_purpose":
            found.setdefault("variants", 2)
        elif kind == "ordered":
            found["exit_when"] = "order"
        else:
            found |= _days(kind, slots, words, raw)
        if kind in {"characters", "other_language", "hour", "contents", "slow_movers", "repeats", "early_access",
                    "minimum_order"}:
            unheld.append((kind, text))
    return {k: v for k, v in found.items() if v is not None}, unheld


def _spaced(steps: list[dict[str, Any]], said: Clauses, words: Vocabulary) -> list[dict[str, Any]]:
    """The messages as far apart as was said, the later ones only to whoever has not ordered where that was said."""
    raw, later = words_of(words.lexicon.language), steps[1:]
    for kind, slots, _ in said.found:
        if kind == "unordered":
            later = [{**s, "only_if": "no_order"} for s in later]
        if kind in {"apart", "within"}:
            days = _length(slots, raw)
            wait = days if kind == "apart" else days // max(1, len(later))
            later = [{**s, "after_days": wait, "waits_by_default": False} for s in later]
    return [*steps[:1], *later]


def _length(slots: dict[str, str], raw: dict[str, Any]) -> int:
    many = slots["many"].lower()
    return int(raw["counts"].get(many, many)) * int(raw["units"][slots["unit"].lower()])


def _days(kind: str, slots: dict[str, str], words: Vocabulary, raw: dict[str, Any]) -> dict[str, Any]:
    today = words.status.as_of
    if kind in {"starts", "hour"}:
        return {"starts_on": day_of(slots["day"], words)}
    if kind == "ends":
        return {"ends_on": day_of(slots["day"], words, last=True)}
    if kind == "eve":
        return {"ends_on": day_of(slots["day"], words, eve=True)}
    if kind == "past_the_day":
        first = day_of(slots["day"], words)
        return {"ends_on": first - timedelta(days=1) if first is not None else None}
    if kind == "runs":
        return {"runs_days": _length(slots, raw)}
    if kind == "between":
        last = day_of(slots["to"], words, last=True)
        first = slots["from"]
        if last is not None and first.isdigit():
            return {"starts_on": _same_month(last, int(first)), "ends_on": last}
        start = day_of(first, words)
        return {"starts_on": start, "ends_on": last} if start and last and start >= today else {"ends_on": last}
    return {}


def _same_month(last: date, day: int) -> date | None:
    return last.replace(day=day) if 1 <= day <= last.day else None


def amount_said(text: str) -> float | None:
    plain = text.rstrip(".,").replace(",", "").lower()
    try:
        return float(plain.removesuffix("k")) * (1000 if plain.endswith("k") else 1)
    except ValueError:
        return None


def _tone(said: str, raw: dict[str, Any]) -> str | None:
    return next((tone for tone, names in raw["tones"].items() if said.lower() in names), None)


def _channels(said: str, raw: dict[str, Any]) -> tuple[str, ...]:
    names = sorted(raw["channels"], key=len, reverse=True)
    found = re.findall("|".join(rf"\b{re.escape(n)}\b" for n in names), said.lower())
    return tuple(dict.fromkeys(raw["channels"][name] for name in found))


# -- what is left ------------------------------------------------------------------------------------------------------


class _Lost:
    """Clauses not understood: those that may say who, and those that do not."""

    def __init__(self) -> None:
        self.narrowing: list[str] = []
        self.plain: list[str] = []


def unread(said: Clauses, values: dict[str, Any], words: Vocabulary) -> _Lost:
    """What is left of a text, clause by clause; channels and tones that stand by themselves go into the values."""
    raw, lost = words_of(words.lexicon.language), _Lost()
    fillers, narrowing = set(raw["fillers"]), set(raw["narrowing"])
    goals = [form for goal, form in raw["goals"] if goal == said.goal or said.season and goal == "seasonal"]
    for clause, mark in _parts(said.text):
        if named := _channels(clause, raw):
            values.setdefault("channels", named)
        bare = clause
        for form in goals:
            bare = re.sub(form, " ", bare, flags=re.IGNORECASE)
        open_ = []
        for low in map(str.lower, _WORD.findall(bare)):
            tone = _tone(low, raw)
            if tone is not None:
                values.setdefault("tone", tone)
            elif low in raw["lengths"]:
                values.setdefault("length", raw["lengths"][low])
            elif low not in fillers or low.isdigit():
                open_.append(low)
        if not open_:
            continue
        all_words = [w.lower() for w in _WORD.findall(bare)]
        beside = mark and all_words[-1] in open_  # right before the people: it may say which
        whom = not said.people and re.search(raw["named_people"], bare, re.IGNORECASE)
        says_who = narrowing & set(all_words) or any(w.isdigit() for w in open_) or beside or (
            whom and whom["who"].lower() in open_)
        (lost.narrowing if says_who else lost.plain).append(" ".join(clause.split()))
    return lost


def _parts(text: str) -> list[tuple[str, bool]]:
    """The clauses that are left, and whether the people stood right behind each."""
    cut_at = re.split(rf"(\s*[;,.!?{WHO}]\s*|\s-\s|:\s)", text)
    return [(clause, k + 1 < len(cut_at) and WHO in cut_at[k + 1]) for k, clause in enumerate(cut_at) if k % 2 == 0]
