"""Conditions in words → the filter language: what customers did or did not do, amounts, values, ids.

A condition is read from its verb or measure outwards ("have **not ordered** for 90 days", "**spent** over 500 on
Garden last
year", "average order value above 80"); its parts may come in any order, and what it used is recorded.
"""

from __future__ import annotations

from datetime import timedelta

from assistant.llm.planner.clauses import Clause, ClauseMeaning, Conditions, MetricCondition
from assistant.llm.planner.contact_conditions import contact_conditions
from assistant.llm.planner.heard import heard
from assistant.llm.planner.period_grammar import PeriodReader
from assistant.llm.planner.period_words import PeriodReading
from assistant.llm.planner.spans import Item
from assistant.llm.planner.values import compare, named_product, product_filter, product_words
from assistant.plans.filters import And, Compare, CustomerCondition, Filter, Not
from assistant.plans.periods import Period

#: Forms that are a noun as often as a verb; a verb only after one of the words in front.
_NOUN_FORMS = heard("filters.noun_forms")
_VERB_BEFORE = heard("filters.verb_before")
#: Counts of things; "orders of more than 5 items" compares the items, not the orders.
_COUNTS = frozenset({"orders", "products_sold", "product_count", "customers"})
_HEADS = "customers"  # no condition on one customer
_CLAUSE_BREAK = heard("filters.clause_break")
#: words between a measure and its bound
_PASSED_OVER = heard("filters.passed_over")


