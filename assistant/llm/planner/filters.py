"""Conditions in words → the filter language: what customers did or did not do, amounts, values, ids.

A condition is read from its verb or measure outwards ("have **not ordered** for 90 days", "**spent** over 500 on Garden last
year", "average order value above 80"); its parts may come in any order, and what it used is recorded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from assistant.llm.planner.period_grammar import PeriodReading, _Reader
from assistant.llm.planner.spans import Item, Reading
from assistant.llm.planner.vocabulary import Value
from assistant.plans.filters import And, Compare, CustomerCondition, Filter, Not, Or
from assistant.plans.periods import Period

#: Forms that are a noun as often as a verb; a verb only after one of the words in front.
_NOUN_FORMS = frozenset(
    {
        "order",
        "orders",
        "purchase",
        "purchases",
        "shop",
        "return",
        "returns",
        "buy",
        "buys",
        "pay",
        "got",
        "made",
        "placed",
        "like",
        "likes",
        "from",
        "into",
        "love",
        "spend",
        "spends",
    }
)
_VERB_BEFORE = frozenset(
    {
        "who",
        "that",
        "which",
        "not",
        "never",
        "did",
        "didn",
        "do",
        "does",
        "and",
        "but",
        "they",
        "have",
        "has",
        "had",
        "or",
        "we",
        "customer",
        "people",
        "also",
        "only",
        "person",
        "everyone",
        "anyone",
        "shopper",
        "buyer",
        "user",
        "client",
        "to",
    }
)
_CLAUSE_BREAK = frozenset({"but", "and", "who", "that", "or", "which", "whose"})


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
        measures: comparisons of a metric whose subject is not said.
        used: items explained.
        notes: readings that a person should see ("'visited' is read as 'ordered'").
    """

    customers: list[Filter] = field(default_factory=list)
    joins: list[str] = field(default_factory=list)
    measures: list[MetricCondition] = field(default_factory=list)
    used: set[int] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)


@dataclass
class _Clause:
    """One verb with its arguments, while it is being read."""

    verb: str
    negated: bool
    objects: list[tuple[str, Filter]] = field(default_factory=list)
    op: str | None = None
    values: tuple[float, ...] = ()
    measure: str | None = None
    period: PeriodReading | None = None
    duration: PeriodReading | None = None
    ago: PeriodReading | None = None
    every: bool = False
    since: bool = False
    used: set[int] = field(default_factory=set)


