"""Readings of campaign requests: goal, audience, offer, channels, tone, dates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

from assistant.llm.planner.campaign_dates import campaign_dates
from assistant.llm.planner.campaign_orders import asked_for
from assistant.llm.planner.campaign_phrases import best_customers, subject_said, take_kind
from assistant.llm.planner.campaign_scope import buyers_of, goods_nouns, take_budget, without_ways
from assistant.llm.planner.campaign_words import Said, items_of, places
from assistant.llm.planner.candidate import Candidate, call
from assistant.llm.planner.context import DialogueContext
from assistant.llm.planner.heard import heard
from assistant.llm.planner.parts import Parts
from assistant.llm.planner.replies import decline
from assistant.llm.planner.requests import Finish, take_verbs
from assistant.llm.planner.values import join
from assistant.plans.filters import And, Compare, CustomerCondition, Filter, InGroup, Not
from assistant.plans.requests import CampaignBrief, OfferSpec
from assistant.plans.shop import Shop

#: Goals that words of definitions and segments go with, when the brief names none.
_GOALS_BY_TERM = ("win_back", "welcome", "loyalty", "retention")


def draft(
    p: Parts, context: DialogueContext, finish: Finish, shop: Shop, left_out: Filter | None = None
) -> Candidate | None:
    """As in "Win back lapsed customers with 10 % off homeware" · "draft a campaign for them".

    Args:
        left_out: customers whom the request leaves out, as a denied filter.
    """
    r = p.reading
    asked = asked_for(p)
    if asked is None:
        return None
    objects, goals = asked.objects, asked.goals
    take_verbs(p, "create", "send", "recommend", "explain", "approve")
    p.used.update(objects, goals, r.having("content", "tone", "holdout"))
    p.used.update(asked.verbs)
    best, edits = best_customers(p), subject_said(p)
    budget, dates, bought = take_budget(p), campaign_dates(p), buyers_of(p)
    bought = [*bought, *([best] if best is not None else [])]
    kind = take_kind(p)
    p.used |= goods_nouns(p)
    without_ways(p)
    offer = offer_of(p)
    _no_condition(p, offer)
    channels = channels_of(p)
    audience, words, whole = _audience(p, context, shop, bought)
    goal = _goal(p, goals, words, context, kind)
    if goal == "win_back" and audience is not None and not p.referred and not _says_how_long(audience):
        audience = join([_usual(goal, p, shop), audience])  # "win back garden buyers": those who stayed away
    if left_out is not None:
        usual = audience if audience is not None else _usual(goal, p, shop)
        audience, whole = left_out if usual is None else join([usual, left_out]), False
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
    values: dict[str, Any] = {"goal": goal, "audience": audience, "offer": offer,
                              "audience_words": words if words and whole else None}
    if channels:
        values["channels"] = channels
    if edits:
        values["edits"] = edits
    if tone:
        values["tone"] = tone
    values |= dates
    if budget is not None:
        values["budget"] = budget
    holdout = _holdout(p)
    if holdout is not None:
        values["holdout_share"] = holdout
    extras = _extras(p)
    if edits:
        extras.pop("variants", None)
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
    extra = 0.0 if asked.plainly else 0.2
    when = values.get("period")
    if when is not None and (when.kind in {"rolling", "to_date"} or (when.kind == "calendar" and when.offset < 0)):
        extra += 1.0  # a campaign is not sent in the past: the time belongs to a condition that was not read
    if audience is None and r.has("customers_pronoun"):
        extra += 0.4  # "for them", and nobody was spoken of
    return finish(p, [call(brief)], "campaign", extra)


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
                              ("long_text", "length", "long"), ("popup", "popup", True),
                              ("best_offer", "best_offer", True)):
        said = places(r, kind)
        if said:
            p.used |= items_of(r, said)
            found[name] = value
    return found


def _goal(p: Parts, goals: list[int], words: str, context: DialogueContext, kind: str | None = None) -> str:
    if kind is not None:
        return kind
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


def _says_how_long(rule: Filter) -> bool:
    """Whether a rule already says since when somebody has not ordered, or names a group or people one by one."""
    return any(
        isinstance(f, Compare | InGroup) and getattr(f, "field", "customer") == "customer"
        or isinstance(f, CustomerCondition) and (f.metric.startswith("days_since") or f.period is not None)
        for f in _conditions(rule)
    )


def _conditions(rule: Filter) -> list[Filter]:
    """The single conditions inside a rule."""
    inner = [*getattr(rule, "parts", ()), *([rule.part] if isinstance(rule, Not) else [])]
    return [f for part in inner for f in _conditions(part)] if inner else [rule]


def _usual(goal: str, p: Parts, shop: Shop) -> Filter | None:
    """Whom a goal means where nobody is named."""
    term = p.reading.vocabulary.lexicon.wording["goal_terms"].get(goal)
    return None if term is None else term_filter(shop, term)


def offer_of(p: Parts) -> OfferSpec:
    """As in "10 % off homeware" · "£5 off" · "free delivery" · none."""
    r = p.reading
    hits = r.having("offer")
    kinds = [str(r.items[i].get("offer")) for i in hits]
    p.used.update(hits)
    chosen = (v for field in ("category", "subcategory") for v in p.chosen.get(field, ()))
    category = next(chosen, None) or _unknown_category(p, hits)
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
            and i not in p.conditions.used
            and not any(r.items[k].has("holdout") for k in range(max(0, i - 3), min(i + 3, len(r.items))))
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
    gift = [one for one in places(r, "gift") if not _bought(p, one)]
    if gift:
        p.used |= items_of(r, gift)
        p.used.update(i for i, it in enumerate(r.items) if it.lemma in heard("brief.free"))
        return OfferSpec(kind="gift")
    return OfferSpec(category=category) if category else OfferSpec()


def _bought(p: Parts, one: Said) -> bool:
    """As in "people who bought gifts": the goods of a condition are no offer."""
    named = {str(value) for c in p.conditions.customers for value in _values_of(c)}
    return any(t.lemma in named or t.lemma.rstrip("s") in named for t in p.reading.tokens[one.start : one.end])


def _values_of(rule: Filter) -> list[Any]:
    """Values that a condition and what it is about name."""
    where = getattr(rule, "where", None)
    parts = [where, *getattr(where, "parts", ())] if where is not None else []
    return [str(v).lower() for part in parts for v in getattr(part, "values", ())]


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
) -> tuple[Filter | None, str, bool]:
    """Who it is for: conditions, places, agreed terms, what they bought, or the customers of the conversation.

    Returns:
        the rule, the name of the groups in it, and whether that name says all of the rule.
    """
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
    words, rest = _group_words(p), [c for part in parts for c in _conditions(part) if not isinstance(c, InGroup)]
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
        return Compare(field="customer", op="not_null"), "all customers", True
    if not parts and p.reading.has("customers_pronoun", "pronoun"):
        past = context.audience()
        if past is not None:
            p.referred = True
            return past[0], past[1] or said_before(context, p), True
    return join(parts), words, not rest


def _conditions(rule: Filter) -> list[Filter]:
    """The conditions that "and" joins."""
    return [c for part in rule.parts for c in _conditions(part)] if isinstance(rule, And) else [rule]


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
