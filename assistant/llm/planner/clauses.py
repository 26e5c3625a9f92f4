"""One verb with its arguments → one condition on customers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta

from assistant.llm.planner.heard import heard
from assistant.llm.planner.period_grammar import PeriodReader
from assistant.llm.planner.period_words import PeriodReading
from assistant.llm.planner.spans import Reading
from assistant.plans.filters import Among, And, Compare, CustomerCondition, Filter, Not, Or
from assistant.plans.periods import LONGEST, Period

#: Orders further apart than this many days are not counted as close to each other (the limit of the plan).
LONGEST_APART = 3650


@dataclass(frozen=True)
class MetricCondition:
    """A metric compared, of whatever the question groups by."""

    metric: str
    op: str
    values: tuple[float, ...]


@dataclass
class Conditions:
    """What was found.

    Attributes:
        customers: conditions on customers, in order, with the word that joins each to the one before ("and", "or").
        places: the word at which each of them begins, counted from 0, as it was read.
        measures: comparisons of a metric whose subject is not said.
        used: items explained.
        notes: readings that a person should see ("'visited' is read as 'ordered'").
    """

    customers: list[Filter] = field(default_factory=list)
    joins: list[str] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    measures: list[MetricCondition] = field(default_factory=list)
    rows: list[Filter] = field(default_factory=list)
    used: set[int] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)


@dataclass
class Clause:
    """One verb with its arguments, while it is being read."""

    verb: str
    negated: bool
    objects: list[tuple[str, Filter]] = field(default_factory=list)
    op: str | None = None
    values: tuple[float, ...] = ()
    measure: str | None = None
    #: goods stand right behind the number: "more than one mug"
    pieces: bool = False
    #: said of one order, not of all of them together
    at_once: bool = False
    period: PeriodReading | None = None
    also: list[PeriodReading] = field(default_factory=list)
    duration: PeriodReading | None = None
    ago: PeriodReading | None = None
    every: bool = False
    since: bool = False
    used: set[int] = field(default_factory=set)


class ClauseMeaning:
    """What a clause says of customers.

    Args:
        reading: the whole text.
        taken: items that something else has explained.
    """

    def __init__(self, reading: Reading, taken: Iterable[int] = ()) -> None:
        self.r = reading
        self.items = reading.items
        self.found = Conditions(used=set(taken))
        vocabulary = reading.vocabulary
        self.money = vocabulary.role("money") or "revenue"
        self.orders = vocabulary.role("orders") or "orders"
        self.units = vocabulary.role("units") or "units"
        self.recency = vocabulary.role("recency") or "days_since_last_order"
        self.last_period: PeriodReading | None = None
        self.about_customers = any(
            i.has("customers_pronoun", "definition")
            or "customer" in i.alts.get("dim", ())
            or "customers" in i.alts.get("metric", ())
            or i.lemma in heard("clauses.people")
            for i in self.items
        )

    # -- clause → filter -----------------------------------------------------------------------------------------

    def _conditions(self, clause: Clause) -> Filter | None:
        where = self._where(clause)
        period = clause.period.period if clause.period else None
        if period is not None and period.kind == "all":
            period = None
        if clause.verb == "join":
            name = self.r.vocabulary.role("new_customers")
            if period is None or name is None:
                return None
            signed_up = self._signed_up(clause)
            if signed_up is not None:
                return signed_up
            return CustomerCondition(metric=name, op="ge", values=(1,), period=period)
        if clause.every and clause.duration:
            return CustomerCondition(metric="days_between_orders", op="le", values=(clause.duration.days,))
        if clause.verb == "visit":
            if clause.negated and not (clause.duration or clause.period):
                return self._never_back(clause)
            if not clause.negated:
                return None
            self.found.notes.append("visit_as_order")
        if clause.verb == "return":
            where = self._sent_back(where or self._the_same(clause))
        then = self._then(clause, goods=where is not None)
        if then is not None:
            period = then
        elif clause.ago is not None:
            return CustomerCondition(
                metric=self.recency,
                op=clause.op if clause.op in {"gt", "ge", "lt", "le"} else "ge",  # type: ignore[arg-type]
                values=(clause.ago.days,),
            )
        if clause.negated:
            return self._negative(clause, where, period)
        if clause.op is not None and clause.values:
            metric = clause.measure or (self.money if clause.verb == "spend" else self._counted(clause))
            if clause.verb == "return":
                metric = self.r.vocabulary.role("returns") or metric
            apart = self._days_apart(clause, metric, period)
            if apart is not None:
                return CustomerCondition(
                    metric=metric, op=clause.op, values=clause.values, where=where, period=period, within_days=apart  # type: ignore[arg-type]
                )
            if clause.duration is not None and period is None:
                period = clause.duration.rolling()
            if clause.at_once and metric == self.units:
                held = Among(dimension="order", metric=metric, limit=0, op=clause.op, values=clause.values, where=where)  # type: ignore[arg-type]
                return CustomerCondition(metric=self.orders, op="ge", values=(1,), where=held, period=period)
            much = CustomerCondition(metric=metric, op=clause.op, values=clause.values, where=where, period=period)  # type: ignore[arg-type]
            return _in_all(much, clause)
        if clause.verb == "spend":
            return None
        metric = self.orders if clause.verb != "return" else (self.r.vocabulary.role("returns") or self.orders)
        if clause.duration is not None and period is None:
            period = clause.duration.rolling()
        told = self._relative_clause(clause) or (clause.verb == "return" and self._returned_what(clause))
        if not clause.objects and period is None and not told:
            return None
        if len(clause.objects) > 1 and all(join == "and" for join, _ in clause.objects):
            return And(
                parts=tuple(
                    CustomerCondition(metric=metric, op="ge", values=(1,), where=w, period=period)
                    for _, w in clause.objects
                )
            )
        once = CustomerCondition(metric=metric, op="ge", values=(1,), where=where, period=period)
        return _in_all(once, clause)

    def _the_same(self, clause: Clause) -> Filter | None:
        """As in "bought Garden and returned it": what was sent back is what was bought."""
        after = self.items[max(clause.used) + 1 : max(clause.used) + 2]
        last = self.found.customers[-1] if self.found.customers else None
        same = bool(after) and after[0].lemma in heard("clauses.the_same")
        return last.where if same and isinstance(last, CustomerCondition) else None

    def _sent_back(self, where: Filter | None) -> Filter | None:
        """What was sent back, apart from orders cancelled before they left, where the shop tells the two apart."""
        sent = Compare(field="line_type", op="eq", values=("return",))
        if "return" not in self.r.vocabulary.line_types:
            return where
        return sent if where is None else And(parts=(where, sent))

    def _signed_up(self, clause: Clause) -> Filter | None:
        """As in "registered in March", where the shop knows the day: that is not the first order."""
        field = self.r.vocabulary.dimensions.get("registered")
        said = any(self.items[k].lemma in heard("clauses.signed_up") for k in clause.used)
        period = clause.period.period if clause.period else None
        if field is None or not field.available or not said or period is None:
            return None
        today = self.r.vocabulary.status.as_of
        grammar = PeriodReader(self.r.tokens, self.r.vocabulary.lexicon, today)
        bounds = grammar.bounds(period)
        if period.kind == "absolute" and period.end is None and period.start:
            bounds = period.start, today
        elif period.kind == "rolling" and clause.period is not None:
            length = PeriodReading("duration", 0, 0, count=period.count, unit=str(period.unit)).days
            bounds = today - timedelta(days=length - 1), today
        if not bounds:
            return None
        within = Compare(field="registered", op="between", values=tuple(day.isoformat() for day in bounds))
        return Not(part=within) if clause.negated else within

    def _days_apart(self, clause: Clause, metric: str, period: Period | None) -> int | None:
        """As in "ordered at least twice within 30 days": any 30 days; the last ones are said as such."""
        several = clause.op in {"ge", "gt", "eq"} and max(clause.values) >= (1 if clause.op == "gt" else 2)
        if clause.duration is None or metric != self.orders or not several or clause.negated:
            return None
        return clause.duration.days if clause.duration.days <= LONGEST_APART else None

    def _never_back(self, clause: Clause) -> Filter | None:
        """As in "never came back (after their first order)": exactly one order."""
        first = max(clause.used) + 1
        for k in range(first, min(first + 5, len(self.items))):
            if self.items[k].lemma in heard("clauses.order"):
                clause.used |= set(range(first, k + 1))
                break
        return CustomerCondition(metric=self.orders, op="eq", values=(1,))

    def _returned_what(self, clause: Clause) -> bool:
        """As in "how many customers returned something": that is no coming back."""
        after = max(clause.used) + 1
        return any(item.lemma in heard("clauses.goods") for item in self.items[after : after + 2])

    def _relative_clause(self, clause: Clause) -> bool:
        """As in "customers who have made purchases": a verb without arguments is a condition only after "who" or
        "that"."""
        first = min(clause.used)
        return any(self.items[k].lemma in heard("who_that") for k in range(max(0, first - 3), first))

    def _counted(self, clause: Clause) -> str:
        """What a bare number after "bought" counts: pieces where goods stand right behind it; else big are money."""
        if clause.pieces:
            return self.units
        return self.money if clause.values and clause.values[0] >= 100 else self.orders

    def _negative(self, clause: Clause, where: Filter | None, period: Period | None) -> Filter | None:
        length = clause.duration
        if clause.op is not None and clause.values:
            opposite = {"gt": "le", "ge": "lt", "lt": "ge", "le": "gt", "eq": "ne"}.get(clause.op)
            metric = clause.measure or (self.money if clause.verb == "spend" else self._counted(clause))
            if opposite is None:
                return None
            return CustomerCondition(metric=metric, op=opposite, values=clause.values, where=where, period=period)  # type: ignore[arg-type]
        if clause.verb == "return":
            name = self.r.vocabulary.role("returns") or self.orders
            return CustomerCondition(metric=name, op="eq", values=(0,), where=where, period=period)
        if clause.verb == "like" and where is None:
            return None
        rolling = period is not None and period.kind == "rolling"
        if where is None and length is not None:
            return CustomerCondition(metric=self.recency, op="ge", values=(length.days,))
        if where is None and rolling and period is not None:
            days = PeriodReading("duration", 0, 0, count=period.count, unit=str(period.unit)).days
            return CustomerCondition(metric=self.recency, op="ge", values=(days,))
        if length is not None and period is None:
            period = length.rolling()
        if clause.since and self.last_period and self.last_period.period:
            bounds = PeriodReader(self.r.tokens, self.r.vocabulary.lexicon, self.r.vocabulary.status.as_of).bounds(
                self.last_period.period
            )
            if bounds:
                period = Period(kind="absolute", start=bounds[1] + timedelta(days=1))
        return CustomerCondition(metric=self.orders, op="eq", values=(0,), where=where, period=period)

    def _then(self, clause: Clause, *, goods: bool) -> Period | None:
        """As in "ordered two weeks ago": that week; "bought mugs more than 3 months ago": until then.

        None where the last order is spoken of, or how long somebody has been silent.
        """
        ago = clause.ago
        latest = any(t.lemma in heard("clauses.latest") for t in self.r.tokens)
        if ago is None or latest or clause.negated or clause.verb not in {"buy", "order"}:
            return None
        if clause.op is None:
            exact = ago.count == int(ago.count) and 1 <= ago.count <= LONGEST
            return Period(kind="calendar", unit=ago.unit, offset=-int(ago.count)) if exact else None  # type: ignore[arg-type]
        if not goods or clause.op not in {"gt", "ge", "lt", "le"}:
            return None
        op, clause.op = clause.op, None
        return ago.rolling() if op in {"lt", "le"} else Period(
            kind="absolute", end=self.r.vocabulary.status.as_of - timedelta(days=ago.days))

    def _where(self, clause: Clause) -> Filter | None:
        if not clause.objects:
            return None
        if len(clause.objects) == 1:
            return clause.objects[0][1]
        return Or(parts=tuple(what for _, what in clause.objects))


def _in_all(condition: CustomerCondition, clause: Clause) -> Filter:
    """As in "in both 2010 and 2011": the condition holds in each of the times said."""
    if not clause.also:
        return condition
    others = (condition.model_copy(update={"period": other.period}) for other in clause.also)
    return And(parts=(condition, *others))
