"""Whole texts about people as persons, read by form: interests, one customer's profile, fairness, sharing, privacy.

The forms are data (``prompts/lexicon/<language>/people_forms.yaml``). Which customers are meant ("in France who bought
nothing this year") and which figures are to be shared is read by the ordinary grammar. A text that fits none is left to
the other readings.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pydantic import BaseModel

from assistant.llm.planner.candidate import Candidate, Planned, ToolCall, call
from assistant.llm.planner.context import DialogueContext
from assistant.llm.planner.form_places import put_in
from assistant.llm.planner.language_files import read_yaml
from assistant.llm.planner.late_patterns import LatePattern, LatePatterns
from assistant.llm.planner.replies import decline
from assistant.llm.planner.vocabulary import Vocabulary
from assistant.plans import (
    CustomerRequest,
    FairnessRequest,
    InterestRequest,
    PrivacyRequest,
    QueryPlan,
    ReportRequest,
    SegmentRule,
)
from assistant.plans.filters import SENT_BACK, And, BoughtThen, CustomerCondition, Filter, InGroup, Not
from assistant.plans.query import Sort
from assistant.plans.shop import Shop

PlanOne = Callable[[str], list[Candidate]]
#: likeness from which a name is taken for a value of the shop; a product named so surely is no interest
_LIKE, _SURE = 85.0, 95.0
#: the ordinary grammar is followed only where it reads so well
_WELL = 0.65
_LONGEST = 300
#: the largest epsilon that a request may name
MOST_EPSILON = 10.0
_TOPICS = ("category", "subcategory", "brand")


@dataclass(frozen=True)
class Ask:
    """One text with what it may refer to.

    Attributes:
        said: groups of the form that matched, by name. text: the text without courtesies.
        plan_one: readings of a text by the ordinary grammar, best first.
    """

    said: dict[str, str]
    text: str
    context: DialogueContext
    shop: Shop
    words: Vocabulary
    plan_one: PlanOne

    @property
    def raw(self) -> dict[str, Any]:
        return forms_of(self.words.lexicon.language)


def about_people(
    text: str, context: DialogueContext, shop: Shop, words: Vocabulary, tools: Collection[str], plan_one: PlanOne
) -> Planned | None:
    """The call that a text about people asks for; None where it fits no form."""
    language = words.lexicon.language
    if len(text) > _LONGEST or not forms_of(language).get("forms"):
        return None
    asked = plain(text, language)
    for kind, match in _compiled(language).fitting(asked):
        said = {name: value.strip() for name, value in match.groupdict().items() if value}
        found = _READ[kind](Ask(said, asked, context, shop, words, plan_one))
        if found is None:
            continue
        made = found if isinstance(found, ToolCall) else call(found)
        if made.name in tools:
            return Planned([made], 0.95, frame="people_forms")
    return None


@lru_cache(maxsize=4)
def forms_of(language: str) -> dict[str, Any]:
    """The file of a language."""
    return dict(read_yaml(language, "people_forms"))


@lru_cache(maxsize=4)
def _compiled(language: str) -> LatePatterns[str]:
    raw = forms_of(language)
    places = dict(raw["macros"])
    places |= {"C": raw["customer"], "N": raw["any_customer"], "T": "(?P<topic>.+?)", "W": "(?P<whom>.+?)",
               "Q": "(?P<question>.+?)",
               "P": "(?P<pronoun>" + "|".join(map(re.escape, raw["pronouns"])) + ")",
               "THOSE": "(?P<those>" + "|".join(map(re.escape, raw["those"])) + ")"}
    return LatePatterns((kind, LatePattern(put_in(form, places)))
                        for kind, forms in raw["forms"].items() if kind in _READ for form in forms)


@lru_cache(maxsize=4)
def _polite(language: str) -> re.Pattern[str]:
    return re.compile(forms_of(language)["polite"], re.IGNORECASE)


def plain(text: str, language: str) -> str:
    """Without opening and closing courtesies, straight apostrophes, single spaces."""
    text = " ".join(text.replace("’", "'").split())
    while (cut := _polite(language).sub("", text)) != text:
        text = cut
    return text


# -- what is named -----------------------------------------------------------------------------------------------------


def _bare(ask: Ask, name: str) -> str:
    for part in ("lead", "trail"):
        pattern = re.compile(ask.raw[part], re.IGNORECASE)
        while (cut := pattern.sub("", name).strip(" \"'“”«».,:")) != name:
            name = cut
    return name


def _topic(ask: Ask) -> str | None:
    """What the text names as an interest; None where it names a product beyond doubt, or too many words."""
    name = _bare(ask, ask.said["topic"])
    found = ask.shop.find(name, _TOPICS, 1)
    if found and found[0].score >= _LIKE and abs(len(found[0].label) - len(name)) <= 4:
        return found[0].value
    products = ask.shop.find(name, ("product",), 1)
    if (products and products[0].score >= _SURE and len(name.split()) > 1) or len(name.split()) > 3 or not name:
        return None
    return name


def whom(ask: Ask, text: str) -> tuple[bool, Filter | None]:
    """Whether words name customers, and which: a filter, or None for all of them."""
    plain_words = text.casefold().strip(" ?.!")
    if plain_words in ask.raw["all_people"]:
        return True, None
    if plain_words in ask.raw["those"]:
        known = ask.context.audience()
        return known is not None, known[0] if known else None
    return _selected(ask, text if plain_words.split()[0] not in ask.raw["joining"] else
                     str(ask.raw["list_of"]).format(words=text))


def _selected(ask: Ask, text: str) -> tuple[bool, Filter | None]:
    """The customers that the ordinary grammar reads."""
    for form in ask.raw["asks"]:
        best = next(iter(ask.plan_one(str(form).format(customers=text))), None)
        if best is None or best.cost > _WELL or len(best.calls) != 1:
            continue
        plan = best.calls[0].plan()
        if best.calls[0].name == "count_audience":
            return True, plan.filter
        if best.calls[0].name == "query_data" and plan.filter is not None and plan.period is None:
            from assistant.llm.planner.context import counted_customers

            chosen = plan.filter if "customer" in plan.dimensions else counted_customers(plan)
            return chosen is not None, chosen
        if best.calls[0].name == "query_data" and _first_customers(plan):
            first = CustomerCondition(metric=plan.metrics[0], rank="top_n", values=(plan.limit,))
            return True, first
    return False, None


def _first_customers(plan: QueryPlan) -> bool:
    """As in "our top 50 customers": the first of all customers by one measure, whenever they bought."""
    whole = plan.filter is None and plan.period is None and not plan.having and plan.compare is None
    ranked = plan.sort is None or (plan.sort.by == plan.metrics[0] and plan.sort.descending)
    return plan.dimensions == ("customer",) and bool(plan.limit) and not plan.offset and whole and ranked


def last_customer(context: DialogueContext) -> str | None:
    """The customer last spoken of alone."""
    for past in reversed(context.past):
        customer = past.call.args.get("customer_id") or _alone(past.call.args.get("filter"))
        if customer is not None and not past.refused:
            return str(customer)
    return None


def _alone(rule: Any) -> str | None:
    """The customer that a filter names alone."""
    named = isinstance(rule, dict) and rule.get("field") == "customer" and rule.get("op", "eq") == "eq"
    values = rule.get("values") or () if named else ()
    return str(values[0]) if len(values) == 1 else None


# -- readings ----------------------------------------------------------------------------------------------------------


def _interests_of(ask: Ask) -> BaseModel | None:
    topic = _topic(ask) if "topic" in ask.said else None
    return InterestRequest(customer_id=ask.said["customer"], interest=topic)


def _interests_of_them(ask: Ask) -> BaseModel | None:
    customer = last_customer(ask.context)
    if customer is not None:
        return InterestRequest(customer_id=customer)
    known = ask.context.audience()
    return InterestRequest(filter=known[0]) if known is not None else None


def _interested(ask: Ask) -> BaseModel | None:
    topic = _topic(ask)
    return InterestRequest(interest=topic) if topic else None


def _interested_where(ask: Ask) -> BaseModel | None:
    topic = _topic(ask)
    known, chosen = whom(ask, str(ask.raw["list_of"]).format(words=ask.said["where"])) if topic else (False, None)
    return InterestRequest(interest=topic, filter=chosen) if known else None


def _interest_group(ask: Ask) -> Filter | None:
    """The customers with an interest, and the other conditions said beside it; None where these cannot be read."""
    topic = _topic(ask)
    if topic is None:
        return None
    group = InGroup(group="interest", name=topic)
    if "where" not in ask.said:
        return group
    known, chosen = whom(ask, str(ask.raw["list_of"]).format(words=ask.said["where"]))
    if not known:
        return None
    parts = chosen.parts if isinstance(chosen, And) else (chosen,) if chosen is not None else ()
    return And(parts=(group, *parts)) if parts else group


def _interest_audience(ask: Ask) -> BaseModel | None:
    group = _interest_group(ask)
    return SegmentRule(filter=group) if group is not None else None


def _interest_draft(ask: Ask) -> ToolCall | None:
    """A draft as the ordinary grammar reads it for other customers, with these put in their place."""
    group = _interest_group(ask)
    asked = str(ask.raw["draft"]).format(campaign=ask.said["campaign"], customers=ask.raw["some_customers"])
    best = next(iter(ask.plan_one(asked)), None)
    if group is None or best is None or best.cost > _WELL or [c.name for c in best.calls] != ["draft_campaign"]:
        return None
    brief = best.calls[0].plan()
    return call(brief.model_copy(update={"audience": group, "audience_words": None}))


def _all_interests(ask: Ask) -> BaseModel | None:
    if "whom" not in ask.said:
        return InterestRequest()
    known, chosen = whom(ask, ask.said["whom"])
    return InterestRequest(filter=chosen) if known else None


def _profile(ask: Ask) -> BaseModel | None:
    return CustomerRequest(customer_id=ask.said["customer"])


# -- what is not done --------------------------------------------------------------------------------------------------


def _declined(message: str) -> Callable[[Ask], ToolCall | None]:
    """A decline with its reason, and what can be asked instead."""

    def no(ask: Ask) -> ToolCall | None:
        trait = ask.said["trait"]
        if _is_goods(ask, trait):
            return None
        lex = ask.words.lexicon
        found = [label for kind in _TOPICS for label in ask.shop.labels(kind)[:1]][:1]
        nearest = [str(q).format(category=found[0]) for q in ask.raw["instead"] if found]
        nearest += ask.raw["instead_always"]
        return decline(lex, "not_permitted", message, nearest=nearest, words=f"“{trait}”")

    return no


def _is_goods(ask: Ask, trait: str) -> bool:
    """Whether the words stand in names of the shop's products or values, and so may mean these."""
    said = trait.casefold().split()
    return len(said) == 1 and (said[0] in ask.words.product_words or any(
        m.score >= _SURE for m in ask.shop.find(trait, (*_TOPICS, "product"), 1)))


