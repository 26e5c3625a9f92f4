"""Any plan in plain, complete words; needs no data.

The same sentence serves the answer card, a segment said back, the options when asking back, logs and the planner.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from assistant.plans.break_even import BreakEvenRequest
from assistant.plans.briefing import BriefingRequest
from assistant.plans.experiments import WORDERS as EXPERIMENTS
from assistant.plans.filters import (
    Among,
    And,
    BoughtThen,
    Compare,
    CustomerCondition,
    InGroup,
    Not,
    Or,
    Predicted,
)
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
from assistant.plans.reword_base import OPERATORS, compared, counted, join_words, label, number_words, plain
from assistant.plans.reword_campaigns import campaign_words, offer_words, post_words, step_words
from assistant.plans.reword_copy import COPY
from assistant.plans.reword_filters import filter_words, reword_filter
from assistant.plans.reword_groups import GROUPS
from assistant.plans.reword_lists import bundle_words, promotion_words, rule_words, substitute_words
from assistant.plans.reword_offers import WORDERS as OFFERS
from assistant.plans.reword_people import WORDERS as PEOPLE
from assistant.plans.reword_periods import CLOSE, OPEN, day_words, during, period_phrase, said
from assistant.plans.reword_products import WORDERS as PRODUCTS
from assistant.plans.reword_sending import WORDERS as SENDING
from assistant.plans.reword_uplift import WORDERS as UPLIFT
from assistant.plans.studies import StudyRequest

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
    return plain(_worded(plan, period_label))


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
        what = f"moving average over {number_words(plan.window)} rows of {what}"
    elif plan.transform == "growth":
        what = f"{what} and its growth on the one before"
    parts = [before + what + (f" by {join_words([label(d) for d in plan.dimensions])}" if plan.dimensions else "")]
    if plan.filter is not None:
        parts.append(f"where {filter_words(plan.filter)}")
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
        skipped = f" after the first {number_words(plan.offset)}" if plan.offset else ""
        each = f" in each {join_words([label(d) for d in plan.within])}" if plan.within else ""
        return [f"{'lowest' if lowest else 'top'} {number_words(plan.limit)}{skipped} {by}{each}"]
    if sort is None:
        return []
    return [f"sorted {by}, {'lowest' if lowest else 'highest'} first"]


def _having(condition: Having) -> str:
    if condition.of == "average":
        times = "" if condition.values == (1,) else f"{number_words(condition.values[0])} times "
        return f"{label(condition.metric)} {OPERATORS[condition.op]} {times}the average"
    if condition.of == "share":
        return f"a share of {label(condition.metric)} {compared(condition.op, condition.values)} %"
    if condition.of != "value":
        return _moved(condition)
    if condition.op == "eq" and condition.values == (0,):
        return f"no {label(condition.metric)}"
    return f"{label(condition.metric)} {compared(condition.op, condition.values)}"


def _moved(condition: Having) -> str:
    """A condition on a change: "revenue lower than before", "orders up by at least 20 %"."""
    name, bound = label(condition.metric), condition.values[0]
    up = condition.op in {"gt", "ge"}
    if bound == 0 and condition.op in {"gt", "lt"}:
        return f"{name} {'higher' if up else 'lower'} than before"
    unit = " %" if condition.of == "change_pct" else ""
    if (up and bound > 0) or (condition.op in {"lt", "le"} and bound < 0):
        least = "at least" if condition.op in {"ge", "le"} else "more than"
        return f"{name} {'up' if up else 'down'} by {least} {number_words(abs(bound))}{unit}"
    return f"change in {name} {compared(condition.op, condition.values)}{unit}"


def reword_during(period: Period) -> str:
    """The period as said after a noun or verb: "in May 2026", "last month"."""
    return plain(during(period))


def _comparison(comparison: Comparison) -> str:
    over = "" if comparison.kind != "total" or comparison.period is None else f" in {period_phrase(comparison.period)}"
    if comparison.of is not None:
        return f"as a share of all where {filter_words(comparison.of)}{over}"
    return {
        "previous": "against the period before",
        "year_earlier": "against a year earlier",
        "rest": "against the rest",
        "total": f"as a share of everything{over}",
    }.get(comparison.kind) or f"against {period_phrase(comparison.period)}"


def _change(plan: ChangePlan, period_label: str | None = None) -> str:
    when = said(period_label) if period_label else period_phrase(plan.period)
    parts = [f"why {label(plan.metric)} changed in {when}", _comparison(plan.compare)]
    if plan.filter is not None:
        parts.append(f"where {filter_words(plan.filter)}")
    if plan.dimension:
        parts.append(f"split by {label(plan.dimension)}")
    return ", ".join(parts)


def _segment_rule(rule: SegmentRule) -> str:
    name = f" ({rule.name})" if rule.name else ""
    return f"customers{name} where {filter_words(rule.filter)}"


def _customer(request: CustomerRequest) -> str:
    if request.why_segment is not None:
        return f"why customer {request.customer_id} is in its segment, asked of {request.why_segment}"
    return f"everything about customer {request.customer_id}"


def _recommend(request: RecommendRequest) -> str:
    from assistant.plans.reword_recommend import reword_recommend  # it builds on the words of this module

    return reword_recommend(request)


def _search(request: ProductSearchRequest) -> str:
    like = request.text or request.like_product_id
    quoted = f"like '{request.text}'" if request.text else f"like {like}"
    parts = [" ".join(filter(None, [str(request.k), counted("products", [request.k]), quoted if like else ""]))]
    if request.relative_price:
        parts.append(f"{request.relative_price} than it")
    if request.sort != "match":
        parts.append(f"{request.sort.replace('_', ' ')} first")
    if request.min_price is not None:
        parts.append(f"at least {number_words(request.min_price)}")
    if request.max_price is not None:
        parts.append(f"at most {number_words(request.max_price)}")
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
    where = f", where {filter_words(request.filter)}" if request.filter is not None else ""
    when = f"for the next {number_words(request.horizon)} {unit}"
    if request.last_day is not None:
        start = f"from {day_words(request.first_day)} " if request.first_day else ""
        when = f"{start}to {day_words(request.last_day)}"
    if request.occasion:
        when = f"for the next {request.occasion}"
    split = f" by {label(request.split_by)}, the {number_words(request.top)} largest" if request.split_by else ""
    target = f", chance of at least {number_words(request.target)}" if request.target is not None else ""
    return (
        f"forecast of {label(request.metric)}{split} {when}{where}{target}, {number_words(request.level)} % interval"
    )


def _value(request: ValueRequest) -> str:
    from assistant.plans.reword_value import reword_value  # it builds on the words of this module

    return reword_value(request)


def _buyers(request: BuyersRequest) -> str:
    from assistant.plans.reword_recommend import reword_buyers  # it builds on the words of this module

    return reword_buyers(request)


def _together(request: TogetherRequest) -> str:
    if request.with_product_id is not None:
        return f"orders that hold both product {request.product_id} and product {request.with_product_id}"
    held = join_words([f"product {p}" for p in (request.product_id, *request.also_product_ids) if p])
    held = held or (f"any product named '{request.text}'" if request.text else "")
    held = held or (f"any product of {request.category}" if request.category else "")
    kind = ", no variants of it, in another category" if request.complements else ""
    with_what = f" with {held}{kind}" if held else ""
    return f"{request.k} {counted('products', [request.k])} most often bought together{with_what}"


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
    PostRequest: post_words,
    JourneyStep: step_words,
    TogetherRequest: _together,
    StudyRequest: lambda request: _study(request),
    BriefingRequest: _briefing,
    BreakEvenRequest: _break_even,
    DataRequest: _data,
    PremiseRequest: _premise,
    CampaignsRequest: lambda request: {
        "automations": "automated journeys and flows", "waiting": "campaigns that wait for approval",
        "campaigns": "campaign drafts and past campaigns"}[request.about],
    UndoRequest: lambda request: (
        f"undo the latest version of {request.campaign_id or 'the latest campaign draft'}" if request.version is None
        else f"go back to version {request.version} of {request.campaign_id or 'the latest campaign draft'}"),
    ExplainRequest: lambda request: f"how {request.tool.replace('_', ' ')} got its answer",
    AskRequest: lambda request: f"ask back: {request.text}",
    DeclineRequest: lambda request: f"decline: {request.message}",
    OfferSpec: offer_words,
    CampaignBrief: campaign_words,
    (Compare, CustomerCondition, InGroup, BoughtThen, Predicted, Among, And, Or, Not): filter_words,
    PromotionRequest: promotion_words,
    BundleRequest: bundle_words,
    SubstituteRequest: substitute_words,
    ListRules: lambda rules: "; ".join(rule_words(rules)),
    Period: period_phrase,
    Comparison: _comparison,
    Having: _having,
    **{kind: lambda request, worder=worder: worder(request, filter_words)
       for kind, worder in (AGREEMENTS | COPY | EXPERIMENTS | GROUPS | OFFERS | PEOPLE | PRODUCTS | SENDING
                            | UPLIFT).items()},
}

__all__ = ["Phrase", "join_words", "joined", "label", "phrase", "reword", "reword_during", "reword_filter"]
