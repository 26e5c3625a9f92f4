"""Whether a typed plan is the known one: the same parts once periods are days, or the same answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from assistant.errors import AssistantError
from assistant.plans import Comparison, QueryPlan
from assistant.query.periods import pair, resolve

if TYPE_CHECKING:
    from assistant.llm.planner.candidate import Planned
    from assistant.results import Result
    from assistant.workspace import Workspace

Verdict = Literal["right", "refused rightly", "asked", "refused", "asked in vain", "wrong, said", "wrong"]
VERDICTS: tuple[Verdict, ...] = (
    "right",
    "refused rightly",
    "asked",
    "refused",
    "asked in vain",
    "wrong, said",
    "wrong",
)
#: those that a person is served well by
GOOD = frozenset({"right", "refused rightly", "asked"})
_NOT_USED = "not_used|"
_PLACES = 4


@dataclass(frozen=True)
class Judged:
    verdict: Verdict
    calls: tuple[tuple[str, dict[str, Any]], ...]
    notes: tuple[str, ...]


class Judge:
    """Judges what a planner made of a question.

    Args:
        shop: the loaded shop; its days put periods into days, and its data answer both plans where their parts differ.
    """

    def __init__(self, shop: Workspace) -> None:
        self._shop = shop
        status = shop.status()
        self._as_of, self._first = status.as_of, status.first_day

    def judge(self, planned: Planned, known: Sequence[QueryPlan]) -> Judged:
        """The verdict on a planned turn; ``known`` empty means that the data cannot answer it."""
        calls = tuple((c.name, dict(c.args)) for c in planned.calls)
        return Judged(self._verdict(planned, known), calls, tuple(planned.notes))

    def _verdict(self, planned: Planned, known: Sequence[QueryPlan]) -> Verdict:
        names = [c.name for c in planned.calls]
        said = any(note.startswith(_NOT_USED) for note in planned.notes)
        if "decline" in names:
            return "refused" if known else "refused rightly"
        if "ask_back" in names:
            options = planned.calls[0].args.get("plans", ())
            helps = any(self._among([(o["name"], o["args"])], known) for o in options if o and "args" in o)
            return "asked" if helps else "asked in vain"
        if not known:
            return "refused rightly" if self._refused_by_tool(planned) else "wrong, said" if said else "wrong"
        if self._among([(c.name, c.args) for c in planned.calls], known):
            return "right"
        return "wrong, said" if said else "wrong"

    def _refused_by_tool(self, planned: Planned) -> bool:
        """Nothing but queries that the data refuse for a column that is not there."""
        plans = [c.plan() for c in planned.calls]
        results = [self._run(p) for p in plans if isinstance(p, QueryPlan)]
        return len(results) == len(plans) and all(r is None or r.refusal for r in results)

    def _among(self, calls: Sequence[tuple[str, dict[str, Any]]], known: Sequence[QueryPlan]) -> bool:
        plans = [_query_of(name, args) for name, args in calls]
        if len(plans) != 1 or plans[0] is None:
            return False
        plan = plans[0]
        return any(self.canonical(plan) == self.canonical(one) for one in known) or any(
            self._same_answer(plan, one) for one in known
        )

    def canonical(self, plan: QueryPlan) -> tuple[Any, ...]:
        """The parts of a plan with periods as days and without what does not change the answer."""
        now = resolve(plan.period, as_of=self._as_of, first_day=self._first)
        against: Any = plan.compare.kind if plan.compare else None
        if plan.compare and plan.compare.kind in {"previous", "year_earlier", "period"}:
            try:
                base = pair(now, Comparison.model_validate(plan.compare.model_dump())).base
                against = (base.covered_start, base.covered_end)
            except AssistantError:  # a time that cannot be set against it
                against = "nothing"
        metrics = frozenset({"gross_revenue": "revenue"}.get(m, m) for m in plan.metrics)
        rank = (plan.sort.descending if plan.sort else True, plan.limit, plan.offset) if plan.limit else None
        return (
            metrics,
            frozenset(plan.dimensions),
            _filter(plan.filter),
            (now.covered_start, now.covered_end),
            against,
            rank,
            frozenset(plan.within),
            plan.transform,
            plan.having,
        )

    def _same_answer(self, plan: QueryPlan, known: QueryPlan) -> bool:
        one, other = self._run(plan), self._run(known)
        if one is None or other is None or not one.tables or not other.tables:
            return False
        return _cells(one) == _cells(other) != []

    def _run(self, plan: QueryPlan) -> Result | None:
        try:
            return self._shop.query(plan)
        except AssistantError:
            return None


def _query_of(name: str, args: dict[str, Any]) -> QueryPlan | None:
    if name == "query_data":
        return QueryPlan.model_validate(args)
    if name == "explain_change":  # shows both values and the change before the parts
        kept = {k: args[k] for k in ("period", "compare", "filter") if args.get(k) is not None}
        return QueryPlan.model_validate(
            {"metrics": [args.get("metric", "revenue")], "compare": {"kind": "previous"}, **kept}
        )
    return None


def _filter(part: Any) -> Any:
    if part is None:
        return None
    data = part if isinstance(part, dict) else part.model_dump()
    kind = data["op_type"]
    if kind in {"and", "or"}:
        parts = {_filter(p) for p in data["parts"]}
        return (kind, frozenset(parts)) if len(parts) > 1 else parts.pop()
    if kind == "not":
        return ("not", _filter(data["part"]))
    if kind == "compare":
        values = frozenset(str(v).lower() for v in data["values"])
        op = data["op"]
        if op in {"ne", "not_in"}:
            return ("not", ("compare", data["field"], "in", values))
        return ("compare", data["field"], "in" if op in {"eq", "in"} else op, values)
    return tuple(sorted((k, str(v)) for k, v in data.items() if v is not None))


def _cells(result: Result) -> list[tuple[Any, ...]]:
    rows = [
        tuple(
            round(float(c), _PLACES) if isinstance(c, int | float) and not isinstance(c, bool) else str(c) for c in row
        )
        for row in result.tables[0].rows
    ]
    return sorted(rows, key=str)