# -- what may be shared ------------------------------------------------------------------------------------------------


def _report(noise: bool) -> Callable[[Ask], BaseModel | None]:
    def read(ask: Ask) -> BaseModel | None:
        plan = _question(ask, ask.said["question"])
        if plan is None:
            return None
        epsilon = float(ask.said["epsilon"]) if "epsilon" in ask.said else None
        if epsilon is not None and not 0 < epsilon <= MOST_EPSILON:
            return None
        return ReportRequest(plan=plan, noise=noise, epsilon=epsilon)

    return read


def _question(ask: Ask, text: str) -> QueryPlan | None:
    """The figures to be shared: the question in the ordinary grammar, or the one answered before."""
    if text.casefold().strip(" ?.!") in ask.raw["those"]:
        last = ask.context.last("query_data")
        return last.call.plan() if last is not None else None
    best = next(iter(ask.plan_one(text)), None)
    if best is None or best.cost > _WELL or [c.name for c in best.calls] != ["query_data"]:
        return None
    plan = best.calls[0].plan()
    return plan if isinstance(plan, QueryPlan) else None


def _privacy(about: str) -> Callable[[Ask], BaseModel | None]:
    return lambda ask: PrivacyRequest(about=about)  # type: ignore[arg-type]


# -- fairness ----------------------------------------------------------------------------------------------------------


