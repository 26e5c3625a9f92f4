"""Conditions without a verb: a measure with a bound, the last order, no orders for a time, the top of a ranking."""

from __future__ import annotations

from datetime import timedelta

from assistant.llm.planner.clause_arguments import ClauseArguments
from assistant.llm.planner.clauses import Clause, MetricCondition
from assistant.llm.planner.heard import heard
from assistant.llm.planner.period_grammar import PeriodReader
from assistant.llm.planner.period_words import PeriodReading
from assistant.llm.planner.spans import Item
from assistant.plans.filters import And, Compare, CustomerCondition, Filter
from assistant.plans.periods import Period

#: Counts of things; "orders of more than 5 items" compares the items, not the orders.
_COUNTS = frozenset({"orders", "products_sold", "product_count", "customers"})
_HEADS = "customers"  # no condition on one customer
#: words between a measure and its bound
_PASSED_OVER = heard("filters.passed_over")


class MeasuredConditions(ClauseArguments):
    """Reads conditions that begin with a measure or a number."""

    def _keep(self, condition: Filter, used: set[int], first: int) -> None:
        join = "and"
        for k in range(first - 1, max(-1, first - 7), -1):
            if k in self.found.used or self.items[k].has("value"):
                break  # "in Germany or France who spent": the word stands between two values
            if self.items[k].lemma in heard("or"):
                join = "or"
        self.found.customers.append(condition)
        self.found.joins.append(join)
        self.found.places.append(self.items[max(first, 0)].start)
        self.found.used |= used

    def _last_order(self, i: int) -> int | None:
        """As in "last order more than 90 days ago" · "whose last purchase was before June"."""
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
        grammar = PeriodReader(self.r.tokens, self.r.vocabulary.lexicon, self.r.vocabulary.status.as_of)
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
        """As in "inactive for 90 days" · "no orders since June" · "without a purchase in 2011"."""
        if not self.items[i].has("inactive"):
            return None
        for k in range(i + 1, min(len(self.items), i + 4)):
            item = self.items[k]
            since = item.lemma in heard("filters.since_then") and self.last_period is not None
            if item.has("duration", "period") or (since and not self._dated(k + 1)):
                clause = Clause("buy", True, used={i, k}, since=since)
                clause.duration, clause.period = item.get("duration"), item.get("period")
                condition = self._conditions(clause)
                if condition is not None:
                    self._keep(condition, clause.used, i)
                    return k + 1
            if not self.r.is_skip(k) and not item.has("cmp"):
                return None
        if self.items[i].tokens[0].lemma in heard("filters.without") and self.about_customers:
            self._keep(CustomerCondition(metric=self.orders, op="eq", values=(0,)), {i}, i)
            return i + 1
        return None

    def _dated(self, k: int) -> bool:
        """As in "since June"."""
        return k < len(self.items) and self.items[k].has("period", "duration", "ago", "bad_period")

    def _days(self, k: int, item: Item) -> tuple[str, tuple[float, ...], str | None, int] | None:
        """As in "a lifespan of more than 30 days": the bound of a measure in days is a length of time."""
        length = self.items[k + 1].get("duration") if k + 1 < len(self.items) else None
        if length is None or not self.r.vocabulary.in_days(item.alts.get("metric", ())):
            return None
        return str(self.items[k].get("cmp")), (float(length.days),), None, k + 2

    def _measured(self, i: int) -> int | None:
        """As in "average order value above 80" · "with at least 3 orders" · "> 1000 revenue"."""
        item = self.items[i]
        if item.has("metric") and item.get("act") != "sell":  # "sold more than 20 units" measures the units
            k = i + 1
            while k < len(self.items) and self.items[k].lemma in _PASSED_OVER:
                k += 1
            if k < len(self.items) and self.items[k].has("cmp", "between"):
                amount = self._amount(k) or self._days(k, item)
                if amount is not None and item.get("metric") == "customers" and amount[2] is None and k == i + 1:
                    return None  # "people over 60" are not sixty people
                if amount is not None and item.get("metric") == self.orders and self._is_money(k, amount):
                    worth = Compare(field="order_value", op=amount[0], values=amount[1])  # type: ignore[arg-type]
                    self.found.rows.append(worth)
                    self.found.used |= set(range(k, amount[3]))
                    return amount[3]
                if (
                    amount is not None
                    and amount[0] is not None
                    and amount[2] in {None, self.money, self.units, item.get("metric")}
                    and not (amount[2] == self.units and item.get("metric") in _COUNTS)
                ):
                    metric = self._in_its_unit(item, k, amount[3])
                    return self._measure_found(metric, amount[0], amount[1], set(range(i, amount[3])), i, amount[3])
        follows = self._number(i + 1) is not None
        begins = item.has("cmp") or (follows and item.has("between", "after"))
        if begins or self._plain_count(i):
            amount = self._amount(i)
            if amount is not None and amount[2] is None and self._earning(i):
                units = self.items[i - 1].tokens[0].word in heard("filters.selling")
                amount = (amount[0], amount[1], self.units if units else self.money, amount[3])
                self.found.used.add(i - 1)
            if amount is not None and amount[2] is not None:
                return self._measure_found(amount[2], amount[0], amount[1], set(range(i, amount[3])), i, amount[3])
            pieces = self._pieces(amount[3]) if amount is not None and self.about_customers else None
            if amount is not None and pieces is not None and not self._other_group():
                return self._pieces_found(i, amount, pieces)
        return None

    def _pieces_found(
        self, i: int, amount: tuple[str, tuple[float, ...], str | None, int], pieces: tuple[Filter, int]
    ) -> int:
        """As in "customers with more than 10 mugs", "… in one order"."""
        clause = Clause("buy", False, [("and", pieces[0])], amount[0], amount[1], self.units, pieces=True)
        end = self._arguments(pieces[1], clause)
        condition = self._conditions(clause)
        assert condition is not None
        self._keep(condition, clause.used | set(range(i, pieces[1])), i)
        return max(end, pieces[1])

    def _in_its_unit(self, item: Item, start: int, end: int) -> str:
        """As in "a margin below 20 %": of the measures that a word may name, the one that is counted in percent."""
        named, known = [str(m) for m in item.alts["metric"]], self.r.vocabulary.metrics
        percent = any(self.items[j].unit == "percent" for j in range(start, end))
        rates = [m for m in named if m in known and known[m].unit == "percent"]
        return rates[0] if percent and rates else named[0]

    def _earning(self, i: int) -> bool:
        """As in "cities that generated more than 10k"."""
        return bool(i) and self.items[i - 1].get("act") == "sell" and self._other_group()

    def _is_money(self, k: int, amount: tuple[str, tuple[float, ...], str | None, int]) -> bool:
        """Whether "orders over 500" speaks of their value."""
        worth = any(heard("filters.worth").within(self.items[j].lemma) for j in range(k - 1, amount[3]))
        # "orders above 100": the orders are what is asked for, and nothing else is counted
        head = not any(item.has("dim", "metric", "group") for item in self.items[: k - 1])
        worth = worth or (amount[2] is None and head and not self.about_customers and len(amount[1]) > 0)
        return "order_value" in self.r.vocabulary.dimensions and (amount[2] == self.money or worth)

    def _plain_count(self, i: int) -> bool:
        """As in "with 3 orders", "3+ orders": a number that is a condition without a comparing word."""
        if self._number(i) is None or self.items[i].has("times"):
            return False
        after = self.items[i + 1] if i + 1 < len(self.items) else None
        return bool(
            (after is not None and (after.has("after", "cmp_after") or after.lemma == "+"))
            or (i and self.items[i - 1].lemma in heard("filters.having") and self.about_customers)
        )

    def _measure_found(
        self, metric: str, op: str, values: tuple[float, ...], used: set[int], first: int, end: int
    ) -> int:
        if metric in {self.recency, "days_between_orders"} or (
            self.about_customers and metric != _HEADS and not self._other_group()
        ):
            period, where = None, None
            counted = metric in {self.orders, self.units} and end < len(self.items)
            if counted and self.items[end].lemma in heard("filters.of_goods"):
                held = self._object(end + 1)  # "more than 3 orders of candles"
                if held is not None:
                    where, used, end = held[0], used | set(range(end, held[1])), held[1]
            worth = self._worth_each(end) if metric == self.orders and where is None else None
            if worth is not None:
                where, used, end = worth[0], used | set(range(end, worth[1])), worth[1]
            k = end
            while k < len(self.items) and self.items[k].lemma in heard("filters.during"):
                k += 1
            if k < len(self.items) and self.items[k].has("period"):
                period = self.items[k].get("period").period
                used, end = used | {k}, k + 1
            self._keep(CustomerCondition(metric=metric, op=op, values=values, where=where, period=period), used, first)  # type: ignore[arg-type]
        else:
            self.found.measures.append(MetricCondition(metric, op, values))
            self.found.used |= used
        return end

    def _worth_each(self, k: int) -> tuple[Filter, int] | None:
        """As in "at least 2 orders over 100 euros": what each of the orders is worth."""
        amount = self._amount(k) if k < len(self.items) and self.items[k].has("cmp") else None
        if amount is None or amount[2] not in {None, self.money} or "order_value" not in self.r.vocabulary.dimensions:
            return None
        return Compare(field="order_value", op=amount[0], values=amount[1]), amount[3]  # type: ignore[arg-type]

    def _other_group(self) -> bool:
        """Whether the question is about products, countries, orders … rather than customers."""
        if self._orders_asked():
            return True
        for i, item in enumerate(self.items):
            dims = [d for d in item.alts.get("dim", ()) if d not in {"customer", "order"}]
            if dims and not item.has("metric") and i < 8:
                first_customer = next(
                    (k for k, it in enumerate(self.items) if "customer" in it.alts.get("dim", ())), 99
                )
                return i < first_customer
        return False

    def _orders_asked(self) -> bool:
        """As in "which orders have more than 3 units": the orders one by one."""
        nouns = [i for i, item in enumerate(self.items) if item.has("dim")]
        first = self.items[nouns[0]].alts["dim"] if nouns else ()
        people = any("customer" in self.items[i].alts["dim"] for i in nouns)
        listed = self.items[0].has("which") and self.items[0].lemma not in heard("compose.people")
        return listed and "order" in first and nouns[0] <= 2 and not people

    def _rank_percent(self) -> None:
        """As in "top 10 % of customers by spend"."""
        for i, item in enumerate(self.items):
            if not item.has("rank") or i in self.found.used or i + 1 >= len(self.items):
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
