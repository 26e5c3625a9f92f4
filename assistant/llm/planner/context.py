"""What went before in the conversation, as far as a follow-up may refer to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from assistant.llm.planner.candidate import ToolCall
from assistant.plans.filters import And, Compare, CustomerCondition, Filter, Not, Or
from assistant.plans.query import QueryPlan
from assistant.plans.requests import SegmentRule

#: frame of a look aside ("is that more than usual?"): the talk goes on from the answer before it
LOOK_ASIDE = "aside"
#: frame of a text after which nothing said before counts
FRESH_START = "fresh_start"
#: frame of a question about a group as a whole: what its answer lists are examples
OF_A_GROUP = "of_a_group"
_MAX_IDS = 5_000
_HEAD_COUNTS = frozenset({"customers", "new_customers", "returning_customers"})
#: calls that say something and look nothing up
_TALK = frozenset({"ask_back", "decline", "explain_answer"})
#: calls that a follow-up does not edit: what was asked before them is still what is spoken of
_ASIDE = frozenset({
    "define_term", "show_terms", "withdraw_term", "save_segment", "change_segment", "undo_change", "adopt_categories",
    "change_categories", "propose_categories",
})


@dataclass(frozen=True)
class Past:
    """One finished call: what was asked of which tool, and what came back (``Result`` as JSON, or nothing).

    Attributes:
        turn: number of the person's text that led to it.
        frame: how that text was read ("follow_up", "undo", "back" …), as far as the planner said.
    """

    call: ToolCall
    result: dict[str, Any] | None = None
    turn: int = 0
    frame: str = ""

    @property
    def refused(self) -> bool:
        return bool(self.result and self.result.get("refusal"))


@dataclass
class DialogueContext:
    """The conversation so far, oldest first; built from messages, never stored."""

    past: list[Past] = field(default_factory=list)
    questions: list[str] = field(default_factory=list)

    def since_fresh_start(self) -> DialogueContext:
        """The conversation since the person began anew; all of it where nobody did."""
        at = next((i for i in range(len(self.past) - 1, -1, -1) if self.past[i].frame == FRESH_START), None)
        return self if at is None else DialogueContext(self.past[at + 1 :], self.questions)

    def last(self, *tools: str) -> Past | None:
        """The latest call (of one of the tools) that was not refused; asking back and declining do not count."""
        for past in reversed(self.past):
            aside = past.call.name in _TALK | _ASIDE and past.call.name not in tools
            if past.refused or past.frame == LOOK_ASIDE or aside:
                continue
            if not tools or past.call.name in tools:
                return past
        saved = [p for p in self.past if p.call.name == "save_segment" and not p.refused]
        return saved[-1] if saved and not tools else None

    def turns(self) -> list[list[Past]]:
        """Answered calls by turn, oldest first, as they count for going back: a step taken back is gone."""
        by_turn: dict[int, list[Past]] = {}
        for past in self.past:
            if past.call.name not in _TALK | _ASIDE and not past.refused:
                by_turn.setdefault(past.turn, []).append(past)
        kept: list[list[Past]] = []
        for made in by_turn.values():
            if made[0].frame == "undo":
                kept = kept[:-1]
            elif made[0].frame not in {"repeat", "explain", LOOK_ASIDE}:
                kept.append(made)
        return kept

    def open_turn(self) -> list[Past]:
        """Calls of the latest turn, when nothing in it was answered (asked back, declined, refused by a tool)."""
        if not self.past:
            return []
        latest = [p for p in self.past if p.turn == self.past[-1].turn]
        return latest if all(p.call.name in _TALK or p.refused for p in latest) else []

    def column(self, past: Past, dimension: str) -> list[str]:
        """Values of a dimension in the tables of a result, in order."""
        for table in (past.result or {}).get("tables", ()):
            names = [c["name"] for c in table.get("columns", ())]
            partner = (f"with_{dimension}_id",) if past.call.name == "bought_together" else ()
            for wanted in (*partner, f"{dimension}_id", dimension):
                if wanted in names:
                    index = names.index(wanted)
                    return [str(row[index]) for row in table.get("rows", ()) if row[index] is not None][:_MAX_IDS]
        return []

    def buyers(self) -> Filter | None:
        """The customers behind the latest figure of sales; None where it is one of everybody at all times."""
        last = self.last()
        plan = last.call.plan() if last is not None and last.call.name == "query_data" else None
        plain = isinstance(plan, QueryPlan) and not plan.dimensions and set(plan.metrics) <= _OF_SALES
        return counted_customers(plan) if plain and plan.compare is None else None

    def audience(self) -> tuple[Filter, str] | None:
        """The customers last spoken of, as a filter and in words."""
        for past in reversed(self.past):
            if past.refused or past.call.name in _TALK:
                continue
            if past.frame == OF_A_GROUP:
                asked = getattr(past.call.plan(), "filter", None)
                return None if asked is None else (asked, "")
            named = ((past.result or {}).get("details") or {}).get("audience")
            if named:  # the result says itself whom it is about, also beyond the rows it shows
                return SegmentRule.model_validate({"filter": named["filter"]}).filter, named["words"]
            plan = past.call.plan()
            if past.call.name == "count_audience":
                return plan.filter, plan.name or ""
            if (
                past.call.name == "query_data"
                and plan.filter is not None
                and "customer" in plan.dimensions
                and plan.limit is None
            ):
                return listed_customers(plan) or plan.filter, ""
            if past.call.name == "query_data" and not plan.dimensions and set(plan.metrics) <= _HEAD_COUNTS:
                counted = counted_customers(plan)
                if counted is not None:
                    return counted, ""
            if past.call.name == "draft_campaign" and plan.audience is not None:
                return plan.audience, plan.audience_words or ""
            ids = self.column(past, "customer")
            if past.call.name == "describe_customer":
                ids = [plan.customer_id]
            if past.call.name in {"predict_churn", "query_data", "describe_customer", "find_segments"} and ids:
                return Compare(field="customer", op="in" if len(ids) > 1 else "eq", values=tuple(ids)), ""
        return None


#: measures of sales, whose customers are those who bought
_OF_SALES = frozenset({"revenue", "net_revenue", "gross_revenue", "orders", "units", "average_order_value"})
#: … and of what came back
_OF_RETURNS = frozenset({"returned_value", "units_returned", "return_orders"})
#: what is known of a customer whenever they bought
_OF_CUSTOMERS = frozenset({"customer", "country", "city", "gender", "acquisition_channel", "segment", "customer_type"})


def counted_customers(plan: QueryPlan) -> Filter | None:
    """The customers that a head count counted, as a filter; None where it counted everybody."""
    parts = list(plan.filter.parts) if isinstance(plan.filter, And) else [plan.filter] if plan.filter else []
    people = [f for f in parts if of_customers(f)]
    rows = [f for f in parts if not of_customers(f)]
    if plan.metrics[0] == "returning_customers":
        rows.append(Compare(field="new_vs_returning", op="eq", values=("returning",)))
    if rows or plan.period is not None or plan.metrics[0] == "new_customers":
        where = None if not rows else rows[0] if len(rows) == 1 else And(parts=tuple(rows))
        metric = "new_customers" if plan.metrics[0] == "new_customers" else "orders"
        people.append(CustomerCondition(metric=metric, op="ge", values=(1,), where=where, period=plan.period))
    return None if not people else people[0] if len(people) == 1 else And(parts=tuple(people))


def listed_customers(plan: QueryPlan) -> Filter | None:
    """The customers that a list shows, by its conditions, its time and its bounds; None where those do not say it.

    A list by what was sent back shows those who sent something back, not all who ordered then.
    """
    if plan.limit is not None or plan.compare is not None or any(h.of != "value" for h in plan.having):
        return None
    parts = list(plan.filter.parts) if isinstance(plan.filter, And) else [plan.filter] if plan.filter else []
    people, rows = [f for f in parts if of_customers(f)], [f for f in parts if not of_customers(f)]
    where = None if not rows else rows[0] if len(rows) == 1 else And(parts=tuple(rows))
    bounds: list[Filter] = [CustomerCondition(metric=h.metric, op=h.op, values=h.values, where=where,
                                              period=plan.period) for h in plan.having]
    if not bounds and plan.metrics[0] in _OF_RETURNS:
        bounds = [CustomerCondition(metric=plan.metrics[0], op="gt", values=(0,), where=where, period=plan.period)]
    if not bounds:
        return counted_customers(plan.model_copy(update={"metrics": ("customers",)}))
    whole = [*people, *bounds]
    return whole[0] if len(whole) == 1 else And(parts=tuple(whole))


def of_customers(condition: Filter) -> bool:
    """Whether a condition is one on customers, not on what they bought."""
    if isinstance(condition, Compare):
        return condition.field in _OF_CUSTOMERS
    if isinstance(condition, Not):
        return of_customers(condition.part)
    return all(of_customers(part) for part in condition.parts) if isinstance(condition, And | Or) else True