def _by(ask: Ask) -> str | None:
    """The trait that alone is asked about."""
    said = set(re.findall(r"\w+", ask.text.casefold()))
    hit = [trait for trait in ("gender", "age") if said & set(ask.raw[f"{trait}_words"])]
    return hit[0] if len(hit) == 1 else None


def _fair(of: str) -> Callable[[Ask], BaseModel | None]:
    return lambda ask: FairnessRequest(of=of, by=_by(ask))  # type: ignore[arg-type]


def _fair_table(ask: Ask) -> BaseModel | None:
    return FairnessRequest(of="table", table=ask.said.get("table"), by=_by(ask))


def _fair_those(ask: Ask) -> BaseModel | ToolCall | None:
    """Whatever was spoken of last: a list by a model, segments, or customers by a rule."""
    last = ask.context.last()
    of = ask.raw["judged"].get(last.call.name) if last is not None else None
    if of is not None and (last is None or not last.call.args.get("customer_id")):
        horizon = last.call.args.get("horizon_days") if last is not None and of == "churn" else None
        table = last.call.args.get("table") if last is not None and of == "table" else None
        return FairnessRequest(of=of, by=_by(ask), table=table, **({"horizon_days": horizon} if horizon else {}))
    known = ask.context.audience()
    if known is None:
        return decline(ask.words.lexicon, "not_understood", "no_audience_judged",
                       nearest=ask.words.lexicon.wording["examples"]["fairness"])
    return FairnessRequest(of="audience", filter=known[0], name=known[1] or None, by=_by(ask))


