"""Words for a group of customers → the rule they stand for: "customers with 3+ orders in the last year"."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assistant.llm.planner.candidate import Candidate
from assistant.llm.planner.patterns import Patterns
from assistant.llm.planner.spans import read
from assistant.plans.filters import And, Compare, CustomerCondition, Filter, InGroup, Not
from assistant.plans.periods import Period
from assistant.plans.query import QueryPlan

if TYPE_CHECKING:
    from assistant.llm.planner.intents import Frames

#: a reading that leaves more than this is not taken for a rule
CERTAIN = 0.3


def rule_of(frames: Frames, words: str, patterns: Patterns) -> Filter | None:
    """The rule that words for customers stand for, by the grammar that reads questions; None where it is not sure.

    The words are put into questions about customers ("how many customers who …"), and the cheapest reading counts.
    """
    rest = patterns.expression("meaning_leads").sub("", words).strip(" ,:")
    texts = [words] if rest == words else [words, rest]
    buyers = patterns.expression("buyers_of").fullmatch(rest) if "buyers_of" in patterns.raw else None
    if buyers is not None:  # "Garden buyers in Germany" are customers, not the lines they bought
        texts.insert(0, str(patterns.raw["buyers_said"]).format(buyers["goods"], buyers["more"] or ""))
    best: tuple[float, Filter] | None = None
    for said in texts:
        for frame in patterns.raw["meaning_frames"]:
            for cost, rule in _read(frames, str(frame).format(said)):
                if best is None or cost < best[0] - 1e-9:
                    best = (cost, rule)
            if best is not None and best[0] <= 0.0:
                return best[1]
    return best[1] if best is not None and best[0] <= CERTAIN else None


def _read(frames: Frames, text: str) -> list[tuple[float, Filter]]:
    inner = type(frames)(read(text, frames.reading.vocabulary), frames.context, frames.shop, lambda name: True)
    found: list[tuple[float, Filter]] = []
    for candidate in (inner.audience(), inner.query()):
        rule = None if candidate is None else _selected(candidate)
        if candidate is not None and rule is not None and not _names_somebody(rule):
            found.append((candidate.cost, rule))
    return found


def _names_somebody(rule: Filter) -> bool:
    """Whether a number was taken for the id of a customer."""
    parts = getattr(rule, "parts", None) or ([rule.part] if isinstance(rule, Not) else [])
    return (isinstance(rule, Compare) and rule.field == "customer") or any(_names_somebody(p) for p in parts)


def _selected(candidate: Candidate) -> Filter | None:
    """The customers that a plan counts; None for a plan that says more than whom."""
    plan: Any = candidate.calls[0].plan()
    if candidate.calls[0].name == "count_audience":
        return plan.filter  # type: ignore[no-any-return]
    if not isinstance(plan, QueryPlan) or plan.filter is None or plan.limit or plan.compare or plan.transform:
        return None
    if plan.metrics != ("customers",) or plan.dimensions not in {(), ("customer",)} or plan.having:
        return None
    if plan.period is None:
        return plan.filter if not _of_lines(plan.filter) else None
    if _of_lines(plan.filter):
        return None
    bought = CustomerCondition(metric="orders", op="ge", values=(1,), period=plan.period)
    return And(parts=(plan.filter, bought))


def _of_lines(rule: Filter) -> bool:
    """Whether a condition is about order lines: which of a customer's lines it meant is not said."""
    if isinstance(rule, Compare):
        return rule.field not in {"country", "city", "acquisition_channel", "customer"}
    return isinstance(rule, And) and any(_of_lines(p) for p in rule.parts)


def adjusted(old: Filter, frames: Frames, words: str) -> Filter | None:
    """As in "lapsed means 120 days": a number alone replaces the number of its kind in the meaning there was."""
    reading = read(words, frames.reading.vocabulary)
    content = [item for i, item in enumerate(reading.items)
               if item.has("period") or (not reading.is_skip(i) and not item.has("cmp"))]
    if len(content) != 1 or not any(t.value is not None for t in content[0].tokens):
        return None
    item = content[0]
    spoken = item.get("period")
    if spoken is not None and spoken.period is not None and spoken.period.kind == "rolling":
        return _with_period(old, spoken.period)
    length = item.get("duration") or item.get("ago")
    if length is not None:
        return _with_number(old, {"days_since_last_order"}, float(length.days))
    if item.number is None:
        return None
    metrics = {"revenue"} if item.unit == "money" else {"revenue", "orders", "discount_rate", "return_rate"}
    return _with_number(old, metrics, item.number, ranked=item.unit == "percent")


def _with_period(old: Filter, period: Period) -> Filter | None:
    """As in "recently means the last 14 days": the one stretch of time of the rule replaced."""
    if isinstance(old, CustomerCondition) and old.period is not None:
        return old.model_copy(update={"period": period, "term": None})
    return None


def _with_number(old: Filter, metrics: set[str], value: float, ranked: bool = False) -> Filter | None:
    """The rule with the one number of such a measure replaced; None where there is none or more than one."""
    parts = list(old.parts) if isinstance(old, And) else [old]
    hits = [
        i for i, part in enumerate(parts)
        if isinstance(part, CustomerCondition) and part.metric in metrics and len(part.values) == 1
        and (part.rank is not None) == ranked
    ]
    if len(hits) != 1:
        return None
    changed = [p.model_copy(update={"values": (value,), "term": None}) if i == hits[0] else p
               for i, p in enumerate(parts)]
    return changed[0] if len(changed) == 1 else And(parts=tuple(changed))


def saved_group(name: str) -> InGroup:
    """The customers of a saved segment as a condition."""
    return InGroup(group="saved", name=name)