class ConditionReader:
    """Reads all conditions of a reading once, left to right."""

    def __init__(self, reading: Reading) -> None:
        self.r = reading
        self.items = reading.items
        self.found = Conditions()
        vocabulary = reading.vocabulary
        self.money = vocabulary.role("money") or "revenue"
        self.orders = vocabulary.role("orders") or "orders"
        self.units = vocabulary.role("units") or "units"
        self.recency = vocabulary.role("recency") or "days_since_last_order"
        self.last_period: PeriodReading | None = None
        self.about_customers = any(
            i.has("customers_pronoun", "definition")
            or "customer" in i.alts.get("dim", ())
            or i.lemma in {"who", "people", "everyone", "anyone", "person", "everybody", "those"}
            for i in self.items
        )

    # -- entry points --------------------------------------------------------------------------------------------

    def read(self) -> Conditions:
        """All conditions of the text."""
        self._rank_percent()
        i = 0
        while i < len(self.items):
            end = i + 1
            if i not in self.found.used:
                for reader in (self._last_order, self._inactive, self._verb, self._measured):
                    stop = reader(i)
                    if stop is not None:
                        end = stop
                        break
            i = max(end, i + 1)
        return self.found

    def _keep(self, condition: Filter, used: set[int], first: int) -> None:
        join = "and"
        for k in range(first - 1, max(-1, first - 7), -1):
            if k in self.found.used:
                break
            if self.items[k].lemma == "or":
                join = "or"
        self.found.customers.append(condition)
        self.found.joins.append(join)
        self.found.used |= used

    # -- verbs ---------------------------------------------------------------------------------------------------

    def _is_verb(self, i: int) -> bool:
        item = self.items[i]
        word = item.tokens[0].word
        if len(item.tokens) > 1 or word not in _NOUN_FORMS:
            return True
        before = self.items[i - 1].tokens[-1].lemma if i else ""
        return before in _VERB_BEFORE

    def _negated(self, i: int) -> int | None:
        """Index of the "not" that governs the verb at ``i``."""
        for k in range(i - 1, max(-1, i - 6), -1):
            item = self.items[k]
            if item.has("never") or item.lemma in {"not", "no", "without", "nothing", "nor"}:
                return k
            if item.lemma in _CLAUSE_BREAK or item.has("period", "act", "value") or item.tokens[0].kind == "stop":
                return None
        return None

    def _verb(self, i: int) -> int | None:
        item = self.items[i]
        verb = item.get("act")
        if verb is None or verb in {"sell", "live"} or not self._is_verb(i):
            return None
        if verb == "return" and not self.about_customers:
            return None  # "how many items were returned" is a measure
        negation = self._negated(i)
        clause = _Clause(verb, negation is not None, used={i} | ({negation} if negation is not None else set()))
        for k in range((negation if negation is not None else i) + 1, i):
            clause.used.add(k)
        end = self._arguments(i + 1, clause)
        self._leading_once(i, clause)
        conditions = self._conditions(clause)
        if conditions is None:
            return None
        self._keep(conditions, clause.used, min(clause.used))
        if clause.period is not None:
            self.last_period = clause.period
        return self._but_not(end, clause)

    def _leading_once(self, i: int, clause: _Clause) -> None:
        """ "only once bought", "never bought more than once" need nothing; "only bought once" is read by the arguments."""
        if clause.op is None and i and self.items[i - 1].has("times"):
            clause.op, clause.values, clause.measure = "eq", (float(self.items[i - 1].get("times")),), self.orders
            clause.used.add(i - 1)

    def _arguments(self, k: int, clause: _Clause) -> int:
        end = k
        while k < len(self.items):
            item = self.items[k]
            step = self._argument(k, clause)
            if step is None:
                if item.lemma == "since" and (k + 1 == len(self.items) or self.items[k + 1].tokens[0].kind == "stop"):
                    clause.since = True
                    clause.used.add(k)
                    return k + 1
                filler = self.r.is_skip(k) or item.lemma in {"anything", "something"} or item.has("times_words")
                if (
                    not filler
                    or item.lemma in _CLAUSE_BREAK
                    or item.tokens[0].kind == "stop"
                    or item.has("which", "neg")
                ):
                    if item.lemma in {"and", "or"} and clause.objects and self._object(k + 1):
                        k = self._more_objects(k, clause)
                        end = k
                        continue
                    return end
                k += 1
                continue
            k = end = step
        return end

    def _argument(self, k: int, clause: _Clause) -> int | None:
        """Read one argument at ``k``; position after it, or None."""
        item = self.items[k]
        if (
            item.has("group")
            and k + 1 < len(self.items)
            and self.items[k + 1].has("duration")
            and item.lemma in {"every", "each"}
        ):
            clause.every, clause.duration = True, self.items[k + 1].get("duration")
            clause.used |= {k, k + 1}
            return k + 2
        if item.has("period") and clause.period is None:
            clause.period = item.get("period")
            clause.used.add(k)
            return k + 1
        if item.has("duration") and clause.duration is None:
            clause.duration = item.get("duration")
            clause.used.add(k)
            return k + 1
        if item.has("ago"):
            clause.ago = item.get("ago")
            clause.used.add(k)
            return k + 1
        amount = self._amount(k)
        if amount is not None and clause.op is None:
            op, values, measure, end = amount
            if (
                measure is None
                and clause.op is None
                and end < len(self.items)
                and self.items[end].has("ago", "duration")
            ):
                return None
            clause.op, clause.values, clause.measure = op, values, measure
            clause.used |= set(range(k, end))
            return end
        if (
            item.has("cmp")
            and k + 1 < len(self.items)
            and self.items[k + 1].has("ago", "duration")
            and clause.op is None
        ):
            clause.op = item.get("cmp")
            clause.used.add(k)
            return k + 1
        found = self._object(k)
        if found is not None:
            what, end = found
            clause.objects.append(("and", what))
            clause.used |= set(range(k, end))
            return end
        return None

    def _more_objects(self, k: int, clause: _Clause) -> int:
        join = self.items[k].lemma
        found = self._object(k + 1)
        assert found is not None
        what, end = found
        clause.objects.append((join, what))
        clause.used |= set(range(k, end))
        return end

    def _object(self, k: int) -> tuple[Filter, int] | None:
        """A product, category, brand … or words of product names."""
        while (
            k < len(self.items)
            and self.items[k].lemma in {"a", "an", "the", "any", "some", "our", "of", "in", "on", "from", "from the"}
            and (not self.items[k].has("value"))
        ):
            k += 1
        if k >= len(self.items):
            return None
        item = self.items[k]
        values = [v for v in item.alts.get("value", ()) if v.dimension != "country" and v.dimension != "city"]
        if values:
            end = k + 1
            if end < len(self.items) and "product" in self.items[end].alts.get("dim", ()):
                end += 1
            return compare(values[0]), end
        quote = item.tokens[0]
        if quote.kind == "quote":
            return Compare(field="product", op="contains", values=(quote.text,)), k + 1
        words = product_words(self.r, k)
        if words:
            return product_filter(words, self.r), k + len(words)
        return None

    def _amount(self, k: int) -> tuple[str, tuple[float, ...], str | None, int] | None:
        """ "over 500" · "at least 3 times" · "between 100 and 200" · "twice" · "3 or more orders": op, values, measure, end."""
        item = self.items[k]
        op, i = "eq", k
        if (
            item.has("between")
            and self._number(k + 1) is not None
            and k + 2 < len(self.items)
            and (self.items[k + 2].lemma in {"and", "to"})
            and self._number(k + 3) is not None
        ):
            low, high = self._number(k + 1), self._number(k + 3)
            assert low is not None and high is not None
            measure, end = self._measure(k + 4, self.items[k + 3].unit or self.items[k + 1].unit)
            return "between", (min(low, high), max(low, high)), measure, end
        if item.has("after") and item.lemma.startswith(("and ", "or ")):
            op, i = {"ge": "gt", "le": "lt"}[str(item.get("after"))], k + 1  # "… and over 2,000"
        if item.has("cmp"):
            op, i = str(item.get("cmp")), k + 1
            while i < len(self.items) and self.items[i].lemma in {"a", "an", "the", "of", "total"}:
                i += 1
        number = self._number(i)
        if number is None:
            return None
        unit = self.items[i].unit
        times = self.items[i].has("times")
        end = i + 1
        if (
            end < len(self.items)
            and self.items[end].has("cmp_after")
            or (end < len(self.items) and self.items[end].lemma == "+")
        ):
            op = "ge" if self.items[end].lemma == "+" else str(self.items[end].get("cmp_after"))
            end += 1
        elif end < len(self.items) and self.items[end].has("after") and not item.has("cmp"):
            op, end = str(self.items[end].get("after")), end + 1
        if unit == "percent":
            return None
        if times:
            return op, (number,), self.orders, end
        measure, end = self._measure(end, unit)
        if measure is not None and end < len(self.items) and self.items[end].has("after") and not item.has("cmp"):
            op, end = str(self.items[end].get("after")), end + 1
        return op, (number,), measure, end

    def _number(self, k: int) -> float | None:
        if not 0 <= k < len(self.items):
            return None
        item = self.items[k]
        if item.has("times"):
            return float(item.get("times"))
        if item.unit == "ordinal" or item.has("period", "duration"):
            period = item.get("period")
            if (
                item.number is not None
                and period is not None
                and period.period.kind == "named"
                and k
                and self.items[k - 1].has("cmp")
            ):
                return item.number
            return None
        return item.number

    def _measure(self, k: int, unit: str | None) -> tuple[str | None, int]:
        """What the number counts, by the word after it."""
        if unit == "money":
            while k < len(self.items) and self.items[k].lemma in {"in", "total", "of"}:
                k += 1
            if k < len(self.items) and self.items[k].has("metric") and self.items[k].get("metric") == self.money:
                return self.money, k + 1
            return self.money, k
        if k < len(self.items):
            item = self.items[k]
            if item.has("times_words"):
                return self.orders, k + 1
            nxt = (
                k + 1 if item.lemma in {"in", "separate", "different", "total", "of"} and k + 1 < len(self.items) else k
            )
            item = self.items[nxt]
            if "product" in item.alts.get("dim", ()):
                return self.units, nxt + 1
            if item.has("metric"):
                return str(item.get("metric")), nxt + 1
        return None, k

    # -- clause → filter -----------------------------------------------------------------------------------------

    def _conditions(self, clause: _Clause) -> Filter | None:
        where = self._where(clause)
        period = clause.period.period if clause.period else None
        if period is not None and period.kind == "all":
            period = None
        if clause.verb == "join":
            name = self.r.vocabulary.role("new_customers")
            if period is None or name is None:
                return None
            return CustomerCondition(metric=name, op="ge", values=(1,), period=period)
        if clause.every and clause.duration:
            return CustomerCondition(metric="days_between_orders", op="le", values=(clause.duration.days,))
        if clause.verb == "visit":
            if not (clause.negated and (clause.duration or clause.period)):
                return None
            self.found.notes.append("visit_as_order")
        if clause.ago is not None:
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
            if clause.duration is not None and period is None:
                period = _rolling(clause.duration)
            return CustomerCondition(metric=metric, op=clause.op, values=clause.values, where=where, period=period)  # type: ignore[arg-type]
        if clause.verb == "spend":
            return None
        metric = self.orders if clause.verb != "return" else (self.r.vocabulary.role("returns") or self.orders)
        if clause.duration is not None and period is None:
            period = _rolling(clause.duration)
        if where is None and period is None and not self._relative_clause(clause):
            return None
        if len(clause.objects) > 1 and all(join == "and" for join, _ in clause.objects):
            return And(
                parts=tuple(
                    CustomerCondition(metric=metric, op="ge", values=(1,), where=w, period=period)
                    for _, w in clause.objects
                )
            )
        return CustomerCondition(metric=metric, op="ge", values=(1,), where=where, period=period)

    def _relative_clause(self, clause: _Clause) -> bool:
        """ "customers who have made purchases": a verb without arguments is a condition only after "who" or "that"."""
        first = min(clause.used)
        return any(self.items[k].lemma in {"who", "that"} for k in range(max(0, first - 3), first))

    def _counted(self, clause: _Clause) -> str:
        """What a bare number after "bought" counts: big ones are money."""
        return self.money if clause.values and clause.values[0] >= 100 else self.orders

    def _negative(self, clause: _Clause, where: Filter | None, period: Period | None) -> Filter | None:
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
            period = _rolling(length)
        if clause.since and self.last_period and self.last_period.period:
            bounds = _Reader(self.r.tokens, self.r.vocabulary.lexicon, self.r.vocabulary.status.as_of).bounds(
                self.last_period.period
            )
            if bounds:
                period = Period(kind="absolute", start=bounds[1] + timedelta(days=1))
        return CustomerCondition(metric=self.orders, op="eq", values=(0,), where=where, period=period)

    def _where(self, clause: _Clause) -> Filter | None:
        if not clause.objects:
            return None
        if len(clause.objects) == 1:
            return clause.objects[0][1]
        return Or(parts=tuple(what for _, what in clause.objects))

    def _but_not(self, k: int, clause: _Clause) -> int:
        """ "… but not a teapot", "… and no cushion": the verb carries over."""
        i = k
        while i < len(self.items) and (
            self.items[i].lemma in {"but", "and", "yet", "though"} or self.items[i].text == ","
        ):
            i += 1
        if i < len(self.items) and (
            self.items[i].lemma in {"not", "no", "never", "without", "nothing", "but not"}
            or self.items[i].has("not_in")
        ):
            j = i + 1
            if j < len(self.items) and self.items[j].lemma in {"from", "in"}:
                j += 1
            if j < len(self.items) and self.items[j].has("period") and not clause.negated:
                later = self.items[j].get("period").period
                none = CustomerCondition(
                    metric=self.orders, op="eq", values=(0,), where=self._where(clause), period=later
                )
                self._keep(none, set(range(k, j + 1)), k)
                return j + 1
            found = self._object(j)
            if found and not clause.negated:
                what, end = found
                period = clause.period.period if clause.period else None
                self._keep(
                    CustomerCondition(metric=self.orders, op="eq", values=(0,), where=what, period=period),
                    set(range(k, end)),
                    k,
                )
                return end
        return k

    # -- conditions without a verb --------------------------------------------------------------------------------

    def _last_order(self, i: int) -> int | None:
        """ "last order more than 90 days ago" · "whose last purchase was before June"."""
        if not self.items[i].has("last_order"):
            return None
        op, used = "ge", {i}
        for k in range(i + 1, min(len(self.items), i + 5)):
            item = self.items[k]
            if item.has("ago") or (item.has("duration") and k + 1 < len(self.items)):
                length: PeriodReading = item.get("ago") or item.get("duration")
                self._keep(CustomerCondition(metric=self.recency, op=op, values=(length.days,)), used | {k}, i)  # type: ignore[arg-type]
                return k + 1
            if item.has("cmp"):
                op = str(item.get("cmp"))
                used.add(k)
            elif item.has("period"):
                return self._last_order_in(i, k, used | {k})
            elif not self.r.is_skip(k):
                return None
        return None

    def _last_order_in(self, i: int, k: int, used: set[int]) -> int | None:
        reading: PeriodReading = self.items[k].get("period")
        period = reading.period
        if period is None:
            return None
        grammar = _Reader(self.r.tokens, self.r.vocabulary.lexicon, self.r.vocabulary.status.as_of)
        bounds = (period.start, period.end) if period.kind == "absolute" else grammar.bounds(period)
        if not bounds:
            return None
        parts: list[Filter] = []
        if bounds[1]:
            after = Period(kind="absolute", start=bounds[1] + timedelta(days=1))
            parts.append(CustomerCondition(metric=self.orders, op="eq", values=(0,), period=after))
        if bounds[0] or not parts:
            parts.append(CustomerCondition(metric=self.orders, op="ge", values=(1,), period=period))
        self._keep(parts[0] if len(parts) == 1 else And(parts=tuple(parts)), used, i)
        return k + 1

    def _inactive(self, i: int) -> int | None:
        """ "inactive for 90 days" · "no orders since June" · "without a purchase in 2011"."""
        if not self.items[i].has("inactive"):
            return None
        for k in range(i + 1, min(len(self.items), i + 4)):
            item = self.items[k]
            if item.has("duration", "period"):
                clause = _Clause("buy", True, used={i, k})
                clause.duration, clause.period = item.get("duration"), item.get("period")
                condition = self._conditions(clause)
                if condition is not None:
                    self._keep(condition, clause.used, i)
                    return k + 1
            if not self.r.is_skip(k) and not item.has("cmp"):
                return None
        return None

    def _measured(self, i: int) -> int | None:
        """ "average order value above 80" · "with at least 3 orders" · "> 1000 revenue"."""
        item = self.items[i]
        if item.has("metric"):
            k = i + 1
            while k < len(self.items) and self.items[k].lemma in {
                "is",
                "was",
                "are",
                "of",
                "were",
                "that",
                "be",
                "has",
                "being",
                "by",
                "amount",
            }:
                k += 1
            if k < len(self.items) and self.items[k].has("cmp", "between"):
                amount = self._amount(k)
                if (
                    amount is not None
                    and amount[0] is not None
                    and amount[2] in {None, self.money, self.units, item.get("metric")}
                ):
                    metric = str(item.get("metric"))
                    return self._measure_found(metric, amount[0], amount[1], set(range(i, amount[3])), i, amount[3])
        follows = self._number(i + 1) is not None
        begins = item.has("cmp") or (follows and item.has("between", "after"))
        if begins or self._plain_count(i):
            amount = self._amount(i)
            if amount is not None and amount[2] is not None:
                return self._measure_found(amount[2], amount[0], amount[1], set(range(i, amount[3])), i, amount[3])
        return None

    def _plain_count(self, i: int) -> bool:
        """ "with 3 orders", "3+ orders": a number that is a condition without a comparing word."""
        if self._number(i) is None or self.items[i].has("times"):
            return False
        after = self.items[i + 1] if i + 1 < len(self.items) else None
        return bool(
            (after is not None and (after.has("after", "cmp_after") or after.lemma == "+"))
            or (i and self.items[i - 1].lemma in {"with", "having", "placed", "has", "have"} and self.about_customers)
        )

    def _measure_found(
        self, metric: str, op: str, values: tuple[float, ...], used: set[int], first: int, end: int
    ) -> int:
        if metric in {self.recency, "days_between_orders"} or (self.about_customers and not self._other_group()):
            period = None
            k = end
            while k < len(self.items) and self.items[k].lemma in {"in", "over", "during"}:
                k += 1
            if k < len(self.items) and self.items[k].has("period"):
                period = self.items[k].get("period").period
                used, end = used | {k}, k + 1
            self._keep(CustomerCondition(metric=metric, op=op, values=values, period=period), used, first)  # type: ignore[arg-type]
        else:
            self.found.measures.append(MetricCondition(metric, op, values))
            self.found.used |= used
        return end

    def _other_group(self) -> bool:
        """Whether the question is about products, countries … rather than customers."""
        for i, item in enumerate(self.items):
            dims = [d for d in item.alts.get("dim", ()) if d not in {"customer", "order"}]
            if dims and not item.has("metric") and i < 8:
                first_customer = next(
                    (k for k, it in enumerate(self.items) if "customer" in it.alts.get("dim", ())), 99
                )
                return i < first_customer
        return False

    def _rank_percent(self) -> None:
        """ "top 10 % of customers by spend"."""
        for i, item in enumerate(self.items):
            if not item.has("rank") or i + 1 >= len(self.items):
                continue
            number = self.items[i + 1]
            if number.number is None or number.unit != "percent" or not self.about_customers:
                continue
            metric, used = self.money, {i, i + 1}
            for k in range(i + 2, min(len(self.items), i + 7)):
                if self.items[k].has("metric") and "customer" not in self.items[k].alts.get("dim", ()):
                    metric = str(self.items[k].get("metric"))
                    used.add(k)
                    if self.items[k - 1].has("group"):
                        used.add(k - 1)
                    break
            rank = "top_percent" if item.get("rank") == "desc" else "bottom_percent"
            self._keep(CustomerCondition(metric=metric, rank=rank, values=(number.number,)), used, i)  # type: ignore[arg-type]


