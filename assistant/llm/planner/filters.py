"""Conditions in words → the filter language: what customers did or did not do, amounts, values, ids.

A condition is read from its verb or measure outwards ("have **not ordered** for 90 days", "**spent** over 500 on
Garden last
year", "average order value above 80"); its parts may come in any order, and what it used is recorded.
"""

from __future__ import annotations

from assistant.llm.planner.clauses import Clause, Conditions
from assistant.llm.planner.heard import heard
from assistant.llm.planner.measured_conditions import MeasuredConditions
from assistant.plans.filters import And, CustomerCondition, Filter, Not

#: Forms that are a noun as often as a verb; a verb only after one of the words in front.
_NOUN_FORMS = heard("filters.noun_forms")
_VERB_BEFORE = heard("filters.verb_before")
_CLAUSE_BREAK = heard("filters.clause_break")


class ConditionReader(MeasuredConditions):
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