class ConditionReader(ClauseMeaning):
    """Reads all conditions of a reading once, left to right."""

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
            if self.items[k].lemma in heard("or"):
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
        if i == 1 and self.items[0].has("which") and "order" in item.alts.get("dim", ()):
            return False  # "which orders …": nobody stands before who would do it
        before = self.items[i - 1].tokens[-1].lemma if i else ""
        if before in heard("and"):  # "revenue and orders" lists measures
            return any(item.lemma in heard("who_that") for item in self.items[:i])
        return before in _VERB_BEFORE

    def _negated(self, i: int) -> int | None:
        """Index of the "not" that governs the verb at ``i``."""
        for k in range(i - 1, max(-1, i - 6), -1):
            item = self.items[k]
            if item.has("never") or item.lemma in heard("filters.none"):
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
        clause = Clause(verb, negation is not None, used={i} | ({negation} if negation is not None else set()))
        for k in range((negation if negation is not None else i) + 1, i):
            clause.used.add(k)
        end = self._arguments(i + 1, clause)
        self._leading_once(i, clause)
        conditions = self._conditions(clause)
        if conditions is None:
            return None
        conditions = self._nothing_else(i, clause, conditions)
        self._keep(conditions, clause.used, min(clause.used))
        if clause.period is not None:
            self.last_period = clause.period
        return self._but_not(end, clause)

    def _nothing_else(self, i: int, clause: Clause, bought: Filter) -> Filter:
        """As in "who only buy Garden": those things, and no others."""
        only = next((k for k in (i - 1, i + 1) if 0 <= k < len(self.items)
                     and self.items[k].lemma in heard("filters.only")), None)
        what = self._where(clause)
        if only is None or what is None or clause.negated or clause.op is not None or clause.verb == "return":
            return bought
        clause.used.add(only)
        period = clause.period.period if clause.period is not None else None
        others = CustomerCondition(metric=self.orders, op="eq", values=(0,), where=Not(part=what), period=period)
        return And(parts=(bought, others))

    def _leading_once(self, i: int, clause: Clause) -> None:
        """As in "only once bought", "never bought more than once" need nothing; "only bought once" is read by the
        arguments."""
        if clause.op is None and i and self.items[i - 1].has("times"):
            clause.op, clause.values, clause.measure = "eq", (float(self.items[i - 1].get("times")),), self.orders
            clause.used.add(i - 1)

    def _arguments(self, k: int, clause: Clause) -> int:
        end = k
        while k < len(self.items):
            item = self.items[k]
            step = self._argument(k, clause)
            if step is None:
                if item.lemma in heard("since") and (
                    k + 1 == len(self.items) or self.items[k + 1].tokens[0].kind == "stop"
                ):
                    clause.since = True
                    clause.used.add(k)
                    return k + 1
                if item.has("not_in", "never") and len(item.tokens) > 1:
                    return end  # "… but not in the last six months" is read on its own
                filler = self.r.is_skip(k) or item.lemma in heard("filters.anything") or item.has("times_words")
                filler = filler or self._sent_goods(item, clause)
                if (
                    not filler
                    or item.lemma in _CLAUSE_BREAK
                    or item.tokens[0].kind == "stop"
                    or item.has("which", "neg")
                ):
                    if (
                        item.lemma in heard("and")
                        and clause.period is not None
                        and k + 1 < len(self.items)
                        and (self.items[k + 1].has("period"))
                    ):
                        clause.also.append(self.items[k + 1].get("period"))
                        clause.used |= {k, k + 1}
                        k = end = k + 2
                        continue
                    if item.lemma in heard("and_or") and clause.objects and self._object(k + 1):
                        k = self._more_objects(k, clause)
                        end = k
                        continue
                    return end
                k += 1
                continue
            k = end = step
        return end

    @staticmethod
    def _sent_goods(item: Item, clause: Clause) -> bool:
        """As in "returned an item in 2025"."""
        return clause.verb == "return" and item.lemma in heard("clauses.goods")

    def _argument(self, k: int, clause: Clause) -> int | None:
        """Read one argument at ``k``; position after it, or None."""
        item = self.items[k]
        if (
            item.has("group")
            and k + 1 < len(self.items)
            and self.items[k + 1].has("duration")
            and item.lemma in heard("filters.every")
        ):
            clause.every, clause.duration = True, self.items[k + 1].get("duration")
            clause.used |= {k, k + 1}
            return k + 2
        if item.has("period") and clause.period is None and not self._goods(k):
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
            if clause.objects and k - 1 in clause.used:  # "red mugs" are one thing, not two
                join, before = clause.objects.pop()
                what = And(parts=(before, what))
                clause.objects.append((join, what))
            else:
                clause.objects.append(("and", what))
            clause.used |= set(range(k, end))
            return end
        return None

    def _goods(self, k: int) -> bool:
        """As in "bought Christmas products": a category, not a season."""
        after = self.items[k + 1].alts.get("dim", ()) if k + 1 < len(self.items) else ()
        goods = {"category", "subcategory", "brand"}
        named = any(v.dimension in goods for v in self.items[k].alts.get("value", ()))
        return named and bool({"product", "category"} & set(after))

    def _more_objects(self, k: int, clause: Clause) -> int:
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
            and self.items[k].lemma in heard("filters.before_value")
            and (not self.items[k].has("value"))
        ):
            k += 1
        if k >= len(self.items) or k in contact_conditions(self.r).used:
            return None  # "bought Garden can we email": the channel is not bought
        item = self.items[k]
        near = (named_product(self.r, j) for j in range(k, min(k + 3, len(self.items))))
        longer = next((found for found in near if found), None)
        if longer is not None and k in longer[1]:
            return product_filter(longer[0], self.r), max(longer[1]) + 1
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
        """As in "over 500" · "at least 3 times" · "between 100 and 200" · "twice" · "3 or more orders": op, values,
        measure, end."""
        item = self.items[k]
        op, i = "eq", k
        if (
            item.has("between")
            and self._number(k + 1) is not None
            and k + 2 < len(self.items)
            and (self.items[k + 2].lemma in heard("to_and"))
            and self._number(k + 3) is not None
        ):
            low, high = self._number(k + 1), self._number(k + 3)
            assert low is not None and high is not None
            measure, end = self._measure(k + 4, self.items[k + 3].unit or self.items[k + 1].unit)
            return "between", (min(low, high), max(low, high)), measure, end
        if item.has("after") and heard("filters.and_before").begins(item.lemma):
            op, i = {"ge": "gt", "le": "lt"}[str(item.get("after"))], k + 1  # "… and over 2,000"
        if item.has("cmp"):
            op, i = str(item.get("cmp")), k + 1
            while i < len(self.items) and self.items[i].lemma in heard("light_before_number"):
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
        if unit == "percent" and not self._rate_before(k):
            return None
        if times:
            return op, (number,), self.orders, end
        measure, end = self._measure(end, unit)
        if measure is not None and end < len(self.items) and self.items[end].has("after") and not item.has("cmp"):
            op, end = str(self.items[end].get("after")), end + 1
        return op, (number,), measure, end

    def _rate_before(self, k: int) -> bool:
        """As in "a margin rate below 45 percent"."""
        metrics = self.r.vocabulary.metrics
        near = [self.items[j] for j in range(max(0, k - 3), k)]
        return any(metrics[m].unit == "percent" for item in near for m in item.alts.get("metric", ()) if m in metrics)

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
            while k < len(self.items) and self.items[k].lemma in heard("filters.in_total"):
                k += 1
            if k < len(self.items) and self.items[k].has("metric") and self.items[k].get("metric") == self.money:
                return self.money, k + 1
            return self.money, k
        if k < len(self.items):
            item = self.items[k]
            if item.has("times_words"):
                return self.orders, k + 1
            nxt = (
                k + 1 if item.lemma in heard("filters.between_count") and k + 1 < len(self.items) else k
            )
            item = self.items[nxt]
            if "product" in item.alts.get("dim", ()):
                return self.units, nxt + 1
            if item.has("metric"):
                return str(item.get("metric")), nxt + 1
        return None, k

    def _but_not(self, k: int, clause: Clause) -> int:
        """As in "… but not a teapot", "… and no cushion": the verb carries over."""
        i = k
        while i < len(self.items) and (
            self.items[i].lemma in heard("filters.but") or self.items[i].text == ","
        ):
            i += 1
        if i < len(self.items) and (
            self.items[i].lemma in heard("filters.denying")
            or self.items[i].has("not_in")
        ):
            j = i + 1
            if j < len(self.items) and self.items[j].lemma in heard("filters.from_in"):
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
        return None

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
            period = None
            k = end
            while k < len(self.items) and self.items[k].lemma in heard("filters.during"):
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