def _rolling(length: PeriodReading) -> Period:
    return Period(kind="rolling", unit=length.unit, count=max(1, round(length.count)))  # type: ignore[arg-type]


def compare(value: Value) -> Compare:
    """One value of a dimension as a filter."""
    return Compare(field=value.dimension, op="eq", values=(value.value,))


def product_words(reading: Reading, start: int) -> list[str]:
    """Words from ``start`` on that together occur in a product name of the shop."""
    words: list[str] = []
    for item in reading.items[start : start + 5]:
        token = item.tokens[0]
        if len(item.tokens) != 1 or token.kind != "word" or item.has("dim", "metric", "value", "period"):
            break
        if not words and token.word in reading.skip:
            break
        if token.lemma not in reading.vocabulary.product_words or not reading.vocabulary.products_with(
            [*words, token.lemma]
        ):
            break
        words.append(token.lemma)
    return words


def product_filter(words: Sequence[str], reading: Reading) -> Filter:
    """Products whose name holds the words, as a phrase where the shop has one so named."""
    phrase = " ".join(words)
    names = reading.vocabulary.products_with(list(words))
    if len(words) == 1 or any(phrase in name.lower() for name in names):
        return Compare(field="product", op="contains", values=(phrase,))
    return And(parts=tuple(Compare(field="product", op="contains", values=(w,)) for w in words))