def _fair_places(ask: Ask) -> ToolCall | None:
    """People are told apart by what is sensitive; where they live or came from is not among it by itself."""
    if _by(ask) is not None:
        return None
    lex = ask.words.lexicon
    return decline(lex, "not_permitted", "fair_by_places", words=ask.said["places"],
                   nearest=lex.wording["examples"]["fairness"])


def _after_return(ask: Ask) -> BaseModel | ToolCall:
    """Who ordered after something was sent back, also within so many days of it."""
    more, days = ask.said.get("more", ""), None
    within = re.fullmatch(ask.raw["more_within"], more, re.IGNORECASE)
    if within is not None:
        days = int(within["n"]) * int(ask.raw["return_units"][within["unit"].casefold()])
    elif more and not re.fullmatch(ask.raw["nothing_more"], more, re.IGNORECASE):
        return decline(ask.words.lexicon, "not_understood", "after_return", words=more,
                       nearest=ask.raw["return_instead"])
    again = BoughtThen(steps=(SENT_BACK, None), within_days=days)
    if re.match(ask.raw["counting"], ask.text, re.IGNORECASE):
        return SegmentRule(filter=again)
    return QueryPlan(metrics=("revenue", "orders"), dimensions=("customer",), filter=again, sort=Sort(by="revenue"))


def _never_after_return(ask: Ask) -> BaseModel | None:
    """Who sent something back and ordered nothing after it."""
    gone = And(parts=(CustomerCondition(metric="return_orders", op="ge", values=(1,)),
                      Not(part=BoughtThen(steps=(SENT_BACK, None)))))
    if re.match(ask.raw["counting"], ask.text, re.IGNORECASE):
        return SegmentRule(filter=gone)
    return QueryPlan(metrics=("revenue", "orders"), dimensions=("customer",), filter=gone, sort=Sort(by="revenue"))


def _not_to_send(ask: Ask) -> ToolCall:
    """What somebody does not want is nowhere recorded; what may be sent, and what suits, can be asked."""
    lex = ask.words.lexicon
    customer = ask.said.get("customer") or last_customer(ask.context)
    asked = ask.raw["of_one_instead" if customer else "of_many_instead"]
    return decline(lex, "missing_data", "not_to_send", nearest=[str(q).format(customer=customer) for q in asked])


def _fair_named(ask: Ask) -> BaseModel | None:
    named = ask.said["named"].strip(" \"'“”").casefold()
    saved = next((name for name in ask.shop.segment_names() if name.casefold() == named), None)
    if saved is None:
        known, chosen = whom(ask, ask.said["named"])
        return FairnessRequest(of="audience", filter=chosen, by=_by(ask)) if known and chosen is not None else None
    return FairnessRequest(of="audience", filter=InGroup(group="saved", name=saved), name=saved, by=_by(ask))


def _fair_whom(ask: Ask) -> BaseModel | None:
    known, chosen = whom(ask, ask.said["whom"])
    return FairnessRequest(of="audience", filter=chosen, by=_by(ask)) if known and chosen is not None else None


Reader = Callable[[Ask], BaseModel | ToolCall | None]
#: how each kind of form is read
_READ: dict[str, Reader] = {
    "sensitive": _declined("sensitive_people"), "trait_in_model": _declined("trait_in_model"),
    "gender_audience": _declined("gender_audience"), "trait_list": _declined("trait_list"),
    "noisy": _report(True), "to_share": _report(False),
    "privacy_budget": _privacy("budget"), "objected": _privacy("objectors"), "not_used": _privacy("sensitive"),
    "proxy": _privacy("proxies"),
    "interests_of": _interests_of, "interests_of_them": _interests_of_them, "interested_where": _interested_where,
    "interested": _interested, "interest_audience": _interest_audience,
    "interest_draft": _interest_draft, "all_interests": _all_interests, "profile": _profile,
    "fair_places": _fair_places, "not_to_send": _not_to_send, "never_after_return": _never_after_return,
    "after_return": _after_return,
    "fair_value": _fair("value"), "fair_uplift": _fair("uplift"), "fair_ordering": _fair("ordering"),
    "fair_segments": _fair("segments"), "fair_table": _fair_table, "fair_lists": _fair("recommendations"),
    "fair_those": _fair_those, "fair_named": _fair_named, "fair_whom": _fair_whom, "fair_churn": _fair("churn"),
}
