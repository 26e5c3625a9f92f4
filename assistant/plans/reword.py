"""Any plan in plain, complete words; needs no data.

The same sentence serves the answer card, a segment said back, the options when asking back, logs and the planner.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from assistant.plans.break_even import BreakEvenRequest
from assistant.plans.briefing import BriefingRequest
from assistant.plans.contact_words import contact_phrase
from assistant.plans.experiments import WORDERS as EXPERIMENTS
from assistant.plans.filters import (
    Among,
    And,
    BoughtThen,
    Compare,
    CustomerCondition,
    Filter,
    InGroup,
    Not,
    Or,
    Predicted,
)
from assistant.plans.labels import LABELS
from assistant.plans.list_rules import ListRules
from assistant.plans.periods import Period
from assistant.plans.premise import PremiseRequest
from assistant.plans.promotions import BundleRequest, PromotionRequest, SubstituteRequest
from assistant.plans.query import ChangePlan, Comparison, Having, QueryPlan
from assistant.plans.recommenders import CompareRecommendersRequest, reword_recommenders
from assistant.plans.requests import (
    AskRequest,
    BuyersRequest,
    CampaignBrief,
    CampaignsRequest,
    CustomerRequest,
    DataRequest,
    DeclineRequest,
    ExplainRequest,
    ForecastRequest,
    JourneyStep,
    OfferSpec,
    PostRequest,
    ProductSearchRequest,
    RecommendRequest,
    SegmentRule,
    TogetherRequest,
    UndoRequest,
    ValueRequest,
)
from assistant.plans.reword_agreements import WORDERS as AGREEMENTS
from assistant.plans.reword_copy import COPY, writing_words
from assistant.plans.reword_groups import GROUPS
from assistant.plans.reword_lists import bundle_words, promotion_words, rule_words, substitute_words
from assistant.plans.reword_offers import WORDERS as OFFERS
from assistant.plans.reword_people import WORDERS as PEOPLE
from assistant.plans.reword_periods import CLOSE, OPEN, day_words, during, period_phrase, said
from assistant.plans.reword_products import WORDERS as PRODUCTS
from assistant.plans.reword_sending import WORDERS as SENDING
from assistant.plans.reword_uplift import WORDERS as UPLIFT
from assistant.plans.studies import StudyRequest

_OPERATORS = {
    "eq": "is",
    "ne": "is not",
    "gt": "above",
    "ge": "at least",
    "lt": "below",
    "le": "at most",
    "in": "is one of",
    "not_in": "is none of",
    "contains": "contains",
    "not_contains": "does not contain",
}
#: how a condition on a customer's metric is said: before and after the number
_CUSTOMER_PHRASES = {
    "revenue": ("spent", ""),
    "orders": ("placed", " orders"),
    "units": ("bought", " units"),
    "days_since_last_order": ("last ordered", " days ago"),
    "lifetime_days": ("ordered over a span of", " days"),
}
_MANNERS = {
    "line": "as a line chart",
    "bar": "as a bar chart",
    "area": "as an area chart",
    "pie": "as a pie chart",
    "table": "as a table",
    "none": "",
}


def reword(plan: Any, period_label: str | None = None) -> str:
    """Say a plan or request in words.

    Args:
        plan: any type of :mod:`assistant.plans`, also a bare Filter, Period or Comparison.
        period_label: the resolved period, where it is known ("November 2011"), instead of "last month".

    Raises:
        TypeError: not a plan.
    """
    return _plain(_worded(plan, period_label))


def _worded(plan: Any, period_label: str | None = None) -> str:
    for kind, worder in _WORDERS.items():
        if isinstance(plan, kind):
            return worder(plan, period_label) if kind in (QueryPlan, ChangePlan) else worder(plan)
    raise TypeError(f"{type(plan).__name__} is not a plan")


@dataclass(frozen=True)
class Phrase:
    """Words of a plan, and where in them its numbers and periods stand (start, end)."""

    text: str
    numbers: tuple[tuple[int, int], ...]


def phrase(plan: Any) -> Phrase:
    """A plan in words that knows which digits are the plan's own and which belong to names.

    Raises:
        TypeError: not a plan.
    """
    text, numbers, marked = "", [], _worded(plan)
    for part in marked.split(OPEN):
        number, closed, rest = part.partition(CLOSE)
        if closed:
            numbers.append((len(text), len(text) + len(number)))
        text += number + rest
    return Phrase(text, tuple(numbers))


def joined(phrases: Sequence[Phrase], word: str = "and") -> Phrase:
    """Phrases one after the other, with ``word`` between them."""
    text, numbers = "", []
    for part in phrases:
        text += f" {word} " if text else ""
        numbers += [(start + len(text), end + len(text)) for start, end in part.numbers]
        text += part.text
    return Phrase(text, tuple(numbers))


def _plain(text: str) -> str:
    return text.replace(OPEN, "").replace(CLOSE, "")



def label(name: str) -> str:
    """A metric's or dimension's name as words."""
    return LABELS.get(name, name.replace("_", " "))


def join_words(parts: Sequence[str], last: str = "and") -> str:
    """``a, b and c``."""
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {last} {parts[-1]}"


def _number(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return _plain(str(value))
    return said(f"{value:,.0f}" if float(value).is_integer() else f"{value:,}")


def _counted(noun: str, values: Sequence[Any]) -> str:
    """The noun after a number: in the singular after a single one."""
    return noun.removesuffix("s") if list(values) == [1] and noun.endswith("s") else noun


def _query(plan: QueryPlan, period_label: str | None = None) -> str:
    what = join_words([label(m) for m in plan.metrics])
    over = {"mean": "average", "median": "median", "sum": "sum", "least": "lowest", "largest": "highest"}
    before = f"{over[plan.summary]} over the rows of " if plan.summary else ""
    if plan.transform == "share":
        inside = f" inside each {join_words([label(d) for d in plan.within])}" if plan.within else ""
        what = f"share of {what}{inside}"
    elif plan.transform == "cumulative":
        what = f"cumulative {what}"
    elif plan.transform == "moving_average":
        what = f"moving average over {_number(plan.window)} rows of {what}"
    elif plan.transform == "growth":
        what = f"{what} and its growth on the one before"
    parts = [before + what + (f" by {join_words([label(d) for d in plan.dimensions])}" if plan.dimensions else "")]
    if plan.filter is not None:
        parts.append(f"where {_filter(plan.filter)}")
    parts.append(said(period_label) if period_label else period_phrase(plan.period))
    if plan.compare is not None:
        parts.append(_comparison(plan.compare))
    parts.extend(f"only with {_having(h)}" for h in plan.having)
    parts.extend(_ranking(plan))
    if plan.chart not in {"auto", "none"}:
        parts.append(_MANNERS[plan.chart])
    return ", ".join(p for p in parts if p)


def _ranking(plan: QueryPlan) -> list[str]:
    sort = plan.sort
    by = f"by {label(sort.by)}" if sort else f"by {label(plan.metrics[0])}"
    lowest = sort is not None and not sort.descending
    if plan.limit is not None:
        skipped = f" after the first {_number(plan.offset)}" if plan.offset else ""
        each = f" in each {join_words([label(d) for d in plan.within])}" if plan.within else ""
        return [f"{'lowest' if lowest else 'top'} {_number(plan.limit)}{skipped} {by}{each}"]
    if sort is None:
        return []
    return [f"sorted {by}, {'lowest' if lowest else 'highest'} first"]


def _having(condition: Having) -> str:
    if condition.of == "average":
        times = "" if condition.values == (1,) else f"{_number(condition.values[0])} times "
        return f"{label(condition.metric)} {_OPERATORS[condition.op]} {times}the average"
    if condition.of == "share":
        return f"a share of {label(condition.metric)} {_compared(condition.op, condition.values)} %"
    if condition.of != "value":
        return _moved(condition)
    if condition.op == "eq" and condition.values == (0,):
        return f"no {label(condition.metric)}"
    return f"{label(condition.metric)} {_compared(condition.op, condition.values)}"


def _moved(condition: Having) -> str:
    """A condition on a change: "revenue lower than before", "orders up by at least 20 %"."""
    name, bound = label(condition.metric), condition.values[0]
    up = condition.op in {"gt", "ge"}
    if bound == 0 and condition.op in {"gt", "lt"}:
        return f"{name} {'higher' if up else 'lower'} than before"
    unit = " %" if condition.of == "change_pct" else ""
    if (up and bound > 0) or (condition.op in {"lt", "le"} and bound < 0):
        least = "at least" if condition.op in {"ge", "le"} else "more than"
        return f"{name} {'up' if up else 'down'} by {least} {_number(abs(bound))}{unit}"
    return f"change in {name} {_compared(condition.op, condition.values)}{unit}"


def _compared(op: str, values: Sequence[Any]) -> str:
    shown = [_number(v) for v in values]
    if op == "between":
        return f"between {shown[0]} and {shown[1]}" if len(shown) == 2 else f"between {join_words(shown)}"
    if op in {"is_null", "not_null"}:
        return "unknown" if op == "is_null" else "known"
    if op in {"eq", "ne"}:
        return f"{'exactly' if op == 'eq' else 'other than'} {join_words(shown, 'or')}"
    return f"{_OPERATORS[op]} {join_words(shown, 'or')}"


def reword_filter(condition: Filter) -> str:
    """A filter in words: "country is Germany and the customer placed at least 2 orders"."""
    return _plain(_filter(condition))


def _filter(condition: Filter) -> str:
    match condition:
        case Compare():
            return _compare(condition)
        case CustomerCondition():
            return _customers(condition)
        case Among():
            from assistant.plans.reword_studies import reword_among

            return reword_among(condition)
        case BoughtThen() | Predicted() | InGroup(group="contact"):
            from assistant.plans.reword_ahead import reword_ahead

            return reword_ahead(condition)
        case InGroup():
            return _group(condition)
        case And():
            return " and ".join(_nested(p, Or) for p in condition.parts)
        case Or():
            return " or ".join(_nested(p, And) for p in condition.parts)
        case Not():
            if isinstance(condition.part, Among) and condition.part.dimension == "order":
                from assistant.plans.reword_studies import reword_among

                return reword_among(condition.part, denied=True)
            return f"not ({_filter(condition.part)})"
    raise TypeError(f"{type(condition).__name__} is not a filter")


def _nested(condition: Filter, bracketed: type) -> str:
    return f"({_filter(condition)})" if isinstance(condition, bracketed) else _filter(condition)


def _compare(condition: Compare) -> str:
    name = label(condition.field)
    if condition.op in {"is_null", "not_null"}:
        return f"{name} is {'unknown' if condition.op == 'is_null' else 'known'}"
    if condition.op == "between":
        return f"{name} {_compared('between', condition.values)}"
    shown = join_words([_number(v) for v in condition.values], "or")
    if condition.op in {"gt", "ge", "lt", "le"}:
        return f"{name} is {_OPERATORS[condition.op]} {shown}"
    return f"{name} {_OPERATORS[condition.op]} {shown}"


def _group(condition: InGroup) -> str:
    if condition.group in {"segment", "saved"}:
        return f"the customer is in the {'saved ' if condition.group == 'saved' else ''}segment {condition.name}"
    if condition.group == "interest":
        return f"the customer is interested in {condition.name}"
    return f"the customer is about to leave (within {_number(condition.horizon_days)} days)"


def _customers(condition: CustomerCondition) -> str:
    where = f" of lines where {_filter(condition.where)}" if condition.where is not None else ""
    when = f" {during(condition.period)}" if condition.period is not None and condition.period.kind != "all" else ""
    name = label(condition.metric)
    if condition.rank is not None:
        n = _number(condition.values[0]) if condition.values else "?"
        rank = {"top_percent": f"top {n} %", "bottom_percent": f"bottom {n} %", "top_n": f"top {n}"}[condition.rank]
        return f"the customer is among the {rank} by {name}{where}{when}"
    if condition.metric == "new_customers" and condition.op in {"ge", "gt", "eq"}:
        held = where.replace(" of lines", " with a line", 1)
        return f"the customer placed the first order{when}{held}" if held else f"the customer first ordered{when}"
    contact = contact_phrase(condition)
    if contact is not None:
        return f"the customer {contact}{when}"
    verb, noun = _CUSTOMER_PHRASES.get(condition.metric, (f"has {name}", ""))
    noun = _counted(noun, condition.values) if not noun.endswith("ago") else noun
    if condition.metric == "days_since_last_order" and list(condition.values) == [1]:
        noun = " day ago"
    apart = f" within {_number(condition.within_days)} days of each other" if condition.within_days else ""
    apart = " on the same day" if condition.within_days == 0 else apart
    return f"the customer {verb} {_compared(condition.op, condition.values)}{noun}{apart}{where}{when}"




def reword_during(period: Period) -> str:
    """The period as said after a noun or verb: "in May 2026", "last month"."""
    return _plain(during(period))




def _comparison(comparison: Comparison) -> str:
    if comparison.of is not None:
        return f"as a share of all where {_filter(comparison.of)}"
    return {
        "previous": "against the period before",
        "year_earlier": "against a year earlier",
        "rest": "against the rest",
        "total": "as a share of everything",
    }.get(comparison.kind) or f"against {period_phrase(comparison.period)}"


def _change(plan: ChangePlan, period_label: str | None = None) -> str:
    when = said(period_label) if period_label else period_phrase(plan.period)
    parts = [f"why {label(plan.metric)} changed in {when}", _comparison(plan.compare)]
    if plan.filter is not None:
        parts.append(f"where {_filter(plan.filter)}")
    if plan.dimension:
        parts.append(f"split by {label(plan.dimension)}")
    return ", ".join(parts)


def _segment_rule(rule: SegmentRule) -> str:
    name = f" ({rule.name})" if rule.name else ""
    return f"customers{name} where {_filter(rule.filter)}"


def _customer(request: CustomerRequest) -> str:
    return f"everything about customer {request.customer_id}"


def _recommend(request: RecommendRequest) -> str:
    from assistant.plans.reword_recommend import reword_recommend  # it builds on the words of this module

    return reword_recommend(request)


def _search(request: ProductSearchRequest) -> str:
    like = request.text or request.like_product_id
    quoted = f"like '{request.text}'" if request.text else f"like {like}"
    parts = [" ".join(filter(None, [str(request.k), _counted("products", [request.k]), quoted if like else ""]))]
    if request.relative_price:
        parts.append(f"{request.relative_price} than it")
    if request.sort != "match":
        parts.append(f"{request.sort.replace('_', ' ')} first")
    if request.min_price is not None:
        parts.append(f"at least {_number(request.min_price)}")
    if request.max_price is not None:
        parts.append(f"at most {_number(request.max_price)}")
    if request.category:
        parts.append(f"category {request.category}")
    if request.brand:
        parts.append(f"brand {request.brand}")
    parts += [f"with the word '{word}'" for word in request.containing]
    parts += [f"without the word '{word}'" for word in request.without]
    if request.in_stock_only:
        parts.append("in stock")
    return ", ".join(parts)


def _forecast(request: ForecastRequest) -> str:
    unit = request.grain if request.horizon == 1 else f"{request.grain}s"
    where = f", where {_filter(request.filter)}" if request.filter is not None else ""
    when = f"for the next {_number(request.horizon)} {unit}"
    if request.last_day is not None:
        start = f"from {day_words(request.first_day)} " if request.first_day else ""
        when = f"{start}to {day_words(request.last_day)}"
    if request.occasion:
        when = f"for the next {request.occasion}"
    split = f" by {label(request.split_by)}, the {_number(request.top)} largest" if request.split_by else ""
    target = f", chance of at least {_number(request.target)}" if request.target is not None else ""
    return (
        f"forecast of {label(request.metric)}{split} {when}{where}{target}, {_number(request.level)} % interval"
    )


def _value(request: ValueRequest) -> str:
    from assistant.plans.reword_value import reword_value  # it builds on the words of this module

    return reword_value(request)


def _buyers(request: BuyersRequest) -> str:
    from assistant.plans.reword_recommend import reword_buyers  # it builds on the words of this module

    return reword_buyers(request)


def _offer(offer: OfferSpec) -> str:
    on = (
        f" on {offer.category}"
        if offer.category
        else f" on {len(offer.product_ids)} products"
        if offer.product_ids
        else ""
    )
    return {
        "percent_off": f"{_number(offer.value)} % off{on}",
        "amount_off": f"{_number(offer.value)} off{on}",
        "free_delivery": "free delivery",
        "gift": "a gift",
        "none": "no offer",
    }[offer.kind]


def _campaign(brief: CampaignBrief) -> str:
    goal = brief.goal.replace("_", "-")
    audience = brief.audience_words or (
        f"customers where {_filter(brief.audience)}"
        if brief.audience is not None
        else "the usual audience of this goal"
    )
    parts = [
        f"{goal} campaign for {audience}",
        "the best offer tested so far" if brief.best_offer and brief.offer.kind == "none" else _offer(brief.offer),
        f"by {join_words(list(brief.channels))}",
        f"{brief.products_per_recipient} {_counted('products', [brief.products_per_recipient])} each",
        *writing_words(brief),
    ]
    if brief.holdout_share is not None:
        parts.append(f"{brief.holdout_share * 100:g} % held out")
    if brief.starts_on:
        parts.append(f"from {day_words(brief.starts_on)}")
    if brief.ends_on:
        parts.append(f"until {day_words(brief.ends_on)}")
    if brief.period is not None:
        parts.append(f"for {period_phrase(brief.period)}")
    if brief.title:
        parts.append(f"called '{brief.title}'")
    if brief.variants > 1:
        parts.append(f"in {_number(brief.variants)} wordings")
    if brief.budget is not None:
        parts.append(f"budget {_number(brief.budget)}")
    if brief.leave_alone:
        parts.append("without those whom contact does not move")
    if brief.exit_when is not None:
        parts.append({"order": "until they order", "order_in_category": "until they order from the category",
                      "never": "whether or not they order meanwhile"}[brief.exit_when])
    if brief.steps:
        parts.append(f"in {_number(len(brief.steps))} messages")
    return ", ".join(parts)


def _post(request: PostRequest) -> str:
    about = "the best-selling products" if request.bestsellers else request.category or f"'{request.theme}'"
    title = f", titled '{request.title}'" if request.title else ""
    return f"post for social media about {about}{title}, {_number(request.k)} products"


def _step(step: JourneyStep) -> str:
    when = f"after {_number(step.after_days)} days" if step.after_days else "at once"
    return f"{step.channel} {when}"


def _together(request: TogetherRequest) -> str:
    if request.with_product_id is not None:
        return f"orders that hold both product {request.product_id} and product {request.with_product_id}"
    held = join_words([f"product {p}" for p in (request.product_id, *request.also_product_ids) if p])
    kind = ", no variants of it, in another category" if request.complements else ""
    with_what = f" with {held}{kind}" if held else ""
    return f"{request.k} {_counted('products', [request.k])} most often bought together{with_what}"


def _study(request: StudyRequest) -> str:
    from assistant.plans.reword_studies import reword_study  # it builds on the words of this module

    return reword_study(request.study)


def _break_even(request: BreakEvenRequest) -> str:
    from assistant.plans.reword_briefing import reword_break_even  # it builds on the words of this module

    return reword_break_even(request)


def _premise(request: PremiseRequest) -> str:
    from assistant.plans.reword_premise import reword_premise  # it builds on the words of this module

    return reword_premise(request)


def _briefing(request: BriefingRequest) -> str:
    from assistant.plans.reword_briefing import reword_briefing  # it builds on the words of this module

    return reword_briefing(request)


def _data(request: DataRequest) -> str:
    searched = request.words or join_words([label(n) for n in request.names])
    return {
        "all": "what data are loaded",
        "fields": f"which columns the table {request.table} has" if request.table else f"which columns hold {searched}",
        "have": f"whether the data hold {searched}",
        "freshness": "how recent the loaded data are",
        "rows": f"how many {label(request.table or 'rows')} are loaded",
        "cleaning": "what cleaning left out, and why",
    }[request.about]


_WORDERS: dict[Any, Callable[..., str]] = {
    QueryPlan: _query,
    ChangePlan: _change,
    SegmentRule: _segment_rule,
    CustomerRequest: _customer,
    RecommendRequest: _recommend,
    CompareRecommendersRequest: reword_recommenders,
    ProductSearchRequest: _search,
    ForecastRequest: _forecast,
    ValueRequest: _value,
    BuyersRequest: _buyers,
    PostRequest: _post,
    JourneyStep: _step,
    TogetherRequest: _together,
    StudyRequest: lambda request: _study(request),
    BriefingRequest: _briefing,
    BreakEvenRequest: _break_even,
    DataRequest: _data,
    PremiseRequest: _premise,
    CampaignsRequest: lambda request: (
        "automated journeys and flows" if request.about == "automations" else "campaign drafts and past campaigns"
    ),
    UndoRequest: lambda request: f"undo the latest version of {request.campaign_id or 'the latest campaign draft'}",
    ExplainRequest: lambda request: f"how {request.tool.replace('_', ' ')} got its answer",
    AskRequest: lambda request: f"ask back: {request.text}",
    DeclineRequest: lambda request: f"decline: {request.message}",
    OfferSpec: _offer,
    CampaignBrief: _campaign,
    (Compare, CustomerCondition, InGroup, BoughtThen, Predicted, Among, And, Or, Not): _filter,
    PromotionRequest: promotion_words,
    BundleRequest: bundle_words,
    SubstituteRequest: substitute_words,
    ListRules: lambda rules: "; ".join(rule_words(rules)),
    Period: period_phrase,
    Comparison: _comparison,
    Having: _having,
    **{kind: lambda request, worder=worder: worder(request, _filter)
       for kind, worder in (AGREEMENTS | COPY | EXPERIMENTS | GROUPS | OFFERS | PEOPLE | PRODUCTS | SENDING
                            | UPLIFT).items()},
}