def join(filters: Sequence[Filter], joins: Sequence[str] = ()) -> Filter | None:
    """All filters in one; "or" binds looser than "and"."""
    if not filters:
        return None
    groups: list[list[Filter]] = [[filters[0]]]
    for part, how in zip(filters[1:], list(joins[1:]) + ["and"] * len(filters), strict=False):
        if how == "or":
            groups.append([part])
        else:
            groups[-1].append(part)
    ands: list[Any] = [g[0] if len(g) == 1 else And(parts=tuple(g)) for g in groups]
    return ands[0] if len(ands) == 1 else Or(parts=tuple(ands))


def value_filters(reading: Reading, used: set[int]) -> tuple[list[Filter], set[int], dict[str, list[str]]]:
    """Row filters from values named in the text and not used by a condition: "in Germany or France", "except Toys".

    Returns:
        filters, items used, and the values by dimension (for "Germany vs France").
    """
    chosen: dict[str, list[str]] = {}
    excluded: dict[str, list[str]] = {}
    explained: set[int] = set()
    negative = False
    for i, item in enumerate(reading.items):
        if i in used:
            continue
        if (
            item.has("not_in")
            and (i + 1 < len(reading.items))
            and any(reading.items[k].has("value", "day_kind") for k in range(i + 1, min(i + 4, len(reading.items))))
        ):
            negative = True
            explained.add(i)
            continue
        values = _prefer(reading, i)
        if values:
            (excluded if negative else chosen).setdefault(values[0].dimension, []).append(values[0].value)
            explained.add(i)
        elif item.has("day_kind") and "weekday" in reading.vocabulary.dimensions:
            (excluded if negative else chosen).setdefault("weekday", []).extend(item.get("day_kind").weekdays)
            explained.add(i)
        elif item.lemma not in {"and", "or", "the", ","} and item.text != ",":
            negative = False
    filters: list[Filter] = [_one_of(d, v) for d, v in chosen.items()]
    filters += [Not(part=_one_of(d, v)) for d, v in excluded.items()]
    return filters, explained, chosen


