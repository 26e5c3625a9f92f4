"""Which share of a group does or is something: "what share of the customers won by search are from France".

The text is cut where the group ends and what is said of it begins; the group, and the group with what is said of it,
are counted as the ordinary grammar reads them. The answer is the one set against the other, so the whole is the group
that was named, not another part of the text. Where either cannot be read whole, the text is left to other readings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from pydantic import ValidationError

from assistant.llm.planner.candidate import Candidate, Planned, call
from assistant.llm.planner.heard import expression
from assistant.llm.planner.language_files import read_yaml
from assistant.plans.filters import And, Filter
from assistant.plans.query import Comparison, QueryPlan
from assistant.plans.requests import SegmentRule

PlanOne = Callable[[str], Sequence[Candidate]]
FRAME = "share_of_group"
#: what groups are counted by
_CUSTOMERS = ("customers",)
_COUNTED = frozenset({"customers", "new_customers", "returning_customers", "orders", "products_sold", "units"})
#: of all of these the ordinary readings take the share
_PLAIN = (_CUSTOMERS, ("orders",), ("units",))
_WELL = 0.3
_LONGEST = 200


def share_of_group(text: str, language: str, plan_one: PlanOne) -> Planned | None:
    """The share as a plan; None where the text asks for none, or of something that is not counted by groups.

    Args:
        plan_one: readings of a text, best first.
    """
    asked = " ".join(text.replace("’", "'").split()).strip(" ?!.")
    if len(asked) > _LONGEST:
        return None
    match = expression("share_of_group.asked").fullmatch(asked)
    if match is None:
        return None
    raw = read_yaml(language, "share_of_group")
    group, rest = match["group"].strip(), match["rest"]
    for cut in expression("share_of_group.verb").finditer(f" {rest}"):
        at = max(0, cut.start() - 1)
        named, said = f"{group} {rest[:at]}".strip(), rest[at:].strip()
        if not said or (made := _share(named, said, raw["counted"], plan_one)) is None:
            continue
        return Planned([call(made)], 0.95, frame=FRAME)
    return None


def _share(group: str, said: str, forms: Sequence[str], plan_one: PlanOne) -> QueryPlan | None:
    whole = _count(str(forms[0]).format(group=group, said=""), plan_one)
    if whole is None or not set(whole.metrics) <= _COUNTED or whole.filter is None and whole.metrics in _PLAIN:
        return None
    for form in forms:
        part = _count(str(form).format(group=group, said=said), plan_one)
        if part is not None and part.metrics == whole.metrics and part.period == whole.period and _narrows(part, whole):
            try:
                return part.model_copy(update={"compare": Comparison(kind="total", of=whole.filter)})
            except ValidationError:
                return None
    return None


def _count(text: str, plan_one: PlanOne) -> QueryPlan | None:
    """A bare number that a text asks for, each of its words read."""
    best = next(iter(plan_one(" ".join(text.split()))), None)
    if best is None or best.cost > _WELL or best.unexplained or len(best.calls) != 1:
        return None
    plan = best.calls[0].plan()
    if isinstance(plan, SegmentRule):
        return QueryPlan(metrics=_CUSTOMERS, filter=plan.filter)
    if not isinstance(plan, QueryPlan) or len(plan.metrics) != 1:
        return None
    bare = plan.dimensions == () and plan.compare is None and not plan.having and plan.transform is None
    return plan if bare else None


def _narrows(part: QueryPlan, whole: QueryPlan) -> bool:
    """Whether the part has every condition of the whole, and more."""
    wanted, held = list(_conditions(whole.filter)), list(_conditions(part.filter))
    return all(c in held for c in wanted) and len(held) > len(wanted)


def _conditions(rule: Filter | None) -> Iterator[Filter]:
    if isinstance(rule, And) and rule.term is None:
        yield from rule.parts
    elif rule is not None:
        yield rule
