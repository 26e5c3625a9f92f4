"""Readings of campaign requests: goal, audience, offer, channels, tone, dates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from assistant.llm.planner.campaign_dates import campaign_dates
from assistant.llm.planner.campaign_scope import buyers_of, take_budget, without_ways
from assistant.llm.planner.campaign_words import items_of, places
from assistant.llm.planner.candidate import Candidate, call
from assistant.llm.planner.context import DialogueContext
from assistant.llm.planner.exclusions import exclusion
from assistant.llm.planner.heard import heard
from assistant.llm.planner.parts import Parts
from assistant.llm.planner.replies import decline
from assistant.llm.planner.requests import Finish, take_verbs
from assistant.llm.planner.spans import Reading
from assistant.llm.planner.values import join
from assistant.plans.filters import Compare, CustomerCondition, Filter, InGroup
from assistant.plans.requests import CampaignBrief, OfferSpec
from assistant.plans.shop import Shop

#: Goals that words of definitions and segments go with, when the brief names none.
_GOALS_BY_TERM = ("win_back", "welcome", "loyalty", "retention")


#: measures of what a campaign did
_RESULTS = frozenset(
    {
        "lift", "open_rate", "click_rate", "response_rate", "unsubscribe_rate", "campaign_revenue", "campaign_cost",
        "responses",
    }
)


@dataclass(frozen=True)
class _Wanted:
    """Places of the words that ask for a campaign: its objects and goals, and whether they make it plain."""

    objects: list[int]
    goals: list[int]
    plain: bool


def _wanted(p: Parts) -> _Wanted | None:
    """What asks for a campaign to be made; None where none is asked for."""
    r = p.reading
    if any(getattr(row, "field", "") == "campaign" for row in p.rows) and not r.does("create", "send"):
        return None  # a campaign that was, not one to be
    measured = {str(m) for item in r.items for m in item.alts.get("metric", ())} & _RESULTS
    if measured and not r.does("create", "send"):
        return None  # "lift of the we-miss-you campaign"
    creating, objects, goals = r.does("create"), r.having("object"), r.having("goal")
    objects = objects or sorted(items_of(r, places(r, "subject_lines")))
    strong = [
        i
        for i in goals
        if r.items[i].get("goal")
        in {"win_back", "welcome", "cross_sell", "clearance", "launch", "loyalty", "retention", "post_purchase",
            "replenishment"}
    ]
    sending = r.does("send")
    if not creating and objects and objects[0] == next((i for i in range(len(r.items)) if not r.is_skip(i)), -1):
        creating = (
            objects[:1] if len(r.items) > 2 and not r.has("count", "group") and not _asks(r) else []
        )  # "email our best customers …"
    giving = not creating and r.items and r.items[0].lemma in heard("brief.giving") and r.has("offer")
    if giving:
        creating = [0]
    if r.does("recommend") and not objects and not creating:
        return None  # "recommend new arrivals to …" asks for a list
    counted = bool(r.items) and heard("how_many").begins(r.items[0].lemma)
    if counted or r.items and r.items[0].lemma in heard("brief.asking"):
        return None  # a question about campaigns, not an order for one
    if not ((creating or sending) and objects) and not strong and not (creating and goals) and not giving:
        return None
    if not (creating or sending or giving) and not objects and _named_only(r, strong):
        return None  # "retention by channel", "loyalty by country": what is measured, not what is to be made
    early = any(r.items[i].has("goal") and i <= 4 for i in strong)
    if not (objects or sending or giving or early or creating):
        return None
    if r.has("grain", "share") and not (objects or sending or giving or creating):
        return None  # "monthly retention of customers acquired in 2025" is measured
    return _Wanted(objects, goals, bool(objects and (creating or sending) or strong))


def draft(p: Parts, context: DialogueContext, finish: Finish, shop: Shop) -> Candidate | None:
    """As in "Win back lapsed customers with 10 % off homeware" · "draft a campaign for them"."""
    asked = _wanted(p)
    if asked is None:
        return None
    r, objects, goals = p.reading, asked.objects, asked.goals
    take_verbs(p, "create", "send", "recommend", "explain", "approve")
    p.used.update(objects, goals, r.having("content", "tone", "holdout"))
    budget, dates, bought = take_budget(p), campaign_dates(p), buyers_of(p)
    without_ways(p)
    offer = offer_of(p)
    _no_condition(p, offer)
    channels = channels_of(p)
    left_out = exclusion(p)
    audience, words = _audience(p, context, shop, bought)
    if left_out is not None:
        audience = join([audience, left_out]) if audience is not None else left_out
    goal = _goal(p, goals, words, context)
    p.used.update(
        i for i, item in enumerate(r.items) if item.has("customers_pronoun", "pronoun") and (audience is not None)
    )
    p.used.update(
        i
        for i, item in enumerate(r.items)
        if item.has("dim", "metric", "group", "act", "chart", "which", "not_in")
        and i not in p.used
        and ("customer" in item.alts.get("dim", ()) or not item.has("metric"))
    )
    tone = next((str(r.items[i].get("tone")) for i in r.having("tone")), None)
    values: dict[str, Any] = {"goal": goal, "audience": audience, "audience_words": words or None, "offer": offer}
    if channels:
        values["channels"] = channels
    if tone:
        values["tone"] = tone
    values |= dates
    if budget is not None:
        values["budget"] = budget
    holdout = _holdout(p)
    if holdout is not None:
        values["holdout_share"] = holdout
    extras = _extras(p)
    if p.limit is not None and p.limit <= 10:
        values["products_per_recipient"] = p.limit
    if extras.pop("popup", False):
        addressed = tuple(values.get("channels") or extras.get("channels") or CampaignBrief().channels)
        values["channels"] = (*addressed, "popup")
    values |= {k: v for k, v in extras.items() if k != "channels" or "channels" not in values}
    try:
        brief = CampaignBrief(**values)
    except ValidationError as error:
        if not {"starts_on", "ends_on"} <= values.keys():
            return None
        why = str(error.errors()[0].get("ctx", {}).get("error", ""))
        return finish(p, [decline(p.reading.vocabulary.lexicon, "not_understood", "brief_contradicts",
                                  examples="campaign", why=why)], "decline", 0.0)
    extra = 0.0 if asked.plain else 0.2
    when = values.get("period")
    if when is not None and (when.kind in {"rolling", "to_date"} or (when.kind == "calendar" and when.offset < 0)):
        extra += 1.0  # a campaign is not sent in the past: the time belongs to a condition that was not read
    if audience is None and r.has("customers_pronoun"):
        extra += 0.4  # "for them", and nobody was spoken of
    return finish(p, [call(brief)], "campaign", extra)


def _named_only(r: Reading, goals: list[int]) -> bool:
    """Whether goals are spoken of as nouns, or beside what only a question has: a measure, a split, a chart."""
    nouns = all(r.items[i].lemma in heard("brief.goal_nouns") for i in goals)
    measured = any(item.has("metric", "grain", "chart") and not item.has("goal", "dim") for item in r.items)
    return nouns or measured or r.has("group", "count")


def _asks(r: Reading) -> bool:
    """Whether a word asks for a list: "all" and "every" say how many of them are meant."""
    asking = [i for i in r.having("which") if not r.items[i].has("who")]
    return any(r.items[i].lemma not in heard("brief.every") for i in asking)


def _extras(p: Parts) -> dict[str, Any]:
    """Number of wordings and title, and what else a draft holds beside its message."""
    r, found = p.reading, {}
    for i, item in enumerate(r.items):
        if item.number is None or i in p.used and item.unit == "percent":
            continue
        after = [one for one in places(r, "subject_lines", "variants") if 0 <= one.start - item.end <= 2]
        if after and 1 <= item.number <= 5:
            found["variants"] = int(item.number)
            p.used |= {i, *items_of(r, after)}
            p.limit = None if p.limit == int(item.number) else p.limit
    lines = places(r, "subject_lines")
    if lines:
        p.used |= items_of(r, lines)
        found.setdefault("variants", 3)
        found.setdefault("channels", ("email",))
    found |= _writing(p)
    wordings = places(r, "variants")
    if wordings and (r.does("create") or r.has("goal")):
        p.used |= items_of(r, wordings)
        found.setdefault("variants", 2)
    return found


def _writing(p: Parts) -> dict[str, Any]:
    """Language and length of the texts, and a pop-up beside the messages."""
    r, found = p.reading, {}
    for kind, name, value in (("in_chinese", "language", "zh"), ("short_text", "length", "short"),
                              ("long_text", "length", "long"), ("popup", "popup", True)):
        said = places(r, kind)
        if said:
            p.used |= items_of(r, said)
            found[name] = value
    return found


def _goal(p: Parts, goals: list[int], words: str, context: DialogueContext) -> str:
    named = [str(p.reading.items[i].get("goal")) for i in goals]
    order = [
        "post_purchase",
        "replenishment",
        "win_back",
        "welcome",
        "clearance",
        "cross_sell",
        "loyalty",
        "retention",
        "launch",
        "seasonal",
        "promotion",
    ]
    specific = [g for g in order if g in named and g != "promotion"]
    if specific:
        return specific[0]
    if any(isinstance(c, InGroup) and c.group == "about_to_leave" for c in p.conditions.customers):
        return "retention"
    for goal in _GOALS_BY_TERM:
        if heard(f"brief.{goal}").within(words.lower()):
            return goal
    if not words and context.last("predict_churn") is context.last() and context.last() is not None:
        return "win_back"
    if p.periods and p.periods[0].period is not None and p.periods[0].period.event:
        return "seasonal"
    return "promotion"


def offer_of(p: Parts) -> OfferSpec:
    """As in "10 % off homeware" · "£5 off" · "free delivery" · none."""
    r = p.reading
    hits = r.having("offer")
    kinds = [str(r.items[i].get("offer")) for i in hits]
    p.used.update(hits)
    category = next((v for d, vs in p.chosen.items() if d == "category" for v in vs), None) or _unknown_category(
        p, hits
    )
    for i, item in enumerate(r.items):
        if item.number is None or item.number <= 0:
            continue
        near = any(
            0 <= k < len(r.items) and r.items[k].get("offer") == "percent_off"
            for k in (i + 1, i + 2, i + 3, i - 1, i - 2, i - 3)
        )
        if (
            item.unit == "percent"
            and item.number < 100
            and not any(r.items[k].has("holdout") for k in range(i, min(i + 3, len(r.items))))
        ):
            p.used.add(i)
            return OfferSpec(kind="percent_off", value=item.number, category=category)
        if near and item.unit == "money":
            p.used.add(i)
            return OfferSpec(kind="amount_off", value=item.number, category=category)
        if near and item.unit is None and _plain_off(p, i):
            p.used.add(i)
            return OfferSpec(kind="amount_off", value=item.number, category=category)
    if "free_delivery" in kinds:
        return OfferSpec(kind="free_delivery")
    gift = places(r, "gift")
    if gift:
        p.used |= items_of(r, gift)
        p.used.update(i for i, it in enumerate(r.items) if it.lemma in heard("brief.free"))
        return OfferSpec(kind="gift")
    return OfferSpec(category=category) if category else OfferSpec()


def _no_condition(p: Parts, offer: OfferSpec) -> None:
    """As in "new customers with £5 off": said once, the amount is what is offered, not what they have spent."""
    said = sum(item.number == offer.value for item in p.reading.items)
    if offer.kind == "amount_off" and said == 1:
        p.conditions.customers = [
            c for c in p.conditions.customers
            if not (isinstance(c, CustomerCondition) and c.op == "eq" and c.values == (offer.value,))
        ]


def _plain_off(p: Parts, i: int) -> bool:
    """As in "give our VIPs 15 off": right before "off", and no count of anything."""
    items = p.reading.items
    after = items[i + 1] if i + 1 < len(items) else None
    return after is not None and after.get("offer") == "percent_off" and after.tokens[0].lemma in heard("brief.off")


def _unknown_category(p: Parts, offers: list[int]) -> str | None:
    """As in "10 % off homeware" in a shop without categories: kept as said, so that the campaign can name what is
    missing."""
    term = p.reading.vocabulary.dimensions.get("category")
    if term is not None and term.available:
        return None
    for i in offers:
        k = i + 1
        while (
            k < len(p.reading.items)
            and p.reading.is_skip(k)
            and p.reading.items[k].lemma in heard("brief.on_all")
        ):
            k += 1
        if k < len(p.reading.items):
            item = p.reading.items[k]
            free = not p.reading.is_skip(k) and not item.alts and item.tokens[0].kind == "word"
            if free and k not in p.used:
                p.used.add(k)
                return item.text
    return None


def channels_of(p: Parts) -> tuple[str, ...]:
    """Channels named, also inside longer names ("promotional email")."""
    found: list[str] = []
    items = p.reading.items
    for i, item in enumerate(items):
        name = item.get("channel")
        if name is None and item.has("object") and len(item.tokens) > 1:
            last = item.tokens[-1].lemma
            name = "email" if last in heard("brief.email") else "sms" if last in heard("brief.text") else None
            name = "email" if name is None and heard("brief.email").within(item.lemma) else name
        if name is None or (item.lemma in heard("brief.push") and i and items[i - 1].lemma in heard("brief.to_we")):
            continue
        p.used.add(i)
        if name not in found:
            found.append(str(name))
    return tuple(found)


def _audience(
    p: Parts, context: DialogueContext, shop: Shop, bought: Sequence[Filter] = ()
) -> tuple[Filter | None, str]:
    """Who it is for: conditions, places, agreed terms, what they bought, or the customers of the conversation."""
    parts: list[Filter] = [
        f
        for f in p.rows
        if getattr(f, "field", "") not in {"category", "product", "brand", "subcategory"}
        and not (getattr(f, "field", "") == "acquisition_channel" and _says_how(p, f))
        and not (getattr(f, "field", "") == "channel" and not _people_before(p, f))
    ]
    customers = p.customer_filter()
    if customers is not None:
        parts.append(customers)
    parts += bought
    words = _group_words(p)
    for i in p.reading.having("definition"):
        term = str(p.reading.items[i].get("definition"))
        found = term_filter(shop, term)
        if found is not None and i not in p.conditions.used:
            parts.insert(0, found)
            words = f"{words} {term}".strip()
            p.used.add(i)
    if bought:
        words = ""  # the rule says more than the name of a group
    if not parts and _everybody(p):
        return Compare(field="customer", op="not_null"), "all customers"
    if not parts and p.reading.has("customers_pronoun", "pronoun"):
        past = context.audience()
        if past is not None:
            p.referred = True
            return past[0], past[1] or said_before(context, p)
    return join(parts), words


def _everybody(p: Parts) -> bool:
    """As in "all customers", "everyone", "our whole customer base": said, so not a default."""
    items = p.reading.items
    for i, item in enumerate(items):
        words = {t.lemma for t in item.tokens}
        later = any("customer" in it.alts.get("dim", ()) for it in items[i : i + 4])
        if words & heard("brief.everybody") or (words & heard("brief.all") and later):
            p.used.add(i)
            return True
    return False


def _people_before(p: Parts, row: Filter) -> bool:
    """Whether a sales channel is said of customers ("customers who buy online") and not of the shop ("my online
    store")."""
    names = {str(v).lower() for v in getattr(row, "values", ())}
    for i, item in enumerate(p.reading.items):
        if any(v.dimension == "channel" and v.value.lower() in names for v in item.alts.get("value", ())):
            return any(
                it.has("customers_pronoun", "act", "definition") or "customer" in it.alts.get("dim", ())
                for it in p.reading.items[:i]
            )
    return True


def _says_how(p: Parts, row: Filter) -> bool:
    """Whether a way customers came is the way the campaign goes out ("a welcome email"), not where they came from."""
    names = {str(v).lower() for v in getattr(row, "values", ())}
    for i, item in enumerate(p.reading.items):
        if item.lemma in names and item.has("channel", "object"):
            before = p.reading.items[i - 1].lemma if i else ""
            return before not in heard("brief.came_by")
    return False


def _group_words(p: Parts) -> str:
    """What a group made by a model is called in the draft."""
    for condition in p.conditions.customers:
        if isinstance(condition, InGroup):
            name = condition.name or ""
            if condition.group == "saved":
                return name
            return (
                f"{name} customers" if name else str(p.reading.vocabulary.lexicon.wording["audiences"]["predict_churn"])
            )
    return ""


def said_before(context: DialogueContext, p: Parts) -> str:
    """What the customers of the answer before are called; a rule is worded by itself."""
    last = context.last()
    if last is None or (last.call.name == "query_data" and not last.call.args.get("limit")):
        return ""
    return str(p.reading.vocabulary.lexicon.wording["audiences"].get(last.call.name, ""))


def _holdout(p: Parts) -> float | None:
    for i in p.reading.having("holdout"):
        for k in range(max(0, i - 3), min(len(p.reading.items), i + 4)):
            item = p.reading.items[k]
            if item.unit == "percent" and item.number is not None and item.number <= 90:
                p.used.add(k)
                return item.number / 100
    return None


def term_filter(shop: Shop, term: str) -> Filter | None:
    """The filter that an agreed term stands for."""
    from pydantic import TypeAdapter

    raw = shop.definition_filter(term)
    return None if raw is None else TypeAdapter(Filter).validate_python(raw)
