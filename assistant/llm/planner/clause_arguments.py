"""What stands around a verb: goods, amounts, lengths of time and stretches of it, in any order."""

from __future__ import annotations

from assistant.llm.planner.clauses import Clause, ClauseMeaning
from assistant.llm.planner.contact_conditions import contact_conditions
from assistant.llm.planner.heard import heard
from assistant.llm.planner.spans import Item
from assistant.llm.planner.values import compare, named_product, product_filter, product_words
from assistant.plans.filters import And, Compare, Filter

#: where the arguments of a verb end
_CLAUSE_BREAK = heard("filters.clause_break")


class ClauseArguments(ClauseMeaning):
    """Reads the arguments of one verb into its clause."""

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
        at_once = self._one_order(k) if clause.op is not None else None
        if at_once is not None:
            clause.at_once = True
            clause.used |= set(range(k, at_once))
            return at_once
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
            clause.pieces = measure is None and self._pieces(end) is not None
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

    def _pieces(self, k: int) -> tuple[Filter, int] | None:
        """Goods right behind a number: "two mugs", "5 of the white ones"; not "over 500 in Garden"."""
        if k >= len(self.items) or self.items[k].lemma in heard("filters.from_in"):
            return None
        return self._object(k)

    def _one_order(self, k: int) -> int | None:
        """As in "at least two candles in one order": where the words for it end."""
        said, end = "", k
        while end < min(len(self.items), k + 5):
            said = f"{said} {self.items[end].lemma}".strip()
            end += 1
            if said in heard("filters.in_one_order"):
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
                pieces = item.tokens[0].word in heard("filters.sold") and item.get("metric") == self.money
                return self.units if pieces else str(item.get("metric")), nxt + 1
        return None, k