def _prefer(reading: Reading, i: int) -> list[Value]:
    """Values that an item names. A word that is also an everyday word ("store", "email", "search") names one only where its
    dimension is spoken of, or another of its values, or after "from" and "via"."""
    item = reading.items[i]
    values: list[Value] = list(item.alts.get("value", ()))
    everyday = reading.is_skip(i) or (
        item.has("act", "metric", "rank", "goal", "channel", "object", "do", "absent", "tone") and len(item.tokens) == 1
    )
    if not values or not everyday:
        return values
    before = reading.items[i - 1].tokens[-1].lemma if i else ""
    dims = {d for it in reading.items for d in it.alts.get("dim", ())}
    others = {
        v.dimension
        for k, it in enumerate(reading.items)
        if k != i and not reading.is_skip(k)
        for v in it.alts.get("value", ())
    }
    named = item.tokens[0].text[:1].isupper() and i > 0
    return [
        v
        for v in values
        if v.dimension in dims | others
        or before in {"from", "via"}
        or (before == "through" and v.dimension.endswith("channel"))
        or (v.dimension in {"country", "category", "brand"} and (named or not reading.is_skip(i)))
    ]


def _one_of(dimension: str, values: Sequence[str]) -> Compare:
    unique = tuple(dict.fromkeys(values))
    return Compare(field=dimension, op="eq" if len(unique) == 1 else "in", values=unique)
